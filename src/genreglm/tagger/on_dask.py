"""Tags of tables on Dask's workers: each tags partitions of its own and writes them, and no row passes through here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genreglm.engine.threads import single_threaded
from genreglm.errors import DataError, OptionError
from genreglm.files import make_folder, whole_file
from genreglm.sources import plain_values
from genreglm.tagger.model import Tagger
from genreglm.tagger.table import Told, chooser
from genreglm.tagger.tags import Wanted, tags
from genreglm.tracks.stream import STDIN


def tag_on_dask(tagger: Tagger, frame: Any, out: str | Path, wanted: Wanted, client: Any) -> Told:
    """Tag a Dask frame and write `out/part-00000.parquet` and so on, a file for each partition that has rows.

    Two passes: one counts the rows of the partitions, so that tags say which row of the whole they are of.

    Parameters
    ----------
    out : a folder that the workers can reach; a file appears whole or not at all
    client : of a running cluster

    Raises
    ------
    DataError
        Where the frame has no rows or lacks a column; under `on_error="fail"` for the first row that cannot be used.
    OptionError
        For what the model cannot give, and for a folder that holds other files.
    OutputError
        Where `out` cannot be written.
    """
    from dask import delayed

    wanted.check(tagger)
    if str(out) == STDIN:
        raise OptionError("Dask's workers write files: give --out a folder.")
    folder = make_folder(Path(out))
    if any(folder.iterdir()):
        raise OptionError(f"{folder} is not empty. Give --out a folder of its own, which the tags fill.")
    pieces = frame[chooser(tagger)([str(name) for name in frame.columns])].to_delayed()
    lengths = client.gather(client.compute([delayed(len, pure=False)(piece) for piece in pieces]))
    if not sum(lengths):
        raise DataError("The table has no rows; at least one is needed.")
    firsts = np.cumsum([0, *lengths[:-1]]).tolist()
    shared = client.scatter(tagger, broadcast=True)
    one = delayed(_tag_part, pure=False)
    parts = [
        one(piece, shared, wanted, first, folder.resolve() / f"part-{number:05d}.parquet")
        for number, (piece, first, length) in enumerate(zip(pieces, firsts, lengths, strict=True))
        if length
    ]
    rows, problems, unlike = np.sum(client.gather(client.compute(parts)), axis=0).tolist()
    return Told(rows, problems, unlike if tagger.training is not None else None)


def _tag_part(piece: pd.DataFrame, tagger: Tagger, wanted: Wanted, first: int, path: Path) -> Sequence[int]:
    """Write the tags of a partition; return its rows, those with a problem, and those unlike the rows of the fit."""
    with single_threaded():
        found = tags(tagger, plain_values(piece), wanted, first)
    with whole_file(path) as partial:
        found.to_parquet(partial, index=False)
    told = Told.of(found)
    return told.rows, told.problems, told.unlike or 0
