"""Module 1, the dataset: points (x, y) on a curve for a network to fit."""

import math
from collections.abc import Callable

import torch

# Targets by name, roughly from easy to hard for a small network, each between -1 and 1.
FUNCTIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "line": lambda x: x / 10,
    "parabola": lambda x: x.square() / 50 - 1,
    "step": lambda x: torch.sign(x),
    "sinc": lambda x: torch.sinc(x / torch.pi),
    "sine": lambda x: torch.sin(x),
    "triangle": lambda x: torch.asin(torch.sin(x)) * 2 / torch.pi,
    "square": lambda x: torch.sign(torch.sin(x)),
    "two tones": lambda x: 0.6 * torch.sin(x) + 0.4 * torch.sin(3 * x),
    "chirp": lambda x: torch.sin(x.square() / 5),
}


def get_fake_data(
    n_samples: int = 1000,
    low: float = -10.0,
    high: float = 10.0,
    function: str | Callable[[torch.Tensor], torch.Tensor] = torch.sin,
    noise: float = 0.0,
    seed: int | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Make evenly spaced points on a curve, as two columns.

    Args:
        n_samples: Number of points N, at least 1.
        low: Smallest x.
        high: Largest x, above `low`.
        function: The curve: a name in `FUNCTIONS`, or a callable from (N, 1) to (N, 1).
        noise: Standard deviation of the Gaussian noise added to y, in units of y.
        seed: Seed of the noise; None draws from PyTorch's global generator.

    Returns:
        x and y, both float32 of shape (N, 1).

    Raises:
        TypeError: `n_samples` is not an int, or `function` is not a name or callable.
        ValueError: A value out of range, an unknown name, or a curve that is not finite on x.

    Shown in: 00_overview
    """
    check_data(n_samples, low, high, function, noise)
    curve = FUNCTIONS[function] if isinstance(function, str) else function
    x = torch.linspace(low, high, n_samples).unsqueeze(1)  # (N,) -> (N, 1)
    y = torch.as_tensor(curve(x), dtype=torch.float32)  # (N, 1)
    check_curve(x, y)
    if noise:
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        y = y + noise * torch.randn(y.shape, generator=generator)
    return x, y


def check_data(n_samples: object, low: float, high: float, function: object, noise: float) -> None:
    """Refuse arguments that `get_fake_data` cannot use, in one line that names the value."""
    if not isinstance(n_samples, int) or isinstance(n_samples, bool):
        raise TypeError(f"n_samples must be an int of at least 1, got {n_samples!r}")
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, got {n_samples}")
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"low must be below high, both finite, got low={low} and high={high}")
    if not (math.isfinite(noise) and noise >= 0):
        raise ValueError(f"noise must be a finite number of at least 0, got {noise}")
    if isinstance(function, str) and function not in FUNCTIONS:
        raise ValueError(f"function must be one of {', '.join(FUNCTIONS)}, got {function!r}")
    if not isinstance(function, str) and not callable(function):
        raise TypeError(f"function must be a name in FUNCTIONS or a callable, got {function!r}")


def check_curve(x: torch.Tensor, y: torch.Tensor) -> None:
    """Refuse a curve whose values do not pair up with x one to one."""
    if y.shape != x.shape:
        raise ValueError(
            f"function must return one y for each x, of shape {tuple(x.shape)}, "
            f"got shape {tuple(y.shape)}"
        )
    if not (x.isfinite().all() and y.isfinite().all()):
        where = x[~(x.isfinite() & y.isfinite())][0].item()
        raise ValueError(f"function must be finite on [low, high], but it is not at x = {where:g}")
