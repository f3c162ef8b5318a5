"""The strict schema of a request: a pydantic model made from the model that is served, and its faults in words."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    create_model,
)

from genreglm.serving.features import Feature
from genreglm.serving.refusals import Fault, Refused

Track = dict[str, Any]
_MOST_FAULTS = 20  # shown
_LONGEST_NAME = 60  # characters of the name of a field that there is not
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=())


class Schema:
    """What the bodies of requests must be.

    Parameters
    ----------
    features : the fields of a track
    genres : that may be compared
    rows : the most tracks in a request
    """

    def __init__(self, features: Sequence[Feature], genres: Sequence[Any], rows: int) -> None:
        example = {feature.name: feature.typical for feature in features}
        track = _track_model(features, example)
        question = _question_model(track, genres, example)
        self._track = TypeAdapter[BaseModel](track)
        several: Any = Annotated[list[track], Field(min_length=1, max_length=rows), FailFast()]  # type: ignore[valid-type]
        self._tracks = TypeAdapter[list[BaseModel]](several)
        self._question = TypeAdapter[Any](question)

    def tracks(self, body: bytes) -> list[Track]:
        """Read one track or a list of them.

        Raises
        ------
        Refused
            (422) With the fields that cannot be used; of a list, those of its first track that has any.
        """
        if body.lstrip()[:1] == b"[":
            found: list[BaseModel] = _read(self._tracks, body)
            return [track.model_dump(by_alias=True) for track in found]
        return [_read(self._track, body).model_dump(by_alias=True)]

    def track(self, values: Any) -> Track:
        """Return a track of plain values, as a card holds them, in the order of the fields.

        Raises
        ------
        ValidationError
            Where the model could not use it.
        """
        return self._track.validate_python(values).model_dump(by_alias=True)

    def question(self, body: bytes) -> tuple[Track, Any, Any]:
        """Read a track and the two genres to compare, None where they are left to the model.

        Raises
        ------
        Refused
            (422) With the fields that cannot be used.
        """
        asked = _read(self._question, body)
        return asked.track.model_dump(by_alias=True), asked.genre, asked.other

    def definitions(self) -> dict[str, Any]:
        """Return the schemas of `Track`, `Tracks` and `Question` for OpenAPI."""
        template = "#/components/schemas/{model}"
        found: dict[str, Any] = {"Tracks": self._tracks.json_schema(ref_template=template)}
        found["Question"] = self._question.json_schema(ref_template=template)
        for schema in list(found.values()):
            found |= schema.pop("$defs", {})
        return found


def _track_model(features: Sequence[Feature], example: Track) -> type[BaseModel]:
    # Names of fields come from a formula and can be anything: they are aliases of names that cannot offend.
    fields: dict[str, Any] = {
        f"field_{place}": (_type(feature), Field(alias=feature.name, title=feature.label, description=_about(feature)))
        for place, feature in enumerate(features)
    }
    config = ConfigDict(**_STRICT, title="Track", json_schema_extra={"examples": [example]})
    made: type[BaseModel] = create_model("Track", __config__=config, **fields)
    return made


def _question_model(track: type[BaseModel], genres: Sequence[Any], example: Track) -> type[BaseModel]:
    genre = Annotated[Any, AfterValidator(_one_of((*genres, None))), WithJsonSchema({"enum": [*genres, None]})]
    examples: list[Any] = [{"track": example, "genre": None, "other": None}]
    made: type[BaseModel] = create_model(
        "Question",
        __config__=ConfigDict(**_STRICT, title="Question", json_schema_extra={"examples": examples}),
        track=(track, ...),
        genre=(genre, Field(default=None, description="why this genre; the most probable where null")),
        other=(genre, Field(default=None, description="and not that one; the most probable of the rest where null")),
    )
    return made


def _type(feature: Feature) -> Any:
    if feature.is_flag:
        return bool  # whether or not the fit had rows of both
    if feature.low is None or feature.high is None:
        return Annotated[Any, AfterValidator(_one_of(feature.levels)), WithJsonSchema({"enum": list(feature.levels)})]
    whole = feature.levels != ()
    bounds = Field(ge=int(feature.low), le=int(feature.high)) if whole else Field(ge=feature.low, le=feature.high)
    return Annotated[int, bounds, BeforeValidator(_unpointed)] if whole else Annotated[float, bounds]


def _about(feature: Feature) -> str:
    unit = f", in {feature.unit}" if feature.unit else ""
    names = [f"{level}: {name}" for level, name in zip(feature.levels, feature.level_names, strict=True)]
    named = (
        f" ({', '.join(names)})" if names and [str(level) for level in feature.levels] != [*feature.level_names] else ""
    )
    return f"{feature.label}{unit}{named}"


def _unpointed(value: Any) -> Any:
    """Return 3.0 as 3, which JSON does not tell apart; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class _one_of:
    """A check that a value is one of some; True is not 1 here."""

    def __init__(self, allowed: Sequence[Any]) -> None:
        self._allowed = tuple(allowed)

    def __call__(self, value: Any) -> Any:
        for level in self._allowed:
            if isinstance(level, bool) == isinstance(value, bool) and level == value:
                return level
        listed = ", ".join(repr(level) for level in self._allowed[:_MOST_FAULTS] if level is not None)
        raise ValueError(f"must be one of {listed}{', ...' if len(self._allowed) > _MOST_FAULTS else ''}")


def _read(adapter: TypeAdapter[Any], body: bytes) -> Any:
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        faults = [_fault(one) for one in found[:_MOST_FAULTS]]
        raise Refused(422, "; ".join(map(str, faults)), faults) from None


def _fault(error: Mapping[str, Any]) -> Fault:
    place = list(error["loc"])
    row = place.pop(0) + 1 if place and isinstance(place[0], int) else None
    field = ".".join(str(part)[:_LONGEST_NAME] for part in place)
    return Fault(field, str(error["msg"]).removeprefix("Value error, "), row)
