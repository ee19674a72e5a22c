"""Notebook 05: two steps and their places, stable rates, a rate for a problem, momentum."""

import contextlib
import inspect
import math
import random
from collections.abc import Callable
from itertools import combinations, pairwise
from unittest import mock

import torch
from torch import nn

from helpers.exercises.comparing import ask, call, name_kind, to_number, to_plain
from helpers.exercises.judging import Exercise, Observation, edit
from helpers.exercises.loops import Problem, make_loop_exercise
from helpers.exercises.running import NotYet, explain
from helpers.model import Regressor, make_layers
from helpers.training import Diverged, train

FEW = 6  # points, that a wrong rate is not explained by a chance distance
ITERATIONS = 5  # of training by a learner's optimizer
NEAR = 0.008  # how far apart points are whose losses tell little of a curvature, in float32
ROUNDED = (
    "At points {:.2g} apart the difference of three losses is so small that what float32 rounds "
    "away counts. A parabola is curved alike everywhere, so take points 0.5 apart."
)

ORDER = make_loop_exercise(
    level=1,
    minutes=5,
    gaps=("optimizer.zero_grad()", "optimizer.step()"),
    plan="Two lines of the five are missing, zero_grad and step. step moves the weights: which "
    "line makes what it needs for that? zero_grad throws gradients away: between which two lines "
    "would it throw away fresh ones?",
    why="Old gradients are gone before backward makes fresh ones, and step uses those. (zero_grad "
    "may stand anywhere but between backward and step.)",
    epochs=[(3, 3), (4, 6)],
    mistakes={
        "Neither zero_grad nor step is called: those are the two lines that are missing.": edit(
            "        optimizer.zero_grad()\n", "", "        optimizer.step()\n", ""
        ),
        "zero_grad stands before the loop, so it clears once, and from the second iteration on "
        "each new gradient is added to the ones before.": edit(
            "    for _ in",
            "    optimizer.zero_grad()\n    for _ in",
            "        optimizer.zero_grad()\n",
            "",
        ),
        "step stands behind the loop, so the weights move once, when all is over.": edit(
            "        optimizer.step()\n",
            "",
            "    return losses",
            "    optimizer.step()\n    return losses",
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
    for one, other in combinations(sorted(set(asked)), 2) if len(asked) <= FEW else ():
        if math.isclose(rate * bend * (other - one), 1, rel_tol=0.01):
            return (
                f"So it comes out if a difference is not divided by how far apart its two places "
                f"are, here {other - one:.3g}."
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
        "So it comes out if the curvature of a * w ** 2 is taken to be a: derive it twice. Or if "
        "the slopes at two places 0.5 apart are not divided by that 0.5.": edit(
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


CURVES = 3  # networks that train with a rate, from the seeds 0, 1, 2
SHORT = 100  # iterations of training with it
ENOUGH = 0.75  # of the way that the best rate goes, for a rate to pass


class Task:
    """A curve drawn anew, the loss to be made small, and how far each rate gets.

    Attributes:
        x: Inputs, (N, 1).
        y: Labels, (N, 1), of mean square 1 around their mean.
        loss_func: The mean or the sum of the squared errors.
        name: What the problem is called.
    """

    def __init__(self, reduction: str) -> None:
        """Draw the curve: two waves, at points that lie anywhere."""
        rows, reach = random.randrange(60, 120), random.uniform(2, 5)
        x = (torch.rand(rows, 1, dtype=torch.float32) * 2 - 1) * reach  # (N, 1)
        self.x = x.sort(dim=0).values
        slow = torch.sin(random.uniform(2, 3) * self.x / reach + random.uniform(0, 6))
        fast = torch.sin(random.uniform(4, 6) * self.x / reach + random.uniform(0, 6))
        y = slow + fast / 2
        self.y = y / y.std()
        self.loss_func = nn.MSELoss(reduction=reduction)
        self.name = f"the problem whose loss is the {reduction}"

    def get_ends(self, rate: float) -> list[float]:
        """Train with a rate from each seed; the mean squared error at the end, smallest first.

        What has exploded counts as infinite.
        """
        rows = 1 if self.loss_func.reduction == "mean" else len(self.x)
        ends = []
        for seed in range(CURVES):
            net = make_small(seed)
            optimizer = torch.optim.SGD(net.parameters(), lr=rate)
            run = train(net, self.x, self.y, self.loss_func, optimizer, epochs=SHORT)
            try:
                losses = [iteration.loss / rows for iteration in run]
                ends.append(sum(losses[-10:]) / 10)
            except Diverged:
                ends.append(math.inf)
        return sorted(ends)

    def search(self) -> tuple[float, float]:
        """Find the rate that gets farthest in the median; returns it, and the error it leaves."""
        center = 0.1 if self.loss_func.reduction == "mean" else 0.1 / len(self.x)
        tried = [center * 10 ** (power / 4) for power in range(-4, 4)]
        medians = {rate: self.get_ends(rate)[CURVES // 2] for rate in tried}
        best = min(medians, key=medians.get)
        return best, medians[best]


def make_small(seed: int) -> nn.Module:
    """Make a network with two hidden layers whose weights a seed decides, and nothing else."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Regressor(make_layers([1, 20, 20, 1]))


def judge_find(answer: object) -> str:
    """Train with the rates that a learner's function finds for two problems drawn anew."""
    rates = []
    for reduction in ("mean", "sum"):
        task = Task(reduction)
        given = (make_small, task.x.clone(), task.y.clone(), task.loss_func)
        rate = call(answer, *given, shown="find_rate(make_net, x, y, loss_func)")
        rate = to_rate(rate, task.name)
        rates.append(rate)
        if len(rates) == 2 and rates[0] == rates[1]:
            raise NotYet(
                f"It returns {rate:.2g} for both problems. In the second the loss is a sum over "
                f"{len(task.x)} points, so each slope is as many times as large. Does the function "
                f"try rates with the loss_func that comes in?"
            )
        judge_rate(rate, task)
    return (
        f"With {rates[0]:.2g} for the mean and {rates[1]:.2g} for the sum plain SGD gets about as "
        f"far as with the best rate that was found here."
    )


def to_rate(rate: object, name: str) -> float:
    """Take a learning rate.

    Raises:
        NotYet: It is none.
    """
    plain = to_number(rate)
    if plain is None:
        raise NotYet(
            f"For {name} find_rate should return one number, the rate; what came is "
            f"{name_kind(rate)}.{ask(rate)}"
        )
    if not 0 < plain < math.inf:
        raise NotYet(f"For {name} it returns {plain:.2g}. A rate is a number above 0.")
    return float(plain)


def judge_rate(rate: float, task: Task) -> None:
    """Compare a rate with the best that a search finds.

    Raises:
        NotYet: It gets less than `ENOUGH` of the way.
    """
    ends = task.get_ends(rate)
    middle = ends[CURVES // 2]
    if middle <= 1 - ENOUGH:  # enough, however far the best rate gets
        return
    best, lowest = task.search()
    if middle <= 1 - ENOUGH * (1 - lowest):
        return
    start = f"For {task.name} it returns {rate:.2g}."
    exploded = sum(end > 1.5 for end in ends)
    if rate > best and exploded:
        raise NotYet(
            f"{start} That is too large: {exploded} of {CURVES} trainings end worse than they "
            f"began. Did the search count what has exploded as the worst, and begin low enough?"
        )
    size = "large" if rate > best else "small"
    raise NotYet(
        f"{start} That is too {size}: its mean squared error is {middle:.2g} after {SHORT} "
        f"iterations, and with {best:.2g} it is {lowest:.2g}. Were the rates judged by the loss "
        f"after as many iterations?"
    )


FIND = Exercise(
    shown="find_rate(make_net, x, y, loss_func)",
    level=3,
    minutes=20,
    plan="Follow the recipe. Go through rates from 0.0001 to 1, each about three times the one "
    "before. For each rate train a fresh network from a few seeds for 100 iterations, with the "
    "five steps and the loss_func that comes in, and keep the losses. Remember the rate whose last "
    "losses are the lowest. What explodes ends in inf or nan, and `nan < anything` is never true.",
    solution="""\
def find_rate(make_net, x, y, loss_func):
    best_rate = None
    best_end = math.inf
    for rate in (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0):
        ends = []
        for seed in range(3):
            net = make_net(seed)
            optimizer = optim.SGD(net.parameters(), lr=rate)
            losses = []
            for _ in range(100):
                loss = loss_func(net(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            ends.append(sum(losses[-10:]) / 10)
        end = sum(ends) / 3
        if end < best_end:  # never so where it has exploded: nan is below nothing
            best_rate = rate
            best_end = end
    return best_rate
""",
    rule=judge_find,
    mistakes={
        "Does the function try rates with the loss_func that comes in?": edit(
            "loss = loss_func(net(x), y)", "loss = nn.MSELoss()(net(x), y)"
        ),
        "That is too small": edit(
            "0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0", "0.0000001, 0.000001"
        ),
        "That is too large": edit("end < best_end", "True"),
        "find_rate should return one number, the rate; what came is None.": edit(
            "    return best_rate\n", ""
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
    problem = Problem(ITERATIONS, hidden=2)
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
        "Two of the network's tensors have the same shape here, and share a memory. Each parameter "
        "needs one of its own, even if it looks like another.": """\
class Momentum:
    def __init__(self, parameters, lr, momentum):
        self.parameters = list(parameters)
        self.lr, self.momentum = lr, momentum
        self.memories = {p.shape: torch.zeros_like(p) for p in self.parameters}

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self):
        for p in self.parameters:
            memory = self.memories[p.shape]
            memory *= self.momentum
            memory += p.grad
            p -= self.lr * memory
""",
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

EXERCISES = {"05-order": ORDER, "05-rate": RATE, "05-find": FIND, "05-class": CLASS}
