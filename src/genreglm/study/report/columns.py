"""How a column of a table reads: its label and the format of its values."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from genreglm import naming
from genreglm.study.report import words


@dataclass(frozen=True)
class Column:
    """A column: `format` is text, term, count, percent, p, figures, or number:DIGITS."""

    key: str
    label: str
    format: str


_KNOWN = {
    "action": ("What was done", "text"),
    "accuracy": ("Share right", "percent"),
    "any_label": ("Any of its labels", "percent"),
    "bin": ("Bin", "count"),
    "brier": ("Brier score", "number:3"),
    "class": ("Genre", "text"),
    "conf_high": ("95 % to", "number:3"),
    "conf_low": ("95 % from", "number:3"),
    "confidence": ("Stated probability", "percent"),
    "df": ("Degrees of freedom", "count"),
    "dropped": ("Dropped", "term"),
    "ece": ("Calibration error", "number:3"),
    "f1": ("F1", "percent"),
    "feature": ("Feature", "term"),
    "features": ("Features", "text"),
    "gvif": ("GVIF", "number:2"),
    "gvif_adjusted": ("GVIF^(1/(2 df))", "number:2"),
    "increase": ("Rise in log-loss when shuffled", "number:4"),
    "log10_p": ("log₁₀ p", "number:1"),
    "log_likelihood": ("Log-likelihood", "number:1"),
    "log_loss": ("Log-loss (nats)", "number:3"),
    "macro_f1": ("Macro F1", "percent"),
    "mae_test": ("Mean absolute error", "number:2"),
    "mcfadden_r2": ("McFadden R²", "number:4"),
    "outside_share": ("Fitted outside 0 to 100", "percent"),
    "p_value": ("p", "p"),
    "peak_mb": ("Peak memory (MB)", "count"),
    "per_df": ("Statistic per degree of freedom", "figures"),
    "precision": ("Precision", "percent"),
    "r2_test": ("R² on held-out tracks", "number:3"),
    "r2_train": ("R² on training tracks", "number:3"),
    "rate": ("Share of the true genre", "percent"),
    "recall": ("Recall", "percent"),
    "rmse_test": ("RMSE, held out", "number:2"),
    "rmse_train": ("RMSE, training", "number:2"),
    "seconds": ("Seconds", "number:1"),
    "share": ("Share", "percent"),
    "shared": ("Also under another genre", "percent"),
    "spearman": ("Spearman's ρ", "number:2"),
    "std_error": ("Std. error", "number:3"),
    "support": ("Test tracks", "count"),
    "term": ("Term", "term"),
    "top_1": ("Top-1", "percent"),
    "top_3": ("Top-3", "percent"),
    "top_5": ("Top-5", "percent"),
    "true": ("True genre", "text"),
    "predicted": ("Taken for", "text"),
    "vif_or_gvif": ("VIF or GVIF", "number:2"),
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


def column(name: str, values: pd.Series) -> Column:
    """Return how a column reads; one that is not known goes by its type."""
    if name in _KNOWN:
        label, kind = _KNOWN[name]
        return Column(name, label, "text" if pd.api.types.is_bool_dtype(values) else kind)
    first, *rest = (_ACRONYMS.get(part, part) for part in name.split("_"))
    label = " ".join([first[:1].upper() + first[1:], *rest])
    return Column(name, label, _by_type(values))


def is_numeric(kind: str) -> bool:
    """Whether a format is one of numbers."""
    return kind not in ("text", "term")


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


def _by_type(values: pd.Series) -> str:
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return "text"
    held = values.dropna()
    return "count" if len(held) and (held % 1 == 0).all() else "figures"
