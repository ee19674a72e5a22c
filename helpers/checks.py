"""Tests of a value that several modules share, each with its one sentence."""

import math
import numbers
import operator


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
    allowed = f"at least {low}" if high is None else f"from {low} to {high}"
    try:
        if isinstance(value, bool):
            raise TypeError
        whole = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, {allowed}, got {value!r}") from None
    if whole < low or (high is not None and whole > high):
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
        ValueError: It is nan or infinite.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    return float(value)


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
