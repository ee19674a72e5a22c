"""Shapes written as SVG, for the screen.

Colours that must follow the page's theme are `currentColor`, and no element has an id, so that
any number of pictures can stand on one page.
"""

import html
import itertools
from collections.abc import Sequence

import numpy as np

from helpers.widgets.shapes import (
    INK,
    TEXT_SIZE,
    Band,
    Box,
    Dots,
    Line,
    Look,
    Shape,
    Strokes,
    Text,
)

FONT = f"font-family: var(--jp-ui-font-family, sans-serif); font-size: {TEXT_SIZE}px"


def write_svg(
    shapes: Sequence[Shape],
    width: float,
    height: float,
    label: str = "",
    left: float = 0,
    stretched: bool = False,
    layout: str = "display: block; width: 100%; height: auto",
) -> str:
    """Write a picture, or a part of it from one x to another.

    Args:
        shapes: What to draw, from back to front.
        width: Width in pixels, before it is scaled.
        height: Height in pixels.
        label: What a screen reader says; a picture without one is passed over.
        left: Where the part begins, in pixels of the picture.
        stretched: Whether it fills its place, whatever that place's shape, rather than keep its
            own; lines are then as wide as they are, and it may hold no text.
        layout: How wide and high it is on the page, as CSS.
    """
    reader = f'role="img" aria-label="{html.escape(label)}"' if label else 'aria-hidden="true"'
    parts = []
    for kind, group in itertools.groupby(shapes, key=lambda s: (type(s), getattr(s, "box", None))):
        parts.append(write_box(*kind, "".join(map(write_shape, group))))
    fill = ' preserveAspectRatio="none"' if stretched else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} 0 {width:g} {height:g}"{fill} '
        f'{reader} fill="currentColor" style="{layout}; {FONT}">{"".join(parts)}</svg>'
    )


def write_box(kind: type, box: Box | None, inside: str) -> str:
    """Write a box around lines, which end at its edges, or dots: both count in tenths of pixels."""
    if kind in (Text, Strokes) or not inside:
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
        case Band():
            return write_band(shape)
        case Strokes():
            return write_strokes(shape)


def write_path(places: str, look: Look, more: str, scale: float = 10) -> str:
    """Write a path in its look, in tenths of a pixel or at another scale."""
    if not places:
        return ""
    if look.opacity < 1:
        more += f' stroke-opacity="{look.opacity:g}"'
    if look.dash:
        more += ' stroke-dasharray="{:g} {:g}"'.format(*(scale * part for part in look.dash))
    places = places.replace(" -", "-")  # a minus parts two numbers, too
    width = f"{scale * look.width:g}"
    return f'<path d="{places}" stroke="{look.colour}" stroke-width="{width}"{more}/>'


def write_band(band: Band) -> str:
    """Write the parts of a box that are filled."""
    height = round(10 * band.box.height)
    parts = [(left, right) for left, right in to_tenths(band.edges()).tolist() if left < right]
    places = "".join(f"M{left} 0H{right}V{height}H{left}z" for left, right in parts)
    look = f'fill="{band.look.colour}" fill-opacity="{band.look.opacity:g}"'
    return f'<path d="{places}" {look}/>' if places else ""


def write_strokes(strokes: Strokes) -> str:
    """Write short lines in whole pixels of the picture; one that is stretched keeps their width."""
    corner = (strokes.box.left, strokes.box.top)
    points = np.rint(strokes.places() + corner).astype(int)
    number, each, _ = points.shape
    points[:, 1:] = np.diff(points, axis=1)
    one = "M%d %dl" + " ".join(["%d %d"] * (each - 1))
    places = one * number % tuple(points.ravel().tolist())
    more = ' fill="none" vector-effect="non-scaling-stroke" stroke-linejoin="round"'
    return write_path(places, strokes.look, more, scale=1)


def write_text(text: Text) -> str:
    """Write a text."""
    place = f'x="{text.x:.4g}" y="{text.y:.4g}" text-anchor="{text.anchor}"'
    turned = f' transform="rotate(-90 {text.x:.4g} {text.y:.4g})"' if text.turned else ""
    colour = f' fill="{text.colour}"' if text.colour != INK else ""
    return f"<text {place}{turned}{colour}>{html.escape(text.text)}</text>"


def to_tenths(points: np.ndarray) -> np.ndarray:
    """Round pixels to tenths, as whole numbers."""
    return np.rint(10 * points).astype(int)
