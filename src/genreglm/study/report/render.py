"""The report as a page: one HTML file that asks nobody for anything."""

import itertools
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from genreglm.engine.threads import thread_count
from genreglm.selection.jobs import in_order
from genreglm.study.report.columns import cell, is_numeric
from genreglm.study.report.explain import Explainer
from genreglm.study.report.figures import data_uri, smaller

MOST_BYTES = 8_000_000
_FOR_WORDS = 2_500_000  # of which text, tables and the explorer may take this much
# D3 and Observable Plot, which draw what can be pointed at, and our own scripts about them.
_EXPLORER = ("vendor/d3.min.js", "vendor/plot.min.js", "charts.js", "matrices.js", "explorer.js")
_MANY = 2_000_000  # bytes of pictures, for which it pays to start processes


def render(summary: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    """Return the page for a summary; all text from it is escaped.

    `pictures` holds the files of figures by name (`recall.png`, `recall.svg`). The smaller file of each figure is
    embedded, in the order of the page, as long as the page stays below about 8 MB; a figure without a picture,
    or beyond that, is named with its file instead.
    """
    return _template().render(
        **summary,
        pictures=_embedded(summary, pictures),
        explain=Explainer(summary),
        figure_numbers=itertools.count(1),
        css=Markup(_file("report.css")),
        script=Markup(_file("report.js")),
        libraries=[Markup(_file(name)) for name in _EXPLORER],
    )


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals["cell"] = cell
    environment.filters["six_digits"] = lambda value: f"{value:.6g}"  # for sorting, and for what is saved
    environment.tests["numeric"] = is_numeric
    return environment.from_string(_file("report.html.jinja"))


def _embedded(summary: Mapping[str, Any], pictures: Mapping[str, bytes]) -> dict[str, str]:
    """Return data URIs of the figures that the page has room for."""
    room, held = MOST_BYTES - _FOR_WORDS, {}
    blocks = (block for section in summary["sections"] for block in section["blocks"])
    names = [block["name"] for block in blocks if block["kind"] == "figure"]
    files = [{file: pictures[file] for file in (f"{name}.png", f"{name}.svg") if file in pictures} for name in names]
    jobs = thread_count() if sum(len(data) for some in files for data in some.values()) >= _MANY else 1
    for name, picture in zip(names, in_order(smaller, files, jobs), strict=True):
        uri = data_uri(picture) if picture else ""
        if uri and len(uri) <= room:
            held[name] = uri
            room -= len(uri)
    return held


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
