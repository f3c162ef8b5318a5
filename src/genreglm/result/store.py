"""Save and load a result: one zip of plain arrays and a JSON header. Reading it executes nothing."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from genreglm.designs import Design
from genreglm.engine.penalties import CellPrior, Penalty, Ridge
from genreglm.errors import GenreglmError, ModelFileError
from genreglm.files import whole_file
from genreglm.result.model import FitStatistics, Inference, Result, SeparatedCell

_FORMAT = "genreglm.result"
_VERSION = 1
_PENALTIES = {"Ridge": Ridge, "CellPrior": CellPrior}


def save(result: Result, path: str | Path, *, covariance: bool = False) -> Path:
    """Write `result` to `path` as given, with its covariance (8 m^2 bytes) only when asked.

    The file appears whole or not at all.

    Raises
    ------
    OutputError
        Where it cannot be written.
    """
    path = Path(path)
    arrays = {"coefficients": result.coefficients}
    if covariance:
        arrays["covariance"] = result.require_inference().covariance
    header = json.dumps(_header(result, covariance), sort_keys=True).encode()
    with whole_file(path) as partial, open(partial, "wb") as handle:
        np.savez(handle, allow_pickle=False, header=np.frombuffer(header, dtype=np.uint8), **arrays)
    return path


def load(path: str | Path) -> Result:
    """Read a result from `save`.

    Raises
    ------
    ModelFileError
        Where the file is missing, damaged, of a newer version, or no model.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            header = json.loads(bytes(file["header"]))
            arrays = {name: file[name] for name in file.files if name != "header"}
        if header.get("format") != _FORMAT:
            raise ModelFileError(f"{path} is no genreglm model: its header says {header.get('format')!r}.")
        if header["version"] > _VERSION:
            raise ModelFileError(
                f"{path} has format version {header['version']}; this genreglm reads up to {_VERSION}. Upgrade it."
            )
        return _result(header, arrays)
    except GenreglmError as error:
        raise ModelFileError(f"{path} cannot be used: {error}") from error
    except FileNotFoundError as error:
        raise ModelFileError(f"{path} does not exist; expected the file that Result.save wrote.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise ModelFileError(f"{path} is damaged or no genreglm model ({type(error).__name__}: {error}).") from error


def _header(result: Result, covariance: bool) -> dict[str, Any]:
    inference = result.inference if covariance else None
    penalty = result.penalty
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "design": result.design.to_dict(),
        "statistics": result.statistics.__dict__,
        "separated": [[cell.label, cell.level, list(cell.columns)] for cell in result.separated],
        "penalty": None if penalty is None else [type(penalty).__name__, dict(penalty.__dict__)],
        "inference": None if inference is None else [inference.kind, inference.units, inference.clusters],
    }


def _result(header: dict[str, Any], arrays: dict[str, Any]) -> Result:
    design = Design.from_dict(header["design"])
    coefficients = arrays["coefficients"]
    expected = (len(design.columns), len(design.classes))
    if coefficients.dtype != np.float64 or coefficients.shape != expected or not np.isfinite(coefficients).all():
        raise ModelFileError(f"its coefficients should be {expected} finite numbers, found {coefficients.shape}.")
    inference = None
    if header["inference"] is not None:
        kind, units, clusters = header["inference"]
        inference = Inference(kind, arrays["covariance"], units, clusters)
    penalty: Penalty | None = None
    if header["penalty"] is not None:
        name, options = header["penalty"]
        penalty = _PENALTIES[name](**options)
    return Result(
        design,
        coefficients,
        FitStatistics(**header["statistics"]),
        inference,
        tuple(SeparatedCell(label, level, tuple(names)) for label, level, names in header["separated"]),
        penalty,
    )
