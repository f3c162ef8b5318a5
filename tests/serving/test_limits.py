"""Limits: bodies, rows, time, and how many wait."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from serving_models import client, track

from genreglm.errors import OptionError
from genreglm.serving.app import create_app
from genreglm.serving.batches import Queue
from genreglm.serving.refusals import Refused
from genreglm.serving.settings import Settings, read_key


def test_a_long_body_is_refused_whether_it_says_so_or_not(folder: Path) -> None:
    with client(folder, body_bytes=2_000) as service:
        assert service.post("/predict", json=[track()] * 3).status_code == 200
        assert service.post("/predict", json=[track()] * 30).status_code == 413

        def pieces():
            for _ in range(100):
                yield b" " * 1_000

        said = service.post("/predict", content=pieces(), headers={"content-type": "application/json"})
        assert said.status_code == 413
        assert "2,000 bytes" in said.json()["error"]


def test_a_body_that_does_not_come_is_not_waited_for(folder: Path) -> None:
    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json"), (b"content-length", b"100")]
    scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b"", "headers": headers}
    sent: list[dict[str, object]] = []

    async def never() -> dict[str, object]:
        await asyncio.sleep(30)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    asyncio.run(create_app(folder, Settings(seconds=0.1))(scope, never, send))
    assert sent[0]["status"] == 408


def test_many_rows_are_refused(folder: Path) -> None:
    with client(folder, rows=5) as service:
        assert service.post("/predict", json=[track()] * 5).status_code == 200
        said = service.post("/predict", json=[track()] * 6)
        assert said.status_code == 422
        assert "5 items" in said.json()["error"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_foreign_page_may_send_unasked_is_refused(service: TestClient, kind: str) -> None:
    assert service.post("/predict", content=b"{}", headers={"content-type": kind}).status_code == 415


@pytest.mark.parametrize("settings", [{"rows": 0}, {"seconds": -1.0}, {"waiting": 0}, {"body_bytes": 0}])
def test_a_limit_of_nothing_is_no_limit(settings: dict[str, float]) -> None:
    with pytest.raises(OptionError, match=next(iter(settings))):
        Settings(**settings)


def double(items: Sequence[int]) -> list[int]:
    return [2 * item for item in items]


def test_alike_ones_are_answered_together_in_their_order() -> None:
    held, batches = threading.Event(), []

    def work(items: Sequence[int]) -> list[int]:
        held.wait(5)
        batches.append(list(items))
        return double(items)

    async def ask() -> list[int]:
        queue = Queue(waiting=100, rows=10, seconds=5)
        asked = [asyncio.create_task(queue.ask(place % 2, work, place)) for place in range(41)]
        await asyncio.sleep(0.05)
        held.set()
        answers = await asyncio.gather(*asked)
        queue.close()
        return answers

    assert asyncio.run(ask()) == [2 * place for place in range(41)]
    assert batches[0] == [0]
    assert len(batches) == 5
    assert all(len(batch) <= 10 and len({item % 2 for item in batch}) == 1 for batch in batches)


def test_one_that_fails_takes_nobody_with_it() -> None:
    def work(items: Sequence[int]) -> list[float]:
        return [1 / item for item in items]

    async def ask() -> list[object]:
        queue = Queue(waiting=100, rows=100, seconds=5)
        found = await asyncio.gather(*(queue.ask("", work, item) for item in (1, 2, 0, 4)), return_exceptions=True)
        queue.close()
        return found

    found = asyncio.run(ask())
    assert isinstance(found[2], ZeroDivisionError)
    assert [found[0], found[1], found[3]] == [1.0, 0.5, 0.25]


def test_who_comes_too_late_is_sent_away_and_who_waits_too_long_as_well() -> None:
    held = threading.Event()

    def work(items: Sequence[int]) -> list[int]:
        held.wait(5)
        return double(items)

    async def ask() -> tuple[list[object], int]:
        queue = Queue(waiting=2, rows=1, seconds=0.2)
        found = await asyncio.gather(*(queue.ask("", work, item) for item in range(5)), return_exceptions=True)
        left = len(queue)
        held.set()
        assert await queue.ask("", work, 21) == 42
        queue.close()
        return found, left

    found, left = asyncio.run(ask())
    assert left == 0
    assert all(isinstance(one, Refused) and one.status == 503 and "Retry-After" in one.headers for one in found)
    assert sum("Too many" in str(one) for one in found) == 2
    assert sum("within 0.2 s" in str(one) for one in found) == 3


def test_two_hundred_clients_at_once_are_all_answered(service: TestClient) -> None:
    statuses: list[int] = []

    def ask(energy: float) -> None:
        statuses.append(service.post("/predict", json=track(energy=energy)).status_code)

    threads = [threading.Thread(target=ask, args=(place / 200,)) for place in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 200


def test_a_key_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("0123456789abcdef\n")
    assert read_key(file, {}) == b"0123456789abcdef"
    assert read_key(None, {"GENREGLM_API_KEY": "fedcba9876543210"}) == b"fedcba9876543210"
    assert read_key(None, {}) is None
    for bad in ("short", "", "é" * 20, "a\tb" * 10):
        with pytest.raises(OptionError, match="16 or more"):
            read_key(None, {"GENREGLM_API_KEY": bad})
    with pytest.raises(OptionError, match="could not be read"):
        read_key(tmp_path / "absent", {})
