"""What came in, what was done to it, and what is left."""

import pandas as pd

from genreglm.naming import feature
from genreglm.study.report.blocks import Block, bullets, facts, heading, note, section, table, text
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.figures import in_part
from genreglm.study.report.words import count, counted, names, percent, say


def data(evidence: Evidence) -> Block:
    """Tell the input, the ledger and the genres."""
    return section(
        "data",
        "Data and ledger",
        [
            _simulated(evidence),
            _input(evidence),
            bullets(evidence.several("load.notes")),
            heading("The ledger"),
            _balance(evidence),
            *_ledger(evidence.table("ledger")),
            heading("Tracks under several genres"),
            _labels(evidence),
            heading("Genres"),
            *in_part(evidence.captions, "data"),
            table(_with_families(evidence), "Rows of each genre", "tables/genre_distribution.csv"),
        ],
        short="Data",
    )


def _with_families(evidence: Evidence) -> pd.DataFrame | None:
    """Add family and kind to the rows of each genre, where the study has families."""
    rows, families = evidence.table("genre_distribution"), evidence.table("genre_families")
    if rows is None or families is None:
        return rows
    return rows.merge(families[["genre", "family", "kind"]], on="genre", how="left")


def _simulated(evidence: Evidence) -> Block | None:
    if not evidence.simulated:
        return None
    return note(
        "Simulated tracks.",
        "The input is the built-in example. Its tracks were drawn at random from figures by genre "
        "(quantiles, rank correlations, level frequencies) of a real table; none of them exists. Findings "
        "about it show what the study does, not what music is like.",
    )


def _input(evidence: Evidence) -> Block | None:
    get = evidence.get
    return facts(
        [
            ("Input", get("load.input")),
            ("Rows of the table", count(get("load.rows_of_table")) if evidence.drawn else None),
            ("Rows read", count(get("load.rows"))),
            ("Rows studied", count(get("preprocess.rows_out"))),
            ("Genres", count(get("preprocess.genres"))),
            ("Distinct tracks", count(get("preprocess.tracks"))),
            ("First named artists", count(get("preprocess.artists")) if evidence.by_artist else None),
            ("Training rows", _part(evidence, "train")),
            ("Rows to choose penalties on", _part(evidence, "valid")),
            ("Test rows", _part(evidence, "test")),
            ("Features", names(map(feature, evidence.several("preprocess.features")), most=20)),
            ("Factors", names(map(feature, evidence.several("preprocess.factors")))),
        ]
    )


def _part(evidence: Evidence, part: str) -> str | None:
    rows = count(evidence.get(f"preprocess.{part}_rows"))
    artists = counted(evidence.get(f"preprocess.{part}_artists"), "artist") if evidence.by_artist else None
    return say("{rows}, by {artists}", rows=rows, artists=artists) or rows


def _balance(evidence: Evidence) -> Block | None:
    """Show that rows in = rows out + rows dropped, from the ledger itself."""
    lines, rows_in, rows_out = evidence.rows_dropped, evidence.rows_read, evidence.get("preprocess.rows_out")
    if lines is None or rows_in is None or rows_out is None:
        return None
    dropped = lines["count"].sum()
    if rows_in - dropped != rows_out:
        return note(
            "The ledger does not balance.",
            f"{count(rows_in)} rows came in, {count(dropped)} are recorded as dropped, {count(rows_out)} are "
            "left. Please report this as a fault of genreglm.",
        )
    return text(
        "Every rule that touched the table has a line, with what it counted and what was done.",
        f"{counted(rows_in, 'row')} came in, {count(dropped)} were dropped, and {count(rows_out)} are left.",
    )


def _ledger(ledger: pd.DataFrame | None) -> list[Block | None]:
    if ledger is None:
        return []
    found = ledger[ledger["count"] > 0]
    blocks = [table(found, "Rules that found something", "ledger.csv", folded=False)]
    if len(found) < len(ledger):
        idle = ledger.loc[ledger["count"] == 0, ["step", "rule"]]
        blocks.append(table(idle, "Rules that found nothing", "ledger.csv", folded=True))
    return blocks


def _labels(evidence: Evidence) -> Block | None:
    get = evidence.get
    merged = evidence.several("preprocess.merged")
    return text(
        say(
            "{tracks} under more than one genre, one row for each.",
            tracks=counted(get("preprocess.multi_label_tracks"), "track stands", "tracks stand"),
        ),
        say(
            "No answer from sound alone can be right for all rows of such a track: whoever names one genre a "
            "track is right for {ceiling} of the rows at most. Accuracies below are to be read against that.",
            ceiling=percent(get("preprocess.label_ceiling")) if get("preprocess.multi_label_tracks") else None,
        ),
        say(
            "{rows} hold a song that its artist has in the same genre again, under another track id: re-releases and "
            "compilations. {done}",
            rows=counted(get("preprocess.near_duplicates") or None, "row"),
            done="In the predictive models, the rows of such a song count as one."
            if evidence.manifest.get("config", {}).get("near_duplicates") == "as one"
            else "They count as rows of their own.",
        ),
        *(
            f"The genres {names(group)} hold exactly the same tracks; they count as one, {group[0]}."
            for group in merged
        ),
    )
