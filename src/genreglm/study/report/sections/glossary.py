"""Terms of art that the page uses, each in a sentence."""

from genreglm.study.report.blocks import Block, facts, section
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.terms import terms


def glossary(evidence: Evidence) -> Block:
    """Explain the terms, where the page has anything to say."""
    if not any(evidence.findings.values()):
        return section("words", "Words", [])
    known = terms(evidence.get("preprocess.genres"))
    entries = facts((term.label, term.meaning) for term in known)
    return section("words", "Words", [entries and entries | {"anchors": [term.anchor for term in known]}])
