"""What must not matter does not: order, coding, units, cutting, and how often a row is written."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

import genreglm as gg
from genreglm.engine.objective import Objective
from genreglm.sklearn import MultinomialGLMClassifier
from simulated import GENRES, KEYS, case, point, tracks

FORMULA = "genre ~ energy + valence + C(key)"
SEEDS = st.integers(0, 10_000)


def fitted(rows: pd.DataFrame, formula: str = FORMULA, **options: object) -> gg.Result:
    return gg.fit(formula, rows, **options)


def likelihood(result: gg.Result) -> float:
    return float(result.glance()["log_likelihood"].iloc[0])


def small(seed: int) -> pd.DataFrame:
    return tracks(rows=90, seed=seed)


@given(SEEDS)
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    rows = small(seed)
    mixed = rows.sample(frac=1.0, random_state=seed)
    pd.testing.assert_frame_equal(fitted(mixed).tidy(), fitted(rows).tidy(), rtol=1e-6, atol=1e-9)


@given(SEEDS)
def test_a_weight_is_that_many_rows(seed: int) -> None:
    rows = small(seed)
    w = np.random.default_rng(seed).integers(1, 4, len(rows))
    repeated = rows.loc[np.repeat(rows.index, w)]
    weighted = fitted(rows, weights=w)
    pd.testing.assert_frame_equal(weighted.tidy(), fitted(repeated).tidy(), rtol=1e-6, atol=1e-9)
    assert likelihood(weighted) == pytest.approx(likelihood(fitted(repeated)), rel=1e-10)


@given(SEEDS)
def test_a_weight_is_that_many_rows_for_a_cell_prior_too(seed: int) -> None:
    rows = small(seed)
    rows = rows[(rows["genre"] != "blues") | (rows["key"] != "D")]
    w = np.random.default_rng(seed).integers(1, 4, len(rows))
    repeated = rows.loc[np.repeat(rows.index, w)]
    weighted, twice = fitted(rows, weights=w, penalty=gg.CellPrior()), fitted(repeated, penalty=gg.CellPrior())
    np.testing.assert_allclose(weighted.coefficients, twice.coefficients, atol=1e-7)


@given(SEEDS, st.integers(1, 100))
@example(0, 60)
def test_any_cutting_into_blocks_is_the_whole(seed: int, block_rows: int) -> None:
    made = case(seed=seed, weighted=True, offset=True)
    whole = made.objective(block_rows=60)
    cut, at = Objective(made.blocks(block_rows), whole.triangular), point(made, seed)
    value, gradient = whole.evaluate(at)
    cut_value, cut_gradient = cut.evaluate(at)
    assert cut_value == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(cut_gradient, gradient, atol=1e-13)


@given(SEEDS, st.permutations(range(3)))
def test_the_names_of_classes_do_not_matter(seed: int, order: list[int]) -> None:
    rows = small(seed)
    names = dict(
        zip(GENRES, (f"{position} {name}" for position, name in zip(order, GENRES, strict=False)), strict=False)
    )
    renamed = fitted(rows.assign(genre=rows["genre"].map(names)))
    own, other = fitted(rows), renamed
    assert likelihood(other) == pytest.approx(likelihood(own), rel=1e-10)
    found = other.predict(rows)[[names[label] for label in own.classes]]
    np.testing.assert_allclose(found, own.predict(rows), rtol=1e-6, atol=1e-9)


@given(SEEDS, st.sampled_from(['C(key, contr.treatment("E"))', "C(key, contr.sum)", "C(key, contr.helmert)", "key"]))
def test_the_coding_of_a_factor_does_not_matter(seed: int, coded: str) -> None:
    rows = small(seed)
    own, other = fitted(rows), fitted(rows, f"genre ~ energy + valence + {coded}")
    assert likelihood(other) == pytest.approx(likelihood(own), rel=1e-10)
    np.testing.assert_allclose(other.predict(rows), own.predict(rows), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(other.anova()["statistic"], own.anova()["statistic"], rtol=1e-6)
    np.testing.assert_allclose(gg.vif(other)["gvif"], gg.vif(own)["gvif"], rtol=1e-9)


@given(SEEDS, st.floats(-6, 8), st.floats(-3, 3))
@example(0, 8.0, 0.0)
@example(0, -6.0, 0.0)
def test_the_unit_and_zero_of_a_column_do_not_matter(seed: int, power: float, shift: float) -> None:
    rows, unit = small(seed), 10.0**power
    own, other = fitted(rows), fitted(rows.assign(energy=unit * (rows["energy"] + shift)))
    slopes, scaled = (r.tidy().query("term == 'energy'") for r in (own, other))
    np.testing.assert_allclose(unit * scaled["estimate"], slopes["estimate"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(unit * scaled["std_error"], slopes["std_error"], rtol=1e-6)
    assert likelihood(other) == pytest.approx(likelihood(own), rel=1e-10)


@given(SEEDS, st.floats(-50, 50))
def test_a_constant_offset_of_all_classes_does_not_matter(seed: int, constant: float) -> None:
    rows = small(seed)
    offset = constant * np.random.default_rng(seed).normal(size=(len(rows), 1)) * np.ones((1, 3))
    own, other = fitted(rows), fitted(rows, offset=offset)
    np.testing.assert_allclose(other.coefficients, own.coefficients, atol=1e-7)
    assert likelihood(other) == pytest.approx(likelihood(own), rel=1e-9)


@given(SEEDS, st.sampled_from(GENRES[:3]))
def test_another_reference_needs_no_other_fit(seed: int, reference: str) -> None:
    rows = small(seed)
    mapped = fitted(rows).tidy(reference=reference)
    first = rows.assign(genre=rows["genre"].where(rows["genre"] != reference, f" {reference}"))
    refitted = fitted(first).tidy()
    pd.testing.assert_frame_equal(mapped, refitted, rtol=1e-6, atol=1e-9)


@given(SEEDS)
def test_symmetric_estimates_sum_to_zero_and_keep_every_contrast(seed: int) -> None:
    result = fitted(small(seed))
    symmetric = result.tidy(reference=None).pivot_table(index="term", columns="class", values="estimate")
    np.testing.assert_allclose(symmetric.sum(axis=1), 0.0, atol=1e-10)
    against = result.tidy(reference="blues").pivot_table(index="term", columns="class", values="estimate")
    differences = symmetric.sub(symmetric["blues"], axis=0).drop(columns="blues")
    np.testing.assert_allclose(differences, against, atol=1e-10)


@given(SEEDS, st.floats(1e-4, 1.0))
def test_more_ridge_never_raises_the_likelihood_nor_the_slopes(seed: int, strength: float) -> None:
    rows = small(seed)
    results = [fitted(rows, penalty=gg.Ridge(factor * strength)) for factor in (0.0, 1.0, 10.0)]
    likelihoods = [likelihood(result) for result in results]
    sizes = [float(np.square(result.coefficients[1:]).sum()) for result in results]
    assert likelihoods == sorted(likelihoods, reverse=True)
    assert sizes == sorted(sizes, reverse=True)


@given(SEEDS)
def test_probabilities_are_probabilities_and_match_the_shares(seed: int) -> None:
    rows = small(seed)
    prob = fitted(rows).predict(rows)
    assert ((prob > 0) & (prob < 1)).all(axis=None)
    np.testing.assert_allclose(prob.sum(axis=1), 1.0, rtol=1e-12)
    shares = rows["genre"].value_counts(normalize=True)
    np.testing.assert_allclose(prob.mean(), shares[prob.columns], rtol=1e-7)
    for key in KEYS:
        own = rows["key"] == key
        np.testing.assert_allclose(
            prob[own].mean(), rows.loc[own, "genre"].value_counts(normalize=True)[prob.columns], rtol=1e-6
        )


def test_a_fit_is_the_same_to_the_bit_with_one_thread_and_with_two(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, answers = tracks(rows=4500), []
    for threads in ("1", "2", "2"):
        monkeypatch.setenv("GENREGLM_THREADS", threads)
        answers.append(fitted(rows, covariance="clustered", clusters="artist"))
    for other in answers[1:]:
        np.testing.assert_array_equal(other.coefficients, answers[0].coefficients)
        pd.testing.assert_frame_equal(other.tidy(), answers[0].tidy(), check_exact=True)
        pd.testing.assert_frame_equal(other.glance(), answers[0].glance(), check_exact=True)


@pytest.mark.parametrize("kind", ["model", "classifier"])
def test_predictions_are_the_same_to_the_bit_with_one_thread_of_blas_and_with_two(kind: str) -> None:
    """A threaded product adds in another order, which shows in tens of thousands of sums of many columns."""
    rng = np.random.default_rng(0)
    columns = [f"x{number}" for number in range(30)]
    rows = pd.DataFrame(rng.normal(size=(4500, len(columns))), columns=columns)
    genre = pd.Series(rng.choice(list("abcdefgh"), size=200))
    if kind == "model":
        result = gg.fit(f"genre ~ {' + '.join(columns)}", rows[:200].assign(genre=genre), penalty=gg.Ridge(0.1))
        predictors = partial(result.predict, rows, kind="linear")
    else:
        predictors = partial(MultinomialGLMClassifier(0.1).fit(rows[:200], genre).decision_function, rows)
    with threadpool_limits(1, user_api="blas"):
        alone = np.asarray(predictors())
    with threadpool_limits(2, user_api="blas"):
        together = np.asarray(predictors())
    np.testing.assert_array_equal(together, alone)


def test_fits_from_several_python_threads_do_not_disturb_each_other() -> None:
    frames = [tracks(rows=2500, seed=seed) for seed in range(4)]
    alone = [fitted(frame).tidy() for frame in frames]
    with ThreadPoolExecutor(4) as pool:
        together = [result.tidy() for result in pool.map(fitted, frames)]
    for found, expected in zip(together, alone, strict=True):
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
