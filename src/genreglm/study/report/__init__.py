"""The report: what a study left in its output folder, told in one self-contained page.

    summary = summarise(store)                # findings, tables and captions -> one plain dict, words included
    page = render(summary, pictures)          # the dict and the figures' files, bytes by name -> HTML

`summarise` decides what is said and in which order, `render` only how it looks. A stage that left nothing is
passed over, or missed in a sentence; the page is made from whatever is there.
"""

from genreglm.study.report.render import render
from genreglm.study.report.summarise import SCHEMA, summarise

__all__ = ["SCHEMA", "render", "summarise"]
