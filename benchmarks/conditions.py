"""Under which versions and on how many cores a run was made; nothing that names the machine."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version

_PYTHON = ("genreglm", "numpy", "scipy", "numba", "scikit-learn", "statsmodels")
_R = ("nnet", "VGAM", "glmnet")


def conditions() -> str:
    """Return one sentence."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    python = ", ".join(f"{name} {_installed(name)}" for name in _PYTHON)
    return f"{cores} cores; Python {platform.python_version()}: {python}; {_r()}."


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _r() -> str:
    if shutil.which("Rscript") is None:
        return "no R"
    names = ", ".join(f'"{name}"' for name in _R)
    program = (
        'cat("R", format(getRversion()))\n'
        f"for (name in intersect(c({names}), rownames(installed.packages())))\n"
        '  cat(",", name, format(packageVersion(name)))'
    )
    return subprocess.run(["Rscript", "--vanilla", "-e", program], capture_output=True, text=True, check=False).stdout
