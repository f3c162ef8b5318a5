"""Tags that Dask's workers write are those of a table in one piece."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from genreglm.errors import DataError, OptionError
from genreglm.tagger import Tagger
from genreglm.tagger.on_dask import tag_on_dask
from genreglm.tagger.table import tag_table
from genreglm.tagger.tags import Wanted

dask_frames = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def client() -> Iterator[object]:
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as found,
    ):
        yield found


@pytest.fixture
def frame(raw: pd.DataFrame, tmp_path: Path) -> object:
    """Partitions of 250, none, and 350 rows, two of which hold a value that cannot be used."""
    broken = raw.assign(energy=raw["energy"].where(~raw.index.isin([3, 400]), 7.0))
    folder = tmp_path / "tables"
    folder.mkdir()
    for number, part in enumerate((broken[:250], broken[250:250], broken[250:])):
        part.to_parquet(folder / f"{number}.parquet", index=False)
    broken.to_parquet(tmp_path / "whole.parquet", index=False)
    return dask_frames.read_parquet(folder)


def test_partitions_are_tagged_as_the_whole_table(
    tagger: Tagger, frame: object, client: object, tmp_path: Path
) -> None:
    wanted = Wanted(intervals=True)
    told = tag_on_dask(tagger, frame, tmp_path / "tags", wanted, client)
    expected = tag_table(tagger, tmp_path / "whole.parquet", tmp_path / "tags.parquet", wanted)
    assert told == expected
    assert told.problems == 2
    assert sorted(path.name for path in (tmp_path / "tags").iterdir()) == ["part-00000.parquet", "part-00002.parquet"]
    found = pd.concat(map(pd.read_parquet, sorted((tmp_path / "tags").iterdir())), ignore_index=True)
    whole = pd.read_parquet(tmp_path / "tags.parquet")
    kinds = {name: object for name in whole if isinstance(whole[name].dtype, pd.CategoricalDtype)}
    pd.testing.assert_frame_equal(found.astype(kinds), whole.astype(kinds), check_dtype=False)


def test_what_workers_cannot_do_is_refused(tagger: Tagger, frame: object, client: object, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="is not empty"):
        tag_on_dask(tagger, frame, tmp_path, Wanted(), client)
    with pytest.raises(OptionError, match="give --out a folder"):
        tag_on_dask(tagger, frame, "-", Wanted(), client)
    with pytest.raises(OptionError, match="top=99"):
        tag_on_dask(tagger, frame, tmp_path / "tags", Wanted(top=99), client)
    with pytest.raises(DataError, match=r"Data row (4|401) cannot be used"):
        tag_on_dask(tagger, frame, tmp_path / "tags", Wanted(on_error="fail"), client)
    with pytest.raises(DataError, match="no rows"):
        tag_on_dask(tagger, frame.partitions[1], tmp_path / "none", Wanted(), client)  # type: ignore[attr-defined]
