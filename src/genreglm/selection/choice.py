"""`choose`: one of several candidates, by what their folds say."""

from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from genreglm.errors import DataError
from genreglm.options import ChoiceRule, Metric, check_choice, check_level

Floats = NDArray[np.float64]

_HIGHER_IS_BETTER = frozenset({"top_1", "top_3", "top_5", "macro_f1"})


def choose(
    table: pd.DataFrame, metric: Metric | None = None, rule: ChoiceRule = "best", *, conf_level: float = 0.95
) -> pd.DataFrame:
    """Sum up what `gg.cross_validate` gave, and choose: one row a candidate, in their order.

    The columns are candidate, metric, estimate, fold_std_error, group_std_error, conf_low, conf_high, folds, chosen
    (True for one), rule, split, warning. With m_f the score of fold f, w_f the weight of its rows as a share of all:

    - estimate: m = sum_f w_f m_f, the mean over the rows, each of which is held out once a repeat;
    - fold_std_error: sqrt(sum_f w_f (m_f - m)^2 / (F - 1)), as glmnet has it, root mean square over repeats. Training
      rows are shared, so folds are not independent, and it is a guide, not an error to test with;
    - group_std_error: sqrt(sum_f w_f^2 s_f^2), s_f that of the fold over samples of its groups, and the interval that
      it gives around the estimate by the normal distribution. Only for the metric that `cross_validate` was asked for.

    Parameters
    ----------
    metric : the one that the table was made for unless named
    rule : "best" takes the best estimate; "one-standard-error" the first candidate, which is the simplest, whose
        estimate is within one fold_std_error of the best one's (Breiman, Friedman, Olshen and Stone 1984,
        Classification and Regression Trees, section 3.4.3)

    Raises
    ------
    OptionError
        For an unknown metric or rule.
    DataError
        For a table that `gg.cross_validate` did not make.
    """
    check_choice("rule", rule, ChoiceRule)
    check_level(conf_level)
    needed = {"repeat", "fold", "candidate", "metric", "std_error", "weight", "split", "warning"}
    if not needed <= set(table.columns) or not len(table):
        raise DataError(f"The table must be one of gg.cross_validate; it lacks {sorted(needed - set(table.columns))}.")
    metric = metric or cast(Metric, table["metric"].iloc[0])
    check_choice("metric", metric, Metric)
    records = [_summed(part, metric, conf_level) for _, part in table.groupby("candidate", sort=False)]
    found = pd.DataFrame(records)
    found["chosen"] = np.arange(len(found)) == chosen_position(found, metric, rule)
    return found.assign(rule=rule, split=table["split"].iloc[0], warning=table["warning"].iloc[0])


def chosen_position(summed: pd.DataFrame, metric: Metric, rule: ChoiceRule) -> int:
    """Return the position of the candidate that the rule takes; the first of equals."""
    loss = loss_of(metric, summed["estimate"])
    best = int(loss.to_numpy().argmin())
    if rule == "best":
        return best
    return int(np.argmax(loss <= loss[best] + summed["fold_std_error"][best]))


def loss_of(metric: Metric, score: pd.Series) -> pd.Series:
    """Return the scores so that less is better."""
    return -score if metric in _HIGHER_IS_BETTER else score


def _summed(part: pd.DataFrame, metric: Metric, conf_level: float) -> dict[str, object]:
    score, weight = (part[name].to_numpy(dtype=np.float64) for name in (metric, "weight"))
    share = weight / weight.sum()
    estimate = float(share @ score)
    error = float("nan")
    if metric == part["metric"].iloc[0]:
        # Repeats hold out the same groups again: they make the estimate no surer than one of them.
        error = float(np.sqrt(part["repeat"].nunique() * (share @ (share * part["std_error"].to_numpy() ** 2))))
    reach = float(special.ndtri(0.5 + conf_level / 2.0)) * error
    repeats = part["repeat"].to_numpy()
    return {
        "candidate": part["candidate"].iloc[0],
        "metric": metric,
        "estimate": estimate,
        "fold_std_error": _over_folds([(score[repeats == r], weight[repeats == r]) for r in np.unique(repeats)]),
        "group_std_error": error,
        "conf_low": estimate - reach,
        "conf_high": estimate + reach,
        "folds": len(part),
    }


def _over_folds(repeats: list[tuple[Floats, Floats]]) -> float:
    """Return the standard error over folds, from scores and weights of each repeat."""
    squares = []
    for score, weight in repeats:
        share = weight / weight.sum()
        squares.append(share @ np.square(score - share @ score) / (len(score) - 1))
    return float(np.sqrt(np.mean(squares)))
