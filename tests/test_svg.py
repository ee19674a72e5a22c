"""The strip of the hidden layers, and lines that leave their box."""

import math
import xml.etree.ElementTree as ET

import numpy as np
from drawn import SVG, read_points

from helpers.widgets.svg import Box, write_outputs


def strip(outputs):
    root = ET.fromstring(write_outputs(outputs, "a & b"))
    assert root.get("aria-label") == "a & b"
    return root.findall(SVG + "svg")


def test_a_strip_has_a_box_for_each_layer_and_a_line_for_each_unit():
    flat, rising = np.zeros((1000, 1)), np.linspace(0, 1, 1000)[:, None]
    boxes = strip([rising, flat, np.hstack([rising, 1 - rising, flat])])
    lines = [box.findall(SVG + "path") for box in boxes]
    assert [len(found) for found in lines] == [1, 1, 3]
    assert [float(box.get("x")) for box in boxes] == [4, 204, 404]
    (first,) = read_points(lines[0][0])
    assert (first[0] == [0, 920]).all()  # from the lower left to the upper right
    assert (first[-1] == [1920, 0]).all()
    assert (read_points(lines[1][0])[0][:, 1] == 920).all()  # at the foot
    assert strip([]) == []


def test_a_strip_shows_thirty_units_of_a_wide_layer_and_gaps_for_what_is_not_finite():
    wide = np.ones((100, 512))
    wide[50, :] = math.inf
    (box,) = strip([wide])
    lines = box.findall(SVG + "path")
    assert len(lines) == 30
    assert len(read_points(lines[0])) == 2
    assert strip([np.full((100, 3), math.nan)])[0].findall(SVG + "path") == []


def test_far_points_do_not_bend_a_line():
    box = Box(0, 0, 100, 100, (0.0, 1.0), (0.0, 1.0))
    line = ET.fromstring(box.write_line(np.array([0.0, 1.0]), np.array([0.0, 1e6]), "red", 1))
    (points,) = read_points(line)
    assert points[:, 1].min() > -1000
    assert points[-1, 0] < 1  # it leaves the box where it did: at once
