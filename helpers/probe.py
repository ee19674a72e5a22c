"""What a trained network is: what it computes on its way from x to its prediction."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parameters_to_vector


def hidden_outputs(net: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """Compute what each hidden layer hands on: what enters the next Linear layer.

    Args:
        net: A `Regressor`, or layers such as `make_layers` returns; Dropout and BatchNorm between
            them work as in the mode that they are in.
        x: Inputs, (N, inputs).

    Returns:
        One tensor (N, width) for each hidden layer, without gradients.
    """
    inputs = []  # of each Linear layer
    with torch.no_grad():
        for layer in getattr(net, "features", net):
            if isinstance(layer, nn.Linear):
                inputs.append(x)
            x = layer(x)
    return inputs[1:]


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


def unit_effect(
    net: nn.Module, layer: int, unit: int, x: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute what a hidden unit hands on, and what the prediction would lose without it.

    Args:
        net: A `Regressor`, or layers such as `make_layers` returns.
        layer: Its hidden layer, from 1.
        unit: Which unit of it, from 1.
        x: Inputs, (N, inputs).

    Returns:
        What it hands on, (N,); and the prediction less the one that comes where it hands on 0,
        (N, outputs). Without gradients.

    Raises:
        ValueError: The network has no such layer, or the layer no such unit.
    """
    features = getattr(net, "features", net)
    widths = [module.out_features for module in features if isinstance(module, nn.Linear)][:-1]
    if not 1 <= layer <= len(widths):
        raise ValueError(f"layer must be from 1 to {len(widths)}, got {layer}")
    if not 1 <= unit <= widths[layer - 1]:
        raise ValueError(f"unit must be from 1 to {widths[layer - 1]}, got {unit}")
    with torch.no_grad():
        whole, number = features(x), 0
        for module in features:
            if isinstance(module, nn.Linear):
                if number == layer:  # what enters it is what hidden layer `layer` hands on
                    output = x[:, unit - 1].clone()
                    x = x.clone()
                    x[:, unit - 1] = 0
                number += 1
            x = module(x)
    return output, whole - x


def gradient_norms(net: nn.Module) -> list[float | None]:
    """Measure how large a gradient each Linear layer received from the last `backward()`.

    Args:
        net: Any network.

    Returns:
        The Frobenius norm of the weight's gradient for each Linear layer, in order. None, not 0,
        where there is no gradient (before `backward()`, after `zero_grad()`): a 0 was computed.

    Shown in: 07_depth
    """
    gradients = [layer.weight.grad for layer in net.modules() if isinstance(layer, nn.Linear)]
    doubles = [None if g is None else g.detach().cpu().double() for g in gradients]
    return [None if g is None else torch.linalg.matrix_norm(g).item() for g in doubles]


def kinks(net: nn.Module, low: float, high: float) -> list[np.ndarray]:
    """Find where a ReLU network's prediction bends: between two kinks it is a straight line.

    A unit that crosses zero without effect on the prediction makes no kink. A kink at which
    units of several layers cross is listed once, for the first of these layers that has an
    effect. A change of slope below 1e-12 of the steepest slope counts as none.

    Args:
        net: A `Regressor`, or the layers that `make_layers` returns, from one number to one.
        low: Left end of the interval, in units of x.
        high: Right end; a kink at either end is left out.

    Returns:
        One sorted float64 array for each hidden layer: the x where the slope of the prediction
        changes because of that layer. Computed in float64, whatever the network's own dtype.

    Raises:
        TypeError: The layers are not Linear with ReLU between them.
        ValueError: An input or output width is not 1, a weight is not finite, low >= high,
            one of the two is beyond 1e100, or biases so large beside the weights that float64
            cannot hold both.

    Shown in: 07_depth
    """
    layers = scale_layers(get_relu_layers(net))
    if not -1e100 < low < high < 1e100:  # larger ones would leave float64 on the way
        raise ValueError(
            f"low must be below high, both between -1e100 and 1e100, got low={low}, high={high}"
        )
    edges = np.array([low, high], dtype=np.float64)
    h = edges[:, None]  # what enters the next layer at each edge
    for depth, (weight, bias) in enumerate(layers[:-1], start=1):
        z = h @ weight.T + bias  # straight between the edges
        new = find_zeros(edges, z)
        h = np.concatenate([np.maximum(z, 0), feed_forward(layers[:depth], new)])
        edges = np.concatenate([edges, new])
        order = np.argsort(edges)
        edges, h = edges[order], h[order]
    causes = find_causes(layers, edges)
    return [edges[1:-1][causes == number] for number in range(1, len(layers))]


def count_crossings(net: nn.Module, x: np.ndarray) -> int:
    """Count how often a unit of a ReLU network turns on or off between neighbouring x.

    About as many edges `kinks` has to look at: its cost, times the network's parameters.

    Args:
        net: As for `kinks`, which raises the same errors.
        x: (N,), in rising order.
    """
    h, crossings = x[:, None], 0
    for weight, bias in get_relu_layers(net)[:-1]:
        h = np.maximum(h @ weight.T + bias, 0)
        on = h > 0
        crossings += int((on[1:] != on[:-1]).sum())
    return crossings


def get_relu_layers(net: nn.Module) -> list[list[np.ndarray]]:
    """Copy each Linear layer's weight and bias to float64; refuse what `kinks` cannot read."""
    features = getattr(net, "features", net)
    modules = list(features) if isinstance(features, nn.Sequential) else [features]
    names = [type(module).__name__ for module in modules]
    wanted = ["Linear", "ReLU"] * (len(names) // 2) + ["Linear"]
    wrong = [f"{name} as module {i}" for i, name in enumerate(names) if name != wanted[i]]
    if names != wanted:
        got = wrong[0] if wrong else "no Linear at the end"
        raise TypeError(f"net must be Linear layers with a ReLU between each two, got {got}")
    linear = modules[::2]
    widths = linear[0].in_features, linear[-1].out_features
    if widths != (1, 1):
        raise ValueError(f"net must lead from 1 input to 1 output, got {widths[0]} to {widths[1]}")
    layers = []
    for number, layer in enumerate(linear, start=1):
        bias = torch.zeros(layer.out_features) if layer.bias is None else layer.bias
        layers.append([p.detach().cpu().double().numpy() for p in (layer.weight, bias)])
        if not all(np.isfinite(p).all() for p in layers[-1]):
            raise ValueError(f"net must hold finite numbers, got nan or inf in Linear {number}")
    return layers


def scale_layers(layers: list[list[np.ndarray]]) -> list[list[np.ndarray]]:
    """Bring the largest weight of each layer near 1, and leave every kink where it is.

    A ReLU of c * z is c * (the ReLU of z) for any c > 0, so the weights of a layer may be divided
    by c if its bias and the biases of all later layers are, too. With a power of two nothing is
    rounded.
    """
    scaled = []
    total = 0  # log2 of what the layers so far were divided by, in all
    for number, (weight, bias) in enumerate(layers, start=1):
        own = np.frexp(abs(weight).max())[1]
        total += own
        with np.errstate(over="ignore"):
            bias = np.ldexp(bias, -total)
        if number < len(layers) and abs(bias).max() > 1e150:  # the last bias bends nothing
            raise ValueError(
                f"net must hold biases that its weights can make up for, got biases in Linear "
                f"{number} that are 1e150 times what the weights up to there make of x = 1"
            )
        scaled.append([np.ldexp(weight, -own), bias])
    return scaled


def feed_forward(layers: list[list[np.ndarray]], x: np.ndarray) -> np.ndarray:
    """Compute what the last of some hidden layers hands on at each x: (N,) -> (N, width)."""
    h = x[:, None]
    for weight, bias in layers:
        h = np.maximum(h @ weight.T + bias, 0)
    return h


def find_zeros(edges: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Find the x where a column of z, straight between the edges, crosses zero.

    Args:
        edges: (N,), in rising order.
        z: (N, width), at the edges.

    Returns:
        The x in rising order, without those that are an edge but for rounding.
    """
    segment, unit = np.nonzero((z[:-1] < 0) != (z[1:] < 0))
    left, right = edges[segment], edges[segment + 1]
    z_left, z_right = z[segment, unit], z[segment + 1, unit]
    x = (left * z_right - right * z_left) / (z_right - z_left)
    gap = 1e-12 * abs(edges[[0, -1]]).max()  # closer ones are one x with two rounding errors
    x = np.sort(x[(x - left > gap) & (right - x > gap)])
    return x[np.diff(x, prepend=-np.inf) > gap]


def find_causes(layers: list[list[np.ndarray]], edges: np.ndarray) -> np.ndarray:
    """Find which hidden layer, from 1, bends the output at each inner edge; 0 where none does.

    Let s be the slope of a unit's input, and g the output's slope with respect to what the unit
    hands on. A unit that turns on adds g * s to the output's slope, one that turns off takes it
    away: exactly so with g right of the edge and s left of it, or g left and s right.
    """
    h, s = (edges[1:, None] + edges[:-1, None]) / 2, np.ones((len(edges) - 1, 1))
    units = []
    for weight, bias in layers[:-1]:
        z, s = h @ weight.T + bias, s @ weight.T
        on = z > 0  # (segments, width), at the middle of each
        units.append((on, s))
        h, s = on * z, on * s
    weight = layers[-1][0]
    scale = np.full(len(edges) - 2, abs(s @ weight.T).max())  # what rounding is measured by
    g = np.ones((len(edges) - 1, 1))
    change, causes = np.zeros(len(scale)), np.zeros(len(scale), dtype=int)
    for number in range(len(units), 0, -1):
        weight, (on, s) = layers[number][0], units[number - 1]
        left, unit = np.nonzero(on[1:] != on[:-1])  # the unit turns between segments left, right
        right = left + 1
        turn = on[right, unit] * 2.0 - 1  # 1 turns on, -1 turns off
        size = ((abs(g[left]) + abs(g[right])) * abs(weight.T[unit])).sum(1)
        size *= abs(s[left, unit]) + abs(s[right, unit])
        g = g @ weight
        terms = turn * g[right, unit] * s[left, unit], turn * g[left, unit] * s[right, unit], size
        one, other, size = (np.bincount(left, term, len(scale)) for term in terms)
        causes[np.maximum(abs(one), abs(other)) > 1e-12 * size] = number
        change, scale, g = change + one, scale + size, g * on
    return np.where(abs(change) > 1e-12 * scale, causes, 0)


def largest_curvature(
    net: nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    loss_func: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    rounds: int = 20,
) -> float:
    """Measure the loss's curvature along the direction in which it is largest in size.

    Power iteration (R. von Mises, 1929) on products with the matrix of second derivatives,
    which autograd computes without the matrix.

    Args:
        net: The network, at the weights that it has now.
        x: Inputs, (N, inputs).
        y: Targets, of the shape of net(x).
        loss_func: Called as loss_func(net(x), y).
        rounds: How many products; more come closer.

    Returns:
        The curvature: how fast the slope of the loss changes for each unit of length. 0 where it
        does not change.

    Shown in: 05_optimizer
    """
    parameters = list(net.parameters())
    grads = torch.autograd.grad(loss_func(net(x), y), parameters, create_graph=True)
    gradient = parameters_to_vector(grads)
    change = torch.randn(len(gradient), generator=torch.Generator().manual_seed(0))
    change = change.to(gradient)  # its dtype and device
    for _ in range(rounds):
        if not change.any():  # the slope is the same everywhere
            return 0.0
        direction = change / change.norm()  # of length 1
        slope = gradient @ direction  # of the loss, along the direction
        grads = torch.autograd.grad(slope, parameters, retain_graph=True)
        change = parameters_to_vector(grads)
    return (change @ direction).item()


def fit_pieces(
    x: torch.Tensor,
    y: torch.Tensor,
    loss_func: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    pieces: int = 14,
    rounds: int = 30,
) -> torch.Tensor:
    """Find the curve of straight pieces for which the loss is smallest, without training.

    It is what a network with one hidden layer comes to whose kinks stand still, evenly spread.
    A loss pulls on a point as a spring would whose stiffness is pull / error; springs of known
    stiffness come to rest where a least-squares problem has its solution. Solve it, look at the
    stiffnesses there, and repeat (reweighted least squares).

    Args:
        x: Inputs, (N, 1).
        y: Labels, (N, 1).
        loss_func: Called as loss_func(out, y); it grows with the size of each error.
        pieces: How many straight pieces there are from the least to the largest x.
        rounds: How often it is solved; one is enough for the mean squared error.

    Returns:
        The height of the curve at each x, (N, 1).

    Shown in: 04_loss
    """
    x64, y64 = x.double(), y.double()
    corners = torch.linspace(x64.min(), x64.max(), pieces + 1, dtype=torch.float64)
    tents = (1 - (x64 - corners).abs() / (corners[1] - corners[0])).clamp(min=0)  # (N, corners)
    ridge = 1e-9 * torch.eye(pieces + 1, dtype=torch.float64)  # for a corner without a point
    stiffness = torch.ones_like(y64)  # (N, 1)
    for _ in range(rounds):
        heights = torch.linalg.solve(
            tents.T @ (stiffness * tents) + ridge, tents.T @ (stiffness * y64)
        )
        out = (tents @ heights).requires_grad_()  # (N, 1)
        (slope,) = torch.autograd.grad(loss_func(out, y64), out)
        stiffness = slope.abs() / (out.detach() - y64).abs().clamp(min=1e-6)
        stiffness = stiffness / stiffness.max().clamp(min=1e-30)
    return out.detach().to(y)
