"""Which features a fitted model lives on: what its log-loss loses when a feature is shuffled on unseen artists."""

import numpy as np
import pandas as pd

from genreglm.evaluation import scores
from genreglm.result import Result

_REPEATS = 3


def permutation_strength(result: Result, rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return term, increase (nats a row), sd over shuffles; the strongest first.

    Each column that the formula reads is shuffled among `rows`, which the model has not seen, three times; what
    other columns tell about it stays, so features that share information share their strength too.
    """
    rng = np.random.default_rng(seed)
    codes = result.design.codes(rows)
    base = scores(result.predict(rows).to_numpy(), codes)["log_loss"]
    records = []
    for name in result.design.variables:
        losses = []
        for _ in range(_REPEATS):
            shuffled = rows.assign(**{name: rows[name].to_numpy()[rng.permutation(len(rows))]})
            losses.append(scores(result.predict(shuffled).to_numpy(), codes)["log_loss"] - base)
        records.append((name, float(np.mean(losses)), float(np.std(losses))))
    table = pd.DataFrame(records, columns=["term", "increase", "sd"])
    return table.sort_values("increase", ascending=False, kind="stable").reset_index(drop=True)
