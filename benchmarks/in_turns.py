"""Small fits in turns: every peer that takes arrays, one after the other in one process, again and again.

`python -m benchmarks.in_turns OUT` writes in_turns.csv: medians of a few milliseconds, and their ratios to genreglm's
estimator. Processes of their own, as `benchmarks.run` has them, differ by more than these peers do wherever the
machine has other work.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.simulate import simulated

_ROUNDS = 400


def measure(rounds: int = _ROUNDS) -> pd.DataFrame:
    """Return peer, milliseconds (median), ratio to genreglm's, the same of the fastest, largest mean gradient."""
    import genreglm as gg

    made = simulated(1_500, 3, 8)
    design = gg.design(made.formula, made.frame)
    x = np.ascontiguousarray(design.matrix(made.frame)[:, 1:])
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    y = made.frame[design.response].to_numpy()
    fits = _fits(x, y)
    gradients = {name: _largest_gradient(x, y, fit()) for name, fit in fits.items()}
    seconds: dict[str, list[float]] = {name: [] for name in fits}
    for _ in range(rounds):
        for name, fit in fits.items():
            start = time.perf_counter()
            fit()
            seconds[name].append(time.perf_counter() - start)
    table = pd.DataFrame(
        {
            "peer": list(fits),
            "milliseconds": [1e3 * np.median(taken) for taken in seconds.values()],
            "fastest": [1e3 * min(taken) for taken in seconds.values()],
            "largest_mean_gradient": list(gradients.values()),
        }
    )
    for column in ("milliseconds", "fastest"):
        table[f"{column}_ratio"] = table[column] / table[column].iloc[0]
    return table


def _fits(x: Any, y: Any) -> dict[str, Callable[[], Any]]:
    """Return what fits, by name; each gives probabilities of the rows, or something that does."""
    import statsmodels.api as sm
    from sklearn.linear_model import LogisticRegression

    from genreglm.sklearn import MultinomialGLMClassifier

    codes, with_ones = np.unique(y, return_inverse=True)[1], np.column_stack([np.ones(len(x)), x])

    def sklearn(**options: Any) -> Callable[[], Any]:
        return lambda: LogisticRegression(C=np.inf, **options).fit(x, y)

    return {
        "genreglm's estimator": lambda: MultinomialGLMClassifier(alpha=0.0).fit(x, y),
        "scikit-learn lbfgs, tol=1e-6": sklearn(tol=1e-6, max_iter=100_000),
        "scikit-learn lbfgs, its defaults": sklearn(),
        "scikit-learn newton-cg, tol=1e-6": sklearn(solver="newton-cg", tol=1e-6, max_iter=10_000),
        "scikit-learn newton-cholesky, tol=1e-6": sklearn(solver="newton-cholesky", tol=1e-6, max_iter=10_000),
        "statsmodels MNLogit, newton": lambda: sm.MNLogit(codes, with_ones).fit(method="newton", disp=0, maxiter=100),
    }


def _largest_gradient(x: Any, y: Any, fitted: Any) -> float:
    prob = fitted.predict_proba(x) if hasattr(fitted, "predict_proba") else fitted.predict()
    residual = prob - (y[:, None] == np.unique(y))
    return float(np.abs(np.column_stack([np.ones(len(x)), x]).T @ residual).max() / len(x))


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of solvers that stop at their own limit
        found = measure()
    asked.out.mkdir(parents=True, exist_ok=True)
    found.to_csv(asked.out / "in_turns.csv", index=False)
    print(found.to_string(index=False, float_format="{:.3g}".format))


if __name__ == "__main__":
    main()
