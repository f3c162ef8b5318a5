"""Stage 1: read the table, recognise its columns, refuse what cannot be used."""

import numpy as np
import pandas as pd

from genreglm.files import file_digest
from genreglm.study.config import StudyConfig
from genreglm.study.context import Study
from genreglm.study.drawn_artists import ArtistDraw, artist_draw
from genreglm.study.example import example_tracks
from genreglm.tracks.ledger import Ledger
from genreglm.tracks.reading import read_table
from genreglm.tracks.validation import Validated, validate


def run(study: Study) -> None:
    """Leave `work/validated.parquet`, `work/load.json` and the first lines of the ledger."""
    config = study.config
    draw = artist_draw(config)
    raw = draw.drawn() if draw is not None else _whole(config)
    validated = validate(raw, genre_column=config.genre_column, columns=config.columns)
    ledger = Ledger(validated.entries)
    rows = validated.rows if draw is not None else _sampled(validated.rows, config.sample, config.seed, ledger)
    if draw is not None:
        study.note(f"{len(raw):,} of {draw.files.rows:,} rows: all tracks of the artists that were drawn")
    study.store.frame("validated", rows)
    study.store.json("work/ledger_load.json", ledger.to_frame().to_dict("records"))
    study.store.json("work/load.json", {**_findings(study, raw, validated), "rows_of_table": _rows_of(draw, raw)})
    for note in validated.notes:
        study.note(note)
    study.note(f"{len(rows):,} rows, {rows['track_genre'].nunique()} genres")


def _whole(config: StudyConfig) -> pd.DataFrame:
    return example_tracks(config.example_rows, config.seed) if config.data is None else read_table(config.data)


def _rows_of(draw: ArtistDraw | None, raw: pd.DataFrame) -> int:
    return len(raw) if draw is None else draw.files.rows


def _sampled(rows: pd.DataFrame, sample: int | None, seed: int, ledger: Ledger) -> pd.DataFrame:
    if sample is None or sample >= len(rows):
        return rows
    chosen = np.sort(np.random.default_rng(seed).choice(len(rows), sample, replace=False))
    ledger.add("load", "sample", "rows", len(rows) - sample, "dropped", f"--sample {sample} drew rows at random")
    return rows.iloc[chosen].reset_index(drop=True)


def _findings(study: Study, raw: pd.DataFrame, validated: Validated) -> dict[str, object]:
    data = study.config.data
    return {
        "input": "built-in example" if data is None else data.name,
        "simulated": data is None,
        "sha256": None if data is None or study.config.out_of_core else file_digest(data),
        "rows": len(raw),
        "columns": [str(name) for name in raw.columns],
        "notes": list(validated.notes),
        "missing_optional": list(validated.missing_optional),
    }
