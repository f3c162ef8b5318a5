"""What cleaning and transforming learnt from the training rows, as a frozen value.

    cleaned = clean_rows(validated.rows, ledger)      rows dropped, values not measured are NaN
    learnt = learn(cleaned[train])                    medians, modes, transforms: from training rows only
    tracks = learnt.apply(cleaned, ledger)            nothing missing, transformed columns added

`Recipe.apply` takes new rows as well, with or without a genre, one or many.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from genreglm.errors import DataError, ModelFileError
from genreglm.tracks.cleaning import MS_PER_MINUTE, clean_rows, floats, measured
from genreglm.tracks.columns import AUDIO, FACTORS
from genreglm.tracks.ledger import Ledger
from genreglm.tracks.tempo_grid import NAME as OFF_GRID
from genreglm.tracks.tempo_grid import log_off_grid
from genreglm.tracks.transforms import Transform, choose
from genreglm.tracks.validation import uninformative

__all__ = ["CONTINUOUS", "TRANSFORMABLE", "Recipe", "clean_rows", "learn"]

STEP = "impute"
RAREST_LEVEL = 20
CONTINUOUS = (*AUDIO, "duration_min")
# The features with long tails; the others are close enough to symmetric on their own scale.
TRANSFORMABLE = (
    "duration_min",
    "loudness",
    "speechiness",
    "acousticness",
    "liveness",
    "instrumentalness",
)


@dataclass(frozen=True)
class Recipe:
    """Everything that turns a canonical row into a row of the model's features.

    `medians` fills numeric columns and `modes` factors; `levels` lists what each factor may be, every other level
    becomes its mode, since nothing could be learnt about it; `transforms` has one entry for each column of
    `TRANSFORMABLE`; `unusable` maps columns that are no feature to the reason.
    """

    medians: Mapping[str, float]
    modes: Mapping[str, int]
    levels: Mapping[str, tuple[int, ...]]
    transforms: tuple[Transform, ...]
    unusable: Mapping[str, str]

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the continuous features, transformed where a transform was chosen."""
        names = {transform.column: transform.name for transform in self.transforms}
        return tuple(names.get(column, column) for column in CONTINUOUS if column not in self.unusable)

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors: key, mode, time_signature, explicit, as far as the table has them."""
        return tuple(name for name in self.modes if name not in self.unusable)

    def apply(self, rows: pd.DataFrame, ledger: Ledger | None = None) -> pd.DataFrame:
        """Rows without a missing feature, factors as integers and flags, transformed columns and the tempo grid added.

        `rows` is the frame of `clean_rows` or a canonical frame of new rows. Values outside the training
        range are clipped to it in transformed columns, and stay as they are in the others.

        Raises `DataError` where a column that the recipe learnt from is absent.
        """
        self._refuse_missing(rows)
        filled = self._filled(measured(rows), Ledger() if ledger is None else ledger)
        added = {t.name: t.apply(floats(filled[t.column])) for t in self.transforms if t.kind != "identity"}
        return filled.assign(**added, **{OFF_GRID: log_off_grid(floats(filled["tempo"]))})

    def transform_table(self) -> pd.DataFrame:
        """One row a column: column, kind, shift, low, high, skewness_before, skewness_after, reason."""
        return pd.DataFrame(
            {
                "column": t.column,
                "kind": t.kind,
                "shift": t.shift,
                "low": t.low,
                "high": t.high,
                "skewness_before": t.skewness["identity"],
                "skewness_after": t.skewness[t.kind],
                "reason": t.reason,
            }
            for t in self.transforms
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Recipe":
        """The recipe that `to_dict` wrote. Raises `ModelFileError` for anything else."""
        try:
            transforms = tuple(Transform.from_dict(one) for one in stored["transforms"])
            levels = {name: tuple(map(int, kept)) for name, kept in stored["levels"].items()}
            medians = {name: float(value) for name, value in stored["medians"].items()}
            modes = {name: int(level) for name, level in stored["modes"].items()}
            unusable = {str(name): str(reason) for name, reason in stored["unusable"].items()}
            found = cls(medians, modes, levels, transforms, unusable)
            found._check()
            return found
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelFileError(
                f"The stored recipe is damaged ({type(error).__name__}: {error}). Train the model again."
            ) from None

    def _check(self) -> None:
        """Raise `ValueError` for parts that do not fit together, or name what is no feature of a track."""
        if not {*AUDIO, "duration_ms"} <= set(self.medians) <= {*AUDIO, "duration_ms", "popularity"}:
            raise ValueError(f"its medians are of {', '.join(self.medians)}")
        if set(self.modes) != set(self.levels) or not set(self.modes) <= set(FACTORS):
            raise ValueError("its factors do not agree")
        if any(mode not in self.levels[name] for name, mode in self.modes.items()):
            raise ValueError("a factor's most frequent level is none of its levels")
        if not {transform.column for transform in self.transforms} <= set(TRANSFORMABLE):
            raise ValueError("it transforms what is no feature")
        if not np.isfinite(list(self.medians.values())).all():
            raise ValueError("a median is not finite")

    def _refuse_missing(self, rows: pd.DataFrame) -> None:
        needed = [name for name in (*self.medians, *self.modes) if name != "popularity"]
        absent = [name for name in needed if name not in rows]
        if absent:
            raise DataError(
                f"The rows lack {', '.join(absent)}, which the model learnt from. Add the columns; single "
                "cells of them may be empty."
            )

    def _filled(self, rows: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
        """Missing cells imputed; a ledger line for each column that had some, or one line of 0."""
        counts = {name: int(rows[name].isna().sum()) for name in (*self.medians, *self.modes) if name in rows}
        for name, count in counts.items():
            if count:
                ledger.add(STEP, f"missing {name}", "cells", count, "imputed", self._fill_text(name))
        if not any(counts.values()):
            ledger.add(STEP, "missing features", "cells", 0, "imputed")
        medians = {n: pd.Series(floats(rows[n]), rows.index).fillna(v) for n, v in self.medians.items() if n in rows}
        modes = {n: self._filled_factor(rows[n], n, ledger) for n in self.modes}
        return rows.assign(**medians, **modes, duration_min=medians["duration_ms"] / MS_PER_MINUTE)

    def _filled_factor(self, column: pd.Series, name: str, ledger: Ledger) -> pd.Series:
        """Missing and rare levels become the most frequent one; a ledger line for the rare."""
        values = pd.Series(floats(column), column.index).fillna(self.modes[name])
        rare = ~values.isin(self.levels[name])
        if rare.any():
            listed = ", ".join(f"{level:g}" for level in sorted(values[rare].unique()))
            detail = f"levels {listed}: fewer than {RAREST_LEVEL} training rows; now {self.modes[name]}"
            ledger.add(STEP, f"rare levels of {name}", "cells", int(rare.sum()), "pooled", detail)
        kept = values.where(~rare, self.modes[name])
        return kept.astype(bool) if name == "explicit" else kept.astype(np.int64)

    def _fill_text(self, name: str) -> str:
        if name in self.medians:
            return f"training median {self.medians[name]:g}"
        return f"most frequent training level {self.modes[name]}"


def learn(train: pd.DataFrame) -> Recipe:
    """The recipe of training rows as `clean_rows` gives them.

    Raises `DataError` where a feature has no value in any training row.
    """
    numeric = [name for name in (*AUDIO, "duration_ms", "popularity") if name in train]
    factors = [name for name in FACTORS if name in train]
    empty = [name for name in (*numeric, *factors) if train[name].isna().all()]
    if empty:
        raise DataError(
            f"No training row has a value of {', '.join(empty)}. Give more complete rows, or leave an "
            f'optional column out in study.toml: columns.{empty[0]} = ""'
        )
    unusable = uninformative(train, CONTINUOUS)
    modes = {name: int(train[name].mode().iloc[0]) for name in factors}
    for name in factors:
        unusable |= uninformative(train, [name])
    return Recipe(
        medians={name: float(train[name].median()) for name in numeric},
        modes=modes,
        levels={name: _common_levels(train[name], modes[name]) for name in factors},
        transforms=tuple(choose(name, floats(train[name].dropna())) for name in TRANSFORMABLE if name not in unusable),
        unusable=unusable,
    )


def _common_levels(column: pd.Series, mode: int) -> tuple[int, ...]:
    """The levels with enough training rows to learn from, and the most frequent one in any case."""
    counts = pd.Series(floats(column)).value_counts()
    return tuple(sorted({mode, *(int(level) for level in counts.index[counts >= RAREST_LEVEL])}))
