"""Genres one level up: families, labels that are no sounds, and tracks of several genres."""

from typing import Any

from genreglm.study.report.blocks import Block, heading, table, text
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.figures import in_part
from genreglm.study.report.words import count, counted, names, percent, say

_SCORES = ("model", "scope", "rows", "top_1", "family_top_1", "family_of_top_1", "family_log_loss", "largest_family")
_REPORT = (
    *("family", "genres", "support", "recall", "boosting_recall", "precision", "top_1", "taken_for", "taken_rate"),
)
_KINDS = {"language": "a language or nation", "mood": "a mood", "use": "a use"}


def families(evidence: Evidence) -> list[Block | None]:
    """Return the blocks on families; nothing where the study has none."""
    if evidence.get("evaluation.families") is None:
        return []
    return [
        heading("Families of genres, and labels that are no sounds", "families"),
        text(*_level(evidence)),
        text(*_sounds(evidence)),
        *in_part(evidence.captions, "families"),
        table(evidence.table("family_report"), "Each family", "tables/family_report.csv", _REPORT, folded=False),
        table(evidence.table("family_scores"), "Families by model, sounds apart", "tables/family_scores.csv", _SCORES),
        table(evidence.table("genre_families"), "Which genre is in which family", "tables/genre_families.csv"),
    ]


def several_genres(evidence: Evidence) -> Block | None:
    """Tell the scores on distinct tracks, those under several genres with a share of each."""
    found: dict[str, Any] = evidence.get("evaluation.shares") or {}
    if not found.get("several"):
        return None
    return text(
        say(
            "Counted by track, each with shares of its genres ({several} of {tracks} have several), the most probable "
            "genre is one of the track's for {any_1}, and one of the first five for {any_5}; it holds {top_1} of the "
            "labels, of which no single answer can hold more than {ceiling}.",
            several=count(found["several"]),
            tracks=counted(found["tracks"], "test track"),
            any_1=percent(found["any_1"]),
            any_5=percent(found["any_5"]),
            top_1=percent(found["top_1"]),
            ceiling=percent(found["ceiling"]),
        )
    )


def _level(evidence: Evidence) -> list[str | None]:
    get = evidence.get
    own, boosted = (get(f"evaluation.families.{which}.all.family_top_1") for which in ("chosen", "boosting"))
    return [
        say(
            "The {genres} fall into {families}, by what their names mean, not by what a model takes for what.",
            genres=counted(get("evaluation.families.genres"), "genre"),
            families=counted(get("evaluation.families.count"), "family", "families"),
        ),
        say(
            "The model, asked for the family by summing the probabilities of its genres, is right for {own}; naming "
            "always the largest family would be for {guess}.",
            own=percent(own),
            guess=percent(get("evaluation.families.chosen.all.largest_family")),
        ),
        say(
            "Gradient boosting is right for {boosted}, so that the GLM has {ratio} of its accuracy there.",
            boosted=percent(boosted),
            ratio=percent(own / boosted) if own and boosted else None,
        ),
    ]


def _sounds(evidence: Evidence) -> list[str | None]:
    get = evidence.get
    kinds: dict[str, int] = get("evaluation.families.kinds") or {}
    scores = {scope: get(f"evaluation.families.chosen.{scope}.top_1") for scope in ("sounds", "not sounds")}
    return [
        say(
            "Some labels are no sounds, but name {kinds}; figures by genre mark them with *, and tables say "
            "their kind.",
            kinds=names(f"{_KINDS.get(kind, kind)} ({number})" for kind, number in kinds.items()),
        ),
        say(
            "The genre is right for {sounds} of the tracks of sounds, and for {others} of the others.",
            sounds=percent(scores["sounds"]),
            others=percent(scores["not sounds"]),
        ),
        say(
            "Asked to choose among sounds only, the model is right for {among} of the tracks of sounds.",
            among=percent(get("evaluation.families.chosen.sounds among sounds.top_1")),
        ),
    ]
