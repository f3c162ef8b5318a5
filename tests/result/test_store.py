"""A model file: back to the bit, whole or not at all, and never executed."""

import datetime
import decimal
import errno
import io
import json
import os
import pickle
import types
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError, InferenceError, ModelFileError, OutputError

Header = dict[str, Any]


@pytest.fixture
def saved(result: gg.Result, tmp_path: Path) -> Path:
    return result.save(tmp_path / "model", covariance=True)


def edit(path: Path, change: Callable[[Header], Any], **arrays: np.ndarray) -> Path:
    """Rewrite a model file with its header changed (or replaced, where `change` returns something)."""
    with np.load(path) as file:
        held = {name: file[name] for name in file.files}
    header = json.loads(bytes(held["header"]))
    text = change(header) or json.dumps(header)
    held["header"] = np.frombuffer(text.encode(), dtype=np.uint8)
    with open(path, "wb") as handle:
        np.savez(handle, **{**held, **arrays})
    return path


def refused(path: Path) -> str:
    with pytest.raises(ModelFileError) as error:
        gg.load(path)
    assert str(path) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", ["result", "clustered", "separated"])
def test_back_to_the_bit(name: str, request: pytest.FixtureRequest, rows: pd.DataFrame, tmp_path: Path) -> None:
    result: gg.Result = request.getfixturevalue(name)
    loaded = gg.load(result.save(tmp_path / "model.any", covariance=True))
    pd.testing.assert_frame_equal(loaded.tidy(), result.tidy(), check_exact=True)
    pd.testing.assert_frame_equal(loaded.glance(), result.glance(), check_exact=True)
    pd.testing.assert_frame_equal(loaded.anova(), result.anova(), check_exact=True)
    pd.testing.assert_frame_equal(loaded.predict(rows), result.predict(rows), check_exact=True)
    assert loaded.summary() == result.summary()
    assert (loaded.separated, loaded.penalty, loaded.statistics) == (
        result.separated,
        result.penalty,
        result.statistics,
    )


def test_ridge_comes_back_too(ridge: gg.Result, tmp_path: Path) -> None:
    loaded = gg.load(ridge.save(tmp_path / "m"))
    assert loaded.penalty == ridge.penalty
    np.testing.assert_array_equal(loaded.coefficients, ridge.coefficients)
    with pytest.raises(InferenceError, match="no covariance"):
        ridge.save(tmp_path / "n", covariance=True)
    assert not (tmp_path / "n").exists()


@pytest.mark.parametrize("penalty", [gg.Ridge(np.float32(0.5)), gg.CellPrior(np.int64(2))])
def test_numbers_of_numpy_may_be_saved(penalty: Any, separated_rows: pd.DataFrame, tmp_path: Path) -> None:
    result = gg.fit("genre ~ energy + C(key)", separated_rows, penalty=penalty)
    assert gg.load(result.save(tmp_path / "m")).penalty == penalty


DAYS = [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-03-01 10:00:00.123456789"), pd.Timestamp("2021-07-01")]
LABELS = {
    "whole numbers": [0, 1, 2],
    "halves": [0.5, 1.5, 2.5],
    "times": DAYS,
    "times of a place": [day.tz_localize("Europe/Berlin") for day in DAYS],
    "times of an offset": [day.tz_localize("+05:30") for day in DAYS],
    "spans": [pd.Timedelta(days=1, nanoseconds=count) for count in range(3)],
    "periods": [pd.Period(year, "Q-MAR") for year in ("2020Q1", "2020Q2", "2021Q3")],
    "dates": [datetime.date(2020, 1, day) for day in (1, 2, 3)],
    "hours": [datetime.time(hour, 30) for hour in (1, 2, 3)],
    "decimals": [decimal.Decimal(text) for text in ("0.1", "0.2", "0.3")],
    "bins": list(pd.cut(np.arange(9.0), 3).categories),
    "bins of times": list(pd.interval_range(DAYS[0], periods=3, closed="left")),
    "pairs": [("a", 1), ("b", DAYS[0]), ("c", 3)],
}


def relabelled(rows: pd.DataFrame, column: str, labels: list[Any]) -> pd.DataFrame:
    """Return the rows with the first three values of a column exchanged for labels, and without the others."""
    codes = pd.factorize(rows[column], sort=True)[0]
    kept = rows[codes < len(labels)]
    return kept.assign(**{column: pd.Series([labels[code] for code in codes[codes < len(labels)]], index=kept.index)})


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_classes_come_back_as_they_were(labels: list[Any], rows: pd.DataFrame, tmp_path: Path) -> None:
    told = relabelled(rows, "genre", labels)
    result = gg.fit("genre ~ energy", told)
    loaded = gg.load(result.save(tmp_path / "m"))
    assert loaded.classes == result.classes
    assert [type(label) for label in loaded.classes] == [type(label) for label in result.classes]
    pd.testing.assert_frame_equal(loaded.predict(told), result.predict(told), check_exact=True)
    assert loaded.with_rows(told).problem is not None


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_levels_come_back_as_they_were(labels: list[Any], rows: pd.DataFrame, tmp_path: Path) -> None:
    told = relabelled(rows, "key", labels)
    result = gg.fit("genre ~ energy + C(key)", told)
    loaded = gg.load(result.save(tmp_path / "m"))
    assert loaded.design.levels == result.design.levels
    assert [type(level) for level in loaded.design.levels["key"]] == [type(level) for level in labels]
    pd.testing.assert_frame_equal(loaded.predict(told), result.predict(told), check_exact=True)


@pytest.mark.parametrize("labels", [*LABELS.values(), list(np.arange(3))], ids=[*LABELS, "of numpy"])
def test_families_of_any_classes_come_back(labels: list[Any], rows: pd.DataFrame, tmp_path: Path) -> None:
    told = relabelled(rows, "genre", labels)
    penalty = gg.FamilyRidge(0.01, families=dict(zip(labels, ["one", "one", "two"], strict=True)))
    result = gg.fit("genre ~ energy", told, penalty=penalty)
    loaded = gg.load(result.save(tmp_path / "m"))
    assert loaded.penalty == penalty
    again = gg.fit("genre ~ energy", told, penalty=loaded.penalty)
    np.testing.assert_array_equal(again.coefficients, result.coefficients)


def test_factors_may_be_any_mapping(rows: pd.DataFrame, tmp_path: Path) -> None:
    penalty = gg.Ridge(0.01, factors=types.MappingProxyType({"energy": 2.0}))
    assert gg.load(gg.fit("genre ~ energy", rows, penalty=penalty).save(tmp_path / "m")).penalty == penalty


def test_a_file_from_before_labels_had_kinds(rows: pd.DataFrame, tmp_path: Path) -> None:
    told = relabelled(rows, "genre", [("a", 1), ("b", 2), ("c", 3)])
    families = {"blues": "old", "folk": "old", "jazz": "old"}

    def as_it_was(header: Header) -> None:
        header["penalty"] = ["FamilyRidge", {"strength": 0.01, "families": families}]

    loaded = gg.load(edit(gg.fit("genre ~ energy", told).save(tmp_path / "m"), as_it_was))
    assert loaded.classes == (("a", 1), ("b", 2), ("c", 3))
    assert loaded.penalty == gg.FamilyRidge(0.01, families=families)


@pytest.mark.parametrize(("column", "said"), [("genre", "class"), ("key", r"level of C\(key\)")])
def test_labels_that_cannot_be_kept(column: str, said: str, rows: pd.DataFrame, tmp_path: Path) -> None:
    result = gg.fit("genre ~ energy + C(key)", relabelled(rows, column, [b"one", b"two", b"three"]))
    with pytest.raises(OutputError, match=rf"The {said} b'\w+' is of the kind bytes.*astype\(str\)"):
        result.save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_the_covariance_is_saved_only_when_asked(result: gg.Result, saved: Path, tmp_path: Path) -> None:
    bare = result.save(str(tmp_path / "bare"))
    with np.load(bare) as file:
        assert sorted(file.files) == ["coefficients", "header"]
    loaded = gg.load(bare)
    assert loaded.tidy()["std_error"].isna().all()
    with pytest.raises(InferenceError, match="covariance=True"):
        loaded.anova()
    assert bare.stat().st_size < saved.stat().st_size


def test_the_rows_are_not_saved(saved: Path, rows: pd.DataFrame) -> None:
    loaded = gg.load(saved)
    assert loaded.source is None
    with pytest.raises(DataError, match="pass rows="):
        gg.vif(loaded)
    assert len(gg.vif(loaded, rows)) == 3


def test_the_same_model_is_the_same_bytes(result: gg.Result, saved: Path, tmp_path: Path) -> None:
    assert result.save(tmp_path / "again", covariance=True).read_bytes() == saved.read_bytes()


def test_a_renamed_file_is_still_a_model(saved: Path, rows: pd.DataFrame) -> None:
    moved = saved.rename(saved.with_name("other name.txt"))
    assert gg.load(moved).classes == gg.load(str(moved)).classes


def test_truncated_anywhere(saved: Path) -> None:
    data = saved.read_bytes()
    for length in range(0, len(data), max(1, len(data) // 60)):
        saved.write_bytes(data[:length])
        refused(saved)


def test_a_changed_bit_is_noticed_or_changes_nothing(saved: Path, result: gg.Result) -> None:
    data = saved.read_bytes()
    noticed = 0
    for position in range(0, len(data), 37):
        changed = bytearray(data)
        changed[position] ^= 0x15
        saved.write_bytes(changed)
        try:
            np.testing.assert_array_equal(gg.load(saved).coefficients, result.coefficients)
        except ModelFileError:
            noticed += 1
    assert noticed > 0.7 * len(range(0, len(data), 37))


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def zipped(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def array_bytes(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"genre,energy\nfolk,0.5\n",
        pickle.dumps({"coefficients": [1.0]}),
        array_bytes(np.zeros(3)),
        npz(coefficients=np.zeros((2, 2))),
        npz(header=np.frombuffer(b"{}", dtype=np.uint8)),
        npz(header=np.frombuffer(b'{"format": "other"}', dtype=np.uint8)),
        npz(header=np.frombuffer(b"[" * 100_000, dtype=np.uint8)),
        npz(header=np.frombuffer(b"\xff\xfe", dtype=np.uint8)),
        npz(header=np.array([{}], dtype=object)),
        zipped("model.pkl", pickle.dumps(1)),
    ],
)
def test_what_is_no_model(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(data)
    refused(path)


def test_a_missing_file_or_a_folder(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "absent")
    refused(tmp_path)


def test_a_newer_version_asks_for_an_upgrade(saved: Path) -> None:
    assert "Upgrade" in refused(edit(saved, lambda header: header.update(version=2)))


@pytest.mark.parametrize(
    "factor",
    [
        '__import__("os").system("touch {mark}")',
        'C(__import__("os").system("touch {mark}"))',
        '{{__import__("os").system("touch {mark}")}}',
        'I(open("{mark}", "w"))',
    ],
)
def test_a_formula_that_calls_the_system_is_refused_unread(factor: str, saved: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    def change(header: Header) -> None:
        header["design"]["formula"] = "genre ~ energy + " + factor.format(mark=mark)

    refused(edit(saved, change))
    assert not mark.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda header: "[]",
        lambda header: header.pop("version"),
        lambda header: header.update(version="new"),
        lambda header: header.update(statistics={}),
        lambda header: header["statistics"].update(nobs="many"),
        lambda header: header.update(penalty=["os.system", {}]),
        lambda header: header.update(penalty=["Ridge", {"strength": -1.0}]),
        lambda header: header.update(inference=["odd", 5.0, None]),
        lambda header: header.update(inference=["robust", "many", None]),
        lambda header: header.update(separated=[["polka", "key", ["energy"]]]),
        lambda header: header.update(separated=[["blues", "key", ["loudness"]]]),
        lambda header: header["design"].update(columns=["energy"]),
        lambda header: header["design"].update(terms={"energy": [0, 99]}),
        lambda header: header["design"].update(formula=5),
        lambda header: header["design"].update(encoders={"key": {"kind": "odd"}}),
        lambda header: header["design"].update(classes=[{"odd": 1}, {"odd": 2}, {"odd": 3}]),
        lambda header: header["design"].update(classes=[{"date": "never"}, "folk", "jazz"]),
        lambda header: header["design"].update(classes=[{"decimal": "many"}, "folk", "jazz"]),
        lambda header: header["design"].update(classes=[{"timestamp": ["2020", "ns", "../zone"]}, "folk", "jazz"]),
    ],
)
def test_an_edited_header_is_refused(change: Callable[[Header], Any], saved: Path) -> None:
    def text(header: Header) -> str:
        answer = change(header)
        return answer if answer == "[]" else json.dumps(header)

    refused(edit(saved, text))


@pytest.mark.parametrize("name", ["coefficients", "covariance"])
@pytest.mark.parametrize("array", [np.zeros((2, 2)), np.array(["text"]), np.full((5, 3), np.nan), np.zeros(0)])
def test_arrays_that_do_not_fit_are_refused(name: str, array: np.ndarray, saved: Path) -> None:
    said = refused(edit(saved, lambda header: None, **{name: array}))
    assert f"its {name} should be" in said or f"its member '{name}.npy' is no array of numbers" in said


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_a_failed_write_leaves_what_was_there(
    code: int, result: gg.Result, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OutputError, match=str(saved)):
        result.save(saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_a_place_that_cannot_be_written(result: gg.Result, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="could not be written"):
        result.save(tmp_path / "no such folder" / "model")
    with pytest.raises(OutputError):
        result.save(tmp_path)
    assert list(tmp_path.parent.glob("*.partial")) == []
