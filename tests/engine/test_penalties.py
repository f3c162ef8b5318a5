"""Penalties say what they are and refuse what they cannot be."""

import dataclasses

import numpy as np
import pytest

from genreglm.engine.penalties import CellPrior, Ridge
from genreglm.errors import OptionError


@pytest.mark.parametrize("strength", [-1.0, np.nan, np.inf])
def test_ridge_refuses_a_strength_that_is_none(strength: float) -> None:
    with pytest.raises(OptionError, match=r"finite and >= 0"):
        Ridge(strength)
    with pytest.raises(OptionError, match=r"finite and >= 0"):
        Ridge(1.0, factors={"energy": strength})


@pytest.mark.parametrize("count", [0.0, -1.0, np.nan, np.inf])
def test_cell_prior_refuses_a_count_that_is_none(count: float) -> None:
    with pytest.raises(OptionError, match=r"finite and > 0"):
        CellPrior(count)


def test_penalties_are_frozen_values() -> None:
    assert Ridge(0.0) == Ridge(0.0, standardise=False, factors={})
    assert CellPrior() == CellPrior(0.5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        CellPrior().count = 2.0  # type: ignore[misc]
