"""Dask's workers, or this process's threads where there is no cluster: what computes values, keeps and sums them."""

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

from genreglm.engine import memory
from genreglm.errors import DataError

LOGGER = logging.getLogger("genreglm")

# So many values are put together at a time: few tasks for the scheduler, and few values on one worker at once.
_BRANCHES = 4
# Bytes that may go along with the tasks of a pass; Dask warns of more than 10 megabytes.
_MOST_ALONG = 4e6


@dataclass(frozen=True)
class Workers:
    """Who computes delayed values.

    Attributes
    ----------
    compute : brings a delayed value here
    deal : keeps delayed values where they are computed, as many for each thread; neighbours lie together
    room : bytes that all of them together may hold
    """

    compute: Callable[[Any], Any]
    deal: Callable[[Sequence[Any]], list[Any]]
    room: float

    @classmethod
    def of(cls, client: Any = None) -> "Workers":
        """Return a cluster's: the client's, or of the one at work in this process if there is one. Else its threads."""
        import dask

        if client is None:
            with contextlib.suppress(ImportError, ValueError):
                from distributed import default_client

                client = default_client()
        if client is None:
            compute, persist = (partial(way, scheduler="threads") for way in (dask.compute, dask.persist))

            def kept(values: Sequence[Any]) -> list[Any]:
                return list(persist(*values))

            return cls(lambda value: compute(value)[0], kept, memory.available_bytes())
        LOGGER.info("fitting on Dask: %s", client.dashboard_link)
        return cls(
            lambda value: client.compute(value).result(),
            partial(_deal, client),
            _room(client),
        )


def each(
    task: Callable[..., Any], *values: Sequence[Any], given: Any = None, does: Callable[..., Any] | None = None
) -> list[Any]:
    """Return what `task` makes of the first of all values, of the second and so on, delayed.

    A scheduler knows tasks by the name of what they do, `does` if it is not `task` itself, and foretells how long one
    takes from others of that name: where these took longer it would move values to a worker that is idle for a moment.

    What is `given` to all of them, if anything, comes after these. It goes along with each task as long as it is small:
    a task that needs nothing else stays where its values lie. What is large goes to a worker once.
    """
    from dask import delayed
    from dask.utils import funcname

    small = getattr(given, "nbytes", 0) * len(values[0]) < _MOST_ALONG
    shared = () if given is None else (given,) if small else (delayed(given, traverse=False),)
    one, name = delayed(task, pure=False), funcname(does or task)
    return [one(*those, *shared, dask_key_name=f"{name}-{uuid4()}") for those in zip(*values, strict=True)]


def in_tree(combine: Callable[..., Any], found: Sequence[Any]) -> Any:
    """Put delayed values together, neighbours first, some at a time: `combine` takes as many as it is given.

    Raises
    ------
    DataError
        Where there are none.
    """
    from dask import delayed

    if not found:
        raise DataError("The Dask frame has no partitions; at least one is needed.")
    several, level = delayed(combine, pure=False), list(found)
    while True:
        level = [several(*level[first : first + _BRANCHES]) for first in range(0, len(level), _BRANCHES)]
        if len(level) == 1:
            return level[0]


def _room(client: Any) -> float:
    """Return the bytes that a cluster's workers may hold; a worker that was given no limit has as many as it wants."""
    limits = [worker["memory_limit"] or float("inf") for worker in client.scheduler_info()["workers"].values()]
    # The scheduler of some releases tells of a few workers only.
    return min(limits, default=0.0) * len(client.nthreads())


def _deal(client: Any, values: Sequence[Any]) -> list[Any]:
    """Persist values on a cluster, each on a worker that is named; on another where that one is lost.

    A scheduler that places them as they come leaves one worker with more than another, and all wait for it in each
    pass.
    """
    threads = [worker for worker, count in sorted(client.nthreads().items()) for _ in range(count)]
    if not threads:
        return list(client.persist(values))  # none has come yet
    dealt: dict[str, list[Any]] = {}
    for number, value in enumerate(values):
        dealt.setdefault(threads[number * len(threads) // len(values)], []).append(value)
    # The order of the workers is that of the values.
    return [
        kept
        for worker, own in dealt.items()
        for kept in client.persist(own, workers=[worker], allow_other_workers=True)
    ]
