"""Rows like those of the fit are familiar at the nominal rate; rows from elsewhere never are."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError

FORMULA = "g ~ x + z + I(x**2)"


def made(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    return pd.DataFrame({"x": x, "z": x + 0.1 * rng.normal(size=rows), "g": rng.choice(list("abc"), rows)})


@pytest.fixture(scope="module")
def result() -> gg.Result:
    return gg.fit(FORMULA, made(4_000, 0), covariance=None)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2])
def test_new_rows_alike_abstain_at_the_nominal_rate(result: gg.Result, share: float) -> None:
    found = gg.familiarity(result, made(20_000, 1))
    assert (found < share).mean() == pytest.approx(share, rel=0.35)


def test_values_never_seen_together_are_unfamiliar(result: gg.Result) -> None:
    """Each value alone is common; only x = 1 with z = -1 is not."""
    strange = pd.DataFrame({"x": [1.0, 1.0, 50.0], "z": [1.0, -1.0, 50.0]}, index=[7, 8, 9])
    found = gg.familiarity(result, strange)
    assert found[7] > 0.1
    assert found[8] == found[9] == pytest.approx(1 / 4_001)


def test_units_and_training_rows_given_anew_change_nothing(result: gg.Result, tmp_path) -> None:
    rows = made(100, 3)
    expected = gg.familiarity(result, rows)
    loaded = gg.load(result.save(tmp_path / "model"))
    pd.testing.assert_series_equal(gg.familiarity(loaded, rows, made(4_000, 0)), expected)
    scaled = gg.fit("g ~ x + z + I(x**2)", made(4_000, 0).assign(x=lambda f: 1e3 * f["x"]), covariance=None)
    found = gg.familiarity(scaled, rows.assign(x=1e3 * rows["x"]))
    np.testing.assert_allclose(found, expected, atol=1e-12)
    with pytest.raises(DataError, match="training="):
        gg.familiarity(loaded, rows)
