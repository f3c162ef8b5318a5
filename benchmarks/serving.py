"""A service under load, and back after a kill: `python -m benchmarks.serving MODEL OUT [--clients 200] [--seconds 20]`.

Starts `genreglm serve` on loopback, lets clients ask for one track at a time, each as soon as it has its answer, and
writes serving.json and serving.md into OUT: requests, failures, throughput, latencies, the server's memory before and
after, and the seconds from a kill -9 to the first answer of the next process.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

_WARM = 1.0  # seconds of load before the first look at memory
_RESTARTS = 3


@dataclass(frozen=True)
class Load:
    """What came of a load.

    `megabytes` are the server's resident memory: after the first second of load, and at its end.
    """

    path: str
    clients: int
    seconds: float
    requests: int
    failures: int
    per_second: float
    p50_ms: float
    p99_ms: float
    longest_ms: float
    megabytes_before: float
    megabytes_after: float


@contextmanager
def served(model: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the service and yield its process and its port."""
    command = [sys.executable, "-c", "from genreglm.cli import main; main()", "serve", str(model), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        if " is served at " not in said:
            raise SystemExit(f"The service did not start: run `genreglm serve {model}` to see why.")
        yield process, int(said.split(" is served at ")[1].split()[0].rstrip("/").rpartition(":")[2])
    finally:
        process.kill()
        process.communicate()


def load(model: Path, path: str, clients: int, seconds: float) -> Load:
    """Put a service under load and return what came of it."""
    with served(model) as (process, port):
        about = _get(port, "/model")
        before: list[float] = []
        answers = asyncio.run(_ask_all(port, path, about, clients, seconds, lambda: before.append(_megabytes(process))))
        after = _megabytes(process)
    ms = np.array([1000 * took for _, took in answers])
    return Load(
        path=path,
        clients=clients,
        seconds=seconds,
        requests=len(answers),
        failures=sum(status != 200 for status, _ in answers),
        per_second=len(answers) / seconds,
        p50_ms=float(np.quantile(ms, 0.5)),
        p99_ms=float(np.quantile(ms, 0.99)),
        longest_ms=float(ms.max()),
        megabytes_before=before[0],
        megabytes_after=after,
    )


async def _ask_all(
    port: int, path: str, about: dict[str, Any], clients: int, seconds: float, warm: Any
) -> list[tuple[int, float]]:
    """Return the status and the seconds of every answer; a connection that breaks has the status 0."""
    answers: list[tuple[int, float]] = []
    end = time.perf_counter() + seconds

    async def client(seed: int) -> None:
        rng = random.Random(seed)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            began = time.perf_counter()
            try:
                status = await _ask(reader, writer, path, _body(path, about, rng))
            except (OSError, asyncio.IncompleteReadError, ValueError):
                answers.append((0, time.perf_counter() - began))
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                continue
            answers.append((status, time.perf_counter() - began))
        writer.close()

    async def look() -> None:
        await asyncio.sleep(_WARM)
        warm()

    await asyncio.gather(look(), *(client(seed) for seed in range(clients)))
    return answers


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, body: bytes) -> int:
    """Send one request over an open connection and read the whole answer; the standard library has no such client."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    writer.write(f"{head}\r\n\r\n".encode() + body)
    await writer.drain()
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    length = next(int(line.partition(":")[2]) for line in lines if line.startswith("content-length:"))
    await reader.readexactly(length)
    return int(lines[0].split()[1])


def _body(path: str, about: dict[str, Any], rng: random.Random) -> bytes:
    """Return a track drawn about one of the model's starts."""
    track = dict(rng.choice(about["starts"])["track"])
    for feature in about["features"]:
        if feature["kind"] == "number" and feature["quantiles"]:
            low, high = feature["quantiles"][1], feature["quantiles"][-2]
            track[feature["name"]] = min(max(rng.uniform(low, high), feature["low"]), feature["high"])
    return json.dumps({"track": track} if path.startswith("/explain") else track).encode()


def restarts(model: Path) -> list[float]:
    """Return the seconds from kill -9 to the first prediction of the next process, a few times."""
    found = []
    with served(model) as (process, port):
        body = _body("/predict", _get(port, "/model"), random.Random(0))
        process.kill()
        process.wait()
    for _ in range(_RESTARTS):
        began = time.perf_counter()
        with served(model, port):
            _get(port, "/predict", body)
            found.append(time.perf_counter() - began)
    return found


def _get(port: int, path: str, body: bytes | None = None) -> dict[str, Any]:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def _megabytes(process: "subprocess.Popen[str]") -> float:
    """Return the resident memory of a process; Linux alone says it so."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    paths = ("/predict?top=3", "/predict?top=8&intervals=true", "/explain")
    loads = [load(asked.model, path, asked.clients, asked.seconds) for path in paths]
    again = restarts(asked.model)
    found = {"loads": [asdict(one) for one in loads], "seconds_until_serving_again": again}
    (asked.out / "serving.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    lines = [
        "| asked | clients | requests | failures | a second | p50 ms | p99 ms | longest ms | MB before | MB after |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| `{one.path}` | {one.clients} | {one.requests:,} | {one.failures} | {one.per_second:.0f} | "
            f"{one.p50_ms:.0f} | {one.p99_ms:.0f} | {one.longest_ms:.0f} | {one.megabytes_before:.0f} | "
            f"{one.megabytes_after:.0f} |"
            for one in loads
        ),
        "",
        f"After kill -9, serving again within {', '.join(f'{seconds:.2f}' for seconds in again)} s.",
    ]
    (asked.out / "serving.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
