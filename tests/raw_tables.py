"""Small made-up raw tables for the tests of the study's first stages."""

import numpy as np
import pandas as pd

GENRES = ("ambient", "blues", "techno")


def raw_table(rows: int = 60, seed: int = 0) -> pd.DataFrame:
    """A table in Kaggle's layout without its index column: every column canonical, nothing missing."""
    rng = np.random.default_rng(seed)
    numbers = np.arange(rows)
    return pd.DataFrame(
        {
            "track_id": [f"id{i:04d}" for i in numbers],
            "artists": [f"Artist {i // 3};Guest {i}" for i in numbers],
            "album_name": [f"Album {i // 5}" for i in numbers],
            "track_name": [f"Song {i}" for i in numbers],
            "popularity": rng.integers(0, 101, rows),
            "duration_ms": rng.integers(90_000, 400_000, rows),
            "explicit": rng.random(rows) < 0.3,
            "danceability": rng.uniform(0.1, 0.9, rows).round(3),
            "energy": rng.uniform(0.1, 0.9, rows).round(3),
            "key": numbers % 12,
            "loudness": rng.uniform(-30, -2, rows).round(3),
            "mode": numbers % 2,
            "speechiness": rng.uniform(0.02, 0.5, rows).round(4),
            "acousticness": rng.uniform(0.01, 0.9, rows).round(4),
            "instrumentalness": rng.uniform(0.001, 0.9, rows).round(4),
            "liveness": rng.uniform(0.05, 0.9, rows).round(4),
            "valence": rng.uniform(0.05, 0.9, rows).round(3),
            "tempo": rng.uniform(60, 200, rows).round(3),
            "time_signature": 3 + numbers % 3,
            "track_genre": [GENRES[i % 3] for i in numbers],
        }
    )
