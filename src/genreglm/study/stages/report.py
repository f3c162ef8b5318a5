"""Stage 15: the one self-contained page that tells the study in order, and the same for a program to read."""

from genreglm.study.context import Study
from genreglm.study.report import SCHEMA, render, summarise


def run(study: Study) -> None:
    """Leave `study.json`, and `report.html` made of it and the figures alone."""
    store = study.store
    store.json("study.json", {"schema": SCHEMA, **summarise(store)})
    summary = store.read_json("study.json")
    pictures = {
        path.name: path.read_bytes()
        for path in sorted(store.path("figures").iterdir())
        if path.suffix in (".png", ".svg")
    }
    page = store.text("report.html", render(summary, pictures))
    study.note(f"{page} ({page.stat().st_size / 1e6:.1f} MB)")
