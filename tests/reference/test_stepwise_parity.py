"""Stepwise selection by AIC against R's step() on nnet::multinom: the same steps, and AIC to seven digits."""

from pathlib import Path

import pandas as pd
import pytest

import genreglm as gg

HERE = Path(__file__).parent
STEPS = pd.read_csv(HERE / "stepwise.csv", keep_default_na=False)


def same_terms(found: str, expected: str) -> bool:
    return set(found.split(":")) == set(expected.split(":"))


@pytest.mark.parametrize("fits", [None, 3])
@pytest.mark.parametrize("name", STEPS["search"].unique())
def test_the_steps_are_those_of_r(name: str, fits: int | None) -> None:
    expected = STEPS[STEPS["search"] == name].reset_index(drop=True)
    first = expected.iloc[0]
    found = gg.stepwise(
        first["start"],
        pd.read_csv(HERE / f"{first['data']}.csv"),
        upper=first["upper"],
        direction=first["direction"],
        weights=first["weights"] or None,
        fits=fits,
        covariance=None,
    )
    trace = found.trace
    assert trace["action"].tolist() == expected["action"].tolist()
    assert all(same_terms(*pair) for pair in zip(trace["term"], expected["term"], strict=True))
    # multinom() leaves AIC this far from its minimum at its tightest tolerance.
    assert trace["after"].to_numpy() == pytest.approx(expected["aic"].to_numpy(), rel=1e-7)
    assert found.result.glance()["aic"][0] == pytest.approx(float(expected["aic"].iloc[-1]), rel=1e-7)
