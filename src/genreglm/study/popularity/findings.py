"""The numbers that a report tells about popularity, drawn from the tables."""

from collections.abc import Mapping

import pandas as pd

from genreglm.study.popularity.higher_order import Curvature
from genreglm.study.popularity.rows import PopularityRows
from genreglm.study.popularity.stepwise import STATED, Simplification

Finding = float | str | list[str]


def findings(
    tables: Mapping[str, pd.DataFrame],
    notes: list[str],
    rows: PopularityRows,
    simple: Simplification,
    bent: Curvature,
) -> dict[str, Finding]:
    """Return the findings; those of the leak and of the GVIF are absent where there was none to show."""
    return {
        **{name: float(count) for name, count in rows.counts.items()},
        "zero_share": float((rows.train["popularity"] == 0).mean()),
        **_scores(tables["popularity_comparison"]),
        **_leak(tables["popularity_leak"]),
        **_worst_gvif(tables["vif_values"]),
        "strongest_features": _strongest(tables["popularity_terms"]),
        "dropped_terms": simple.dropped,
        "curved_terms": bent.curved,
        "criterion": STATED[simple.criterion],
        "notes": notes,
    }


def _scores(comparison: pd.DataFrame) -> dict[str, Finding]:
    """The higher-order model against the mean of the training tracks, on artists left out."""
    mean = _row(comparison, model="mean only")
    final = _row(comparison, model="higher_order", family="gaussian")
    rival = _row(comparison, model="higher_order", family="fractional")
    return {
        "r2_train": final["deviance_explained_train"],
        "r2_test": final["r2_test"],
        "rmse_mean_only": mean["rmse_test"],
        "rmse_test": final["rmse_test"],
        "rmse_test_fractional": rival["rmse_test"],
        "mae_mean_only": mean["mae_test"],
        "mae_test": final["mae_test"],
        "outside_share": final["outside_share"],
    }


def _leak(leak: pd.DataFrame) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    for model, key in (("honest", "honest"), ("honest + popularity bands", "leaked")):
        if (leak["model"] == model).any():
            row = _row(leak, model=model)
            found |= {f"r2_{key}_train": row["r2_train"], f"r2_{key}_test": row["r2_test"]}
    return found


def _worst_gvif(vif: pd.DataFrame) -> dict[str, Finding]:
    if vif.empty:
        return {}
    worst = vif.to_dict("records")[0]
    return {
        "worst_gvif_term": str(worst["term"]),
        "worst_gvif": float(worst["vif_or_gvif"]),
        "worst_gvif_adjusted": float(worst["gvif_adjusted"]),
    }


def _strongest(terms: pd.DataFrame) -> list[str]:
    """Return the three continuous features that move the higher-order Gaussian model most."""
    final = terms[(terms["model"] == "higher_order") & (terms["family"] == "gaussian")]
    return list(final.loc[final["form"] != "factor", "term"].iloc[:3])


def _row(table: pd.DataFrame, **where: str) -> dict[str, float]:
    """Return the one row of a table that agrees with `where`, its numbers as floats."""
    chosen = table[[all(row[key] == value for key, value in where.items()) for _, row in table.iterrows()]]
    numbers = chosen.select_dtypes("number").astype("float64")
    return {str(name): float(numbers[name].iloc[0]) for name in numbers}
