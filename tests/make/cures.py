"""Train the networks of notebook 10 on thirty months, three times as long as the page does.

Usage: python tests/make/cures.py

Of each cure, and of no cure, it stores the errors on fresh rows in cm: after 300 epochs and after
1000 epochs of the same run, one for each month. It takes some minutes.
"""

import json
import math
from pathlib import Path

import torch
from torch import nn, optim

PATH = Path(__file__).parents[2] / "helpers" / "results" / "cures.json"
CURES = {
    "no cure": {},
    "decay 0.3": {"decay": 0.3},
    "decay 3": {"decay": 3},
    "dropout 0.3": {"dropout": 0.3},
}
LENGTHS = (300, 1000)  # in epochs


def measure(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Make readings of the harbour: hours and heights in cm, (n, 1) each."""
    generator = torch.Generator().manual_seed(seed)
    hours = 24.8 * torch.rand(n, 1, generator=generator)  # (n, 1)
    tide = 100 * torch.sin(2 * math.pi * hours / 12.4) + 50 * torch.sin(2 * math.pi * hours / 24.8)
    return hours, tide + 40 * torch.randn(n, 1, generator=generator)


def train(month: int, decay: float = 0.0, dropout: float = 0.0) -> list[float]:
    """Train one network on thirty readings; return its error on fresh rows after each length."""
    x, y = measure(30, month)
    fresh_x, fresh_y = measure(1000, 1000)
    scaled_x, scaled_y = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    torch.manual_seed(month)
    layers = [nn.Linear(1, 64), nn.ReLU(), nn.Dropout(dropout)]
    layers += [nn.Linear(64, 64), nn.ReLU(), nn.Dropout(dropout), nn.Linear(64, 1)]
    net = nn.Sequential(*layers)
    optimizer = optim.AdamW(net.parameters(), lr=0.02, weight_decay=decay)
    errors = []
    for epoch in range(1, max(LENGTHS) + 1):
        net.train()
        loss = nn.functional.mse_loss(net(scaled_x), scaled_y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if epoch in LENGTHS:
            net.eval()
            with torch.no_grad():
                out = net((fresh_x - x.mean()) / x.std()) * y.std() + y.mean()  # (1000, 1)
            errors.append(round((out - fresh_y).square().mean().sqrt().item(), 2))
    return errors


if __name__ == "__main__":
    torch.set_num_threads(1)
    found = {}
    for name, options in CURES.items():
        runs = [train(month, **options) for month in range(30)]
        found[name] = {str(n): [run[k] for run in runs] for k, n in enumerate(LENGTHS)}
    lines = [f"{json.dumps(name)}: {json.dumps(errors)}" for name, errors in found.items()]
    PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
