"""What a learner's code gave back beside what was asked for, and the difference in words."""

import contextlib
import dataclasses
import inspect
import math
import numbers

import torch
from torch import nn

from helpers.exercises.running import NotYet, first_line


@dataclasses.dataclass(frozen=True)
class Raised:
    """What stands in place of an observation that ended in an error."""

    error: Exception

    def is_like(self, other: object) -> bool:
        """Tell whether another is of the same type and message."""
        return (
            isinstance(other, Raised)
            and type(self.error) is type(other.error)
            and first_line(self.error) == first_line(other.error)
        )


class Missing:
    """What stands for a part of an observation that could not be made."""


MISSING = Missing()


@dataclasses.dataclass(frozen=True)
class Kind:
    """What something is, in words, where nothing else about it is compared."""

    words: str


def name_kind(value: object) -> str:
    """Name what a value is, in a learner's words."""
    if value is MISSING:
        return "missing"
    if isinstance(value, Kind):
        return value.words
    if isinstance(value, Raised):
        return f"the error {type(value.error).__name__}"
    if value is None:
        return "None"
    if inspect.isgenerator(value):
        return "a generator: a function with `yield` in it does nothing until it is looped over"
    if isinstance(value, type):
        return f"the class {value.__name__} itself, without brackets"
    if isinstance(value, torch.Tensor):
        graph = ", with its graph" if value.requires_grad and value.ndim == 0 else ""
        return f"a tensor of shape {tuple(value.shape)} and {name_dtype(value)}{graph}"
    if hasattr(value, "tolist"):
        return f"a NumPy array of shape {value.shape}"
    if isinstance(value, nn.Module):
        return "a network"
    if inspect.isroutine(value):
        return "a function"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, numbers.Real):
        return f"the number {format_number(value)}"
    for kind, name in ((list, "list"), (tuple, "tuple"), (dict, "dictionary"), (set, "set")):
        if isinstance(value, kind):
            return f"a {name} of {len(value)}"
    return f"an object of the class {type(value).__name__}"


def get_kind(value: object) -> Kind | None:
    """Return what a value is; None stays None, so that a `return` is asked for."""
    return None if value is None else Kind(name_kind(value))


def name_dtype(value: torch.Tensor) -> str:
    """Name a tensor's dtype as in `float32`."""
    return str(value.dtype).removeprefix("torch.")


def format_number(value: numbers.Real) -> str:
    """Write a number with four digits that count; a whole one whole."""
    return str(value) if isinstance(value, int) else f"{float(value):.4g}"


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


def to_plain(value: object, keep_graphs: bool = False) -> object:
    """Turn tensors, arrays and tuples into numbers and lists.

    Args:
        value: What may be one, or hold some.
        keep_graphs: Whether a tensor that has a graph stays as it is.
    """
    if keep_graphs and isinstance(value, torch.Tensor) and value.requires_grad:
        return value
    with contextlib.suppress(Exception):  # not a tensor: as wrong as any other object
        value = value.tolist()
    is_list = isinstance(value, list | tuple)
    return [to_plain(one, keep_graphs) for one in value] if is_list else value


def to_number(value: object) -> float | None:
    """Turn what holds one number into it, a tensor with a graph, too; None for anything else."""
    plain = to_plain(value.detach() if isinstance(value, torch.Tensor) else value)
    return plain if isinstance(plain, int | float) and not isinstance(plain, bool) else None


def is_equal(asked: object, came: object, share: float) -> bool:
    """Tell whether what came is what was asked for, but for rounding.

    Args:
        asked: A tensor, a number, a text, None, or lists and dictionaries of them. A list of
            numbers may come as a tensor, an array or a tuple; a number as a tensor without graph.
        came: What came.
        share: How far apart two numbers may lie, as a share of the larger.
    """
    if isinstance(asked, Raised):
        return asked.is_like(came)
    if isinstance(asked, torch.Tensor):
        return is_same_tensor(asked, came, share)
    if isinstance(asked, dict):
        return (
            isinstance(came, dict)
            and asked.keys() == came.keys()
            and all(is_equal(one, came[name], share) for name, one in asked.items())
        )
    came = list(came) if isinstance(came, list | tuple) else to_plain(came, keep_graphs=True)
    if isinstance(asked, list | tuple):
        return (
            isinstance(came, list)
            and len(came) == len(asked)
            and all(is_equal(one, other, share) for one, other in zip(asked, came, strict=True))
        )
    if isinstance(asked, str):
        return isinstance(came, str) and asked.casefold().split() == came.casefold().split()
    if isinstance(asked, bool) or not isinstance(asked, numbers.Real):
        return type(asked) is type(came) and asked == came
    if isinstance(came, list) and len(came) == 1:
        came = came[0]
    if isinstance(came, bool) or not isinstance(came, numbers.Real):
        return False
    same_nan = math.isnan(asked) and math.isnan(came)
    return same_nan or math.isclose(asked, came, rel_tol=share, abs_tol=1e-12)


def is_same_tensor(asked: torch.Tensor, came: object, share: float) -> bool:
    """Tell whether a tensor of this shape and dtype came, with these numbers but for rounding."""
    if not isinstance(came, torch.Tensor):
        return False
    if asked.shape != came.shape or asked.dtype != came.dtype:
        return False
    if not asked.is_floating_point() or not (asked.isfinite().all() and came.isfinite().all()):
        return torch.equal(asked.nan_to_num(), came.nan_to_num())
    return near(asked, came, share)


def near(a: torch.Tensor, b: torch.Tensor, share: float = 1e-3) -> bool:
    """Tell whether two tensors of one shape differ by little, measured by the larger of them."""
    if not a.numel():
        return True
    size = max(a.abs().max().item(), b.abs().max().item(), 1e-12)
    return (a - b).abs().max().item() <= share * size


def tell(what: str, asked: object, came: object, share: float) -> str:
    """Say in a sentence where what came first leaves what was asked for.

    Args:
        what: What it is, such as "What huber(out, y, 0.5) returns"; or the whole sentence, with its
            full stop.
        asked: What was asked for.
        came: What came, which is not equal to it.
        share: As in `is_equal`.
    """
    if what.endswith("."):
        return what
    if isinstance(asked, torch.Tensor):
        return tell_tensor(what, asked, came, share)
    if isinstance(asked, dict) and isinstance(came, dict) and asked.keys() == came.keys():
        name = next(name for name in asked if not is_equal(asked[name], came[name], share))
        return tell(f"{what}, {name},", asked[name], came[name], share)
    if isinstance(asked, list | tuple):
        plain = list(came) if isinstance(came, list | tuple) else to_plain(came, keep_graphs=True)
        if not isinstance(plain, list):
            return (
                f"{what} should be a list of {len(asked)}; yours is {name_kind(came)}.{ask(came)}"
            )
        if len(plain) != len(asked):
            hint = " Is the list made anew inside the loop?" if len(plain) == 1 else ""
            return (
                f"{what} should hold {count(len(asked), 'part')}; yours holds {len(plain)}.{hint}"
            )
        place = next(i for i, one in enumerate(asked) if not is_equal(one, plain[i], share))
        return tell(f"Part {place} of {lower(what)}", asked[place], plain[place], share)
    if isinstance(asked, str) and isinstance(came, str):
        return f"{what} is {came!r}, and {asked!r} was asked for."
    if isinstance(asked, numbers.Real) and not isinstance(asked, bool):
        if isinstance(came, torch.Tensor) and came.requires_grad and came.numel() == 1:
            return (
                f"{what} is a tensor that keeps its whole graph in memory; a number was asked "
                f"for: .item() of it."
            )
        plain = to_plain(came, keep_graphs=True)
        if isinstance(plain, bool) or not isinstance(plain, numbers.Real):
            return f"{what} should be one number; yours is {name_kind(came)}.{ask(came)}"
        return f"{what} is {format_number(plain)}, and {format_number(asked)} was asked for."
    return f"{what} should be {name_kind(asked)}; yours is {name_kind(came)}.{ask(came)}"


def tell_tensor(what: str, asked: torch.Tensor, came: object, share: float) -> str:
    """Say where what came first leaves the tensor that was asked for."""
    if not isinstance(came, torch.Tensor):
        return f"{what} should be a tensor; yours is {name_kind(came)}.{ask(came)}"
    shape = tuple(asked.shape)
    if came.shape != shape:
        flat = len(shape) == 2 and shape[1] == 1 and came.shape == shape[:1]
        hint = " It is flat: unsqueeze(1) stands it upright, one row for each." if flat else ""
        return f"{what} should have the shape {shape}; yours has {tuple(came.shape)}.{hint}"
    if came.dtype != asked.dtype:
        return f"{what} should be {name_dtype(asked)}; yours is {name_dtype(came)}."
    if asked.isfinite().all() and not came.isfinite().all():
        bad = came[~came.isfinite()].flatten()[0].item()
        return f"{what} holds {bad}, which is not a finite number."
    gap = (asked.double() - came.detach().double()).abs().nan_to_num()
    place = [int(one) for one in torch.unravel_index(gap.argmax(), shape)] if shape else []
    where = f" at {place}" if len(shape) > 1 else ""
    return (
        f"{what} is {format_number(came[tuple(place)].item())}{where}, and "
        f"{format_number(asked[tuple(place)].item())} was asked for."
    )


def expect_parts(value: object, number: int, wanted: str) -> list | tuple:
    """Take so many things in a list or a tuple.

    Args:
        value: What came.
        number: How many there should be.
        wanted: What is said up to what came, as in "twins() should return two networks; yours is".

    Raises:
        NotYet: It is something else.
    """
    if not isinstance(value, list | tuple) or len(value) != number:
        raise NotYet(f"{wanted} {name_kind(value)}.{ask(value)}")
    return value


def ask(came: object) -> str:
    """Ask for what is mostly missing where None came."""
    return " Is there a `return` at its end?" if came is None else ""


def count(number: int, thing: str) -> str:
    """Write a number of things: 1 part, 2 parts."""
    return f"{number} {thing}{'s' if number != 1 else ''}"


def lower(sentence: str) -> str:
    """Begin a sentence with a small letter."""
    return sentence[:1].lower() + sentence[1:]
