"""What a picture is made of: lines, dots, bands and texts, and the one table of how they look.

`helpers.widgets.svg` writes a list of shapes for the screen, `helpers.widgets.png` for a stored
notebook. Neither decides anything: both take places and looks from here.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from matplotlib.path import Path

from helpers.plots import DATA_COLOUR, FIT_COLOUR, HELD_OUT_COLOUR, MARK_COLOUR

LAST_COLOUR = "#888888"  # the run before
UNIT_COLOUR = "#9467BD"  # the unit that was chosen, and where it is on
INK = "currentColor"  # black on a light page, white on a dark one
TEXT_SIZE = 13  # pixels
FAR = 20  # how far outside its box a line is followed, in pixels
PIECES = 1000  # of a line that is drawn, at the most


class Look(NamedTuple):
    """How a line or dots are drawn.

    Attributes:
        colour: Any colour of SVG, or INK.
        width: Of a line, or the diameter of a dot, in pixels.
        opacity: From 0, unseen, to 1.
        dash: Length of a dash and of the gap after it, in pixels; empty for none.
    """

    colour: str
    width: float
    opacity: float = 1.0
    dash: tuple[float, float] | tuple[()] = ()


LOOKS = {
    "axis": Look(INK, 1),
    "grid": Look(INK, 1, opacity=0.15),
    "data": Look(DATA_COLOUR, 4),
    "prediction": Look(FIT_COLOUR, 2),
    "last run": Look(LAST_COLOUR, 1.3),
    "training": Look(INK, 1.3),
    "faint": Look(INK, 1, opacity=0.4),  # training where the mean of fifty stands beside it
    "mean of 50": Look(INK, 1.8),
    "held out": Look(HELD_OUT_COLOUR, 2),
    "mark": Look(MARK_COLOUR, 1, dash=(4, 3)),
    "kink": Look("", 4),  # its layer decides on the colour
    "rim": Look(INK, 5.5),  # around a kink
    "unit": Look(UNIT_COLOUR, 2),
    "on": Look(UNIT_COLOUR, 0, opacity=0.13),  # where a unit is on
    "no data": Look(INK, 0, opacity=0.06),  # where the data end
    "residual": Look(DATA_COLOUR, 1.3),
}


@dataclass(frozen=True)
class Box:
    """A part of a picture: where it stands, and which numbers stand where in it.

    Attributes:
        left: Distance from the picture's left edge, in pixels.
        top: Distance from its upper edge.
        width: Width in pixels.
        height: Height in pixels.
        xlim: The x at its left and right edge.
        ylim: The y at its lower and upper edge.
        log: Whether y is logarithmic.
    """

    left: float
    top: float
    width: float
    height: float
    xlim: tuple[float, float]
    ylim: tuple[float, float]
    log: bool = False

    def place(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Find where points stand: (N,) and (N,) -> (N, 2), in pixels of the box.

        Of a logarithmic axis, a y of 0 or less stands nowhere: nan.
        """
        (left, right), (bottom, top) = self.xlim, self.ylim
        points = np.empty((len(x), 2))
        with np.errstate(all="ignore"):
            if self.log:
                y = np.log10(y)
                y[~np.isfinite(y)] = math.nan
                bottom, top = math.log10(bottom), math.log10(top)
            points[:, 0] = self.width * ((x - left) / (right - left))
            points[:, 1] = self.height * (1 - (y - bottom) / (top - bottom))
        return points


@dataclass(frozen=True, eq=False)
class Line:
    """A line through points, with gaps where one is not finite.

    Attributes:
        box: Where it stands; nothing is seen outside.
        x: (N,), in numbers of the box.
        y: (N,).
        look: How it is drawn.
    """

    box: Box
    x: np.ndarray
    y: np.ndarray
    look: Look

    def pieces(self) -> list[np.ndarray]:
        """Cut the line at its gaps, and leave out what nobody would see.

        Returns:
            For each piece its points, (n, 2), in pixels of the box, n of at least 2.
        """
        box = self.box
        path = Path(box.place(self.x, self.y))
        path.simplify_threshold = 0.4  # pixels; else rcParams would decide
        clip = (-FAR, -FAR, box.width + FAR, box.height + FAR)
        path = path.cleaned(remove_nans=True, clip=clip, simplify=True)
        points = path.vertices[path.codes != Path.STOP]
        starts = np.nonzero(path.codes == Path.MOVETO)[0]
        pieces = [piece for piece in np.split(points, starts[1:]) if len(piece) > 1]
        every = max(1, math.ceil(len(pieces) / PIECES))
        return [keep_outline(piece) for piece in pieces[::every]]


@dataclass(frozen=True, eq=False)
class Dots:
    """Round dots, each whole.

    Attributes:
        box: Where they stand; of those outside nothing is seen.
        x: (N,), in numbers of the box.
        y: (N,).
        look: How they are drawn.
    """

    box: Box
    x: np.ndarray
    y: np.ndarray
    look: Look

    def places(self) -> np.ndarray:
        """Find where those stand that are in sight: (n, 2), in pixels of the box."""
        points = self.box.place(self.x, self.y)
        ends = (self.box.width + 0.1, self.box.height + 0.1)  # rounding is not out of sight
        return points[((points > -0.1) & (points < ends)).all(axis=1)]


@dataclass(frozen=True, eq=False)
class Band:
    """Parts of a box in a colour, from its upper edge to its lower one.

    Attributes:
        box: Where they stand.
        spans: Where each begins and ends, (n, 2), in the box's numbers of x.
        look: Its colour and opacity.
    """

    box: Box
    spans: np.ndarray
    look: Look

    def edges(self) -> np.ndarray:
        """Find where each begins and ends within the box: (n, 2), in pixels of the box."""
        ends = self.spans.ravel()
        x = self.box.place(ends, np.full(len(ends), self.box.ylim[0]))[:, 0]
        return np.clip(x, 0, self.box.width).reshape(-1, 2)


@dataclass(frozen=True, eq=False)
class Strokes:
    """Many short lines of as many points each, all of them in sight: drawn fast and as they are.

    Attributes:
        box: Where they stand.
        points: (n, points, 2), in numbers of the box.
        look: How they are drawn.
    """

    box: Box
    points: np.ndarray
    look: Look

    def places(self) -> np.ndarray:
        """Find where the points stand: (n, points, 2), in pixels of the box."""
        flat = self.points.reshape(-1, 2)
        return self.box.place(flat[:, 0], flat[:, 1]).reshape(self.points.shape)


@dataclass(frozen=True)
class Text:
    """A line of text.

    Attributes:
        x: Where it stands, in pixels of the picture.
        y: The line on which its letters stand.
        text: What it says, letter for letter.
        anchor: Whether x is its "start", "middle" or "end".
        turned: Whether it is read from below.
        colour: Any colour of SVG, or INK.
    """

    x: float
    y: float
    text: str
    anchor: str = "start"
    turned: bool = False
    colour: str = INK


Shape = Line | Dots | Band | Strokes | Text


def make_page(width: float, height: float, left: float = 0) -> Box:
    """Make the box of a picture, or of its part from `left` on: its numbers are pixels."""
    return Box(left, 0, width, height, (left, left + width), (height, 0))


def keep_outline(points: np.ndarray) -> np.ndarray:
    """Keep of a line that is dense with points the lowest and the highest of each three pixels'.

    Args:
        points: (N, 2), in pixels, without a gap.

    Returns:
        At most two points for each three pixels of the line's width; all, if there are no more.
    """
    columns = int(np.ptp(points[:, 0])) // 3 + 1
    if len(points) <= 2 * columns:
        return points
    size = math.ceil(len(points) / columns)
    whole = np.concatenate([points, np.repeat(points[-1:], -len(points) % size, axis=0)])
    heights = whole[:, 1].reshape(-1, size)
    ends = np.sort([heights.argmin(axis=1), heights.argmax(axis=1)], axis=0)
    return whole[(ends + size * np.arange(len(heights))).T.ravel()]


def draw_curve(box: Box, x: np.ndarray, y: np.ndarray, look: Look) -> list[Shape]:
    """Draw a line, and a dot for each point between two gaps, of which no line would tell."""
    seen = np.isfinite(box.place(x, y)).all(axis=1)
    alone = seen.copy()
    alone[1:] &= ~seen[:-1]
    alone[:-1] &= ~seen[1:]
    few = np.nonzero(alone)[0][:: alone.sum() // 100 + 1]
    dots = [Dots(box, x[few], y[few], look._replace(width=5))] if len(few) else []
    return [Line(box, x, y, look), *dots]


def to_text(value: object, most: int) -> str:
    """Write whatever was given as a title or a name in one line of at most so many letters."""
    text = "" if value is None else str(value)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= most else text[: most - 1] + "…"
