"""Weights, offsets, soft labels and clusters of two ways as columns of files or of a Dask frame: as in memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError, FormulaError, OptionError, RankError
from in_passes import FORMULA, agree, save_parts, weighted_tracks

dask_frames = pytest.importorskip("dask.dataframe")

SHARES = {genre: f"share of {genre}" for genre in ("ambient", "blues", "country", "disco")}
OFFSET = {"blues": "known_1", "disco": "known_2"}
Put = Callable[[pd.DataFrame], Any]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    found, rng = weighted_tracks(), np.random.default_rng(2)
    own = pd.get_dummies(found["genre"], dtype=float)
    shares = 0.7 * own + 0.3 * own.sample(frac=1.0, random_state=1).to_numpy()
    found[[SHARES[genre] for genre in own]] = shares.to_numpy()
    return found.assign(
        album=[f"album {number}" for number in rng.integers(0, 80, len(found))],
        known_1=rng.normal(size=len(found)),
        known_2=0.5 * rng.normal(size=len(found)),
    )


@pytest.fixture(params=["files", "dask"])
def put(request: pytest.FixtureRequest, tmp_path: Path) -> Put:
    if request.param == "files":
        return lambda frame: save_parts(tmp_path / "parts", frame, [0, 300, 301])
    return lambda frame: dask_frames.from_pandas(frame, npartitions=3)


@pytest.mark.parametrize(
    "options",
    [
        {"offset": OFFSET},
        {"offset": OFFSET, "weights": "weight", "penalty": gg.CellPrior()},
        {"soft_labels": SHARES},
        {"soft_labels": SHARES, "weights": "weight", "covariance": "robust", "offset": OFFSET},
        {"soft_labels": SHARES, "penalty": gg.Ridge(1e-2)},
        {"soft_labels": SHARES, "penalty": gg.Jeffreys()},
        {"covariance": "clustered", "clusters": ["artist", "album"]},
        {"covariance": "clustered", "clusters": ["artist", "album"], "weights": "weight", "soft_labels": SHARES},
    ],
)
def test_passes_and_memory_give_the_same(rows: pd.DataFrame, put: Put, options: dict[str, Any]) -> None:
    design = gg.design(FORMULA, rows)
    agree(gg.fit(design, put(rows), **options), gg.fit(design, rows, **options))


def test_in_memory_columns_are_what_values_are(rows: pd.DataFrame) -> None:
    shares = rows[list(SHARES.values())].set_axis(list(SHARES), axis=1)
    offset = np.zeros((len(rows), 4))
    offset[:, 1], offset[:, 3] = rows["known_1"], rows["known_2"]
    named = gg.fit(FORMULA, rows, offset=OFFSET, soft_labels=SHARES)
    given = gg.fit(FORMULA, rows, offset=offset, soft_labels=shares)
    np.testing.assert_array_equal(named.coefficients, given.coefficients)


def test_soft_labels_need_no_response_and_show_every_class(rows: pd.DataFrame, put: Put) -> None:
    # One row alone has a share of a fifth genre.
    rare = rows.assign(rare=np.where(np.arange(len(rows)) == 1_234, 0.5, 0.0)).drop(columns="genre")
    shares = {**SHARES, "rare": "rare"}
    found = gg.fit(FORMULA, put(rare), soft_labels=shares, penalty=gg.Ridge(0.1))
    assert found.classes == (*sorted(SHARES), "rare")
    wanted = gg.fit(found.design, rare, soft_labels=shares, penalty=gg.Ridge(0.1))
    agree(found, wanted)


@pytest.mark.parametrize("shared", [False, True])
def test_a_rare_class_is_found_beyond_a_row_without_weight(rows: pd.DataFrame, put: Put, shared: bool) -> None:
    # Of the eight rows of a class and of a level the first has no weight, and the sample holds none of them.
    own, whole = np.arange(700, 708), rows.assign(rare=0.0)
    whole.loc[own, ["genre", "key", "weight"]] = "rare", "rare", 2
    whole.loc[own, "rare"] = 0.5
    whole.loc[own[0], ["weight", "rare"]] = 0, 0.9
    how = gg.OutOfCore(sample_rows=100, seed=1)
    options: dict[str, Any] = {"weights": "weight", "penalty": gg.Ridge(0.1)}
    if shared:
        options["soft_labels"] = {**SHARES, "rare": "rare"}
    found = gg.fit("genre ~ energy + C(key)", put(whole), out_of_core=how, **options)
    agree(found, gg.fit(found.design, whole, **options))


@pytest.mark.parametrize("lower", ["album", "artist"])
def test_clusters_inside_others_count_for_nothing(rows: pd.DataFrame, put: Put, lower: str) -> None:
    upper = "artist" if lower == "album" else "album"
    nested = rows.assign(**{upper: rows[lower].str[-1]})
    found = gg.fit(FORMULA, put(nested), covariance="clustered", clusters=["artist", "album"])
    alone = gg.fit(found.design, nested, covariance="clustered", clusters=upper)
    np.testing.assert_allclose(found.tidy()["std_error"], alone.tidy()["std_error"], rtol=1e-7)


def test_diagnostics_and_tests_in_batches_know_offset_and_soft_labels(rows: pd.DataFrame, put: Put) -> None:
    options: dict[str, Any] = {"offset": OFFSET, "soft_labels": SHARES, "weights": "weight"}
    design, source = gg.design(FORMULA, rows), put(rows)
    found, wanted = gg.fit(design, source, **options), gg.fit(design, rows, **options)
    pd.testing.assert_frame_equal(gg.influence(found, source), gg.influence(wanted), rtol=1e-6)
    pd.testing.assert_frame_equal(found.anova(test="lr", rows=source), wanted.anova(test="lr"), rtol=1e-6)


def test_dependent_columns_are_dropped_where_that_is_asked(rows: pd.DataFrame, put: Put) -> None:
    frame = rows.assign(again=2.0 * rows["energy"] - 1.0)
    source, formula = put(frame), "genre ~ energy + again + C(key)"
    with pytest.raises(RankError, match="again"):
        gg.fit(formula, source)
    found = gg.fit(formula, source, aliased="drop")
    agree(found, gg.fit(formula, frame, aliased="drop"))
    assert found.design.aliased == ("again",)


def test_a_fit_starts_where_it_is_told(rows: pd.DataFrame, put: Put) -> None:
    design, source = gg.design(FORMULA, rows), put(rows)
    wanted = gg.fit(design, rows)
    for start in (wanted, wanted.coefficients, gg.fit("genre ~ energy + valence", rows)):
        agree(gg.fit(design, source, start=start), wanted)
    assert gg.fit(design, source, start=wanted).statistics.iterations < 2
    with pytest.raises(OptionError, match="start must be"):
        gg.fit(design, source, start=np.zeros((2, 2)))


def test_what_columns_cannot_be_is_refused(rows: pd.DataFrame, put: Put) -> None:
    source = put(rows)
    for names in (["artist", "album", "key"], np.arange(len(rows))):
        with pytest.raises(OptionError, match="clusters must be the name of a column"):
            gg.fit(FORMULA, source, covariance="clustered", clusters=names)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="soft_labels must name a column for each class"):
        gg.fit(FORMULA, source, soft_labels=rows[list(SHARES.values())])
    with pytest.raises(DataError, match="offset names jazz"):
        gg.fit(FORMULA, source, offset={"jazz": "known_1"})
    with pytest.raises(FormulaError, match="Did you mean 'known_1'"):
        gg.fit(FORMULA, source, offset={"blues": "known1"})
    with pytest.raises(DataError, match="no column of the table"):
        gg.fit(FORMULA, rows, offset={"blues": "known1"})
