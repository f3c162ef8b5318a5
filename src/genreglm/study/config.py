"""`StudyConfig`: every setting of a study, from a TOML file and the command line, checked at the start."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genreglm.errors import OptionError
from genreglm.files import file_digest


class StudyConfig(BaseModel):
    """Settings of a study. Unknown names are refused, so that a misspelt one is not passed over.

    Attributes
    ----------
    data : the table; None for the built-in example
    out : the output folder
    seed : of every random choice: splits, boosting, the built-in example
    sample : study only so many rows, drawn at random; None for all
    out_of_core : the table is of Parquet files, which need not fit in memory: some artists are drawn, whose tracks are
        about `sample` rows (120,000 unless given), and studied; the inference model is then fitted to all rows, and the
        predictive model tested on all tracks by the other artists
    memory, dask : gigabytes that the fit to all rows may take, and the address of a Dask scheduler to fit it on
    example_rows : rows of the built-in example
    genre_column, columns : names in the user's table, where they are not recognised
    merge_identical : treat genres that hold the same tracks as one
    families : a CSV file of genres and their families, see `genreglm.study.families.genre_families`; None for the
        default map, where it knows all genres
    near_duplicates : let tracks by the same artist under the same title count "as one" within a genre in the predictive
        models, or "keep" each as a row of its own
    artist_weight_power : powers that are tried on artists held out: in the predictive models an artist of n rows
        counts n^(1 - power)
    family_pooling : how freely families of genres may move as a whole in the predictive models, tried likewise: 0 for
        each genre by itself, nearer to 1 for genres that take from their family what their rows do not tell
    roughness : what the prior of a curve's bends is worth in the predictive models, in rows, tried likewise
    thorough : tune and test every model on each of `test_share` folds of artists, beside the headline's one split
    min_genre_rows : genres with fewer rows are left out, with a line in the ledger
    test_share, valid_share : one in so many artists is held out for the test, and for choosing strengths
    spline_df : columns of a spline term of the predictive models, of which `roughness` says how much is used
    ridge : strengths that are tried on artists held out, per standard deviation of a column and in rows: the
        strength of the objective is each divided by the training rows, since what a prior is worth shrinks so
    simplify_tolerance : a term is dropped where the log-loss on held-out artists rises by no more than this
    max_inference_columns : columns that the inference model may have at most
    replicates : draws of artists from which the saved model has its intervals; 0 for none
    boosting : "full" runs gradient boosting beside the GLMs, "none" leaves it out
    boosting_rounds, boosting_leaves, boosting_rate : its size; a thorough study tries as many manners of it as of the
        GLM with curves and products, and lets the best go on for up to four times as many rounds
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path | None = None
    out: Path = Path("outputs")
    seed: int = Field(0, ge=0, lt=2**32)
    sample: int | None = Field(None, ge=100)
    example_rows: int = Field(22_800, ge=1_000, le=1_000_000)
    genre_column: str | None = None
    columns: dict[str, str] = {}
    merge_identical: bool = True
    families: Path | None = None
    near_duplicates: Literal["keep", "as one"] = "as one"
    artist_weight_power: tuple[Annotated[float, Field(ge=0.0, le=1.0)], ...] = Field((0.0, 0.25, 0.5), min_length=1)
    family_pooling: tuple[Annotated[float, Field(ge=0.0, lt=1.0)], ...] = Field((0.0, 0.9), min_length=1)
    roughness: tuple[Annotated[float, Field(gt=0.0)], ...] = Field((0.01,), min_length=1)
    thorough: bool = False
    out_of_core: bool = False
    memory: float = Field(2.0, gt=0)
    dask: str | None = None
    min_genre_rows: int = Field(10, ge=2)
    test_share: int = Field(5, ge=2, le=20)
    valid_share: int = Field(5, ge=2, le=20)
    spline_df: int = Field(10, ge=3, le=20)
    ridge: tuple[float, ...] = (100.0, 50.0, 25.0)
    simplify_tolerance: float = Field(0.0, ge=0.0)
    max_inference_columns: int = Field(45, ge=2)
    replicates: int = Field(30, ge=0)
    boosting: Literal["full", "none"] = "full"
    boosting_rounds: int = Field(60, ge=1)
    boosting_leaves: int = Field(15, ge=2)
    boosting_rate: float = Field(0.1, gt=0, le=1)

    def identity(self) -> dict[str, Any]:
        """Return the settings that decide the results: all but where they come from, go to, and are computed.

        A file of families counts by what it holds.
        """
        settings = self.model_dump(mode="json", exclude={"data", "out", "memory", "dask"})
        if self.families is not None and self.families.is_file():
            settings["families"] = f"{self.families.name} ({file_digest(self.families)[:12]})"
        return settings


def read_config(path: Path | None, **given: Any) -> StudyConfig:
    """Read a TOML file and lay the settings given by name (those not None) over it.

    Raises
    ------
    OptionError
        Where the file is missing or no TOML, or a setting is unknown or out of range.
    """
    settings: dict[str, Any] = {}
    if path is not None:
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise OptionError(f"{path} could not be read: {error.strerror}. --config takes a TOML file.") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise OptionError(f"{path} is no TOML file: {error}.") from error
    settings |= {name: value for name, value in given.items() if value is not None}
    try:
        return StudyConfig(**settings)
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']} (found {e['input']!r})" for e in error.errors())
        known = ", ".join(StudyConfig.model_fields)
        raise OptionError(f"The settings of the study cannot be used. {found}. Settings are: {known}.") from None
