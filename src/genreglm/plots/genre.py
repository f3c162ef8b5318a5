"""Genres: how many artists stand behind each, and what each sounds like."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from genreglm.plots.heatmap import cluster_order, colour_bar, draw_heatmap, slanted
from genreglm.plots.marks import mark_note, marked
from genreglm.plots.strips import draw_strips, strip_figure
from genreglm.plots.style import DIVERGING, body_axes, in_house_style, titled_figure
from genreglm.plots.tables import largest, smallest, wide
from genreglm.plots.text import feature_title, listed, number, plain, sentence, width_of

_CELL, _SIZE = 0.34, 7.5  # width of a column of cells in inches, letters of names in points


def genre_distribution_finding(table: pd.DataFrame) -> str:
    """How evenly the rows, and how unevenly the artists, are spread over genres."""
    measure = _measure(table)
    low, high = smallest(table, measure), largest(table, measure)
    ends = " to ".join(f"{number(row[measure], 0)} ({plain(row['genre'])})" for row in (low, high))
    if measure == "rows":
        return f"{len(table)} genres have from {ends} rows"
    fewest, most = (number(rows, 0) for rows in (table["rows"].min(), table["rows"].max()))
    size = most if fewest == most else f"{fewest} to {most}"
    return f"{len(table)} genres of {size} rows each stand on very different numbers of artists: {ends}"


@in_house_style
def genre_distribution(table: pd.DataFrame) -> Figure:
    """Sorted strip of artists (or rows, without artists) by genre. Table: genre, rows[, artists][, kind]."""
    measure = _measure(table)
    ordered = table.sort_values([measure, "genre"], ascending=[False, True], ignore_index=True)
    ordered = ordered.assign(genre=marked(ordered))
    note = (
        "First named artists in each genre after cleaning. With few artists, a genre is known by their style."
        if measure == "artists"
        else "Rows in each genre after cleaning."
    )
    note += mark_note(ordered)
    figure, panels = strip_figure(len(ordered), genre_distribution_finding(table), note)
    draw_strips(panels, ordered, "genre", measure, measure.capitalize())
    return figure


def genre_profiles_finding(table: pd.DataFrame) -> str:
    """The genres whose medians lie furthest from, and nearest to, the average genre."""
    distance = np.sqrt((_standardised(table).fillna(0) ** 2).mean(axis=1)).sort_values(kind="stable")
    far = listed(plain(genre) for genre in distance.index[::-1][: min(3, len(distance))])
    if len(distance) < 4:
        return f"Ordered from the most unusual sound: {far}"
    return sentence(f"{far} sound least like the average genre, {plain(distance.index[0])} most like it")


@in_house_style
def genre_profiles(table: pd.DataFrame) -> Figure:
    """Heatmap of standardised medians, like genres together. Table: genre, feature, median."""
    scores = _standardised(table)
    columns = cluster_order(scores.to_numpy().T)
    ordered = scores.iloc[cluster_order(scores.to_numpy()), columns].rename(columns=feature_title)
    panels = 1 if len(ordered) <= 40 else 2
    rows = -(-len(ordered) // panels)
    note = (
        "Median of each genre, in standard deviations of the genres' medians around their mean. "
        "Genres and features that behave alike stand together."
    )
    names, foot = width_of(ordered.index, _SIZE) + 0.2, width_of(ordered.columns, _SIZE) * 0.75 + 0.3
    across, up = _CELL * len(columns), max((0.135 if panels > 1 else 0.2) * rows, 1.2)
    width = max(panels * (names + across) + 0.8, 5.5)
    figure = titled_figure(width, up + foot + 0.15, genre_profiles_finding(table), note)
    for panel in range(panels):
        axes = body_axes(figure, names + panel * (names + across), foot, across, up)
        part = ordered.iloc[panel * rows : (panel + 1) * rows]
        mesh = draw_heatmap(axes, part, DIVERGING, Normalize(-3, 3), sizes=(_SIZE, _SIZE))
        axes.set_ylim(rows, 0)
        axes.patch.set_visible(len(part) == rows)
        slanted(axes, 50)
    colour_bar(axes, mesh, "sd", extend="both")
    return figure


def _measure(table: pd.DataFrame) -> str:
    return "artists" if "artists" in table else "rows"


def _standardised(table: pd.DataFrame) -> pd.DataFrame:
    """Medians, genres by features, standardised over genres; a feature that never varies is left out."""
    medians = wide(table, "genre", "feature", "median")
    spread = medians.std(ddof=0)
    return ((medians - medians.mean()) / spread).loc[:, spread > 0]
