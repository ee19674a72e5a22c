"""One picture that moves: data and prediction on the left, the loss on the right.

It is described once, as shapes: those that stand still and those that move. The screen shows them
as SVG, a stored notebook as a PNG.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np
from ipywidgets import HTML, GridBox
from matplotlib import colormaps
from matplotlib.colors import to_hex
from numpy.typing import ArrayLike

from helpers.plots import loss_limits, to_array
from helpers.widgets.axes import draw_axes, draw_legend
from helpers.widgets.png import write_png
from helpers.widgets.shapes import (
    LOOKS,
    Box,
    Dots,
    Line,
    Look,
    Shape,
    Text,
    draw_curve,
    make_page,
    to_text,
)
from helpers.widgets.svg import write_svg

WIDTH, HEIGHT = 800, 300  # pixels
PAGE = make_page(WIDTH, HEIGHT)
LEFT = (72, 42, 424, 212)  # where the data stand: left, top, width, height
RIGHT = (576, 42, 188, 212)  # where the loss stands
DOTS = 100  # of the data, so that one can tell them apart
LETTER = 13  # room for a mark's word, which is turned, in pixels


class Picture(GridBox):
    """Data, prediction and loss curve, drawn anew as often as you like.

    What stays (axes, data, legends) is one piece of SVG, sent again only when it changes; what
    moves is another, which lies over it.

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
        self.x, self.y = to_points(x, y)
        self.beyond = beyond
        self.grid = make_grid(self.x, beyond)
        self.left = make_box(self.grid, self.y)
        self.stays = None  # what the still picture depends on, once it is drawn
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
        moving: list[Shape] = [draw_title(self.left, self.title)]
        if prediction is not None:
            curve = to_array(prediction)
            if curve.size != self.grid.size:
                raise ValueError(
                    f"prediction must hold one value for each of the {self.grid.size} x of the "
                    f"grid, got {curve.size}"
                )
            moving += draw_curve(self.left, self.grid, curve, LOOKS["prediction"])
        moving += draw_kinks(self.left, dots)

        curves = {"training": (iterations, losses)}
        if held_out is not None:
            curves["held out"] = held_out
        # copies, so that a still is whole whatever a thread goes on recording
        curves = {name: [np.array(part, float) for part in two] for name, two in curves.items()}
        numbers, values = (np.concatenate(parts) for parts in zip(*curves.values(), strict=True))
        xlim, ylim = loss_limits(values, numbers)
        right = Box(*RIGHT, xlim, ylim, log=ylim[0] > 0)
        for name, two in curves.items():
            moving += draw_curve(right, *two, LOOKS[name])
        moving += draw_marks(right, marks)

        stays = (right, len(curves), len(dots))
        if stays != self.stays:
            self.stays = stays
            still = self._draw_still(right, list(curves), len(dots))
            self.still.value = write_svg(still, WIDTH, HEIGHT)
        else:
            still = self.shown[0]
        self.shown = (still, moving)
        self.moving.value = write_svg(moving, WIDTH, HEIGHT, label)

    def png(self) -> bytes:
        """Draw what was last shown as a PNG of twice the pixels, 1600 x 600."""
        still, moving = self.shown
        return write_png([*still, *moving], WIDTH, HEIGHT)

    def _draw_still(self, right: Box, curves: list[str], layers: int) -> list[Shape]:
        """Draw what stays: axes, data and legends."""
        every = max(1, self.x.size // DOTS)
        data = "data" if every == 1 else f"data, 1 of {every} points"
        names = {data: LOOKS["data"], "prediction": LOOKS["prediction"]}
        shapes = draw_axes(PAGE, self.left, "x", "y")
        shapes += draw_legend(PAGE, self.left, names, dotted=[data])
        shapes.append(Dots(self.left, self.x[::every], self.y[::every], LOOKS["data"]))
        shapes += draw_layers(self.left, layers)
        shapes += draw_axes(PAGE, right, to_text(self.count, 24), "loss")
        if len(curves) > 1:
            shapes += draw_legend(PAGE, right, {name: LOOKS[name] for name in curves})
        return shapes


def make_grid(x: np.ndarray, beyond: bool) -> np.ndarray:
    """Choose where the prediction is drawn: at the rising x, or at 1000 on twice their range."""
    if not beyond:
        return x
    low, high = x[[0, -1]]
    return np.linspace(1.5 * low - high / 2, 1.5 * high - low / 2, 1000)


def make_box(grid: np.ndarray, y: np.ndarray) -> Box:
    """Choose which numbers are in sight, and where: all of the grid, and y with room around it."""
    return Box(*LEFT, widen(grid, 0.03), widen(y, 0.25))


def draw_title(box: Box, title: object) -> Text:
    """Draw the title above a box; None is none."""
    return Text(box.left + box.width / 2, 15, to_text(title, 60), "middle")


def draw_kinks(box: Box, dots: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[Shape]:
    """Draw the kinks, each layer's in its colour."""
    layers = [(to_array(x), to_array(y)) for x, y in dots]
    rims = [Dots(box, x, y, LOOKS["rim"]) for x, y in layers]
    looks = [look_of_layer(number, len(layers)) for number in range(1, len(layers) + 1)]
    return rims + [Dots(box, *two, look) for two, look in zip(layers, looks, strict=True)]


def draw_layers(box: Box, layers: int) -> list[Shape]:
    """Draw a row within a box that names the colours of so many layers' kinks."""
    if not layers:
        return []
    left, height = box.left + 8, box.top + 15
    shapes: list[Shape] = [Text(left, height, "kinks by layer")]
    step = min(31, (box.width - 120) / layers)
    for number in range(1, layers + 1):
        x, y = np.array([left + 77 + step * number]), np.array([height - 4.5])
        for look in (LOOKS["rim"], look_of_layer(number, layers)):
            shapes.append(Dots(PAGE, x, y, look))
        shapes.append(Text(float(x[0]) + 6, height, str(number)))
    return shapes


def look_of_layer(number: int, layers: int) -> Look:
    """Choose the colour of a hidden layer's kinks, dark to light."""
    return LOOKS["kink"]._replace(colour=to_hex(colormaps["viridis"](number / layers)))


def draw_marks(box: Box, marks: Sequence[tuple[int, str]]) -> list[Shape]:
    """Draw a dashed line at each mark, and its word, where the next leaves room."""
    left, right = box.xlim
    scale = box.width / (right - left)
    places, shapes = [], []
    marks = [(number, text) for number, text in marks if left <= number <= right]
    if not marks:
        return []
    for (number, text), (following, _) in itertools.pairwise([*marks, (math.inf, "")]):
        room = (following - number) * scale
        if room > 3:
            places.append(number)
        if room > LETTER:
            x = box.left + (number - left) * scale
            x += -4 if x - box.left > LETTER else 12
            look = {"anchor": "end", "turned": True, "colour": LOOKS["mark"].colour}
            shapes.append(Text(x, box.top + 4, to_text(text, 26), **look))
    x = np.repeat(np.array(places, float), 3)
    y = np.tile([*box.ylim, math.nan], len(places))
    return [Line(box, x, y, LOOKS["mark"]), *shapes]


def widen(values: np.ndarray, share: float) -> tuple[float, float]:
    """Choose the limits of an axis that holds values, with a share of their range to spare."""
    values = np.clip(values, -1e300, 1e300)
    low, high = float(values.min()), float(values.max())
    size = max(abs(low), abs(high))
    margin = max(share * (high - low), 4 * float(np.spacing(size))) if low < high else size or 1.0
    return low - margin, high + margin


def to_points(x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Take the data, one finite y for each finite x: two arrays, (N,) each."""
    x, y = to_array(x), to_array(y)
    if x.size != y.size or not x.size:
        raise ValueError(f"x and y must hold one value for each point, got {x.size} and {y.size}")
    for name, values in (("x", x), ("y", y)):
        bad = np.nonzero(~np.isfinite(values))[0]
        if bad.size:
            raise ValueError(f"{name} must be finite, got {values[bad[0]]} in row {bad[0]}")
    return x, y
