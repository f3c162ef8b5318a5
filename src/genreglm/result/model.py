"""`Result`: a fitted multinomial GLM, frozen. Its methods orchestrate; the tables are computed beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax

from genreglm.designs import Design
from genreglm.engine.coordinates import Standardisation
from genreglm.engine.newton import Step
from genreglm.engine.penalties import Penalty, Shrinkage, in_words
from genreglm.engine.problem import Problem
from genreglm.engine.threads import single_threaded_blas
from genreglm.errors import DataError, InferenceError
from genreglm.options import Adjustment, AnovaType, CovarianceKind, PredictionKind, TermTest, WeightKind, check_choice
from genreglm.row_columns import RowColumns
from genreglm.sources import IN_BATCHES, Source, comes_in_batches, is_dask_frame, map_batches, read_rows, require_found

if TYPE_CHECKING:
    from genreglm.out_of_core import OutOfCore
    from genreglm.result.deletion import Deletable

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SeparatedCell:
    """A class in which a level never occurs, and the columns whose coefficients have no finite estimate there."""

    label: Any
    level: str
    columns: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.level} never occurs in {self.label}"


@dataclass(frozen=True)
class Inference:
    """Covariance of the coefficients of the first K - 1 classes against the last, class by class, (m, m).

    `units` is the number of clusters (two ways: the smaller one, and `clusters` is "artist and album"), or of rows
    where there are none.
    """

    kind: CovarianceKind
    covariance: Floats = field(repr=False)
    units: float
    clusters: str | None = None


@dataclass(frozen=True)
class Bread:
    """What a fit in passes leaves for diagnostics of its rows, which it does not hold.

    Attributes
    ----------
    inverse : of the information, (m, m), in standardised columns
    standardisation : of the columns
    columns : those that the rows brought beside the formula's
    """

    inverse: Floats = field(repr=False)
    standardisation: Standardisation = field(repr=False)
    columns: RowColumns


@dataclass(frozen=True)
class FitStatistics:
    """Numbers about a fit: rows, log-likelihoods, how the solver ended, and how well it tells the classes apart.

    Attributes
    ----------
    nobs : sum of the weights
    rows : of positive weight
    log_likelihood, null_log_likelihood : of the fit, and of intercepts alone
    gradient_norm, iterations, outcome : of the solver
    told_right : weight of the rows whose most probable class is their own
    largest_class : weight of the largest class
    tjur : Tjur's coefficient of each class; see `genreglm.engine.accuracy`
    weight_kind : "frequency" or "importance", as `gg.fit` was told
    passes : all over the rows up to the result, where they were met in passes: from the one that learnt the design to
        those of the covariance; 0 where they were in memory

    `told_right`, `largest_class`, `tjur` and `rows` are NaN or empty in a model that was saved before they were kept.
    """

    nobs: float
    log_likelihood: float
    null_log_likelihood: float
    gradient_norm: float
    iterations: int
    outcome: str
    told_right: float = float("nan")
    largest_class: float = float("nan")
    tjur: tuple[float, ...] = ()
    weight_kind: WeightKind = "frequency"
    passes: int = 0
    rows: float = float("nan")


@dataclass(frozen=True)
class Result:
    """A fitted multinomial GLM: P(y = k | x) = exp(x'b_k) / sum_l exp(x'b_l).

    Attributes
    ----------
    design : the frozen design that turns rows into columns
    coefficients : (columns, classes); each row sums to zero over the classes, but for slopes under `Lasso` and
        `ElasticNet`, which settle their level themselves
    statistics : log-likelihoods and how the solver ended
    inference : the covariance, or None where there is none (`Ridge`, `Lasso` and their kin, `covariance=None`)
    separated : cells whose maximum-likelihood estimate is infinite; a `CellPrior` made them finite
    penalty : what was added to the likelihood, if anything
    source : the rows it was fitted to; not saved, so None after loading
    problem : their arrays, with weights and offset; not saved either
    steps : what the solver did, step by step; not saved either
    bread : of a fit in passes, what diagnostics need; not saved either
    """

    design: Design
    coefficients: Floats = field(repr=False)
    statistics: FitStatistics
    inference: Inference | None = field(default=None, repr=False)
    separated: tuple[SeparatedCell, ...] = field(default=(), repr=False)
    penalty: Penalty | None = None
    source: pd.DataFrame | None = field(default=None, repr=False, compare=False)
    problem: Problem | None = field(default=None, repr=False, compare=False)
    steps: tuple[Step, ...] = field(default=(), repr=False, compare=False)
    bread: Bread | None = field(default=None, repr=False, compare=False)

    @property
    def classes(self) -> tuple[Any, ...]:
        """The classes in sorted order."""
        return self.design.classes

    @cached_property
    def deletion(self) -> "Deletable":
        """The fit as leverage, influence and tests of fit want it, worked out once; see `genreglm.result.deletion`."""
        from genreglm.result.deletion import Deletable

        return Deletable.of(self, None)

    @property
    def df_model(self) -> int:
        """Free parameters: columns times (classes - 1)."""
        return len(self.design.columns) * (len(self.classes) - 1)

    def tidy(
        self,
        reference: Any = "first",
        *,
        exponentiate: bool = False,
        conf_level: float = 0.95,
        adjust: Adjustment | None = None,
    ) -> pd.DataFrame:
        """Return one row a class and term; see `genreglm.result.tidy.tidy`."""
        from genreglm.result.tidy import tidy

        return tidy(self, reference, exponentiate=exponentiate, conf_level=conf_level, adjust=adjust)

    def glance(self) -> pd.DataFrame:
        """Return one row about the whole fit; see `genreglm.result.glance.glance`."""
        from genreglm.result.glance import glance

        return glance(self)

    def augment(self, rows: Source | None = None, *, seed: int = 0) -> pd.DataFrame:
        """Return the rows with what the model says of each; see `genreglm.result.augment.augment`."""
        from genreglm.result.augment import augment

        return augment(self, rows, seed=seed)

    def anova(
        self,
        type: AnovaType = "II",
        test: TermTest = "wald",
        rows: Source | None = None,
        out_of_core: "OutOfCore | None" = None,
    ) -> pd.DataFrame:
        """Return one row a term with its test; see `genreglm.result.anova.anova`."""
        from genreglm.result.anova import anova

        return anova(self, type, test, rows, out_of_core)

    def summary(self, strongest: int | None = 20, classes: Sequence[Any] | None = None) -> str:
        """Return the fit as text; see `genreglm.result.summary.summarise` for what it shows."""
        from genreglm.result.summary import summarise
        from genreglm.result.text import as_text

        return as_text(summarise(self, strongest, classes))

    def to_latex(self, strongest: int | None = 20, classes: Sequence[Any] | None = None) -> str:
        """Return what `summary` shows as LaTeX; it needs the package booktabs."""
        from genreglm.result.latex import as_latex
        from genreglm.result.summary import summarise

        return as_latex(summarise(self, strongest, classes))

    def predict(self, rows: Any, kind: PredictionKind = "prob") -> Any:
        """Predict for rows.

        Parameters
        ----------
        rows : a frame with the columns that the formula names; Parquet files (a folder, a pattern, a list of these),
            met in batches; or a Dask frame, of which a Dask frame is returned that is computed when it is asked for
        kind : "prob" gives a frame (rows, classes) of probabilities, "linear" one of linear predictors that
            sum to zero over the classes, "class" a Series with the most probable class

        Raises
        ------
        DataError, FormulaError
            For missing columns, missing values and unseen levels; see `Design.matrix`.
        """
        check_choice("kind", kind, PredictionKind)
        if is_dask_frame(rows):
            require_found(rows)
            bare = self.without_rows(inference=False)
            return rows[self.design.variables].map_partitions(bare._predict, kind, meta=self._meta(kind))
        if comes_in_batches(rows):
            parts = map_batches(lambda batch: self._predict(batch, kind), rows, self.design.variables)
            return pd.concat(parts, ignore_index=True)
        return self._predict(rows, kind)

    def _meta(self, kind: PredictionKind) -> Any:
        """Return a table without rows of the kind that `predict` returns."""
        if kind == "class":
            return pd.Series(np.array(self.classes)[:0], name=self.design.response)
        return pd.DataFrame({label: np.zeros(0) for label in self.classes})

    @single_threaded_blas()
    def _predict(self, rows: pd.DataFrame, kind: PredictionKind) -> Any:
        if not len(rows):
            return self._meta(kind)
        eta = self.design.matrix(rows) @ self.coefficients
        if kind == "class":
            return pd.Series(np.array(self.classes)[eta.argmax(axis=1)], index=rows.index, name=self.design.response)
        values = eta if kind == "linear" else np.exp(log_softmax(eta, axis=1))
        return pd.DataFrame(values, index=rows.index, columns=list(self.classes))

    def save(self, path: str | Path, *, covariance: bool = False) -> Path:
        """Write the model to `path` as given; see `genreglm.result.store.save`."""
        from genreglm.result.store import save

        return save(self, path, covariance=covariance)

    def with_rows(self, rows: Source) -> "Result":
        """Return the same result, holding the rows of its fit, as a loaded one and a fit in passes do not.

        Raises
        ------
        DataError
            For rows that are not those of its fit.
        """
        from genreglm.result.rows import problem_of_fit

        frame = read_rows(rows)
        return replace(self, source=frame, problem=problem_of_fit(self, frame))

    def without_rows(self, *, inference: bool = True) -> "Result":
        """Return the same result without the rows of its fit, as a loaded one is; with its covariance or not."""
        kept = self.inference if inference else None
        return replace(self, source=None, problem=None, steps=(), bread=None, inference=kept)

    def require_rows(self, rows: pd.DataFrame | None) -> pd.DataFrame:
        """Return `rows`, or the rows of the fit where they are still known.

        Raises
        ------
        DataError
            For a loaded model, or a fit in passes, without `rows`.
        """
        if rows is not None:
            return rows
        if self.source is None:
            raise self.holds_no_rows()
        return self.source

    def holds_no_rows(self) -> DataError:
        """Return the error of what needs the rows of the fit, from a result that does not hold them."""
        if self.statistics.passes:
            return DataError(
                "A fit in passes does not hold its rows, which are needed here all at once. Where they fit into "
                "memory, pass rows= or use result.with_rows(rows). Else give their files or Dask frame to what takes "
                f"them in batches: {IN_BATCHES}."
            )
        return DataError(
            "A loaded model does not hold the rows of its fit, which are needed here: pass rows= or use "
            "result.with_rows(rows)."
        )

    def require_inference(self) -> Inference:
        """Return the covariance, or say why there is none.

        Raises
        ------
        InferenceError
            For a penalised fit, a fit with `covariance=None`, or a model loaded without its covariance.
        """
        if self.inference is not None:
            return self.inference
        gigabytes = 8 * self.df_model**2 / 1e9
        why = (
            f"It was fitted under {in_words(self.penalty)}, whose estimates are biased on purpose: no standard error "
            "of theirs means what it says. Fit without a penalty, or with gg.CellPrior()"
            if isinstance(self.penalty, Shrinkage)
            else "It was fitted with covariance=None, or saved without its covariance. Fit with "
            "covariance='observed', 'robust' or 'clustered', or save with covariance=True"
        )
        raise InferenceError(
            f"This result carries no covariance. {why} ({self.df_model:,} parameters: {gigabytes:.2f} GB)."
        )

    def _repr_html_(self) -> str:
        from genreglm.result.html import as_html
        from genreglm.result.summary import summarise

        return as_html(summarise(self))
