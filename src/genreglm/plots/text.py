"""Words on figures: names of features with their units, numbers, and names from outside made safe."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font

UNITS = {
    "acousticness": "0 to 1",
    "danceability": "0 to 1",
    "duration_min": "minutes",
    "duration_ms": "ms",
    "energy": "0 to 1",
    "instrumentalness": "0 to 1",
    "liveness": "0 to 1",
    "loudness": "dB",
    "popularity": "0 to 100",
    "speechiness": "0 to 1",
    "tempo": "BPM",
    "valence": "0 to 1",
}
TITLES = {
    "duration_min": "Duration",
    "duration_ms": "Duration",
    "key": "Key",
    "time_signature": "Time signature",
}


def plain(name: object, longest: int = 28) -> str:
    r"""A name from outside as it may stand on a figure.

    Line breaks become spaces, long names end in an ellipsis, `$` is escaped (it would start a formula) and
    characters that the typeface lacks become boxes (matplotlib would warn for each). Harmless when repeated.
    """
    words = " ".join(str(name)[: 20 * longest].split())
    short = words if len(words) <= longest else words[: longest - 1].rstrip() + "…"
    known = _characters()
    drawable = "".join(letter if ord(letter) in known else "□" for letter in short)
    return re.sub(r"(?<!\\)\$", r"\\$", drawable)


def feature_title(feature: str) -> str:
    """`duration_min` -> `Duration`, `log_speechiness` -> `Speechiness (log)`."""
    if known := _transformed(feature):
        return f"{feature_title(known[1])} ({known[0]})"
    title = TITLES.get(feature, feature.replace("_", " ").strip())
    return plain(title[:1].upper() + title[1:], 40)


def feature_label(feature: str) -> str:
    """Axis label with the unit: `Loudness (dB)`, `Duration (log of minutes)`."""
    if known := _transformed(feature):
        return f"{feature_title(known[1])} ({known[0]} of {UNITS[known[1]]})"
    unit = UNITS.get(feature)
    return f"{feature_title(feature)} ({unit})" if unit else feature_title(feature)


def feature_word(feature: str) -> str:
    """A feature's name inside a sentence."""
    title = feature_title(feature)
    return title[:1].lower() + title[1:]


def _transformed(feature: str) -> tuple[str, str] | None:
    """Kind and column of a name such as `log_duration_min` or `reflected_log_loudness`."""
    for column in UNITS:
        if feature.endswith(f"_{column}"):
            return feature.removesuffix(f"_{column}").replace("_", " "), column
    return None


def number(value: float, digits: int = 2) -> str:
    """A number with a true minus sign and no negative zero."""
    text = f"{value:,.{digits}f}"
    text = text.lstrip("-") if float(text.replace(",", "")) == 0 else text
    return text.replace("-", "−")


def percent(share: float, digits: int = 0) -> str:
    """A share as per cent, never broken over two lines: 0.34 -> `34 %`."""
    return f"{number(100 * share, digits)}\N{NO-BREAK SPACE}%"


def listed(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    items: Sequence[str] = list(words)
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return re.sub(r"^\w", lambda first: first.group().upper(), text)


def width_of(names: Iterable[object], size: float, longest: int = 28) -> float:
    """Width in inches of the widest of the names at `size` points."""
    font = _typeface()
    font.set_size(size, 72)
    widths = []
    for name in names:
        font.set_text(plain(name, longest).replace(r"\$", "$"))
        widths.append(font.get_width_height()[0] / 64)  # FreeType counts in 64ths of a point
    return max(widths) / 72


def _typeface() -> FT2Font:
    return get_font(findfont(FontProperties(family="DejaVu Sans")))


@functools.cache
def _characters() -> frozenset[int]:
    return frozenset(_typeface().get_charmap())
