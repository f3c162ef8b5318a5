"""The figure of a search's steps: readable, and its title says what the table says."""

import pandas as pd
import pytest
from test_plots_readable import assert_readable

from genreglm import plots
from genreglm.plots.selection import _digits

NAN = float("nan")


def trace(steps: list[tuple[str, str, float]], start: float, error: float = NAN) -> pd.DataFrame:
    """A trace whose steps are (action, term, value after)."""
    rows = [("start", "", NAN, start, NAN)]
    for action, term, after in steps:
        rows.append((action, term, rows[-1][3], after, error))
    return pd.DataFrame(rows, columns=["action", "term", "before", "after", "std_error"]).assign(step=range(len(rows)))


LONG = "cr(duration_in_minutes, df=12, constraints='center'):cr(instrumentalness, df=12, constraints='center')"


@pytest.mark.parametrize(
    ("table", "criterion", "finding"),
    [
        (
            trace([("drop", "C(key)", 805_254.3), ("add", "tempo", 805_250.0)], 814_082.6),
            "BIC",
            "2 steps took the BIC from 814,083 to 805,250; most by dropping C(key) and adding tempo",
        ),
        (
            trace([("add", "energy", 1.28), ("add", LONG, 1.2174), ("add", "$a$", 1.2171)], 1.355, 0.01),
            "held-out log-loss",
            "3 steps took the held-out log-loss from 1.355 to 1.217; most by adding energy, "
            r"cr(duration_in_minutes, df=12,… and \$a\$",
        ),
        (trace([("drop", "n1", 1.5)], 1.6), "AIC", "1 step took the AIC from 1.600 to 1.500; most by dropping n1"),
        (trace([], 1572.0), "AIC", "No step from the starting model lowers the AIC"),
    ],
)  # fmt: skip
def test_it_is_readable_and_says_what_was_found(table: pd.DataFrame, criterion: str, finding: str) -> None:
    figure = plots.selection_trace(table, criterion)
    assert_readable(figure)
    assert plots.selection_trace_finding(table, criterion) == finding
    assert figure.texts[0].get_text().split() == finding.split()
    assert ("intervals" in figure.texts[1].get_text()) == table["std_error"].notna().any()
    assert [label.get_text()[:1] for label in figure.axes[0].get_yticklabels()] == [
        {"start": "s", "add": "+", "drop": "\N{MINUS SIGN}"}[action] for action in table["action"]
    ]


def test_as_many_decimals_as_tell_the_values_apart() -> None:
    assert [_digits(pd.Series(values)) for values in ([1.0, 1.0], [1.2, 1.3], [1.0, 1.00002], [2e5, 1e5])] == [
        2,
        3,
        6,
        0,
    ]


def test_fifty_steps_are_readable() -> None:
    steps = [("add" if j % 3 else "drop", f"a{j}:b{j}", 900.0 - 10 * j) for j in range(50)]
    assert_readable(plots.selection_trace(trace(steps, 910.0), "AIC"))
