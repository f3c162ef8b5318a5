"""Figures of influence: readable with long names and many rows, and their titles say what the tables hold."""

import numpy as np
import pandas as pd
import pytest
from test_plots_readable import assert_readable

from genreglm import plots

LONG = ["$x_$ <b>", "a name of 80 letters " * 4, "sleep"]


def table(rows: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    hat, residual = rng.lognormal(-4, 0.5, rows), rng.gamma(6, 0.5, rows)
    return pd.DataFrame({".hat": hat, ".resid_deviance": residual, ".cooksd": hat * residual**2 / 100})


def names(rows: int) -> list[str]:
    return [f"{LONG[row % 3]} {row}" for row in range(rows)]


@pytest.mark.parametrize("rows", [12, 20_000])
def test_leverage_and_residuals_are_readable(rows: int) -> None:
    assert_readable(plots.leverage_residuals(table(rows), names(rows)))
    assert_readable(plots.leverage_residuals(table(rows)))


@pytest.mark.parametrize("rows", [12, 20_000])
def test_the_index_names_the_strongest(rows: int) -> None:
    found = table(rows).rename(columns={".cooksd": "cooksd"})
    found.loc[3, "cooksd"] = 9.0
    figure = plots.influence_index(found, names(rows))
    assert_readable(figure)
    assert plots.influence_index_finding(found, names(rows)).startswith(r"\$x_\$ <b> 3 moves the coefficients most")


def test_leverage_title_counts_the_strongest_hundredth() -> None:
    found = table(200)
    found[".cooksd"] = 1.0
    found.loc[[7, 9], ".cooksd"] = 50.0
    assert "One row in a hundred holds 34 % of all influence" in plots.leverage_residuals_finding(found).replace(
        "\N{NO-BREAK SPACE}", " "
    )


def test_clusters_come_by_influence() -> None:
    found = pd.DataFrame({"cluster": names(40), "rows": 1_000, "cooksd": np.linspace(0.01, 0.25, 40)})
    assert_readable(plots.cluster_influence(found))
    told = plots.cluster_influence_finding(found)
    assert told.startswith(r"\$x_\$ <b> 39, with 1,000 rows")
    assert "by 0.50 standard errors" in told


def test_rows_that_the_estimate_needs_stand_at_the_top() -> None:
    found = table(30)
    found.loc[4, ".cooksd"] = np.inf
    assert_readable(plots.leverage_residuals(found, names(30)))
    index = found.rename(columns={".cooksd": "cooksd"})
    assert_readable(plots.influence_index(index, names(30)))
    assert "a name of 80" in plots.influence_index_finding(index, names(30))
    clusters = pd.DataFrame({"cluster": ["one", "two"], "rows": [1, 5], "cooksd": [np.inf, 0.2]})
    assert_readable(plots.cluster_influence(clusters))
    assert "one, with 1 row, moves the coefficients most: without it" in plots.cluster_influence_finding(clusters)
