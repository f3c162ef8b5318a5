"""The study from first to last stage, resumable: each stage's results are on disk before the next begins."""

from collections.abc import Mapping
from typing import Any

from genreglm.files import file_digest
from genreglm.study import manifest as manifests
from genreglm.study.config import StudyConfig
from genreglm.study.context import Stage, Study
from genreglm.study.progress import Reporter
from genreglm.study.stages import STAGES
from genreglm.study.store import Store

_TIMINGS = "work/timings.json"
_OWN = (manifests.FILE, _TIMINGS)


def run_stages(config: StudyConfig, reporter: Reporter, command: str, *, resume: bool = False) -> Store:
    """Run every stage into `config.out` and return the store; the manifest keeps the `command` that asked for it.

    With `resume`, stages whose files are still as they left them are passed over, as long as version, input and
    settings are the same; else the study says what changed and begins anew. Files of an earlier study that do not
    count any more are removed first, and no others.

    Raises
    ------
    GenreglmError
        Whatever a stage refuses; the stages before it stay on disk.
    """
    now = manifests.describe(config, command)
    store = Store(config.out)
    reporter.log_to(store.path("logs/study.log"))
    study = Study(store, config, reporter)
    now["stages"] = _finished(study, now) if resume else {}
    store.remove_all_but(name for stage in now["stages"].values() for name in (*stage["files"], *_OWN))
    store.json(manifests.FILE, now)
    for number, stage in enumerate(STAGES, 1):
        if stage.name in now["stages"]:
            reporter.say(f"[{number}/{len(STAGES)}] {stage.title}: finished before")
        else:
            _run(stage, number, study, now)
    reporter.say(f"The report is at {store.path('report.html').resolve()}", style="bold green")
    return store


def _finished(study: Study, now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest's entries of the first stages that need not run again; say what others must run for."""
    before = _earlier(study.store)
    changed = ["there is no earlier study here"] if before is None else manifests.differences(before, now)
    if before is None or changed:
        study.reporter.say(f"Starting anew: {'; '.join(changed)}.")
        return {}
    done: dict[str, Any] = {}
    for stage in STAGES:
        if stage.name not in before["stages"]:
            break
        altered = manifests.altered(study.store, before["stages"][stage.name])
        if altered:
            study.reporter.say(f"{stage.title} runs again: {', '.join(altered)} changed since it finished.")
            break
        done[stage.name] = before["stages"][stage.name]
    return done


def _run(stage: Stage, number: int, study: Study, manifest: dict[str, Any]) -> None:
    store = study.store
    first = len(store.written)
    with study.reporter.stage(number, len(STAGES), stage.title) as measured:
        stage.run(study)
    files = {name: file_digest(store.path(name)) for name in sorted(set(store.written[first:]))}
    manifest["stages"][stage.name] = {**measured, "files": files}
    store.json(manifests.FILE, manifest)
    stages = manifest["stages"].items()
    store.json(_TIMINGS, [{"stage": name, "seconds": e["seconds"], "peak_mb": e["peak_mb"]} for name, e in stages])


def _earlier(store: Store) -> dict[str, Any] | None:
    """Return the manifest of an earlier study in this folder; None where there is none that can be read."""
    if not store.has(manifests.FILE):
        return None
    try:
        found = store.read_json(manifests.FILE)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("stages"), dict) else None
