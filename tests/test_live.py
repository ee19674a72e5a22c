"""LivePlot shows what it is told, as often as it may, and leaves a still behind."""

import itertools
import math
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from helpers.widgets.live import LivePlot

X = np.linspace(-10, 10, 50)
Y = np.sin(X)


def iteration(number, loss=0.5, prediction=Y):
    return SimpleNamespace(number=number, loss=loss, prediction=prediction)


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves only when told to."""
    now = SimpleNamespace(time=1000.0)
    monkeypatch.setattr("helpers.widgets.live.time.monotonic", lambda: now.time)
    return now


def frames(live, clock, seconds, tick):
    """Show an iteration every `tick` seconds; return the times at which a frame was drawn."""
    drawn = []
    live.observer = lambda change: drawn.append(clock.time)
    live.image.observe(live.observer, "value")
    for number in range(round(seconds / tick)):
        clock.time += tick
        live.show(iteration(number, prediction=Y * number))
    return drawn


@pytest.mark.parametrize(("fps", "tick"), [(10, 0.001), (4, 0.013), (30, 0.001)])
def test_frames_come_as_often_as_asked_whatever_the_pace_of_the_loop(clock, fps, tick):
    drawn = frames(LivePlot(X, Y, fps=fps), clock, 10, tick)
    assert abs(len(drawn) - 10 * fps) <= 1
    assert max(b - a for a, b in itertools.pairwise(drawn)) < 1 / fps + 2 * tick


def test_a_late_frame_is_not_made_up_for(clock):
    live = LivePlot(X, Y, fps=10)
    frames(live, clock, 1, 0.01)
    clock.time += 60
    assert len(frames(live, clock, 1, 0.01)) in (10, 11)


def test_a_loop_slower_than_the_frames_shows_every_iteration(clock):
    assert len(frames(LivePlot(X, Y, fps=10), clock, 10, 0.5)) == 20


def test_the_curve_keeps_every_iteration_until_it_is_thinned(clock):
    live = LivePlot(X, Y)
    for number in range(2000):
        live.show(iteration(number, loss=1 / (number + 1)))
    assert live.iterations == list(range(2000))
    assert live.losses == [1 / (n + 1) for n in range(2000)]
    for number in range(2000, 100_000):
        live.show(iteration(number, loss=1 / (number + 1)))
    assert 1000 <= len(live.losses) <= 2000
    assert live.iterations == list(range(0, 100_000, live.every))
    assert live.losses == [1 / (n + 1) for n in live.iterations]


def test_the_text_says_what_the_picture_shows():
    live = LivePlot(X, Y)
    assert live.line.value == "50 points, no iteration yet"
    prediction = Y.copy()
    prediction[7] -= 0.25
    prediction[30] += 0.125
    live.show(iteration(12, 0.0314159, prediction))
    live.draw()
    assert live.line.value == "iteration 12 · loss 0.03142 · worst error 0.25 at x = -7.14"


def test_clear_forgets(clock):
    live = LivePlot(X, Y)
    blank = live.image.value
    for number in range(3000):
        live.show(iteration(number))
    live.marks.append((7, "lr 0.1"))
    live.draw()
    live.clear()
    live.draw()
    assert live.image.value == blank
    assert (live.losses, live.iterations, live.every, live.shown) == ([], [], 1, 0)


def test_a_mark_soon_after_another_takes_its_place():
    live = LivePlot(X, Y)
    for number in (0, 0, 100, 101, 103, 200, 5000, 5090):
        live.mark(number, f"at {number}")
    assert live.marks == [(0, "at 0"), (103, "at 103"), (200, "at 200"), (5090, "at 5090")]


def test_record_draws_nothing_and_due_keeps_time(clock):
    live = LivePlot(X, Y, fps=10)
    blank = live.image.value
    assert live.due()
    assert not live.due()
    for number in range(5):
        live.record(iteration(number))
    assert (live.image.value, live.latest.number, len(live.losses)) == (blank, 4, 5)
    clock.time += 0.1
    assert live.due()
    assert not live.due()


def test_the_end_shows_the_last_iteration_even_if_no_frame_was_due(clock, capsys):
    with LivePlot(X, Y) as live:
        live.show(iteration(0))
        before = live.image.value
        live.show(iteration(1, prediction=-Y))
        assert live.image.value == before
    assert live.image.value != before
    assert capsys.readouterr().out.endswith("iteration 1 · loss 0.5 · worst error 2 at x = -4.69\n")


@pytest.mark.parametrize("fps", [0, -1, math.nan, math.inf])
def test_bad_fps(fps):
    with pytest.raises(ValueError, match=f"fps must be positive and finite, got {fps}"):
        LivePlot(X, Y, fps=fps)


SETUP = """
import torch
from torch import nn, optim
from helpers.data import get_fake_data
from helpers.widgets.live import LivePlot
from helpers.model import make_layers
from helpers.training import train
torch.manual_seed(0)
x, y = get_fake_data(100)
net = make_layers([1, 8, 1])
optimizer = optim.SGD(net.parameters(), lr=0.005)
def loop():
    return train(net, x, y, nn.MSELoss(), optimizer, epochs=30)
"""

ENDS = {
    "finished": "",
    "break": "        if i.number == 20: break",
    "exception": "        if i.number == 20: raise ZeroDivisionError",
    "interrupt": "        if i.number == 20: raise KeyboardInterrupt",
}


@pytest.fixture(scope="module")
def executed():
    """A real kernel runs one cell for each way of leaving the `with` block."""
    cells = [nbformat.v4.new_code_cell(SETUP)]
    for end in ENDS.values():
        source = f"with LivePlot(x, y) as live:\n    for i in loop():\n        live.show(i)\n{end}"
        cells.append(nbformat.v4.new_code_cell(source))
    check = "from ipywidgets.widgets.widget import _instances\nlen(_instances)"
    cells.insert(1, nbformat.v4.new_code_cell(check))
    cells.append(nbformat.v4.new_code_cell("with live: live.show(i)"))
    cells.append(nbformat.v4.new_code_cell("live.handle = None\n" + check))
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    return [cell.outputs for cell in notebook.cells]


@pytest.mark.parametrize(("place", "end"), list(enumerate(ENDS, start=2)))
def test_the_stored_output_is_a_still_and_a_line(executed, place, end):
    still, line, *rest = executed[place]
    assert set(still.data) == {"image/png", "text/plain"}
    last = 29 if end == "finished" else 20
    assert line.text == still.data["text/plain"] + "\n"
    assert line.text.startswith(f"iteration {last} · loss 0.")
    assert [out.output_type for out in rest] == ["error"] * (end in ("exception", "interrupt"))


def test_a_plot_can_be_entered_again_and_leaves_no_widget(executed):
    first, *_, again, last = executed[1:]
    assert [out.output_type for out in again] == ["display_data", "stream"]
    assert "image/png" in again[0].data
    assert first[0].data["text/plain"] == last[0].data["text/plain"] == "0"
