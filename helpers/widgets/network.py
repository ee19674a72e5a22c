"""The network, drawn: a column for each layer, its units' outputs in it, weights as lines between.

Eight units of a layer are drawn at the most, the same ones as long as the network lives.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from helpers.plots import to_array
from helpers.probe import hidden_outputs
from helpers.widgets.picture import Layers, widen
from helpers.widgets.shapes import INK, LOOKS, UNIT_COLOUR, Box, Look, Shape, Strokes
from helpers.widgets.svg import write_svg

MOST = 8  # units of a layer
POINTS = 12  # of a unit's curve, beside the kinks of the first layer
LINES = 300  # weights: of more, the thinnest quarter of each layer is left out
VIEW = Box(0, 0, 1000, 400, (0, 1), (1, 0))  # whole pixels, stretched to the place there is
CELL = (0.5, 0.09, 0.78)  # width of a cell: a share of its column's, at the most; its height
POSITIVE, NEGATIVE = "#3377DD", "#C06A00"  # told apart by everybody, on white and on black
WIDTHS = (0.4, 1.0, 1.8, 2.8)  # of a line, for each quarter of the layer's largest weight
FAINT = 0.05  # of the loudest unit of its layer; what is smaller looks smaller
ROOMY = 6  # columns; between more of them lines are thinner
DIMMED = 0.25  # opacity of the lines that do not touch the unit that is chosen
TOOLTIP = (
    "A box is a unit, and the curve in it what it hands on over all x. A line is a weight: blue "
    "above 0, orange below, the thicker the larger."
)
FRAME = Look(INK, 1, opacity=0.4)
CURVE = Look(INK, 1.2)
CHOSEN = Look(UNIT_COLOUR, 2)


class Portrait(NamedTuple):
    """What is drawn of a network.

    Attributes:
        limits: The lowest and highest y that the prediction's cell shows.
        x: Where its units were asked, (P,), at most 20 of them.
        outputs: What the units hand on that are drawn, (P, units) for each layer: the input, each
            hidden layer and the prediction.
        weights: Of the lines between two columns, (units right, units left) for each.
    """

    limits: tuple[float, float]
    x: np.ndarray
    outputs: list[np.ndarray]
    weights: list[np.ndarray]

    @property
    def columns(self) -> list[int]:
        """How many units are drawn of each layer, input and prediction among them."""
        return [output.shape[1] for output in self.outputs]


def portray(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> Portrait:
    """Ask the units that are drawn for what they hand on over the range of the data.

    Args:
        net: A `Regressor`, from one number to one.
        x: Inputs of the data, (N, 1), in rising order.
        y: Their labels, (N, 1).
    """
    low, high, limits = x[0].item(), x[-1].item(), widen(to_array(y), 0.25)
    layers = [layer for layer in net.features if isinstance(layer, nn.Linear)]
    first = layers[0]
    with torch.no_grad():
        bends = (-first.bias / first.weight[:, 0])[:MOST]  # there a unit's output turns
        bends = bends[(bends > low) & (bends < high)]
        x = torch.cat([torch.linspace(low, high, POINTS), bends]).sort().values[:, None]
        hidden = [output[:, :MOST] for output in hidden_outputs(net, x)]
        outputs = [part.numpy() for part in (x, *hidden, net(x))]
        weights = [layer.weight[:MOST, :MOST].numpy().copy() for layer in layers]
    return Portrait(limits, x[:, 0].numpy(), outputs, weights)


def draw_cells(box: Box, columns: Sequence[int]) -> list[Shape]:
    """Draw what stays: a frame for each unit that is drawn.

    Args:
        box: Where, its numbers from 0 to 1.
        columns: How many units each column has, input and prediction among them.
    """
    x, y, width, height = place_cells(columns)
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
    points = np.stack([x, y], axis=1)[:, None] + corners * (width, height)
    return [Strokes(box, points, FRAME)]


def draw_network(
    box: Box, portrait: Portrait, chosen: tuple[int, int] | tuple[()] = ()
) -> list[Shape]:
    """Draw what moves: weights, and in each cell what its unit hands on.

    Args:
        box: Where, its numbers from 0 to 1.
        portrait: What to draw.
        chosen: A hidden layer and a unit of it to point out, both from 1; or nothing.
    """
    x, y, width, height = place_cells(portrait.columns)
    starts = np.cumsum([0, *portrait.columns])
    number = starts[chosen[0]] + chosen[1] - 1 if chosen else None  # of the chosen cell
    shapes = draw_weights(box, portrait.weights, starts, x, y + height / 2, width, number)

    values = scale_outputs(portrait)  # (units, P)
    across = (portrait.x - portrait.x[0]) / (portrait.x[-1] - portrait.x[0])
    points = np.empty((*values.shape, 2))
    points[..., 0] = x[:, None] + width * across
    points[..., 1] = y[:, None] + height * (0.92 - 0.84 * values)
    shapes.append(Strokes(box, points[: starts[-2]], CURVE))
    shapes.append(Strokes(box, points[starts[-2] :], LOOKS["prediction"]))
    if chosen:
        frame = draw_cells(box, portrait.columns)[0].points
        shapes.append(Strokes(box, points[[number]], CHOSEN))
        shapes.append(Strokes(box, frame[[number]], CHOSEN))
    return shapes


def scale_outputs(portrait: Portrait) -> np.ndarray:
    """Scale what units hand on to their cells: 0 is the foot, 1 the top; (units, P).

    Each unit has a scale of its own, with 0 in it, so that one sees its shape; of one that says
    next to nothing beside its layer's loudest one sees that. The prediction has the data's scale.
    """
    scaled = []
    for number, outputs in enumerate(portrait.outputs, start=1):
        values = np.nan_to_num(outputs.T.astype(float), posinf=1e30, neginf=-1e30)
        low, high = np.minimum(values.min(1), 0), np.maximum(values.max(1), 0)
        sizes = np.maximum(high - low, max(FAINT * (high - low).max(), 1e-12))
        if number == len(portrait.outputs):
            low, sizes = portrait.limits[:1], np.ptp(portrait.limits, keepdims=True)
        scaled.append(np.clip((values - np.reshape(low, (-1, 1))) / sizes[:, None], -0.1, 1.1))
    return np.concatenate(scaled)


def place_cells(columns: Sequence[int]) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Find the upper left corner of each cell, column by column: x, y, and width and height."""
    pitch = 1 / len(columns)
    width, height = min(CELL[0] * pitch, CELL[1]), CELL[2] / MOST
    x = [pitch * (column + 0.5) - width / 2 for column, n in enumerate(columns) for _ in range(n)]
    y = [0.5 + (unit - n / 2 + 0.5) / MOST - height / 2 for n in columns for unit in range(n)]
    return np.array(x), np.array(y), width, height


def draw_weights(
    box: Box,
    weights: Sequence[np.ndarray],
    starts: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    width: float,
    chosen: int | None,
) -> list[Shape]:
    """Draw a line for each weight: its colour is the sign's, its width that of its size.

    Args:
        box: Where, its numbers from 0 to 1.
        weights: (units right, units left) for each two columns.
        starts: The number of each column's first cell.
        x: Left edge of each cell.
        y: Middle of each cell.
        width: Of a cell.
        chosen: The cell whose lines stand out, or None.
    """
    found = []
    crowded = sum(weight.size for weight in weights) > LINES
    for number, weight in enumerate(weights):
        sizes = np.nan_to_num(abs(weight), posinf=1e30)
        right, left = np.indices(weight.shape) + starts[[number + 1, number]][:, None, None]
        kept = sizes >= (np.quantile(sizes, 0.25) if crowded and weight.size > MOST else 0)
        kept |= (left == chosen) | (right == chosen)
        share = sizes / max(sizes.max(), 1e-30)
        classes = np.minimum(4 * share, 3).astype(int)
        found.append(np.stack([left, right, weight < 0, classes])[:, kept])
    left, right, signs, classes = np.concatenate(found, axis=1)
    ends = np.stack([x[left] + width, y[left], x[right], y[right]], axis=1).reshape(-1, 2, 2)
    thinner = min(1, ROOMY / (len(weights) + 1))
    touches = np.isin(left, chosen) | np.isin(right, chosen) | (chosen is None)
    shapes = []
    for bright in (False, True):  # the thickest of those that stand out are in front
        for size, thickness in enumerate(WIDTHS):
            for sign, colour in enumerate((POSITIVE, NEGATIVE)):
                some = ends[(classes == size) & (signs == sign) & (touches == bright)]
                if len(some):
                    look = Look(colour, thinner * thickness, 1 if bright else DIMMED)
                    shapes.append(Strokes(box, some, look))
    return shapes


class Network(Layers):
    """The drawn network on the page: frames that stay, and what moves, which lies over them."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(TOOLTIP)
        self.columns: list[int] = []
        self.shown: tuple = ()

    def show(
        self, portrait: Portrait, chosen: tuple[int, int] | tuple[()] = (), label: str = ""
    ) -> None:
        """Draw a portrait, if it is another; arguments as for `draw_network`, and its words."""
        if self.shown and self.shown[0] is portrait and self.shown[1] == chosen:
            return
        self.shown = (portrait, chosen)
        if portrait.columns != self.columns:
            self.columns = portrait.columns
            self.still.value = write(draw_cells(VIEW, self.columns))
        self.moving.value = write(draw_network(VIEW, portrait, chosen), label)


def write(shapes: Sequence[Shape], label: str = "") -> str:
    """Write shapes as SVG that is as wide as its place, and as high as the panel's style says."""
    layout = "display: block; width: 100%; height: var(--sine-network)"
    return write_svg(shapes, VIEW.width, VIEW.height, label, stretched=True, layout=layout)
