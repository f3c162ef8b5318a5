"""Measurements into tables: ratios to genreglm, gaps to the best log-likelihood, Markdown."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from benchmarks.measure import Measurement

_SHOWN = {
    "problem": "problem",
    "title": "peer",
    "seconds": "seconds (median)",
    "ratio_to_fit": "x genreglm's fit",
    "ratio_to_covariance": "x its fit with covariance",
    "log_likelihood_gap": "log-likelihood short of the best",
    "mean_gradient": "largest mean gradient",
    "iterations": "iterations",
    "peak_mb": "peak MB",
    "note": "note",
}


def results(measurements: Sequence[Measurement]) -> pd.DataFrame:
    """Return a row a measurement with its ratios to genreglm on the same problem, and its gap to the best there."""
    table = pd.DataFrame([asdict(each) for each in measurements])
    for ratio, ours in (("ratio_to_fit", "genreglm"), ("ratio_to_covariance", "genreglm-covariance")):
        finished = table[(table["peer"] == ours) & ~table["over_limit"]].set_index("problem")["seconds"]
        table[ratio] = table["seconds"] / table["problem"].map(finished).astype(float)
    best = table.groupby("problem")["log_likelihood"].transform("max")
    table["log_likelihood_gap"] = best - table["log_likelihood"]
    return table


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that a person reads, as text."""
    over = table["over_limit"].map({True: "> ", False: ""})
    shown = pd.DataFrame(index=table.index)
    for name, title in _SHOWN.items():
        shown[title] = [_text(name, value) for value in table[name]]
    for name in ("seconds", "ratio_to_fit", "ratio_to_covariance"):
        shown[_SHOWN[name]] = over.where(table[name].notna(), "") + shown[_SHOWN[name]]
    return shown


def _text(name: str, value: object) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return ""
    if not isinstance(value, float):
        return str(value)
    match name:
        case "log_likelihood_gap":
            return f"{value:.1e}" if value >= 1e-6 else "< 1e-6"
        case "mean_gradient":
            return f"{value:.1e}"
        case "peak_mb" | "iterations":
            return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return any table as text, numbers to three digits."""
    return table.map(lambda value: _text("", value))


def markdown(shown: pd.DataFrame) -> str:
    """Return a table of text as Markdown."""
    lines = [shown.columns.tolist(), ["---"] * shown.shape[1], *shown.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "/") for cell in line) + " |" for line in lines) + "\n"
