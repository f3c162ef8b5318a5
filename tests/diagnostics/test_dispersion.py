"""Overdispersion of groups: one for independent rows, more for rows that go together."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError, OptionError
from simulated import tracks

FORMULA = "genre ~ energy + valence"
OVERALL = [
    *("grouping", "groups", "rows", "statistic", "df", "dispersion", "p_value"),
    *("variance_ratio", "variance_p_value", "correlation"),
]
A_GROUP = ["group", "rows", "statistic", "df", "dispersion", "p_value", "class", "observed", "expected"]


def alike(rows: pd.DataFrame, share: float, seed: int = 0) -> pd.DataFrame:
    """Each row takes, with a chance of `share`, the genre of the first row of its artist."""
    rng = np.random.default_rng(seed)
    first = rows.groupby("artist")["genre"].transform("first")
    return rows.assign(genre=np.where(rng.random(len(rows)) < share, first, rows["genre"]))


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(rows=800, artists=80, strength=0.4)


@pytest.fixture(scope="module")
def result(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, rows)


def test_is_one_for_independent_rows() -> None:
    tables = []
    for seed in range(25):
        made = tracks(rows=800, artists=60, strength=0.4, seed=seed)
        tables.append(gg.dispersion(gg.fit(FORMULA, made), groups="artist", simulations=19, seed=seed))
    found = pd.concat(tables)
    assert found["dispersion"].mean() == pytest.approx(1.0, abs=0.05)
    assert found["variance_ratio"].mean() == pytest.approx(1.0, abs=0.05)
    assert found["correlation"].mean() == pytest.approx(0.0, abs=0.01)
    for p_value in ("p_value", "variance_p_value"):
        assert found[p_value].min() >= 0.05
        assert 0.3 < found[p_value].mean() < 0.75


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_is_more_for_rows_that_go_together(share: float) -> None:
    made = alike(tracks(rows=3000, artists=200, strength=0.0), share)
    found = gg.dispersion(gg.fit("genre ~ 1", made), groups="artist").iloc[0]
    assert found.index.tolist() == OVERALL
    assert (found["grouping"], found["groups"], found["rows"]) == ("artist", 200, 3000)
    # Two rows have the same genre for sure where both took the first one's: correlation share^2, nearly.
    assert found["correlation"] == pytest.approx(share**2, abs=0.05)
    assert found["dispersion"] == pytest.approx(found["variance_ratio"], rel=0.15)
    assert found["p_value"] == found["variance_p_value"] == 0.01


def test_fitted_dimensions_are_taken_off() -> None:
    made = tracks(rows=600, artists=30).assign(size=lambda t: t["artist"].str.len() + 0.0)
    made["level"] = made.groupby("artist")["energy"].transform("mean")
    result = gg.fit("genre ~ level", made)
    found = gg.dispersion(result, groups="artist").iloc[0]
    assert found["df"] == pytest.approx((30 - 2) * 2)
    other = gg.dispersion(result, made.iloc[1:], groups="artist").iloc[0]
    assert other["df"] == pytest.approx(30 * 2)
    saturated = gg.dispersion(gg.fit("genre ~ C(key)", made), groups="key").iloc[0]
    assert saturated["statistic"] == pytest.approx(0.0, abs=1e-6)
    assert np.isnan(saturated[["df", "dispersion", "variance_ratio", "correlation"]].astype(float)).all()


def test_the_rows_of_the_fit_are_known_again(rows: pd.DataFrame, result: gg.Result, tmp_path) -> None:
    loaded = gg.load(result.save(tmp_path / "model"))
    own = gg.dispersion(result, groups="artist", simulations=9)["df"][0]
    assert own < 80 * 2
    for model, again in ((loaded, rows), (result, rows), (result, rows.iloc[::-1]), (loaded, rows.iloc[::-1])):
        assert gg.dispersion(model, again, groups="artist", simulations=9)["df"][0] == pytest.approx(own)
    other = rows.assign(energy=rows["energy"].to_numpy()[::-1])
    assert gg.dispersion(result, other, groups="artist", simulations=9)["df"][0] == pytest.approx(80 * 2)


def test_group_residuals_name_the_odd_group(rows: pd.DataFrame, result: gg.Result) -> None:
    odd = rows.assign(genre=rows["genre"].where(rows["artist"] != "artist 7", "country"))
    table = gg.group_residuals(gg.fit(FORMULA, odd), groups="artist")
    assert table.columns.tolist() == A_GROUP
    assert table["statistic"].is_monotonic_decreasing
    first = table.iloc[0]
    assert (first["group"], first["class"]) == ("artist 7", "country")
    assert first["observed"] == first["rows"] == (rows["artist"] == "artist 7").sum()
    assert first["expected"] < first["observed"]
    assert first["p_value"] == 0.01
    assert table["df"].unique().tolist() == [2]
    total = gg.dispersion(gg.fit(FORMULA, odd), groups="artist").iloc[0]
    assert table["statistic"].sum() == pytest.approx(total["statistic"])
    prob = result.predict(rows)
    of = rows["artist"] == "artist 3"
    row = gg.group_residuals(result, groups="artist").set_index("group").loc["artist 3"]
    assert row["expected"] == pytest.approx(prob.loc[of, row["class"]].sum())


def test_several_columns_make_cells(result: gg.Result, rows: pd.DataFrame) -> None:
    table = gg.group_residuals(result, groups=["key", "artist"])
    cells = rows.groupby(["key", "artist"]).size()
    assert len(table) == len(cells)
    sizes = {f"{key}, {artist}": count for (key, artist), count in cells.items()}
    assert table.set_index("group")["rows"].to_dict() == sizes
    assert gg.dispersion(result, groups=["key", "artist"])["grouping"].iloc[0] == "key x artist"


def test_single_rows_have_no_correlation(result: gg.Result, rows: pd.DataFrame) -> None:
    numbered = rows.assign(number=np.arange(len(rows)))
    found = gg.dispersion(result, numbered, groups="number").iloc[0]
    assert np.isnan(found["correlation"])
    pearson = (gg.residuals(result, kind="pearson")["resid"] ** 2).sum()
    assert found["statistic"] == pytest.approx(pearson, rel=1e-9)


def test_a_weight_is_so_many_rows(rows: pd.DataFrame) -> None:
    w = np.arange(len(rows)) % 3
    weighted = gg.fit(FORMULA, rows, weights=w.astype(float))
    repeated = gg.fit(FORMULA, rows.loc[rows.index.repeat(w)])
    for table in (gg.dispersion, gg.group_residuals):
        expected = table(repeated, groups="artist", simulations=9)
        pd.testing.assert_frame_equal(table(weighted, groups="artist", simulations=9), expected, rtol=1e-6)


def test_does_not_depend_on_the_order_of_rows_or_the_names_of_classes(result: gg.Result, rows: pd.DataFrame) -> None:
    first = gg.group_residuals(result, groups="artist").set_index("group").sort_index()
    shuffled = rows.sample(frac=1.0, random_state=0)
    renamed = shuffled.assign(genre=shuffled["genre"].map({"ambient": "z", "blues": "y", "country": "x"}))
    again = gg.group_residuals(gg.fit(FORMULA, renamed), groups="artist").set_index("group").sort_index()
    for column in ("rows", "statistic", "dispersion", "observed", "expected"):
        np.testing.assert_allclose(again[column], first[column], rtol=1e-6)


def test_refusals(result: gg.Result, rows: pd.DataFrame, tmp_path) -> None:
    with pytest.raises(OptionError, match="at least 1"):
        gg.dispersion(result, groups="artist", simulations=0)
    with pytest.raises(DataError, match="'album'"):
        gg.dispersion(result, groups=["artist", "album"])
    with pytest.raises(DataError, match="an empty list"):
        gg.group_residuals(result, groups=[])
    with pytest.raises(DataError, match=r"'artist \d+', \.\.\. is none of") as labels:
        gg.group_residuals(result, groups=rows["artist"].tolist())
    assert len(str(labels.value)) < 300
    gaps = rows.assign(artist=rows["artist"].where(rows["artist"] != "artist 7"))
    with pytest.raises(DataError, match="rows have no group"):
        gg.dispersion(result, gaps, groups="artist")
    with pytest.raises(DataError, match="no whole numbers"):
        gg.dispersion(gg.fit(FORMULA, rows, weights=np.full(len(rows), 1.5)), groups="artist")
    soft = gg.fit(FORMULA, rows, soft_labels=pd.get_dummies(rows["genre"], dtype=float) + 0.1)
    with pytest.raises(DataError, match="one class a row"):
        gg.dispersion(soft, groups="artist")
    loaded = gg.load(result.save(tmp_path / "model"))
    with pytest.raises(DataError, match=r"pass rows="):
        gg.dispersion(loaded, groups="artist")
    assert len(gg.dispersion(loaded, rows, groups="artist", simulations=9)) == 1
