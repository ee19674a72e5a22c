"""Module 1, the dataset: points (x, y) on a curve for a network to fit."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch.nn import functional as F

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
        Ink, from 0 (paper) to 1, float32 of shape (6, 10, 16, 16): font, digit, row, column. Each
        digit stands in the middle of its square, to within a pixel.

    Source: fonts that matplotlib brings along, drawn by tests/make/glyphs.py.
    """
    picture = Path(__file__).with_name("glyphs.pgm").read_bytes()  # one byte for a pixel
    grey = torch.tensor(list(picture[-96 * 160 :]), dtype=torch.float32)  # 255 is white
    return 1 - grey.reshape(6, 16, 10, 16).swapaxes(1, 2) / 255


def make_digits(
    n: int, seed: int, shift: float = 1.0, right: float = 0.0, size: int = 12, noise: float = 0.1
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw digits in six fonts, each with a size, a slant, a place and noise of its own.

    The same `n` and `seed` draw the same digits in the same sizes and slants, whatever else is
    asked for.

    Args:
        n: Number of pictures N.
        seed: Which ones.
        shift: How far a digit may stand from the middle, in twelfths of the picture's side.
        right: How much further to the right all of them stand, in the same unit.
        size: Height and width of a picture, in pixels.
        noise: Standard deviation of the Gaussian noise in each pixel.

    Returns:
        Pictures, float32 of shape (N, 1, size, size), about 0 (paper) to 1 (ink); and the digits,
        int64 of shape (N,).

    Shown in: 11_other_problems
    """
    random = torch.Generator("cpu").manual_seed(seed)
    digits = torch.randint(10, (n,), generator=random, device="cpu")
    fonts = torch.randint(6, (n,), generator=random, device="cpu")
    share = 2 * torch.rand(n, 4, generator=random, dtype=torch.float32, device="cpu") - 1
    change = torch.zeros(n, 2, 3, dtype=torch.float32, device="cpu")  # where a pixel looks for ink
    change[:, 0, 0] = change[:, 1, 1] = 1.05 + 0.15 * share[:, 0]  # size
    change[:, 0, 1] = 0.3 * share[:, 1]  # slant
    place = shift * share[:, 2:]  # (N, 2): right and down, in twelfths of the side
    place[:, 0] += right
    place = place.unsqueeze(2) / 6  # a picture reaches from -1 to 1
    change[:, :, 2:] = -change[:, :, :2] @ place
    grid = F.affine_grid(change, [n, 1, size, size], align_corners=False)
    drawn = get_glyphs()[fonts, digits].unsqueeze(1)  # (N, 1, 16, 16)
    images = F.grid_sample(drawn, grid, align_corners=False)  # (N, 1, size, size)
    grain = torch.randn(images.shape, generator=random, dtype=torch.float32, device="cpu")
    return images + noise * grain, digits
