"""Notebook 08: a unit taken out, one weight followed, the smallest weights thrown away."""

import copy
import dataclasses
import random
from collections.abc import Callable

import torch
from torch import nn

from helpers.exercises.comparing import call, to_plain
from helpers.exercises.judging import Exercise, Observation, edit
from helpers.exercises.loops import observe_loop
from helpers.exercises.observing import expect_network, predict_column
from helpers.exercises.running import NotYet
from helpers.model import Regressor, make_layers


def draw_units() -> list[tuple]:
    """Draw two networks, and a unit of each: one at an end, and one in the middle."""
    cases = []
    for unit in (0, 2):
        widths = [1, random.randrange(5, 9), random.randrange(4, 8), random.randrange(3, 6), 1]
        cases.append((Regressor(make_layers(widths)), unit))
    return cases


def observe_remove(answer: Callable, case: tuple, shown: str) -> Observation:
    """Look at the widths and the prediction of a network that has lost a unit."""
    net, unit = copy.deepcopy(case)
    smaller = expect_network(call(answer, net, unit, shown=shown), f"What {shown} returns")
    layers = [layer for layer in smaller.modules() if isinstance(layer, nn.Linear)]
    x = torch.linspace(-5, 5, 11).unsqueeze(1)  # (11, 1)
    widths = [1, *(layer.weight.shape[0] for layer in layers)]
    pairs = zip(net.parameters(), case[0].parameters(), strict=True)
    changed = sum(not torch.equal(now, before) for now, before in pairs)
    parts = {
        "The number of weights and biases of net itself that have changed": changed,
        "The widths of the new network": widths,
        "What the new network says for x = -5, -4 ... 5": predict_column(smaller, x).detach(),
    }
    return Observation(parts)


REMOVE = Exercise(
    shown="remove(net, {1})",
    level=2,
    minutes=15,
    plan="In three places something belongs to a unit of the first hidden layer: a row of the "
    "first weight, a number of the first bias, and a column of the second weight. Make the first "
    "two Linear layers anew, one unit smaller, and copy into them what is left. An index may be a "
    "list: weight[[0, 2]] is rows 0 and 2, weight[:, [0, 2]] columns 0 and 2.",
    solution="""\
def remove(net, unit):
    old = [net.features[place] for place in (0, 2, 4, 6)]
    left = [k for k in range(old[0].out_features) if k != unit]
    smaller = copy.deepcopy(net)
    smaller.features[0] = nn.Linear(1, len(left))
    smaller.features[2] = nn.Linear(len(left), old[1].out_features)
    with torch.no_grad():
        smaller.features[0].weight.copy_(old[0].weight[left])
        smaller.features[0].bias.copy_(old[0].bias[left])
        smaller.features[2].weight.copy_(old[1].weight[:, left])
        smaller.features[2].bias.copy_(old[1].bias)
    return smaller
""",
    why="Row, bias and column of the unit are gone, and all else says what it said before.",
    draw=draw_units,
    observe=observe_remove,
    mistakes={
        "The unit hands on 0, but it is still there: the new network is to have one fewer.": """\
def remove(net, unit):
    smaller = copy.deepcopy(net)
    with torch.no_grad():
        smaller.features[2].weight[:, unit] = 0
    return smaller
""",
        "The next layer has lost its last column, and not the one that read this unit.": edit(
            "old[1].weight[:, left]", "old[1].weight[:, :-1]"
        ),
        "The first layer has lost its last unit, and not the one that was asked for.": edit(
            "old[0].weight[left]", "old[0].weight[:-1]", "old[0].bias[left]", "old[0].bias[:-1]"
        ),
        "The last unit is gone, whatever number was asked for.": edit(
            "if k != unit", "if k != old[0].out_features - 1"
        ),
        "Units are counted from 0 here: that is the unit before the one that was asked for.": edit(
            "if k != unit", "if k != (unit - 1) % old[0].out_features"
        ),
        "The first layer's biases are new ones, drawn by chance: copy those that are left.": edit(
            "        smaller.features[0].bias.copy_(old[0].bias[left])\n", ""
        ),
        "The second layer's biases are new ones, drawn by chance: they stay as they were.": edit(
            "        smaller.features[2].bias.copy_(old[1].bias)\n", ""
        ),
        "The new layers hold numbers drawn by chance: copy what is left of the old ones.": """\
def remove(net, unit):
    smaller = copy.deepcopy(net)
    smaller.features[0] = nn.Linear(1, net.features[0].out_features - 1)
    smaller.features[2] = nn.Linear(net.features[2].in_features - 1, net.features[2].out_features)
    return smaller
""",
        "net is changed, too: it has lost this unit's weights. Work on a copy.": edit(
            "def remove(net, unit):\n",
            "def remove(net, unit):\n"
            "    with torch.no_grad():\n"
            "        net.features[2].weight[:, unit] = 0\n",
        ),
    },
)


def observe_trace(answer: Callable, case: tuple, shown: str) -> Observation:
    """Watch a training loop, and look at the two lists that it returns."""
    seen = observe_loop(answer, case, shown)
    parts = dict(seen.parts)
    what = f"What {shown} returns"
    returned = parts.pop(what)
    if isinstance(returned, list | tuple) and len(returned) == 2:
        gradients = returned[1]
        if isinstance(gradients, list | tuple) and any(one is None for one in gradients):
            raise NotYet(
                "A gradient in the second list is None. A part such as weight[0, 0] has no .grad "
                "of its own: take the part of the gradient, weight.grad[0, 0], behind backward."
            )
        parts["The weights"], parts["The gradients"] = to_plain(returned, keep_graphs=True)
    else:
        parts["The weights"] = to_plain(returned, keep_graphs=True)
    return dataclasses.replace(seen, parts=parts)


TRACE = Exercise(
    shown="follow(net, x, y, loss_func, optimizer, iterations)",
    level=2,
    minutes=10,
    plan="Write the loop with its five steps first. One weight is read before the loop and once in "
    "each iteration, behind step. Its gradient can be read from backward on, until zero_grad. "
    "What is read must be a number: the tensor itself goes on changing.",
    solution="""\
def follow(net, x, y, loss_func, optimizer, iterations):
    weight = net.features[0].weight
    weights, gradients = [weight[0, 0].item()], []
    for _ in range(iterations):
        out = net(x)
        loss = loss_func(out, y)
        optimizer.zero_grad()
        loss.backward()
        gradients.append(weight.grad[0, 0].item())
        optimizer.step()
        weights.append(weight[0, 0].item())
    return weights, gradients
""",
    why="Each weight and each gradient is that of its iteration.",
    draw=lambda: [(random.randrange(3, 6),) for _ in range(2)],
    observe=observe_trace,
    mistakes={
        "That is what happens without zero_grad: each new gradient is added to the ones before.": (
            edit("        optimizer.zero_grad()\n", "")
        ),
        "Without step no weight moves. (Are its brackets there?)": edit(
            "        optimizer.step()\n", ""
        ),
        "step finds no fresh gradients: does zero_grad come between backward and step?": edit(
            "        optimizer.zero_grad()\n",
            "",
            "        optimizer.step()\n",
            "        optimizer.zero_grad()\n        optimizer.step()\n",
        ),
        "So it comes out with the mean squared error: take the loss_func that is handed in.": edit(
            "loss_func(out, y)", "nn.MSELoss()(out, y)"
        ),
        "All of them are the last weight: .detach() is a view that changes with it. Keep the "
        "number, .item().": edit(
            "[weight[0, 0].item()]",
            "[weight[0, 0].detach()]",
            "(weight[0, 0].item())",
            "(weight[0, 0].detach())",
        ),
        "One weight is missing: there is one before the first step, and one behind each.": edit(
            "[weight[0, 0].item()], []", "[], []"
        ),
        "All of them are the weight before the first step: read it anew behind each.": edit(
            "weights.append(weight[0, 0].item())", "weights.append(weights[0])"
        ),
        "That is another weight of the first layer: weight[0, 0] is asked for.": edit(
            "[weight[0, 0].item()]",
            "[weight[1, 0].item()]",
            "(weight[0, 0].item())",
            "(weight[1, 0].item())",
        ),
        "Each of them is a whole tensor: weight[0, 0].item() is one number of it.": edit(
            "[weight[0, 0].item()]",
            "[weight.detach().clone()]",
            "(weight[0, 0].item())",
            "(weight.detach().clone())",
        ),
        "The two lists are exchanged: the weights come first.": edit(
            "return weights, gradients", "return gradients, weights"
        ),
        "Two lists are asked for, the weights and the gradients.": edit(
            "return weights, gradients", "return weights"
        ),
        "Those are the sizes of the gradients: keep their signs.": edit(
            "append(weight.grad[0, 0].item())", "append(abs(weight.grad[0, 0].item()))"
        ),
        "Each gradient is that of the iteration before: read it behind backward.": edit(
            "        gradients.append(weight.grad[0, 0].item())\n",
            "",
            "        out = net(x)\n",
            "        old = 0.0 if weight.grad is None else weight.grad[0, 0].item()\n"
            "        gradients.append(old)\n        out = net(x)\n",
        ),
        "The gradients are 0, as they are behind zero_grad: read them before it.": edit(
            "        gradients.append(weight.grad[0, 0].item())\n",
            "",
            "        weights.append",
            "        optimizer.zero_grad(set_to_none=False)\n"
            "        gradients.append(weight.grad[0, 0].item())\n        weights.append",
        ),
        "The gradient is None where it is read: backward fills it, zero_grad takes it away, and a "
        "part such as weight[0, 0] has none of its own.": edit(
            "        loss.backward()\n        gradients.append(weight.grad[0, 0].item())\n",
            "        gradients.append(weight.grad[0, 0].item())\n        loss.backward()\n",
        ),
        "That is how far each step has moved the weight. The gradient is weight.grad.": edit(
            "        gradients.append(weight.grad[0, 0].item())\n",
            "",
            "    return",
            "    gradients = [b - a for a, b in pairwise(weights)]\n    return",
        ),
        "That is -lr times the gradient: the gradient itself was asked for.": edit(
            "append(weight.grad[0, 0].item())",
            'append(-optimizer.param_groups[0]["lr"] * weight.grad[0, 0].item())',
        ),
    },
)


def draw_networks() -> list[tuple]:
    """Draw two networks, and a share of the weights of each that makes a whole number of them.

    It is a little more than that, so that the number is the same however it is rounded.
    """
    cases = []
    for low in (0.3, 0.6):
        widths = [1, random.randrange(6, 10), random.randrange(10, 14), 1]
        net = Regressor(make_layers(widths))
        total = sum(layer.weight.numel() for layer in net.features[::2])
        gone = round(random.uniform(low, low + 0.2) * total)
        cases.append((net, round((gone + 0.2) / total, 4)))
    return cases


def observe_prune(answer: Callable, case: tuple, shown: str) -> Observation:
    """Look at the parameters of a network after it was pruned."""
    net, share = copy.deepcopy(case)
    call(answer, net, share, shown=shown)
    layers = dict(enumerate(net.features))
    weights = {f"net.features[{place}].weight": layers[place].weight for place in (0, 2, 4)}
    biases = {f"net.features[{place}].bias": layers[place].bias for place in (0, 2, 4)}
    parts = {name: one.detach() + 0.0 for name, one in (weights | biases).items()}  # -0 is 0
    gone = sum(int((one == 0).sum()) for one in weights.values())
    return Observation({"The number of weights that are 0": gone} | parts)


PRUNE = Exercise(
    shown="prune(net, {1})",
    level=2,
    minutes=12,
    core=False,
    plan="Gather the sizes of all weights in one flat tensor and sort it. How many of them go? The "
    "next one is the smallest that stays, and that is the border. Then visit each weight once "
    "more: what is smaller than the border becomes 0, in place and outside of the graph.",
    solution="""\
def prune(net, share):
    weights = [p for p in net.parameters() if p.ndim == 2]  # a bias has one dimension
    sizes = torch.cat([w.detach().abs().flatten() for w in weights]).sort().values
    border = sizes[int(share * len(sizes))]  # the smallest that stays
    with torch.no_grad():
        for w in weights:
            w *= w.abs() >= border  # True counts as 1, False as 0
""",
    why="The smallest weights of the whole network are 0, and nothing else has changed.",
    draw=draw_networks,
    observe=observe_prune,
    mistakes={
        "So it comes out if each layer gives up its own share: here one border holds for all.": """\
def prune(net, share):
    with torch.no_grad():
        for w in net.parameters():
            if w.ndim == 2:
                border = w.abs().flatten().sort().values[int(share * w.numel()) - 1]
                w *= w.abs() > border
""",
        "So it comes out if all below the border goes, far below 0 as well: take the size, "
        "abs().": edit(".detach().abs()", ".detach()", "w.abs() >=", "w >="),
        "The largest are gone, and the smallest are left.": edit("w.abs() >= ", "w.abs() < "),
        "The share that should go is the share that is left.": edit(
            "int(share * len(sizes))", "int((1 - share) * len(sizes))"
        ),
        "The biases were counted and cut, too: leave them out.": edit(" if p.ndim == 2", ""),
        "net is as it was. Are its own tensors changed, in place, with w *= ...?": edit(
            "w *= w.abs() >= border", "w = w * (w.abs() >= border)"
        ),
        "One too few is gone: the border is the smallest that stays.": edit(
            "int(share * len(sizes))", "int(share * len(sizes)) - 1"
        ),
        "One too many is gone: the border itself stays.": edit(">= border", "> border"),
        "Each layer has given up its own share: one border decides for all layers.": """\
def prune(net, share):
    with torch.no_grad():
        for w in net.parameters():
            if w.ndim == 2:
                w *= w.abs() > w.abs().quantile(share)
""",
        "Only the weight in the middle was cut: all weights compete, the first and the last as "
        "well.": edit(
            "[p for p in net.parameters() if p.ndim == 2]  # a bias has one dimension",
            "[net.features[2].weight]",
        ),
    },
)

EXERCISES = {"08-remove": REMOVE, "08-trace": TRACE, "08-prune": PRUNE}
