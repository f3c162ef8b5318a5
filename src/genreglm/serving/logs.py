"""The service's log: one line of JSON an event, with what happened and nothing of what was sent."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

LOGGER = logging.getLogger("genreglm.serving")
_LONGEST = 200  # characters of a text that comes from outside


class JsonLines(logging.Formatter):
    """A record as a line of JSON: time, level, event, and the fields that came with it.

    Of an exception its type and the places in the code that it passed; its message can hold a value that was sent.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = type(record.exc_info[1]).__name__
            line["passed"] = places(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True, default=str)


def places(error: BaseException) -> list[str]:
    """Return where an exception passed, `file:line function` from the outermost in."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def write_logs(stream: TextIO | None = None) -> None:
    """Send the service's and the server's records to a stream, standard error unless given, as lines of JSON."""
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(JsonLines())
    for logger in (LOGGER, logging.getLogger("uvicorn")):
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)


def shortened(text: str) -> str:
    """Return a text from outside, no longer than a line should be."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
