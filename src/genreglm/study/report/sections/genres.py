"""What makes a genre: effects in probabilities, what each feature is worth, and how genres lie to each other."""

import pandas as pd

from genreglm.naming import feature
from genreglm.study.report.blocks import Block, heading, matrix, section, table, text
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.figures import in_part
from genreglm.study.report.words import count, names, percent, say

_EFFECTS = ("class", "variable", "estimate", "conf_low", "conf_high", "std_error")
_MEASURES = ("term", "df", "lr_share", "deviance_share", "effect")
_TYPICAL = ("class", "kind", "track_name", "artist", "probability", "expected")
_STRONGEST = 30


def genres(evidence: Evidence) -> Block:
    """Tell what shapes genres, each of them and all together."""
    found = evidence.findings["genres"]
    return section(
        "genres",
        "What makes a genre?",
        [] if not found else [
            heading("Which features shape genre", "importance"),
            _importance(evidence),
            *in_part(evidence.captions, "importance"),
            table(evidence.table("term_importance"), "What each term is worth", "tables/term_importance.csv",
                  _MEASURES, folded=False),
            heading("What a feature does to each genre", "marginal"),
            _effects(evidence),
            _all_effects() if evidence.table("marginal_effects") is not None else None,
            *in_part(evidence.captions, "marginal"),
            table(_strongest(evidence), "The surest average marginal effects", "tables/marginal_effects.csv",
                  _EFFECTS, folded=True),
            heading("How genres lie to each other", "likeness"),
            _likeness(evidence),
            *in_part(evidence.captions, "likeness"),
            table(_nearest(evidence), "Pairs of genres, the nearest first", "tables/genre_distances.csv",
                  _pair_columns(evidence), folded=True),
            heading("The most typical and the most surprising tracks", "typical"),
            text(
                "Typical: the tracks that the model gives the highest probability of their own genre. Surprising: "
                "those with the lowest, beside the genre that it would have expected."
            ),
            table(evidence.table("typical_tracks"), "Typical and surprising tracks of each genre",
                  "tables/typical_tracks.csv", evidence.without_artists(_TYPICAL), folded=True),
        ],
        short="Genres",
    )  # fmt: skip


def _importance(evidence: Evidence) -> Block | None:
    shares, strongest = evidence.several("genres.terms")[:3], evidence.several("genres.strongest")[:3]
    leaders = evidence.several("genres.leaders")[:3]
    return text(
        say(
            "The largest parts of what the terms hold of the likelihood rest on {shares}.",
            shares=names(f"{feature(one['term'])} ({percent(one['lr_share'], 0)})" for one in shares),
        ),
        say(
            "Genre by genre, the feature that tells most is {leaders}.",
            leaders=names(f"{feature(name)} in {number}" for name, number in leaders),
        ),
        say(
            "Where a feature tells most of a single genre: {pairs}.",
            pairs=names(f"{feature(one['term'])} of {one['class']}" for one in strongest),
        ),
        "Features that say much the same, as energy and loudness often do, are worth little each when dropped, since "
        "the other stays. So two measures stand side by side: what the likelihood loses without a term, and how far a "
        "term moves the log-odds of the median genre. No single genre's coefficient is an importance.",
    )


def _effects(evidence: Evidence) -> Block | None:
    return text(
        "An average marginal effect is the change of a genre's probability with a feature, everything else held, "
        "averaged over all tracks; over the genres they sum to zero, since probabilities do. Colours show it for one "
        "standard deviation of the feature, in percentage points.",
        "Intervals are clustered by artist." if evidence.by_artist else None,
    )


def _all_effects() -> Block:
    note = (
        "Rows: genres; columns: features. Orange lifts the genre's probability, blue lowers it; the stronger the "
        "colour, the more for one standard deviation of the feature."
    )
    orders = (("likeness", "like genres together"), ("family", "by family"))
    return matrix("effects", "All effects, genres", note, orders)


def _strongest(evidence: Evidence) -> pd.DataFrame | None:
    effects = evidence.table("marginal_effects")
    if effects is None:
        return None
    order = effects["statistic"].abs().sort_values(ascending=False, kind="stable").index
    return effects.loc[order].head(_STRONGEST)


def _nearest(evidence: Evidence) -> pd.DataFrame | None:
    distances = evidence.table("genre_distances")
    return None if distances is None else distances.sort_values("distance", kind="stable").head(_STRONGEST)


def _pair_columns(evidence: Evidence) -> list[str]:
    """Return what is shown of a pair, its p-value only where the tests can be believed."""
    tested = evidence.get("genres.not_told_apart") is not None
    return [
        "class_1",
        "class_2",
        "distance",
        "log_odds_apart",
        "conf_low",
        "conf_high",
        *(["p_adjusted"] if tested else []),
    ]


def _likeness(evidence: Evidence) -> Block | None:
    get, alike = evidence.get, evidence.get("genres.not_told_apart")
    shares = evidence.several("genres.map_share")
    # Nearest and furthest are few among many: at most a third.
    pairs, apart = (get(number) or 0 for number in ("genres.pairs", "preprocess.genres"))
    near, far = evidence.several("genres.nearest")[: min(4, pairs // 3)], evidence.several("genres.apart")[: apart // 3]
    return text(
        "The distance between two genres is how well the model tells their tracks apart: the root of the symmetric "
        "Kullback-Leibler divergence between what it says of the tracks of one and of the other. The table has beside "
        "it the standard deviation of the log-odds between the two, less what noise alone makes of it.",
        say(
            "Nearest are {pairs}.",
            pairs=names(f"{one['class_1']} and {one['class_2']}" for one in near),
        ),
        say("Furthest from all others: {apart}.", apart=names(far)),
        say(
            "All {pairs} pairs are told apart by a test at 5 % that allows for their number."
            if alike == 0
            else "Of {pairs} pairs, {alike} cannot be told apart by a test at 5 % that allows for their number.",
            pairs=count(get("genres.pairs")),
            alike=count(alike),
        ),
        say("The map holds {share} of the differences in its two dimensions.", share=percent(sum(shares), 0))
        if shares
        else None,
    )
