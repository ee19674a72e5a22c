"""The panel in another browser: it runs, is dragged, hears keys, and its pictures move."""

import os

import pytest
from firefox import FIREFOX, open_firefox
from lab import SESSION, TOKEN, find_cell

NAME = "00_overview.ipynb"
CONTENT = "jupyterapp.shell.currentWidget.content"
PANEL = "document.querySelector('.sine-panel')"
ITERATION = f"parseInt({PANEL}.querySelector('.sine-numbers b').innerText.replace(',', ''))"
LEFT = "\ue012"  # the arrow


@pytest.fixture
def page(address, tmp_path):
    if FIREFOX is None:
        assert not os.environ.get("REQUIRE_BROWSER"), "REQUIRE_BROWSER is set: install Firefox"
        pytest.skip("no Firefox on this machine (firefox-esr or firefox)")
    with open_firefox(tmp_path) as page:
        page.goto(f"{address}/lab/tree/notebooks/{NAME}?token={TOKEN}&reset", 1366, 650)
        page.until(f"window.jupyterapp && {SESSION}?.kernel?.status === 'idle'")
        yield page
        page.evaluate("jupyterapp.commands.execute('kernelmenu:shutdown')")


def find_button(name):
    return f"[...{PANEL}.querySelectorAll('button')].find(e => e.innerText.trim() === '{name}')"


def find_handle(name):
    return f"{PANEL}.querySelector('[role=slider][aria-label=\"{name}\"]')"


def find_pictures(label):
    """Find what moves of a picture, and what stands still below it."""
    moving = f"{PANEL}.querySelector('svg[aria-label^=\"{label}\"]')"
    return moving, f"{moving}.closest('.widget-gridbox').querySelector('svg')"


def test_the_panel_in_firefox(page):
    number = find_cell(NAME, "Playground(")
    page.evaluate(f"{CONTENT}.scrollToItem({number}, 'start')")
    page.evaluate(f"{CONTENT}.activeCellIndex = {number}")
    page.evaluate("jupyterapp.commands.execute('notebook:run-cell')")
    page.until(f"{PANEL} && {find_handle('Width 3')} && {ITERATION} > 20")  # it runs by itself
    page.evaluate(f"{PANEL}.scrollIntoView()")
    for label in ("iteration ", "units drawn by layer: "):
        moving, still = find_pictures(label)
        frame = page.evaluate(f"window.frame = {moving}.innerHTML")
        assert "<path" in frame
        page.until(f"{moving}.innerHTML !== window.frame")
        boxes = (f"JSON.stringify({svg}.getBoundingClientRect())" for svg in (moving, still))
        page.until(" === ".join(boxes))  # one lies over the other; a frame may come between

    page.drag(find_handle("Hidden layers"), 40)
    page.until(f"parseInt({find_handle('Hidden layers')}.ariaValueText) > 3")
    page.until(f"{PANEL}.innerText.includes('cfg = [1, 20, 50, 20, 20, ')")
    page.evaluate(f"{find_handle('Learning rate')}.focus()")
    page.press(LEFT)
    page.until(f"{find_handle('Learning rate')}.getAttribute('aria-valuetext') === '0.04'")
    page.until(f"{PANEL}.innerText.includes('lr 0.04')")  # drawn above the loss
    page.click(find_button("Pause"))
    page.until(f"{PANEL}.innerText.includes('paused: press Run')")
    done = page.evaluate(ITERATION)
    page.click(find_button("1 iteration"))
    page.until(f"{ITERATION} === {done + 1}")
