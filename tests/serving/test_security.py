"""Headers, names, keys, and what leaves the service when it fails."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from serving_models import client, track

from genreglm.serving import served
from genreglm.serving.logs import LOGGER, write_logs

PAGES = ["/", "/docs", "/openapi.json", "/page/what_if.js", "/page/d3.min.js", "/health", "/model", "/nothing"]
KEY = "0123456789abcdef"
SECRET = 0.123456789


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the service writes to its log."""
    loggers = (LOGGER, logging.getLogger("uvicorn"))
    before = [(logger.handlers, logger.propagate, logger.level) for logger in loggers]
    stream = io.StringIO()
    write_logs(stream)
    yield stream
    for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_has_the_headers(service: TestClient, path: str) -> None:
    headers = service.get(path).headers
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == ("no-cache" if path == "/" or path.startswith("/page/") else "no-store")
    assert len(headers["x-request-id"]) == 16
    assert "server" not in headers


def test_refusals_have_them_too(service: TestClient) -> None:
    for answer in (
        service.post("/predict", json={}),
        service.put("/predict"),
        service.get("/", headers={"host": "evil.example"}),
    ):
        assert answer.status_code in (400, 405, 422)
        assert "content-security-policy" in answer.headers
        assert answer.json()["request"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil", "", "[::2]"]
)
def test_another_name_is_refused(service: TestClient, host: str) -> None:
    for path in ("/", "/health", "/model"):
        assert service.get(path, headers={"host": host}).status_code == 400
    assert service.post("/predict", json=track(), headers={"host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_names_of_this_machine_are_not(service: TestClient, host: str) -> None:
    assert service.get("/health", headers={"host": host}).status_code == 200


def test_the_key_is_asked_for_and_taken(folder: Path) -> None:
    with client(folder, key=KEY.encode()) as service:
        for path in PAGES[:6]:
            assert service.get(path).status_code == 200
        for wrong in ("", "0123456789abcdeg", KEY + "x", KEY[:-1], "ÿ" * 16):
            said = service.get("/model", headers={"x-api-key": wrong.encode("latin-1")})
            assert said.status_code == 401
            assert KEY not in said.text
        assert service.post("/predict", json=track()).status_code == 401
        assert service.post("/explain", json={"track": track()}).status_code == 401
        assert service.get("/model", headers={"x-api-key": KEY}).status_code == 200
        assert service.post("/predict", json=track(), headers={"x-api-key": KEY}).status_code == 200
        assert service.get("/openapi.json").json()["paths"]["/predict"]["post"]["security"] == [{"key": []}]
    assert KEY not in repr(served)


def test_a_failure_says_only_its_number(folder: Path, monkeypatch: pytest.MonkeyPatch, log: io.StringIO) -> None:
    with client(folder) as service:

        def fail(*_: object, **__: object) -> None:
            raise RuntimeError(f"the value {SECRET} could not be used")

        monkeypatch.setattr(served, "predictions", fail)
        said = service.post("/predict", json=track(energy=SECRET))
        assert said.status_code == 500
        assert said.json()["fields"] == []
        assert "Traceback" not in said.text
        assert "RuntimeError" not in said.text
        assert str(SECRET) not in said.text
        assert "content-security-policy" in said.headers
    [failure] = [line for line in lines(log) if line["event"] == "failure"]
    assert failure["request"] == said.json()["request"]
    assert failure["exception"] == "RuntimeError"
    assert any("fail" in place for place in failure["passed"])
    assert str(SECRET) not in log.getvalue()


def test_the_log_holds_what_happened_and_nothing_of_what_was_sent(service: TestClient, log: io.StringIO) -> None:
    answers = [
        service.post("/predict", params={"top": 2}, json=[track(energy=SECRET)] * 4),
        service.post("/explain", json={"track": track(energy=SECRET), "genre": "techno"}),
        service.post("/predict", json=track(energy=SECRET, tempo=-SECRET, secret_field=SECRET)),
        service.get(f"/nothing?energy={SECRET}", headers={"x-api-key": KEY}),
    ]
    found = lines(log)
    assert [line["status"] for line in found] == [200, 200, 422, 404]
    assert [line["rows"] for line in found] == [4, 1, None, None]
    assert [line["path"] for line in found] == ["/predict", "/explain", "/predict", "/nothing"]
    assert [line["request"] for line in found] == [answer.headers["x-request-id"] for answer in answers]
    assert all(line["event"] == "request" and line["ms"] >= 0 for line in found)
    for secret in (str(SECRET), "techno", "secret_field", KEY):
        assert secret not in log.getvalue()


def test_a_line_break_in_an_address_stays_in_its_line(service: TestClient, log: io.StringIO) -> None:
    service.get("/a%0Ab%1b" + "x" * 1000)
    [line] = lines(log)
    assert line["path"].startswith("/a\nb")
    assert len(line["path"]) < 300


def test_files_beside_the_pages_cannot_be_had(service: TestClient) -> None:
    for path in (
        "/page/../served.py",
        "/page/..%2f..%2fserved.py",
        "/page/docs.html.jinja",
        "/page/",
        "/page//etc/passwd",
    ):
        assert service.get(path).status_code == 404


def test_a_page_file_is_sent_once(service: TestClient) -> None:
    first = service.get("/page/what_if.js")
    assert first.headers["content-type"].startswith("text/javascript")
    again = service.get("/page/what_if.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_pages_name_no_other_place(service: TestClient) -> None:
    for path in ("/", "/docs", "/page/what_if.css", "/page/what_if.js", "/page/charts.js"):
        text = service.get(path).text
        assert "http://" not in text
        assert "https://" not in text
