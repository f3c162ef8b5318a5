"""Stage 14: every figure, as PNG and SVG, from the tables that the stages before left."""

from functools import partial

from genreglm.engine.threads import thread_count
from genreglm.selection.jobs import in_order
from genreglm.study.context import Study
from genreglm.study.figures import GROUPS, draw


def run(study: Study) -> None:
    """Leave `figures/NAME.png` and `.svg` with captions, and the seed's `residual_plots.png`.

    Groups of figures are drawn side by side, a process to a thread.
    """
    store = study.store
    drawn = 0
    for group in in_order(partial(draw, store.root.resolve()), list(GROUPS), min(thread_count(), len(GROUPS))):
        for name, png, svg, finding in group:
            store.figure(name, png, svg, finding)
            if name == "residual_plots":
                store.raw("residual_plots.png", png)
            drawn += 1
    study.note(f"{drawn} figures, each as PNG and SVG")
