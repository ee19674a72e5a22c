"""A live picture in a real page: it moves, stays, and can be read in both themes."""

import json
import urllib.request

import nbformat
import pytest
from lab import TOKEN

SETUP = """
import time
from types import SimpleNamespace
import ipywidgets
import numpy as np
from helpers.widgets.live import LivePlot
x = np.linspace(-10, 10, 1000)
def loop(name, n, wait=lambda: None):
    with LivePlot(x, np.sin(x), name) as live:
        for number in range(n):
            prediction = np.sin(x) * number / n
            live.show(SimpleNamespace(number=number, loss=0.9**number, prediction=prediction))
            time.sleep(0.05)
            wait()
    return live
"""
ANEW = """
import pathlib
def wait():
    while not pathlib.Path('loaded.txt').exists():
        time.sleep(0.05)
loop('anew', 5, wait)
"""
CELLS = {
    "plain": "live = loop('plain', 60)\nprint('answered', live.pace.answered)",
    "output": "out = ipywidgets.Output()\ndisplay(out)\nwith out:\n    loop('output', 5)",
    "tab": (
        "inside = ipywidgets.Output()\ndisplay(ipywidgets.Tab([inside]))\n"
        "with inside:\n    loop('tab', 5)"
    ),
    "interact": "@ipywidgets.interact(n=(5, 9))\ndef f(n=5):\n    loop('interact', n)",
}
LAST = ["iteration 59, loss 0.001", *["iteration 4, loss 0.656"] * 3]
VIEWS = ("0 0 390 226", "390 0 360 226")
CONTRAST = """svg => {
    const light = colour => colour.match(/[.0-9]+/g).slice(0, 3).map(part => {
        const c = part / 255;
        return c <= 0.04 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    }).reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0.05);
    let page = svg;
    while (getComputedStyle(page).backgroundColor === 'rgba(0, 0, 0, 0)') page = page.parentElement;
    const text = svg.querySelector('text') ?? svg;
    const two = [getComputedStyle(text).fill, getComputedStyle(page).backgroundColor].map(light);
    return Math.max(...two) / Math.min(...two);
}"""

WATCH = """() => {
    window.labels = new Set();
    const look = () => document.querySelectorAll('svg[role=img]').forEach(
        svg => labels.add(svg.getAttribute('aria-label')));
    new MutationObserver(look).observe(document.body, {subtree: true, childList: true});
}"""


def put(address, name, kind, content):
    """Write a file beside the notebooks."""
    form = {"type": kind, "format": "json" if kind == "notebook" else "text", "content": content}
    request = urllib.request.Request(
        f"{address}/api/contents/notebooks/{name}?token={TOKEN}",
        method="PUT",
        data=json.dumps(form).encode(),
    )
    urllib.request.urlopen(request).close()


@pytest.fixture
def opened(address, open_notebook):
    """Open a notebook with some cells: those for each place in which a picture can stand."""

    def make(*sources, **how):
        sources = sources or (SETUP, *CELLS.values(), "")
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        put(address, "live.ipynb", "notebook", notebook)
        return open_notebook("live.ipynb", **how)

    return make


def find_picture(output):
    """Find what stands still and what moves, of the data and of the loss; returns the latter two.

    All four must stand where they belong.
    """
    fits, losses = (output.locator(f"svg[viewBox='{view}']") for view in VIEWS)
    fits.nth(1).wait_for(timeout=30_000)
    assert (fits.count(), losses.count()) == (2, 2)
    for both in (fits, losses):
        assert both.first.bounding_box() == both.last.bounding_box()
    assert output.locator("img").count() == 0  # no still takes its place
    return fits.last, losses.last


def test_a_picture_moves_stays_and_follows_the_theme(opened, picture):
    notebook = opened()
    page = notebook.page
    page.evaluate(WATCH)
    notebook.run_all()
    page.get_by_text("answered", exact=False).last.wait_for(timeout=60_000)
    moved = [label for label in page.evaluate("() => [...labels]") if "iteration" in label]
    assert len(moved) > 5
    printed = page.locator(".jp-OutputArea-output", has_text="answered ").inner_text()
    assert int(printed.split()[-1]) > 5  # of 30: the answers came while the cell was running

    def look(dark):
        """Look at each picture: it is the one that moved, and follows the theme."""
        for number, (name, last) in enumerate(zip(CELLS, LAST, strict=True), start=1):
            notebook.scroll_to(number)
            place = f".jp-Cell[data-windowed-list-index='{number}'] .jp-OutputArea"
            output = page.locator(place).first
            output.get_by_text(last, exact=False).first.wait_for(timeout=30_000)
            fit, loss = find_picture(output)
            assert fit.get_attribute("aria-label").startswith(last)
            assert fit.locator("text").first.text_content() == name
            assert loss.get_attribute("aria-hidden") == "true"
            for svg in output.locator("svg[viewBox$='226']").all():
                assert svg.evaluate(CONTRAST) > 7
            assert output.locator("path[stroke=currentColor]").count() > 2  # axes, too
        page.screenshot(path=picture("dark" if dark else "light"))
        return output

    output = look(dark=False)
    notebook.set_theme(True)
    look(dark=True)
    output.locator(".noUi-handle").press("ArrowRight")  # interact's callback, outside any cell
    output.get_by_text("iteration 5, loss 0.59", exact=False).first.wait_for(timeout=30_000)
    fit, _ = find_picture(output)
    assert fit.get_attribute("aria-label").startswith("iteration 5, loss 0.59")
    assert page.get_by_text("Error displaying").count() == 0

    page.set_viewport_size({"width": 600, "height": 1000})
    notebook.show_files(False)
    notebook.scroll_to(1)
    for svg in find_picture(page.locator(".jp-Cell[data-windowed-list-index='1']")):
        box = svg.bounding_box()
        assert box["x"] + box["width"] <= 600
        left, _, width, height = map(int, svg.get_attribute("viewBox").split())
        assert box["width"] == pytest.approx(width / height * box["height"], abs=2), left
    page.screenshot(path=picture("narrow"))

    # Twenty loops later a still takes its place; theirs are there in a page loaded anew.
    page.set_viewport_size({"width": 1280, "height": 1000})
    many = len(CELLS) + 1
    notebook.show(many, "for number in range(20):\n    loop(f'loop {number}', 1)")
    page.get_by_text("loop 19").wait_for(timeout=60_000)
    for again in (False, True):
        if again:
            notebook.command("docmanager:save")
            page.reload()
            page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        notebook.scroll_to(1)
        output = page.locator(".jp-Cell[data-windowed-list-index='1'] .jp-OutputArea").first
        still = output.locator("img")
        still.wait_for(timeout=60_000)
        assert still.evaluate("e => e.naturalWidth") == 2 * still.evaluate("e => e.width")
        assert output.locator("svg[viewBox$='226']").count() == 0
        notebook.scroll_to(many)
        output = page.locator(f".jp-Cell[data-windowed-list-index='{many}'] .jp-OutputArea").first
        output.get_by_text("loop 19").wait_for(timeout=60_000)
        assert output.locator("svg[role=img]").count() == 20


def test_a_page_loaded_anew_while_the_loop_runs_has_the_picture_at_its_end(
    address, opened, picture
):
    notebook = opened(SETUP, ANEW)
    page = notebook.page
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells'); }")  # no waiting
    page.get_by_text("iteration 0, loss 1,", exact=False).first.wait_for(timeout=30_000)
    notebook.command("docmanager:save")
    page.reload()
    page.get_by_text("Loading widget").wait_for(timeout=60_000)
    put(address, "loaded.txt", "file", "")
    moving = page.locator("svg[role=img]")
    moving.wait_for(timeout=60_000)
    assert moving.get_attribute("aria-label").startswith("iteration 4, loss 0.656")
    line = page.locator(".widget-html-content", has_text="iteration 4, loss 0.656").last
    line.wait_for(timeout=30_000)
    page.screenshot(path=picture("anew"))
    late = "Comm not found"  # what was on its way to the page as it was before
    notebook.errors[:] = [error for error in notebook.errors if not error.startswith(late)]
