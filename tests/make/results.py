"""Train what notebook 07 shows from stored results: about 15 minutes on two cores.

Usage: python tests/make/results.py
"""

import datetime
import json
from dataclasses import replace
from pathlib import Path

import torch

from helpers.experiment import Settings
from helpers.sweep import Result, sweep

LAST = 100  # iterations whose losses are averaged: a single one jumps
FOLDER = Path(__file__).parents[2] / "helpers" / "results"
SMALL, DEEP = (1, 20, 50, 20, 1), (1, 20, 50, 100, 500, 100, 50, 20, 1)
SMALL_DEEP, LARGE_SHALLOW = (1, *[18] * 7, 1), (1, *[236] * 3, 1)  # about as many parameters
DEPTHS, RATES = (1, 2, 3, 5, 7, 10), (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


def end(result: Result, epochs: int) -> float:
    """Average the losses that the curve kept of the last iterations."""
    losses = [loss for iteration, loss in result.curve if iteration >= epochs - LAST]
    return sum(losses) / len(losses)


def article() -> list[Settings]:
    """The article's two networks over many seeds, and two of the other depth for comparison."""
    seeds = {SMALL: 40, SMALL_DEEP: 10, DEEP: 10, LARGE_SHALLOW: 10}
    return [Settings(cfg=cfg, seed=seed) for cfg, count in seeds.items() for seed in range(count)]


def depth_rate() -> list[Settings]:
    """Depth x learning rate x five seeds, width 20, under SGD and under Adam."""
    base = [
        Settings(cfg=(1, *[20] * depth, 1), lr=lr, seed=seed)
        for depth in DEPTHS
        for lr in RATES
        for seed in range(5)
    ]
    return base + [replace(settings, optimizer="Adam", lr=settings.lr / 10) for settings in base]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for make, epochs in ((depth_rate, 1000), (article, 5000)):
        runs = []
        for done, result in enumerate(sweep(make(), epochs), start=1):
            settings = result.settings
            run = {"cfg": settings.cfg, "lr": settings.lr, "optimizer": settings.optimizer}
            assert result.error is None, result
            run["seed"] = settings.seed
            run["end"] = None if result.diverged else float(f"{end(result, epochs):.4g}")
            runs.append(run)
            print(make.__name__, done, runs[-1], flush=True)
        runs.sort(key=lambda run: (run["optimizer"], run["cfg"], run["lr"], run["seed"]))
        lines = ",\n".join(json.dumps(run) for run in runs)
        head = {"torch": torch.__version__, "date": str(datetime.date.today()), "epochs": epochs}
        text = f'{json.dumps(head)[:-1]}, "runs": [\n{lines}\n]}}\n'
        (FOLDER / f"{make.__name__}.json").write_text(text, encoding="utf-8")
