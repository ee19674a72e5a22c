"""A drawn digit is read at every change, moves, says why where it cannot, and leaves nothing."""

import io

import matplotlib.pyplot as plt
import pytest
import torch
from ipywidgets.widgets.widget import _instances

from helpers.widgets import DrawDigit
from helpers.widgets.draw_digit import ready_digit


def read(picture):
    """Say how many pixels are black, up to 9, and be sure of it."""
    logits = torch.zeros(1, 10)
    logits[0, min(9, int(picture.sum()))] = 100
    return logits


@pytest.fixture
def pad():
    made = DrawDigit(4, reader=read)
    yield made
    made.close()


def test_a_digit_stands_there_and_is_read(pad):
    assert pad.picture.shape == (1, 1, 12, 12)
    assert pad.picture.dtype == torch.float32
    assert set(pad.picture.unique().tolist()) == {0, 1}
    assert pad.shares["reader"].argmax() == 9
    assert pad.text == "reader: 9 (100%)"


def test_each_pixel_that_is_pressed_is_read_at_once(pad):
    pad.buttons["clear"].click()
    assert pad.picture.sum() == 0
    pad.pixels[12 * 5 + 7].value = True
    assert pad.picture[0, 0].nonzero().tolist() == [[5, 7]]
    assert pad.text == "reader: 1 (100%)"
    pad.pixels[12 * 5 + 7].value = False
    assert pad.text == "reader: 0 (100%)"


@pytest.mark.parametrize(
    ("name", "place"), [("left", (5, 6)), ("right", (5, 8)), ("up", (4, 7)), ("down", (6, 7))]
)
def test_what_is_drawn_moves_by_a_pixel(pad, name, place):
    pad.buttons["clear"].click()
    pad.pixels[12 * 5 + 7].value = True
    pad.buttons[name].click()
    assert pad.picture[0, 0].nonzero().tolist() == [list(place)]


def test_what_leaves_the_grid_is_lost(pad):
    for _ in range(12):
        pad.buttons["up"].click()
    assert pad.picture.sum() == 0


def test_a_move_asks_once(pad):
    asked = []
    pad.readers = {"reader": lambda picture: asked.append(picture) or read(picture)}
    pad.buttons["left"].click()
    assert len(asked) == 1


def test_another_digit_is_chosen_and_comes_back_after_clear(pad):
    before = pad.picture
    pad.ready[8].click()
    eight = pad.picture
    assert not torch.equal(before, eight)
    pad.buttons["clear"].click()
    pad.ready[8].click()
    assert torch.equal(pad.picture, eight)


@pytest.mark.parametrize("digit", range(10))
def test_a_ready_digit_stands_in_the_middle(digit):
    ink = ready_digit(digit)
    for axis in (0, 1):
        where = ink.sum(axis).nonzero()
        assert abs(where.min() + where.max() - 11) <= 2  # to within a pixel


def test_the_name_of_a_pixel_says_its_colour(pad):
    pad.buttons["clear"].click()
    pixel = pad.pixels[12 * 5 + 7]
    assert pixel.tooltip == "row 6, column 8, white"
    pixel.value = True
    assert pixel.tooltip == "row 6, column 8, black"
    pad.buttons["left"].click()
    assert pixel.tooltip == "row 6, column 8, white"
    assert pad.pixels[12 * 5 + 6].tooltip == "row 6, column 7, black"


def test_an_error_of_a_reader_is_said(pad):
    pad.readers = {"reader": lambda picture: picture.no_such_thing}
    pad.buttons["left"].click()
    assert pad.text.startswith("AttributeError: ")
    assert pad.said.value.startswith("AttributeError: ")


def test_the_still(pad):
    bundle, metadata = pad._repr_mimebundle_()
    assert bundle["text/plain"] == "reader: 9 (100%)"
    assert bundle["image/png"].startswith("iVBOR")
    assert metadata["image/png"]["width"] == 520
    assert plt.imread(io.BytesIO(pad._draw())).shape == (520, 1040, 4)


def test_all_pixels_share_a_layout_and_a_style_and_have_names(pad):
    assert len({pixel.layout.model_id for pixel in pad.pixels}) == 1
    assert len({pixel.style.model_id for pixel in pad.pixels}) == 1
    assert len({pixel.tooltip for pixel in pad.pixels}) == 144


def test_it_leaves_nothing_behind():
    before = set(_instances)
    DrawDigit(1, reader=read, other=read).close()
    assert set(_instances) == before
