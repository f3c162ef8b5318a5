"""One thread pool over blocks, with BLAS at one thread inside it.

Two levels of threads fight for the same cores, and the order in which a threaded BLAS adds depends on
their number. So BLAS is held at one thread while a pool of our own walks the blocks, and results come
back in block order: the answer does not depend on how many threads there are.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray
from threadpoolctl import OpenBLASController, ThreadpoolController

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_lock = threading.Lock()
_local = threading.local()
_holders = 0
_release: Callable[[], None] | None = None


def _forget_threads() -> None:
    """Begin anew in a forked process: the pool's threads stayed behind, and BLAS may be held by one of them."""
    global _lock, _holders, _release
    _pool.cache_clear()
    if _release is not None:
        _free_control()
        _release()
    _lock, _holders, _release = threading.Lock(), 0, None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)


def thread_count() -> int:
    """Return the threads to use.

    1 within `single_threaded`, else `GENREGLM_THREADS` where it is set, else the cores this process may use.
    """
    if getattr(_local, "single", False):
        return 1
    asked = os.environ.get("GENREGLM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=4)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="genreglm")


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def single_threaded() -> Iterator[None]:
    """Use no other thread than this one for what it does within: others of its kind do their share."""
    before, _local.single = getattr(_local, "single", False), True
    try:
        yield
    finally:
        _local.single = before


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Hold BLAS at one thread; the last of several holders, in whatever Python thread, lets go of it."""
    global _holders, _release
    with _lock:
        if _holders == 0:
            _free_control()
            _release = _controller().limit(limits=1, user_api="blas").restore_original_limits
        _holders += 1
    try:
        yield
    finally:
        with _lock:
            _holders = max(_holders - 1, 0)  # 0 already where a fork came between
            if _holders == 0 and _release is not None:
                _free_control()
                _release()
                _free_control()
                _release = None


def _free_control() -> None:
    """Let whichever thread set BLAS's number next: from 3.8 on threadpoolctl heeds only the first one that did."""
    clear = getattr(OpenBLASController, "clear_controlling_thread", None)
    if clear is not None:
        clear(force=True)


def workspace(rows: int, columns: int, dtype: DTypeLike = np.float64, slot: str = "predictors") -> NDArray[Any]:
    """Return an uninitialised array that belongs to this thread until it asks for the same slot again.

    Fresh pages cost more than the arithmetic done on them once.
    """
    needed = rows * columns * np.dtype(dtype).itemsize
    memory = getattr(_local, slot, None)
    if memory is None or memory.size < needed:
        memory = np.empty(needed, dtype=np.uint8)
        setattr(_local, slot, memory)
    return np.asarray(memory[:needed].view(dtype).reshape(rows, columns))


def ordered_map(task: Callable[[Item], Answer], items: Iterable[Item]) -> Iterator[Answer]:
    """Apply `task` to every item on the pool and yield the answers in the order of the items."""
    with single_threaded_blas():
        listed, threads = list(items), thread_count()
        yield from _pool(threads).map(task, listed) if min(threads, len(listed)) > 1 else map(task, listed)
