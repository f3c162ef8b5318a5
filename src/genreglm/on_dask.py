"""Rows of a Dask frame: partitions stay with their workers, what they find is summed in a tree, in their order.

So the answer does not depend on who computed what, and a worker that is lost is made good by Dask: its partitions are
read again elsewhere.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pandas as pd

from genreglm import inputs
from genreglm.dask_workers import Workers, each, in_tree
from genreglm.designs import Design
from genreglm.engine import memory
from genreglm.engine.blocks import Floats
from genreglm.engine.coordinates import Standardisation
from genreglm.engine.passes.partitions import (
    Call,
    Partition,
    found_of,
    in_partition,
    keeping_in_partition,
    meat_in_partition,
    together,
)
from genreglm.engine.passes.rows import Combine, Counted, Found, Keeper, Kernel, PassCount, added
from genreglm.errors import DataError, OptionError
from genreglm.fit_folder import fit_folder, identity
from genreglm.out_of_core import OutOfCore, Prepared, parameters_of
from genreglm.row_columns import RowColumns
from genreglm.sources import plain_values, require_found
from genreglm.summaries import Asked, Summary, checked, learn_from, merged, needed_columns

# What is kept of rows, in single precision, may take so much of the workers' room: columns lie there, too.
_BYTES_KEPT, _KEPT_SHARE = 4, 0.25


@dataclass(frozen=True)
class DaskRows:
    """Rows whose partitions are held by Dask's workers, or by threads where there is no cluster.

    Attributes
    ----------
    columns, classes, rows : how many
    workers : who hold them
    parts : delayed partitions
    kept : what is kept of the rows of each partition, delayed, where anything is
    """

    columns: int
    classes: int
    rows: int
    workers: Workers = field(repr=False)
    parts: Sequence[Any] = field(repr=False)
    kept: Sequence[Any] | None = field(default=None, repr=False)

    def reduce(self, kernel: Kernel, combine: Combine, *given: Any) -> Found:
        """Return what `kernel` finds in all rows; what is given is sent to a worker once."""
        kept = self.kept or [None] * len(self.parts)
        call = Call(kernel, combine, given)
        return self._together(combine, each(in_partition, self.parts, kept, given=call, does=kernel))

    def reduce_keeping(self, kernel: Kernel, keeper: Keeper, combine: Combine, *given: Any) -> tuple[Found, "DaskRows"]:
        """Return what `kernel` finds, and rows whose workers keep what `keeper` did, if they have room; see `Rows`."""
        needed = _BYTES_KEPT * self.rows * self.classes
        if needed > _KEPT_SHARE * self.workers.room:
            return self.reduce(kernel, combine, *given), self
        call = Call(keeper, combine, given)
        kept = self.workers.deal(each(keeping_in_partition, self.parts, given=call, does=keeper))
        return self._together(combine, each(found_of, kept)), replace(self, kept=kept)

    def _together(self, combine: Combine, found: Sequence[Any]) -> Found:
        answer: Found = self.workers.compute(in_tree(partial(together, combine), found))
        return answer


@contextlib.contextmanager
def prepared(
    formula: str | Design,
    frame: Any,
    how: OutOfCore,
    beside: RowColumns,
    client: Any = None,
    *,
    informed: bool = True,
) -> Iterator[Prepared]:
    """Learn the design in one pass over a Dask frame, and leave its columns with the workers.

    Parameters
    ----------
    client : of a running cluster; the one at work in this process where there is one, else this process's threads
    informed : whether the information matrix will be wanted, and memory for it

    Raises
    ------
    DataError, FormulaError
        For rows or a formula that cannot be used.
    OptionError
        For columns in single precision.
    EstimationError
        Where the fit takes more memory than it may.
    """
    if how.single:
        raise OptionError(
            "OutOfCore(single=True) is for mapped files; Dask's workers hold columns in double precision."
        )
    from dask.base import tokenize

    require_found(frame)
    workers = Workers.of(client)
    names = [str(name) for name in frame.columns]
    columns = needed_columns(formula, names, beside.names, response=beside.soft_labels is None)
    text = formula.formula if isinstance(formula, Design) else formula
    asked = Asked.by(text, beside.share_columns, beside.weights)
    pieces = frame[columns].to_delayed()
    summary = _summary(asked, pieces, how, workers)
    design = formula if isinstance(formula, Design) else learn_from(formula, summary, inputs.labels(beside.soft_labels))
    frame_of_sample = summary.beginning(parameters_of(design))
    columns_and_classes = len(design.columns), len(design.classes)
    needed = memory.pass_bytes(*columns_and_classes, informed=informed)
    memory.require_within(needed + memory.sample_bytes(len(frame_of_sample), *columns_and_classes), how.memory)
    sample = beside.problem(design, frame_of_sample)
    cut = partial(_partition, design=design, standard=sample.standardisation, beside=beside)
    parts = workers.deal(each(cut, pieces))
    count = PassCount()
    count.add()  # the summary's
    count.add()  # that which cuts the parts
    rows = Counted(DaskRows(len(design.columns), len(design.classes), summary.rows, workers, parts), count)
    dealt = partial(_clustered, frame[columns], beside, cut, workers, count)
    ways = [partial(dealt, way) for way in range(beside.ways)]
    with fit_folder(how.folder) as folder:
        fit = identity(tokenize(frame), design, sample.standardisation, beside, single=how.single)
        if not folder.is_of(fit):
            folder.forget()
            folder.mark(fit)
        start = folder.last_reached(rows)
        yield Prepared(design, sample, frame_of_sample, rows, start, folder.reached, ways, beside, count)


@contextlib.contextmanager
def rows_on(scheduler: str | None, data: str, say: Callable[[str], object]) -> Iterator[tuple[Any, Any]]:
    """Yield the rows of Parquet files, on the workers of the Dask cluster whose scheduler is named, with its client.

    Without a scheduler `data` itself, and no client.

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


def _summary(asked: Asked, pieces: Sequence[Any], how: OutOfCore, workers: Workers) -> Summary:
    seeds = [(how.seed, number) for number in range(len(pieces))]
    parts = each(partial(_summary_of, asked=asked, size=how.sample_rows), pieces, seeds)
    return checked(workers.compute(in_tree(merged, parts)))


def _summary_of(piece: pd.DataFrame, seed: Sequence[int], asked: Asked, size: int) -> Summary | None:
    return Summary.of(plain_values(piece), asked, seed, size) if len(piece) else None


def _partition(
    piece: pd.DataFrame, design: Design, standard: Standardisation, beside: RowColumns, way: int | None = None
) -> Partition | None:
    """Return the arrays of a partition, with the clusters of one `way` where it is given; None where it has no rows."""
    if not len(piece):
        return None
    frame = plain_values(piece)
    return Partition(
        standard.apply(design.matrix(frame)),
        beside.targets(design, frame),
        beside.weights_of(frame),
        len(design.classes),
        beside.offset_of(design, frame),
        None if way is None else beside.cluster_hash(frame, way),
    )


def _clustered(
    frame: Any,
    beside: RowColumns,
    cut: Callable[..., Any],
    workers: Workers,
    count: PassCount,
    way: int,
    standardised: Floats,
) -> tuple[Floats, float]:
    """Return the meat of clusters of one way and their number, from a frame dealt anew: none is in two partitions."""
    count.add()
    dealt = frame.shuffle(on=beside.columns_of(way), shuffle_method="tasks").to_delayed()
    found = each(meat_in_partition, each(partial(cut, way=way), dealt), given=standardised)
    meat, clusters = workers.compute(in_tree(partial(together, added), found))
    return meat, clusters
