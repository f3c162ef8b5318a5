"""`places(x)` in formulas: the distribution function of the rows of the fit, frozen; curves that bend on its scale."""

import json

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.designs import Design
from genreglm.smoothness import roughness


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    x = np.exp(rng.normal(size=3_000))
    lump = np.where(rng.uniform(size=3_000) < 0.3, 0.0, rng.uniform(0.5, 1.0, 3_000))
    return pd.DataFrame({"x": x, "lump": lump, "few": rng.integers(0, 4, 3_000), "g": rng.choice(list("abc"), 3_000)})


def test_a_place_is_the_share_of_rows_below_and_half_of_those_that_equal(rows: pd.DataFrame) -> None:
    for name, error in (("x", 1 / 400), ("lump", 1 / 400), ("few", 1e-12)):
        found = gg.design(f"g ~ places({name})", rows).matrix(rows)[:, 1]
        values = rows[name].to_numpy()
        expected = [(values < value).mean() + (values == value).mean() / 2 for value in values[:200]]
        np.testing.assert_allclose(found[:200], expected, atol=error)


def test_order_is_kept_and_the_ends_are_not_passed(rows: pd.DataFrame) -> None:
    learnt = gg.design("g ~ places(x)", rows)
    beyond = pd.DataFrame({"x": [-9.0, rows["x"].min(), rows["x"].max(), 1e9], "g": "a"})
    low, first, last, high = learnt.matrix(beyond)[:, 1]
    assert 0.0 < low == first < last == high < 1.0
    assert (np.diff(learnt.matrix(rows.sort_values("x"))[:, 1]) >= 0).all()


def test_new_rows_meet_the_places_that_were_learnt(rows: pd.DataFrame) -> None:
    learnt = gg.design("g ~ cr(places(x), df=6, constraints='center') + hinges(places(x)):hinges(places(lump))", rows)
    whole = learnt.matrix(rows)
    np.testing.assert_allclose(learnt.matrix(rows.iloc[:7]), whole[:7], rtol=1e-12)
    stored = Design.from_dict(json.loads(json.dumps(learnt.to_dict())))
    np.testing.assert_array_equal(stored.matrix(rows), whole)
    assert set(learnt.variables) == {"x", "lump"}


def test_a_transform_that_keeps_the_order_changes_no_column(rows: pd.DataFrame) -> None:
    formula = "g ~ cr(places(x), df=6, constraints='center')"
    other = rows.assign(x=np.log(rows["x"]))
    at_knots = [gg.design(formula, frame).matrix(frame) for frame in (rows, other)]
    np.testing.assert_allclose(*at_knots, atol=5e-3)  # what lies between two points is drawn on another scale


def test_its_curves_bend_by_place(rows: pd.DataFrame) -> None:
    """A parabola of the place bends alike wherever rows lie, however far apart their values."""
    term = "poly(places(x), 2, raw=True)"
    form = roughness(gg.design(f"g ~ {term}", rows), rows)[term]
    parabola = np.array([0.0, 1.0])
    assert parabola @ form @ parabola == pytest.approx(4.0, rel=0.01)
    straight = np.array([1.0, 0.0])
    assert straight @ form @ straight == pytest.approx(0.0, abs=0.01)


def test_its_curves_bend_as_the_design_says_whatever_rows_are_given(rows: pd.DataFrame) -> None:
    term = "cr(places(x), df=6, constraints='center')"
    design = gg.design(f"g ~ {term} + lump", rows)
    own = roughness(design, rows)[term]
    ends = rows["x"].agg(["idxmin", "idxmax"]).tolist()
    for others in (rows.iloc[::2], pd.concat([rows, rows.loc[ends]])):
        np.testing.assert_allclose(roughness(design, others)[term], own, rtol=1e-9, atol=1e-9 * np.abs(own).max())
