"""Linearly dependent columns: refused by name, or dropped as R does."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import OptionError, RankError
from simulated import tracks

FORMULA = "genre ~ energy + valence + again + C(key)"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks().assign(again=lambda table: table["energy"] - 2.0 * table["valence"])


def test_are_refused_unless_asked(rows: pd.DataFrame) -> None:
    with pytest.raises(RankError, match=r"again.*aliased='drop'"):
        gg.fit(FORMULA, rows)
    with pytest.raises(OptionError, match="aliased"):
        gg.fit(FORMULA, rows, aliased="keep")


def test_dropped_they_leave_the_fit_of_the_others(rows: pd.DataFrame, tmp_path: Path) -> None:
    result = gg.fit(FORMULA, rows, aliased="drop")
    others = gg.fit(FORMULA.replace("again + ", ""), rows)
    table = result.tidy()
    assert table.loc[table["term"] == "again", "estimate"].isna().all()
    kept = table[table["term"] != "again"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, others.tidy(), rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(result.predict(rows), others.predict(rows), rtol=1e-8)
    pd.testing.assert_frame_equal(result.anova(), others.anova(), rtol=1e-6)
    loaded = gg.load(result.save(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict(rows), result.predict(rows))
    assert loaded.design.aliased == ("again",)


def test_a_start_may_have_the_dropped_columns(rows: pd.DataFrame) -> None:
    result = gg.fit(FORMULA, rows, aliased="drop")
    whole = gg.design(FORMULA, rows)
    given = pd.DataFrame(result.coefficients, index=list(result.design.columns)).reindex(list(whole.columns))
    for start in (given.to_numpy(), result.coefficients):
        again = gg.fit(whole, rows, aliased="drop", start=start)
        np.testing.assert_allclose(again.coefficients, result.coefficients, rtol=1e-7, atol=1e-9)
        assert again.statistics.iterations < 2
    with pytest.raises(OptionError, match=r"start must be a Result or \(6, 3\) finite coefficients"):
        gg.fit(whole, rows, aliased="drop", start=np.zeros((4, 3)))


def test_nothing_is_dropped_where_nothing_depends(rows: pd.DataFrame) -> None:
    assert gg.fit("genre ~ energy", rows, aliased="drop").design.aliased == ()


def almost(far: float, rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Rows with a column `q` that is `far` from column `a`, and what it is in `beyond`."""
    rng = np.random.default_rng(seed)
    found = pd.DataFrame({"genre": rng.integers(0, 3, rows), "a": rng.normal(size=rows)})
    found["q"] = found["a"] + far * rng.normal(size=rows)
    return found.assign(beyond=(found["q"] - found["a"]) / far, b=3e4 + 1e5 * rng.normal(size=rows))


@pytest.mark.parametrize("far", [1e-6, 3e-7, 1.2e-7])
@pytest.mark.parametrize("seed", range(4))
def test_columns_that_are_kept_however_nearly_dependent_converge(far: float, seed: int) -> None:
    rows = almost(far, seed=seed)
    found = gg.fit("genre ~ a + q + b", rows)
    apart = gg.fit("genre ~ a + beyond + b", rows)
    assert found.statistics.iterations < 6
    assert found.statistics.log_likelihood == pytest.approx(apart.statistics.log_likelihood, rel=1e-10)
    np.testing.assert_allclose(found.predict(rows), apart.predict(rows), rtol=1e-6)
    np.testing.assert_allclose(found.coefficients[2] * far, apart.coefficients[2], rtol=1e-5)


def test_more_nearly_dependent_columns_are_aliased_as_in_r() -> None:
    rows = almost(5e-8)
    with pytest.raises(RankError, match="q"):
        gg.fit("genre ~ a + q + b", rows)
    assert gg.fit("genre ~ a + q + b", rows, aliased="drop").design.aliased == ("q",)
