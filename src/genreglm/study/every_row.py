"""What a study of some artists says of all rows of its table: its accuracy on the others, and its inference on all."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from genreglm.engine.penalties import CellPrior
from genreglm.errors import DataError
from genreglm.evaluation.label_scores import row_scores
from genreglm.files import make_folder
from genreglm.fit_folder import FitFolder
from genreglm.fitting import fit
from genreglm.on_dask import rows_on
from genreglm.out_of_core import OutOfCore
from genreglm.result import Result
from genreglm.study.config import StudyConfig
from genreglm.study.drawn_artists import ArtistDraw
from genreglm.study.repeats import Repeats
from genreglm.tagger.model import Tagger
from genreglm.tracks import cells
from genreglm.tracks.cleaning import clean_rows
from genreglm.tracks.columns import GENRE, assign
from genreglm.tracks.genres import rename
from genreglm.tracks.ledger import Ledger, RowLedger
from genreglm.tracks.recipe import Recipe
from genreglm.tracks.validation import validate

_SCORES = ("log_loss", "top_1", "top_3", "top_5")
_NORMAL_95 = 1.959963984540054
_BATCHES_TOGETHER = 16


def scores_of_others(draw: ArtistDraw, tagger: Tagger, config: StudyConfig, merged: Mapping[str, str]) -> pd.DataFrame:
    """Return score, estimate, std_error, conf_low, conf_high, rows, artists of tracks by artists who were not drawn.

    The model has heard none of them. The standard error is that of a ratio over artists, sum_g s_g / sum_g n_g:

        sqrt(G / (G - 1) sum_g (s_g - estimate n_g)^2) / sum_g n_g

    with s_g the sum of a score over the n_g tracks of artist g, of G. Source: Cochran (1977), Sampling Techniques,
    section 6.4.

    Raises
    ------
    DataError
        Where every artist was drawn, or no other's track has a genre that the model knows.
    """
    genre = assign(list(draw.files.names), config.genre_column, config.columns).source[GENRE]
    codes = {str(label): code for code, label in enumerate(tagger.classes)}
    parts: list[pd.DataFrame] = []
    for rows, hashes, own in draw.batches():
        truth = rename(cells.genres(rows[genre]), merged).map(codes)
        asked = ~own & truth.notna().to_numpy()
        if asked.any():
            prob = tagger.predict(rows[asked].reset_index(drop=True)).to_numpy()
            scored = row_scores(prob, np.asarray(truth[asked], dtype=np.int64))[list(_SCORES)]
            parts.append(scored.assign(tracks=1.0).groupby(hashes[asked]).sum())
        if len(parts) > _BATCHES_TOGETHER:
            parts = [pd.concat(parts).groupby(level=0).sum()]
    if not parts:
        raise DataError("No track by an artist outside the study has a genre that the model knows.")
    sums = pd.concat(parts).groupby(level=0).sum()
    count, artists = sums["tracks"].sum(), len(sums)
    estimate = sums[list(_SCORES)].sum() / count
    apart = sums[list(_SCORES)] - sums["tracks"].to_numpy()[:, None] * estimate.to_numpy()
    error = np.sqrt(artists / max(artists - 1, 1) * (apart**2).sum()) / count
    return pd.DataFrame(
        {
            "score": list(_SCORES),
            "estimate": estimate.to_numpy(),
            "std_error": error.to_numpy(),
            "conf_low": (estimate - _NORMAL_95 * error).to_numpy(),
            "conf_high": (estimate + _NORMAL_95 * error).to_numpy(),
            "rows": int(count),
            "artists": artists,
        }
    )


def fit_to_every_row(
    draw: ArtistDraw, model: Result, recipe: Recipe, config: StudyConfig, merged: Mapping[str, str], folder: Path
) -> Result:
    """Return the inference model fitted to all rows in passes, with a covariance clustered by artist.

    Rows are cleaned as the study's were, batch by batch; genres that the model does not know are left out.

    Parameters
    ----------
    folder : takes the cleaned rows, and how far the fit has come: one that was killed goes on from there
    """
    rows, whole = folder / "rows", FitFolder(make_folder(folder))
    of = _identity(draw, model, recipe, config, merged)
    if not whole.is_of(of):
        shutil.rmtree(rows, ignore_errors=True)
        _write(_cleaned(draw, recipe, config, merged), model, make_folder(rows))
        whole.mark(of)
    with rows_on(config.dask, str(rows), lambda _: None) as (source, client):
        return fit(
            model.design,
            source,
            out_of_core=OutOfCore(memory=1e9 * config.memory, folder=folder / "fit"),
            client=client,
            penalty=CellPrior(),
            covariance="clustered",
            clusters="artist",
        )


def _identity(draw: ArtistDraw, model: Result, recipe: Recipe, config: StudyConfig, merged: Mapping[str, str]) -> str:
    """Return a digest of what the cleaned rows are made of."""
    study = [version("genreglm"), draw.files.identity, config.identity()]
    told = [*study, model.design.to_dict(), recipe.to_dict(), dict(merged)]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def _write(batches: Iterable[pd.DataFrame], model: Result, folder: Path) -> None:
    """Write what the model needs of the rows whose genre it knows, a file for each batch."""
    wanted = [GENRE, "artist", *model.design.variables]
    for number, rows in enumerate(batches):
        known = rows[rows[GENRE].isin(model.classes)]
        known[wanted].to_parquet(folder / f"part-{number:05d}.parquet", index=False)


def _cleaned(
    draw: ArtistDraw, recipe: Recipe, config: StudyConfig, merged: Mapping[str, str]
) -> Iterator[pd.DataFrame]:
    """Yield the rows as the study's were cleaned, each artist told by a hash: spellings differ between batches."""
    repeats = Repeats()
    for rows, hashes, _ in draw.batches():
        # Of a batch no column is refused for its cells: those that cannot be read are missing, as in a tagged table.
        read = validate(
            rows,
            genre_column=config.genre_column,
            columns=config.columns,
            genre_required=False,
            ledger=RowLedger(),
        ).rows
        read = read[~repeats.among(read.drop(columns="source_row"))]
        if read.empty:
            continue
        cleaned = recipe.apply(clean_rows(read, Ledger(), part=True))
        artist = hashes[cleaned["source_row"].to_numpy()].view(np.int64)
        yield cleaned.assign(**{GENRE: rename(cleaned[GENRE], merged), "artist": artist})
