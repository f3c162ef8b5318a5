"""Every genre by itself, two beside each other, every feature by itself: picked in the page."""

from genreglm.study.report.blocks import Block, section, text
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.explorer import explorer


def look_up(evidence: Evidence) -> Block:
    """Place the explorer; the page has its data from `genreglm.study.report.explorer`."""
    there = explorer(evidence) is not None
    return section(
        "explorer",
        "Look up a genre",
        [
            text(
                "Pick a genre, another to compare it with, or a feature. The address of the page keeps what was "
                "picked, so that it can be passed on."
            ),
            {"kind": "explorer"},
        ]
        if there
        else [],
        short="Explorer",
    )
