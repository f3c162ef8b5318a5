"""Numbers and names as words. A function given None gives None, and `say` then says nothing.

So a sentence is written once, with its numbers, and vanishes by itself where one of them is not known.
"""

import math
import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

from genreglm.plots.text import listed
from genreglm.plots.text import number as _number
from genreglm.plots.text import percent as _percent

_SMALLEST_P = 1e-16
_SETS = {"least_ambiguous": "least ambiguous", "adaptive": "adaptive", "class_conditional": "class by class"}
_PROMISES = {"group": "each artist", "row": "each track"}


def known(value: Any) -> Any:
    """Return the value, None where it is NaN."""
    return None if isinstance(value, float) and math.isnan(value) else value


def say(template: str, **words: str | None) -> str | None:
    """Fill in the words; None as soon as one of them is missing."""
    return None if any(word is None for word in words.values()) else template.format(**words)


def short(text: str, longest: int = 60) -> str:
    """Shorten words that no line can hold, such as a name of 10,000 letters."""
    return re.sub(rf"(\S{{{longest - 1}}})\S{{2,}}", r"\1…", text)


def percent(share: float | None, digits: int = 1) -> str | None:
    """`0.1994` -> `19.9 %`."""
    return None if known(share) is None else _percent(float(share), digits)  # type: ignore[arg-type]


def points(difference: float | None) -> str | None:
    """A difference of shares in percentage points, without its sign: `0.031` -> `3.1 percentage points`."""
    if known(difference) is None:
        return None
    text = _number(100 * abs(float(difference)), 1)  # type: ignore[arg-type]
    return f"{text} percentage point{'' if text == '1.0' else 's'}"


def number(value: float | None, digits: int = 2) -> str | None:
    """A number with thousands separated and a true minus sign; infinity in words."""
    if known(value) is None:
        return None
    value = float(value)  # type: ignore[arg-type]
    return _number(value, digits) if math.isfinite(value) else ("infinite" if value > 0 else "−infinite")


def figures(value: float | None, kept: int = 3) -> str | None:
    """A number with so many significant figures, whole digits all kept: 33.3, 0.0848, 12,345."""
    if known(value) is None:
        return None
    value = float(value)  # type: ignore[arg-type]
    size = math.floor(math.log10(abs(value))) if value and math.isfinite(value) else kept - 1
    return number(value, min(max(kept - 1 - size, 0), 6))


def count(value: float | None) -> str | None:
    """A whole number with thousands separated."""
    return number(value, 0)


def counted(value: float | None, one: str, many: str | None = None) -> str | None:
    """`1 artist`, `17,648 artists`."""
    if known(value) is None:
        return None
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def p_value(value: float | None) -> str | None:
    """A p-value to two digits; below 1e-16 only that it is below."""
    if known(value) is None:
        return None
    value = float(value)  # type: ignore[arg-type]
    if value < _SMALLEST_P:
        return "< 1e-16"
    return f"{value:.1e}".replace("-", "−") if value < 1e-3 else f"{value:.3f}"


def names(items: Iterable[Any], most: int = 8) -> str | None:
    """`a, b and c`; what goes beyond `most` is counted; None for nothing."""
    words = [str(item) for item in items]
    if len(words) > most + 1:
        words = [*words[:most], f"{len(words) - most} more"]
    return listed(words) if words else None


def sets_in_words(sets: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return a table of sets of genres with words for the names of their kinds and guarantees."""
    return None if sets is None else sets.replace({"kind": _SETS, "guarantee": _PROMISES})
