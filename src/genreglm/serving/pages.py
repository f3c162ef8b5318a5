"""The files of the pages, read once: the what-if page, and the description of the service."""

import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

# name in the address -> where it lies in the package, and what it is; D3 is the one that the study's report holds
_FILES = {
    "what_if.css": ("serving/page/what_if.css", "text/css"),
    "what_if.js": ("serving/page/what_if.js", "text/javascript"),
    "charts.js": ("serving/page/charts.js", "text/javascript"),
    "d3.min.js": ("study/report/vendor/d3.min.js", "text/javascript"),
}


@dataclass(frozen=True)
class PageFile:
    """A file, its kind, and the tag by which a browser knows that it has it already."""

    data: bytes
    kind: str
    tag: str

    def answer(self, request: Request) -> Response:
        """Return the file, or 304 to a browser that has it."""
        headers = {"Cache-Control": "no-cache", "ETag": self.tag}
        if request.headers.get("if-none-match") == self.tag:
            return Response(status_code=304, headers=headers)
        return Response(self.data, media_type=f"{self.kind}; charset=utf-8", headers=headers)


def page_files() -> dict[str, PageFile]:
    """Return the files that the pages consist of, "" the what-if page itself."""
    found = {name: _read(place, kind) for name, (place, kind) in _FILES.items()}
    return found | {"": _read("serving/page/what_if.html", "text/html")}


def description(schema: dict[str, Any]) -> HTMLResponse:
    """Return what /docs shows: the OpenAPI description as a page to read."""
    from jinja2 import Environment, StrictUndefined  # not before it is wanted: a service should be up at once

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_package_file("serving/page/docs.html.jinja").decode())
    return HTMLResponse(template.render(schema=schema))


def _read(place: str, kind: str) -> PageFile:
    data = _package_file(place)
    return PageFile(data, kind, f'"{hashlib.sha256(data).hexdigest()[:32]}"')


def _package_file(place: str) -> bytes:
    return resources.files("genreglm").joinpath(place).read_bytes()
