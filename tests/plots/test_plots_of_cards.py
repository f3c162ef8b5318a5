"""Model cards, families, and the mark of labels that are no sounds."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from test_plots_readable import assert_readable

from genreglm import plots
from genreglm.plots.marks import mark_note, marked

NAMES = ["GLM linear", "GLM interactions", "GLM linear, with popularity", "gradient boosting", "prior only"]


def cards() -> pd.DataFrame:
    table = pd.DataFrame({"model": NAMES, "chosen": [False, True, False, False, False]})
    for score, values, half in (
        ("log_loss", [3.62, 3.32, 3.41, 3.34, 4.73], 0.05),
        ("top_1", [0.15, 0.199, 0.17, 0.2, 0.009], 0.006),
        ("top_5", [0.4, 0.476, 0.44, 0.475, 0.044], 0.01),
    ):
        table[score] = values
        table[f"{score}_low"], table[f"{score}_high"] = table[score] - half, table[score] + half
    return table


def labels(figure: Figure) -> list[str]:
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def test_cards_stand_in_the_order_of_their_log_loss() -> None:
    figure = plots.model_cards(cards())
    assert_readable(figure)
    assert labels(figure) == [NAMES[1], NAMES[3], NAMES[2], NAMES[0], NAMES[4]]
    assert figure.texts[0].get_text().split() == plots.model_cards_finding(cards()).split()
    assert plots.model_cards_finding(cards()) == (
        "GLM interactions was chosen: log-loss 3.320 (3.270 to 3.370), 19.9\u00a0% right; no model has a lower log-loss"
    )


def test_a_better_yardstick_is_named_and_missing_intervals_are_left_out() -> None:
    table = cards()
    table.loc[3, "log_loss"] = 3.3
    table[["log_loss_low", "log_loss_high", "top_1_low", "top_1_high", "top_5_low", "top_5_high"]] = np.nan
    assert_readable(plots.model_cards(table))
    assert plots.model_cards_finding(table) == (
        "GLM interactions was chosen: log-loss 3.320, 19.9\u00a0% right; gradient boosting has 3.300"
    )


def families() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "family": ["metal", "classical and ambient", "a family with an uncommonly long name", "unheard"],
            "support": [200, 100, 100, 0],
            "recall": [0.8, 0.4, 0.0, 0.0],
            "top_1": [0.3, 0.1, 0.02, 0.0],
            "taken_for": ["classical and ambient", "metal", "metal", None],
            "taken_rate": [0.1, 0.3, 0.9, np.nan],
            "boosting_recall": [0.7, 0.5, 0.0, 0.0],
        }
    )


@pytest.mark.parametrize("boosted", [True, False])
def test_families_from_the_best_told_to_the_least(boosted: bool) -> None:
    table = families() if boosted else families().drop(columns="boosting_recall")
    figure = plots.family_report(table)
    assert_readable(figure)
    assert labels(figure)[:2] == ["metal", "classical and ambient"]
    assert len(labels(figure)) == 3
    assert ("gradient boosting" in figure.texts[1].get_text().replace("\n", " ")) is boosted
    finding = plots.family_report_finding(table)
    assert finding.startswith("The family of 50.0\u00a0% of the tracks is told right: metal best (80\u00a0%)")
    assert plots.family_report_finding(table.head(1)) == "The family of 80.0\u00a0% of the tracks is told right"


def test_labels_that_are_no_sounds_are_marked() -> None:
    table = pd.DataFrame({"genre": ["rock", "sad", "german"], "kind": ["sound", "mood", np.nan]})
    assert marked(table).tolist() == ["rock", "sad*", "german"]
    assert mark_note(table).startswith(" * no sound")
    assert marked(table[["genre"]]).tolist() == ["rock", "sad", "german"]
    assert mark_note(table[["genre"]]) == mark_note(table.head(1)) == ""


def test_figures_by_genre_carry_the_mark() -> None:
    table = pd.DataFrame(
        {"genre": ["rock", "sad"], "kind": ["sound", "mood"], "recall": [0.5, 0.2], "precision": 0.3, "support": 50}
    )
    recalls = plots.recall_by_genre(table)
    rows = plots.genre_distribution(table.assign(rows=[1000, 990], artists=[400, 300]))
    for figure in (recalls, rows):
        assert_readable(figure)
        assert labels(figure) == ["rock", "sad*"]
        assert "* no sound" in figure.texts[1].get_text().replace("\n", " ")
    assert "sad*" not in plots.recall_by_genre_finding(table)


def test_a_range_of_rows_runs_from_the_fewest_to_the_most() -> None:
    table = pd.DataFrame({"genre": ["rock", "sad"], "rows": [44, 40], "artists": [4, 3]})
    assert plots.genre_distribution_finding(table).startswith("2 genres of 40 to 44 rows each")
