"""A tagger on disk: a folder of plain files, named and hashed by its manifest. Reading it executes nothing.

`model.json` is the manifest: format, version, hashes of the others, the card. `result` is the model as `Result.save`
writes it, `recipe.json` cleaning and transforms, `use.json` calibration, thresholds of sets, families and the training
rows in figures, `arrays.npz` the replicates of the coefficients and how the training rows lie together.
"""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from genreglm.archives import read_arrays
from genreglm.errors import GenreglmError, ModelFileError
from genreglm.files import file_digest, make_folder, whole_file, write_whole
from genreglm.options import CalibrationMethod, SetGuarantee, SetKind, check_choice, check_level
from genreglm.result import Result
from genreglm.result.store import load as load_result
from genreglm.tagger.model import Tagger
from genreglm.tagger.training import TrainingSummary
from genreglm.tracks.recipe import Recipe
from genreglm.uncertainty import Calibration, ConformalSets, Replicates
from genreglm.uncertainty.familiarity import Spread

FORMAT, VERSION = "genreglm.model", 1
MANIFEST = "model.json"
_RESULT, _RECIPE, _USE, _ARRAYS = "result", "recipe.json", "use.json", "arrays.npz"
_MOST_JSON = 64_000_000  # bytes of a file of JSON; a model's are a hundredth of it
_DAMAGE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError, RuntimeError, MemoryError,
    OverflowError, zipfile.BadZipFile,
)  # fmt: skip


def save_tagger(tagger: Tagger, folder: str | Path, record: Callable[[str], None] = lambda name: None) -> Path:
    """Write a tagger into a folder, made where there is none; `record` hears of each file before it is written.

    The manifest comes last, so that a folder with one is whole.

    Raises
    ------
    OutputError
        Where it cannot be written.
    """
    folder = make_folder(Path(folder))
    written = []

    def write(name: str, put: Callable[[Path], object]) -> None:
        record(name)
        put(folder / name)
        written.append(name)

    write(_RESULT, tagger.result.save)
    if tagger.recipe is not None:
        write(_RECIPE, lambda path: write_whole(path, _json(tagger.recipe.to_dict())))  # type: ignore[union-attr]
    write(_USE, lambda path: write_whole(path, _json(_use(tagger))))
    write(_ARRAYS, lambda path: _save_arrays(path, _arrays(tagger)))
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "card": dict(tagger.card),
        "files": {name: file_digest(folder / name) for name in written},
    }
    record(MANIFEST)
    write_whole(folder / MANIFEST, _json(manifest))
    return folder


def load(path: str | Path) -> Result | Tagger:
    """Read a model: a `Result` from a file that `Result.save` wrote, a `Tagger` from a study's `model/`.

    Nothing in the files is executed; a formula in them may call only what any formula may, checked before it is used.

    Raises
    ------
    ModelFileError
        Where it is missing, damaged, changed since it was written, of a newer version, or no model.
    """
    path = Path(path)
    if not path.is_dir():
        return load_result(path)
    if not (path / MANIFEST).is_file():
        raise ModelFileError(
            f"{path} is no model: it has no {MANIFEST}. Give the folder model/ that a study left, or the file that "
            "Result.save wrote."
        )
    try:
        return _load(path)
    except ModelFileError:
        raise
    except GenreglmError as error:
        raise ModelFileError(f"{path} cannot be used: {error}") from error
    except _DAMAGE as error:
        raise ModelFileError(f"{path} is damaged or no model of genreglm ({type(error).__name__}: {error}).") from error


def load_tagger(path: str | Path) -> Tagger:
    """Read a model as a tagger; a bare result becomes one that knows nothing but the model."""
    found = load(path)
    return Tagger(found) if isinstance(found, Result) else found


def _load(folder: Path) -> Tagger:
    manifest = _read_json(folder / MANIFEST)
    if manifest.get("format") != FORMAT:
        raise ModelFileError(f"{folder} is no genreglm model: its manifest says {manifest.get('format')!r}.")
    if manifest["version"] > VERSION:
        raise ModelFileError(
            f"{folder} has format version {manifest['version']}; this genreglm reads up to {VERSION}. Upgrade it."
        )
    files = manifest["files"]
    wanted = {_RESULT, _RECIPE, _USE, _ARRAYS}
    if not set(files) <= wanted or not {_RESULT, _USE, _ARRAYS} <= set(files):
        raise ModelFileError(f"{folder}: its manifest names the files {sorted(map(str, files))[:10]}.")
    for name, digest in files.items():
        if not (folder / name).is_file():
            raise ModelFileError(f"{folder} lacks its file {name}. Copy the whole folder.")
        if file_digest(folder / name) != digest:
            raise ModelFileError(
                f"{folder}: {name} is not as it was written; it was changed or cut short. Copy the folder anew, or run "
                "the study again."
            )
    result = load_result(folder / _RESULT)
    recipe = Recipe.from_dict(_read_json(folder / _RECIPE)) if _RECIPE in files else None
    use, arrays = _read_json(folder / _USE), read_arrays(folder / _ARRAYS)
    return Tagger(
        result,
        recipe,
        _calibration(use["calibration"], result),
        _sets(use["sets"], result),
        _replicates(use["replicates"], arrays, result),
        _texts(use["families"]),
        _texts(use["columns"]),
        _training(use["training"], arrays),
        _vector(arrays["means"], len(result.design.columns), "means") if "means" in arrays else None,
        dict(manifest["card"]),
    )


def _use(tagger: Tagger) -> dict[str, Any]:
    calibration, sets, replicates = tagger.calibration, tagger.sets, tagger.replicates
    return {
        "calibration": calibration and {
            "method": calibration.method,
            "scale": calibration.scale.tolist(),
            "shift": calibration.shift.tolist(),
            "log_loss": [calibration.log_loss_before, calibration.log_loss_after],
        },
        "sets": sets and {
            "kind": sets.kind,
            "guarantee": sets.guarantee,
            "level": sets.level,
            "thresholds": sets.thresholds.tolist(),
            "groups": sets.groups,
            "fallback": list(sets.fallback),
            "seed": sets.seed,
        },
        "replicates": replicates and {"groups": replicates.groups},
        "families": dict(tagger.families),
        "columns": dict(tagger.columns),
        "training": tagger.training and tagger.training.to_dict(),
    }  # fmt: skip


def _arrays(tagger: Tagger) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if tagger.replicates is not None:
        found["replicates"] = tagger.replicates.coefficients
    if tagger.means is not None:
        found["means"] = tagger.means
    if tagger.training is not None:
        spread = tagger.training.spread
        found |= {"centre": spread.centre, "whitening": spread.whitening}
        found |= {"distances": spread.distances, "beyond": spread.beyond}
    return found


def _save_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    with whole_file(path) as partial, open(partial, "wb") as handle:
        np.savez(handle, allow_pickle=False, **arrays)


def _calibration(stored: Mapping[str, Any] | None, result: Result) -> Calibration | None:
    if stored is None:
        return None
    check_choice("method", stored["method"], CalibrationMethod)
    scale, shift = (_vector(stored[name], len(result.classes), name) for name in ("scale", "shift"))
    before, after = map(float, stored["log_loss"])
    return Calibration(stored["method"], result.classes, scale, shift, before, after)


def _sets(stored: Mapping[str, Any] | None, result: Result) -> ConformalSets | None:
    if stored is None:
        return None
    check_choice("kind", stored["kind"], SetKind)
    check_choice("guarantee", stored["guarantee"], SetGuarantee)
    check_level(stored["level"])
    thresholds = _vector(stored["thresholds"], len(result.classes), "thresholds")
    return ConformalSets(
        stored["kind"],
        stored["guarantee"],
        stored["level"],
        result.classes,
        thresholds,
        int(stored["groups"]),
        tuple(stored["fallback"]),
        int(stored["seed"]),
    )


def _replicates(stored: Mapping[str, Any] | None, arrays: Mapping[str, Any], result: Result) -> Replicates | None:
    if stored is None:
        return None
    found = arrays["replicates"]
    if found.ndim != 3 or found.shape[1:] != result.coefficients.shape or not np.isfinite(found).all():
        raise ModelFileError(f"its replicates of {result.coefficients.shape} coefficients are {found.shape}.")
    return Replicates(result.design, found.astype(np.float32, copy=False), int(stored["groups"]))


def _training(stored: Mapping[str, Any] | None, arrays: Mapping[str, Any]) -> TrainingSummary | None:
    if stored is None:
        return None
    features = tuple(map(str, stored["features"]))
    centre, whitening = (np.asarray(arrays[name], dtype=np.float64) for name in ("centre", "whitening"))
    distances, beyond = np.asarray(arrays["distances"], dtype=np.float64), np.asarray(arrays["beyond"], dtype=np.int64)
    finite = all(np.isfinite(values).all() for values in (centre, whitening, distances))
    fitting = (
        centre.shape == (len(features),) and whitening.shape[:1] == centre.shape and distances.shape == beyond.shape
    )
    if not (finite and fitting):
        raise ModelFileError("its summary of the training rows does not fit together.")
    return TrainingSummary(
        int(stored["rows"]),
        {str(name): [float(value) for value in values] for name, values in stored["quantiles"].items()},
        {str(name): [float(value) for value in values] for name, values in stored["binned"].items()},
        {str(name): {str(k): float(v) for k, v in found.items()} for name, found in stored["shares"].items()},
        {str(name): float(share) for name, share in stored["missing"].items()},
        features,
        Spread(centre, whitening, distances, beyond, int(stored["rows"])),
    )


def _vector(values: Any, size: int, name: str) -> np.ndarray:
    found = np.asarray(values, dtype=np.float64)
    if found.shape != (size,) or not np.isfinite(found).all():
        raise ModelFileError(f"its {name} should be {size} finite numbers, found {found.shape}.")
    return found


def _texts(stored: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in stored.items()}


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _read_json(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _MOST_JSON:
        raise ModelFileError(f"{path} has {path.stat().st_size:,} bytes; a model's have fewer than {_MOST_JSON:,}.")
    found = json.loads(path.read_bytes())
    if not isinstance(found, dict):
        raise ModelFileError(f"{path} holds no object of JSON.")
    return found
