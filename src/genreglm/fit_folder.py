"""The folder of a fit in passes: which rows and design it is of, and how far the fit has come."""

import contextlib
import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genreglm.designs import Design
from genreglm.engine.blocks import Floats
from genreglm.engine.coordinates import Standardisation
from genreglm.engine.passes.rows import Rows
from genreglm.files import make_folder, write_whole
from genreglm.row_columns import RowColumns

_CHECKPOINT, _OF = "checkpoint.npy", "cache.json"


@dataclass(frozen=True)
class FitFolder:
    """A folder, which outlives a fit that is killed where it was asked for by name."""

    path: Path

    def is_of(self, fit: str) -> bool:
        """Whether it was marked as that of a fit; see `identity`."""
        try:
            return bool(json.loads((self.path / _OF).read_text())["of"] == fit)
        except (OSError, ValueError, KeyError):
            return False

    def forget(self) -> None:
        """Be that of no fit, and forget how far one has come."""
        (self.path / _OF).unlink(missing_ok=True)
        (self.path / _CHECKPOINT).unlink(missing_ok=True)

    def mark(self, fit: str) -> None:
        """Be that of a fit from now on."""
        write_whole(self.path / _OF, json.dumps({"of": fit}).encode())

    def reached(self, standardised: Floats) -> None:
        """Keep the coefficients of standardised columns that the fit has reached."""
        held = io.BytesIO()
        np.save(held, standardised, allow_pickle=False)
        write_whole(self.path / _CHECKPOINT, held.getvalue())

    def last_reached(self, rows: Rows) -> Floats | None:
        """Return the coefficients that the fit had reached, None where there are none."""
        try:
            found = np.load(self.path / _CHECKPOINT, allow_pickle=False)
        except (OSError, ValueError):
            return None
        return found if found.shape == (rows.columns, rows.classes) and np.isfinite(found).all() else None


@contextlib.contextmanager
def fit_folder(asked: str | Path | None) -> Iterator[FitFolder]:
    """Yield the folder asked for, or one that is gone afterwards."""
    if asked is not None:
        yield FitFolder(make_folder(Path(asked)))
        return
    path = Path(tempfile.mkdtemp(prefix="genreglm-"))
    try:
        yield FitFolder(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def identity(source: str, design: Design, standard: Standardisation, beside: RowColumns, *, single: bool) -> str:
    """Return a digest of what a fit in passes is of.

    Parameters
    ----------
    source : a digest of the rows
    standard, single : how their columns are standardised, and whether they are kept in single precision
    """
    moments = [standard.centre.tolist(), standard.scale.tolist()]
    told = [source, design.to_dict(), moments, beside.told(), single]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
