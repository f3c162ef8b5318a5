"""What the tracks look like before any model."""

import pandas as pd

from genreglm.naming import feature
from genreglm.study.report.blocks import Block, heading, matrix, section, table, text
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.figures import in_part
from genreglm.study.report.words import names, number

_STRONGEST = 3
_TOGETHER = "Which features rise together (orange) or against each other (blue); the stronger the colour, the more."


def exploration(evidence: Evidence) -> Block:
    """Tell distributions, correlations and profiles."""
    pairs = _pairs(evidence.table("correlations"))
    statistics = evidence.table("descriptive_statistics")
    return section(
        "exploration",
        "Exploration",
        [
            _skewness(statistics),
            _correlated(pairs),
            *in_part(evidence.captions, "exploration"),
            None if pairs is None or pairs.empty else matrix("correlations", "Rank correlations", _TOGETHER),
            heading("Tables"),
            table(statistics, "Features", "tables/descriptive_statistics.csv", folded=False),
            table(
                pairs,
                "Pairs of features by rank correlation",
                "tables/correlations.csv",
                folded=True,
                most=45,
            ),
            _medians(evidence.table("genre_profiles")),
            *(
                table(evidence.table(name), title, f"tables/{name}.csv", folded=True)
                for name, title in _SMALL_TABLES.items()
            ),
        ],
    )


_SMALL_TABLES = {
    "popularity_by_key_mode": "Popularity by key and mode",
    "popularity_bands": "Tracks by band of popularity",
    "speech_bands": "Rows by share of spoken words",
}


def _skewness(statistics: pd.DataFrame | None) -> Block | None:
    if statistics is None or "skewness" not in statistics:
        return None
    skewed = statistics.loc[statistics["skewness"].abs() > 1].sort_values("skewness", key=abs, ascending=False)
    if skewed.empty:
        return text("No feature is strongly skewed.")
    listed = names(f"{feature(row['feature'])} ({number(row['skewness'], 1)})" for row in skewed.to_dict("records"))
    return text(f"Strongly skewed (beyond ±1): {listed}. A line through such a feature bends to its tail.")


def _pairs(correlations: pd.DataFrame | None) -> pd.DataFrame | None:
    """Each pair once, the strongest first."""
    if correlations is None:
        return None
    once = correlations[correlations["feature_x"] < correlations["feature_y"]].dropna(subset=["spearman"])
    return once.sort_values("spearman", key=abs, ascending=False, kind="stable")


def _correlated(pairs: pd.DataFrame | None) -> Block | None:
    if pairs is None or pairs.empty:
        return None
    listed = names(
        f"{feature(row['feature_x'])} and {feature(row['feature_y'])} ({number(row['spearman'])})"
        for row in pairs.head(_STRONGEST).to_dict("records")
    )
    return text(f"Features that go together most, by Spearman's rank correlation: {listed}.")


def _medians(profiles: pd.DataFrame | None) -> Block | None:
    if profiles is None or "median" not in profiles:
        return None
    wide = profiles.pivot_table(index="genre", columns="feature", values="median", sort=False).reset_index()
    return table(wide, "Median of each feature by genre", "tables/genre_profiles.csv", folded=True)
