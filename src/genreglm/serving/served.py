"""The model that is served, with all that was worked out of it once: fields, schema, starts, and what /model says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from pydantic import ValidationError

from genreglm.errors import InputError
from genreglm.serving.answers import INTERVAL, Asked, Centre, Question, centres, explanations, plain, predictions
from genreglm.serving.features import Feature, features
from genreglm.serving.logs import LOGGER
from genreglm.serving.schema import Schema, Track
from genreglm.tagger import Tagger

_SHOWN_DIGITS = 12


@dataclass(frozen=True)
class Start:
    """A track to begin with; `kind` is "genre" (its typical track), "example", or "typical" (of all rows)."""

    name: str
    kind: str
    track: Track


@dataclass(frozen=True)
class Served:
    """One model in use. It is never changed: another model is another `Served`.

    Attributes
    ----------
    tagger : the model
    name : the first digits of its SHA-256
    since : when it was loaded, in UTC
    features : the fields of a track
    schema : reads the bodies of requests
    starts : tracks to begin with; one at least
    centres : typical tracks of genres, as places
    rows : the most tracks in a request
    """

    tagger: Tagger
    name: str
    since: str
    features: tuple[Feature, ...]
    schema: Schema
    starts: tuple[Start, ...]
    centres: tuple[Centre, ...]
    rows: int

    @classmethod
    def of(cls, tagger: Tagger, digest: str, rows: int) -> "Served":
        """Work out what is served of a model, and try it on its first start.

        Raises
        ------
        GenreglmError
            For a model that cannot say anything of that track.
        """
        found = features(tagger)
        schema = Schema(found, [plain(label) for label in tagger.classes], rows)
        starts = _starts(tagger, schema, found)
        labels = {str(label): label for label in tagger.classes}
        typical = [(labels[s.name], s.track) for s in starts if s.kind == "genre" and s.name in labels]
        since = datetime.now(UTC).isoformat(timespec="milliseconds")
        made = cls(tagger, digest[:_SHOWN_DIGITS], since, found, schema, starts, centres(tagger, typical), rows)
        made.predict([Asked([starts[0].track], 1)], intervals=tagger.replicates is not None)
        return made

    def predict(self, asked: Sequence[Asked], intervals: bool) -> list[list[dict[str, Any]]]:
        """Answer several requests at once; see `predictions`."""
        return predictions(self.tagger, self.centres, asked, intervals)

    def explain(self, questions: Sequence[Question]) -> list[dict[str, Any] | InputError]:
        """Answer several questions together; see `explanations`."""
        return explanations(self.tagger, questions)

    def about(self) -> dict[str, Any]:
        """Return what /model says; see `genreglm.serving.shapes.ModelShown`."""
        tagger = self.tagger
        sets = tagger.sets
        return {
            "model": self.name,
            "version": version("genreglm"),
            "card": {key: value for key, value in tagger.card.items() if key != "starts"},
            "genres": [{"genre": plain(label), "family": tagger.families.get(str(label))} for label in tagger.classes],
            "features": [feature.to_dict() for feature in self.features],
            "starts": [{"name": one.name, "kind": one.kind, "track": one.track} for one in self.starts],
            "training_rows": None if tagger.training is None else tagger.training.rows,
            "intervals": None if tagger.replicates is None else INTERVAL,
            "sets": sets and {"kind": sets.kind, "guarantee": sets.guarantee, "level": sets.level},
            "rows": self.rows,
        }


def _starts(tagger: Tagger, schema: Schema, fields: Sequence[Feature]) -> tuple[Start, ...]:
    """Return the typical track of all rows, and after it the card's starts; one that cannot be used is logged."""
    found = [Start("a typical track", "typical", schema.track({field.name: field.typical for field in fields}))]
    for place, one in enumerate(tagger.card.get("starts", ())):
        try:
            # A card has a flag as 0 or 1, as the training rows do.
            track = {field.name: field.read(one["track"][field.name]) for field in fields}
            found.append(Start(str(one["name"]), str(one["kind"]), schema.track(track)))
        except (ValidationError, KeyError, TypeError) as error:
            LOGGER.warning("start left out", extra={"fields": {"place": place, "reason": type(error).__name__}})
    return tuple(found)
