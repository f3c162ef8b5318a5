"""The answer in at most five sentences, each from the numbers of this study and with a link to its evidence."""

import math
from typing import Any

from genreglm.naming import feature
from genreglm.plots.text import sentence
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.words import count, counted, names, number, percent, points, say, short

_GUESSES = 5
_MODELS = {
    "GLM linear": "the linear genre GLM",
    "GLM splines": "the genre GLM with splines",
    "GLM interactions": "the genre GLM with splines and interactions",
}
Point = dict[str, str]


def answer(evidence: Evidence) -> list[Point]:
    """Return the sentences that can be said: text, and the section and its title that hold the evidence."""
    told = (
        (accuracy(evidence), "recognition", "Recognition"),
        (flattery(evidence), "splits", "Two splits"),
        (features(evidence), "strength", "What it lives on"),
        (confusions(evidence), "confusions", "Confusions"),
        (data(evidence), "data", "Data"),
    )
    return [{"text": short(said), "link": link, "link_text": title} for said, link, title in told if said]


def figures(evidence: Evidence) -> list[dict[str, str]]:
    """Return the numbers that stand large at the top: value, label."""
    get = evidence.get
    pairs = (
        (percent(get("evaluation.headline.top_1")), f"right at once, {unheard(evidence)}"),
        (percent(_top_5(evidence)), "right within five guesses"),
        (percent(get("evaluation.null.top_1")), "right by guessing from the genres' frequencies"),
        (percent(_ceiling(evidence)), "the most that one answer per track can reach"),
    )
    return [{"value": value, "label": label} for value, label in pairs if value]


def unheard(evidence: Evidence) -> str:
    """Return what the honest split holds out."""
    return "artists never heard" if evidence.by_artist else "tracks never heard"


def accuracy(evidence: Evidence) -> str | None:
    """Say how often the headline model is right, against guessing."""
    get = evidence.get
    said = say(
        "{model} names the right one of {genres} for {top_1} of the tracks {whose}",
        model=_model(evidence),
        genres=counted(get("preprocess.genres"), "genre"),
        top_1=percent(get("evaluation.headline.top_1")),
        whose="by artists it has never heard" if evidence.by_artist else "it has never heard",
    )
    if said is None:
        return None
    five = say(" and has it among its first five guesses for {x}", x=percent(_top_5(evidence)))
    guess = say("; guessing from the genres' frequencies is right for {x}", x=percent(get("evaluation.null.top_1")))
    start = "On simulated tracks " if evidence.simulated else ""
    return sentence(start + said + (five or "") + (guess or "") + ".")


def flattery(evidence: Evidence) -> str | None:
    """Say what splitting rows at random does to the linear model's accuracy."""
    honest, random = (evidence.get(f"evaluation.linear_{split}.top_1") for split in ("artist", "random"))
    if honest is None or random is None:
        return None
    gap = random - honest
    template = (
        "Splitting rows at random, as is usual, puts tracks of the same artists on both sides and makes the "
        "linear model look {gap} better than it is: {random} instead of {honest}."
        if gap > 0
        else "Splitting rows at random does not make the linear model look better here: {random} against {honest}."
    )
    return say(template, gap=points(gap), random=percent(random), honest=percent(honest))


def features(evidence: Evidence) -> str | None:
    """Say which three features matter most, and what goes without the first."""
    ranked: list[dict[str, Any]] = evidence.several("evaluation.strongest")
    if ranked:
        first = say(
            "with {name} shuffled among the held-out tracks, the log-loss rises by {rise} nats",
            name=feature(ranked[0]["feature"]),
            rise=number(ranked[0].get("increase"), 3),
        )
        return _most_matter([item["feature"] for item in ranked[:3]], first)
    return _most_matter(evidence.several("genre_models.strongest")[:3], None)


def confusions(evidence: Evidence) -> str | None:
    """Say the two most frequent mistakes and which genre is recognised best."""
    pairs: list[dict[str, Any]] = evidence.several("evaluation.confusions")[:2]
    best: list[list[Any]] = evidence.several("evaluation.best_recall")[:1]
    told = [say("most often confused: {mistakes}", mistakes=names(mistake(pair) for pair in pairs))]
    told += [f"{genre} is recognised best ({percent(recall, 0)} of its tracks)" for genre, recall in best]
    said = "; ".join(part for part in told if part)
    return sentence(said) + "." if said else None


def data(evidence: Evidence) -> str | None:
    """Say what went wrong in the data."""
    troubles = (_dropped(evidence), _several_labels(evidence), _merged(evidence), _beatless(evidence))
    told = "; ".join(trouble for trouble in troubles if trouble)
    return f"What went wrong in the data: {told}." if told else None


def mistake(pair: dict[str, Any]) -> str:
    """`rock is taken for metal in 31 % of its test tracks (62 of them)`."""
    tracks = "" if pair.get("count") is None else f" ({count(pair['count'])} of them)"
    return f"{pair['true']} is taken for {pair['predicted']} in {percent(pair['rate'], 0)} of its test tracks{tracks}"


def _dropped(evidence: Evidence) -> str | None:
    """Name the rows that had to go, and the rules; rows left out by a wish for a sample went for no fault."""
    lines = evidence.rows_dropped
    if lines is None:
        return None
    faults = lines[lines["rule"] != "sample"]
    rules = names(f"{line['rule']}: {count(line['count'])}" for line in faults.to_dict("records"))
    total, rows = count(faults["count"].sum()), counted(evidence.rows_read, "row")
    return say("{total} of {rows} were dropped ({rules})", total=total, rows=rows, rules=rules)


def _several_labels(evidence: Evidence) -> str | None:
    tracks = evidence.get("preprocess.multi_label_tracks") or None
    return say(
        "{tracks} under several genres, so that one answer a track is right for {ceiling} of the rows at most",
        tracks=counted(tracks, "track stands", "tracks stand"),
        ceiling=percent(_ceiling(evidence)),
    )


def _merged(evidence: Evidence) -> str | None:
    groups = [names(group) for group in evidence.several("preprocess.merged")]
    return say("{groups} hold the same tracks and count as one genre", groups="; ".join(filter(None, groups)) or None)


def _beatless(evidence: Evidence) -> str | None:
    rows = evidence.get("preprocess.beatless_rows") or None
    return say("no beat was found in {rows}", rows=counted(rows, "row"))


def _top_5(evidence: Evidence) -> float | None:
    """Return how often the first five guesses hold the genre, where there are genres enough to ask."""
    few = (evidence.get("preprocess.genres") or math.inf) <= _GUESSES
    return None if few else evidence.get("evaluation.headline.top_5")


def _ceiling(evidence: Evidence) -> float | None:
    ceiling: float | None = evidence.get("preprocess.label_ceiling")
    return ceiling if ceiling is None or ceiling < 1 else None


def _model(evidence: Evidence) -> str | None:
    name = evidence.get("evaluation.headline.model")
    return None if name is None else _MODELS.get(name, f"the genre GLM ({name})")


def _most_matter(ranked: list[Any], first: str | None) -> str | None:
    words = names(feature(name) for name in ranked)
    if words is None:
        return None
    many = {1: "The feature that matters most is", 3: "The three features that matter most are"}
    said = f"{many.get(len(ranked), 'The features that matter most are')} {words}"
    return f"{said}: {first}." if first else f"{said}."
