"""P-values of many tests at once, adjusted."""

import numpy as np
from numpy.typing import NDArray

from genreglm.options import Adjustment, check_choice

Floats = NDArray[np.float64]

_METHODS = {"bh": "fdr_bh", "by": "fdr_by", "holm": "holm", "bonferroni": "bonferroni"}


def adjusted(p_values: Floats, method: Adjustment) -> Floats:
    """Return adjusted p-values; NaN stays NaN and does not count as a test.

    - "bh": the false-discovery rate at which a test is found (Benjamini and Hochberg 1995, JRSS B 57:289);
    - "by": the same under any dependence of the tests (Benjamini and Yekutieli 2001, Ann. Stat. 29:1165);
    - "holm", "bonferroni": the chance of even one false discovery.

    A p-value below 1e-308 is 0 and stays 0; its logarithm beside it still tells how small.
    """
    from statsmodels.stats.multitest import multipletests

    check_choice("adjust", method, Adjustment)
    found = np.full(len(p_values), np.nan)
    known = ~np.isnan(p_values)
    if known.any():
        found[known] = multipletests(p_values[known], method=_METHODS[method])[1]
    return found
