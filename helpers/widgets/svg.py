"""Shapes written as SVG, for the screen.

Colours that must follow the page's theme are `currentColor`, and no element has an id, so that
any number of pictures can stand on one page.
"""

import html
import itertools
from collections.abc import Sequence

import numpy as np

from helpers.widgets.shapes import INK, LOOKS, TEXT_SIZE, Box, Dots, Line, Look, Shape, Text

FONT = f"font-family: var(--jp-ui-font-family, sans-serif); font-size: {TEXT_SIZE}px"


def write_svg(shapes: Sequence[Shape], width: int, height: int, label: str = "") -> str:
    """Write a picture that is as wide as its place.

    Args:
        shapes: What to draw, from back to front.
        width: Width in pixels, before it is scaled.
        height: Height in pixels.
        label: What a screen reader says; a picture without one is passed over.
    """
    reader = f'role="img" aria-label="{html.escape(label)}"' if label else 'aria-hidden="true"'
    style = f"display: block; width: 100%; height: auto; {FONT}"
    parts = []
    for kind, group in itertools.groupby(shapes, key=lambda s: (type(s), getattr(s, "box", None))):
        parts.append(write_box(*kind, "".join(map(write_shape, group))))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {reader} '
        f'fill="currentColor" style="{style}">{"".join(parts)}</svg>'
    )


def write_box(kind: type, box: Box | None, inside: str) -> str:
    """Write a box around lines, which end at its edges, or dots: both count in tenths of pixels."""
    if box is None or not inside:
        return inside
    where = f'x="{box.left:g}" y="{box.top:g}" width="{box.width:g}" height="{box.height:g}"'
    tenths = f'viewBox="0 0 {10 * box.width:g} {10 * box.height:g}" fill="none"'
    whole = ' overflow="visible"' if kind is Dots else ""
    return f"<svg {where} {tenths}{whole}>{inside}</svg>"


def write_shape(shape: Shape) -> str:
    """Write one shape; nothing where nothing is in sight."""
    match shape:
        case Text():
            return write_text(shape)
        case Dots():  # lines of no length, whose round ends are what one sees
            points = to_tenths(shape.places())
            places = "".join(f"M{x} {y}h0" for x, y in points.tolist())
            return write_path(places, shape.look, ' stroke-linecap="round"')
        case Line():
            pieces = [to_tenths(piece) for piece in shape.pieces()]
            places = "".join(
                f"M{x} {y}l" + " ".join(map(str, np.diff(piece, axis=0).ravel().tolist()))
                for piece, (x, y) in ((piece, piece[0].tolist()) for piece in pieces)
            )
            return write_path(places, shape.look, ' stroke-linejoin="round"')


def write_path(places: str, look: Look, more: str) -> str:
    """Write a path of tenths of a pixel in its look."""
    if not places:
        return ""
    if look.opacity < 1:
        more += f' stroke-opacity="{look.opacity:g}"'
    if look.dash:
        more += ' stroke-dasharray="{:g} {:g}"'.format(*(10 * part for part in look.dash))
    return f'<path d="{places}" stroke="{look.colour}" stroke-width="{10 * look.width:g}"{more}/>'


def write_text(text: Text) -> str:
    """Write a text."""
    place = f'x="{text.x:.4g}" y="{text.y:.4g}" text-anchor="{text.anchor}"'
    turned = f' transform="rotate(-90 {text.x:.4g} {text.y:.4g})"' if text.turned else ""
    colour = f' fill="{text.colour}"' if text.colour != INK else ""
    return f"<text {place}{turned}{colour}>{html.escape(text.text)}</text>"


def to_tenths(points: np.ndarray) -> np.ndarray:
    """Round pixels to tenths, as whole numbers."""
    return np.rint(10 * points).astype(int)


def write_outputs(outputs: Sequence[np.ndarray], label: str = "") -> str:
    """Draw what hidden layers hand on, side by side: one line for each unit, 30 at most.

    Args:
        outputs: For each hidden layer, (N, width); values that are not finite are left out.
        label: What a screen reader says.

    Returns:
        SVG of 800 x 100 pixels, each layer scaled to its own largest value.
    """
    width = min(800 / max(len(outputs), 1), 200)
    shapes = []
    for place, output in enumerate(outputs):
        thin = output[:: max(len(output) // 50, 1), :30]
        finite = thin[np.isfinite(thin)]
        left, right = (0.0, max(len(thin) - 1.0, 1.0))
        bottom, top = (finite.min(initial=0.0), max(finite.max(initial=0.0), 1e-30))
        box = Box(place * width + 4, 4, width - 8, 92, (left, right), (bottom, top))
        x = np.append(np.arange(len(thin)), np.nan)  # a gap after each unit
        y = np.pad(thin.T, ((0, 0), (0, 1)))
        shapes.append(Line(box, np.tile(x, len(y)), y.ravel(), LOOKS["unit"]))
        edge = np.array(
            [[left, bottom], [left, top], [right, top], [right, bottom], [left, bottom]]
        )
        shapes.append(Line(box, *edge.T, LOOKS["axis"]))
    return write_svg(shapes, 800, 100, label)
