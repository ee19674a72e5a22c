"""Every refusal, each with its one sentence; what is taught stands in the other files."""

import difflib
import functools
import inspect
import math
import numbers
import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import Dataset

MAX_SEED = 2**63 - 1  # the largest that torch.manual_seed takes on every system

Given = ParamSpec("Given")
Returned = TypeVar("Returned")
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

# Losses that compare net(x) with y number by number.
COMPARING = (
    nn.MSELoss,
    nn.L1Loss,
    nn.SmoothL1Loss,
    nn.HuberLoss,
    nn.BCELoss,
    nn.BCEWithLogitsLoss,
    F.mse_loss,
    F.l1_loss,
    F.smooth_l1_loss,
    F.huber_loss,
    F.binary_cross_entropy,
    F.binary_cross_entropy_with_logits,
)
CLASSIFYING = (nn.CrossEntropyLoss, nn.NLLLoss, F.cross_entropy, F.nll_loss)


def guarded_by(
    guard: Callable[..., tuple],
) -> Callable[[Callable[Given, Returned]], Callable[Given, Returned]]:
    """Let a guard see a function's arguments first; the function gets what the guard returns.

    Args:
        guard: Called with every argument, by place and with its default; raises, or returns all
            of them as a tuple.

    Returns:
        A decorator. What it makes has the function's own name, signature and docstring.
    """

    def decorate(function: Callable[Given, Returned]) -> Callable[Given, Returned]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*args: Given.args, **kwargs: Given.kwargs) -> Returned:
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError:  # one too many, or too few: Python says it best
                return function(*args, **kwargs)
            bound.apply_defaults()
            return function(*guard(*bound.args))

        return call

    return decorate


def show(value: object) -> str:
    """Write a value in one line of at most 100 characters, as errors name it: no address in it."""
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
    text = " ".join(line.strip() for line in text.splitlines())
    return text if len(text) <= 100 else f"{text[:97]}..."


def describe(error: BaseException) -> str:
    """Name an error's type, and the first line of what it says: below it may stand C++ code."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}".removesuffix(": ")


def to_whole(name: str, value: object, low: int = 0, high: int | None = None) -> int:
    """Take a whole number as Python does, NumPy's included; a bool is none.

    Args:
        name: What the value is called in the error.
        value: The value.
        low: The smallest that is allowed.
        high: The largest that is allowed; None allows any.

    Returns:
        The value as an int.

    Raises:
        TypeError: It is not a whole number.
        ValueError: It is out of range.
    """
    try:
        is_bool = isinstance(value, bool) or "bool" in str(getattr(value, "dtype", ""))
        whole = None if is_bool else operator.index(value)
    except TypeError:
        whole = None
    if whole is None:
        allowed = f"of at least {low}" if high is None else f"from {low} to {high}"
        raise TypeError(f"{name} must be a whole number {allowed}, got {show(value)}")
    if whole < low or (high is not None and whole > high):
        allowed = f"at least {low}" if high is None else f"from {low} to {high}"
        raise ValueError(f"{name} must be {allowed}, got {whole}")
    return whole


def to_number(name: str, value: object) -> float:
    """Take a finite number as Python does, NumPy's included; a bool is none.

    Args:
        name: What the value is called in the error.
        value: The value.

    Returns:
        The value as a float.

    Raises:
        TypeError: It is not a number.
        ValueError: It is nan, infinite, or too large for a float.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {show(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {show(value)}")
    return number


def to_rate(value: object) -> float:
    """Take a learning rate: a finite number above 0; errors as in `to_number`."""
    rate = to_number("lr", value)
    if rate <= 0:
        raise ValueError(f"lr must be positive, got {rate:g}")
    return rate


def to_noise(value: object) -> float:
    """Take a standard deviation of noise: a finite number of at least 0; errors as above."""
    noise = to_number("noise", value)
    if noise < 0:
        raise ValueError(f"noise must be at least 0, got {noise:g}")
    return noise


def to_seed(value: object) -> int:
    """Take a seed of random numbers: a whole number from 0 to `MAX_SEED`."""
    return to_whole("seed", value, 0, MAX_SEED)


def to_choice(name: str, value: object, choices: Collection[str]) -> str:
    """Take one of several names.

    Args:
        name: What the value is called in the error.
        value: The value.
        choices: The names that are allowed.

    Returns:
        The value.

    Raises:
        ValueError: It is none of them.
    """
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {show(value)}")
    return value


def guard_known(what: str, name: object, names: Collection[str]) -> None:
    """Refuse a name of something that there is not, and tell the one nearest to it.

    Args:
        what: What it should name, such as "an exercise".
        name: The name.
        names: Those that there are.

    Raises:
        ValueError: It is none of them.
    """
    if name not in list(names):  # an object that has no hash is none of them, too
        near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.0)[0]
        raise ValueError(f"name must be {what} such as {near!r}, got {name!r}")


def guard_data(
    functions: Collection[str],
    n_samples: object,
    low: object,
    high: object,
    function: object,
    noise: object,
    seed: object,
) -> tuple:
    """Refuse what `get_fake_data` cannot use; numbers come back as Python's.

    Args:
        functions: The names of the curves that there are.
        n_samples: And the rest: as `get_fake_data` takes them.
        low: Smallest x.
        high: Largest x.
        function: A name or a callable.
        noise: Standard deviation.
        seed: A seed, or None.
    """
    n_samples = to_whole("n_samples", n_samples, 1)
    low, high = to_number("low", low), to_number("high", high)
    if not low < high:
        raise ValueError(f"low must be below high, got low={low:g} and high={high:g}")
    noise = to_noise(noise)
    if seed is not None:
        seed = to_seed(seed)
    if isinstance(function, str):
        to_choice("function", function, functions)
    elif not callable(function):
        raise TypeError(f"function must be a name in FUNCTIONS or a callable, got {show(function)}")
    return n_samples, low, high, function, noise, seed


def guard_curve(x: torch.Tensor, values: object) -> None:
    """Refuse x of which two are the same, and values of a curve that do not pair up with x."""
    same = x[1:] == x[:-1]
    if same.any():
        raise ValueError(
            f"x must differ from point to point, but float32 cannot tell its neighbours near "
            f"{x[1:][same][0].item():.9g} apart: subtract an offset from low and high, or take "
            "fewer points"
        )
    try:
        y = torch.as_tensor(values, device="cpu")
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"function must return a tensor, got {show(values)}") from None
    if y.is_complex():
        raise TypeError(f"function must return real numbers, got {y.dtype}")
    if y.shape != x.shape:
        raise ValueError(
            f"function must return one y for each x, of shape {tuple(x.shape)}, "
            f"got shape {tuple(y.shape)}"
        )
    finite = x.isfinite() & y.float().isfinite()
    if not finite.all():
        where = x[~finite][0].item()
        raise ValueError(f"function must be finite on [low, high], but it is not at x = {where:g}")


def guard_cfg(cfg: object, activation: object = nn.ReLU) -> tuple:
    """Refuse a cfg or an activation that `make_layers` cannot use."""
    if not isinstance(cfg, list | tuple):
        raise TypeError(f"cfg must be a list or tuple such as [1, 20, 1], got {show(cfg)}")
    if len(cfg) < 2:
        raise ValueError(f"cfg must hold at least two widths (input and output), got {cfg!r}")
    for place, width in enumerate(cfg):
        to_whole(f"cfg[{place}]", width, 1)
    refusal = f"activation must be a class such as nn.ReLU (no brackets), got {show(activation)}"
    if isinstance(activation, nn.Module) or not callable(activation):
        raise TypeError(refusal)

    def make_activation() -> nn.Module:
        try:
            made = activation()
        except TypeError as error:  # a function such as torch.relu, or a class that wants widths
            raise TypeError(f"{refusal}, which cannot be called without arguments") from error
        if not isinstance(made, nn.Module):
            raise TypeError(f"{refusal}, which makes no module but {show(made)}")
        return made

    return cfg, make_activation


def guard_features(net: nn.Module, features: object) -> tuple:
    """Refuse features that are not layers yet."""
    if not isinstance(features, nn.Module):
        raise TypeError(f"features must be a module such as make_layers(cfg), got {show(features)}")
    return net, features


def guard_training(net: object, x: object, y: object, loss_func: object, optimizer: object) -> None:
    """Refuse what `train` cannot use, as far as that shows without running the network."""
    guard_net(net, loss_func)
    guard_points(x, y)
    guard_optimizer(optimizer, net)


def guard_epoch(net: object, loader: object, loss_func: object, optimizer: object) -> tuple:
    """Refuse what `train_epoch` cannot use: now, or when a batch or its loss shows it."""
    guard_net(net, loss_func)
    guard_loader(loader)
    guard_optimizer(optimizer, net)
    loss_func = guarded(loss_func, is_mean=True, optimizer=optimizer)
    return net, guarded_batches(loader), loss_func, optimizer


def guard_evaluation(net: object, loader: object, loss_func: object) -> tuple:
    """Refuse what `evaluate` cannot use: now, or when a batch or its loss shows it."""
    guard_net(net, loss_func)
    guard_loader(loader)
    return net, guarded_batches(loader), guarded(loss_func, is_mean=True, learns=False)


def guard_net(net: object, loss_func: object) -> None:
    """Refuse what is no network, and what is no loss."""
    if not isinstance(net, nn.Module):
        raise TypeError(f"net must be a network such as make_layers([1, 20, 1]), got {show(net)}")
    if isinstance(loss_func, type) or not callable(loss_func):
        raise TypeError(
            f"loss_func must be an instance such as nn.MSELoss(), got {show(loss_func)}"
        )


def guard_points(x: object, y: object) -> None:
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


def guard_optimizer(optimizer: object, net: nn.Module) -> None:
    """Refuse what is no optimizer, and one whose `step()` would not move this network."""
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(
            f"optimizer must be made, as in torch.optim.SGD(net.parameters(), lr=0.05), "
            f"got {show(optimizer)}"
        )
    _, *arguments = inspect.signature(type(optimizer).step).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if any(given.kind in kinds and given.default is given.empty for given in arguments):
        raise TypeError(
            f"optimizer must step without an argument, as SGD and Adam do, but the step of "
            f"{type(optimizer).__name__} calls a closure: write that loop yourself"
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


def guard_loader(loader: object) -> None:
    """Refuse what hands out no batches."""
    if isinstance(loader, Dataset | torch.Tensor | dict) or not isinstance(loader, Iterable):
        raise TypeError(
            "loader must hand out batches, as DataLoader(TensorDataset(x, y), batch_size=50) "
            f"does, got {show(loader)}"
        )


def guarded_batches(loader: Iterable) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Hand on the batches of a loader; refuse one that is no pair (x, y), and a loader of none."""
    batch = None
    for batch in loader:
        if not isinstance(batch, list | tuple) or len(batch) != 2:
            size = f" of {len(batch)}" if isinstance(batch, list | tuple) else ""
            raise TypeError(
                f"loader must hand out pairs (x, y), got a {type(batch).__name__}{size}"
            )
        guard_points(*batch)
        yield batch
    if batch is None:
        raise ValueError(
            "loader must hand out at least one batch, got none: an empty data set, a batch_size "
            "above its length with drop_last, or an iterator that is used up"
        )


class Guarded:
    """A loss that looks at what it is given and at what it returns; made by `guarded`.

    To `isinstance`, and to whoever reads an attribute, it is the loss that it guards.
    """

    def __init__(
        self,
        loss_func: Loss,
        learns: bool,
        is_mean: bool,
        optimizer: torch.optim.Optimizer | None,
    ) -> None:
        """Keep the loss; arguments as for `guarded`."""
        self._loss_func = loss_func
        self._learns = learns
        self._is_mean = is_mean
        self._optimizer = optimizer
        self._known = None  # shapes and dtypes that were looked at
        self._rows = 0  # how many went before

    __class__ = property(lambda self: type(self._loss_func))

    def __getattr__(self, name: str) -> object:
        """Read an attribute of the loss."""
        return getattr(self.__dict__["_loss_func"], name)

    def __repr__(self) -> str:
        """Write the loss."""
        return repr(self._loss_func)

    def __call__(self, out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Compute the loss; refuse what it cannot be computed of, and what it cannot be."""
        kind = (getattr(out, "shape", None), y.shape, y.dtype)
        is_new = kind != self._known
        if is_new:
            guard_output(out, y, self._loss_func)
        loss = self._loss_func(out, y)
        if is_new:
            guard_loss(loss, self._learns)
            self._known = kind
        if self._is_mean:
            guard_labels(y, self._loss_func)
            if not self._rows:
                guard_mean(out, y, self._loss_func)
        if self._optimizer is not None and not math.isfinite(loss.item()):
            raise FloatingPointError(
                f"loss is {loss.item()} after {self._rows} samples of this epoch "
                f"{advise(get_rates(self._optimizer))}"
            )
        self._rows += len(y) if y.ndim else 1
        return loss


def guarded(
    loss_func: Loss,
    learns: bool = True,
    is_mean: bool = False,
    optimizer: torch.optim.Optimizer | None = None,
) -> Loss:
    """Have a loss refuse what teaches nothing, at its first call and before anything is updated.

    Args:
        loss_func: Called as loss_func(net(x), y).
        learns: Whether `backward()` follows, so that the loss must depend on a parameter.
        is_mean: Whether it must be a mean over the rows of a batch.
        optimizer: If given, a loss that is not finite ends training; its rates are told.

    Returns:
        The loss, which keeps its type and its attributes for whoever asks.
    """
    return Guarded(loss_func, learns, is_mean, optimizer)


def guard_output(out: object, y: torch.Tensor, loss_func: Loss) -> None:
    """Refuse an output that a loss would not compare with y row by row.

    What a loss of the learner's own makes of two shapes is not known: it is asked.
    """
    if not isinstance(out, torch.Tensor):
        raise TypeError(f"net must return one tensor, got {type(out).__name__}")
    if is_one_of(CLASSIFYING, loss_func):
        guard_classes(out, y, loss_func)
    elif y.shape != out.shape and (
        is_one_of(COMPARING, loss_func) or not is_paired(out, y, loss_func)
    ):
        raise ValueError(
            f"y must have the shape of net(x), {tuple(out.shape)}, got {tuple(y.shape)}: "
            "PyTorch would broadcast the two and average over pairs that do not belong together"
        )


def guard_classes(out: torch.Tensor, y: torch.Tensor, loss_func: Loss) -> None:
    """Refuse what a loss over classes cannot compare: one column, or y that are no classes."""
    shape = tuple(out.shape)
    flat = shape[:1] + shape[2:]  # the shape of class numbers
    if len(shape) > 1 and shape[1] == 1:
        is_cross_entropy = is_one_of((nn.CrossEntropyLoss, F.cross_entropy), loss_func)
        name = "cross-entropy" if is_cross_entropy else "a loss over classes"
        always = ", for which it is always 0" if is_cross_entropy else ""
        raise ValueError(
            f"{name} needs a column of net(x) for each class, got one{always}: take "
            f"nn.BCEWithLogitsLoss() and floats y of shape {shape}"
        )
    is_whole = not (y.is_floating_point() or y.is_complex() or y.dtype == torch.bool)
    if y.shape != out.shape and not (is_whole and y.shape == flat):
        raise ValueError(
            f"y must hold class numbers, int64 of shape {flat}, or probabilities of shape {shape}, "
            f"got {y.dtype} of shape {tuple(y.shape)}"
        )


def is_one_of(losses: Collection, loss_func: Loss) -> bool:
    """Tell whether a loss is one of some functions, or an instance of one of some classes."""
    function = getattr(loss_func, "func", loss_func)  # of a functools.partial
    classes = tuple(loss for loss in losses if isinstance(loss, type))
    return function in losses or isinstance(loss_func, classes)


def is_paired(out: torch.Tensor, y: torch.Tensor, loss_func: Loss) -> bool:
    """Tell whether a loss compares each row of net(x) with its own y, whatever their shapes.

    Where y broadcasts against net(x), all is compared with all, and the loss stays the same if
    the y change places. Numbers drawn anew stand for net(x): those of a network may be all alike.
    """
    try:
        both = torch.broadcast_shapes(out.shape, y.shape)
    except RuntimeError:  # then no broadcast can hide a mistake, but the loss may fail
        return y.shape[:1] == out.shape[:1] or None not in ask(loss_func, (out, y))
    if both == out.shape and y.ndim == out.ndim:
        return True
    other = torch.randn(out.shape, generator=torch.Generator().manual_seed(0)).to(out)
    moved = y.flatten().roll(1).view_as(y)
    losses = ask(loss_func, (other, y), (other, moved))
    return torch.equal(y, moved) or None in losses or not is_near(*losses, scale=max(losses))


def guard_loss(loss: object, learns: bool) -> None:
    """Refuse a loss that is not one number, or from which `backward()` cannot start."""
    if not isinstance(loss, torch.Tensor):
        raise TypeError(f"loss_func must return a tensor, got {show(loss)}")
    if loss.numel() != 1:
        raise ValueError(
            f"loss_func must return one number, got shape {tuple(loss.shape)}: take its mean"
        )
    if learns and not loss.requires_grad:
        raise ValueError("loss must depend on a parameter that requires grad, but it does not")


NO_MEAN = (
    "loss_func must return the mean over the rows of its batch, or batches of different sizes "
    "make no mean over all rows"
)


def guard_mean(out: torch.Tensor, y: torch.Tensor, loss_func: Loss) -> None:
    """Refuse a loss that is no mean over rows: a sum, a root, one with weights for classes.

    Row 0 and the others are asked apart: a mean over rows is the mean of the two, weighted by
    their rows. In float64, if the loss can, so that rounding does not count. A loss that draws
    random numbers, or cannot be asked for a part of its rows, passes.
    """
    rows = len(y) if y.ndim else 1
    if rows < 2 or out.shape[:1] != (rows,):
        return
    wide = (out.double(), y.double() if y.is_floating_point() else y)
    for outs, ys in (wide, (out, y)):
        losses = ask(loss_func, (outs, ys), (outs[:1], ys[:1]), (outs[1:], ys[1:]))
        if None not in losses:
            break
    else:
        return
    whole, first, others = losses
    together = (first + (rows - 1) * others) / rows
    if not math.isfinite(whole) or is_near(whole, together, max(map(abs, losses))):
        return
    once, again = ask(loss_func, (outs, ys), (outs, ys))
    if once != again:
        return
    if getattr(loss_func, "reduction", "mean") != "mean":
        advice = 'take reduction="mean"'
    elif getattr(loss_func, "weight", None) is not None:
        advice = (
            "leave its weight out, or weigh the rows yourself, as in (weight[y] * "
            'nn.functional.cross_entropy(out, y, reduction="none")).mean()'
        )
    else:
        advice = "take a mean, and do what else you do with it (a root, a factor) after the epoch"
    raise ValueError(
        f"{NO_MEAN}: {show(loss_func)} gives {first:.4g} for row 0, {others:.4g} for the other "
        f"{rows - 1} and {whole:.4g} for all; {advice}"
    )


def guard_labels(y: torch.Tensor, loss_func: Loss) -> None:
    """Refuse rows that a loss over classes leaves out of its mean."""
    if not is_one_of(CLASSIFYING, loss_func) or y.is_floating_point():
        return
    given = getattr(loss_func, "keywords", {})  # of a functools.partial
    ignored = getattr(loss_func, "ignore_index", given.get("ignore_index", -100))
    if (y == ignored).any():
        raise ValueError(
            f"{NO_MEAN}: {show(loss_func)} ignores the label {ignored}; leave the rows that have "
            "it out of the data"
        )


def ask(loss_func: Loss, *pairs: tuple[torch.Tensor, torch.Tensor]) -> list[float | None]:
    """Ask a loss for its value of some (out, y), and leave no trace: no graph, no random number.

    Returns:
        A value for each, which may be inf or nan; None where the loss fails.
    """
    losses = []
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        for out, y in pairs:
            try:
                losses.append(float(loss_func(out.detach(), y)))
            except Exception:  # whatever it wants that these have not
                losses.append(None)
    return losses


def is_near(one: float, other: float, scale: float) -> bool:
    """Tell whether two losses differ by no more than rounding does, beside numbers of a scale."""
    return abs(one - other) <= 1e-5 * abs(scale)


def get_rates(optimizer: torch.optim.Optimizer) -> tuple[float, ...]:
    """Read the learning rate of each group of parameters that has one."""
    return tuple(float(group["lr"]) for group in optimizer.param_groups if "lr" in group)


def advise(rates: Iterable[float]) -> str:
    """Name the learning rates with which a loss exploded, and what to try."""
    shown = ", ".join(f"{rate:g}" for rate in rates) or "unknown"
    return (
        f"with learning rate {shown}; make a new network and try a smaller learning rate, or "
        "inputs on a smaller scale"
    )


@contextmanager
def eval_mode(net: nn.Module) -> Iterator[None]:
    """Put a network into eval mode for the length of a `with` block.

    At its end, also after an error or an interrupt, each module is in the mode that it came in:
    a layer that was in eval mode before stays there.

    Args:
        net: Any network.

    Shown in: 09_real_program
    """
    modes = [(module, module.training) for module in net.modules()]
    try:
        net.eval()
        yield
    finally:
        for module, training in modes:
            module.training = training
