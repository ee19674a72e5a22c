"""The network, drawn: a column for each layer, its units' outputs in it, weights as lines between.

Eight units of a layer are drawn at the most, the same ones as long as the network lives.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from ipywidgets import HTML, GridBox
from torch import nn

from helpers.probe import hidden_outputs
from helpers.widgets.shapes import INK, LOOKS, UNIT_COLOUR, Box, Look, Shape, Strokes
from helpers.widgets.svg import write_svg

MOST = 8  # units of a layer
POINTS = 12  # of a unit's curve, beside the kinks of the first layer
LINES = 300  # weights: of more, the thinnest quarter of each layer is left out
VIEW = Box(0, 0, 1000, 400, (0, 1), (1, 0))  # whole pixels, stretched to the place there is
CELL = (0.5, 0.09, 0.78)  # width of a cell: a share of its column's, at the most; its height
POSITIVE, NEGATIVE = "#3377DD", "#C06A00"  # told apart by everybody, on white and on black
WIDTHS = (0.4, 1.0, 1.8, 2.8)  # of a line, for each quarter of the layer's largest weight
FRAME = Look(INK, 1, opacity=0.4)
CURVE = Look(INK, 1.2)
CHOSEN = Look(UNIT_COLOUR, 2)


class Portrait(NamedTuple):
    """What is drawn of a network.

    Attributes:
        x: Where its units were asked, (P,), at most 20 of them.
        outputs: What the units hand on that are drawn, (P, units) for each layer: the input, each
            hidden layer and the prediction.
        weights: Of the lines between two columns, (units right, units left) for each.
    """

    x: np.ndarray
    outputs: list[np.ndarray]
    weights: list[np.ndarray]


def portray(net: nn.Module, low: float, high: float) -> Portrait:
    """Ask the units that are drawn for what they hand on between two x.

    Args:
        net: A `Regressor`, from one number to one.
        low: Left end, in units of x.
        high: Right end.
    """
    layers = [layer for layer in net.features if isinstance(layer, nn.Linear)]
    first = layers[0]
    with torch.no_grad():
        bends = (-first.bias / first.weight[:, 0])[:MOST]  # there a unit's output turns
        bends = bends[(bends > low) & (bends < high)]
        x = torch.cat([torch.linspace(low, high, POINTS), bends]).sort().values[:, None]
        hidden = [output[:, :MOST] for output in hidden_outputs(net, x)]
        outputs = [part.numpy() for part in (x, *hidden, net(x))]
        weights = [layer.weight[:MOST, :MOST].numpy().copy() for layer in layers]
    return Portrait(x[:, 0].numpy(), outputs, weights)


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
    """Draw what moves: weights, and in each cell what its unit hands on, from 0 and to scale.

    Args:
        box: Where, its numbers from 0 to 1.
        portrait: What to draw.
        chosen: A hidden layer and a unit of it to point out, both from 1; or nothing.
    """
    columns = [output.shape[1] for output in portrait.outputs]
    x, y, width, height = place_cells(columns)
    starts = np.cumsum([0, *columns])
    shapes = draw_weights(box, portrait.weights, starts, x, y + height / 2, width)

    values = np.concatenate(portrait.outputs, axis=1).T  # (units, P)
    values = np.nan_to_num(values.astype(float), posinf=1e30, neginf=-1e30)
    low, high = np.minimum(values.min(1), 0), np.maximum(values.max(1), 0)
    share = (values - low[:, None]) / np.maximum(high - low, 1e-12)[:, None]
    across = (portrait.x - portrait.x[0]) / (portrait.x[-1] - portrait.x[0])
    points = np.empty((*values.shape, 2))
    points[..., 0] = x[:, None] + width * across
    points[..., 1] = y[:, None] + height * (0.92 - 0.84 * share)
    shapes.append(Strokes(box, points[: starts[-2]], CURVE))
    shapes.append(Strokes(box, points[starts[-2] :], LOOKS["prediction"]))
    if chosen:
        layer, unit = chosen
        number = starts[layer] + unit - 1
        frame = draw_cells(box, columns)[0].points
        shapes.append(Strokes(box, points[[number]], CHOSEN))
        shapes.append(Strokes(box, frame[[number]], CHOSEN))
    return shapes


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
) -> list[Shape]:
    """Draw a line for each weight: its colour is the sign's, its width that of its size.

    Args:
        box: Where, its numbers from 0 to 1.
        weights: (units right, units left) for each two columns.
        starts: The number of each column's first cell.
        x: Left edge of each cell.
        y: Middle of each cell.
        width: Of a cell.
    """
    ends, signs, classes = [], [], []
    crowded = sum(weight.size for weight in weights) > LINES
    for number, weight in enumerate(weights):
        sizes = np.nan_to_num(abs(weight), posinf=1e30)
        right, left = np.indices(weight.shape) + starts[[number + 1, number]][:, None, None]
        kept = sizes >= (np.quantile(sizes, 0.25) if crowded and weight.size > MOST else 0)
        left, right = left[kept], right[kept]
        ends.append(np.stack([x[left] + width, y[left], x[right], y[right]], axis=1))
        signs.append(weight[kept] < 0)
        share = sizes[kept] / max(sizes.max(), 1e-30)
        classes.append(np.minimum(4 * share, 3).astype(int))
    ends, signs, classes = map(np.concatenate, (ends, signs, classes))
    shapes = []
    for size, thickness in enumerate(WIDTHS):
        for sign, colour in ((False, POSITIVE), (True, NEGATIVE)):
            some = ends[(classes == size) & (signs == sign)]
            if len(some):
                shapes.append(Strokes(box, some.reshape(-1, 2, 2), Look(colour, thickness)))
    return shapes


class Network(GridBox):
    """The drawn network on the page: frames that stay, and what moves, which lies over them."""

    def __init__(self) -> None:
        """Begin empty."""
        cell = {"grid_area": "1 / 1 / 2 / 2", "width": "100%", "margin": "0"}
        self.still = HTML(layout=cell)
        self.moving = HTML(layout=cell)
        self.columns: list[int] = []
        self.shown: tuple = ()
        super().__init__([self.still, self.moving], layout={"width": "100%", "overflow": "hidden"})

    def show(
        self, portrait: Portrait, chosen: tuple[int, int] | tuple[()] = (), label: str = ""
    ) -> None:
        """Draw a portrait, if it is another; arguments as for `draw_network`, and its words."""
        if self.shown and self.shown[0] is portrait and self.shown[1] == chosen:
            return
        self.shown = (portrait, chosen)
        columns = [output.shape[1] for output in portrait.outputs]
        if columns != self.columns:
            self.columns = columns
            self.still.value = write(draw_cells(VIEW, columns))
        self.moving.value = write(draw_network(VIEW, portrait, chosen), label)


def write(shapes: Sequence[Shape], label: str = "") -> str:
    """Write shapes as SVG that is as wide as its place, and as high as the panel's style says."""
    layout = "display: block; width: 100%; height: var(--sine-network)"
    return write_svg(shapes, VIEW.width, VIEW.height, label, stretched=True, layout=layout)
