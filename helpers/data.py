"""Module 1, the dataset: points (x, y) on a curve for a network to fit."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from helpers.guards import guard_curve, guard_data, guarded_by

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


@guarded_by(partial(guard_data, FUNCTIONS))
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
        ValueError: A value out of range, an unknown name, a curve that is not finite on x, or x
            so far from 0 that float32 cannot tell one from the next.

    Shown in: 01_dataset
    """
    curve = FUNCTIONS[function] if isinstance(function, str) else function
    x = torch.linspace(low, high, n_samples, dtype=torch.float32, device="cpu").unsqueeze(1)
    values = curve(x.clone())  # (N, 1); a copy, so that a curve may work in place
    guard_curve(x, values)
    y = torch.as_tensor(values, dtype=torch.float32, device="cpu").detach().clone()  # (N, 1)
    if noise:
        generator = None if seed is None else torch.Generator("cpu").manual_seed(seed)
        y += noise * torch.randn(y.shape, generator=generator, dtype=torch.float32, device="cpu")
    return x, y


def get_glyphs() -> torch.Tensor:
    """Read the digits 0 to 9 in six fonts, in 16 x 16 pixels each.

    Returns:
        Ink, from 0 (paper) to 1, float32 of shape (6, 10, 16, 16): font, digit, row, column.

    Shown in: 11_other_problems
    Source: fonts that matplotlib brings along, drawn by tests/make/glyphs.py.
    """
    picture = Path(__file__).with_name("glyphs.pgm").read_bytes()  # one byte for a pixel
    grey = torch.tensor(list(picture[-96 * 160 :]), dtype=torch.float32)  # 255 is white
    return 1 - grey.reshape(6, 16, 10, 16).swapaxes(1, 2) / 255
