"""Mutated files: each is opened, or refused with words; none crashes, hangs or takes memory.

`make slow` runs some thousands; the fast tests a few hundred, with the same seed.
"""

import io
import random
import resource
import time
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.archives import read_arrays
from genreglm.errors import GenreglmError, ModelFileError
from genreglm.tagger import Tagger, save_tagger
from genreglm.tagger.store import MANIFEST

SEED = 20_261_130
HOSTILE = (
    b"__import__('os').system('true')", b"\x00", b"\xff" * 8, b"9" * 40, b"[" * 3_000, b"NaN", b"1e999", b'"', b"null",
)  # fmt: skip


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return the bytes with some of them changed, cut out, doubled, or something odd put in."""
    held = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        place = chance.randrange(len(held)) if held else 0
        match chance.randrange(6):
            case 0 if held:
                held[place] ^= 1 << chance.randrange(8)
            case 1:
                del held[place : place + chance.choice((1, 7, 300))]
            case 2:
                held[place:place] = held[place : place + chance.choice((1, 50, 1_000))]
            case 3:
                held[place:place] = chance.choice(HOSTILE)
            case 4:
                del held[place:]
            case _:
                held[place : place + 8] = chance.randbytes(8)
    return bytes(held)


def rehashed(folder: Path) -> None:
    """Make the manifest agree with the files, as one who means harm would."""
    import hashlib
    import json

    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in manifest["files"]}
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def fuzz(tagger: Tagger, raw: pd.DataFrame, folder: Path, rounds: int) -> Counter[str]:
    """Open so many mutations, and predict with those that open; count what came of them."""
    save_tagger(tagger, folder)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    chance, found, slowest = random.Random(SEED), Counter[str](), 0.0
    for _ in range(rounds):
        for name, data in whole.items():
            (folder / name).write_bytes(data)
        name = chance.choice(sorted(whole))
        (folder / name).write_bytes(mutated(whole[name], chance))
        if name != MANIFEST:
            rehashed(folder)
        began = time.perf_counter()
        try:
            model = gg.load(folder)
            model.predict(raw.head(3))
            found["used"] += 1
        except ModelFileError:
            found["refused"] += 1
        except GenreglmError:
            found["refused on use"] += 1
        slowest = max(slowest, time.perf_counter() - began)
    assert slowest < 5.0
    return found


def memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def check(tagger: Tagger, raw: pd.DataFrame, folder: Path, rounds: int) -> None:
    before = memory_mb()
    found = fuzz(tagger, raw, folder, rounds)
    print(f"seed {SEED}: {dict(found)}")
    assert sum(found.values()) == rounds
    assert found["refused"] > rounds / 2
    assert memory_mb() - before < 300


def test_some_hundred_mutations(tagger: Tagger, raw: pd.DataFrame, tmp_path: Path) -> None:
    check(tagger, raw, tmp_path / "model", 300)


@pytest.mark.slow
def test_some_thousand_mutations(tagger: Tagger, raw: pd.DataFrame, tmp_path: Path) -> None:
    check(tagger, raw, tmp_path / "model", 4_000)


def test_a_formula_that_calls_what_it_may_not_is_refused(bare: gg.Result, tmp_path: Path) -> None:
    path = bare.save(tmp_path / "model")
    data = path.read_bytes()
    call = b"__import__('os')"
    assert data.count(b"energy + loudness") == 1
    path.write_bytes(data.replace(b"energy + loudness", (call + b"+ 1     ")[: len(b"energy + loudness")].ljust(17)))
    with pytest.raises(ModelFileError):
        gg.load(path)


def packed(members: dict[str, bytes], how: int) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", how) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()


def header(shape: tuple[int, ...], kind: str = "<f8") -> bytes:
    held = io.BytesIO()
    np.lib.format.write_array_header_1_0(held, {"descr": kind, "fortran_order": False, "shape": shape})
    return held.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (packed({"a.npy": b"0" * 10_000_000}, zipfile.ZIP_DEFLATED), "is packed"),
        (packed({"a.npy": header((10**12,))}, zipfile.ZIP_STORED), "says 8,000,000,000,000 bytes and holds 0"),
        (packed({"a.npy": header((1,), "|O") + b"12345678"}, zipfile.ZIP_STORED), "no array of numbers"),
        (packed({f"{k}.npy": b"" for k in range(1_001)}, zipfile.ZIP_STORED), "holds 1,001 members"),
    ],
)
def test_archives_that_swell_or_unpickle_are_refused(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(ModelFileError, match=said):
        read_arrays(tmp_path / "a")


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    columns = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(3, 2))
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": columns, "c": np.array(3)}
    with open(tmp_path / "a", "wb") as handle:
        np.savez(handle, **arrays)
    found = read_arrays(tmp_path / "a")
    for name, values in arrays.items():
        assert found[name].dtype == values.dtype
        assert np.array_equal(found[name], values)
