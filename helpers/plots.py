"""Arrays in, pictures out: the data in one colour, the fit in another, the loss on a log axis."""

import io
import itertools
import math
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike
from PIL import Image

DATA_COLOUR = "#33BBEE"
FIT_COLOUR = "#CC3311"
LOSS_COLOUR = "#444444"
MARK_COLOUR = "#AA3377"


def to_array(values: ArrayLike) -> np.ndarray:
    """Flatten numbers, an array or a tensor (on any device, with or without gradients)."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return np.asarray(values, dtype=float).ravel()


def draw_data(ax: Axes, x: ArrayLike, y: ArrayLike) -> PathCollection:
    """Scatter the data.

    Args:
        ax: Where to draw.
        x: Inputs, N values of any shape.
        y: Targets, N values.

    Returns:
        The dots.

    Shown in: 06_training
    """
    ax.set(xlabel="x", ylabel="y")
    return ax.scatter(to_array(x), to_array(y), s=14, color=DATA_COLOUR, label="data")


def draw_fit(ax: Axes, x: ArrayLike, prediction: ArrayLike, **style: object) -> Line2D:
    """Draw what a network predicts as a line over the data.

    Args:
        ax: Where to draw.
        x: Inputs, N values in rising order.
        prediction: net(x), N values.
        style: Any property of a matplotlib line, in place of this one's.

    Returns:
        The line.

    Shown in: 06_training
    """
    (line,) = ax.plot(to_array(x), to_array(prediction), color=FIT_COLOUR, linewidth=4)
    line.set(**{"label": "prediction"} | style)
    return line


def draw_loss(
    ax: Axes, losses: Sequence[float], iterations: Sequence[int] | None = None, **style: object
) -> Line2D:
    """Draw a loss curve on a log axis.

    Args:
        ax: Where to draw.
        losses: One loss for each of the iterations.
        iterations: Their numbers; None counts from 0.
        style: Any property of a matplotlib line, in place of this one's.

    Returns:
        The line.

    Shown in: 06_training
    """
    numbers = range(len(losses)) if iterations is None else iterations
    (line,) = ax.plot(numbers, losses, color=LOSS_COLOUR, linewidth=1.5)
    line.set(**style)
    ax.set(xlabel="iteration", ylabel="loss", yscale="log")
    ax.yaxis.set_major_formatter("{x:g}")  # 0.01, where the default writes a power of ten
    ax.minorticks_off()  # they would cost a third of a drawing
    return line


def draw_marks(ax: Axes, marks: Sequence[tuple[int, str]]) -> list[Artist]:
    """Draw a dashed line at each (iteration, text), and its text where the next leaves room."""
    artists: list[Artist] = []
    room = 0.06 * ax.get_xlim()[1]
    style = {"color": MARK_COLOUR, "size": 8, "rotation": 90, "va": "top"}
    for (number, text), (following, _) in itertools.pairwise([*marks, (math.inf, "")]):
        artists.append(ax.axvline(number, color=MARK_COLOUR, linestyle="--", linewidth=1))
        if following - number > room:
            side = "right" if number > room else "left"
            place = {"x": number, "y": 0.98, "transform": ax.get_xaxis_transform(), "ha": side}
            artists.append(ax.text(s=text, **place, **style))
    return artists


class Frame:
    """One picture made many times: data and prediction on the left, the loss on the right.

    What stays is drawn once and kept as a background; a frame restores it and draws what moves.
    A loss that leaves its axes, or a new mark, costs a new right side.

    Args:
        x: Inputs, N values in rising order.
        y: Targets, N values.
        title: What stands above the data; may change.

    Raises:
        ValueError: x and y do not pair up one to one.
    """

    def __init__(self, x: ArrayLike, y: ArrayLike, title: str = "") -> None:
        """Lay out both axes; nothing is drawn yet."""
        self.x, self.y = to_array(x), to_array(y)
        if self.x.size != self.y.size or not self.x.size:
            raise ValueError(
                f"x and y must hold one value for each point, got {self.x.size} and {self.y.size}"
            )
        self.figure = Figure(figsize=(8, 3.2), dpi=100)
        self.canvas = FigureCanvasAgg(self.figure)
        left, self.right = self.figure.subplots(1, 2, width_ratios=(3, 2))
        self.figure.subplots_adjust(left=0.08, right=0.965, bottom=0.16, top=0.9, wspace=0.27)
        draw_data(left, self.x, self.y)
        self.fit = draw_fit(left, self.x, np.full(self.x.size, np.nan), animated=True)
        self.curve = draw_loss(self.right, [], animated=True)
        bottom, top = self.y.min(), self.y.max()
        height = (top - bottom) or 1.0
        left.set(ylim=(bottom - 0.2 * height, top + 0.45 * height))
        self.title = left.set_title(title, animated=True)
        self.text = left.text(
            0.02, 0.97, "", transform=left.transAxes, va="top", color=FIT_COLOUR, animated=True
        )
        self.right.set_visible(False)
        self.canvas.draw()
        self.left_alone = self.canvas.copy_from_bbox(self.figure.bbox)
        self.right.set_visible(True)
        self.view, self.marks = None, []

    def png(
        self,
        prediction: ArrayLike | None,
        text: str,
        losses: Sequence[float],
        iterations: Sequence[int],
        marks: Sequence[tuple[int, str]] = (),
    ) -> bytes:
        """Draw one frame, a PNG of 800 x 320 pixels.

        Args:
            prediction: net(x), N values; None draws the data alone.
            text: What stands in the corner of the picture.
            losses: The loss curve so far.
            iterations: The numbers of its iterations.
            marks: Iterations to mark, each with a word.
        """
        self.fit.set_ydata(to_array(self.x * np.nan if prediction is None else prediction))
        self.text.set_text(text)
        self.curve.set_data(iterations, losses)
        view = (*loss_limits(losses, iterations), tuple(marks))
        if view != self.view:
            self.view = view
            self._draw_right(*view)
        self.canvas.restore_region(self.background)
        for artist in (self.fit, self.text, self.title, self.curve):
            artist.axes.draw_artist(artist)
        picture = Image.fromarray(np.asarray(self.canvas.buffer_rgba()))
        stream = io.BytesIO()  # 256 colours: half the bytes, in half the time
        picture.quantize(256, Image.Quantize.FASTOCTREE).save(stream, "png", compress_level=1)
        return stream.getvalue()

    def _draw_right(self, xlim: tuple, ylim: tuple, marks: tuple) -> None:
        for mark in self.marks:
            mark.remove()
        self.right.set(xlim=xlim, ylim=ylim)
        self.marks = draw_marks(self.right, marks)
        self.canvas.restore_region(self.left_alone)
        self.right.draw(self.canvas.get_renderer())
        self.background = self.canvas.copy_from_bbox(self.figure.bbox)


def loss_limits(losses: Sequence[float], iterations: Sequence[int]) -> tuple[tuple, tuple]:
    """Choose (left, right), (bottom, top) that hold a loss curve and change seldom as it grows."""
    last = max(iterations, default=0)
    sizes = (k * 10**n for n in itertools.count(3) for k in (1, 5))
    right = 100 if last < 100 else next(size for size in sizes if size > last)
    seen = np.clip([loss for loss in losses if 0 < loss < math.inf] or [0.1], 1e-30, 1e30)
    bottom = 10.0 ** math.floor(math.log10(seen.min()))
    top = 10.0 ** (math.floor(math.log10(seen.max())) + 1)
    return (0.0, float(right)), (bottom, top)
