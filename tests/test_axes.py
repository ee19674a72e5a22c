"""Numbers of an axis say where they stand, can be told apart, and collide with nothing."""

import math
from itertools import pairwise

import numpy as np
import pytest

from helpers.widgets.axes import (
    draw_axes,
    draw_legend,
    find_powers,
    find_ticks,
    label_ticks,
    write_number,
)
from helpers.widgets.png import trace_letter
from helpers.widgets.shapes import LOOKS, Box, Line, Text

PAGE = Box(0, 0, 800, 300, (0, 800), (300, 0))
LIMITS = [
    (-10.6, 10.6),
    (1.7e9 - 0.3, 1.7e9 + 10.3),
    (-1.7e9 - 3, -1.7e9),
    (1.7e9, 1.7e9 + 0.001),
    (99_999.8, 100_000.2),
    (-2e5, 3.2e6),
    (-3e6, -1e6),
    (5, 5 + 1e-11),
    (-1.6e-12, 1.6e-12),
    (1e-30, 3e-30),
    (-1e300, 1e300),
    (0, 100),
    (100_000, 100_100),
    (0.3, 0.7),
]


def wide(text):
    """A text's width in the widest of the fonts, in pixels."""
    return sum(trace_letter(letter)[1] for letter in text)


def read_axes(limits, log=False):
    """Both axes' numbers (where they stand, what they say) and names."""
    box = Box(72, 42, 424, 212, limits, (0.001, 10) if log else limits, log)
    texts = [shape for shape in draw_axes(PAGE, box, "x", "y") if isinstance(shape, Text)]
    below = [text for text in texts[2:] if text.anchor == "middle"]
    aside = [text for text in texts[2:] if text.anchor == "end"]
    return box, texts[0], texts[1], below, aside


@pytest.mark.parametrize("limits", LIMITS)
def test_a_number_and_its_axis_name_say_where_it_stands(limits):
    _, xname, yname, below, aside = read_axes(limits)
    assert len(below) > 1
    assert len(aside) > 2
    low, high = limits
    for name, texts in ((xname, below), (yname, aside)):
        start = 0.0
        if len(name.text) > 1:
            start = float(name.text[4:].replace(",", "")) * (1 if name.text[2] == "-" else -1)
        for text in texts:
            share = (text.x - 72) / 424 if texts is below else (254 - text.y + 4.5) / 212
            number = start + float(text.text)
            assert number == pytest.approx(low + share * (high - low), abs=2e-3 * (high - low))


@pytest.mark.parametrize("limits", LIMITS)
def test_numbers_can_be_told_apart_and_touch_nothing(limits):
    _, _, yname, below, aside = read_axes(limits)
    for texts in (below, aside):
        assert len({text.text for text in texts}) == len(texts)
    for one, other in pairwise(below):
        assert one.x + wide(one.text) / 2 < other.x - wide(other.text) / 2
    assert min(text.x - wide(text.text) for text in aside) > yname.x + 1  # "y" stands on its left
    assert yname.x >= 9  # in the picture, whole
    assert below[-1].x + wide(below[-1].text) / 2 < 576  # left of the other axes


def test_a_log_axis_has_powers_of_ten():
    _, _, _, _, aside = read_axes((0, 100), log=True)
    assert [text.text for text in aside] == ["0.001", "0.01", "0.1", "1", "10"]
    assert np.diff([text.y for text in aside]) == pytest.approx(-53)


@pytest.mark.parametrize(
    ("limits", "powers"),
    [
        ((10**-3.1, 10**0.2), [0.001, 0.01, 0.1, 1]),
        ((0.09, 0.6), [0.1, 0.2, 0.5]),
        ((0.21, 1.33), [0.5, 1]),
        ((1e-30, 1e30), [1e-30, 1e-21, 1e-12, 1e-3, 1e6, 1e15, 1e24]),
    ],
)
def test_a_log_axis_has_two_numbers_at_least_and_eight_at_the_most(limits, powers):
    assert find_powers(limits) == pytest.approx(powers)


@pytest.mark.parametrize(
    ("limits", "ticks"),
    [
        ((0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ((-0.7, 0.3), [-0.6, -0.4, -0.2, 0, 0.2]),
        ((0.1, 0.3), [0.1, 0.15, 0.2, 0.25, 0.3]),
        ((-26, 26), [-20, 0, 20]),
    ],
)
def test_ticks_are_round_numbers(limits, ticks):
    found = find_ticks(limits, 5)
    assert found == pytest.approx(ticks)
    assert "-0" not in label_ticks(found, 6, "x")[0]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (0.1 + 0.2, "0.3"),
        (10_000, "10000"),
        (3e6, "3e6"),
        (-1.5e6, "-1.5e6"),
        (1e-5, "1e-5"),
    ],
)
def test_numbers_are_short(number, text):
    assert write_number(number, 5) == text


def test_a_legend_has_a_line_or_a_dot_for_each_name():
    box = Box(72, 42, 424, 212, (0, 1), (0, 1))
    names = {"data": LOOKS["data"], "prediction": LOOKS["prediction"]}
    dot, data, line, prediction = draw_legend(PAGE, box, names, dotted=["data"])
    assert not isinstance(dot, Line)
    assert (dot.look, line.look) == (LOOKS["data"], LOOKS["prediction"])
    assert (data.text, prediction.text) == ("data", "prediction")
    assert data.x + wide("data") < line.x[0]
    assert line.x[1] < prediction.x
    assert math.isclose(line.y[0], line.y[1])


def test_a_legend_that_is_too_long_begins_left_of_its_box():
    box = Box(400, 42, 100, 212, (0, 1), (0, 1))
    names = {name: LOOKS["data"] for name in ("last run", "training", "held out")}
    texts = [shape for shape in draw_legend(PAGE, box, names) if isinstance(shape, Text)]
    assert texts[-1].x + wide(texts[-1].text) <= 522  # where the picture ends
    assert texts[0].x > 200


def test_an_axis_that_another_continues_has_no_numbers_below():
    box = Box(72, 42, 424, 100, (0, 10), (-1, 1))
    texts = [
        s.text for s in draw_axes(PAGE, box, None, "y", np.array([-1, 1])) if isinstance(s, Text)
    ]
    assert [text for text in texts if text] == ["y", "-1", "1"]
