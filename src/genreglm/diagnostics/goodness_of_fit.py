"""Does the model fit as a whole? Observed against expected counts of the classes in groups of rows."""

from typing import Any

import numpy as np
import pandas as pd

from genreglm.engine.blocks import Codes
from genreglm.engine.grouped import Grouped, patterns, quantile_groups
from genreglm.engine.grouped_law import pearson_weights
from genreglm.engine.inference import ChiSquareTest, chi_square_test
from genreglm.engine.mixture import mixture_test
from genreglm.engine.penalties import Shrinkage, in_words
from genreglm.engine.problem import Problem
from genreglm.errors import DataError, InferenceError, OptionError
from genreglm.options import FitLaw, FitTest, check_choice
from genreglm.result import Result
from genreglm.result.contrasts import weights_of_centre
from genreglm.result.deletion import deletable
from genreglm.result.rows import fitted_probabilities, problem_of, problem_of_fit
from genreglm.sources import Source

# Expected counts from which on chi-square is a fair law for a sum over cells (Cochran 1954).
_ENOUGH = 5.0
# With fewer rows than this to a covariate pattern, as a mean, neither statistic follows chi-square.
_ROWS_A_PATTERN = 2.0


def goodness_of_fit(
    result: Result,
    rows: Source | None = None,
    test: FitTest = "fagerland",
    *,
    groups: int = 10,
    reference: Any = "first",
    law: FitLaw = "mixture",
) -> pd.DataFrame:
    """Test that the model fits as a whole, and say by how much it does not: one row.

    Columns: test, statistic, df, law, p_value, log10_p, groups, dissimilarity, dissimilarity_by_chance, note.

    **Read `dissimilarity` first**: the share of rows that would have to change class within their group for observed
    and expected counts to agree, and about what chance alone would make of it (were counts normal, and as close to a
    fit as the degrees of freedom allow). With many rows every model is rejected, however small what it misses; with
    few none is, however large.

    Parameters
    ----------
    rows : the rows of the fit, which a loaded result needs
    test : "fagerland" groups rows by 1 - p_reference, the fitted probability of not being in the reference class:
        sum over groups and classes of (O - E)^2 / E on (groups - 2)(classes - 1) degrees of freedom (Fagerland,
        Hosmer and Bofin 2008, Stat. Med. 27:4238; for two classes it is Hosmer and Lemeshow's). Rows of one
        probability stay together, so there can be fewer groups than asked for
        "pearson" and "deviance" take the covariate patterns as groups, (patterns - columns)(classes - 1) degrees of
        freedom, and are for grouped data: with continuous columns each row is its own pattern, the statistics follow
        no chi-square law, and the test is refused
    groups : for "fagerland", at least 3
    reference : for "fagerland", a class; "first" in sorted order. The answer depends on it
    law : what the statistic of "fagerland" is judged by. "mixture" is its own limit law under the model, a weighted sum
        of chi-squares (see `genreglm.engine.grouped_law`), which needs the information matrix. "chi-square" is the
        paper's, on `df`: where rows of a group differ in the other classes' probabilities counts vary less than it
        says, and it rejects as few as 1.5 % of tables at 5 %. At 114 classes single rows in cells of tiny expectation
        make the statistic jump beyond either law. The other two tests know chi-square only

    Rows count as independent whatever the covariance of the fit. A ridge fit has no p-value: its estimates are biased
    on purpose.

    Raises
    ------
    OptionError
        For an unknown test or reference, or fewer than 3 groups.
    DataError
        For a loaded result without rows, and where too few values of the probability leave fewer than 3 groups.
    InferenceError
        For soft labels, whose sums are no counts; for a law that needs an information matrix which is singular or does
        not fit in memory; for "pearson" and "deviance" where patterns hold fewer than two
        rows each on average.
    """
    check_choice("test", test, FitTest)
    check_choice("law", law, FitLaw)
    problem = problem_of_fit(result, rows)
    if problem.y.ndim == 2:
        raise InferenceError("Soft labels are no counts, and no test of fit is known for them; see gg.fit_groups.")
    prob = fitted_probabilities(result, problem)
    if test == "fagerland":
        codes = _by_reference(result, problem, prob, groups, reference)
        df = (int(codes.max()) - 1) * (problem.classes - 1)
    else:
        codes = _by_pattern(problem)
        df = (int(codes.max()) + 1 - problem.x.shape[1]) * (problem.classes - 1)
    found = Grouped.of(problem, prob, codes)
    statistic = found.deviance() if test == "deviance" else found.pearson()
    law = law if test == "fagerland" else "chi-square"
    judged = _judged(result, rows, codes, statistic, df, law)
    row = {
        "test": test,
        "statistic": judged.statistic,
        "df": judged.df,
        "law": law,
        "p_value": judged.p_value,
        "log10_p": judged.log10_p,
        "groups": len(found.size),
        "dissimilarity": found.dissimilarity(),
        "dissimilarity_by_chance": found.chance() * np.sqrt(max(df, 0) / (len(found.size) * (problem.classes - 1))),
        "note": "; ".join(_notes(result, found, groups if test == "fagerland" else None)),
    }
    return pd.DataFrame([row])


def fit_groups(
    result: Result, rows: Source | None = None, *, groups: int = 10, reference: Any = "first"
) -> pd.DataFrame:
    """Return group, class, size, observed, expected: the counts behind `goodness_of_fit(test="fagerland")`.

    Group 1 holds the rows with the lowest fitted probability of not being in the reference class. `size` is the weight
    of the group's rows, observed and expected the weight of the class among them. Any rows will do, the fit's unless
    given.

    Raises
    ------
    OptionError, DataError
        As `goodness_of_fit`.
    """
    problem = problem_of(result, rows)
    prob = fitted_probabilities(result, problem)
    found = Grouped.of(problem, prob, _by_reference(result, problem, prob, groups, reference))
    count, classes = found.observed.shape
    return pd.DataFrame(
        {
            "group": np.repeat(np.arange(1, count + 1), classes),
            "class": list(result.classes) * count,
            "size": np.repeat(found.size, classes),
            "observed": found.observed.ravel(),
            "expected": found.expected.ravel(),
        }
    )


def _by_reference(result: Result, problem: Problem, prob: np.ndarray, groups: int, reference: Any) -> Codes:
    if groups < 3:
        raise OptionError(f"groups={groups!r} leaves no degrees of freedom: ask for 3 or more, usually 10.")
    reference = result.classes[0] if isinstance(reference, str) and reference == "first" else reference
    if reference is None:
        raise OptionError("reference=None: rows are grouped by the probability of one class. Name it.")
    base = int(np.argmax(weights_of_centre(result, reference)[0]))
    codes = quantile_groups(1.0 - prob[:, base], problem.w, groups)
    if codes.max() < 2:
        raise DataError(
            f"The fitted probability of {result.classes[base]!r} takes too few values for three groups of like size. "
            "Use test='pearson', which takes covariate patterns as groups."
        )
    return codes


def _by_pattern(problem: Problem) -> Codes:
    codes = patterns(problem)
    count, total = int(codes.max()) + 1, float(problem.w.sum())
    if total < _ROWS_A_PATTERN * count:
        raise InferenceError(
            f"{total:,.0f} rows have {count:,} covariate patterns. Statistics over patterns need several rows to each "
            "(grouped data); with continuous columns use test='fagerland'."
        )
    return codes


def _judged(result: Result, rows: Source | None, codes: Codes, statistic: float, df: int, law: FitLaw) -> ChiSquareTest:
    if isinstance(result.penalty, Shrinkage):
        return ChiSquareTest(statistic, df, float("nan"), float("nan"))
    if law == "chi-square":
        return chi_square_test(statistic, max(df, 0))
    fit = deletable(result, rows)
    return mixture_test(statistic, pearson_weights(fit.parts, codes, fit.covariance), df)


def _notes(result: Result, found: Grouped, asked: int | None) -> list[str]:
    notes = []
    if isinstance(result.penalty, Shrinkage):
        notes.append(f"no p-value: a fit under {in_words(result.penalty)} is biased on purpose")
    if result.inference is not None and result.inference.kind not in ("observed", "robust", "HC0", "HC1"):
        notes.append(f"rows count as independent, though the fit's covariance is by {result.inference.clusters}")
    if asked is not None and len(found.size) < asked:
        notes.append(f"{len(found.size)} groups, not {asked}: rows of one probability stay together")
    few = float(np.mean(found.expected < _ENOUGH))
    if few > 0:
        notes.append(f"{100 * few:.0f} % of the expected counts are below {_ENOUGH:g}")
    return notes
