"""Likelihood-ratio and score tests of a result: which it can have, and the refits on fewer columns that they need."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from genreglm.engine.blocks import Floats
from genreglm.engine.estimate import Estimate
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


class Nested(Protocol):
    """A model and those inside it, whose coefficients are zero in some columns."""

    @property
    def classes(self) -> int:
        """How many there are."""
        ...

    def restricted(self, columns: Collection[int], start: Floats) -> tuple[Floats, Any]:
        """Return the maximum of the likelihood with only `columns`, and the estimate that gave it, None without any."""
        ...

    def log_likelihood(self, coefficients: Floats) -> float:
        """Return the log-likelihood."""
        ...

    def score_test(self, restricted: Floats, tested: Sequence[int], among: Sequence[int]) -> ChiSquareTest:
        """Test that the coefficients of `tested` are zero beside those `among`."""
        ...


class Maxima:
    """The maxima of a likelihood on some of its columns, each found once, and tests that compare two of them."""

    def __init__(self, models: Nested, test: TermTest | None, start: Floats) -> None:
        self._models, self.test, self.start = models, test, start
        whole = frozenset(range(len(start)))
        self._coefficients: dict[frozenset[int], Floats] = {whole: start}
        self._log_likelihoods: dict[frozenset[int], float] = {}

    def compare(self, larger: Collection[int], tested: Collection[int]) -> ChiSquareTest:
        """Test that the coefficients of the columns `tested` are zero in the model of the columns `larger`.

        "lr": 2 (l(larger) - l(larger without tested)); "score": see `genreglm.engine.score`.
        """
        smaller = frozenset(larger) - frozenset(tested)
        if self.test == "score":
            return self._models.score_test(self.coefficients(smaller), sorted(tested), sorted(smaller))
        gained = self.log_likelihood(frozenset(larger)) - self.log_likelihood(smaller)
        return chi_square_test(max(0.0, 2.0 * gained), len(set(tested)) * (self._models.classes - 1))

    def coefficients(self, columns: frozenset[int]) -> Floats:
        """Return the maximum on `columns`: (all columns, classes), zero for those left out."""
        if columns not in self._coefficients:
            full, found = self._models.restricted(columns, self.start)
            if found is not None and not found.converged:
                raise ConvergenceError(
                    f"A model of {len(columns)} of the columns did not converge: {found.outcome.value}"
                )
            self._coefficients[columns] = full
        return self._coefficients[columns]

    def log_likelihood(self, columns: frozenset[int]) -> float:
        """Return the log-likelihood there."""
        if columns not in self._log_likelihoods:
            self._log_likelihoods[columns] = self._models.log_likelihood(self.coefficients(columns))
        return self._log_likelihoods[columns]


class Refits(Maxima):
    """The maxima of a result's likelihood on some of its columns.

    Under a `CellPrior` the rows that stand for the prior count as rows of every model compared. With `test` None
    likelihoods are described, not tested, and a robust or clustered covariance is no obstacle.

    Raises
    ------
    InferenceError
        Where the test would not be what it says: a penalised fit, or a robust or clustered covariance.
    DataError
        For a loaded result without `rows`, and for rows that are not those of its fit.
    """

    def __init__(self, result: Result, test: TermTest | None, rows: Source | None = None) -> None:
        require_likelihood(result, test)
        self.family = family_of(result, rows)
        super().__init__(_InMemory(self.family), test, result.coefficients)


@dataclass(frozen=True)
class _InMemory:
    """The models of a family as `Nested`."""

    family: Family

    @property
    def classes(self) -> int:
        return self.family.problem.classes

    def restricted(self, columns: Collection[int], start: Floats) -> tuple[Floats, Estimate | None]:
        return self.family.restricted(columns, start)

    def log_likelihood(self, coefficients: Floats) -> float:
        return self.family.at(coefficients).log_likelihood

    def score_test(self, restricted: Floats, tested: Sequence[int], among: Sequence[int]) -> ChiSquareTest:
        return score_test(self.family, restricted, tested, among)


def family_of(result: Result, rows: Source | None = None) -> Family:
    """Return the arrays of the fit and of the rows that stand for its `CellPrior`, where it has one.

    Raises
    ------
    DataError
        For a loaded result without `rows`, and for rows that are not those of its fit.
    """
    return with_prior(result, problem_of_fit(result, rows))


def with_prior(result: Result, problem: Problem) -> Family:
    """Return the arrays of the fit, more columns among them or not, and the rows of its `CellPrior`."""
    if not (isinstance(result.penalty, CellPrior) and result.separated):
        return Family(problem)
    spans = [range(cut.start, cut.stop) for cut in result.design.terms.values()]
    return Family.with_cells(problem, problem.empty_cells(spans), result.penalty.count)


def tests_likelihoods(result: Result) -> bool:
    """Say whether a likelihood-ratio statistic of the fit is a test: not under a robust or clustered covariance, nor
    with importance weights.
    """
    independent = result.inference is None or result.inference.kind == "observed"
    return independent and result.statistics.weight_kind == "frequency"


def require_likelihood(result: Result, test: TermTest | None) -> None:
    """Refuse to compare likelihoods, or to test by them, where the fit has none that may be compared."""
    maximised = result.penalty is None or isinstance(result.penalty, CellPrior)
    if test is None and not maximised:
        raise InferenceError(
            f"Log-likelihoods are compared at their maxima, and {result.penalty!r} moved this fit away from its own. "
            "Use gg.drop_one(..., penalty=...), gg.permutation_importance or gg.standardised_effects, or fit without "
            "the penalty or with gg.CellPrior()."
        )
    if test is None:
        return
    if not maximised:
        if result.inference is None:
            result.require_inference()
        raise InferenceError(
            f"test={test!r} compares likelihoods at their maxima, and {result.penalty!r} moved this fit away from its "
            "own. Use test='wald', or fit without the penalty or with gg.CellPrior()."
        )
    if result.statistics.weight_kind == "importance":
        raise InferenceError(
            f"test={test!r} needs weights that count rows, and this fit's are importance weights, whose scale means "
            "nothing. Use test='wald' with covariance='robust' or 'clustered'."
        )
    if not tests_likelihoods(result):
        raise InferenceError(
            f"test={test!r} holds for independent rows, and this fit was given the covariance "
            f"{result.require_inference().kind!r}, which says that they are not. Use test='wald', which is built on "
            "that covariance, or fit with covariance='observed'."
        )
