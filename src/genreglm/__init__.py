"""genreglm: an honest statistical study of music genre, on a multinomial GLM with exact inference.

Names are imported when they are first used, so that `import genreglm` is quick.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "CellPrior": "genreglm.engine.penalties",
    "Design": "genreglm.designs",
    "Jeffreys": "genreglm.engine.penalties",
    "Result": "genreglm.result",
    "Ridge": "genreglm.engine.penalties",
    "combine_classes": "genreglm.result",
    "contrasts": "genreglm.effects",
    "curve": "genreglm.effects",
    "design": "genreglm.fitting",
    "evaluate": "genreglm.evaluation",
    "example_tracks": "genreglm.study.example",
    "fit": "genreglm.fitting",
    "linear_hypothesis": "genreglm.result",
    "load": "genreglm.result",
    "marginal_effects": "genreglm.effects",
    "separation": "genreglm.diagnostics",
    "tjur_r2": "genreglm.result",
    "vif": "genreglm.diagnostics",
}
_MODULES = ("errors", "plots", "sklearn")
__all__ = sorted([*_HOMES, *_MODULES])


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name in _MODULES:
        return import_module(f"genreglm.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'genreglm' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
