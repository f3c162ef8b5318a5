"""Folds side by side, in threads: the answers come in order, and are those of one at a time."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from genreglm.errors import OptionError

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def in_order(task: Callable[[Item], Answer], items: Sequence[Item], jobs: int) -> Iterator[Answer]:
    """Apply `task` to every item, `jobs` at a time, and yield the answers in the order of the items."""
    if jobs == 1:
        yield from map(task, items)
        return
    with ThreadPoolExecutor(jobs, thread_name_prefix="folds") as pool:
        yield from pool.map(task, items)


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
