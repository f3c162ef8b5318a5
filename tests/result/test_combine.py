"""Whether two classes can be combined, pair by pair."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

import genreglm as gg
from genreglm.errors import InferenceError, OptionError
from simulated import tracks

COLUMNS = ["first", "second", "statistic", "df", "p_value", "log10_p", "p_adjusted"]


@pytest.mark.parametrize("covariance", ["observed", "robust"])
def test_each_pair_is_a_linear_hypothesis(covariance: str) -> None:
    result = gg.fit("genre ~ energy + valence + C(key)", tracks(400, genres=5), covariance=covariance)  # type: ignore[arg-type]
    table = gg.combine_classes(result)
    assert table.columns.tolist() == COLUMNS
    assert len(table) == 10
    for row in table.itertuples():
        words = ", ".join(f"[{row.first}]{name} = [{row.second}]{name}" for name in result.design.columns[1:])
        expected = gg.linear_hypothesis(result, words).iloc[0]
        assert row.statistic == pytest.approx(expected["statistic"], rel=1e-8)
        assert row.df == expected["df"] == 4
        assert row.log10_p == pytest.approx(expected["log10_p"], rel=1e-7)
    np.testing.assert_allclose(table["p_adjusted"], multipletests(table["p_value"], method="fdr_bh")[1], rtol=1e-12)


def test_halves_of_one_class_can_be_combined() -> None:
    rows = tracks(3000, seed=4)
    half = np.random.default_rng(1).random(len(rows)) < 0.5
    rows["genre"] = rows["genre"].where((rows["genre"] != "blues") | half, "blues, too")
    table = gg.combine_classes(gg.fit("genre ~ energy + valence + C(key)", rows)).set_index(["first", "second"])
    assert table.loc[("blues", "blues, too"), "p_value"] > 0.01
    assert table.drop(index=("blues", "blues, too"))["p_adjusted"].max() < 1e-6


def test_separated_cells_are_left_out_and_said_so(separated: gg.Result) -> None:
    table = gg.combine_classes(separated).set_index(["first", "second"])
    assert table["left_out"].to_dict() == {("ambient", "blues"): 1, ("ambient", "country"): 0, ("blues", "country"): 1}
    assert (table["df"] == 4 - table["left_out"]).all()
    words = ", ".join(f"[ambient]{name} = [blues]{name}" for name in ("energy", "valence", "C(key)[T.E]"))
    expected = gg.linear_hypothesis(separated, words).iloc[0]
    assert table.loc[("ambient", "blues"), "statistic"] == pytest.approx(expected["statistic"], rel=1e-8)


def test_few_clusters_lower_the_degrees_of_freedom(rows: pd.DataFrame) -> None:
    labels = np.arange(len(rows)) % 3
    result = gg.fit("genre ~ energy + valence + C(key)", rows, covariance="clustered", clusters=labels)
    assert (gg.combine_classes(result)["df"] < 4).all()


def test_refusals(result: gg.Result, ridge: gg.Result, rows: pd.DataFrame) -> None:
    with pytest.raises(InferenceError, match="no covariance"):
        gg.combine_classes(ridge)
    with pytest.raises(InferenceError, match="no slopes"):
        gg.combine_classes(gg.fit("genre ~ 1", rows))
    with pytest.raises(OptionError, match="'wald'"):
        gg.combine_classes(result, test="f")  # type: ignore[arg-type]


def test_pairs_by_likelihood_ratio_and_score_are_linear_hypotheses() -> None:
    result = gg.fit("genre ~ energy + valence", tracks(300, genres=4))
    pairs = [("disco", "blues"), ("ambient", "country")]
    words = [", ".join(f"[{j}]{name} = [{k}]{name}" for name in ("energy", "valence")) for j, k in pairs]
    for test in ("lr", "score", "wald"):
        table = gg.combine_classes(result, test, pairs=pairs)  # type: ignore[arg-type]
        assert table[["first", "second"]].to_numpy().tolist() == [list(pair) for pair in pairs]
        expected = pd.concat([gg.linear_hypothesis(result, text, test=test) for text in words])  # type: ignore[arg-type]
        np.testing.assert_allclose(table["statistic"], expected["statistic"], rtol=1e-6)
        assert table["df"].tolist() == [2, 2]


def test_merging_two_classes_is_what_the_likelihood_ratio_tests() -> None:
    rows = tracks(300, genres=3)
    result = gg.fit("genre ~ energy + valence", rows)
    both = rows.assign(genre=rows["genre"].replace("blues", "ambient"))
    merged = gg.fit("genre ~ energy + valence", both).statistics.log_likelihood
    within = rows["genre"][rows["genre"].isin(["ambient", "blues"])].value_counts()
    merged += float((within * np.log(within / within.sum())).sum())
    found = gg.combine_classes(result, "lr", pairs=[("ambient", "blues")])["statistic"].iloc[0]
    assert found == pytest.approx(2.0 * (result.statistics.log_likelihood - merged), rel=1e-6)


@pytest.mark.parametrize("pairs", [[("blues", "blues")], [("blues", "rock")], []])
def test_pairs_are_of_two_classes(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(OptionError, match="two classes"):
        gg.combine_classes(gg.fit("genre ~ energy", tracks()), pairs=pairs)
