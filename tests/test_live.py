"""LivePlot shows what it is told, as often as it may, and leaves a still behind."""

import base64
import contextlib
import copy
import io
import math
import os
import queue
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import torch
from ipywidgets.widgets.widget import _instances
from matplotlib import image
from nbclient import NotebookClient

from helpers.widgets.live import LINE, LivePlot
from helpers.widgets.picture import HEIGHT

X = np.linspace(-10, 10, 50)
Y = np.sin(X)


def iteration(number, loss=0.5, prediction=Y):
    return SimpleNamespace(number=number, loss=loss, prediction=prediction)


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves only when told to."""
    now = SimpleNamespace(time=1000.0)
    monkeypatch.setattr("helpers.widgets.pace.time", SimpleNamespace(perf_counter=lambda: now.time))
    return now


@pytest.fixture
def live(clock):
    made = LivePlot(X, Y, "a title")
    yield made
    made.close()


def test_a_frame_is_drawn_when_one_is_due_and_counted(live, clock):
    blank = live.picture.moving.value
    live.show(iteration(0))
    first = live.picture.moving.value
    assert first != blank
    clock.time += 0.09
    live.show(iteration(1, prediction=-Y))
    assert (live.picture.moving.value, live.latest.number) == (first, 1)
    clock.time += 0.02
    live.show(iteration(2, prediction=-Y))
    assert live.picture.moving.value != first
    live.draw()
    assert live.pace.frames == 3


def test_the_first_frame_is_due_at_once_and_the_title_stands_in_it(live):
    assert live.pace.frames == 0
    assert live.due()
    live.title = "another"
    live.draw()
    assert ">another<" in live.picture.moving.value


def test_the_text_says_what_the_picture_shows_and_is_its_label(live):
    assert live.line.value == "50 points, no iteration yet"
    assert 'aria-label="50 points, no iteration yet"' in live.picture.moving.value
    prediction = Y.copy()
    prediction[7] -= 0.25
    prediction[30] += 0.125
    live.show(iteration(12, 0.0314159, prediction))
    text = "iteration 12, loss 0.03142, worst error 0.25 at x = -7.14"
    assert live.line.value == text
    assert f'aria-label="{text}"' in live.picture.moving.value


def test_the_text_never_runs_ahead_of_the_picture(live):
    sent = []
    live.line.observe(lambda change: sent.append("text"), "value")
    live.picture.moving.observe(lambda change: sent.append("picture"), "value")
    live.show(iteration(1))
    assert sent == ["picture", "text"]


def test_the_loss_on_held_out_points_is_a_second_curve_and_said(live):
    live.show(iteration(0, 0.5), held_out=0.75)
    live.show(iteration(1, 0.25))
    live.show(iteration(2, 0.125), held_out=0.625)
    live.draw()
    assert (live.iterations, live.losses) == ([0, 1, 2], [0.5, 0.25, 0.125])
    assert (live.held_out.iterations, live.held_out.losses) == ([0, 2], [0.75, 0.625])
    assert live.text().startswith("iteration 2, loss 0.125, held out 0.625, worst error ")
    live.show(iteration(3, 0.0625))
    said = "iteration 3, loss 0.0625, held out 0.625 at iteration 2, worst error "
    assert live.text().startswith(said)
    assert "held out" in live.picture.still.value
    live.clear()
    live.draw()
    assert "held out" not in live.picture.still.value


def test_no_zero_is_negative():
    live = LivePlot([-0.001, 1], [0, 1])
    live.show(iteration(0, -0.0, [1, 1]), held_out=-0.0)
    assert live.text() == "iteration 0, loss 0, held out 0, worst error 1 at x = 0.00"
    live.close()


@pytest.mark.parametrize(("title", "shown"), [(None, "><"), (7, ">7<"), ("a & b", ">a &amp; b<")])
def test_any_title_and_a_single_point(title, shown):
    live = LivePlot([3], [5], title)
    live.show(iteration(100_000, math.nan, [5]))
    assert shown in live.picture.moving.value
    assert ">None<" not in live.picture.moving.value
    assert live.line.value == "iteration 100000, loss nan, worst error 0 at x = 3.00"
    assert live.picture.png()
    live.close()


@pytest.mark.parametrize("given", [0.5, None, (1, 0.5)])
def test_what_is_no_iteration(live, given):
    with pytest.raises(
        TypeError, match=r"^iteration must have a number, a loss and a pred"
    ) as told:
        live.show(given)
    assert str(told.value).endswith(f"got {given}")


def test_a_loop_over_epochs_counts_epochs(clock):
    live = LivePlot(X, Y, count="epoch")
    assert live.line.value == "50 points, no epoch yet"
    live.show(iteration(600))
    assert live.line.value == "epoch 600, loss 0.5, worst error 0 at x = -10.00"
    still = live.picture.still.value
    assert ">epoch<" in still
    assert ">iteration<" not in still
    live.close()
    with live:  # made anew
        assert ">epoch<" in live.picture.still.value


def test_points_in_any_order_are_drawn_from_left_to_right(live):
    order = np.random.default_rng(0).permutation(50)
    shuffled = LivePlot(X[order], Y[order], "a title")
    prediction = Y.copy()
    prediction[7] -= 0.25
    for plot, given in ((live, prediction), (shuffled, prediction[order])):
        plot.show(iteration(3, 0.5, given))
    assert shuffled.picture.moving.value == live.picture.moving.value
    assert shuffled.picture.still.value == live.picture.still.value
    assert shuffled.text() == live.text()
    shuffled.close()


def test_tensors_with_gradients_and_columns_are_taken():
    x = torch.linspace(-1, 1, 20).unsqueeze(1)
    live = LivePlot(x, x**2)
    live.show(iteration(0, 0.5, (x**2).requires_grad_()))
    assert live.text().endswith("worst error 0 at x = -1.00")
    live.close()


def test_clear_forgets(live):
    blank = live.picture.moving.value
    for number in range(3000):
        live.record(iteration(number))
    live.mark(7, "lr 0.1")
    live.draw()
    live.clear()
    live.draw()
    assert live.picture.moving.value == blank
    assert (live.losses, live.iterations, live.latest, live.marks) == ([], [], None, [])


def test_a_mark_soon_after_another_takes_its_place(live):
    for number in (0, 0, 100, 101, 103, 200, 5000, 5090):
        live.mark(number, f"at {number}")
    assert live.marks == [(0, "at 0"), (103, "at 103"), (200, "at 200"), (5090, "at 5090")]


def test_record_draws_nothing(live):
    blank = live.picture.moving.value
    for number in range(5):
        live.record(iteration(number))
    assert (live.picture.moving.value, live.latest.number, len(live.losses)) == (blank, 4, 5)


def test_a_long_run_keeps_its_curve_and_no_more_than_2000_points_of_it(live):
    for number in range(10_000):
        live.record(iteration(number, loss=1 / (number + 1)))
    assert (live.iterations[0], live.iterations[-1]) == (0, 9999)
    assert 1000 <= len(live.losses) <= 2000


def test_the_end_shows_the_last_iteration_even_if_no_frame_was_due(clock, capsys):
    with LivePlot(X, Y) as live:
        live.show(iteration(0))
        before = live.picture.moving.value
        live.show(iteration(1, prediction=-Y))
        assert live.picture.moving.value == before
    assert live.picture.moving.value != before
    assert capsys.readouterr().out == "iteration 1, loss 0.5, worst error 2 at x = -4.69\n"


def test_of_many_losses_their_mean_is_drawn_as_well(live):
    for number in range(199):
        live.record(iteration(number, 1 + number % 2))
    live.draw()
    assert "mean of 50" in live.picture.still.value
    assert live.means.iterations[0] == 24  # of 0 to 49
    assert set(live.means.losses) == {1.5}
    live.clear()
    live.draw()
    assert "mean of 50" not in live.picture.still.value


WRONG = {
    "two outputs": (
        iteration(0, 0.5, torch.ones(50, 2)),
        ValueError,
        "prediction must hold one value for each of the 50 points, got shape (50, 2)",
    ),
    "a batch": (
        iteration(0, 0.5, Y[:8]),
        ValueError,
        "prediction must hold one value for each of the 50 points, got shape (8,)",
    ),
    "a name": (
        iteration("first"),
        TypeError,
        "number must be a number, got 'first'",
    ),
    "a tensor": (
        iteration(0, torch.tensor(0.5)),
        TypeError,
        "loss must be a number such as loss.item(), got tensor(0.5000)",
    ),
    "a text": (
        iteration(0, "0.5"),
        TypeError,
        "loss must be a number such as loss.item(), got '0.5'",
    ),
}


@pytest.mark.parametrize(("wrong", "kind", "told"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("before", [0, 3])
def test_what_cannot_be_shown_is_told_once_and_the_widgets_are_closed(
    clock, capsys, wrong, kind, told, before
):
    widgets = set(_instances)
    with pytest.raises(kind) as caught, LivePlot(X, Y) as live:
        for number in range(before):
            live.show(iteration(number))
        live.show(wrong)
    assert str(caught.value) == told
    assert caught.value.__context__ is None
    assert set(_instances) == widgets
    assert len(live.losses) == before
    assert capsys.readouterr().out.count("\n") == 1


def test_a_held_out_loss_that_is_a_tensor(live):
    told = r"held_out must be a number such as loss.item\(\), got tensor"
    with pytest.raises(TypeError, match=told):
        live.show(iteration(0), held_out=torch.tensor(1.0))


@pytest.mark.parametrize("loss", [math.nan, math.inf, np.float32(0.5), 1])
def test_every_number_is_a_loss(live, loss):
    live.show(iteration(0, loss), held_out=loss)
    assert f"loss {loss:.4g}" in live.text()


def fail(*args, **kwargs):
    raise RuntimeError("no picture")


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError, SystemExit])
def test_the_end_closes_and_hides_no_other_exception(monkeypatch, error):
    widgets = set(_instances)
    with pytest.raises(error) as caught, LivePlot(X, Y) as live:
        live.show(iteration(0))
        monkeypatch.setattr(live.picture, "update", fail)
        raise error
    assert caught.type is error
    assert set(_instances) == widgets


def test_an_end_that_fails_is_told_where_nothing_else_went_wrong(monkeypatch):
    widgets = set(_instances)
    with pytest.raises(RuntimeError, match=r"^no picture$"), LivePlot(X, Y) as live:
        monkeypatch.setattr(live.picture, "update", fail)
    assert set(_instances) == widgets


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((X, Y, "", 0), "fps must be positive, got 0"),
        ((X, Y[:49]), "x and y must hold one value for each point, got 50 and 49"),
        ((X, np.where(X > 0, np.nan, Y)), "y must be finite, got nan in row 25"),
    ],
)
def test_arguments_are_refused_before_anything_is_made(arguments, told):
    widgets = set(_instances)
    with pytest.raises(ValueError, match=f"^{told}$"):
        LivePlot(*arguments)
    assert set(_instances) == widgets


def test_a_console_that_knows_no_unicode_gets_its_line():
    code = (
        "from types import SimpleNamespace as S\n"
        "from helpers.widgets.live import LivePlot\n"
        "with LivePlot([0, 1], [0, 1], title='\u00b7') as live:\n"
        "    live.show(S(number=4, loss=0.25, prediction=[0, 0.5]), held_out=0.5)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONIOENCODING": "cp932:strict"},
        capture_output=True,
        check=False,
    )
    line = b"iteration 4, loss 0.25, held out 0.5, worst error 0.5 at x = 1.00"
    assert (done.stdout.rstrip(), done.stderr, done.returncode) == (line, b"", 0)


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


VIEW = "application/vnd.jupyter.widget-view+json"
COUNT = "from ipywidgets.widgets.widget import _instances\nlen(_instances)"
AGAIN = (
    "with live: live.show(i)\nprint(live.picture.comm is not None, live.pace.heard.comm is None)"
)
MANY = """
from helpers.widgets import live as module
module.STAY = 3
for number in range(5):
    with LivePlot(x, y, number) as live:
        live.show(i)
print([live.title for live in module.ENDED])
"""
CLOSE = "for live in module.ENDED[:]: live.close()"
OUTPUT = """
import ipywidgets
out = ipywidgets.Output()
with out:
    with LivePlot(x, y) as live:
        live.show(i)
    with live:
        live.show(i)
"""
KEPT = """
print(live.picture.comm is not None, live.pace.heard.comm is None, live.text())
print([each.get("text") for each in out.outputs])
"""


def read_image(text):
    return image.imread(io.BytesIO(base64.b64decode(text)))


@pytest.fixture(scope="module")
def executed():
    """Outputs of a real kernel: one cell for each way of leaving the `with` block, and others."""
    sources = {"setup": SETUP, "first": COUNT}
    for name, end in ENDS.items():
        sources[name] = (
            f"with LivePlot(x, y) as live:\n    for i in loop():\n        live.show(i)\n{end}"
        )
    sources |= {"again": AGAIN, "many": MANY, "closed": f"{CLOSE}\n{COUNT}"}
    sources |= {"output": OUTPUT, "kept": KEPT}
    cells = {name: nbformat.v4.new_code_cell(source) for name, source in sources.items()}
    notebook = nbformat.v4.new_notebook(cells=list(cells.values()))
    client = NotebookClient(notebook, allow_errors=True)
    with client.setup_kernel():
        look_again(client.kc.shell_channel)
        shown = {}
        for place, (name, cell) in enumerate(cells.items()):
            client.execute_cell(cell, place)
            shown[name] = copy.deepcopy(cell.outputs)  # later loops change those of earlier ones
    return shown


def look_again(channel):
    """Wait for a kernel's answer half a second at a time.

    What nbclient sends for an Output, while it waits on the same socket, takes away the sign that
    an answer has come: about once in 25 times it would wait for ever.
    """
    wait = channel.get_msg

    async def get_msg(timeout=None):
        while True:
            with contextlib.suppress(queue.Empty):
                return await wait(timeout=0.5)

    channel.get_msg = get_msg


@pytest.mark.parametrize("end", ENDS)
def test_what_is_stored_is_the_widget_and_a_still_with_its_line(executed, end):
    stored, *rest = executed[end]
    assert set(stored.data) == {VIEW, "image/png", "text/plain"}
    text = stored.data["text/plain"]
    assert stored.metadata == {"image/png": {"alt": text, "width": 750}}
    last = 29 if end == "finished" else 20
    assert text.startswith(f"iteration {last}, loss 0.")
    assert [out.output_type for out in rest] == ["error"] * (end in ("exception", "interrupt"))
    height, width, _ = read_image(stored.data["image/png"]).shape
    assert (width, height) == (1500, 2 * (HEIGHT + LINE[2]))


def test_a_plot_can_be_entered_again_and_its_widgets_stay(executed):
    stored, printed = executed["again"]
    assert "image/png" in stored.data
    assert stored.data["text/plain"].startswith("iteration 20, loss ")
    assert printed.text == "True True\n"  # all but what a page answers with


def test_of_the_oldest_loops_a_still_takes_the_widgets_place(executed):
    assert executed["many"][-1].text.endswith("[2, 3, 4]\n")
    shown = [set(out.data) for out in executed["many"] if "data" in out]
    assert shown == 2 * [{"image/png", "text/plain"}] + 3 * [{VIEW, "image/png", "text/plain"}]
    first, last = (executed[name][0].data["text/plain"] for name in ("first", "closed"))
    assert (first, last) == ("0", "0")


def test_in_an_output_widget_the_picture_itself_stays(executed):
    assert executed["output"] == []  # all of it went to the Output
    alive, outputs = executed["kept"][0].text.splitlines()
    assert alive.startswith("True True iteration 20, loss ")
    assert outputs == "[None, None]"  # two displays, and no second line of text
