"""Dask's workers, or this process's threads where there is no cluster: what computes values, keeps and sums them."""

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from genreglm.engine import memory
from genreglm.errors import DataError

LOGGER = logging.getLogger("genreglm")

# So many values are put together at a time: few tasks for the scheduler, and few values on one worker at once.
_BRANCHES = 4


@dataclass(frozen=True)
class Workers:
    """Who computes delayed values.

    Attributes
    ----------
    compute : brings a delayed value here
    persist : keeps delayed values where they are computed
    room : bytes that all of them together may hold
    """

    compute: Callable[[Any], Any]
    persist: Callable[[Sequence[Any]], list[Any]]
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
            here = memory.available_bytes()
            return cls(lambda value: compute(value)[0], lambda values: list(persist(*values)), here)
        LOGGER.info("fitting on Dask: %s", client.dashboard_link)
        room = _room(client)
        return cls(lambda value: client.compute(value).result(), lambda values: list(client.persist(values)), room)


def each(task: Callable[..., Any], *values: Sequence[Any], given: Sequence[Any] = ()) -> list[Any]:
    """Return what `task` makes of the first of all values, of the second and so on, delayed.

    What is `given` to all of them after these goes to a worker once.
    """
    from dask import delayed

    shared = [delayed(one, traverse=False) for one in given]
    return [delayed(task, pure=False)(*those, *shared) for those in zip(*values, strict=True)]


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
    level = list(found)
    while len(level) > 1:
        some = [level[first : first + _BRANCHES] for first in range(0, len(level), _BRANCHES)]
        level = [delayed(combine, pure=False)(*values) if len(values) > 1 else values[0] for values in some]
    return level[0]


def _room(client: Any) -> float:
    """Return the bytes that a cluster's workers may hold; a worker that was given no limit has as many as it wants."""
    limits = [worker["memory_limit"] or float("inf") for worker in client.scheduler_info()["workers"].values()]
    # The scheduler of some releases tells of a few workers only.
    return min(limits, default=0.0) * len(client.nthreads())
