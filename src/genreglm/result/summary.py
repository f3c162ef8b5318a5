"""What a summary shows, as plain values: facts, panels of words and numbers, notes. Text, HTML and LaTeX draw it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from genreglm.designs import INTERCEPT
from genreglm.errors import OptionError
from genreglm.result.anova import anova
from genreglm.result.glance import glance
from genreglm.result.model import Result
from genreglm.result.tidy import tidy


@dataclass(frozen=True)
class Panel:
    """A table ready to be drawn: cells are formatted, the first `words` columns hold words, the rest numbers."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int


@dataclass(frozen=True)
class Summary:
    """A fit as a person reads it: title, facts by name, panels, and notes on what to keep in mind."""

    title: str
    facts: tuple[tuple[str, str], ...]
    panels: tuple[Panel, ...]
    notes: tuple[str, ...]


def summarise(result: Result, strongest: int | None = 20, classes: Sequence[Any] | None = None) -> Summary:
    """Collect statistics, the test of each term, the strongest coefficients, and what no test can say.

    At 114 classes nobody reads every coefficient: they come by |statistic| (by |estimate| where the fit has no
    covariance), against the mean of the classes, so that none depends on a reference.

    Parameters
    ----------
    strongest : how many coefficients; None for all, class by class
    classes : only those of these classes; None for all

    Raises
    ------
    OptionError
        For a negative number, or a class that the model does not have.
    """
    if strongest is not None and strongest < 0:
        raise OptionError(f"strongest={strongest!r} must be at least 0, or None for all coefficients.")
    panels = [] if result.inference is None else [_terms(result)]
    return Summary(
        "Multinomial GLM", _facts(result), (*panels, _coefficients(result, strongest, classes)), tuple(_notes(result))
    )


def _facts(result: Result) -> tuple[tuple[str, str], ...]:
    numbers = glance(result).iloc[0]
    return (
        ("Formula", result.design.formula),
        (_rows_named(result), f"{numbers['nobs']:,.0f}"),
        ("Classes", f"{len(result.classes)}"),
        ("Free parameters", f"{result.df_model:,}"),
        ("Log-likelihood", f"{numbers['log_likelihood']:,.3f}  (null {numbers['null_log_likelihood']:,.3f})"),
        (
            "Pseudo-R2",
            f"McFadden {numbers['mcfadden_r2']:.4f}, Nagelkerke {numbers['nagelkerke_r2']:.4f}, "
            f"Tjur {numbers['tjur_r2']:.4f}",
        ),
        ("Told right", f"{numbers['count_r2']:.4f}  (beyond the largest class {numbers['count_r2_adjusted']:.4f})"),
        ("AIC, BIC", f"{numbers['aic']:,.1f}, {numbers['bic']:,.1f}"),
        ("Penalty", "none" if result.penalty is None else repr(result.penalty)),
        ("Covariance", _covariance(result)),
        ("Solver", f"{result.statistics.outcome} ({_effort(result)})"),
    )


def _rows_named(result: Result) -> str:
    return "Rows" if result.statistics.weight_kind == "importance" else "Rows (sum of weights)"


def _effort(result: Result) -> str:
    """Return `7 steps`, and `19 passes over the rows` where they were met in passes."""
    steps, passes = result.statistics.iterations, result.statistics.passes
    return f"{steps} steps, {passes} passes over the rows" if passes else f"{steps} steps"


def _covariance(result: Result) -> str:
    inference = result.inference
    if inference is None:
        return "none"
    if not inference.clusters:
        return str(inference.kind)
    return f"{inference.kind} by {inference.clusters} ({inference.units:,.0f} clusters)"


def _terms(result: Result) -> Panel:
    tests = anova(result, "III").sort_values("statistic", ascending=False)
    ratio = tests["statistic"] / tests["df"].where(tests["df"] > 0)
    columns = {
        "term": tests["term"],
        "Wald chi2": tests["statistic"].map("{:,.1f}".format),
        "df": tests["df"].map("{:,d}".format),
        "chi2 / df": ratio.map("{:,.2f}".format),
        "log10 p": tests["log10_p"].map("{:,.1f}".format),
    }
    return _panel("Wald test of each term (all classes together)", columns, 1)


def _coefficients(result: Result, strongest: int | None, classes: Sequence[Any] | None) -> Panel:
    table = tidy(result, reference=None)
    table = table[(table["term"] != INTERCEPT) & ~table["term"].isin(result.design.aliased)]
    among = ""
    if classes is not None:
        _require_classes(result, classes)
        table, among = table[table["class"].isin(list(classes))], f" of {', '.join(map(str, classes))}"
    shown = table if strongest is None else _strongest(table, strongest)
    which = "All" if strongest is None else f"The {len(shown)} strongest of"
    columns = {"class": shown["class"].map(str), "term": shown["term"]}
    for name, label in (
        ("estimate", "estimate"),
        ("std_error", "std. error"),
        ("statistic", "z"),
        ("log10_p", "log10 p"),
    ):
        columns[label] = shown[name].map("{:.4g}".format)
    return _panel(f"{which} {len(table):,} coefficients{among}, against the mean of the classes", columns, 2)


def _strongest(table: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the first by |statistic|, those without one last; where none has one, by |estimate|."""
    by = "estimate" if table["statistic"].isna().all() else "statistic"
    ranked = table.assign(size=table[by].abs().fillna(-1.0))
    return ranked.sort_values(["size", "class", "term"], ascending=[False, True, True]).head(count)


def _require_classes(result: Result, classes: Sequence[Any]) -> None:
    unknown = [label for label in classes if label not in result.classes]
    if isinstance(classes, str) or unknown:
        raise OptionError(
            f"classes={classes!r} must be a list of classes of the model, such as {list(result.classes[:3])!r}."
        )


def _notes(result: Result) -> list[str]:
    notes = []
    if result.design.aliased:
        notes.append(f"Left out, for they depend linearly on columns before them: {', '.join(result.design.aliased)}.")
    if result.separated:
        notes.append(
            f"{len(result.separated)} separated cells: their maximum-likelihood estimate is infinite. The estimate "
            "shown elsewhere is finite by the prior, and carries no standard error and no test:"
        )
        cells: dict[str, list[str]] = {}
        for cell in result.separated:
            cells.setdefault(cell.level, []).append(str(cell.label))
        notes += [f"{level} never occurs in: {', '.join(labels)}" for level, labels in cells.items()]
    return notes


def _panel(title: str, columns: dict[str, Any], words: int) -> Panel:
    rows = zip(*(list(values) for values in columns.values()), strict=True)
    return Panel(title, tuple(columns), tuple(tuple(map(str, row)) for row in rows), words)
