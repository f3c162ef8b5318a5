"""The commands that use a finished study's model."""

from pathlib import Path

import pandas as pd
import pytest
from command_line import Finished, run


def test_predict_tags_the_table_the_study_was_of(finished: Finished, tmp_path: Path) -> None:
    ran = run("predict", finished.out / "model", finished.data, "--out", tmp_path / "tags.csv", "--intervals")
    assert ran.code == 0
    found = pd.read_csv(tmp_path / "tags.csv")
    assert {"row", "genre_1", "p_1", "low_1", "high_1", "set", "unlike", "problem"} <= set(found)
    assert "rows: " in ran.err


def test_explain_says_why_and_draws_it(finished: Finished, tmp_path: Path) -> None:
    ran = run("explain", finished.out / "model", finished.data, "--row", "2", "--figure", tmp_path / "why.png")
    assert ran.code == 0
    assert "rather than" in ran.out.splitlines()[0]
    assert "a typical track" in ran.out
    assert (tmp_path / "why.png").read_bytes().startswith(b"\x89PNG")


def test_drift_of_the_studys_own_table_is_small(finished: Finished) -> None:
    ran = run("drift", finished.out / "model", finished.data)
    assert ran.code == 0
    assert "unlike anything in the training rows" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("predict", "{out}/model", "{data}", "--top", "99"), "genres"),
        (("predict", "{out}/model", "{data}", "--on-error", "drop"), "on_error"),
        (("predict", "{out}/tables", "{data}"), "no model"),
        (("explain", "{out}/model", "{data}", "--genre", "polka"), "no genre"),
        (("explain", "{out}/model", "{data}", "--row", "9999999"), "no row"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_paragraph(finished: Finished, arguments: tuple[str, ...], said: str) -> None:
    ran = run(*(part.format(out=finished.out, data=finished.data) for part in arguments))
    assert ran.code == 2
    assert said in ran.err
