"""A problem as it lies on disk, made once and read by every measurement: the same rows and columns for all.

Peers read arrays only; nothing here imports pandas or genreglm before it is needed, so that a peer's peak memory
is its own.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class About:
    """What a problem is: its name, formula, sizes, and in words where its rows come from."""

    name: str
    formula: str
    rows: int
    columns: int
    classes: int
    source: str


@dataclass(frozen=True)
class Prepared:
    """A problem in `folder`. The first column is the intercept's, the others have mean 0 and deviation 1."""

    about: About
    folder: Path

    @classmethod
    def load(cls, folder: Path) -> "Prepared":
        """Read what the problem is; its arrays are read when asked for."""
        return cls(About(**json.loads((folder / "about.json").read_text())), folder)

    def frame(self) -> "pd.DataFrame":
        """Return the table as a user has it: response and variables, unstandardised."""
        import pandas as pd

        return pd.read_parquet(self.folder / "frame.parquet")

    def x(self) -> Floats:
        """Return the standardised columns, (rows, columns)."""
        return np.asarray(np.load(self.folder / "x.npy"))

    def y(self) -> Codes:
        """Return the class of each row as its place among the sorted classes."""
        return np.asarray(np.load(self.folder / "y.npy"))

    def standardised(self, coefficients: Floats) -> Floats:
        """Map coefficients (columns, classes) of the columns as given to those of the standardised columns."""
        centre, scale = np.load(self.folder / "centre.npy"), np.load(self.folder / "scale.npy")
        mapped = scale[:, None] * coefficients
        mapped[0] += centre @ coefficients
        return np.asarray(mapped)


def save(folder: Path, name: str, formula: str, frame: "pd.DataFrame", source: str) -> None:
    """Write a problem; its columns are those that the formula gives."""
    import genreglm as gg

    folder.mkdir(parents=True, exist_ok=True)
    design = gg.design(formula, frame)
    if design.intercept != 0:
        raise ValueError("Peers are handed the intercept apart, so the formula must have one, and first.")
    used = frame[[design.response, *design.variables]].reset_index(drop=True)
    x = design.matrix(used)
    centre, scale = x.mean(axis=0), x.std(axis=0)
    centre[0], scale[0] = 0.0, 1.0
    used.to_parquet(folder / "frame.parquet")
    np.save(folder / "x.npy", np.ascontiguousarray((x - centre) / scale))
    np.save(folder / "y.npy", design.codes(used))
    np.save(folder / "centre.npy", centre)
    np.save(folder / "scale.npy", scale)
    about = About(name, formula, len(used), x.shape[1], len(design.classes), source)
    (folder / "about.json").write_text(json.dumps(asdict(about), indent=1))
