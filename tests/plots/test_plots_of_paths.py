"""The figures of a penalised path: readable, and their titles say what the tables say."""

import numpy as np
import pandas as pd
import pytest
from test_plots_readable import assert_readable

from genreglm import plots

STRENGTHS = np.geomspace(0.1, 1e-4, 20)


def sizes(terms: int) -> pd.DataFrame:
    """Term j comes in at the j-th strength and grows; the last one never does."""
    parts = [
        pd.DataFrame(
            {
                "strength": STRENGTHS,
                "term": f"term_{j}",
                "size": np.maximum(np.arange(20) - j, 0) * (1.0 if j < terms - 1 else 0.0) / (1 + j % 5),
            }
        )
        for j in range(terms)
    ]
    return pd.concat(parts, ignore_index=True)


def scored(chosen: int, metric: str = "log_loss") -> pd.DataFrame:
    estimate = 4.0 + np.square(np.arange(20) - 15) / 100
    return pd.DataFrame({"strength": STRENGTHS, "metric": metric, "estimate": estimate}).assign(
        fold_std_error=0.05, chosen=np.arange(20) == chosen, rule="one-standard-error", split="artist"
    )


@pytest.mark.parametrize(("terms", "chosen"), [(2, None), (8, 0.01), (40, 0.001)])
def test_a_path_is_readable(terms: int, chosen: float | None) -> None:
    figure = plots.coefficient_path(sizes(terms), chosen)
    assert_readable(figure)
    names = [text.get_text() for text in figure.axes[0].texts]
    assert len(names) == min(terms, 12)
    assert ("chosen" in figure.texts[1].get_text()) == (chosen is not None)
    left, right = figure.axes[0].get_xlim()
    assert left > right


def test_titles_say_what_the_tables_say() -> None:
    assert plots.coefficient_path_finding(sizes(8)) == (
        "Term_0, term_1 and term_2 come in first; 7 of 8 terms are in at the weakest penalty"
    )
    one = "Term_0 comes in first; 1 of 2 terms are in at the weakest penalty"
    assert plots.coefficient_path_finding(sizes(2)) == one
    assert plots.coefficient_path_finding(sizes(1)) == "No term comes in at any strength of the penalty"
    assert plots.path_scores_finding(scored(15)) == (
        "Strength 0.00043 has a log-loss of 4.0000 on unseen rows, the best of 20"
    )
    assert plots.path_scores_finding(scored(13)) == (
        "Strength 0.00089 has a log-loss of 4.0400 on unseen rows; the best of 20, 0.00043, has 4.0000"
    )


def test_scores_are_readable() -> None:
    figure = plots.path_scores(scored(13))
    assert_readable(figure)
    assert "rule of one standard error" in figure.texts[1].get_text()
    assert "top-5 accuracy" in plots.path_scores_finding(scored(3, "top_5"))
