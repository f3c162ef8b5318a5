"""What all rows of a table say, where artists were drawn out of more rows than memory holds."""

import pandas as pd

from genreglm.study.report.blocks import Block, heading, table, text
from genreglm.study.report.columns import column
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.words import counted, number, percent, say

_ENDS = ("estimate", "conf_low", "conf_high")


def every_row(evidence: Evidence) -> list[Block | None]:
    """Return the blocks on all rows; nothing where the study was of all of them to begin with."""
    coefficients, scores = evidence.table("coefficients_every_row"), evidence.table("scores_of_others")
    if coefficients is None:
        return []
    return [
        heading("Every row of the table", "every-row"),
        text(_how(evidence), None if scores is None else _accuracy(scores)),
        table(
            _named(scores),
            "Accuracy on tracks by artists outside the study",
            "tables/scores_of_others.csv",
            folded=False,
        ),
        table(coefficients, "The inference model fitted to all rows", "tables/coefficients_every_row.csv", folded=True),
    ]


def _named(scores: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return scores by the names that the report has for them elsewhere."""
    if scores is None:
        return None
    return scores.assign(score=[column(name, scores["estimate"]).label for name in scores["score"]])


def _how(evidence: Evidence) -> str | None:
    return say(
        "This study is of all tracks by artists drawn at random, {own} of the {rows} of the table. The inference model "
        "was then fitted to all of them, met in passes, with standard errors by artist.",
        own=counted(evidence.get("load.rows"), "row"),
        rows=counted(evidence.get("load.rows_of_table"), "row"),
    )


def _accuracy(scores: pd.DataFrame) -> str | None:
    first = scores.iloc[0]
    at = {(row["score"], end): float(row[end]) for row in scores.to_dict("records") for end in _ENDS}
    return say(
        "The predictive model was tested on {rows} by {artists} that it never heard: it is right for {top} ({low} to "
        "{high}) at once and for {five} within five guesses, with a log-loss of {loss}.",
        rows=counted(int(first["rows"]), "track"),
        artists=counted(int(first["artists"]), "artist"),
        top=percent(at["top_1", "estimate"]),
        low=percent(at["top_1", "conf_low"]),
        high=percent(at["top_1", "conf_high"]),
        five=percent(at["top_5", "estimate"]),
        loss=number(at["log_loss", "estimate"], 3),
    )
