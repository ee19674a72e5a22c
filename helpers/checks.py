"""Tests of a value that several modules share, each with its one sentence."""

import math
import numbers
import operator
import re
from collections.abc import Collection

MAX_SEED = 2**63 - 1  # the largest that torch.manual_seed takes on every system


def show(value: object) -> str:
    """Write a value in one line of at most 100 characters, as errors name it: no address in it."""
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
    text = " ".join(line.strip() for line in text.splitlines())
    return text if len(text) <= 100 else f"{text[:97]}..."


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
