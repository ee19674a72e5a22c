"""Pictures show the numbers they are given, whatever style the notebook has set."""

import io
import itertools
import math
from itertools import pairwise
from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from helpers.plots import (
    DATA_COLOUR,
    FIT_COLOUR,
    HELD_OUT_COLOUR,
    MARK_COLOUR,
    Curve,
    RunningMean,
    draw_bowl,
    draw_by_layer,
    draw_columns,
    draw_data,
    draw_fit,
    draw_graph,
    draw_loss,
    draw_network,
    draw_regions,
    draw_seeds,
    draw_stages,
    draw_unit,
    draw_valley,
    loss_limits,
    new_figure,
    to_array,
    to_png,
)

X = torch.linspace(-10, 10, 200).unsqueeze(1)
Y = torch.sin(X)


@pytest.fixture
def ax():
    return Figure().subplots()


def test_to_array_takes_tensors_with_gradients_lists_and_columns():
    column = torch.tensor([[1.0], [2.0]], requires_grad=True)
    for values in (column, [[1.0], [2.0]], np.array([1.0, 2.0])):
        assert to_array(values).tolist() == [1.0, 2.0]


def test_draw_data(ax):
    dots = draw_data(ax, X, Y)
    assert np.array_equal(dots.get_offsets(), np.hstack([X.numpy(), Y.numpy()]))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")


def test_draw_bowl_shows_the_curve_the_path_and_its_first_place(ax):
    w = torch.linspace(-1, 1, 9)
    path = torch.tensor([0.5, -0.4, 0.3])
    draw_bowl(ax, w, w**2, path, path**2)
    curve, walk, start = (line.get_xydata() for line in ax.lines)
    assert np.array_equal(curve, torch.stack([w, w**2], dim=1).numpy())
    assert np.array_equal(walk, torch.stack([path, path**2], dim=1).numpy())
    assert start.tolist() == [[0.5, 0.25]]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("w", "loss")


def test_draw_regions_shades_the_square_and_shows_each_class(ax):
    side = np.linspace(-1, 1, 5)
    shares = np.repeat([0, 0.2, 0.4, 0.8, 1], 5)  # more to the right
    draw_regions(ax, side, shares, [[-1, 0], [1, 0], [1, 1]], [0, 1, 1])
    first, second = ax.lines
    assert first.get_xydata().tolist() == [[-1, 0]]
    assert second.get_xydata().tolist() == [[1, 0], [1, 1]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["class 0", "class 1"]
    (shading,) = ax.collections
    paths = [path.vertices for path in shading.get_paths()]
    assert [path[:, 0].mean() for path in paths] == sorted(path[:, 0].mean() for path in paths)
    assert ax.get_aspect() == 1


def test_draw_valley_has_equal_axes_and_the_heights_of_its_matrix(ax):
    matrix = torch.tensor([[2.0, 1.0], [1.0, 3.0]])
    path = torch.tensor([[-2.0, 1.0], [1.0, 0.5], [math.inf, math.nan]])
    draw_valley(ax, matrix, path)
    walk, start, bottom = (line.get_xydata().tolist() for line in ax.lines)
    assert walk == [[-2.0, 1.0], [1.0, 0.5]]  # what has exploded is left out
    assert start == [[-2.0, 1.0]]
    assert bottom == [[0, 0]]
    assert ax.get_aspect() == 1
    (contours,) = ax.collections
    inner = contours.get_paths()[1].vertices  # of the second level
    heights = (inner @ matrix.double().numpy() * inner).sum(axis=1) / 2
    assert np.allclose(heights, 0.4, atol=0.02)


def test_draw_fit_differs_in_colour_from_the_data(ax):
    dots = draw_data(ax, X, Y)
    line = draw_fit(ax, X, 2 * Y)
    assert np.array_equal(line.get_xydata(), np.hstack([X.numpy(), 2 * Y.numpy()]))
    assert Figure().subplots().scatter(
        [0], [0], color=line.get_color()
    ).get_facecolor().tolist() != (dots.get_facecolor().tolist())
    assert draw_fit(ax, X, Y, label="after", lw=1).get_linewidth() == 1


def test_draw_stages():
    axes = Figure().subplots(1, 4)
    pre_activation = X * torch.tensor([1.0, 2.0, 3.0]) + torch.tensor([5.0, -5.0, 0.0])  # (200, 3)
    activation = pre_activation.relu()
    draw_stages(axes, X, pre_activation, activation, -activation, activation.sum(dim=1))
    for ax, stage in zip(axes, (pre_activation, activation, -activation), strict=False):
        units = ax.lines[:3]
        assert np.array_equal(np.stack([line.get_ydata() for line in units], axis=1), stage.numpy())
        assert len({(line.get_color(), line.get_linestyle()) for line in units}) == 3
    assert np.array_equal(axes[3].lines[0].get_ydata(), to_array(activation.sum(dim=1)))
    assert len({ax.get_title() for ax in axes}) == 4


def test_draw_unit_shows_its_curve_its_weights_and_the_fit_without_it():
    axes = Figure().subplots(1, 4)
    weights_in, weights_out = torch.tensor([0.5, -2.0]), torch.tensor([1.0])
    draw_unit(axes, X, Y, X.relu(), weights_in, weights_out, Y, Y - 1)
    assert np.array_equal(axes[0].lines[0].get_ydata(), to_array(X.relu()))
    for ax, weights in ((axes[1], weights_in), (axes[2], weights_out)):
        assert [bar.get_height() for bar in ax.patches] == weights.tolist()
        assert ax.get_ylim() == axes[1].get_ylim()
    heights = [line.get_ydata() for line in axes[3].lines]
    assert np.array_equal(heights, [to_array(Y), to_array(Y - 1)])


def test_draw_loss(ax):
    line = draw_loss(ax, [1.0, 0.1, 0.5], label="SGD")
    assert line.get_xydata().tolist() == [[0, 1.0], [1, 0.1], [2, 0.5]]
    assert ax.get_yscale() == "log"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("iteration", "loss")
    assert line.get_label() == "SGD"
    assert draw_loss(ax, [1.0, 0.1], [10, 30]).get_xdata().tolist() == [10, 30]


def test_draw_network(ax):
    draw_network(ax, [1, 3, 20, 2])
    nodes = [len(dots.get_offsets()) for dots in ax.collections]
    assert nodes == [1, 3, 8, 2]
    assert len(ax.lines) == 1 * 3 + 3 * 8 + 8 * 2
    assert [text.get_text() for text in ax.texts] == ["1", "3", "20", "2"]
    middles = [np.mean(dots.get_offsets(), axis=0).tolist() for dots in ax.collections]
    assert middles == [[0, 0], [1, 0], [2, 0], [3, 0]]


@pytest.mark.parametrize(
    ("losses", "iterations", "limits"),
    [
        ([], [], ((0, 100), (-11, 1))),
        ([0.5], [0], ((0, 100), (-7, 1))),
        ([0.5, 0.02], [0, 100], ((0, 100), (-18, -2))),
        ([0.5, 0.02], [0, 101], ((0, 125), (-18, -2))),
        ([0.5, 0.02], [0, 1000], ((0, 1000), (-18, -2))),
        ([3.0, 0.02], [0, 4999], ((0, 5000), (-18, 6))),
        ([1.0, 0.5], [0, 9], ((0, 100), (-6, 2))),
        ([1e30, math.nan, math.inf], [0, 1, 2], ((0, 100), (296, 304))),
        ([1e300, 1e-300], [0, 1], ((0, 100), (-301, 301))),
        ([math.nan, -math.inf], [0, 1], ((0, 100), (-11, 1))),
        ([0.5, 3.0, 1e9, 1e12], [0, 1, 2, 3], ((0, 100), (-4, 28))),  # it has left the plot
        ([1e9, 3.0, 0.5, 0.5], [0, 1, 2, 3], ((0, 100), (-4, 91))),  # it began there
        ([1e-5, 0.5, 0.5, 0.5, 0.5], range(5), ((0, 100), (-51, -2))),
        ([0.5], [60_000], ((60_000, 60_100), (-7, 1))),
        ([0.5, 0.4], [100_010, 100_060], ((100_000, 100_100), (-8, 0))),
        ([0.5, 0.4], [100_010, 100_310], ((100_000, 100_320), (-8, 0))),
        ([0.5, 0.0], [0, 1], ((0, 100), (-0.1, 0.6))),  # 0 or less: linear
        ([2.3, -1.7], [0, 1], ((0, 100), (-2, 3))),
        ([-250.0, -300.0], [0, 1], ((0, 100), (-400, -200))),
        ([0.0, 0.0], [0, 1], ((0, 100), (-1, 1))),
        ([1e308, -1e308], [0, 1], ((0, 100), (-2e30, 2e30))),
    ],
)
def test_loss_limits(losses, iterations, limits):
    (left, right), (bottom, top) = loss_limits(losses, iterations)
    assert (left, right) == pytest.approx(limits[0])
    if bottom > 0:
        bottom, top = 10 * math.log10(bottom), 10 * math.log10(top)  # in tenths of a power
        assert limits[1] == pytest.approx((bottom, top))
        return
    assert (bottom, top) == pytest.approx(limits[1])
    finite = [loss for loss in losses if math.isfinite(loss)]
    assert min(finite) <= 0


def test_limits_change_seldom():
    losses = [1 / (number + 1) - 0.3 for number in range(10_000)]
    every = [loss_limits(losses[:number], range(number)) for number in range(1, 10_000, 10)]
    changes = sum(one != other for one, other in pairwise(every))
    assert changes < 40


@pytest.fixture(scope="module")
def plain():
    figure = new_figure(4, 2)
    left, right = figure.subplots(1, 2)
    draw_data(left, X, Y)
    draw_fit(left, X, Y / 2)
    draw_loss(right, [1.0, 0.1])
    return to_png(figure)


def test_a_picture_has_two_pixels_for_each_that_it_is_shown_with(plain):
    assert plt.imread(io.BytesIO(plain)).shape == (400, 800, 4)


def test_a_figure_follows_the_notebooks_style_and_leaves_it_alone():
    with matplotlib.rc_context({"figure.facecolor": "black", "lines.linewidth": 7}):
        before = dict(matplotlib.rcParams)
        figure = new_figure(4, 2)
        assert dict(matplotlib.rcParams) == before
        assert figure.subplots().plot([0, 1])[0].get_linewidth() == 7
        image = plt.imread(io.BytesIO(to_png(figure)))
        assert image[0, 0].tolist() == [0, 0, 0, 1]
        assert dict(matplotlib.rcParams) == before


def test_losses_without_a_logarithm_bring_no_warning(ax):
    ax.set(xlim=(0, 10), ylim=(0.1, 1))
    line = draw_loss(ax, [0.0, math.nan, -1.0])
    ax.figure.canvas.draw()
    assert ax.get_yscale() == "linear"  # a curve that one can see
    assert line.get_ydata()[2] == -1


def test_the_colours_can_be_told_from_a_white_and_a_dark_page():
    def light(colour):
        parts = [c / 12.92 if c <= 0.04 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    for colour in (DATA_COLOUR, FIT_COLOUR, HELD_OUT_COLOUR, MARK_COLOUR):
        for page in ("#ffffff", "#111111"):
            dark, bright = sorted((light(colour), light(page)))
            assert (bright + 0.05) / (dark + 0.05) > 3  # what WCAG asks of graphics


def test_nothing_reaches_pyplot(plain):
    assert plt.get_fignums() == []


@pytest.mark.parametrize("points", [0, 1, 2, 3, 1999, 2000, 2001, 2002, 4000, 4001, 4003, 50_001])
def test_a_curve_keeps_its_ends_and_is_thinned_evenly(points):
    curve, start = Curve(), 17
    most = 0
    for number in range(start, start + points):
        curve.record(number, number / 10)
        most = max(most, len(curve.losses))
        assert (curve.iterations[0], curve.iterations[-1]) == (start, number)
    assert curve.losses == [number / 10 for number in curve.iterations]
    assert most == min(points, 2000)
    if points <= 2000:
        assert curve.iterations == list(range(start, start + points))
    else:
        assert len(curve.iterations) >= 1000
        gaps = {after - before for before, after in itertools.pairwise(curve.iterations[:-1])}
        assert len(gaps) == 1
        assert 0 < curve.iterations[-1] - curve.iterations[-2] <= gaps.pop()


def test_running_means_are_of_fifty_and_stand_in_their_middle():
    curve, losses = RunningMean(), np.random.default_rng(0).uniform(size=120)
    for number, loss in enumerate(losses, start=7):
        curve.record(number, float(loss))
    assert curve.iterations == list(range(7 + 24, 7 + 24 + 71))
    assert curve.losses == pytest.approx([losses[n : n + 50].mean() for n in range(71)])


def test_draw_seeds_is_the_median_in_a_band_of_all(ax):
    line = draw_seeds(ax, [10, 20], [[1, 5], [2, 4], [9, 0]], "red", "three")
    assert line.get_xydata().tolist() == [[10, 2], [20, 4]]
    assert line.get_label() == "three"
    (band,) = ax.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (0, 9)


def make_node(name, data, grad=0.0, parents=()):
    return SimpleNamespace(name=name, data=data, grad=grad, parents=parents)


def test_draw_graph_has_a_box_for_each_number_and_an_arrow_for_each_link(ax):
    a = make_node("a", 3.0, 7.0)
    total = make_node("+", 5.0, 10.0, [(a, 1.0), (make_node("b", 2.0, 10.0), 1.0)])
    draw_graph(ax, make_node("end", 25.0, 1.0, [(total, 5.0), (total, 5.0), (a, 0.0)]))
    said = [text.get_text().strip() for text in ax.texts]
    for text in ("a\n3", "b\n2", "+\n5", "end\n25", "7", "10", "1"):
        assert text in said
    times = [text for text in said if text.startswith("\N{MULTIPLICATION SIGN}")]
    assert sorted(text[2:] for text in times) == ["0", "1", "1", "5", "5"]
    assert (
        sum(text.arrow_patch is not None for text in ax.texts if hasattr(text, "arrow_patch")) == 5
    )


def test_draw_graph_sets_each_number_before_what_was_made_of_it(ax):
    a = make_node("a", 3.0)
    b = make_node("*", 9.0, 0.0, [(a, 3.0), (a, 3.0)])
    draw_graph(ax, make_node("+", 12.0, 0.0, [(a, 1.0), (b, 1.0)]))
    place = {text.get_text().split("\n")[0]: text.get_position()[0] for text in ax.texts}
    assert place["a"] < place["*"] < place["+"]


def test_draw_columns_has_a_stroke_for_each_number_and_a_dot_for_the_median(ax):
    draw_columns(ax, {1: [[math.inf] * 3] * 2, 5: [[1, 2, 9], [3, 4, math.inf]]}, ["low", "high"])
    *_, strokes, median = ax.lines
    assert strokes.get_xydata().tolist() == [[1.125, 3], [1.125, 4], [1.125, math.inf]]
    assert median.get_xydata().tolist() == [[1.125, 4]]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "5"]
    assert [text.get_text() for text in ax.get_legend().texts] == ["low", "high"]
    assert [(text.get_text(), text.get_position()[0]) for text in ax.texts] == [("all exploded", 0)]


def test_draw_by_layer_counts_hidden_layers_from_1_on_a_log_axis(ax):
    line = draw_by_layer(ax, [[1, 0.1], [3, 0.3], [2, 0.2]], "red", "size")
    assert line.get_xydata().tolist() == [[1, 2], [2, 0.2]]
    assert ax.get_yscale() == "log"
    assert ax.get_xlabel() == "hidden layer"
    (label,) = ax.texts
    assert (label.get_text(), label.xy) == ("size", (2, 0.2))
