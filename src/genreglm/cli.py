"""The command line: one thin command for each job. Nothing heavy is imported before it is needed."""

import shlex
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from genreglm.errors import GenreglmError, InputError, OptionError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="An honest statistical study of what makes a genre: multinomial GLM, diagnostics, report.",
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"genreglm {version('genreglm')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and leave.")
    ] = False,
) -> None:
    """An honest statistical study of what makes a genre."""


@app.command()
def study(
    data: Annotated[Path | None, typer.Argument(help="The table of tracks; without it, the built-in example.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results (default: outputs).")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings as a TOML file.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last finished stage.")] = False,
    seed: Annotated[int | None, typer.Option(help="Of every random choice (default: 0).")] = None,
    sample: Annotated[int | None, typer.Option(help="Study only so many rows, drawn at random.")] = None,
    genre_column: Annotated[str | None, typer.Option(help="The column that holds the genre.")] = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Tune and test every model on every fold of artists, too (slow).")
    ] = False,
    out_of_core: Annotated[
        bool,
        typer.Option(
            "--out-of-core",
            help="Parquet files of more rows than memory: study some artists, fit and test on the rows of all.",
        ),
    ] = False,
    memory: Annotated[float | None, typer.Option(help="GB that the fit to all rows may take (default: 2).")] = None,
    dask: Annotated[str | None, typer.Option(help="A Dask scheduler's address: that fit on its workers.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
) -> None:
    """Study a table of tracks, from cleaning to report."""
    try:
        from genreglm.study.config import read_config
        from genreglm.study.pipeline import run_stages
        from genreglm.study.progress import Reporter

        settings = read_config(
            config,
            data=data,
            out=out,
            seed=seed,
            sample=sample,
            genre_column=genre_column,
            thorough=thorough or None,
            out_of_core=out_of_core or dask is not None or None,
            memory=memory,
            dask=dask,
        )
        command = shlex.join(["genreglm", *sys.argv[1:]])
        run_stages(settings, Reporter(quiet), command, resume=resume)
    except KeyboardInterrupt:  # Here, since Typer has its own way with it.
        _leave("Stopped. Finished stages are kept: go on with --resume.", 130)


@app.command()
def example(
    out: Annotated[Path, typer.Argument(help="The file to write: .csv or .parquet.")],
    rows: Annotated[int, typer.Option(help="Rows to simulate.")] = 22_800,
    seed: Annotated[int, typer.Option(help="Of the simulation.")] = 0,
) -> None:
    """Write the built-in example: simulated tracks in the layout of the Kaggle table."""
    from genreglm.study.example import write_example

    written = write_example(out, rows, seed)
    typer.echo(f"{len(written):,} simulated tracks -> {out}")


@app.command()
def fit(
    formula: Annotated[str, typer.Argument(help="Such as 'genre ~ energy + cr(tempo, df=4) + C(key)'.")],
    data: Annotated[
        str, typer.Argument(help="CSV, Parquet or Feather; Parquet files as a folder or 'tracks/*.parquet'.")
    ],
    out: Annotated[Path, typer.Option(help="The file to write the model to.")],
    covariance: Annotated[str | None, typer.Option(help="observed, robust, HC0, clustered; none for none.")] = None,
    clusters: Annotated[
        list[str] | None, typer.Option(help="A column of clusters; asks for clustered. Given twice, of two ways.")
    ] = None,
    weights: Annotated[str | None, typer.Option(help="The column of the rows' weights.")] = None,
    penalty: Annotated[str | None, typer.Option(help="jeffreys, cell-prior, or ridge=0.001.")] = None,
    out_of_core: Annotated[
        bool, typer.Option("--out-of-core", help="Meet the rows of Parquet files in passes.")
    ] = False,
    memory: Annotated[float, typer.Option(help="GB that such a fit may take, mapped files apart.")] = 2.0,
    folder: Annotated[
        Path | None, typer.Option(help="Keep the columns there: used again, and a killed fit goes on.")
    ] = None,
    dask: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, to fit on its workers.")] = None,
) -> None:
    """Fit a multinomial GLM to any table, and save it."""
    from genreglm.commands import fit_table

    told = fit_table(
        formula,
        data,
        out,
        covariance=covariance,
        clusters=clusters or [],
        weights=weights,
        penalty=penalty,
        in_passes=out_of_core or folder is not None,
        memory=memory,
        folder=folder,
        scheduler=dask,
        say=lambda line: typer.echo(line, err=True),
    )
    typer.echo(told)


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="A study's model/ folder, or a file that Result.save wrote.")],
    table: Annotated[
        str,
        typer.Argument(
            help="CSV, Parquet, Feather or JSON lines; Parquet files as a folder or 'tracks/*.parquet'; - for standard "
            "input."
        ),
    ],
    out: Annotated[str, typer.Option(help=".csv, .parquet or .jsonl; - for standard output.")] = "-",
    top: Annotated[int, typer.Option(help="How many genres a track.")] = 3,
    intervals: Annotated[bool, typer.Option("--intervals", help="An interval for each probability.")] = False,
    sets: Annotated[bool, typer.Option(help="The set that holds the genre as often as promised.")] = True,
    on_error: Annotated[
        str, typer.Option(help="Rows with a value that cannot be used: blank, fill (by the median), or fail.")
    ] = "blank",
    out_of_core: Annotated[
        bool,
        typer.Option("--out-of-core", help="As for fit. Rows are met in blocks with it and without it."),
    ] = False,
    dask: Annotated[
        str | None, typer.Option(help="A Dask scheduler's address: its workers tag Parquet files into the folder OUT.")
    ] = None,
) -> None:
    """Tag the tracks of a table, in its order; what is wrong with a row stands beside it."""
    from genreglm.tagger.store import load_tagger
    from genreglm.tagger.table import tag_table
    from genreglm.tagger.tags import Wanted

    tagger, wanted = load_tagger(model), Wanted(top, intervals, sets, on_error)  # type: ignore[arg-type]
    if dask is None:
        told = tag_table(tagger, table, out, wanted)
    else:
        from genreglm.on_dask import rows_on
        from genreglm.tagger.on_dask import tag_on_dask

        with rows_on(dask, table, lambda text: typer.echo(text, err=True)) as (frame, client):
            told = tag_on_dask(tagger, frame, out, wanted, client)
    unlike = "" if told.unlike is None else f", {told.unlike:,} unlike anything that the model was fitted to"
    typer.echo(f"{told.rows:,} rows: {told.problems:,} with a value that cannot be used{unlike}", err=True)


@app.command()
def explain(
    model: Annotated[Path, typer.Argument(help="A study's model/ folder, or a file that Result.save wrote.")],
    table: Annotated[Path, typer.Argument(help="A table of tracks.")],
    row: Annotated[int, typer.Option(help="Which row, the first being 1.")] = 1,
    genre: Annotated[str | None, typer.Option(help="Why this genre (default: the most probable).")] = None,
    other: Annotated[str | None, typer.Option(help="Rather than that one (default: the one after it).")] = None,
    figure: Annotated[Path | None, typer.Option(help="Draw it too: .png or .svg.")] = None,
) -> None:
    """Say why one genre and not another: what each feature of a track adds to the log-odds."""
    from genreglm.tagger.explain import explain as explain_row
    from genreglm.tagger.store import load_tagger
    from genreglm.tagger.table import one_row

    tagger = load_tagger(model)
    found = explain_row(tagger, one_row(tagger, table, row), genre, other)
    typer.echo(str(found))
    if figure is not None:
        from genreglm import plots

        drawn = plots.contributions(found.table, str(found.genre), str(found.other))
        plots.save(drawn, figure.with_suffix(""), ("svg" if figure.suffix == ".svg" else "png",))


@app.command()
def drift(
    model: Annotated[Path, typer.Argument(help="A study's model/ folder.")],
    table: Annotated[Path, typer.Argument(help="A table of tracks.")],
) -> None:
    """Compare a table's features with the rows that the model was fitted to: can its predictions be trusted?"""
    from genreglm.tagger.drift import drift as drift_of
    from genreglm.tagger.store import load_tagger
    from genreglm.tagger.table import all_rows

    tagger = load_tagger(model)
    typer.echo(str(drift_of(tagger, all_rows(tagger, table))))


@app.command()
def serve(
    model: Annotated[Path, typer.Argument(help="The folder model/ of a study, or a saved result.")],
    host: Annotated[str, typer.Option(help="The address to listen at; the default is for this machine alone.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="The port; 0 takes any that is free.", min=0, max=65535)] = 8000,
    key_file: Annotated[
        Path | None, typer.Option(help="File with the key to ask requests for (else GENREGLM_API_KEY, where set).")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A name that requests may use in the header Host; may be repeated.")
    ] = None,
) -> None:
    """Serve a model: predictions and explanations in JSON, and a page to play with."""
    try:
        from genreglm.serving.run import serve as serve_model
    except ModuleNotFoundError as error:
        if error.name not in ("fastapi", "starlette", "uvicorn"):
            raise
        raise OptionError(f"Serving needs {error.name}: pip install 'genreglm[serve]'") from error
    serve_model(
        model,
        host,
        port,
        key_file=key_file,
        allowed_hosts=allow_host or (),
        started=lambda address: typer.echo(f"{model} is served at {address} (Ctrl-C ends it)"),
    )


def main() -> None:
    """Run the command line; errors become one paragraph and an exit code.

    2 for what the caller can mend (input, options), 1 for everything else, 130 after Ctrl-C.
    """
    try:
        app()
    except InputError as error:
        _leave(str(error), 2)
    except GenreglmError as error:
        _leave(str(error), 1)
    except Exception as error:  # The last resort: a failure of ours, told without a traceback on the screen.
        _leave(f"genreglm failed ({type(error).__name__}: {error}). {_keep_traceback()}", 1)


def _keep_traceback() -> str:
    path = Path("genreglm-failure.txt")
    try:
        path.write_text(traceback.format_exc(), encoding="utf-8")
    except OSError:
        return "This is a fault of genreglm, not of your data."
    return f"This is a fault of genreglm, not of your data; please report it with {path.resolve()}."


def _leave(message: str, code: int) -> None:
    typer.echo(f"Error: {' '.join(message.split())}", err=True)
    sys.exit(code)
