"""Tests of independence of irrelevant alternatives: the table, its warning, and what it refuses."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError, InferenceError, OptionError
from simulated import tracks

FORMULA = "genre ~ energy + valence"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(500, 4)


@pytest.fixture(scope="module")
def result(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, rows)


def test_a_row_a_class_with_the_warning_in_each(result: gg.Result) -> None:
    for test in ("hausman-mcfadden", "small-hsiao"):
        table = gg.independence(result, test=test, omit=["disco", "ambient"])
        assert table["omitted"].tolist() == ["disco", "ambient"]
        assert table["df"].tolist() == [6, 6]
        assert table["note"].str.contains("Cheng and Long 2007").all()
    single = gg.independence(result, test="small-hsiao", omit="disco")
    pd.testing.assert_frame_equal(single, gg.independence(result, test="small-hsiao", omit=["disco"]))


def test_a_negative_statistic_says_so(rows: pd.DataFrame) -> None:
    tables = [gg.independence(gg.fit(FORMULA, tracks(200, 4, seed=s)), omit=["blues", "disco"]) for s in range(4)]
    table = pd.concat(tables)
    negative = table["statistic"] < 0
    assert negative.any()
    assert table.loc[negative, "p_value"].isna().all()
    assert table.loc[negative, "note"].str.startswith("negative statistic").all()
    assert table.loc[~negative, "p_value"].between(0, 1).all()


def test_the_seed_decides_the_halves(result: gg.Result) -> None:
    first, again, other = (gg.independence(result, test="small-hsiao", omit="blues", seed=s) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert first["statistic"][0] != other["statistic"][0]


def test_dependence_is_seen_by_hausman_and_mcfadden() -> None:
    """Two classes share a taste that the columns do not show; where x is large the third competes with one of them."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=6000)
    shared = 3.0 * rng.normal(size=6000)
    eta = np.column_stack([shared, shared + x, 1.5 * x]) + rng.gumbel(size=(6000, 3))
    rows = pd.DataFrame({"genre": np.array(["a", "b", "c"])[eta.argmax(axis=1)], "x": x})
    row = gg.independence(gg.fit("genre ~ x", rows), omit="a").iloc[0]
    assert row["p_value"] < 0.001 or row["statistic"] < 0


def test_a_fit_that_does_not_exist_is_a_row_of_nan(rows: pd.DataFrame) -> None:
    few = rows[(rows["genre"] != "disco") | (np.arange(len(rows)) < 3)]
    few = pd.concat([few, rows[rows["genre"] == "disco"].head(1)])
    table = gg.independence(gg.fit("genre ~ 1", few), test="small-hsiao", omit="blues", seed=0)
    assert np.isnan(table["statistic"][0])
    assert "half" in table["note"][0]


def test_what_cannot_be_tested_is_refused(rows: pd.DataFrame, result: gg.Result, tmp_path) -> None:
    with pytest.raises(InferenceError, match="needs three"):
        gg.independence(gg.fit(FORMULA, tracks(200, 2)), omit="blues")
    soft = gg.fit(FORMULA, rows, soft_labels=pd.get_dummies(rows["genre"]).astype(float))
    with pytest.raises(InferenceError, match="Soft labels"):
        gg.independence(soft, omit="blues")
    with pytest.raises(InferenceError, match="Ridge"):
        gg.independence(gg.fit(FORMULA, rows, penalty=gg.Ridge(0.1)), omit="blues")
    with pytest.raises(InferenceError, match="'robust'"):
        gg.independence(gg.fit(FORMULA, rows, covariance="robust"), omit="blues")
    bare = gg.fit(FORMULA, rows, covariance=None)
    with pytest.raises(InferenceError, match="no covariance"):
        gg.independence(bare, omit="blues")
    assert np.isfinite(gg.independence(bare, test="small-hsiao", omit="blues")["statistic"][0])
    for omit in ("polka", []):
        with pytest.raises(OptionError, match=r"omit=.* must be a list of classes"):
            gg.independence(result, omit=omit)
    with pytest.raises(OptionError, match="'hausman-mcfadden', 'small-hsiao'"):
        gg.independence(result, test="both", omit="blues")
    loaded = gg.load(result.save(tmp_path / "model", covariance=True))
    with pytest.raises(DataError, match="pass rows="):
        gg.independence(loaded, omit="blues")
    pd.testing.assert_frame_equal(
        gg.independence(loaded, rows, omit="blues"), gg.independence(result, omit="blues"), rtol=1e-5
    )
