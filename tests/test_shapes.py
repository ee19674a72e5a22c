"""Shapes know where they stand, leave out what nobody sees, and stay small."""

import math

import numpy as np
import pytest

from helpers.widgets.shapes import (
    LOOKS,
    Box,
    Dots,
    Line,
    draw_curve,
    keep_outline,
    to_text,
)

BOX = Box(5, 5, 100, 50, (0.0, 10.0), (-1.0, 1.0))
LOOK = LOOKS["prediction"]


def line(x, y, box=BOX):
    return Line(box, np.array(x, float), np.array(y, float), LOOK)


def test_points_are_placed_by_the_limits():
    places = BOX.place(np.array([0.0, 10, 5]), np.array([-1.0, 1, 0.5]))
    assert places.tolist() == [[0, 50], [100, 0], [50, 12.5]]


def test_points_are_placed_by_their_logarithm():
    box = Box(0, 0, 100, 50, (0.0, 1.0), (0.01, 1.0), log=True)
    places = box.place(np.zeros(4), np.array([0.1, 1, 0, -1]))[:, 1]
    assert places[:2].tolist() == [25, 0]
    assert np.isnan(places[2:]).all()


def test_a_line_is_cut_at_its_gaps():
    pieces = line([0, 2, 4, 6, 8], [0, 0.5, math.nan, 0.5, 0]).pieces()
    assert [piece[0].tolist() for piece in pieces] == [[0, 25], [60, 12.5]]
    assert line([0, 1], [math.nan, math.inf]).pieces() == []
    assert line([], []).pieces() == []


def test_points_on_a_straight_line_are_left_out():
    (piece,) = line(np.linspace(0, 10, 90), np.linspace(0, 1, 90)).pieces()
    assert len(piece) < 4
    assert piece[[0, -1]].tolist() == [[0, 25], [100, 0]]


def test_far_points_do_not_bend_a_line():
    (piece,) = line([0, 10], [0, 1e6]).pieces()
    assert piece[:, 1].min() > -100
    assert piece[-1, 0] < 1  # it leaves the box where it did: at once


def test_dots_out_of_sight_are_left_out():
    x, y = np.array([0.0, 10, 10.1, 5, math.nan]), np.array([1.0, -1, 0, -1.1, 0])
    assert Dots(BOX, x, y, LOOK).places().tolist() == [[0, 0], [100, 50]]


@pytest.mark.parametrize("size", [69, 1000, 12_345])
def test_of_very_many_points_the_outline_is_kept(size):
    x, y = np.linspace(0, 99.5, size), np.random.default_rng(0).standard_normal(size)
    y[size // 3] = 9
    kept = keep_outline(np.stack([x, y], axis=1))
    assert len(kept) <= 68
    assert kept[:, 1].max() == 9
    assert kept[:, 1].min() == y.min()
    assert (np.diff(kept[:, 0]) >= 0).all()
    assert kept[0, 0] < 3
    assert kept[-1, 0] > 96


def test_few_points_are_kept_as_they_are():
    points = np.random.default_rng(0).standard_normal((68, 2))
    points[:, 0] = np.linspace(0, 100, 68)
    assert keep_outline(points) is points


def test_many_gaps_leave_all_that_is_between_them():
    x, y = np.linspace(0, 10, 3000), np.random.default_rng(0).uniform(-1, 1, 3000)
    y[::3] = math.nan
    pieces = line(x, y).pieces()
    assert len(pieces) == 1000
    assert pieces[0] == pytest.approx(BOX.place(x[1:3], y[1:3]))
    y = np.tile(y, 10)
    assert len(line(np.linspace(0, 10, 30_000), y).pieces()) <= 1000


def test_points_between_two_gaps_are_dots():
    y = np.array([1, math.nan, 0.5, math.nan, 0.2, 0.1, math.inf, 0])
    drawn, dots = draw_curve(BOX, np.arange(8.0), y, LOOK)
    assert (drawn.look, dots.look.colour) == (LOOK, LOOK.colour)
    assert dots.x.tolist() == [0, 2, 7]
    assert len(draw_curve(BOX, np.arange(8.0), np.zeros(8), LOOK)) == 1
    y = np.where(np.arange(4000) % 2, 0.5, math.nan)
    assert len(draw_curve(BOX, np.arange(4000.0), y, LOOK)[1].x) <= 100


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (3, "3"), ("a\n\tb \x96", "a b"), ("abcdef", "abcdef"), ("abcdefg", "abcde…")],
)
def test_to_text(value, text):
    assert to_text(value, 6) == text
