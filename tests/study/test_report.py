import io
import itertools
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from report_folder import FIGURES, HOSTILE, SVG, full_folder

import genreglm.study.report
from genreglm import naming
from genreglm.study.report import render, summarise
from genreglm.study.report import words as w
from genreglm.study.report.blocks import section, table
from genreglm.study.report.columns import formatted
from genreglm.study.report.figures import smaller
from genreglm.study.report.render import MOST_BYTES
from genreglm.study.store import Store
from in_browser import CHROMIUM, needs_chromium

VENDOR = Path(genreglm.study.report.__file__).parent / "vendor"
VOID = {"meta", "link", "img", "br", "hr", "input"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return full_folder(tmp_path_factory.mktemp("outputs"))


@pytest.fixture(scope="module")
def summary(store: Store) -> dict[str, Any]:
    return summarise(store)


@pytest.fixture(scope="module")
def page(store: Store, summary: dict[str, Any]) -> str:
    return render(summary, pictures(store))


def pictures(store: Store) -> dict[str, bytes]:
    """What the last stage hands over: the files of the figures by name."""
    return {path.name: path.read_bytes() for path in store.path("figures").glob("*.[ps][nv]g")}


class Page(HTMLParser):
    """What the tests ask a page: its tags in order, the text outside scripts and styles, unclosed tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def blocks_of(summary: dict[str, Any], identifier: str) -> list[dict[str, Any]]:
    return next(one["blocks"] for one in summary["sections"] if one["id"] == identifier)


def prose(summary: dict[str, Any], identifier: str) -> str:
    parts = [block.get("text", " ".join(block.get("items", []))) for block in blocks_of(summary, identifier)]
    return " ".join(parts)


def tables(summary: dict[str, Any]) -> dict[str, dict[str, Any]]:
    every = itertools.chain.from_iterable(one["blocks"] for one in summary["sections"])
    return {block["title"]: block for block in every if block["kind"] == "table"}


def change(store: Store, stage: str, **findings: Any) -> None:
    store.json(f"work/{stage}.json", {**store.read_json(f"work/{stage}.json"), **findings})


# What is said


def test_answer_is_five_sentences_with_the_numbers_of_the_study(summary: dict[str, Any]) -> None:
    accuracy, flattery, features, confusions, data = (
        point["text"].replace("\N{NO-BREAK SPACE}", " ") for point in summary["answer"]
    )
    assert "113 genres for 19.9 % of the tracks by artists it has never heard" in accuracy
    assert "first five guesses for 47.9 %" in accuracy
    assert "guessing from the genres' frequencies is right for 0.9 %" in accuracy
    assert "2.5 percentage points better than it is: 17.5 % instead of 15.0 %" in flattery
    assert "acousticness, duration and danceability: with acousticness shuffled" in features
    assert "log-loss rises by 0.213 nats" in features
    assert f"{HOSTILE} is taken for genre-001 in 31 % of its test tracks (62 of them)" in confusions
    assert "1,450 of 114,000 rows were dropped (exact duplicate of an earlier row: 450" in data
    assert "15,300 tracks stand under several genres" in data
    assert "right for 79.7 % of the rows at most" in data
    assert "singer-songwriter and songwriter hold the same tracks" in data
    assert "no beat was found in 163 rows" in data


def test_every_sentence_of_the_answer_links_to_something_on_the_page(page: str, summary: dict[str, Any]) -> None:
    ids = [attributes["id"] for _, attributes in Page(page).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {point["link"] for point in summary["answer"]} <= set(ids)
    links = [link["href"] for link in Page(page).all("a") if str(link["href"]).startswith("#")]
    assert {str(link)[1:] for link in links} <= set(ids)


def test_luck_of_the_split_is_told_with_its_table(page: str) -> None:
    told = page.replace("&#39;", "'").replace("\N{NO-BREAK SPACE}", " ")
    assert "dealt into 5 folds, each tested once by the model of the others" in told
    assert "15.1 % right on average, from 14.7 % to 16.0 % by fold" in told
    assert "7 rows could not be scored, since no other fold has their genre." in told
    assert "Rows not scored" in told
    assert "The linear model on each fold of artists" in told


def test_a_random_split_that_does_not_flatter_is_not_called_flattering(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    change(folder, "evaluation", linear_random={"top_1": 0.15})
    told = summarise(folder)["answer"][1]["text"]
    assert "does not make the linear model look better here" in told


def test_sections_stand_in_the_order_of_the_study(summary: dict[str, Any]) -> None:
    order = [one["id"] for one in summary["sections"]]
    models = ["popularity", "genre-model", "trust", "genres", "explorer", "recognition", "robustness"]
    assert order == ["data", "exploration", "features", *models, "meaning", "methods", "words", "further"]


def test_every_figure_is_on_the_page_once(summary: dict[str, Any]) -> None:
    every = itertools.chain.from_iterable(one["blocks"] for one in summary["sections"])
    shown = [block["name"] for block in every if block["kind"] == "figure"]
    assert sorted(shown) == sorted(FIGURES)
    assert [block["name"] for block in blocks_of(summary, "further")] == ["something_new"]


def test_summary_is_plain_values_that_json_holds(summary: dict[str, Any], store: Store, page: str) -> None:
    again = json.loads(json.dumps(summary, allow_nan=False))
    assert again == summary
    assert render(again, pictures(store)) == page


def test_ledger_is_shown_and_its_balance_told(summary: dict[str, Any]) -> None:
    assert "114,000 rows came in, 1,450 were dropped, and 112,550 are left." in prose(summary, "data")
    found = tables(summary)["Rules that found something"]
    assert [row[1] for row in found["rows"]][1:3] == [
        "exact duplicate of an earlier row",
        "exact duplicate made by merging genres",
    ]
    assert [row[1] for row in tables(summary)["Rules that found nothing"]["rows"]] == ["genre with fewer than 10 rows"]


def test_a_ledger_that_does_not_balance_is_said_aloud(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    change(folder, "preprocess", rows_out=112_551)
    titles = [block.get("title") for block in blocks_of(summarise(folder), "data")]
    assert "The ledger does not balance." in titles


def test_the_leak_is_told_with_both_numbers(summary: dict[str, Any]) -> None:
    assert "goes from 0.042 to 0.900" in prose(summary, "popularity")


def test_separated_cells_are_named_in_words(summary: dict[str, Any]) -> None:
    told = prose(summary, "genre-model")
    assert f"“explicit lyrics: yes” never occurs in 2 genres ({HOSTILE} and genre-001)." in told
    assert "The base level of time signature never occurs in genre-001." in told


def test_coefficients_shown_are_the_three_clearest_of_each_genre_and_none_without_a_test(
    summary: dict[str, Any],
) -> None:
    shown = tables(summary)["The largest effects of each genre"]
    keys = [column["key"] for column in shown["columns"]]
    frame = pd.DataFrame(shown["rows"], columns=keys)
    assert (frame.groupby("class").size() <= 3).all()
    assert frame["class"].nunique() == 113
    assert set(frame["term"]) == {"energy", "C(key)[T.1]", "cr(loudness, df=4)[1]"}


def test_correlations_name_each_pair_once_with_the_strongest_first(summary: dict[str, Any]) -> None:
    assert "rank correlation: energy and loudness (0.76)" in prose(summary, "exploration")
    rows = tables(summary)["Pairs of features by rank correlation"]["rows"]
    assert len(rows) == 10
    assert len({frozenset(row[:2]) for row in rows}) == 10


def test_genres_that_are_never_recognised_are_counted(summary: dict[str, Any]) -> None:
    assert "1 genre is never recognised in the test." in prose(summary, "recognition")


def test_unclear_terms_are_named_with_their_p_value(summary: dict[str, Any]) -> None:
    assert "Not told from nothing: key (statistic 1,200 on 1,232 degrees of freedom, p = 0.731)." in prose(
        summary, "genre-model"
    )


def test_no_p_value_stands_bare(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    test = {"df": [2.0, 3.0], "statistic": [0.4, 7.0], "p_value": [0.7, 0.001], "p_adjusted": [0.7, 0.002]}
    ends = {"conf_low": [0.1, 0.2], "conf_high": [0.3, 0.4], "log10_p": [-0.1, -3.0]}
    terms = pd.DataFrame(test | ends | {"term": ["energy", "tempo"]})
    changes = {"r2_change": [-1e-5, 2e-4], "aic_before": [10.0, 9.0], "aic_after": [9.0, 8.0]}
    steps = pd.DataFrame(test | changes)
    folder.table("popularity_steps", steps.assign(step=[1, 2], dropped=["mode", "key"]))
    folder.table("popularity_curvature", steps.assign(step=[1, 2], term=["energy", "tempo"]))
    for name in ("term_tests", "term_tests_higher_order"):
        folder.table(name, terms.assign(typical_effect=0.2))
    folder.table(
        "simplification_trace", terms.drop(columns="p_value").assign(step=[1, 2], change=0.2, dropped=[True, False])
    )
    pairs = terms.drop(columns="term").assign(class_1="genre-001", class_2="genre-002", distance=0.3)
    folder.table("genre_distances", pairs.assign(log_odds_apart=0.2))
    change(folder, "genres", not_told_apart=1)
    shown = tables(summarise(folder))
    assert {
        "Terms dropped, step by step",
        "Curves tried, step by step",
        "Simplification, step by step",
        "Term tests of the initial model, clustered by artist",
        "Term tests of the higher-order model",
        "Pairs of genres, the nearest first",
    } <= set(shown)
    tested = 0
    for title, shown_table in shown.items():
        keys = {column["key"] for column in shown_table["columns"]}
        assert not keys & {"p_value", "log10_p"}, title
        if "p_adjusted" in keys:
            tested += 1
            # What a term does for R^2 or for a fit's spread has no interval of its own.
            effects = {"estimate", "change", "typical_effect", "log_odds_apart"}
            assert (keys & effects and {"conf_low", "conf_high"} <= keys) or keys & {"r2_change", "contribution_sd"}, (
                title
            )
    assert tested >= 6


def test_trust_tells_who_moves_the_model_and_what_changes_without_them(summary: dict[str, Any]) -> None:
    told = prose(summary, "trust").replace("\N{NO-BREAK SPACE}", " ")
    assert (
        "The most influential artist, Mozart with 305 rows, has a Cook's distance of 0.240: without that artist the "
        "coefficients move 20 times as far as without the most influential track." in told
    )
    assert "Cook's distance is the square of how far the coefficients move" in told
    assert "Without the ten most influential artists (2,288 rows), the typical coefficient moves by 0.052" in told
    assert "by 2.3 (explicit lyrics: yes in genre-001); of 1,012 coefficients" in told
    assert "3 change sign" in told
    assert "varies 22.7 times as much between artists" in told
    assert "every standard error of the genre model is clustered by artist, and the headline score is" in told
    assert "26 % of the bins lie outside" in told
    assert "for genre-112, where tempo is about 150" in told
    assert "read a coefficient as a summary" in told
    assert "in 10 groups of rows: chi-square 5,147 on 896 degrees of freedom, p < 1e-16" in told
    assert "With so many rows such a test rejects any model. Rows count as independent, though" in told
    assert "7.5 % of the rows would have to change genre" in told
    assert "largest condition index of the design is 107 (it joins energy and tempo)" in told
    assert len(tables(summary)["The ten most influential tracks"]["rows"]) == 10


def test_trust_says_nothing_of_artists_that_a_table_does_not_name(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    change(folder, "preprocess", has_artists=False)
    told = prose(summarise(folder), "trust")
    assert "artist" not in told
    shown = [block for block in blocks_of(summarise(folder), "trust") if block["kind"] in ("table", "figure")]
    assert shown
    assert "artist" not in json.dumps([[block.get(key) for key in ("title", "name", "columns")] for block in shown])


def test_the_most_influential_artist_of_one_row_is_not_compared_with_a_track(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    folder.table("influential_artists", folder.read_table("influential_artists").assign(rows=1))
    told = prose(summarise(folder), "trust")
    assert "The most influential artist" not in told


def test_artists_that_chance_alone_may_explain_are_not_called_dependent(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    change(folder, "diagnosis", variance_ratio=1.9, variance_p_value=0.31)
    told = prose(summarise(folder), "trust")
    assert "They do." not in told
    assert "as far as these rows can tell" in told
    assert "That is why" not in told
    change(folder, "diagnosis", variance_ratio=1.2, variance_p_value=0.01)
    assert "They do. What the model leaves unexplained varies 1.20 times" in prose(summarise(folder), "trust")


@pytest.mark.parametrize("outside", [0.05, 0.08, None])
def test_no_bin_is_blamed_where_as_many_lie_outside_as_chance_puts_there(tmp_path: Path, outside: float | None) -> None:
    folder = full_folder(tmp_path, genres=6)
    change(folder, "diagnosis", bins_outside=outside, **({} if outside else {"worst_bin": None}))
    told = prose(summarise(folder), "trust")
    assert ("of the bins lie outside" in told) == (outside is not None)
    assert "misses most" not in told
    assert "their doing" not in told
    assert "read a coefficient as a summary" not in told


def test_few_rows_do_not_excuse_a_test_that_rejects(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    change(folder, "diagnosis", rows=300)
    told = prose(summarise(folder), "trust")
    assert "chi-square 5,147" in told
    assert "rejects any model" not in told


def test_pairs_that_no_test_can_judge_are_not_counted(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    change(folder, "genres", not_told_apart=None)
    told = summarise(folder)
    assert "cannot be told apart" not in prose(told, "genres")
    keys = [column["key"] for column in tables(told)["Pairs of genres, the nearest first"]["columns"]]
    assert keys == ["class_1", "class_2", "distance"]
    change(folder, "genres", not_told_apart=0)
    assert "All 6,328 pairs are told apart by a test" in prose(summarise(folder), "genres")


@pytest.mark.parametrize(("genres", "near", "apart"), [(2, 0, 0), (3, 1, 1), (5, 3, 1), (9, 4, 3)])
def test_nearest_and_furthest_are_at_most_a_third(tmp_path: Path, genres: int, near: int, apart: int) -> None:
    folder = full_folder(tmp_path, genres=genres)
    names = [f"genre {number}" for number in range(genres)]
    pairs = [{"class_1": a, "class_2": b, "distance": 1.0} for a, b in itertools.combinations(names, 2)]
    change(folder, "genres", nearest=pairs[:8], apart=names[:5], pairs=len(pairs), not_told_apart=1)
    told = prose(summarise(folder), "genres")
    found = re.search(r"Nearest are (.*?)\.", told)
    assert (found[1].count("genre ") if found else 0) == 2 * near
    found = re.search(r"Furthest from all others: (.*?)\.", told)
    assert (found[1].count("genre ") if found else 0) == apart


def test_three_genres_of_300_rows_without_artists_are_told_truly(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=3)
    change(folder, "preprocess", has_artists=False, rows_in=300, rows_out=300, artists=300, multi_label_tracks=None)
    change(folder, "diagnosis", rows=300, parameters=20, bins_outside=0.05, refits={})
    change(folder, "genres", pairs=3, not_told_apart=None, leaders=[["energy", 3]])
    told = summarise(folder)
    for part in ("trust", "genres"):
        words = prose(told, part) + json.dumps(
            [
                (block["title"], block["columns"]) if block["kind"] == "table" else block["name"]
                for block in blocks_of(told, part)
                if block["kind"] in ("table", "figure")
            ]
        )
        assert "artist" not in words.lower(), part
    assert "so many" not in prose(told, "trust")
    assert "Another draw of tracks" in prose(told, "meaning")
    assert "Which tracks are held out is luck." in prose(told, "recognition")
    assert "by artist and by row" not in prose(told, "recognition")
    assert "on each fold of tracks" in " ".join(tables(told))
    assert not re.search(r"\b(None|nan|NaN)\b", Page(render(told, pictures(folder))).text)


def test_a_model_that_holds_is_told_so(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    change(folder, "diagnosis", variance_ratio=1.1, variance_p_value=0.4, refits={})
    folder.table("condition_indices", pd.DataFrame({"dimension": [1], "condition_index": 3.0, "term": ["energy"],
                                                    "proportion": 0.9}))  # fmt: skip
    folder.table("goodness_of_fit", pd.DataFrame({"statistic": [20.0], "df": 24, "p_value": 0.69, "groups": 9}))
    told = prose(summarise(folder), "trust")
    assert "what the model leaves unexplained varies 1.10 times" in told
    assert "in 9 groups of rows: chi-square 20 on 24" in told
    assert "design is 3: no trouble" in told
    assert "rejects any model" not in told


def test_genres_are_told_by_importance_effects_and_likeness(summary: dict[str, Any]) -> None:
    told = prose(summary, "genres").replace("\N{NO-BREAK SPACE}", " ")
    assert (
        "The largest parts of what the terms hold of the likelihood rest on energy (41 %) and duration (20 %)" in told
    )
    assert "Intervals are clustered by artist." in told
    assert "tells most is energy in 70 and duration in 43" in told
    assert "Nearest are genre-001 and genre-112" in told
    assert "Of 6,328 pairs, 5 cannot be told apart" in told
    assert "58 % of the differences" in told
    assert tables(summary)["Pairs of genres, the nearest first"]["rows"][0][2] == 0.2


def test_methods_hold_what_a_repetition_needs(page: str) -> None:
    text = Page(page).text
    for needed in (
        "genreglm study dataset.csv",
        "ab" * 32,
        "numpy",
        "3.13.1",
        "2.3.0",
        "Seed",
        "All stages before this page took 6 s",
    ):
        assert needed in text


# Simulated input


def test_simulated_input_is_said_at_the_top_and_wherever_the_headline_is_quoted(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6, simulated=True)
    told = summarise(folder)
    page = Page(render(told, pictures(folder)))
    assert page.text.index("Simulated data.") < page.text.index("The answer")
    assert "(simulated tracks)" in page.text.split("genre?", 2)[1]
    assert told["answer"][0]["text"].startswith("On simulated tracks")
    assert blocks_of(told, "recognition")[0]["text"].startswith("On simulated tracks")
    assert page.text.count("simulated tracks") >= 5


def test_a_real_table_is_nowhere_called_simulated(page: str) -> None:
    assert "simulated" not in Page(page).text.lower()


# What is absent


def without(folder: Store, path: str) -> None:
    shutil.rmtree(folder.path(path)) if folder.path(path).is_dir() else folder.path(path).unlink()


@pytest.mark.parametrize(
    "path",
    [
        "work/load.json",
        "work/preprocess.json",
        "work/popularity.json",
        "work/genre_models.json",
        "work/evaluation.json",
        "work/timings.json",
        "manifest.json",
        "ledger.csv",
        "tables",
        "figures",
        "work",
    ],
)
def test_a_page_is_made_without(path: str, tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=3)
    without(folder, path)
    text = Page(render(summarise(folder), pictures(folder))).text
    assert "What makes a music genre?" in text
    assert not re.search(r"\b(None|nan|NaN)\b", text)


def test_an_empty_folder_gives_a_page_that_says_so(tmp_path: Path) -> None:
    told = summarise(Store(tmp_path))
    assert told["answer"] == []
    assert "no answer to give" in Page(render(told, {})).text


@pytest.mark.parametrize("stage", ["load", "preprocess", "popularity", "genre_models", "evaluation"])
def test_any_single_finding_may_be_absent(stage: str, tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=2)
    whole = folder.read_json(f"work/{stage}.json")
    for key in whole:
        folder.json(f"work/{stage}.json", {name: value for name, value in whole.items() if name != key})
        text = Page(render(summarise(folder), {})).text
        assert not re.search(r"\b(None|nan)\b", text), key


def test_without_popularity_the_section_says_why(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    without(folder, "work/popularity.json")
    change(folder, "preprocess", has_popularity=False)
    assert "The table has no popularity column" in prose(summarise(folder), "popularity")


def test_a_popularity_study_left_out_says_why(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    folder.json("work/popularity.json", {"left_out": "All tracks have the same popularity."})
    told = blocks_of(summarise(folder), "popularity")
    assert [block["text"] for block in told] == [
        "There is no model of popularity. All tracks have the same popularity."
    ]


def test_a_sample_balances_and_is_not_called_a_fault(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    ledger = pd.read_csv(folder.path("ledger.csv"))
    ledger.loc[len(ledger)] = ["load", "sample", "rows", 104_000, "dropped", ""]
    folder.csv("ledger.csv", ledger)
    change(folder, "preprocess", rows_in=10_000, rows_out=8_550)
    told = summarise(folder)
    assert "105,450 were dropped, and 8,550 are left." in prose(told, "data")
    assert "1,450 of 114,000 rows were dropped" in told["answer"][-1]["text"]


def test_three_genres_that_are_one_are_all_named(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    change(folder, "preprocess", merged=[["a", "b", "c"]])
    told = summarise(folder)
    assert "a, b and c hold the same tracks" in told["answer"][-1]["text"]
    assert "The genres a, b and c hold exactly the same tracks; they count as one, a." in prose(told, "data")


def test_without_artists_nothing_is_claimed_about_artists(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    change(folder, "preprocess", has_artists=False, artists=5_000)
    told = summarise(folder)
    assert "tracks it has never heard" in told["answer"][0]["text"]
    assert "artist" not in told["answer"][0]["text"]
    assert "The table names no artists." in prose(told, "recognition")
    assert "by first artist" not in prose(told, "genre-model")
    assert "artist" not in told["subtitle"]


def test_two_genres_are_not_offered_five_guesses(tmp_path: Path) -> None:
    told = summarise(full_folder(tmp_path, genres=2))
    assert "five guesses" not in json.dumps(told["answer"]) + json.dumps(told["figures"])


def test_a_table_without_rows_is_left_out(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    folder.table("worst_confusions", pd.DataFrame(columns=["true", "predicted", "count", "rate"]))
    folder.table("term_tests", pd.DataFrame(columns=["term", "statistic", "df", "p_value"]))
    assert not {"Pairs confused most", "Term tests of the initial model, clustered by artist"} & set(
        tables(summarise(folder))
    )


# The page


def test_the_page_asks_nobody_for_anything(page: str) -> None:
    for tag, attributes in Page(page).tags:
        for name in ("src", "srcset", "data", "action", "poster"):
            assert str(attributes.get(name, "data:")).startswith("data:"), (tag, attributes)
        assert tag not in {"link", "iframe", "object", "embed", "base"}
    outside = {str(link["href"]) for link in Page(page).all("a") if not str(link["href"]).startswith("#")}
    assert all(
        link.startswith(("https://www.kaggle.com/", "https://doi.org/", "https://opendatacommons.org/"))
        for link in outside
    )
    without_links = page
    # The libraries name XML's namespaces; the page's policy lets none of them fetch anything.
    for library in VENDOR.glob("*.js"):
        without_links = without_links.replace(library.read_text(encoding="utf-8"), "")
    for link in outside:
        without_links = without_links.replace(link, "")
    assert not re.search(r"https?://|url\(|@import", without_links)


def test_text_from_the_data_is_escaped(page: str) -> None:
    assert HOSTILE not in page
    assert len(Page(page).all("script")) == 7  # the page's; two libraries, the data, and three that draw
    assert HOSTILE in Page(page).text


def test_headings_go_down_one_level_at_a_time(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Page(page).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_figures_have_captions_alternative_text_and_the_smaller_picture(page: str) -> None:
    images = [image for image in Page(page).all("img") if "src" in image]
    assert len(images) == len(FIGURES)
    assert all(image["alt"] and str(image["src"]).startswith("data:image/png;base64,") for image in images)
    assert all(f"Caption of {name}." in Page(page).text for name in FIGURES)


def noise(side: int) -> bytes:
    """A PNG that cannot be made small: a byte a pixel in 256 colours."""
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side), dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_picture_keeps_its_looks_in_few_colours() -> None:
    shades = np.linspace(0, 255, 300).astype(np.uint8)
    gradient = np.stack(np.broadcast_arrays(shades[:, None], shades[None, :], np.uint8(128)), axis=2)
    buffer = io.BytesIO()
    Image.fromarray(gradient).save(buffer, "PNG")
    found = smaller({"one.png": buffer.getvalue()})
    assert found is not None
    shown = np.asarray(Image.open(io.BytesIO(found)).convert("RGB"), dtype=float)
    assert np.abs(shown - gradient).mean() < 6.0


def test_an_svg_is_taken_where_it_is_smaller(tmp_path: Path) -> None:
    folder = Store(tmp_path)
    folder.figure("correlations", noise(100), SVG, "Energy goes with loudness.")
    assert "data:image/svg+xml;base64," in render(summarise(folder), pictures(folder))


def test_the_page_stays_below_its_limit_and_names_the_files_it_has_no_room_for(summary: dict[str, Any]) -> None:
    heavy = dict.fromkeys((f"{name}.png" for name in FIGURES), noise(700))
    page = render(summary, heavy)
    assert len(page.encode()) < MOST_BYTES
    text = Page(page).text
    assert "see figures/confusion_matrix.png in the output folder" in text
    assert "see figures/genre_distribution.png" not in text


def test_long_tables_are_folded_and_can_be_filtered(page: str) -> None:
    folded = Page(page).all("details")
    fields = [field for field in Page(page).all("input") if field.get("type") == "search"]
    assert len(folded) >= 5
    assert 1 <= len(fields) <= len(folded)


# Pieces


def test_sentences_vanish_with_a_missing_number() -> None:
    assert w.say("{a} of {b}", a=w.count(3), b=w.percent(None)) is None
    assert w.say("{a} of {b}", a=w.count(3), b=w.percent(float("nan"))) is None
    assert w.say("{a} of {b}", a=w.count(3), b=w.count(1234)) == "3 of 1,234"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("energy", "energy"),
        ("log_duration_min", "log duration"),
        ("C(key)", "key"),
        ("C(key)[T.1]", "key: C♯/D♭"),
        ("C(mode)[T.1.0]", "mode: major"),
        ("explicit[T.True]", "explicit lyrics: yes"),
        ("C(time_signature)[T.0]", "time signature: 0"),
        ("C(time_signature, contr.treatment(4))[T.5]", "time signature: 5"),
        ("cr(log_speechiness, df=4)", "log speechiness (spline)"),
        ("cr(energy, df=4, constraints='center')[2]", "energy (spline, part 2)"),
        ("poly(tempo, 2)", "tempo (polynomial)"),
        ("energy:valence", "energy × valence"),
        ("scale(energy):scale(log_speechiness)", "energy × log speechiness"),
        ("I(tempo ** 2)", "I(tempo ** 2)"),
        ("(Intercept)", "(Intercept)"),
    ],
)
def test_terms_read_as_words(name: str, words: str) -> None:
    assert naming.term(name) == words


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (None, "percent", ""),
        (0.19938, "percent", "19.9\N{NO-BREAK SPACE}%"),
        (-3.14159, "number:2", "−3.14"),
        (float("inf"), "number:2", "infinite"),
        (113_550, "count", "113,550"),
        (0.0, "p", "< 1e-16"),
        (0.00002, "p", "2.0e−05"),
        (0.0449, "p", "0.045"),
        (33.265, "figures", "33.3"),
        (0.08479, "figures", "0.0848"),
        (-12345.6, "figures", "−12,346"),
        (0.0, "figures", "0"),
        ("x" * 10_000, "text", "x" * 59 + "…"),
        (True, "text", "yes"),
    ],
)
def test_cells_are_rounded(value: Any, kind: str, words: str) -> None:
    assert formatted(value, kind) == words


def test_names_of_any_length_keep_the_page_readable(tmp_path: Path) -> None:
    folder = full_folder(tmp_path, genres=6)
    long = "y" * 10_000
    change(folder, "evaluation", confusions=[{"true": long, "predicted": "z", "rate": 0.3, "count": 9}])
    assert "y" * 61 not in json.dumps(summarise(folder))


def test_features_read_as_words_however_they_enter() -> None:
    names = ("log_duration_min", "C(key)", "cr(log_loudness, df=3)", "beat_found")
    assert [naming.feature(name) for name in names] == ["duration", "key", "loudness", "beat found"]


def test_names_beyond_the_limit_are_counted() -> None:
    assert w.names(["a"]) == "a"
    assert w.names(list("abcdefghijk"), most=3) == "a, b, c and 8 more"
    assert w.names([]) is None


def test_a_table_keeps_numbers_drops_empty_columns_and_says_how_long_the_file_is() -> None:
    frame = pd.DataFrame({"genre": ["a", "b", "c"], "recall": [0.5, np.nan, 0.1], "nothing": np.nan})
    block = table(frame, "Recall", "tables/recall.csv", most=2)
    assert block is not None
    assert block["rows"] == [["a", 0.5], ["b", None]]
    assert block["rows_in_file"] == 3
    assert [column["label"] for column in block["columns"]] == ["Genre", "Recall"]


def test_a_heading_with_nothing_below_is_left_out() -> None:
    heading = {"kind": "heading", "text": "Empty", "id": ""}
    words = {"kind": "text", "text": "Something."}
    kept = section("x", "X", [heading, heading, words, heading, None])["blocks"]
    assert kept == [heading, words]


# In a browser


@needs_chromium
def test_the_page_opens_in_a_browser_without_a_fault(page: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    options += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    options += [f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--dump-dom"]
    done = subprocess.run(
        [str(CHROMIUM), *options, file.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    # The page's policy forbids every request, so the browser would report one as refused.
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line or "Refused" in line]
    assert said == []
    opened = Page(done.stdout)
    assert len([image for image in opened.all("img") if "src" in image]) == len(FIGURES)
    filters = [label for label in opened.all("label") if label.get("class") == "filter"]
    assert filters
    assert all("hidden" not in label for label in filters)
