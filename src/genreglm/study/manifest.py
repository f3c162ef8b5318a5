"""The manifest: which study this folder holds, and what each finished stage left, by hash."""

import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from genreglm.files import file_digest
from genreglm.sources import ParquetRows
from genreglm.study.config import StudyConfig
from genreglm.study.drawn_artists import address
from genreglm.study.store import Store
from genreglm.tracks.reading import unreadable

FILE = "manifest.json"
_PACKAGES = tuple(
    "genreglm numpy scipy numba pandas pyarrow formulaic scikit-learn statsmodels lightgbm matplotlib".split()
)


def describe(config: StudyConfig, command: str) -> dict[str, Any]:
    """Return the manifest of a study about to begin. Raises `DataError` where its table cannot be read."""
    return {
        "genreglm": metadata.version("genreglm"),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in _PACKAGES},
        "command": command,
        "input": _input(config),
        "config": config.identity(),
        "stages": {},
    }


def _input(config: StudyConfig) -> dict[str, Any]:
    if config.data is None:
        return {"name": "built-in example", "rows": config.example_rows, "seed": config.seed}
    if config.out_of_core:
        return {"name": config.data.name, "files": ParquetRows.open(address(config.data)).identity}
    try:
        return {"name": config.data.name, "sha256": file_digest(config.data)}
    except OSError as error:
        raise unreadable(config.data, error) from None


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say in words what changed between two studies that decides their results."""
    changed = []
    if before.get("genreglm") != now["genreglm"]:
        changed.append(f"genreglm was {before.get('genreglm')}, is {now['genreglm']}")
    if before.get("input") != now["input"]:
        changed.append("the input is another one or has changed")
    old, new = before.get("config", {}), now["config"]
    settings = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    changed += [f"{name} was {old.get(name)!r}, is {new.get(name)!r}" for name in settings]
    return changed


def altered(store: Store, stage: Mapping[str, Any]) -> list[str]:
    """Return the files of a finished stage that are gone or no longer as it left them."""
    files = stage["files"].items()
    return [name for name, digest in files if not store.has(name) or file_digest(store.path(name)) != digest]
