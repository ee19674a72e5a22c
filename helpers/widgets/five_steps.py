"""The five-step debugger: a button for each line of an iteration, to be pressed in any order."""

import functools
import html
import math
import re
import textwrap
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from ipywidgets import HTML, Button, Checkbox, HBox
from torch import nn

from helpers.experiment import Experiment, Settings, to_settings
from helpers.guards import describe, show, to_choice
from helpers.plots import MARK_COLOUR, loss_limits, to_array
from helpers.widgets.axes import draw_axes, draw_legend, join_lines
from helpers.widgets.controls import make_style
from helpers.widgets.kernel import log_error, take_in_order
from helpers.widgets.picture import widen
from helpers.widgets.png import write_pages
from helpers.widgets.shapes import (
    INK,
    LOOKS,
    Box,
    Dots,
    Look,
    Shape,
    Text,
    draw_curve,
    make_page,
)
from helpers.widgets.stills import View, close_widget, with_still
from helpers.widgets.svg import write_svg

LINES = {
    "forward": "out = net(x)",
    "loss": "loss = loss_func(out, y)",
    "zero_grad": "optimizer.zero_grad()",
    "backward": "loss.backward()",
    "step": "optimizer.step()",
}
SMALL = Settings(cfg=(1, 20, 20, 1))
WIDTH, HEIGHT = 235, 250  # of each half of the picture, in pixels
HALVES = [make_page(WIDTH, HEIGHT, left) for left in (0, WIDTH)]
PLACE = (40, 162, 166)  # of the axes in a half: top, width, height
ASIDE = 52  # from a half's left edge to its axes
ABOVE = 325  # height of buttons, sentence and table in a still
COLUMNS = (8, 230, 310, 390)  # of the table there, from the left edge
BLUE = "#1976D2"  # there, of what has changed
SKIPPED = Look(MARK_COLOUR, 2, dash=(5, 3))
CHANGED = "font-weight: bold; color: var(--jp-brand-color1)"
TABLE = (
    "--gap: min(12px, 2vw); border-spacing: var(--gap) 0; margin-left: calc(-1 * var(--gap)); "
    "line-height: 1.4; text-align: left"
)
TRAINING = "Training a new network for 50 iterations, once without zero_grad and once with it …"


class Quantity(NamedTuple):
    """What a press may change: its text before and after, and whether a bit of it changed."""

    name: str
    before: str
    after: str
    changed: bool


class Steps:
    """Runs the real five lines on a real network, in the order in which they are pressed.

    Args:
        settings: The network; its optimizer must be "SGD", the one that is checked by hand.

    Attributes:
        names: What the five lines can see: net, x, y, loss_func, optimizer; then out and loss.
        pressed: Every step pressed so far.
        losses: The loss after each press of `loss`.

    Raises:
        TypeError: `settings` is not a `Settings`.
        ValueError: Another optimizer.
    """

    def __init__(self, settings: Settings) -> None:
        """Build the network; nothing is computed yet."""
        settings = to_settings("settings", settings)
        if settings.optimizer != "SGD":
            raise ValueError(f'optimizer must be "SGD", got {show(settings.optimizer)}')
        experiment = Experiment(settings)
        parts = ("net", "x", "y", "loss_func", "optimizer")
        self.names = {name: getattr(experiment, name) for name in parts}
        self.layers = [part for part in experiment.net.features if isinstance(part, nn.Linear)]
        self.unit = min(2, len(self.layers[0].weight) - 1)  # of the first layer: its weight is w
        self.lr = settings.lr
        self.point = len(experiment.x) * 3 // 4  # the one whose prediction is shown
        self.prediction_name = f"prediction at x = {experiment.x[self.point].item():.2f}"
        self.pressed: list[str] = []
        self.losses: list[float] = []
        self._done: list[str] = []  # leaves out what failed, and a step that moved nothing

    def press(self, step: str) -> tuple[str, list[Quantity]]:
        """Run one line.

        Args:
            step: A name in `LINES`.

        Returns:
            A sentence on what it did or what went wrong, and every quantity before and after.

        Raises:
            ValueError: Another name.
        """
        line = LINES[to_choice("step", step, LINES)]
        before = self.measure()
        self.pressed.append(step)
        try:
            exec(line, self.names)
        except (NameError, RuntimeError) as error:
            return _explain(error), compare(before, self.measure())
        after = self.measure()
        sentence = getattr(self, f"_judge_{step}")(before, after)
        if step != "step" or after["grad"] is not None:
            self._done.append(step)
        if step == "loss":
            self.losses.append(self.names["loss"].item())
            if not math.isfinite(self.losses[-1]):
                sentence = "Careful: the loss is no longer a number. Press Reset."
        return sentence, compare(before, after)

    def _since(self, step: str) -> list[str]:
        """What was done after the last time that a step was."""
        if step not in self._done:
            return self._done
        return self._done[len(self._done) - self._done[::-1].index(step) :]

    def measure(self) -> dict[str, torch.Tensor | None]:
        """Copy every quantity that a press may change."""
        weight, grad = self.layers[0].weight, self.layers[0].weight.grad
        out = self.names.get("out")
        values = {self.prediction_name: None if out is None else out[self.point]}
        values["loss"] = self.names.get("loss")
        for number, layer in enumerate(self.layers, start=1):
            values[f"gradient norm, layer {number}"] = layer.weight.grad
        w = weight[self.unit, 0]
        values |= {"w": w, "grad": None, "w - lr * grad": None}
        if grad is not None:
            slope = grad[self.unit, 0]
            values |= {"grad": slope, "w - lr * grad": w - self.lr * slope}
        return {k: v if v is None else v.detach().clone() for k, v in values.items()}

    def _judge_forward(self, before: dict, after: dict) -> str:
        if same(before[self.prediction_name], after[self.prediction_name]):
            return "The same prediction again: no weight has changed since the last forward."
        return "Good: a prediction for every x. No weight and no gradient has changed."

    def _judge_loss(self, before: dict, after: dict) -> str:
        if "step" in self._since("forward"):
            return (
                "Careful: the weights have changed since forward, so this is the loss of an "
                "old prediction. Press forward first."
            )
        return "Good: one number for how wrong the prediction is. Nothing else has changed."

    def _judge_zero_grad(self, before: dict, after: dict) -> str:
        if before["grad"] is None:
            return "Nothing to forget: there are no gradients yet."
        if "step" not in self._since("backward"):
            return "Careful: these gradients are thrown away before any step has used them."
        return "Good: the old gradients are gone. The weights stay."

    def _judge_backward(self, before: dict, after: dict) -> str:
        if before["grad"] is None:
            return "Good: every weight has its gradient. The weights themselves stay."
        if "step" in self._since("backward"):
            return (
                "Careful: zero_grad was forgotten. The new gradients were added to those that "
                "the last step has used already."
            )
        return "Careful: backward twice. The new gradients were added to the ones before."

    def _judge_step(self, before: dict, after: dict) -> str:
        if before["grad"] is None:
            if "backward" in self._done:
                return "Careful: no weight moves, because zero_grad has thrown the gradients away."
            return "Careful: step before backward. There are no gradients, so no weight moves."
        now, wanted = to_text(after["w"]), to_text(before["w - lr * grad"])
        moved = f"w is now {now}, and w - lr * grad was {wanted}"
        agree = torch.allclose(after["w"], before["w - lr * grad"], rtol=1e-5)
        moved += ": they agree." if agree else ": they do not agree."
        if "step" in self._since("backward"):
            return f"Careful: the same gradients were used once more. {moved}"
        if self._since("zero_grad").count("backward") > 1:
            return f"Careful: this step used a sum of several gradients. {moved}"
        return f"Good: every weight moves against its gradient. {moved}"


def _explain(error: Exception) -> str:
    """Add to a real error what to do about it."""
    advice = ""
    if isinstance(error, NameError):
        missing = "forward" if "'out'" in str(error) else "forward, then loss"
        advice = f" Nothing has made it yet: press {missing}."
    elif "inplace" in str(error):
        advice = " A step has changed the weights since this forward. Press forward, then loss."
    elif "a second time" in str(error):
        advice = " A graph serves one backward. Press forward, then loss, to make a new one."
    return f"{type(error).__name__}: {re.split(' [(]|: ', str(error))[0]}.{advice}"


def compare(before: dict, after: dict) -> list[Quantity]:
    """Put what two measurements gave side by side."""
    return [
        Quantity(name, to_text(old), to_text(after[name]), not same(old, after[name]))
        for name, old in before.items()
    ]


def same(old: torch.Tensor | None, new: torch.Tensor | None) -> bool:
    """Compare to the bit; nan equals nan."""
    if old is None or new is None:
        return old is new
    return torch.allclose(old, new, rtol=0, atol=0, equal_nan=True)


def to_text(value: torch.Tensor | None) -> str:
    """Write a number as it is, and more than one as their norm."""
    if value is None:
        return "none"
    return f"{value.norm().item() if value.ndim else value.item():z.4g}"


def run_without(step: str | None, settings: Settings, iterations: int = 50) -> list[float]:
    """Train a new network, leaving out one of the steps each time; None leaves out none."""
    names = Steps(settings).names
    lines = [line for name, line in LINES.items() if name != step]
    losses = []
    for _ in range(iterations):
        for line in lines:
            exec(line, names)
        losses.append(names["loss"].item())
    return losses


def find_end(losses: list[float]) -> str:
    """Write where a run ends: the mean of its last ten losses, as a single one may jump."""
    return f"{np.mean(losses[-10:]):.2g}"


def draw_above(names: list[str], pressed: list[str], said: str, table: list[Quantity]) -> list:
    """Draw for a still what stands above the picture.

    Args:
        names: What is written on the five buttons.
        pressed: The steps pressed so far.
        said: The sentence about the last press.
        table: Every quantity before and after it.
    """
    page = make_page(2 * WIDTH, ABOVE)
    shapes: list[Shape] = []
    buttons = [(4 + 93 * place, 6, 89, name) for place, name in enumerate(names)]
    for left, top, width, name in [*buttons, (4, 40, 89, "Reset")]:
        shapes.append(frame(page, left, top, width, 26))
        shapes.append(Text(left + width / 2, top + 17.5, name, "middle"))
    shapes += [frame(page, 110, 47, 13, 13), Text(131, 57.5, "Skip zero_grad")]
    shapes.append(Text(8, 92, "pressed: " + (", ".join(pressed[-5:]) or "no step yet")))
    lines = textwrap.wrap(said, 68, max_lines=3, placeholder=" …")
    shapes += [Text(8, 114 + 18 * row, line) for row, line in enumerate(lines)]
    rows = [("quantity", "before", "after", "effect", INK)]
    for one in table:
        effect, colour = ("changed", BLUE) if one.changed else ("", INK)
        rows.append((one.name, one.before, one.after, effect, colour))
    for row, (*cells, colour) in enumerate(rows):
        height = 172 + 18 * row
        for left, cell in zip(COLUMNS, cells, strict=True):
            shapes.append(Text(left, height, cell, colour=colour))
    rule = [(COLUMNS[0], 177.5), (2 * WIDTH - 8, 177.5)]
    return [*shapes, join_lines(page, [rule], LOOKS["grid"])]


def frame(page: Box, left: float, top: float, width: float, height: float) -> Shape:
    """Draw the outline of a button."""
    left, top = left + 0.5, top + 0.5
    right, bottom = left + width, top + height
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return join_lines(page, [corners], LOOKS["axis"])


class FiveSteps(View):
    """A debugger that takes one iteration apart.

    Args:
        settings: The network to take apart; its optimizer must be "SGD".

    Attributes:
        steps: What the buttons press.
        sentence: What the last press did, or what went wrong.
        shapes: The picture.
        quantities: Every quantity before and after the last press.

    Raises:
        TypeError: `settings` is not a `Settings`.
        ValueError: Another optimizer.

    Shown in: 06_training
    """

    def __init__(self, settings: Settings = SMALL) -> None:
        """Build the network and the buttons."""
        self.steps = Steps(settings)
        self.settings = settings
        self._orders: deque[Callable[[], None]] = deque()
        self._busy = threading.Lock()  # taken by whoever carries the orders out; nobody waits
        self.buttons = {
            step: Button(description=f"{number} {step}", tooltip=line, layout={"width": "108px"})
            for number, (step, line) in enumerate(LINES.items(), start=1)
        }
        for step, button in self.buttons.items():
            button.on_click(lambda _, step=step: self.press(step))
        self.reset_button = Button(
            description="Reset",
            tooltip="Begin again with the same new network",
            layout={"width": "80px"},
        )
        self.reset_button.on_click(lambda _: self.reset())
        self.skip = Checkbox(  # of a ToggleButton a screen reader hears no state
            description="Skip zero_grad",
            tooltip="Draw 50 iterations of a new network with zero_grad, and 50 without",
            indent=False,
            layout={"width": "132px"},
        )
        self.skip.observe(lambda _: self._order(self._compare_runs), "value")
        self.code = HTML()
        self.said = HTML(layout={"min_height": "44px"})
        self.table = HTML(layout={"max_width": "100%"})
        self.picture = HTML(layout={"width": f"min(100%, {2 * WIDTH}px)"})
        self.reset()
        wrapped = {"flex_flow": "row wrap"}
        bar = HBox([*self.buttons.values(), self.reset_button, self.skip], layout=wrapped)
        results = HBox([self.table, self.picture], layout=wrapped)
        super().__init__([bar, self.code, self.said, results, make_style()])
        take_in_order(self)

    def press(self, step: str) -> None:
        """Run one of the five lines and show what it changed.

        Args:
            step: "forward", "loss", "zero_grad", "backward" or "step".

        Raises:
            ValueError: Another name.
        """
        to_choice("step", step, LINES)
        self._order(lambda: self._press(step))

    def reset(self) -> None:
        """Begin again with the same network, untrained."""
        self._order(self._reset)

    def close(self) -> None:
        """Take the widgets away."""
        close_widget(self)

    @functools.cached_property
    def runs(self) -> tuple[list[float], list[float]]:
        """Losses of 50 iterations without zero_grad, and of 50 with it."""
        return run_without("zero_grad", self.settings), run_without(None, self.settings)

    def _order(self, order: Callable[[], None]) -> None:
        """Carry an order out, or leave it to whoever carries one out at this moment.

        Clicks may come from two threads, and from an observer or a hook in the middle of a
        press. One order is carried out after another, and nobody waits. What fails is said in
        place of a sentence: whoever gave that order may be gone.
        """
        self._orders.append(order)
        while self._orders and self._busy.acquire(blocking=False):
            try:
                if self._orders:  # another thread may have carried it out just now
                    self._orders.popleft()()
            except Exception as error:
                log_error("a press")
                self.sentence = describe(error)
                self.said.value = html.escape(self.sentence)
            finally:
                self._busy.release()

    def _press(self, step: str) -> None:
        self.sentence, self.quantities = self.steps.press(step)
        self._show()

    def _reset(self) -> None:
        self.steps = Steps(self.settings)
        untouched = self.steps.measure()
        self.sentence = "Press the steps, in any order."
        self.quantities = compare(untouched, untouched)
        self._show()

    def _compare_runs(self) -> None:
        if self.skip.value:
            self.said.value = TRAINING  # at once: it may take a second or two
            skipped, complete = map(find_end, self.runs)
            self.sentence = (
                f"After 50 iterations the loss is at {skipped} without zero_grad, and at "
                f"{complete} with all five steps (the mean of the last ten)."
            )
        else:
            self.sentence = "Here is the loss of each press again."
        self._show()

    def _show(self) -> None:
        pressed = [LINES[step] for step in self.steps.pressed]
        more = "… " if len(pressed) > 5 else ""
        code = more + "; ".join(pressed[-5:]) or "no step yet"
        self.code.value = f"<code>{html.escape(code)}</code>"
        self.said.value = html.escape(self.sentence)
        lines = "".join(
            f"<tr style='{CHANGED if quantity.changed else ''}'>"
            f"<td>{html.escape(quantity.name)}</td>"
            f"<td>{quantity.before}</td><td>{quantity.after}</td>"
            f"<td>{'changed' if quantity.changed else ''}</td></tr>"
            for quantity in self.quantities
        )
        names = "<th>quantity</th><th>before</th><th>after</th><th>effect</th>"
        self.table.value = f"<table style='{TABLE}'><tr>{names}</tr>{lines}</table>"
        fit, losses = self._draw_fit(HALVES[0]), self._draw_losses(HALVES[1])
        self.shapes = [*fit, *losses]
        drawn = (write_svg(fit, WIDTH, HEIGHT), write_svg(losses, WIDTH, HEIGHT, left=WIDTH))
        whole = "".join(f"<div style='flex: 0 0 {WIDTH}px'>{half}</div>" for half in drawn)
        reader = f'role="img" aria-label="{html.escape(self.sentence)}"'
        self.picture.value = f"<div {reader} style='display: flex; flex-flow: wrap'>{whole}</div>"

    def _draw_fit(self, page: Box) -> list[Shape]:
        names = self.steps.names
        x, y = to_array(names["x"]), to_array(names["y"])
        few = slice(None, None, max(len(x) // 100, 1))  # dots that one can tell apart
        box = Box(page.left + ASIDE, *PLACE, widen(x, 0.03), widen(y, 0.25))
        legend = {"data": LOOKS["data"]}
        shapes = [*draw_axes(page, box, "x", "y"), Dots(box, x[few], y[few], LOOKS["data"])]
        if "out" in names:
            legend["prediction"] = LOOKS["prediction"]
            shapes += draw_curve(box, x, to_array(names["out"]), LOOKS["prediction"])
        return [*shapes, *draw_legend(page, box, legend, dotted=["data"])]

    def _draw_losses(self, page: Box) -> list[Shape]:
        both = self.skip.value
        runs = self.runs if both else [self.steps.losses]
        looks = [SKIPPED, LOOKS["training"]] if both else [LOOKS["training"]]
        ylim = loss_limits([loss for losses in runs for loss in losses], [])[1]
        box = Box(
            page.left + ASIDE, *PLACE, (-0.5, max(5, *map(len, runs)) - 0.5), ylim, log=ylim[0] > 0
        )
        shapes = draw_axes(page, box, "iteration" if both else "press of loss", "loss")
        for losses, look in zip(runs, looks, strict=True):
            points = (np.arange(len(losses)), np.array(losses, float))
            shapes += draw_curve(box, *points, look)
            if not both:
                shapes.append(Dots(box, *points, look._replace(width=5)))
        if both:
            skipped, complete = map(find_end, runs)
            legend = [f"skipped: ends at {skipped}", f"five steps: end at {complete}"]
            for row, (name, look) in enumerate(zip(legend, looks, strict=True)):
                above = replace(box, top=box.top - 17 * row)
                shapes += draw_legend(page, above, {name: look})
        return shapes

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        names = [button.description for button in self.buttons.values()]
        above = draw_above(names, self.steps.pressed, self.sentence, self.quantities)
        png = write_pages([(above, ABOVE), (self.shapes, HEIGHT)], 2 * WIDTH)
        return with_still(super()._repr_mimebundle_(**kwargs), png, self.sentence)
