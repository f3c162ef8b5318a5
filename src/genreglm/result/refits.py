"""Likelihood-ratio and score tests of a result: which it can have, and the refits on fewer columns that they need."""

from collections.abc import Collection

from genreglm.engine.blocks import Floats
from genreglm.engine.inference import ChiSquareTest, chi_square_test
from genreglm.engine.nested import Family
from genreglm.engine.penalties import CellPrior
from genreglm.engine.problem import Problem
from genreglm.engine.score import score_test
from genreglm.errors import ConvergenceError, InferenceError
from genreglm.options import TermTest
from genreglm.result.model import Result
from genreglm.result.rows import problem_of_fit
from genreglm.sources import Source


class Refits:
    """The maxima of a result's likelihood on some of its columns, each found once.

    Under a `CellPrior` the rows that stand for the prior count as rows of every model compared.

    Raises
    ------
    InferenceError
        Where the test would not be what it says: a penalised fit, or a robust or clustered covariance.
    DataError
        For a loaded result without `rows`, and for rows that are not those of its fit.
    """

    def __init__(self, result: Result, test: TermTest, rows: Source | None = None) -> None:
        require_likelihood(result, test)
        self.test = test
        self.family = family_of(result, problem_of_fit(result, rows))
        self.start = result.coefficients
        whole = frozenset(range(len(self.start)))
        self._coefficients: dict[frozenset[int], Floats] = {whole: self.start}
        self._log_likelihoods: dict[frozenset[int], float] = {}

    def compare(self, larger: Collection[int], tested: Collection[int]) -> ChiSquareTest:
        """Test that the coefficients of the columns `tested` are zero in the model of the columns `larger`.

        "lr": 2 (l(larger) - l(larger without tested)); "score": see `genreglm.engine.score`.
        """
        smaller = frozenset(larger) - frozenset(tested)
        if self.test == "score":
            return score_test(self.family, self.coefficients(smaller), sorted(tested), sorted(smaller))
        gained = self.log_likelihood(frozenset(larger)) - self.log_likelihood(smaller)
        return chi_square_test(max(0.0, 2.0 * gained), len(set(tested)) * (self.family.problem.classes - 1))

    def coefficients(self, columns: frozenset[int]) -> Floats:
        """Return the maximum on `columns`: (all columns, classes), zero for those left out."""
        if columns not in self._coefficients:
            full, found = self.family.restricted(columns, self.start)
            if found is not None and not found.converged:
                raise ConvergenceError(
                    f"A model of {len(columns)} of the columns did not converge: {found.outcome.value}"
                )
            self._coefficients[columns] = full
        return self._coefficients[columns]

    def log_likelihood(self, columns: frozenset[int]) -> float:
        """Return the log-likelihood there."""
        if columns not in self._log_likelihoods:
            self._log_likelihoods[columns] = self.family.at(self.coefficients(columns)).log_likelihood
        return self._log_likelihoods[columns]


def family_of(result: Result, problem: Problem) -> Family:
    """Return the models on columns of a result's own `problem`, with the rows that stand for its `CellPrior`."""
    if not isinstance(result.penalty, CellPrior) or not result.separated:
        return Family(problem)
    spans = [range(cut.start, cut.stop) for cut in result.design.terms.values()]
    return Family.with_cells(problem, problem.empty_cells(spans), result.penalty.count)


def require_maximum(result: Result, what: str, instead: str = "For it, ") -> None:
    """Refuse `what` is done at the maximum of the likelihood where a penalty moved the fit away from it.

    `instead` says, as the start of a sentence, what else would do.

    Raises
    ------
    InferenceError
        Under any penalty but a `CellPrior`.
    """
    if result.penalty is not None and not isinstance(result.penalty, CellPrior):
        if result.inference is None:
            result.require_inference()
        raise InferenceError(
            f"{what} is defined at the maximum of the likelihood, and {result.penalty!r} moved this fit away from "
            f"it. {instead}fit without the penalty or with gg.CellPrior()."
        )


def require_likelihood(result: Result, test: TermTest) -> None:
    """Refuse a test that compares likelihoods where the fit has none that may be compared.

    Raises
    ------
    InferenceError
        Under any penalty but a `CellPrior`, and with a robust or clustered covariance.
    """
    require_maximum(result, f"test={test!r}", "Use test='wald', or ")
    kind = None if result.inference is None else result.inference.kind
    if kind not in (None, "observed"):
        raise InferenceError(
            f"test={test!r} holds for independent rows, and this fit was given the covariance {kind!r}, which says "
            "that they are not. Use test='wald', which is built on that covariance, or fit with covariance='observed'."
        )
