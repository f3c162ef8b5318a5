"""Small, constant and incomplete tables are drawn, not refused."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from genreglm import plots
from genreglm.plots.heatmap import affinity_order, cluster_order
from genreglm.plots.labels import name_points, spread
from genreglm.plots.text import feature_label, number, plain
from genreglm.study import exploration


@pytest.fixture
def small(many) -> pd.DataFrame:
    """Two genres and five features, one of them constant; no popularity, key, mode, artist or labels."""
    frame = many.frame.head(120)[["energy", "danceability", "valence", "duration_min", "track_genre"]]
    return frame.assign(liveness=0.3)


def test_two_genres_and_five_features(small):
    assert exploration.popularity_by_key_mode(small) is None
    figures = [
        plots.correlations(exploration.correlations(small)),
        plots.distributions(exploration.distributions(small)),
        plots.density(exploration.density(small, "energy", "liveness"), exploration.genre_profiles(small)),
        plots.genre_distribution(exploration.genre_distribution(small)),
        plots.genre_profiles(exploration.genre_profiles(small)),
    ]
    assert all(plots.render(figure, "svg") for figure in figures)


def test_a_genre_without_test_tracks_has_a_grey_row(few):
    counts = few.counts.copy()
    counts.iloc[1] = 0
    figure = plots.confusion(counts)
    mesh = figure.axes[0].collections[0].get_array()
    assert np.ma.getmaskarray(mesh).reshape(3, 3).all(axis=1).sum() == 1


def test_no_confusion_and_no_certainty(few):
    assert plots.render(plots.worst_confusions(few.pairs.head(0)), "png")
    assert plots.render(plots.strongest_effects(few.tidy.assign(std_error=np.nan)), "png")


def test_an_infinite_gvif_is_written_out(inflation):
    figure = plots.gvif(inflation.assign(gvif_adjusted=[np.inf, 1.0, 1.1]))
    assert "infinite" in [text.get_text() for text in figure.axes[0].texts]
    assert plots.render(plots.gvif(inflation.assign(gvif_adjusted=np.inf)), "png")


def test_empty_bins_of_calibration_are_not_drawn(bins):
    curve = plots.top_label_calibration(bins).axes[0].lines[1]
    assert len(curve.get_xdata()) == 9


def test_strongest_effects_use_the_intervals_of_the_table(few):
    table = few.tidy.assign(conf_low=few.tidy["estimate"] - 7, conf_high=few.tidy["estimate"] + 7)
    lines = plots.strongest_effects(table, top=2).axes[0].collections[0].get_segments()
    assert [round(float(np.ptp(line[:, 0])), 6) for line in lines] == [14.0, 14.0]


def test_effects_without_errors_are_drawn_and_grey(few):
    unknown = few.effects.assign(statistic=np.nan, conf_low=np.nan, conf_high=np.nan)
    mesh = plots.marginal_effects(unknown).axes[0].collections[0].get_array()
    assert np.ma.getmaskarray(mesh).all()
    assert plots.render(plots.strongest_marginal_effects(unknown), "png")
    some = plots.marginal_effects(few.effects, {"energy": 1.0}).axes[0].collections[0].get_array()
    assert np.ma.getmaskarray(some).sum() == 3 * 6  # the other six numbers have no scale


def test_the_strip_below_a_curve_is_darkest_where_the_rows_are(few):
    rows = pd.DataFrame({"energy": np.repeat([0.25, 0.75], [3, 300]), "tempo": 120.0, "valence": 0.5})
    figure = plots.effect_curves(few.curves, rows)
    strip = np.asarray(figure.axes[0].collections[-1].get_array()).ravel()
    assert strip.argmax() == 60
    assert (strip > 0).sum() == 2


def test_curves_of_a_factor_are_points_and_its_strip_counts_the_levels(few):
    levels = ["C", "a very long level $x_$", "E"]
    table = few.curves[few.curves["feature"] == "energy"].groupby("class").head(3)
    table = table.assign(feature="key", value=levels * table["class"].nunique())
    rows = pd.DataFrame({"key": ["C", "E", "E", "unknown"]})
    unknown = table.assign(conf_low=np.nan, conf_high=np.nan)
    for shown in (table, unknown, table.drop(columns=["conf_low", "conf_high"])):
        figure = plots.effect_curves(shown, rows)
        axes = figure.axes[0]
        assert [tick.get_text() for tick in axes.get_xticklabels()] == [plots.text.plain(name, 10) for name in levels]
        np.testing.assert_allclose(np.asarray(axes.collections[-1].get_array()).ravel() ** 2, [1, 0, 2])
        assert plots.render(figure, "png")
    both = pd.concat([few.curves, table], ignore_index=True)
    assert plots.render(plots.effect_curves(both), "png")


def test_curves_say_what_they_show_unless_told(few):
    def note(**told: str) -> str:
        figure = plots.effect_curves(few.curves, **told)
        return " ".join(" ".join(text.get_text() for text in figure.texts).split())

    assert "Probability of each class along a feature; the 6 that move most are named." in note()
    assert "typical" not in note()
    assert "Averages over all rows; the 6 that move most are named." in note(setting="Averages over all rows")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("deep-house", "deep-house"),
        ("a\n b\tc", "a b c"),
        ("$x_$ <b>", r"\$x_\$ <b>"),
        ("演歌", "□□"),
        ("x" * 10_000, "x" * 27 + "…"),
        (r"\$1", r"\$1"),
    ],
)
def test_names_are_made_safe(name, shown):
    assert plain(name) == shown
    assert plain(plain(name)) == shown


@pytest.mark.parametrize(
    ("feature", "label"),
    [
        ("loudness", "Loudness (dB)"),
        ("log_duration_min", "Duration (log of minutes)"),
        ("reflected_log_loudness", "Loudness (reflected log of dB)"),
        ("time_signature", "Time signature"),
        ("brightness", "Brightness"),
    ],
)
def test_labels_of_features_have_units(feature, label):
    assert feature_label(feature) == label


def test_terms_are_judged_by_p_values_where_there_are_any(wald):
    table = wald.rename(columns={"statistic": "increase"})[["term", "increase", "p_value"]]
    assert plots.term_strength_finding(table).endswith("1 of 3 cannot be told from nothing")
    # The interval of an effect is none of the statistic.
    wald = table.drop(columns="increase", errors="ignore").assign(
        statistic=[9.0, 5.0, 1.0], df=1, p_value=[0.0, 0.01, 0.5], typical_effect=0.2, conf_low=0.1, conf_high=0.3
    )
    assert not plots.term_strength(wald).axes[0].collections
    bare = table[["term", "increase"]].assign(increase=[0.2, 0.0, 0.1])
    assert plots.term_strength_finding(bare).endswith("1 of 3 cannot be told from nothing")


def test_a_rank_far_off_the_mean_rank_is_marked():
    table = pd.DataFrame({"term": list("abcdefgh"), "lr_share": np.arange(8.0, 0, -1), "effect": np.arange(8.0, 0, -1)})
    odd = table.assign(effect=[0.0, 7, 6, 5, 4, 3, 2, 1])
    for drawn, marked in ((plots.term_importance(table), 0), (plots.term_importance(odd), 1)):
        assert [len(line.get_xdata()) for line in drawn.axes[1].lines[1:]] == [8 - marked, marked]


def test_numbers_have_true_minus_signs_and_no_negative_zero():
    assert [number(-0.001), number(-1234.5, 1), number(0.756)] == ["0.00", "−1,234.5", "0.76"]


def test_cluster_order_puts_like_beside_like():
    points = np.array([[0.0], [10.0], [0.1], [10.1], [np.nan]])
    order = list(cluster_order(points))
    assert abs(order.index(0) - order.index(2)) <= 2
    assert abs(order.index(1) - order.index(3)) == 1
    blocks = np.kron(np.eye(2), np.ones((3, 3)))[np.ix_([0, 3, 1, 4, 2, 5], [0, 3, 1, 4, 2, 5])]
    assert {frozenset(affinity_order(blocks)[:3]), frozenset(affinity_order(blocks)[3:])} == {
        frozenset({0, 2, 4}),
        frozenset({1, 3, 5}),
    }


def test_spread_keeps_the_gap_the_order_and_the_limits():
    wanted = np.array([0.5, 0.5, 0.51, 0.0, 1.0])
    placed = spread(wanted, 0.1, 0.0, 1.0)
    assert np.all(np.diff(np.sort(placed)) >= 0.1 - 1e-12)
    assert placed.min() >= 0
    assert placed.max() <= 1
    assert list(np.argsort(placed)) == list(np.argsort(wanted, kind="stable"))
    np.testing.assert_allclose(spread([0.0, 0.5, 1.0], 0.1, 0.0, 1.0), [0.0, 0.5, 1.0])
    np.testing.assert_allclose(spread([0.5] * 3, 9.0, 0.0, 1.0), [0.0, 0.5, 1.0])
    assert len(spread([], 0.1, 0.0, 1.0)) == 0


@pytest.mark.parametrize("count", [1, 2, 5, 12, 30])
def test_a_grid_of_reliability_for_any_number_of_classes(many, count):
    names = many.calibration["class"].unique()[:count]
    figure = plots.calibration(many.calibration[many.calibration["class"].isin(names)])
    assert [text.get_text() for text in figure.axes[0].texts if "%" not in text.get_text()] != []
    assert plots.render(figure, "svg")


def test_groups_of_two_classes_and_of_whole_numbers(few):
    two = few.groups[few.groups["class"] != few.groups["class"].iloc[0]]
    assert len(plots.fit_groups(two).axes) == 2


def test_exact_dependence_is_written_out(conditioning):
    exact = conditioning.assign(condition_index=conditioning["condition_index"].replace(45.0, 1e16))
    assert plots.condition_indices(exact).axes[0].get_yticklabels()[0].get_text() == "infinite"


def test_a_name_without_a_free_place_is_left_out():
    axes = Figure().add_subplot()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    name_points(axes, np.full((300, 2), 0.5), [f"name {k}" for k in range(300)], (2.0, 2.0))
    assert 5 < len(axes.texts) < 300


def test_distances_that_are_missing_are_grey(few):
    table = few.distances.assign(distance=[np.nan, 1.0, 2.0])
    mesh = plots.class_distances(table).axes[0].collections[0].get_array()
    assert np.ma.getmaskarray(mesh).sum() == 3 + 2
