"""A picture follows its controls, and says why where it cannot."""

import io
import threading

import matplotlib.pyplot as plt
import pytest
from ipywidgets import Button, Dropdown, IntSlider
from ipywidgets.widgets.widget import _instances

from helpers.widgets.sliders import Sliders
from helpers.widgets.stills import to_html


def draw(figure, height, name):
    if height == 9:
        raise ValueError("9 is too <high>")
    figure.subplots().plot([0, height])
    return f"{name} & {height}"


def draw_text(figure, **values):
    figure.text(0, 0, "a")


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


def test_a_picture_that_holds_an_image_stays_on_white(panel):
    def show(figure, height, name):
        figure.subplots(1, 2)[1].imshow([[0, height]])
        return "an image"

    panel.draw_into = show
    panel.update()
    assert panel.picture.value == to_html(panel.png, "an image", follows=False)


def test_an_error_is_said_and_the_last_picture_stays(panel):
    before = panel.png
    panel.controls["height"].value = 9
    assert panel.line.value == "ValueError: 9 is too &lt;high&gt;"
    assert panel.png == before
    panel.controls["height"].value = 3
    assert panel.text == "a & 3"


def test_a_description_that_is_given_stays():
    control = IntSlider(1, 0, 10, description="How high")
    panel = Sliders(draw_text, height=control)
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
    def draw(figure, **values):
        draw_text(figure)
        return said

    panel = Sliders(draw, height=IntSlider(1), name=IntSlider(2))
    assert panel.text == "height = 1, name = 2"
    panel.close()


def test_an_error_of_many_lines_is_one_line_and_a_first_one_leaves_no_picture():
    def draw(figure, height):
        raise RuntimeError("mat1 and mat2 cannot be multiplied\n  frame #0: torch::multiply")

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


def test_a_draw_that_uses_pyplot_is_told_what_to_write_and_leaves_no_figure(panel):
    def astray(figure, height, name):
        plt.plot([0, height])
        if height == 3:
            figure.text(0, 0, "a")
        if height == 4:
            raise ArithmeticError("astray")

    before = panel.png
    theirs = plt.figure()
    plt.close(plt.figure())
    panel.draw_into = astray
    for there_is_one in (True, False):
        panel.update()
        assert panel.text.startswith("ValueError: draw has drawn nothing into figure")
        assert "ax = figure.subplots()" in panel.text
        assert plt.get_fignums() == [theirs.number] * there_is_one
        plt.close(theirs)
    assert panel.png == before
    panel.controls["height"].value = 3
    assert panel.text == "height = 3, name = a"
    panel.controls["height"].value = 4
    assert panel.text == "ArithmeticError: astray"
    assert plt.get_fignums() == []


def test_an_error_is_logged_whole(panel, caplog):
    panel.controls["height"].value = 9
    (record,) = caplog.records
    assert record.exc_info[2].tb_next.tb_next is not None  # down to the line in draw
    assert str(record.exc_info[1]) == "9 is too <high>"


def test_a_control_that_is_moved_by_draw_counts(panel):
    def draw(figure, height, name):
        panel.controls["height"].value = max(height, 5)
        figure.text(0, 0, str(height))
        return f"height {height}"

    panel.draw_into = draw
    panel.controls["height"].value = 2
    assert panel.text == "height 5"
    assert panel.picture.value == to_html(panel.png, "height 5")


def test_of_two_threads_one_draws_after_the_other_and_the_last_move_wins(panel):
    begun = {2: threading.Event(), 3: threading.Event()}
    early = []

    def draw(figure, height, name):
        begun[height].set()
        if height == 2:
            early.append(begun[3].wait(0.2))  # the other one waits for its turn
        figure.text(0, 0, str(height))
        return f"height {height}"

    def move(height):
        panel.controls["height"].value = height

    panel.draw_into = draw
    first, second = (threading.Thread(target=move, args=[height]) for height in begun)
    first.start()
    assert begun[2].wait(30)
    second.start()
    for thread in (first, second):
        thread.join(30)
    assert early == [False]
    assert panel.text == "height 3"
    assert panel.picture.value == to_html(panel.png, "height 3")


SLIDER = IntSlider(1)
CLOSED = IntSlider(1)
CLOSED.close()


def draw_height(figure, height):
    figure.text(0, 0, str(height))


@pytest.mark.parametrize(
    ("arguments", "controls", "told"),
    [
        ([draw_height], {"size": SLIDER}, "size must be the picture's width and height in hundr"),
        ([draw_height, 8], {"height": SLIDER}, "size must be the picture's width and height in"),
        ([draw_height, (8, "3")], {"height": SLIDER}, "size must be a number, got '3'"),
        ([draw_height, (8, 0)], {"height": SLIDER}, r"size must be positive, got \(8, 0\)"),
        (
            [draw_height],
            {"height": 3},
            r"height must be a control with a value, such as Int.*got 3",
        ),
        ([draw_height], {"height": IntSlider}, "height must be a control with a value, such as"),
        ([draw_height], {"height": Button()}, "height must be a control with a value, such as"),
        ([draw_height], {"height": CLOSED}, "height must be a new control: this one has been clo"),
        ([draw], {"height": SLIDER, "name": SLIDER}, "height and name must be controls of their "),
        ([3], {"height": SLIDER}, r"draw must be a function, draw\(figure, height\), got 3"),
        (
            [lambda height: ""],
            {"height": SLIDER},
            r"draw must take the figure .*got draw\(height\)",
        ),
        ([draw_height], {"width": SLIDER}, r"draw must take .*width\), got draw\(figure, height\)"),
        ([draw_height], {"figure": SLIDER}, r"draw must take the figure and each control by its "),
    ],
)
def test_what_cannot_work_is_refused_in_a_line_and_leaves_no_widget(arguments, controls, told):
    before = set(_instances)
    with pytest.raises((TypeError, ValueError), match=f"^{told}") as caught:
        Sliders(*arguments, **controls)
    assert "\n" not in str(caught.value)
    assert set(_instances) == before


def test_a_control_may_be_called_draw_or_self():
    def draw(figure, **values):
        draw_text(figure)
        return str(values)

    panel = Sliders(draw, draw=IntSlider(1), self=IntSlider(2))
    assert panel.text == "{'draw': 1, 'self': 2}"
    panel.close()


def test_closing_leaves_no_widget_and_may_come_twice():
    before = set(_instances)
    panel = Sliders(draw_text, height=IntSlider(1))
    panel.close()
    panel.close()
    assert set(_instances) == before
