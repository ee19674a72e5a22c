"""The panel as a learner meets it: JupyterLab, a mouse, a keyboard, and nothing else."""

import os
import re
import signal
import time

import nbformat
import pytest
from lab import ROOT, SESSION, Panel, find_cell, find_violations
from slow import SlowLine

WITH_PANEL = sorted(
    path.name
    for path in (ROOT / "notebooks").glob("*.ipynb")
    if "Playground(" in path.read_text(encoding="utf-8")
)
TEN = "[1, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 1]"
DRAGGED = ("Hidden layers", "Learning rate", *(f"Width {place}" for place in range(1, 11)))
TOGGLES = {
    "Kinks": "kinks by layer: ",
    "Layer outputs": "units that are on somewhere: ",
    "Beyond the data": "at x = 20",
}
# What stands in the panel and can be used: the control, its name, and its box in the window.
CONTROLS = """box => [...box.querySelectorAll('button, input, select, textarea, [role=slider]')]
    .filter(e => e.checkVisibility({visibilityProperty: true}))"""
NAME = "e => e.ariaLabel || e.labels?.[0]?.innerText || e.innerText.trim() || e.title"
SCROLLING = """box => [...box.querySelectorAll('*')].filter(e => e.clientWidth > 0 &&
    ['auto', 'scroll'].includes(getComputedStyle(e).overflowY) &&
    (e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1))
    .map(e => [e.scrollWidth, e.clientWidth, e.scrollHeight, e.clientHeight, e.className])"""
CUT = """box => [...box.querySelectorAll('button, .widget-label, .widget-readout, code')]
    .filter(e => e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"""
# For each colour in the picture, how well it can be told from what is behind it.
CONTRASTS = """picture => {
    const paint = document.createElement('canvas').getContext('2d');
    const light = colour => {
        paint.fillStyle = colour;
        paint.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3).map(part =>
            part <= 10 ? part / 3294 : ((part / 255 + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    let behind = picture;
    while (getComputedStyle(behind).backgroundColor.endsWith(', 0)'))
        behind = behind.parentElement;
    const ground = light(getComputedStyle(behind).backgroundColor), found = {};
    for (const e of picture.parentElement.querySelectorAll('text, path:not([stroke-opacity])')) {
        const style = getComputedStyle(e);
        const colour = e.tagName === 'text' ? style.fill : style.stroke, own = light(colour);
        found[e.tagName + ' ' + colour] =
            (Math.max(own, ground) + 0.05) / (Math.min(own, ground) + 0.05);
    }
    return found;
}"""


@pytest.fixture
def two_panels(address, tmp_path_factory):
    """A short notebook with a panel in each of two cells."""
    cells = [
        "from helpers.widgets import Playground",
        "one = Playground()\none",
        "two = Playground()\ntwo",
        "print('ready', 6 * 7)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    folder = max(tmp_path_factory.getbasetemp().glob("lab*"))
    nbformat.write(notebook, folder / "notebooks" / "panels.ipynb")
    return "panels.ipynb"


def run_two_panels(notebook):
    """Run the short notebook to its end; returns its panels."""
    notebook.run_all()
    notebook.page.get_by_text("ready 42").wait_for(timeout=60_000)
    return Panel(notebook, 0), Panel(notebook, 1)


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
    """Find where the pictures stand; each frame is a new element, so one must not hold it."""
    script = "all => all.map(e => e.getBoundingClientRect().toJSON())"
    return panel.box.locator("svg[role=img]").evaluate_all(script)


def bring_to_top(panel):
    panel.run_or_pause().evaluate("e => e.scrollIntoView()")
    panel.page.wait_for_timeout(200)


def all_in_view(panel):
    """Whether everything that one drags while looking lies in the notebook's part of the window."""
    view = panel.page.locator(".jp-WindowedPanel-outer").bounding_box()
    text = panel.box.locator(".widget-html-content", has_text="iteration ").first
    parts = [panel.button("Run"), *map(panel.handle, DRAGGED), panel.image, text]
    low = min(part.bounding_box()["y"] for part in parts)
    high = max(part.bounding_box()["y"] + part.bounding_box()["height"] for part in parts)
    return view["y"] - 3 <= low <= high <= view["y"] + view["height"], low, high, view


def check_nothing_is_cut(panel):
    outer = panel.box.bounding_box()
    for name, box in boxes(panel).items():
        assert outer["x"] - 1 <= box["left"], name
        assert box["right"] <= outer["x"] + outer["width"] + 1, name
    assert panel.box.evaluate(SCROLLING) == []
    assert panel.box.evaluate(CUT) == []
    assert panel.box.evaluate("e => e.scrollWidth <= e.clientWidth")

    def picture_is_within():
        picture = pictures(panel)[0]
        right = outer["x"] + outer["width"] + 1
        return outer["x"] - 1 <= picture["left"] and picture["right"] <= right

    panel.until(picture_is_within)  # between two frames it is nowhere for a moment


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


def test_all_that_is_dragged_is_on_one_screen(open_notebook, picture):
    notebook = open_notebook("00_overview.ipynb", width=1366, height=650, device_scale_factor=2)
    number = find_cell("00_overview.ipynb", "Playground(")
    notebook.show(number, "from helpers.widgets import Playground\n\npanel = Playground()\npanel")
    panel = Panel(notebook)

    # The keyboard: one stop for each control, and a name of its own for each of them.
    names = list(boxes(panel))
    assert len(names) == len(list(controls(panel))), names  # no name twice
    panel.button("Run").focus()
    reached = []
    while notebook.page.evaluate(
        "e => e.contains(document.activeElement)", panel.box.element_handle()
    ):
        reached.append(notebook.page.evaluate(f"({NAME})(document.activeElement)"))
        notebook.page.keyboard.press("Tab")
        assert len(reached) <= 29, "\n".join(reached)
    assert sorted(reached) == sorted(names)
    assert "" not in reached
    assert panel.value("Learning rate") == "0.05"  # not the number of its notch
    assert panel.box.locator(".widget-readout[contenteditable=true]").count() == 0  # in vain
    press(panel, "Learning rate", "ArrowLeft")
    assert panel.value("Learning rate") == "0.04"
    press(panel, "Learning rate", "ArrowRight")
    assert find_violations(notebook.page, ".jp-OutputArea-output:has(.widget-slider)") == []

    panel.button("Ten thin layers").click()
    panel.until(lambda: cfg(panel) == TEN)
    panel.button("100 iterations").click()
    panel.until(lambda: panel.iteration() == 100)
    top = panel.button("Run").bounding_box()["y"]
    rate = panel.handle("Learning rate").bounding_box()
    assert rate["y"] + rate["height"] - top <= 66
    assert panel.box.locator("img, canvas").count() == 0  # pixels would blur
    for width, height, files in ((1366, 650, True), (1280, 600, False)):
        notebook.page.set_viewport_size({"width": width, "height": height})
        notebook.show_files(files)
        bring_to_top(panel)
        fits, *where = all_in_view(panel)
        assert fits, (width, height, where)
        check_nothing_is_cut(panel)
        panel.page.screenshot(path=picture(f"{width}"))
    for width in (900, 600, 390):
        notebook.page.set_viewport_size({"width": width, "height": 700})
        notebook.page.wait_for_timeout(300)
        check_nothing_is_cut(panel)
        check_all_is_reached(panel)
        bring_to_top(panel)
        panel.page.screenshot(path=picture(f"{width}"))

    notebook.page.set_viewport_size({"width": 1280, "height": 1000})
    for theme in ("dark", "light", "forced"):
        notebook.set_theme(theme == "dark")
        notebook.page.emulate_media(forced_colors="active" if theme == "forced" else "none")
        bring_to_top(panel)
        panel.page.screenshot(path=picture(theme))
        for colour, contrast in panel.image.evaluate(CONTRASTS).items():
            least = 4.5 if colour.startswith("text") else 3
            assert contrast >= least, (theme, colour, contrast)


def test_a_learner_drags_depth_and_rate_while_it_trains(open_notebook, picture):
    name = "00_overview.ipynb"
    notebook = open_notebook(name)
    number = find_cell(name, "Playground(")
    notebook.show(number, run=True)  # the first cell of the series: it moves without a click
    panel = Panel(notebook)
    assert panel.text("cfg") == "cfg = [1, 20, 50, 20, 1] · 2,131 parameters"
    first = panel.frame()
    panel.until(lambda: panel.iteration() > 50 and panel.frame() != first)
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
    panel.button("Show the program").click()
    program = panel.box.locator("textarea")
    panel.until(lambda: "lr=0.03)" in program.input_value())
    assert f"make_layers({cfg(panel)})" in program.input_value()
    assert program.evaluate("e => e.scrollHeight <= e.clientHeight + 1")
    panel.button("Hide the program").click()

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


def test_toggles_open_below_themselves_and_nothing_jumps(open_notebook, two_panels, picture):
    notebook = open_notebook(two_panels)
    panel, _ = run_two_panels(notebook)
    strip = panel.box.get_by_role("img", name="units that are on")
    for dark, width in ((False, 1280), (True, 900)):
        notebook.page.set_viewport_size({"width": width, "height": 1000})
        notebook.set_theme(dark)
        panel.button("Run").click()
        panel.until(lambda: panel.iteration() > 50)
        bring_to_top(panel)
        assert not strip.is_visible()
        places = boxes(panel)
        for name, words in TOGGLES.items():
            before = boxes(panel)[name]["top"]
            panel.button(name).focus()
            notebook.page.keyboard.press("Space")
            panel.until(lambda words=words: panel.says(words))
            assert boxes(panel)[name]["top"] == before
        strip.wait_for()
        assert pictures(panel)[1]["top"] > before
        frame, drawn = panel.frame(), strip.inner_html()
        panel.until(lambda frame=frame: panel.frame() != frame)
        panel.until(lambda drawn=drawn: strip.inner_html() != drawn)
        panel.page.screenshot(path=picture("dark" if dark else "light"))
        check_nothing_is_cut(panel)
        for name in TOGGLES:
            panel.button(name).click()
        strip.wait_for(state="hidden")
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
        panel.button("Reset").click()
        panel.until(lambda: hidden(panel) == 3 and panel.iteration() == 0)
        assert still(panel)


def test_what_is_pressed_is_done(open_notebook, two_panels):
    notebook = open_notebook(two_panels)
    panel, other = run_two_panels(notebook)
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


def test_a_panel_lives_as_long_as_its_cell(open_notebook, two_panels, browser, address):
    notebook = open_notebook(two_panels)
    panel, other = run_two_panels(notebook)
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
    second = open_notebook(two_panels, reset=False)
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
    notebook.execute("from helpers.widgets import trainer\ntrainer.ALONE = 2.0")
    notebook.command("docmanager:save")
    goes_on(one)
    notebook.context.close()  # the kernel lives on
    again = open_notebook(two_panels, reset=False)
    one = Panel(again)
    one.until(lambda: one.says("no page showed this panel for 2 s"))
    assert still(one)
    one.button("Run").click()
    goes_on(one)


def test_a_slow_line_lags_by_a_bounded_time(open_notebook, two_panels, address):
    line = SlowLine(int(address.rpartition(":")[2]))
    notebook = open_notebook(two_panels, address=line.address)
    try:
        panel, _ = run_two_panels(notebook)
        notebook.execute(
            "import time\nsent = {}\none.controls.stop.value = 10**6\n"  # it must not pause itself
            "one.live.line.observe(lambda c: sent.update({c['new']: time.time()}), 'value')"
        )
        panel.page.evaluate(
            """element => {
                window.seen = [];
                new MutationObserver(() => window.seen.push(
                    [element.innerText, (performance.timeOrigin + performance.now()) / 1000]
                )).observe(element, {childList: true, subtree: true, characterData: true});
            }""",
            panel.box.locator(".widget-html-content", has_text="iteration 0").element_handle(),
        )
        line.slow_down(0.075, 1.5)  # a shared network in a class
        panel.button("Run").click()
        panel.until(lambda: panel.iteration() > 0)
        panel.page.wait_for_timeout(3000)
        line.slow_down(0.075, 0.2)  # slower than ten frames a second need
        panel.page.wait_for_timeout(12_000)
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
        assert image.evaluate("e => e.naturalWidth") == 1600
        assert image.bounding_box()["width"] <= 800
    cell.screenshot(path=picture("still"))
    page.close()
