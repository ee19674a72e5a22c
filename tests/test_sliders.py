"""A picture follows its controls, and says why where it cannot."""

import io

import matplotlib.pyplot as plt
import pytest
from ipywidgets import Dropdown, IntSlider
from ipywidgets.widgets.widget import _instances

from helpers.widgets.sliders import Sliders
from helpers.widgets.stills import to_html


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
    assert plt.imread(io.BytesIO(panel.png)).shape == (400, 800, 4)
    assert panel.picture.value == to_html(panel.png, "a & 1")
    assert panel.text == "a & 1"
    assert panel.line.value == "a &amp; 1"
    assert [control.description for control in panel.controls.values()] == ["height", "name"]
    assert panel.children[0].children == tuple(panel.controls.values())


def test_every_control_draws_again(panel):
    before = panel.png
    panel.controls["height"].value = 2
    assert panel.png != before
    assert panel.text == "a & 2"
    panel.controls["name"].value = "b"
    assert panel.text == "b & 2"
    assert panel.picture.value == to_html(panel.png, "b & 2")


def test_an_error_is_said_and_the_last_picture_stays(panel):
    before = panel.png
    panel.controls["height"].value = 9
    assert panel.line.value == "ValueError: 9 is too &lt;high&gt;"
    assert panel.png == before
    panel.controls["height"].value = 3
    assert panel.text == "a & 3"


def test_a_description_that_is_given_stays():
    control = IntSlider(1, 0, 10, description="How high")
    panel = Sliders(lambda figure, height: "", height=control)
    assert control.description == "How high"
    panel.close()


def test_the_still(panel):
    bundle, metadata = panel._repr_mimebundle_()
    assert bundle["text/plain"] == "a & 1"
    assert bundle["image/png"].startswith("iVBOR")
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert metadata == {"image/png": {"alt": "a & 1", "width": 400}}


@pytest.mark.parametrize("said", [None, 3, ["a"]])
def test_where_draw_says_nothing_the_line_names_the_values(said):
    panel = Sliders(lambda figure, **values: said, height=IntSlider(1), name=IntSlider(2))
    assert panel.text == "height = 1, name = 2"
    panel.close()


def test_an_error_of_many_lines_is_one_line_and_a_first_one_leaves_no_picture():
    def draw(figure, height):
        raise RuntimeError("mat1 and mat2\n  cannot be multiplied")

    panel = Sliders(draw, height=IntSlider(1))
    assert panel.text == "RuntimeError: mat1 and mat2 cannot be multiplied"
    bundle, metadata = panel._repr_mimebundle_()
    assert bundle["text/plain"] == panel.text
    assert ("image/png" in bundle, metadata) == (False, {})
    panel.close()


def test_a_picture_that_cannot_be_saved_changes_neither_picture_nor_text(panel):
    def broken(figure, height, name):
        figure.text(0, 0, "$\\frac{$")
        return "a fraction"

    before = panel.png
    panel.draw_into = broken
    panel.update()
    assert panel.text.startswith("ValueError: ")
    assert "\n" not in panel.text
    assert panel.png == before


def test_the_style_of_the_notebook_does_not_reach_a_picture(panel):
    before = panel.png
    with plt.style.context("dark_background"):
        panel.update()
    assert panel.png == before


def test_closing_leaves_no_widget():
    before = set(_instances)
    panel = Sliders(lambda figure, height: "", height=IntSlider(1))
    panel.close()
    assert set(_instances) == before
