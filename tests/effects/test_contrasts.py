"""Contrasts between two values of a variable against predictions on changed rows."""

import brute
import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.effects.estimates import COLUMNS
from genreglm.errors import DataError, OptionError


def difference(result: gg.Result, rows: pd.DataFrame, variable: str, low: object, high: object) -> np.ndarray:
    below, above = (brute.mean_probabilities(result, rows, **{variable: value}) for value in (low, high))
    return above - below


@pytest.mark.parametrize(("variable", "low", "high"), [("energy", -0.5, 1), ("valence", 0.2, 0.8), ("key", "E", "D")])
def test_differences_by_brute_force(result: gg.Result, rows: pd.DataFrame, variable: str, low, high) -> None:
    table = gg.contrasts(result, variable=variable, low=low, high=high)
    assert list(table.columns) == list(COLUMNS)
    assert set(table["contrast"]) == {f"{high} - {low}"}
    np.testing.assert_allclose(table["estimate"], difference(result, rows, variable, low, high), atol=1e-14)
    expected = brute.standard_errors(result, lambda r: difference(r, rows, variable, low, high))
    np.testing.assert_allclose(table["std_error"], expected, rtol=1e-7)
    assert abs(table["estimate"].sum()) < 1e-15


def test_ratios_are_of_mean_probabilities(result: gg.Result, rows: pd.DataFrame) -> None:
    def log_ratio(r: gg.Result) -> np.ndarray:
        below, above = (brute.mean_probabilities(r, rows, energy=value) for value in (-1.0, 1.0))
        return np.log(above / below)

    table = gg.contrasts(result, variable="energy", low=-1.0, high=1.0, comparison="ratio")
    assert set(table["contrast"]) == {"1.0 / -1.0"}
    expected = brute.standard_errors(result, log_ratio)
    np.testing.assert_allclose(table["estimate"], np.exp(log_ratio(result)), rtol=1e-12)
    np.testing.assert_allclose(table["std_error"], expected, rtol=1e-7)
    np.testing.assert_allclose(table["statistic"], log_ratio(result) / expected, rtol=1e-7)
    np.testing.assert_allclose(table["conf_low"], np.exp(log_ratio(result) - 1.959963984540054 * expected), rtol=1e-7)


def test_both_directions_are_opposite(result: gg.Result) -> None:
    pairs = [(-1.0, 1.0), (1.0, -1.0)]
    one, other = (part for _, part in gg.contrasts(result, variable="valence", pairs=pairs).groupby("contrast"))
    np.testing.assert_allclose(one["estimate"], -other["estimate"].to_numpy(), atol=1e-16)
    np.testing.assert_allclose(one["std_error"], other["std_error"], rtol=1e-12)


def test_of_a_factor_each_level_against_the_first_unless_pairs_are_given(result: gg.Result) -> None:
    effects = gg.marginal_effects(result, variables=["key"])
    pd.testing.assert_frame_equal(gg.contrasts(result, variable="key"), effects)
    table = gg.contrasts(result, variable="key", pairs=[("C", "D"), ("D", "E")])
    assert table["contrast"].unique().tolist() == ["D - C", "E - D"]
    steps = table["estimate"].to_numpy().reshape(2, 3).sum(axis=0)
    np.testing.assert_allclose(steps, brute.of(effects, "key", "E - C")["estimate"], atol=1e-14)


def test_from_the_smallest_step_is_the_slope(result: gg.Result, rows: pd.DataFrame) -> None:
    """Where all rows have the same value, the change over a small step is the slope at its middle."""
    level = rows.assign(valence=0.3)
    slope = brute.of(gg.marginal_effects(result, level), "valence")
    change = gg.contrasts(result, level, variable="valence", low=0.3 - 1e-4, high=0.3 + 1e-4)
    np.testing.assert_allclose(change["estimate"] / 2e-4, slope["estimate"], atol=1e-8)
    np.testing.assert_allclose(change["std_error"] / 2e-4, slope["std_error"], rtol=1e-6)


def test_at_the_mean_nothing_is_averaged(result: gg.Result, rows: pd.DataFrame) -> None:
    typical = pd.DataFrame({"energy": [rows["energy"].mean()], "valence": [0.0], "key": ["C"], "live": [False]})
    table = gg.contrasts(result, variable="valence", low=-1, high=1, at="mean")
    np.testing.assert_allclose(table["estimate"], difference(result, typical, "valence", -1, 1), atol=1e-12)


def test_a_class_that_never_has_a_level_has_no_error_there(separated: gg.Result) -> None:
    table = gg.contrasts(separated, variable="key", pairs=[("C", "D"), ("C", "E"), ("D", "E")])
    unknown = table[table["p_value"].isna()]
    assert sorted(zip(unknown["contrast"], unknown["class"], strict=True)) == [("D - C", "blues"), ("E - D", "blues")]


def test_refusals(result: gg.Result) -> None:
    with pytest.raises(OptionError, match=r"'key'.*must be one of 'C', 'D', 'E'"):
        gg.contrasts(result, variable="key", low="C", high="H")
    for low in ("high", float("nan"), None):
        with pytest.raises(OptionError, match=r"'energy' is a number, but|together"):
            gg.contrasts(result, variable="energy", low=low, high=1.0)
    with pytest.raises(OptionError, match=r"say which values to compare"):
        gg.contrasts(result, variable="energy")
    with pytest.raises(OptionError, match=r"and not both"):
        gg.contrasts(result, variable="energy", low=0.0, high=1.0, pairs=[(0.0, 1.0)])
    for pairs in ([], [(0.0, 1.0, 2.0)], [0.2, 0.8]):
        with pytest.raises(OptionError, match=r"must be a list of \(low, high\)"):
            gg.contrasts(result, variable="energy", pairs=pairs)
    with pytest.raises(OptionError, match="comparison='odds' is not an option"):
        gg.contrasts(result, variable="key", comparison="odds")
    with pytest.raises(DataError, match="variable='tempo' is no column"):
        gg.contrasts(result, variable="tempo", low=0.0, high=1.0)


def test_a_value_outside_a_spline_is_refused_by_the_design(rows: pd.DataFrame) -> None:
    fit = gg.fit("genre ~ bs(energy, df=4)", rows)
    with pytest.raises(gg.errors.InputError, match="beyond"):
        gg.contrasts(fit, variable="energy", low=-50.0, high=50.0)
