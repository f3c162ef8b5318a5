"""Terms of art that the page uses: each with what it means in a sentence, and how it is spelt where it is used."""

import math
import re
from dataclasses import dataclass

from genreglm.study.report.words import number


@dataclass(frozen=True)
class Term:
    """A term of art: `mentions` is a pattern of its spellings inside a sentence."""

    label: str
    meaning: str
    mentions: str

    @property
    def anchor(self) -> str:
        """The id of its entry on the page."""
        return "word-" + re.sub(r"\W+", "-", self.label.lower()).strip("-")


def terms(genres: int | None) -> tuple[Term, ...]:
    """Return the terms, those that depend on the number of genres said for so many."""
    evenly = f", and guessing evenly among {genres} genres costs {number(math.log(genres))}" if genres else ""
    return (
        Term("Top-1, top-5", "The share of rows whose genre is the model's first guess, or among its first five.",
             r"[Tt]op-[135]"),
        Term("Nat, log-loss", "Log-loss is the mean of minus the natural logarithm of the probability that was given "
             f"to the true genre, in nats; 0 is certainty{evenly}.", r"[Ll]og-loss|nats"),
        Term("Brier score", "The squared distance between the stated probabilities and what was so; less is better.",
             r"Brier score"),
        Term("Macro F1", "The harmonic mean of precision and recall, averaged over genres that all count alike.",
             r"[Mm]acro F1|F1"),
        Term("Recall, precision", "Of a genre's tracks, the share that is put into it; of what is put into it, the "
             "share that belongs there.", r"[Rr]ecall|[Pp]recision"),
        Term("GLM", "A generalised linear model: the logarithm of a genre's odds is a sum of terms, so that each can "
             "be read and tested.", r"GLM"),
        Term("Log-odds", "The logarithm of the odds of a genre. One more makes the odds 2.7 times as large.",
             r"[Ll]og-odds"),
        Term("McFadden R²", "How far the log-likelihood has come from knowing only how frequent genres are, 0, to "
             "certainty, 1; values well below those of an ordinary R² are usual.", r"McFadden R²"),
        Term("Standard error, clustered by artist", "How far an estimate would vary with other artists in the table, "
             "tracks of one artist counted as alike as they are.", r"[Ss]tandard errors?|[Ss]td\. errors?|clustered"),
        Term("95 % interval", "Values that agree with the data; it holds the truth in 95 of 100 such studies if the "
             "model holds.", r"95 % intervals?|95 % from|95 % to"),
        Term("p, adjusted", "How often chance alone would show as much; adjusted for how many questions were asked.",
             r"p-values?|p, adjusted|adjusted p|^p$"),
        Term("Wald test", "Whether a term's coefficients are further from zero than their uncertainty allows.",
             r"Wald tests?|Wald p-values?|Wald statistic"),
        Term("AIC", "Minus twice the log-likelihood, and two for every parameter; less is better.", r"AIC"),
        Term("Average marginal effect", "How a genre's probability changes with a feature, all else held, averaged "
             "over all tracks.", r"average marginal effects?|An average marginal effect"),
        Term("Spline, bent surface", "A curve of smooth pieces; a surface over two features, of flat pieces.",
             r"[Ss]plines?|bent surfaces?"),
        Term("Ridge", "A penalty that holds coefficients back, worth so many rows; its strength is chosen on tracks "
             "held out.", r"[Rr]idge"),
        Term("GVIF", "By how much a term's uncertainty is inflated since other terms say the same; 1 is not at all.",
             r"G?VIF"),
        Term("Condition index", "How nearly columns depend on each other; above 30 some coefficients rest on small "
             "differences.", r"[Cc]ondition ind(?:ex|ices)"),
        Term("Leverage", "How much a row's own genre decides what the model says of it.", r"[Ll]everage"),
        Term("Cook's distance", "How far all coefficients move when a row, or an artist, is left out.",
             r"Cook(?:'|&#39;)s distance"),
        Term("Deviance residual", "How surprising a row's genre is; its square is what the row adds to the deviance.",
             r"[Dd]eviance residuals?"),
        Term("Quantile residual", "A row's genre as a normal number: standard normal over all rows if the model is "
             "right.", r"[Qq]uantile residuals?"),
        Term("Separated", "A combination that never occurs, so that its coefficient has no finite estimate of its own.",
             r"[Ss]eparated"),
        Term("Rank correlation", "Spearman's ρ: whether two features rise together, by their ranks; from −1 to 1.",
             r"[Rr]ank correlations?|Spearman(?:'|&#39;)s (?:ρ|rank correlation)"),
        Term("Skewness", "How far one tail outweighs the other; 0 is symmetric.", r"[Ss]kew(?:ness|ed)"),
        Term("Calibration error", "How far stated probabilities lie from the shares that come true, on average.",
             r"[Cc]alibration error"),
        Term("Temperature", "One number that makes all probabilities less, or more, sure.", r"[Tt]emperature"),
        Term("Conformal set", "A set of genres that holds the true one for a promised share of new tracks, whatever "
             "the model is.", r"[Cc]onformal sets?"),
        Term("Kullback-Leibler divergence", "How well the model tells the tracks of two genres apart; 0 is not at all.",
             r"Kullback-Leibler divergence"),
    )  # fmt: skip
