"""Which figure stands where, what it shows in words, and its picture."""

import base64
import io
import re
from collections.abc import Mapping

from PIL import Image

from genreglm.study.report.blocks import Block, figure

FURTHER = "further"

# (pattern of the name, part of the page, what is drawn). The first that matches counts; a part shows its figures
# in this order. What no pattern knows is shown all the same, under "Further figures".
_PLACES: tuple[tuple[str, str, str], ...] = (
    (r"genre_distribution", "data", "Dot plot: rows or artists of each genre."),
    (r"distributions?", "exploration", "Histograms: one for each feature."),
    (r"family_distributions", "exploration", "Ridgelines: each feature in each family of genres."),
    (r"correlations?(_heatmap)?", "exploration", "Heatmap: rank correlation of each pair of features."),
    (
        r"residual_p.*",
        "popularity-residuals",
        "Panels: residuals against fitted values, their histogram, and a Q-Q plot.",
    ),
    (r"popularity_by_key.*", "exploration", "Dot plot: mean popularity by key and mode, with intervals."),
    (r".*leak.*", "leak", "Dot plot: R² of popularity models, honest ones and those that see the answer."),
    (r"popularity_bands", "exploration", "Bars: tracks by band of popularity."),
    (
        r"popularity_effect.*",
        "popularity-effects",
        "Curves: expected popularity along each feature, with bands.",
    ),
    (r"popularity_gvif|vif.*", "popularity-gvif", "Dot plot: variance inflation of each term of the popularity model."),
    (r"popularity.*", "popularity", "Plot about the popularity models."),
    (r".*density.*|energy_.*|loudness_.*", "exploration", "Density plot: tracks over two features."),
    (r"genre_profiles?", "exploration", "Heatmap: median of each feature in each genre."),
    (r"speech.*", "exploration", "Bars: tracks by share of spoken words."),
    (r"transform.*", "features", "Histograms: features before and after their transform."),
    (r"leverage.*", "influence", "Density plot: rows by leverage and residual, the most influential named."),
    (r"influence_index", "influence", "Index plot: Cook's distance of the rows, the largest named."),
    (r"influential_artists", "influence", "Dot plot: the artists that move the coefficients most."),
    (r"binned_residuals", "misfit", "Curves: what the model misses along each feature, by genre."),
    (r"residual_envelope", "misfit", "Half-normal plot: ordered residuals in a simulated envelope."),
    (r"quantile_residuals", "misfit", "Histogram and worm plot: quantile residuals against the normal."),
    (r"condition_indices", "conditioning", "Heatmap: how columns nearly depend on each other."),
    (r"term_importance", "importance", "Dot plots: what each term is worth, by several measures."),
    (r"genre_importance", "importance", "Heatmap: what each term is worth in each genre."),
    (r"marginal_effects", "marginal", "Heatmap: average marginal effects by genre and feature."),
    (r"genre_map", "likeness", "Map: genres and features in two dimensions."),
    (r"genre_tree", "likeness", "Dendrogram: which genres are most alike."),
    (r"genre_distances", "likeness", "Heatmap: distances between genres."),
    (r"term_tests.*", "terms", "Dot plot: how much each term of the model carries."),
    (r"(feature|term)_strength", "strength", "Dot plot: what the model loses with each feature shuffled."),
    (r"strongest.*", "effects", "Dot plot: the largest effects with their intervals."),
    (r"coefficient.*", "effects", "Heatmap: coefficients by genre and term."),
    (r"effect_curve.*|curve.*", "effects", "Curves: probability of genres along each feature."),
    (r"(genre_)?gvif.*", "gvif", "Dot plot: variance inflation of each term."),
    (r"separat.*", "separated", "Plot: combinations of genre and level that never occur."),
    (r"corrected_calibration", "corrected", "Reliability curves: stated probability and share right, by correction."),
    (r"set_coverage", "sets", "Scatter plots: how often sets hold the genre, and their size, by genre."),
    (r"cards_by_fold", "folds", "Dot plots: log-loss, top-1 and top-5 of each model over all folds, with intervals."),
    (r"model_cards", "cards", "Dot plots: log-loss, top-1 and top-5 of each model with intervals."),
    (r"family_.*", "families", "Dot plot: recall of each family of genres."),
    (r"model_comparison.*|models?", "recognition", "Dot plot: accuracy and log-loss of each model by split."),
    (r"recall.*", "recalls", "Dot plot: recall and precision of each genre."),
    (r"worst_confusion.*", "confusions", "Dot plot: the pairs of genres confused most."),
    (r"confusion.*", "confusions", "Heatmap: true genres in rows, predicted genres in columns."),
    (r"calibration.*|reliab.*", "calibration", "Curve: share of right answers against stated probability."),
)


def in_part(captioned: Mapping[str, str], part: str) -> list[Block]:
    """Return the figures of a part of the page in order, each with its caption and what it shows."""
    placed = [(place, name) for name in captioned if (place := _place(name))[1] == part]
    return [figure(name, captioned[name], alt) for (_, _, alt), name in sorted(placed)]


def smaller(files: Mapping[str, bytes]) -> bytes | None:
    """Return the smaller of a figure's files, by name, as it goes into the page; None where there is none.

    A PNG does in 256 colours of its own, a third of its size; the file keeps them all.
    """
    shown = [_in_few_colours(data) if name.endswith(".png") else data for name, data in files.items()]
    return min(shown, key=len, default=None)


def _in_few_colours(picture: bytes) -> bytes:
    """Return a PNG with a palette of 256 colours."""
    buffer = io.BytesIO()
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(buffer, "PNG")
    return buffer.getvalue()


def data_uri(picture: bytes) -> str:
    """Return a picture as a URI that holds it."""
    kind = "png" if picture.startswith(b"\x89PNG") else "svg+xml"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def _place(name: str) -> tuple[int, str, str]:
    for rank, (pattern, part, alt) in enumerate(_PLACES):
        if re.fullmatch(pattern, name):
            return rank, part, alt
    return len(_PLACES), FURTHER, f"Figure {name}."
