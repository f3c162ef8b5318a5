"""The service as a process: started, asked, told to read its model again, stopped, and killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from serving_models import track

from genreglm import cli
from genreglm.errors import OptionError
from genreglm.serving.run import serve


@contextmanager
def running(model: Path, port: int = 0, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `genreglm serve` and yield the process and its address."""
    code = "from genreglm.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", str(model), "--port", str(port)]
    started = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    try:
        assert started.stdout is not None
        said = started.stdout.readline()
        assert " is served at " in said, started.communicate()[1]
        yield started, said.split(" is served at ")[1].split()[0]
    finally:
        started.kill()
        started.communicate()


def ask(address: str, path: str, body: object = None, **headers: str) -> dict[str, object]:
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **headers}
    with urllib.request.urlopen(urllib.request.Request(address + path, data, sent), timeout=20) as answer:
        return json.load(answer)


def test_a_process_serves_reads_its_model_again_and_ends(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "model"
    shutil.copytree(folder, place)
    with running(place, GENREGLM_API_KEY="0123456789abcdef") as (process, address):
        key = {"X-API-Key": "0123456789abcdef"}
        assert address.startswith("http://127.0.0.1:")
        before = ask(address, "health")
        assert ask(address, "predict", track(), **key)["model"] == before["model"]
        with pytest.raises(urllib.error.HTTPError, match="401"):
            ask(address, "model").close()
        process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 20
        while ask(address, "health")["since"] == before["since"]:
            assert time.monotonic() < end
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=20)
    assert process.returncode == 0
    found = [json.loads(line) for line in log.splitlines()]
    events = [line["event"] for line in found if line["event"] not in ("request", "start left out")]
    assert events == ["serving", "model taken", "stopped"]


def test_a_killed_process_leaves_its_port_to_the_next(folder: Path) -> None:
    with running(folder) as (process, address):
        ask(address, "health")
        process.kill()
        process.wait()
        port = int(address.rstrip("/").rpartition(":")[2])
        with running(folder, port) as (_, again):
            assert again == address
            assert ask(again, "health")["status"] == "ok"


def test_a_port_in_use_is_refused(folder: Path) -> None:
    with running(folder) as (_, address), pytest.raises(OptionError, match="cannot be had"):
        serve(folder, port=int(address.rstrip("/").rpartition(":")[2]))


def test_without_the_extra_the_command_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("genreglm.serving")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(OptionError, match=r"pip install 'genreglm\[serve\]'"):
        cli.serve(folder)
