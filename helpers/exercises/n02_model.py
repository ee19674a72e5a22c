"""Notebook 02: layers from a list, curves from ReLUs by hand, a skip connection."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import nn

from helpers.exercises.expecting import (
    call,
    expect_network,
    expect_number,
    expect_parts,
    expect_tensor,
    name_kind,
    near,
    predict_column,
)
from helpers.exercises.running import NotYet

CFG = (2, 7, 5, 3)


def judge_layers(answer: object) -> str:
    """Compare `my_layers(cfg, activation)` with a chain of sums, layer by layer."""
    for cfg, activation in ((CFG, nn.Tanh), ((1, 4, 1), nn.ReLU), ((3, 6, 6, 6, 6, 2), nn.Sigmoid)):
        shown = f"my_layers({list(cfg)}, nn.{activation.__name__})"
        net = expect_network(
            call(answer, list(cfg), activation, shown=shown), f"What {shown} gives"
        )
        linear = [layer for layer in net.modules() if isinstance(layer, nn.Linear)]
        judge_widths(linear, cfg, shown)
        x = torch.randn(9, cfg[0], dtype=torch.float32)
        out = expect_tensor(net(x), f"The output of {shown}", (9, cfg[-1]))
        judge_chain(linear, activation(), x, out, shown)
    return "Widths, activations and the bare last layer are right for three lists."


def judge_widths(linear: Sequence[nn.Linear], cfg: Sequence[int], shown: str) -> None:
    """Refuse Linear layers that are not those of the list.

    Raises:
        NotYet: A layer is missing, one too many or of other widths.
    """
    for place, layer in enumerate(linear, 1):
        if layer.bias is None:
            raise NotYet(f"In {shown} Linear {place} has no bias: leave out bias=False.")
    found = [(layer.in_features, layer.out_features) for layer in linear]
    wanted = list(pairwise(cfg))
    if found == wanted:
        return
    if found == wanted[:-1]:
        raise NotYet(f"{shown} has {len(found)} Linear layers and needs {len(wanted)}: the last.")
    if not found:
        raise NotYet(
            f"In {shown} there is no nn.Linear: check reads the weights of nn.Linear layers, and "
            f"sees no others."
        )
    if len(found) != len(wanted):
        names = ", ".join(f"Linear({n_in}, {n_out})" for n_in, n_out in wanted)
        raise NotYet(f"{shown} makes {len(found)} Linear layers, and {len(wanted)} are asked for: "
                     f"{names}.")  # fmt: skip
    place = next(i for i, pair in enumerate(found) if pair != wanted[i])
    raise NotYet(
        f"In {shown} Linear {place + 1} leads from {found[place][0]} to {found[place][1]}; asked "
        f"for is one from {wanted[place][0]} to {wanted[place][1]}."
    )


def judge_chain(
    linear: Sequence[nn.Linear],
    activation: nn.Module,
    x: torch.Tensor,
    out: torch.Tensor,
    shown: str,
) -> None:
    """Refuse an output that is not the chain of these layers with an activation between each two.

    Raises:
        NotYet: With what it is instead, if that can be told.
    """

    def chain(inner: Callable, last: Callable) -> torch.Tensor:
        h = x
        for layer in linear[:-1]:
            h = inner(h @ layer.weight.T + layer.bias)
        return last(h @ linear[-1].weight.T + linear[-1].bias)

    def bare(h: torch.Tensor) -> torch.Tensor:
        return h

    if near(out, chain(activation, bare), 1e-4):
        return
    name = type(activation).__name__
    if near(out, chain(activation, activation), 1e-4):
        raise NotYet(
            f"In {shown} there is a {name} behind the last layer too: its output reaches only "
            f"from {out.min():.2g} to {out.max():.2g}. The last Linear stays bare."
        )
    if near(out, chain(bare, bare), 1e-4):
        raise NotYet(f"In {shown} there is no activation between the layers: one straight line.")
    if name != "ReLU" and near(out, chain(torch.relu, bare), 1e-4):
        raise NotYet(f"In {shown} the activation is a ReLU, whatever is asked for.")
    raise NotYet(
        f"{shown} has the right Linear layers, but its output is not theirs with a {name} between "
        f"each two: are they in the order of the list, with one {name} behind each but the last?"
    )


def judge_valley(answer: object) -> str:
    """Run three ReLU units by a plain loop, and look at the valley they make at x = 2."""
    parts = expect_parts(answer, 3, "[weights, biases, out_weights]", returned=False)
    columns = []
    for name, part in zip(("weights", "biases", "out_weights"), parts, strict=True):
        numbers = part.flatten().tolist() if isinstance(part, torch.Tensor) else part
        numbers = expect_parts(numbers, 3, f"a list of three {name}", returned=False)
        columns.append([expect_number(one, f"Each of the {name}") for one in numbers])
    weights, biases, out_weights = columns

    def curve(x: float) -> float:
        units = zip(weights, biases, out_weights, strict=True)
        return sum(v * max(w * x + b, 0.0) for w, b, v in units)

    xs = [number / 100 for number in range(-1000, 1001)]
    ys = [curve(x) for x in xs]
    size = max(map(abs, ys))
    if size < 1e-6:
        raise NotYet("The sum of the three units is 0 for every x from -10 to 10.")
    low, high = min(ys), max(ys)
    bottom = xs[ys.index(low)]
    left, right = ys[0], ys[-1]
    kinks = sorted((-b / w, v * abs(w)) for w, b, v in zip(*columns, strict=True) if w)
    changes = ", ".join(f"by {change:.3g} at x = {x:.3g}" for x, change in kinks)
    cause = (
        f"At its kink a unit changes the slope by out_weight * |weight|: yours {changes}. The "
        f"slopes asked for are 0, -1, 1 and 0, from left to right."
    )
    if high > 0.01 * size and low > -0.01 * size:
        top = xs[ys.index(high)]
        raise NotYet(
            f"The curve is never below 0, and highest, {high:.3g}, at x = {top:g}: a valley goes "
            f"down. Look at the signs of out_weights. {cause}"
        )
    if abs(bottom + 2) < 0.011:
        raise NotYet(
            "The valley is at x = -2. A unit has its kink where weight * x + bias is 0, at "
            "-bias / weight: mind the sign."
        )
    for side, value in (("left", left), ("right", right)):
        if abs(value) > 0.01 * size:
            end = -10 if side == "left" else 10
            raise NotYet(
                f"At x = {end} the curve is {value:.3g}; outside of the valley, here on the "
                f"{side}, it should be 0. {cause}"
            )
    if abs(bottom - 2) > 0.011:
        raise NotYet(
            f"The lowest point is {low:.3g} at x = {bottom:g}, and x = 2 is asked for. {cause}"
        )
    away = max(abs(curve(x)) for x in (-4.0, 0.0, 0.9, 3.1, 6.0, 9.0))
    if away > 0.01 * size:
        raise NotYet(
            f"The lowest point is at x = 2, but the valley is too wide: below 1 and above 3 the "
            f"curve should be 0, and it is still {away:.3g} somewhere there. {cause}"
        )
    if abs(low + 1) > 0.01:
        raise NotYet(f"A valley at x = 2, and its depth is {-low:.3g}; make it 1. {cause}")
    return "The curve is 0 up to x = 1 and from x = 3 on, and -1 at x = 2."


def judge_sine(answer: object) -> str:
    """Compare `relu_sine(points)` with straight lines from one point of the sine to the next."""
    for count in (9, 17):
        points = torch.linspace(-4, 8, count, dtype=torch.float32)  # (count,)
        points[1:-1] += 0.3 * torch.rand(count - 2, dtype=torch.float32)
        net = call(answer, points.clone(), shown="relu_sine(points)")
        if isinstance(net, torch.Tensor) or not callable(net):
            raise NotYet(
                f"relu_sine(points) should return a network or a function of x; yours returns "
                f"{name_kind(net)}."
            )
        x = torch.rand(200, 1, dtype=torch.float32) * 12 - 4  # (200, 1)
        out = predict_column(net, x, "The curve")
        truth = join(points, x)
        if not near(out, truth, 2e-3):
            raise NotYet(explain_sine(net, points, count))
    return "Straight from each point to the next, for 9 points and for 17, without any training."


def join(points: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Join the sine at the points by straight lines, one x at a time: (N, 1)."""
    values = []
    for one in x.flatten().tolist():
        place = max(i for i, point in enumerate(points[:-1].tolist()) if point <= one or i == 0)
        left, right = points[place].item(), points[place + 1].item()
        share = (one - left) / (right - left)
        values.append((1 - share) * math.sin(left) + share * math.sin(right))
    return torch.tensor(values, dtype=torch.float32).unsqueeze(1)


def explain_sine(net: Callable, points: torch.Tensor, count: int) -> str:
    """Say how a curve of ReLUs misses the lines through the points."""
    at = points.unsqueeze(1)  # (count, 1)
    out = predict_column(net, at, "The curve")
    gaps = (out - torch.sin(at)).flatten()
    if gaps.abs().max() < 5e-3:
        return "It goes through the sine at the points, but it is not straight between them."
    if (gaps - gaps[0]).abs().max() < 5e-3:
        return (
            f"The shape is right, but everything is {gaps[0].item():+.2f} off: the bias of the "
            f"output is the sine at the first point."
        )
    first_bad = int((gaps.abs() > 5e-3).nonzero()[0])
    where = f"At point {first_bad} of 0 to {count - 1} it is {out[first_bad].item():.3g}, and the "
    where += f"sine there is {math.sin(points[first_bad].item()):.3g}"
    slopes = (out.flatten().diff() / points.diff()).tolist()
    if max(slopes) - min(slopes) < 1e-3:
        return f"{where}. It is one straight line: is there a ReLU between the two layers?"
    if first_bad == 0:
        return (
            f"{where}: at the first point all ReLUs should be off. A unit has its kink at "
            f"-bias / weight: mind the sign."
        )
    wanted = (torch.sin(points).diff() / points.diff()).tolist()
    if first_bad == 1:
        return (
            f"{where}: the first unit has its kink at point 0. Its output weight, by which its "
            f"output is multiplied in the sum, is the slope from point 0 to point 1: "
            f"{wanted[0]:.3g}, and yours rises by {slopes[0]:.3g}."
        )
    place = first_bad - 1  # the slope that leads to it
    change = torch.tensor(slopes[place] - slopes[place - 1])
    if first_bad == 2 and near(change, torch.tensor(wanted[place]), 0.05):
        return (
            f"{where}, though points 0 and 1 are right: from the second unit on, the output "
            f"weight (by which a unit's output is multiplied in the sum) is the *change* of slope "
            f"at its kink, the new slope minus the old one: the old units go on, and slopes add up."
        )
    return (
        f"{where}, though the points before it are right: from point {place} to it the slope is "
        f"{slopes[place]:.3g}, and {wanted[place]:.3g} is asked for, the difference of the two "
        f"sines divided by that of the two points. Is there a unit for each kink?"
    )


def judge_skip(answer: object) -> str:
    """Set the layers of `Skip(width)` by hand, and see whether x goes past them."""
    net = expect_network(call(answer, 6, shown="Skip(6)"), "What Skip(6) makes")
    linear = [layer for layer in net.modules() if isinstance(layer, nn.Linear)]
    linear.sort(key=lambda layer: layer.in_features)  # the first one may be made last
    judge_widths(linear, (1, 6, 1), "Skip(6)")
    x = torch.randn(40, 1, dtype=torch.float32)  # (40, 1)
    out = predict_column(net, x, "Skip(6)")
    first, last = linear
    inner = (x @ first.weight.T + first.bias).relu() @ last.weight.T + last.bias  # (40, 1)
    if near(out, inner, 1e-4):
        raise NotYet(
            "The output is that of the two layers alone: x does not go past them. Add it in "
            "forward."
        )
    if near(out, x * inner, 1e-4):
        raise NotYet("x is multiplied with what the layers say; a skip connection adds it.")
    if near(out, 2 * inner, 1e-4):
        raise NotYet(
            "What is added is the output of the layers once more: x has been given a new value on "
            "the way. Keep the x that came in under a name of its own."
        )
    if near(out, (x + inner).relu(), 1e-4):
        raise NotYet(
            f"There is a ReLU behind the sum: no output is below 0, and {(x + inner).min():.2g} "
            f"is the lowest that should come out."
        )
    straight = x + x @ first.weight.T @ last.weight.T + first.bias @ last.weight.T + last.bias
    if near(out, straight, 1e-4):
        raise NotYet("x goes past the layers, but there is no ReLU between the two.")
    if not near(out, x + inner, 1e-4):
        gap = (out - x - inner).detach().abs().max().item()
        raise NotYet(
            f"The output should be x plus what Linear, ReLU, Linear say; somewhere it is "
            f"{gap:.2g} off."
        )
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
    if not near(predict_column(net, x, "Skip(6)"), x):
        raise NotYet("With all weights at 0 the output should be x itself, and it is not.")
    return "With all its weights at 0 it hands on x unchanged: so deep networks begin."


CHECKS = {
    "02-layers": judge_layers,
    "02-valley": judge_valley,
    "02-sine": judge_sine,
    "02-skip": judge_skip,
}
