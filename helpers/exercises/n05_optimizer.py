"""Notebook 05: momentum as a class, and the largest stable rate of a valley."""

import copy
import inspect
import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import nn

from helpers.exercises.expecting import call, expect_number
from helpers.exercises.lookup import is_empty
from helpers.exercises.running import NotYet, explain
from helpers.model import make_layers

LR = 0.05
NO_GRAPH = (
    "The slope has no graph, so nothing can be derived from it again: create_graph=True in the "
    "first call of grad (or backward) keeps one."
)
ROUNDED = (
    "The points asked for are {:.2g} apart: in float32 the difference of losses so near each other "
    "is mostly rounding. A parabola is curved alike everywhere: take points 0.5 apart."
)
CLEARED = (
    "step clears the gradients before it has used them: backward has filled them, and no weight "
    "moves. Leave that to zero_grad, which is called before backward."
)
FADE = 0.8  # not torch's usual 0.9, so that a constant in the class is found


def judge_momentum(answer: object) -> str:
    """Train two nets alike, one by `Momentum(parameters, lr, momentum)`, one by plain sums."""
    if str(getattr(answer, "__module__", "")).startswith("torch."):
        raise NotYet("That is PyTorch's own class. Write one yourself: it takes a dozen lines.")
    net = make_layers([1, 6, 1])
    x = torch.rand(20, 1, dtype=torch.float32) * 4 - 2  # (20, 1)
    y = torch.sin(x)  # (20, 1)
    other = copy.deepcopy(net)
    start = [parameter.detach().clone() for parameter in net.parameters()]
    kept = list(net.parameters())
    shown = "Momentum(net.parameters(), lr=0.05, momentum=0.8)"
    optimizer = call(answer, net.parameters(), lr=LR, momentum=FADE, shown=shown)
    for name in ("zero_grad", "step"):
        if not callable(getattr(optimizer, name, None)):
            raise NotYet(f"What {shown} makes has no method {name}.")
    parts = list(getattr(optimizer, "__dict__", {}).values())
    makers = [getattr(one, "__module__", None) for one in (optimizer.step, *map(type, parts))]
    if any(str(maker).startswith("torch.optim") for maker in makers):
        raise NotYet("The step in it is that of PyTorch's own class: write the rule yourself.")
    if any(map(inspect.isgenerator, parts)):
        raise NotYet(
            "It keeps `parameters` as it came in: a generator, which is used up after one loop "
            "over it. Keep list(parameters)."
        )
    for name in ("zero_grad", "step"):
        if is_empty(getattr(type(optimizer), name, None)):
            raise NotYet(f"The method {name} is empty still: nothing stands in it.")
    truth = Truth(other, x, y)
    for iteration in range(20):
        loss = (net(x) - y).square().mean()
        optimizer.zero_grad()
        fault = find_old_gradients(net)
        if fault:
            raise NotYet(fault)
        loss.backward()
        make_step(optimizer, net)
        truth.advance()
        fault = compare(net, kept, start, truth, iteration)
        if fault:
            raise NotYet(fault)
    return f"For 20 iterations its weights are those of the rule; the loss is {loss.item():.3g}."


class Truth:
    """The rule in plain sums, and beside it rules that are easily taken for it.

    Attributes:
        weights: By the rule `memory = momentum * memory + grad; w = w - lr * memory`, and by
            others with the name of what is wrong with them.
    """

    def __init__(self, net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> None:
        """Begin all of them at the weights of net."""
        self.net = net
        self.x, self.y = x, y
        names = ["right", "plain", "average", "uphill", "constant", "late"]
        self.weights = {name: [p.detach().clone() for p in net.parameters()] for name in names}
        self.memory = {name: [torch.zeros_like(p) for p in net.parameters()] for name in names}

    def gradients(self, weights: list[torch.Tensor]) -> list[torch.Tensor]:
        """Compute the gradient of the loss at some weights."""
        w1, b1, w2, b2 = (weight.clone().requires_grad_() for weight in weights)
        out = (self.x @ w1.T + b1).relu() @ w2.T + b2
        loss = (out - self.y).square().mean()
        return list(torch.autograd.grad(loss, [w1, b1, w2, b2]))

    def advance(self) -> None:
        """Make one iteration by each rule."""
        fades = dict.fromkeys(self.weights, FADE) | {"plain": 0.0, "constant": 0.9}
        for name, fade in fades.items():
            share = 1 - fade if name == "average" else 1.0
            sign = 1 if name == "uphill" else -1
            gradients = self.gradients(self.weights[name])
            for place, gradient in enumerate(gradients):
                before = self.memory[name][place]
                memory = fade * before + share * gradient
                used = before if name == "late" else memory
                self.memory[name][place] = memory
                self.weights[name][place] = self.weights[name][place] + sign * LR * used


def make_step(optimizer: object, net: nn.Module) -> None:
    """Let the learner's optimizer make its step, and see that the gradients last until then.

    Raises:
        NotYet: They are gone, and the weights where they were.
    """
    before = [parameter.detach().clone() for parameter in net.parameters()]
    try:
        optimizer.step()
    except (TypeError, AttributeError):
        if any(parameter.grad is not None for parameter in net.parameters()):
            raise
        raise NotYet(CLEARED) from None
    gone = all(parameter.grad is None or not parameter.grad.any() for parameter in net.parameters())
    pairs = zip(before, net.parameters(), strict=True)
    if gone and all(torch.equal(a, b) for a, b in pairs):
        raise NotYet(CLEARED)


def find_old_gradients(net: nn.Module) -> str | None:
    """Say that zero_grad has left a gradient behind."""
    left = [p.grad for p in net.parameters() if p.grad is not None and p.grad.any()]
    if left:
        return (
            f"After zero_grad {len(left)} of the {len(list(net.parameters()))} gradients are "
            f"still there. It sets each p.grad to None, or to zeros in place."
        )
    return None


def compare(
    net: nn.Module,
    kept: list[nn.Parameter],
    start: list[torch.Tensor],
    truth: Truth,
    iteration: int,
) -> str | None:
    """Say by which rule the weights have moved, if not by the right one."""
    now = list(net.parameters())
    if any(a is not b for a, b in zip(now, kept, strict=True)):
        return "The network holds other tensors now: change the numbers in place, `p -= ...`."

    def gap(weights: list[torch.Tensor]) -> float:
        return max((a - b).abs().max().item() for a, b in zip(now, weights, strict=True))

    if gap(truth.weights["right"]) < 1e-4:
        return None
    count = iteration + 1
    fact = f"After {count} iteration{'s' if count > 1 else ''} a weight is "
    fact += f"{gap(truth.weights['right']):.2g} off"
    if gap(start) == 0 and iteration == 0:
        return None  # the next one tells whether it only comes late
    if gap(start) == 0:
        return (
            "step moves no weight: does it give new tensors to names of its own? Change p in "
            "place, with p -= ..."
        )
    sayings = {
        "plain": "it moves as plain SGD does. Is there a memory, and is it kept between steps?",
        "average": "the memory takes only a part of each new gradient. Here it takes all of it.",
        "late": "it moves by the memory of the iteration before. First the memory takes the "
        "gradient, then the weight moves by it.",
        "uphill": "the weights move with the gradient, uphill. The rule has a minus.",
        "constant": "the memory fades by 0.9, and 0.8 was asked for: use what comes in.",
    }
    for name, saying in sayings.items():
        if gap(truth.weights[name]) < 1e-4:
            return f"{fact}: {saying}"
    return (
        f"{fact}. The rule for each tensor, with a memory of its own that begins at 0: memory = "
        f"momentum * memory + grad, then w = w - lr * memory. Is the memory a copy, not the "
        f"gradient itself?"
    )


def judge_rate(answer: object) -> str:
    """Roll down valleys at 0.98 and 1.02 times what `largest_rate(valley)` says."""
    for bend in (0.7, 3.0, 12.0):
        centre = torch.empty(()).uniform_(-2, 2).item()
        asked: list[torch.Tensor] = []

        def valley(
            w: torch.Tensor, bend: float = bend, centre: float = centre, asked: list = asked
        ) -> torch.Tensor:
            w = torch.as_tensor(w)
            asked.append(w.detach().clone())
            return bend * (w - centre) ** 2 + 1

        rate = ask_rate(answer, valley, asked)
        calls, apart = len(asked), find_distance(asked)
        below, above = (roll(valley, centre + 1, share * rate) for share in (0.98, 1.02))
        if abs(below - centre) < 0.3 and abs(above - centre) > 3:
            continue
        if apart and not math.isclose(rate * bend, 0.5, rel_tol=0.02):
            raise NotYet(
                f"{shown_rate(bend, rate)} is not the largest stable one. {ROUNDED.format(apart)}"
            )
        points = sorted({one.item() for one in asked[:calls] if one.numel() == 1 and calls < 10})
        slopes = [2 * bend * (point - centre) for point in points]
        if any(math.isclose(rate * slope, 2, rel_tol=0.01) for slope in slopes):
            raise NotYet(
                f"{shown_rate(bend, rate)} is 2 divided by the slope: that is the first "
                f"derivative, and the curvature is the second."
            )
        gaps = [b - a for a, b in pairwise(points)]
        if any(math.isclose(rate * bend * gap**2, 1, rel_tol=0.01) for gap in gaps if gap != 1):
            raise NotYet(
                f"{shown_rate(bend, rate)} is not the largest stable one: the difference of three "
                f"losses is the curvature only when it is divided by h ** 2, here {gaps[0]:.3g} "
                f"** 2."
            )
        raise NotYet(explain_rate(bend, rate, abs(below - centre), calls))
    return "2 divided by the curvature: 2 % below it comes to rest in each valley, 2 % above never."


def ask_rate(answer: object, valley: Callable, asked: list[torch.Tensor]) -> float:
    """Ask the learner's function for the largest stable rate of a valley.

    Raises:
        NotYet: It gives no positive number, and why that may be.
    """
    shown = "largest_rate(valley)"
    try:
        returned = call(answer, valley, shown=shown)
    except RuntimeError as error:
        if "does not require grad" not in str(error):
            raise
        raise NotYet(explain(error, NO_GRAPH)) from None
    except ZeroDivisionError as error:
        apart = find_distance(asked)
        if not apart:
            raise
        raise NotYet(explain(error, ROUNDED.format(apart))) from None
    apart = find_distance(asked)
    if isinstance(returned, torch.Tensor) and returned.isinf().all() and apart:
        raise NotYet(f"{shown} returns {returned.flatten()[0]:g}. {ROUNDED.format(apart)}")
    rate = expect_number(returned, f"What {shown} returns")
    if rate <= 0:
        cause = ROUNDED.format(apart) if apart else "Is it the first one, or is a sign off?"
        raise NotYet(
            f"{shown} returns {rate:.3g}: a rate is positive, and so is the second derivative of a "
            f"valley. {cause}"
        )
    return rate


def find_distance(asked: list[torch.Tensor]) -> float:
    """Measure how far the few points are apart at which a valley was asked; 0 if not too near."""
    points = {one.item() for one in asked if one.numel() == 1 and one.dtype == torch.float32}
    if not 2 <= len(points) <= 6:
        return 0.0
    width = max(points) - min(points)
    return width / (len(points) - 1) if width < 0.05 else 0.0


def roll(valley: object, start: float, rate: float) -> float:
    """Make 60 steps of gradient descent, by finite differences of a parabola (exact)."""
    w = start
    for _ in range(60):
        up, down = (valley(torch.tensor(w + h, dtype=torch.float64)).item() for h in (0.5, -0.5))
        w = w - rate * (up - down)
        if not math.isfinite(w) or abs(w) > 1e6:
            return 1e6
    return w


def shown_rate(bend: float, rate: float) -> str:
    """Name a valley and a rate in it."""
    return f"In the valley {bend:g} * (w - a) ** 2 + 1, from 1 beside its middle, rate {rate:.3g}"


def explain_rate(bend: float, rate: float, below: float, calls: int) -> str:
    """Say what a rate that is not the largest stable one comes from."""
    fact = shown_rate(bend, rate)
    share = rate * bend
    if math.isclose(share, 0.5, rel_tol=0.02):
        return (
            f"{fact} comes to rest, and so do larger ones: 1 divided by the curvature leads to the "
            f"middle in one step. How much further may a step go before it climbs higher than it "
            f"was?"
        )
    if math.isclose(share, 2.0, rel_tol=0.02):
        return (
            f"{fact} explodes. The curvature is the second derivative, and that of {bend:g} * w "
            f"** 2 is not {bend:g}."
        )
    cause = "What does the curvature, the second derivative, allow?"
    if calls > 50:
        cause = (
            f"It asked {calls} times for a loss: a search by trial is as fine as the rates that it "
            f"tries. The curvature says it with three losses, or by autograd twice."
        )
    if below < 0.3:
        return (
            f"{fact} comes to rest, but so does one that is 2 % larger. It is not the largest. "
            f"{cause}"
        )
    return f"{fact} explodes: after 60 steps w is {min(below, 1e6):.2g} away. {cause}"


CHECKS = {"05-class": judge_momentum, "05-rate": judge_rate}
