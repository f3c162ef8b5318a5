"""Leverage and one-step deletion against R (VGAM's hatvalues); see README.md here."""

from __future__ import annotations

import numpy as np
import pytest
from parity import STANDARD_ERROR, fitted, names_with, problem, read

import genreglm as gg

NAMES = names_with("influence")


def test_problems_are_varied() -> None:
    assert {problem(name).rows[problem(name).formula.split(" ~ ")[0]].nunique() for name in NAMES} == {2, 3, 5}
    assert any(problem(name).weights for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_influence(name: str) -> None:
    found, expected = gg.influence(fitted(name)), read(f"{name}_influence")
    assert found["hat"].sum() == pytest.approx(fitted(name).df_model, rel=1e-9)
    for column in ("hat", "cooksd", "delta_deviance"):
        # Rows of frequency zero have nothing to delete.
        np.testing.assert_allclose(found[column], expected[column].astype(float), rtol=STANDARD_ERROR, atol=1e-12)
