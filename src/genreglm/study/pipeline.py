"""The study from first to last stage, resumable: each stage's results are on disk before the next begins."""

import shlex
import sys
from typing import Any

from genreglm.files import file_digest
from genreglm.study import manifest as manifests
from genreglm.study.config import StudyConfig
from genreglm.study.context import Stage, Study
from genreglm.study.progress import Reporter
from genreglm.study.stages import STAGES
from genreglm.study.store import Store

_TIMINGS = "work/timings.json"


def run_study(config: StudyConfig, reporter: Reporter, *, resume: bool = False) -> Store:
    """Run every stage into `config.out` and return the store.

    With `resume`, stages whose files are still as they left them are passed over, as long as version, input and
    settings are the same; else the study says what changed and begins anew. Files of an earlier study are
    removed first, those that its manifest lists and no others.

    Raises
    ------
    GenreglmError
        Whatever a stage refuses; the stages before it stay on disk.
    """
    store = Store(config.out)
    reporter.log_to(store.path("logs/study.log"))
    study = Study(store, config, reporter)
    now = manifests.describe(config, shlex.join(["genreglm", *sys.argv[1:]]))
    before = _earlier(store)
    changed = ["there is no earlier study here"] if before is None else manifests.differences(before, now)
    if resume and before is not None and not changed:
        now["stages"] = before["stages"]
    else:
        if resume:
            reporter.say(f"Starting anew: {'; '.join(changed)}.")
        _remove(store, before)
    store.json(manifests.FILE, now)
    fresh = True
    for number, stage in enumerate(STAGES, 1):
        if fresh and manifests.finished(store, now, stage.name):
            reporter.say(f"[{number}/{len(STAGES)}] {stage.title}: finished before")
            continue
        fresh = False
        _run(stage, number, study, now)
    reporter.say(f"The report is at {store.path('report.html').resolve()}", style="bold green")
    return store


def _run(stage: Stage, number: int, study: Study, manifest: dict[str, Any]) -> None:
    store = study.store
    first = len(store.written)
    with study.reporter.stage(number, len(STAGES), stage.title) as measured:
        stage.run(study)
    files = sorted(set(store.written[first:]))
    # What later stages left belongs to results that are now out of date.
    following = [later.name for later in STAGES[number:]]
    stages = {name: entry for name, entry in manifest["stages"].items() if name not in following}
    stages[stage.name] = {**measured, "files": {name: file_digest(store.path(name)) for name in files}}
    manifest["stages"] = stages
    store.json(manifests.FILE, manifest)
    timings = [{"stage": name, "seconds": e["seconds"], "peak_mb": e["peak_mb"]} for name, e in stages.items()]
    store.json(_TIMINGS, timings)


def _earlier(store: Store) -> dict[str, Any] | None:
    """Return the manifest of an earlier study in this folder; None where there is none that can be read."""
    if not store.has(manifests.FILE):
        return None
    try:
        found = store.read_json(manifests.FILE)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("stages"), dict) else None


def _remove(store: Store, before: dict[str, Any] | None) -> None:
    if before is None:
        return
    root = store.root.resolve()
    for entry in before["stages"].values():
        for name in entry.get("files", {}):
            path = store.path(name)
            if root in path.resolve().parents:
                path.unlink(missing_ok=True)
