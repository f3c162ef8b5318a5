"""A result as text that stays readable at 114 classes: the tests of whole terms, then what is strongest."""

import pandas as pd

from genreglm.designs import INTERCEPT
from genreglm.result.model import Result
from genreglm.result.tables import anova, glance, tidy

_WIDTH = 100


def summary(result: Result, strongest: int = 20) -> str:
    """Return statistics, tests of terms, and the `strongest` coefficients by |statistic| as text."""
    parts = [_header(result)]
    if result.inference is not None:
        parts.append(_terms(result))
    parts.append(_coefficients(result, strongest))
    if result.separated:
        parts.append(_separated(result))
    return "\n\n".join(parts) + "\n"


def _header(result: Result) -> str:
    numbers = glance(result).iloc[0]
    inference = result.inference
    covariance = "none" if inference is None else str(inference.kind)
    if inference is not None and inference.clusters:
        covariance += f" by {inference.clusters} ({inference.units:,.0f} clusters)"
    left = [
        ("Formula", result.design.formula),
        ("Rows (sum of weights)", f"{numbers['nobs']:,.0f}"),
        ("Classes", f"{len(result.classes)}"),
        ("Free parameters", f"{result.df_model:,}"),
        ("Log-likelihood", f"{numbers['log_likelihood']:,.3f}  (null {numbers['null_log_likelihood']:,.3f})"),
        ("Pseudo-R2", f"McFadden {numbers['mcfadden_r2']:.4f}, Nagelkerke {numbers['nagelkerke_r2']:.4f}"),
        ("AIC, BIC", f"{numbers['aic']:,.1f}, {numbers['bic']:,.1f}"),
        ("Penalty", "none" if result.penalty is None else repr(result.penalty)),
        ("Covariance", covariance),
        ("Solver", f"{result.statistics.outcome} ({result.statistics.iterations} steps)"),
    ]
    return "Multinomial GLM\n" + "=" * _WIDTH + "\n" + "\n".join(f"{name:<24}{value}" for name, value in left)


def _terms(result: Result) -> str:
    tests = anova(result, "III").sort_values("statistic", ascending=False)
    shown = pd.DataFrame(
        {
            "term": tests["term"],
            "Wald chi2": tests["statistic"].map("{:,.1f}".format),
            "df": tests["df"],
            "chi2 / df": (tests["statistic"] / tests["df"]).map("{:,.2f}".format),
            "log10 p": tests["log10_p"].map("{:,.1f}".format),
        }
    )
    return _titled("Wald test of each term (all classes together)", shown)


def _coefficients(result: Result, strongest: int) -> str:
    table = tidy(result, reference=None)
    intercepts = table["term"] == INTERCEPT
    ranked = table[~intercepts].assign(size=lambda rows: rows["statistic"].abs().fillna(-1.0))
    if result.inference is None:
        ranked["size"] = ranked["estimate"].abs()
    ranked = ranked.sort_values(["size", "class", "term"], ascending=[False, True, True]).head(strongest)
    shown = ranked[["class", "term"]].copy()
    for name in ("estimate", "std_error", "statistic", "log10_p"):
        shown[name] = ranked[name].map("{:.4g}".format)
    return _titled(
        f"The {len(shown)} strongest of {int((~intercepts).sum()):,} coefficients, against the mean of the classes",
        shown,
    )


def _separated(result: Result) -> str:
    cells: dict[str, list[str]] = {}
    for cell in result.separated:
        cells.setdefault(cell.level, []).append(str(cell.label))
    lines = [f"  {level} never occurs in: {', '.join(labels)}" for level, labels in cells.items()]
    return (
        f"{len(result.separated)} separated cells: their maximum-likelihood estimate is infinite. The estimate shown "
        "elsewhere\nis finite by the prior, and carries no standard error and no test:\n" + "\n".join(lines)
    )


def _titled(title: str, table: pd.DataFrame) -> str:
    return f"{title}\n{'-' * _WIDTH}\n{table.to_string(index=False)}"
