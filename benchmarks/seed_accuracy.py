"""The accuracy of the seed's model, on the seed's terms: linear columns as they come, genres unmerged.

`python -m benchmarks.seed_accuracy OUT [--data TABLE]` writes seed_accuracy.csv: top-1 on a fifth of the rows, drawn
at random or by first named artist, five times each. It says what of the study's accuracy is the split, and what its
transforms and terms.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.problems import DATA

_SEEDS = 5
_NUMBERS = (
    "danceability energy loudness speechiness acousticness instrumentalness liveness valence tempo duration_ms "
    "explicit mode"
).split()


def measure(data: Path) -> pd.DataFrame:
    """Return seed, split, share of the rows tested, top1."""
    from genreglm.sklearn import MultinomialGLMClassifier

    tracks = pd.read_parquet(data).drop_duplicates()
    factors = pd.get_dummies(tracks[["key", "time_signature"]].astype(str), drop_first=True)
    x = np.column_stack([tracks[_NUMBERS].astype(float), factors.astype(float)])
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    y = tracks["track_genre"].to_numpy()
    artist, codes = np.unique(tracks["artists"].fillna("").str.split(";").str[0], return_inverse=True)
    records = []
    for seed in range(_SEEDS):
        rng = np.random.default_rng(seed)
        splits = {
            "random": rng.random(len(y)) < 0.2,
            "artist": np.isin(codes, rng.permutation(len(artist))[: len(artist) // 5]),
        }
        for name, test in splits.items():
            model = MultinomialGLMClassifier().fit(x[~test], y[~test])
            top1 = float((model.predict(x[test]) == y[test]).mean())
            records.append({"seed": seed, "split": name, "tested": float(test.mean()), "top1": top1})
    return pd.DataFrame(records)


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=DATA)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    found = measure(given.data)
    found.to_csv(given.out / "seed_accuracy.csv", index=False)
    print(found.groupby("split")["top1"].agg(["mean", "min", "max"]).to_string())


if __name__ == "__main__":
    main()
