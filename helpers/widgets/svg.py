"""The few words of SVG that a moving picture needs, written in about a millisecond.

Colours that must follow the page's theme are `currentColor`, and no element has an id, so that
any number of pictures can stand on one page.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from helpers.plots import FIT_COLOUR

FONT = "font-family: var(--jp-ui-font-family, sans-serif); font-size: 13px"
FAR = 20  # how far outside its box a line is followed, in pixels


def write_svg(parts: Sequence[str], width: int, height: int, label: str = "") -> str:
    """Put parts together to a picture that is as wide as its place.

    Args:
        parts: Elements of SVG.
        width: Width in pixels, before it is scaled.
        height: Height in pixels.
        label: What a screen reader says; a picture without one is passed over.
    """
    reader = f'role="img" aria-label="{html.escape(label)}"' if label else 'aria-hidden="true"'
    style = f"display: block; width: 100%; height: auto; {FONT}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {reader} '
        f'fill="currentColor" style="{style}">{"".join(parts)}</svg>'
    )


def write_text(x: float, y: float, text: str, anchor: str = "start", more: str = "") -> str:
    """Write a text at a place in pixels; `more` holds further attributes."""
    return f'<text x="{x:.4g}" y="{y:.4g}" text-anchor="{anchor}"{more}>{html.escape(text)}</text>'


def write_number(tick: float) -> str:
    """Write the number at a tick: 0.3, not 0.30000000000000004."""
    return f"{tick:.10g}"


def write_dots(points: np.ndarray, diameter: float, colour: str) -> str:
    """Write round dots: lines of no length, whose round ends are what one sees.

    Args:
        points: In pixels, (N, 2); those that are not finite or far away are left out.
        diameter: In pixels.
        colour: Any colour of SVG.
    """
    near = points[(np.abs(points) < 1e4).all(axis=1)]
    places = "".join(f"M{x} {y}h0" for x, y in np.rint(10 * near).astype(int).tolist())
    style = f'stroke="{colour}" stroke-width="{10 * diameter:g}" stroke-linecap="round"'
    return f'<path d="{places}" fill="none" {style}/>' if places else ""


@dataclass(frozen=True)
class Box:
    """A pair of axes in a picture: where it stands, and what it shows.

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

        Of a logarithmic axis, a y of 0 or less stands far below the box.
        """
        (left, right), (bottom, top) = self.xlim, self.ylim
        points = np.empty((len(x), 2))
        with np.errstate(all="ignore"):
            if self.log:
                y = np.log10(np.maximum(y, 1e-300))
                bottom, top = math.log10(bottom), math.log10(top)
            points[:, 0] = self.width * ((x - left) / (right - left))
            points[:, 1] = self.height * (1 - (y - bottom) / (top - bottom))
        return points

    def write_line(self, x: np.ndarray, y: np.ndarray, colour: str, thick: float) -> str:
        """Write a line through points, with gaps where one is not finite.

        Args:
            x: (N,).
            y: (N,).
            colour: Any colour of SVG.
            thick: In pixels.
        """
        path = Path(self.place(x, y))
        path.simplify_threshold = 0.4  # pixels; else rcParams would decide
        clip = (-FAR, -FAR, self.width + FAR, self.height + FAR)
        path = path.cleaned(remove_nans=True, clip=clip, simplify=True)
        tenths = np.rint(10 * path.vertices[path.codes != Path.STOP]).astype(int)
        starts = np.nonzero(path.codes == Path.MOVETO)[0]
        pieces = []
        for piece in np.split(tenths, starts[1:]):
            steps = " ".join(map(str, np.diff(piece, axis=0).ravel().tolist()))
            pieces.append(f"M{piece[0, 0]} {piece[0, 1]}l{steps}" if steps else "")
        line = "".join(pieces)
        style = f'stroke="{colour}" stroke-width="{10 * thick:g}" stroke-linejoin="round"'
        return f'<path d="{line}" fill="none" {style}/>' if line else ""

    def inside(self, *parts: str) -> str:
        """Put lines and dots into the box; nothing is seen outside."""
        where = f'x="{self.left}" y="{self.top}" width="{self.width}" height="{self.height}"'
        tenths = f"0 0 {10 * self.width} {10 * self.height}"
        return f'<svg {where} viewBox="{tenths}">{"".join(parts)}</svg>'

    def write_axes(self, xlabel: str, ylabel: str) -> list[str]:
        """Write the frame, the grid lines, the numbers and the names of both axes."""
        ticks = MaxNLocator(max(3, self.width // 80), steps=[1, 2, 5, 10]).tick_values
        xticks = [tick for tick in ticks(*self.xlim) if self.xlim[0] <= tick <= self.xlim[1]]
        yticks = [tick for tick in ticks(*self.ylim) if self.ylim[0] <= tick <= self.ylim[1]]
        if self.log:
            low, high = (round(math.log10(edge)) for edge in self.ylim)
            yticks = [float(f"1e{power}") for power in range(low, high + 1, 1 + (high - low) // 7)]
        across = self.place(np.array(xticks), np.full(len(xticks), self.ylim[0]))[:, 0]
        down = self.place(np.full(len(yticks), self.xlim[0]), np.array(yticks))[:, 1]
        bottom, right = self.top + self.height, self.left + self.width
        lines = [f"M{self.left + x:.1f} {self.top}V{bottom}" for x in across]
        lines += [f"M{self.left} {self.top + y:.1f}H{right}" for y in down]
        grid = "".join(lines)
        frame = f"M{self.left} {self.top}V{bottom}H{right}"
        edge = 'fill="none" stroke="currentColor"'
        turned = f' transform="rotate(-90 {self.left - 46} {self.top + self.height / 2:g})"'
        parts = [
            f'<path d="{grid}" {edge} stroke-opacity="0.15"/><path d="{frame}" {edge}/>',
            write_text(self.left + self.width / 2, bottom + 36, xlabel, "middle"),
            write_text(self.left - 46, self.top + self.height / 2, ylabel, "middle", turned),
        ]
        for x, tick in zip(across, xticks, strict=True):
            parts.append(write_text(self.left + x, bottom + 17, write_number(tick), "middle"))
        for y, tick in zip(down, yticks, strict=True):
            parts.append(write_text(self.left - 6, self.top + y + 4.5, write_number(tick), "end"))
        return parts


def write_outputs(outputs: Sequence[np.ndarray], label: str = "") -> str:
    """Draw what hidden layers hand on, side by side: one line for each unit, 30 at most.

    Args:
        outputs: For each hidden layer, (N, width); values that are not finite are left out.
        label: What a screen reader says.

    Returns:
        SVG of 800 x 100 pixels, each layer scaled to its own largest value.
    """
    width = min(800 / max(len(outputs), 1), 200)
    edge = '<rect width="100%" height="100%" fill="none" stroke="currentColor" stroke-width="10"/>'
    parts = []
    for place, output in enumerate(outputs):
        thin = output[:: max(len(output) // 50, 1), :30]
        finite = thin[np.isfinite(thin)]
        xlim = (0.0, max(len(thin) - 1.0, 1.0))
        ylim = (finite.min(initial=0.0), max(finite.max(initial=0.0), 1e-30))
        box = Box(place * width + 4, 4, width - 8, 92, xlim, ylim)
        lines = [box.write_line(np.arange(len(thin)), unit, FIT_COLOUR, 1) for unit in thin.T]
        parts.append(box.inside(*lines, edge))
    return write_svg(parts, 800, 100, label)
