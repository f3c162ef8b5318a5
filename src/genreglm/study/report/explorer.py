"""What the genre explorer in the page draws from: every genre's profile, effects, curves, neighbours and mistakes."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.naming import feature, term
from genreglm.plots.heatmap import affinity_order, cluster_order
from genreglm.plots.tables import wide
from genreglm.study.report.evidence import Evidence

_QUANTILES = ["q10", "q25", "median", "q75", "q90"]
_NEAREST = 6
_DIGITS = 4  # of a number that is drawn, not read


def explorer(evidence: Evidence) -> dict[str, Any] | None:
    """Return the data, in plain lists; None where the study has no profiles or no test of its genres.

    Keys: `genres` (name, family, kind, recall, precision, tracks); `features` (name, and quantiles of all rows);
    `profiles` (genre -> feature -> quantiles); `effects` (`terms`, and genre -> term -> estimate, low, high, in points
    for a standard deviation); `slopes` (`terms`, and genre -> term -> log-odds for a standard deviation); `curves`
    (feature, x, and genre -> probabilities); `nearest` (genre -> pairs of a genre's number and the distance);
    `mistakes` (true, predicted, count); `calibration` (genre -> predicted, observed, low, high); `tracks` (genre ->
    kind, track, artist, probability, genre expected); `correlations` (`terms`, like beside like, and term -> term ->
    rank correlation); `order` (of the genres, those that are mistaken for the same ones beside each other). Genres go
    by their place in `genres`; what the study has no table of is left out.
    """
    report, profiles = evidence.table("classification_report"), evidence.table("genre_profiles")
    if report is None or profiles is None:
        return None
    names = [str(name) for name in report["genre"]]
    features = [str(name) for name in profiles["feature"].drop_duplicates()]
    parts = {
        "genres": _genres(report, evidence.table("genre_families")),
        "features": _features(features, evidence.table("feature_quantiles")),
        "profiles": _profiles(profiles, names, features),
        "effects": _effects(evidence, names),
        "slopes": _slopes(evidence, names),
        "curves": _curves(evidence.table("genre_curves"), names),
        "nearest": _nearest(evidence.table("genre_distances"), names),
        "mistakes": _mistakes(evidence.table("confusion_matrix"), names),
        "calibration": _calibration(evidence.table("calibration_by_genre"), names),
        "tracks": _tracks(evidence, names),
        "correlations": _correlations(evidence.table("correlations")),
        "order": _order(evidence.table("confusion_matrix"), names),
    }
    return {name: part for name, part in parts.items() if part is not None}


def _genres(report: pd.DataFrame, families: pd.DataFrame | None) -> list[dict[str, Any]]:
    if families is not None:
        report = report.merge(families[["genre", "family"]], on="genre", how="left")
    columns = [name for name in ("genre", "family", "kind", "recall", "precision", "support") if name in report]
    named = report[columns].rename(columns={"genre": "name", "support": "tracks"})
    return [{str(key): _plain(value) for key, value in row.items()} for row in named.to_dict("records")]


def _features(features: list[str], quantiles: pd.DataFrame | None) -> list[dict[str, Any]]:
    known = {} if quantiles is None else quantiles.set_index("feature")[_QUANTILES].T.to_dict("list")
    return [
        {"name": feature(name), "column": name, "all": _rounded(np.array(known[name])) if name in known else None}
        for name in features
    ]


def _profiles(profiles: pd.DataFrame, names: list[str], features: list[str]) -> list[Any]:
    wide = profiles.set_index(["genre", "feature"])[_QUANTILES]
    every = pd.MultiIndex.from_product([names, features])
    return _rounded(wide.reindex(every).to_numpy(dtype=float).reshape(len(names), len(features), len(_QUANTILES)))


def _effects(evidence: Evidence, names: list[str]) -> dict[str, Any] | None:
    table, scales = evidence.table("marginal_effects"), evidence.table("feature_scales")
    if table is None or scales is None:
        return None
    # A point is a hundredth of probability.
    points = 100.0 * table["variable"].map(scales.set_index("variable")["sd"])
    scaled = table[["estimate", "conf_low", "conf_high"]].mul(points, axis=0)
    wide = scaled.set_index([table["class"], table["variable"]])
    terms = list(table["variable"].drop_duplicates())
    every = pd.MultiIndex.from_product([names, terms])
    values = wide.reindex(every).to_numpy(dtype=float).reshape(len(names), len(terms), 3)
    return {"terms": [feature(name) for name in terms], "values": _rounded(values)}


def _slopes(evidence: Evidence, names: list[str]) -> dict[str, Any] | None:
    table, scales = evidence.table("coefficients"), evidence.table("column_scales")
    if table is None or scales is None:
        return None
    spread = scales[scales["sd"] > 0].set_index("term")["sd"]
    wide = table.pivot_table(index="class", columns="term", values="estimate", sort=False).reindex(names)
    terms = [name for name in wide.columns if name in spread.index]
    return {
        "terms": [feature(name) if name.isidentifier() else term(name) for name in terms],
        "values": _rounded(wide[terms].to_numpy() * spread[terms].to_numpy()),
    }


def _curves(table: pd.DataFrame | None, names: list[str]) -> list[dict[str, Any]] | None:
    if table is None:
        return None
    found = []
    for name, part in table.groupby("feature", sort=False):
        wide = part.pivot_table(index="value", columns="class", values="probability").reindex(columns=names)
        drawn = {"x": _rounded(wide.index.to_numpy()), "y": _rounded(100.0 * wide.to_numpy().T, 3)}
        found.append({"name": feature(str(name)), "column": str(name), **drawn})
    return found


def _nearest(table: pd.DataFrame | None, names: list[str]) -> list[list[list[float]]] | None:
    if table is None:
        return None
    place = {name: number for number, name in enumerate(names)}
    pairs = table[["class_1", "class_2", "distance"]]
    both = pd.concat([pairs, pairs.rename(columns={"class_1": "class_2", "class_2": "class_1"})])
    both = both[both["class_1"].isin(names) & both["class_2"].isin(names)].sort_values("distance", kind="stable")
    first = both.groupby("class_1").head(_NEAREST)
    held: dict[Hashable, list[list[float]]] = {
        name: [[place[other], _round(distance)] for other, distance in part[["class_2", "distance"]].to_numpy()]
        for name, part in first.groupby("class_1")
    }
    return [held.get(name, []) for name in names]


def _mistakes(table: pd.DataFrame | None, names: list[str]) -> list[list[int]] | None:
    """Return true and predicted genre and how often, of the cells that are not empty; those told right included."""
    if table is None:
        return None
    counts = _counts(table, names)
    true, predicted = np.nonzero(counts)
    return [list(map(int, cell)) for cell in zip(true, predicted, counts[true, predicted], strict=True)]


def _correlations(table: pd.DataFrame | None) -> dict[str, Any] | None:
    """Return the rank correlations of the features, in the order of their heatmap."""
    if table is None:
        return None
    matrix = wide(table, "feature_x", "feature_y", "spearman")
    order = cluster_order(matrix.to_numpy(dtype=float))
    ordered = matrix.iloc[order, order]
    return {"terms": [feature(str(name)) for name in ordered], "values": _rounded(ordered.to_numpy(dtype=float), 3)}


def _order(table: pd.DataFrame | None, names: list[str]) -> list[int] | None:
    """Return the order of the heatmap of confusions."""
    if table is None:
        return None
    counts = _counts(table, names)
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return [int(place) for place in affinity_order(rates + rates.T)]


def _counts(table: pd.DataFrame, names: list[str]) -> NDArray[np.int64]:
    return np.asarray(table.set_index("genre").reindex(index=names, columns=names).fillna(0), dtype=np.int64)


def _calibration(table: pd.DataFrame | None, names: list[str]) -> list[list[list[float]]] | None:
    if table is None:
        return None
    drawn = ["predicted", "observed", "conf_low", "conf_high"]
    held = {name: _rounded(100.0 * part[drawn].to_numpy(), 3) for name, part in table.groupby("class")}
    return [held.get(name, []) for name in names]


def _tracks(evidence: Evidence, names: list[str]) -> list[list[list[Any]]] | None:
    table = evidence.table("typical_tracks")
    if table is None or "track_name" not in table:
        return None
    shown = table.assign(artist=table.get("artist", ""))
    columns = ["kind", "track_name", "artist", "probability", "expected"]
    held = {
        name: [[_plain(value) for value in row] for row in part[columns].itertuples(index=False, name=None)]
        for name, part in shown.groupby("class")
    }
    return [held.get(name, []) for name in names]


def _plain(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return _round(float(value))
    if isinstance(value, np.generic):
        return value.item()
    return None if value is None or value is pd.NA else value


def _round(value: float, digits: int = _DIGITS) -> Any:
    return float(f"{value:.{digits}g}") if np.isfinite(value) else None


def _rounded(values: Any, digits: int = _DIGITS) -> list[Any]:
    """Return an array as lists of numbers of so many digits; None for what is missing."""
    if np.ndim(values) > 1:
        return [_rounded(each, digits) for each in values]
    return [_round(float(value), digits) for value in values]
