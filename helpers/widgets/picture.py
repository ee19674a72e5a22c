"""One picture that moves: data and prediction on the left, the loss on the right, as SVG."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
from ipywidgets import HTML, GridBox
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from numpy.typing import ArrayLike

from helpers.plots import (
    DATA_COLOUR,
    FIT_COLOUR,
    HELD_OUT_COLOUR,
    MARK_COLOUR,
    draw_data,
    draw_fit,
    draw_kinks,
    draw_loss,
    draw_marks,
    loss_limits,
    new_figure,
    to_array,
    to_png,
)
from helpers.widgets.svg import Box, write_dots, write_line, write_svg, write_text

WIDTH, HEIGHT = 800, 300
DOTS = 100  # of the data, so that one can tell them apart


class Picture(GridBox):
    """Data, prediction and loss curve, drawn anew as often as you like.

    What stays (axes, data, legend) is one piece of SVG, sent again only when an axis changes;
    what moves is another, which lies over it.

    Args:
        x: Inputs, N values in rising order.
        y: Targets, N values.
        title: What stands above the data; may be set anew.
        beyond: Whether the prediction is shown on twice the range of x.

    Attributes:
        x: Inputs, (N,).
        y: Targets, (N,).
        grid: The x of the prediction: those of the data, or 1000 on twice their range.
        beyond: As given.

    Raises:
        ValueError: x and y do not pair up one to one, or are not finite.
    """

    def __init__(self, x: ArrayLike, y: ArrayLike, title: str = "", beyond: bool = False) -> None:
        """Draw the data alone."""
        cell = {"grid_area": "1 / 1 / 2 / 2", "width": "100%", "margin": "0"}
        self.still = HTML(layout=cell)
        self.moving = HTML(layout=cell)
        self.title = title
        self.left = Box(56, 42, 440, 212, log=False)
        self.right = Box(576, 42, 210, 212, log=True)
        self.set_data(x, y, beyond)
        layout = {"width": "100%", "max_width": f"min(100%, {WIDTH}px)", "overflow": "hidden"}
        super().__init__([self.still, self.moving], layout=layout)

    def set_data(self, x: ArrayLike, y: ArrayLike, beyond: bool = False) -> None:
        """Take other data, or another range of x; shows them without a prediction.

        Args:
            x: Inputs, N values in rising order.
            y: Targets, N values.
            beyond: Whether the prediction is shown on twice the range of x.
        """
        self.x, self.y = check_points(x, y)
        self.beyond = beyond
        self.grid = self.x
        low, high = self.x[[0, -1]]
        if beyond:
            self.grid = np.linspace(1.5 * low - high / 2, 1.5 * high - low / 2, 1000)
        margin = 0.03 * (self.grid[-1] - self.grid[0]) or 1.0
        self.left.xlim = (self.grid[0] - margin, self.grid[-1] + margin)
        bottom, top = self.y.min(), self.y.max()
        margin = 0.25 * (top - bottom) or 1.0
        self.left.ylim = (bottom - margin, top + margin)
        self.view = None
        self.update(None, [], [])

    def update(
        self,
        prediction: ArrayLike | None,
        losses: Sequence[float],
        iterations: Sequence[int],
        held_out: tuple[Sequence[int], Sequence[float]] | None = None,
        marks: Sequence[tuple[int, str]] = (),
        dots: Sequence[tuple[np.ndarray, np.ndarray]] = (),
        label: str = "",
    ) -> None:
        """Show how training stands.

        Args:
            prediction: net(grid), one value for each; None shows the data alone.
            losses: The loss curve so far.
            iterations: The numbers of its iterations.
            held_out: Iterations and losses of a second curve, on held-out points.
            marks: Iterations to mark, each with a word.
            dots: For each hidden layer, x and y of its kinks.
            label: The picture in a sentence, for a screen reader.
        """
        curve = None if prediction is None else to_array(prediction)
        self.shown = (curve, losses, iterations, held_out, marks, dots)
        every_loss = losses if held_out is None else [*losses, *held_out[1]]
        view = (*loss_limits(every_loss, iterations), held_out is not None)
        if view != self.view:
            self.view = view
            self.right.xlim, self.right.ylim, _ = view
            self.still.value = self._write_still(held_out is not None)
        self.moving.value = self._write_moving(label)

    def _write_still(self, held_out: bool) -> str:
        every = count_step(self.x.size)
        thin = self.left.place(self.x[::every], self.y[::every])
        parts = self.left.write_axes("x", "y") + self.right.write_axes("iteration", "loss")
        parts.append(self.left.inside(write_dots(thin, 4, DATA_COLOUR)))
        names = [(DATA_COLOUR, 5, name_data(every)), (FIT_COLOUR, 14, "prediction")]
        parts += write_legend(self.left.left, names)
        if held_out:
            names = [("currentColor", 14, "training"), (HELD_OUT_COLOUR, 14, "held out")]
            parts += write_legend(self.right.left, names)
        return write_svg(parts, WIDTH, HEIGHT)

    def _write_moving(self, label: str) -> str:
        curve, losses, iterations, held_out, marks, dots = self.shown
        left, right = self.left, self.right
        parts = [write_text(left.left + left.width / 2, 15, self.title, "middle")]
        inside = []
        if curve is not None:
            style = f'stroke="{FIT_COLOUR}" stroke-width="20"'
            inside.append(write_line(left.place(self.grid, curve), left.width, left.height, style))
        inside += self._write_kinks(dots)
        parts.append(left.inside(*inside))
        numbers = np.array(iterations, dtype=float)
        points = right.place(numbers, np.array(losses, dtype=float))
        style = 'stroke="currentColor" stroke-width="13"'
        lines = [write_line(points, right.width, right.height, style)]
        if held_out is not None:
            points = right.place(*(np.array(values, dtype=float) for values in held_out))
            style = f'stroke="{HELD_OUT_COLOUR}" stroke-width="20"'
            lines.append(write_line(points, right.width, right.height, style))
        parts.append(right.inside(*lines))
        parts += self._write_marks(marks)
        return write_svg(parts, WIDTH, HEIGHT, label)

    def _write_kinks(self, dots: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[str]:
        """Write the kinks, each layer's in its colour, and a row that names the colours."""
        if not dots:
            return []
        places = [self.left.place(to_array(x), to_array(y)) for x, y in dots]
        parts = [write_dots(np.concatenate(places), 7, "currentColor")]
        words = ['<g font-size="130">', write_text(80, 150, "kinks by layer")]
        for number, (points, colour) in enumerate(
            zip(places, kink_colours(len(dots)), strict=True)
        ):
            parts.append(write_dots(points, 5, colour))
            sample = np.array([[110.0 + 31 * number, 10.5]])
            parts += [write_dots(sample, 9, "currentColor"), write_dots(sample, 7, colour)]
            words.append(write_text(1165 + 310 * number, 150, str(number + 1)))
        return [*parts, *words, "</g>"]

    def _write_marks(self, marks: Sequence[tuple[int, str]]) -> list[str]:
        """Write a dashed line at each mark, and its text where the next leaves room."""
        box, parts = self.right, []
        for (number, text), (following, _) in itertools.pairwise([*marks, (math.inf, "")]):
            x = box.left + box.place(np.array([float(number)]), np.ones(1))[0, 0]
            after = box.left + box.width * following / box.xlim[1]
            line = f'd="M{x:.1f} {box.top}v{box.height}" stroke-dasharray="4 3"'
            parts.append(f'<path {line} stroke="{MARK_COLOUR}"/>')
            if after - x > 13:
                side = x - 4 if x - box.left > 13 else x + 12
                turned = f' transform="rotate(-90 {side:.1f} {box.top + 4})" fill="{MARK_COLOUR}"'
                parts.append(write_text(round(side, 1), box.top + 4, text, "end", turned))
        return parts

    def png(self) -> bytes:
        """Draw what was last shown as a PNG of twice the pixels, 1600 x 600."""
        curve, losses, iterations, held_out, marks, dots = self.shown
        with new_figure(WIDTH / 100, HEIGHT / 100) as figure:
            left, right = figure.subplots(1, 2, width_ratios=(2, 1))
            every = count_step(self.x.size)
            draw_data(left, self.x[::every], self.y[::every]).set_label(name_data(every))
            if curve is not None:
                draw_fit(left, self.grid, curve)
            if dots:
                draw_kinks(left, *zip(*dots, strict=True))
            left.set(xlim=self.left.xlim, ylim=self.left.ylim)
            left.set_title(self.title, fontsize=10)
            draw_legend(left, columns=4)
            draw_loss(right, losses, iterations, label="training")
            right.set(xlim=self.right.xlim, ylim=self.right.ylim)
            if held_out is not None:
                draw_loss(right, held_out[1], held_out[0], label="held out", color=HELD_OUT_COLOUR)
                draw_legend(right, columns=2)
            draw_marks(right, marks)
            return to_png(figure)


def check_points(x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Take the data, one finite y for each finite x: two arrays, (N,) each."""
    x, y = to_array(x), to_array(y)
    if x.size != y.size or not x.size:
        raise ValueError(f"x and y must hold one value for each point, got {x.size} and {y.size}")
    for name, values in (("x", x), ("y", y)):
        bad = np.nonzero(~np.isfinite(values))[0]
        if bad.size:
            raise ValueError(f"{name} must be finite, got {values[bad[0]]} in row {bad[0]}")
    return x, y


def count_step(size: int) -> int:
    """Say of how many points one is drawn: every tenth of 1000."""
    return max(1, size // DOTS)


def name_data(every: int) -> str:
    """Name the dots in the legend."""
    return "data" if every == 1 else f"data, 1 of {every} points"


def kink_colours(layers: int) -> list[str]:
    """Choose a colour for each hidden layer, dark to light."""
    return [to_hex(colormaps["viridis"](place / layers)) for place in range(1, layers + 1)]


def write_legend(left: float, names: Sequence[tuple[str, float, str]]) -> list[str]:
    """Write the row above a box: for each name a sample of its colour and length, and the name."""
    parts = []
    for colour, length, name in names:
        style = f'stroke="{colour}" stroke-width="{2 if length > 5 else 5}"'
        cap = "butt" if length > 5 else "round"
        end = length if length > 5 else 0
        parts.append(f'<path d="M{left + 3} 31h{end}" {style} stroke-linecap="{cap}"/>')
        parts.append(write_text(left + length + 8, 35.5, name))
        left += length + 26 + 6.5 * len(name)
    return parts


def draw_legend(ax: Axes, columns: int) -> None:
    """Draw a legend above the axes, where it covers nothing."""
    style = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0, "frameon": False}
    ax.legend(**style, ncols=columns, fontsize=9, columnspacing=1.2, handlelength=1.2)
