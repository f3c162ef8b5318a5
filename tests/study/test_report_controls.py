"""Every control of the page, used in a browser: explorer, tables, figures, colours, on a desk and on a phone."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect
from report_folder import HOSTILE, full_folder

from genreglm.study.report import render, summarise
from in_browser import SIZES, needs_chromium, opened, started

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("outputs")
    store = full_folder(root, genres=30)
    pictures = {path.name: path.read_bytes() for path in store.path("figures").glob("*.png")}
    file = root / "report.html"
    file.write_text(render(summarise(store), pictures), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as found:
        yield found


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    """The page, which asks nobody for anything."""
    with opened(browser, address, request.param, ("file:", "blob:")) as found:
        yield found


def point_at(page: Page, square: Locator) -> None:
    """Move the mouse onto a square, a little further each time, as a hand does."""
    square.scroll_into_view_if_needed()
    box = square.bounding_box()
    assert box is not None
    for step in (2, 3, 4):
        page.mouse.move(box["x"] + step, box["y"] + step)
        page.wait_for_timeout(50)


def test_the_page_is_no_wider_than_the_screen(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_genre_is_picked_by_its_name_and_stays_in_the_address(page: Page, address: str) -> None:
    page.get_by_label("Genre", exact=True).fill("genre-007")
    view = page.locator("#explorer-view")
    expect(view.locator(".card b")).to_have_text(["genre-007"])
    expect(view.get_by_role("heading", name="Its tracks beside all")).to_be_visible()
    assert page.url == f"{address}#genre=genre-007"
    page.goto(f"{address}#genre=genre-008&with=genre-009")
    expect(view.locator(".card b")).to_have_text(["genre-008", "genre-009"])


def test_half_a_name_is_no_choice_and_a_wrong_one_is_said(page: Page) -> None:
    field = page.get_by_label("Genre", exact=True)
    field.fill("genre-007")
    field.fill("no such genre")
    assert field.evaluate("field => field.validationMessage") == "No genre of this study has this name."
    expect(page.locator("#explorer-view .card b")).to_have_text(["genre-007"])


def test_two_genres_stand_beside_each_other(page: Page) -> None:
    page.get_by_label("Genre", exact=True).fill("genre-007")
    page.get_by_label("beside", exact=True).fill("genre-008")
    view = page.locator("#explorer-view")
    expect(view.locator(".card b")).to_have_text(["genre-007", "genre-008"])
    expect(view.get_by_role("img", name="Profile of genre-007 and genre-008 beside all tracks")).to_be_visible()


def test_a_neighbour_is_one_click_away(page: Page) -> None:
    page.get_by_label("Genre", exact=True).fill("genre-001")
    page.locator("#explorer-view li button").first.click()
    expect(page.locator("#explorer-view .card b")).to_have_text(["genre-001", HOSTILE])


def test_a_feature_is_picked_and_gives_way_to_a_genre(page: Page) -> None:
    page.locator("select[name=feature]").select_option("energy")
    view = page.locator("#explorer-view")
    expect(view.get_by_role("heading", name="Genres that energy lifts and lowers most")).to_be_visible()
    expect(view.get_by_role("heading", name="Genres along energy")).to_be_visible()
    page.get_by_label("Genre", exact=True).fill("genre-007")
    expect(view.locator(".card b")).to_have_text(["genre-007"])


def test_all_mistakes_are_shown_by_genre_and_by_family(page: Page) -> None:
    view, choice = page.locator("#confusion-view"), page.locator("#confusion-choice select")
    expect(view.locator("svg")).to_have_count(0)  # drawn when it comes near
    choice.scroll_into_view_if_needed()
    right = view.locator("rect[fill='var(--second)']")
    expect(right).to_have_count(30)
    choice.select_option("family")
    expect(right).to_have_count(30)
    point_at(page, right.first)
    expect(view.locator("svg")).to_contain_text("100.0 %")
    choice.select_option("families")
    assert set(view.locator("text").all_text_contents()) >= {"rock", "dance"}


def test_effects_are_ordered_as_asked_and_point_at_their_numbers(page: Page) -> None:
    view, choice = page.locator("#effects-view"), page.locator("#effects-choice select")
    choice.scroll_into_view_if_needed()
    expect(view.get_by_role("img", name="What each feature does to each genre")).to_be_visible()
    choice.select_option("energy")
    point_at(page, view.locator("rect[fill^='var(']").first)
    expect(view.locator("svg")).to_contain_text("points")
    choice.select_option("family")
    assert set(view.locator("text").all_text_contents()) >= {"rock", "dance"}


def test_correlations_are_drawn(page: Page) -> None:
    page.locator("#correlations-choice").scroll_into_view_if_needed()
    view = page.locator("#correlations-view")
    expect(view.get_by_role("img", name="Rank correlations of the features")).to_be_visible()
    point_at(page, view.locator("rect[fill^='var(']").first)
    expect(view.locator("svg")).to_contain_text(" and ")


def test_a_term_of_art_explains_itself_and_leads_to_the_words(page: Page) -> None:
    term = page.locator("#recognition a.term", has_text="log-loss").first
    assert "natural logarithm" in (term.get_attribute("title") or "")
    term.click()
    expect(page.locator("#word-nat-log-loss")).to_be_in_viewport()
    assert page.locator("#words a.term").count() == 0


def test_a_table_is_sorted_both_ways_and_saved(page: Page, tmp_path: Path) -> None:
    box = page.locator(".table", has_text="Models side by side")
    scores = box.locator("tbody tr td:nth-child(4)")
    head = box.locator("th button", has_text="Top-1")
    head.click()
    values = [float(value) for value in scores.evaluate_all("cells => cells.map(cell => cell.dataset.value)")]
    assert values == sorted(values)
    head.click()
    assert box.locator("th[aria-sort='descending']").inner_text().startswith("Top-1")
    again = [float(value) for value in scores.evaluate_all("cells => cells.map(cell => cell.dataset.value)")]
    assert again == sorted(values, reverse=True)
    with page.expect_download() as download:
        box.get_by_role("button", name="Save as CSV").click()
    file = tmp_path / "saved.csv"
    download.value.save_as(file)
    assert download.value.suggested_filename == "model_comparison.csv"
    rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0][:4] == ["Model", "Split", "Features", "Top-1"]
    assert [float(row[3]) for row in rows[1:]] == again


def test_a_long_table_is_unfolded_and_filtered(page: Page) -> None:
    box = page.locator(".table", has=page.locator("summary", has_text="Precision and recall of each genre"))
    box.locator("summary").click()
    box.get_by_label("Show rows with").fill("genre-012")
    expect(box.locator("tbody tr:visible")).to_have_count(1)
    expect(box.get_by_role("status")).to_contain_text("1 of ")


def test_colours_follow_the_reader(page: Page) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    page.get_by_label("Colours").select_option("dark")
    dark = page.evaluate(paper)
    page.get_by_label("Colours").select_option("light")
    assert dark != page.evaluate(paper) == "rgb(255, 255, 255)"


def test_a_figure_is_enlarged_and_put_away_by_the_keyboard(page: Page) -> None:
    button = page.get_by_role("button", name="Enlarge figure 1", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog#large")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#large")).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_fault(page: Page, theme: str) -> None:
    page.get_by_label("Colours").select_option(theme)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    found = Axe().run(page).response["violations"]
    assert [
        (fault["id"], fault["nodes"][0]["html"]) for fault in found if fault["impact"] in ("serious", "critical")
    ] == []
