"""What the report rests on: the findings, tables and captions of an output folder, absent ones included."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import pandas as pd

from genreglm.study.report.words import known
from genreglm.study.store import Store

FINDINGS = ("load", "preprocess", "popularity", "genre_models", "diagnosis", "genres", "evaluation", "folds")
TIMINGS, MANIFEST, CAPTIONS = "work/timings.json", "manifest.json", "figures/captions.json"


class Evidence:
    """Reads a store; whatever is not there is None, so that the one who tells can leave it out."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.findings: dict[str, Any] = {name: _json(store, f"work/{name}.json") or {} for name in FINDINGS}
        self.timings: list[dict[str, Any]] = _json(store, TIMINGS) or []
        self.manifest: dict[str, Any] = _json(store, MANIFEST) or {}
        self.captions: dict[str, str] = _json(store, CAPTIONS) or {}
        self.table = cache(self._table)

    def get(self, path: str) -> Any:
        """Return a finding by its place, such as `evaluation.headline.top_1`; None where there is none."""
        value: Any = self.findings
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return known(value)

    def several(self, path: str) -> list[Any]:
        """Return a finding that is a list; empty where there is none."""
        return list(self.get(path) or [])

    @property
    def simulated(self) -> bool:
        """Whether the input was simulated."""
        return bool(self.get("load.simulated"))

    @property
    def drawn(self) -> bool:
        """Whether the input is of some artists out of a larger table."""
        return (self.get("load.rows_of_table") or 0) > (self.get("load.rows") or 0)

    @property
    def rows_read(self) -> int | None:
        """The rows of the input, before any rule."""
        rows: int | None = self.get("load.rows") or self.get("preprocess.rows_in")
        return rows

    @property
    def rows_dropped(self) -> pd.DataFrame | None:
        """The lines of the ledger that took rows out of the table."""
        ledger = self.table("ledger")
        if ledger is None:
            return None
        return ledger[(ledger["unit"] == "rows") & (ledger["action"] == "dropped") & (ledger["count"] > 0)]

    @property
    def popularity_studied(self) -> bool:
        """Whether there is a model of popularity."""
        return bool(self.findings["popularity"]) and self.get("popularity.left_out") is None

    @property
    def by_artist(self) -> bool:
        """Whether the table names artists, so that the honest split is by artist."""
        return self.get("preprocess.has_artists") is not False

    def without_artists(self, columns: Iterable[str]) -> list[str]:
        """Return columns to be shown, those of artists only where the table names artists."""
        return [name for name in columns if self.by_artist or name not in ("artist", "artists")]

    def _table(self, name: str) -> pd.DataFrame | None:
        """Return `tables/NAME.csv` (`ledger` is at the root); None where it is absent or has no row."""
        if name == "ledger" and self._store.has("ledger.csv"):
            table = pd.read_csv(self._store.path("ledger.csv"), keep_default_na=False, na_values=[""])
        elif self._store.has(f"tables/{name}.csv"):
            table = self._store.read_table(name)
        else:
            return None
        return table if len(table) else None


def _json(store: Store, relative: str) -> Any:
    return store.read_json(relative) if store.has(relative) else None
