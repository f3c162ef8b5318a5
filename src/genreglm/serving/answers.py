"""What a model says of tracks, as plain values: genres, set, family, likeness, and the explanation."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.errors import DataError, InputError
from genreglm.serving.schema import Track
from genreglm.tagger import Tagger
from genreglm.tagger.explain import columns_and_probabilities, explain_columns
from genreglm.tagger.model import Prepared

Floats = NDArray[np.float64]

INTERVAL = 0.9  # as `explain` has it
_NEAREST = 5


@dataclass(frozen=True)
class Centre:
    """Where the typical track of a genre lies, in the directions of the training rows' spread."""

    genre: Any
    place: Floats


@dataclass(frozen=True)
class Asked:
    """The tracks of one request, and how many genres it wants of each."""

    tracks: Sequence[Track]
    top: int


@dataclass(frozen=True)
class Question:
    """A track, and the two genres to compare."""

    track: Track
    genre: Any
    other: Any


def predictions(
    tagger: Tagger, centres: Sequence[Centre], asked: Sequence[Asked], intervals: bool
) -> list[list[dict[str, Any]]]:
    """Return, for each request, what the model says of each of its tracks; see `genreglm.serving.shapes.Prediction`.

    Raises
    ------
    DataError, FormulaError
        For a track that the model's formula cannot use, such as the logarithm of 0.
    """
    tracks = [track for one in asked for track in one.tracks]
    # What is not finite the design refuses; there is no need to warn of it as well.
    with np.errstate(all="ignore"):
        prepared = tagger.prepare(pd.DataFrame(tracks))
        x = tagger.result.design.matrix(prepared.rows)
        prob = _probabilities(tagger, x)
        ends = _ends(tagger, prepared) if intervals and tagger.replicates is not None else None
    tops = [one.top for one in asked for _ in one.tracks]
    said = _about(tagger, centres, prepared, prob)
    for row, (lines, top) in enumerate(zip(said, tops, strict=True)):
        lines["genres"] = _genres(tagger.classes, prob[row], None if ends is None else ends[:, row], top)
    cuts = np.cumsum([len(one.tracks) for one in asked])[:-1]
    return [list(part) for part in _split(said, cuts)]


def explanations(tagger: Tagger, questions: Sequence[Question]) -> list[dict[str, Any] | InputError]:
    """Return for each question why one genre and not another, see `genreglm.serving.shapes.Explained`, or its fault:
    the same genre twice, or a calibration under which log-odds are no sum over terms.

    Raises
    ------
    DataError, FormulaError
        For a track that the model's formula cannot use.
    """
    with np.errstate(all="ignore"):
        x, prob = columns_and_probabilities(tagger, pd.DataFrame([question.track for question in questions]))
    return [_explained(tagger, *each) for each in zip(questions, x, prob, strict=True)]


def _explained(tagger: Tagger, question: Question, x: Floats, prob: Floats) -> dict[str, Any] | InputError:
    try:
        found = explain_columns(tagger, x, prob, question.genre, question.other)
    except InputError as error:
        return error
    renamed = found.table.rename(columns={"conf_low": "low", "conf_high": "high"})
    for name in ("low", "high"):
        if name not in renamed:
            renamed[name] = None
    return {
        "genre": plain(found.genre),
        "other": plain(found.other),
        "probabilities": list(found.probabilities),
        "log_odds": found.log_odds,
        "contributions": renamed[["term", "contribution", "low", "high"]].to_dict("records"),
    }


def centres(tagger: Tagger, starts: Sequence[tuple[Any, Track]]) -> tuple[Centre, ...]:
    """Return where the typical tracks of genres lie; none where nothing is known of the training rows' spread."""
    if tagger.training is None or not starts:
        return ()
    prepared = tagger.prepare(pd.DataFrame([track for _, track in starts]))
    places = _places(tagger, prepared)
    return tuple(Centre(genre, place) for (genre, _), place in zip(starts, places, strict=True))


def plain(label: Any) -> Any:
    """Return the label of a class as JSON holds it."""
    return label.item() if isinstance(label, np.generic) else label


def _probabilities(tagger: Tagger, x: Floats) -> Floats:
    found = tagger.corrected_predictors(x @ tagger.result.coefficients)
    if not np.isfinite(found).all():
        raise DataError("A value is so far outside what the model was fitted to that it has no probabilities.")
    return found


def _ends(tagger: Tagger, prepared: Prepared) -> Floats:
    """Return the ends of the intervals of the corrected probabilities, (2, rows, genres)."""
    assert tagger.replicates is not None
    return np.stack(tagger.replicates.intervals(prepared.rows, INTERVAL, calibration=tagger.calibration))


def _genres(classes: Sequence[Any], prob: Floats, ends: Floats | None, top: int) -> list[dict[str, Any]]:
    """Return the most probable genres of a row, the first of equals first."""
    best = np.argsort(-prob, kind="stable")[:top]
    return [
        {
            "genre": plain(classes[place]),
            "probability": float(prob[place]),
            "low": None if ends is None else float(ends[0, place]),
            "high": None if ends is None else float(ends[1, place]),
        }
        for place in best
    ]


def _about(tagger: Tagger, near: Sequence[Centre], prepared: Prepared, prob: Floats) -> list[dict[str, Any]]:
    """Return all but the genres' probabilities, a dictionary a row."""
    rows = range(len(prob))
    sets = [None for _ in rows] if tagger.sets is None else _sets(tagger, prob)
    families = _families(tagger, prob)
    known = None if tagger.training is None else tagger.training.familiarity(prepared.rows)
    unlike = None if tagger.training is None else tagger.training.unlike(prepared.rows)
    nearest = _nearest(tagger, near, prepared) if near else [[] for _ in rows]
    filled, problems = prepared.filled.to_list(), prepared.problems.to_list()
    return [
        {
            "set": sets[row],
            "family": families[row],
            "familiarity": None if known is None else float(known[row]),
            "unlike": None if unlike is None else bool(unlike[row]),
            "nearest": nearest[row],
            "filled": filled[row],
            "problem": problems[row],
        }
        for row in rows
    ]


def _sets(tagger: Tagger, prob: Floats) -> list[Any]:
    """Return the set of genres of each row, the most probable first."""
    assert tagger.sets is not None
    table = pd.DataFrame(prob, columns=list(tagger.classes))
    # The random part of "adaptive" goes by the place in the table: a track by itself must not depend on its company.
    parts = [table.iloc[[row]] for row in range(len(table))] if tagger.sets.kind == "adaptive" else [table]
    held = np.vstack([tagger.sets.apply(part).to_numpy() for part in parts])
    order = np.argsort(-prob, axis=1, kind="stable")
    return [[plain(tagger.classes[k]) for k in order[row] if held[row, k]] for row in range(len(prob))]


def _families(tagger: Tagger, prob: Floats) -> list[dict[str, Any] | None]:
    """Return the most probable family of each row, with the sum of its genres' probabilities."""
    if not tagger.families:
        return [None] * len(prob)
    names = sorted(set(tagger.families.values()))
    member = np.array([[tagger.families.get(str(label)) == name for name in names] for label in tagger.classes])
    shares = prob @ member.astype(np.float64)
    best = shares.argmax(axis=1)
    return [{"family": names[k], "probability": float(shares[row, k])} for row, k in enumerate(best)]


def _places(tagger: Tagger, prepared: Prepared) -> Floats:
    assert tagger.training is not None
    spread = tagger.training.spread
    x = prepared.rows[list(tagger.training.features)].to_numpy(dtype=np.float64)
    return np.asarray((x - spread.centre) @ spread.whitening)


def _nearest(tagger: Tagger, near: Sequence[Centre], prepared: Prepared) -> list[list[dict[str, Any]]]:
    """Return the genres whose typical track is nearest to each row, by Mahalanobis' distance among training rows."""
    typical = np.array([centre.place for centre in near])
    found = []
    for place in _places(tagger, prepared):
        apart = np.sqrt(np.square(typical - place).sum(axis=1))
        best = np.argsort(apart, kind="stable")[:_NEAREST]
        found.append([{"genre": plain(near[k].genre), "distance": float(apart[k])} for k in best])
    return found


def _split(lines: Sequence[dict[str, Any]], cuts: Sequence[int] | NDArray[np.int64]) -> list[Sequence[dict[str, Any]]]:
    return [lines[first:last] for first, last in pairwise([0, *map(int, cuts), len(lines)])]
