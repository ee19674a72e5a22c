"""Shapes written as a PNG, for a stored notebook, which shows no SVG until it is trusted.

Matplotlib's Agg fills and strokes paths, and letters are paths, too: no style that a notebook
has set has a say, and none is touched.
"""

import functools
import io
from collections.abc import Sequence
from pathlib import Path as File

import numpy as np
from matplotlib import get_data_path
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgba
from matplotlib.font_manager import fontManager
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.image import imsave
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox, Transform

from helpers.plots import SHARP
from helpers.widgets.shapes import (
    INK,
    TEXT_SIZE,
    Band,
    Dots,
    Line,
    Look,
    Shape,
    Strokes,
    Text,
)

DARK = "#222222"  # what INK is on white
FONT = File(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
UNKNOWN = "□"  # for a letter that no font has


def write_png(shapes: Sequence[Shape], width: int, height: int) -> bytes:
    """Write a picture on white; arguments as for `render`."""
    return write_pages([(shapes, height)], width)


def write_pages(pages: Sequence[tuple[Sequence[Shape], int]], width: int) -> bytes:
    """Write pictures of one width below each other, on white.

    Args:
        pages: From the top down, each its shapes and its height.
        width: Their width in pixels, as they are shown.
    """
    stream = io.BytesIO()
    whole = np.vstack([render(shapes, width, height) for shapes, height in pages])
    imsave(stream, whole, format="png", origin="upper")
    return stream.getvalue()


def render(shapes: Sequence[Shape], width: int, height: int, scale: int = SHARP) -> np.ndarray:
    """Draw a picture on white.

    Args:
        shapes: What to draw, from back to front.
        width: Width in pixels, as it is shown.
        height: Height in pixels, as it is shown.
        scale: How many pixels wide and high each of these is drawn.

    Returns:
        Red, green, blue and opacity, uint8, (scale * height, scale * width, 4).
    """
    sheet = RendererAgg(scale * width, scale * height, 72 * scale)  # a point is a pixel as shown
    page = Affine2D().scale(scale, -scale).translate(0, scale * height)  # Agg counts from below
    white = Path([(0, 0), (width, 0), (width, height), (0, height)])
    draw_path(sheet, white, page, None, Look("white", 0))
    for shape in shapes:
        if isinstance(shape, Text):
            draw_path(sheet, trace_text(shape), page, None, Look(shape.colour, 0))
            continue
        place = Affine2D().translate(shape.box.left, shape.box.top) + page
        match shape:
            case Line():
                clip = Bbox([(0, 0), (shape.box.width, shape.box.height)]).transformed(place)
                draw_path(sheet, trace_line(shape), place, clip, shape.look)
            case Strokes():
                lines = [Path(points) for points in shape.places()]
                draw_path(sheet, Path.make_compound_path(*lines), place, None, shape.look)
            case Band():
                draw_path(sheet, trace_band(shape), place, None, shape.look._replace(width=0))
            case Dots():
                draw_path(sheet, trace_dots(shape), place, None, shape.look._replace(width=0))
    return np.asarray(sheet.buffer_rgba())


def draw_path(
    sheet: RendererAgg, path: Path, place: Transform, clip: Bbox | None, look: Look
) -> None:
    """Draw a path as a line; one of no width is filled."""
    pen = sheet.new_gc()
    pen.set_snap(False)
    pen.set_linewidth(look.width)
    pen.set_joinstyle("round")
    if clip is not None:
        pen.set_clip_rectangle(clip)
    if look.dash:
        pen.set_dashes(0, look.dash)
    colour = to_rgba(DARK if look.colour == INK else look.colour, look.opacity)
    pen.set_foreground(colour, isRGBA=True)
    path.should_simplify = False  # it is simple
    sheet.draw_path(pen, path, place, None if look.width else colour)


def trace_line(line: Line) -> Path:
    """Make a path of a line's pieces, in pixels of its box."""
    lines = [Path(piece) for piece in line.pieces()]
    return Path.make_compound_path(*lines)


def trace_dots(dots: Dots) -> Path:
    """Make a path of circles, in pixels of their box."""
    circle = Path.unit_circle()
    radius = dots.look.width / 2
    circles = [Path(radius * circle.vertices + place, circle.codes) for place in dots.places()]
    return Path.make_compound_path(*circles)


def trace_band(band: Band) -> Path:
    """Make a path of rectangles, in pixels of their box."""
    low, high = 0, band.box.height
    edges = band.edges()
    parts = [Path([(a, low), (b, low), (b, high), (a, high), (a, low)]) for a, b in edges]
    return Path.make_compound_path(*parts)


def trace_text(text: Text) -> Path:
    """Make a path of a text's letters, in pixels of the picture."""
    letters, width = [], 0.0
    for letter in text.text:
        path, advance = trace_letter(letter)
        letters.append(Affine2D().translate(width, 0).transform_path(path))
        width += advance
    start = {"start": 0, "middle": -width / 2, "end": -width}[text.anchor]
    place = Affine2D().translate(start, 0).scale(1, -1).rotate_deg(-90 if text.turned else 0)
    return place.translate(text.x, text.y).transform_path(Path.make_compound_path(*letters))


@functools.lru_cache(maxsize=1000)
def trace_letter(letter: str) -> tuple[Path, float]:
    """Make a path of a letter that stands at (0, 0), and say how far it is to the next."""
    font = find_font(letter)
    if font is None:
        return trace_letter(UNKNOWN)
    glyph = font.load_char(ord(letter), LoadFlags.NO_HINTING)
    return Path(*font.get_path()), glyph.linearHoriAdvance / 65536


def find_font(letter: str) -> FT2Font | None:
    """Find a font that has a letter: the usual one, or else another of this machine's."""
    others = (
        entry.fname
        for entry in fontManager.ttflist
        if (entry.style, entry.weight) == ("normal", 400) and "Last Resort" not in entry.name
    )
    for file in (FONT, *others):
        font = FT2Font(str(file))
        if font.get_char_index(ord(letter)):
            font.set_size(TEXT_SIZE, 72)
            return font
    return None
