"""Module 6, training: the five steps, once."""

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from torch import nn

from helpers.guards import (
    Loss,
    advise,
    eval_mode,
    get_rates,
    guard_epoch,
    guard_evaluation,
    guard_training,
    guarded,
    guarded_by,
    to_whole,
)


def iterate(
    net: nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    loss_func: Loss,
    optimizer: torch.optim.Optimizer,
    numbers: Iterable[int],
) -> Iterator["Iteration"]:
    """Run the five steps once for each number: the loop itself; arguments as for `train`."""
    last_loss = None
    for number in numbers:
        out = net(x)  # 1. forward
        loss = loss_func(out, y)  # 2. loss
        if not math.isfinite(loss.item()):
            raise Diverged(number, loss.item(), last_loss, get_rates(optimizer))
        prediction = out.detach().clone()  # a copy, which the update cannot reach
        optimizer.zero_grad()  # 3. zero_grad
        loss.backward()  # 4. backward
        optimizer.step()  # 5. step
        last_loss = loss.item()
        yield Iteration(number, last_loss, prediction)


@guarded_by(guard_epoch)
def train_epoch(
    net: nn.Module,
    loader: Iterable[tuple[torch.Tensor, torch.Tensor]],
    loss_func: Loss,
    optimizer: torch.optim.Optimizer,
) -> float:
    """Train net on every batch of loader once, in train mode: the five steps for each batch.

    Args:
        net: The network; it is left in train mode.
        loader: Hands out batches (x, y), such as a `DataLoader`; x and y as for `train`.
        loss_func: Called as loss_func(net(x), y); the mean over a batch, such as `nn.MSELoss()`.
        optimizer: Made from net.parameters(), such as SGD; its `step` takes no closure.

    Returns:
        The mean loss over the samples of this epoch, each taken before the update of its batch.

    Raises:
        TypeError: As `train`, or a loader that hands out no pairs.
        ValueError: As `train`, a loader that hands out no batch, or a loss that is no mean over
            rows.
        FloatingPointError: The loss is no longer finite. The weights of that moment are kept.

    Shown in: 09_real_program
    """
    net.train()
    total, seen = 0.0, 0
    for x, y in loader:
        out = net(x)  # 1. forward
        loss = loss_func(out, y)  # 2. loss
        optimizer.zero_grad()  # 3. zero_grad
        loss.backward()  # 4. backward
        optimizer.step()  # 5. step
        total += loss.item() * len(x)  # a short batch counts for less
        seen += len(x)
    return total / seen


@guarded_by(guard_evaluation)
def evaluate(
    net: nn.Module,
    loader: Iterable[tuple[torch.Tensor, torch.Tensor]],
    loss_func: Loss,
) -> float:
    """Measure net on every batch of loader, in eval mode; nothing of it changes.

    Args:
        net: The network; at the end each of its modules is in the mode that it came in.
        loader: Hands out batches (x, y), such as a `DataLoader`; x and y as for `train`.
        loss_func: Called as loss_func(net(x), y); the mean over a batch, such as `nn.MSELoss()`.

    Returns:
        The mean loss over all samples; inf or nan if that is what it is.

    Raises:
        TypeError: As `train_epoch`.
        ValueError: As `train_epoch`.

    Shown in: 09_real_program
    """
    total, seen = 0.0, 0
    with eval_mode(net), torch.no_grad():
        for x, y in loader:
            out = net(x)
            loss = loss_func(out, y)
            total += loss.item() * len(x)
            seen += len(x)
    return total / seen


def train(
    net: nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    loss_func: Loss,
    optimizer: torch.optim.Optimizer,
    epochs: int | None = None,
    start: int = 0,
) -> Iterator["Iteration"]:
    """Train net on (x, y), and hand out every iteration as it is done.

    Nothing runs until you loop over the result. Leave the loop whenever you like: calling
    `train` again with the same objects goes on where you stopped.

    Args:
        net: The network, from x to something that loss_func can compare with y.
        x: Inputs, finite, (N, inputs); or whole numbers (N,) for an embedding. Detached, if
            they were computed from what requires grad.
        y: Targets, finite, detached, of the shape of net(x). Class numbers, for a loss such as
            `nn.CrossEntropyLoss()`, are whole and leave out the columns: (N,) for (N, classes).
            A loss of your own may compare other shapes, such as a mean and a variance with a y.
        loss_func: Called as loss_func(net(x), y), such as `nn.MSELoss()`.
        optimizer: Made from net.parameters(), such as SGD; its `step` takes no closure.
        epochs: Number of iterations; None goes on until you leave the loop. Every iteration
            sees all of x, so that an iteration is an epoch too.
        start: Number of the first iteration.

    Returns:
        An iterator over one `Iteration` after each update. Its first turn looks at what the
        network makes of x, before anything is updated.

    Raises:
        TypeError: An argument of the wrong type, or a class where an instance belongs.
        ValueError: Shapes that do not fit, values that are not finite, a learning rate below 0,
            an optimizer that was made for another network, or a loss that teaches nothing.
        Diverged: The loss is no longer finite. The weights of that moment are kept.

    Shown in: 06_training
    """
    start = to_whole("start", start)
    if epochs is None:
        numbers = itertools.count(start)
    else:
        numbers = range(start, start + to_whole("epochs", epochs))
    guard_training(net, x, y, loss_func, optimizer)
    return iterate(net, x, y, guarded(loss_func), optimizer, numbers)


class Iteration(NamedTuple):
    """What one pass through the five steps leaves to look at.

    Attributes:
        number: Which pass this is.
        loss: The loss before this pass's update.
        prediction: What the network said before this pass's update: a copy, detached,
            (N, outputs).
    """

    number: int
    loss: float
    prediction: torch.Tensor


class Diverged(FloatingPointError):
    """The loss stopped being a finite number; the weights are left as they were.

    Attributes:
        number: The iteration whose loss is not finite.
        loss: That loss: inf or nan.
        last_loss: The last finite loss, or None when there was none.
        rates: The learning rate of each of the optimizer's groups at that moment.
    """

    def __init__(
        self, number: int, loss: float, last_loss: float | None, rates: tuple[float, ...]
    ) -> None:
        """Keep what happened; `str()` tells it in a sentence."""
        super().__init__(number, loss, last_loss, rates)
        self.number = number
        self.loss = loss
        self.last_loss = last_loss
        self.rates = rates

    def __str__(self) -> str:
        """Say where it happened and what to try."""
        before = (
            "no loss before it" if self.last_loss is None else f"{self.last_loss:.3g} before it"
        )
        return f"loss is {self.loss} at iteration {self.number} ({before}) {advise(self.rates)}"
