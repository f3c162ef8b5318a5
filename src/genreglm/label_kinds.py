"""Labels of classes and levels as plain values that JSON holds, and back: equal, and made by no code of a file's."""

from collections.abc import Callable
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from genreglm.errors import OutputError


def told(label: Any, what: str) -> Any:
    """Return a label as JSON holds it: text, numbers and truth values as they are, others under the tag of their kind.

    Parameters
    ----------
    what : the label is of, such as "class", for the message

    Raises
    ------
    OutputError
        For a label of a kind that would not come back equal.
    """
    try:
        stored = _told(label)
        kept = bool(heard(stored) == label)
    except (TypeError, ValueError, LookupError):
        kept = False
    if not kept:
        raise OutputError(
            f"The {what} {label!r:.60} is of the kind {type(label).__name__}, which cannot be written so that it comes "
            "back equal. Written are text, numbers, truth values, dates, times, periods, intervals, and tuples of "
            "these: make the column one of them, such as by .astype(str), and fit anew."
        )
    return stored


def heard(stored: Any) -> Any:
    """Return the label that `told` gave. A list is a tuple: no label is a list, nor was one before labels had tags."""
    if isinstance(stored, list):
        return tuple(heard(part) for part in stored)
    if isinstance(stored, dict):
        ((tag, parts),) = stored.items()
        return _KINDS[tag][2](parts)
    return stored


def _told(label: Any) -> Any:
    if isinstance(label, np.number | np.bool_) and not isinstance(label, np.timedelta64):
        return label.item()
    if label is None or isinstance(label, str | bool | int | float):
        return label
    if isinstance(label, tuple):
        return [_told(part) for part in label]
    for tag, (kind, tell, _) in _KINDS.items():
        if type(label) is kind:
            return {tag: tell(label)}
    raise TypeError(type(label))


def _told_timestamp(label: pd.Timestamp) -> list[Any]:
    named = not (label.tz is None or isinstance(label.tz, timezone))
    return [label.isoformat(), label.unit, str(label.tz) if named else None]


def _heard_timestamp(stored: list[Any]) -> pd.Timestamp:
    text, unit, zone = stored
    moment = pd.Timestamp(text).as_unit(unit)
    return moment if zone is None else moment.tz_convert(ZoneInfo(zone))


def _told_interval(label: Any) -> list[Any]:
    return [_told(label.left), _told(label.right), label.closed]


def _heard_interval(stored: list[Any]) -> Any:
    left, right, closed = stored
    return pd.Interval(heard(left), heard(right), closed)


# By its tag: a kind, how a label of it is told, and how it is made of that again.
_KINDS: dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "timestamp": (pd.Timestamp, _told_timestamp, _heard_timestamp),
    "timedelta": (pd.Timedelta, pd.Timedelta.isoformat, pd.Timedelta),
    "period": (
        pd.Period,
        lambda label: [label.ordinal, label.freqstr],
        lambda stored: pd.Period(ordinal=stored[0], freq=stored[1]),
    ),
    "interval": (pd.Interval, _told_interval, _heard_interval),
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "time": (time, time.isoformat, time.fromisoformat),
    "decimal": (Decimal, str, Decimal),
}
