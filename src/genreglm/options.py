"""Choices, tolerances and the one function that checks a choice."""

from typing import Any, Literal, get_args

from genreglm.errors import OptionError

CovarianceKind = Literal["observed", "robust", "clustered", "HC0", "HC1"]
WeightKind = Literal["frequency", "importance"]
PredictionKind = Literal["prob", "class", "linear"]
Aliased = Literal["refuse", "drop"]
AnovaType = Literal["I", "II", "III"]
TermTest = Literal["wald", "lr", "score"]
VifKind = Literal["design", "model"]
FitTest = Literal["fagerland", "pearson", "deviance"]
FitLaw = Literal["mixture", "chi-square"]
IndependenceTest = Literal["hausman-mcfadden", "small-hsiao"]
Adjustment = Literal["bh", "by", "holm", "bonferroni"]
ResidualKind = Literal["response", "pearson", "deviance", "quantile"]
EnvelopeKind = Literal["deviance", "quantile"]
ClassDistance = Literal["kullback-leibler", "mahalanobis", "log-odds", "wald"]
MapOf = Literal["coefficients", "means"]
Linkage = Literal["average", "complete", "single"]
EffectsAt = Literal["average", "mean"]
Comparison = Literal["difference", "ratio"]
Band = Literal["pointwise", "simultaneous"]
LabelKind = Literal["sound", "language", "mood", "use"]
Metric = Literal["log_loss", "top_1", "top_3", "top_5", "macro_f1", "brier", "ece"]
ChoiceRule = Literal["best", "one-standard-error"]
CalibrationMethod = Literal["temperature", "vector"]
SparseKind = Literal["lasso", "elastic_net", "group_lasso", "term_lasso"]
OnError = Literal["blank", "fill", "fail"]
SetKind = Literal["least_ambiguous", "adaptive", "class_conditional"]
SetGuarantee = Literal["group", "one_row", "row"]
Criterion = Literal["aic", "bic", "p_value", "held_out"]
Direction = Literal["forward", "backward", "both"]
Screen = Literal["exact", "bound"]
Pairing = Literal["scaled", "raw", "terms"]

# Newton stops when both hold. The gradient is of the mean negative log-likelihood in whitened columns;
# the decrement is that of the whole log-likelihood, so its square root is the distance from the optimum
# in standard errors: 1e-9 of one.
GRADIENT_TOLERANCE = 1e-9
DECREMENT_TOLERANCE = 1e-18
STEP_LIMIT = 100

# A column whose part outside the span of the columns before it is smaller than this share of its own
# length counts as linearly dependent: that of R's lm and glm, on the same quantity.
RANK_TOLERANCE = 1e-7

# Rows in a block: with fewer, products are short; with more, the probabilities of 114 classes leave the caches.
BLOCK_ROWS = 3072
# So many probabilities make a block of few classes worth handing to a thread, within so many rows.
BLOCK_NUMBERS, MOST_BLOCK_ROWS = 80_000, 8192

# With fewer rows of a class expected, or fewer of the others, the normal limits of a count do not hold.
FEWEST_EXPECTED = 5.0

# A dependency harms where the condition index and two proportions of variance are beyond these (Belsley, Kuh and Welsch
# 1980, section 3.2).
HARMFUL_INDEX, LARGE_PROPORTION = 30.0, 0.5


def check_choice(name: str, value: Any, choices: Any) -> None:
    """Refuse `value` unless it is one of the strings of the Literal type `choices`.

    Raises
    ------
    OptionError
        With the list of what is allowed.
    """
    allowed = get_args(choices)
    if value not in allowed:
        listed = ", ".join(repr(choice) for choice in allowed)
        raise OptionError(f"{name}={value!r} is not an option: it must be one of {listed}.")


def check_level(conf_level: float) -> None:
    """Refuse a level of confidence outside (0, 1).

    Raises
    ------
    OptionError
        With the value.
    """
    if not 0.0 < conf_level < 1.0:
        raise OptionError(f"conf_level={conf_level!r} must lie between 0 and 1.")
