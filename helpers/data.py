"""Module 1, the dataset: points (x, y) on a curve for a network to fit."""

from collections.abc import Callable

import torch

from helpers.checks import show, to_choice, to_noise, to_number, to_seed, to_whole

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
        function: The curve: a name in `FUNCTIONS`, or a callable from (N, 1) to (N, 1), such as
            a network; it gets a copy of x, and its result is cut off from any graph.
        noise: Standard deviation of the Gaussian noise added to y, in units of y.
        seed: Seed of the noise, 0 to 2**63 - 1; None draws from PyTorch's global generator.

    Returns:
        x and y, both float32 of shape (N, 1) on the cpu; they share no memory.

    Raises:
        TypeError: A value of the wrong type, or a curve that returns no real numbers.
        ValueError: A value out of range, an unknown name, or a curve that is not finite on x.

    Shown in: 00_overview
    """
    check_data(n_samples, low, high, function, noise, seed)
    curve = FUNCTIONS[function] if isinstance(function, str) else function
    x = torch.linspace(low, high, n_samples, dtype=torch.float32, device="cpu").unsqueeze(1)
    values = curve(x.clone())  # (N, 1); a copy, so that a curve may work in place
    check_curve(x, values)
    y = torch.as_tensor(values, dtype=torch.float32, device="cpu").detach().clone()  # (N, 1)
    if noise:
        generator = None if seed is None else torch.Generator("cpu").manual_seed(int(seed))
        y += noise * torch.randn(y.shape, generator=generator, dtype=torch.float32, device="cpu")
    return x, y


def check_data(
    n_samples: object, low: object, high: object, function: object, noise: object, seed: object
) -> None:
    """Refuse arguments that `get_fake_data` cannot use, in one line that names the value."""
    to_whole("n_samples", n_samples, 1)
    if not to_number("low", low) < to_number("high", high):
        raise ValueError(f"low must be below high, got low={low} and high={high}")
    to_noise(noise)
    if seed is not None:
        to_seed(seed)
    if isinstance(function, str):
        to_choice("function", function, FUNCTIONS)
    elif not callable(function):
        raise TypeError(f"function must be a name in FUNCTIONS or a callable, got {show(function)}")


def check_curve(x: torch.Tensor, values: object) -> None:
    """Refuse values of a curve that do not pair up with x one to one."""
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
