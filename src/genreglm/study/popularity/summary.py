"""The models in words and columns: what stands in initial_glm_summary.txt and its two sisters."""

import textwrap

import numpy as np
import pandas as pd

from genreglm.study.popularity.design import INTERCEPT, Design, formula_text
from genreglm.study.popularity.effects import coefficient_table, term_table
from genreglm.study.popularity.model import PopularityFit

WIDTH = 100
DRAWN_IN = "The estimate does not exist as it stands: shares were drawn in from 0 and 1, (y (n - 1) + 1/2) / n."


def describe(
    title: str,
    gaussian: PopularityFit,
    fractional: PopularityFit,
    scores: pd.DataFrame,
    design: Design,
    remarks: list[str],
) -> str:
    """Return the Gaussian model, the fractional one beneath it; `scores` are their comparison rows."""
    head = [f"GLM of popularity: {title}", "=" * WIDTH, *_wrapped(formula_text(gaussian.terms)), ""]
    head += [
        f"Learnt from {gaussian.tracks:,} tracks (one row a track) by {gaussian.artists:,} artists; scored "
        "on tracks of artists left out.",
        "Continuous features are in standard deviations, factors against their most frequent level.",
        f"Standard errors and tests are clustered by artist: t and F with {gaussian.artists - 1:,} residual "
        "degrees of freedom.",
        *(line for remark in remarks for line in _wrapped(remark)),
    ]
    parts = [
        _family("Gaussian, identity link (coefficients in popularity points)", gaussian, scores, design),
        _family(
            "Fractional: quasi-binomial, logit link, of popularity / 100 (coefficients in logits)",
            fractional,
            scores,
            design,
        ),
    ]
    return "\n".join([*head, "", *parts])


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent="    ", break_long_words=False)


def _family(heading: str, fitted: PopularityFit, scores: pd.DataFrame, design: Design) -> str:
    score = scores[scores["family"] == fitted.family].iloc[0]
    facts = [
        ("Deviance", f"{fitted.deviance:,.4g}", "Null deviance", f"{fitted.null_deviance:,.4g}"),
        ("Explained", f"{fitted.deviance_explained:.4f}", "on unheard artists", f"{score.r2_test:.4f} (R2)"),
        ("RMSE", f"{score.rmse_train:.3f} points", "on unheard artists", f"{score.rmse_test:.3f} points"),
        ("Dispersion", f"{fitted.scale:,.5g}", "AIC", _or_undefined(fitted.aic)),
        ("Columns", f"{len(fitted.params)}", "BIC", _or_undefined(fitted.bic)),
    ]
    lines = [heading, "-" * WIDTH]
    if fitted.drawn_in:
        lines += [DRAWN_IN, ""]
    lines += [f"{a + ':':<12}{b:>22}    {c + ':':<22}{d:>22}" for a, b, c, d in facts]
    lines += ["", _coefficients(fitted), "", _terms(fitted, design), ""]
    return "\n".join(lines)


def _or_undefined(value: float) -> str:
    return f"{value:,.1f}" if np.isfinite(value) else "undefined"


def _coefficients(fitted: PopularityFit) -> str:
    head = f"{'':<30}{'estimate':>11}{'std. error':>12}{'t':>10}{'p':>10}{'[95 % interval]':>25}"
    lines = [head]
    for row in coefficient_table(fitted).to_dict("records"):
        lines.append(
            f"{row['term']:<30}{row['estimate']:>11.4f}{row['std_error']:>12.4f}{row['statistic']:>10.2f}"
            f"{_p(row['p_value']):>10}{row['conf_low']:>13.4f}{row['conf_high']:>12.4f}"
        )
    return "\n".join(lines)


def _terms(fitted: PopularityFit, design: Design) -> str:
    if not fitted.terms:
        return f"No term is left: the model is its {INTERCEPT.strip('()').lower()}, the mean."
    head = f"{'Whole terms':<30}{'df':>4}{'F':>11}{'p':>10}{'SD of contribution':>22}"
    lines = [head]
    for row in term_table(fitted, design).to_dict("records"):
        lines.append(
            f"{row['term']:<30}{row['df']:>4}{row['statistic']:>11.2f}{_p(row['p_value']):>10}{row['contribution_sd']:>22.4f}"
        )
    return "\n".join(lines)


def _p(value: float) -> str:
    return "<1e-16" if value < 1e-16 else f"{value:.2e}" if value < 1e-4 else f"{value:.4f}"
