"""The popularity study: three models in two families, their check on unheard artists, and the tables."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from genreglm.engine.threads import single_threaded_blas
from genreglm.study.popularity import higher_order, residuals, stepwise
from genreglm.study.popularity.collinearity import vif_table
from genreglm.study.popularity.comparison import comparison_table, leak_table
from genreglm.study.popularity.design import Design, Matrix, build
from genreglm.study.popularity.effects import (
    coefficient_table,
    curve_table,
    level_table,
    profiles,
    term_table,
)
from genreglm.study.popularity.findings import Finding, findings
from genreglm.study.popularity.model import FAMILIES, PopularityFit, fit
from genreglm.study.popularity.rows import PopularityRows, prepare
from genreglm.study.popularity.summary import describe

MODELS = ("initial", "simplified", "higher_order")
TITLES = {"initial": "initial model", "simplified": "simplified model", "higher_order": "higher-order model"}
Fits = dict[tuple[str, str], PopularityFit]


@dataclass(frozen=True)
class PopularityStudy:
    """What the study of popularity leaves.

    `tables` by file stem: popularity_comparison, popularity_coefficients, popularity_terms,
    popularity_steps, popularity_curvature, popularity_leak, vif_values, popularity_effects,
    popularity_levels, popularity_residuals, popularity_residual_histogram, popularity_residual_qq.
    `texts` by model: initial, simplified, higher_order. `findings`: the numbers that a report tells.
    """

    tables: dict[str, pd.DataFrame]
    texts: dict[str, str]
    findings: dict[str, Finding]


def study_popularity(
    tracks: pd.DataFrame,
    features: Sequence[str],
    factors: Sequence[str],
    criterion: stepwise.Criterion = "wald",
) -> PopularityStudy:
    """Study the popularity of tracks: fit, simplify, bend, compare, and check on artists left out.

    Parameters
    ----------
    tracks
        The clean track frame, with popularity (0..100), artist and split_artist (train, valid, test). A track
        under several genres counts once. Rows of train and valid are learnt from; those of test only scored.
    features
        Continuous columns, already transformed; standardised here.
    factors
        Columns whose values are levels; each enters and leaves whole.
    criterion
        What the simplification asks: the Wald test clustered by artist (default), AIC or BIC.

    Raises
    ------
    DataError
        Columns or values missing, popularity constant or outside 0..100, or too few tracks or artists.
    """
    with single_threaded_blas():
        return _study(prepare(tracks, features, factors), criterion)


def _study(rows: PopularityRows, criterion: stepwise.Criterion) -> PopularityStudy:
    design = build(rows)
    y, clusters = rows.train["popularity"].to_numpy(), rows.clusters
    initial = fit(design, design.initial, y, clusters, "gaussian")
    simple = stepwise.simplify(initial, design, y, clusters, criterion)
    bent = higher_order.add_curves(simple.fitted, design, y, clusters)
    fits: Fits = {}
    for model, gaussian in zip(MODELS, (initial, simple.fitted, bent.fitted), strict=True):
        fits[model, "gaussian"] = gaussian
        fits[model, "fractional"] = fit(design, gaussian.terms, y, clusters, "fractional")
    wide_test = design.apply(rows.test)
    tables = _model_tables(fits, design) | _final_tables(fits, design, rows)
    tables |= _assessment_tables(fits, design, wide_test, rows)
    tables |= {
        "popularity_steps": simple.trace,
        "popularity_curvature": bent.trace,
        "vif_values": vif_table(design, initial.terms),
    }
    texts = _texts(fits, tables["popularity_comparison"], design, _remarks(rows, design, simple, bent))
    return PopularityStudy(tables, texts, findings(tables, _notes(rows, design, fits), rows, simple, bent))


def _model_tables(fits: Fits, design: Design) -> dict[str, pd.DataFrame]:
    """Coefficients and term tests of every model, with model and family in front."""
    coefficients: list[pd.DataFrame] = []
    terms: list[pd.DataFrame] = []
    for (model, family), fitted in fits.items():
        for tables, table in ((coefficients, coefficient_table(fitted)), (terms, term_table(fitted, design))):
            table.insert(0, "model", model)
            table.insert(1, "family", family)
            tables.append(table)
    return {
        "popularity_coefficients": pd.concat(coefficients, ignore_index=True),
        "popularity_terms": pd.concat([t for t in terms if len(t)] or terms[:1], ignore_index=True),
    }


def _final_tables(fits: Fits, design: Design, rows: PopularityRows) -> dict[str, pd.DataFrame]:
    """Effects and residuals of the higher-order model in both families."""
    y = rows.train["popularity"].to_numpy()
    where = profiles(design, rows)
    parts: dict[str, list[pd.DataFrame]] = {}
    for family in FAMILIES:
        fitted = fits["higher_order", family]
        predicted = fitted.predict(design.matrix)
        scaled = residuals.standardised(fitted, y, predicted)
        for name, table in {
            "popularity_effects": curve_table(fitted, design, rows, where),
            "popularity_levels": level_table(fitted, design, rows, where),
            "popularity_residuals": residuals.against_fitted(family, y, predicted),
            "popularity_residual_histogram": residuals.histogram(family, scaled),
            "popularity_residual_qq": residuals.quantile_pairs(family, scaled),
        }.items():
            parts.setdefault(name, []).append(table)
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}


def _assessment_tables(fits: Fits, design: Design, wide_test: Matrix, rows: PopularityRows) -> dict[str, pd.DataFrame]:
    y, held_out = rows.train["popularity"].to_numpy(), rows.test["popularity"].to_numpy()
    return {
        "popularity_comparison": comparison_table(fits, design, wide_test, y, held_out),
        "popularity_leak": leak_table(fits["initial", "gaussian"], design, wide_test, y, held_out, rows.clusters),
    }


def _notes(rows: PopularityRows, design: Design, fits: Fits) -> list[str]:
    """What was left out, merged or remedied, for the report."""
    drawn_in = [TITLES[model] for (model, _), fitted in fits.items() if fitted.drawn_in]
    remedied = f"The fractional estimate did not exist until shares were drawn in: {', '.join(drawn_in)}."
    return [*rows.notes, *design.notes, *([remedied] if drawn_in else [])]


def _remarks(
    rows: PopularityRows,
    design: Design,
    simple: stepwise.Simplification,
    bent: higher_order.Curvature,
) -> dict[str, list[str]]:
    """What each text says about how its model came to be."""
    return {
        "initial": [*rows.notes, *design.notes],
        "simplified": [
            f"Simplified backward by whole terms: {stepwise.STATED[simple.criterion]}.",
            f"Dropped: {', '.join(simple.dropped) or 'nothing'}.",
        ],
        "higher_order": [
            f"Curves: {higher_order.STATED}.",
            f"Curved: {', '.join(bent.curved) or 'nothing'}.",
        ],
    }


def _texts(fits: Fits, comparison: pd.DataFrame, design: Design, remarks: dict[str, list[str]]) -> dict[str, str]:
    return {
        model: describe(
            TITLES[model],
            fits[model, "gaussian"],
            fits[model, "fractional"],
            comparison[comparison["model"] == model],
            design,
            remarks[model],
        )
        for model in MODELS
    }
