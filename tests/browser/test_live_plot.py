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
        sources = sources or (SETUP, *CELLS.values())
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        put(address, "live.ipynb", "notebook", notebook)
        return open_notebook("live.ipynb", **how)

    return make


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_picture_moves_and_stays_where_it_was_shown(opened, picture, dark):
    notebook = opened(dark=dark)
    page = notebook.page
    page.evaluate(WATCH)
    notebook.run_all()
    page.get_by_text("answered", exact=False).last.wait_for(timeout=60_000)
    moved = [label for label in page.evaluate("() => [...labels]") if "iteration" in label]
    assert len(moved) > 5
    printed = page.locator(".jp-OutputArea-output", has_text="answered ").inner_text()
    assert int(printed.split()[-1]) > 5  # of 30: the answers came while the cell was running

    for number, name in enumerate(CELLS, start=1):
        notebook.scroll_to(number)
        output = page.locator(f".jp-Cell[data-windowed-list-index='{number}'] .jp-OutputArea").first
        if name == "plain":
            image = output.locator("img")
            image.wait_for(timeout=30_000)
            assert image.evaluate("e => e.naturalWidth") == 2 * image.evaluate("e => e.width")
            continue
        still = output.locator("svg[viewBox='0 0 800 300'][aria-hidden]")
        moving = output.locator("svg[viewBox='0 0 800 300'][role=img]")
        output.get_by_text("iteration 4, loss 0.656", exact=False).first.wait_for(timeout=30_000)
        assert moving.get_attribute("aria-label").startswith("iteration 4, loss 0.656")
        assert moving.locator("text").first.text_content() == name
        assert still.bounding_box() == moving.bounding_box()
        assert 280 <= moving.bounding_box()["height"] <= 320
        for svg in (still, moving):
            assert svg.evaluate(CONTRAST) > 7
    output.locator(".noUi-handle").press("ArrowRight")  # interact's callback, outside any cell
    output.get_by_text("iteration 5, loss 0.59", exact=False).first.wait_for(timeout=30_000)
    moving.wait_for()
    assert moving.get_attribute("aria-label").startswith("iteration 5, loss 0.59")
    assert page.get_by_text("Error displaying").count() == 0
    page.screenshot(path=picture("live"))


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


def test_a_picture_is_as_narrow_as_its_page(opened, picture):
    notebook = opened(width=600)
    notebook.command("filebrowser:toggle-main")
    notebook.run_all()
    notebook.scroll_to(2)
    svg = notebook.page.locator(".jp-Cell[data-windowed-list-index='2'] svg[role=img]")
    svg.wait_for(timeout=60_000)
    box = svg.bounding_box()
    assert box["x"] + box["width"] <= 600
    assert box["width"] == pytest.approx(800 / 300 * box["height"], abs=2)
    notebook.page.screenshot(path=picture("narrow"))
