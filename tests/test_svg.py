"""Shapes as SVG."""

import math
import xml.etree.ElementTree as ET

import numpy as np
from drawn import SVG, read_points

from helpers.widgets.shapes import LOOKS, Band, Box, Dots, Line, Look, Strokes, Text
from helpers.widgets.svg import write_svg

BOX = Box(20, 10, 100, 50, (0.0, 10.0), (-1.0, 1.0))


def read(*shapes):
    return ET.fromstring(write_svg(shapes, 200, 100))


def test_a_line_is_one_path_in_its_look():
    x, y = np.array([0.0, 5, 6, 7, 10]), np.array([0.0, 0.5, math.nan, 1, -1])
    (box,) = read(Line(BOX, x, y, Look("red", 1.3, 0.5, (4, 3)))).findall(SVG + "svg")
    assert [box.get(name) for name in ("x", "y", "width", "height")] == ["20", "10", "100", "50"]
    assert box.get("viewBox") == "0 0 1000 500"
    assert box.get("overflow") is None  # cut at the edges
    (path,) = box.findall(SVG + "path")
    first, second = read_points(path)
    assert first[[0, -1]].tolist() == [[0, 250], [500, 125]]
    assert second[[0, -1]].tolist() == [[700, 0], [1000, 500]]
    assert (path.get("stroke"), path.get("stroke-width")) == ("red", "13")
    assert (path.get("stroke-opacity"), path.get("stroke-dasharray")) == ("0.5", "40 30")


def test_dots_are_round_and_whole_at_an_edge():
    (box,) = read(Dots(BOX, np.array([0.0, 5]), np.zeros(2), LOOKS["data"])).findall(SVG + "svg")
    assert box.get("overflow") == "visible"
    (path,) = box.findall(SVG + "path")
    assert np.vstack(read_points(path)).tolist() == [[0, 250], [500, 250]]
    assert (path.get("stroke-linecap"), path.get("stroke-width")) == ("round", "40")


def test_what_is_not_in_sight_is_not_written():
    nothing = np.array([math.nan, math.nan])
    shapes = [kind(BOX, nothing, nothing, LOOKS["data"]) for kind in (Line, Dots)]
    assert len(read(*shapes)) == 0


def test_a_text_is_written_letter_for_letter():
    (text,) = read(Text(30, 40.5, "a < <b> & $c$", "end", True, "red"))
    assert text.text == "a < <b> & $c$"
    assert (text.get("x"), text.get("y"), text.get("text-anchor")) == ("30", "40.5", "end")
    assert text.get("transform") == "rotate(-90 30 40.5)"
    assert text.get("fill") == "red"
    (text,) = read(Text(30, 40, "a"))
    assert text.get("fill") is text.get("transform") is None


def test_shapes_are_written_from_back_to_front():
    line = Line(BOX, np.array([0.0, 1]), np.zeros(2), LOOKS["axis"])
    tags = [child.tag for child in read(line, Text(0, 0, "a"), line, line)]
    assert tags == [SVG + "svg", SVG + "text", SVG + "svg"]


def test_short_lines_are_whole_pixels_of_the_picture_and_keep_their_width_when_stretched():
    points = np.array([[[0, -1], [10, 1], [5, 0]], [[5, 0.5], [6, 0.5], [7, -1]]])
    root = ET.fromstring(
        write_svg([Strokes(BOX, points, Look("red", 2))], 200, 100, stretched=True)
    )
    assert root.get("preserveAspectRatio") == "none"
    (path,) = root
    assert path.get("d") == "M20 60l100-50-50 25M70 22l10 0 10 38"
    assert path.get("vector-effect") == "non-scaling-stroke"
    assert (path.get("stroke-width"), path.get("fill")) == ("2", "none")


def test_bands_reach_from_edge_to_edge_and_end_at_the_box():
    spans = np.array([[-5.0, 2.0], [9.0, 30.0], [20.0, 30.0]])
    (box,) = read(Band(BOX, spans, Look("red", 0, 0.2)))
    (path,) = box
    assert path.get("d") == "M0 0H200V500H0zM900 0H1000V500H900z"
    assert (path.get("fill"), path.get("fill-opacity")) == ("red", "0.2")


def test_a_part_of_a_picture_begins_where_it_is_told():
    root = ET.fromstring(write_svg([], 120, 100, left=80))
    assert root.get("viewBox") == "80 0 120 100"
