"""The output folder: every file appears whole or not at all, and the manifest knows what each stage left.

Layout (the seed's names are kept): `figures/`, `tables/`, `logs/`, the text summaries, `report.html`, `ledger.csv`
and `manifest.json`; `work/` holds what one stage hands to the next.
"""

import io
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from genreglm.files import append_line, make_folder, write_whole

_FLOATS = "%.10g"
_JOURNAL = "work/files.txt"


class Store:
    """Writes and reads the files of one study below `root`; `written` lists them in order."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self.written: list[str] = []
        make_folder(self.root)

    def path(self, relative: str) -> Path:
        """Return the path of a file below the root."""
        return self.root / relative

    def raw(self, relative: str, data: bytes) -> Path:
        """Write bytes.

        Raises
        ------
        OutputError
            Where the folder cannot be written or the disk is full.
        """
        self.record(relative)
        return write_whole(self.path(relative), data)

    def text(self, relative: str, text: str) -> Path:
        """Write text as UTF-8 with Unix line ends."""
        return self.raw(relative, text.encode())

    def json(self, relative: str, value: Any) -> Path:
        """Write `value` as JSON, keys in their order."""
        return self.text(relative, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=True) + "\n")

    def table(self, name: str, frame: pd.DataFrame, *, index: bool = False) -> Path:
        """Write `tables/NAME.csv`; numbers with ten digits, so that the same study gives the same bytes."""
        return self.csv(f"tables/{name}.csv", frame, index=index)

    def csv(self, relative: str, frame: pd.DataFrame, *, index: bool = False) -> Path:
        """Write a frame as CSV."""
        buffer = io.StringIO()
        frame.to_csv(buffer, index=index, float_format=_FLOATS, lineterminator="\n")
        return self.text(relative, buffer.getvalue())

    def frame(self, name: str, frame: pd.DataFrame) -> Path:
        """Write `work/NAME.parquet`, exact to the bit, for the stages that follow."""
        return self.raw(f"work/{name}.parquet", frame.to_parquet(index=False))

    def read_table(self, name: str, **options: Any) -> pd.DataFrame:
        """Read `tables/NAME.csv`; a genre called "NA" stays one."""
        path = self.path(f"tables/{name}.csv")
        return pd.DataFrame(pd.read_csv(path, keep_default_na=False, na_values=[""], **options))

    def read_frame(self, name: str) -> pd.DataFrame:
        """Read `work/NAME.parquet`."""
        return pd.read_parquet(self.path(f"work/{name}.parquet"))

    def read_json(self, relative: str) -> Any:
        """Read a JSON file."""
        return json.loads(self.path(relative).read_text(encoding="utf-8"))

    def has(self, relative: str) -> bool:
        """Say whether a file is there."""
        return self.path(relative).is_file()

    def figure(self, name: str, png: bytes, svg: bytes, caption: str) -> None:
        """Write `figures/NAME.png` and `.svg`, and record the caption for the report."""
        self.raw(f"figures/{name}.png", png)
        self.raw(f"figures/{name}.svg", svg)
        captions = self.read_json("figures/captions.json") if self.has("figures/captions.json") else {}
        self.json("figures/captions.json", dict(sorted({**captions, name: caption}.items())))

    def record(self, relative: str) -> None:
        """Remember a file as this study's before it is written; one that is not remembered is never removed."""
        make_folder(self.path(relative).parent)
        make_folder(self.path(_JOURNAL).parent)
        append_line(self.path(_JOURNAL), relative)
        self.written.append(relative)

    def scratch(self, name: str) -> Path:
        """Return the path of a folder for what a stage goes on from if it is killed; the stage removes it when done."""
        return self.path(f"work/{name}.scratch")

    def remove_all_but(self, kept: Iterable[str]) -> None:
        """Remove the files of studies in this folder but for those kept, and what a killed one left half-written.

        Where none is kept no stage goes on either.
        """
        keep = set(kept)
        for scratch in () if keep else self.root.glob("work/*.scratch"):
            shutil.rmtree(scratch, ignore_errors=True)
        for pattern in (".*.partial", "*/.*.partial"):
            for partial in self.root.glob(pattern):
                partial.unlink(missing_ok=True)
        if not self.has(_JOURNAL):
            return
        root = self.root.resolve()
        for name in set(self.path(_JOURNAL).read_text(encoding="utf-8").splitlines()) - keep:
            if root in self.path(name).resolve().parents:
                self.path(name).unlink(missing_ok=True)
