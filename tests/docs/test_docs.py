"""What the pages show is executed, and what the package offers is in the pages."""

import contextlib
import doctest
import io
import os
import re
import shlex
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import typer
from doc_blocks import Block, anchors, blocks, commands, links, quoted, table_rows

import genreglm as gg
from genreglm import cli
from genreglm.study import pipeline
from genreglm.study.config import StudyConfig, read_config
from genreglm.tracks.columns import ALIASES, CANONICAL, plain

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [page for page in (ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS) if page.is_file()]
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
# A page that uses the model alone: its study ends where that is kept, before the figures, which take longest.
LAST_STAGE = {"using": "keep_model"}
SAME = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory):
    """Execute a page once and return the folder that it ran in."""

    @cache
    def run(page: Path) -> Path:
        folder = tmp_path_factory.mktemp(page.stem)
        with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
            patch.setenv("MPLBACKEND", "Agg")
            names = [stage.name for stage in pipeline.STAGES]
            last = names.index(LAST_STAGE.get(page.stem, names[-1]))
            patch.setattr(pipeline, "STAGES", pipeline.STAGES[: last + 1])
            run_page(page, patch)
        return folder

    return run


def run_page(page: Path, patch: pytest.MonkeyPatch) -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.file is not None:
            Path(block.file).write_text(block.text, encoding="utf-8")
        elif block.run and block.language == "python":
            run_python(page, block, names)
        elif block.run and block.language in ("console", "sh"):
            for command, shown in commands(block.text):
                if command.startswith("genreglm "):
                    run_command(f"{page.name}:{block.line}", command, shown, patch)


def run_python(page: Path, block: Block, names: dict[str, object]) -> None:
    printed = io.StringIO()
    code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    if block.prints is not None:
        require_same(f"{page.name}:{block.line}", block.prints, printed.getvalue())


def run_command(where: str, command: str, shown: str, patch: pytest.MonkeyPatch) -> None:
    """Run a command in this process; a page that shows `Error:` expects its exit code 2."""
    said = io.StringIO()
    patch.setattr(sys, "argv", shlex.split(command))
    with (
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
        pytest.raises(SystemExit) as left,
    ):
        cli.main()
    refused = any(line.startswith("Error:") for line in shown.splitlines())
    assert (left.value.code or 0) == (2 if refused else 0), f"{where}: {said.getvalue()}"
    if shown:
        require_same(where, shown, said.getvalue())


def require_same(where: str, shown: str, found: str) -> None:
    assert doctest.OutputChecker().check_output(shown, found, SAME), (
        f"{where} shows\n{shown}\nbut this came out:\n{found}"
    )


def all_text() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def subcommands() -> dict[str, Any]:
    return typer.main.get_command(cli.app).commands


def options_of(command: Any) -> set[str]:
    return {name for option in command.params for name in option.opts if name.startswith("--")}


def test_the_pages_are_there() -> None:
    expected = "tutorial own_table explanation statistics diagnostics effects genres outputs selection".split()
    assert set(expected) <= {page.stem for page in DOCS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks_run_and_print_what_is_shown(page: Path, executed) -> None:
    before = os.getcwd()
    assert executed(page).is_dir()
    assert os.getcwd() == before


@pytest.mark.parametrize(
    "shown",
    [
        "```python\nprint(2)\n```\n\n```text\n3\n```\n",
        "```console\n$ genreglm example wrong.txt\n```\n",
        "```console\n$ genreglm example few.csv --rows 228\n1 simulated tracks -> few.csv\n```\n",
    ],
)
def test_a_page_that_shows_what_is_not_so_is_noticed(shown: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    page.write_text(shown, encoding="utf-8")
    with pytest.raises(AssertionError):
        run_page(page, monkeypatch)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_use_options_that_exist(page: Path) -> None:
    known = subcommands()
    for block in blocks(page):
        for line in block.text.splitlines() if block.language in ("console", "sh") else []:
            words = line.removeprefix("$ ").split()
            if words[:1] == ["genreglm"] and not words[1].startswith("--"):
                assert words[1] in known, line
                assert set(OPTION.findall(line)) <= options_of(known[words[1]]), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_relative_links_resolve(page: Path) -> None:
    for target in links(page):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), f"{page.name} links to {target}, which is not there"
        assert not anchor or anchor in anchors(file), f"{page.name} links to {target}: no such heading"


def test_toml_blocks_are_settings_of_a_study(tmp_path: Path) -> None:
    tables = [(page, block) for page in PAGES for block in blocks(page) if block.language == "toml"]
    assert tables
    for page, block in tables:
        file = tmp_path / "study.toml"
        file.write_text(block.text, encoding="utf-8")
        assert read_config(file) != StudyConfig(), f"{page.name}:{block.line}"


def test_every_setting_is_described_with_its_default() -> None:
    described = {quoted(row[0])[0]: row[1] for row in table_rows(ROOT / "docs/own_table.md") if quoted(row[0])}
    for name, field in StudyConfig.model_fields.items():
        assert name in described, f"own_table.md says nothing of the setting {name}"
        shown = quoted(described[name])
        value = field.default
        if value is None or value == {}:
            assert not shown, f"{name} has no default, own_table.md says {shown}"
            continue
        written = {True: "true", False: "false"}.get(value) if isinstance(value, bool) else str(value)
        written = str(list(value)) if isinstance(value, tuple) else written
        assert [part.strip('"') for part in shown] == [written], name


def test_every_alias_of_a_column_is_listed() -> None:
    rows = {quoted(row[0])[0]: row for row in table_rows(ROOT / "docs/own_table.md") if quoted(row[0])}
    for name in CANONICAL:
        listed = {plain(alias) for cell in rows[name][1:] for alias in quoted(cell)}
        assert set(ALIASES[name]) - {plain(name)} <= listed, name


def test_every_option_of_the_command_line_is_mentioned() -> None:
    text = all_text()
    for name, command in subcommands().items():
        assert f"genreglm {name}" in text
        for option in options_of(command) - {"--help"}:
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", text), f"{name} {option}"


@pytest.mark.parametrize("name", gg.__all__)
def test_every_public_name_is_mentioned(name: str) -> None:
    assert re.search(rf"\bgg\.{name}\b", all_text())


@pytest.mark.parametrize("name", [name for name in gg.plots.__all__ if not name.endswith("_finding")])
def test_every_plot_is_mentioned(name: str) -> None:
    assert re.search(rf"\bplots\.{name}\b", (ROOT / "docs/outputs.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [name for name in vars(gg.Result) if not name.startswith("_")])
def test_every_method_of_a_result_is_mentioned(name: str) -> None:
    assert re.search(rf"\b{name}\b", (ROOT / "docs/statistics.md").read_text(encoding="utf-8"))


def test_every_error_is_mentioned() -> None:
    raised = [name for name in vars(gg.errors) if name.endswith("Error")]
    text = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
    assert [name for name in raised if f"`{name}`" not in text] == []


def described_tables() -> dict[str, list[str]]:
    """Return file name -> columns, as outputs.md has them."""
    rows = [row for row in table_rows(ROOT / "docs/outputs.md") if len(row) == 3 and ".csv" in row[0]]
    return {file: quoted(row[1]) for row in rows for file in quoted(row[0])}


def test_tables_have_the_columns_that_are_described(executed) -> None:
    folder = executed(ROOT / "docs/own_table.md") / "results"
    described = described_tables()
    written = {path.name: path for path in [*(folder / "tables").iterdir(), folder / "ledger.csv"]}
    assert set(written) == set(described)
    for name, path in written.items():
        header = list(pd.read_csv(path, nrows=0).columns)
        assert header[: len(described[name])] == described[name], name
        assert len(header) == len(described[name]) or name == "confusion_matrix.csv", name


def test_every_file_of_the_output_folder_is_described(executed) -> None:
    folder = executed(ROOT / "docs/own_table.md") / "results"
    text = (ROOT / "docs/outputs.md").read_text(encoding="utf-8")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = re.sub(r"^prob_\d+", "prob_N", path.name)
            name = path.stem if path.parent.name == "figures" and path.suffix in (".png", ".svg") else name
            assert f"`{name}`" in text, path.relative_to(folder)
