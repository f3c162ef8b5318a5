"""Stage 5: the seed's GLM of popularity, without its leak and its doubled columns."""

from genreglm.errors import DataError, EstimationError
from genreglm.study.context import Study
from genreglm.study.popularity import study_popularity


def run(study: Study) -> None:
    """Leave the popularity tables and `work/popularity.json`; say why where the table allows no such model."""
    store, found = study.store, study.store.read_json("work/preprocess.json")
    if not found["has_popularity"]:
        _leave_out(study, "The table has no popularity column that varies.")
        return
    tracks = store.read_frame("tracks")
    try:
        result = study_popularity(tracks, [*found["features"]], [*found["factors"]])
    except (DataError, EstimationError) as error:
        _leave_out(study, str(error))
        return
    for name, table in result.tables.items():
        store.table(name, table)
    store.json("work/popularity.json", result.findings)
    store.json("work/popularity_texts.json", dict(result.texts))
    study.note(
        f"R2 on unseen artists {result.findings['r2_honest_test']:.3f}; with popularity leaked in as bands "
        f"{result.findings.get('r2_leaked_test', float('nan')):.3f}"
    )


def _leave_out(study: Study, why: str) -> None:
    study.store.json("work/popularity.json", {"left_out": why})
    study.store.json("work/popularity_texts.json", {})
    study.note(f"popularity GLM left out: {why}")
