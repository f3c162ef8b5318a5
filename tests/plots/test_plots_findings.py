"""What the titles say, on tables built so that the finding is known."""

import numpy as np
import pandas as pd
import pytest

from genreglm import plots
from genreglm.classes import class_tree


def test_correlations_name_the_strongest_pair():
    table = pd.DataFrame(
        [("energy", "loudness", 0.76), ("energy", "valence", -0.2), ("loudness", "valence", np.nan)],
        columns=["feature_x", "feature_y", "spearman"],
    )
    assert plots.correlations_finding(table) == "Energy and loudness move together: Spearman 0.76"
    opposite = table.assign(spearman=[0.1, -0.7, 0.0])
    assert plots.correlations_finding(opposite) == "Energy and valence move in opposite directions: Spearman −0.70"
    assert "no correlation" in plots.correlations_finding(table.assign(spearman=np.nan))


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        (lambda x: x, "rises from 0.10 to 0.90"),
        (lambda x: 1 - x, "falls from 0.90 to 0.10"),
        (lambda x: 0.5 + 0 * x, "hardly moves, from 0.5"),
        (lambda x: 4 * x * (1 - x), "Valence is highest at middling energy"),
        (lambda x: 1 - 4 * x * (1 - x), "Valence is lowest at middling energy"),
    ],
)
def test_density_says_how_y_goes_with_x(shape, says):
    grid = (np.arange(100) + 0.5) / 100
    counts = np.zeros((100, 100), dtype=int)
    counts[np.arange(100), np.minimum((100 * shape(grid)).astype(int), 99)] = 1
    table = pd.DataFrame(
        {"feature_x": "energy", "feature_y": "valence", "x": np.repeat(grid, 100), "y": np.tile(grid, 100),
         "count": counts.ravel()}
    )  # fmt: skip
    assert says in plots.density_finding(table)


def test_distributions_name_what_piles_up_and_leave_log_bins_aside():
    edges = np.linspace(0, 1, 11)
    low = pd.DataFrame({"feature": "speechiness", "bin_left": edges[:-1], "bin_right": edges[1:]})
    piled = low.assign(count=[80, 5, 5, 5, 5, 0, 0, 0, 0, 0])
    flat = low.assign(feature="valence", count=10)
    log = np.geomspace(0.1, 90, 11)
    duration = pd.DataFrame({"feature": "duration_min", "bin_left": log[:-1], "bin_right": log[1:], "count": 10})
    table = pd.concat([piled, flat, duration])
    assert plots.distributions_finding(table) == "Speechiness (80\u00a0%) piles up in the lowest tenth of the range"
    assert plots.distributions_finding(flat).startswith("No feature")


def test_families_are_set_apart_by_the_feature_whose_medians_lie_furthest_apart():
    edges = np.linspace(0, 1, 11)
    bins = pd.DataFrame({"bin_left": edges[:-1], "bin_right": edges[1:]})
    counts = {
        ("energy", "metal"): [0] * 9 + [10],
        ("energy", "folk"): [10] + [0] * 9,
        ("valence", "metal"): [0] * 5 + [10] + [0] * 4,
        ("valence", "folk"): [0] * 4 + [10] + [0] * 5,
    }
    table = pd.concat([bins.assign(feature=f, family=g, count=c) for (f, g), c in counts.items()])
    said = plots.family_distributions_finding(table)
    assert said == "Energy sets the families apart most: half of folk lies below 0.05, half of metal above 0.95"
    assert plots.family_distributions_finding(table[table["family"] == "folk"]).startswith("One family")


def test_model_comparison_takes_the_best_on_unseen_artists(models):
    finding = plots.model_comparison_finding(models)
    assert finding.startswith("Multinomial, splines names the genre of a track by an unseen artist best: 19.9\u00a0%")
    assert finding.endswith("flatters multinomial, linear by 2.5 points")
    assert "No model" in plots.model_comparison_finding(models[models["split"] == "random"])
    assert "flatters" not in plots.model_comparison_finding(models[models["split"] == "artist"])


def test_confusion_counts_hits_and_near_misses():
    counts = pd.DataFrame(np.full((6, 6), 2) + 20 * np.eye(6, dtype=int))
    finding = plots.confusion_finding(counts)
    assert "68.8\u00a0% of the tracks" in finding  # 22 of 32
    assert "60\u00a0% of the mistakes" in finding  # three of five even neighbours
    assert plots.confusion_finding(pd.DataFrame(np.eye(6))) == "100.0\u00a0% of the tracks are put into their genre"


def test_worst_confusions_and_recall():
    pairs = pd.DataFrame({"true": ["samba", "dub"], "predicted": ["pagode", "dubstep"]})
    pairs = pairs.assign(count=[38, 5], rate=[0.38, 0.05])
    assert plots.worst_confusions_finding(pairs).startswith("Samba is taken for pagode")
    assert plots.worst_confusions_finding(pairs.head(0)) == "No track is put into another genre"
    report = pd.DataFrame({"genre": ["a", "b", "c"], "recall": [0.05, 0.9, 0.2]})
    assert plots.recall_by_genre_finding(report) == (
        "B is recognised best (90\u00a0% of its tracks), the middle genre in 20\u00a0%; "
        "1 of 3 genres in less than a tenth"
    )


def test_calibration_says_which_way_the_probabilities_err():
    table = pd.DataFrame({"bin": [0, 1], "confidence": [0.2, 0.6], "accuracy": [0.1, 0.4], "count": [1, 3]})
    assert plots.top_label_calibration_finding(table) == (
        "The probabilities are too high: they miss the share of right answers by 17.5 points on average"
    )
    assert "too low" in plots.top_label_calibration_finding(table.assign(accuracy=[0.3, 0.9]))
    assert "at their word" in plots.top_label_calibration_finding(table.assign(accuracy=[0.2, 0.61]))
    both = pd.concat([table.assign(model="bad"), table.assign(model="good", accuracy=[0.2, 0.6])])
    assert plots.top_label_calibration_finding(both).startswith("The probabilities of good can be taken")


def test_terms_are_compared_by_degree_of_freedom(wald, inflation):
    assert plots.term_strength_finding(wald) == (
        "Strongest terms: energy, C(key) and tempo; 1 of 3 cannot be told from nothing"
    )
    assert plots.gvif_finding(inflation).startswith("Some terms largely repeat others")
    assert plots.gvif_finding(inflation).endswith("the largest adjusted GVIF is 2.28 (energy)")
    assert plots.gvif_finding(inflation.tail(2)).startswith("No term repeats the others")
    endless = inflation.assign(gvif_adjusted=[np.inf, 1.0, 1.0])
    assert plots.gvif_finding(endless) == "One term can be computed from the others: energy"


def test_measures_agree_in_full_in_part_or_not(measures):
    spline = "cr(tempo, df=4, constraints='center')"
    assert plots.term_importance_finding(measures) == (
        f"Energy, {spline} and energy:tempo shape the genres most; "
        "the four measures agree on the order (Kendall's W 1.00); on unseen groups C(key) cannot be told from nothing"
    )
    weak = measures.assign(unseen_std_error=1.0)
    assert plots.term_importance_finding(weak).endswith("; on unseen groups 4 of 4 terms cannot be told from nothing")
    sure = measures.assign(unseen_std_error=1e-9, unseen_increase=0.1)
    assert "unseen" not in plots.term_importance_finding(sure)
    two = measures[["term", "lr_share", "effect"]].head(3)
    opposite = plots.term_importance_finding(two.assign(effect=-two["lr_share"]))
    assert opposite.endswith("the two measures disagree on the order (Kendall's W 0.00)")
    partly = plots.term_importance_finding(two.assign(effect=[0.2, 0.1, 0.3]))
    assert partly.endswith("the two measures agree in part on the order (Kendall's W 0.75)")
    assert plots.term_importance_finding(two[["term", "effect"]]).endswith("shape the genres most")
    assert plots.term_importance_finding(two.head(1)) == "Energy shapes the genres most"


def test_class_importance_counts_who_leads_where():
    table = pd.DataFrame(
        [("a", "x", 0.3), ("a", "w", 0.1), ("b", "x", 0.2), ("b", "w", 0.1), ("c", "x", 0.1), ("c", "w", 0.9)],
        columns=["class", "term", "gain"],
    )
    wanted = "X tells most in 2 of 3 genres; the strongest pair is c and w"
    assert plots.class_importance_finding(table) == wanted
    effects = plots.class_importance_finding(table.rename(columns={"gain": "effect"}), "effect")
    assert effects == wanted.replace("tells most", "moves the log-odds most")


def test_coefficients_by_z_and_by_standard_deviation():
    tidy = pd.DataFrame(
        {"class": ["a", "b"] * 3, "term": ["(Intercept)"] * 2 + ["x"] * 2 + ["w"] * 2,
         "estimate": [99, -99, 1, -1, 10, -10], "std_error": [1, 1, 0.1, 0.1, 5, 5]}
    )  # fmt: skip
    assert plots.coefficients_finding(tidy) == "What sets the genres apart most: x and w"
    assert plots.coefficients_finding(tidy, {"x": 1.0, "w": 1.0}) == "What sets the genres apart most: w and x"
    assert plots.strongest_effects_finding(tidy) == "The surest sign: more x speaks for a (|z| = 10.0)"
    unknown = tidy.assign(std_error=np.nan)
    assert plots.strongest_effects_finding(unknown) == "No effect has a standard error"


def test_marginal_effects_by_z_and_by_standard_deviation():
    table = pd.DataFrame(
        {"class": ["a", "b"] * 3, "variable": ["x", "x", "w", "w", "mode", "mode"],
         "contrast": ["dY/dX"] * 4 + ["1 - 0"] * 2, "estimate": [0.1, -0.1, 0.2, -0.2, -0.3, 0.3],
         "statistic": [9.0, -9.0, 1.0, -1.0, -20.0, 20.0]}
    )  # fmt: skip
    by_z = "Surest effects on the genres' probabilities: mode: major − minor, x and w"
    assert plots.marginal_effects_finding(table) == by_z
    by_scale = "What moves the genres' probabilities most: w, mode: major − minor and x"
    assert plots.marginal_effects_finding(table, {"x": 1.0, "w": 5.0}) == by_scale
    surest = plots.strongest_marginal_effects_finding
    assert surest(table) == "The surest effect: mode: major − minor makes a less likely (|z| = 20.0)"
    assert surest(table[:4]) == "The surest effect: more x makes a likelier (|z| = 9.0)"
    unknown = table.assign(statistic=np.nan)
    assert surest(unknown) == plots.marginal_effects_finding(unknown) == "No effect has a standard error"
    assert plots.marginal_effects_finding(table[:4], {}) == "No effect has a scale"


def test_curves_say_where_the_probability_goes():
    table = pd.DataFrame(
        {"feature": "energy", "class": ["a"] * 3 + ["b"] * 3, "value": [0, 1, 2] * 2,
         "probability": [0.1, 0.2, 0.5, 0.3, 0.3, 0.31]}
    )  # fmt: skip
    rising = "Energy moves a most: its probability rises from 10.0\u00a0% to 50.0\u00a0%"
    assert plots.effect_curves_finding(table) == rising
    falling = table.assign(value=[2, 1, 0] * 2)
    assert plots.effect_curves_finding(falling).endswith("falls from 50.0\u00a0% to 10.0\u00a0%")
    words = table.assign(feature="key", value=["F", "C", "D"] * 2)
    assert plots.effect_curves_finding(words) == (
        "Key moves a most: its probability lies between 10.0\u00a0% (F) and 50.0\u00a0% (D)"
    )


def test_popularity_findings(curves, levels):
    assert plots.popularity_effects_finding(curves, levels) == (
        "Energy moves expected popularity most: from 30.0 to 38.0 points"
    )
    binned = pd.DataFrame({"family": ["gaussian", "gaussian", "fractional"], "fitted": [20.0, 40.0, 99.0]})
    binned = binned.assign(q05=[-33.0, -33.0, 0.0], q95=[35.0, 35.0, 0.0], tracks=1)
    assert plots.residual_panel_finding(binned) == (
        "Nine in ten tracks lie from 33 points below to 35 above what the model expects; "
        "its expectations span only 20 points"
    )
    cells = pd.DataFrame(
        {"key": ["C", "D"], "mode": ["major", "minor"], "tracks": [10, 10], "mean": [30.0, 33.0], "sd": [20.0, 20.0]}
    )
    assert plots.popularity_by_key_mode_finding(cells) == (
        "Key and mode hardly move popularity: means from 30.0 (C major) to 33.0 (D minor), "
        "against an sd of 20 between tracks"
    )


def test_leak_transformation_and_genres():
    leak = pd.DataFrame({"model": ["honest", "popularity bands alone"], "r2_test": [0.06, 0.93]})
    assert "lifts R² from 0.06 to 0.93" in plots.leak_comparison_finding(leak)
    assert plots.leak_comparison_finding(leak.head(1)).endswith("R² of popularity is 0.06 on unseen artists")
    change = pd.DataFrame(
        {"feature": ["duration_min"], "skewness_before": [10.8], "skewness_after": [0.2], "chosen": ["log"]}
    )
    assert plots.transform_effect_finding(change).endswith("of duration from 10.8 to 0.2")
    assert plots.transform_effect_finding(change.assign(chosen="identity")).startswith("No transformation")
    genres = pd.DataFrame({"genre": ["a", "b"], "rows": [1000, 1000], "artists": [44, 409]})
    assert plots.genre_distribution_finding(genres) == (
        "2 genres of 1,000 rows each stand on very different numbers of artists: 44 (a) to 409 (b)"
    )
    assert plots.genre_distribution_finding(genres[["genre", "rows"]]).endswith("from 1,000 (a) to 1,000 (a) rows")


def test_profiles_name_the_odd_and_the_average_genre():
    table = pd.DataFrame({"genre": list("abcde"), "feature": "energy", "median": [0.0, 0.48, 0.5, 0.52, 1.1]})
    assert plots.genre_profiles_finding(table) == "E, a and b sound least like the average genre, d most like it"
    assert plots.genre_profiles_finding(table.head(2)).startswith("Ordered from the most unusual sound")


def test_near_and_exact_dependence_are_told_apart(conditioning):
    near = plots.condition_indices_finding(conditioning)
    assert near == (
        "Some columns nearly depend on each other: the largest condition index is 45 (the intercept and C(key)[T.1])"
    )
    exact = conditioning.assign(condition_index=conditioning["condition_index"].replace(45.0, 1e16))
    assert plots.condition_indices_finding(exact).startswith("Columns depend on each other exactly: the intercept")
    fine = conditioning[conditioning["dimension"] < conditioning["dimension"].max()]
    assert plots.condition_indices_finding(fine).startswith("No dependency between columns harms the estimates")
    alone = conditioning.assign(proportion=conditioning["proportion"].where(conditioning["term"] == "(Intercept)", 0.0))
    assert plots.condition_indices_finding(alone).startswith("No dependency")


def test_lines_that_ask_for_a_curve_are_counted(forms):
    found = plots.functional_form_finding(forms)
    assert found == (
        "1 of 3 straight lines ask for a curve, instrumentalness above all: 86.4 thousandths of a nat for each row"
    )
    unsure = pd.concat([forms, forms.head(1).assign(term="energy", gain_per_row=9.0, p_value=0.2)])
    assert "1 of 4 straight lines ask for a curve, instrumentalness above all" in plots.functional_form_finding(unsure)
    assert plots.functional_form_finding(forms.head(1)).startswith("The one straight line asks for a curve")
    assert plots.functional_form_finding(forms.tail(2)) == "No straight line asks for a curve"
    assert plots.functional_form_finding(forms.head(0)) == "No term enters as a straight line"


def test_classes_off_are_counted_and_the_furthest_named(few, many):
    assert plots.calibration_finding(many.calibration).startswith("38 of 114 classes have probabilities")
    right = few.calibration.assign(observed=few.calibration["predicted"], conf_low=0.0, conf_high=1.0)
    assert plots.calibration_finding(right).startswith("No class has probabilities")


def test_the_class_that_fits_worst_is_named(few):
    name = few.groups["class"].iloc[-1]
    wrong = few.groups.assign(observed=few.groups["observed"].where(few.groups["class"] != name, 1.0))
    assert plots.fit_groups_finding(wrong).endswith(f"{plots.text.plain(name)} fits worst")


def test_distances_name_the_nearest_and_the_furthest():
    table = pd.DataFrame(
        [("a", "b", 0.2), ("a", "c", 3.0), ("b", "c", 2.0)], columns=["class_1", "class_2", "distance"]
    )
    assert plots.class_distances_finding(table) == ("Hardest to tell: a from b and b from c; furthest apart: a and c")
    assert plots.class_distances_finding(table.head(1)) == "Hardest to tell: a from b"
    tested = table.assign(p_adjusted=[0.3, 1e-9, np.nan])
    assert plots.class_distances_finding(tested).endswith("; 2 of 3 pairs are not told apart by the test")
    assert plots.class_distances_finding(tested.assign(p_adjusted=[0.3, 0.0, 0.0])).endswith(
        "; 1 of 3 pairs is not told apart by the test"
    )
    assert plots.class_distances_finding(tested.assign(p_adjusted=0.9)).endswith(
        "3 of 3 pairs are not told apart by the test"
    )
    assert plots.class_distances_finding(table.assign(distance=np.nan)) == "No pair of genres has a distance"


def test_tree_says_what_joins_first_and_last():
    points = {
        "a": 0.0,
        "b": 1.0,
        "c": 9.0,
        "d": 12.0,
        "e": 15.0,
        "f": 19.0,
        "g": -90.0,
        "h": -92.0,
        "i": -95.0,
        "j": -99.0,
    }
    pairs = [(a, b, abs(points[a] - points[b])) for a in points for b in points if a < b]
    table = pd.DataFrame(pairs, columns=["class_1", "class_2", "distance"])

    def finding(names: str) -> str:
        shown = table[table["class_1"].isin(list(names)) & table["class_2"].isin(list(names))]
        return plots.class_tree_finding(class_tree(shown).nodes)

    assert finding("abcdef") == "A and b are the most alike; a and b stand furthest from the rest"
    assert finding("abf") == "A and b are the most alike; f stands furthest from the rest"
    assert finding("ab") == "A and b are all there is to join"
    assert finding("abcdefghij").endswith("; a family of 4 genres stands furthest from the rest")


def test_map_names_the_main_axis_and_its_ends():
    points = pd.DataFrame(
        [("class", "sleep", -3.0), ("class", "samba", 0.5), ("class", "grindcore", 2.0), ("term", "energy", 9.0),
         ("correlation", "energy", 0.8), ("correlation", "loudness", 0.7), ("correlation", "valence", 0.4),
         ("correlation", "acousticness", -0.6), ("correlation", "tempo", 0.1)],
        columns=["kind", "name", "dim_1"],
    )  # fmt: skip
    shares = pd.DataFrame({"dimension": [1, 2], "share": [0.57, 0.2]})
    assert plots.class_map_finding(points, shares) == (
        "Energy and loudness against acousticness is the main axis: it holds 57\u00a0% of the differences between "
        "genres, from grindcore to sleep"
    )
    alone = points[~points["name"].isin(["acousticness", "loudness", "valence"])]
    assert plots.class_map_finding(alone, shares).startswith("Energy is the main axis")
    nothing = points[points["kind"] == "class"]
    assert plots.class_map_finding(nothing, shares).startswith("No feature alone is the main axis")
