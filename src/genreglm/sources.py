"""Where rows come from: a frame, or a file of rows. Reads, never computes."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from genreglm.errors import DataError

Source = pd.DataFrame | str | Path

_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".parquet": pd.read_parquet,
    ".feather": pd.read_feather,
    ".csv": pd.read_csv,
}


def read_rows(source: Source) -> pd.DataFrame:
    """Return the rows of `source` as a frame with a plain running index.

    Raises
    ------
    DataError
        Where the path holds no table that can be read, or the table has no rows.
    """
    rows = source if isinstance(source, pd.DataFrame) else _read_file(Path(source))
    if len(rows) == 0:
        raise DataError("The table has no rows; at least one is needed.")
    return rows.reset_index(drop=True)


def _read_file(path: Path) -> pd.DataFrame:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path}: a path must end in one of {', '.join(_READERS)}; else pass a DataFrame.")
    try:
        return pd.DataFrame(reader(path))
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{path} could not be read as {path.suffix}: {error}") from error
