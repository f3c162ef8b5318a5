"""Can the model be trusted: who moves it, what its residuals say, how tracks of an artist go together."""

from typing import Any

import pandas as pd

from genreglm.naming import feature, term
from genreglm.study.report.blocks import Block, bullets, heading, section, table, text
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.figures import in_part
from genreglm.study.report.words import count, counted, figures, number, p_value, percent, say

_TEN = 10
_LEVEL = 0.05
_TRACKS = ("track_name", "artist", "track_genre", "expected", "cooksd", "hat", "delta_deviance")
_ARTISTS = ("artist", "rows", "cooksd", "hat", "delta_deviance")
_CHANGES = ("class", "term", "estimate", "estimate_without", "in_errors")
_MANY_ROWS = 10_000  # from where on a test of fit finds any departure, however small
_CLEARLY_OUTSIDE = 0.08  # share of bins outside limits that hold 95 % of them where the model is right
_CONDITION_INDEX = 30.0  # from where on coefficients are hard to tell apart (Belsley, Kuh and Welsch 1980)


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
            *in_part(_captions(evidence), "influence"),
            table(_top(evidence, "influential_tracks"), "The ten most influential tracks",
                  "tables/influential_tracks.csv", evidence.without_artists(_TRACKS), folded=False),
            table(_top(evidence, "influential_artists") if evidence.by_artist else None,
                  "The ten most influential artists", "tables/influential_artists.csv", _ARTISTS, folded=False),
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


def _captions(evidence: Evidence) -> dict[str, str]:
    """Return the captions without those of figures about artists where the table names none."""
    return {name: said for name, said in evidence.captions.items() if evidence.by_artist or "artist" not in name}


def _influence(evidence: Evidence) -> Block | None:
    tracks, artists = evidence.table("influential_tracks"), evidence.table("influential_artists")
    whole = ", and for each artist with all of that artist's tracks" if evidence.by_artist else ""
    return text(
        "Cook's distance is the square of how far the coefficients move when a track is left out, a mean over all of "
        "them in units of the uncertainty that they would have if rows were independent; here for each row, without "
        f"refitting{whole}.",
        say(
            "The largest leverage of a track is {hat} of {parameters} free parameters.",
            hat=number(evidence.get("diagnosis.largest_hat")),
            parameters=count(evidence.get("diagnosis.parameters")),
        ),
        None if tracks is None or artists is None or not evidence.by_artist else _strongest(tracks, artists),
    )


def _strongest(tracks: pd.DataFrame, artists: pd.DataFrame) -> str | None:
    """Compare the most influential artist with the most influential track."""
    artist = artists.iloc[0]
    if artist["rows"] == 1:
        return None
    return say(
        "The most influential artist, {artist} with {rows}, has a Cook's distance of {cook}: without that artist the "
        "coefficients move {times} times as far as without the most influential track.",
        artist=str(artist["artist"]),
        rows=counted(artist["rows"], "row"),
        cook=figures(artist["cooksd"]),
        times=figures(float(artist["cooksd"] / tracks["cooksd"].iloc[0]) ** 0.5, 2),
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
    if changes is None or not evidence.by_artist:
        return None
    artists = changes[(changes["without"] == "artists") & (changes["term"] != "(Intercept)")]
    order = artists["in_errors"].abs().sort_values(ascending=False, kind="stable").index
    return artists.loc[order].head(2 * _TEN)


def _dependence(evidence: Evidence) -> Block | None:
    ratio, chance = evidence.get("diagnosis.variance_ratio"), evidence.get("diagnosis.variance_p_value")
    if not evidence.by_artist or ratio is None or chance is None:
        return None
    if chance > _LEVEL:
        return text(
            say(
                "Hardly, as far as these rows can tell: what the model leaves unexplained varies {ratio} times as much "
                "between artists as it would if tracks were independent, and chance alone may do as much (p = {p}).",
                ratio=figures(ratio),
                p=p_value(chance),
            )
        )
    return text(
        say(
            "They do. What the model leaves unexplained varies {ratio} times as much between artists as it would if "
            "tracks were independent: a correlation of {correlation} between two tracks of one artist.",
            ratio=figures(ratio),
            correlation=number(evidence.get("diagnosis.correlation")),
        ),
        "That is why every standard error of the genre model is clustered by artist, and the headline score is on "
        "artists not heard before.",
    )


def _misfit(evidence: Evidence) -> Block | None:
    get = evidence.get
    outside = get("diagnosis.bins_outside")
    return text(
        "A single row tells nothing about the fit of a model; rows together do. In bins of each feature the genres' "
        "shares are compared with what the model expects.",
        say("{share} of the bins lie outside their 95 % limits.", share=percent(outside, 0)),
        *(_missed(evidence) if outside is not None and outside > _CLEARLY_OUTSIDE else ()),
    )


def _missed(evidence: Evidence) -> tuple[str | None, ...]:
    """Tell where the model misses most, whose doing it may be, and what to do."""
    get = evidence.get
    variable = get("diagnosis.worst_bin.variable")
    return (
        say(
            "The model misses most for {genre}, where {feature} is about {mean}.",
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
    many = (evidence.get("diagnosis.rows") or 0) >= _MANY_ROWS
    return text(
        say(
            "Fagerland, Hosmer and Bofin's test compares counts with expectations in {groups} groups of rows: "
            "chi-square {statistic} on {df} degrees of freedom, p {p} by the law that it follows under this model.",
            groups=count(row.get("groups")),
            statistic=number(row["statistic"], 0),
            df=count(row["df"]),
            p=p_value(row["p_value"]),
        ),
        "With so many rows such a test rejects any model." if many and row["p_value"] < _LEVEL else None,
        _caution(evidence, row.get("note")),
        say(
            "What matters is the size: {found} of the rows would have to change genre for the counts to agree, where "
            "chance alone asks for {chance}.",
            found=percent(row.get("dissimilarity")),
            chance=percent(row.get("dissimilarity_by_chance")),
        ),
    )


def _caution(evidence: Evidence, note: str | float | None) -> str | None:
    """Make a sentence of the test's note, without what it says of artists where the table names none."""
    parts = note.split("; ") if isinstance(note, str) else []
    said = "; ".join(part for part in parts if evidence.by_artist or "artist" not in part)
    return f"{said[0].upper()}{said[1:]}." if said else None


def _conditioning(indices: pd.DataFrame | None) -> Block | None:
    if indices is None:
        return None
    largest = float(indices["condition_index"].max())
    share = indices[(indices["condition_index"] == largest) & (indices["proportion"] > 0.5)]
    joined = " and ".join(term(name) for name in share["term"] if name != "(Intercept)")
    high = largest > _CONDITION_INDEX
    verdict = "some coefficients rest on small differences between columns" if high else "no trouble there"
    return text(
        f"The largest condition index of the design is {number(largest, 0)}"
        + (f" (it joins {joined})" if joined and high else "")
        + f": {verdict}. Numbers above {_CONDITION_INDEX:g} call for care.",
    )
