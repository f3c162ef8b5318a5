"""What `genreglm fit` does with its words."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from genreglm.errors import OptionError
from genreglm.fitting import fit
from genreglm.on_dask import rows_on
from genreglm.options import CovarianceKind
from genreglm.out_of_core import OutOfCore
from genreglm.penalised import penalty_of
from genreglm.sources import comes_in_batches

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
            out_of_core=how if in_passes or comes_in_batches(rows) else None,
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
