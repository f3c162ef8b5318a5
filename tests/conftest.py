"""Settings of all tests. This folder is on the import path of the tests below it: they share `simulated`."""

from pathlib import Path

import pytest
from hypothesis import settings

# Few examples and the same ones each time: a property here costs a fit, and a build must not fail by luck.
settings.register_profile("genreglm", max_examples=8, deadline=None, derandomize=True, database=None)
settings.load_profile("genreglm")

# A worker that takes one of these late would be at it when all others are done. The whole study that the command line's
# tests share is made by the first that asks for it: the others come so late that none has to wait.
_LONGEST_FIRST = (
    "cli/test_study.py", "docs/test_docs.py", "docs/test_notebook.py", "study/test_report.py", "cli/test_robustness.py",
    "cli/test_out_of_core_study.py", "serving/test_what_if_page.py", "test_out_of_core.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files that take longest begin first."""
    here = Path(__file__).parent
    order = {here / name: number for number, name in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(item.path, len(order)))
