"""Train what notebook 07 shows from stored results: about 15 minutes on two cores.

Usage: python tests/make/results.py
"""

import datetime
import json
from pathlib import Path

import torch

from helpers.experiment import Experiment, Settings
from helpers.sweep import Result, sweep
from helpers.training import Diverged

LAST = 100  # iterations whose losses are averaged: a single one jumps
FOLDER = Path(__file__).parents[2] / "helpers" / "results"
SMALL, DEEP = (1, 20, 50, 20, 1), (1, 20, 50, 100, 500, 100, 50, 20, 1)
SMALL_DEEP, LARGE_SHALLOW = (1, *[18] * 7, 1), (1, *[236] * 3, 1)  # about as many parameters
# About 900 parameters each, in one hidden layer, two, three, five and ten.
SAME_SIZE = ((1, 300, 1), (1, 28, 28, 1), (1, *[20] * 3, 1), (1, *[14] * 5, 1), (1, *[9] * 10, 1))
RATES = {"Adam": (0.001, 0.003, 0.01), "SGD": (0.03, 0.1, 0.3)}


def end(result: Result, epochs: int) -> float:
    """Average the losses that the curve kept of the last iterations."""
    losses = [loss for iteration, loss in result.curve if iteration >= epochs - LAST]
    return sum(losses) / len(losses)


def article() -> list[Settings]:
    """The article's two networks over many seeds, and two of the other depth for comparison."""
    seeds = {SMALL: 40, SMALL_DEEP: 10, DEEP: 10, LARGE_SHALLOW: 10}
    return [Settings(cfg=cfg, seed=seed) for cfg, count in seeds.items() for seed in range(count)]


def same_size() -> list[Settings]:
    """The same number of parameters in more and more layers, at three rates, from ten seeds."""
    return [
        Settings(cfg=cfg, lr=lr, optimizer=optimizer, seed=seed, n_samples=100)
        for optimizer, rates in RATES.items()
        for cfg in SAME_SIZE
        for lr in rates
        for seed in range(10)
    ]


def get_held_out_error(settings: Settings, epochs: int) -> float | None:
    """Train, and measure the mean squared error between the points; None if it diverges."""
    experiment = Experiment(settings)
    try:
        experiment.advance(epochs)
    except Diverged:
        return None
    x, y = experiment.get_held_out()
    error = experiment.predict(x.squeeze(1)) - y.squeeze(1)  # (99,)
    return float(f"{error.square().mean().item():.4g}")


def write(name: str, epochs: int, runs: list[dict]) -> None:
    """Store runs, one a line."""
    runs.sort(key=lambda run: (run["optimizer"], run["cfg"], run["lr"], run["seed"]))
    lines = ",\n".join(json.dumps(run) for run in runs)
    head = {"torch": torch.__version__, "date": str(datetime.date.today()), "epochs": epochs}
    text = f'{json.dumps(head)[:-1]}, "runs": [\n{lines}\n]}}\n'
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


def describe(settings: Settings) -> dict:
    """List what is stored of the settings of a run."""
    return {name: getattr(settings, name) for name in ("cfg", "lr", "optimizer", "seed")}


def make_same_size(epochs: int = 1000) -> None:
    """Train the networks of one size, one after the other, and store their held-out errors."""
    torch.set_num_threads(1)
    runs = []
    for settings in same_size():
        runs.append(describe(settings) | {"held_out": get_held_out_error(settings, epochs)})
        print(len(runs), runs[-1], flush=True)
    write("same_size", epochs, runs)


def make_article(epochs: int = 5000) -> None:
    """Train the article's networks and their rivals on every core, and store where they end."""
    runs = []
    for result in sweep(article(), epochs):
        assert result.error is None, result
        ending = None if result.diverged else float(f"{end(result, epochs):.4g}")
        runs.append(describe(result.settings) | {"end": ending})
        print(len(runs), runs[-1], flush=True)
    write("article", epochs, runs)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    make_same_size()
    make_article()
