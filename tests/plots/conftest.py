"""Tables as the study writes them, small enough for a test and with any number of genres."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from genreglm.classes import class_tree
from genreglm.naming import MODES, PITCH_CLASSES
from genreglm.study import exploration

AUDIO = {
    "danceability": (2, 2), "energy": (3, 2), "speechiness": (1, 9), "acousticness": (1, 2),
    "instrumentalness": (0.3, 2), "liveness": (2, 7), "valence": (2, 2),
}  # fmt: skip
SHAPES = ["deep", "minimal", "psych", "new", "hard", "indie", "trip", "death", "progressive", "honky"]
STYLES = ["house", "techno", "rock", "wave", "core", "pop", "hop", "metal", "jazz", "tonk", "soul", "songwriter"]


def genre_names(count: int) -> list[str]:
    return sorted(f"{shape}-{style}" for shape in SHAPES for style in STYLES)[:count]


def track_frame(genres: list[str], rows: int = 60, seed: int = 0) -> pd.DataFrame:
    """A clean track frame with `rows` rows a genre."""
    rng = np.random.default_rng(seed)
    size = rows * len(genres)
    frame = pd.DataFrame(
        {
            "track_id": [f"t{k % (size - size // 10)}" for k in range(size)],
            "popularity": np.round(100 * rng.beta(2, 4, size)),
            **{name: rng.beta(a, b, size) for name, (a, b) in AUDIO.items()},
            "key": rng.integers(0, 12, size),
            "mode": rng.integers(0, 2, size),
            "tempo": np.where(rng.random(size) < 0.01, 0.0, rng.normal(120, 25, size)),
            "track_genre": np.repeat(genres, rows),
            "artist": [f"a{k}" for k in rng.integers(0, size // 5, size)],
            "duration_min": rng.lognormal(1.3, 0.4, size),
        }
    )
    frame["loudness"] = -25 * (1 - frame["energy"]) + rng.normal(0, 2, size)
    frame["labels"] = np.where(rng.random(size) < 0.2, frame["track_genre"] + "|other", frame["track_genre"])
    return frame


@dataclass(frozen=True)
class Tables:
    """One table for each figure."""

    frame: pd.DataFrame
    profiles: pd.DataFrame
    counts: pd.DataFrame
    report: pd.DataFrame
    pairs: pd.DataFrame
    tidy: pd.DataFrame
    curves: pd.DataFrame
    calibration: pd.DataFrame
    groups: pd.DataFrame
    importance: pd.DataFrame
    distances: pd.DataFrame
    nodes: pd.DataFrame
    points: pd.DataFrame
    dimensions: pd.DataFrame
    effects: pd.DataFrame


def make_tables(genres: list[str], rows: int = 60) -> Tables:
    rng, frame, size = np.random.default_rng(1), track_frame(genres, rows), len(genres)
    rates = rng.dirichlet(np.full(size, 0.1), size) * 0.7 + 0.3 * np.eye(size)
    counts = pd.DataFrame(np.round(200 * rates).astype(int), index=genres, columns=genres)
    recall = np.diag(counts) / counts.sum(axis=1).to_numpy()
    report = pd.DataFrame({"genre": genres, "precision": rng.random(size), "recall": recall, "f1": recall})
    return Tables(
        frame=frame,
        profiles=exploration.genre_profiles(frame),
        counts=counts,
        report=report.assign(support=200),
        pairs=confusion_pairs(counts),
        tidy=coefficient_table(genres, rng),
        curves=curve_table(genres, rng),
        importance=importance_table(genres),
        distances=distance_table(genres, rng),
        nodes=class_tree(distance_table(genres, rng)).nodes,
        points=map_points(genres, rng),
        dimensions=pd.DataFrame({"dimension": [1, 2], "share": [0.57, 0.21]}),
        calibration=calibration_table(genres, rng),
        groups=group_table(genres, rng),
        effects=effect_table(genres, rng),
    )


def confusion_pairs(counts: pd.DataFrame) -> pd.DataFrame:
    pairs = counts.rename_axis("true").reset_index().melt("true", var_name="predicted", value_name="count")
    pairs = pairs[pairs["true"] != pairs["predicted"]]
    return pairs.assign(rate=pairs["count"] / pairs["true"].map(counts.sum(axis=1)))


def coefficient_table(genres: list[str], rng: np.random.Generator) -> pd.DataFrame:
    terms = ["(Intercept)", *AUDIO, "C(key)[T.1]", "C(key)[T.11]", "cr(tempo, df=4, constraints='center')[3]"]
    tidy = pd.DataFrame([(genre, term) for genre in genres for term in terms], columns=["class", "term"])
    return tidy.assign(estimate=rng.normal(0, 1, len(tidy)), std_error=rng.uniform(0.05, 0.2, len(tidy)))


def distance_table(genres: list[str], rng: np.random.Generator) -> pd.DataFrame:
    first, second = np.triu_indices(len(genres), 1)
    names = np.array(genres, dtype=object)
    distance = pdist(rng.standard_t(4, size=(len(genres), 3)))
    return pd.DataFrame({"class_1": names[first], "class_2": names[second], "distance": distance})


def map_points(genres: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Classes crowded in the middle, and the correlation of each feature with two dimensions."""
    spots = rng.standard_t(4, size=(len(genres), 2)) * [1.5, 0.8]
    turns = 2 * np.pi * np.arange(len(AUDIO)) / len(AUDIO)
    tips = np.column_stack([np.cos(turns), np.sin(turns)]) * rng.uniform(0.1, 0.9, (len(AUDIO), 1))
    kinds = ["class"] * len(genres) + ["term"] * len(AUDIO) + ["correlation"] * len(AUDIO)
    table = pd.DataFrame({"kind": kinds, "name": [*genres, *AUDIO, *AUDIO]})
    return table.assign(**dict(zip(("dim_1", "dim_2"), np.vstack([spots, 3 * tips, tips]).T, strict=True)))


def effect_table(genres: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Marginal effects of numbers and of two factors."""
    effects = [
        *((name, "dY/dX") for name in AUDIO),
        ("mode", "1 - 0"),
        *(("key", f"{key} - 0") for key in range(1, 12)),
    ]
    table = pd.DataFrame([(genre, *effect) for effect in effects for genre in genres])
    table.columns = pd.Index(["class", "variable", "contrast"])
    table = table.assign(estimate=rng.normal(0, 0.01, len(table)), std_error=rng.uniform(0.0005, 0.002, len(table)))
    reach = 1.96 * table["std_error"]
    return table.assign(
        statistic=table["estimate"] / table["std_error"],
        conf_low=table["estimate"] - reach,
        conf_high=table["estimate"] + reach,
    )


def curve_table(genres: list[str], rng: np.random.Generator) -> pd.DataFrame:
    tables = []
    for feature, (low, high) in {"energy": (0, 1), "tempo": (60, 200), "valence": (0, 1)}.items():
        grid = np.linspace(-1, 1, 15)
        weight = np.exp(np.outer(grid, rng.normal(0, 1.5, len(genres))))
        probability = weight / weight.sum(axis=1, keepdims=True)
        value = low + (grid + 1) / 2 * (high - low)
        for name, column in zip(genres, probability.T, strict=True):
            tables.append(pd.DataFrame({"feature": feature, "value": value, "class": name, "probability": column}))
    curves = pd.concat(tables, ignore_index=True)
    return curves.assign(conf_low=0.9 * curves["probability"], conf_high=1.1 * curves["probability"])


def calibration_table(genres: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Ten bins a genre; every third genre's probabilities are too extreme."""
    tables = []
    for number, name in enumerate(genres):
        predicted = np.sort(rng.beta(1, 30, 10))
        observed = predicted if number % 3 else 0.5 * predicted + 0.5 * predicted.mean()
        tables.append(pd.DataFrame({"class": name, "bin": np.arange(1, 11), "count": 300.0, "predicted": predicted}))
        tables[-1] = tables[-1].assign(observed=observed, conf_low=0.9 * observed, conf_high=1.1 * observed + 0.001)
    return pd.concat(tables, ignore_index=True)


def group_table(genres: list[str], rng: np.random.Generator) -> pd.DataFrame:
    share = rng.dirichlet(np.full(len(genres), 3.0), 10)
    observed = np.array([rng.multinomial(2000, row) for row in share])
    pairs = pd.DataFrame([(group, name) for group in range(1, 11) for name in genres], columns=["group", "class"])
    return pairs.assign(size=2000.0, observed=observed.ravel().astype(float), expected=2000 * share.ravel())


@pytest.fixture
def conditioning() -> pd.DataFrame:
    """Proportions of twenty columns, two of which nearly depend on each other."""
    terms = ["(Intercept)", *(f"C(key)[T.{key}]" for key in range(1, 12)), *AUDIO, "$x_$ <b>"]
    size = len(terms)
    share = np.full((size, size), 0.2 / (size - 1))
    np.fill_diagonal(share, 0.8)
    share[-1], share[-1, :2], share[:-1, :2] = 0.1, 0.9, 0.1 / (size - 1)
    index = np.append(np.linspace(1, 20, size - 1), 45.0)
    return pd.DataFrame(
        {
            "dimension": np.repeat(np.arange(1, size + 1), size),
            "condition_index": np.repeat(index, size),
            "term": terms * size,
            "proportion": share.ravel(),
        }
    )


@pytest.fixture
def forms() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "term": [
                "instrumentalness",
                "$x_$ <b>",
                "a name that is far too long to stand on any axis of a figure" * 3,
            ],
            "statistic": [19630.0, 300.0, 2.0],
            "df": [226, 339, 3],
            "p_value": [0.0, 0.9, 0.6],
            "statistic_per_df": [86.9, 0.9, 0.7],
            "gain_per_row": [0.0864, 0.001, 0.0001],
        }
    )


def importance_table(genres: list[str]) -> pd.DataFrame:
    """What each term does for each genre; the first genre has no effect of the last term."""
    rng, terms = np.random.default_rng(2), [*AUDIO, "C(key)", "cr(tempo, df=4, constraints='center')"]
    table = pd.DataFrame([(genre, term) for genre in genres for term in terms], columns=["class", "term"])
    table = table.assign(gain=rng.normal(0.1, 0.1, len(table)), effect=rng.gamma(2.0, 0.3, len(table)))
    table.loc[len(terms) - 1, "effect"] = np.nan
    return table


@pytest.fixture
def measures() -> pd.DataFrame:
    """Three terms whose measures agree but for one, and an interaction that nothing is shuffled for."""
    return pd.DataFrame(
        {
            "term": ["energy", "C(key)", "cr(tempo, df=4, constraints='center')", "energy:tempo"],
            "lr_share": [0.5, 0.1, 0.3, 0.1],
            "unseen_increase": [0.2, -0.001, 0.1, 0.05],
            "unseen_std_error": [0.01, 0.002, 0.01, np.nan],
            "permuted_increase": [0.5, 0.02, 0.2, np.nan],
            "effect": [1.5, 0.2, 0.8, 0.3],
        }
    )


@pytest.fixture(scope="session")
def many() -> Tables:
    """All 114 genres."""
    return make_tables(genre_names(114))


@pytest.fixture(scope="session")
def few() -> Tables:
    """Three genres, with names that a figure could trip over."""
    endless = "演歌\nwith a name that is far too long to stand on any axis" * 50
    return make_tables(["$x_$ <b>", endless, "100 % & \\frac"])


@pytest.fixture
def models() -> pd.DataFrame:
    columns = ["model", "split", "features", "top_1", "log_loss"]
    return pd.DataFrame(
        [
            ("prior only", "artist", "audio", 0.009, 4.74),
            ("multinomial, linear", "artist", "audio", 0.150, 3.62),
            ("multinomial, linear", "random", "audio", 0.175, 3.49),
            ("multinomial, linear", "artist", "audio+popularity", 0.180, 3.50),
            ("multinomial, linear", "random", "audio+popularity", 0.210, 3.30),
            ("multinomial, splines", "artist", "audio", 0.199, 3.32),
        ],
        columns=columns,
    )


@pytest.fixture
def bins() -> pd.DataFrame:
    confidence = np.linspace(0.05, 0.95, 10)
    return pd.DataFrame(
        {
            "bin": range(10),
            "confidence": confidence,
            "accuracy": confidence - 0.1 * confidence**2,
            "count": [900, 700, 500, 300, 200, 100, 50, 30, 0, 5],
        }
    )


@pytest.fixture
def wald() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "term": ["energy", "C(key)", "tempo"],
            "statistic": [14000.0, 2500.0, 90.0],
            "df": [113, 1243, 113],
            "p_value": [0.0, 1e-60, 0.95],
        }
    )


@pytest.fixture
def inflation() -> pd.DataFrame:
    return pd.DataFrame({"term": ["energy", "C(key)", "tempo"], "df": [1, 11, 1], "gvif": [5.2, 1.2, 1.1]}).assign(
        gvif_adjusted=lambda t: t["gvif"] ** (1 / (2 * t["df"]))
    )


@pytest.fixture
def curves() -> pd.DataFrame:
    """Expected popularity along two features, of two families of models."""
    grid = np.linspace(0, 1, 20)
    tables = [
        pd.DataFrame({"family": family, "feature": feature, "value": grid, "estimate": 30 + shift + rise * grid})
        for family, shift in (("gaussian", 0.0), ("fractional", 1.0))
        for feature, rise in (("energy", 8.0), ("log_duration_min", -3.0))
    ]
    return pd.concat(tables, ignore_index=True).assign(
        conf_low=lambda t: t["estimate"] - 1, conf_high=lambda t: t["estimate"] + 1
    )


@pytest.fixture
def levels() -> pd.DataFrame:
    """Expected popularity by key and mode, of the same families."""
    tables = [
        pd.DataFrame({"family": family, "term": term, "level": names, "estimate": 33.0})
        for family in ("gaussian", "fractional")
        for term, names in (("key", list(PITCH_CLASSES)), ("mode", list(MODES)))
    ]
    return pd.concat(tables, ignore_index=True).assign(tracks=10, conf_low=32.0, conf_high=34.0)


@pytest.fixture
def residuals() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Binned residuals, histogram and Q-Q pairs of two families."""
    tables = [residual_tables(family, seed) for seed, family in enumerate(("gaussian", "fractional"))]
    return tuple(pd.concat(parts, ignore_index=True) for parts in zip(*tables, strict=True))


def residual_tables(family: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    fitted, residual = rng.normal(33, 4, 4000), rng.normal(0, 20, 4000)
    grouped = pd.DataFrame({"fitted": fitted, "residual": residual}).groupby(pd.qcut(fitted, 12, labels=False))
    shares = {f"q{level:02d}": grouped["residual"].quantile(level / 100) for level in (5, 25, 75, 95)}
    columns = {"tracks": grouped.size(), "fitted": grouped["fitted"].mean(), "mean": grouped["residual"].mean()}
    density, edges = np.histogram(residual / 20, 40, density=True)
    normal = np.exp(-(edges[1:] ** 2) / 2) / np.sqrt(2 * np.pi)
    bars = {"low": edges[:-1], "high": edges[1:], "density": density, "normal_density": normal}
    theoretical = np.sort(rng.normal(size=300))
    return (
        pd.DataFrame({"family": family, **columns, **shares}),
        pd.DataFrame({"family": family, **bars}),
        pd.DataFrame({"family": family, "theoretical": theoretical, "sample": theoretical}),
    )
