"""One answer, whatever the number of threads, and from however many Python threads at once."""

import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from genreglm.engine import threads
from genreglm.engine.newton import Solution, minimise
from simulated import case


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def solve(seed: int = 0) -> Solution:
    return minimise(case(rows=48, seed=seed, weighted=True).objective(block_rows=11))


@pytest.mark.parametrize("asked", ["1", "2", "7"])
def test_the_environment_says_how_many(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENREGLM_THREADS", asked)
    assert threads.thread_count() == int(asked)


@pytest.mark.parametrize("nonsense", ["", "0", "-1", "many"])
def test_else_it_is_the_cores_of_this_process(nonsense: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENREGLM_THREADS", nonsense)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    assert threads.thread_count() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads.thread_count() == 1


@pytest.mark.parametrize("count", ["1", "3"])
def test_answers_come_in_the_order_of_the_items(count: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENREGLM_THREADS", count)
    slow_first = threading.Event()

    def task(item: int) -> int:
        if item == 0 and count != "1":
            assert slow_first.wait(10)
        slow_first.set()
        return item * item

    assert list(threads.ordered_map(task, range(20))) == [item * item for item in range(20)]


def test_blas_is_held_and_let_go_by_whichever_thread() -> None:
    before, inside = blas_threads(), []
    first_in, last_in, first_out = (threading.Event() for _ in range(3))

    def first() -> None:
        with threads.single_threaded_blas():
            first_in.set()
            assert last_in.wait(10)
        first_out.set()

    def last() -> None:
        assert first_in.wait(10)
        with threads.single_threaded_blas():
            last_in.set()
            assert first_out.wait(10)
            inside.append(blas_threads())

    with threads.single_threaded_blas():
        inside.append(blas_threads())  # and this thread lives on
    holders = [threading.Thread(target=each) for each in (first, last)]
    for holder in holders:
        holder.start()
    for holder in holders:
        holder.join()
    assert inside == [{1}, {1}]
    assert blas_threads() == before


@pytest.mark.parametrize("count", ["1", "2"])
def test_blas_has_one_thread_inside_and_its_own_after_even_an_error(
    count: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENREGLM_THREADS", count)
    before = blas_threads()

    def task(item: int) -> None:
        assert blas_threads() == {1}
        raise KeyError(item)

    with pytest.raises(KeyError, match="0"):
        list(threads.ordered_map(task, range(3)))
    assert blas_threads() == before


def test_the_last_holder_lets_go_of_blas() -> None:
    before = blas_threads()
    first, second = threads.single_threaded_blas(), threads.single_threaded_blas()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert blas_threads() == {1}
    second.__exit__(None, None, None)
    assert blas_threads() == before


def test_a_workspace_belongs_to_its_thread_and_is_used_again() -> None:
    own = threads.workspace(4, 5)
    assert own.shape == (4, 5)
    assert np.shares_memory(own, threads.workspace(3, 2))
    assert threads.workspace(40, 50).shape == (40, 50)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(threads.workspace, 40, 50).result()
    assert not np.shares_memory(threads.workspace(40, 50), other)


def test_the_answer_is_the_same_to_the_bit_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = []
    for count in ("1", "2", "5"):
        monkeypatch.setenv("GENREGLM_THREADS", count)
        answers.append(solve())
    for other in answers[1:]:
        np.testing.assert_array_equal(other.whitened, answers[0].whitened)
        assert list(other.trace) == list(answers[0].trace)


def test_several_python_threads_may_fit_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENREGLM_THREADS", "2")
    alone = [solve(seed).whitened for seed in range(4)]
    before = blas_threads()
    with ThreadPoolExecutor(4) as pool:
        together = [solution.whitened for solution in pool.map(solve, range(4))]
    np.testing.assert_array_equal(together, alone)
    assert blas_threads() == before


def test_what_a_fork_left_behind_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENREGLM_THREADS", "2")
    before, pool = blas_threads(), threads._pool(2)
    with threads.single_threaded_blas():
        threads._forget_threads()
        assert blas_threads() == before
        assert threads._pool(2) is not pool
    with threads.single_threaded_blas():
        assert blas_threads() == {1}
    assert blas_threads() == before


def _square_in_child(answers: "multiprocessing.Queue[list[int]]") -> None:
    answers.put(list(threads.ordered_map(abs, [-1, -2, -3])))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_gets_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENREGLM_THREADS", "2")
    assert list(threads.ordered_map(abs, [-1, -2])) == [1, 2]
    fork = multiprocessing.get_context("fork")
    answers = fork.Queue()
    with threads.single_threaded_blas():
        child = fork.Process(target=_square_in_child, args=(answers,), daemon=True)
        child.start()
    child.join(20)
    hung = child.is_alive()
    child.kill()
    assert not hung
    assert answers.get(timeout=5) == [1, 2, 3]
