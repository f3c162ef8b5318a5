"""What a fit says that it needs, before it allocates."""

import builtins
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from genreglm.engine import memory as module
from genreglm.errors import EstimationError, InferenceError


def test_bytes_count_the_arrays_that_are_made() -> None:
    parameters, pairs = 23 * 113, 114 * 113 // 2 * 23 * 24 // 2
    assert module.covariance_bytes(23, 114) == 8 * (2 * parameters**2 + pairs)


def test_what_does_not_fit_is_refused_with_the_bytes_and_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "available_bytes", lambda: 2**30)
    module.require_covariance(5, 10)
    with pytest.raises(
        InferenceError, match=r"506 columns x 114 classes \(57,178 parameters\).*1\.0 GiB are free"
    ) as e:
        module.require_covariance(506, 114)
    assert "covariance=None" in str(e.value)


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield the folder of the control groups, of which there are none."""
    monkeypatch.setattr(module, "_GROUPS", tmp_path / "groups")
    monkeypatch.setattr(module, "_OWN_GROUPS", tmp_path / "own")
    module._limiting_groups.cache_clear()
    yield tmp_path / "groups"
    module._limiting_groups.cache_clear()


def write_group(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"memory.{name}").write_text(f"{text}\n")


def test_a_container_has_what_its_limit_leaves(groups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    available = 10_000
    monkeypatch.setattr(module, "_machine_bytes", lambda: available)
    module._OWN_GROUPS.write_text("9:cpu:/box\n0::/pod/box\n")
    write_group(groups / "pod" / "box", max="max", current=700)
    write_group(groups / "pod", max=6000, current=5000)
    assert module.available_bytes() == 1_000
    write_group(groups / "pod", stat="anon 4000\ninactive_file 1500")
    assert module.available_bytes() == 2_500
    write_group(groups / "pod", current=7000, stat="inactive_file 0")
    assert module.available_bytes() == 0
    available = 500
    write_group(groups / "pod", current=0)
    assert module.available_bytes() == available


def test_a_container_of_the_first_version_shows_its_own_group_as_the_root(
    groups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_machine_bytes", lambda: 10_000)
    module._OWN_GROUPS.write_text("4:memory,hugetlb:/docker/0123\n0::/\n")
    write_group(groups / "memory", limit_in_bytes=4000, usage_in_bytes=3000)
    assert module.available_bytes() == 1_000


@pytest.mark.usefixtures("groups")
def test_available_memory_is_what_the_system_says(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "MemTotal: 9 kB\nMemAvailable:    2048 kB\n"
    monkeypatch.setattr(builtins, "open", lambda *_: io.StringIO(text))
    assert module.available_bytes() == 2048 * 1024


@pytest.mark.usefixtures("groups")
@pytest.mark.parametrize("text", ["MemTotal: 9 kB\n", None])
def test_where_the_system_does_not_say_all_memory_counts(text: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: str) -> io.StringIO:
        if text is None:
            raise FileNotFoundError
        return io.StringIO(text)

    monkeypatch.setattr(builtins, "open", opened)
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 10, "SC_PAGE_SIZE": 4096}.__getitem__, raising=False)
    assert module.available_bytes() == 40_960
    monkeypatch.delattr(os, "sysconf")
    assert module.available_bytes() == 2**63


def test_a_fit_that_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "available_bytes", lambda: 2**30)
    module.require_fit(100_000, 23, 50)
    with pytest.raises(EstimationError, match=r"113,550 rows x 600 columns x 114 classes .* 1\.0 GiB are free"):
        module.require_fit(113_550, 600, 114)
