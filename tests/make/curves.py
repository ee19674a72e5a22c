"""Train what exercise 10-curve shows: four runs, each with something to be read from its curves.

Usage: python tests/make/curves.py
"""

import json
import math
from pathlib import Path

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from helpers.model import Regressor
from helpers.training import evaluate, train_epoch

EPOCHS = 300
PATH = Path(__file__).parents[2] / "helpers" / "results" / "curves.json"
# What is wrong with each run, if anything: the answers stand in helpers/exercises/answers.toml.
RUNS = {
    "A": {"dropout": 0.4, "forgotten": True},
    "B": {"lr": 1e-5},
    "C": {"rows": 25, "batch": 25, "width": 128, "lr": 0.01},
    "D": {"rows": 400, "batch": 400, "width": 16, "lr": 0.01},
}


def measure(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Make readings of the harbour in notebook 09, scaled: (n, 1) each."""
    generator = torch.Generator().manual_seed(seed)
    hours = 24.8 * torch.rand(n, 1, generator=generator)  # (n, 1)
    tide = 100 * torch.sin(2 * math.pi * hours / 12.4) + 50 * torch.sin(2 * math.pi * hours / 24.8)
    heights = tide + 40 * torch.randn(n, 1, generator=generator)  # (n, 1)
    return (hours - 12.4) / 7.2, heights / 90


def run(
    rows: int = 120,
    batch: int = 20,
    days: int = 0,
    width: int = 64,
    lr: float = 0.003,
    dropout: float = 0.0,
    forgotten: bool = False,
) -> dict[str, list[float]]:
    """Train one network; return its training and its held-out loss behind each epoch."""
    torch.manual_seed(1)
    layers = [nn.Linear(1, width), nn.ReLU(), nn.Dropout(dropout)]
    layers += [nn.Linear(width, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, 1)]
    net = Regressor(nn.Sequential(*layers))
    optimizer = optim.Adam(net.parameters(), lr=lr)
    loss_func = nn.MSELoss()
    x, y = measure(rows, days)
    other_x, other_y = measure(60, 100)
    generator = torch.Generator().manual_seed(0)
    loader = DataLoader(TensorDataset(x, y), batch, shuffle=True, generator=generator)
    losses = {"training": [], "held out": []}
    for _ in range(EPOCHS):
        train_epoch(net, loader, loss_func, optimizer)
        losses["training"].append(evaluate(net, [(x, y)], loss_func))
        net.train(forgotten)
        with torch.no_grad():
            losses["held out"].append(loss_func(net(other_x), other_y).item())
    return {name: [float(f"{loss:.4g}") for loss in part] for name, part in losses.items()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    lines = [f"{json.dumps(name)}: {json.dumps(run(**options))}" for name, options in RUNS.items()]
    PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
