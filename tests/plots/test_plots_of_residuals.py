"""Figures of residuals: readable at 114 genres and with awkward names, and what their titles say."""

import numpy as np
import pandas as pd
import pytest
from test_plots_readable import assert_readable

from genreglm import plots

GENRES = [f"progressive-house-{number}" for number in range(114)]
AWKWARD = ["$x_$ <b>", "演歌\nwith a name that is far too long to stand on any axis", "100 % & \\frac"]


def binned_table(genres: list[str], bins: int = 20) -> pd.DataFrame:
    """Two measured variables, one of words, one that the fit saturates, and the fitted probability."""
    rng = np.random.default_rng(0)
    tables = []
    for variable, count in (("tempo", bins), ("energy", bins), ("explicit", 2), ("key", 12), (".fitted", bins)):
        bin_, genre = np.divmod(np.arange(count * len(genres)), len(genres))
        resid = 0.004 * rng.normal(size=len(bin_)) * (variable != "key")
        words = np.array(["False", "True"], dtype=object)
        tables.append(
            pd.DataFrame(
                {
                    "variable": variable,
                    "bin": bin_ + 1,
                    "level": words[bin_] if variable == "explicit" else None,
                    "mean": np.nan if variable == "explicit" else (bin_ + 0.5) / count,
                    "class": np.array(genres, dtype=object)[genre],
                    "count": 5000.0,
                    "observed": 1 / len(genres) + resid,
                    "expected": 1 / len(genres),
                    "resid": resid,
                    "z": resid / 0.003,
                    "conf_low": -0.006,
                    "conf_high": 0.006,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def group_table(genres: list[str], groups: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    observed = rng.integers(1, 200, groups)
    return pd.DataFrame(
        {
            "group": [f"{AWKWARD[k % 3]} {k}" for k in range(groups)],
            "rows": observed + rng.integers(0, 20, groups),
            "class": rng.choice(genres, groups),
            "observed": observed,
            "expected": 0.1 * observed,
        }
    )


def envelope_table(excess: float) -> pd.DataFrame:
    theoretical = np.linspace(0, 4, 180)
    table = pd.DataFrame({"theoretical": theoretical, "median": np.sqrt(theoretical)})
    table = table.assign(low=table["median"] - 0.02, high=table["median"] + 0.02)
    table["observed"] = table["median"] + excess * theoretical
    return table.assign(inside=table["observed"].between(table["low"], table["high"]))


@pytest.mark.parametrize("genres", [GENRES, AWKWARD, AWKWARD[:2]], ids=["many", "awkward", "two"])
def test_binned_residuals_and_groups_are_readable(genres: list[str]) -> None:
    assert_readable(plots.binned_residuals(binned_table(genres)))
    assert_readable(plots.binned_residuals(binned_table(genres).query("variable == 'key'")))
    assert_readable(plots.group_residuals(group_table(genres, 300)))
    assert_readable(plots.group_residuals(group_table(genres, 2)))


@pytest.mark.parametrize("rows", [20, 500, 20_000])
def test_quantile_residuals_are_readable(rows: int) -> None:
    table = pd.DataFrame({"resid": np.random.default_rng(0).normal(size=rows)})
    figure = plots.quantile_residuals(table)
    assert_readable(figure)
    assert len(figure.axes[1].lines[-1].get_xdata()) <= 400
    assert figure.texts[0].get_text().split() == plots.quantile_residuals_finding(table).split()


@pytest.mark.parametrize("excess", [-0.1, 0.0, 0.2])
def test_envelopes_are_readable(excess: float) -> None:
    figure = plots.envelope(envelope_table(excess))
    assert_readable(figure)
    outside = figure.axes[0].lines[-1].get_xdata()
    assert len(outside) == (~envelope_table(excess)["inside"]).sum()


@pytest.mark.parametrize("levels", [3, 12, 50])
def test_a_level_for_each_of_many_words_is_readable(levels: int) -> None:
    table = binned_table(GENRES[:5], levels).query("variable == 'tempo'")
    table = table.assign(level=[f"level number {number}" for number in table["bin"]])
    assert_readable(plots.binned_residuals(table))


def test_quantile_residuals_are_compared_with_the_normal() -> None:
    rng = np.random.default_rng(0)
    normal = pd.DataFrame({"resid": rng.normal(size=5000)})
    assert plots.quantile_residuals_finding(normal).startswith("Quantile residuals are as good as standard normal")
    tailed = normal.assign(resid=np.where(np.arange(5000) < 40, 4.0, normal["resid"]))
    finding = plots.quantile_residuals_finding(tailed)
    assert finding.startswith("Quantile residuals are not quite standard normal")
    beyond = int((tailed["resid"].abs() > 3).sum())
    assert finding.endswith(f"{beyond} rows lie beyond 3, where 13 should")
    shifted = plots.quantile_residuals_finding(normal + 0.5)
    assert shifted.startswith("Quantile residuals are not standard normal")
    assert "at most 20." in shifted or "at most 19." in shifted  # Phi(0.25) - Phi(-0.25) = 0.197


def test_envelopes_say_on_which_side_the_largest_lie() -> None:
    assert plots.envelope_finding(envelope_table(0.0)) == (
        "The residuals are those of the model: 0 of 180 points lie outside the simulated envelope"
    )
    assert plots.envelope_finding(envelope_table(0.2)).startswith("The largest residuals are larger than")
    assert plots.envelope_finding(envelope_table(-0.2)).startswith("The largest residuals are smaller than")
    middle = envelope_table(0.0)
    middle.loc[40:80, "inside"] = False
    assert plots.envelope_finding(middle).startswith("The residuals are not those of the model: 41 of 180")


def test_binned_residuals_name_the_worst_cell() -> None:
    table = binned_table(["a", "b", "c"])
    table["resid"] = table["z"] = 0.0
    worst = table.index[(table["variable"] == "tempo") & (table["bin"] == 3) & (table["class"] == "b")][0]
    table.loc[worst, ["mean", "observed", "expected", "resid", "z"]] = [150.2, 0.079, 0.018, 0.061, 30.0]
    assert plots.binned_residuals_finding(table) == (
        "0\u00a0% of the cells lie outside their limits; the model misses b most, where tempo is about 150: "
        "7.9\u00a0% of the rows, not 1.8\u00a0%"
    )
    table.loc[worst, ["variable", "level"]] = ["explicit", "True"]
    assert "where explicit is True" in plots.binned_residuals_finding(table)
    table.loc[worst, ["variable", "level", "mean"]] = [".fitted", None, 0.12]
    assert "where its fitted probability is about 0.12" in plots.binned_residuals_finding(table)
    table.loc[worst, ["variable", "mean"]] = ["duration_ms", 86315.3]
    assert "where duration is about 86,315" in plots.binned_residuals_finding(table)
    assert plots.binned_residuals_finding(table.assign(count=2.0)) == "No bin holds enough rows to be judged"


def test_groups_are_named_by_their_excess() -> None:
    table = pd.DataFrame(
        {"group": ["Mozart", "Pritam"], "rows": [400, 302], "class": ["classical", "indian"],
         "observed": [305, 302], "expected": [72.0, 8.44]}
    )  # fmt: skip
    assert plots.group_residuals_finding(table) == (
        "Pritam stands out most: all its 302 rows are indian, where the model expects 8.4"
    )
    assert plots.group_residuals_finding(table.head(1)) == (
        "Mozart stands out most: 305 of its 400 rows are classical, where the model expects 72.0"
    )
