"""Stage 3: what the tracks look like, as tables; the figures are drawn from them at the end."""

from genreglm.study import exploration
from genreglm.study.context import Study


def run(study: Study) -> None:
    """Leave the descriptive tables: distributions, profiles, correlations, densities, popularity by key."""
    store = study.store
    tracks = store.read_frame("tracks")
    correlations = exploration.correlations(tracks)
    tables = {
        "descriptive_statistics": exploration.descriptive_statistics(tracks),
        "genre_distribution": exploration.genre_distribution(tracks),
        "genre_profiles": exploration.genre_profiles(tracks),
        "feature_quantiles": exploration.feature_quantiles(tracks),
        "correlations": correlations,
        "distributions": exploration.distributions(tracks),
        "popularity_by_key_mode": exploration.popularity_by_key_mode(tracks),
    }
    if store.has("tables/genre_families.csv"):
        families = store.read_table("genre_families")
        tables["family_distributions"] = exploration.family_distributions(tracks, families)
    for x, y in exploration.DENSITY_PAIRS:
        tables[f"density_{x}_{y}"] = exploration.density(tracks, x, y)
    for name, table in tables.items():
        if table is not None:
            store.table(name, table)
    pairs = correlations[correlations["feature_x"] < correlations["feature_y"]]
    strongest = pairs.iloc[int(pairs["spearman"].abs().to_numpy().argmax())]
    study.note(
        f"strongest rank correlation: {strongest['feature_x']} and {strongest['feature_y']} "
        f"({strongest['spearman']:+.2f})"
    )
