"""One picture that moves: data and prediction on the left, the loss on the right, as SVG."""

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from ipywidgets import HTML, GridBox
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
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
from helpers.widgets.svg import Box, write_dots, write_svg, write_text

WIDTH, HEIGHT = 800, 300  # pixels
LEFT = (56, 42, 440, 212)  # where the data stand: left, top, width, height
RIGHT = (576, 42, 196, 212)  # where the loss stands
DOTS = 100  # of the data, so that one can tell them apart


class Frame(NamedTuple):
    """What one frame shows: copies, so that a still is whole whatever thread goes on drawing."""

    title: str
    x: np.ndarray
    y: np.ndarray
    grid: np.ndarray
    prediction: np.ndarray | None
    count: str
    iterations: np.ndarray
    losses: np.ndarray
    held_out: tuple[np.ndarray, np.ndarray] | None
    marks: tuple[tuple[int, str], ...]
    dots: tuple[tuple[np.ndarray, np.ndarray], ...]
    left: Box
    right: Box


class Picture(GridBox):
    """Data, prediction and loss curve, drawn anew as often as you like.

    What stays (axes, data, legend) is one piece of SVG, sent again only when an axis changes;
    what moves is another, which lies over it.

    Args:
        x: Inputs, N values in rising order.
        y: Targets, N values.
        title: What stands above the data; may be set anew.
        beyond: Whether the prediction is shown on twice the range of x.
        count: What the numbers on the loss axis count.

    Attributes:
        x: Inputs, (N,).
        y: Targets, (N,).
        grid: The x of the prediction: those of the data, or 1000 on twice their range.
        beyond: As given.
        count: As given.

    Raises:
        ValueError: x and y do not pair up one to one, or are not finite.
    """

    def __init__(
        self,
        x: ArrayLike,
        y: ArrayLike,
        title: str = "",
        beyond: bool = False,
        count: str = "iteration",
    ) -> None:
        """Draw the data alone."""
        cell = {"grid_area": "1 / 1 / 2 / 2", "width": "100%", "margin": "0"}
        self.still = HTML(layout=cell)
        self.moving = HTML(layout=cell)
        self.title = title
        self.count = count
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
        self.grid = make_grid(self.x, beyond)
        self.left = Box(*LEFT, widen(self.grid, 0.03), widen(self.y, 0.25))
        self.axes = None
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

        Raises:
            ValueError: The prediction is of another size than the grid.
        """
        curve = None if prediction is None else to_array(prediction)
        if curve is not None and curve.size != self.grid.size:
            raise ValueError(
                f"prediction must hold one value for each of the {self.grid.size} x of the grid, "
                f"got {curve.size}"
            )
        numbers, values = np.array(iterations, float), np.array(losses, float)
        second, every_loss = None, values
        if held_out is not None:
            second = (np.array(held_out[0], float), np.array(held_out[1], float))
            every_loss = np.concatenate([values, second[1]])
        right = Box(*RIGHT, *loss_limits(every_loss, numbers), log=True)
        self.frame = Frame(
            self.title, self.x, self.y, self.grid, curve, self.count, numbers, values, second,
            tuple(marks), tuple(dots), self.left, right,
        )  # fmt: skip
        axes = (right, second is None)
        if axes != self.axes:
            self.axes = axes
            self.still.value = write_still(self.frame)
        self.moving.value = write_moving(self.frame, label)

    def png(self) -> bytes:
        """Draw what was last shown as a PNG of twice the pixels, 1600 x 600."""
        frame = self.frame
        with new_figure(WIDTH / 100, HEIGHT / 100) as figure:
            figure.set_layout_engine("none")  # the axes stand where they stand in the SVG
            left, right = (figure.add_axes(place_axes(box)) for box in (frame.left, frame.right))
            left.set(xlim=frame.left.xlim, ylim=frame.left.ylim)
            right.set(xlim=frame.right.xlim, yscale="log", ylim=frame.right.ylim)
            every = count_step(frame.x.size)
            dots = draw_data(left, frame.x[::every], frame.y[::every])
            dots.set(label=name_data(every), sizes=[9])
            if frame.prediction is not None:
                draw_fit(left, frame.grid, frame.prediction)
            draw_legend(left)
            if frame.dots:
                lines = draw_kinks(left, *zip(*frame.dots, strict=True))
                draw_layers(left, lines)
            left.set_ylabel("y", labelpad=0)
            left.set_title(frame.title, fontsize=10, pad=20)
            draw_loss(right, frame.losses, frame.iterations, label="training")
            if frame.held_out is not None:
                numbers, losses = frame.held_out
                draw_loss(right, losses, numbers, label="held out", color=HELD_OUT_COLOUR)
                draw_legend(right)
            draw_marks(right, frame.marks)
            right.set_xlabel(frame.count)
            return to_png(figure)


def write_still(frame: Frame) -> str:
    """Write what stays: axes, data and legend."""
    left, right = frame.left, frame.right
    every = count_step(frame.x.size)
    dots = write_dots(left.place(frame.x[::every], frame.y[::every]), 4, DATA_COLOUR)
    names = [(DATA_COLOUR, 0, name_data(every)), (FIT_COLOUR, 14, "prediction")]
    parts = [*left.write_axes("x", "y"), left.inside(dots), *write_legend(left, names)]
    parts += right.write_axes(frame.count, "loss")
    if frame.held_out is not None:
        names = [("currentColor", 14, "training"), (HELD_OUT_COLOUR, 14, "held out")]
        parts += write_legend(right, names)
    return write_svg(parts, WIDTH, HEIGHT)


def write_moving(frame: Frame, label: str) -> str:
    """Write what moves: title, prediction, kinks, loss curves and marks."""
    left, right = frame.left, frame.right
    fit, loss = [], []
    if frame.prediction is not None:
        fit = [left.write_line(frame.grid, frame.prediction, FIT_COLOUR, 2)]
    loss = [right.write_line(frame.iterations, frame.losses, "currentColor", 1.3)]
    if frame.held_out is not None:
        loss.append(right.write_line(*frame.held_out, HELD_OUT_COLOUR, 2))
    parts = [
        write_text(left.left + left.width / 2, 15, frame.title, "middle"),
        left.inside(*fit, *write_kinks(left, frame.dots)),
        right.inside(*loss),
        *write_marks(right, frame.marks),
    ]
    return write_svg(parts, WIDTH, HEIGHT, label)


def write_kinks(box: Box, dots: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[str]:
    """Write the kinks, each layer's in its colour, and a row that names the colours."""
    if not dots:
        return []
    places = [box.place(to_array(x), to_array(y)) for x, y in dots]
    samples = np.array([[110.0 + 31 * number, 10.5] for number in range(len(dots))])
    parts = [write_dots(np.concatenate(places), 7, "currentColor")]
    parts += [write_dots(samples, 9, "currentColor"), '<g font-size="130">']
    parts.append(write_text(80, 150, "kinks by layer"))
    for number, points in enumerate(places):
        colour = to_hex(colormaps["viridis"]((number + 1) / len(dots)))
        sample = samples[number : number + 1]
        parts += [write_dots(points, 5, colour), write_dots(sample, 7, colour)]
        parts.append(write_text(1165 + 310 * number, 150, str(number + 1)))
    return [*parts, "</g>"]


def write_marks(box: Box, marks: Sequence[tuple[int, str]]) -> list[str]:
    """Write a dashed line at each mark, and its text where the next leaves room."""
    parts = []
    room = 13 * box.xlim[1] / box.width
    for (number, text), (following, _) in itertools.pairwise([*marks, (math.inf, "")]):
        x = box.left + box.width * number / box.xlim[1]
        line = f'd="M{x:.1f} {box.top}v{box.height}" stroke-dasharray="4 3"'
        parts.append(f'<path {line} stroke="{MARK_COLOUR}"/>')
        if following - number > room:
            side = x - 4 if number > room else x + 12
            turned = f' transform="rotate(-90 {side:.1f} {box.top + 4})" fill="{MARK_COLOUR}"'
            parts.append(write_text(side, box.top + 4, text, "end", turned))
    return parts


def write_legend(box: Box, names: Sequence[tuple[str, float, str]]) -> list[str]:
    """Write the row above a box: for each name its colour, the length of its line, the name."""
    parts, left = [], box.left + 3
    for colour, length, name in names:  # a line of no length is a dot
        style = f'stroke="{colour}" stroke-width="{2 if length else 5}" stroke-linecap="round"'
        parts.append(f'<path d="M{left} {box.top - 11}h{length}" {style}/>')
        parts.append(write_text(left + length + 7, box.top - 6.5, name))
        left += length + 26 + 6.3 * len(name)  # room enough in any font
    return parts


def widen(values: np.ndarray, share: float) -> tuple[float, float]:
    """Choose the limits of an axis that holds values, with a share of their range to spare."""
    low, high = values.min(), values.max()
    margin = share * (high - low) or max(abs(high), 1.0)
    return (float(low - margin), float(high + margin))


def make_grid(x: np.ndarray, beyond: bool) -> np.ndarray:
    """Choose where the prediction is drawn: at the rising x, or at 1000 on twice their range."""
    if not beyond:
        return x
    low, high = x[[0, -1]]
    return np.linspace(1.5 * low - high / 2, 1.5 * high - low / 2, 1000)


def place_axes(box: Box) -> tuple[float, float, float, float]:
    """Say where a box stands in matplotlib's fractions of a figure, from its lower left corner."""
    bottom = HEIGHT - box.top - box.height
    return (box.left / WIDTH, bottom / HEIGHT, box.width / WIDTH, box.height / HEIGHT)


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


def draw_legend(ax: Axes) -> None:
    """Draw a legend above the axes, where it covers nothing."""
    style = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0, "frameon": False}
    ax.legend(**style, ncols=2, fontsize=9, columnspacing=1.2, handlelength=1.2)


def draw_layers(ax: Axes, lines: Sequence[Line2D]) -> None:
    """Draw a second legend within the axes: which colour is which hidden layer's."""
    ax.add_artist(ax.get_legend())
    ax.text(0.03, 0.96, "kinks by layer", transform=ax.transAxes, va="top", fontsize=9)
    names = [str(number) for number in range(1, len(lines) + 1)]
    style = {"loc": "upper left", "bbox_to_anchor": (0.21, 1.01), "frameon": False, "fontsize": 9}
    ax.legend(lines, names, ncols=10, columnspacing=0.6, handletextpad=-0.4, **style)
