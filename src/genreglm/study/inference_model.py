"""The genre model that carries the inference, handed from the stage that fits it to those that question it."""

import pandas as pd

from genreglm.result import Result, load
from genreglm.study.store import Store

_FILE = "work/inference_model"


def keep_inference_model(store: Store, model: Result) -> None:
    """Save the model with its covariance."""
    store.record(_FILE)
    model.save(store.path(_FILE), covariance=True)


def inference_model(store: Store, tracks: pd.DataFrame) -> Result:
    """Return it with the rows of its fit, `tracks`."""
    return load(store.path(_FILE)).with_rows(tracks)
