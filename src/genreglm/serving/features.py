"""What a request says of a track: the fields of a model, with their units, bounds and usual values."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from genreglm import naming
from genreglm.tagger import Tagger
from genreglm.tracks.columns import AUDIO, FACTORS, UNIT_FEATURES

Kind = Literal["number", "whole", "choice"]

# A field of JSON -> the feature in the training rows' summary, and how many of the one are one of the other.
_SUMMED_AS = {"duration_ms": ("duration_min", 60_000.0)}
_UNITS = {"tempo": "BPM", "loudness": "dB", "duration_ms": "ms", "time_signature": "beats in a bar"}
# A length under a second or over a day is one in another unit.
_BOUNDS = {"loudness": (-80.0, 20.0), "tempo": (0.0, 400.0), "duration_ms": (1_000.0, 86_400_000.0)}
_WHOLE = {"key": (0, 11), "mode": (0, 1), "time_signature": (0, 16)}
# Of a column of which nothing is known but the formula. Powers of it are still finite.
_ANY_NUMBER = 1e9


@dataclass(frozen=True)
class Feature:
    """One field of a track.

    Attributes
    ----------
    name : of the field
    label : the feature in plain words
    kind : "number"; "whole", a whole number whose order means something; "choice", one of `levels`
    unit : "BPM", "dB", "ms", "beats in a bar", or "" for none
    low, high : what it may be; None for a choice
    levels : of the values, those that the model tells apart; empty for a number
    level_names : these in words
    quantiles : of the training rows, from 0.05 % over twentieths to 99.95 %, in the field's unit; empty where unknown
    typical : the training rows' median or most frequent level; where these are unknown, something that it may be
    """

    name: str
    label: str
    kind: Kind
    unit: str
    low: float | None
    high: float | None
    levels: tuple[Any, ...]
    level_names: tuple[str, ...]
    quantiles: tuple[float, ...]
    typical: Any

    @property
    def is_flag(self) -> bool:
        """Whether it is true or false."""
        return bool(self.levels) and all(isinstance(level, bool) for level in self.levels)

    def read(self, value: Any) -> Any:
        """Return a value as the field has it: a flag that was written as 0 or 1 as false or true."""
        return bool(value) if self.is_flag and value in (0, 1) else value

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def features(tagger: Tagger) -> tuple[Feature, ...]:
    """Return the fields of a model's tracks: Spotify's audio features, or of a bare result its formula's columns."""
    if tagger.recipe is None:
        levels = tagger.result.design.levels
        return tuple(_column(tagger, name, levels.get(name)) for name in tagger.result.design.variables)
    numbers = [_number(tagger, name) for name in (*AUDIO, "duration_ms")]
    return (*numbers, *(_factor(tagger, name) for name in FACTORS if name in tagger.recipe.modes))


def _number(tagger: Tagger, name: str) -> Feature:
    assert tagger.recipe is not None
    low, high = (0.0, 1.0) if name in UNIT_FEATURES else _BOUNDS[name]
    typical = min(max(float(tagger.recipe.medians[name]), low), high)
    return Feature(
        name, naming.feature(name), "number", _UNITS.get(name, ""), low, high, (), (), _quantiles(tagger, name), typical
    )


def _factor(tagger: Tagger, name: str) -> Feature:
    assert tagger.recipe is not None
    known, mode = tagger.recipe.levels[name], tagger.recipe.modes[name]
    label, unit = naming.feature(name), _UNITS.get(name, "")
    if name == "explicit":
        levels: tuple[Any, ...] = tuple(bool(level) for level in known)
        return Feature(name, label, "choice", unit, None, None, levels, _names(name, levels), (), bool(mode))
    low, high = _WHOLE[name]
    kind: Kind = "choice" if name == "mode" else "whole"
    return Feature(name, label, kind, unit, low, high, tuple(known), _names(name, tuple(known)), (), int(mode))


def _column(tagger: Tagger, name: str, levels: tuple[Any, ...] | None) -> Feature:
    label = naming.feature(name)
    if levels is not None:
        return Feature(name, label, "choice", "", None, None, levels, _names(name, levels), (), levels[0])
    quantiles = _quantiles(tagger, name)
    typical = quantiles[len(quantiles) // 2] if quantiles else 0.0
    return Feature(name, label, "number", "", -_ANY_NUMBER, _ANY_NUMBER, (), (), quantiles, typical)


def _quantiles(tagger: Tagger, name: str) -> tuple[float, ...]:
    summed, scale = _SUMMED_AS.get(name, (name, 1.0))
    found = {} if tagger.training is None else tagger.training.quantiles
    return tuple(scale * value for value in found.get(summed, ()))


def _names(column: str, levels: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(naming.level(column, str(level)) for level in levels)
