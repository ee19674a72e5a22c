"""One iteration taken apart: five lines of code run in any order, and what each one changed."""

import math
import re
from typing import NamedTuple

import torch
from torch import nn

from helpers.experiment import Experiment, Settings

LINES = {
    "forward": "out = net(x)",
    "loss": "loss = loss_func(out, y)",
    "zero_grad": "optimizer.zero_grad()",
    "backward": "loss.backward()",
    "step": "optimizer.step()",
}


class Row(NamedTuple):
    """One quantity around a press: its text before and after, and whether a bit of it changed."""

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
        ValueError: Another optimizer.
    """

    def __init__(self, settings: Settings) -> None:
        """Build the network; nothing is computed yet."""
        if settings.optimizer != "SGD":
            raise ValueError(f'optimizer must be "SGD", got {settings.optimizer!r}')
        experiment = Experiment(settings)
        parts = ("net", "x", "y", "loss_func", "optimizer")
        self.names = {name: getattr(experiment, name) for name in parts}
        self.layers = [part for part in experiment.net.features if isinstance(part, nn.Linear)]
        self.lr, self.point = settings.lr, len(experiment.x) * 3 // 4
        self.row = f"prediction at x = {experiment.x[self.point].item():.2f}"
        self.pressed: list[str] = []
        self.losses: list[float] = []
        self._done: list[str] = []  # leaves out what failed, and a step that moved nothing

    def press(self, step: str) -> tuple[str, list[Row]]:
        """Run one line.

        Args:
            step: A name in `LINES`.

        Returns:
            A sentence on what it did or what went wrong, and one row for each quantity.
        """
        before = self.look()
        self.pressed.append(step)
        try:
            exec(LINES[step], self.names)
        except (NameError, RuntimeError) as error:
            return _explain(error), compare(before, self.look())
        after = self.look()
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

    def look(self) -> dict[str, torch.Tensor | None]:
        """Copy every quantity that a press may change."""
        weight, grad = self.layers[0].weight, self.layers[0].weight.grad
        out = self.names.get("out")
        values = {self.row: None if out is None else out[self.point]}
        values["loss"] = self.names.get("loss")
        for number, layer in enumerate(self.layers, start=1):
            values[f"gradient norm, layer {number}"] = layer.weight.grad
        values |= {"w": weight[2, 0], "grad": None, "w - lr * grad": None}
        if grad is not None:
            values |= {"grad": grad[2, 0], "w - lr * grad": weight[2, 0] - self.lr * grad[2, 0]}
        return {k: v if v is None else v.detach().clone() for k, v in values.items()}

    def _judge_forward(self, before: dict, after: dict) -> str:
        if same(before[self.row], after[self.row]):
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
        moved = f"w is now {after['w']:.4g}, and w - lr * grad was {before['w - lr * grad']:.4g}"
        agree = torch.allclose(after["w"], before["w - lr * grad"], rtol=1e-5)
        moved += ": they agree." if agree else ": they do not agree."
        if "step" in self._since("backward"):
            return f"Careful: the same gradients were used once more. {moved}"
        if self._since("zero_grad").count("backward") > 1:
            return f"Careful: this step used a sum of several gradients. {moved}"
        return f"Good: every weight moves against its gradient. {moved}"


def _explain(error: Exception) -> str:
    """Add to a real error what to do about it."""
    if isinstance(error, NameError):
        missing = "forward" if "'out'" in str(error) else "forward, then loss"
        advice = f"Nothing has made it yet: press {missing}."
    elif "inplace" in str(error):
        advice = "A step has changed the weights since this forward. Press forward, then loss."
    else:
        advice = "A graph serves one backward. Press forward, then loss, to make a new one."
    return f"{type(error).__name__}: {re.split(' [(]|: ', str(error))[0]}. {advice}"


def compare(before: dict, after: dict) -> list[Row]:
    """Put what two looks saw side by side."""
    return [
        Row(name, to_text(old), to_text(after[name]), not same(old, after[name]))
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
    return f"{value.norm().item() if value.ndim else value.item():.4g}"


def run_without(step: str | None, settings: Settings, iterations: int = 50) -> list[float]:
    """Train a new network, leaving out one of the steps each time; None leaves out none."""
    steps = Steps(settings)
    for name in [name for name in LINES if name != step] * iterations:
        steps.press(name)
    return steps.losses
