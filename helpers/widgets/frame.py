"""One picture made many times a second: a background is kept, what moves is drawn over it."""

import io
import itertools
import math
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps, font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw, ImageFont

from helpers.plots import (
    DATA_COLOUR,
    FIT_COLOUR,
    LOSS_COLOUR,
    MARK_COLOUR,
    draw_data,
    draw_fit,
    draw_kinks,
    draw_loss,
    draw_marks,
    to_array,
)


class Frame:
    """One picture made many times: data and prediction on the left, the loss on the right.

    What stays is drawn once and kept as a background; a frame restores it and draws what moves.
    A loss that leaves its axes, or a new mark, costs a new right side.

    Args:
        x: Inputs, N values in rising order.
        y: Targets, N values.
        title: What stands above the data; may change.
        beyond: Whether the prediction is shown on twice the range of x.

    Attributes:
        grid: The x of the prediction: those of the data, or 1000 on twice their range.

    Raises:
        ValueError: x and y do not pair up one to one.
    """

    def __init__(self, x: ArrayLike, y: ArrayLike, title: str = "", beyond: bool = False) -> None:
        """Lay out both axes; nothing is drawn yet."""
        self.x, self.y = to_array(x), to_array(y)
        if self.x.size != self.y.size or not self.x.size:
            raise ValueError(
                f"x and y must hold one value for each point, got {self.x.size} and {self.y.size}"
            )
        self.beyond, self.grid = beyond, self.x
        if beyond:
            low, high = self.x[[0, -1]]
            self.grid = np.linspace(1.5 * low - high / 2, 1.5 * high - low / 2, 1000)
        self.figure = Figure(figsize=(8, 3.2), dpi=100)
        self.canvas = FigureCanvasAgg(self.figure)
        ax, self.right = self.figure.subplots(1, 2, width_ratios=(3, 2))
        self.figure.subplots_adjust(left=0.08, right=0.965, bottom=0.16, top=0.9, wspace=0.27)
        draw_data(ax, self.x, self.y)
        self.fit = draw_fit(ax, self.grid, self.grid * np.nan, animated=True)
        self.curve = draw_loss(self.right, [], animated=True)
        bottom, top = self.y.min(), self.y.max()
        height = (top - bottom) or 1.0
        ax.set(ylim=(bottom - 0.2 * height, top + 0.45 * height))
        if beyond:
            ax.set(xlim=self.grid[[0, -1]])
        self.title, self.palette = title, make_palette()
        font = font_manager.findfont("DejaVu Sans")
        self.large, self.small = (ImageFont.truetype(font, size) for size in (17, 14))
        self.right.set_visible(False)
        self.canvas.draw()
        self.left_alone = self.canvas.copy_from_bbox(self.figure.bbox)
        (left, _), (right, top) = ax.bbox.get_points()
        self.box = (left, right, 320 - top)  # in pixels, the last from above
        self.right.set_visible(True)
        self.view, self.marks = None, []

    def png(
        self,
        prediction: ArrayLike | None,
        text: str,
        losses: Sequence[float],
        iterations: Sequence[int],
        marks: Sequence[tuple[int, str]] = (),
        dots: Sequence[tuple[np.ndarray, np.ndarray]] = (),
    ) -> bytes:
        """Draw one frame, a PNG of 800 x 320 pixels.

        Args:
            prediction: net(grid), one value for each; None draws the data alone.
            text: What stands in the corner of the picture.
            losses: The loss curve so far.
            iterations: The numbers of its iterations.
            marks: Iterations to mark, each with a word.
            dots: For each hidden layer, x and y of its kinks.
        """
        self.fit.set_ydata(to_array(self.grid * np.nan if prediction is None else prediction))
        self.curve.set_data(iterations, losses)
        view = (*loss_limits(losses, iterations), tuple(marks))
        if view != self.view:
            self.view = view
            self._draw_right(*view)
        self.canvas.restore_region(self.background)
        lines = draw_kinks(self.fit.axes, *zip(*dots, strict=True)) if dots else []
        for artist in (self.fit, self.curve, *lines):
            artist.axes.draw_artist(artist)
        for line in lines:
            line.remove()
        picture = Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB")
        self._write(picture, text)
        stream = io.BytesIO()  # 256 colours: half the bytes
        few = picture.quantize(palette=self.palette, dither=Image.Dither.NONE)
        few.save(stream, "png", compress_level=1)
        return stream.getvalue()

    def _write(self, picture: Image.Image, text: str) -> None:
        """Write the title and the corner's text: a tenth of the time that matplotlib takes."""
        pen = ImageDraw.Draw(picture)
        left, right, top = self.box
        pen.text(((left + right) / 2, top - 8), self.title, "black", self.large, anchor="ms")
        pen.text((left + 9, top + 8), text, FIT_COLOUR, self.small)

    def _draw_right(self, xlim: tuple, ylim: tuple, marks: tuple) -> None:
        for mark in self.marks:
            mark.remove()
        self.right.set(xlim=xlim, ylim=ylim)
        self.marks = draw_marks(self.right, marks)
        self.canvas.restore_region(self.left_alone)
        self.right.draw(self.canvas.get_renderer())
        self.background = self.canvas.copy_from_bbox(self.figure.bbox)


def draw_outputs(outputs: Sequence[np.ndarray]) -> bytes:
    """Draw what hidden layers hand on, side by side: one line for each unit, 30 at most.

    Args:
        outputs: For each hidden layer, (N, width); values that are not finite are left out.

    Returns:
        A PNG of 800 x 100 pixels, each layer scaled to its own largest value.
    """
    picture = Image.new("RGB", (1600, 200), "white")  # drawn twice as large, for smooth edges
    pen, width = ImageDraw.Draw(picture), min(1600 // max(len(outputs), 1), 400)
    for place, output in enumerate(outputs):
        thin = np.nan_to_num(output[:: max(len(output) // 100, 1), :30], posinf=0, neginf=0)
        low, high = min(thin.min(), 0.0), max(thin.max(), 1e-30)
        x = place * width + np.linspace(12, width - 12, len(thin))
        y = 190 - 180 * (thin - low) / (high - low)
        for unit in y.T:
            pen.line(np.column_stack([x, unit]).ravel().tolist(), FIT_COLOUR, 2)
        pen.rectangle((place * width + 4, 2, (place + 1) * width - 4, 198), outline=LOSS_COLOUR)
    stream = io.BytesIO()
    picture.resize((800, 100), Image.Resampling.BOX).save(stream, "png", compress_level=1)
    return stream.getvalue()


def loss_limits(losses: Sequence[float], iterations: Sequence[int]) -> tuple[tuple, tuple]:
    """Choose (left, right), (bottom, top) that hold a loss curve and change seldom as it grows."""
    last = max(iterations, default=0)
    sizes = (k * 10**n for n in itertools.count(3) for k in (1, 5))
    right = 100 if last < 100 else next(size for size in sizes if size > last)
    seen = np.clip([loss for loss in losses if 0 < loss < math.inf] or [0.1], 1e-30, 1e30)
    bottom = 10.0 ** math.floor(math.log10(seen.min()))
    top = 10.0 ** (math.floor(math.log10(seen.max())) + 1)
    return (0.0, float(right)), (bottom, top)


def make_palette() -> Image.Image:
    """Blend each two of a picture's colours in 14 steps, for smooth edges; add those of kinks."""
    colours = (DATA_COLOUR, FIT_COLOUR, LOSS_COLOUR, MARK_COLOUR, "white", "black")
    pairs = itertools.combinations([np.array(to_rgb(colour)) for colour in colours], 2)
    blends = [(1 - part) * a + part * b for a, b in pairs for part in np.linspace(0, 1, 14)]
    kinks = np.array([colormaps["viridis"](part)[:3] for part in np.linspace(0, 1, 15)])
    blends += [part * kink for kink in kinks for part in (0.5, 0.75, 1)]
    palette = Image.new("P", (1, 1))
    palette.putpalette((255 * np.array(blends)).round().astype(np.uint8).tobytes())
    return palette
