"""Conformal sets: the classes that a row may be of, as many as it takes to hold the truth as often as promised."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.errors import DataError
from genreglm.evaluation.families import class_codes
from genreglm.inputs import Column, labelled_codes
from genreglm.notebook import Shown
from genreglm.options import SetGuarantee, SetKind, check_choice, check_level
from genreglm.uncertainty.thresholds import Calibrating, threshold

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


# A score at the threshold is in, whatever the last digits that the sizes of blocks leave in it.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class ConformalSets(Shown):
    """What makes sets of probabilities.

    Attributes
    ----------
    kind, guarantee, level : as asked
    classes : those of the probabilities, in order
    thresholds : (classes,) a class belongs to a row's set where its score is at most this; all alike but for
        "class_conditional"
    groups : how many the calibration rows have
    fallback : the classes whose own rows were of too few groups, so that they take the threshold of all classes
    seed : of the random part of "adaptive"
    """

    kind: SetKind
    guarantee: SetGuarantee
    level: float
    classes: tuple[Any, ...]
    thresholds: Floats
    groups: int
    fallback: tuple[Any, ...]
    seed: int

    def _shown(self) -> tuple[str, dict[str, pd.DataFrame]]:
        line = (
            f"Sets of kind {self.kind}, promised to each {self.guarantee} at {self.level:g}, from {self.groups} groups"
        )
        return line, {"Thresholds": pd.DataFrame({"class": self.classes, "threshold": self.thresholds})}

    def apply(self, prob: pd.DataFrame) -> pd.DataFrame:
        """Return (rows, classes), True where a class is in the row's set; a set may be empty.

        Raises
        ------
        DataError
            Where the columns are not the classes that were learnt.
        """
        if list(prob.columns) != list(self.classes):
            raise DataError("The probabilities are of other classes than the sets were learnt from.")
        values = prob.to_numpy(dtype=np.float64)
        found = class_scores(values, self.kind, _streams(self.seed)[2]) <= self.thresholds + _ROUNDING
        return pd.DataFrame(found, index=prob.index, columns=prob.columns)


def conformal_sets(
    prob: pd.DataFrame,
    truth: Sequence[Any] | pd.Series,
    groups: Column,
    *,
    kind: SetKind = "least_ambiguous",
    guarantee: SetGuarantee = "group",
    level: float = 0.9,
    seed: int = 0,
) -> ConformalSets:
    r"""Learn sets of classes that hold the truth with probability `level`, for rows of groups never seen.

    Rows of one artist are alike, so a guarantee for exchangeable rows says nothing of new artists. Here groups are
    taken as exchangeable, and nothing is asked of the rows within them or of the model. With scores s_i of the true
    classes, a set is {k : s_k <= t}, where t depends on the guarantee (G groups, n_g rows in one):

        "group"    P(truth in set) >= level for a random row of a new group:
                   t = the smallest with sum_i 1(s_i <= t) / n_g(i) >= level (G + 1)
        "one_row"  the same from one row a group, drawn at random: t = the ceil(level (G + 1))-th smallest of G scores
        "row"      E(rows of a new group whose set holds the truth) >= level E(its rows), so that in the long run the
                   share of all rows is `level`: t = the smallest with sum_i 1(s_i <= t) >= level (n + max_g n_g)

    "group" and "one_row" count each artist alike, "row" an artist as often as it has rows; the last takes it that no
    new group is larger than the largest here.

    Parameters
    ----------
    prob : (rows, classes) of calibration rows, none of whose groups was used in the fit
    truth : (rows,) their true classes
    groups : (rows,) their groups, such as the artist's name
    kind : "least_ambiguous", s_k = 1 - p_k: the smallest sets on average; "adaptive", s_k = the sum of p_l over the
        classes above k, and a random share of p_k: sets that are larger where the model is less sure, with coverage
        more even over rows; "class_conditional", as the first with a threshold for each class from the rows of that
        class, so that the promise holds for each of them. A class whose rows are of fewer than level / (1 - level)
        groups has no such threshold, and takes that of all classes (`fallback`)
    seed : of the rows drawn for "one_row" and of the random shares

    Sources: Vovk, Gammerman and Shafer (2005); Sadinle, Lei and Wasserman (2019), JASA 114:223; Romano, Sesia and
    Candes (2020), NeurIPS; Dunn, Wasserman and Ramdas (2023), JASA 118:2491; Lee, Barber and Willett (2023),
    arXiv:2306.06342. "row": by exchangeability of groups, the expected rows without the truth at the threshold of all
    G + 1 groups are the (G + 1)-th part of at most (1 - level) of all rows, and t is no smaller than that threshold.

    Raises
    ------
    DataError
        For a true class that is not among the columns, rows without a group, or too few groups for the level.
    OptionError
        For an unknown kind or guarantee, or a level outside (0, 1).
    """
    check_choice("kind", kind, SetKind)
    check_choice("guarantee", guarantee, SetGuarantee)
    check_level(level)
    codes = class_codes(list(prob.columns), truth, len(prob))
    of_group, _ = labelled_codes(groups, prob, "groups")
    shares, drawn, _ = _streams(seed)
    scores = class_scores(prob.to_numpy(dtype=np.float64), kind, shares)[np.arange(len(codes)), codes]
    calibrating = Calibrating(scores, of_group, guarantee, level, drawn)
    common = threshold(calibrating)
    if not np.isfinite(common):
        raise DataError(
            f"{calibrating.groups} groups of calibration rows are too few for sets at level {level}: no finite "
            "threshold keeps the promise. Give rows of more groups, or ask for a lower level."
        )
    thresholds, fallback = np.full(len(prob.columns), common), []
    if kind == "class_conditional":
        for code, label in enumerate(prob.columns):
            own = threshold(calibrating.where(codes == code))
            if np.isfinite(own):
                thresholds[code] = own
            else:
                fallback.append(label)
    return ConformalSets(
        kind, guarantee, level, tuple(prob.columns), thresholds, calibrating.groups, tuple(fallback), seed
    )


def _streams(seed: int) -> list[np.random.Generator]:
    """Return independent streams: shares of the calibration rows, rows drawn from groups, shares of new rows."""
    return [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(3)]


def class_scores(prob: Floats, kind: SetKind, rng: np.random.Generator) -> Floats:
    """Return how little each class conforms to each row, (rows, classes), between 0 and 1."""
    if kind != "adaptive":
        return np.asarray(1.0 - prob)
    order = np.argsort(-prob, axis=1, kind="stable")
    ranked = np.take_along_axis(prob, order, axis=1)
    share = rng.uniform(size=(len(prob), 1))
    found = np.empty_like(ranked)
    np.put_along_axis(found, order, np.cumsum(ranked, axis=1) - share * ranked, axis=1)
    return found
