"""A fitted model as ONNX, from columns of a table to probabilities, by skl2onnx: where it can be said in its terms.

The formula must add up columns as they are and factors; whatever codes a factor. That is seen by trying: what the model
says of rows is compared with what the sum of its parts says.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.errors import DataError, OptionError
from genreglm.files import write_whole
from genreglm.result import Result

Floats = NDArray[np.float64]

_TRIED_ROWS = 200
_SAME = 1e-9


@dataclass(frozen=True)
class _Parts:
    """eta = constant + sum over numbers of x_v slopes_v + sum over factors of effects_v[level]; (classes,) each."""

    constant: Floats
    slopes: dict[str, Floats]
    effects: dict[str, dict[Any, Floats]]

    def predictor(self, rows: pd.DataFrame) -> Floats:
        """Return eta of rows, (rows, classes)."""
        eta = np.tile(self.constant, (len(rows), 1))
        for name, slope in self.slopes.items():
            eta += rows[name].to_numpy(dtype=np.float64)[:, None] * slope
        for name, effect in self.effects.items():
            eta += np.stack([effect[level] for level in rows[name]])
        return eta


def to_onnx(result: Result, path: str | Path) -> Path:
    """Write the model as an ONNX graph from columns to `label` and `probabilities`, in double precision.

    Inputs are the columns that the formula reads, each (rows, 1): numbers and truth values as double, levels as text or
    64-bit integers. A level that was not there when the model was fitted is an error of the runtime.

    Raises
    ------
    OptionError
        For a formula with splines, logarithms, products or other terms that are no columns and no factors, and without
        skl2onnx (the extra `onnx`).
    OutputError
        Where the file cannot be written.
    """
    parts = _parts(result)
    return write_whole(Path(path), _graph(result, parts))


def _parts(result: Result) -> _Parts:
    """Return what the columns add to eta, once it is seen that they do."""
    design = result.design
    levels = {name: list(held) for name, held in design.levels.items()}
    numbers = [name for name in design.variables if name not in levels]
    base = {**dict.fromkeys(numbers, 1.0), **{name: held[0] for name, held in levels.items()}}

    def eta(changes: list[dict[str, Any]]) -> Floats:
        return np.asarray(design.matrix(pd.DataFrame([base | change for change in changes])) @ result.coefficients)

    try:
        start = eta([{}])[0]
        slopes = {name: eta([{name: 2.0}])[0] - start for name in numbers}
        effects = {
            name: dict(zip(held, eta([{name: level} for level in held]) - start, strict=True))
            for name, held in levels.items()
        }
        found = _Parts(start - sum(slopes.values(), np.zeros(len(start))), slopes, effects)
        rng = np.random.default_rng(0)
        tried = pd.DataFrame({name: rng.uniform(0.5, 3.0, _TRIED_ROWS) for name in numbers}, index=range(_TRIED_ROWS))
        for name, held in levels.items():
            tried[name] = [held[place] for place in rng.integers(len(held), size=_TRIED_ROWS)]
        wanted = design.matrix(tried) @ result.coefficients
        adds_up = bool(np.allclose(found.predictor(tried), wanted, rtol=0.0, atol=_SAME * (1.0 + np.abs(wanted).max())))
    except DataError:
        adds_up = False  # such as a logarithm of what is not positive
    if not adds_up:
        raise OptionError(
            f"{design.formula!r} does not add up columns and factors as they are, which is all that is exported. Make "
            "its transformed columns before the fit, or predict with genreglm."
        )
    return found


def _graph(result: Result, parts: _Parts) -> bytes:
    """Return the graph of the scikit-learn pipeline that says the same."""
    try:
        from skl2onnx import to_onnx as convert
        from skl2onnx.common.data_types import DoubleTensorType, Int64TensorType, StringTensorType
    except ModuleNotFoundError as error:
        raise OptionError(f"Exporting needs {error.name}: pip install 'genreglm[onnx]'") from error
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder

    flags = [name for name, effect in parts.effects.items() if set(effect) <= {False, True}]
    factors = [name for name in parts.effects if name not in flags]
    constant, slopes = parts.constant.copy(), dict(parts.slopes)
    for name in flags:
        constant += parts.effects[name][False]
        slopes[name] = parts.effects[name][True] - parts.effects[name][False]
    coefficients = [*slopes.values(), *(effect for name in factors for effect in parts.effects[name].values())]
    blank = {name: [0.0] for name in slopes} | {name: [next(iter(parts.effects[name]))] for name in factors}
    encoder = OneHotEncoder(categories=[list(parts.effects[name]) for name in factors], sparse_output=False)
    columns = ColumnTransformer(
        [("numbers", "passthrough", list(slopes)), ("levels", encoder, factors)], sparse_threshold=0
    )
    wide = columns.fit_transform(pd.DataFrame(blank))
    classes = np.array(result.classes)
    model = LogisticRegression()
    model.classes_, model.n_features_in_ = classes, wide.shape[1]
    model.coef_ = np.stack(coefficients, axis=1)
    model.intercept_ = constant
    if len(classes) == 2:
        model.coef_, model.intercept_ = (each[1:] - each[:1] for each in (model.coef_, model.intercept_))
    kinds = {name: DoubleTensorType([None, 1]) for name in slopes} | {
        name: (StringTensorType if isinstance(next(iter(parts.effects[name])), str) else Int64TensorType)([None, 1])
        for name in factors
    }
    pipeline = Pipeline([("columns", columns), ("model", model)])
    made = convert(pipeline, initial_types=list(kinds.items()), options={id(model): {"zipmap": False}})
    return bytes(made.SerializeToString())
