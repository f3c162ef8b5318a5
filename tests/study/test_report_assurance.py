"""How sure a prediction is, and every artist tested, in the report."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from report_folder import full_folder

from genreglm.study.report import render, summarise
from genreglm.study.store import Store

CHOSEN, TREES = "GLM interactions", "gradient boosting"


def folder(root: Path) -> Store:
    store = full_folder(root, genres=4)
    store.table(
        "corrections",
        pd.DataFrame(
            {
                "correction": ["as fitted", "temperature", "vector"],
                "log_loss": [3.3, 3.29, 3.31],
                "ece": [0.0241, 0.0126, 0.019],
                "brier": 0.9,
                "top_1": 0.2,
            }
        ),
    )
    kinds = pd.DataFrame(
        {"kind": ["least_ambiguous", "adaptive", "class_conditional"], "group_coverage": [0.9, 0.91, 0.93]}
    )
    sets = kinds.assign(rows=20, groups=9, coverage=0.88, conf_low=0.87, conf_high=0.89, mean_size=[30.9, 33.0, 42.6])
    store.table("set_coverage", pd.concat([sets.assign(guarantee=name) for name in ("group", "row")]).assign(empty=0.0))
    store.table("set_coverage_by_genre", sets.assign(**{"class": "genre-001"}))
    cards = pd.DataFrame({"model": [CHOSEN, TREES], "chosen": [True, False], "family_top_1": [0.411, 0.406]})
    for score, values in {"log_loss": [3.294, 3.348], "top_1": [0.208, 0.204], "top_5": [0.477, 0.468]}.items():
        cards = cards.assign(**{score: values, f"{score}_low": values, f"{score}_high": values})
    store.table("cards_by_fold", cards.assign(parameters=9, seconds=1.0, detail="x"))
    store.table(
        "differences_by_fold",
        pd.DataFrame({"model": [TREES], "score": "log_loss", "estimate": 0.054, "conf_low": 0.045, "conf_high": 0.063}),
    )
    store.table("corrections_by_fold", pd.DataFrame({"correction": ["as fitted"], "log_loss": [3.3], "ece": [0.018]}))
    store.table("sets_by_fold", sets)
    told = {"model": CHOSEN, "chosen": {CHOSEN: 5}, "rows": 112_550, "rows_in": 112_550, "artists": 17_640, "folds": 5}
    store.json("work/folds.json", told)
    return store


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return summarise(folder(tmp_path_factory.mktemp("assurance")))


def prose(summary: dict[str, Any]) -> str:
    blocks = next(one["blocks"] for one in summary["sections"] if one["id"] == "recognition")
    return " ".join(str(block.get("text", "")) for block in blocks).replace("\N{NO-BREAK SPACE}", " ")


def test_corrections_are_told_with_what_is_left(summary: dict[str, Any]) -> None:
    told = prose(summary)
    assert (
        "miss the share of right answers by 2.4 points on average; with one temperature for all genres by 1.3" in told
    )
    assert "The lowest is that of the temperature." in told


def test_sets_are_told_by_kind_and_for_artists(summary: dict[str, Any]) -> None:
    told = prose(summary)
    assert "90.0 % (least ambiguous), 91.0 % (adaptive) and 93.0 % (class by class)" in told
    assert "30.9 genres (least ambiguous), 33.0 genres (adaptive) and 42.6 genres (class by class)" in told
    rows = str(next(one["blocks"] for one in summary["sections"] if one["id"] == "recognition"))
    assert "each artist" in rows
    assert not re.search("least_ambiguous|class_conditional", rows)


def test_every_artist_tested_is_told_with_its_rivals(summary: dict[str, Any]) -> None:
    told = prose(summary)
    assert "the whole contest was held 5 times" in told
    assert "Chosen was GLM interactions in 5 folds." in told
    assert "a log-loss of 3.294 (3.294 to 3.294) and is right for 20.8 % at once" in told
    assert "It names the right family for 41.1 %, gradient boosting for 40.6 %." in told
    assert "its log-loss is lower than that of gradient boosting beyond the luck of artists" in told


@pytest.mark.parametrize("table", ["corrections", "set_coverage", "cards_by_fold", "sets_by_fold"])
def test_any_table_may_be_absent(table: str, tmp_path: Path) -> None:
    made = folder(tmp_path)
    made.path(f"tables/{table}.csv").unlink()
    page = render(summarise(made), {})
    assert not re.search(r"\b(None|nan)\b", re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL))
