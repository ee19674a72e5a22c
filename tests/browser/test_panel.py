"""The panel as a learner meets it: JupyterLab, a mouse, a keyboard, and nothing else."""

import re

import nbformat
import pytest
from lab import ROOT, SESSION, Panel, find_cell

WITH_PANEL = sorted(
    path.name
    for path in (ROOT / "notebooks").glob("*.ipynb")
    if "Playground(" in path.read_text(encoding="utf-8")
)


@pytest.fixture
def two_panels(address, tmp_path_factory):
    """A short notebook with a panel in each of two cells."""
    cells = [
        "import torch\ntorch.set_num_threads(1)\nfrom helpers.widgets import Playground",
        "one = Playground()\none",
        "two = Playground()\ntwo",
        "print('ready', 6 * 7)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    folder = max(tmp_path_factory.getbasetemp().glob("lab*"))
    nbformat.write(notebook, folder / "notebooks" / "panels.ipynb")
    return "panels.ipynb"


def drag(panel, label, pixels):
    """Drag a slider's handle with the mouse."""
    handle = panel.handle(label)
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse = panel.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + pixels, y, steps=10)
    mouse.up()


def still(panel):
    """Whether picture and text, once they have arrived, stand still for a while."""
    panel.page.wait_for_timeout(300)
    before = panel.frame(), panel.lines()
    panel.page.wait_for_timeout(500)
    return (panel.frame(), panel.lines()) == before


def cfg(panel):
    return re.search(r"\[[\d, ]+\]", panel.text("cfg"))[0]


def below(panel):
    """Where the last part of the panel stands, from its top."""
    box, last = panel.box.bounding_box(), panel.button("Show the program").bounding_box()
    return round(last["y"] - box["y"]), round(box["height"])


def hidden(panel):
    return cfg(panel).count(",") - 1


@pytest.mark.parametrize("name", WITH_PANEL)
def test_a_learner_drags_depth_and_rate_while_it_trains(open_notebook, picture, name):
    notebook = open_notebook(name)
    number = find_cell(name, "Playground(")
    if name.startswith("07"):  # below the panel it trains for minutes
        notebook.scroll_to(number + 1)
        notebook.command("notebook:run-all-above")
    else:
        notebook.run_all()
    notebook.wait(f"() => {SESSION}.kernel.status === 'idle'", 120)
    notebook.scroll_to(number)
    panel = Panel(notebook)
    assert panel.text("cfg") == "cfg = [1, 20, 50, 20, 1] · 2,131 parameters"
    assert panel.iteration() == 0
    untrained = panel.frame()
    panel.button("Run").click()
    panel.until(lambda: panel.iteration() > 50 and panel.frame() != untrained)
    panel.until(lambda: "iterations a second" in " ".join(panel.lines()))
    assert panel.button("Pause").is_visible()

    before = panel.frame()
    drag(panel, "Hidden layers", 40)
    panel.until(lambda: hidden(panel) > 3 and panel.frame() != before)
    assert cfg(panel).startswith("[1, 20, 50, 20, 20")
    assert panel.handle("4").is_visible()
    assert not panel.handle("10").is_visible()

    done = panel.iteration()
    rate = panel.handle("Learning rate")
    rate.focus()
    for _ in range(3):
        panel.page.keyboard.press("ArrowLeft")
    panel.until(lambda: panel.iteration() > max(done, 60))
    panel.page.screenshot(path=picture("running"))
    panel.button("Show the program").click()
    program = panel.box.locator("textarea")
    assert "lr=0.025)" in program.input_value()
    assert f"make_layers({cfg(panel)})" in program.input_value()
    assert program.evaluate("e => e.scrollHeight <= e.clientHeight + 1")
    panel.button("Hide the program").click()

    panel.button("Pause").click()
    panel.until(lambda: "paused: press Run" in panel.lines())
    assert still(panel)
    paused = panel.iteration()
    panel.button("1 iteration").click()
    panel.until(lambda: panel.iteration() == paused + 1)
    panel.button("100 iterations").click()
    panel.until(lambda: panel.iteration() == paused + 101)
    panel.button("Reset").click()
    panel.until(lambda: panel.iteration() == 0)
    assert still(panel)


@pytest.mark.parametrize("width", [1280, 900])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_toggles_show_kinks_layers_and_beyond_while_it_trains(
    open_notebook, two_panels, picture, width, dark
):
    notebook = open_notebook(two_panels, width=width, dark=dark)
    notebook.run_all()
    panel = Panel(notebook)
    panel.button("Run").click()
    panel.until(lambda: panel.iteration() > 50)
    strip = panel.box.locator("img.widget-image").nth(1)
    assert not strip.is_visible()
    for name, words in (
        ("Kinks", "kinks by layer: "),
        ("Hidden layers", "units that are on somewhere: "),
        ("Beyond the data", "at x = 20"),
    ):
        button = panel.box.locator("button.widget-toggle-button", has_text=name).first
        button.focus()
        panel.page.keyboard.press("Space")
        panel.until(lambda words=words: words in " ".join(panel.lines()))
    assert strip.is_visible()
    before, drawn, done = panel.frame(), strip.get_attribute("src"), panel.iteration()
    panel.until(lambda: panel.iteration() > done and panel.frame() != before)
    panel.until(lambda: strip.get_attribute("src") != drawn)  # it is sent after the main picture
    panel.page.screenshot(path=picture("toggles"))
    assert panel.box.evaluate("e => e.scrollWidth <= e.clientWidth")
    panel.button("Pause").click()
    panel.until(lambda: any(line.startswith("paused: press Run") for line in panel.lines()))
    assert still(panel)


def test_two_panels_restart_and_run_again(open_notebook, two_panels):
    notebook = open_notebook(two_panels)
    for _ in range(2):
        notebook.run_all()
        notebook.page.get_by_text("ready 42").wait_for(timeout=60_000)
        one, two = Panel(notebook, 0), Panel(notebook, 1)
        one.until(lambda one=one: one.iteration() == 0)
        one.button("Run").click()
        two.box.scroll_into_view_if_needed()
        two.button("Run").click()
        two.handle("Hidden layers").focus()
        notebook.page.keyboard.press("ArrowRight")
        two.until(lambda two=two: hidden(two) == 4 and two.iteration() > 20)
        assert hidden(one) == 3
        one.until(lambda one=one: one.iteration() > 100)
        two.button("Pause").click()
        two.until(lambda two=two: "paused: press Run" in two.lines())
        done = one.iteration()
        assert still(two)
        assert one.iteration() > done
        notebook.restart()
        notebook.command("notebook:clear-all-cell-outputs")


def test_running_the_cell_again_ends_the_old_thread(open_notebook, two_panels):
    notebook = open_notebook(two_panels)
    notebook.run_all()
    notebook.page.get_by_text("ready 42").wait_for(timeout=60_000)
    Panel(notebook, 0).button("Run").click()
    Panel(notebook, 1).button("Run").click()
    notebook.page.evaluate("() => jupyterapp.shell.currentWidget.content.activeCellIndex = 1")
    notebook.command("notebook:run-cell")
    new, other = Panel(notebook, 0), Panel(notebook, 1)
    new.until(lambda: new.iteration() == 0)
    other.until(lambda: other.iteration() > 0)
    count = "sum(thread.name == 'Trainer' for thread in threading.enumerate())"
    assert notebook.execute(f"import threading\nprint({count})") == "2\n"


def test_a_storm_of_200_slider_events_ends_where_the_slider_stands(open_notebook, two_panels):
    notebook = open_notebook(two_panels)
    notebook.run_all()
    notebook.page.get_by_text("ready 42").wait_for(timeout=60_000)
    panel = Panel(notebook)
    panel.button("Run").click()
    panel.until(lambda: panel.iteration() > 20)
    depth = panel.handle("Hidden layers")
    depth.focus()
    for turn in range(10):
        for _ in range(20):
            notebook.page.keyboard.press("ArrowRight" if turn % 2 == 0 else "ArrowLeft")
    notebook.page.keyboard.press("ArrowRight")
    panel.until(lambda: cfg(panel) == "[1, 20, 1]")
    assert depth.get_attribute("aria-valuenow") in ("1", "1.0")
    panel.button("Reset").click()
    panel.until(lambda: panel.iteration() == 0)
    rate = panel.handle("Learning rate")
    rate.focus()
    for _ in range(25):
        notebook.page.keyboard.press("ArrowLeft")
    panel.button("Run").click()
    panel.until(lambda: panel.iteration() > 100)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 900])
def test_nothing_is_cut_off_scrolls_or_jumps(open_notebook, two_panels, picture, width, dark):
    notebook = open_notebook(two_panels, width=width, dark=dark)
    notebook.run_all()
    notebook.page.get_by_text("ready 42").wait_for(timeout=60_000)
    panel = Panel(notebook)
    panel.button("Ten thin layers").click()
    panel.until(lambda: hidden(panel) == 10)
    panel.button("Run").click()
    panel.until(lambda: panel.iteration() > 30)
    outer = panel.box.bounding_box()
    edge = outer["x"] + outer["width"]
    for part in panel.box.locator("button, input, select, .widget-label, .noUi-handle").all():
        box = part.bounding_box()
        if box and part.is_visible():
            assert outer["x"] - 1 <= box["x"]
            assert box["x"] + box["width"] <= edge + 1
    scrolling = panel.box.evaluate(
        """box => [...box.querySelectorAll('*')].filter(e => e.clientWidth > 0 &&
        ['auto', 'scroll'].includes(getComputedStyle(e).overflowY) &&
        (e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1))
        .map(e => e.className + ' ' + e.innerText)"""
    )
    assert scrolling == []
    cut = panel.box.evaluate(
        """box => [...box.querySelectorAll('button, .widget-label')].filter(e =>
        e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"""
    )
    assert cut == []
    place = below(panel)
    panel.page.screenshot(path=picture("ten"))
    for name, depth in (("One wide layer", 1), ("Article, 7 layers", 7)):
        panel.button(name).click()
        panel.until(lambda depth=depth: hidden(panel) == depth)
        assert below(panel) == place
    panel.page.screenshot(path=picture("seven"))


def test_a_still_stands_where_there_is_no_kernel(browser, address, tmp_path, picture):
    from nbconvert import HTMLExporter

    page = browser.new_page()
    for name in WITH_PANEL:
        body, _ = HTMLExporter().from_filename(str(ROOT / "notebooks" / name))
        (tmp_path / "page.html").write_text(body, encoding="utf-8")
        page.goto(f"file://{tmp_path / 'page.html'}")
        cell = page.locator(".jp-CodeCell", has_text="Playground()").last
        assert cell.locator("img").count() == 1
        assert cell.locator("img").evaluate("e => e.naturalWidth") == 800
    cell.screenshot(path=picture("still"))
    page.close()
