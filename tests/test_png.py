"""A PNG shows each shape where the SVG shows it, in a look that no style has a say in."""

import io
import xml.etree.ElementTree as ET

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from drawn import SVG, read_points
from matplotlib.colors import to_rgb

from helpers.widgets import png
from helpers.widgets.png import trace_letter, write_png
from helpers.widgets.shapes import LOOKS, Box, Dots, Line, Look, Text
from helpers.widgets.svg import write_svg

BOX = Box(20, 10, 100, 50, (0.0, 10.0), (-1.0, 1.0))
RED = Look("#FF0000", 2)


def pixels(*shapes):
    return plt.imread(io.BytesIO(write_png(shapes, 200, 100)))[..., :3]


def ends(image, colour="#FF0000"):
    """Where the ink of a colour begins and ends, in pixels as shown: left, right, top, bottom."""
    rows, columns = (abs(image - to_rgb(colour)).max(axis=2) < 0.6).nonzero()
    return [columns.min() / 2, (columns.max() + 1) / 2, rows.min() / 2, (rows.max() + 1) / 2]


def test_a_picture_is_white_and_has_two_pixels_for_each_that_it_is_shown_with():
    assert pixels().shape == (200, 400, 3)
    assert (pixels() == 1).all()


def test_ink_is_dark_on_white():
    image = pixels(Line(BOX, np.array([0.0, 10]), np.zeros(2), LOOKS["axis"]))
    assert image.min() == pytest.approx(0x22 / 255, abs=0.01)


@pytest.mark.parametrize("kind", [Line, Dots])
def test_a_shape_stands_where_it_stands_in_the_svg(kind):
    shape = kind(BOX, np.array([1.0, 4, 8]), np.array([-0.5, 0.8, 0.1]), RED)
    path = next(ET.fromstring(write_svg([shape], 200, 100)).iter(SVG + "path"))
    points = np.vstack(read_points(path)) / 10 + [20, 10]
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    assert ends(pixels(shape)) == pytest.approx([left, right, top, bottom], abs=1.6)


def test_a_line_ends_at_its_box_and_a_dot_in_it_is_whole():
    line = Line(BOX, np.array([-5.0, 15]), np.zeros(2), RED)
    assert ends(pixels(line))[:2] == [20, 120]
    dot = Dots(BOX, np.array([0.0, -0.1]), np.array([0.0, 0]), RED._replace(width=8))
    assert ends(pixels(dot))[:2] == pytest.approx([16, 24], abs=0.5)


def test_width_opacity_and_dashes_are_those_of_the_look():
    def ink(look):
        return 1 - pixels(Line(BOX, np.array([0.0, 10]), np.zeros(2), look))[..., 1]

    full = ink(RED).sum()
    assert ink(RED._replace(width=4)).sum() == pytest.approx(2 * full, rel=0.01)
    assert ink(RED._replace(opacity=0.25)).max() == pytest.approx(0.25, abs=0.01)
    assert ink(RED._replace(dash=(4, 1))).sum() == pytest.approx(0.8 * full, rel=0.05)


@pytest.mark.parametrize(
    ("anchor", "turned", "left", "bottom"),
    [
        ("start", False, 100, 50),
        ("middle", False, 100 - 14.6, 50),
        ("end", False, 100 - 29.3, 50),
        ("start", True, 90, 50),
        ("middle", True, 90, 50 + 14.6),
        ("end", True, 90, 50 + 29.3),
    ],
)
def test_a_text_stands_where_svg_puts_it(anchor, turned, left, bottom):
    """Three H of 13 pixels: 29.3 wide with the room around them, and 9.5 high."""
    found = ends(pixels(Text(100, 50, "HHH", anchor, turned, "#FF0000")))
    long, high = (found[3] - found[2], found[1] - found[0])[:: 1 if turned else -1]
    assert (long, high) == pytest.approx((27, 9.5), abs=1)
    assert (found[0], found[3]) == pytest.approx((left, bottom), abs=2)


def test_letters_are_drawn_as_they_are():
    def width(text):
        left, right, *_ = ends(pixels(Text(5, 50, text, colour="#FF0000")))
        return right - left

    assert width("$x^2$") > 2 * width("x2")  # no formula
    assert trace_letter(" ")[1] > 2
    assert len(trace_letter(" ")[0].vertices) == 0


def test_a_letter_that_no_font_has_is_a_square(monkeypatch):
    monkeypatch.setattr(png, "fontManager", type("None", (), {"ttflist": []}))
    path, width = trace_letter.__wrapped__("\N{CJK UNIFIED IDEOGRAPH-6B63}")
    square, same = trace_letter.__wrapped__("□")
    assert width == same
    assert (path.vertices == square.vertices).all()


def test_a_letter_is_taken_from_any_font_that_has_it(monkeypatch):
    monkeypatch.setattr(png, "FONT", png.FONT.with_name("cmr10.ttf"))
    font = png.find_font("Ж")
    assert font.get_char_index(ord("Ж"))
    assert "Last Resort" not in font.family_name


@pytest.mark.parametrize("style", ["classic", "dark_background", "fivethirtyeight", "leaks"])
def test_no_style_has_a_say_and_none_is_touched(style, monkeypatch):
    line = Line(BOX, np.linspace(0, 10, 300), np.sin(np.arange(300) / 20), LOOKS["mark"])
    shapes = [line, Dots(BOX, np.arange(9), np.zeros(9), RED), Text(30, 80, "AVA fi $1$ x")]
    before = write_png(shapes, 200, 100)
    leaks = {
        "path.simplify_threshold": 1.0,
        "agg.path.chunksize": 101,
        "text.hinting": "force_autohint",
        "text.antialiased": False,
        "text.usetex": True,
        "savefig.bbox": "tight",
        "savefig.dpi": 30,
        "image.origin": "lower",
        "path.sketch": (1, 100, 2),
    }
    with plt.style.context(leaks if style == "leaks" else style):
        trace_letter.cache_clear()

        def refuse(*args):
            raise AssertionError("a style was touched")

        with monkeypatch.context() as watched:
            watched.setattr(matplotlib.RcParams, "__setitem__", refuse)
            after = write_png(shapes, 200, 100)
        assert after == before
