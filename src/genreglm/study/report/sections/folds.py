"""Every artist tested once: all models on all folds of artists, where the study was a thorough one."""

import pandas as pd

from genreglm.study.report.blocks import Block, heading, table, text
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.figures import in_part
from genreglm.study.report.sections.cards import CARDS, DIFFERENCES, rivals
from genreglm.study.report.words import counted, names, number, percent, say, sets_in_words

_BY_FOLD = ("model", "fold", "rows", "log_loss", "top_1", "top_3", "top_5", "family_top_1")
_YARDSTICK = "gradient boosting"


def folds(evidence: Evidence) -> list[Block | None]:
    """Return the blocks on all folds; nothing where the study was not thorough."""
    found, differences = evidence.table("cards_by_fold"), evidence.table("differences_by_fold")
    if found is None or differences is None:
        return []
    return [
        heading("Every artist tested once" if evidence.by_artist else "Every track tested once", "folds"),
        text(_how(evidence), _chosen(evidence, found), _families(found)),
        text(*rivals(differences)),
        *in_part(evidence.captions, "folds"),
        table(found, "Every model, all folds together", "tables/cards_by_fold.csv", CARDS, folded=False),
        table(differences, "Differences from the chosen model over all folds", "tables/differences_by_fold.csv",
              DIFFERENCES, folded=True),
        table(evidence.table("corrections_by_fold"), "The best GLM's probabilities over all folds, corrected",
              "tables/corrections_by_fold.csv", folded=True),
        table(sets_in_words(evidence.table("sets_by_fold")),
              "Its sets that are to hold the genre for 90 % of an artist's tracks",
              "tables/sets_by_fold.csv", folded=True),
        table(evidence.table("scores_by_fold"), "Every model on every fold", "tables/scores_by_fold.csv", _BY_FOLD,
              folded=True),
    ]  # fmt: skip


def _how(evidence: Evidence) -> str | None:
    get = evidence.get
    return say(
        "Because one split is one draw of luck, the whole contest was held {folds}: each model tuned anew on {units} "
        "of its own, fitted, and tested on the fold left out, {rows} in all. What was chosen never saw the rows it is "
        "tested on.",
        folds=counted(get("folds.folds"), "time"),
        units="artists" if evidence.by_artist else "tracks",
        rows=counted(get("folds.rows"), "row"),
    )


def _chosen(evidence: Evidence, found: pd.DataFrame) -> str | None:
    counts: dict[str, int] = evidence.get("folds.chosen") or {}
    best = found[found["chosen"].astype(bool)]
    if best.empty or not counts:
        return None
    card = best.iloc[0]
    return say(
        "Chosen was {how}. {model} has a log-loss of {loss} ({low} to {high}) and is right for {top} at once and for "
        "{five} within five guesses.",
        how=names(f"{model} in {counted(count, 'fold')}" for model, count in counts.items()),
        model=str(card["model"]),
        loss=number(card["log_loss"], 3),
        low=number(card["log_loss_low"], 3),
        high=number(card["log_loss_high"], 3),
        top=percent(card["top_1"]),
        five=percent(card["top_5"]),
    )


def _families(found: pd.DataFrame) -> str | None:
    trees = found[found["model"] == _YARDSTICK]
    best = found[found["chosen"].astype(bool)]
    if "family_top_1" not in found or trees.empty or best.empty:
        return None
    own, other = float(best["family_top_1"].iloc[0]), float(trees["family_top_1"].iloc[0])
    return say(
        "It names the right family for {own}, gradient boosting for {other}.", own=percent(own), other=percent(other)
    )
