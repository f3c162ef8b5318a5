"""Sandwich covariances against R: HC0, HC1, and clusters in one way and in two.

Two ways: V_a + V_b - V_ab (Cameron, Gelbach and Miller 2011), each with its own G / (G - 1). In R they are checked
over all pairs of rows that share a cluster, and against `sandwich::vcovCL` for two classes.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from parity import NAMES, STANDARD_ERROR, STATISTIC, assert_within, matched, names_with, problem, read

import genreglm as gg

WAYS = {"first": ["first"], "second": ["second"], "two_way": ["first", "second"]}


@cache
def clustered(name: str, way: str) -> gg.Result:
    case = problem(name)
    clusters = WAYS[way][0] if len(WAYS[way]) == 1 else WAYS[way]
    rows = case.rows.assign(**read(f"{name}_clusters"))
    return gg.fit(case.formula, rows, weights=case.weights, covariance="clustered", clusters=clusters)


@pytest.mark.parametrize("name", NAMES)
def test_hc0(name: str) -> None:
    both = matched(problem(name).fit(covariance="HC0").tidy(), read(f"{name}_robust"), ["class", "term"])
    expected = both["hc0_std_error"]
    assert_within(both["std_error"], expected, expected, STANDARD_ERROR, both[["class", "term"]])


@pytest.mark.parametrize("name", NAMES)
def test_hc1_is_robust(name: str) -> None:
    case = problem(name)
    found = case.fit(covariance="HC1").tidy()
    pd.testing.assert_frame_equal(found, case.fit(covariance="robust").tidy())
    nobs = float(case.frequencies.sum())
    both = matched(found, read(f"{name}_robust"), ["class", "term"])
    expected = both["hc0_std_error"] * np.sqrt(nobs / (nobs - 1))
    assert_within(both["std_error"], expected, expected, STANDARD_ERROR, both[["class", "term"]])


@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.parametrize("name", names_with("clusters"))
def test_clustered_standard_errors(name: str, way: str) -> None:
    both = matched(clustered(name, way).tidy(), read(f"{name}_clustered"), ["class", "term"])
    expected = both[f"{way}_std_error"]
    assert_within(both["std_error"], expected, expected, STANDARD_ERROR, both[["class", "term"]])


@pytest.mark.parametrize("way", ["first", "two_way"])
@pytest.mark.parametrize("name", names_with("clusters"))
def test_wald_tests_of_terms(name: str, way: str) -> None:
    """Whole blocks of the covariance, not its diagonal alone."""
    table = clustered(name, way).anova(type="II", test="wald")
    both = matched(table, read(f"{name}_clustered_terms"), ["term"])
    expected = both[f"{way}_wald"]
    assert_within(both["statistic"], expected, expected, STATISTIC, both[["term"]])


def test_the_order_of_the_ways_does_not_matter() -> None:
    case = problem("bacteria")
    rows = case.rows.assign(**read("bacteria_clusters"))
    turned = gg.fit(case.formula, rows, covariance="clustered", clusters=["second", "first"])
    expected = clustered("bacteria", "two_way").tidy()
    np.testing.assert_allclose(turned.tidy()["std_error"], expected["std_error"], rtol=1e-12)
