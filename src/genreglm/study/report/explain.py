"""Help on hover: the first mention of a term of art in a section shows what it means, and leads to the glossary."""

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from genreglm.study.report.terms import terms


class Explainer:
    """Explain the terms that a page's glossary holds, each once a section."""

    def __init__(self, summary: Mapping[str, Any]) -> None:
        blocks = [block for section in summary["sections"] if section["id"] == "words" for block in section["blocks"]]
        self._meanings = dict(pair for block in blocks if block["kind"] == "facts" for pair in block["pairs"])
        self._terms = [term for term in terms(None) if term.label in self._meanings]
        # The longest spelling first, where one begins another.
        patterns = (f"(?P<t{place}>{term.mentions})" for place, term in enumerate(self._terms))
        self._any = re.compile(rf"(?<![\w-])(?:{'|'.join(patterns)})(?![\w-])") if self._terms else None
        self._said: set[tuple[str, str]] = set()

    def __call__(self, text: str, section: str) -> Markup:
        """Return the text, escaped, with links from first mentions to the glossary."""
        escaped = str(escape(text))
        if self._any is None or section == "words":
            return Markup(escaped)

        def link(found: re.Match[str]) -> str:
            term = self._terms[int(str(found.lastgroup)[1:])]
            if (section, term.label) in self._said:
                return found[0]
            self._said.add((section, term.label))
            return f'<a class="term" href="#{term.anchor}" title="{escape(self._meanings[term.label])}">{found[0]}</a>'

        return Markup(self._any.sub(link, escaped))

    def meaning(self, label: str) -> str | None:
        """Return what the first term of art in a column's name means, None where there is none."""
        found = self._any.search(str(escape(label))) if self._any else None
        return self._meanings[self._terms[int(str(found.lastgroup)[1:])].label] if found else None
