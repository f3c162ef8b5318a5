"""Compute the figures behind the built-in example: summarise_tracks.py TABLE [OUT]

TABLE is the Spotify Tracks Dataset as CSV or Parquet (the user's own download, see the README); OUT is
`src/genreglm/study/data/genres.npz` unless given. Only figures by genre are written, never a row, and the
same table gives the same bytes.
"""

import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import eval_hermitenorm, factorial, ndtri

from genreglm.study.example_figures import ARTIST_LEVELS, CATEGORIES, LATENT, LEVELS, NUMERIC, Figures

OUT = Path(__file__).parents[1] / "src/genreglm/study/data/genres.npz"
SOUND = (*(name for name in LATENT if name != "popularity"), "key")
ROWS_PER_GENRE = 1000
# Skewed features are correlated on a scale nearer to that of a study: square roots, and logarithms of the
# value or of the least value told apart.
ROOT_SCALE = ("acousticness", "instrumentalness")
LOG_SCALE = {"duration_ms": 5_000, "speechiness": 0.01, "liveness": 0.01}
# A label set of one track would say more of that track than of the genres.
FEWEST_SHARED = 2
# Correlations of a nearly constant category are noise: they are shrunk where it tells less than so many rows.
ENOUGH_ROWS = 100


def read_table(path):
    table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, index_col=0)
    table["artist"] = table["artists"].astype(object).fillna("").str.split(";").str[0]
    return table.sort_values(["track_genre", "track_id"], kind="stable").reset_index(drop=True)


def standardised(values, name):
    """Values with mean 0 and variance 1 (all 0 if constant), on the scale on which they are correlated."""
    if name in LOG_SCALE:
        values = np.log(np.maximum(values, LOG_SCALE[name]))
    if name in ROOT_SCALE:
        values = np.sqrt(values)
    return (values - values.mean()) / (values.std() or 1.0)


def hermite_terms(values):
    """Mean products (orders 1 to 5) of values with orthonormal Hermite polynomials of their normal scores.

    Tied values share the mean polynomial over their stretch of the normal:
    integral of He_k phi from l to h = He_(k-1)(l) phi(l) - He_(k-1)(h) phi(h).
    """
    order, count = np.sort(values), len(values)
    ranks = [np.searchsorted(order, values, side) for side in ("left", "right")]
    edges = [np.clip(ndtri(rank / count), -9, 9) for rank in ranks]
    weights = values / (ranks[1] - ranks[0])
    return np.array(
        [
            sum(
                sign * np.sum(weights * eval_hermitenorm(k - 1, edge) * np.exp(-0.5 * edge**2))
                for sign, edge in zip((1, -1), edges, strict=True)
            )
            / np.sqrt(2 * np.pi * factorial(k))
            for k in range(1, 6)
        ]
    )


def latent_from_observed(observed, terms):
    """The correlation r of two normals at which their features correlate as observed.

    Features with Hermite terms c_k correlate as sum_k c_ik c_jk r^k (Mehler); solved on a grid of r.
    """
    grid = np.linspace(-0.99, 0.99, 397)
    implied = np.einsum("ik,jk,kg->ijg", terms, terms, grid[None, :] ** np.arange(1, 6)[:, None])
    return grid[np.abs(implied - observed[:, :, None]).argmin(axis=2)]


def nearest_covariance(matrix, floor=1e-3):
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.maximum(values, floor)) @ vectors.T


def unit_diagonal(matrix):
    scale = np.sqrt(np.diag(matrix))
    return matrix / np.outer(scale, scale)


def latent_correlations(rows):
    """Correlation of the latent normals, and the part that tracks of one artist share.

    Chosen so that the features, not their ranks, correlate as the real ones do: a linear model feels those.
    """
    tracks = rows.drop_duplicates(["artist", *SOUND])
    values = np.column_stack([standardised(tracks[name].to_numpy(float), name) for name in LATENT])
    terms = np.array([hermite_terms(column) for column in values.T])
    weight = np.minimum(1.0, len(tracks) * terms[:, 0] ** 2 / ENOUGH_ROWS)
    shrink = np.outer(weight, weight)
    observed = values.T @ values / len(tracks)
    total = latent_from_observed(observed, terms) * shrink
    np.fill_diagonal(total, 1.0)
    correlation = unit_diagonal(nearest_covariance(total))
    centred = values - pd.DataFrame(values).groupby(tracks["artist"].to_numpy()).transform("mean").to_numpy()
    within = centred.T @ centred / (len(tracks) - tracks["artist"].nunique())
    between = latent_from_observed(observed - within, terms) * shrink
    return correlation, bounded_between(between, correlation)


def bounded_between(between, correlation):
    """The nearest matrix with 0 <= between <= correlation in the order of positive semidefinite matrices."""
    root = np.linalg.cholesky(correlation)
    inner = np.linalg.solve(root, np.linalg.solve(root, between).T)
    values, vectors = np.linalg.eigh((inner + inner.T) / 2)
    return root @ (vectors * np.clip(values, 0.0, 0.98)) @ vectors.T @ root.T


def shares(values, categories):
    return np.array([(values == category).mean() for category in categories])


def artist_curve(rows):
    sizes = np.sort(rows.groupby("artist").size().to_numpy())
    held = np.concatenate([[0], np.cumsum(sizes)]) / sizes.sum()
    return np.interp(ARTIST_LEVELS, np.linspace(0, 1, len(held)), held)


def genre_figures(rows):
    distinct = rows.drop_duplicates()
    numeric = distinct[list(NUMERIC)].to_numpy(float)
    present = [column[column != 0] for column in numeric.T]
    correlation, between = latent_correlations(distinct)
    by_mode = [shares(distinct.loc[distinct["mode"] == mode, "key"], range(12)) for mode in (0, 1)]
    return {
        "quantiles": np.array([np.quantile(column, LEVELS) for column in present]),
        "zero_share": (numeric == 0).mean(axis=0),
        "correlation": correlation,
        "between": between,
        **{name: shares(distinct[name].astype(int), levels) for name, levels in CATEGORIES.items()},
        "key_by_mode": np.array(by_mode),
        "artists": round(distinct["artist"].nunique() * ROWS_PER_GENRE / len(distinct)),
        "artist_curve": artist_curve(distinct),
        "reissue_share": 1 - len(distinct.drop_duplicates(["artist", *SOUND])) / len(distinct),
        "duplicate_share": 1 - len(distinct) / len(rows),
        "featured_share": distinct["artists"].astype(object).fillna("").str.contains(";").mean(),
    }


def label_figures(table, genres):
    """Groups of tracks under the same genres, and the genres that repeat another one's tracks."""
    member = pd.crosstab(table["track_id"], table["track_genre"]).reindex(columns=genres).to_numpy() > 0
    twin_of = np.full(len(genres), -1)
    for genre in range(len(genres)):
        same = np.flatnonzero((member[:, :genre] == member[:, [genre]]).all(axis=0))
        twin_of[genre] = same[0] if len(same) else -1
    member[:, twin_of >= 0] = False
    sets, counts = np.unique(member, axis=0, return_counts=True)
    kept = (sets.sum(axis=1) > 1) & (counts >= FEWEST_SHARED)
    order = np.argsort(-counts[kept], kind="stable")
    return {
        "label_sets": sets[kept][order],
        "label_share": counts[kept][order] / ROWS_PER_GENRE,
        "twin_of": twin_of,
    }


def outward_limits(table):
    """The range of each feature over the whole table, to two digits, so that no single row shows."""
    limits = []
    for name in NUMERIC:
        values = table.loc[table[name] != 0, name]
        digits = [10.0 ** (np.floor(np.log10(abs(edge))) - 1) for edge in (values.min(), values.max())]
        limits.append([np.floor(values.min() / digits[0]) * digits[0], np.ceil(values.max() / digits[1]) * digits[1]])
    return np.array(limits)


def rounded(figures):
    """Four significant digits in single precision: compact, and no more than the figures are good for."""
    digits = np.floor(np.log10(np.abs(figures), where=figures != 0, out=np.zeros_like(figures)))
    unit = 10.0 ** (digits - 3)
    return (np.round(figures / unit) * unit).astype(np.float32)


def main(table_path, out):
    table = read_table(Path(table_path))
    genres = np.array(sorted(table["track_genre"].unique()))
    columns = [name for name in table.columns if not name.startswith("Unnamed")]
    each = [genre_figures(rows[columns]) for _, rows in table.groupby("track_genre", sort=True)]
    figures = {name: np.array([genre[name] for genre in each]) for name in each[0]}
    figures |= {"genres": genres, "limits": outward_limits(table), **label_figures(table, genres)}
    stored = {
        field.name: rounded(figures[field.name]) if figures[field.name].dtype == float else figures[field.name]
        for field in fields(Figures)
    }
    np.savez_compressed(out, allow_pickle=False, **stored)
    print(f"{len(table):,} rows of {len(genres)} genres -> {out} ({Path(out).stat().st_size:,} bytes)")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else OUT)
