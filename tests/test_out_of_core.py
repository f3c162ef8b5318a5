"""Fits of Parquet files in passes equal those in memory, whatever the files, and take up where they were killed."""

import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import genreglm as gg
from genreglm import out_of_core, summaries
from genreglm.engine import memory
from genreglm.engine.blocks import Floats
from genreglm.engine.jeffreys import Scoring, scoring_by
from genreglm.engine.newton import Step
from genreglm.engine.passes.mapped import MappedRows, RowWriter
from genreglm.errors import (
    DataError,
    EstimationError,
    FormulaError,
    InferenceError,
    OptionError,
    RankError,
    SeparationError,
)
from genreglm.sources import ParquetRows, one_ahead, read_rows
from genreglm.summaries import summarise
from in_passes import FORMULA, agree, save_parts, weighted_tracks
from simulated import tracks

Save = Callable[..., Path]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return weighted_tracks()


@pytest.fixture
def save(tmp_path: Path) -> Save:
    return lambda frame, cuts, name="parts", group=97: save_parts(tmp_path / name, frame, cuts, group)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"weights": "weight"},
        {"covariance": "robust"},
        {"covariance": "HC0", "weights": "weight", "weight_kind": "importance"},
        {"covariance": "clustered", "clusters": "artist"},
        {"covariance": "clustered", "clusters": ["artist"], "weights": "weight"},
        {"penalty": gg.Ridge(1e-2, standardise=True, factors={"energy": 3.0})},
        {"penalty": gg.FamilyRidge(1e-2, families={"ambient": "a", "blues": "a", "country": "b", "disco": "c"})},
        {"penalty": gg.SmoothRidge(1e-3, roughness=1e-3)},
    ],
)
def test_passes_and_memory_give_the_same(rows: pd.DataFrame, save: Save, options: dict[str, object]) -> None:
    design = gg.design(FORMULA, rows)
    # Among the parts are an empty one, one of a single row, and some without a class.
    folder = save(rows.sort_values("genre", kind="stable"), [0, 0, 1, 300, 301, 900])
    wanted = gg.fit(design, rows, **options)  # type: ignore[arg-type]
    found = gg.fit(design, folder, **options)  # type: ignore[arg-type]
    agree(found, wanted)
    assert found.statistics.passes > found.statistics.iterations > 0
    assert f"{found.statistics.passes} passes over the rows" in found.summary()
    assert found.source is None


def test_curves_by_place_bend_as_those_of_the_same_design_in_memory(rows: pd.DataFrame, save: Save) -> None:
    design = gg.design("genre ~ cr(places(energy), df=4, constraints='center') + valence", rows)
    penalty = gg.SmoothRidge(1e-3, roughness=1e-2)
    part = gg.OutOfCore(sample_rows=300)
    found = gg.fit(design, save(rows, [500]), penalty=penalty, out_of_core=part)
    agree(found, gg.fit(design, rows, penalty=penalty))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"covariance": None, "weights": "weight"},
        {"covariance": "robust", "penalty": gg.Ridge(1e-2)},
        {"covariance": "clustered", "clusters": ["artist", "key"], "penalty": gg.CellPrior()},
        {"offset": {"blues": "valence"}},
        {"penalty": gg.Jeffreys()},
    ],
)
def test_every_pass_up_to_the_result_is_counted(
    rows: pd.DataFrame, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    met: list[str] = []

    def counting(usual: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any) -> Any:
            met.append(usual.__name__)
            return usual(*given)

        return counted

    for source, way in ((ParquetRows, "batches"), (MappedRows, "_stretches"), (MappedRows, "by_cluster")):
        monkeypatch.setattr(source, way, counting(getattr(source, way)))
    lacking = rows[(rows["genre"] != "blues") | (rows["key"] != "D")] if "penalty" in options else rows
    files, how = save(lacking, [700]), gg.OutOfCore(folder=tmp_path / "kept", sample_rows=200)
    found = gg.fit("genre ~ energy + C(key)", files, out_of_core=how, **options)
    assert found.statistics.passes == len(met)
    assert met.count("batches") == 2
    met.clear()
    again = gg.fit("genre ~ energy + C(key)", files, out_of_core=how, **options)
    assert again.statistics.passes == len(met)
    assert met.count("batches") == 1


@given(cuts=st.lists(st.integers(0, 400), max_size=6), group=st.integers(1, 300), stretch=st.integers(1, 500))
def test_any_partition_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], group: int, stretch: int
) -> None:
    frame = tracks(rows=400)
    design = gg.design("genre ~ energy + C(key)", frame)
    folder = tmp_path_factory.mktemp("partition")
    edges = [0, *sorted(cuts), len(frame)]
    for number, (start, stop) in enumerate(pairwise(edges)):
        frame.iloc[start:stop].to_parquet(folder / f"{number}.parquet", row_group_size=group)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(out_of_core, "stretch_rows", lambda *_, **__: stretch)
        found = gg.fit(design, folder, covariance="clustered", clusters="artist")
    agree(found, gg.fit(design, frame, covariance="clustered", clusters="artist"))


def test_empty_cells_are_named_and_a_prior_makes_them_finite(rows: pd.DataFrame, save: Save) -> None:
    frame = rows[~((rows["genre"] == "blues") & (rows["key"] == "D"))].reset_index(drop=True)
    frame = frame[~((frame["genre"] == "disco") & (frame["key"] == "C"))].reset_index(drop=True)
    folder = save(frame, [500])
    with pytest.raises(SeparationError, match="never occurs in blues") as here:
        gg.fit("genre ~ energy + C(key)", folder)
    with pytest.raises(SeparationError) as there:
        gg.fit("genre ~ energy + C(key)", frame)
    assert str(here.value) == str(there.value)
    design = gg.design("genre ~ energy + C(key)", frame)
    found = gg.fit(design, folder, penalty=gg.CellPrior())
    wanted = gg.fit(design, frame, penalty=gg.CellPrior())
    agree(found, wanted)
    assert found.separated == wanted.separated


def test_what_a_ridge_leaves_free_is_refused_as_in_memory(rows: pd.DataFrame, save: Save) -> None:
    cut = rows[~((rows["genre"] == "blues") & (rows["key"] == "D"))].reset_index(drop=True)
    apart = rows.assign(energy=np.where(rows["genre"] == "blues", 1.0, -1.0) * (0.1 + rows["energy"].abs()))
    for name, frame, penalty in (
        ("cut", cut, gg.Ridge(0.1, factors={"C(key)": 0.0})),
        ("apart", apart, gg.Ridge(0.1, factors={"energy": 0.0})),
    ):
        for source in (frame, save(frame, [500], name)):
            with pytest.raises(SeparationError, match=r"blues.*Give Ridge a strength"):
                gg.fit("genre ~ energy + C(key)", source, penalty=penalty)


def test_jeffreys_prior_is_that_of_memory(rows: pd.DataFrame, save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counting(matrix: Floats) -> Scoring:
        made.append(len(matrix))
        return scoring_by(matrix)

    monkeypatch.setattr("genreglm.engine.passes.jeffreys.scoring_by", counting)
    frame = rows[~((rows["genre"] == "blues") & (rows["key"] == "D"))].reset_index(drop=True)
    frame = frame.assign(apart=np.where(frame["genre"] == "disco", 1.0, -1.0) + 0.5 * np.sin(np.arange(len(frame))))
    for formula in ("genre ~ energy + C(key)", "genre ~ energy + apart"):
        design = gg.design(formula, frame)
        wanted = gg.fit(design, frame, penalty=gg.Jeffreys())
        found = gg.fit(design, save(frame, [500]), penalty=gg.Jeffreys())
        # Short steps keep the weighted information.
        assert 0 < len(made) < found.statistics.iterations
        made.clear()
        # At this optimum the log-likelihood itself has a slope.
        agree(found, wanted, coefficients=1e-6, errors=1e-6, likelihood=1e-8)
    dependent = save(frame.assign(twice=2.0 * frame["energy"]), [], "dependent")
    with pytest.raises(RankError, match="twice"):
        gg.fit("genre ~ energy + twice", dependent, penalty=gg.Jeffreys())


def test_rows_set_apart_by_no_single_cell_are_refused(rows: pd.DataFrame, save: Save) -> None:
    frame = rows.assign(apart=np.where(rows["genre"] == "blues", 1.0, -1.0) + 0.5 * np.sin(np.arange(len(rows))))
    with pytest.raises(SeparationError, match="sets blues apart by apart"):
        gg.fit("genre ~ energy + apart", save(frame, [700]))


def test_dependent_columns_are_named(rows: pd.DataFrame, save: Save) -> None:
    with pytest.raises(RankError, match="twice"):
        gg.fit("genre ~ energy + twice", save(rows.assign(twice=2.0 * rows["energy"]), [700]))


def test_a_design_learnt_from_files_has_all_levels_classes_and_the_range(rows: pd.DataFrame, save: Save) -> None:
    frame = pd.concat([rows.assign(group="common")] * 2, ignore_index=True)
    frame.loc[[17, 18, 19, 20], "group"] = "rare"
    frame.loc[1_999, "energy"] = 50.0
    source = ParquetRows.open(save(frame, [800]))
    summary = summarise("genre ~ energy + C(group)", source.batches(source.names, 113), size=100)
    assert summary.rows == len(frame)
    assert len(summary.sample) == 100
    assert set(summary.frame["group"]) == {"common", "rare"}
    assert set(summary.frame["genre"]) == set(frame["genre"])
    assert summary.frame["energy"].max() == 50.0
    assert summary.frame["energy"].min() == frame["energy"].min()


def test_a_sample_is_the_same_however_batches_are_merged(rows: pd.DataFrame) -> None:
    batches = [rows.iloc[start : start + 250] for start in range(0, 1_500, 250)]
    whole = summarise(FORMULA, batches, size=200)
    halves = [summarise(FORMULA, batches, size=200) for _ in range(2)]
    pd.testing.assert_frame_equal(halves[0].merged(halves[0]).sample, halves[1].merged(halves[1]).sample)
    assert whole.sample.index.is_monotonic_increasing
    # Every row is as likely as any other: the mean of many draws is that of the rows.
    means = [summarise(FORMULA, batches, seed=seed, size=200).sample["energy"].mean() for seed in range(40)]
    deviation = rows["energy"].std() / np.sqrt(200 * 40)
    assert abs(np.mean(means) - rows["energy"].mean()) < 4 * deviation


def test_one_precision_less_is_right_to_six_digits(rows: pd.DataFrame, save: Save) -> None:
    design = gg.design(FORMULA, rows)
    found = gg.fit(design, save(rows, []), out_of_core=gg.OutOfCore(single=True))
    agree_to = np.abs(found.coefficients - gg.fit(design, rows).coefficients).max() / np.abs(found.coefficients).max()
    assert 0 < agree_to < 1e-5


def test_a_folder_is_used_again_and_a_killed_fit_goes_on(
    rows: pd.DataFrame, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = save(rows, [700])
    how = gg.OutOfCore(folder=tmp_path / "kept", sample_rows=200)

    class Killed(Exception):
        pass

    def kill(step: Step) -> None:
        if step.decrement < 1e-2:
            raise Killed

    with pytest.raises(Killed):
        gg.fit(FORMULA, files, out_of_core=how, callback=kill)
    monkeypatch.setattr(out_of_core, "_write", lambda *_: pytest.fail("the columns were written again"))
    resumed = gg.fit(FORMULA, files, out_of_core=how)
    monkeypatch.undo()
    fresh = gg.fit(FORMULA, files, out_of_core=gg.OutOfCore(sample_rows=200))
    agree(resumed, fresh)
    assert resumed.statistics.iterations < fresh.statistics.iterations


def test_no_more_than_one_row_group_is_read_ahead() -> None:
    begun: list[int] = []

    def read(number: int) -> int:
        begun.append(number)
        return number

    found = []
    for number in one_ahead(read, range(6)):
        time.sleep(0.01)  # a slow reader
        assert begun[-1] <= number + 1
        found.append(number)
    assert found == begun == list(range(6))


def test_a_changed_file_is_read_anew(rows: pd.DataFrame, save: Save, tmp_path: Path) -> None:
    how = gg.OutOfCore(folder=tmp_path / "kept")
    first = gg.fit("genre ~ energy", save(rows, []), out_of_core=how)
    changed = rows.assign(energy=rows["energy"] + rows["valence"])
    second = gg.fit("genre ~ energy", save(changed, []), out_of_core=how)
    agree(second, gg.fit("genre ~ energy", changed))
    assert not np.allclose(first.coefficients, second.coefficients)


def test_sources_of_every_kind_hold_the_same_rows(
    rows: pd.DataFrame, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save(rows, [400, 1_000])
    by_key = tmp_path / "hive"
    rows.to_parquet(by_key, partition_cols=["key"])
    (folder / "_hidden.parquet").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    design = gg.design("genre ~ energy + C(key)", rows)
    wanted = gg.fit(design, rows)
    for source in (folder, str(folder), "parts/*.parquet", sorted(folder.glob("part*.parquet")), by_key):
        agree(gg.fit(design, source), wanted)
    one = folder / "whole.parquet"
    rows.to_parquet(one)
    agree(gg.fit(design, one, out_of_core=True), wanted)
    assert gg.fit(design, one).source is not None
    assert len(read_rows("parts/part*.parquet")) == len(rows)
    kept = gg.fit(design, "parts/part*.parquet", out_of_core=False)
    assert kept.source is not None
    agree(kept, wanted)


def test_addresses_go_through_fsspec(rows: pd.DataFrame) -> None:
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://tracks/part-0.parquet", "wb") as file:
        rows.to_parquet(file)
    for address in ("memory://tracks/", "memory://tracks/*.parquet"):
        agree(gg.fit("genre ~ energy", address), gg.fit("genre ~ energy", rows))
    with pytest.raises(DataError, match="there are no Parquet files"):
        gg.fit("genre ~ energy", "memory://nowhere/")
    with pytest.raises(DataError, match="cannot be reached"):
        gg.fit("genre ~ energy", "no-such-scheme://bucket/")


def test_what_passes_cannot_do_is_refused_with_a_remedy(rows: pd.DataFrame, save: Save, tmp_path: Path) -> None:
    folder = save(rows, [])
    with pytest.raises(OptionError, match="Lasso needs all rows at once"):
        gg.fit(FORMULA, folder, penalty=gg.Lasso(0.01))
    with pytest.raises(OptionError, match="offset must name a column for each class"):
        gg.fit(FORMULA, folder, offset=np.zeros((len(rows), 4)))
    with pytest.raises(OptionError, match="weights must be the name of a column"):
        gg.fit(FORMULA, folder, weights=np.ones(len(rows)))
    with pytest.raises(OptionError, match="in memory already"):
        gg.fit(FORMULA, rows, out_of_core=True)
    with pytest.raises(OptionError, match=r"at least 100\."):
        gg.OutOfCore(sample_rows=5)
    with pytest.raises(EstimationError, match=r"may take 0\.0 GiB"):
        gg.fit(FORMULA, folder, out_of_core=gg.OutOfCore(memory=1e6))
    with pytest.raises(FormulaError, match="Did you mean 'energy'"):
        gg.fit("genre ~ enrgy", folder)
    with pytest.raises(DataError, match=r"there are no Parquet files"):
        gg.fit(FORMULA, str(tmp_path / "none-*.parquet"))
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "text.parquet").write_text("no table")
    with pytest.raises(DataError, match="could not be read as Parquet"):
        gg.fit(FORMULA, tmp_path / "odd")


def test_values_that_cannot_be_used_are_counted_over_all_files(rows: pd.DataFrame, save: Save) -> None:
    holed = rows.copy()
    holed.loc[[3, 1_400], "energy"] = np.nan
    with pytest.raises(DataError, match=r"energy \(2\)"):
        gg.fit(FORMULA, save(holed, [700]))
    many = save(pd.DataFrame({"genre": ["a", "b"] * 6_000, "name": [f"n{i}" for i in range(12_000)]}), [], "many")
    with pytest.raises(DataError, match="more than 10,000 levels"):
        gg.fit("genre ~ name", many)
    with pytest.raises(DataError, match="no rows"):
        gg.fit(FORMULA, save(rows.head(0), [], "empty"))


def test_a_result_of_passes_is_saved_and_predicts(rows: pd.DataFrame, save: Save, tmp_path: Path) -> None:
    found = gg.fit(FORMULA, save(rows, []))
    again = gg.load(found.save(tmp_path / "model"))
    assert again.statistics == found.statistics
    pd.testing.assert_frame_equal(again.predict(rows), found.predict(rows))
    with pytest.raises(DataError, match="pass rows="):
        found.augment()


def test_every_row_of_files_has_its_leverage_and_influence(rows: pd.DataFrame, save: Save) -> None:
    folder = save(rows, [500])
    design = gg.design(FORMULA, rows)
    for options in ({}, {"weights": "weight", "covariance": "clustered", "clusters": "artist"}):
        wanted = gg.fit(design, rows, **options)  # type: ignore[arg-type]
        found = gg.fit(design, folder, **options)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(gg.leverage(found, folder), gg.leverage(wanted), rtol=1e-6)
        pd.testing.assert_frame_equal(gg.influence(found, folder), gg.influence(wanted), rtol=1e-6)
    with pytest.raises(InferenceError, match="a fit of them in passes"):
        gg.leverage(gg.fit(design, rows), folder)
    with pytest.raises(DataError, match="Pass the files of the fit"):
        gg.influence(found, save(rows.head(900), [], "fewer"))
    moved = gg.influence(found, folder, dfbeta=["energy", "C(key)"])
    pd.testing.assert_frame_equal(moved, gg.influence(wanted, dfbeta=["energy", "C(key)"]), rtol=1e-6)
    with pytest.raises(OptionError, match="no term of this model"):
        gg.influence(found, folder, dfbeta=["loudness"])


def test_scores_effects_and_predictions_of_files_are_those_of_the_frame(rows: pd.DataFrame, save: Save) -> None:
    folder = save(rows, [500, 501])
    result = gg.fit(FORMULA, rows)
    pd.testing.assert_frame_equal(gg.evaluate(result, folder), gg.evaluate(result, rows))
    pd.testing.assert_frame_equal(gg.marginal_effects(result, folder), gg.marginal_effects(result, rows), rtol=1e-6)
    pd.testing.assert_frame_equal(result.predict(folder), result.predict(rows))
    pd.testing.assert_series_equal(result.predict(folder, "class"), result.predict(rows, "class"))
    ridge = gg.fit(FORMULA, rows, penalty=gg.Ridge(0.1))
    assert gg.marginal_effects(ridge, folder)["std_error"].isna().all()
    at_mean = gg.marginal_effects(result, folder, at="mean")
    pd.testing.assert_frame_equal(at_mean, gg.marginal_effects(result, rows, at="mean"), rtol=1e-6)
    loud = rows.assign(loud=rows["energy"] > 0)
    of_truth = gg.fit("genre ~ loud + valence", loud)
    pd.testing.assert_frame_equal(
        gg.marginal_effects(of_truth, save(loud, [500], "loud"), at="mean"),
        gg.marginal_effects(of_truth, loud, at="mean"),
        rtol=1e-6,
    )
    with pytest.raises(OptionError, match="soft_labels"):
        gg.evaluate(result, folder, soft_labels=pd.DataFrame())


def test_stretches_are_as_long_as_memory_allows() -> None:
    lengths = [out_of_core.stretch_rows(28, 114, 200_000, most) for most in (1.6e9, 1.7e9, 8e9)]
    assert lengths[0] < lengths[1] < lengths[2] == 131_072
    with pytest.raises(EstimationError, match="a smaller sample"):
        out_of_core.stretch_rows(28, 114, 200_000, 1e9)
    assert out_of_core.stretch_rows(28, 114, 20_000, 1.2e9) > 4_096


def test_no_memory_is_asked_for_a_covariance_that_is_not_wanted(rows: pd.DataFrame, save: Save) -> None:
    files, little = save(rows, [700]), gg.OutOfCore(memory=4e8)
    with pytest.raises(EstimationError, match="may take"):
        gg.fit(FORMULA, files, out_of_core=little)
    found = gg.fit(FORMULA, files, out_of_core=little, covariance=None)
    np.testing.assert_allclose(found.coefficients, gg.fit(found.design, rows).coefficients, atol=1e-8)


def test_row_groups_that_memory_does_not_hold_are_refused_before_they_are_read(
    rows: pd.DataFrame, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = pd.concat([rows] * 70, ignore_index=True)
    large = save(many, [], "large", len(many))
    small = save(many, [], "small", 5_000)
    columns = ["genre", "energy", "valence", "key"]
    group = ParquetRows.open(large).largest_group(columns)
    # Two numbers and two texts a row, as they are decoded and in the file.
    assert 80 * len(many) < group < 160 * len(many)
    assert ParquetRows.open(small).largest_group(columns) < group / 10
    little = gg.OutOfCore(memory=memory.reading_bytes(group // 2, 100, 4), sample_rows=100)
    with monkeypatch.context() as patch:
        patch.setattr(ParquetRows, "batches", lambda *_: pytest.fail("the rows were read"))
        with pytest.raises(EstimationError, match=r"smaller row groups \(DataFrame\.to_parquet"):
            gg.fit(FORMULA, large, out_of_core=little, covariance=None)
    summary = summarise(FORMULA, ParquetRows.open(small).batches(columns), size=100)
    assert summary.rows == len(many)


def test_sorting_rows_by_cluster_is_counted(tmp_path: Path) -> None:
    rng, many = np.random.default_rng(0), 200_000
    with RowWriter(tmp_path, 1, 2, weighted=True, ways=1) as writer:
        writer.add(np.ones((many, 1)), np.zeros(many), np.ones(many), clusters=rng.integers(0, 2**62, size=(many, 1)))
        writer.close()
    rows = MappedRows.open(tmp_path, 4_096)
    tracemalloc.start()
    next(rows.by_cluster(0, 1_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.05 * memory.cluster_bytes(many)
    fixed = memory.pass_bytes(28, 114) + memory.sample_bytes(50_000, 28, 114)
    with pytest.raises(EstimationError, match=r"2\.3 GiB to sort 100,000,000 rows by their clusters"):
        out_of_core.stretch_rows(28, 114, 50_000, fixed + 2.4e9, clustered=100_000_000)
    assert out_of_core.stretch_rows(28, 114, 50_000, fixed + 2.6e9, clustered=100_000_000) > 4_096


_MEASURED = """
import sys
import genreglm as gg
from benchmarks.out_of_core import Watch

files, most, covariance = sys.argv[1], float(sys.argv[2]), sys.argv[3]
how = gg.OutOfCore(memory=most, sample_rows=20_000)
options = {"covariance": "clustered", "clusters": "artist"} if covariance == "clustered" else {"covariance": None}
with Watch() as watch:
    gg.fit(sys.argv[4], files, out_of_core=how, **options)
print(watch.peak)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of a process is read from /proc")
@pytest.mark.parametrize(("covariance", "most"), [("none", 4.5e8), ("clustered", 6.5e8)])
def test_a_fit_stays_within_its_memory(tmp_path: Path, covariance: str, most: float) -> None:
    frame = tracks(rows=100_000, genres=4, artists=2_000)
    half = save_parts(tmp_path / "parts", frame, [50_000], 50_000)
    command = [sys.executable, "-c", _MEASURED, str(half), str(most), covariance, FORMULA]
    root = Path(__file__).parents[1]
    told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert float(told.stdout) * 1e6 < most


def test_a_fit_that_begins_on_part_of_the_sample_ends_in_the_same(
    rows: pd.DataFrame, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("_LEAST_ROWS", 100), ("_ROWS_A_PARAMETER", 1), ("_PART", 8)):
        monkeypatch.setattr(summaries, name, value)
    summary = summarise(FORMULA, ParquetRows.open(save(rows, [700])).batches(["genre", "energy", "valence", "key"]))
    assert len(summary.frame) > 1_500 >= 8 * 187 > len(summary.beginning(21)) * 4
    design = gg.design(FORMULA, rows)
    agree(gg.fit(design, save(rows, [700])), gg.fit(design, rows))


@pytest.mark.parametrize("test", ["lr", "score"])
@pytest.mark.parametrize("type", ["I", "II", "III"])
def test_likelihood_tests_in_passes_are_those_in_memory(rows: pd.DataFrame, save: Save, test: str, type: str) -> None:
    formula = "genre ~ energy * C(key) + cr(valence, df=3, constraints='center')"
    design, folder = gg.design(formula, rows), save(rows, [1, 800])
    wanted = gg.fit(design, rows, weights="weight").anova(type, test)  # type: ignore[arg-type]
    fitted = gg.fit(design, folder, weights="weight")
    pd.testing.assert_frame_equal(fitted.anova(type, test, folder), wanted, rtol=1e-7)  # type: ignore[arg-type]


def test_likelihood_tests_in_passes_keep_the_prior_of_empty_cells(rows: pd.DataFrame, save: Save) -> None:
    lacking = rows[(rows["genre"] != "blues") | (rows["key"] != "D")].reset_index(drop=True)
    design, folder = gg.design("genre ~ energy + valence + C(key)", lacking), save(lacking, [400])
    for test in ("lr", "score"):
        wanted = gg.fit(design, lacking, penalty=gg.CellPrior()).anova("II", test)  # type: ignore[arg-type]
        found = gg.fit(design, folder, penalty=gg.CellPrior()).anova("II", test, folder)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(found, wanted, rtol=1e-6)


def test_likelihood_tests_in_passes_keep_to_the_memory_and_the_folder_given(
    rows: pd.DataFrame, save: Save, tmp_path: Path
) -> None:
    files = save(rows, [700])
    result = gg.fit(FORMULA, files)
    kept = gg.OutOfCore(folder=tmp_path / "kept")
    found = result.anova(test="lr", rows=files, out_of_core=kept)
    pd.testing.assert_frame_equal(found, result.anova(test="lr", rows=files))
    assert (tmp_path / "kept" / "rows").is_dir()
    with pytest.raises(EstimationError, match="may take"):
        result.anova(test="score", rows=files, out_of_core=gg.OutOfCore(memory=4e8))


def test_likelihood_tests_in_passes_refuse_other_files_and_dependent_rows(rows: pd.DataFrame, save: Save) -> None:
    folder = save(rows, [])
    other = save(rows.assign(energy=rows["energy"] + 0.1 * (rows.index == 3)), [], name="other")
    result = gg.fit("genre ~ energy", folder)
    with pytest.raises(DataError, match="they are other rows"):
        result.anova(test="lr", rows=str(other))
    with pytest.raises(DataError, match="pass rows="):
        result.anova(test="score")
    clustered = gg.fit("genre ~ energy", folder, covariance="clustered", clusters="artist")
    with pytest.raises(InferenceError, match="holds for independent rows"):
        clustered.anova(test="score", rows=str(folder))


def test_a_fit_in_passes_says_that_it_never_held_its_rows(rows: pd.DataFrame, save: Save, tmp_path: Path) -> None:
    files = save(rows, [700])
    result = gg.fit("genre ~ energy", files)
    for of_passes in (result, gg.load(result.save(tmp_path / "model"))):
        for use in (gg.Result.augment, gg.residuals, gg.bootstrap, gg.leverage):
            with pytest.raises(DataError, match=r"A fit in passes does not hold its rows.*with_rows\(rows\)"):
                use(of_passes)
    assert ".hat" in result.with_rows(files).augment()
