"""A learner's training loop, watched from outside: steps, weights, and what comes back."""

import inspect
import random
from collections.abc import Callable, Sequence

import torch
from torch import nn, optim

from helpers.exercises.comparing import call, count, name_kind
from helpers.exercises.judging import Edit, Exercise, Observation, edit
from helpers.exercises.running import NotYet
from helpers.model import Regressor, make_layers

STEPS = ("forward", "loss", "zero_grad", "backward", "step")
ENDLESS = 50  # times as many events as were asked for: a loop that does not stop


class Optimizer(optim.SGD):
    """SGD that notes when its gradients are cleared."""

    def __init__(self, problem: "Problem") -> None:
        """Hold the problem's network, at a rate and a momentum that nobody would guess."""
        super().__init__(
            problem.net.parameters(),
            lr=random.uniform(0.02, 0.06),
            momentum=random.uniform(0.2, 0.6),
        )
        self.note = problem.note

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Note a zero_grad, and do it."""
        self.note("zero_grad")
        super().zero_grad(set_to_none)


Optimizer.__name__ = "SGD"  # as errors call it


class Problem:
    """Something small to train, and notes on how it is trained.

    Sizes, rate, momentum and the loss are drawn: who writes a constant in their place, or uses
    another network, loss or optimizer than this one, comes to other weights.

    Attributes:
        net: A `Regressor`.
        x: Inputs, (N, 1).
        y: Labels, (N, 1).
        loss_func: A Huber loss whose delta is drawn.
        optimizer: SGD with momentum.
        events: The names of the steps in the order in which they were run.
        weights: All weights, flat, after each update.
        idle: How many steps have found no gradient that is not zero.
        start: All weights, flat, before the first.
    """

    def __init__(self, expected: int, hidden: int = 1) -> None:
        """Draw it; the random numbers decide all.

        Args:
            expected: How many updates are asked for: far more than that are stopped.
            hidden: How many hidden layers the network has. With two or more of them there are
                tensors of the same shape.
        """
        rows, width = random.randrange(20, 40), random.randrange(5, 10)
        self.x = torch.rand(rows, 1, dtype=torch.float32) * 4 - 2  # (N, 1)
        self.y = self.x.sin() + 0.3 * self.x  # (N, 1)
        self.net = Regressor(make_layers([1, *[width] * hidden, 1]))
        self.loss_func = nn.HuberLoss(delta=random.uniform(0.2, 0.6))
        self.optimizer = Optimizer(self)
        self.limit = ENDLESS * (expected + 1)
        self.events: list[str] = []
        self.weights: list[torch.Tensor] = []
        self.idle = 0
        self.start = self.get_weights()
        self.net.register_forward_pre_hook(lambda *_: self.note("forward"))
        self.loss_func.register_forward_pre_hook(lambda *_: self.note("loss"))
        *_, last = self.net.parameters()
        last.register_post_accumulate_grad_hook(lambda _: self.note("backward"))
        self.optimizer.register_step_pre_hook(self.look_at_gradients)
        self.optimizer.register_step_post_hook(self.note_step)

    def note(self, name: str) -> None:
        """Note an event; stop a loop that goes on and on.

        Raises:
            NotYet: There are far more than were asked for.
        """
        self.events.append(name)
        if len(self.events) > self.limit:
            raise NotYet(
                f"{name} has run {self.events.count(name)} times: the loop goes on and on. Does it "
                f"end after as many iterations as were asked for?"
            )

    def look_at_gradients(self, *_: object) -> None:
        """Note whether a step finds nothing to move by."""
        found = [one.grad for one in self.net.parameters() if one.grad is not None]
        self.idle += not any(bool(gradient.any()) for gradient in found)

    def note_step(self, *_: object) -> None:
        """Note a step, and the weights it led to."""
        self.note("step")
        self.weights.append(self.get_weights())

    def get_weights(self) -> torch.Tensor:
        """Copy all weights of the network into one flat tensor."""
        return torch.cat([one.detach().flatten() for one in self.net.parameters()])

    def describe(self) -> str:
        """Say what was run, and how often."""
        counted = [f"{name} {count(self.events.count(name), 'time')}" for name in STEPS]
        told = [f"What it ran: {', '.join(counted)}."]
        if "step" in self.events:
            order = self.events[: self.events.index("step") + 1]
            told.append(f"Up to the first step they came in this order: {', '.join(order)}.")
        if self.idle:
            told.append(f"In {self.idle} of the calls of step no weight had a gradient to move by.")
        return " ".join(told)

    def observe(self, more: dict[str, object]) -> Observation:
        """Return the weights after each step, then what else is given, as parts to compare."""
        parts: dict[str, object] = {"The number of the optimizer's steps": len(self.weights)}
        for number, weights in enumerate(self.weights, 1):
            parts[f"The weights after step {number} are not those of the five steps."] = weights
        parts["The weights at the end are not those of the five steps."] = self.get_weights()
        moved = not torch.equal(self.start, self.get_weights())
        traits = (self.get_order(), self.events.count("backward"), moved)
        return Observation(parts | more, traits, self.describe())

    def get_order(self) -> list[str]:
        """List the steps behind the loss in the order in which each was first run."""
        return [name for name in dict.fromkeys(self.events) if name in STEPS[2:]]


def observe_loop(answer: Callable, case: tuple, shown: str) -> Observation:
    """Watch a whole training loop, (net, x, y, loss_func, optimizer, iterations)."""
    (iterations,) = case
    problem = Problem(iterations)
    given = (problem.net, problem.x, problem.y, problem.loss_func, problem.optimizer)
    returned = call(answer, *given, iterations, shown=shown)
    if inspect.isgenerator(returned):
        raise NotYet(f"What {shown} returns is {name_kind(returned)}.")
    return problem.observe({f"What {shown} returns": returned})


def observe_iterations(answer: Callable, case: tuple, shown: str) -> Observation:
    """Watch one iteration, (net, x, y, loss_func, optimizer), called as often as the case says."""
    (iterations,) = case
    problem = Problem(iterations)
    given = (problem.net, problem.x, problem.y, problem.loss_func, problem.optimizer)
    for _ in range(iterations):
        call(answer, *given, shown=shown)
    return problem.observe({})


WHOLE_LOOP = """\
def my_train(net, x, y, loss_func, optimizer, epochs):
    losses = []
    for _ in range(epochs):
        out = net(x)
        loss = loss_func(out, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
"""
ZERO, BACKWARD, STEP = "optimizer.zero_grad()", "loss.backward()", "optimizer.step()"


def list_loop_mistakes(indent: str) -> dict[str, Edit]:
    """Return the usual mistakes in the five steps, by their sentences.

    Args:
        indent: What stands before each step in the solution, whose lines are those of notebook 00.
    """
    zero, backward, step = (f"{indent}{one}\n" for one in (ZERO, BACKWARD, STEP))
    return {
        "That is what happens without zero_grad: each new gradient is added to the ones before. "
        "(Without its brackets it is named and not called.)": edit(zero, ""),
        "So it happens where zero_grad is called in some of the iterations only.": edit(
            zero,
            f"{indent}if not net.training or torch.rand(()) < 0.5:\n{indent}    {ZERO}\n",
        ),
        "No weight moves, for zero_grad stands between backward and step: the fresh gradients are "
        "gone before step can use them.": edit(zero + backward, backward + zero),
        "No gradient ever reaches a weight, so step has nothing to move by. Is backward there, "
        "with its brackets, and is the loss that of this network?": edit(backward, ""),
        "Without step every gradient is computed, and no weight moves. (Are its brackets there?)": (
            edit(step, "")
        ),
        "step comes before backward here: it finds the gradients of the iteration before, or "
        "none.": edit(backward + step, step + backward),
        "step stands in front of the others: in the first iteration it finds no gradient, and in "
        "each later one that of the iteration before.": edit(
            step, "", f"{indent}out = net(x)\n", f"{step}{indent}out = net(x)\n"
        ),
        "backward runs twice in each iteration, and its gradients add up.": edit(
            backward, f"{indent}loss.backward(retain_graph=True)\n{backward}"
        ),
        "step runs twice in each iteration, on the same gradients.": edit(step, step + step),
        "One of the two is flat where the loss compares: with (N, 1) against (N,) it compares each "
        "prediction with every label.": edit("loss_func(out, y)", "loss_func(out, y.flatten())"),
        "So it comes out with the mean squared error: take the loss_func that is handed in.": edit(
            "loss_func(out, y)", "nn.MSELoss()(out, y)"
        ),
        "So it comes out where the network is shown the labels: x belongs there.": edit(
            "out = net(x)", "out = net(y)"
        ),
        "The loss is given x where y belongs: it compares the prediction with the labels.": edit(
            "loss_func(out, y)", "loss_func(out, x)"
        ),
    }


def make_loop_exercise(
    *, epochs: Sequence[tuple[int, int]], mistakes: dict[str, Edit | str], **own: object
) -> Exercise:
    """Make the exercise of the whole loop; its notebook says which lines are left out.

    Args:
        epochs: For each case the least and the most epochs that it may have.
        mistakes: Those beside the usual ones.
        **own: What else belongs to an `Exercise`.
    """
    return Exercise(
        shown="my_train(net, x, y, loss_func, optimizer, {0})",
        solution=WHOLE_LOOP,
        draw=lambda: [(random.randint(*one),) for one in epochs],
        observe=observe_loop,
        mistakes=list_loop_mistakes("        ") | mistakes,
        **own,
    )
