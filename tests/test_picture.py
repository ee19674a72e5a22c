"""A frame shows the numbers it is given, as SVG that is valid whatever they are."""

import io
import math
import re
import tracemalloc
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import numpy as np
import pytest
from drawn import SVG, read_points
from ipywidgets.widgets.widget import _instances
from matplotlib.colors import to_rgb

from helpers.plots import DATA_COLOUR, FIT_COLOUR, HELD_OUT_COLOUR, MARK_COLOUR
from helpers.widgets.picture import LastRun, Picture, Scene, Unit
from helpers.widgets.png import write_png
from helpers.widgets.shapes import Text
from helpers.widgets.stills import close_widget

X = np.linspace(-10, 10, 1000)
Y = np.sin(X)


@pytest.fixture
def picture():
    made = Picture(X, Y, "hidden layers: 3")
    yield made
    close_widget(made)


def show(picture, prediction, losses, iterations, **more):
    picture.update(Scene(prediction, losses, iterations, **more))


def read(html):
    """Parse a picture; it must be two pieces of SVG side by side, and valid."""
    root = ET.fromstring(html.value)
    assert [part.tag for part in root] == 2 * [SVG + "svg"]
    return root


def find_path(root, colour, tag="path"):
    """Find the drawing of one colour; None if there is none."""
    found = [e for e in root.iter(SVG + tag) if e.get("stroke") == colour and "l" in e.get("d")]
    return found[0] if found else None


LOSS = {"log": True, "size": (2760, 1420)}  # of the box on the right, in tenths of a pixel


def back(points, xlim, ylim, log=False, size=(3120, 1420)):
    """Turn tenths of a pixel into numbers, as a reader of the axes would."""
    x = xlim[0] + points[:, 0] / size[0] * (xlim[1] - xlim[0])
    if log:
        ylim = np.log10(ylim)
    y = ylim[1] - points[:, 1] / size[1] * (ylim[1] - ylim[0])
    return x, 10**y if log else y


def words(html):
    return ["".join(element.itertext()) for element in read(html).iter(SVG + "text")]


def test_every_tenth_of_1000_points_is_a_dot_where_it_belongs(picture):
    found = [e for e in read(picture.still).iter(SVG + "path") if e.get("stroke") == DATA_COLOUR]
    points = np.vstack(read_points(found[-1]))  # the first is the legend's
    assert len(points) == 100
    x, y = back(points, (-10.6, 10.6), (Y.min() - 0.25 * np.ptp(Y), Y.max() + 0.25 * np.ptp(Y)))
    assert x == pytest.approx(X[::10], abs=0.01)
    assert y == pytest.approx(Y[::10], abs=0.01)
    assert "data (1 of 10)" in words(picture.still)
    picture.set_data(X[:50], Y[:50])
    assert "data" in words(picture.still)


def test_the_prediction_is_a_line_through_its_numbers(picture):
    prediction = 0.5 * np.cos(X)
    show(picture, prediction, [0.5], [0])
    line = find_path(read(picture.moving), FIT_COLOUR)
    (points,) = read_points(line)
    assert len(points) < 200  # reduced
    ylim = (Y.min() - 0.25 * np.ptp(Y), Y.max() + 0.25 * np.ptp(Y))
    x, y = back(points, (-10.6, 10.6), ylim)
    assert x[[0, -1]] == pytest.approx([-10, 10], abs=0.01)
    assert np.interp(X, x, y) == pytest.approx(prediction, abs=0.015)  # a pixel
    assert line.get("stroke-width") == "20"


def test_the_loss_is_a_line_on_a_logarithmic_axis_with_grid_lines(picture):
    losses = [10 ** (-n / 100) for n in range(300)]
    show(picture, None, losses, range(300))
    (points,) = read_points(find_path(read(picture.moving), "currentColor"))
    x, y = back(points, (0, 320), (10**-3.1, 10**0.1), **LOSS)
    assert np.interp(np.arange(300), x, np.log10(y)) == pytest.approx(np.log10(losses), abs=0.03)
    labels = words(picture.still)
    for label in ("0.001", "0.01", "0.1", "1", "0", "100", "200", "300", "iteration", "loss"):
        assert label in labels
    grid = [e for e in read(picture.still).iter(SVG + "path") if e.get("stroke-opacity")]
    across = [piece for piece in read_points(grid[1]) if piece[0, 1] == piece[1, 1]]
    assert len(across) == 4  # one for each power of ten


def test_a_held_out_curve_has_its_colour_and_its_name(picture):
    show(picture, None, [0.5, 0.4], [0, 90])
    assert "held out" not in words(picture.still)
    show(picture, None, [0.5, 0.4], [0, 90], held_out=([10, 50], [0.5, 0.02]))
    (points,) = read_points(find_path(read(picture.moving), HELD_OUT_COLOUR))
    x, y = back(points, (0, 100), (10**-1.8, 10**-0.2), **LOSS)
    assert x[[0, -1]] == pytest.approx([10, 50], abs=0.1)
    assert y[[0, -1]] == pytest.approx([0.5, 0.02], rel=0.01)
    assert {"training", "held out"} < set(words(picture.still))


def test_kinks_are_dots_in_their_layers_colour_with_a_legend_that_stays(picture):
    dots = [(np.array([-5.0, 5.0]), np.array([0.0, 1.0])), (np.array([0.0]), np.array([-1.0]))]
    show(picture, Y, [0.5], [0], dots=dots)
    for colour, two in zip(("#21918c", "#fde725"), dots, strict=True):
        (found,) = [e for e in read(picture.moving).iter(SVG + "path") if e.get("stroke") == colour]
        points = np.vstack(read_points(found))
        ylim = (Y.min() - 0.25 * np.ptp(Y), Y.max() + 0.25 * np.ptp(Y))
        assert np.array(back(points, (-10.6, 10.6), ylim)) == pytest.approx(np.array(two), abs=0.01)
        assert found.get("stroke-linecap") == "round"
        assert colour in picture.still.value
    assert "kinks by layer" in words(picture.still)
    assert words(picture.moving) == ["hidden layers: 3"]
    show(picture, Y, [0.5], [0])
    assert "kinks by layer" not in words(picture.still)


def test_marks_are_lines_with_words_where_there_is_room(picture):
    marks = [(1, "lr 0.1"), (40, "lr 0.2"), (42, "lr 0.3"), (90, "Adam & <lr> 0.3"), (500, "out")]
    show(picture, Y, [0.5], [99], marks=marks)
    (lines,) = [
        e for e in read(picture.moving).iter(SVG + "path") if e.get("stroke") == MARK_COLOUR
    ]
    places = [piece[0, 0] for piece in read_points(lines)]
    assert places == pytest.approx([27.6 * number for number in (90, 42, 40, 1)], abs=1)
    assert words(picture.moving)[1:] == ["Adam & <lr> 0.3", "lr 0.3", "lr 0.1"]


def test_a_thousand_marks_are_no_more_than_one_can_see(picture):
    show(picture, Y, [0.5], [999], marks=[(number, "lr 0.1") for number in range(1000)])
    assert len(picture.moving.value) < 3000


def test_a_screen_reader_gets_the_label_and_passes_over_what_stays(picture):
    hidden = [part.get("aria-hidden") for part in (*read(picture.still), *read(picture.moving))]
    assert hidden == 4 * ["true"]
    show(picture, Y, [0.5], [0], label='loss < "1" & falling')
    fit, loss = read(picture.moving)
    assert (fit.get("role"), fit.get("aria-label")) == ("img", 'loss < "1" & falling')
    assert loss.get("aria-hidden") == "true"  # one picture, said once


def test_a_title_is_escaped_and_may_change_without_new_axes(picture):
    still = picture.still.value
    picture.title = "a < b & 'c' $x^2$ \N{HEAVY BLACK HEART}"
    show(picture, Y, [], [])
    assert words(picture.moving) == [picture.title]
    assert picture.still.value == still


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        (None, ""),
        (3, "3"),
        ("", ""),
        ("$x^2$ costs $5", "$x^2$ costs $5"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("\u6b63\u5f26\u66f2\u7ebf", "\u6b63\u5f26\u66f2\u7ebf"),
        ("two\nlines\x00\x96", "two lines"),
        ("a" * 61, "a" * 59 + "…"),
    ],
)
def test_a_title_of_any_kind_is_shown_letter_for_letter(title, shown):
    picture = Picture(X, Y, title, count=title)
    assert words(picture.moving) == [shown]
    assert len(picture.png()) > 1000  # and no warning
    picture.title = title
    show(picture, Y, [], [])
    assert words(picture.moving) == [shown]
    close_widget(picture)


def test_no_id_no_style_sheet_no_fixed_black(picture):
    show(picture, Y, [0.5], [0], marks=[(3, "x")], dots=[(X[:3], Y[:3])], label="x")
    for html in (picture.still, picture.moving):
        assert not re.search(r"\bid=|<style|url\(|#000|#222|black|white", html.value)
        assert {part.get("fill") for part in read(html)} == {"currentColor"}


def test_both_parts_lie_over_each_other_and_no_wider_than_800(picture):
    for part in picture.children:
        assert part.layout.grid_area == "1 / 1 / 2 / 2"
        views = [piece.get("viewBox") for piece in read(part)]
        assert views == ["0 0 390 226", "390 0 360 226"]
    assert picture.layout.max_width == "min(100%, 800px)"


def test_what_stays_is_sent_again_only_when_an_axis_changes(picture):
    show(picture, Y, [0.5], [0])
    sent = []
    picture.still.observe(sent.append, "value")
    for n in range(1, 90):
        show(picture, Y / n, [0.5] * n, range(n))
    assert sent == []
    show(picture, Y, [0.5] * 102, range(102))
    assert len(sent) == 1
    show(picture, Y, [0.5, 0.05], [0, 1])
    assert len(sent) == 2
    show(picture, Y, [0.5, 0.05], [0, 1], held_out=([1], [0.2]))
    assert len(sent) == 3
    unit = Unit("unit 1.1 adds", X, Y / 9, np.array([[0, 1]]))
    for n in range(1, 9):
        more = {"held_out": ([1], [0.2]), "unit": unit._replace(adds=Y / (8 + n))}
        show(picture, Y / n, [0.5, 0.05], [0, 1], **more)
    assert len(sent) == 4


@pytest.mark.parametrize(
    "prediction", [[math.nan, 1, 2], [1, math.inf, -math.inf], [1e300, -1e300, 1e308], [1, 2, 1e30]]
)
@pytest.mark.parametrize("losses", [[1e308, 1e-308, 0], [math.nan, math.inf, -1.0], [2, 1, 1e-9]])
def test_numbers_that_cannot_be_shown_are_gaps(prediction, losses):
    picture = Picture([0, 1, 2], [5, 5, 6])
    dots = [(np.array([0.5, math.nan, 1.0, 1e30]), np.array([5.5, 1.0, math.inf, 5.5]))]
    show(picture, prediction, losses, [0, 1, 2], held_out=([0, 1, 2], losses), dots=dots)
    for path in read(picture.moving).iter(SVG + "path"):
        assert re.fullmatch(r"[-MlhVHz\d ]+", path.get("d"))
        assert max(abs(float(n)) for n in re.findall(r"-?\d+", path.get("d"))) < 1e6
    assert picture.png().startswith(b"\x89PNG")
    close_widget(picture)


def test_a_gap_parts_the_line(picture):
    prediction = Y.copy()
    prediction[400:500] = math.nan
    show(picture, prediction, [], [])
    first, second = read_points(find_path(read(picture.moving), FIT_COLOUR))
    assert back(first[-1:], (-10.6, 10.6), (0, 1))[0] == pytest.approx(X[399], abs=0.02)
    assert back(second[:1], (-10.6, 10.6), (0, 1))[0] == pytest.approx(X[500], abs=0.02)


@pytest.mark.parametrize(
    ("x", "y"), [([1], [1]), ([0, 0], [1e20, 1e20]), ([-1e-30, 1e-30], [0, 0]), ([0, 1e9], [-5, 5])]
)
def test_data_of_any_size_have_axes(x, y):
    picture = Picture(x, y)
    labels = words(picture.still)
    assert "-0" not in labels
    assert "nan" not in picture.still.value
    assert len(labels) > 8
    close_widget(picture)


def dots_of(html, colour):
    """Find the dots of one colour that are as large as a point between two gaps."""
    found = [e for e in read(html).iter(SVG + "path") if e.get("stroke") == colour]
    return [p for e in found if e.get("stroke-width") == "50" for p in np.vstack(read_points(e))]


@pytest.mark.parametrize("losses", [[0.5], [0.5, math.nan], [math.nan, 0.5, math.inf]])
def test_one_point_alone_is_a_dot(losses):
    picture = Picture([3], [4])
    show(picture, [4], losses, range(len(losses)))
    assert dots_of(picture.moving, FIT_COLOUR) == [pytest.approx([1560, 710])]
    (place,) = dots_of(picture.moving, "currentColor")
    assert place[0] == pytest.approx(27.6 * losses.index(0.5), abs=1)
    show(picture, [4], [0.5, 0.4], [0, 1])
    assert dots_of(picture.moving, "currentColor") == []
    close_widget(picture)


def test_a_loss_of_zero_or_less_is_shown_on_a_linear_axis(picture):
    losses = [2.0, 0.5, math.nan, -1.0, -1.5]
    show(picture, Y, losses, [0, 20, 40, 60, 80])
    pieces = read_points(find_path(read(picture.moving), "currentColor"))
    ends = np.vstack([piece[[0, -1]] for piece in pieces])
    y = back(ends, (0, 100), (-2, 3), size=(2760, 1420))[1]
    assert y == pytest.approx([2.0, 0.5, -1.0, -1.5], abs=0.01)
    assert {"-2", "-1", "0", "1", "2", "3"} < set(words(picture.still))


def test_an_axis_begins_near_the_first_iteration(picture):
    show(picture, Y, [0.5, 0.4, 0.3], [100_010, 100_020, 100_060])
    (points,) = read_points(find_path(read(picture.moving), "currentColor"))
    assert np.ptp(points[:, 0]) == pytest.approx(1380, abs=2)  # half of the box
    assert {"100000", "100100"} < set(words(picture.still))
    show(picture, Y, [0.5], [100_010], marks=[(100_050, "lr 0.2")])
    (line,) = [e for e in read(picture.moving).iter(SVG + "path") if e.get("stroke") == MARK_COLOUR]
    assert read_points(line)[0][0, 0] == pytest.approx(1380, abs=1)


def test_a_mean_stands_before_a_faint_training_curve_and_the_last_run_behind(picture):
    losses = np.linspace(1, 0.1, 300)
    last = LastRun(X, -Y, [0, 300], [0.9, 0.2])
    show(picture, Y, losses, range(300), means=losses[:250], at=range(25, 275), last=last)
    fit, loss = read(picture.moving)
    strokes = [(e.get("stroke"), e.get("stroke-opacity")) for e in loss.iter(SVG + "path")]
    assert strokes == [("currentColor", "0.4"), ("currentColor", None)]
    assert [e.get("stroke") for e in fit.iter(SVG + "path")] == [FIT_COLOUR]
    fit, loss = read(picture.still)  # it does not move
    _, ghost = [e for e in fit.iter(SVG + "path") if e.get("stroke") == "#888888"]
    (points,) = read_points(ghost)
    ylim = (Y.min() - 0.25 * np.ptp(Y), Y.max() + 0.25 * np.ptp(Y))
    x, y = back(points, (-10.6, 10.6), ylim)
    assert np.interp(X, x, y) == pytest.approx(-Y, abs=0.03)
    assert words(picture.still).count("last run") == 2
    assert {"training", "mean of 50"} < set(words(picture.still))
    _, ghost = [e for e in loss.iter(SVG + "path") if e.get("stroke") == "#888888"]
    (points,) = read_points(ghost)
    x, y = back(points[[0, -1]], (0, 320), (10**-1.1, 10**0.1), **LOSS)
    assert (x, y) == (pytest.approx([0, 300], abs=1), pytest.approx([0.9, 0.2], rel=0.02))
    before = picture.still.value
    show(picture, Y, losses, range(300), means=losses[:250], at=range(25, 275), last=last)
    assert picture.still.value == before
    another = last._replace(losses=[0.8, 0.2])  # on the same axes
    show(picture, Y, losses, range(300), means=losses[:250], at=range(25, 275), last=another)
    assert picture.still.value != before
    show(picture, Y, losses, range(300), means=losses[:50], at=range(25, 75))
    assert "mean of 50" not in words(picture.still)  # of too few one would see a stump
    assert "last run" not in words(picture.still)


def test_residuals_stand_below_a_lower_fit_and_reach_from_0_to_what_is_left(picture):
    residuals = 0.3 * np.cos(X)
    show(picture, Y - residuals, [0.5], [0], residuals=residuals)
    fit = read(picture.moving)[0]
    (sticks,) = [e for e in fit.iter(SVG + "path") if e.get("stroke") == DATA_COLOUR]
    points = np.array(read_points(sticks))  # (100, 2, 2), in pixels of the picture
    assert points[:, 0, 1] == pytest.approx(165, abs=1)  # 0 is in the middle of 146 to 184
    assert points[:, 1, 1] == pytest.approx(165 - residuals[::10] / 0.575 * 19, abs=1)
    frame = find_path(fit, FIT_COLOUR)
    assert np.vstack(read_points(frame))[:, 1].max() <= 940  # of 94 pixels
    assert {"-0.5", "0.5", "residual, y - prediction"} < {
        *words(picture.still), *words(picture.moving)
    }  # fmt: skip
    assert words(picture.still).count("x") == 1


def test_a_chosen_unit_is_shown_where_it_is_on_and_with_what_it_adds(picture):
    unit = Unit("unit 2.3 adds", X, 3 * Y, np.array([[-10.0, -5.0], [0.0, 10.0]]))
    show(picture, Y, [0.5], [0], unit=unit)
    fit = read(picture.moving)[0]
    (band,) = [e for e in fit.iter(SVG + "path") if e.get("fill-opacity")]
    edges = [float(part) for part in re.findall(r"[MH](\d+)", band.get("d"))]
    seen = np.array(edges) / 3120 * 21.2 - 10.6
    assert seen == pytest.approx([-10, -5, -10, 0, 10, 0], abs=0.01)
    line = np.vstack(read_points(find_path(fit, band.get("fill"))))
    assert line[:, 1].min() >= 0  # all of it is in sight
    assert line[:, 1].max() <= 1420
    assert "unit 2.3 adds" in words(picture.still)
    show(picture, Y, [0.5], [0], unit=unit._replace(adds=1e9 * Y))
    fit = np.vstack(read_points(find_path(read(picture.moving)[0], FIT_COLOUR)))
    assert np.ptp(fit[:, 1]) > 200  # the fit is not crushed


def test_a_run_that_is_lost_keeps_its_last_fit_in_grey_and_says_how_far_it_went(picture):
    show(picture, Y, [0.5, 3.0, 1e9, 1e12], range(4), lost=True)
    fit, loss = read(picture.moving)
    assert find_path(fit, FIT_COLOUR) is None
    assert find_path(fit, "#888888") is not None
    assert {"last fit in sight"} < set(words(picture.still))
    assert "prediction" not in words(picture.still)
    (arrow,) = ["".join(e.itertext()) for e in loss.iter(SVG + "text")]
    assert arrow == "↑ 1.0e+12"
    assert max(map(len, words(picture.still))) < 18  # no number reaches into the other plot
    show(picture, Y, [1e12, 5.0, 0.5], range(3))  # it began there, and came down
    assert words(picture.moving) == ["hidden layers: 3"]


def test_beyond_shows_twice_the_range(picture):
    picture.set_data(X, Y, beyond=True)
    assert picture.beyond
    assert picture.grid[[0, -1]].tolist() == [-20, 20]
    assert len(picture.grid) == 1000
    assert {"-20", "20"} < set(words(picture.still))
    (band,) = [e for e in read(picture.still).iter(SVG + "path") if e.get("fill-opacity")]
    edges = [float(part) for part in re.findall(r"[MH](\d+)", band.get("d"))]  # where data end
    assert np.array(edges) / 3120 * 42.4 - 21.2 == pytest.approx(
        [-21.2, -10, -21.2, 10, 21.2, 10], abs=0.01
    )
    show(picture, np.sin(picture.grid), [], [])
    picture.set_data(X, Y)
    assert np.array_equal(picture.grid, X)
    assert find_path(read(picture.moving), FIT_COLOUR) is None


def test_new_data_are_drawn_even_on_the_same_axes(picture):
    before = picture.still.value
    picture.set_data(X, -Y)
    assert picture.still.value != before


@pytest.mark.parametrize(
    ("x", "y", "told"),
    [
        ([1, 2], [1], "x and y must hold one value for each point, got 2 and 1"),
        ([], [], "x and y must hold one value for each point, got 0 and 0"),
        ([0, 1, 2], [0, math.nan, 1], "y must be finite, got nan in row 1"),
        ([0, math.inf], [0, 1], "x must be finite, got inf in row 1"),
    ],
)
def test_points_that_cannot_be_drawn(x, y, told):
    with pytest.raises(ValueError, match=f"^{told}$"):
        Picture(x, y)


def test_a_prediction_of_another_size(picture):
    with pytest.raises(ValueError, match=r"each of the 1000 x of the grid, got 50$"):
        show(picture, Y[:50], [], [])


def pixels(png):
    return plt.imread(io.BytesIO(png))[..., :3]


def ink(image, colour):
    """Find the pixels of nearly one colour: rows and columns."""
    return (abs(image - to_rgb(colour)).max(axis=2) < 0.06).nonzero()


def test_the_still_shows_what_was_shown_last_in_twice_the_pixels(picture):
    dots = [(np.array([0.0]), np.array([0.5]))] * 2
    everything = {"held_out": ([0, 90], [0.9, 0.5]), "marks": [(40, "Adam")], "dots": dots}
    show(picture, Y / 2, [0.5, 0.03], [0, 90], **everything)
    full = pixels(picture.png())
    assert full.shape[:2] == (452, 1500)
    for colour in (DATA_COLOUR, FIT_COLOUR, HELD_OUT_COLOUR, MARK_COLOUR, "#fde725"):
        assert len(ink(full, colour)[0]) > 50
    assert (full[0] == 1).all()  # white
    show(picture, Y / 3, [0.5, 0.03], [0, 90])
    less = pixels(picture.png())
    for colour in (HELD_OUT_COLOUR, MARK_COLOUR, "#fde725"):
        assert len(ink(less, colour)[0]) == 0


def test_a_line_stands_in_the_still_where_it_stands_on_the_screen(picture):
    for prediction in (Y, 0.1 * X, np.full(1000, 0.7)):
        show(picture, prediction, [0.5], [0])
        points = np.vstack(read_points(find_path(read(picture.moving), FIT_COLOUR)))
        rows, columns = ink(pixels(picture.png())[84:], FIT_COLOUR)  # below the legend
        for found, tenths, start in ((columns, points[:, 0], 62), (rows, points[:, 1], 0)):
            ends = found.min() / 2, found.max() / 2
            shown = tenths.min() / 10 + start, tenths.max() / 10 + start
            assert ends == pytest.approx(shown, abs=1.5)


def test_every_number_and_name_on_the_screen_is_in_the_still():
    """One list of shapes is written twice: what is drawn and where is decided once."""
    picture = Picture(X, Y, "a title", count="epoch")
    show(picture, Y, [0.5, 0.3], [0, 50], held_out=([0], [0.4]), marks=[(30, "Adam")])
    still, moving = picture.shown
    texts = [shape.text for shape in [*still, *moving] if isinstance(shape, Text)]
    assert sorted(texts) == sorted(words(picture.still) + words(picture.moving))
    assert write_png([*still, *moving], 750, 226) == picture.png()
    close_widget(picture)


def test_what_the_loss_axis_counts_is_its_name_in_the_picture_and_in_the_still(picture):
    other = Picture(X, Y, "hidden layers: 3", count="epoch")
    assert "epoch" in words(other.still)
    assert words(picture.still) == [w.replace("epoch", "iteration") for w in words(other.still)]
    differs = (pixels(other.png()) != pixels(picture.png())).any(axis=2).nonzero()
    assert differs[0].min() > 2 * (42 + 142)  # below the axes
    assert differs[1].min() > 2 * 452  # of the loss
    close_widget(other)


def test_the_style_of_the_notebook_reaches_neither_frame_nor_still(picture):
    show(picture, Y, [0.5, 0.3], [0, 50])
    before = (picture.still.value, picture.moving.value, picture.png())
    leaks = {"path.simplify": False, "path.simplify_threshold": 1.0, "font.size": 20}
    for style in ("dark_background", "classic", {"text.usetex": True, "savefig.bbox": "tight"}):
        with plt.style.context([style, leaks]):
            own = dict(plt.rcParams)
            other = Picture(X, Y, "hidden layers: 3")
            show(other, Y, [0.5, 0.3], [0, 50])
            assert (other.still.value, other.moving.value, other.png()) == before
            assert dict(plt.rcParams) == own
        close_widget(other)


def test_a_still_is_of_the_numbers_at_the_time_of_the_frame(picture):
    losses, iterations = [0.5, 0.3], [0, 50]
    show(picture, Y, losses, iterations)
    before = picture.png()
    losses[1], iterations[0] = 0.01, 40  # as a thread that trains may do
    assert picture.png() == before


def test_ten_thousand_frames_need_no_more_room_than_ten(picture):
    losses, numbers = list(1 / np.arange(1, 2000)), list(range(1, 2000))
    tracemalloc.start()
    try:
        kept = []
        for _ in range(2):
            for n in range(300):  # a tenth of a kilobyte for each would be seen
                show(picture, Y / (n + 1), losses, numbers)
            kept.append(tracemalloc.get_traced_memory()[0])
        assert kept[1] - kept[0] < 30_000
    finally:
        tracemalloc.stop()


def test_a_frame_is_small(picture):
    random = np.random.default_rng(0)
    losses = np.exp(-np.arange(2000) / 500 + 0.3 * random.standard_normal(2000))
    show(picture, Y, losses, range(2000), label="iteration 1999, loss 0.02")
    assert len(picture.moving.value) < 5000
    assert len(picture.still.value) < 6000
    many = Picture(np.arange(100_000), random.standard_normal(100_000))
    held_out = (range(50_000), np.exp(random.standard_normal(50_000)))
    show(many, many.y, np.exp(many.y), range(100_000), held_out=held_out)
    assert len(many.moving.value) < 15_000  # whatever it is given
    close_widget(many)


def test_closing_leaves_no_widget():
    before = set(_instances)
    close_widget(Picture(X, Y))
    assert set(_instances) == before


def test_nothing_reaches_pyplot(picture):
    picture.png()
    assert plt.get_fignums() == []
