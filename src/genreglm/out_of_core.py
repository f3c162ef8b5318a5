"""Fits of rows that are met in passes: a design learnt in one, mapped files written in the next, then the engine's."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from genreglm import inputs
from genreglm.designs import Design
from genreglm.engine import memory
from genreglm.engine.blocks import Floats
from genreglm.engine.coordinates import Standardisation
from genreglm.engine.passes.clusters import ClusterMeat, cluster_meat
from genreglm.engine.passes.mapped import HEADER, MappedRows, RowWriter
from genreglm.engine.passes.rows import Counted, PassCount, Rows
from genreglm.engine.problem import Problem
from genreglm.errors import OptionError
from genreglm.fit_folder import fit_folder, identity
from genreglm.row_columns import RowColumns
from genreglm.sources import ParquetRows
from genreglm.summaries import SAMPLE_ROWS, learn_from, needed_columns, summarise

_CLUSTERS_AT_ONCE = 2_048
_MOST_STRETCH, _LEAST_STRETCH = 131_072, 4_096


@dataclass(frozen=True)
class OutOfCore:
    """How rows that need not fit in memory are met.

    Parameters
    ----------
    memory : bytes that a fit may take for itself, mapped files apart; it is refused where that cannot be
    folder : where the design's columns are kept, in mapped files. They are used again by a fit of the same formula and
        rows, and a fit that was killed goes on from its last step; None for a temporary folder
    single : keep columns in single precision: half the disk, and coefficients right to six digits
    sample_rows : rows from which quantiles and means of a formula are learnt; the fit begins on some of them
    seed : of the draw of that sample
    """

    memory: float = 2e9
    folder: str | Path | None = None
    single: bool = False
    sample_rows: int = SAMPLE_ROWS
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.memory > 0 or self.sample_rows < 100:
            raise OptionError(
                f"OutOfCore: memory={self.memory!r} must be a number of bytes, and sample_rows={self.sample_rows!r} at "
                "least 100."
            )


@dataclass(frozen=True)
class Prepared:
    """Rows ready for passes over them.

    Attributes
    ----------
    design : frozen
    sample : the arrays of the sample, whose standardisation is that of all rows
    frame : the sample itself
    rows : all of them, standardised
    start : coefficients (columns, classes) of standardised columns that a killed fit had reached, if any
    reached : keeps such coefficients for a fit that goes on after this one was killed
    columns : what the rows bring beside the formula's
    count : of the passes so far: those that learnt the design and wrote its columns, and each that `rows` and `ways`
        have taken since
    ways : from coefficients to the meat of the clusters and how many there are, for each way of clustering
    """

    design: Design
    sample: Problem
    frame: pd.DataFrame = field(repr=False)
    rows: Rows
    start: Floats | None
    reached: Callable[[Floats], object]
    ways: Sequence[ClusterMeat]
    columns: RowColumns
    count: PassCount


@contextlib.contextmanager
def prepared(
    formula: str | Design,
    source: ParquetRows,
    how: OutOfCore,
    beside: RowColumns,
    *,
    informed: bool = True,
) -> Iterator[Prepared]:
    """Learn the design in one pass over the source, and write its columns in another unless they lie there already.

    Parameters
    ----------
    informed : whether the information matrix will be wanted, and memory for it

    Raises
    ------
    DataError, FormulaError
        For rows or a formula that cannot be used.
    EstimationError
        Where the fit takes more memory than it may.
    """
    columns = needed_columns(formula, source.names, beside.names, response=beside.soft_labels is None)
    text = formula.formula if isinstance(formula, Design) else formula
    sampled = min(how.sample_rows, source.rows)
    memory.require_reading(source.largest_group(columns), sampled, len(columns), how.memory)
    batches = source.batches(columns)
    summary = summarise(
        text, batches, seed=how.seed, size=how.sample_rows, shares=beside.share_columns, weights=beside.weights
    )
    count = PassCount()
    count.add()
    design = formula if isinstance(formula, Design) else learn_from(formula, summary, inputs.labels(beside.soft_labels))
    frame = summary.beginning(parameters_of(design))
    sample = beside.problem(design, frame)
    stretch = stretch_rows(
        len(design.columns),
        len(design.classes),
        len(frame),
        how.memory,
        informed=informed,
        clustered=summary.rows if beside.ways else 0,
    )
    with fit_folder(how.folder) as folder:
        fit = identity(source.identity, design, sample.standardisation, beside, single=how.single)
        cache = folder.path / "rows"
        if not (folder.is_of(fit) and (cache / HEADER).exists()):
            folder.forget()
            _write(source, columns, design, sample.standardisation, cache, how, beside)
            count.add()
            folder.mark(fit)
        mapped = MappedRows.open(cache, stretch)
        ways = [partial(_clustered, mapped, count, way) for way in range(beside.ways)]
        rows = Counted(mapped, count)
        yield Prepared(design, sample, frame, rows, folder.last_reached(rows), folder.reached, ways, beside, count)


def _clustered(rows: MappedRows, count: PassCount, way: int, standardised: Floats) -> tuple[Floats, float]:
    count.add()
    return cluster_meat(rows.by_cluster(way, _CLUSTERS_AT_ONCE), standardised)


def stretch_rows(
    columns: int, classes: int, sample: int, most_bytes: float, *, informed: bool = True, clustered: int = 0
) -> int:
    """Return how many rows a stretch has, so that a fit stays within `most_bytes`.

    `sample` rows are held beside it, the information matrix where it is `informed`, and what sorts so many `clustered`
    rows by their clusters.

    Raises
    ------
    EstimationError
        Where these alone take more.
    """
    fixed = memory.pass_bytes(columns, classes, informed=informed) + memory.sample_bytes(sample, columns, classes)
    memory.require_within(fixed, most_bytes, clustered)
    left = most_bytes - fixed - memory.cluster_bytes(clustered)
    return int(np.clip(left / memory.pass_bytes_a_row(columns, classes), _LEAST_STRETCH, _MOST_STRETCH))


def _write(
    source: ParquetRows,
    columns: list[str],
    design: Design,
    standard: Standardisation,
    folder: Path,
    how: OutOfCore,
    beside: RowColumns,
) -> None:
    writer = RowWriter(
        folder,
        len(design.columns),
        len(design.classes),
        single=how.single,
        weighted=beside.weights is not None,
        shared=beside.soft_labels is not None,
        shifted=beside.offset is not None,
        ways=beside.ways,
    )
    with writer:
        for frame in source.batches(columns):
            if len(frame) == 0:
                continue
            writer.add(
                standard.apply(design.matrix(frame)),
                beside.targets(design, frame),
                beside.weights_of(frame),
                beside.offset_of(design, frame),
                beside.cluster_hashes(frame) if beside.ways else None,
            )
        writer.close()


def parameters_of(design: Design) -> int:
    """Return how many a fit of a design has."""
    return len(design.columns) * (len(design.classes) - 1)
