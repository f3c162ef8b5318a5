import io
import math
from pathlib import Path

import pytest
from rich.console import Console

from genreglm.errors import OutputError
from genreglm.study.progress import Reporter, peak_megabytes


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, soft_wrap=True, width=80)


def said(reporter: Reporter) -> str:
    file = reporter.console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_lines_are_plain_where_there_is_no_terminal() -> None:
    reporter = Reporter(console=console(terminal=False))
    with reporter.stage(2, 10, "Preprocess") as measured:
        reporter.note("[bold]a genre[/bold] of " + "x" * 200)
    first, second, third = said(reporter).splitlines()
    assert (first, second) == ("[2/10] Preprocess", "    [bold]a genre[/bold] of " + "x" * 200)
    assert third.startswith("    done in 0.")
    assert 0 <= measured["seconds"] < 5
    assert measured["peak_mb"] > 10


def test_terminal_gets_colour_and_a_running_sign() -> None:
    reporter = Reporter(console=console(terminal=True))
    with reporter.stage(1, 10, "Load"):
        pass
    assert "\x1b[" in said(reporter)


def test_quiet_says_nothing_but_logs(tmp_path: Path) -> None:
    reporter = Reporter(quiet=True, console=console(terminal=True))
    reporter.log_to(tmp_path / "logs" / "study.log")
    with reporter.stage(1, 10, "Load"):
        reporter.note("ü")
    assert said(reporter) == ""
    lines = (tmp_path / "logs/study.log").read_text(encoding="utf-8").splitlines()
    assert [line[20:] for line in lines[:2]] == ["[1/10] Load", "    ü"]
    assert len(lines) == 3


def test_log_goes_on_after_what_is_there(tmp_path: Path) -> None:
    for _ in range(2):
        reporter = Reporter(quiet=True)
        reporter.log_to(tmp_path / "study.log")
        reporter.say("once")
    assert (tmp_path / "study.log").read_text().count("once") == 2


def test_log_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    reporter = Reporter(quiet=True)
    reporter.log_to(tmp_path / "study.log")
    (tmp_path / "study.log").mkdir()
    with pytest.raises(OutputError, match=r"study\.log could not be written"):
        reporter.say("anything")


def test_failed_stage_is_not_called_done() -> None:
    reporter = Reporter(console=console(terminal=False))
    with pytest.raises(ZeroDivisionError), reporter.stage(1, 2, "Load"):
        raise ZeroDivisionError
    assert "done" not in said(reporter)


def test_peak_is_a_size_or_unknown() -> None:
    assert math.isnan(peak_megabytes()) or 10 < peak_megabytes() < 1e6
