"""Stage 11: how sure a prediction is: corrected probabilities, and sets of genres for artists never heard."""

import numpy as np
import pandas as pd

from genreglm.errors import DataError
from genreglm.study import assurance
from genreglm.study.context import Study


def run(study: Study) -> None:
    """Leave what correcting the best GLM's probabilities does, and how often its sets of genres hold the truth.

    The model was fitted and chosen without the artists of the test. These are dealt into halves, and what is learnt
    from one is judged on the other.
    """
    store, seed = study.store, study.config.seed
    tracks = store.read_frame("tracks")
    rows = tracks[tracks["split_artist"] == "test"].reset_index(drop=True)
    prob = held_out_probabilities(study, sorted(tracks["track_genre"].unique()))
    probs = assurance.corrected(prob, rows, seed)
    table, bins = assurance.calibration_scores(probs, rows["track_genre"])
    store.table("corrections", table)
    store.table("corrected_calibration", bins)
    for line in table.itertuples():
        study.note(f"{line.correction}: log-loss {line.log_loss:.4f}, calibration error {line.ece:.4f}")
    try:
        overall, by_genre = assurance.coverage(prob, rows, seed)
    except DataError as error:
        study.note(f"no sets of genres: {error}")
        return
    store.table("set_coverage", overall)
    store.table("set_coverage_by_genre", by_genre)
    for line in overall.itertuples():
        study.note(
            f"{line.kind} sets for each {'artist' if line.guarantee == 'group' else 'track'}: hold "
            f"{line.coverage:.3f} of tracks, {line.group_coverage:.3f} of an artist's; {line.mean_size:.1f} genres"
        )


def held_out_probabilities(study: Study, classes: list[str]) -> pd.DataFrame:
    """Return the chosen model's probabilities on the test rows."""
    store = study.store
    chosen = store.read_json("work/chosen_model.json")["model"]
    cell = next(
        cell
        for cell in store.read_json("work/trained.json")
        if (cell["model"], cell["split"], cell["features"]) == (chosen, "artist", "audio")
    )
    return assurance.as_table(np.load(store.path(f"work/{cell['file']}.npy"), allow_pickle=False), classes)
