"""Stage 14: the one self-contained page that tells the study in order."""

from genreglm.study.context import Study
from genreglm.study.report import render, summarise


def run(study: Study) -> None:
    """Leave `report.html`."""
    store = study.store
    summary = summarise(store)
    pictures = {
        path.name: path.read_bytes()
        for path in sorted(store.path("figures").iterdir())
        if path.suffix in (".png", ".svg")
    }
    page = store.text("report.html", render(summary, pictures))
    study.note(f"{page} ({page.stat().st_size / 1e6:.1f} MB)")
