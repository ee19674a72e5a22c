"""A picture follows its controls, and says why where it cannot."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from ipywidgets import Dropdown, IntSlider

from helpers.plots import draw_network
from helpers.widgets.sliders import Sliders


def draw(figure, height, name):
    if height == 9:
        raise ValueError("9 is too <high>")
    figure.subplots().plot([0, height])
    return f"{name} & {height}"


@pytest.fixture
def panel():
    made = Sliders(draw, (4, 2), height=IntSlider(1, 0, 10), name=Dropdown(options=["a", "b"]))
    yield made
    made.close()


def test_the_first_picture_stands_at_once(panel):
    assert plt.imread(io.BytesIO(panel.image.value)).shape == (200, 400, 4)
    assert panel.text == "a & 1"
    assert panel.line.value == "a &amp; 1"
    assert [control.description for control in panel.controls.values()] == ["height", "name"]
    assert panel.children[0].children == tuple(panel.controls.values())


def test_every_control_draws_again(panel):
    before = panel.image.value
    panel.controls["height"].value = 2
    assert panel.image.value != before
    assert panel.text == "a & 2"
    panel.controls["name"].value = "b"
    assert panel.text == "b & 2"


def test_an_error_is_said_and_the_last_picture_stays(panel):
    before = panel.image.value
    panel.controls["height"].value = 9
    assert panel.line.value == "ValueError: 9 is too &lt;high&gt;"
    assert panel.image.value == before
    panel.controls["height"].value = 3
    assert panel.text == "a & 3"


def test_a_description_that_is_given_stays():
    control = IntSlider(1, 0, 10, description="How high")
    panel = Sliders(lambda figure, height: "", height=control)
    assert control.description == "How high"
    panel.close()


def test_the_still(panel):
    bundle = panel._repr_mimebundle_()
    assert bundle["text/plain"] == "a & 1"
    assert bundle["image/png"].startswith("iVBOR")
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert plt.get_fignums() == []


def test_draw_network():
    ax = plt.Figure().subplots()
    draw_network(ax, [1, 3, 20, 2])
    nodes = [len(dots.get_offsets()) for dots in ax.collections]
    assert nodes == [1, 3, 8, 2]
    assert len(ax.lines) == 1 * 3 + 3 * 8 + 8 * 2
    assert [text.get_text() for text in ax.texts] == ["1", "3", "20", "2"]
    middles = [np.mean(dots.get_offsets(), axis=0).tolist() for dots in ax.collections]
    assert middles == [[0, 0], [1, 0], [2, 0], [3, 0]]
