"""The what-if page in a browser: every slider, starts, two windows, the address, the key, on a desk and on a phone."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from genreglm.serving.app import create_app
from genreglm.serving.settings import Settings
from in_browser import SIZES, needs_chromium, opened, started

pytestmark = needs_chromium
SLIDERS = {
    "danceability": "0.90",
    "energy": "0.90",
    "loudness": "\u22122.4 dB",
    "speechiness": "0.90",
    "acousticness": "0.90",
    "instrumentalness": "0.90",
    "liveness": "0.90",
    "valence": "0.90",
    "tempo": "195 BPM",
    "duration": "6:20",
    "key": "B",
    "time signature": "5 beats in a bar",
}
MOVES = {"loudness": "-2.4", "tempo": "195", "duration": "380000", "key": "11", "time signature": "2"}
KEY = "0123456789abcdef"


@contextmanager
def served(path: Path, **settings: object) -> Iterator[str]:
    """Serve a model from a thread and yield the address."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(path, Settings(**settings)), log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served(folder) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as found:
        yield found


@contextmanager
def asking_its_host_alone(browser: Browser, address: str, size: str, expected: tuple[str, ...] = ()) -> Iterator[Page]:
    """Open a page, which asks nobody but who served it."""
    host = address[: address.index("/", len("http://")) + 1]
    with opened(browser, address, size, (host,), expected) as page:
        yield page


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    with asking_its_host_alone(browser, address, request.param) as found:
        expect(found.locator("#headline b")).not_to_be_empty()
        yield found


def headline(page: Page) -> str:
    """What the page says, once it says it of the track that its controls show."""
    expect(page.locator("#headline b")).not_to_be_empty()
    page.wait_for_function("() => document.getElementById('headline').ariaBusy === 'false'")
    return page.locator("#headline").inner_text()


def state(page: Page) -> dict[str, list[str]]:
    return parse_qs(page.url.partition("#")[2])


def begin(page: Page, name: str) -> None:
    page.get_by_label("Start from").select_option(name)
    page.wait_for_function("name => location.hash.includes(`start=${name}`)", arg=name.replace(" ", "+"))


def move(page: Page, label: str, value: str) -> None:
    page.get_by_label(label, exact=True).evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        value,
    )


def test_the_page_is_no_wider_than_the_screen(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_long_name_widens_nothing(page: Page) -> None:
    headline(page)  # all controls are there
    page.locator("#start").evaluate("start => start.add(new Option('a name of many words '.repeat(12)))")
    room = page.locator("#track .feature").first.evaluate("part => part.getBoundingClientRect().right")
    assert 0 < page.locator("#start").evaluate("part => part.getBoundingClientRect().right") <= room + 1


def test_each_slider_moves_the_answer_and_says_its_value(page: Page) -> None:
    for label, said in SLIDERS.items():
        begin(page, "ambient")
        headline(page)
        before = page.locator("#genres svg").inner_html()
        slider = page.get_by_label(label, exact=True)
        move(page, label, MOVES.get(label, "0.9"))
        expect(page.locator(f"output[for='{slider.get_attribute('id')}']")).to_have_text(said)
        page.wait_for_function("before => document.querySelector('#genres svg').innerHTML !== before", arg=before)
        spoken = slider.get_attribute("aria-valuetext")
        assert spoken == ("6 minutes 20 seconds" if label == "duration" else said)
        page.get_by_role("button", name="Back to the start").click()


def test_mode_and_explicit_are_chosen_by_name(page: Page) -> None:
    begin(page, "ambient")
    page.get_by_label("minor", exact=True).check()
    page.get_by_label("yes", exact=True).check()
    page.wait_for_function("() => location.hash.includes('f.explicit=true')")
    assert state(page)["f.mode"] == ["0"]


def test_sliders_are_moved_by_the_keyboard(page: Page) -> None:
    begin(page, "ambient")
    slider = page.get_by_label("tempo", exact=True)
    slider.focus()
    before = int(slider.input_value())
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("output[for='feature-tempo']")).to_have_text(f"{before + 2} BPM")
    page.keyboard.press("Home")
    page.wait_for_function("min => location.hash.includes(`f.tempo=${min}`)", arg=slider.get_attribute("min"))


@pytest.mark.parametrize("genre", ["ambient", "blues", "techno"])
def test_a_genre_is_a_start_and_comes_first(page: Page, genre: str) -> None:
    begin(page, genre)
    expect(page.locator("#headline b")).to_have_text(genre)
    expect(page.locator("#nearest button").first).to_have_text(genre)
    expect(page.locator("#spoken")).to_contain_text(f"{genre}, ")
    assert set(state(page)) == {"start"}


def test_everything_that_the_model_holds_is_shown(page: Page) -> None:
    begin(page, "techno")
    expect(page.locator("#genres .interval")).to_have_count(3)
    expect(page.get_by_role("img", name="Probabilities of the 3 most probable genres")).to_be_visible()
    expect(page.locator("#set h3")).to_contain_text("Set of ")
    expect(page.locator("#headline")).to_contain_text("family: loud")
    expect(page.locator("#odds")).to_contain_text("techno")
    assert page.locator("#why .row").count() > 5
    expect(page.locator("#unlike")).to_be_hidden()
    page.locator("#why summary").click()
    expect(page.locator("#why tbody tr").first).to_contain_text("a typical track")


def test_a_track_beyond_all_others_is_warned_of(page: Page) -> None:
    for label, value in {
        "tempo": "60",
        "energy": "1",
        "valence": "0",
        "danceability": "1",
        "liveness": "1",
        "loudness": "-30",
    }.items():
        move(page, label, value)
    for label in ("speechiness", "acousticness", "instrumentalness"):
        move(page, label, "0")
    expect(page.locator("#unlike")).to_be_visible()
    expect(page.locator("#headline")).to_contain_text("unlike anything seen")
    expect(page.locator("#spoken")).to_contain_text("Unlike anything seen")
    page.get_by_role("button", name="Back to the start").click()
    expect(page.locator("#unlike")).to_be_hidden()


def test_two_genres_are_compared_as_asked(page: Page) -> None:
    page.locator("#genre").select_option("blues")
    page.locator("#other").select_option("techno")
    expect(page.locator("#odds")).to_contain_text("blues")
    expect(page.locator("#odds")).to_contain_text("rather than techno")
    page.locator("#genre").select_option("techno")
    expect(page.locator("#other")).to_have_value("")
    expect(page.locator("#odds")).to_contain_text("techno")


def test_a_near_genre_is_one_click_away(page: Page) -> None:
    begin(page, "techno")
    expect(page.locator("#headline b")).to_have_text("techno")
    other = page.locator("#nearest button").nth(1)
    name = other.inner_text()
    other.click()
    expect(page.locator("#headline b")).to_have_text(name)
    assert page.get_by_label("Start from").input_value() == name


def test_the_address_holds_the_track(page: Page, address: str) -> None:
    begin(page, "blues")
    move(page, "tempo", "150")
    page.get_by_label("minor", exact=True).check()
    page.locator("#other").select_option("ambient")
    page.wait_for_function("() => location.hash.includes('not=ambient') && location.hash.includes('f.tempo=150')")
    before, link = headline(page), page.url
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator("#headline b")).not_to_be_empty()
    expect(page.get_by_label("tempo", exact=True)).to_have_value("150")
    expect(page.get_by_label("minor", exact=True)).to_be_checked()
    expect(page.locator("#other")).to_have_value("ambient")
    assert headline(page) == before
    page.goto(f"{address}#start=techno&f.energy=0.25&f.key=2&f.mode=7&f.tempo=NaN&f.loudness=9e9&f.nothing=1&why=polka")
    expect(page.locator("output[for='feature-energy']")).to_have_text("0.25")
    expect(page.locator("output[for='feature-key']")).to_have_text("D")
    page.wait_for_function("() => !location.hash.includes('nothing')")
    assert set(state(page)) == {"start", "f.energy", "f.key"}


def test_two_windows_stand_side_by_side(page: Page) -> None:
    begin(page, "blues")
    move(page, "energy", "0.33")
    page.wait_for_function("() => location.hash.includes('f.energy=0.33')")
    with page.context.expect_page() as second:
        page.get_by_role("link", name="Second window with this track").click()
    other = second.value
    expect(other.locator("output[for='feature-energy']")).to_have_text("0.33")
    expect(other.get_by_label("Start from")).to_have_value("blues")
    move(other, "energy", "0.8")
    other.wait_for_function("() => location.hash.includes('f.energy=0.8')")
    expect(page.locator("output[for='feature-energy']")).to_have_text("0.33")


def test_only_the_newest_answer_stands(page: Page) -> None:
    begin(page, "ambient")
    for step in range(60, 201):
        move(page, "tempo", str(step))
    page.wait_for_function("() => location.hash.includes('f.tempo=200')")
    shown = headline(page)
    page.reload()
    expect(page.locator("#headline b")).not_to_be_empty()
    assert headline(page) == shown


def test_a_jump_to_the_answer_keeps_the_track(page: Page) -> None:
    begin(page, "techno")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "answer-title"
    assert state(page)["start"] == ["techno"]


def test_colours_follow_the_reader(page: Page) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    page.get_by_label("Colours").select_option("dark")
    dark = page.evaluate(paper)
    page.get_by_label("Colours").select_option("light")
    assert dark != page.evaluate(paper) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_fault(page: Page, theme: str) -> None:
    page.get_by_label("Colours").select_option(theme)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    page.evaluate("document.getElementById('unlike').hidden = false")
    assert serious(page) == []


def serious(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page).response["violations"]
    return [(fault["id"], fault["nodes"][0]["html"]) for fault in found if fault["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("size", SIZES)
def test_the_description_can_be_read(browser: Browser, address: str, size: str) -> None:
    with asking_its_host_alone(browser, f"{address}docs", size, expected=()) as page:
        expect(page.get_by_role("heading", name="POST /predict")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert serious(page) == []


def test_a_bare_result_has_a_page_too(browser: Browser, saved: Path) -> None:
    with served(saved) as address, asking_its_host_alone(browser, address, "desk") as page:
        expect(page.locator("#headline b")).not_to_be_empty()
        before = headline(page)
        page.get_by_label("energy", exact=True).fill("2.5")
        page.wait_for_function("() => location.hash.includes('f.energy=2.5')")
        page.get_by_label("D", exact=True).check()
        page.wait_for_function("() => location.hash.includes('f.key=D')")
        assert headline(page) != before
        expect(page.locator("#near")).to_be_hidden()
        assert serious(page) == []


def test_a_service_with_a_key_asks_for_it(browser: Browser, folder: Path) -> None:
    with served(folder, key=KEY.encode()) as address, asking_its_host_alone(browser, address, "desk", ("401",)) as page:
        field = page.get_by_label("This service asks for a key")
        field.fill("not the key of it")
        page.get_by_role("button", name="Use it").click()
        expect(page.locator("#trouble")).to_contain_text("X-API-Key")
        field.fill(KEY)
        page.get_by_role("button", name="Use it").click()
        expect(page.locator("#headline b")).not_to_be_empty()
        expect(field).to_be_hidden()
        assert KEY not in page.url
