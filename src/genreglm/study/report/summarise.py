"""The whole report as one plain dict, before any page is made of it."""

from typing import Any

from genreglm.study.report import answer, figures
from genreglm.study.report.blocks import Block, section
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.explorer import explorer
from genreglm.study.report.sections.data import data
from genreglm.study.report.sections.exploration import exploration
from genreglm.study.report.sections.explorer import look_up
from genreglm.study.report.sections.features import features
from genreglm.study.report.sections.genre_model import genre_model
from genreglm.study.report.sections.genres import genres
from genreglm.study.report.sections.glossary import glossary
from genreglm.study.report.sections.meaning import meaning
from genreglm.study.report.sections.methods import methods
from genreglm.study.report.sections.popularity import popularity
from genreglm.study.report.sections.recognition import recognition
from genreglm.study.report.sections.robustness import robustness
from genreglm.study.report.sections.trust import trust
from genreglm.study.report.words import counted, names
from genreglm.study.store import Store

SECTIONS = (
    *(data, exploration, features, popularity, genre_model, trust, genres, look_up, recognition),
    *(robustness, meaning, methods, glossary),
)
SCHEMA = 1  # of what `summarise` returns and `study.json` holds; one more where a key changes its meaning
TITLE = "What makes a music genre?"


def summarise(store: Store) -> dict[str, Any]:
    """Read the findings, tables and captions of an output folder into what the report says.

    Keys: `title`; `subtitle`; `simulated` (bool); `answer` (at most five sentences: text, link, link_text);
    `figures` (the numbers at the top: value, label); `sections` in order (id, title, short, blocks, see
    `blocks`), those with nothing to tell left out; `explorer`, see `explorer`, None where there is nothing to explore.
    Cells of tables hold numbers, not words.
    """
    evidence = Evidence(store)
    told = [tell(evidence) for tell in SECTIONS] + [_further(evidence)]
    sections = [one for one in told if one["blocks"]]
    return {
        "title": TITLE,
        "subtitle": _subtitle(evidence),
        "simulated": evidence.simulated,
        "answer": _linked(answer.answer(evidence), sections),
        "figures": answer.figures(evidence),
        "sections": sections,
        "explorer": explorer(evidence),
    }


def _subtitle(evidence: Evidence) -> str:
    get = evidence.get
    parts = (
        counted(get("preprocess.rows_out"), "row"),
        counted(get("preprocess.genres"), "genre"),
        counted(get("preprocess.artists"), "artist") if evidence.by_artist else None,
    )
    counts = names(part for part in parts if part)
    source = "the built-in example" if evidence.simulated else get("load.input")
    return f"A study of {counts or 'tracks'}" + (f" from {source}" if source else "")


def _further(evidence: Evidence) -> Block:
    """Figures that no section asked for."""
    return section("further", "Further figures", figures.in_part(evidence.captions, figures.FURTHER))


def _linked(points: list[answer.Point], sections: list[Block]) -> list[answer.Point]:
    """Drop the link of a sentence whose evidence is not on the page."""
    anchors = {one["id"] for one in sections} | {block.get("id") for one in sections for block in one["blocks"]}
    return [point if point["link"] in anchors else {"text": point["text"]} for point in points]
