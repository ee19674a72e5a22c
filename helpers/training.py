"""Module 6, training: the five steps, once."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch
from torch import nn
from torch.utils.data import Dataset

from helpers.checks import show, to_whole

# Losses that compare net(x) with y number by number, so that class numbers make no sense to them.
ELEMENTWISE = (
    nn.MSELoss,
    nn.L1Loss,
    nn.SmoothL1Loss,
    nn.HuberLoss,
    nn.BCELoss,
    nn.BCEWithLogitsLoss,
)


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


def advise(rates: Iterable[float]) -> str:
    """Name the learning rates with which a loss exploded, and what to try."""
    shown = ", ".join(f"{rate:g}" for rate in rates) or "unknown"
    return (
        f"with learning rate {shown}; make a new network and try a smaller learning rate, or "
        "inputs on a smaller scale"
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
        x: Inputs, finite, (N, inputs); or whole numbers (N,) for an embedding. Detached, if
            they were computed from what requires grad.
        y: Targets, finite, detached, of the shape of net(x). Class numbers, for a loss such as
            `nn.CrossEntropyLoss()`, are whole and leave out the columns: (N,) for (N, classes).
        loss_func: Called as loss_func(net(x), y), such as `nn.MSELoss()`.
        optimizer: Made from net.parameters().
        epochs: Number of iterations; None goes on until you leave the loop. Every iteration
            sees all of x, so that an iteration is an epoch too.
        start: Number of the first iteration.

    Returns:
        An iterator over one `Iteration` after each update. Its first turn checks what the
        network makes of x, before anything is updated.

    Raises:
        TypeError: An argument of the wrong type, or a class where an instance belongs.
        ValueError: Shapes that do not fit, values that are not finite, a learning rate below 0,
            an optimizer that was made for another network, or a loss that teaches nothing.
        Diverged: The loss is no longer finite. The weights of that moment are kept.

    Shown in: 06_training
    """
    check_training(net, x, y, loss_func, optimizer, epochs, start)
    numbers = itertools.count(start) if epochs is None else range(start, start + epochs)
    return iterate(net, x, y, loss_func, optimizer, numbers)


def iterate(
    net: nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    loss_func: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    numbers: Iterable[int],
) -> Iterator[Iteration]:
    """Run the five steps once for each number: the loop itself; arguments as for `train`."""
    last_loss = None
    for number in numbers:
        out = net(x)  # 1. forward
        check_output(out, y, loss_func)
        loss = loss_func(out, y)  # 2. loss
        check_loss(loss)
        if not math.isfinite(loss.item()):
            raise Diverged(number, loss.item(), last_loss, get_rates(optimizer))
        optimizer.zero_grad()  # 3. zero the gradients
        loss.backward()  # 4. backward
        optimizer.step()  # 5. step
        last_loss = loss.item()
        yield Iteration(number, last_loss, out.detach())


def train_epoch(
    net: nn.Module,
    loader: Iterable[tuple[torch.Tensor, torch.Tensor]],
    loss_func: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
) -> float:
    """Train net on every batch of loader once, in train mode: the five steps for each batch.

    Args:
        net: The network; it is left in train mode.
        loader: Hands out batches (x, y), such as a `DataLoader`; x and y as for `train`.
        loss_func: Called as loss_func(net(x), y); the mean over a batch, such as `nn.MSELoss()`.
        optimizer: Made from net.parameters().

    Returns:
        The mean loss over the samples of this epoch, each taken before the update of its batch.

    Raises:
        TypeError: As `train`, or a data set in the loader's place.
        ValueError: As `train`, or a loader that hands out no batch.
        FloatingPointError: The loss is no longer finite. The weights of that moment are kept.

    Shown in: 09_real_program
    """
    check_loader(loader)
    check_parts(net, loss_func)
    check_optimizer(optimizer, net)
    net.train()
    total, seen = 0.0, 0
    for x, y in loader:
        check_points(x, y)
        out = net(x)  # 1. forward
        check_output(out, y, loss_func)
        loss = loss_func(out, y)  # 2. loss
        check_loss(loss)
        check_finite(loss, seen, optimizer)
        optimizer.zero_grad()  # 3. zero the gradients
        loss.backward()  # 4. backward
        optimizer.step()  # 5. step
        total += loss.item() * len(x)  # a short batch counts for less
        seen += len(x)
    check_seen(seen)
    return total / seen


def evaluate(
    net: nn.Module,
    loader: Iterable[tuple[torch.Tensor, torch.Tensor]],
    loss_func: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> float:
    """Measure net on every batch of loader, in eval mode; nothing of it changes.

    Args:
        net: The network; at the end it is in the mode that it came in.
        loader: Hands out batches (x, y), such as a `DataLoader`; x and y as for `train`.
        loss_func: Called as loss_func(net(x), y); the mean over a batch, such as `nn.MSELoss()`.

    Returns:
        The mean loss over all samples; inf or nan if that is what it is.

    Raises:
        TypeError: As `train`, or a data set in the loader's place.
        ValueError: As `train`, or a loader that hands out no batch.

    Shown in: 09_real_program
    """
    check_loader(loader)
    check_parts(net, loss_func)
    was_training = net.training
    net.eval()
    total, seen = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            check_points(x, y)
            out = net(x)
            check_output(out, y, loss_func)
            loss = loss_func(out, y)
            check_number(loss)
            total += loss.item() * len(x)
            seen += len(x)
    net.train(was_training)
    check_seen(seen)
    return total / seen


def get_rates(optimizer: torch.optim.Optimizer) -> tuple[float, ...]:
    """Read the learning rate of each group of parameters that has one."""
    return tuple(float(group["lr"]) for group in optimizer.param_groups if "lr" in group)


def check_training(
    net: object,
    x: object,
    y: object,
    loss_func: object,
    optimizer: object,
    epochs: object,
    start: object,
) -> None:
    """Refuse what `train` cannot use, as far as that shows without running the network."""
    if epochs is not None:
        to_whole("epochs", epochs)
    to_whole("start", start)
    check_parts(net, loss_func)
    check_points(x, y)
    check_optimizer(optimizer, net)


def check_parts(net: object, loss_func: object) -> None:
    """Refuse what is no network, and what is no loss."""
    if not isinstance(net, nn.Module):
        raise TypeError(f"net must be a network such as make_layers([1, 20, 1]), got {show(net)}")
    if isinstance(loss_func, type) or not callable(loss_func):
        raise TypeError(
            f"loss_func must be an instance such as nn.MSELoss(), got {show(loss_func)}"
        )


def check_loader(loader: object) -> None:
    """Refuse what hands out no batches."""
    if isinstance(loader, Dataset | torch.Tensor) or not isinstance(loader, Iterable):
        raise TypeError(
            "loader must hand out batches, as DataLoader(TensorDataset(x, y), batch_size=50) "
            f"does, got {show(loader)}"
        )


def check_seen(seen: int) -> None:
    """Refuse a mean over no sample."""
    if not seen:
        raise ValueError(
            "loader must hand out at least one batch, got none: an empty data set, a batch_size "
            "above its length with drop_last, or an iterator that is used up"
        )


def check_points(x: object, y: object) -> None:
    """Refuse x and y that no network learns from."""
    for name, values in (("x", x), ("y", y)):
        if not isinstance(values, torch.Tensor):
            raise TypeError(f"{name} must be a tensor, got {type(values).__name__}")
    if not x.numel() or not x.ndim or (x.ndim == 1 and x.is_floating_point()):
        raise ValueError(
            f"x must be a column of at least one row, (N, 1), got shape {tuple(x.shape)}"
        )
    for name, values in (("x", x), ("y", y)):
        bad = ~values.isfinite()
        if bad.any():
            row = bad.reshape(len(bad), -1).any(1).nonzero()[0].item() if bad.ndim else 0
            raise ValueError(f"{name} must be finite, got {values[bad][0].item()} in row {row}")
    if x.grad_fn is not None:
        raise ValueError("x must not be the result of a graph, which one backward frees: detach it")
    if y.requires_grad:
        raise ValueError("y must not require grad, it is what the network is to learn: detach it")


def check_optimizer(optimizer: object, net: nn.Module) -> None:
    """Refuse what is no optimizer, and one that would not move this network."""
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(
            f"optimizer must be made, as in torch.optim.SGD(net.parameters(), lr=0.05), "
            f"got {show(optimizer)}"
        )
    own = set(net.parameters())
    held = {parameter for group in optimizer.param_groups for parameter in group["params"]}
    if not own & held:
        raise ValueError(
            "optimizer must be made from net.parameters(), but it holds none of this network's "
            "parameters: make it again after making net"
        )
    for rate in get_rates(optimizer):
        if not 0 <= rate < math.inf:
            raise ValueError(f"lr must be finite and at least 0, got {rate:g}")


def check_output(out: object, y: torch.Tensor, loss_func: object) -> None:
    """Refuse an output that cannot be compared with y row by row and column by column."""
    if not isinstance(out, torch.Tensor):
        raise TypeError(f"net must return one tensor, got {type(out).__name__}")
    shape = tuple(out.shape)
    classes = shape[1] if len(shape) > 1 else 0
    flat = shape[:1] + shape[2:]  # the shape of class numbers
    is_cross_entropy = (
        isinstance(loss_func, nn.CrossEntropyLoss) or loss_func is nn.functional.cross_entropy
    )
    if is_cross_entropy and classes == 1:
        raise ValueError(
            "cross-entropy needs a column of net(x) for each class, got one, for which it is "
            f"always 0: take nn.BCEWithLogitsLoss() and floats y of shape {shape}"
        )
    if y.shape == out.shape:
        return
    is_whole = not (y.is_floating_point() or y.is_complex() or y.dtype == torch.bool)
    fits = is_whole and classes > 1 and y.shape == flat
    if fits and not isinstance(loss_func, ELEMENTWISE):
        return
    if is_cross_entropy:
        raise ValueError(
            f"y must hold class numbers, int64 of shape {flat}, or probabilities of shape {shape}, "
            f"got {y.dtype} of shape {tuple(y.shape)}"
        )
    raise ValueError(
        f"y must have the shape of net(x), {shape}, got {tuple(y.shape)}: PyTorch would broadcast "
        "the two and average over pairs that do not belong together"
    )


def check_loss(loss: object) -> None:
    """Refuse a loss that backward cannot start from."""
    check_number(loss)
    if not loss.requires_grad:
        raise ValueError("loss must depend on a parameter that requires grad, but it does not")


def check_finite(loss: torch.Tensor, seen: int, optimizer: torch.optim.Optimizer) -> None:
    """Stop before a loss of inf or nan reaches the weights."""
    if not math.isfinite(loss.item()):
        raise FloatingPointError(
            f"loss is {loss.item()} after {seen} samples of this epoch "
            f"{advise(get_rates(optimizer))}"
        )


def check_number(loss: object) -> None:
    """Refuse a loss that is not one number."""
    if not isinstance(loss, torch.Tensor):
        raise TypeError(f"loss_func must return a tensor, got {show(loss)}")
    if loss.numel() != 1:
        raise ValueError(
            f"loss_func must return one number, got shape {tuple(loss.shape)}: take its mean"
        )


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
