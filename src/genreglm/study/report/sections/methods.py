"""Methods and settings: versions, seed, hashes, timings, and how to get the same numbers again."""

from typing import Any

import pandas as pd

from genreglm.study.report.blocks import Block, bullets, facts, heading, section, table, text
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.words import number, say


def methods(evidence: Evidence) -> Block:
    """Tell how the study was run and how to repeat it."""
    manifest = evidence.manifest
    return section(
        "methods",
        "Methods and settings",
        [
            _approach(evidence),
            facts(
                [
                    ("Command", _word(manifest.get("command"))),
                    ("Seed", _word((manifest.get("config") or {}).get("seed"))),
                    ("Input", evidence.get("load.input")),
                    (
                        "SHA-256 of the input",
                        evidence.get("load.sha256"),
                    ),
                    ("Genre GLM", _formula(evidence)),
                ]
            ),
            heading("Versions and settings"),
            facts((name, _word(version)) for name, version in _versions(manifest)),
            _settings(manifest),
            heading("Time and memory"),
            _total(evidence),
            table(_timings(evidence), "Stages", "work/timings.json", folded=False),
            heading("To cite and to get the same numbers again", "reproduce"),
            text(_citation(evidence)),
            bullets(
                [
                    "Install the versions above and run the command above on the same input: the same seed "
                    "gives the same tables, byte for byte, on the same kind of machine.",
                    "Every table of this page, and more, is a CSV file in the folder tables/, every figure a "
                    "PNG and an SVG file in figures/; manifest.json has a hash for each.",
                ]
            ),
        ],
        short="Methods",
    )


def _approach(evidence: Evidence) -> Block | None:
    return text(
        "Genre: multinomial logistic regression over all genres at once, by a second-order method, with the "
        "exact information matrix. Prediction: the same kind of model with more columns and a ridge penalty, "
        f"chosen on {'artists' if evidence.by_artist else 'tracks'} held out of the training rows.",
        "Popularity: Gaussian and quasi-binomial generalised linear models of distinct tracks."
        if evidence.popularity_studied
        else None,
    )


def _citation(evidence: Evidence) -> str | None:
    manifest, digest = evidence.manifest, evidence.get("load.sha256")
    return say(
        "Cite as: genreglm {version}, a study of {source} (SHA-256 {digest}...), seed {seed}.",
        version=_word(manifest.get("genreglm")),
        source="the built-in example, simulated" if evidence.simulated else evidence.get("load.input"),
        digest=None if digest is None else str(digest)[:16],
        seed=_word((manifest.get("config") or {}).get("seed")),
    )


def _word(value: Any) -> str | None:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return None if value is None else str(value)


def _formula(evidence: Evidence) -> str | None:
    models = evidence.several("genre_models.models")
    return _word(models[-1].get("formula")) if models else None


def _flat(value: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """Return nested settings as pairs of a dotted name and a value."""
    if not isinstance(value, dict):
        return [(prefix, value)] if prefix else []
    return [pair for key, inner in value.items() for pair in _flat(inner, f"{prefix}.{key}" if prefix else str(key))]


def _versions(manifest: dict[str, Any]) -> list[tuple[str, Any]]:
    return [("python", manifest.get("python")), *_flat(manifest.get("packages"))]


def _settings(manifest: dict[str, Any]) -> Block | None:
    pairs = [(name, "" if value is None else str(value)) for name, value in _flat(manifest.get("config"))]
    return table(pd.DataFrame(pairs, columns=["setting", "value"]), "Settings", "manifest.json", folded=True)


def _timings(evidence: Evidence) -> pd.DataFrame | None:
    return pd.DataFrame(evidence.timings) if evidence.timings else None


def _total(evidence: Evidence) -> Block | None:
    timings = _timings(evidence)
    if timings is None or "seconds" not in timings:
        return None
    peak = timings["peak_mb"].max() if "peak_mb" in timings else None
    return text(
        say("All stages before this page took {seconds} s.", seconds=number(timings["seconds"].sum(), 0)),
        say("The largest memory in use was {peak} MB.", peak=number(peak, 0)),
    )
