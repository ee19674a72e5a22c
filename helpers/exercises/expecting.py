"""What a learner handed over and what their code gave back, looked at before it is used."""

import contextlib
import inspect
import math
import numbers
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import nn
from torch.func import functional_call

from helpers.exercises.running import NotYet, first_line


def name_kind(value: object) -> str:
    """Name what a value is, in a learner's words."""
    if value is None:
        return "None"
    if inspect.isgenerator(value):
        return "a generator: a function with `yield` in it does nothing until it is looped over"
    if isinstance(value, type):
        return f"the class {value.__name__} itself, without brackets"
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)} and {str(value.dtype).split('.')[1]}"
    if isinstance(value, nn.Module):
        return f"a network ({type(value).__name__})"
    if inspect.isroutine(value):
        return "a function"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, numbers.Real):
        return f"the number {str(value)[:20]}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return f"of type {type(value).__name__}"


def call(function: object, *args: object, shown: str, **kwargs: object) -> object:
    """Call what a learner wrote, after a look at whether it takes these arguments.

    Args:
        function: The learner's function or class.
        *args: Its arguments.
        shown: The call as a learner would write it, such as "huber(out, y, delta)".
        **kwargs: More of its arguments.

    Returns:
        What it returns.

    Raises:
        NotYet: It is no function, or it does not take these arguments.
    """
    if isinstance(function, nn.Module) or not callable(function):
        name = shown.partition("(")[0]
        raise NotYet(
            f"The answer is {name} itself, which check calls as {shown}; yours is "
            f"{name_kind(function)}. Hand over its name, without brackets behind it."
        )
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        raise NotYet(
            f"check calls it as {shown}, and yours does not take that: {first_line(error)}."
        ) from None
    except ValueError:  # written in C: it has no signature to read
        pass
    return function(*args, **kwargs)


def expect_parts(value: object, count: int, what: str, returned: bool = True) -> Sequence:
    """Take a tuple or list of so many parts.

    Args:
        value: What came from the learner.
        count: How many parts it should have.
        what: What it should be, such as "the network and the list of losses".
        returned: Whether a function of theirs returned it; else it is the answer itself.

    Raises:
        NotYet: It is something else.
    """
    wanted, verb = ("It should return", "returns") if returned else ("The answer is", "is")
    if not isinstance(value, tuple | list):
        hint = " Is there a `return` at its end?" if value is None else ""
        raise NotYet(f"{wanted} {what}; yours {verb} {name_kind(value)}.{hint}")
    if len(value) != count:
        raise NotYet(f"{wanted} {what}, {count} in all; yours {verb} {name_kind(value)}.")
    return value


def expect_tensor(
    value: object, what: str, shape: Sequence[int], dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """Take a tensor of a given shape and dtype, all finite.

    Raises:
        NotYet: It is something else.
    """
    if not isinstance(value, torch.Tensor):
        hint = " Is there a `return`?" if value is None else ""
        raise NotYet(f"{what} should be a tensor; yours is {name_kind(value)}.{hint}")
    shape = tuple(shape)
    if tuple(value.shape) != shape:
        flat = len(shape) == 2 and value.shape == shape[:1] and shape[1] == 1
        hint = " It is flat: unsqueeze(1) stands it upright, one row for each." if flat else ""
        raise NotYet(f"{what} should have the shape {shape}; yours has {tuple(value.shape)}.{hint}")
    if value.dtype != dtype:
        names = [str(one).split(".")[1] for one in (dtype, value.dtype)]
        raise NotYet(f"{what} should be {names[0]}, as networks compute; yours is {names[1]}.")
    if not value.isfinite().all():
        bad = value[~value.isfinite()].flatten()[0].item()
        raise NotYet(f"{what} holds {bad}, which is not a finite number.")
    return value


def expect_number(value: object, what: str) -> float:
    """Take a finite number, or a tensor that holds one.

    Raises:
        NotYet: It is something else.
    """
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        hint = " Is there a `return`?" if value is None else ""
        raise NotYet(f"{what} should be one number; yours is {name_kind(value)}.{hint}")
    if not math.isfinite(value):
        raise NotYet(f"{what} is {value}, which is not a finite number.")
    return float(value)


def expect_numbers(value: object, what: str, count: int) -> list[float]:
    """Take a list of so many finite numbers; a tensor of them will do.

    Raises:
        NotYet: It is something else.
    """
    if isinstance(value, torch.Tensor) and value.ndim:
        value = list(value.detach().flatten())
    if not isinstance(value, list | tuple):
        hint = " Is there a `return` at the end?" if value is None else ""
        raise NotYet(f"{what} should be a list; yours is {name_kind(value)}.{hint}")
    if len(value) != count:
        hint = " Is the list made anew inside the loop?" if len(value) == 1 else ""
        raise NotYet(f"{what} should hold {count} numbers; yours holds {len(value)}.{hint}")
    for one in value:
        if isinstance(one, torch.Tensor) and one.requires_grad:
            raise NotYet(
                f"{what} holds tensors that keep their whole graph in memory: put "
                f".item() of each into the list."
            )
    return [expect_number(one, f"Each number in {what[0].lower()}{what[1:]}") for one in value]


def expect_network(value: object, what: str = "The answer") -> nn.Module:
    """Take a network that has weights.

    Raises:
        NotYet: It is something else.
    """
    if not isinstance(value, nn.Module):
        hint = ""
        if isinstance(value, type):
            hint = " Put brackets behind it: that makes an instance."
        elif value is None:
            hint = " Is there a `return`?"
        raise NotYet(f"{what} should be a network; yours is {name_kind(value)}.{hint}")
    if not any(parameter.numel() for parameter in value.parameters()):
        raise NotYet(
            f"{what} has no parameters: nothing in it can learn. Layers in a plain Python list "
            f"are not seen by PyTorch; nn.Sequential or nn.ModuleList keeps them."
        )
    return value


@contextlib.contextmanager
def in_use(net: Callable) -> Iterator[None]:
    """Run a network as in use, in eval mode and without gradients; then put its mode back.

    Args:
        net: A network, or a function, which has no mode.
    """
    training = getattr(net, "training", False)
    try:
        if isinstance(net, nn.Module):
            net.eval()
        with torch.no_grad():
            yield
    finally:
        if isinstance(net, nn.Module):
            net.train(training)


def predict_column(net: Callable, x: torch.Tensor, what: str = "The network") -> torch.Tensor:
    """Run a learner's network on a column, as in use: no gradients, and the mode put back.

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
    return expect_tensor(out, f"{what}'s output", x.shape)


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


def near(a: torch.Tensor, b: torch.Tensor, share: float = 1e-3) -> bool:
    """Tell whether two tensors of one shape differ by little, measured by the larger of them."""
    size = max(a.abs().max().item(), b.abs().max().item(), 1e-12)
    return (a - b).abs().max().item() <= share * size
