"""Folds side by side, in processes: the answers come in order, and are those of one at a time."""

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from joblib import Parallel, delayed

from genreglm.engine.threads import thread_count
from genreglm.errors import OptionError

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def in_order(task: Callable[[Item], Answer], items: Sequence[Item], jobs: int) -> Iterator[Answer]:
    """Apply `task` to every item, `jobs` at a time, and yield the answers in the order of the items.

    Each process has its share of the threads, on whose number no answer depends. Threads of one process would not do:
    those of a fit wait for each other at each of its thousands of small products.
    """
    if jobs == 1:
        yield from map(task, items)
        return
    threads = max(1, thread_count() // jobs)
    parallel = Parallel(n_jobs=jobs, backend="loky", return_as="generator")
    with warnings.catch_warnings():
        # Processes that had nothing to do for minutes end by themselves, and others take their place.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
        yield from parallel(delayed(_with_threads)(task, item, threads) for item in items)


def _with_threads(task: Callable[[Item], Answer], item: Item, threads: int) -> Answer:
    os.environ["GENREGLM_THREADS"] = str(threads)
    return task(item)


def require_jobs(jobs: int) -> int:
    """Refuse fewer than one job.

    Raises
    ------
    OptionError
        With the number.
    """
    if jobs < 1:
        raise OptionError(f"jobs={jobs!r}: at least 1 fold is fitted at a time.")
    return jobs
