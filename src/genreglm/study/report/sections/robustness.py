"""What would change the conclusions: the study with other artists, labels, features or models, as far as it ran."""

import pandas as pd

from genreglm.study.report.blocks import Block, bullets, section
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.words import count, number, percent, say


def robustness(evidence: Evidence) -> Block:
    """Tell what was tried otherwise, and how far the numbers moved."""
    return section(
        "robustness",
        "What would change the conclusions",
        [
            bullets(
                [
                    _split(evidence),
                    _luck(evidence),
                    _interval(evidence),
                    _influential(evidence),
                    _labels(evidence),
                    _popularity(evidence),
                    _model(evidence),
                ]
            )
        ],
        short="What if",
    )


def _split(evidence: Evidence) -> str | None:
    honest, random = (evidence.get(f"evaluation.linear_{split}.top_1") for split in ("artist", "random"))
    return say(
        "Rows split at random, not by {unit}: the linear model would seem right for {random}, not {honest}.",
        unit="artist" if evidence.by_artist else "track",
        random=percent(random),
        honest=percent(honest),
    )


def _luck(evidence: Evidence) -> str | None:
    folds = evidence.table("artist_folds")
    if folds is None or len(folds) < 2:
        return None
    return say(
        "Another draw of {unit}s for the test: the linear model is right for {low} to {high} over {folds} draws.",
        unit="artist" if evidence.by_artist else "track",
        low=percent(folds["top_1"].min()),
        high=percent(folds["top_1"].max()),
        folds=count(len(folds)),
    )


def _interval(evidence: Evidence) -> str | None:
    cards = evidence.table("model_cards")
    if cards is None or "chosen" not in cards or "top_1_low" not in cards or not evidence.by_artist:
        return None
    chosen = cards[cards["chosen"].astype(bool)]
    if chosen.empty:
        return None
    best = chosen.iloc[0]
    return say(
        "Other artists in the test, drawn anew from those that are in it: 95 % of the draws put the chosen model's "
        "top-1 accuracy between {low} and {high}, and its log-loss between {loss_low} and {loss_high}.",
        low=percent(best["top_1_low"]),
        high=percent(best["top_1_high"]),
        loss_low=number(best["log_loss_low"], 3),
        loss_high=number(best["log_loss_high"], 3),
    )


def _influential(evidence: Evidence) -> str | None:
    if not evidence.by_artist:
        return None
    found = evidence.get("diagnosis.refits.artists") or {}
    return say(
        "Without the ten artists that move the genre model most: {turned} of the {sure} coefficients that differ from "
        "zero change sign, and the typical one moves by {median} of its standard error.",
        turned=count(found.get("turned")),
        sure=count(found.get("sure")),
        median=number(found.get("median"), 3),
    )


def _labels(evidence: Evidence) -> str | None:
    one, any_label = (evidence.get(f"evaluation.headline.{name}") for name in ("top_1", "any_label"))
    if any_label == one:
        return None
    return say(
        "Any of a track's genres counted as right: {any} instead of {one}.", any=percent(any_label), one=percent(one)
    )


def _popularity(evidence: Evidence) -> str | None:
    table = evidence.table("model_comparison")
    if table is None:
        return None
    linear = table[(table["model"] == "GLM linear") & (table["split"] == "artist")].set_index("features")["top_1"]
    if not {"audio", "audio + popularity"} <= set(linear.index):
        return None
    return say(
        "Popularity let in, which is no sound: {more} instead of {audio} of the linear model.",
        more=percent(_first(linear, "audio + popularity")),
        audio=percent(_first(linear, "audio")),
    )


def _model(evidence: Evidence) -> str | None:
    get = evidence.get
    return say(
        "Lines in place of curves and surfaces: a log-loss of {linear} instead of {best}; boosted trees: {trees}.",
        linear=number(get("evaluation.linear_artist.log_loss"), 3),
        best=number(get("evaluation.headline.log_loss"), 3),
        trees=number(get("evaluation.boosting.log_loss"), 3),
    )


def _first(values: pd.Series, name: str) -> float:
    return float(values[[name]].iloc[0])
