"""Derivatives of the columns of a design against calculus."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.effects.derivatives import column_derivatives
from genreglm.errors import DataError
from simulated import tracks


def derivatives(formula: str, rows: pd.DataFrame, variable: str, seen: pd.DataFrame | None = None) -> pd.DataFrame:
    design = gg.design(formula, rows if seen is None else seen)
    x = design.matrix(rows)
    found = column_derivatives(design, rows, variable, x, rows if seen is None else seen)
    return pd.DataFrame(found, columns=list(design.columns))


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    frame = tracks(rows=400)
    rng = np.random.default_rng(3)
    return frame.assign(
        year=1950 + frame.index % 71,
        length=np.exp(rng.normal(12.0, 0.5, len(frame))),
        share=np.where(rng.random(len(frame)) < 0.3, 1e-7, rng.beta(0.2, 2.0, len(frame)) + 1e-7),
    )


def test_of_linear_columns_are_exact(rows: pd.DataFrame) -> None:
    found = derivatives("genre ~ energy * C(key) + energy:valence + year + scale(valence)", rows, "energy")
    expected = pd.DataFrame(0.0, index=rows.index, columns=found.columns)
    expected["energy"], expected["energy:valence"] = 1.0, rows["valence"]
    for column in (name for name in found.columns if "energy:C(key)" in name):
        expected[column] = (rows["key"] == column[-2]).astype(float)
    assert sum("energy:C(key)" in name for name in found.columns) == 2
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert (found[expected.columns[(expected == 0.0).all()]] == 0.0).all(axis=None)
    assert (derivatives("genre ~ year", rows, "year")["year"] == 1.0).all()


@pytest.mark.parametrize(
    ("term", "slope"),
    [
        ("log(length)", lambda v: 1.0 / v["length"]),
        ("I(length ** 2)", lambda v: 2.0 * v["length"]),
        ("I(length * length * year)", lambda v: 2.0 * v["length"] * v["year"]),
        ("np.sqrt(length)", lambda v: 0.5 / np.sqrt(v["length"])),
        ("exp(length / 1e5)", lambda v: np.exp(v["length"] / 1e5) / 1e5),
    ],
)
def test_of_smooth_functions_are_those_of_calculus(rows: pd.DataFrame, term: str, slope) -> None:
    found = derivatives(f"genre ~ {term}", rows, "length").iloc[:, 1]
    np.testing.assert_allclose(found, slope(rows), rtol=2e-8)


def test_of_a_logarithm_near_zero_is_right_in_every_row(rows: pd.DataFrame) -> None:
    found = derivatives("genre ~ log(share)", rows, "share").iloc[:, 1]
    np.testing.assert_allclose(found, 1.0 / rows["share"], rtol=2e-8)


def test_of_a_spline_that_refuses_values_outside_its_range(rows: pd.DataFrame) -> None:
    """A cubic without inner knots is a cubic: its derivative is a combination of 1, v and v^2, at the ends too."""
    formula = "genre ~ bs(energy, df=3)"
    design = gg.design(formula, rows)
    v = rows["energy"].to_numpy()
    powers = np.vander(v, 4, increasing=True)
    weights = np.linalg.lstsq(powers, design.matrix(rows))[0]
    expected = np.column_stack([np.ones_like(v), 2.0 * v, 3.0 * v**2]) @ weights[1:]
    found = derivatives(formula, rows, "energy")
    np.testing.assert_allclose(found, expected, atol=1e-8 * np.abs(expected).max())
    ends = rows.iloc[[v.argmin(), v.argmax()]]
    np.testing.assert_allclose(derivatives(formula, ends, "energy", rows), found.iloc[ends.index], atol=1e-8)


@pytest.mark.parametrize("spline", ["cr(year, df=5)", "bs(year, df=6)", "poly(year, 3)"])
def test_of_an_integer_far_from_zero(rows: pd.DataFrame, spline: str) -> None:
    """Against differences of fourth order with a large step, away from the knots' own neighbourhood."""
    design = gg.design(f"genre ~ {spline}", rows)
    inside = rows[(rows["year"] > 1951) & (rows["year"] < 2019)]
    found = column_derivatives(design, inside, "year", design.matrix(inside), rows)

    def at(step: float) -> np.ndarray:
        return design.matrix(inside.assign(year=inside["year"] + step))

    expected = (8.0 * (at(0.01) - at(-0.01)) - at(0.02) + at(-0.02)) / 0.12
    # Third derivatives jump at the knots, which whole years may meet: there the coarse difference is the worse one.
    close = np.isclose(found, expected, rtol=0.0, atol=1e-8 * np.abs(expected).max()).all(axis=1)
    assert close.mean() > 0.9
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_of_a_kink_end_without_an_answer_that_is_sure(rows: pd.DataFrame) -> None:
    """At the kink itself the mean of both slopes is as good as any; elsewhere the sign is right."""
    found = derivatives(
        "genre ~ np.abs(energy)", rows.assign(energy=rows["energy"].where(rows.index > 0, 0.0)), "energy"
    )
    np.testing.assert_allclose(found.iloc[1:, 1], np.sign(rows["energy"].iloc[1:]), atol=1e-8)
    assert abs(found.iloc[0, 1]) < 1e-6


def test_of_one_row_that_no_range_is_known_of() -> None:
    row = pd.DataFrame({"energy": [0.0]})
    design = gg.design("genre ~ I(energy ** 2) + energy", tracks())
    np.testing.assert_allclose(
        column_derivatives(design, row, "energy", design.matrix(row), row), [[0, 0, 1]], atol=1e-8
    )
    spline = gg.design("genre ~ bs(energy, df=4)", tracks())
    end = pd.DataFrame({"energy": [tracks()["energy"].max()]})
    with pytest.raises(DataError, match=r"The derivative along 'energy' needs values .* gg\.contrasts"):
        column_derivatives(spline, end, "energy", spline.matrix(end), end)
