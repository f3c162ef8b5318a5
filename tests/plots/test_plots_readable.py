"""Every figure, at 114 genres and at three with awkward names: nothing overlaps, nothing is cut off."""

import functools
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from genreglm import plots
from genreglm.classes import class_tree
from genreglm.study import exploration

BY_GENRE = {
    "calibration": lambda t: plots.calibration(t.calibration),
    "class_importance": lambda t: plots.class_importance(t.importance),
    "class_distances": lambda t: plots.class_distances(t.distances),
    "class_map": lambda t: plots.class_map(t.points, t.dimensions),
    "class_tree": lambda t: plots.class_tree(t.nodes),
    "coefficients": lambda t: plots.coefficients(t.tidy),
    "confusion": lambda t: plots.confusion(t.counts),
    "correlations": lambda t: plots.correlations(exploration.correlations(t.frame)),
    "density": lambda t: plots.density(exploration.density(t.frame, "loudness", "acousticness"), t.profiles),
    "distributions": lambda t: plots.distributions(exploration.distributions(t.frame)),
    "family_distributions": lambda t: plots.family_distributions(families_of(t.frame)),
    "fit_groups": lambda t: plots.fit_groups(t.groups),
    "effect_curves": lambda t: plots.effect_curves(t.curves, t.frame),
    "genre_distribution": lambda t: plots.genre_distribution(exploration.genre_distribution(t.frame)),
    "genre_profiles": lambda t: plots.genre_profiles(t.profiles),
    "marginal_effects": lambda t: plots.marginal_effects(t.effects),
    "popularity_by_key_mode": lambda t: plots.popularity_by_key_mode(exploration.popularity_by_key_mode(t.frame)),
    "recall_by_genre": lambda t: plots.recall_by_genre(t.report),
    "strongest_effects": lambda t: plots.strongest_effects(t.tidy),
    "strongest_marginal_effects": lambda t: plots.strongest_marginal_effects(t.effects),
    "worst_confusions": lambda t: plots.worst_confusions(t.pairs),
}


def families_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Every genre in one of fourteen families."""
    genres = frame["track_genre"].unique()
    families = pd.DataFrame({"genre": genres, "family": [f"family number {k % 14}" for k in range(len(genres))]})
    return exploration.family_distributions(frame, families)


@pytest.fixture(scope="module")
def figure_of(many):
    """Draw each of the large figures once."""
    return functools.cache(lambda name: BY_GENRE[name](many))


def shown_texts(figure: Figure) -> list[Text]:
    """All level or upright words that the figure shows (slanted ones have boxes that say nothing)."""
    outside = [
        label
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        for label in (tick.label1, tick.label2)
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    ]
    words = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [text for text in words if text.get_rotation() % 90 == 0 and not any(text is other for other in outside)]


def assert_readable(figure: Figure) -> None:
    figure.draw_without_rendering()
    texts = shown_texts(figure)
    boxes = [Text.get_window_extent(text) for text in texts]  # without the leaders of annotations
    width, height = figure.bbox.size
    # Boxes reach from ascender to descender; two pixels (of 100 an inch) are air between lines.
    for text, box in zip(texts, boxes, strict=True):
        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1
        assert inside, f"{text.get_text()!r} is cut off"
        assert text.get_fontsize() >= 6
    for one, two in combinations(range(len(boxes)), 2):
        a, b = boxes[one], boxes[two]
        over = min(a.x1, b.x1) - max(a.x0, b.x0) > 2 and min(a.y1, b.y1) - max(a.y0, b.y0) > 2
        assert not over, f"{texts[one].get_text()!r} lies on {texts[two].get_text()!r}"


@pytest.mark.parametrize("name", BY_GENRE)
def test_readable_at_114_genres(figure_of, name):
    assert_readable(figure_of(name))


@pytest.mark.parametrize("name", BY_GENRE)
def test_readable_with_three_awkward_names(few, name):
    assert_readable(BY_GENRE[name](few))


@pytest.mark.parametrize("name", BY_GENRE)
def test_the_title_is_the_finding(many, figure_of, name):
    tables = {
        "class_importance": many.importance,
        "class_distances": many.distances, "class_map": (many.points, many.dimensions), "class_tree": many.nodes,
        "coefficients": many.tidy, "confusion": many.counts, "effect_curves": many.curves,
        "genre_profiles": many.profiles, "recall_by_genre": many.report, "strongest_effects": many.tidy,
        "worst_confusions": many.pairs, "calibration": many.calibration, "fit_groups": many.groups,
        "marginal_effects": many.effects, "family_distributions": families_of(many.frame),
        "strongest_marginal_effects": many.effects,
        "density": exploration.density(many.frame, "loudness", "acousticness"),
    }  # fmt: skip
    table = tables[name] if name in tables else getattr(exploration, name)(many.frame)
    arguments = table if isinstance(table, tuple) else (table,)
    finding = getattr(plots, f"{name}_finding")(*arguments)
    assert figure_of(name).texts[0].get_text().split() == finding.split()


def test_figures_of_columns_and_terms(conditioning, forms):
    for name, table in (("condition_indices", conditioning), ("functional_form", forms)):
        figure = getattr(plots, name)(table)
        assert_readable(figure)
        assert figure.texts[0].get_text().split() == getattr(plots, f"{name}_finding")(table).split()
    assert_readable(plots.condition_indices(conditioning[conditioning["dimension"] <= 3]))
    assert_readable(plots.functional_form(forms.head(1)))
    assert_readable(plots.functional_form(forms.head(0)))


def test_effects_for_one_standard_deviation_and_curves_without_a_strip(many):
    scales = {"energy": 0.2, "valence": 0.3, "liveness": 0.1}
    assert_readable(plots.marginal_effects(many.effects, scales))
    assert_readable(plots.strongest_marginal_effects(many.effects, scales))
    assert_readable(plots.effect_curves(many.curves))
    words = many.curves[many.curves["feature"] == "energy"].groupby("class").head(12)
    words = words.assign(feature="key", value=list("CDEFGABcdefg") * words["class"].nunique())
    assert_readable(plots.effect_curves(words))
    long = words.assign(value=words["value"].map("{} minor, a long name".format))
    assert_readable(plots.effect_curves(long, long.rename(columns={"value": "key"})))


def test_figures_that_do_not_depend_on_genres(models, bins, wald, inflation, curves, levels, residuals):
    assert_readable(plots.model_comparison(models))
    assert_readable(plots.top_label_calibration(bins))
    assert_readable(
        plots.top_label_calibration(pd.concat([bins.assign(model="linear"), bins.assign(model="boosting")]))
    )
    assert_readable(plots.term_strength(wald))
    assert_readable(plots.gvif(inflation))
    assert_readable(plots.popularity_effects(curves, levels))
    assert_readable(plots.popularity_effects(curves[curves["family"] == "gaussian"], levels.head(0)))
    assert_readable(plots.popularity_effects(curves.head(0), levels))
    assert_readable(plots.residual_panel(*residuals))


def test_term_strength_by_increase_of_loss():
    table = pd.DataFrame(
        {"term": ["a", "b", "c"], "increase": [0.01, 0.2, -0.001], "conf_low": [-0.01, 0.1, -0.01],
         "conf_high": [0.03, 0.3, 0.01]}
    )  # fmt: skip
    figure = plots.term_strength(table, measure="Loss of bits")
    assert_readable(figure)
    assert figure.axes[0].get_xlabel() == "Loss of bits"
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["b", "a", "c"]


def test_measures_of_importance_side_by_side(measures, many, few):
    assert_readable(plots.term_importance(measures))
    assert_readable(plots.term_importance(measures[["term", "effect"]]))
    assert_readable(plots.term_importance(measures[["term", "lr_share", "unseen_increase"]].head(1)))
    for tables in (many, few):
        assert_readable(plots.class_importance(tables.importance, "effect"))
    drawn = plots.term_importance(measures)
    assert drawn.texts[0].get_text().split() == plots.term_importance_finding(measures).split()
    assert drawn.axes[0].get_yticklabels()[0].get_text() == "energy"
    assert [text.get_text() for text in drawn.axes[1].texts] == ["1", "2", "3", "4"]


def test_leak_and_transformations():
    leak = pd.DataFrame({"model": ["honest", "popularity bands alone"], "r2_test": [0.06, 0.93]})
    assert_readable(plots.leak_comparison(leak))
    assert_readable(plots.leak_comparison(pd.DataFrame({"model": ["honest"], "r2_test": [-0.01]})))
    change = pd.DataFrame(
        {"feature": ["duration_min", "loudness"], "skewness_before": [10.8, -2.0], "skewness_after": [0.2, -2.0]}
    ).assign(chosen=["log", "identity"])
    figure = plots.transform_effect(change)
    assert_readable(figure)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["Duration: log", "Loudness: as it is"]


def test_every_one_of_114_names_is_on_the_map_and_at_the_tree(many, figure_of):
    genres = set(many.report["genre"])
    assert genres <= {text.get_text() for text in figure_of("class_map").axes[0].texts}
    assert genres == {label.get_text() for label in figure_of("class_tree").axes[0].get_yticklabels()}


def test_a_genre_far_outside_does_not_shrink_the_map(many):
    far = many.points.assign(dim_1=many.points["dim_1"].where(many.points.index > 0, -500.0))
    figure = plots.class_map(far, many.dimensions)
    assert_readable(figure)
    assert np.ptp(figure.axes[0].get_xlim()) < 50
    assert "Open dots" in figure.texts[1].get_text()
    assert 0 < len(figure.axes[0].lines[-1].get_xdata()) < 8


def test_two_genres_on_a_line():
    points = pd.DataFrame(
        {"kind": ["class", "class", "correlation"], "name": ["samba", "dub", "energy"], "dim_1": [-1.0, 1.0, 1.0],
         "dim_2": 0.0}
    )  # fmt: skip
    assert_readable(plots.class_map(points, pd.DataFrame({"dimension": [1, 2], "share": [1.0, 0.0]})))
    pair = pd.DataFrame({"class_1": ["dub"], "class_2": ["samba"], "distance": [0.7]})
    assert_readable(plots.class_distances(pair))
    assert_readable(plots.class_tree(class_tree(pair).nodes))
