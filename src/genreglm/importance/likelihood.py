"""What each term adds to the likelihood of the rows of a fit, as a whole and class by class, beside other measures."""

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.engine.fitted import log_likelihood_by_class
from genreglm.engine.inference import chi_square_test
from genreglm.importance.standardised import TermSize, term_sizes
from genreglm.importance.tables import Importance, class_table
from genreglm.options import AnovaType, check_choice
from genreglm.result import Result
from genreglm.result.anova import outside_of
from genreglm.result.refits import Refits, tests_likelihoods
from genreglm.sources import Source

Floats = NDArray[np.float64]


def term_importance(
    result: Result,
    rows: Source | None = None,
    *,
    type: AnovaType = "II",
    unseen: Importance | None = None,
    permuted: pd.DataFrame | None = None,
) -> Importance:
    """Return how much each term matters, measure beside measure; for the classes as a whole, and for each.

    With l_larger and l_smaller the maxima of the likelihood with and without the term (see `Result.anova` for the
    types), l_full that of the fit and l_null that without any term, `terms` has

    - lr_statistic: 2 (l_larger - l_smaller), and lr_per_df, which compares factors and splines with single columns;
    - lr_share: its share of the sum of the terms' statistics, so shares add up to one;
    - deviance_share: its share of 2 (l_full - l_null), all that the terms explain together. These do not add up to
      one: the rest is what several terms could each explain;
    - p_value, log10_p: of the likelihood-ratio test; NaN under a robust or clustered covariance, which says that the
      rows are not independent. The shares describe the fit there, too;
    - effect: the median over the classes of `standardised_effects`; effect_rms, effect_rms_weighted: their root mean
      square, classes counting equally and by frequency. One class that nearly lacks a variable, and so is nearly
      separated by it, can make the whole of the latter two.

    `classes` has class, term, gain, and effect and sign of `standardised_effects`. The gain is the mean over the rows
    of the class of log p_larger - log p_smaller, in nats: what the term does for telling that class. It may be
    negative, since a term serves all classes at once. Over the classes, weighted by their rows, gains sum to half the
    lr_statistic (under a `CellPrior` but for the part of its own rows).

    Parameters
    ----------
    rows : the rows of the fit, which a loaded result needs
    unseen : what `drop_one` gave for the same terms; adds unseen_increase, unseen_std_error (of the log-loss) and
        unseen_decrease (of the accuracy) to `terms`, and unseen_gain to `classes`
    permuted : what `permutation_importance` gave; adds permuted_increase and permuted_decrease. They are of
        variables: a term has those of its variable where it has just one, and is the first to have it

    Raises
    ------
    InferenceError
        Under a penalty other than `CellPrior`, which moved the fit away from its likelihood's maximum.
    DataError
        For a loaded result without `rows`, and for rows that are not those of its fit.
    """
    check_choice("type", type, AnovaType)
    refits = Refits(result, None, rows)
    sizes = term_sizes(result, rows)
    gains = _gains(result, refits, type)
    terms = _terms(result, refits, sizes, gains)
    by_class = {
        "gain": [gain for _, gain in gains.values()],
        "effect": [size.estimate for size in sizes.values()],
        "sign": [size.sign for size in sizes.values()],
    }
    classes = class_table(result.classes, list(sizes), by_class)
    if unseen is not None:
        added = ["increase", "std_error", "decrease"]
        other = unseen.terms[["term", *added]].rename(columns={name: f"unseen_{name}" for name in added})
        terms = terms.merge(other, on="term", how="left")
        other = unseen.classes[["class", "term", "gain"]].rename(columns={"gain": "unseen_gain"})
        classes = classes.merge(other, on=["class", "term"], how="left")
    return Importance(terms if permuted is None else _with_permuted(result, terms, permuted), classes)


def _gains(result: Result, refits: Refits, type: AnovaType) -> dict[str, tuple[float, Floats]]:
    """Return, for each term, 2 (l_larger - l_smaller), and what each class gains a row, (classes,)."""
    design, problem = result.design, refits.family.problem

    @cache  # most terms have the same larger model
    def by_class(columns: frozenset[int]) -> Floats:
        return log_likelihood_by_class(problem, refits.coefficients(columns)) / problem.class_weights

    gains = {}
    for term in design.slopes:
        larger = frozenset(range(len(design.columns))) - set(design.positions(outside_of(result, term, type)))
        smaller = larger - set(design.positions([term]))
        statistic = 2.0 * (refits.log_likelihood(larger) - refits.log_likelihood(smaller))
        gains[term] = (max(0.0, statistic), by_class(larger) - by_class(smaller))
    return gains


def _terms(
    result: Result, refits: Refits, sizes: dict[str, TermSize], gains: dict[str, tuple[float, Floats]]
) -> pd.DataFrame:
    design, counts = result.design, refits.family.problem.class_weights
    whole = frozenset(range(len(design.columns)))
    null = whole - set(design.positions(design.slopes))
    explained = 2.0 * (refits.log_likelihood(whole) - refits.log_likelihood(null))
    total = sum(statistic for statistic, _ in gains.values())
    records = []
    for term, (statistic, _) in gains.items():
        df = len(design.positions([term])) * (len(result.classes) - 1)
        test = chi_square_test(statistic, df)
        tested = tests_likelihoods(result)
        records.append(
            {
                "term": term,
                "df": df,
                "lr_statistic": statistic,
                "lr_per_df": statistic / df,
                "lr_share": statistic / total if total > 0 else np.nan,
                "deviance_share": statistic / explained if explained > 0 else np.nan,
                "p_value": test.p_value if tested else np.nan,
                "log10_p": test.log10_p if tested else np.nan,
                **sizes[term].overall(counts),
            }
        )
    columns = (
        "term df lr_statistic lr_per_df lr_share deviance_share p_value log10_p effect effect_rms effect_rms_weighted"
    )
    return pd.DataFrame(records, columns=columns.split())


def _with_permuted(result: Result, terms: pd.DataFrame, permuted: pd.DataFrame) -> pd.DataFrame:
    """Give each term the measures of its variable, where it has one and no term before it has it alone."""
    variable = [names[0] if len(names := result.design.variables_of(term)) == 1 else None for term in terms["term"]]
    owner = pd.Series(variable, dtype=object).mask(pd.Series(variable, dtype=object).duplicated())
    found = permuted.set_index("variable")
    return terms.assign(
        permuted_increase=owner.map(found["increase"]).to_numpy(dtype=float),
        permuted_decrease=owner.map(found["decrease"]).to_numpy(dtype=float),
    )
