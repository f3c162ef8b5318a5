"""Where in a search or a fold an error came up, as a note on it."""

from collections.abc import Iterator
from contextlib import contextmanager

from genreglm.errors import GenreglmError


@contextmanager
def noted(note: str) -> Iterator[None]:
    """Add `note` to any error of genreglm's that comes up inside."""
    try:
        yield
    except GenreglmError as error:
        error.add_note(note)
        raise
