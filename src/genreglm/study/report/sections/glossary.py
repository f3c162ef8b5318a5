"""Terms of art that the page uses, each in a sentence."""

from genreglm.study.report.blocks import Block, facts, section
from genreglm.study.report.evidence import Evidence

_WORDS = (
    ("Top-1, top-5", "The share of rows whose genre is the model's first guess, or among its first five."),
    ("Nat, log-loss", "Log-loss is the mean of minus the natural logarithm of the probability that was given to the "
     "true genre, in nats; 0 is certainty, and guessing evenly among 113 genres costs 4.73."),
    ("Brier score", "The squared distance between the stated probabilities and what was so; less is better."),
    ("Macro F1", "The harmonic mean of precision and recall, averaged over genres that all count alike."),
    ("Recall, precision", "Of a genre's tracks, the share that is put into it; of what is put into it, the share that "
     "belongs there."),
    ("GLM", "A generalised linear model: the logarithm of a genre's odds is a sum of terms, so that each can be read "
     "and tested."),
    ("Log-odds", "The logarithm of the odds of a genre. One more makes the odds 2.7 times as large."),
    ("Standard error, clustered by artist", "How far an estimate would vary with other artists in the table, tracks of "
     "one artist counted as alike as they are."),
    ("95 % interval", "Values that agree with the data; it holds the truth in 95 of 100 such studies if the model "
     "holds."),
    ("p, adjusted", "How often chance alone would show as much; adjusted for how many questions were asked."),
    ("Average marginal effect", "How a genre's probability changes with a feature, all else held, averaged over all "
     "tracks."),
    ("Spline, bent surface", "A curve of smooth pieces; a surface over two features, of flat pieces."),
    ("Ridge", "A penalty that holds coefficients back, worth so many rows; its strength is chosen on tracks held out."),
    ("GVIF", "By how much a term's uncertainty is inflated since other terms say the same; 1 is not at all."),
    ("Condition index", "How nearly columns depend on each other; above 30 some coefficients rest on small "
     "differences."),
    ("Leverage", "How much a row's own genre decides what the model says of it."),
    ("Cook's distance", "How far all coefficients move when a row, or an artist, is left out."),
    ("Deviance residual", "How surprising a row's genre is; its square is what the row adds to the deviance."),
    ("Separated", "A combination that never occurs, so that its coefficient has no finite estimate of its own."),
    ("Calibration error", "How far stated probabilities lie from the shares that come true, on average."),
    ("Temperature", "One number that makes all probabilities less, or more, sure."),
    ("Conformal set", "A set of genres that holds the true one for a promised share of new tracks, whatever the model "
     "is."),
    ("Kullback-Leibler divergence", "How well the model tells the tracks of two genres apart; 0 is not at all."),
)  # fmt: skip


def glossary(evidence: Evidence) -> Block:
    """Explain the terms, where the page has anything to say."""
    told = any(evidence.findings.values())
    return section("words", "Words", [facts(_WORDS)] if told else [])
