"""The example notebook runs from top to bottom, and each of its results shows itself."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "docs/step_by_step.ipynb"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """What each cell of code shows, by its kind."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    noise = [output for cell in cells for output in cell.outputs if output.output_type == "stream"]
    assert noise == []
    return [cell.outputs[-1].data if cell.outputs else {} for cell in cells]


def test_every_cell_shows_something_and_the_fit_and_the_study_show_themselves(shown: list[dict[str, str]]) -> None:
    assert all(shown)
    pages = [output.get("text/html", "") for output in shown]
    assert sum("genreglm-summary" in page for page in pages) == 1
    assert sum("The whole report:" in page for page in pages) == 1
    assert sum("image/png" in output for output in shown) == 3


def test_the_notebook_is_kept_without_its_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.get("outputs") for cell in notebook.cells)
