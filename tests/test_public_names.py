"""The public face: sorted, importable, and as its pages draw it."""

import inspect
import re
import subprocess
import sys

import pytest

import genreglm as gg
from genreglm import errors


def test_names_are_sorted_and_all_there() -> None:
    assert sorted(gg.__all__) == gg.__all__
    assert dir(gg) == gg.__all__
    assert len(set(gg.__all__)) == len(gg.__all__)


@pytest.mark.parametrize("name", gg.__all__)
def test_each_name_is_importable_and_documented(name: str) -> None:
    thing = getattr(gg, name)
    assert inspect.getdoc(thing)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'fti'"):
        _ = gg.fti


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = ("numpy", "pandas", "numba", "scipy", "matplotlib", "sklearn", "statsmodels")
    program = f"import sys, genreglm; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.strip() == "[]"


def drawn() -> dict[str, str]:
    """Child -> parent of the tree in the docstring of `genreglm.errors`."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ([│├└─ ]*)(\w+Error)\b", line)
        if found:
            depth = len(found[1]) // 4
            path[depth:] = [found[2]]
            parents[found[2]] = path[depth - 1] if depth else "Exception"
    return parents


def test_the_tree_of_errors_is_as_drawn() -> None:
    classes = {name: cls for name, cls in vars(errors).items() if inspect.isclass(cls)}
    assert drawn() == {name: cls.__base__.__name__ for name, cls in classes.items()}
    assert set(drawn()) >= {"GenreglmError", "InputError", "EstimationError", "OutputError", "SeparationError"}
