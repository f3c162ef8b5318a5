import numpy as np
import pandas as pd
import pytest

from genreglm.fitting import design
from genreglm.study.formulas import RESPONSE, curve, factor_terms, formula, products, slopes_by, spline


@pytest.fixture
def rows() -> pd.DataFrame:
    numbers = np.arange(120)
    return pd.DataFrame(
        {
            RESPONSE: np.array(["blues", "folk", "techno"])[numbers % 3],
            "energy": np.sin(numbers) + numbers / 60,
            "valence": np.cos(numbers),
            "key": numbers // 3 % 4,
            "mode": numbers // 3 % 2,
        }
    )


def test_factor_is_one_term_compared_with_its_lowest_level(rows: pd.DataFrame) -> None:
    assert factor_terms(["key", "mode"], rows) == ["C(key)", "C(mode)"]
    learnt = design(formula(factor_terms(["key"], rows)), rows)
    assert learnt.columns == ("(Intercept)", "C(key)[T.1]", "C(key)[T.2]", "C(key)[T.3]")


def test_level_that_a_genre_lacks_is_no_base(rows: pd.DataFrame) -> None:
    lacking = rows[(rows["key"] != 0) | (rows[RESPONSE] != "folk")]
    assert factor_terms(["key"], lacking) == ["C(key, contr.treatment(1))"]
    learnt = design(formula(factor_terms(["key"], lacking)), lacking)
    assert [name for name in learnt.columns if "[T.1]" in name] == []
    assert list(learnt.terms) == ["(Intercept)", "C(key, contr.treatment(1))"]


def test_where_every_level_lacks_a_genre_the_most_frequent_is_the_base(rows: pd.DataFrame) -> None:
    lacking = rows.assign(key=rows[RESPONSE].map({"blues": 0, "folk": 1, "techno": 2}))
    more = pd.concat([lacking, lacking[lacking["key"] == 2].head(5)])
    assert factor_terms(["key"], more) == ["C(key, contr.treatment(2))"]


@pytest.mark.parametrize("df", [3, 6])
def test_spline_has_its_columns_and_leaves_the_intercept_alone(rows: pd.DataFrame, df: int) -> None:
    learnt = design(formula([spline("energy", df, rows)]), rows)
    matrix = learnt.matrix(rows)
    assert matrix.shape[1] == 1 + df
    np.testing.assert_allclose(matrix[:, 1:].mean(axis=0), 0.0, atol=1e-12)
    assert np.linalg.matrix_rank(matrix) == matrix.shape[1]


def test_spline_is_a_line_beyond_its_outer_knots(rows: pd.DataFrame) -> None:
    learnt = design(formula([spline("energy", 4, rows)]), rows)
    far = rows.head(4).assign(energy=[10.0, 20.0, 30.0, 40.0])
    np.testing.assert_allclose(np.diff(learnt.matrix(far), n=2, axis=0), 0.0, atol=1e-8)


def test_feature_with_a_lump_has_fewer_knots_or_stays_a_line(rows: pd.DataFrame) -> None:
    numbers = np.arange(len(rows))
    mostly = rows.assign(energy=np.where(numbers % 12, 0.0, rows["energy"].abs() + 1.0))
    assert spline("energy", 4, mostly) == "energy"
    half = rows.assign(energy=np.where(numbers % 2, 0.0, rows["energy"].abs() + 1.0))
    matrix = design(formula([spline("energy", 6, half)]), half).matrix(half)
    assert np.linalg.matrix_rank(matrix) == matrix.shape[1] < 1 + 6


def test_products_are_all_pairs_of_bent_features(rows: pd.DataFrame) -> None:
    assert products(["a", "b", "c"]) == [
        "hinges(places(a)):hinges(places(b))",
        "hinges(places(a)):hinges(places(c))",
        "hinges(places(b)):hinges(places(c))",
    ]
    columns = design(formula(products(["energy", "valence"])), rows).matrix(rows)[:, 1:]
    assert columns.shape[1] == 3 * 3
    single = [
        design(f"track_genre ~ hinges(places({name}))", rows).matrix(rows)[:, 1:] for name in ("energy", "valence")
    ]
    np.testing.assert_allclose(columns, np.einsum("ij,ik->ikj", *single).reshape(len(rows), 9))


@pytest.mark.parametrize("lump", [0.0, 0.3, 0.9])
def test_a_curve_is_a_line_and_a_spline_of_the_place(rows: pd.DataFrame, lump: float) -> None:
    numbers = np.arange(len(rows))
    lumped = rows.assign(energy=np.where(numbers % 10 < 10 * lump, 0.0, rows["energy"].abs() + 1.0))
    matrix = design(formula([curve("energy", 8)]), lumped).matrix(lumped)
    assert matrix.shape[1] == 1 + 1 + 8
    assert np.isfinite(matrix).all()
    np.testing.assert_allclose(matrix[:, 2:].mean(axis=0), 0.0, atol=1e-12)


def test_slopes_that_depend_on_a_flag_are_products_of_standardised_columns(rows: pd.DataFrame) -> None:
    flagged = rows.assign(explicit=np.arange(len(rows)) % 3 == 0)
    terms = slopes_by("explicit", ["energy", "valence"])
    learnt = design(formula(terms), flagged)
    assert list(learnt.terms) == ["(Intercept)", *terms]
    flag, place = (
        design(f"track_genre ~ {term}", flagged).matrix(flagged)[:, 1]
        for term in ("hinges(explicit, df=1)", "hinges(places(energy), df=1)")
    )
    np.testing.assert_allclose(learnt.matrix(flagged)[:, 1], flag * place)
