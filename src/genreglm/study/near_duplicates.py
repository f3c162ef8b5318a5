"""The same song by the same artist under several track ids: found, counted, and weighted as one where that is wished.

Re-releases and compilations bring a recording back under a new id, with features all but the same: a genre's row told
once more, no further evidence. Titles are compared conservatively: only what is added to a title to name its edition
or its guests is left out. A remix by somebody named is another track.
"""

import re
import unicodedata

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.dependence import same_codes
from genreglm.tracks.columns import GENRE
from genreglm.tracks.ledger import Ledger

STEP = "near-duplicates"
_NEEDED = ("track_id", "track_name", "artists")
_YEAR = r"(19|20)\d\d"
# What may follow a title after " - " or in brackets, and names an edition of the same song.
_EDITION = re.compile(
    rf"""
      (({_YEAR}\s)?(digital(ly)?\s)?re-?master(ed)?(\sversion)?(\s(in\s)?{_YEAR})?)
    | remasterizado(\s(en\s)?{_YEAR})?
    | (live(\s(at|from|in|on)\s.+)?|live\sversion|(ao|en)\svivo(\s(em|en|no|na)\s.+)?)
    | (re-?mix(ed)?(\s{_YEAR})?|{_YEAR}\sre-?mix)
    | ((original|single|album|radio|extended|club|full)\s(version|edit|mix))
    | (mono|stereo)(\s(version|mix))?
    | (explicit|clean|radio)(\sversion)?
    | bonus(\strack)?
    | (feat|ft|featuring)\b\.?\s.+
    """,
    re.VERBOSE,
)
_TAIL = re.compile(r"^(?P<title>.*\S)\s*(?:\s-\s(?P<dash>[^()\[\]]+)|\((?P<round>[^()]+)\)|\[(?P<square>[^\[\]]+)\])$")


def plain_title(title: str) -> str:
    """Return a title without its case, repeated spaces, and the names of editions and guests at its end.

    `"Song (feat. Somebody) - Remastered 2011"` -> `"song"`; `"Song - Somebody Remix"` stays `"song - somebody remix"`.
    """
    plain = " ".join(unicodedata.normalize("NFKC", title).casefold().split())
    while found := _TAIL.match(plain):
        added = found["dash"] or found["round"] or found["square"]
        if not all(_EDITION.fullmatch(part) for part in re.split(r"\s*/\s*", added.strip())):
            break
        plain = found["title"]
    return plain


def song_codes(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return (rows,) equal numbers where two rows are the same song: first named artist and plain title.

    A row without a title or a named artist is a song of its own, and every row where the table lacks the names.
    """
    if not set(_NEEDED) <= set(rows.columns):
        return np.arange(len(rows))
    codes, titles = pd.factorize(rows["track_name"])
    plain = np.array([*(plain_title(str(title)) for title in titles), None], dtype=object)[codes]
    known = rows["artists"].notna().to_numpy()
    songs = pd.DataFrame({"artist": rows["artist"].where(known).to_numpy(), "title": plain})
    return same_codes(songs, ["artist", "title"])


def with_song_rows(rows: pd.DataFrame, ledger: Ledger, *, as_one: bool) -> pd.DataFrame:
    """Add `song_rows`, in how many rows of its genre a row's song stands, one where it stands once; a line each.

    Nothing is dropped. What `as_one` says is done with the count later: each row of a song that stands in m rows of a
    genre has weight 1 / m in the predictive models.
    """
    songs = song_codes(rows)
    within = same_codes(pd.DataFrame({"song": songs, "genre": rows[GENRE].to_numpy()}), ["song", "genre"])
    count = np.bincount(within, minlength=len(rows))[within]
    action = "weighted as one" if as_one else "kept"
    again = count > 1
    several = _several_tracks(rows, songs)
    ledger.add(
        STEP,
        "same song and artist under several track ids",
        "rows",
        int(several.sum()),
        "kept",
        f"{_songs(songs[several])}; {_editions(rows, several)} of the rows name an edition or a guest",
    )
    ledger.add(STEP, "same song again within its genre", "rows", int(again.sum()), action, _songs(within[again]))
    return rows.assign(song_rows=count)


def _several_tracks(rows: pd.DataFrame, songs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return (rows,) whether a row's song has more than one track id."""
    if "track_id" not in rows:
        return np.zeros(len(rows), dtype=bool)
    pairs = pd.DataFrame({"song": songs, "track": rows["track_id"].to_numpy()})
    return (pairs.groupby("song")["track"].transform("nunique") > 1).to_numpy()


def _editions(rows: pd.DataFrame, where: NDArray[np.bool_]) -> str:
    if not where.any():
        return "0"
    titles = rows.loc[where, "track_name"].map(lambda title: " ".join(str(title).casefold().split()))
    return f"{int((titles != titles.map(plain_title)).sum()):,}"


def _songs(codes: NDArray[np.int64]) -> str:
    count = len(np.unique(codes))
    return f"{count:,} song{'' if count == 1 else 's'}"
