"""Modules 2 and 3, the network: built from a list of widths, wrapped in a class, counted."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import nn

from helpers.guards import guard_cfg, guard_features, guarded_by


@guarded_by(guard_cfg)
def make_layers(cfg: Sequence[int], activation: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    """Chain a Linear layer for each pair of neighbouring widths, the last one bare.

    Args:
        cfg: Number of units of each layer, from input to output: a list or tuple of at least
            two whole numbers. `[1, 20, 50, 20, 1]` has three hidden layers.
        activation: Called once for each hidden layer to make what follows it; `nn.Identity`
            for none. The output layer has no activation, so it can reach any value.

    Returns:
        A network from (N, cfg[0]) to (N, cfg[-1]).

    Raises:
        TypeError: `cfg` is not a list or tuple of whole numbers, or `activation` makes no module.
        ValueError: `cfg` is too short or holds a width below 1.

    Shown in: 00_overview
    Source: the list of widths follows torchvision's VGG.
    """
    layers = []
    for n_in, n_out in pairwise(cfg[:-1]):
        layers += [nn.Linear(n_in, n_out), activation()]
    layers += [nn.Linear(cfg[-2], cfg[-1])]
    return nn.Sequential(*layers)


class Regressor(nn.Module):
    """A network that predicts a number: it hands its input through `features`.

    Args:
        features: The layers, such as `make_layers` returns.

    Raises:
        TypeError: `features` is not a module.

    Shown in: 00_overview
    """

    @guarded_by(guard_features)
    def __init__(self, features: nn.Module) -> None:
        """Keep the layers, so that their weights become this network's parameters."""
        super().__init__()
        self.features = features

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predict: (N, inputs) -> (N, outputs)."""
        return self.features(x)


class ParameterRow(NamedTuple):
    """One layer of `parameter_table`; a shape is empty where the layer has no such parameter."""

    layer: int
    weight: tuple[int, ...]
    bias: tuple[int, ...]
    count: int


def count_parameters(net: nn.Module) -> int:
    """Count the numbers that training adjusts: every weight and every bias."""
    return sum(parameter.numel() for parameter in net.parameters())


def parameter_table(net: nn.Module) -> list[ParameterRow]:
    """List the layers that hold parameters, in order, from 1.

    Returns:
        One row for each layer: its number, weight shape (outputs, inputs), bias shape
        (outputs,) and how many numbers the two hold together.

    Shown in: 08_parameters
    """
    rows = []
    for module in net.modules():
        own = dict(module.named_parameters(recurse=False))
        if own:
            shapes = [tuple(own[name].shape) if name in own else () for name in ("weight", "bias")]
            count = sum(parameter.numel() for parameter in own.values())
            rows.append(ParameterRow(len(rows) + 1, *shapes, count))
    return rows
