"""All models on one split: tuned on artists held out for choosing, fitted, and asked about artists never heard."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.fitting import design
from genreglm.result import Result
from genreglm.study.config import StudyConfig
from genreglm.study.manner import Manner, fit_glm
from genreglm.study.trained import Trained
from genreglm.study.tuning import Choice, Held, choose_manner, choose_ridge
from genreglm.study.yardsticks import Rows, Trees, other_trees, train_boosting, train_discriminant, train_prior
from genreglm.tracks.tempo_grid import NAME as OFF_GRID

SIZES = ("linear", "splines", "interactions")
# A linear model needs hardly any ridge, in rows: just enough to keep empty cells finite.
LINEAR = Manner(1.0)
# In a thorough study the best manner of boosting may go on for so many times as many rounds.
_LONGER = 4


@dataclass(frozen=True)
class Split:
    """Rows of artists to fit to, of others to choose by, and of yet others to test on."""

    train: pd.DataFrame
    valid: pd.DataFrame
    test: pd.DataFrame

    @property
    def fitted(self) -> pd.DataFrame:
        """Return all rows but those of the test."""
        return pd.concat([self.train, self.valid])


@dataclass(frozen=True)
class Contest:
    """What came of a split.

    Attributes
    ----------
    trained : each model
    chosen : the GLM with the lowest log-loss on the rows held out for choosing
    manner : how that GLM is fitted
    losses : that log-loss of each GLM
    ridges, manners : what was tried: by model, and of the ways to fit
    """

    trained: Mapping[str, Trained]
    chosen: str
    manner: Manner
    losses: Mapping[str, float]
    ridges: pd.DataFrame
    manners: pd.DataFrame


def compete(
    split: Split,
    formulas: Mapping[str, str],
    config: StudyConfig,
    families: Mapping[str, str] | None,
    say: Callable[[str], None],
) -> Contest:
    """Tune, fit and test every model of audio features on one split of artists.

    The GLM with curves is tuned first: the strength of its ridge, then how rows count, how far families pool and how
    freely curves bend, one after the other. The GLM with products takes over the manner and tunes its strength alone;
    boosting takes over how rows count. The linear model is the plain one: its rows all count alike.
    """
    held = Held(split.train, split.valid, families)
    as_one = config.near_duplicates == "as one"
    plain = Manner(0.0, config.artist_weight_power[0], as_one, config.family_pooling[0], config.roughness[0])
    trained: dict[str, Trained] = {}
    choices: dict[str, Choice] = {}
    manners = pd.DataFrame()
    ridges = []
    for size in SIZES:
        begin, before = time.perf_counter(), choices.get("splines")
        if size == "linear":
            choice = choose_ridge(formulas[size], held, (LINEAR.strength,), LINEAR)
        else:
            way, start = (plain, None) if before is None else (before.manner, before.result)
            choice = choose_ridge(formulas[size], held, config.ridge, way, start)
        ridges.append(choice.trace[["strength", "log_loss"]].assign(model=size))
        if size == "splines":
            choice = _best_way(formulas[size], held, choice, config)
            manners = choice.trace
            say(f"chosen on held-out artists: {choice.manner}")
        tuned = time.perf_counter() - begin
        choices[size] = choice
        trained[f"GLM {size}"] = train_glm(
            formulas[size], split.fitted, split.test, choice.manner, families, choice.result
        )
        say(f"GLM {size}: tuned in {tuned:.1f} s")
    losses = {f"GLM {size}": choice.log_loss for size, choice in choices.items()}
    best = min(SIZES, key=lambda size: choices[size].log_loss)
    trained |= _yardsticks(split, formulas["linear"], config, choices["splines"].manner)
    manner, tried = choices[best].manner, pd.concat(ridges, ignore_index=True)
    return Contest(trained, f"GLM {best}", manner, losses, tried, manners)


def train_glm(
    formula: str,
    train: pd.DataFrame,
    test: pd.DataFrame,
    manner: Manner,
    families: Mapping[str, str] | None = None,
    start: Result | None = None,
) -> Trained:
    """Fit a GLM to `train` and predict `test`."""
    begin = time.perf_counter()
    result = fit_glm(formula, train, manner, families, start)
    prob = result.predict(test).to_numpy().astype(np.float32)
    seconds = time.perf_counter() - begin
    return Trained(prob, result.df_model, seconds, str(manner), replace(result, source=None, problem=None))


def _best_way(formula: str, held: Held, first: Choice, config: StudyConfig) -> Choice:
    """Choose how rows count, how far families pool and how freely curves bend; its trace has a line for each try."""
    powers = [replace(first.manner, power=power) for power in config.artist_weight_power[1:]]
    weighted = choose_manner(formula, held, first, powers)
    poolings = config.family_pooling[1:] if held.families is not None else ()
    pooled = choose_manner(formula, held, weighted, [replace(weighted.manner, pooling=each) for each in poolings])
    bends = [replace(pooled.manner, roughness=each) for each in config.roughness[1:]]
    bent = choose_manner(formula, held, pooled, bends)
    traces = [weighted.trace, pooled.trace.iloc[1:], bent.trace.iloc[1:]]
    return replace(bent, trace=pd.concat(traces, ignore_index=True))


def _yardsticks(split: Split, linear: str, config: StudyConfig, manner: Manner) -> dict[str, Trained]:
    """Train the prior, the linear discriminant and boosting; boosting's rows count as those of the GLM with curves."""
    fitted = split.fitted
    learnt = design(linear, fitted)
    x, test_x = learnt.matrix(fitted)[:, 1:], learnt.matrix(split.test)[:, 1:]
    found = {
        "prior only": train_prior(fitted[learnt.response], len(split.test), learnt.classes),
        "linear discriminant": train_discriminant(Rows(x, learnt.codes(fitted)), test_x),
    }
    if config.boosting == "full":
        columns = [*learnt.variables, "beat_found", OFF_GRID]
        train, valid = (
            Rows(_numbers(rows, columns), learnt.codes(rows), manner.weights(rows))
            for rows in (split.train, split.valid)
        )
        first = Trees(config.boosting_rounds, config.boosting_leaves, config.boosting_rate)
        others, longer = (other_trees(first), _LONGER) if config.thorough else ([], 1)
        test = _numbers(split.test, columns)
        found["gradient boosting"] = train_boosting(train, valid, test, first, others, longer=longer, seed=config.seed)
    return found


def _numbers(rows: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.float64]:
    return rows[list(columns)].to_numpy(dtype=float)
