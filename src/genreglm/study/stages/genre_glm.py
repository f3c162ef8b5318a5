"""Stage 6: the multinomial GLM of genre that carries inference, in three steps, clustered by artist."""

from typing import Any

import pandas as pd

from genreglm.diagnostics import cells_table, vif
from genreglm.importance import term_effects
from genreglm.result import Result
from genreglm.result.adjust import adjusted
from genreglm.study.context import Study
from genreglm.study.curves import effect_curves, genre_curves, source_columns
from genreglm.study.formulas import factor_terms
from genreglm.study.genre_models import add_curves, fit_what_rows_allow, simplify
from genreglm.study.inference_model import keep_inference_model
from genreglm.tracks.recipe import Recipe

# A term's effect is a mean over rows, and so many tell its second digit.
_EFFECT_ROWS = 30_000


def run(study: Study) -> None:
    """Leave the three summaries, the tests, coefficients, GVIF, traces and curves of the inference models."""
    store, config = study.store, study.config
    found = store.read_json("work/preprocess.json")
    tracks = store.read_frame("tracks")
    terms = [*found["features"], *factor_terms(found["factors"], tracks)]
    first = fit_what_rows_allow(terms, tracks, study.note)
    initial = first.result
    _tell(study, "initial", initial)
    seen = tracks.sample(min(len(tracks), _EFFECT_ROWS), random_state=config.seed)
    tests = _tests(initial, seen)
    simpler = simplify(first.terms, tests, tracks, config.simplify_tolerance, study.note)
    store.table("simplification_trace", simpler.trace)
    second = first
    if simpler.terms != first.terms:
        second = fit_what_rows_allow(simpler.terms, tracks, study.note, initial)
    simplified = second.result
    _tell(study, "simplified", simplified)
    higher, curve_trace = add_curves(
        second.terms, found["features"], tracks, simplified, config.max_inference_columns, study.note
    )
    store.table("higher_order_trace", curve_trace)
    _tell(study, "higher-order", higher)
    models = {"initial": initial, "simplified": simplified, "higher_order": higher}
    keep_inference_model(store, simplified)
    _write_tables(study, models, tests, seen)
    _write_summaries(study, models)
    recipe = Recipe.from_dict(store.read_json("work/recipe.json"))
    kept = [name for name in found["features"] if name in higher.design.variables]
    sources = source_columns(recipe, kept)
    store.table("effect_curves", effect_curves(higher, recipe, tracks, sources))
    if sources:
        store.table("genre_curves", genre_curves(higher, recipe, tracks, sources))
    set_aside = first.set_aside | second.set_aside
    store.json("work/genre_models.json", _findings(models, tests, set_aside, simpler.trace, curve_trace))


def _tell(study: Study, name: str, result: Result) -> None:
    study.note(
        f"{name}: {len(result.design.columns)} columns x {len(result.classes)} genres, McFadden R2 "
        f"{result.glance()['mcfadden_r2'].iloc[0]:.4f}, {result.statistics.iterations} steps, "
        f"{len(result.separated)} separated cells"
    )


def _write_tables(study: Study, models: dict[str, Result], tests: pd.DataFrame, seen: pd.DataFrame) -> None:
    store = study.store
    store.table("term_tests", tests)
    store.table("coefficients", models["simplified"].tidy(reference=None, adjust="bh"))
    store.table("coefficients_initial", models["initial"].tidy(reference=None, adjust="bh"))
    for name in ("simplified", "higher_order"):
        store.table(f"term_tests_{name}", _tests(models[name], seen))
    store.table("coefficients_higher_order", models["higher_order"].tidy(reference=None, adjust="bh"))
    store.table("genre_models", pd.concat([m.glance().assign(model=name) for name, m in models.items()]))
    store.table("gvif_genre_model", vif(models["initial"]))
    initial = models["initial"]
    assert initial.source is not None
    store.table("separated_cells", cells_table(initial.separated))
    matrix = models["simplified"].design.matrix(initial.source)
    scales = pd.DataFrame({"term": models["simplified"].design.columns, "sd": matrix.std(axis=0)})
    store.table("column_scales", scales)


def _tests(result: Result, seen: pd.DataFrame) -> pd.DataFrame:
    """Return each term's Wald test given all others, adjusted for their number, and how large its effect is in rows."""
    tests = result.anova(type="III")
    tests = tests.assign(p_adjusted=adjusted(tests["p_value"].to_numpy(dtype=float), "bh"))
    return tests.merge(term_effects(result, seen).rename(columns={"size": "typical_effect"}), on="term", how="left")


def _write_summaries(study: Study, models: dict[str, Result]) -> None:
    """Write both GLMs, of popularity and of genre, into the seed's three text files."""
    popularity = study.store.read_json("work/popularity_texts.json")
    rule = "#" * 100
    for name, result in models.items():
        own = (
            f"{rule}\n# The GLM of popularity: {name.replace('_', '-')}\n{rule}\n\n{popularity[name]}\n\n"
            if name in popularity
            else ""
        )
        genre = f"{rule}\n# The multinomial GLM of genre: {name.replace('_', '-')}\n{rule}\n\n{result.summary(30)}"
        study.store.text(f"{name}_glm_summary.txt", own + genre)


def _findings(
    models: dict[str, Result],
    tests: pd.DataFrame,
    set_aside: dict[str, str],
    simplification: pd.DataFrame,
    curves: pd.DataFrame,
) -> dict[str, Any]:
    described = []
    for name, result in models.items():
        row = result.glance().iloc[0]
        described.append(
            {
                "name": name,
                "formula": result.design.formula,
                "columns": len(result.design.columns),
                "parameters": result.df_model,
                **{key: float(row[key]) for key in ("log_likelihood", "mcfadden_r2", "aic", "bic")},
            }
        )
    dropped = simplification[simplification["dropped"].astype(bool)] if len(simplification) else simplification
    cells: dict[str, list[str]] = {}
    for cell in models["initial"].separated:
        cells.setdefault(cell.level, []).append(str(cell.label))
    ranked = tests.assign(ratio=tests["statistic"] / tests["df"]).sort_values("ratio", ascending=False)
    return {
        "models": described,
        "set_aside": [{"term": term, "reason": reason} for term, reason in set_aside.items()],
        "dropped": [
            {"term": row["term"], "log_loss_change": row["log_loss_without"] - row["log_loss_with"]}
            for row in dropped.to_dict("records")
        ],
        "splines": curves.loc[curves["verdict"] == "entered", "feature"].tolist(),
        "separated": [{"level": level, "labels": labels} for level, labels in cells.items()],
        "strongest": ranked["term"].head(3).tolist(),
    }
