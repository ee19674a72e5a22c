"""What a trained network is: what it computes on its way from x to its prediction."""

import torch
from torch import nn


def hidden_outputs(net: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """Compute what each hidden layer hands on, after its activation.

    Args:
        net: A `Regressor`, or the layers that `make_layers` returns.
        x: Inputs, (N, inputs).

    Returns:
        One tensor (N, width) for each hidden layer, without gradients.
    """
    outputs = []
    with torch.no_grad():
        for layer in getattr(net, "features", net):
            x = layer(x)
            if not isinstance(layer, nn.Linear):
                outputs.append(x)
    return outputs


def silent_layer(net: nn.Module, x: torch.Tensor) -> int | None:
    """Find the first hidden layer that is off: it hands on 0 from every unit for every x.

    Args:
        net: A `Regressor`, or the layers that `make_layers` returns.
        x: Inputs, (N, inputs).

    Returns:
        Its number, from 1; None if every layer hands something on.
    """
    outputs = enumerate(hidden_outputs(net, x), start=1)
    return next((number for number, output in outputs if not output.any()), None)
