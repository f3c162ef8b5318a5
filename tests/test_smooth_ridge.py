"""`gg.SmoothRidge`: brute force, its limits, what it leaves alone, and what it is for."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from scipy.special import log_softmax

import genreglm as gg
from genreglm.errors import InferenceError, OptionError
from genreglm.smoothness import roughness
from simulated import tracks

CURVE = "cr(energy, df=6, constraints='center')"
FORMULA = f"genre ~ {CURVE} + valence + C(key)"
TIGHT = {"gradient_tolerance": 1e-11, "decrement_tolerance": 1e-20}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(240, 3)


def test_roughness_is_the_integral_of_the_squared_second_derivative(rows: pd.DataFrame) -> None:
    """A parabola a u^2 + b u bends by 2a everywhere, and a cubic's integral is known."""
    low, span = rows["energy"].min(), np.ptp(rows["energy"])
    design = gg.design("genre ~ poly(energy, 3, raw=True) + valence", rows)
    form = roughness(design, rows)
    assert list(form) == ["poly(energy, 3, raw=True)"]
    for powers in np.eye(3):
        u = np.linspace(0.0, 1.0, 2001)
        x = low + span * u
        second = span**2 * (2 * powers[1] + 6 * powers[2] * x)
        expected = np.trapezoid(second**2, u)
        assert powers @ form["poly(energy, 3, raw=True)"] @ powers == pytest.approx(expected, rel=5e-3, abs=1e-6)


def test_only_curves_of_one_variable_have_one(rows: pd.DataFrame) -> None:
    formula = f"genre ~ {CURVE} + bs(valence, df=5) + energy:valence + C(key) + C(key):energy + valence"
    assert list(roughness(gg.design(formula, rows), rows)) == [CURVE, "bs(valence, df=5)"]


@pytest.mark.parametrize("standardise", [False, True])
def test_against_a_general_optimiser(rows: pd.DataFrame, standardise: bool) -> None:
    penalty = gg.SmoothRidge(0.01, standardise=standardise, factors={"valence": 3.0}, roughness=0.002)
    result = gg.fit(FORMULA, rows, penalty=penalty, **TIGHT)
    x, y = result.design.matrix(rows), result.design.codes(rows)
    strengths = np.full(x.shape[1], 0.01)
    strengths[result.design.terms["valence"]] *= 3.0
    if standardise:
        strengths *= x.var(axis=0)
    strengths[result.design.intercept] = 0.0
    form = np.diag(strengths)
    cut = result.design.terms[CURVE]
    form[cut, cut] += 0.002 * roughness(result.design, rows)[CURVE]

    def value(flat: np.ndarray) -> float:
        b = flat.reshape(x.shape[1], 3)
        loss = -log_softmax(x @ b, axis=1)[np.arange(len(y)), y].mean()
        return loss + 0.5 * np.einsum("jk,jl,lk->", b, form, b)

    found = optimize.minimize(value, np.zeros(3 * x.shape[1]), method="BFGS", options={"gtol": 1e-7})
    assert value(result.coefficients.ravel()) <= found.fun + 1e-12
    ours = result.coefficients - result.coefficients.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(ours, result.coefficients, atol=1e-12)
    other = found.x.reshape(-1, 3)
    np.testing.assert_allclose(other - other.mean(axis=1, keepdims=True), ours, atol=2e-4)


def test_none_is_a_ridge_and_much_is_a_straight_line(rows: pd.DataFrame) -> None:
    none = gg.fit(FORMULA, rows, penalty=gg.SmoothRidge(0.01, roughness=0.0), **TIGHT)
    ridge = gg.fit(FORMULA, rows, penalty=gg.Ridge(0.01), **TIGHT)
    np.testing.assert_allclose(none.coefficients, ridge.coefficients, atol=1e-10)
    much = gg.fit(FORMULA, rows, penalty=gg.SmoothRidge(0.0, roughness=1e5))
    line = gg.fit("genre ~ energy + valence + C(key)", rows)
    pd.testing.assert_frame_equal(much.predict(rows), line.predict(rows), atol=1e-4)
    freed = gg.SmoothRidge(0.0, roughness=1e6, bends={CURVE: 0.0})
    curve = gg.fit(FORMULA, rows)
    pd.testing.assert_frame_equal(gg.fit(FORMULA, rows, penalty=freed).predict(rows), curve.predict(rows), atol=1e-6)


def test_units_of_the_variable_change_nothing(rows: pd.DataFrame) -> None:
    penalty = gg.SmoothRidge(0.0, roughness=0.01)
    plain = gg.fit(FORMULA, rows, penalty=penalty).predict(rows)
    moved = rows.assign(energy=1000.0 * rows["energy"] - 7.0)
    pd.testing.assert_frame_equal(gg.fit(FORMULA, moved, penalty=penalty).predict(moved), plain, atol=1e-7)


def test_many_knots_held_smooth_do_better_on_new_rows_than_free_ones() -> None:
    rng = np.random.default_rng(0)

    def drawn(count: int) -> pd.DataFrame:
        x = rng.uniform(size=count)
        eta = np.column_stack([np.zeros(count), 2 * np.sin(6 * x), 2 * np.cos(4 * x)])
        genre = np.array(["a", "b", "c"])[(eta + rng.gumbel(size=eta.shape)).argmax(axis=1)]
        return pd.DataFrame({"genre": genre, "x": x})

    seen, new = drawn(400), drawn(4000)
    formula = "genre ~ cr(x, df=25, constraints='center')"
    losses = {
        roughness: gg.evaluate(gg.fit(formula, seen, penalty=gg.SmoothRidge(1e-6, roughness=roughness)), new)[
            "log_loss"
        ].iloc[0]
        for roughness in (0.0, 3e-5, 1e3)
    }
    assert losses[3e-5] < losses[0.0] - 0.005
    assert losses[3e-5] < losses[1e3] - 0.05


def test_it_is_saved_and_carries_no_inference(rows: pd.DataFrame, tmp_path) -> None:
    penalty = gg.SmoothRidge(0.01, roughness=0.002, bends={CURVE: 2.0})
    result = gg.fit(FORMULA, rows, penalty=penalty)
    assert result.tidy()["std_error"].isna().all()
    with pytest.raises(InferenceError):
        result.anova()
    assert gg.load(result.save(tmp_path / "model")).penalty == penalty


def test_what_cannot_be_is_refused(rows: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="bends nothing here"):
        gg.fit("genre ~ energy + C(key)", rows, penalty=gg.SmoothRidge(0.1, roughness=1.0))
    with pytest.raises(OptionError, match="which are no curves"):
        gg.fit(FORMULA, rows, penalty=gg.SmoothRidge(0.1, roughness=1.0, bends={"valence": 1.0}))
    for wrong in ({"roughness": -1.0}, {"roughness": np.inf}, {"roughness": 1.0, "bends": {"x": -1.0}}):
        with pytest.raises(OptionError, match="finite and >= 0"):
            gg.SmoothRidge(0.1, **wrong)
