"""What a service allows, and to whom."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from genreglm.errors import OptionError

KEY_VARIABLE = "GENREGLM_API_KEY"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SHORTEST_KEY = 16  # characters; shorter ones can be guessed


@dataclass(frozen=True)
class Settings:
    """Limits and access.

    Attributes
    ----------
    hosts : names that the header Host may have; empty: any. Against DNS rebinding: a page from elsewhere reaches a
        service on this machine under a name of its own
    key : what the header X-API-Key must hold; None: nobody is asked for one
    body_bytes : the longest body of a request
    rows : the most tracks in a request
    seconds : the longest that a request may take, from its body on
    waiting : requests that may wait for their turn; more are sent away
    look_seconds : how often the model's files are looked at for a change
    """

    hosts: tuple[str, ...] = LOOPBACK
    key: bytes | None = field(default=None, repr=False)
    body_bytes: int = 1_000_000
    rows: int = 1_000
    seconds: float = 30.0
    waiting: int = 500
    look_seconds: float = 1.0

    def __post_init__(self) -> None:
        for name in ("body_bytes", "rows", "seconds", "waiting", "look_seconds"):
            if not getattr(self, name) > 0:
                raise OptionError(f"{name}={getattr(self, name)!r} must be above 0.")


def read_key(file: Path | None = None, environment: Mapping[str, str] = os.environ) -> bytes | None:
    """Return the key of a file, else that of the variable `GENREGLM_API_KEY`, else None.

    A key is never an argument of the command, which every user of the machine can see.

    Raises
    ------
    OptionError
        For a file that cannot be read, and a key that is short or holds what a header cannot.
    """
    if file is None and KEY_VARIABLE not in environment:
        return None
    where = KEY_VARIABLE if file is None else str(file)
    try:
        text = environment[KEY_VARIABLE] if file is None else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"The key could not be read from {where}: {error}.") from error
    key = text.strip()
    if len(key) < _SHORTEST_KEY or not (key.isascii() and key.isprintable()):
        raise OptionError(f"The key in {where} must have {_SHORTEST_KEY} or more plain characters, and nothing else.")
    return key.encode("ascii")
