"""How a column of a table reads: its label and the format of its values."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from genreglm import naming
from genreglm.study.report import words


@dataclass(frozen=True)
class Column:
    """A column: `format` is text, term, count, percent, p, figures, number:DIGITS, or by_error.

    The last is for an estimate in a table that tells its uncertainty: each row shows as many digits as its standard
    error, or its interval, leaves any meaning to.
    """

    key: str
    label: str
    format: str


_KNOWN = {
    "accuracy": ("Share right", "percent"),
    "action": ("What was done", "text"),
    "any_label": ("Any of its labels", "percent"),
    "any_label_high": ("to", "percent"),
    "any_label_low": ("from", "percent"),
    "artist": ("Artist", "text"),
    "bin": ("Bin", "count"),
    "boosting_recall": ("Boosting's recall", "percent"),
    "brier": ("Brier score", "number:3"),
    "checked": ("Bins", "count"),
    "chosen": ("Chosen", "text"),
    "change": ("Change without it", "number:4"),
    "class": ("Genre", "text"),
    "class_1": ("Genre", "text"),
    "class_2": ("And", "text"),
    "conf_high": ("95 % to", "number:3"),
    "conf_low": ("95 % from", "number:3"),
    "confidence": ("Stated probability", "percent"),
    "correction": ("Correction", "text"),
    "cooksd": ("Cook's distance", "figures"),
    "coverage": ("Tracks held", "percent"),
    "delta_deviance": ("Fall of the deviance", "number:1"),
    "deviance_share": ("Share of the explained deviance lost without it", "percent"),
    "df": ("Degrees of freedom", "count"),
    "distance": ("Distance", "number:2"),
    "dropped": ("Dropped", "term"),
    "ece": ("Calibration error", "number:3"),
    "effect": ("Effect in the median genre (log-odds)", "number:2"),
    "empty": ("Empty sets", "percent"),
    "estimate_without": ("Without them", "number:3"),
    "expected": ("The model expected", "text"),
    "f1": ("F1", "percent"),
    "fallback": ("Genres without a threshold of their own", "count"),
    "family": ("Family", "text"),
    "family_log_loss": ("Family log-loss (nats)", "number:3"),
    "family_of_top_1": ("Family of the top genre", "percent"),
    "family_top_1": ("Family", "percent"),
    "feature": ("Feature", "term"),
    "features": ("Features", "text"),
    "genres": ("Genres", "count"),
    "group_coverage": ("Tracks of an artist held", "percent"),
    "guarantee": ("Promised to", "text"),
    "gvif": ("GVIF", "number:2"),
    "gvif_adjusted": ("GVIF^(1/(2 df))", "number:2"),
    "hat": ("Leverage", "number:3"),
    "in_errors": ("Change in std. errors", "number:2"),
    "increase": ("Rise in log-loss when shuffled", "number:4"),
    "kind": ("Kind", "text"),
    "largest_family": ("Naming the largest", "percent"),
    "log_odds_apart": ("Log-odds between them (SD)", "number:2"),
    "log10_p": ("log₁₀ p", "number:1"),
    "log_likelihood": ("Log-likelihood", "number:1"),
    "log_loss": ("Log-loss (nats)", "number:3"),
    "log_loss_high": ("to", "number:3"),
    "log_loss_low": ("from", "number:3"),
    "lr_share": ("Share of the likelihood ratios", "percent"),
    "macro_f1": ("Macro F1", "percent"),
    "mae_test": ("Mean absolute error", "number:2"),
    "manner": ("Way to fit", "text"),
    "mcfadden_r2": ("McFadden R²", "number:4"),
    "mean_size": ("Genres in a set", "number:1"),
    "outside_share": ("Fitted outside 0 to 100", "percent"),
    "p_adjusted": ("p, adjusted", "p"),
    "p_value": ("p", "p"),
    "parameters": ("Parameters", "count"),
    "peak_mb": ("Peak memory (MB)", "count"),
    "per_df": ("Statistic per degree of freedom", "figures"),
    "precision": ("Precision", "percent"),
    "predicted": ("Taken for", "text"),
    "probability": ("Probability of its genre", "percent"),
    "r2_change": ("Change in R²", "number:5"),
    "r2_test": ("R² on held-out tracks", "number:3"),
    "r2_train": ("R² on training tracks", "number:3"),
    "rate": ("Share of the true genre", "percent"),
    "recall": ("Recall", "percent"),
    "rmse_test": ("RMSE, held out", "number:2"),
    "rmse_train": ("RMSE, training", "number:2"),
    "scope": ("Rows of", "text"),
    "seconds": ("Seconds", "number:1"),
    "share": ("Share", "percent"),
    "share_outside": ("Bins outside", "percent"),
    "shared": ("Also under another genre", "percent"),
    "spearman": ("Spearman's ρ", "number:2"),
    "std_error": ("Std. error", "number:3"),
    "support": ("Test tracks", "count"),
    "taken_for": ("Most taken for", "text"),
    "taken_rate": ("How often", "percent"),
    "term": ("Term", "term"),
    "top_1": ("Top-1", "percent"),
    "top_1_high": ("to", "percent"),
    "top_1_low": ("from", "percent"),
    "top_3": ("Top-3", "percent"),
    "top_5": ("Top-5", "percent"),
    "top_5_high": ("to", "percent"),
    "top_5_low": ("from", "percent"),
    "track_genre": ("Genre", "text"),
    "track_name": ("Track", "text"),
    "true": ("True genre", "text"),
    "typical_effect": ("Typical effect (log-odds)", "number:2"),
    "unseen": ("Rows not scored", "count"),
    "variable": ("Feature", "term"),
    "vif_or_gvif": ("VIF or GVIF", "number:2"),
    "z": ("z", "number:1"),
}
_ACRONYMS = {
    "aic": "AIC",
    "bic": "BIC",
    "sd": "SD",
    "q25": "25 %",
    "q75": "75 %",
    "q10": "10 %",
    "q90": "90 %",
}


# What is an estimate or is measured like one; the last two are ends of an interval of 95 %.
_UNCERTAIN = (
    "change", "estimate", "estimate_without", "log_odds_apart", "mean", "typical_effect",
    "std_error", "conf_low", "conf_high",
)  # fmt: skip
_STANDARD_ERRORS_ACROSS = 2 * 1.96  # an interval of 95 %


def column(name: str, values: pd.Series, beside: Sequence[str] = ()) -> Column:
    """Return how a column reads that stands `beside` others; one that is not known goes by its type."""
    if name in _UNCERTAIN and ("std_error" in beside or {"conf_low", "conf_high"} <= set(beside)):
        label = _KNOWN[name][0] if name in _KNOWN else _spelt(name)
        return Column(name, label, "by_error")
    if name in _KNOWN:
        label, kind = _KNOWN[name]
        return Column(name, label, "text" if pd.api.types.is_bool_dtype(values) else kind)
    return Column(name, _spelt(name), _by_type(values))


def is_numeric(kind: str) -> bool:
    """Whether a format is one of numbers."""
    return kind not in ("text", "term")


def cell(columns: Sequence[Mapping[str, str]], row: Sequence[Any], place: int) -> str:
    """Return the text of a cell of a table's row."""
    kind = columns[place]["format"]
    return formatted(row[place], kind if kind != "by_error" else _digits(columns, row))


def _digits(columns: Sequence[Mapping[str, str]], row: Sequence[Any]) -> str:
    """Return the format that keeps two digits of the row's standard error; figures where it has none."""
    held = {one["key"]: value for one, value in zip(columns, row, strict=True)}
    error, low, high = (held.get(name) for name in ("std_error", "conf_low", "conf_high"))
    if error is None and low is not None and high is not None:
        error = (high - low) / _STANDARD_ERRORS_ACROSS
    if error is None or not math.isfinite(error) or error <= 0:
        return "figures"
    return f"number:{min(max(1 - math.floor(math.log10(error)), 0), 8)}"


def formatted(value: Any, kind: str) -> str:
    """Return a cell's text; empty for a missing value."""
    if value is None:
        return ""
    if kind == "text":
        return ("yes" if value else "no") if isinstance(value, bool) else words.short(str(value))
    if kind == "term":
        return words.short(naming.term(value))
    name, _, digits = kind.partition(":")
    if name == "number":
        return words.number(value, int(digits)) or ""
    if name == "percent":
        return words.percent(value) or ""
    if name == "figures":
        return words.figures(value) or ""
    return (words.p_value(value) if name == "p" else words.count(value)) or ""


def _spelt(name: str) -> str:
    first, *rest = (_ACRONYMS.get(part, part) for part in name.split("_"))
    return " ".join([first[:1].upper() + first[1:], *rest])


def _by_type(values: pd.Series) -> str:
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return "text"
    held = values.dropna()
    return "count" if len(held) and (held % 1 == 0).all() else "figures"
