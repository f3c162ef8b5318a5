"""Every figure of the study, in groups that can be drawn side by side, from the tables that the stages left."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from genreglm import plots
from genreglm.naming import feature, term
from genreglm.study import exploration
from genreglm.study.families import with_kind
from genreglm.study.store import Store

# Name, figure and finding: one after the other, so that one figure at a time is in memory.
Drawings = Iterator[tuple[str, Any, str]]

_MODEL_GVIF = "gvif_genre_model"
_CORRECTIONS = {
    "as fitted": "the fit",
    "temperature": "the rescaled fit",
    "vector": "the fit, genre by genre",
}
_TYPICAL = "A typical track, one feature varying, all else at its median"


def draw(root: Path, group: str) -> list[tuple[str, bytes, bytes, str]]:
    """Return name, PNG, SVG and finding of each figure of one of `GROUPS`, for the study below `root`."""
    return [
        (name, plots.render(figure, "png"), plots.render(figure, "svg"), finding)
        for name, figure, finding in GROUPS[group](Store(root))
    ]


def _exploration(store: Store) -> Drawings:
    tables = _Tables(store)
    for name in ("distributions", "family_distributions", "correlations", "genre_profiles", "popularity_by_key_mode"):
        yield from tables.draw(name)
    genres = tables.read("genre_distribution")
    if genres is not None:
        shown = with_kind(store, genres)
        yield "genre_distribution", plots.genre_distribution(shown), plots.genre_distribution_finding(shown)
    profiles = tables.read("genre_profiles")
    for x, y in exploration.DENSITY_PAIRS:
        table = tables.read(f"density_{x}_{y}")
        if table is not None:
            yield f"{x}_against_{y}", plots.density(table, profiles), plots.density_finding(table)
    transforms = tables.read("transforms")
    if transforms is not None:
        shown = transforms.rename(columns={"column": "feature", "kind": "chosen"})
        yield "transform_effect", plots.transform_effect(shown), plots.transform_effect_finding(shown)


def _popularity(store: Store) -> Drawings:
    tables = _Tables(store)
    curves, levels = (
        tables.read("popularity_effects", allow_empty=True),
        tables.read("popularity_levels", allow_empty=True),
    )
    if curves is not None and levels is not None and len(curves) + len(levels):
        finding = plots.popularity_effects_finding(curves, levels)
        yield "popularity_effects", plots.popularity_effects(curves, levels), finding
    binned, histogram, quantiles = (tables.read(f"popularity_residual{part}") for part in ("s", "_histogram", "_qq"))
    if binned is not None and histogram is not None and quantiles is not None:
        panel = plots.residual_panel(binned, histogram, quantiles)
        yield "residual_plots", panel, plots.residual_panel_finding(binned)
    yield from tables.draw("popularity_leak", "leak_comparison")
    yield from tables.draw("vif_values", "gvif", "popularity_gvif")


def _models(store: Store) -> Drawings:
    tables = _Tables(store)
    yield from tables.draw(_MODEL_GVIF, "gvif", "genre_gvif")
    yield from tables.draw("term_tests", "term_strength", "term_tests")
    coefficients = tables.read("coefficients")
    columns = store.read_table("column_scales")
    scales = dict(zip(columns["term"].map(term), columns["sd"].astype(float), strict=True))
    if coefficients is not None:
        finding = plots.coefficients_finding(coefficients, scales)
        yield "coefficients", plots.coefficients(coefficients, scales), finding
    yield from tables.draw("coefficients", "strongest_effects", "strongest_effects")
    curves = tables.read("effect_curves")
    if curves is not None:
        tracks = store.read_frame("tracks")
        yield "effect_curves", plots.effect_curves(curves, tracks, _TYPICAL), plots.effect_curves_finding(curves)


def _trust(store: Store) -> Drawings:
    """Yield what bears on whether the genre model can be trusted."""
    tables = _Tables(store)
    rows = store.read_frame("row_diagnostics")
    tracks = store.read_frame("tracks")
    names = _names(tracks)
    yield "leverage", plots.leverage_residuals(rows, names), plots.leverage_residuals_finding(rows)
    cook = rows.rename(columns={".cooksd": "cooksd"})
    yield "influence_index", plots.influence_index(cook, names), plots.influence_index_finding(cook, names)
    artists = tables.read("influential_artists")
    if artists is not None:
        shown = artists.rename(columns={"artist": "cluster"})
        yield "influential_artists", plots.cluster_influence(shown), plots.cluster_influence_finding(shown)
    yield from tables.draw("residual_envelope", "envelope", "residual_envelope")
    quantile = rows.rename(columns={".resid_quantile": "resid"})
    yield "quantile_residuals", plots.quantile_residuals(quantile), plots.quantile_residuals_finding(quantile)
    yield from tables.draw("binned_residuals")
    yield from tables.draw("condition_indices")


def _genres(store: Store) -> Drawings:
    """Yield what tells genres from each other."""
    tables = _Tables(store)
    effects = tables.read("marginal_effects")
    if effects is not None:
        scales = store.read_table("feature_scales").set_index("variable")["sd"]
        known = dict(zip(scales.index.map(str), scales.astype(float), strict=True))
        finding = plots.marginal_effects_finding(effects, known)
        yield "marginal_effects", plots.marginal_effects(effects, known), finding
    for name, plot in (("term_importance", plots.term_importance), ("genre_importance", plots.class_importance)):
        table = store.read_table(name)
        shown = table.assign(term=table["term"].map(feature))
        yield name, plot(shown), getattr(plots, f"{plot.__name__}_finding")(shown)
    points, dimensions = tables.read("genre_map"), tables.read("genre_map_dimensions")
    if points is not None and dimensions is not None:
        shown = points.assign(name=points["name"].where(points["kind"] == "class", points["name"].map(feature)))
        yield "genre_map", plots.class_map(shown, dimensions), plots.class_map_finding(shown, dimensions)
    yield from tables.draw("genre_tree", "class_tree", "genre_tree")
    yield from tables.draw("genre_distances", "class_distances", "genre_distances")


def _names(tracks: pd.DataFrame) -> list[str]:
    """Name each row by its artist and track, as far as the table has them."""
    title = tracks["track_name"].astype(str) if "track_name" in tracks else tracks.index.map(lambda row: f"row {row}")
    if "artists" not in tracks:
        return [str(name) for name in title]
    return [f"{artist}: {name}" for artist, name in zip(tracks["artist"], title, strict=True)]


def _evaluation(store: Store) -> Drawings:
    tables = _Tables(store)
    yield from tables.draw("model_comparison")
    yield from tables.draw("model_cards")
    yield from tables.draw("cards_by_fold", "model_cards", "cards_by_fold")
    yield from tables.draw("family_report", figure="family_recall")
    confusion = store.read_table("confusion_matrix", index_col="genre")
    yield "confusion_matrix", plots.confusion(confusion), plots.confusion_finding(confusion)
    yield from tables.draw("worst_confusions")
    yield from tables.draw("classification_report", "recall_by_genre", "recall_by_genre")
    calibration = tables.read("calibration")
    if calibration is not None:
        chosen = store.read_json("work/chosen_model.json")["model"]
        shown = pd.concat([calibration[calibration["model"] == model] for model in (chosen, "gradient boosting")])
        yield "calibration", plots.top_label_calibration(shown), plots.top_label_calibration_finding(shown)
    corrected = tables.read("corrected_calibration")
    if corrected is not None:
        shown = corrected.assign(model=corrected["correction"].map(_CORRECTIONS))
        yield "corrected_calibration", plots.top_label_calibration(shown), plots.top_label_calibration_finding(shown)
    yield from tables.draw("set_coverage_by_genre", "set_coverage", "set_coverage")
    yield from tables.draw("calibration_by_genre", "calibration", "calibration_by_genre")
    strength = tables.read("term_strength")
    if strength is not None:
        figure = plots.term_strength(strength, measure="Rise of held-out log-loss with the feature shuffled (nats)")
        yield "feature_strength", figure, plots.term_strength_finding(strength)


class _Tables:
    """Tables of the store, None where there is none or it is empty."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def read(self, name: str, *, allow_empty: bool = False) -> pd.DataFrame | None:
        """Read a table, its terms in plain words."""
        if not self.store.has(f"tables/{name}.csv"):
            return None
        table = self.store.read_table(name)
        if "term" in table:
            table = table.assign(term=table["term"].map(term))
        return None if table.empty and not allow_empty else table

    def draw(self, table_name: str, plot: str | None = None, figure: str | None = None) -> Drawings:
        """Draw a table with the plot of the given name, where the table is there."""
        table = self.read(table_name)
        if table is None:
            return
        name = plot or table_name
        yield figure or name, getattr(plots, name)(table), getattr(plots, f"{name}_finding")(table)


GROUPS: dict[str, Callable[[Store], Drawings]] = {
    "exploration": _exploration,
    "popularity": _popularity,
    "models": _models,
    "trust": _trust,
    "genres": _genres,
    "evaluation": _evaluation,
}
