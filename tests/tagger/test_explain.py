"""Contributions add up to the log-odds, to rounding, whatever is asked."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import OptionError
from genreglm.tagger import Tagger, explain
from genreglm.tagger.explain import BASE


@pytest.mark.parametrize("place", [0, 7, 100])
def test_they_add_up_to_the_log_odds_of_the_stated_probabilities(tagger: Tagger, raw: pd.DataFrame, place: int) -> None:
    row = raw.iloc[[place]]
    found = explain(tagger, row)
    prob = tagger.predict(row).iloc[0].sort_values(ascending=False)
    assert [found.genre, found.other] == list(prob.index[:2])
    assert found.probabilities == pytest.approx((prob.iloc[0], prob.iloc[1]), rel=1e-12)
    assert found.log_odds == pytest.approx(np.log(prob.iloc[0] / prob.iloc[1]), abs=1e-12)
    assert found.table["term"].iloc[0] == BASE
    sizes = found.table["contribution"].abs().iloc[1:]
    assert sizes.is_monotonic_decreasing
    assert (found.table["conf_low"] <= found.table["conf_high"]).all()


def test_line_curve_and_products_of_a_feature_are_one_line_each(tagger: Tagger, raw: pd.DataFrame) -> None:
    terms = explain(tagger, raw.iloc[[0]]).table["term"].tolist()
    assert terms.count("valence") == 1
    assert terms.count("energy × valence") == 1


def test_a_typical_track_has_no_contributions(bare: gg.Result, raw: pd.DataFrame) -> None:
    means = bare.design.matrix(raw).mean(axis=0)
    found = explain(Tagger(bare, means=means), raw.iloc[[5]], "blues", "techno")
    gap = bare.coefficients[:, 1] - bare.coefficients[:, 2]
    assert found.table["contribution"].iloc[0] == pytest.approx(means @ gap)
    without = explain(Tagger(bare), raw.iloc[[5]], "blues", "techno")
    assert without.log_odds == pytest.approx(found.log_odds)
    assert without.table["contribution"].iloc[0] == pytest.approx(gap[0])
    assert "conf_low" not in without.table


def test_the_genres_may_be_chosen_and_are_checked(tagger: Tagger, raw: pd.DataFrame) -> None:
    row = raw.iloc[[0]]
    one, other = explain(tagger, row, "techno", "blues"), explain(tagger, row, "blues", "techno")
    assert one.log_odds == pytest.approx(-other.log_odds)
    assert explain(tagger, row, other="ambient").other == "ambient"
    with pytest.raises(OptionError, match="'polka' is no genre"):
        explain(tagger, row, "polka")
    with pytest.raises(OptionError, match="twice"):
        explain(tagger, row, "blues", "blues")
    with pytest.raises(OptionError, match="one row, and was given 2"):
        explain(tagger, raw.head(2))


def test_a_scale_for_each_genre_has_no_sum(tagger: Tagger, raw: pd.DataFrame) -> None:
    from dataclasses import replace

    scaled = replace(tagger.calibration, scale=np.array([1.0, 1.1, 1.0]))
    with pytest.raises(OptionError, match="no sum over terms"):
        explain(replace(tagger, calibration=scaled), raw.iloc[[0]])


def test_it_reads_and_is_drawn(tagger: Tagger, raw: pd.DataFrame) -> None:
    found = explain(tagger, raw.iloc[[0]])
    assert f"{found.genre} (" in str(found).splitlines()[0]
    assert len(str(found).splitlines()) == len(found.table) + 1
    assert BASE in found._repr_html_()
    figure = gg.plots.contributions(found.table, str(found.genre), str(found.other))
    assert "log-odds" in gg.plots.contributions_finding(found.table, str(found.genre), str(found.other))
    assert figure.axes
