"""Module 6, training: the five steps, once."""

import copy
import itertools
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import nn


class Iteration(NamedTuple):
    """What one pass through the five steps leaves to look at.

    Attributes:
        number: Which pass this is.
        loss: The loss before this pass's update.
        prediction: What the network said before this pass's update, detached, (N, outputs).
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
        lr: The learning rate at that moment.
    """

    def __init__(self, number: int, loss: float, last_loss: float | None, lr: float) -> None:
        """Keep what happened; `str()` tells it in a sentence."""
        super().__init__(number, loss, last_loss, lr)
        self.number, self.loss, self.last_loss, self.lr = number, loss, last_loss, lr

    def __str__(self) -> str:
        """Say where it happened and what to try."""
        before = (
            "no loss before it" if self.last_loss is None else f"{self.last_loss:.3g} before it"
        )
        return (
            f"loss is {self.loss} at iteration {self.number} ({before}) with learning rate "
            f"{self.lr:g}; make a new network and try a smaller learning rate"
        )


def train(
    net: nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    loss_func: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    epochs: int | None = None,
    start: int = 0,
) -> Iterator[Iteration]:
    """Train net on (x, y), and hand out every iteration as it is done.

    Nothing runs until you loop over the result. Leave the loop whenever you like: calling
    `train` again with the same objects goes on where you stopped.

    Args:
        net: The network, from x to something of the shape of y.
        x: Inputs, finite, (N, inputs).
        y: Targets, finite, of the shape of net(x); or class numbers, integer (N,).
        loss_func: Called as loss_func(net(x), y), such as `nn.MSELoss()`.
        optimizer: Made from net.parameters().
        epochs: Number of iterations; None goes on until you leave the loop. Every iteration
            sees all of x, so that an iteration is an epoch too.
        start: Number of the first iteration.

    Yields:
        An `Iteration` after each update.

    Raises:
        TypeError: `epochs` or `start` is not an int, or `loss_func` is not an instance.
        ValueError: Shapes that do not fit, values that are not finite, a learning rate that
            is not positive, or an optimizer that was made for another network.
        Diverged: The loss is no longer finite. The weights of that moment are kept.

    Shown in: 06_training
    """
    check_training(net, x, y, loss_func, optimizer, epochs, start)

    def iterations() -> Iterator[Iteration]:
        last_loss = None
        for number in itertools.count(start) if epochs is None else range(start, start + epochs):
            out = net(x)  # 1. forward
            loss = loss_func(out, y)  # 2. loss
            loss_value = loss.item()
            if not math.isfinite(loss_value):
                raise Diverged(number, loss_value, last_loss, optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()  # 3. zero the gradients
            loss.backward()  # 4. backward
            optimizer.step()  # 5. step
            last_loss = loss_value
            yield Iteration(number, loss_value, out.detach())

    return iterations()


def check_training(
    net: nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    loss_func: object,
    optimizer: torch.optim.Optimizer,
    epochs: object,
    start: object,
) -> None:
    """Refuse what `train` cannot use, or would use without teaching the network anything."""
    for name, count in (("epochs", 0 if epochs is None else epochs), ("start", start)):
        if not isinstance(count, int) or isinstance(count, bool):
            raise TypeError(f"{name} must be an int of at least 0, got {count!r}")
        if count < 0:
            raise ValueError(f"{name} must be at least 0, got {count}")
    if isinstance(loss_func, type) or not callable(loss_func):
        raise TypeError(f"loss_func must be an instance such as nn.MSELoss(), got {loss_func!r}")
    _check_points(x, y)
    with torch.no_grad():
        out = copy.deepcopy(net).eval()(x)  # a copy: looking at the shape must change nothing
    if y.is_floating_point() and y.shape != out.shape:
        raise ValueError(
            f"y must have the shape of net(x), {tuple(out.shape)}, got {tuple(y.shape)}: PyTorch "
            f"would broadcast the two and average over pairs that do not belong together"
        )
    own = set(net.parameters())
    held = {parameter for group in optimizer.param_groups for parameter in group["params"]}
    if not own & held:
        raise ValueError(
            "optimizer must be made from net.parameters(), but it holds none of this network's "
            "parameters: make it again after making net"
        )
    for group in optimizer.param_groups:
        if not 0 < group["lr"] < math.inf:
            raise ValueError(f"lr must be positive and finite, got {group['lr']}")


def _check_points(x: torch.Tensor, y: torch.Tensor) -> None:
    for name, values in (("x", x), ("y", y)):
        if not isinstance(values, torch.Tensor):
            raise TypeError(f"{name} must be a tensor, got {type(values).__name__}")
    if x.ndim < 2 or not x.numel():
        raise ValueError(
            f"x must be a column of at least one row, (N, 1), got shape {tuple(x.shape)}"
        )
    if not y.ndim or len(x) != len(y):
        raise ValueError(
            f"x and y must have the same length, got shapes {tuple(x.shape)} and {tuple(y.shape)}"
        )
    for name, values in (("x", x), ("y", y)):
        bad = ~values.isfinite()
        if bad.any():
            row = bad.nonzero()[0, 0].item()
            raise ValueError(f"{name} must be finite, got {values[bad][0].item()} in row {row}")


class Curve:
    """A loss curve that needs no more room however long the training is.

    Once it holds 2000 points it drops every second one, and from then on keeps every second
    iteration, then every fourth, and so on. The first and the latest are always there.

    Attributes:
        iterations: Numbers of the iterations that are kept, at most 2000.
        losses: Their losses.
    """

    MOST = 2000

    def __init__(self) -> None:
        """Begin without a point."""
        self.iterations: list[int] = []
        self.losses: list[float] = []
        self._recorded = 0
        self._every = 1

    def record(self, number: int, loss: float) -> None:
        """Take the next point.

        Args:
            number: The iteration's number.
            loss: Its loss.
        """
        if self._recorded and (self._recorded - 1) % self._every:  # the latest stood in between
            del self.iterations[-1], self.losses[-1]
        self.iterations.append(number)
        self.losses.append(loss)
        self._recorded += 1
        if len(self.losses) > self.MOST:
            del self.iterations[1:-1:2], self.losses[1:-1:2]
            self._every *= 2
