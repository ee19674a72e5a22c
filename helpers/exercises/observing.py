"""A learner's network, looked at from outside: what it predicts, and what it could."""

import contextlib
import random
from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.func import functional_call
from torch.overrides import TorchFunctionMode

from helpers.exercises.comparing import ask, name_kind, tell_tensor
from helpers.exercises.running import NotYet

FORMULA = (
    "It says the right thing whatever its weights are: it computes a formula, and has learnt "
    "nothing."
)


@contextlib.contextmanager
def in_use(net: Callable) -> Iterator[None]:
    """Run a network as in use, in eval mode and without gradients; then put each mode back.

    Args:
        net: A network, or a function, which has no mode.
    """
    modules = list(net.modules()) if isinstance(net, nn.Module) else []
    modes = [module.training for module in modules]
    try:
        for module in modules:
            module.training = False
        with torch.no_grad():
            yield
    finally:
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode


def expect_network(value: object, what: str = "The answer") -> nn.Module:
    """Take a network that has weights.

    Raises:
        NotYet: It is something else.
    """
    if not isinstance(value, nn.Module):
        hint = ask(value)
        if isinstance(value, type):
            hint = " Put brackets behind it: that makes an instance."
        raise NotYet(f"{what} should be a network; yours is {name_kind(value)}.{hint}")
    if not any(True for _ in value.parameters()):
        raise NotYet(
            f"{what} has no parameters: nothing in it can learn. Layers in a plain Python list "
            f"are not seen by PyTorch; nn.Sequential or nn.ModuleList keeps them."
        )
    return value


def predict_column(net: Callable, x: torch.Tensor, what: str = "The network") -> torch.Tensor:
    """Run a learner's network on a column, as in use.

    Args:
        net: From (N, 1) to (N, 1).
        x: Inputs, (N, 1).
        what: What the errors call it.

    Returns:
        Its output, (N, 1), finite.

    Raises:
        NotYet: The output is not such a column.
    """
    with in_use(net):
        out = net(x.clone())
    if isinstance(out, torch.Tensor) and out.is_floating_point() and not out.isfinite().all():
        bad = out[~out.isfinite()].flatten()[0].item()
        raise NotYet(f"{what} says {bad} for some x: its training has exploded. Lower the rate.")
    if not isinstance(out, torch.Tensor) or out.shape != x.shape or out.dtype != x.dtype:
        raise NotYet(tell_tensor(f"{what}'s output", x, out, 0))
    return out


def set_weights(net: nn.Module, seed: int) -> None:
    """Give each parameter numbers that its shape decides, in whatever order they were made."""
    with torch.no_grad():
        for parameter in net.parameters():
            shape = tuple(parameter.shape)
            source = random.Random(f"{seed} {shape}")
            numbers = [source.gauss(0, 1) for _ in range(parameter.numel())]
            parameter.copy_(torch.tensor(numbers, dtype=torch.float32).view(shape))


def predict_otherwise(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Run a network with other weights: this tells what it can draw, not what it has learnt.

    Args:
        net: From (N, 1) to (N, 1); it stays as it is.
        x: Inputs, (N, 1).

    Returns:
        Its outputs with ten draws of all weights, (10, N, 1): with some of them all units of a
        narrow network may be off.
    """
    outs = []
    with in_use(net):
        for _ in range(10):
            weights = {name: torch.randn_like(one) for name, one in net.named_parameters()}
            outs.append(functional_call(net, weights, (x,)))
    return torch.stack(outs)


def is_formula(net: nn.Module, x: torch.Tensor) -> bool:
    """Tell whether a network says the same for x, (N, 1), whatever its weights."""
    with in_use(net):
        own = net(x)
    return bool((predict_otherwise(net, x) - own).abs().max() < 1e-4)


def is_straight(net: nn.Module, x: torch.Tensor) -> bool:
    """Tell whether a network draws a straight line over x, (N, 1), whatever its weights.

    Its own weights do not tell: flat is the best line for a wave, and so is a network whose units
    are all off.
    """
    left, middle, right = predict_otherwise(net, torch.cat([x - 4, x, x + 4])).chunk(3, dim=1)
    return bool((left + right - 2 * middle).abs().max() <= 1e-4 * (1 + middle.abs().max()))


def is_never_negative(net: nn.Module, x: torch.Tensor) -> bool:
    """Tell whether a network says nothing below 0 for x, (N, 1), whatever its weights."""
    return bool(predict_otherwise(net, x).min() >= 0)


class Forbidden(TorchFunctionMode):
    """Refuses that a learner's code calls functions of PyTorch's that it is to write itself."""

    def __init__(self, *names: str) -> None:
        """Forbid functions by their names, such as "huber_loss"."""
        super().__init__()
        self.names = names

    def __torch_function__(
        self, function: Callable, types: object, args: tuple = (), kwargs: dict | None = None
    ) -> object:
        """Look at the name, and do what was asked.

        Raises:
            NotYet: It is a name that is forbidden.
        """
        name = getattr(function, "__name__", "")
        if name in self.names:
            raise NotYet(
                f"It calls PyTorch's own {name}, and the exercise is to write that yourself, from "
                f"sums, products and the like."
            )
        return function(*args, **(kwargs or {}))
