"""What `genreglm fit` does with its words, and how a command finds its Dask cluster."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from genreglm.errors import DataError, OptionError
from genreglm.fitting import fit
from genreglm.options import CovarianceKind
from genreglm.out_of_core import OutOfCore
from genreglm.penalised import penalty_of

_GIGA = 1e9


def fit_table(
    formula: str,
    data: str,
    out: Path,
    *,
    covariance: str | None,
    clusters: Sequence[str],
    weights: str | None,
    penalty: str | None,
    in_passes: bool,
    memory: float,
    folder: Path | None,
    scheduler: str | None,
    say: Callable[[str], object],
) -> str:
    """Fit, save, and return the summary; see `genreglm.fitting.fit`.

    Raises
    ------
    GenreglmError
        As `fit` and `Result.save` do.
    """
    if len(clusters) > 2:
        raise OptionError(f"--clusters {' '.join(clusters)}: rows are clustered one way, or two.")
    kind = covariance or ("clustered" if clusters else "observed")
    how = OutOfCore(memory=_GIGA * memory, folder=folder)
    with rows_on(scheduler, data, say) as (rows, client):
        result = fit(
            formula,
            rows,
            out_of_core=how if in_passes or client is not None else None,
            client=client,
            weights=weights,
            penalty=None if penalty is None else penalty_of(penalty),
            covariance=None if kind == "none" else cast(CovarianceKind, kind),
            clusters=clusters[0] if len(clusters) == 1 else list(clusters) or None,
            callback=lambda step: say(f"objective {step.objective:.9f}, gradient {step.gradient:.1e}"),
        )
    saved = result.save(out, covariance=result.inference is not None)
    say(f"model -> {saved}")
    return result.summary()


@contextlib.contextmanager
def rows_on(scheduler: str | None, data: str, say: Callable[[str], object]) -> Iterator[tuple[Any, Any]]:
    """Yield the rows, and the client of a Dask cluster where one is asked for.

    Raises
    ------
    OptionError
        Where Dask is not installed, or no scheduler answers.
    DataError
        Where the files are not there, or no Parquet.
    """
    if scheduler is None:
        yield data, None
        return
    try:
        from dask import dataframe
        from distributed import Client
    except ModuleNotFoundError as error:
        raise OptionError(f"--dask needs {error.name}: pip install 'genreglm[dask]'") from error
    try:
        client = Client(scheduler, timeout="10s")
    except (OSError, ValueError) as error:
        raise OptionError(f"--dask {scheduler}: no scheduler answers there ({error}).") from error
    with client:
        say(f"dashboard: {client.dashboard_link}")
        try:
            frame = dataframe.read_parquet(data)
        except (OSError, ValueError) as error:
            raise DataError(f"{data} could not be read as Parquet: {error}") from error
        yield frame, client
