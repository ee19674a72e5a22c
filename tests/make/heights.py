"""Score networks and their rivals on the mountain side of notebook 11: about 5 minutes of one core.

Each network is trained at two rates and scored at seven stops. Of these settings only the one with
the lowest median over the draws is kept, chosen on the very points on which it is judged: that is
in the network's favour.

Usage: python tests/make/heights.py
"""

import json
from pathlib import Path

import torch
from matplotlib.cbook import get_sample_data
from torch import nn, optim

from helpers.model import Regressor, make_layers

COUNTS = (64, 256, 1024, 4096)  # how many heights are known
DRAWS = 5  # which ones they are, and the weights that a network begins with
CFGS = {"network of 64s": [2, 64, 64, 64, 1], "network of 8s": [2, 8, 8, 1]}
RATES = (0.003, 0.01)
STOPS = (30, 60, 120, 250, 500, 1000, 1500)  # iterations after which a network is scored
PATH = Path(__file__).parents[2] / "helpers" / "results" / "heights.json"


def read() -> tuple[torch.Tensor, torch.Tensor]:
    """Places (138632, 2), in hundreds of the table's steps, and their heights (138632, 1)."""
    heights = torch.tensor(get_sample_data("jacksboro_fault_dem.npz")["elevation"]).float()
    rows, columns = heights.shape
    places = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).float()
    return (places - places.mean(dim=0)) / 100, heights.reshape(-1, 1)


def estimate(x: torch.Tensor, y: torch.Tensor, new_x: torch.Tensor, count: int) -> torch.Tensor:
    """Average the heights of the nearest known points, weighted by 1 / distance squared: (M, 1)."""
    near = torch.cdist(new_x, x).topk(count, largest=False)  # (M, count)
    weights = 1 / near.values**2
    return (weights * y[near.indices, 0]).sum(dim=1, keepdim=True) / weights.sum(1, keepdim=True)


def error(guess: torch.Tensor, truth: torch.Tensor) -> float:
    """Take the root of the mean squared error, rounded, in the heights' unit."""
    return round((guess - truth).square().mean().sqrt().item(), 1)


def train(x, y, new_x, new_y, **run) -> list[float]:
    """Train one network; return its held-out error at each of the stops."""
    torch.manual_seed(run["draw"])
    net = Regressor(make_layers(run["cfg"]))
    optimizer = optim.Adam(net.parameters(), lr=run["lr"])
    middle, spread = y.mean(), y.std()
    errors = []
    for iteration in range(1, max(STOPS) + 1):
        loss = nn.MSELoss()(net(x), (y - middle) / spread)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if iteration in STOPS:
            with torch.no_grad():
                errors.append(error(net(new_x) * spread + middle, new_y))
    return errors


def race(known: int, x: torch.Tensor, y: torch.Tensor) -> dict:
    """Score all that run at one number of known points: by name a list, an error for each draw."""
    found = {"points": known, "mean": [], "nearest": [], "five nearest": []}
    runs = {name: [] for name in CFGS}
    for draw in range(DRAWS):
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(draw))
        mine, others = order[:known], order[-4000:]
        given = x[mine], y[mine], x[others], y[others]
        found["mean"].append(error(y[mine].mean(), y[others]))
        found["nearest"].append(error(estimate(*given[:3], 1), y[others]))
        found["five nearest"].append(error(estimate(*given[:3], 5), y[others]))
        for name, cfg in CFGS.items():
            at = [train(*given, cfg=cfg, lr=lr, draw=draw) for lr in RATES]
            runs[name].append(at)
    for name in CFGS:
        table = torch.tensor(runs[name])  # draw, rate, stop
        medians = table.median(dim=0).values
        rate, stop = divmod(medians.argmin().item(), len(STOPS))
        found[name] = [round(one, 1) for one in table[:, rate, stop].tolist()]
        found[f"{name}, setting"] = [RATES[rate], STOPS[stop]]
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    x, y = read()
    lines = []
    for known in COUNTS:
        lines.append(json.dumps(race(known, x, y)))
        print(lines[-1], flush=True)
    PATH.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
