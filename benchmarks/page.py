"""A finished report in headless Chromium: size, first paint, what it asks of others, faults, and how it looks.

`python -m benchmarks.page REPORT.html OUT [--times 5]` writes page.csv and screenshots at 1440 and 390 pixels into OUT.
"""

import argparse
import shutil
import statistics
from pathlib import Path
from typing import Any

import pandas as pd

_WIDTHS = {"desk": (1440, 900), "phone": (390, 844)}
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def measure(report: Path, out: Path, times: int) -> pd.DataFrame:
    """Return a row a width: megabytes, the median milliseconds to the first paint and to the end, requests, faults."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, (width, height) in _WIDTHS.items():
            opened = [_opened(browser, report, width, height, out / f"{name}.png") for _ in range(times)]
            sizes = {"page": name, "width": width, "mb": report.stat().st_size / 1e6}
            medians = {key: statistics.median(one[key] for one in opened) for key in ("first_paint_ms", "loaded_ms")}
            rows.append(sizes | medians | {key: sum(one[key] for one in opened) for key in ("requests", "faults")})
        browser.close()
    return pd.DataFrame(rows)


def _opened(browser: Any, report: Path, width: int, height: int, picture: Path) -> dict[str, float]:
    page = browser.new_page(viewport={"width": width, "height": height})
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(report.resolve().as_uri())
    page.wait_for_timeout(500)
    found = {"first_paint_ms": page.evaluate(_PAINT), "loaded_ms": page.evaluate(_LOADED)}
    page.screenshot(path=picture)
    outside = [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    page.close()
    return {**found, "requests": len(outside), "faults": len(faults)}


def main() -> None:
    """Measure, write the CSV and say what it holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--times", type=int, default=5)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    found = measure(asked.report, asked.out, asked.times)
    found.to_csv(asked.out / "page.csv", index=False)
    print(found.to_string(index=False))


if __name__ == "__main__":
    main()
