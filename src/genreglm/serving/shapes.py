"""What answers look like, for the service's description of itself."""

from typing import Any

from pydantic import BaseModel, Field

Label = str | int | float | bool


class GenreProbability(BaseModel):
    """A genre, its probability, and the ends of the interval (90 %) where the model has replicates and it was asked."""

    genre: Label
    probability: float
    low: float | None
    high: float | None


class Family(BaseModel):
    """The most probable family of genres: the sum of its genres' probabilities."""

    family: str
    probability: float


class Neighbour(BaseModel):
    """A genre, and how far the track is from that genre's typical track: Mahalanobis' distance, without a unit."""

    genre: Label
    distance: float


class Prediction(BaseModel):
    """What the model says of one track. What it does not hold is null."""

    genres: list[GenreProbability] = Field(description="the most probable first")
    set: list[Label] | None = Field(description="genres that hold the truth as often as /model says; may be empty")
    family: Family | None
    familiarity: float | None = Field(description="share of the training rows that are at least as unusual")
    unlike: bool | None = Field(description="unlike anything in the training rows: do not trust the rest")
    nearest: list[Neighbour] = Field(description="genres whose typical track is nearest; by likeness alone")
    filled: str = Field(description="features that took the training rows' median")
    problem: str = Field(description="why the track cannot be relied on; empty where it can")


class Predictions(BaseModel):
    """One prediction a track, in their order."""

    model: str
    tracks: list[Prediction]


class Contribution(BaseModel):
    """What a feature, or a product of features, adds to the log-odds, with its interval (90 %)."""

    term: str
    contribution: float
    low: float | None
    high: float | None


class Explained(BaseModel):
    """Why one genre and not the other: contributions that add up to the log-odds; the first is a typical track's."""

    model: str
    genre: Label
    other: Label
    probabilities: list[float]
    log_odds: float
    contributions: list[Contribution]


class ModelShown(BaseModel):
    """What there is to know of the model before asking it."""

    model: str = Field(description="the first digits of the model's SHA-256")
    version: str = Field(description="of genreglm")
    card: dict[str, Any]
    genres: list[dict[str, Any]] = Field(description="genre, family (null where none is known)")
    features: list[dict[str, Any]] = Field(description="the fields of a track with units, bounds, quantiles and levels")
    starts: list[dict[str, Any]] = Field(
        description="tracks to begin with: name, kind (genre, example, typical), track"
    )
    training_rows: int | None
    intervals: float | None = Field(description="the level of the intervals; null where the model has no replicates")
    sets: dict[str, Any] | None = Field(description="kind, guarantee and level of the sets")
    rows: int = Field(description="the most tracks in a request")


class Health(BaseModel):
    """The service answers; with which model, since when, and how many requests wait."""

    status: str
    model: str
    since: str
    waiting: int
