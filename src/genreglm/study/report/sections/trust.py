"""Can the model be trusted: who moves it, what its residuals say, how tracks of an artist go together."""

from typing import Any

import pandas as pd

from genreglm.naming import feature, term
from genreglm.study.report.blocks import Block, bullets, heading, section, table, text
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.figures import in_part
from genreglm.study.report.words import count, counted, figures, number, p_value, percent, say

_TEN = 10
_TRACKS = ("track_name", "artist", "track_genre", "expected", "cooksd", "hat", "delta_deviance")
_ARTISTS = ("artist", "rows", "cooksd", "hat", "delta_deviance")
_CHANGES = ("class", "term", "estimate", "estimate_without", "in_errors")
_MANY_ROWS = 10_000
_UNKNOWN = 30.0  # a condition index from which coefficients are hard to tell apart (Belsley, Kuh and Welsch 1980)


def trust(evidence: Evidence) -> Block:
    """Tell what bears on whether the genre model's numbers mean what they say."""
    found = evidence.findings["diagnosis"]
    return section(
        "trust",
        "Can the model be trusted?",
        [] if not found else [
            text(
                "The coefficients, effects and tests of the genre GLM stand on assumptions. Each of these is looked at "
                "here, in all rows and all genres, on the simplified model."
            ),
            heading("Who moves the model", "influence"),
            _influence(evidence),
            *in_part(evidence.captions, "influence"),
            table(_top(evidence, "influential_tracks"), "The ten most influential tracks",
                  "tables/influential_tracks.csv", _TRACKS, folded=False),
            table(_top(evidence, "influential_artists"), "The ten most influential artists",
                  "tables/influential_artists.csv", _ARTISTS, folded=False),
            heading("The same model without them", "without"),
            bullets(_without(evidence, name) for name in ("tracks", "artists")),
            table(_largest_changes(evidence), "The largest changes without the ten artists",
                  "tables/refit_without.csv", _CHANGES, folded=True),
            heading("Do tracks of an artist go together", "dependence"),
            _dependence(evidence),
            heading("Where the model misses", "misfit"),
            _misfit(evidence),
            *in_part(evidence.captions, "misfit"),
            table(_worst_bins(evidence), "Where each feature's bins depart most", "tables/binned_summary.csv",
                  ("variable", "checked", "share_outside", "class", "mean", "z"), folded=True),
            heading("Tests of fit", "fit"),
            _fit(evidence),
            heading("Can coefficients be told apart", "conditioning"),
            _conditioning(evidence.table("condition_indices")),
            *in_part(evidence.captions, "conditioning"),
            table(evidence.table("gvif_coefficients"), "GVIF of the coefficients, all genres together",
                  "tables/gvif_coefficients.csv", ("term", "df", "gvif_adjusted"), folded=True),
        ],
        short="Trust",
    )  # fmt: skip


def _top(evidence: Evidence, name: str) -> pd.DataFrame | None:
    found = evidence.table(name)
    return None if found is None else found.head(_TEN)


def _influence(evidence: Evidence) -> Block | None:
    tracks, artists = evidence.table("influential_tracks"), evidence.table("influential_artists")
    return text(
        "Cook's distance says how far all coefficients move, in units of their own uncertainty, when a track is left "
        "out; here for each row, without refitting, and for each artist with all of that artist's tracks.",
        say(
            "The largest leverage of a track is {hat} of {parameters} free parameters.",
            hat=number(evidence.get("diagnosis.largest_hat")),
            parameters=count(evidence.get("diagnosis.parameters")),
        ),
        None if tracks is None or artists is None or not evidence.by_artist else _strongest(tracks, artists),
    )


def _strongest(tracks: pd.DataFrame, artists: pd.DataFrame) -> str | None:
    """Compare the most influential artist with the most influential track."""
    artist, times = artists.iloc[0], float(artists["cooksd"].iloc[0] / tracks["cooksd"].iloc[0])
    return say(
        "The most influential artist, {artist} with {rows}, moves the coefficients by a Cook's distance of {cook}, "
        "{times} times that of any single track.",
        artist=str(artist["artist"]),
        rows=counted(artist["rows"], "row"),
        cook=figures(artist["cooksd"]),
        times=figures(times, 2),
    )


def _without(evidence: Evidence, name: str) -> str | None:
    found: dict[str, Any] = evidence.get(f"diagnosis.refits.{name}") or {}
    if not found or (name == "artists" and not evidence.by_artist):
        return None
    return say(
        "Without the ten most influential {name} ({rows}), the typical coefficient moves by {median} of its standard "
        "error, and the one that moves most by {largest} ({term} in {genre}); of {sure} coefficients that differ from "
        "zero at 5 %, {turned} change sign.",
        name=name,
        rows=counted(found["rows"], "row"),
        median=number(found["median"], 3),
        largest=number(abs(found["largest"]), 1),
        term=term(found["term"]),
        genre=str(found["class"]),
        sure=count(found["sure"]),
        turned=count(found["turned"]) if found["turned"] else "none",
    )


def _largest_changes(evidence: Evidence) -> pd.DataFrame | None:
    changes = evidence.table("refit_without")
    if changes is None:
        return None
    artists = changes[(changes["without"] == "artists") & (changes["term"] != "(Intercept)")]
    order = artists["in_errors"].abs().sort_values(ascending=False, kind="stable").index
    return artists.loc[order].head(2 * _TEN)


def _dependence(evidence: Evidence) -> Block | None:
    ratio = evidence.get("diagnosis.variance_ratio")
    if not evidence.by_artist or ratio is None:
        return None
    return text(
        say(
            "They do. What the model leaves unexplained varies {ratio} times as much between artists as it would if "
            "tracks were independent: a correlation of {correlation} between two tracks of one artist.",
            ratio=number(ratio, 1),
            correlation=number(evidence.get("diagnosis.correlation")),
        )
        if ratio > 1.5
        else say(
            "Hardly: what the model leaves unexplained varies {ratio} times as much between artists as it would if "
            "tracks were independent.",
            ratio=number(ratio, 1),
        ),
        "That is why every standard error in this report is clustered by artist, and every score is on artists not "
        "heard before.",
    )


def _misfit(evidence: Evidence) -> Block | None:
    get = evidence.get
    variable = get("diagnosis.worst_bin.variable")
    return text(
        "A single row tells nothing about the fit of a model with so many genres; rows together do. In bins of each "
        "feature the genres' shares are compared with what the model expects.",
        say(
            "{share} of the bins lie outside their 95 % limits. The model misses most for {genre}, where {feature} is "
            "about {mean}.",
            share=percent(get("diagnosis.bins_outside"), 0),
            genre=get("diagnosis.worst_bin.class"),
            feature=None if variable is None else feature(variable),
            mean=figures(get("diagnosis.worst_bin.mean")),
        ),
        "The limits count rows as independent, so where tracks of an artist go together a part of it is their doing."
        if evidence.by_artist
        else None,
        "The curves of the higher-order model and the products of the predictive ones are for the rest: where lines do "
        "not describe a genre, read a coefficient as a summary over the feature's whole range.",
    )


def _worst_bins(evidence: Evidence) -> pd.DataFrame | None:
    summary = evidence.table("binned_summary")
    return None if summary is None else summary.sort_values("share_outside", ascending=False, kind="stable")


def _fit(evidence: Evidence) -> Block | None:
    fit = evidence.table("goodness_of_fit")
    if fit is None:
        return None
    row = fit.iloc[0]
    return text(
        say(
            "Fagerland, Hosmer and Bofin's test compares counts with expectations in ten groups of rows: chi-square "
            "{statistic} on {df} degrees of freedom, p {p}.",
            statistic=number(row["statistic"], 0),
            df=count(row["df"]),
            p=p_value(row["p_value"]),
        ),
        "With this many rows such a test rejects any model." if row["p_value"] < 0.05 else None,
        say(
            "What matters is the size: {found} of the rows would have to change genre for the counts to agree, where "
            "chance alone asks for {chance}.",
            found=percent(row.get("dissimilarity")),
            chance=percent(row.get("dissimilarity_by_chance")),
        ),
    )


def _conditioning(indices: pd.DataFrame | None) -> Block | None:
    if indices is None:
        return None
    largest = float(indices["condition_index"].max())
    share = indices[(indices["condition_index"] == largest) & (indices["proportion"] > 0.5)]
    joined = " and ".join(term(name) for name in share["term"] if name != "(Intercept)")
    verdict = (
        "some coefficients rest on small differences between columns" if largest > _UNKNOWN else "no trouble there"
    )
    return text(
        f"The largest condition index of the design is {number(largest, 0)}"
        + (f" (it joins {joined})" if joined and largest > _UNKNOWN else "")
        + f": {verdict}. Numbers above {_UNKNOWN:g} call for care.",
    )
