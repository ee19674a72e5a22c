"""Shapes as SVG, and the strip of the hidden layers."""

import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from drawn import SVG, read_points

from helpers.widgets.shapes import LOOKS, Box, Dots, Line, Look, Text
from helpers.widgets.svg import write_outputs, write_svg

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


def strip(outputs):
    """Each layer's box with its path of lines, or None, and its edge."""
    root = ET.fromstring(write_outputs(outputs, "a & b"))
    assert root.get("aria-label") == "a & b"
    boxes = root.findall(SVG + "svg")
    paths = [{path.get("stroke"): path for path in box} for box in boxes]
    assert all("currentColor" in found for found in paths)
    return boxes, [found.get(LOOKS["unit"].colour) for found in paths]


def test_a_strip_has_a_box_for_each_layer_and_a_line_for_each_unit():
    flat, rising = np.zeros((1000, 1)), np.linspace(0, 1, 1000)[:, None]
    boxes, paths = strip([rising, flat, np.hstack([rising, 1 - rising, flat])])
    lines = [read_points(path) for path in paths]
    assert [len(found) for found in lines] == [1, 1, 3]
    assert [float(box.get("x")) for box in boxes] == [4, 204, 404]
    ((first, *_, last),) = lines[0]
    assert (first == [0, 920]).all()  # from the lower left to the upper right
    assert (last == [1920, 0]).all()
    assert (lines[1][0][:, 1] == 920).all()  # at the foot
    assert strip([]) == ([], [])


def test_a_strip_shows_every_unit_whole():
    outputs = np.abs(np.sin(np.outer(np.linspace(0, 1, 1000), np.arange(30) / 9)))
    lines = read_points(strip([outputs])[1][0])
    assert len(lines) == 30
    for unit, points in zip(outputs[::20].T, lines, strict=True):
        assert points[[0, -1], 0].tolist() == [0, 1920]
        tall = 920 * (1 - unit / outputs[::20].max())
        seen = np.interp(np.linspace(0, 1920, 50), points[:, 0], points[:, 1])
        assert seen == pytest.approx(tall, abs=10)  # a pixel


def test_a_strip_shows_thirty_units_of_a_wide_layer_and_gaps_for_what_is_not_finite():
    wide = np.ones((100, 512))
    wide[50, :] = math.inf
    _, (path,) = strip([wide])
    assert len(read_points(path)) == 60
    assert strip([np.full((100, 3), math.nan)])[1] == [None]
