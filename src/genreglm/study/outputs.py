"""A study from Python: `gg.run_study` runs one, `gg.open_study` opens what one left, and a notebook shows either."""

from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from genreglm.errors import InputError
from genreglm.notebook import Picture
from genreglm.study.config import read_config
from genreglm.study.pipeline import run_stages
from genreglm.study.progress import Reporter
from genreglm.study.store import Store

_SUMMARY, _REPORT = "study.json", "report.html"


class StudyOutputs:
    """The folder that a finished study left: its answer, tables and figures by name, and the report."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._store = Store(folder)
        self.summary: dict[str, Any] = self._store.read_json(_SUMMARY)

    @property
    def report(self) -> Path:
        """The page to open in a browser."""
        return (self.folder / _REPORT).resolve()

    @property
    def answer(self) -> list[str]:
        """What the study found, in at most five sentences."""
        return [str(point["text"]) for point in self.summary["answer"]]

    @property
    def tables(self) -> list[str]:
        """The names of all tables, for `table`."""
        return self._names("tables", ".csv")

    @property
    def figures(self) -> list[str]:
        """The names of all figures, for `figure`."""
        return self._names("figures", ".png")

    def table(self, name: str) -> pd.DataFrame:
        """Return a table by its name, such as "marginal_effects".

        Raises
        ------
        InputError
            For a name that there is not, with those that there are.
        """
        _require(name, self.tables, "table")
        return self._store.read_table(name)

    def figure(self, name: str) -> Picture:
        """Return a figure by its name, such as "genre_map"; a notebook shows it.

        Raises
        ------
        InputError
            For a name that there is not, with those that there are.
        """
        _require(name, self.figures, "figure")
        captions = self._store.read_json("figures/captions.json")
        return Picture(self._store.path(f"figures/{name}.png").read_bytes(), captions[name])

    def __repr__(self) -> str:
        lines = (f"  {number}. {sentence}" for number, sentence in enumerate(self.answer, 1))
        return "\n".join([f"{self.summary['title']} {self.summary['subtitle']}", *lines, f"Report: {self.report}"])

    def _repr_html_(self) -> str:
        simulated = "<p><b>Simulated data:</b> none of these tracks exists.</p>" if self.summary["simulated"] else ""
        points = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.answer)
        return (
            f"<h3>{escape(self.summary['title'])}</h3><p>{escape(self.summary['subtitle'])}</p>{simulated}"
            f'<ol>{points}</ol><p>The whole report: <a href="{escape(self.report.as_uri())}">{_REPORT}</a>; '
            f"{len(self.tables)} tables, {len(self.figures)} figures.</p>"
        )

    def _names(self, folder: str, ending: str) -> list[str]:
        return sorted(path.stem for path in self._store.path(folder).glob(f"*{ending}"))


def run_study(
    data: str | Path | None = None,
    out: str | Path = "outputs",
    *,
    resume: bool = False,
    quiet: bool = False,
    **settings: Any,
) -> StudyOutputs:
    """Run a study, as `genreglm study` does, and return what it left.

    Parameters
    ----------
    data : the table, as a file; None for the built-in example
    out : the folder for the results
    resume : go on after the last finished stage
    quiet : say nothing while it runs
    settings : others by name, see `genreglm.study.config.StudyConfig`

    Raises
    ------
    GenreglmError
        For settings that cannot be used, and whatever a stage refuses; the stages before it stay on disk.
    """
    given = {"data": data, "out": out, **settings}
    command = f"gg.run_study({', '.join(f'{name}={_plain(value)!r}' for name, value in given.items())})"
    run_stages(read_config(None, **given), Reporter(quiet), command, resume=resume)
    return StudyOutputs(Path(out))


def open_study(folder: str | Path) -> StudyOutputs:
    """Open the folder of a finished study.

    Raises
    ------
    InputError
        Where the folder holds no finished study.
    """
    if not (Path(folder) / _SUMMARY).is_file():
        raise InputError(
            f"{folder} holds no finished study: it has no {_SUMMARY}. Run genreglm study, or go on with --resume where "
            "one was stopped."
        )
    return StudyOutputs(Path(folder))


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _require(name: str, known: list[str], what: str) -> None:
    if name not in known:
        raise InputError(f"The study has no {what} {name!r}. It has {', '.join(known)}.")
