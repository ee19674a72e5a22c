"""Notebook 05: a loop without two steps, the largest stable rate, momentum as a class."""

import contextlib
import inspect
import math
import random
from collections.abc import Callable
from itertools import pairwise
from unittest import mock

import torch

from helpers.exercises.comparing import call, to_plain
from helpers.exercises.judging import Exercise, Observation, edit
from helpers.exercises.loops import Problem, make_loop_exercise
from helpers.exercises.running import NotYet, explain

ITERATIONS = 5  # of training by a learner's optimizer
NEAR = 0.008  # how far apart points are whose losses tell little of a curvature, in float32
ROUNDED = (
    "At points {:.2g} apart the difference of three losses is so small that what float32 rounds "
    "away counts. A parabola is curved alike everywhere, so take points 0.5 apart."
)

LOOP = make_loop_exercise(
    level=1,
    minutes=5,
    plan="Two lines of the five are missing. One moves the weights: which line makes what it needs "
    "for that? The other throws old gradients away: where would it throw away fresh ones?",
    why="Old gradients are gone before backward makes fresh ones, and step uses those.",
    epochs=[(3, 3), (4, 6)],
    mistakes={
        "Neither zero_grad nor step is called: those are the two lines that are missing.": edit(
            "        optimizer.zero_grad()\n", "", "        optimizer.step()\n", ""
        ),
    },
)


def draw_valleys() -> list[tuple]:
    """Draw four valleys `bend * (w - centre) ** 2 + floor`, from a wide one to a narrow one."""
    return [
        (
            round(random.uniform(low, 2 * low), 2),
            round(random.choice((-1, 1)) * random.uniform(0.6, 2), 2),
            round(random.uniform(0.5, 2), 2),
        )
        for low in (0.4, 0.8, 1.6, 5)
    ]


def observe_rate(answer: Callable, case: tuple, shown: str) -> Observation:
    """Ask for the largest stable rate of a valley, and note where its loss was asked for."""
    bend, centre, floor = case
    asked: list[float] = []

    def valley(w: object) -> torch.Tensor:
        w = torch.as_tensor(w)
        with contextlib.suppress(RuntimeError):  # several points at once
            asked.append(w.detach().item())
        return bend * (w - centre) ** 2 + floor

    try:
        rate = call(answer, valley, shown=shown)
    except ZeroDivisionError as error:
        raise NotYet(explain(error, find_rounding(asked))) from None
    rate = rate.detach() if isinstance(rate, torch.Tensor) else rate
    name = f"The rate that {shown} returns for {bend} * (w - {centre}) ** 2 + {floor}"
    plain = to_plain(rate, keep_graphs=True)
    return Observation({name: rate}, notes=find_cause(plain, asked, case))


def find_cause(rate: object, asked: list[float], case: tuple) -> str:
    """Say how a wrong rate comes from the points where the loss was asked for, if one can see it.

    Args:
        rate: What the learner's function returned.
        asked: The points.
        case: As `draw_valleys` makes it.
    """
    bend, centre, _ = case
    if not isinstance(rate, float):
        return ""
    if len(asked) > 50:
        return (
            f"It asked for {len(asked)} losses: a search by trial is as fine as the rates that it "
            f"tries. The curvature needs three losses, or autograd twice."
        )
    for point in asked:
        if math.isclose(abs(rate * 2 * bend * (point - centre)), 2, rel_tol=0.01):
            return (
                f"That is 2 divided by the slope at w = {point:g}, the first derivative. The "
                f"curvature is the second."
            )
    for gap in list_gaps(asked):
        if math.isclose(rate * bend * gap**2, 1, rel_tol=0.01):
            return (
                f"The difference of three losses is the curvature only when it is divided by "
                f"h ** 2, here {gap:.3g} ** 2."
            )
    return find_rounding(asked)


def find_rounding(asked: list[float]) -> str:
    """Say that a few points are too near each other, if they are."""
    gaps = list_gaps(asked)
    return ROUNDED.format(gaps[0]) if len(gaps) > 1 and max(gaps) < NEAR else ""


def list_gaps(points: list[float]) -> list[float]:
    """List how far neighbours among some points are apart."""
    return [right - left for left, right in pairwise(sorted(set(points)))]


RATE = Exercise(
    shown="largest_rate(valley)",
    level=2,
    minutes=10,
    plan="The limit of a valley comes from its curvature: this notebook measured what the two have "
    "to do with each other. The slope is what autograd gives for the loss. The curvature is what "
    "it gives for the slope, if the slope keeps a graph of how it was computed.",
    solution="""\
def largest_rate(valley):
    w = torch.tensor(0.0, requires_grad=True)
    slope = torch.autograd.grad(valley(w), w, create_graph=True)[0]
    curvature = torch.autograd.grad(slope, w)[0]
    return 2 / curvature.item()
""",
    why="It is 2 divided by the curvature, in a wide valley and in a narrow one.",
    draw=draw_valleys,
    observe=observe_rate,
    share=0.02,
    mistakes={
        "1 divided by the curvature leads to the middle in one step. How much farther may a step "
        "go before it climbs higher than it was?": edit("2 / curv", "1 / curv"),
        "That is the curvature itself, so the steepest valley would get the largest rate.": edit(
            "2 / curvature", "curvature"
        ),
        "That is the wrong way round: the steeper a valley, the *smaller* its limit.": edit(
            "2 / curvature.item()", "curvature.item() / 2"
        ),
        "So it comes out if the curvature of a * w ** 2 is taken to be a. Derive it twice.": edit(
            "2 / curv", "4 / curv"
        ),
        "A rate is positive, and so is the second derivative of a valley. Is a sign off?": edit(
            "2 / curv", "-2 / curv"
        ),
        "What is derived there has no graph. w needs requires_grad=True for the first derivative, "
        "and the first call of grad needs create_graph=True for the second.": edit(
            ", create_graph=True", ""
        ),
        "grad returns a tuple, with one gradient for each tensor it was asked for: take [0] of "
        "it.": edit("(slope, w)[0]", "(slope, w)"),
        "grad returns a tuple, even for one tensor: take [0] of it, and then divide.": edit(
            "(slope, w)[0]", "(slope, w)", "curvature.item()", "curvature"
        ),
    },
)


def draw_rates() -> list[tuple]:
    """Draw a small and a large learning rate, each with a momentum; none of the usual numbers."""
    return [
        (round(random.uniform(low, 2 * low), 3), round(random.uniform(0.55, 0.85), 2))
        for low in (0.012, 0.06)
    ]


def observe_optimizer(answer: Callable, case: tuple, shown: str) -> Observation:
    """Train by a learner's optimizer: what zero_grad leaves, and how far step moves the weights."""
    lr, momentum = case
    problem = Problem(ITERATIONS)
    tensors = list(problem.net.parameters())
    start = [one.detach().clone() for one in tensors]
    parts = {}
    with mock.patch("torch.optim.sgd.sgd", refuse):
        optimizer = call(answer, problem.net.parameters(), lr=lr, momentum=momentum, shown=shown)
        expect_methods(optimizer, shown)
        for number in range(1, ITERATIONS + 1):
            before = problem.get_weights()
            loss = problem.loss_func(problem.net(problem.x), problem.y)
            optimizer.zero_grad()
            parts[f"A gradient behind zero_grad {number}"] = get_gradients(tensors)
            loss.backward()
            optimizer.step()
            parts[f"The move of a weight in step {number}"] = problem.get_weights() - before
    moved = sum(not torch.equal(*pair) for pair in zip(start, tensors, strict=True))
    notes = f"Of the network's {len(tensors)} tensors {moved} moved."
    traits = (is_used_up(optimizer), moved)
    return Observation(parts, traits, notes if moved < len(tensors) else "")


def refuse(*_: object, **__: object) -> None:
    """Stand in for PyTorch's own step.

    Raises:
        NotYet: Always.
    """
    raise NotYet("The step in it is that of PyTorch's own SGD: write the rule yourself.")


def expect_methods(optimizer: object, shown: str) -> None:
    """Look for the two methods of an optimizer.

    Raises:
        NotYet: One is missing.
    """
    for name in ("zero_grad", "step"):
        if not callable(getattr(optimizer, name, None)):
            raise NotYet(f"What {shown} makes has no method {name}.")


def get_gradients(tensors: list[torch.Tensor]) -> torch.Tensor:
    """Copy the gradients of some tensors into one flat tensor; 0 where there is none."""
    found = [torch.zeros_like(one) if one.grad is None else one.grad for one in tensors]
    return torch.cat([one.detach().flatten() for one in found])


def is_used_up(optimizer: object) -> bool:
    """Tell whether an optimizer keeps a generator that has come to its end."""
    kept = getattr(optimizer, "__dict__", {}).values()
    made = filter(inspect.isgenerator, kept)
    return any(inspect.getgeneratorstate(one) == inspect.GEN_CLOSED for one in made)


CLASS = Exercise(
    shown="Momentum(net.parameters(), lr={0}, momentum={1})",
    level=3,
    minutes=20,
    core=False,
    plan="In __init__ keep what comes in, the parameters as a list, and make a memory of zeros for "
    "each of them. zero_grad takes each gradient away. step goes through parameters and memories "
    "in pairs, outside of the graph: the memory fades and takes the gradient in, then the "
    "parameter moves. Both are changed in place, so that what is kept is what has changed.",
    solution="""\
class Momentum:
    def __init__(self, parameters, lr, momentum):
        self.parameters = list(parameters)
        self.lr = lr
        self.momentum = momentum
        self.memories = [torch.zeros_like(p) for p in self.parameters]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    def step(self):
        with torch.no_grad():
            for p, memory in zip(self.parameters, self.memories, strict=True):
                memory *= self.momentum
                memory += p.grad
                p -= self.lr * memory
""",
    why="Its steps are those of SGD with momentum, for a small rate and for a large one.",
    draw=draw_rates,
    observe=observe_optimizer,
    mistakes={
        "So it moves without a memory. Is there one, and is it kept from step to step?": edit(
            "memory *= self.momentum", "memory *= 0"
        ),
        "So it moves if the memory takes only the part 1 - momentum of each new gradient. Here it "
        "takes all of it.": edit("+= p.grad", "+= (1 - self.momentum) * p.grad"),
        "The weights move uphill, with the gradient. They should move against it.": edit(
            "p -= ", "p += "
        ),
        "So it moves with a momentum of 0.9: use the one that comes in.": edit(
            "self.momentum = momentum", "self.momentum = 0.9"
        ),
        "So it moves with a rate of 0.05: use the one that comes in.": edit(
            "self.lr = lr", "self.lr = 0.05"
        ),
        "It moves by the memory of the step before. First the memory takes the gradient in, then "
        "the weight moves by it.": edit(
            "                p -= self.lr * memory\n",
            "",
            "                memory *=",
            "                p -= self.lr * memory\n                memory *=",
        ),
        "That is Nesterov's rule, which looks one step ahead: here the weight moves by the memory "
        "alone.": edit("* memory\n", "* (p.grad + self.momentum * memory)\n"),
        "So it moves if the new gradient fades, too: only the memory before it does.": edit(
            "memory *= self.momentum\n                memory += p.grad",
            "memory += p.grad\n                memory *= self.momentum",
        ),
        "So it moves if the memory never fades: multiply it by the momentum first.": edit(
            "                memory *= self.momentum\n", ""
        ),
        "The rate counts twice, in the memory and in the move.": edit(
            "+= p.grad", "+= self.lr * p.grad"
        ),
        "No weight moves. Does step change the network's own tensors, with p -= ...? (p = p - ... "
        "gives the name p to a new one.) And are the gradients still there when it begins?": edit(
            "p -= self.lr * memory", "p = p - self.lr * memory"
        ),
        "No weight moves, for parameters() is a generator, used up after one loop over it. Keep "
        "list(parameters).": edit(
            "list(parameters)", "parameters", ", strict=True", ", strict=False"
        ),
        "parameters() is a generator: it is used up after one loop over it. Keep "
        "list(parameters).": edit("list(parameters)", "parameters"),
        "zero_grad leaves the old gradients there. It sets each p.grad to None, or to zeros in "
        "place.": edit("p.grad = None", "grad = None"),
        "Before the first backward there is no gradient to fill with zeros: ask `if p.grad is not "
        "None` first, or set p.grad to None.": edit("p.grad = None", "p.grad.zero_()"),
        "The gradient that step finds is None. Does step clear it before it uses it? Or does the "
        "class keep copies of the parameters, which backward does not fill?": edit(
            "    def step(self):\n", "    def step(self):\n        self.zero_grad()\n"
        ),
        "So it moves if the memory is the gradient itself, which zero_grad fills with zeros and "
        "backward fills anew: p.grad.clone() is a copy.": """\
class Momentum:
    def __init__(self, parameters, lr, momentum):
        self.parameters = list(parameters)
        self.lr, self.momentum = lr, momentum
        self.memories = [None for _ in self.parameters]

    def zero_grad(self):
        for p in self.parameters:
            if p.grad is not None:
                p.grad.zero_()

    @torch.no_grad()
    def step(self):
        for number, p in enumerate(self.parameters):
            if self.memories[number] is None:
                self.memories[number] = p.grad
            else:
                self.memories[number] *= self.momentum
                self.memories[number] += p.grad
            p -= self.lr * self.memories[number]
""",
    },
)

EXERCISES = {"05-loop": LOOP, "05-rate": RATE, "05-class": CLASS}
