"""What every stage is handed: the store, the settings, and a voice."""

from collections.abc import Callable
from dataclasses import dataclass

from genreglm.study.config import StudyConfig
from genreglm.study.progress import Reporter
from genreglm.study.store import Store


@dataclass(frozen=True)
class Study:
    """One study: where its files are, its settings, and how it speaks."""

    store: Store
    config: StudyConfig
    reporter: Reporter

    def note(self, text: str) -> None:
        """Say one line within the stage."""
        self.reporter.note(text)


@dataclass(frozen=True)
class Stage:
    """A named step from store to store."""

    name: str
    title: str
    run: Callable[[Study], None]
