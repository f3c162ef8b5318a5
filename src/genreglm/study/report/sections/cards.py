"""Model cards: what was tried, on the same artists, what each cost, and why one was chosen."""

import pandas as pd

from genreglm.study.report.blocks import Block, heading, table, text
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.figures import in_part
from genreglm.study.report.words import counted, names, number, say

CARDS = (
    *("model", "chosen", "log_loss", "log_loss_low", "log_loss_high", "top_1", "top_1_low", "top_1_high"),
    *("top_5", "top_5_low", "top_5_high", "parameters", "seconds"),
)
DIFFERENCES = ("model", "score", "estimate", "conf_low", "conf_high")


def cards(evidence: Evidence) -> list[Block | None]:
    """Return the blocks on the models tried; nothing where the study left no cards."""
    found = evidence.table("model_cards")
    if found is None:
        return []
    return [
        heading("Model cards", "cards"),
        text(_tested(evidence, found), _chosen(evidence, found), _manner(evidence)),
        text(*_rivals(evidence)),
        *in_part(evidence.captions, "cards"),
        table(found, "Every model tried, on the same rows", "tables/model_cards.csv", CARDS, folded=False),
        table(evidence.table("model_differences"), "Differences from the chosen model",
              "tables/model_differences.csv", DIFFERENCES, folded=True),
        table(evidence.table("manner_trace"), "Ways to fit, by log-loss on rows held out for choosing",
              "tables/manner_trace.csv", folded=True),
    ]  # fmt: skip


def _tested(evidence: Evidence, found: pd.DataFrame) -> str | None:
    units = "artists" if evidence.by_artist else "tracks"
    drawn = "" if found["log_loss_low"].isna().all() else f" Intervals hold 95 % of 1,000 draws of whole {units}."
    return say("{models} were tried, all tested on the same {units}.{drawn}",
               models=counted(len(found), "model"), units=units, drawn=drawn)  # fmt: skip


def _chosen(evidence: Evidence, found: pd.DataFrame) -> str | None:
    """Say which model was chosen and by what: never by the test."""
    name = evidence.get("evaluation.headline.model")
    losses: dict[str, float] = evidence.get("evaluation.candidates") or {}
    if name not in losses:
        return None
    others = sorted((loss, model) for model, loss in losses.items() if model != name)
    rivals = names(f"{number(loss, 3)} of {model}" for loss, model in others)
    artists = "artists" if evidence.by_artist else "tracks"
    against = f", against {rivals}" if rivals else ""
    return (
        f"Of the GLMs, {name} was chosen before the test was looked at: on {artists} held out for choosing its "
        f"log-loss is the lowest, {number(losses[name], 3)}{against}. Gradient boosting and the linear discriminant "
        "are yardsticks; no formula can be read from the first, and neither can be tested term by term."
    )


def _manner(evidence: Evidence) -> str | None:
    """Say which way to fit was chosen, and what that was worth on the rows held out for choosing."""
    trace = evidence.table("manner_trace")
    if trace is None or len(trace) < 2 or not evidence.by_artist:
        return None
    first, best = trace.iloc[0], trace.iloc[int(trace["log_loss"].to_numpy().argmin())]
    if best.name == first.name:
        return f"Other weights of artists, and slopes shared in families, were tried too; best was: {best['manner']}."
    return say(
        "So that prolific artists do not shout and genres of few rows can lean on their family, {ways} to fit were "
        "tried. Best was: {how}. On rows held out for choosing, that lowered the log-loss from {before} to {after}.",
        ways=counted(len(trace), "way"),
        how=str(best["manner"]),
        before=number(first["log_loss"], 3),
        after=number(best["log_loss"], 3),
    )


def _rivals(evidence: Evidence) -> list[str | None]:
    """Say which models differ from the chosen one on the test."""
    found = evidence.table("model_differences")
    return [] if found is None else rivals(found)


def rivals(differences: pd.DataFrame) -> list[str | None]:
    """Say which models differ from the chosen one beyond what the luck of artists explains."""
    losses = differences[differences["score"] == "log_loss"]
    better, worse = losses[losses["conf_high"] < 0]["model"], losses[losses["conf_low"] > 0]["model"]
    unclear = losses[(losses["conf_low"] <= 0) & (losses["conf_high"] >= 0)]["model"]
    return [
        say("On the test its log-loss is lower than that of {models} beyond the luck of artists.", models=names(worse)),
        say("Higher than that of {models}.", models=names(better)),
        say("Not to be told apart from it: {models}.", models=names(unclear)),
    ]
