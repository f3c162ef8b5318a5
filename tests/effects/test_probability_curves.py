"""Adjusted predictions with their bands."""

import brute
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import genreglm as gg
from genreglm import plots
from genreglm.errors import OptionError
from simulated import tracks

COLUMNS = ["feature", "value", "class", "probability", "std_error", "conf_low", "conf_high"]


def test_probabilities_and_errors_by_brute_force(result: gg.Result, rows: pd.DataFrame) -> None:
    values = [-1.0, 0.0, 1.5]
    table = gg.curve(result, None, "energy", values=values)
    assert list(table.columns) == COLUMNS
    for value in values:
        found = table[table["value"] == value]
        expected = brute.mean_probabilities(result, rows, energy=value)
        np.testing.assert_allclose(found["probability"], expected, rtol=1e-12)
        errors = brute.standard_errors(result, lambda r, v=value: brute.mean_probabilities(r, rows, energy=v))
        np.testing.assert_allclose(found["std_error"], errors, rtol=1e-7)


def test_bands_are_made_on_the_logit_scale(result: gg.Result) -> None:
    table = gg.curve(result, None, "valence", conf_level=0.9)
    p, error = table["probability"], table["std_error"]
    reach = stats.norm.ppf(0.95) * error / (p * (1.0 - p))
    np.testing.assert_allclose(np.log(table["conf_high"] / (1.0 - table["conf_high"])), np.log(p / (1 - p)) + reach)
    np.testing.assert_allclose(np.log(table["conf_low"] / (1.0 - table["conf_low"])), np.log(p / (1 - p)) - reach)
    far = gg.curve(result, None, "valence", values=[-40.0, 40.0])
    ends = pd.concat([far["conf_low"], far["conf_high"]]).dropna()
    assert ends.between(0.0, 1.0).all()
    assert len(ends) > 0


def test_values_run_from_percentile_to_percentile(result: gg.Result, rows: pd.DataFrame) -> None:
    values = np.unique(gg.curve(result, None, "energy")["value"])
    assert len(values) == 41
    ends = np.quantile(rows["energy"], [0.01, 0.99], method="inverted_cdf")
    np.testing.assert_allclose(values[[0, -1]], ends)
    assert len(gg.curve(result, None, "energy", points=5)) == 3 * 5
    assert gg.curve(result, rows[:9], "key")["value"].tolist() == ["C", "D", "E"] * 3


def test_classes_are_those_asked_for_in_that_order(result: gg.Result) -> None:
    everything = gg.curve(result, None, "energy", points=4, band="simultaneous")
    some = gg.curve(result, None, "energy", points=4, classes=["country", "ambient"], band="simultaneous")
    assert some["class"].unique().tolist() == ["country", "ambient"]
    expected = pd.concat([everything[everything["class"] == name] for name in ("country", "ambient")])
    pd.testing.assert_frame_equal(some, expected.reset_index(drop=True))


def test_a_simultaneous_band_is_wider_and_the_same_each_time(result: gg.Result) -> None:
    pointwise, band, again = (
        gg.curve(result, None, "valence", points=9, band=kind) for kind in ("pointwise", "simultaneous", "simultaneous")
    )
    pd.testing.assert_frame_equal(band, again)
    assert (band["conf_high"] > pointwise["conf_high"]).all()
    p, error = band["probability"], band["std_error"]
    critical = (np.log(band["conf_high"] / (1 - band["conf_high"])) - np.log(p / (1 - p))) * p * (1 - p) / error
    assert (critical.groupby(band["class"]).std() < 1e-9).all()
    # Nine points that hang together: more than one, less than nine that do not.
    assert critical.between(1.96, stats.norm.ppf(0.5 + 0.5 * 0.95 ** (1 / 9))).all()


def test_at_the_mean_is_the_prediction_of_one_row(result: gg.Result, rows: pd.DataFrame) -> None:
    typical = pd.DataFrame({"energy": [0.7], "valence": [rows["valence"].mean()], "key": ["C"], "live": [False]})
    found = gg.curve(result, None, "energy", values=[0.7], at="mean")
    np.testing.assert_allclose(found["probability"], result.predict(typical).to_numpy()[0], rtol=1e-12)


def test_levels_at_which_a_class_never_occurs_have_no_band(separated: gg.Result) -> None:
    table = gg.curve(separated, None, "key")
    unknown = table[table["conf_low"].isna()]
    assert list(zip(unknown["class"], unknown["value"], strict=True)) == [("blues", "D")]
    assert gg.curve(separated, None, "energy")["conf_high"].notna().all()


def test_a_ridge_fit_has_curves_without_bands(rows: pd.DataFrame) -> None:
    fit = gg.fit("genre ~ energy", rows, penalty=gg.Ridge(0.1))
    for band in ("pointwise", "simultaneous"):
        table = gg.curve(fit, None, "energy", points=3, band=band)
        assert table["probability"].notna().all()
        assert table[["std_error", "conf_low", "conf_high"]].isna().all(axis=None)
    assert plots.render(plots.effect_curves(table), "png")


def test_a_weight_is_that_many_rows() -> None:
    rows = tracks(rows=90)
    w = np.random.default_rng(0).integers(1, 4, len(rows))
    weighted = gg.curve(gg.fit("genre ~ energy + C(key)", rows, weights=w), None, "energy", points=5)
    repeated = rows.loc[np.repeat(rows.index, w)]
    other = gg.curve(gg.fit("genre ~ energy + C(key)", repeated), None, "energy", points=5)
    pd.testing.assert_frame_equal(weighted, other, rtol=1e-6)


def test_refusals(result: gg.Result) -> None:
    with pytest.raises(gg.errors.DataError, match=r"variable=None is no column .* 'energy', 'key'"):
        gg.curve(result)
    for classes in (["jazz"], "blues", []):
        with pytest.raises(OptionError, match="must be a list of classes"):
            gg.curve(result, None, "energy", classes=classes)
    with pytest.raises(OptionError, match="band='both' is not an option"):
        gg.curve(result, None, "energy", band="both")
    with pytest.raises(OptionError, match="points=1 must be at least 2"):
        gg.curve(result, None, "energy", points=1)
    with pytest.raises(OptionError, match="values= is empty"):
        gg.curve(result, None, "energy", values=[])
