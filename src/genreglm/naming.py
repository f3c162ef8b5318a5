"""Columns and terms in plain words: `C(key)[T.1]` is "key: C♯/D♭" wherever a person reads it."""

import re
from collections.abc import Sequence

PITCH_CLASSES = ("C", "C♯/D♭", "D", "D♯/E♭", "E", "F", "F♯/G♭", "G", "G♯/A♭", "A", "A♯/B♭", "B")
MODES = ("minor", "major")

_TRANSFORMS = re.compile(r"^(reflected_log|log|sqrt|logit)_")
_NAMES = {
    "duration_min": "duration",
    "duration_ms": "duration",
    "mode": "mode",
    "tempo_off_grid": "tempo off the whole beat",
    "explicit": "explicit lyrics",
}
_CALL = re.compile(r"(?P<call>[A-Za-z]\w*)\(\s*(?P<column>\w+)(?:[^()]|\([^()]*\))*\)(?P<rest>.*)")
_PLAIN = re.compile(r"(?P<column>\w+)(?P<rest>\[.*\])?")
_PLACES = re.compile(r"\bplaces\((\w+)\)")
_LEVEL = re.compile(r"\[(?:T\.)?(?P<level>[^\]]*)\]")
_SHAPES = {"C": "", "scale": "", "hinges": " (bent)", "poly": " (polynomial)", "log": " (log)"}


def feature(name: str) -> str:
    """A feature in plain words, however it entered: `log_duration_min` -> `duration`, `C(key)` -> `key`."""
    call = _CALL.fullmatch(_PLACES.sub(r"\1", str(name)))
    bare = _TRANSFORMS.sub("", call["column"] if call else str(name))
    return _NAMES.get(bare, bare.replace("_", " "))


def term(name: str) -> str:
    """A model term or a column of it in plain words: `cr(log_speechiness, df=4)` -> `log speechiness (spline)`."""
    return " × ".join(_part(part) for part in re.split(r":(?![^()\[]*[)\]])", str(name)))


def level(column: str, value: str) -> str:
    """A level of a factor by its name: key 1 -> `C♯/D♭`, mode 1 -> `major`."""
    named: Sequence[str] = {"key": PITCH_CLASSES, "mode": MODES}.get(column, ())
    digits = value.removesuffix(".0")
    if digits.isdigit() and int(digits) < len(named):
        return named[int(digits)]
    return {"True": "yes", "False": "no"}.get(value, value)


def _column(name: str) -> str:
    """A column in plain words, its transform named: `log_duration_min` -> `log duration`."""
    bare = _TRANSFORMS.sub("", name)
    return f"{name.removesuffix(bare).replace('_', ' ')}{feature(bare)}"


def _part(part: str) -> str:
    bare = _PLACES.sub(r"\1", part)  # a place is how a curve is drawn, not what it is of
    call, plain = _CALL.fullmatch(bare), _PLAIN.fullmatch(bare)
    found = call or plain
    if found is None or (call and call["call"] == "I"):
        return part
    column, inside = found["column"], _LEVEL.fullmatch(found["rest"] or "")
    shape = _SHAPES.get(call["call"], " (spline)") if call else ""
    title = _column(column)
    if inside is None:
        return title + shape
    if shape:
        return f"{title}{shape[:-1]}, part {inside['level']})"
    return f"{title}: {level(column, inside['level'])}"
