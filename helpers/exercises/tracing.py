"""A learner's training watched from outside: the five steps, the gradients, the weights."""

import copy
import functools
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import torch
from torch import nn, optim
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.overrides import TorchFunctionMode

from helpers.exercises.running import NotYet
from helpers.model import Regressor, make_layers

LOOP_INSIDE = (
    "One call should be one iteration, and there is a loop inside: write the five steps once."
)
LR = 0.01  # of the watched optimizer: small, so that gradients of neighbours are alike


class WatchedNet(Regressor):
    """A small network that notes when it is called."""

    def __init__(self, trace: "Trace", cfg: list[int]) -> None:
        """Build it with weights of its own."""
        super().__init__(make_layers(cfg))
        self.note = trace.note

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Note a forward, and predict: (N, inputs) -> (N, outputs)."""
        self.note("forward", x)
        return self.features(x)


WatchedNet.__name__ = "Regressor"  # as errors call it


class WatchedLoss(nn.MSELoss):
    """A mean squared error that notes when it is called, and on what."""

    def __init__(self, trace: "Trace") -> None:
        """Keep where to note it."""
        super().__init__()
        self.note = trace.note

    def forward(self, out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Note a loss, and compute it."""
        self.note("loss", (out, y))
        return super().forward(out, y)


class WatchedSGD(optim.SGD):
    """SGD that notes when it is called, and what gradients it finds."""

    def __init__(self, trace: "Trace", parameters: list[nn.Parameter]) -> None:
        """Keep where to note it."""
        super().__init__(parameters, lr=LR)
        self.trace = trace

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Note a zero_grad, and do it."""
        self.trace.note("zero_grad")
        super().zero_grad(set_to_none)

    def step(self, closure: None = None) -> None:
        """Note a step with the share of one backward that it finds, and do it."""
        self.trace.note("step", self.trace.measure())
        super().step(closure)


class Trace:
    """What a learner's training function does with what it is given.

    Attributes:
        net, x, y, loss_func, optimizer: What to hand to the function.
        events: (name, detail) in order: forward, loss, zero_grad, backward, step.
        losses: What the five steps give, one for each iteration and one after the last.
    """

    def __init__(self, iterations: int, looped: bool = True) -> None:
        """Make a small problem, and do it right on a copy.

        Args:
            iterations: How many there should be in all.
            looped: Whether the learner writes the loop; else each call is one iteration.
        """
        self.iterations = iterations
        self.looped = looped
        self.events: list[tuple[str, object]] = []
        self.x = torch.rand(32, 1) * 4 - 2  # (32, 1)
        self.y = self.x.sin() + 0.3 * self.x  # (32, 1)
        self.net = WatchedNet(self, [1, 8, 1])
        with torch.no_grad():  # unit 0 is on for some x: its weight moves
            self.net.features[0].weight[0, 0] = 0.8
            self.net.features[0].bias[0] = 0.3
            self.net.features[2].weight[0, 0] = 0.2
        self.loss_func = WatchedLoss(self)
        self.optimizer = WatchedSGD(self, list(self.net.parameters()))
        self.start = [parameter.detach().clone() for parameter in self.net.parameters()]
        self.losses, self.end = self._do_right()
        last = list(self.net.parameters())[-1]
        last.register_post_accumulate_grad_hook(lambda _: self.note("backward"))

    def _do_right(self) -> tuple[list[float], list[torch.Tensor]]:
        features = copy.deepcopy(self.net.features)
        losses = []
        for _ in range(self.iterations):
            loss = (features(self.x) - self.y).square().mean()
            gradients = torch.autograd.grad(loss, list(features.parameters()))
            losses.append(loss.item())
            with torch.no_grad():
                for parameter, gradient in zip(features.parameters(), gradients, strict=True):
                    parameter -= LR * gradient
        losses.append((features(self.x) - self.y).square().mean().item())
        return losses, [parameter.detach() for parameter in features.parameters()]

    def note(self, name: str, detail: object = None) -> None:
        """Note an event; stop a loop that goes on and on.

        Raises:
            NotYet: It has happened far more often than it should.
        """
        self.events.append((name, detail))
        count = self.count(name)
        if count > 3 * self.iterations + 10:
            if not self.looped:
                raise NotYet(LOOP_INSIDE)
            raise NotYet(
                f"{name} has run {count} times where {self.iterations} iterations were asked "
                f"for: the loop does not stop when they are done."
            )

    def count(self, name: str) -> int:
        """Count how often something happened."""
        return sum(event == name for event, _ in self.events)

    def count_rounds(self) -> int:
        """Count how often all steps have run; zero_grad may be done by hand."""
        return min(map(self.count, ("forward", "loss", "backward", "step")))

    def details(self, name: str) -> list:
        """List what was noted each time."""
        return [detail for event, detail in self.events if event == name]

    def measure(self) -> float | None:
        """Measure the gradients by those of one backward now: 1 is right, 0 and None are none."""
        parameters = list(self.net.parameters())
        if all(parameter.grad is None for parameter in parameters):
            return None
        with torch.enable_grad():
            loss = (self.net.features(self.x) - self.y).square().mean()
            once = torch.autograd.grad(loss, parameters)
        found = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        size = sum(one.square().sum() for one in once)
        return (sum((a * b).sum() for a, b in zip(found, once, strict=True)) / size).item()

    def find_fault(self) -> str | None:
        """Say which of the five steps is missing, doubled or out of order; None if none is."""
        return self._find_missing() or self._find_mixed_up() or self._find_gradients()

    def _find_missing(self) -> str | None:
        if not self.count("forward"):
            return (
                "It never calls the net that it is given. Does it use another one, a `net` from "
                "the notebook, or a generator that nothing loops over?"
            )
        if not self.count("loss"):
            if self.count("backward"):
                return (
                    "It uses a loss of its own, and never calls the loss_func that it is given. "
                    "Take that one: whoever calls the function chooses the loss."
                )
            return "It never calls the loss_func that it is given, so nothing says what is wrong."
        if not self.count("backward") and self.count("step"):
            return (
                f"backward never runs: at each of the {self.count('step')} calls of step no "
                f"weight has a gradient, so nothing moves."
            )
        if not self.count("step"):
            moved = any(
                not torch.equal(a, b)
                for a, b in zip(self.net.parameters(), self.start, strict=True)
            )
            if moved:
                return (
                    "The weights have moved, but not by the optimizer that it is given: its step "
                    "is never called. Does the function make its own?"
                )
            done = self.count("backward")
            times = f"backward ran {done} time{'s' if done > 1 else ''}" if done else "it ran"
            return (
                f"step is never called: {times}, and every weight is still what it was. Are its "
                f"brackets there, optimizer.step()?"
            )
        return None

    def _find_mixed_up(self) -> str | None:
        x = self.details("forward")[0]
        if torch.equal(x, self.y):
            return "The network is shown y, the labels: x belongs there."
        if len(x) != len(self.x):
            return (
                f"The network is shown {len(x)} of the {len(self.x)} rows of x: show it all of x."
            )
        out, y = self.details("loss")[0]
        if out.shape != y.shape:
            return (
                f"loss_func is given the shapes {tuple(out.shape)} and {tuple(y.shape)}: PyTorch "
                f"makes a table of all pairs of them. Both should be {tuple(self.y.shape)}."
            )
        if torch.equal(out, y):
            return (
                "loss_func is given the same numbers twice, so the loss is 0: it compares the "
                "prediction with y."
            )
        if same_numbers(out, self.x) or same_numbers(y, self.x):
            return "loss_func is given x where y belongs: it compares the prediction with y."
        if same_numbers(x, self.x) and not any(same_numbers(one, self.y) for one in (out, y)):
            return "Neither of the two things that loss_func is given is y as it came in."
        return None

    def _find_gradients(self) -> str | None:
        names = [name for name, _ in self.events]
        found = self.details("step")
        steps = len(found)
        if found[0] is None and names.index("step") < names.index("backward"):
            return (
                "step comes before backward: at the first step no weight has a gradient yet, and "
                "each later one uses the gradient of the iteration before."
            )
        if not any(found):
            return (
                f"At all {steps} calls of step the gradients are gone, though backward ran "
                f"{self.count('backward')} times: zero_grad stands between the two."
            )
        if steps > self.count("backward"):
            return (
                f"step runs {steps} times and backward {self.count('backward')} times: one "
                f"step for each backward."
            )
        if found[0] > 1.5 and names[: names.index("step")].count("backward") > 1:
            return (
                f"At the first step the gradient is {found[0]:.1f} times that of one backward: "
                f"backward runs more than once before it, and adds up."
            )
        if self.count("forward") < steps:
            return (
                f"forward runs {self.count('forward')} times for {steps} updates: each iteration "
                f"needs a prediction by the weights of that moment."
            )
        if steps != self.iterations:
            fact = f"There are {steps} updates" if steps > 1 else "There is 1 update"
            fact += f" where {self.iterations} iterations were asked for"
            if not self.looped:
                return f"{fact}: each call should make one."
            if steps == 1:
                return f"{fact}: is return inside the loop?"
            return f"{fact}: does the loop run as often as the last argument says?"
        return self._find_leftovers(found)

    def _find_leftovers(self, found: list) -> str | None:
        place = min(2, len(found) - 1)
        if any(one is None or abs(one - 1) > 1e-3 for one in found):
            kept = found[place] or 0.0
            zeroed = self.count("zero_grad")
            if kept > 1.2 and found[0] and abs(found[0] - 1) < 1e-3:  # the first is right
                cleared = "zero_grad is never called (without brackets it is only named)"
                if zeroed:
                    times = f"{zeroed} time{'s' if zeroed > 1 else ''}"
                    cleared = f"zero_grad is called {times}, and not before each backward"
                return (
                    f"{cleared}: after {place + 1} iterations the gradient is {kept:.1f} times "
                    f"that of one backward."
                )
            wrong = next(i for i, one in enumerate(found) if one is None or abs(one - 1) > 1e-3)
            size = 0.0 if found[wrong] is None else found[wrong]
            return (
                f"In iteration {wrong} step uses {size:.2g} times the gradient of the loss at that "
                f"moment: something stands between forward, backward and step."
            )
        pairs = zip(self.net.parameters(), self.end, strict=True)
        gap = max((a - b).abs().max().item() for a, b in pairs)
        if gap > 1e-4:
            return (
                f"The five steps are there, but at the end a weight is {gap:.2g} off: something "
                f"else changes the weights, a new start or a seed inside the function."
            )
        return None


def same_numbers(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Tell whether two tensors hold the same numbers, upright or flat."""
    return torch.equal(a.flatten(), b.flatten())


PAIRWISE = {"sub", "subtract", "rsub", "__sub__", "__rsub__"}
PAIRWISE |= {"mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss"}


class Pairing(TorchFunctionMode):
    """Notices two tensors of which PyTorch makes a table: (N, 1) with (N,) or (1, N) is (N, N).

    Attributes:
        seen: The first such pair, or None.
    """

    def __init__(self) -> None:
        """Nothing is seen yet."""
        super().__init__()
        self.seen: tuple[torch.Tensor, torch.Tensor] | None = None

    def __torch_function__(
        self, function: Callable, types: object, args: tuple = (), kwargs: dict | None = None
    ) -> object:
        """Look at the shapes, and do what was asked."""
        if getattr(function, "__name__", "") in PAIRWISE:
            given = (*args, *(kwargs or {}).values())
            pair = [one for one in given[:2] if isinstance(one, torch.Tensor)]
            if self.seen is None and len(pair) == 2 and makes_table(*pair):
                self.seen = pair[0], pair[1]
        return function(*args, **(kwargs or {}))


def makes_table(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Tell whether two tensors broadcast to more numbers than either of them has."""
    try:
        shape = torch.broadcast_shapes(a.shape, b.shape)
    except RuntimeError:  # they do not fit at all, and PyTorch will say so
        return False
    return shape.numel() > max(a.numel(), b.numel())


class Enough(BaseException):
    """Thrown into a program of which no more is to be seen."""


def find_table(program: Callable[[], object]) -> str | None:
    """Run a program up to its first step, and look for a table where a column is meant.

    Returns:
        A sentence about the two shapes of which PyTorch made a table, or None.
    """
    thread = threading.get_ident()

    def end(*args: object) -> None:
        if threading.get_ident() == thread:
            raise Enough

    hook = register_optimizer_step_pre_hook(end)
    try:
        with Pairing() as pairing:
            program()
    except Enough:
        pass
    finally:
        hook.remove()
    if pairing.seen is None:
        return None
    a, b = pairing.seen
    lying = b if a.ndim == 2 and a.shape[1] == 1 else a  # the other one is the column
    whose = "predictions" if lying.requires_grad else "labels"
    kind = "flat" if lying.ndim == 1 else "no column"
    return (
        f"Somewhere the shapes {tuple(a.shape)} and {tuple(b.shape)} meet, and PyTorch makes a "
        f"table of all their pairs: the {whose} are {kind}, so each prediction is compared with "
        f"every label: {tuple(torch.broadcast_shapes(a.shape, b.shape))} errors."
    )


class ProgramTrace:
    """What a whole training program does, watched through PyTorch's own hooks.

    Attributes:
        steps: For each `optimizer.step()`: the parameters it holds and how many of them have a
            gradient that is not zero.
        optimizers: The optimizer of each of these calls.
        reached: Whether backward has reached a weight.
        added: How many gradients were added to one that a step had already used.
        fresh: How many began anew after a step, because they had been cleared.
    """

    def __init__(self) -> None:
        """Nothing is seen yet."""
        self.steps: list[tuple[list[torch.Tensor], int]] = []
        self.optimizers: list[optim.Optimizer] = []
        self.reached = False
        self.added = 0
        self.fresh = 0
        self._used: dict[int, int] = {}  # by parameter: steps before its latest gradient
        self._left: dict[int, bool] = {}  # by parameter: whether it still had a gradient
        self._known: set[int] = set()
        self._thread = threading.get_ident()

    def __enter__(self) -> Self:
        """Begin to watch this thread."""
        self._hooks = [
            register_module_forward_pre_hook(self._see_module),
            register_optimizer_step_pre_hook(self._see_step),
        ]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop watching."""
        for hook in self._hooks:
            hook.remove()

    def _see_module(self, module: nn.Module, args: object) -> None:
        if threading.get_ident() != self._thread:
            return
        for parameter in module.parameters(recurse=False):
            if id(parameter) not in self._known and parameter.requires_grad:
                self._known.add(id(parameter))
                see = functools.partial(self._see_old_gradient, parameter)
                self._hooks += [
                    parameter.register_hook(see),
                    parameter.register_post_accumulate_grad_hook(self._see_gradient),
                ]

    def _see_old_gradient(self, parameter: torch.Tensor, gradient: torch.Tensor) -> None:
        """Look at what the new gradient is about to be added to."""
        self._left[id(parameter)] = parameter.grad is not None and bool(parameter.grad.any())

    def _see_gradient(self, parameter: torch.Tensor) -> None:
        self.reached = True
        if self._used.get(id(parameter), len(self.steps)) < len(self.steps):
            if self._left[id(parameter)]:
                self.added += 1
            else:
                self.fresh += 1
        if parameter.grad.any():  # zeros, as of a unit that is off, do not tell
            self._used[id(parameter)] = len(self.steps)

    def _see_step(self, optimizer: optim.Optimizer, args: object, kwargs: object) -> None:
        if threading.get_ident() != self._thread:
            return
        held = [one for group in optimizer.param_groups for one in group["params"]]
        alive = sum(one.grad is not None and bool(one.grad.any()) for one in held)
        self.steps.append((held, alive))
        self.optimizers.append(optimizer)
