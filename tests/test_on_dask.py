"""Fits of Dask frames equal those in memory, whoever computes what, and outlive their workers."""

import contextlib
import os
import pickle
import signal
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm import on_dask, sources
from genreglm.dask_workers import Workers, each, in_tree
from genreglm.engine import memory
from genreglm.engine.newton import Step
from genreglm.engine.passes.partitions import Keeping, Partition
from genreglm.engine.passes.rows import added
from genreglm.errors import DataError, EstimationError, OptionError, SeparationError
from in_passes import FORMULA, agree, weighted_tracks
from simulated import tracks

dask = pytest.importorskip("dask")
dask_frames = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return weighted_tracks()


@pytest.fixture(scope="module")
def client() -> Iterator[object]:
    """Two workers, each a process of one thread, that are started again when they die, however soon."""
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1 day"}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as found,
    ):
        yield found


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"covariance": "robust", "weights": "weight"},
        {"covariance": "HC0", "weights": "weight"},
        {"offset": {"blues": "valence", "disco": "known"}},
        {"covariance": "clustered", "clusters": "artist", "weights": "weight"},
        {"penalty": gg.Ridge(1e-2, standardise=True)},
        {"penalty": gg.CellPrior()},
        {"penalty": gg.Jeffreys()},
    ],
)
def test_threads_and_memory_give_the_same(rows: pd.DataFrame, options: dict[str, object]) -> None:
    frame = rows.sort_values("genre", kind="stable").reset_index(drop=True)
    frame = frame.assign(known=np.sin(np.arange(len(frame))))
    if "penalty" in options:
        frame = frame[~((frame["genre"] == "blues") & (frame["key"] == "D"))].reset_index(drop=True)
    # Partitions of one row, of none, and without a class.
    parts = [frame.iloc[:1], frame.iloc[1:1], frame.iloc[1:700], frame.iloc[700:]]
    dealt = dask_frames.from_map(lambda part: parts[part], range(4), meta=frame.head(0))
    design = gg.design(FORMULA, frame)
    # Under Jeffreys' prior the log-likelihood itself has a slope at the optimum.
    near = (
        {"coefficients": 1e-6, "errors": 1e-6, "likelihood": 1e-8}
        if isinstance(options.get("penalty"), gg.Jeffreys)
        else {}
    )
    agree(gg.fit(design, dealt, **options), gg.fit(design, frame, **options), **near)  # type: ignore[arg-type]


def test_workers_and_memory_give_the_same(rows: pd.DataFrame, client: object) -> None:
    dealt = dask_frames.from_pandas(rows, npartitions=5)
    design = gg.design(FORMULA, rows)
    wanted = gg.fit(design, rows, covariance="clustered", clusters="artist")
    agree(gg.fit(design, dealt, covariance="clustered", clusters="artist", client=client), wanted)
    # The cluster at work in this process is found without being named, and the formula learnt from its frame.
    found = gg.fit("genre ~ energy + C(key)", dealt)
    agree(found, gg.fit("genre ~ energy + C(key)", rows))
    assert found.statistics.passes > 0


def test_every_pass_over_a_frame_is_counted(rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    summed: list[object] = []

    def together(self: on_dask.DaskRows, *given: object) -> object:
        summed.append(given)
        return usual(self, *given)  # type: ignore[arg-type]

    usual = on_dask.DaskRows._together
    monkeypatch.setattr(on_dask.DaskRows, "_together", together)
    dealt = dask_frames.from_pandas(rows, npartitions=3)
    found = gg.fit("genre ~ energy", dealt, covariance="clustered", clusters="artist")
    # Beside the sums of all partitions: the design's pass, the one that cuts the partitions, and the clusters'.
    assert found.statistics.passes == len(summed) + 3


def test_a_worker_that_is_killed_changes_nothing(rows: pd.DataFrame, client: object) -> None:
    dealt = dask_frames.from_pandas(rows, npartitions=6)
    wanted = gg.fit("genre ~ energy + C(key)", dealt, client=client)
    killed: list[int] = []

    def kill(step: Step) -> None:
        if not killed:
            workers = client.scheduler_info()["workers"]  # type: ignore[attr-defined]
            pids = client.run(os.getpid, workers=list(workers)[:1])  # type: ignore[attr-defined]
            killed.extend(pids.values())
            os.kill(killed[0], signal.SIGKILL)

    found = gg.fit("genre ~ energy + C(key)", dealt, client=client, callback=kill)
    assert killed
    np.testing.assert_array_equal(found.coefficients, wanted.coefficients)
    assert found.statistics == wanted.statistics
    pd.testing.assert_frame_equal(found.tidy(), wanted.tidy())


@pytest.mark.slow
@pytest.mark.parametrize("task", ["_summary_of", "_partition", "meat_in_partition"])
def test_a_worker_that_dies_in_a_pass_without_steps_changes_nothing(
    rows: pd.DataFrame, client: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, task: str
) -> None:
    """That learns the design, cuts its columns, or sums clusters."""
    client.wait_for_workers(2, timeout=60)  # type: ignore[attr-defined]
    dealt, dead, usual = dask_frames.from_pandas(rows, npartitions=6), tmp_path / "dead", getattr(on_dask, task)

    def fit() -> gg.Result:
        return gg.fit("genre ~ energy + C(key)", dealt, client=client, covariance="clustered", clusters="artist")

    def die_once(*given: Any, **named: Any) -> Any:
        with contextlib.suppress(FileExistsError):
            dead.touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)
        return usual(*given, **named)

    wanted = fit()
    monkeypatch.setattr(on_dask, task, die_once)
    found = fit()
    assert dead.exists()
    np.testing.assert_array_equal(found.coefficients, wanted.coefficients)
    np.testing.assert_array_equal(found.require_inference().covariance, wanted.require_inference().covariance)
    assert found.statistics == wanted.statistics


def test_tasks_are_named_by_what_they_do(rows: pd.DataFrame, client: Any) -> None:
    """A scheduler foretells how long a task takes, and whether to move it, from those of the same name."""
    client.get_task_stream()
    gg.fit("genre ~ energy + C(key)", dask_frames.from_pandas(rows, npartitions=4), client=client)
    names = {dask.utils.key_split(task["key"]) for task in client.get_task_stream()}
    assert {"loss_and_gradient_keeping", "information_of"} <= names


def test_what_is_held_tells_its_bytes() -> None:
    x, y, w, kept = np.zeros((50, 3)), np.zeros(50, dtype=np.int64), np.ones(50), np.zeros((50, 4), np.float32)
    bytes_of = dask.sizeof.sizeof
    assert x.nbytes + y.nbytes + w.nbytes <= bytes_of(Partition(x, y, w, 4)) <= 1_000 + x.nbytes + y.nbytes + w.nbytes
    assert x.nbytes + kept.nbytes <= bytes_of(Keeping((x, 1.0), kept))
    assert bytes_of(Keeping(None, None)) < 1_000


def test_workers_without_room_keep_nothing_and_give_the_same(
    rows: pd.DataFrame, client: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    dealt = dask_frames.from_pandas(rows, npartitions=9)
    kept: list[bool] = []

    def reduce_keeping(self: on_dask.DaskRows, *given: object) -> tuple[object, on_dask.DaskRows]:
        found, rows_there = usual(self, *given)  # type: ignore[arg-type]
        kept.append(rows_there.kept is not None)
        return found, rows_there

    usual = on_dask.DaskRows.reduce_keeping
    monkeypatch.setattr(on_dask.DaskRows, "reduce_keeping", reduce_keeping)
    wanted = gg.fit(FORMULA, dealt, client=client)
    assert set(kept) == {True}
    kept.clear()
    monkeypatch.setattr(on_dask, "_KEPT_SHARE", 0.0)
    found = gg.fit(FORMULA, dealt, client=client)
    assert set(kept) == {False}
    agree(found, wanted)


def test_a_cluster_has_the_room_that_its_workers_were_given(client: object) -> None:
    limits = [each["memory_limit"] for each in client.scheduler_info()["workers"].values()]  # type: ignore[attr-defined]
    assert Workers.of(client).room == 2 * min(limits)
    assert Workers.of().room > 0


def test_workers_are_dealt_as_many_partitions_each_and_neighbours(client: object) -> None:
    client.wait_for_workers(2)  # type: ignore[attr-defined]
    dealt = Workers.of(client).deal(each(str, range(9)))
    assert client.gather(client.compute(dealt)) == [str(number) for number in range(9)]  # type: ignore[attr-defined]
    where = client.who_has(dealt)  # type: ignore[attr-defined]
    of_each = [where[value.key] for value in dealt]
    assert len({worker for worker, *_ in of_each[:5]}) == 1
    assert {worker for worker, *_ in of_each[:5]}.isdisjoint({worker for worker, *_ in of_each[5:]})


@pytest.mark.parametrize("parts", [1, 2, 4, 5, 17])
def test_a_tree_keeps_the_order_of_its_leaves(parts: int) -> None:
    leaves = each(lambda number, last: f"{number}{last}", range(parts), given=",")
    found = Workers.of().compute(in_tree(lambda *some: "".join(some), leaves))
    assert found == "".join(f"{number}," for number in range(parts))
    with pytest.raises(DataError, match="no partitions"):
        in_tree(added, [])


def test_a_folder_goes_on_with_the_fit_that_it_is_of_and_no_other(rows: pd.DataFrame, tmp_path: Path) -> None:
    formula, how = "genre ~ energy + C(key)", gg.OutOfCore(folder=tmp_path / "kept")
    dealt = dask_frames.from_pandas(rows, npartitions=3)
    fresh = gg.fit(formula, dealt, out_of_core=how)
    assert gg.fit(formula, dealt, out_of_core=how).statistics.iterations < fresh.statistics.iterations
    others = dask_frames.from_pandas(rows.assign(energy=-rows["energy"]), npartitions=3)
    found = gg.fit(formula, others, out_of_core=how)
    assert found.statistics == gg.fit(formula, others).statistics


def test_what_a_dask_frame_cannot_do_is_refused(rows: pd.DataFrame) -> None:
    dealt = dask_frames.from_pandas(rows, npartitions=2)
    with pytest.raises(OptionError, match="single=True"):
        gg.fit(FORMULA, dealt, out_of_core=gg.OutOfCore(single=True))
    with pytest.raises(OptionError, match="offset must name a column"):
        gg.fit(FORMULA, dealt, offset=np.zeros((len(rows), 4)))
    with pytest.raises(EstimationError, match="may take"):
        gg.fit(FORMULA, dealt, out_of_core=gg.OutOfCore(memory=1e6))
    # Room for the matrices, and none for the sample.
    with pytest.raises(EstimationError, match="a smaller sample"):
        gg.fit(FORMULA, dealt, out_of_core=gg.OutOfCore(memory=memory.pass_bytes(20, 4) + 1e5))
    with pytest.raises(DataError, match=r"energy \(1\)"):
        gg.fit(
            FORMULA, dask_frames.from_pandas(rows.assign(energy=rows["energy"].where(rows.index != 3)), npartitions=3)
        )
    missing = rows[~((rows["genre"] == "blues") & (rows["key"] == "D"))].reset_index(drop=True)
    with pytest.raises(SeparationError, match="never occurs in blues"):
        gg.fit(FORMULA, dask_frames.from_pandas(missing, npartitions=3))


def test_tasks_carry_no_rows_of_the_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = tracks(rows=20_000, genres=4)
    dealt, result = dask_frames.from_pandas(frame, npartitions=2), gg.fit(FORMULA, frame)
    sent: dict[str, int] = {}

    def noting(name: str) -> Callable[..., Any]:
        def noted(task: object, *given: Any) -> Any:
            sent[name] = len(pickle.dumps(task))
            return sources.map_batches(task, *given)  # type: ignore[arg-type]

        return noted

    # A module may be hidden by its function of the same name.
    for name in ("evaluation.evaluate", "effects.slopes", "diagnostics.in_batches"):
        monkeypatch.setattr(import_module(f"genreglm.{name}"), "map_batches", noting(name))
    gg.evaluate(result, dealt)
    gg.marginal_effects(result, dealt)
    in_passes = gg.fit(result.design, dealt)
    gg.influence(in_passes, dealt)
    usual = dask_frames.DataFrame.map_partitions

    def map_partitions(self: object, task: object, *given: object, **named: object) -> object:
        sent["predict"] = len(pickle.dumps(task))
        return usual(self, task, *given, **named)

    monkeypatch.setattr(dask_frames.DataFrame, "map_partitions", map_partitions)
    result.predict(dealt)
    assert len(sent) == 4
    assert max(sent.values()) < 20_000


def test_a_task_goes_to_a_worker_once(rows: pd.DataFrame, client: object) -> None:
    task = Counting()
    counts = sources.map_batches(task, dask_frames.from_pandas(rows, npartitions=8), list(rows.columns))
    # Two workers of one process each: what was sent with each partition would count to one.
    assert max(counts) > 1


class Counting:
    """Counts how often it was called where it lies."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, batch: pd.DataFrame) -> int:
        self.calls += 1
        return self.calls


def test_scores_effects_influence_and_predictions_are_those_of_the_frame(rows: pd.DataFrame, client: object) -> None:
    dealt = dask_frames.from_pandas(rows, npartitions=3)
    design = gg.design(FORMULA, rows)
    wanted, found = gg.fit(design, rows), gg.fit(design, dealt, client=client)
    pd.testing.assert_frame_equal(gg.evaluate(wanted, dealt), gg.evaluate(wanted, rows))
    pd.testing.assert_frame_equal(gg.marginal_effects(found, dealt), gg.marginal_effects(wanted), rtol=1e-6)
    pd.testing.assert_frame_equal(gg.influence(found, dealt), gg.influence(wanted), rtol=1e-6)
    pd.testing.assert_frame_equal(found.predict(dealt).compute(), wanted.predict(rows), rtol=1e-7)
    called = found.predict(dealt, "class").compute()
    pd.testing.assert_series_equal(called, wanted.predict(rows, "class"), check_dtype=False)


def test_a_frame_of_no_files_is_refused_as_such(rows: pd.DataFrame, tmp_path: Path) -> None:
    nothing = dask_frames.read_parquet(str(tmp_path / "none-*.parquet"))
    result = gg.fit("genre ~ energy", rows)
    for use in (
        lambda: gg.fit("genre ~ energy", nothing),
        lambda: result.predict(nothing),
        lambda: gg.evaluate(result, nothing),
        lambda: gg.marginal_effects(result, nothing),
    ):
        with pytest.raises(DataError, match=r"no columns.*no file"):
            use()


def test_score_tests_and_leverage_are_those_of_the_frame(rows: pd.DataFrame) -> None:
    dealt = dask_frames.from_pandas(rows, npartitions=2)
    design = gg.design("genre ~ energy + C(key)", rows)
    wanted, found = gg.fit(design, rows, weights="weight"), gg.fit(design, dealt, weights="weight")
    tested = found.anova(test="score", rows=dealt)
    pd.testing.assert_frame_equal(tested, wanted.anova(test="score"), rtol=1e-6)
    pd.testing.assert_frame_equal(gg.leverage(found, dealt), gg.leverage(wanted), rtol=1e-6)
