"""Every order of the five steps: the debugger does what plain PyTorch does, and says what it is."""

import ast
import base64
import html
import inspect
import io
import itertools
import math
import re
import threading
from collections import deque

import matplotlib
import numpy as np
import pytest
import torch
from ipywidgets.widgets.widget import _instances
from PIL import Image
from torch import nn

from helpers import training
from helpers.experiment import Experiment, Settings
from helpers.widgets.five_steps import (
    ABOVE,
    HEIGHT,
    LINES,
    SMALL,
    TRAINING,
    FiveSteps,
    Steps,
    draw_above,
    run_without,
    to_text,
)
from helpers.widgets.shapes import Dots, Text

TINY = Settings(cfg=(1, 4, 4, 1), n_samples=20, seed=1)


class Oracle:
    """The five steps in plain PyTorch, with what happened read off the tensors themselves."""

    def __init__(self):
        experiment = Experiment(TINY)
        self.net, self.x, self.y = experiment.net, experiment.x, experiment.y
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=TINY.lr)
        self.out = self.loss = self.error = None
        self.fresh = True  # whether `out` belongs to the weights as they are
        self.sums, self.used = 0, 0  # gradients in .grad, and how often a step has used them

    def weights(self):
        return torch.cat([p.detach().ravel().clone() for p in self.net.parameters()])

    def gradients(self):
        return [p.grad if p.grad is None else p.grad.clone() for p in self.net.parameters()]

    def press(self, step):
        """Take a step; returns words that the sentence about it must hold."""
        self.error = None
        try:
            return getattr(self, step)()
        except RuntimeError as error:
            self.error = error
            return ["RuntimeError", "Press forward, then loss", str(error)[:20]]

    def forward(self):
        first, self.out, self.fresh = self.out is None or not self.fresh, self.net(self.x), True
        return ["Good", "a prediction for every x"] if first else ["same prediction again"]

    def loss_(self):
        if self.out is None:
            return ["NameError", "'out' is not defined", "press forward."]
        self.loss = nn.functional.mse_loss(self.out, self.y)
        return ["Good", "one number"] if self.fresh else ["Careful", "old prediction"]

    def zero_grad(self):
        sums, used, self.sums, self.used = self.sums, self.used, 0, 0
        self.optimizer.zero_grad()
        if not sums:
            return ["Nothing to forget"]
        return ["Good", "old gradients are gone"] if used else ["Careful", "thrown away before"]

    def backward(self):
        if self.loss is None:
            return ["NameError", "'loss' is not defined", "press forward, then loss."]
        self.loss.backward()
        sums, used, self.sums, self.used = self.sums, self.used, self.sums + 1, 0
        if not sums:
            return ["Good", "every weight has its gradient"]
        return ["Careful", "zero_grad was forgotten" if used else "backward twice"]

    def step(self):
        before, had = self.weights(), self.net.features[0].weight.grad is not None
        self.optimizer.step()
        moved = not torch.equal(before, self.weights())
        assert moved == had == bool(self.sums)
        if not moved:
            return ["Careful", "no weight moves"]
        self.fresh = False
        self.used += 1
        if self.used > 1:
            return ["Careful", "once more", "they agree"]
        return ["Careful", "sum of several", "they agree"] if self.sums > 1 else ["Good", "agree"]


def press_both(order, checked):
    """Press an order on the debugger and in plain PyTorch, comparing the last presses."""
    steps, oracle = Steps(TINY), Oracle()
    for place, step in enumerate(order, start=1):
        old = [p.clone() for p in steps.names["net"].parameters()]
        old_out, old_loss = steps.names.get("out"), steps.names.get("loss")
        old_grad = [g if g is None else g.clone() for g in grads(steps)]
        sentence, quantities = steps.press(step)
        words = oracle.press("loss_" if step == "loss" else step)
        if len(order) - place >= checked:
            continue
        assert all(word in sentence for word in words), (order, step, sentence, words)
        compare_state(steps, oracle)
        changed = {q.name.split(",")[0].split(" at")[0] for q in quantities if q.changed}
        new = list(steps.names["net"].parameters())
        assert ("w" in changed) == (not torch.equal(old[0][2, 0], new[0][2, 0]))
        assert ("grad" in changed) == (not alike(old_grad[0], grads(steps)[0], (2, 0)))
        assert ("gradient norm" in changed) == any(
            not alike(a, b) for a, b in zip(old_grad, grads(steps), strict=True)
        )
        assert ("loss" in changed) == (not alike(old_loss, steps.names.get("loss")))
        assert ("prediction" in changed) == (not alike(old_out, steps.names.get("out")))


def grads(steps):
    return [p.grad for p in steps.names["net"].parameters()]


def alike(a, b, place=...):
    return a is b if a is None or b is None else torch.equal(a[place], b[place])


def compare_state(steps, oracle):
    ours, theirs = steps.names["net"].parameters(), oracle.net.parameters()
    for a, b in zip(ours, theirs, strict=True):
        assert torch.equal(a, b)
        assert alike(a.grad, b.grad)
    assert alike(steps.names.get("out"), oracle.out)
    assert alike(steps.names.get("loss"), oracle.loss)


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_every_sequence_of_up_to_four_steps(length):
    orders = list(itertools.product(LINES, repeat=length))
    assert len(orders) == 5**length
    for order in orders:
        press_both(order, checked=1)  # what leads there is a sequence of its own


RIGHT = ("forward", "loss", "zero_grad", "backward", "step")


@pytest.mark.parametrize(
    "order",
    [
        RIGHT * 3,
        ("forward", "loss", "backward", "step") * 3,  # zero_grad forgotten
        ("forward", "loss", "backward", "forward", "loss", "backward", "step"),  # twice, then used
        ("forward", "loss", "backward", "forward", "loss", "step", "backward"),  # changed in place
        (*RIGHT, "loss", "backward"),
        (*RIGHT, "step", "step", "forward", "loss"),
        ("forward", "loss", "backward", "zero_grad", "step", "forward"),
        ("zero_grad", "forward", "loss", "backward", "step") * 2,
    ],
)
def test_longer_orders(order):
    press_both(order, checked=len(order))


def test_a_graph_whose_weights_have_moved_is_explained():
    steps = Steps(SMALL)
    for step in ("forward", "loss", "backward", "forward", "loss", "step"):
        steps.press(step)
    sentence, quantities = steps.press("backward")
    assert "modified by an inplace operation" in sentence
    assert "A step has changed the weights since this forward" in sentence
    assert not any(quantity.changed for quantity in quantities)


def test_the_five_lines_are_those_of_train():
    source = inspect.getsource(training.iterate)
    found = re.findall(r"^ +(\S.*?)  # \d\. ", source, re.MULTILINE)
    assert [ast.dump(ast.parse(line)) for line in found] == [
        ast.dump(ast.parse(line)) for line in LINES.values()
    ]


def test_quantities_hold_the_numbers():
    steps = Steps(SMALL)
    for step in RIGHT[:4]:
        _, quantities = steps.press(step)
    after = {q.name: q.after for q in quantities}
    net, x = steps.names["net"], steps.names["x"]
    weight = net.features[0].weight
    assert list(after) == [
        f"prediction at x = {x[750].item():.2f}", "loss", "gradient norm, layer 1",
        "gradient norm, layer 2", "gradient norm, layer 3", "w", "grad", "w - lr * grad",
    ]  # fmt: skip
    assert float(after["w"]) == pytest.approx(weight[2, 0].item(), rel=1e-3)
    assert float(after["grad"]) == pytest.approx(weight.grad[2, 0].item(), rel=1e-3)
    by_hand = weight[2, 0].item() - 0.05 * weight.grad[2, 0].item()
    assert float(after["w - lr * grad"]) == pytest.approx(by_hand, rel=1e-3)
    norm = net.features[4].weight.grad.norm().item()
    assert float(after["gradient norm, layer 3"]) == pytest.approx(norm, rel=1e-3)
    _, quantities = steps.press("step")
    assert {q.name for q in quantities if q.changed} == {"w", "w - lr * grad"}


def test_a_loss_that_is_no_number_is_said():
    steps = Steps(Settings(cfg=(1, 20, 20, 1), lr=1e30))
    for step in (*RIGHT, "forward"):
        steps.press(step)
    assert "no longer a number. Press Reset." in steps.press("loss")[0]
    for step in ("backward", "step", "forward", "loss"):
        steps.press(step)
    assert math.isnan(steps.losses[-1])
    _, quantities = steps.press("forward")  # nan again: no bit of it has changed
    assert not any(quantity.changed for quantity in quantities)


def test_a_step_by_another_rule_is_not_said_to_agree():
    steps = Steps(SMALL)
    for step in RIGHT[:4]:
        steps.press(step)
    steps.names["optimizer"].param_groups[0]["momentum"] = 0.9
    steps.names["optimizer"].param_groups[0]["lr"] = 0.06
    assert "they do not agree" in steps.press("step")[0]


def test_only_sgd_is_taken_apart():
    with pytest.raises(ValueError, match="optimizer must be \"SGD\", got 'Adam'"):
        Steps(Settings(optimizer="Adam"))


def test_a_run_without_a_step():
    experiment = Experiment(SMALL)
    expected = [experiment.advance().loss for _ in range(50)]
    assert run_without(None, SMALL) == expected
    skipped = run_without("zero_grad", SMALL)
    assert skipped[:2] == expected[:2]
    assert max(skipped) > 3 * max(expected)
    assert len(set(run_without("step", SMALL, iterations=5))) == 1


def test_a_step_of_another_name_is_refused_and_changes_nothing(panel):
    for step in ("forwards", "", "LINES", None, 1, ["forward"]):
        for press in (panel.press, panel.steps.press):
            with pytest.raises(
                ValueError, match=r"step must be one of forward, .*, got "
            ) as caught:
                press(step)
            assert "\n" not in str(caught.value)
            assert panel.steps.pressed == []
    panel.press("forward")
    assert panel.steps.pressed == ["forward"]
    assert panel.said.value.startswith("Good: a prediction")


@pytest.mark.parametrize(
    ("settings", "error"),
    [(Settings(optimizer="Adam"), ValueError), ("SGD", TypeError), ((1, 20, 1), TypeError)],
)
def test_a_refusal_leaves_no_widget_behind(settings, error):
    before = set(_instances)
    with pytest.raises(error) as caught:
        FiveSteps(settings)
    assert "\n" not in str(caught.value)
    assert set(_instances) == before


@pytest.fixture
def panel():
    before = set(_instances)
    made = FiveSteps()
    yield made
    made.close()
    assert set(_instances) == before


def lines(panel):
    """The picture's lines, dots and words, without the sentence for a screen reader."""
    return re.findall("<path.*?>|<text.*?</text>", panel.picture.value)


def test_a_button_presses_its_step_and_everything_shows(panel):
    untouched = lines(panel)
    assert panel.said.value == "Press the steps, in any order."
    assert panel.code.value == "<code>no step yet</code>"
    assert "<td>none</td>" in panel.table.value
    assert "<td>changed</td>" not in panel.table.value
    for step, button in panel.buttons.items():
        before = lines(panel)
        button.click()
        assert (lines(panel) != before) == (step in ("forward", "loss"))  # the fit, a point
        assert panel.steps.pressed[-1] == step
        assert button.tooltip == LINES[step]
    assert [b.description for b in panel.buttons.values()] == [
        "1 forward", "2 loss", "3 zero_grad", "4 backward", "5 step",
    ]  # fmt: skip
    assert panel.said.value.startswith("Good: every weight moves")
    assert panel.code.value == f"<code>{'; '.join(LINES.values())}</code>"
    assert panel.table.value.count("<td>changed</td>") == 2
    for style, cells in re.findall("<tr style='(.*?)'>(.*?)</tr>", panel.table.value):
        assert ("bold" in style) == ("<td>changed</td>" in cells)
    assert lines(panel) != untouched
    panel.press("forward")
    assert panel.code.value.startswith("<code>… loss = ")
    panel.reset_button.click()
    assert lines(panel) == untouched
    assert panel.steps.pressed == []
    panel.press("loss")
    assert "NameError: name &#x27;out&#x27; is not defined" in panel.said.value


def test_every_column_of_the_table_has_a_name(panel):
    assert re.findall("<th>(.*?)</th>", panel.table.value) == [
        "quantity", "before", "after", "effect",
    ]  # fmt: skip


def test_the_picture_has_the_sentence_as_its_text(panel):
    panel.press("loss")
    assert f'aria-label="{html.escape(panel.sentence)}"' in panel.picture.value
    assert "NameError: name 'out' is not defined" in panel.sentence


def test_the_style_of_the_notebook_does_not_reach_the_picture(panel):
    untouched, still = panel.picture.value, panel._repr_mimebundle_()
    with matplotlib.rc_context({"axes.facecolor": "black", "font.size": 20, "savefig.dpi": 300}):
        panel.reset()
        assert panel._repr_mimebundle_() == still
    assert panel.picture.value == untouched


def test_the_switch_says_at_once_that_it_works_draws_both_runs_and_changes_nothing_else(panel):
    panel.press("forward")
    before, quantities, said = lines(panel), panel.quantities, []
    panel.said.observe(lambda change: said.append((change.new, lines(panel) == before)), "value")
    panel.skip.value = True
    ends = []
    for losses in (run_without("zero_grad", SMALL), run_without(None, SMALL)):
        assert any(np.array_equal(getattr(s, "y", None), losses) for s in panel.shapes)
        ends.append(f"{sum(losses[-10:]) / 10:.2g}")
    verdict = f"the loss is at {ends[0]} without zero_grad, and at {ends[1]} with all five steps"
    assert said[0] == (TRAINING, True)
    assert verdict in said[1][0]
    for words in (f"skipped: ends at {ends[0]}", f"five steps: end at {ends[1]}", "iteration"):
        assert f">{words}</text>" in panel.picture.value
    assert panel.quantities == quantities
    panel.skip.value = False
    assert lines(panel) == before
    assert "each press" in panel.said.value


def test_each_press_of_loss_is_a_dot(panel):
    for number in range(1, 8):
        panel.press("forward")
        panel.press("loss")
        dots = [s for s in panel.shapes if isinstance(s, Dots)][-1]
        assert dots.y.tolist() == panel.steps.losses
        assert dots.x.tolist() == list(range(number))
        assert len(dots.places()) == number  # all in sight


def test_a_press_in_the_middle_of_a_press_comes_after_it(panel):
    def press(*_):
        with pytest.raises(ValueError, match="got 'forwards'"):
            panel.press("forwards")
        panel.press("loss")

    hook = panel.steps.names["net"].register_forward_hook(press)
    panel.press("forward")
    hook.remove()
    assert panel.steps.pressed == ["forward", "loss"]
    assert panel.said.value.startswith("Good: one number")


def test_nobody_waits_for_a_press_that_others_look_at(panel):
    threads = []

    def look(change):
        panel.said.unobserve(look, "value")
        threads.append(threading.Thread(target=panel.press, args=["loss"], daemon=True))
        threads[0].start()
        threads[0].join(30)
        assert not threads[0].is_alive()

    panel.said.observe(look, "value")
    panel.press("forward")
    assert threads
    assert panel.steps.pressed == ["forward", "loss"]
    assert panel.said.value.startswith("Good: one number")
    assert panel.code.value == f"<code>{LINES['forward']}; {LINES['loss']}</code>"


def test_a_press_that_fails_in_code_of_others_is_said_logged_and_does_not_spoil_the_next(
    panel, caplog
):
    def fail(*_):
        raise ArithmeticError("a hook of <theirs>\nand more")

    def press_and_fail(*_):
        panel.press("loss")  # comes after it all the same
        fail()

    hook = panel.steps.names["net"].register_forward_hook(press_and_fail)
    panel.press("forward")
    hook.remove()
    assert panel.steps.pressed == ["forward", "loss"]
    (record,) = caplog.records
    assert "a hook of <theirs>\nand more" in str(record.exc_info[1])
    panel.press("forward")
    assert panel.said.value.startswith("Good: a prediction")
    panel._show = fail
    panel.press("loss")
    assert panel.said.value == "ArithmeticError: a hook of &lt;theirs&gt;"
    assert panel.sentence == "ArithmeticError: a hook of <theirs>"


def test_an_order_that_another_thread_has_carried_out_meanwhile_is_not_missed(panel):
    class Seen(deque):
        """Once it has been seen to hold an order, another thread carries all of them out."""

        def __bool__(self):
            there = len(self) > 0
            if threading.current_thread() is threading.main_thread() and not others:
                others.append(threading.Thread(target=panel.press, args=["loss"]))
                others[0].start()
                others[0].join(30)
            return there

    others = []
    panel._orders = Seen()
    panel.press("forward")  # would take from an empty queue
    assert panel.steps.pressed == ["forward", "loss"]
    assert not others[0].is_alive()
    assert panel.said.value.startswith("Good: one number")


@pytest.mark.parametrize("cfg", [(1, 1), (1, 1, 1), (1, 2, 1), (1, *(3,) * 20, 1)])
def test_any_width_depth_and_number_of_points(cfg):
    panel = FiveSteps(Settings(cfg=cfg, n_samples=2))
    for step in RIGHT:
        panel.press(step)
    assert panel.sentence.startswith("Good: every weight moves")
    assert panel.sentence.endswith(": they agree.")
    layers = [q for q in panel.quantities if q.name.startswith("gradient norm, layer ")]
    assert len(layers) == len(cfg) - 1
    panel.close()


def test_another_error_of_pytorchs_comes_without_advice():
    steps = Steps(Settings(cfg=(1, 4, 1), n_samples=20, lr=1e300))
    for step in RIGHT[:4]:
        steps.press(step)
    sentence, _ = steps.press("step")
    assert sentence == "RuntimeError: value cannot be converted to type float without overflow."


def test_no_zero_is_negative():
    assert to_text(torch.tensor(-0.0)) == "0"
    assert to_text(torch.tensor(-0.5)) == "-0.5"


def test_the_still(panel):
    data, metadata = panel._repr_mimebundle_()
    assert data["text/plain"] == panel.sentence
    with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as opened:
        assert opened.width == 2 * metadata["image/png"]["width"] == 940
        assert opened.height == 2 * (ABOVE + HEIGHT)
        inks = [(np.asarray(opened)[:, half : half + 470, :3] < 200).mean() for half in (0, 470)]
    assert inks[0] > inks[1] > 0.01  # the data stands in one half, the loss in the other
    assert metadata["image/png"]["alt"] == panel.sentence


def test_a_still_has_the_buttons_the_sentence_and_the_table(panel):
    for step in ("forward", "loss", "backward"):
        panel.press(step)
    names = [button.description for button in panel.buttons.values()]
    shapes = draw_above(names, panel.steps.pressed, panel.sentence, panel.quantities)
    texts = [shape.text for shape in shapes if isinstance(shape, Text)]
    assert {*names, "Reset", "Skip zero_grad", "pressed: forward, loss, backward"} <= set(texts)
    assert panel.sentence in " ".join(texts)
    assert {one.name for one in panel.quantities} <= set(texts)
    assert texts.count("changed") == sum(one.changed for one in panel.quantities) > 0


def test_no_row_of_a_still_lies_below_it(panel):
    long = "Careful: this is a sentence of the usual length. " * 6
    shapes = draw_above(list(LINES), list(LINES) * 3, long, panel.quantities)
    assert max(shape.y for shape in shapes if isinstance(shape, Text)) < ABOVE
