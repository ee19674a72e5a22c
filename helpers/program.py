"""A run as a plain PyTorch program, to be read, pasted into a cell and changed."""

import difflib
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Protocol

import torch

from helpers import data


class Run(Protocol):
    """What a program is written of; `helpers.experiment.Settings` is one."""

    cfg: tuple[int, ...]
    function: str
    noise: float
    seed: int
    n_samples: int


def write_program(
    run: Run,
    y: torch.Tensor,
    activation: str,
    optimizer: str,
    arguments: dict[str, float],
) -> str:
    """Write the program whose losses equal the run's.

    Args:
        run: What was chosen.
        y: The run's targets, (N, 1).
        activation: A name in torch.nn.
        optimizer: A name in torch.optim.
        arguments: What the optimizer is made with.

    Returns:
        The program. A curve of `helpers.data` stands in it as a formula, with its noise; of any
        other curve the points do.
    """
    formula = find_formula(run, y)
    text = Path(__file__).with_name("program.txt").read_text(encoding="utf-8")
    if not (formula and run.noise):
        text = "".join(line for line in text.splitlines(True) if "$noise" not in line)
    return Template(text).substitute(
        formula=formula or write_points(y),
        noise=run.noise,
        n_samples=run.n_samples,
        seed=run.seed,
        activation=activation,
        cfg=list(run.cfg),
        optimizer=optimizer,
        arguments=", ".join(f"{name}={value}" for name, value in arguments.items()),
    )


def find_formula(run: Run, y: torch.Tensor) -> str:
    """Read the formula in x of a curve of `helpers.data`; "" for any other curve.

    The file, or the curve of this name, may be another one by now: a formula that does not give
    y is none.
    """
    curve = data.FUNCTIONS.get(run.function)
    if getattr(curve, "__module__", None) != data.__name__:
        return ""
    try:
        formula = inspect.getsource(curve).partition("lambda x: ")[2].strip().removesuffix(",")
        _, points = data.get_fake_data(
            run.n_samples,
            function=lambda x: eval(formula, {"torch": torch, "x": x}),
            noise=run.noise,
            seed=run.seed,
        )
    except Exception:  # no file, or no formula where it stood
        return ""
    return formula if torch.equal(points, y) else ""


def write_points(y: torch.Tensor) -> str:
    """Write y as its numbers, each as short as it can be and still the same float32."""
    numbers = textwrap.wrap(", ".join(str(value) for value in y.squeeze(1).numpy()), 92)
    lines = "".join(f"    {line}\n" for line in numbers)
    return f"torch.tensor([\n{lines}]).unsqueeze(1)"


def changed_lines(old: Callable, new: Callable) -> list[str]:
    """List the lines in the body of a function that another one does not have, in their order.

    Shown in: 11_other_problems
    """
    bodies = [inspect.getsource(function).splitlines()[1:] for function in (old, new)]
    return [line[2:] for line in difflib.ndiff(*bodies) if line.startswith("+ ")]
