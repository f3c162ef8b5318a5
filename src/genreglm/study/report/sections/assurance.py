"""How sure a prediction is: what correcting the probabilities does, and sets of genres."""

import pandas as pd

from genreglm.study.report.blocks import Block, heading, table, text
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.figures import in_part
from genreglm.study.report.words import names, number, percent, say, sets_in_words


def assurance(evidence: Evidence) -> list[Block | None]:
    """Return the blocks on corrected probabilities and on sets; nothing where the study left neither."""
    corrections, overall = evidence.table("corrections"), sets_in_words(evidence.table("set_coverage"))
    if corrections is None:
        return []
    blocks = [
        heading("Probabilities corrected", "corrected"),
        text(_corrected(corrections), _how(evidence)),
        *in_part(evidence.captions, "corrected"),
        table(corrections, "What a correction does to the probabilities", "tables/corrections.csv", folded=True),
    ]
    if overall is None:
        return blocks
    return [
        *blocks,
        heading("Sets of genres", "sets"),
        text(_sets(evidence, overall)),
        *in_part(evidence.captions, "sets"),
        table(overall, "Sets that are to hold the genre for 90 %", "tables/set_coverage.csv", folded=False),
        table(
            sets_in_words(evidence.table("set_coverage_by_genre")),
            "Sets by genre",
            "tables/set_coverage_by_genre.csv",
            folded=True,
        ),
    ]


def _corrected(corrections: pd.DataFrame) -> str | None:
    errors = dict(zip(corrections["correction"], corrections["ece"].astype(float), strict=True))
    if not {"as fitted", "temperature"} <= set(errors):
        return None
    best = min(errors, key=lambda name: errors[name])
    return say(
        "As fitted, stated probabilities miss the share of right answers by {before} points on average; with one "
        "temperature for all genres by {after}. The lowest is that of {best}.",
        before=number(100 * errors["as fitted"], 1),
        after=number(100 * errors["temperature"], 1),
        best={"as fitted": "the probabilities as fitted", "temperature": "the temperature"}.get(
            best, "a scale and a shift for each genre"
        ),
    )


def _how(evidence: Evidence) -> str:
    units = "artists" if evidence.by_artist else "tracks"
    return (
        f"The {units} of the test were dealt into halves; what is learnt from one half is judged on the other, so that "
        "nothing is corrected by its own answers. Some of what is left is chance, the more the fewer they are."
    )


def _sets(evidence: Evidence, overall: pd.DataFrame) -> str | None:
    promised = overall[overall["guarantee"] == "each artist"]
    kinds = promised["kind"]
    sizes = names(f"{number(x, 1)} genres ({kind})" for x, kind in zip(promised["mean_size"], kinds, strict=True))
    held = names(f"{percent(x)} ({kind})" for x, kind in zip(promised["group_coverage"], kinds, strict=True))
    whose = "by an artist" if evidence.by_artist else "that"
    return say(
        "In place of one answer the model can name a set of genres that holds the right one for nine tracks in ten "
        "{whose} it has never heard, whatever the model is worth: a poor one gives large sets, not wrong ones. They "
        "hold {held}; they take {sizes}. What is promised is an average over all genres but for the sets made class by "
        "class, which pay for their promise with size.",
        whose=whose,
        held=held,
        sizes=sizes,
    )
