"""Requests in a queue before one thread of work, which answers alike ones together.

Preparing a table costs far more than a row of it: two hundred tracks that wait are answered in the time of a few.
One thread, since what it does is mostly Python, of which only one runs at a time; the event loop stays free.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from genreglm.serving.refusals import Refused

# Answers some items of one kind, each with its own answer, or the exception that is raised for it alone, in order.
Work = Callable[[Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True, eq=False)
class _Job:
    """An item that waits, and the future of its answer."""

    kind: Hashable
    work: Work
    item: Any
    rows: int
    answer: "asyncio.Future[Any]"


class Queue:
    """The queue and its thread.

    Parameters
    ----------
    waiting : the most items that may wait
    rows : the most that are answered together
    seconds : the longest that an item may take, waiting included
    """

    def __init__(self, waiting: int, rows: int, seconds: float) -> None:
        self._most_waiting, self._most_rows, self._seconds = waiting, rows, seconds
        self._jobs: deque[_Job] = deque()
        self._thread: ThreadPoolExecutor | None = None
        self._busy = False

    def __len__(self) -> int:
        """Return how many items wait."""
        return len(self._jobs)

    async def ask(self, kind: Hashable, work: Work, item: Any, rows: int = 1) -> Any:
        """Return the answer to an item; those of the same kind that wait with it may be answered together.

        Raises
        ------
        Refused
            (503) Where too many wait already, or time is up.
        Exception
            What `work` raised for this item alone.
        """
        if len(self._jobs) >= self._most_waiting:
            raise Refused(503, "Too many requests are waiting. Try again shortly.", headers={"Retry-After": "1"})
        job = _Job(kind, work, item, rows, asyncio.get_running_loop().create_future())
        self._jobs.append(job)
        self._next()
        try:
            return await asyncio.wait_for(job.answer, self._seconds)
        except TimeoutError:
            message = f"There was no answer within {self._seconds:g} s. Try again later, or ask for fewer tracks."
            raise Refused(503, message, headers={"Retry-After": "5"}) from None
        finally:
            if job in self._jobs:  # time was up before its turn came
                self._jobs.remove(job)

    def close(self) -> None:
        """Let the thread end; the next item starts another."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
        self._thread, self._busy = None, False

    def _next(self) -> None:
        """Begin the next batch, unless one is being answered."""
        if self._busy or not self._jobs:
            return
        batch, loop = self._taken(), asyncio.get_running_loop()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="genreglm-serving")
        running = loop.run_in_executor(self._thread, _answers, batch[0].work, [job.item for job in batch])
        self._busy = True
        running.add_done_callback(lambda done: self._finish(batch, done))

    def _taken(self) -> list[_Job]:
        """Take the job that came first and those like it, as far as they have room; the others stay in their order."""
        first = self._jobs.popleft()
        batch, rows, left = [first], first.rows, deque[_Job]()
        for job in self._jobs:
            if job.kind == first.kind and rows + job.rows <= self._most_rows:
                batch.append(job)
                rows += job.rows
            else:
                left.append(job)
        self._jobs = left
        return batch

    def _finish(self, batch: Sequence[_Job], done: "asyncio.Future[list[Any]]") -> None:
        self._busy = False
        # A thread that was shut down answers nothing.
        outcomes = [Refused(503, "The service is ending.")] * len(batch) if done.cancelled() else done.result()
        for job, outcome in zip(batch, outcomes, strict=True):
            if job.answer.done():
                continue
            if isinstance(outcome, Exception):
                job.answer.set_exception(outcome)
            else:
                job.answer.set_result(outcome)
        self._next()


def _answers(work: Work, items: Sequence[Any]) -> list[Any]:
    """Return the answer, or the exception, of each item; where together they fail, each is answered by itself."""
    try:
        return list(work(items))
    except Exception as error:
        if len(items) == 1:
            return [error]
        return [_answers(work, [item])[0] for item in items]
