"""Pages opened in Chromium, on a desk and on a phone, for tests that use them as a reader does."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
SIZES = {"desk": (1440, 900), "phone": (390, 844)}


@contextmanager
def started() -> Iterator[Browser]:
    """Yield a browser that is closed afterwards."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, address: str, size: str, own: tuple[str, ...], expected: tuple[str, ...] = ()
) -> Iterator[Page]:
    """Open a page; at the end nothing has gone wrong in it but what was expected, and only `own` places were asked."""
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=size == "phone")
    faults: list[str] = []
    asked: list[str] = []

    def heard(page: Page) -> None:
        page.on(
            "console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda one: asked.append(one.url))

    context.on("page", heard)
    page = context.new_page()
    page.goto(address)
    yield page
    assert [fault for fault in faults if not any(part in fault for part in expected)] == []
    assert [url for url in asked if not url.startswith((*own, "data:"))] == []
    context.close()
