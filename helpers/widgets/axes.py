"""Axes and legends, as shapes: ticks that one can tell apart, and numbers that do not collide."""

import math
from collections.abc import Sequence

import numpy as np

from helpers.widgets.shapes import LOOKS, Box, Dots, Line, Look, Shape, Text

LETTER = 7.5  # width of one in any font, in pixels; a digit of the widest is 8.3
ROOM = 6  # letters of a number on the y axis


def draw_axes(
    page: Box, box: Box, xname: str | None, yname: str, yticks: np.ndarray | None = None
) -> list[Shape]:
    """Draw the frame, the grid lines, the numbers and the names of both axes.

    Args:
        page: The picture, or the part of it that they stand in, its numbers being pixels.
        box: What the axes are for.
        xname: What stands below; None where another box stands there, which has the numbers.
        yname: What stands at the left, from below.
        yticks: The numbers at the left; None chooses them.
    """
    bottom, right = box.top + box.height, box.left + box.width
    xticks = find_ticks(box.xlim, max(3, int(box.width) // 64))
    if yticks is None:
        yticks = find_powers(box.ylim) if box.log else find_ticks(box.ylim, 5)
    across = box.left + box.place(xticks, np.full(len(xticks), box.ylim[0]))[:, 0]
    down = box.top + box.place(np.full(len(yticks), box.xlim[0]), yticks)[:, 1]
    gaps = box.width / max(len(xticks), 1)
    if xname is None:
        xlabels, xname = [""] * len(xticks), ""
    else:
        xlabels, xname = label_ticks(xticks, int(gaps / LETTER - 1), xname)
    if box.log:
        ylabels = [write_number(tick, ROOM - 1) for tick in yticks]
    else:
        ylabels, yname = label_ticks(yticks, ROOM, yname)

    lines = [[(x, box.top), (x, bottom)] for x in to_middles(across)]
    lines += [[(box.left, y), (right, y)] for y in to_middles(down)]
    frame = [(box.left + 0.5, box.top), (box.left + 0.5, bottom - 0.5), (right, bottom - 0.5)]
    longest = max(map(len, ylabels), default=0)
    aside = max(box.left - 17 - 7 * longest, page.left + 9)
    return [
        join_lines(page, lines, LOOKS["grid"]),
        join_lines(page, [frame], LOOKS["axis"]),
        Text(box.left + box.width / 2, bottom + 36, xname, "middle"),
        Text(aside, box.top + box.height / 2, yname, "middle", turned=True),
        *(Text(x, bottom + 17, n, "middle") for x, n in zip(across, xlabels, strict=True)),
        *(Text(box.left - 6, y + 4.5, n, "end") for y, n in zip(down, ylabels, strict=True)),
    ]


def draw_legend(page: Box, box: Box, names: dict[str, Look], dotted: Sequence[str] = ()) -> list:
    """Draw the row above a box: for each name a piece of its line, or a dot, and the name.

    A row that is too long for the box begins as far to the left as it must.
    """
    lengths = [0 if name in dotted else 11 for name in names]
    widths = [length + 18 + 6.7 * len(name) for length, name in zip(lengths, names, strict=True)]
    left, height = box.left + 3 - max(sum(widths) - 26 - box.width, 0), box.top - 11.0
    shapes = []
    for (name, look), length, width in zip(names.items(), lengths, widths, strict=True):
        x, y = np.array([left, left + length]), np.array([height, height])
        shapes.append((Line if length else Dots)(page, x, y, look))
        shapes.append(Text(left + length + 6, height + 4.5, name))
        left += width
    return shapes


def join_lines(page: Box, lines: Sequence[Sequence], look: Look) -> Line:
    """Make one shape of several lines, each a list of (x, y)."""
    gap = [(math.nan, math.nan)]
    points = np.array([point for line in lines for point in [*line, *gap]]).reshape(-1, 2)
    return Line(page, points[:, 0], points[:, 1], look)


def to_middles(places: np.ndarray) -> np.ndarray:
    """Move lines to the middle of a pixel, where one that is a pixel wide is sharp."""
    return np.floor(places) + 0.5


def find_ticks(limits: tuple[float, float], most: int) -> np.ndarray:
    """Choose round numbers between two limits, `most` + 1 of them at the most."""
    low, high = limits
    least = (high - low) / most
    power = 10.0 ** math.floor(math.log10(least))
    step = next(k * power for k in (1, 2, 5, 10) if k * power >= least)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = step * np.arange(first, last + 1)
    rounding = 4 * np.spacing(max(abs(low), abs(high)))
    return ticks[(ticks >= low - rounding) & (ticks <= high + rounding)]


def find_powers(limits: tuple[float, float]) -> np.ndarray:
    """Choose powers of ten between two, eight at the most; of too few, 2 and 5 times them, too."""
    low, high = (math.log10(edge) for edge in limits)
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    powers = [float(f"1e{n}") for n in range(first, last + 1, 1 + max(last - first, 0) // 7)]
    if len(powers) < 2:
        steps = (float(f"{k}e{n}") for n in range(first - 1, last + 2) for k in (1, 2, 5))
        powers = [step for step in steps if limits[0] <= step <= limits[1]]
    return np.array(powers)


def label_ticks(ticks: np.ndarray, room: int, name: str) -> tuple[list[str], str]:
    """Write the numbers of an axis, no two alike; what is too long for each goes to its name.

    Args:
        ticks: Evenly spaced numbers in rising order.
        room: How many letters each may have.
        name: The axis's name.

    Returns:
        A text for each tick, and the name: x, or "x - 1,700,000,000" if the texts count from there.
    """
    plain = [write_number(tick, room) for tick in ticks]
    differ = len(set(plain)) == len(plain)
    if len(ticks) < 2 or (differ and not any("e" in text for text in plain)):
        return plain, name
    step = float(f"{(ticks[-1] - ticks[0]) / (len(ticks) - 1):.0e}")
    if abs(ticks).max() < 1000 * step:
        return [write_number(tick, 1) for tick in ticks], name
    unit = 10.0 ** math.ceil(math.log10(ticks[-1] - ticks[0]))
    start = unit * round(ticks.mean() / unit)
    labels, _ = label_ticks(step * np.rint((ticks - start) / step), room, name)
    return labels, f"{name} {'-' if start > 0 else '+'} {abs(start):,.15g}"


def write_number(number: float, room: int) -> str:
    """Write a number: plain if it has no more letters than there is room for, else as 1.5e6."""
    plain = f"{number:.10g}"
    if len(plain) <= room and "e" not in plain:
        return plain
    digits, _, power = f"{number:.3e}".partition("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(power)}" if number else "0"
