"""Pictures show the numbers they are given, and a fast frame equals a slow one."""

import io
import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from helpers.widgets.frame import Frame, loss_limits
from matplotlib.figure import Figure

from helpers.plots import draw_data, draw_fit, draw_loss, draw_marks, to_array

X = torch.linspace(-10, 10, 200).unsqueeze(1)
Y = torch.sin(X)


@pytest.fixture
def ax():
    return Figure().subplots()


def pixels(png):
    return plt.imread(io.BytesIO(png))


def test_to_array_takes_tensors_with_gradients_lists_and_columns():
    column = torch.tensor([[1.0], [2.0]], requires_grad=True)
    for values in (column, [[1.0], [2.0]], np.array([1.0, 2.0])):
        assert to_array(values).tolist() == [1.0, 2.0]


def test_draw_data(ax):
    dots = draw_data(ax, X, Y)
    assert np.array_equal(dots.get_offsets(), np.hstack([X.numpy(), Y.numpy()]))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")


def test_draw_fit_differs_in_colour_from_the_data(ax):
    dots = draw_data(ax, X, Y)
    line = draw_fit(ax, X, 2 * Y)
    assert np.array_equal(line.get_xydata(), np.hstack([X.numpy(), 2 * Y.numpy()]))
    assert Figure().subplots().scatter(
        [0], [0], color=line.get_color()
    ).get_facecolor().tolist() != (dots.get_facecolor().tolist())
    assert draw_fit(ax, X, Y, label="after", lw=1).get_linewidth() == 1


def test_draw_loss(ax):
    line = draw_loss(ax, [1.0, 0.1, 0.5], label="SGD")
    assert line.get_xydata().tolist() == [[0, 1.0], [1, 0.1], [2, 0.5]]
    assert ax.get_yscale() == "log"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("iteration", "loss")
    assert line.get_label() == "SGD"
    assert draw_loss(ax, [1.0, 0.1], [10, 30]).get_xdata().tolist() == [10, 30]


def test_a_frame_from_the_background_equals_one_drawn_afresh():
    frame = Frame(X, Y, "hidden layers: 3")
    frame.png(None, "", [], [])
    for n in range(1, 400):
        frame.png(Y / n, f"iteration {n}", [1 / k for k in range(1, n)], range(1, n))
    frame.png(-Y, "iteration 123456", [0.4, 0.9], [0, 350])
    before = frame.background
    fast = frame.png(Y / 2, "iteration 7", [0.5, 0.3], [0, 150])
    assert frame.background is before
    fresh = Frame(X, Y, "hidden layers: 3").png(Y / 2, "iteration 7", [0.5, 0.3], [0, 150])
    assert np.array_equal(pixels(fast), pixels(fresh))


def test_every_part_of_a_frame_shows():
    frame = Frame(X, Y, "one")
    full = pixels(frame.png(Y / 2, "iteration 7", [0.5, 0.03], [0, 90]))
    assert full.shape[:2] == (320, 800)
    for other in (
        frame.png(Y / 3, "iteration 7", [0.5, 0.03], [0, 90]),
        frame.png(None, "iteration 7", [0.5, 0.03], [0, 90]),
        frame.png(Y / 2, "iteration 8", [0.5, 0.03], [0, 90]),
        frame.png(Y / 2, "iteration 7", [0.5, 0.05], [0, 90]),
        frame.png(Y / 2, "iteration 7", [0.5, 0.03], [0, 80]),
        Frame(X, Y, "two").png(Y / 2, "iteration 7", [0.5, 0.03], [0, 90]),
        frame.png(Y / 2, "iteration 7", [0.5, 0.03], [0, 90], [(40, "lr 0.1")]),
        Frame(X, -Y, "one").png(Y / 2, "iteration 7", [0.5, 0.03], [0, 90]),
    ):
        assert not np.array_equal(pixels(other), full)


def test_a_title_may_change():
    frame = Frame(X, Y, "one")
    before = pixels(frame.png(Y, "", [], []))
    frame.title = "two"
    changed = pixels(frame.png(Y, "", [], []))
    assert not np.array_equal(before, changed)
    assert np.array_equal(changed, pixels(Frame(X, Y, "two").png(Y, "", [], [])))


def test_marks_are_lines_where_something_changed_with_words_where_there_is_room(ax):
    ax.set_xlim(0, 1000)
    marks = [(20, "lr 0.1"), (500, "lr 0.2"), (510, "lr 0.3"), (900, "Adam, lr 0.3")]
    artists = draw_marks(ax, marks)
    lines = [artist for artist in artists if hasattr(artist, "get_xdata")]
    words = {artist.get_text(): artist for artist in artists if hasattr(artist, "get_text")}
    assert [line.get_xdata()[0] for line in lines] == [20, 500, 510, 900]
    assert list(words) == ["lr 0.1", "lr 0.3", "Adam, lr 0.3"]
    assert [words[word].get_position()[0] for word in words] == [20, 510, 900]
    assert [words[word].get_ha() for word in words] == ["left", "right", "right"]


def test_marks_leave_with_a_picture_that_has_none():
    frame = Frame(X, Y)
    plain = frame.png(Y, "", [0.5], [0])
    marked = frame.png(Y, "", [0.5], [0], [(30, "lr 0.1")])
    assert frame.png(Y, "", [0.5], [0], [(30, "lr 0.2")]) != marked != plain
    assert frame.png(Y, "", [0.5], [0]) == plain


def test_only_new_limits_cost_a_drawing_of_the_axes(monkeypatch):
    frame, drawings = Frame(X, Y), []
    draw = frame.right.draw
    monkeypatch.setattr(frame.right, "draw", lambda r: drawings.append(1) or draw(r))
    for n in range(1, 90):
        frame.png(Y, "", [0.5] * n, range(n))
    assert len(drawings) == 1
    frame.png(Y, "", [0.5] * 101, range(101))
    assert len(drawings) == 2
    frame.png(Y, "", [0.5, 0.05], [0, 1])
    assert len(drawings) == 3


@pytest.mark.parametrize(
    ("losses", "iterations", "limits"),
    [
        ([], [], ((0, 100), (0.1, 1))),
        ([0.5], [0], ((0, 100), (0.1, 1))),
        ([0.5, 0.2], [0, 99], ((0, 100), (0.1, 1))),
        ([0.5, 0.2], [0, 100], ((0, 1000), (0.1, 1))),
        ([0.5, 0.2], [0, 1000], ((0, 5000), (0.1, 1))),
        ([3.0, 0.02], [0, 4999], ((0, 5000), (0.01, 10))),
        ([1.0, 0.5], [0, 9], ((0, 100), (0.1, 10))),
        ([1e30, 0.0, math.nan, math.inf], [0, 1, 2, 3], ((0, 100), (1e30, 1e31))),
        ([0.5], [60_000], ((0, 100_000), (0.1, 1))),
    ],
)
def test_loss_limits(losses, iterations, limits):
    (left, right), (bottom, top) = loss_limits(losses, iterations)
    assert (left, right) == limits[0]
    assert (bottom, top) == pytest.approx(limits[1])


def test_extreme_numbers_still_make_a_picture():
    frame = Frame([0, 1], [5, 5])
    for prediction in ([math.nan, 1], [math.inf, 0], [1e300, -1e300]):
        assert frame.png(prediction, "", [1e308, 1e-308], [0, 1]).startswith(b"\x89PNG")


def test_nothing_reaches_pyplot():
    Frame(X, Y).png(Y, "", [1], [0])
    assert plt.get_fignums() == []


@pytest.mark.parametrize(("x", "y"), [([1, 2], [1]), ([], [])])
def test_points_must_pair_up(x, y):
    with pytest.raises(ValueError, match=f"one value for each point, got {len(x)} and {len(y)}"):
        Frame(x, y)
