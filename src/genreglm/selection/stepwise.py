"""`stepwise`: terms added and dropped one at a time, by a criterion that is stated, with every step on record."""

from genreglm.engine.penalties import Penalty
from genreglm.errors import OptionError
from genreglm.inputs import Column
from genreglm.options import ChoiceRule, CovarianceKind, Criterion, Direction, Screen, check_choice
from genreglm.selection.groups import Groups
from genreglm.selection.judges import Action
from genreglm.selection.scope import Scope
from genreglm.selection.selected import Selection, Settings, select
from genreglm.sources import Source, read_rows

_ACTIONS: dict[Direction, list[Action]] = {"forward": ["add"], "backward": ["drop"], "both": ["drop", "add"]}


def stepwise(
    formula: str,
    rows: Source,
    *,
    lower: str | None = None,
    upper: str | None = None,
    direction: Direction | None = None,
    criterion: Criterion = "aic",
    level: float = 0.05,
    rule: ChoiceRule = "best",
    groups: Groups = "artist",
    folds: int = 5,
    repeats: int = 1,
    weights: Column | None = None,
    penalty: Penalty | None = None,
    covariance: CovarianceKind | None = "observed",
    fits: int | None = 5,
    screen: Screen = "exact",
    max_steps: int = 100,
    seed: int = 0,
) -> Selection:
    """Add and drop whole terms, one a step, for as long as the criterion improves.

    At each step every term that may go is ranked by its Wald test and every one that may come by its score test, which
    needs no fit (`genreglm.engine.screening`); the best `fits` of each are fitted from where the model stands, and the
    best of these is taken. **Terms are whole**: a spline or a factor comes and goes with all its columns, in all
    classes. **The hierarchy holds**: an interaction comes only after its main effects, and these stay while it is
    there. With ``fits=None`` all are fitted, and AIC goes the way of R's `step`.

    The answer has `result`, `formula`, and two tables. `trace`, a row a step, the start first: step, action, term, df,
    statistic (score for a term added, Wald for one dropped), lr (twice the log-likelihood gained or lost; NaN under a
    ridge) with p_value and log10_p, before and after (the criterion), std_error (of its difference, for "held_out"),
    considered, fitted, seconds. `candidates`, a row for each term that a step looked at, the most promising first:
    step, action, term, df, statistic, p_value, log10_p, value (the criterion with it, NaN where it was not fitted),
    std_error, taken.

    Parameters
    ----------
    formula : the model to start from
    lower, upper : formulas of the terms that every model keeps (the intercept unless given), and of all that it may
        have (those of `formula` unless given)
    direction : "forward", "backward", or "both", which is what is meant where there is an `upper`, else "backward"
    criterion : "aic" (-2 l + 2 m) or "bic" (-2 l + m log n); "p_value", by which the term with the largest p goes while
        it is above `level`, then that with the smallest comes while it is below (likelihood-ratio tests; before and
        after show AIC); "held_out", the mean of -log p of the true class over rows whose group the fit has not seen.
        All but the last count every row as independent: where artists fill many rows, they keep too much
    rule : for "held_out", "one-standard-error" asks a step to gain more than a standard error of the difference over
        groups, "best" to gain anything
    groups, folds, repeats, seed : for "held_out", as in `gg.cross_validate`. Folds learn their own knots and scales; a
        row whose class, or level of any factor of `upper`, no other fold has is not scored
    weights : frequencies, as in `gg.fit`
    penalty : None, or `CellPrior`, whose rows count in every likelihood compared, for all cells of `upper`; a ridge for
        "held_out" alone
    covariance : of the final fit, as in `gg.fit`; where it would not fit in memory there is none, and `warning` says so
    fits : how many of the terms that may come, and of those that may go, are fitted at a step; None for all
    screen : "exact" statistics, or "bound": for score tests a lower bound and for Wald tests an upper one, much faster
        for many classes, and in the memory that a fit takes. Neither takes account of a ridge
    max_steps : to stop after

    Raises
    ------
    FormulaError
        For formulas without an intercept, that do not hold one another, or that break the hierarchy.
    OptionError
        For an unknown option, `fits` or `max_steps` below 1, and a `level` outside 0 to 1.
    InferenceError
        For a ridge with a criterion of likelihoods, and where exact statistics do not fit in memory.
    SeparationError
        Where a class never has some level that `upper` knows, and there is no penalty.
    GenreglmError
        What `gg.fit` raises for a model that cannot be fitted, with its terms as a note.

    Sources: Venables and Ripley (2002), Modern Applied Statistics with S, section 6.8, for `step`; Harrell (2015),
    Regression Modeling Strategies, section 4.3, for why what it ends at should not be believed.
    """
    asked = direction or ("backward" if upper is None else "both")
    check_choice("direction", asked, Direction)
    if asked == "forward" and upper is None:
        raise OptionError("direction='forward' needs upper=, the formula of all terms that may be added.")
    scope = Scope.of(lower, upper or formula)
    start = scope.subset(formula, "starting")
    missing = scope.lower - set(start)
    if missing:
        raise OptionError(f"The starting formula lacks {', '.join(sorted(missing))}, which lower= says to keep.")
    settings = Settings(
        criterion, level, rule, groups, folds, repeats, weights, penalty, covariance, fits, screen, max_steps, seed
    )
    return select(scope, read_rows(rows), start, _ACTIONS[asked], settings)
