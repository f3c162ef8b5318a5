"""The multinomial GLM of genre that carries the inference: three models, their tests, effects and gaps."""

from typing import Any

import numpy as np
import pandas as pd

from genreglm.naming import term
from genreglm.plots.text import sentence
from genreglm.study.report.blocks import Block, bullets, facts, heading, section, table, text
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.figures import in_part
from genreglm.study.report.words import count, counted, names, number, p_value, say

_EFFECTS_A_GENRE = 3
_TEST_COLUMNS = ("term", "typical_effect", "conf_low", "conf_high", "per_df", "statistic", "df", "p_adjusted")
_EFFECT_COLUMNS = ("class", "term", "estimate", "conf_low", "conf_high", "std_error", "statistic", "p_adjusted")
_BASE = "the base level of "  # how a fit names the level that the others are compared with
_MODEL_NAMES = {"initial": "Initial", "simplified": "Simplified", "higher_order": "Higher-order"}


def genre_model(evidence: Evidence) -> Block:
    """Tell the three models, what each term carries, the largest effects, collinearity and separated cells."""
    if not evidence.findings["genre_models"]:
        absent = text("The output folder holds no genre GLM, so there is nothing to tell.")
        return section("genre-model", "The genre GLM", [absent], short="Genre model")
    return section(
        "genre-model",
        "The genre GLM",
        [
            _what(evidence),
            heading("Initial, simplified, higher-order"),
            _models(evidence),
            table(_model_table(evidence), "The three models", "work/genre_models.json", folded=False),
            facts(_formulas(evidence)),
            _choice(evidence),
            table(_steps(evidence), "Simplification, step by step", "tables/simplification_trace.csv", folded=True),
            _table(evidence, "higher_order_trace", "Higher-order terms, step by step"),
            heading("What each term carries"),
            _tests(evidence),
            *in_part(evidence.captions, "terms"),
            table(
                _by_strength(evidence.table("term_tests")),
                _tests_title(evidence),
                "tables/term_tests.csv",
                folded=False,
            ),
            table(
                _by_strength(evidence.table("term_tests_higher_order")),
                "Term tests of the higher-order model",
                "tables/term_tests_higher_order.csv",
                folded=True,
            ),
            heading("Coefficients"),
            _reading(),
            *in_part(evidence.captions, "effects"),
            table(
                _largest(evidence),
                "The largest effects of each genre",
                "tables/coefficients.csv",
                folded=True,
            ),
            heading("Collinearity"),
            _gvif(evidence.table("gvif_genre_model")),
            *in_part(evidence.captions, "gvif"),
            _table(evidence, "gvif_genre_model", "GVIF of the genre model"),
            heading("Separated cells", "separated"),
            *_separated(evidence),
            *in_part(evidence.captions, "separated"),
        ],
        short="Genre model",
    )


def _table(evidence: Evidence, name: str, title: str, *, folded: bool = True) -> Block | None:
    return table(evidence.table(name), title, f"tables/{name}.csv", folded=folded)


def _what(evidence: Evidence) -> Block | None:
    clustered = "clustered by first artist, because tracks of one artist resemble each other"
    return text(
        say(
            "One model holds all {genres} at once.",
            genres=counted(evidence.get("preprocess.genres"), "genre"),
        ),
        "It is fitted to all rows by maximum likelihood and carries every standard error and test; the "
        "accuracies further down come from other models, fitted to training rows only.",
        f"Standard errors are {clustered}."
        if evidence.by_artist
        else "The table names no artists, so each track is a cluster of its own.",
    )


def _models(evidence: Evidence) -> Block | None:
    models = {str(model.get("name")): model for model in evidence.several("genre_models.models")}
    last = models.get("higher_order") or models.get("simplified") or models.get("initial") or {}
    return text(
        say(
            "The last model has {columns} for each genre, {parameters} parameters in all, and a McFadden R² of {r2}.",
            columns=counted(last.get("columns"), "column"),
            parameters=count(last.get("parameters")),
            r2=number(last.get("mcfadden_r2"), 3),
        )
    )


def _model_table(evidence: Evidence) -> pd.DataFrame | None:
    models = evidence.several("genre_models.models")
    if not models:
        return None
    frame = pd.DataFrame(models).drop(columns="formula", errors="ignore")
    return frame.rename(columns={"name": "model"}).replace({"model": _MODEL_NAMES})


def _formulas(evidence: Evidence) -> list[tuple[str, str | None]]:
    models = evidence.several("genre_models.models")
    return [(_MODEL_NAMES.get(model.get("name"), "Model"), model.get("formula")) for model in models]


def _choice(evidence: Evidence) -> Block | None:
    dropped = names((term(item["term"]) for item in evidence.several("genre_models.dropped")), most=20)
    splines = names(
        (term(name).removesuffix(" (spline)") for name in evidence.several("genre_models.splines")), most=20
    )
    held_out = "artists" if evidence.by_artist else "tracks"
    aside = names((term(item["term"]) for item in evidence.several("genre_models.set_aside")), most=20)
    return text(
        say("Set aside from the start, since with them the rows allow no estimate: {aside}.", aside=aside),
        "Whole terms are tried from the weakest, by their Wald statistic per degree of freedom, and dropped "
        f"as long as the log-loss on held-out {held_out} does not rise; once rows are many, a test at 5 % "
        "keeps nearly everything.",
        say("Dropped: {dropped}.", dropped=dropped) or "No term was dropped.",
        "Then features may bend where AIC asks for it, the strongest first.",
        say("Bent: {splines}.", splines=splines) or "No feature was.",
    )


def _steps(evidence: Evidence) -> pd.DataFrame | None:
    """The trace without the unadjusted p-value."""
    trace = evidence.table("simplification_trace")
    return None if trace is None else trace.drop(columns="log10_p", errors="ignore")


def _tests(evidence: Evidence) -> Block | None:
    tests = evidence.table("term_tests")
    if tests is None or "p_value" not in tests:
        return None
    unclear = tests.loc[tests["p_value"] > 0.05]
    listed = names(
        f"{term(row['term'])} (statistic {number(row['statistic'], 0)} on {count(row['df'])} degrees of freedom, "
        f"p = {p_value(row['p_value'])})"
        for row in unclear.to_dict("records")
    )
    return text(
        "Wald tests of whole terms over all genres. Compare terms by the statistic per degree of freedom: with "
        "many rows nearly every term differs from nothing, and the p-value says no more than that. The typical effect "
        "says how much: the standard deviation of what a term adds to the log-odds among the genres that a track may "
        "be of, less what noise alone would add.",
        say("Not told from nothing: {listed}.", listed=listed),
    )


def _tests_title(evidence: Evidence) -> str:
    return (
        "Term tests of the initial model, clustered by artist"
        if evidence.by_artist
        else "Term tests of the initial model, clustered by track"
    )


def _by_strength(tests: pd.DataFrame | None) -> pd.DataFrame | None:
    """Order term tests by strength: the statistic grows with the degrees of freedom, so per each of them."""
    if tests is None or not {"statistic", "df"} <= set(tests.columns):
        return tests
    per_df = tests["statistic"] / tests["df"]
    ranked = tests.assign(per_df=per_df).sort_values("per_df", ascending=False, kind="stable")
    return ranked[[name for name in _TEST_COLUMNS if name in ranked]]


def _reading() -> Block | None:
    return text(
        "A coefficient says how the log-odds of a genre change with a feature, relative to the mean of all "
        "genres, with the other features held where they are."
    )


def _largest(evidence: Evidence) -> pd.DataFrame | None:
    """The few coefficients of each genre that stand out most from their standard errors."""
    table_ = evidence.table("coefficients")
    if table_ is None or "statistic" not in table_:
        return None
    sound = table_[(table_["term"] != "(Intercept)") & np.isfinite(table_["statistic"]) & table_["p_value"].notna()]
    ranked = sound.sort_values("statistic", key=abs, ascending=False, kind="stable")
    few: pd.DataFrame = ranked[ranked.groupby("class").cumcount() < _EFFECTS_A_GENRE]
    return few.sort_values("class", kind="stable")[[name for name in _EFFECT_COLUMNS if name in few]]


def _gvif(gvif: pd.DataFrame | None) -> Block | None:
    if gvif is None or gvif["gvif_adjusted"].isna().all():
        return None
    worst = gvif.sort_values("gvif_adjusted", ascending=False).to_dict("records")[0]
    if np.isinf(worst["gvif_adjusted"]):
        return text(f"One term can be computed from the others: {term(worst['term'])}.")
    return text(
        f"The most collinear term is {term(worst['term'])}: adjusted GVIF {number(worst['gvif_adjusted'])}, "
        "the factor by which the other terms widen its intervals. Up to 2.2 (a VIF of 5) is usually taken as "
        "harmless."
    )


def _separated(evidence: Evidence) -> list[Block | None]:
    cells = evidence.several("genre_models.separated")
    if not cells:
        return [text("No genre lacks a level of a factor, so every estimate exists.")]
    return [
        text(
            "Some combinations of genre and level never occur. The data then push the coefficient towards "
            "infinity, and no maximum-likelihood estimate exists. A weak prior on those "
            "cells gives them a finite estimate, and they have no Wald p-value."
        ),
        bullets(_cell(cell) for cell in cells),
        _table(evidence, "separated_cells", "All separated cells"),
    ]


def _cell(cell: dict[str, Any]) -> str | None:
    """`“explicit lyrics: yes” never occurs in 2 genres (ambient and sleep).`"""
    labels: list[str] = cell.get("labels") or []
    if not labels or "level" not in cell:
        return None
    who = names(labels) if len(labels) == 1 else f"{len(labels)} genres ({names(labels)})"
    owner = cell["level"].removeprefix(_BASE)
    what = f"“{term(owner)}”" if owner == cell["level"] else f"{_BASE}{term(owner)}"
    return sentence(f"{what} never occurs in {who}.")
