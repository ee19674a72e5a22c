"""The panel as a learner meets it: JupyterLab, a mouse, a keyboard, and nothing else."""

import os
import re
import signal
import time

import nbformat
import pytest
from lab import ROOT, SESSION, Notebook, Panel, find_cell, find_violations
from slow import SlowLine

WITH_PANEL = sorted(
    path.name
    for path in (ROOT / "notebooks").glob("*.ipynb")
    if "Playground(" in path.read_text(encoding="utf-8")
)
CALM = """
import time
from helpers.widgets import Playground
from helpers.widgets.trainer import Trainer
def train(self, go_on=Trainer._train):
    time.sleep(0.005)
    return go_on(self)
Trainer._train = train
"""  # the cores are for the page; the panel of 00 runs as it is
CELLS = [
    CALM,
    "one = Playground()\none",
    "two = Playground()\ntwo",
    "print('ready', 6 * 7)",
]
LEFT_ALONE = """
from pathlib import Path
from helpers.widgets import trainer
trainer.ALONE = 2.0
def stop(self, *said, stop=trainer.Trainer._stop):
    stop(self, *said)
    Path({path!r}).touch()
trainer.Trainer._stop = stop
"""  # the file is there as soon as it has paused
TEN = "[1, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 1]"
DRAGGED = ("Hidden layers", "Learning rate", *(f"Width {place}" for place in range(1, 11)))
TOGGLES = {  # what each of them brings
    "Kinks": "kinks by layer: ",
    "Residuals": "residual, y - prediction",
    "Beyond the data": "at x = 20",
    "Goals": "within 1000 iterations",
    "Program": "# 2. network class",
    "Stop at": "10000",
}
# What stands in the panel and can be used: the control, its name, and its box in the window.
CONTROLS = """box => [...box.querySelectorAll('button, input, select, textarea, [role=slider]')]
    .filter(e => e.checkVisibility({visibilityProperty: true}))"""
NAME = """e => (e.type === 'checkbox' ? 'show ' : '') +
    (e.ariaLabel || e.labels?.[0]?.innerText || e.innerText.trim() || e.title)"""
SCROLLING = """box => [...box.querySelectorAll('*')].filter(e => e.clientWidth > 0 &&
    ['auto', 'scroll'].includes(getComputedStyle(e).overflowY) &&
    (e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1))
    .map(e => [e.scrollWidth, e.clientWidth, e.scrollHeight, e.clientHeight, e.className])"""
CUT = """box => [...box.querySelectorAll('button, .widget-label, .widget-readout, code')]
    .filter(e => e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"""
# For each colour in the pictures, how well it can be told from what is behind it.
CONTRASTS = """box => {
    const paint = document.createElement('canvas').getContext('2d');
    const light = colour => {
        paint.fillStyle = colour;
        paint.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3).map(part =>
            part <= 10 ? part / 3294 : ((part / 255 + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    let behind = box;
    while (getComputedStyle(behind).backgroundColor.endsWith(', 0)'))
        behind = behind.parentElement;
    const ground = light(getComputedStyle(behind).backgroundColor), found = {};
    for (const e of box.querySelectorAll('svg text, svg path:not([stroke-opacity])')) {
        const style = getComputedStyle(e);
        const colour = e.tagName === 'text' ? style.fill : style.stroke, own = light(colour);
        found[e.tagName + ' ' + colour] =
            (Math.max(own, ground) + 0.05) / (Math.min(own, ground) + 0.05);
    }
    return found;
}"""
# Of fit and loss: how high their letters are, and which lie outside their picture or over others.
TEXTS = """box => {
    const heights = [], outside = [], over = [], all = [];
    for (const svg of box.querySelectorAll('svg[viewBox$="226"]')) {
        const view = svg.getBoundingClientRect();
        heights.push(13 * view.width / svg.viewBox.baseVal.width);
        for (const text of svg.querySelectorAll('text')) {
            const {left, right, top, bottom} = text.getBoundingClientRect();
            if (left === right) continue;  // it says nothing
            if (left < view.left - 1 || right > view.right + 1 || top < view.top - 1
                || bottom > view.bottom + 1) outside.push(text.textContent);
            for (const other of all)
                if (left < other.right - 1 && other.left < right - 1 && top < other.bottom - 4
                    && other.top < bottom - 4) over.push([text.textContent, other.text]);
            all.push({left, right, top, bottom, text: text.textContent});
        }
    }
    return {height: Math.min(...heights), outside, over};
}"""
# Middle of each column of the drawn network, and of each slider of a width.
COLUMNS = """box => {
    const svg = box.querySelector('svg[viewBox="0 0 1000 400"]');
    const view = svg.getBoundingClientRect(), cells = svg.querySelector('path').getAttribute('d');
    const all = [...cells.matchAll(/M(\\d+) \\d+l(\\d+) /g)].map(
        ([_, x, width]) => view.left + (+x + width / 2) / 1000 * view.width);
    const sliders = [...box.querySelectorAll('.sine-widths .slider-container')].filter(
        e => e.checkVisibility()).map(e => e.getBoundingClientRect());
    return [[...new Set(all)].slice(1, -1), sliders.map(({left, width}) => left + width / 2)];
}"""
STROKES = "e => [...e.querySelectorAll('path')].map(path => path.getAttribute('stroke'))"


@pytest.fixture(scope="module")
def make_panels(address, tmp_path_factory):
    """Write a short notebook with a panel in each of two cells."""
    folder = max(tmp_path_factory.getbasetemp().glob("lab*"))

    def make(name):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, folder / "notebooks" / name)
        return name

    return make


def run_two_panels(notebook):
    """Run the short notebook to its end; returns its panels."""
    notebook.run_all()
    notebook.page.get_by_text("ready 42").wait_for(timeout=60_000)
    return Panel(notebook, 0), Panel(notebook, 1)


@pytest.fixture(scope="module")
def opened(browser, address, make_panels):
    """The short notebook, run, for all tests that need one."""
    notebook = Notebook(browser, address, make_panels("panels.ipynb"), width=1366, height=650)
    run_two_panels(notebook)
    yield notebook
    assert notebook.errors == []
    notebook.close()


@pytest.fixture
def panel(opened):
    """A new panel in the first cell of the short notebook."""
    opened.page.emulate_media(forced_colors="none")
    opened.set_theme(False)
    show_at(opened, 1366, 650)
    opened.show(1, run=True)
    panel = Panel(opened)
    panel.until(lambda: panel.iteration() == 0 and hidden(panel) == 3)
    return panel


def show_at(notebook, width, height, files=False):
    notebook.page.set_viewport_size({"width": width, "height": height})
    notebook.show_files(files)


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


def press(panel, label, key, times=1):
    """Move a slider with the keyboard."""
    panel.handle(label).focus()
    for _ in range(times):
        panel.page.keyboard.press(key)


def still(panel):
    """Whether picture and text, once they have arrived, stand still for a while."""
    panel.page.wait_for_timeout(300)
    before = panel.frame(), panel.lines()
    panel.page.wait_for_timeout(500)
    return (panel.frame(), panel.lines()) == before


def cfg(panel):
    return re.search(r"\[[\d, ]+\]", panel.text("cfg"))[0]


def hidden(panel):
    return cfg(panel).count(",") - 1


def controls(panel):
    return panel.box.evaluate_handle(CONTROLS).get_properties().values()


def boxes(panel):
    """Find where each control stands, from the panel's upper edge, by its name."""
    script = f"""box => ({CONTROLS})(box).map(e => {{
        const {{left, right, top}} = e.getBoundingClientRect();
        return [({NAME})(e), {{left, right, top: top - box.getBoundingClientRect().top}}];
    }})"""
    return dict(panel.box.evaluate(script))


def pictures(panel):
    """Find where fit, loss and network stand; each frame is a new element."""
    script = """box => ['0 0 390 226', '390 0 360 226', '0 0 1000 400'].map(view =>
        box.querySelector(`svg[viewBox="${view}"]`).getBoundingClientRect().toJSON())"""
    return panel.box.evaluate(script)


def bring_to_top(panel):
    panel.run_or_pause().evaluate("e => e.scrollIntoView()")
    panel.page.wait_for_timeout(200)


def shows(panel, words):
    """Whether some words stand in the panel, in a picture or a box, for everybody to see."""
    fields = panel.box.locator("textarea, input[type=number]").all()
    typed = [field.input_value() for field in fields if field.is_visible()]
    return words in panel.box.inner_text() or any(words in text for text in typed)


def view_of(panel):
    """Find the notebook's part of the window."""
    box = panel.page.locator(".jp-WindowedPanel-outer").bounding_box()
    return box | {"right": box["x"] + box["width"], "bottom": box["y"] + box["height"]}


def all_in_view(panel):
    """Whether everything that one drags while looking lies in the notebook's part of the window."""
    view = view_of(panel)
    shown = [name for name in DRAGGED if panel.handle(name).is_visible()]
    numbers = panel.box.locator(".sine-numbers")
    parts = [panel.button("Run"), numbers, *map(panel.handle, shown)]
    boxes = [part.bounding_box() for part in parts] + pictures(panel)
    low, high = (
        min(box["y"] for box in boxes),
        max(box["y"] + box["height"] for box in boxes),
    )
    return view["y"] - 3 <= low <= high <= view["bottom"], low, high, view


def check_nothing_is_cut(panel):
    outer = panel.box.bounding_box()
    right = outer["x"] + outer["width"] + 1
    for name, box in [*boxes(panel).items(), *enumerate(pictures(panel))]:
        assert outer["x"] - 1 <= box["left"], name
        assert box["right"] <= right, name
    assert panel.box.evaluate(SCROLLING) == []
    assert panel.box.evaluate(CUT) == []
    assert panel.box.evaluate("e => e.scrollWidth <= e.clientWidth")
    found = panel.box.evaluate(TEXTS)
    assert (found["outside"], found["over"]) == ([], [])
    assert found["height"] >= 9


def check_all_is_reached(panel):
    """Every control can be scrolled to and pressed: nothing lies over it."""
    for control in controls(panel):
        element = control.as_element()
        element.scroll_into_view_if_needed()
        assert element.evaluate(
            """e => {
                const box = e.getBoundingClientRect();
                const top = document.elementFromPoint(
                    box.x + box.width / 2, box.y + box.height / 2);
                return e === top || e.contains(top);
            }"""
        ), element.evaluate(NAME)


def test_all_that_is_dragged_is_on_one_screen(opened, panel, picture):
    panel.button("100 iterations").click()
    panel.until(lambda: panel.iteration() == 100)
    for preset, depth in (("One wide layer", 1), ("Article, 3 layers", 3), ("Ten thin layers", 10)):
        panel.button(preset).click()
        panel.until(lambda depth=depth: hidden(panel) == depth)
        columns, sliders = panel.box.evaluate(COLUMNS)
        assert len(columns) == depth
        assert columns == pytest.approx(sliders, abs=2)  # each width stands below its column
    assert cfg(panel) == TEN
    panel.button("100 iterations").click()
    panel.until(lambda: panel.iteration() == 100)
    assert panel.box.locator("img, canvas").count() == 0  # pixels would blur
    for width, height, files in ((1366, 650, True), (1366, 650, False), (1280, 600, False)):
        show_at(opened, width, height, files)
        bring_to_top(panel)
        fits, *where = all_in_view(panel)
        assert fits, (width, height, where)
        check_nothing_is_cut(panel)
        panel.page.screenshot(path=picture(f"{width}-{files}"))

    show_at(opened, 1920, 900)
    bring_to_top(panel)
    view = view_of(panel)
    middle = view["x"] + view["width"] / 2
    assert {"Activation", "Optimizer", "Seed"} <= {
        name for name, box in boxes(panel).items() if box["left"] > middle
    }
    panel.page.screenshot(path=picture("1920"))

    show_at(opened, 683, 384)  # a laptop at 200 %
    bring_to_top(panel)
    assert pictures(panel)[0]["bottom"] <= view_of(panel)["bottom"]
    check_nothing_is_cut(panel)
    panel.page.screenshot(path=picture("683"))
    for width in (900, 390):
        show_at(opened, width, 700)
        bring_to_top(panel)
        check_nothing_is_cut(panel)
        check_all_is_reached(panel)
        panel.page.screenshot(path=picture(f"{width}"))
    panel.button("Article, 3 layers").click()
    panel.until(lambda: hidden(panel) == 3)
    here = boxes(panel)
    assert here["Unit"]["top"] - here["Width 3"]["top"] < 50  # hidden widths leave no gap


def test_everybody_can_use_it(opened, panel, picture):
    names = list(boxes(panel))
    assert len(names) == len(list(controls(panel))), names  # no name twice
    panel.button("Run").focus()
    reached = []
    while opened.page.evaluate(
        "e => e.contains(document.activeElement)", panel.box.element_handle()
    ):
        reached.append(opened.page.evaluate(f"({NAME})(document.activeElement)"))
        opened.page.keyboard.press("Tab")  # one stop for each control
        assert len(reached) <= len(names), "\n".join(reached)
    assert sorted(reached) == sorted(names)
    assert "" not in reached
    assert panel.value("Learning rate") == "0.05"  # not the number of its notch
    assert panel.box.locator(".widget-readout[contenteditable=true]").count() == 0  # in vain
    for handle in panel.box.get_by_role("slider").all():
        if handle.is_visible():
            box = handle.bounding_box()
            assert min(box["width"], box["height"]) >= 24

    panel.button("100 iterations").click()
    panel.until(lambda: panel.iteration() == 100)
    press(panel, "Learning rate", "ArrowLeft")
    assert panel.value("Learning rate") == "0.04"
    panel.until(lambda: panel.box.locator("text", has_text="lr 0.04").count() == 1)
    press(panel, "Unit", "ArrowRight")
    panel.box.get_by_text("unit 1.1 adds").wait_for()
    for theme in ("dark", "light", "forced"):
        opened.set_theme(theme == "dark")
        opened.page.emulate_media(forced_colors="active" if theme == "forced" else "none")
        bring_to_top(panel)
        panel.page.screenshot(path=picture(theme))
        found = panel.box.evaluate(CONTRASTS)
        assert len(found) > 7
        for colour, contrast in found.items():
            least = 4.5 if colour.startswith("text") else 3
            assert contrast >= least, (theme, colour, contrast)
    edges = [
        panel.button(name).evaluate("e => parseFloat(getComputedStyle(e).borderTopWidth)")
        for name in ("Run", "1 iteration")
    ]
    assert edges == [4, 1]  # where the page's own colours are gone
    check_nothing_is_cut(panel)
    opened.page.emulate_media(forced_colors="none")
    for name in TOGGLES:
        panel.toggle(name).check()
    panel.box.get_by_role("textbox", name="Program").wait_for()
    assert find_violations(opened.page, ".jp-OutputArea-output:has(.sine-panel)") == []


def test_divergence_explains_itself(opened, panel, picture):
    panel.button("100 iterations").click()
    panel.until(lambda: panel.iteration() == 100)
    panel.box.evaluate(
        """box => {
            window.alerts = 0;
            new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(
                node => { alerts += node.role === 'alert'; }
            ))).observe(box, {subtree: true, childList: true});
        }"""
    )
    panel.button("Reset").click()
    panel.box.get_by_text("last run").first.wait_for()
    press(panel, "Learning rate", "End")
    panel.until(lambda: panel.value("Learning rate") == "10")
    show_at(opened, 1366, 650, files=True)
    bring_to_top(panel)
    before = boxes(panel)
    panel.button("Run").click()
    said = panel.box.get_by_role("alert")
    said.wait_for()
    assert re.fullmatch(
        r"diverged at iteration \d: loss was [\d.e+]+; lower the learning rate and press Reset",
        said.inner_text(),
    )
    panel.toggle("Residuals").check()  # one more frame, and one more
    panel.box.get_by_text("residual, y - prediction").wait_for()
    panel.toggle("Residuals").uncheck()
    panel.box.get_by_text("residual, y - prediction").wait_for(state="detached")
    assert panel.page.evaluate("() => alerts") == 1  # a screen reader says it once
    panel.box.get_by_text("last fit in sight").wait_for()
    assert panel.image.evaluate(STROKES) == ["#888888"]  # the last fit, and not the last run's
    assert re.fullmatch(r"↑ \d\.\de\+\d\d", panel.loss.locator("text").last.text_content())
    assert boxes(panel).keys() == before.keys()
    for name, box in boxes(panel).items():
        assert box["top"] == before[name]["top"], name  # nothing moves
    bring_to_top(panel)
    fits, *where = all_in_view(panel)
    assert fits, where
    panel.page.screenshot(path=picture("1366"))
    for width in (1366, 390):
        show_at(opened, width, 650)
        check_nothing_is_cut(panel)
    panel.page.screenshot(path=picture("390"))


def test_a_learner_drags_depth_and_rate_while_it_trains(open_notebook, picture):
    name = "00_overview.ipynb"
    notebook = open_notebook(name)
    number = find_cell(name, "Playground(")
    notebook.show(number, run=True)  # the first cell of the series: it moves without a click
    panel = Panel(notebook)
    assert panel.text("cfg").startswith("cfg = [1, 20, 50, 20, 1] · 2,131 parameters")
    first, network = panel.frame(), panel.network.inner_html()
    panel.until(lambda: panel.iteration() > 50 and panel.frame() != first)
    panel.until(lambda: panel.network.inner_html() != network)
    panel.until(lambda: panel.says("iterations a second"))
    assert panel.button("Pause").is_visible()

    before = panel.frame()
    drag(panel, "Hidden layers", 40)
    panel.until(lambda: hidden(panel) > 3 and panel.frame() != before)
    assert cfg(panel).startswith("[1, 20, 50, 20, 20")
    assert panel.handle("Width 4").is_visible()
    assert not panel.handle("Width 10").is_visible()

    done = panel.iteration()
    press(panel, "Learning rate", "ArrowLeft", 3)
    panel.until(lambda: panel.iteration() > max(done, 60))
    panel.page.screenshot(path=picture("running"))
    panel.toggle("Program").check()
    program = panel.box.get_by_role("textbox", name="Program")
    panel.until(lambda: "lr=0.03)" in program.input_value())
    assert f"make_layers({cfg(panel)})" in program.input_value()
    assert program.evaluate("e => e.scrollHeight <= e.clientHeight + 1")
    panel.toggle("Program").uncheck()

    panel.button("Pause").click()
    panel.until(lambda: panel.says("paused: press Run"))
    assert still(panel)
    paused = panel.iteration()
    panel.button("1 iteration").click()
    panel.until(lambda: panel.iteration() == paused + 1)
    panel.button("100 iterations").click()
    panel.until(lambda: panel.iteration() == paused + 101)
    panel.button("Reset").click()
    panel.until(lambda: panel.iteration() == 0)
    assert still(panel)


def test_toggles_open_below_themselves_and_nothing_jumps(opened, panel, picture):
    for dark, width in ((False, 1280), (True, 900)):
        show_at(opened, width, 1000)
        opened.set_theme(dark)
        panel.button("Run").click()
        panel.until(lambda: panel.iteration() > 50)
        bring_to_top(panel)
        places = boxes(panel)
        for name, words in TOGGLES.items():
            before = boxes(panel)
            panel.toggle(name).focus()
            opened.page.keyboard.press("Space")
            assert panel.toggle(name).is_checked()
            panel.until(lambda words=words: shows(panel, words))
            after = boxes(panel)
            for other, box in before.items():
                if box["top"] <= before[f"show {name}"]["top"]:
                    assert after[other]["top"] == box["top"], (name, other)
        press(panel, "Unit", "ArrowRight")
        panel.until(lambda: panel.says("layer 1, unit 1 is o"))
        frame, drawn = panel.frame(), panel.network.inner_html()
        panel.until(lambda frame=frame: panel.frame() != frame)
        panel.until(lambda drawn=drawn: panel.network.inner_html() != drawn)
        panel.page.screenshot(path=picture("dark" if dark else "light"))
        check_nothing_is_cut(panel)
        press(panel, "Unit", "ArrowLeft")
        for name in TOGGLES:
            panel.toggle(name).uncheck()
        bring_to_top(panel)
        panel.until(lambda places=places: boxes(panel) == places)
        for preset, depth in (("Ten thin layers", 10), ("One wide layer", 1)):
            panel.button(preset).click()
            panel.until(lambda depth=depth: hidden(panel) == depth)
            here = boxes(panel)
            for name in places.keys() & here.keys():  # handles move along their sliders
                assert abs(here[name]["top"] - places[name]["top"]) < 1, name
        check_nothing_is_cut(panel)
        panel.button("Article, 3 layers").click()
        panel.until(lambda: hidden(panel) == 3)


def test_what_is_pressed_is_done(opened, panel):
    other = Panel(opened, 1)
    panel.button("1 iteration").evaluate("e => { for (let k = 0; k < 5; k++) e.click(); }")
    panel.until(lambda: panel.iteration() == 5)
    assert still(panel)
    for _ in range(5):
        panel.button("1 iteration").click(no_wait_after=True)
    panel.until(lambda: panel.iteration() == 10)
    assert still(panel)
    run = panel.button("Run").element_handle()
    panel.button("1 iteration").evaluate("(e, run) => { e.click(); run.click(); }", run)
    panel.until(lambda: panel.iteration() > 50)
    assert panel.button("Pause").is_visible()
    # A storm of slider events ends where the slider stands.
    for turn in range(10):
        press(panel, "Hidden layers", "ArrowRight" if turn % 2 == 0 else "ArrowLeft", 20)
    press(panel, "Hidden layers", "ArrowRight")
    panel.until(lambda: cfg(panel) == "[1, 20, 1]")
    assert panel.value("Hidden layers") == "1"
    panel.button("Reset").click()
    panel.until(lambda: panel.iteration() == 0)
    press(panel, "Learning rate", "ArrowLeft", 25)
    panel.button("Run").click()
    panel.until(lambda: panel.iteration() > 100)
    # The other panel has stood still, and runs beside this one.
    assert other.iteration() == 0
    other.box.scroll_into_view_if_needed()
    other.button("Run").click()
    press(other, "Hidden layers", "ArrowRight")
    other.until(lambda: hidden(other) == 4 and other.iteration() > 20)
    assert hidden(panel) == 1
    other.button("Pause").click()
    other.until(lambda: other.says("paused: press Run"))
    done = panel.iteration()
    assert still(other)
    assert panel.iteration() > done


def test_a_panel_lives_as_long_as_its_cell(opened, panel, open_notebook, tmp_path):
    notebook = opened
    no_stop = "one.controls.stop.value = two.controls.stop.value = 10**9"
    notebook.execute(no_stop)
    panel.button("Run").click()
    panel.until(lambda: panel.iteration() > 20)

    def goes_on(panel):
        done = panel.iteration()
        panel.until(lambda: panel.iteration() > done + 20)

    notebook.page.evaluate(f"() => {SESSION}.kernel.interrupt()")
    goes_on(panel)
    process = int(notebook.execute("import os\nprint(os.getpid())"))
    os.kill(process, signal.SIGSTOP)
    time.sleep(5)
    os.kill(process, signal.SIGCONT)
    goes_on(panel)
    notebook.command("docmanager:save")
    notebook.page.reload()
    notebook.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    panel = Panel(notebook)
    goes_on(panel)
    press(panel, "Hidden layers", "ArrowRight")
    panel.until(lambda: hidden(panel) == 4)
    second = open_notebook("panels.ipynb", reset=False)
    twin = Panel(second)
    goes_on(twin)
    twin.button("Pause").click()
    for one in (twin, panel):
        one.until(lambda one=one: one.says("paused: press Run"))
        assert still(one)
    assert twin.iteration() == panel.iteration()
    panel.button("Run").click()
    goes_on(twin)
    second.context.close()

    # Its cell runs again: the old panel's thread ends, the other panel goes on.
    panel, other = Panel(notebook, 0), Panel(notebook, 1)
    other.button("Run").click()
    notebook.show(1, run=True)
    new = Panel(notebook, 0)
    new.until(lambda: new.iteration() == 0 and hidden(new) == 3)
    goes_on(other)
    count = "sum(thread.name == 'Trainer' for thread in threading.enumerate())"
    assert notebook.execute(f"import threading\nprint({count})") == "2\n"
    notebook.restart()
    notebook.command("notebook:clear-all-cell-outputs")
    one, _ = run_two_panels(notebook)
    notebook.execute(no_stop)
    one.button("Run").click()
    goes_on(one)

    # Nobody looks any more: it pauses, and says so when it is seen again.
    paused = tmp_path / "paused"
    notebook.execute(LEFT_ALONE.format(path=str(paused)))
    notebook.command("docmanager:save")
    goes_on(one)
    notebook.context.close()  # the kernel lives on
    end = time.monotonic() + 30
    while not paused.exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    again = open_notebook("panels.ipynb", reset=False)
    one = Panel(again)
    one.until(lambda: one.says("no page showed this panel for 2 s"))
    assert still(one)
    one.button("Run").click()
    goes_on(one)


def test_a_slow_line_lags_by_a_bounded_time(open_notebook, make_panels, address):
    line = SlowLine(int(address.rpartition(":")[2]))
    notebook = open_notebook(make_panels("slow.ipynb"), address=line.address)
    try:
        panel, _ = run_two_panels(notebook)
        notebook.execute(
            "import time\nsent = {}\none.controls.stop.value = 10**6\n"  # it must not pause itself
            "one.screen.numbers.observe(lambda c: sent.update({c['new']: time.time()}), 'value')"
        )
        panel.page.evaluate(
            """element => {
                window.seen = [];
                new MutationObserver(() => window.seen.push(
                    [element.innerHTML, (performance.timeOrigin + performance.now()) / 1000]
                )).observe(element, {childList: true, subtree: true, characterData: true});
            }""",
            panel.box.locator(".widget-html-content:has(.sine-numbers)").element_handle(),
        )
        line.slow_down(0.075, 1.5)  # a shared network in a class
        panel.button("Run").click()
        panel.until(lambda: panel.iteration() > 0)
        panel.page.wait_for_timeout(2000)
        line.slow_down(0.075, 0.4)  # slower than ten frames a second need
        panel.page.wait_for_timeout(6000)
        press(panel, "Hidden layers", "ArrowRight")
        began = time.monotonic()
        panel.until(lambda: hidden(panel) == 4)
        turned = time.monotonic() - began
        panel.button("Pause").click()
        began = time.monotonic()
        panel.until(lambda: panel.says("paused: press Run"))
        paused = time.monotonic() - began
        seen = panel.page.evaluate("() => window.seen")
        line.slow_down(0, 1000)
        sent = dict(eval(notebook.execute("print(list(sent.items()))")))
        lags = [when - sent[text] for text, when in seen if text in sent]
        print(
            f"{len(lags)} frames, lag at most {max(lags):.2f} s; a slider {turned:.2f} s, "
            f"Pause {paused:.2f} s"
        )
        assert len(lags) > 30
        assert max(lags) < 2.5  # it grows beyond where nobody waits for the page
        assert max(turned, paused) < 3
    finally:
        line.slow_down(0, 1000)
        notebook.close()
        line.close()


def test_a_still_stands_where_there_is_no_kernel(browser, address, tmp_path, picture):
    from nbconvert import HTMLExporter

    page = browser.new_page()
    for name in WITH_PANEL:
        body, _ = HTMLExporter().from_filename(str(ROOT / "notebooks" / name))
        (tmp_path / "page.html").write_text(body, encoding="utf-8")
        page.goto(f"file://{tmp_path / 'page.html'}")
        cell = page.locator(".jp-CodeCell", has_text="panel = Playground(").first
        image = cell.locator("img")
        assert image.count() == 1
        assert image.bounding_box()["width"] == 750
        pixels = 750 if name.startswith("00") else 1500  # 00's is a recording, of many frames
        assert image.evaluate("e => e.naturalWidth") == pixels
    cell.screenshot(path=picture("still"))
    page.close()
