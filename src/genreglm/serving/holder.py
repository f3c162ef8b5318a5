"""The model in use and the one that takes its place: read beside it, tried, and swapped in one step."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from genreglm.errors import GenreglmError
from genreglm.files import file_digest
from genreglm.serving.logs import LOGGER
from genreglm.serving.served import Served
from genreglm.tagger.store import MANIFEST, load_tagger

# What a folder looks like from outside: name, time of change and size of each file.
Look = tuple[tuple[str, int, int], ...]


class Holder:
    """Holds what is served; `current` is read once by each request, which keeps it to its end.

    Parameters
    ----------
    path : the folder or the file of the model
    rows : the most tracks in a request
    look_seconds : how often the files are looked at

    Raises
    ------
    ModelFileError
        For a path without a model that can be used.
    """

    def __init__(self, path: Path, rows: int, look_seconds: float) -> None:
        self._path, self._rows, self._look_seconds = path, rows, look_seconds
        self._seen = _look(path)
        self._digest = _digest(path) if _named(path).is_file() else ""
        self.current = self._served(self._digest)

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch the files, and take SIGHUP for a request to read them anew, until left."""
        loop, asked = asyncio.get_running_loop(), asyncio.Event()
        # Only the main thread hears signals, and not every system has this one.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError, AttributeError):
            loop.add_signal_handler(signal.SIGHUP, asked.set)
        task = asyncio.create_task(self._watch(asked))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _watch(self, asked: asyncio.Event) -> None:
        before = self._seen
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asked.wait(), self._look_seconds)
            told = asked.is_set()
            asked.clear()
            look = await asyncio.to_thread(_look, self._path)
            # Files that still change from look to look are being written.
            if told or (look == before and look != self._seen):
                self._seen = look
                await self._reload(told)
            before = look

    async def _reload(self, told: bool) -> None:
        """Read the model again and put it in the place of the old one; where it cannot be read the old one stays."""
        try:
            digest = await asyncio.to_thread(_digest, self._path)
            if digest == self._digest and not told:
                return
            made = await asyncio.to_thread(self._served, digest)
        except (GenreglmError, OSError) as error:
            LOGGER.error("model not taken", extra={"fields": {"reason": str(error), "serving": self.current.name}})
            return
        except Exception:  # A fault of ours in a model: the old one goes on all the same.
            LOGGER.exception("model not taken", extra={"fields": {"serving": self.current.name}})
            return
        old, self.current, self._digest = self.current, made, digest
        LOGGER.info("model taken", extra={"fields": {"before": old.name, "serving": made.name}})

    def _served(self, digest: str) -> Served:
        # Requests name fields as genreglm does, whatever they were called in the study's table.
        return Served.of(replace(load_tagger(self._path), columns={}), digest, self._rows)


def _named(path: Path) -> Path:
    """Return the file that a model goes by: a bare result, or a folder's manifest, which has the others' hashes."""
    return path / MANIFEST if path.is_dir() else path


def _digest(path: Path) -> str:
    return file_digest(_named(path))


def _look(path: Path) -> Look:
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        return tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    except OSError:
        return ()  # gone, or being replaced
