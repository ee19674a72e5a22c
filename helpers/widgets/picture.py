"""One picture that moves: data and prediction on the left, the loss on the right.

It is described once, as shapes: those that stand still and those that move. The screen shows them
as SVG, a stored notebook as a PNG.
"""

import functools
import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

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
    Band,
    Box,
    Dots,
    Line,
    Look,
    Shape,
    Strokes,
    Text,
    draw_curve,
    make_page,
    to_text,
)
from helpers.widgets.svg import write_svg

WIDTH, HEIGHT = 750, 226  # pixels
SPLIT = 390  # where the part with the loss begins: on a narrow page it stands below the other
PAGE = make_page(WIDTH, HEIGHT)
LEFT = (62, 42, 312, 142)  # where the data stand: left, top, width, height
RIGHT = (452, 42, 276, 142)  # where the loss stands
STRIP = 38  # height of the residuals, which stand below a fit that is lower by them
DOTS = 100  # of the data, so that one can tell them apart
LETTER = 6.8  # width of one of a mark's, in pixels
WIDEST = 800  # pixels of a page that it takes
SHARE = "flex: {} 1 {:.0f}px; min-width: 0; height: auto"  # of the page
ROOM = 1.15  # of an axis of residuals, times the largest
SMOOTH = 150  # means of fifty losses from which on they are drawn


class Unit(NamedTuple):
    """A unit that was chosen, drawn large.

    Attributes:
        name: Which it is.
        x: Where it was asked, (N,).
        adds: What the prediction would lose without it at each x.
        on: Where it hands on more than 0: begin and end of each part, (n, 2).
    """

    name: str
    x: np.ndarray
    adds: np.ndarray
    on: np.ndarray


class LastRun(NamedTuple):
    """What stays of the run before.

    Attributes:
        x: Inputs, (N,).
        prediction: What its network said at the end, (N,).
        iterations: The numbers of the iterations of its loss curve.
        losses: The curve.
    """

    x: np.ndarray
    prediction: np.ndarray
    iterations: Sequence[int]
    losses: Sequence[float]


class Scene(NamedTuple):
    """How training stands: what a picture shows.

    Attributes:
        prediction: net(grid), one value for each; None shows the data alone.
        losses, iterations: The loss curve so far, and the numbers of its iterations.
        means, at: Means of fifty losses each, and the numbers of the iterations in their middle.
        held_out: Iterations and losses of a curve on held-out points, or None.
        marks: Iterations to mark, each with a word.
        dots: For each hidden layer, x and y of its kinks.
        unit: A unit to draw large, or None.
        last: The run before, or None.
        residuals: Label minus prediction at each x of the data, or None to leave them out.
        lost: Whether the loss is no longer finite: the prediction is the last that was in sight.
        label: The picture in a sentence, for a screen reader.
    """

    prediction: ArrayLike | None = None
    losses: Sequence[float] = ()
    iterations: Sequence[int] = ()
    means: Sequence[float] = ()
    at: Sequence[int] = ()
    held_out: tuple[Sequence[int], Sequence[float]] | None = None
    marks: Sequence[tuple[int, str]] = ()
    dots: Sequence[tuple[np.ndarray, np.ndarray]] = ()
    unit: Unit | None = None
    last: LastRun | None = None
    residuals: ArrayLike | None = None
    lost: bool = False
    label: str = ""


class Layers(GridBox):
    """Two pieces of SVG over each other: what stays, and what moves.

    Args:
        tooltip: What a pointer that rests on it is told.
        layout: More of the box's layout.

    Attributes:
        still: What stays, sent again only when it changes.
        moving: What moves, over it.
    """

    def __init__(self, tooltip: str | None = None, **layout: str) -> None:
        """Begin empty."""
        cell = {"grid_area": "1 / 1 / 2 / 2", "width": "100%", "margin": "0"}
        self.still = HTML(layout=cell)
        self.moving = HTML(layout=cell, tooltip=tooltip)
        layout = {"width": "100%", "overflow": "hidden"} | layout
        super().__init__([self.still, self.moving], layout=layout)


class Picture(Layers):
    """Data, prediction and loss curve, drawn anew as often as you like.

    What stays (axes, data, legends, the last run) is one piece of SVG, sent again only when it
    changes; what moves is another, which lies over it.

    Args:
        x: Inputs, N values in rising order.
        y: Targets, N values.
        title: What stands above the data; may be set anew.
        count: What the numbers on the loss axis count.

    Attributes:
        x: Inputs, (N,).
        y: Targets, (N,).
        grid: The x of the prediction: those of the data, or 1000 on twice their range.
        beyond: Whether the prediction is shown on twice the range of x.
        count: As given.
        shown: The shapes that stay, and those that move.

    Raises:
        ValueError: x and y do not pair up one to one, or are not finite.
    """

    def __init__(
        self, x: ArrayLike, y: ArrayLike, title: str = "", count: str = "iteration"
    ) -> None:
        """Draw the data alone."""
        points = to_points(x, y)  # what may fail comes before any widget is made
        super().__init__(max_width=f"min(100%, {WIDEST}px)")
        self.title = title
        self.count = count
        self.set_data(*points)

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
        self.stays = None  # what the still picture depends on, once it is drawn,
        self.last: LastRun | None = None  # and the last run in it
        self.update(Scene())

    def update(self, scene: Scene) -> None:
        """Show how training stands.

        Raises:
            ValueError: The prediction is of another size than the grid.
        """
        # copies, so that a still is whole whatever a thread goes on recording
        curves = {name: [np.array(part, float) for part in two] for name, two in list_curves(scene)}
        ruling = [two for name, two in curves.items() if not (scene.lost and name == "last run")]
        numbers, values = (np.concatenate(parts) for parts in zip(*ruling, strict=True))
        xlim, ylim = loss_limits(values, numbers)
        right = Box(*RIGHT, xlim, ylim, log=ylim[0] > 0)
        left, strip = self._make_boxes(scene)

        stays = (left, right, strip, tuple(curves), len(scene.dots), scene.lost)
        stays += (None if scene.unit is None else scene.unit.name, bool(scene.marks))
        last = curves.pop("last run", None)
        if stays != self.stays or scene.last is not self.last:
            self.stays, self.last = stays, scene.last
            below = self._draw_fit_axes(left, strip, scene)
            beside = self._draw_loss_axes(right, stays[3], bool(scene.marks))
            if last is not None:
                beside += draw_curve(right, *last, LOOKS["last run"])
            self.still.value = write_parts(below, beside)
            self.shown = (below + beside, [])
        fit: list[Shape] = [draw_title(left, self.title), *self._draw_fit(left, scene)]
        if strip is not None:
            fit += draw_residuals(strip, self.x, to_array(scene.residuals))
        loss: list[Shape] = []
        for name, two in curves.items():
            loss += draw_curve(right, *two, LOOKS[look_of_curve(name, curves)])
        loss += draw_marks(right, scene.marks) + draw_leap(right, *curves["training"])
        self.shown = (self.shown[0], fit + loss)
        self.moving.value = write_parts(fit, loss, scene.label)

    def png(self, below: Sequence[Shape] = (), height: float = 0) -> bytes:
        """Draw what was last shown as a PNG of twice the pixels, 1500 x 452.

        Args:
            below: Shapes that stand below it.
            height: How much room they need, in pixels.
        """
        still, moving = self.shown
        return write_png([*still, *moving, *below], WIDTH, HEIGHT + height)

    def _make_boxes(self, scene: Scene) -> tuple[Box, Box | None]:
        """Choose which numbers are in sight, and where: of the fit, and of the residuals if any."""
        fit = make_box(self.grid, self.y)
        if scene.unit is not None:
            fit = replace(fit, ylim=make_room(fit.ylim, scene.unit.adds))
        if scene.residuals is None:
            return fit, None
        found = np.abs(to_array(scene.residuals))
        found = found[np.isfinite(found)]
        size = round_up(float(found.max(initial=1e-6)))
        lower = replace(fit, height=fit.height - STRIP - 10)
        top = lower.top + lower.height + 10
        return lower, Box(fit.left, top, fit.width, STRIP, fit.xlim, (-ROOM * size, ROOM * size))

    def _draw_fit(self, box: Box, scene: Scene) -> list[Shape]:
        """Draw all predictions, and what is known of them."""
        shapes: list[Shape] = []
        if scene.unit is not None:
            shapes.append(Band(box, scene.unit.on, LOOKS["on"]))
        if scene.prediction is not None:
            curve = to_array(scene.prediction)
            if curve.size != self.grid.size:
                raise ValueError(
                    f"prediction must hold one value for each of the {self.grid.size} x of the "
                    f"grid, got {curve.size}"
                )
            look = LOOKS["prediction"]
            if scene.lost:
                look = look._replace(colour=LOOKS["last run"].colour)
            shapes += draw_curve(box, self.grid, curve, look)
        if scene.unit is not None:
            shapes += draw_curve(box, scene.unit.x, scene.unit.adds, LOOKS["unit"])
        return shapes + draw_kinks(box, scene.dots)

    def _draw_fit_axes(self, box: Box, strip: Box | None, scene: Scene) -> list[Shape]:
        """Draw what stays of the fit: axes, data and legends."""
        every = max(1, self.x.size // DOTS)
        data = "data" if every == 1 else f"data (1 of {every})"
        names = {data: LOOKS["data"], "prediction": LOOKS["prediction"]}
        if scene.lost:
            names = {data: LOOKS["data"], "last fit in sight": LOOKS["last run"]}
        elif scene.last is not None:
            names["last run"] = LOOKS["last run"]
        shapes: list[Shape] = []
        if self.beyond:
            ends = np.array([[box.xlim[0], self.x[0]], [self.x[-1], box.xlim[1]]])
            shapes.append(Band(box, ends, LOOKS["no data"]))
        shapes += draw_axes(PAGE, box, "x" if strip is None else None, "y")
        shapes += draw_legend(PAGE, box, names, dotted=[data])
        shapes.append(Dots(box, self.x[::every], self.y[::every], LOOKS["data"]))
        if scene.last is not None and not scene.lost:
            shapes += draw_curve(box, scene.last.x, scene.last.prediction, LOOKS["last run"])
        if strip is not None:
            size = strip.ylim[1] / ROOM
            shapes += draw_axes(PAGE, strip, "x", "", np.array([-size, 0, size]))
        above = replace(box, top=box.top - 16)
        if scene.unit is not None:
            shapes += draw_legend(PAGE, above, {scene.unit.name: LOOKS["unit"]})
        return shapes + draw_layers(above, len(scene.dots))

    def _draw_loss_axes(self, box: Box, curves: Collection[str], marked: bool) -> list[Shape]:
        """Draw what stays of the loss: axes, and of several curves a legend, above any marks."""
        shapes = draw_axes(PAGE, box, to_text(self.count, 24), "loss")
        if len(curves) > 1:
            looks = {name: LOOKS[look_of_curve(name, curves)] for name in curves}
            shapes += draw_legend(PAGE, replace(box, top=box.top - 16 * marked), looks)
        return shapes


def list_curves(scene: Scene) -> list[tuple[str, tuple]]:
    """Name each loss curve, from back to front, with its iterations and losses."""
    curves = [("training", (scene.iterations, scene.losses))]
    if scene.last is not None:
        curves.insert(0, ("last run", (scene.last.iterations, scene.last.losses)))
    if len(scene.means) >= SMOOTH:
        curves.append(("mean of 50", (scene.at, scene.means)))
    if scene.held_out is not None:
        curves.append(("held out", scene.held_out))
    return curves


def look_of_curve(name: str, curves: Collection[str]) -> str:
    """Name the look of a curve: training is faint where its mean stands beside it."""
    return "faint" if name == "training" and "mean of 50" in curves else name


def write_parts(fit: Sequence[Shape], loss: Sequence[Shape], label: str = "") -> str:
    """Write both parts as SVG, side by side where the page has room, else one below the other."""
    parts = [(fit, 0, SPLIT, label), (loss, SPLIT, WIDTH - SPLIT, "")]
    pieces = [
        write_svg(shapes, width, HEIGHT, said, left, layout=SHARE.format(width, 0.72 * width))
        for shapes, left, width, said in parts
    ]
    return f'<div style="display: flex; flex-wrap: wrap">{"".join(pieces)}</div>'


def make_grid(x: np.ndarray, beyond: bool) -> np.ndarray:
    """Choose where the prediction is drawn: at the rising x, or at 1000 on twice their range."""
    if not beyond:
        return x
    low, high = x[[0, -1]]
    return np.linspace(1.5 * low - high / 2, 1.5 * high - low / 2, 1000)


def make_box(grid: np.ndarray, y: np.ndarray) -> Box:
    """Choose which numbers are in sight, and where: all of the grid, and y with room around it."""
    return Box(*LEFT, widen(grid, 0.03), widen(y, 0.25))


def make_room(limits: tuple[float, float], values: np.ndarray) -> tuple[float, float]:
    """Widen the limits of an axis in steps, so that they hold values: twice its size at the most.

    It changes seldom while the values move.
    """
    low, high = limits
    size = high - low
    seen = np.clip(values[np.isfinite(values)], low - size / 2, high + size / 2)
    below, above = low - seen.min(initial=low), seen.max(initial=high) - high
    step = size / 8
    return low - step * math.ceil(below / step), high + step * math.ceil(above / step)


def draw_title(box: Box, title: object) -> Text:
    """Draw the title above a box; None is none."""
    return Text(box.left + box.width / 2, 15, to_text(title, 60), "middle")


def draw_kinks(box: Box, dots: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[Shape]:
    """Draw the kinks, each layer's in its colour."""
    layers = [np.array([to_array(x), to_array(y)]) for x, y in dots]
    looks = [look_of_layer(number, len(layers)) for number in range(1, len(layers) + 1)]
    rims = [Dots(box, *np.concatenate(layers, axis=1), LOOKS["rim"])] if layers else []
    return rims + [Dots(box, *two, look) for two, look in zip(layers, looks, strict=True)]


def draw_layers(box: Box, layers: int) -> list[Shape]:
    """Draw a row above a box, at its right end, that names the colours of so many layers' kinks."""
    if not layers:
        return []
    step = 22.0 if layers <= 5 else 9.0  # in a dense row only the ends have a number
    left, height = box.left + box.width - step * layers - 14, box.top - 6.5
    shapes: list[Shape] = []
    for number in range(1, layers + 1):
        x, y = np.array([left + step * (number - 1) + 8]), np.array([height - 4.5])
        for look in (LOOKS["rim"], look_of_layer(number, layers)):
            shapes.append(Dots(PAGE, x, y, look))
        if layers <= 5 or number == layers:
            shapes.append(Text(float(x[0]) + 5, height, str(number)))
    first = "" if layers <= 5 else " 1"
    return [*shapes, Text(left + 1, height, f"kinks by layer{first}", "end")]


@functools.cache
def look_of_layer(number: int, layers: int) -> Look:
    """Choose the colour of a hidden layer's kinks, dark to light."""
    return LOOKS["kink"]._replace(colour=to_hex(colormaps["viridis"](number / layers)))


def draw_marks(box: Box, marks: Sequence[tuple[int, str]]) -> list[Shape]:
    """Draw a dashed line at each mark, and its word above, where those after it leave room."""
    left, right = box.xlim
    scale = box.width / (right - left)
    places, shapes, free = [], [], box.left + box.width  # where the word after it begins
    for number, text in reversed([mark for mark in marks if left <= mark[0] <= right]):
        x = box.left + (number - left) * scale
        if places and places[-1] - x < 3:
            continue
        places.append(x)
        text = to_text(text, 20)
        length = LETTER * len(text)
        start = min(x - 3, free - length)
        if start >= x - 3 - length and start >= box.left - 60:
            shapes.append(Text(start, box.top - 6, text))
            free = start - 8
    if not places:
        return []
    x = (np.repeat(np.array(places), 3) - box.left) / scale + left
    y = np.tile([*box.ylim, math.nan], len(places))
    return [Line(box, x, y, LOOKS["mark"]), *shapes]


def draw_leap(box: Box, iterations: np.ndarray, losses: np.ndarray) -> list[Shape]:
    """Say where the largest loss lies that has left the plot, and how large it is."""
    gone = np.isfinite(losses) & (losses > box.ylim[1])
    if not gone.any():
        return []
    place = int(np.where(gone, losses, -math.inf).argmax())
    x = box.left + box.place(iterations[[place]], losses[[place]])[0, 0]
    left = x > box.left + box.width / 2
    text = f"{losses[place]:.1e} ↑" if left else f"↑ {losses[place]:.1e}"
    return [Text(x - 4 if left else x + 4, box.top + 14, text, "end" if left else "start")]


def draw_residuals(box: Box, x: np.ndarray, residuals: np.ndarray) -> list[Shape]:
    """Draw what is left of each label, from 0; of many every tenth, as of the data."""
    every = max(1, x.size // DOTS)
    x, y = x[::every], residuals[::every]
    seen = np.isfinite(y)
    x, y = x[seen], y[seen]
    ends = [np.column_stack([x, np.zeros_like(y)]), np.column_stack([x, y])]
    lines = [Strokes(box, np.stack(ends, axis=1), LOOKS["residual"])] if len(x) else []
    return [*lines, Text(box.left + 5, box.top + 11, "residual, y - prediction")]


def round_up(value: float) -> float:
    """Round a positive number up to 1, 2 or 5 times a power of ten."""
    power = math.floor(math.log10(value))
    return next(top for k in (1, 2, 5, 10) if (top := float(f"{k}e{power}")) >= value * 0.999)


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
