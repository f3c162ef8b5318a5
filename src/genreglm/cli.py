"""The command line: one thin command for each job. Nothing heavy is imported before it is needed."""

import shlex
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from genreglm.errors import GenreglmError, InputError

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
