from pathlib import Path

import pytest

from genreglm.errors import OptionError
from genreglm.study.config import StudyConfig, read_config


def written(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_settings_have_their_defaults() -> None:
    assert read_config(None) == StudyConfig()
    assert read_config(None, seed=None, data=None).seed == 0


def test_file_is_read_and_the_command_line_wins(tmp_path: Path) -> None:
    path = written(tmp_path, 'seed = 3\nsample = 500\nout = "there"\nridge = [5]\n[columns]\nenergy = "power"\n')
    config = read_config(path, seed=0, sample=None)
    assert (config.seed, config.sample, config.out) == (0, 500, Path("there"))
    assert (config.ridge, config.columns) == ((5.0,), {"energy": "power"})


def test_identity_is_what_decides_the_results() -> None:
    one, other = StudyConfig(data=Path("a.csv"), out=Path("x")), StudyConfig(data=Path("b.csv"), out=Path("y"))
    assert one.identity() == other.identity()
    assert one.identity() != StudyConfig(seed=1).identity()
    assert set(StudyConfig.model_fields) - set(one.identity()) == {"data", "out", "memory", "dask"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sead = 1", "sead"),
        ("seed = -1", "greater than or equal to 0"),
        ("seed = 4294967296", "4294967296"),
        ("sample = 99", "sample"),
        ("min_genre_rows = 1", "min_genre_rows"),
        ("test_share = 1", "test_share"),
        ("spline_df = 2", "spline_df"),
        ('boosting = "huge"', "'full' or 'none'"),
        ("ridge = 3", "ridge"),
        ("a = [", "is no TOML file"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_what_was_found(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(OptionError, match=r"\.") as refusal:
        read_config(written(tmp_path, text))
    assert said in str(refusal.value)
    if "TOML" not in said:
        assert "Settings are: data, out, seed" in str(refusal.value)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="could not be read"):
        read_config(tmp_path / "nowhere.toml")
    with pytest.raises(OptionError, match="could not be read"):
        read_config(tmp_path)
    latin = tmp_path / "latin.toml"
    latin.write_bytes('genre_column = "été"'.encode("latin-1"))
    with pytest.raises(OptionError, match="is no TOML file"):
        read_config(latin)


def test_settings_cannot_change_later() -> None:
    with pytest.raises(ValueError, match="frozen"):
        StudyConfig().seed = 2  # type: ignore[misc]
