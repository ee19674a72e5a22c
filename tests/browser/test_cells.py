"""What stands in the cells beside the panel: the five steps, predictions, exercises, sliders."""

import io

import pytest
from lab import SESSION, find_cell, find_violations, read_cells
from PIL import Image
from playwright.sync_api import expect

INKS = """e => [...new Set([
    ...[...e.querySelectorAll('svg text')].map(text => getComputedStyle(text).fill),
    ...[...e.querySelectorAll('path[stroke=currentColor]')].map(p => getComputedStyle(p).stroke),
    ...[...e.querySelectorAll('th, code')].map(part => getComputedStyle(part).color),
])]"""
GAPS = """e => [...e.querySelectorAll('tr')].flatMap(row => {
    const boxes = [...row.cells].filter(cell => cell.textContent).map(cell => {
        const words = document.createRange();
        words.selectNodeContents(cell);
        return words.getBoundingClientRect();
    });
    return boxes.slice(1).map((box, place) => box.left - boxes[place].right);
})"""


def run_all(open_notebook, name, **window):
    notebook = open_notebook(name, **window)
    notebook.run_all()
    notebook.wait(f"() => {SESSION}.kernel.status === 'idle'", 120)
    return notebook


def see(output, text):
    output.get_by_text(text, exact=False).first.wait_for(timeout=30_000)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_five_steps_are_pressed(open_notebook, picture, dark):
    notebook = open_notebook("06_training.ipynb", dark=dark)
    notebook.page.set_viewport_size({"width": 1366, "height": 650})
    source = "from helpers.widgets import FiveSteps\n\nFiveSteps()"
    output = notebook.show(find_cell("06_training.ipynb", "FiveSteps()"), source)
    see(output, "Press the steps, in any order.")
    said = [
        ("1 forward", "Good: a prediction for every x"),
        ("2 loss", "Good: one number"),
        ("3 zero_grad", "Nothing to forget"),
        ("4 backward", "Good: every weight has its gradient"),
        ("5 step", "they agree"),
        ("4 backward", "RuntimeError: Trying to backward through the graph a second time"),
        ("5 step", "the same gradients were used once more"),
        ("2 loss", "the loss of an old prediction"),
    ]
    image = output.get_by_role("img")
    for name, text in said:
        before = output.locator("table").inner_text()
        output.get_by_role("button", name=name).press("Enter")
        see(output, text)
        output.locator(f'[role=img][aria-label*="{text}"]').wait_for()  # for a screen reader
        if "RuntimeError" not in text and "Nothing" not in text and name != "2 loss":
            assert output.locator("table").inner_text() != before
    output.get_by_role("checkbox", name="Skip zero_grad").check()
    see(output, "without zero_grad, and at")
    image.get_by_text("skipped: ends at").wait_for()
    assert min(output.evaluate(GAPS)) >= 10
    assert image.bounding_box()["width"] == 470
    box = output.bounding_box()
    outer = notebook.page.locator(".jp-WindowedPanel-outer").bounding_box()
    assert box["height"] < outer["height"]
    assert image.bounding_box()["y"] < output.locator("table").bounding_box()["y"] + 20  # beside it
    assert output.evaluate("e => e.scrollWidth <= e.clientWidth"), box
    output.scroll_into_view_if_needed()
    assert find_violations(notebook.page, ".jp-OutputArea-output:has(table)") == []
    notebook.page.screenshot(path=picture("steps"))
    (ink,) = output.evaluate(INKS)
    notebook.set_theme(not dark)
    (other,) = output.evaluate(INKS)  # all of it has followed
    assert other != ink
    step = output.get_by_role("button", name="5 step")
    assert step.evaluate("e => getComputedStyle(e).borderTopWidth") == "0px"
    notebook.page.emulate_media(forced_colors="active")
    assert step.evaluate("e => getComputedStyle(e).borderTopWidth") == "1px"
    notebook.page.emulate_media(forced_colors="none")
    notebook.page.set_viewport_size({"width": 390, "height": 844})
    notebook.show_files(False)
    assert min(output.evaluate(GAPS)) >= 7
    box, last = output.bounding_box(), output.locator("th").last.bounding_box()
    assert last["x"] + last["width"] <= box["x"] + box["width"]
    heights = output.locator("svg text:not([transform])").evaluate_all(
        "texts => texts.map(text => text.getBoundingClientRect().height)"
    )
    assert min(heights) > 12  # the picture's halves stand one below the other
    output.get_by_role("button", name="Reset").click()
    see(output, "no step yet")


def test_a_prediction_with_the_keyboard_an_exercise_and_a_slider(open_notebook, picture):
    notebook = run_all(open_notebook, "01_dataset.ipynb")
    answer_with_the_keyboard(notebook, picture)
    answer_an_exercise(notebook, picture)
    redraw_with_a_slider(notebook, picture)


def answer_with_the_keyboard(notebook, picture):
    number = find_cell("01_dataset.ipynb", "shape_guess = predict(")
    output = notebook.show(number)
    options = output.locator("input[type=radio]")
    assert options.count() == 4
    heights = output.locator("label:has(input)").evaluate_all(
        "labels => labels.map(label => label.getBoundingClientRect().height)"
    )
    assert min(heights) >= 24  # room for a finger
    assert output.locator("input[type=radio]:checked").count() == 0
    options.first.focus()
    notebook.page.keyboard.press("Space")
    notebook.page.keyboard.press("Tab")
    notebook.page.keyboard.press("Space")
    assert options.nth(1).is_checked()
    radio = ".jp-OutputArea-output:has(input[type=radio])"
    assert find_violations(notebook.page, radio) == []
    notebook.page.screenshot(path=picture("prediction"))
    reveal = find_cell("01_dataset.ipynb", "shape_guess.reveal(")
    source = read_cells("01_dataset.ipynb")[reveal].source
    see(notebook.show(reveal, source), "You predicted: (1000, 1)")
    assert notebook.show(number).locator("input[type=radio]:disabled").count() == 4


def answer_an_exercise(notebook, picture):
    number = find_cell("01_dataset.ipynb", 'answer = ...\ncheck("01-floor"')
    see(notebook.show(number), "Not answered yet")
    see(notebook.show(number, 'answer = 0.2\ncheck("01-floor", answer)'), "Not yet. 0.2 is how")
    see(notebook.show(number, 'answer = 0.04\ncheck("01-floor", answer)'), "Right. The true")
    assert find_violations(notebook.page, ".jp-mod-selected .jp-OutputArea") == []
    notebook.page.screenshot(path=picture("exercise"))


def redraw_with_a_slider(notebook, picture):
    output = notebook.show(find_cell("01_dataset.ipynb", "panel = Sliders("))
    see(output, "30 points on the curve 'sine', noise 0.50")
    before = output.locator("img").get_attribute("src")
    output.locator(".noUi-handle").nth(1).focus()
    for _ in range(4):
        notebook.page.keyboard.press("ArrowRight")
    see(output, "noise 0.70")
    output.locator("select").select_option("chirp")
    see(output, "on the curve 'chirp', noise 0.70")
    typed = output.locator(".widget-readout").last
    typed.fill("5")
    typed.press("Enter")
    see(output, "degree 5")
    image = output.locator("img")
    assert image.get_attribute("src") != before
    notebook.page.screenshot(path=picture("sliders"))
    for dark, paper in ((True, 17), (False, 255)):  # the same picture, which follows the theme
        notebook.set_theme(dark)
        assert find_violations(notebook.page, ".jp-OutputArea-output:has(.sine-follows)") == []
        with Image.open(io.BytesIO(image.screenshot())) as shown:
            assert shown.convert("RGB").getpixel((shown.width // 2, 1)) == (paper,) * 3


def test_the_slider_over_layers_folds_the_line(open_notebook, picture):
    name = "07_depth.ipynb"
    notebook, cells = open_notebook(name), read_cells(name)
    for text in ("def fold(", "def count_pieces("):
        number = find_cell(name, text)
        notebook.show(number, cells[number].source)
    number = find_cell(name, "Sliders(draw, layers")
    lines = "from helpers.plots import FIT_COLOUR\n"  # the picture above it takes some runs
    output = notebook.show(number, lines + cells[number].source)
    see(output, "layers of two units: 5, straight pieces: 32")
    before = output.locator("img").get_attribute("src")
    output.locator(".noUi-handle").first.focus()
    notebook.page.keyboard.press("ArrowLeft")
    see(output, "layers of two units: 4, straight pieces: 16")
    assert output.locator("img").get_attribute("src") != before
    notebook.page.screenshot(path=picture("folds"))


def test_the_slider_over_one_weight_changes_the_loss(open_notebook, picture):
    notebook = run_all(open_notebook, "08_parameters.ipynb")
    output = notebook.show(find_cell("08_parameters.ipynb", "draw_factor,"))
    see(output, "unit 14: weight times 1.5, loss 0.")
    output.locator(".noUi-handle").nth(1).focus()
    for _ in range(5):
        notebook.page.keyboard.press("ArrowRight")
    see(output, "unit 14: weight times 2.0, loss 2.")
    output.locator(".noUi-handle").first.focus()
    notebook.page.keyboard.press("ArrowLeft")
    see(output, "unit 13: weight times 2.0")
    notebook.page.screenshot(path=picture("weight"))


def test_the_spirals_border_winds_when_a_slider_is_dragged(open_notebook, picture):
    name = "11_other_problems.ipynb"
    notebook, cells = open_notebook(name), read_cells(name)
    for text in ("get_sample_data(", "def sine_program(", "def make_spirals(", "class Classifier("):
        number = find_cell(name, text)
        notebook.show(number, cells[number].source)
    number = find_cell(name, "draw_regions(figure")
    output = notebook.show(number, cells[number].source)
    see(output, "of 400 new points are right")
    image = output.locator("img")
    for slider, key in enumerate(("ArrowRight", "ArrowLeft", "ArrowLeft")):
        before = image.get_attribute("src")  # more layers, fewer units, fewer iterations
        output.locator(".noUi-handle").nth(slider).focus()
        notebook.page.keyboard.press(key)
        expect(image).not_to_have_attribute("src", before, timeout=30_000)
    notebook.page.screenshot(path=picture("spirals"))


def test_a_digit_is_drawn_moved_and_called_back(open_notebook, picture):
    name = "11_other_problems.ipynb"
    notebook = open_notebook(name)
    source = (  # a reader for which the column with the most ink is the digit
        "from helpers.widgets import DrawDigit\n\n"
        "DrawDigit(7, reader=lambda picture: 9 * picture[0, :, :, :10].sum(dim=1))"
    )
    output = notebook.show(find_cell(name, "DrawDigit(7"), source)
    see(output, "reader: ")
    black = output.locator(".sine-pixels .mod-active")
    expect(output.locator(".sine-pixels button")).to_have_count(144)
    seven = black.count()
    assert seven > 10

    def press(button, left):
        output.get_by_role("button", name=button, exact=True).click()
        expect(black).to_have_count(left, timeout=30_000)

    press("Clear", 0)
    press("7", seven)  # as often as one likes
    press("Clear", 0)
    pixel = output.get_by_role("button", name="row 6, column 8, white")
    pixel.focus()
    notebook.page.keyboard.press("Space")
    drawn = output.get_by_role("button", name="row 6, column 8, black")  # for a screen reader
    drawn.wait_for(timeout=30_000)
    expect(output.get_by_role("status")).to_have_text("reader: 7 (100%)", timeout=30_000)
    notebook.page.keyboard.press("Tab")
    notebook.page.keyboard.press("Shift+Tab")
    assert drawn.evaluate("e => getComputedStyle(e).outlineWidth") == "3px"
    output.get_by_role("button", name="left").click()
    output.get_by_role("button", name="row 6, column 7, black").wait_for(timeout=30_000)
    expect(output.get_by_role("status")).to_have_text("reader: 6 (100%)", timeout=30_000)
    press("7", seven)
    for dark in (False, True):
        notebook.set_theme(dark)
        assert find_violations(notebook.page, ".jp-OutputArea-output:has(.sine-draw)") == []
    notebook.page.screenshot(path=picture("digit"))
    notebook.page.emulate_media(forced_colors="active")
    assert black.first.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(0, 0, 0)"
