"""Names beside points and lines, placed so that none lies on another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from genreglm.plots.style import INK
from genreglm.plots.text import plain, width_of

LINE = 1.35  # height of a line, in font sizes
LINE_NAME, LINE_NAME_SIZE = 20, 7.5  # letters of a name at the end of a line, and their size
_DOT, _HEIGHT = 2.6, 1.3  # half a dot in points of type, and the height of a line in font sizes
_TURNS = [sign * step * np.pi / 8 for step in range(9) for sign in (1, -1)][1:-1]  # around a point, the nearest first
Box = tuple[float, float, float, float]


def spread(wanted: ArrayLike, gap: float, low: float, high: float) -> NDArray[np.float64]:
    """Places nearest to the wanted ones that lie `gap` apart within low..high (closer if they cannot).

    Pools of names that push each other are moved as one, as in isotonic regression.
    """
    target = np.asarray(wanted, dtype=float)
    count = len(target)
    if count == 0:
        return target
    gap = min(gap, (high - low) / max(count - 1, 1))
    order, steps = np.argsort(target, kind="stable"), gap * np.arange(count)
    level = np.clip(_pooled(target[order] - steps), low, high - steps[-1])
    placed = np.empty(count)
    placed[order] = level + steps
    return placed


def name_line_ends(
    axes: Axes, ends: Sequence[tuple[float, float]], names: Sequence[str], colours: Sequence[str], height: float
) -> None:
    """Write each name right of the end of its line, in its colour; `height` of the axes in inches."""
    low, high = axes.get_ylim()
    gap = (high - low) * LINE_NAME_SIZE * LINE / 72 / height
    places = spread([y for _, y in ends], gap, low + gap / 2, high - gap / 2)
    for (x, y), place, name, colour in zip(ends, places, names, colours, strict=True):
        axes.annotate(
            plain(name, LINE_NAME),
            (x, y),
            (12, (place - y) / (high - low) * height * 72),
            textcoords="offset points",
            va="center",
            size=LINE_NAME_SIZE,
            color=colour,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.5,
                "shrinkA": 0,
                "shrinkB": 1,
                "relpos": (0, 0.5),
            },
        )


def name_points(
    axes: Axes,
    points: NDArray[np.float64],
    names: Sequence[str],
    inches: tuple[float, float],
    size: float = 8,
    colours: Sequence[str] | None = None,
    reach: Sequence[float] = (10, 20, 32, 46, 62),
    beside: float = 0.0,
) -> None:
    """Write a name beside each point (rows of x, y), clear of the other names and inside the axes.

    `inches` is the size of the axes, `reach` how far from its point a name may stand, in points of type; a line leads
    to it unless it is no further off than `beside`. The earlier a name, the freer the choice of its place; a name for
    which none is free is left out.
    """
    frame = np.array(inches) * 72
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    spots = (points - low) / (high - low) * frame
    dots: list[Box] = [(x - _DOT, y - _DOT, x + _DOT, y + _DOT) for x, y in spots]
    shown, inks, boxes = [plain(name) for name in names], colours or [INK] * len(names), dict[int, Box]()
    for crossing, k in product((False, True), range(len(shown))):
        # Measured ten times as large: at 6 points the widths of letters are rounded by as much as they are wide.
        size_of_box = (1.06 * 7.2 * width_of([shown[k]], 10 * size) + 1, _HEIGHT * size)
        if k not in boxes:
            place = _free_place(spots[k], size_of_box, dots, list(boxes.values()), frame, reach, crossing)
            if place is not None:
                boxes[k] = place
    for k, place in boxes.items():
        offset = (place[0] - spots[k, 0], (place[1] + place[3]) / 2 - spots[k, 1])
        _write(axes, shown[k], points[k], offset, size, inks[k], leader=_gap(spots[k], place) > beside)


def _write(
    axes: Axes,
    name: str,
    point: NDArray[np.float64],
    offset: tuple[float, float],
    size: float,
    colour: str,
    leader: bool,
) -> None:
    text = axes.annotate(
        name,
        (point[0], point[1]),
        offset,
        textcoords="offset points",
        va="center",
        size=size,
        color=colour,
        arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3} if leader else None,
    )
    text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


def _free_place(
    spot: NDArray[np.float64],
    size: tuple[float, float],
    dots: Sequence[Box],
    names: Sequence[Box],
    frame: NDArray[np.float64],
    reach: Sequence[float],
    crossing: bool,
) -> Box | None:
    """The nearest free box around the spot, on the side away from the centre where that is open.

    The line to it runs under other names only where `crossing`.
    """
    width, height = size
    away = np.arctan2(*(spot - frame / 2)[::-1])
    for radius, turn in product(reach, _TURNS):
        x, y = spot + radius * np.array([np.cos(away + turn), np.sin(away + turn)])
        left = x if np.cos(away + turn) > -0.2 else x - width
        box = (left, y - height / 2, left + width, y + height / 2)
        inside = box[0] >= 0 and box[1] >= 0 and box[2] <= frame[0] and box[3] <= frame[1]
        if inside and not any(_overlap(box, other) for other in (*dots, *names)):
            line = [spot + share * (np.array([x, y]) - spot) for share in (0.25, 0.5, 0.75, 1.0)]
            if crossing or not any(_overlap((a, b, a, b), name) for a, b in line for name in names):
                return box
    return None


def _gap(spot: NDArray[np.float64], box: Box) -> float:
    """Distance of a point from a box."""
    across, up = max(box[0] - spot[0], spot[0] - box[2], 0.0), max(box[1] - spot[1], spot[1] - box[3], 0.0)
    return float(np.hypot(across, up))


def _overlap(one: Box, two: Box) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def _pooled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The closest non-decreasing sequence (pool adjacent violators)."""
    pools: list[tuple[float, int]] = []
    for value in values:
        pools.append((float(value), 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (right, n), (left, m) = pools.pop(), pools.pop()
            pools.append(((left * m + right * n) / (m + n), m + n))
    return np.repeat([mean for mean, _ in pools], [size for _, size in pools])
