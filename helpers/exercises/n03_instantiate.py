"""Notebook 03: twins, a loop without its forward, first weights that carry through, a gain."""

import math
import random
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import nn

from helpers.exercises.comparing import call, expect_parts, near
from helpers.exercises.judging import Exercise, Observation, edit
from helpers.exercises.loops import make_loop_exercise
from helpers.exercises.observing import expect_network, predict_column
from helpers.model import make_layers

NETS = 10  # one network wanders by luck; the mean over ten hardly does
CLOSE = 0.1  # a factor this near to 1 keeps the size
SPOILT = 3.0  # by what the weights are multiplied that `initialise` is given
QUIET = 0.25  # biases that make up no more than this share of a signal do no harm


def draw_widths() -> list[tuple]:
    """Draw two widths that take turns: no one number fits the inputs of both kinds of layer."""
    return [(random.randrange(50, 71), random.randrange(170, 201))]


def observe_first_weights(answer: Callable, case: tuple, shown: str) -> Observation:
    """Look at the weights of networks behind `initialise(net)`, and at the signal in them."""
    narrow, wide = case
    nets = [make_layers([narrow, wide] * 6) for _ in range(NETS)]
    with torch.no_grad():
        for weight in [layer.weight for net in nets for layer in net[::2]]:
            weight.mul_(SPOILT)
    old = [weight.clone() for weight in get_hidden_weights(nets[0])]
    for net in nets:
        call(answer, net, shown=shown)
    weights = get_hidden_weights(nets[0])
    begin = [tuple(one.flatten()[:50].tolist()) for net in nets for one in get_hidden_weights(net)]
    faults = {
        "The number of weights and biases that would never be trained": sum(
            not parameter.requires_grad for parameter in nets[0].parameters()
        ),
        "The number of hidden Linear layers with their old weights": sum(
            map(torch.equal, old, weights)
        ),
        "The number of hidden Linear layers whose units are all alike": sum(
            bool((weight == weight[0]).all()) for weight in weights
        ),
        f"The number of hidden Linear layers, in {NETS} networks, that repeat the numbers of "
        f"another": len(begin) - len(set(begin)),
    }
    if any(faults.values()):
        return Observation(faults, list(faults.values()))
    to_wide, to_narrow = measure_factors(nets)
    parts = {
        f"The factor by which a layer from {narrow} to {wide} units changes the size": to_wide,
        f"The factor by which a layer from {wide} to {narrow} units changes the size": to_narrow,
        "The share of the biases in the size behind hidden layer 10": measure_bias_share(nets),
    }
    wonder = "Does the size of each weight fit its layer's number of inputs?"
    return Observation(faults | parts, to_narrow > 1, wonder)


def get_hidden_weights(net: nn.Sequential) -> list[torch.Tensor]:
    """List the weights of all Linear layers but the output layer, without their graph."""
    weights = [layer.weight.detach() for layer in net if isinstance(layer, nn.Linear)]
    return weights[:-1]


def measure_size(signal: torch.Tensor) -> float:
    """Measure the root of the mean square."""
    return signal.square().mean().sqrt().item()


def measure_factors(nets: list[nn.Sequential]) -> list[float]:
    """Measure by what the weights alone multiply the size, in layers 2, 4 ... and in 3, 5 ...

    Returns:
        Geometric means over the layers and the networks; 1 if near to it.
    """
    logarithms: list[list[float]] = [[], []]
    for net in nets:
        sizes = []
        first, *_ = get_hidden_weights(net)
        h = torch.randn(30, first.shape[1], dtype=torch.float32)  # (30, narrow)
        for weight in get_hidden_weights(net):
            h = torch.relu(h @ weight.T)  # (30, units)
            sizes.append(max(measure_size(h), 1e-30))
        for place, (before, after) in enumerate(pairwise(sizes)):
            logarithms[place % 2].append(math.log(after / before))
    to_narrow, to_wide = (math.exp(sum(some) / len(some)) for some in logarithms)
    return [1.0 if abs(one - 1) < CLOSE else round(one, 2) for one in (to_wide, to_narrow)]


def measure_bias_share(nets: list[nn.Sequential]) -> float:
    """Measure what is behind hidden layer 10 for an input of 0, as a share; 0 if it is little."""
    shares = []
    for net in nets:
        first, *_ = get_hidden_weights(net)
        x = torch.randn(30, first.shape[1], dtype=torch.float32)  # (30, narrow)
        with torch.no_grad():
            signal, silence = net[:-1](x), net[:-1](torch.zeros_like(x))
        shares.append(measure_size(silence) / max(measure_size(signal), 1e-30))
    share = sum(shares) / len(shares)
    return 0.0 if share < QUIET else round(share, 2)


INIT = Exercise(
    shown="initialise(net)",
    level=2,
    minutes=20,
    plan="Go over the layers of the network; only Linear layers have weights. Choose the "
    "mean square of their weights so that it makes up for two things: the sum has as many products "
    "as the layer has inputs, and the ReLU throws away half of the mean square. nn.init.normal_ "
    "wants the root of that, the size. The biases can begin at 0.",
    solution="""\
def initialise(net):
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=(2 / layer.in_features) ** 0.5)
            nn.init.zeros_(layer.bias)
""",
    why="The size is kept, from narrow layers to wide ones and back.",
    draw=draw_widths,
    observe=observe_first_weights,
    share=CLOSE,
    mistakes={
        "The size is multiplied by the root of one half: each ReLU throws away half of the square. "
        "What must the weights be multiplied with to make up for it?": edit("(2 /", "(1 /"),
        "The size is multiplied by the root of 3: sqrt(6 / n) is the border of a block of numbers. "
        "normal_ asks for their size, and the mean square of a block is a third of its border's "
        "square.": edit("(2 /", "(6 /"),
        "The size is multiplied by 1 / sqrt(6), as with PyTorch's default: the weights have to be "
        "larger.": edit(
            "nn.init.normal_(layer.weight, std=(2 / layer.in_features) ** 0.5)",
            "layer.reset_parameters()",
        ),
        "No weight has changed. A new tensor given to a name of your own changes nothing: fill "
        "layer.weight in place, under no_grad or by nn.init.": edit(
            "nn.init.normal_(layer.weight, std=", "weight = torch.randn_like(layer.weight) * ("
        ),
        "The old weights have been multiplied, and they were three times as large as usual. Draw "
        "new ones, so that it does not matter what was there before.": edit(
            "nn.init.normal_(layer.weight, std=(2 / layer.in_features) ** 0.5)",
            "layer.weight.data *= 6**0.5",
        ),
        "One hidden layer has new weights, and the others have not: does the loop go over all "
        "layers?": edit("in net:", "in net[:1]:"),
        "All layers have weights of the same size, or nearly so: the fewer inputs a layer has, the "
        "larger its weights have to be.": edit("2 / layer.in_features", "2 / 100"),
        "So it comes out if the size of the weights follows the number of outputs: a sum has as "
        "many products as the layer has inputs.": edit("in_features", "out_features"),
        "So it comes out if std is 2 divided by the number of inputs: that is the mean square, and "
        "std is its root.": edit("(2 / layer.in_features) ** 0.5", "2 / layer.in_features"),
        "So it comes out with weights of size 1: the more inputs a layer has, the smaller each "
        "weight has to be.": edit("(2 / layer.in_features) ** 0.5", "1.0"),
        "All units of a layer have the same weights: they get the same gradients, and stay alike "
        "for ever. Draw them at random.": edit(
            "normal_(layer.weight, std=(2 / layer.in_features) ** 0.5)",
            "constant_(layer.weight, 0.02)",
        ),
        "Layers of one shape begin alike: is a seed set inside the loop?": edit(
            "            nn.init.normal_",
            "            torch.manual_seed(0)\n            nn.init.normal_",
        ),
        "All networks begin alike: is a seed set inside the function?": edit(
            "    for layer", "    torch.manual_seed(0)\n    for layer"
        ),
        "Weights or biases have requires_grad False now: an optimizer would never move them.": edit(
            "            nn.init.zeros_",
            "            layer.weight.requires_grad = False\n            nn.init.zeros_",
        ),
        "The biases add to the size in every layer, the same for every x. Begin with biases of "
        "0.": edit("nn.init.zeros_(layer.bias)", "nn.init.normal_(layer.bias, std=3.0)"),
    },
)


def observe_twins(answer: Callable, case: tuple, shown: str) -> Observation:
    """Compare two networks, move every weight of the first, and compare again."""
    pair = expect_parts(
        call(answer, shown=shown), 2, f"{shown} should return two networks; what came is"
    )
    a = expect_network(pair[0], "The first of the two")
    b = expect_network(pair[1], "The second of the two")
    x = torch.linspace(-2, 2, 50, dtype=torch.float32).unsqueeze(1)  # (50, 1)
    first, second = (predict_column(net, x) for net in (a, b))
    memory = {parameter.untyped_storage().data_ptr() for parameter in a.parameters()}
    shared = [one.untyped_storage().data_ptr() in memory for one in b.parameters()]
    with torch.no_grad():
        for parameter in a.parameters():
            parameter.add_(0.1)
    parts = {
        "The share of the second network's weights and biases that are those of the first": sum(
            shared
        )
        / len(shared),
        "The number of points, of 50, at which they do not start alike": count_apart(first, second),
        "The number of points at which the second moves with the first": count_apart(
            second, predict_column(b, x)
        ),
        "The number of weights and biases that would never be trained": sum(
            not parameter.requires_grad for net in (a, b) for parameter in net.parameters()
        ),
    }
    own = {id(parameter) for parameter in a.parameters()}
    same = sum(id(parameter) in own for parameter in b.parameters())
    return Observation(parts, (a is b, same == sum(shared), all(shared)))


def count_apart(one: torch.Tensor, other: torch.Tensor) -> int:
    """Count the rows in which two columns differ by more than rounding."""
    return sum(not near(*pair, 1e-5) for pair in zip(one, other, strict=True))


TWINS = Exercise(
    shown="twins()",
    level=1,
    minutes=5,
    plan="Ask how many sets of layers this program makes. Each network needs one of its own. For "
    "the same numbers in both, copy the whole network once it has its first weights.",
    solution="""\
def twins():
    a = Regressor(make_layers([1, 20, 20, 1]))
    b = copy.deepcopy(a)
    return a, b
""",
    gaps=("a = Regressor(make_layers([1, 20, 20, 1]))", "b = copy.deepcopy(a)"),
    why="They start alike, and when one is moved the other stays.",
    draw=lambda: [()],
    observe=observe_twins,
    mistakes={
        "The second is another object around the same layers: train one and the other moves, "
        "too.": edit("copy.deepcopy(a)", "Regressor(a.features)"),
        "Both are one and the same network under two names: copy.deepcopy makes two.": edit(
            "copy.deepcopy(a)", "a"
        ),
        "The second has to begin with the weights of the first, number for number: copy all of "
        "them.": edit("copy.deepcopy(a)", "Regressor(make_layers([1, 20, 20, 1]))"),
        "A part of the first network is a part of the second, too: train one and it moves in "
        "both.": edit("    return", "    b.features[0] = a.features[0]\n    return"),
        "The second has parameters of its own, but their numbers lie in the same memory: .clone() "
        "copies numbers.": edit(
            "    return",
            "    for p, q in zip(a.parameters(), b.parameters()):\n"
            "        q.data = p.data\n"
            "    return",
        ),
        "The second is frozen, with requires_grad False: it is to be trained, too.": edit(
            "copy.deepcopy(a)", "copy.deepcopy(a).requires_grad_(False)"
        ),
    },
)


FORWARD = make_loop_exercise(
    level=1,
    minutes=5,
    gaps=("out = net(x)",),
    plan="What does the next line need? loss_func compares `out` with the labels, so `out` is what "
    "the network says about x. An instance of a network is called like a function.",
    why="Weights and losses are those of the five steps, iteration by iteration.",
    epochs=[(2, 4), (5, 8)],
    mistakes={
        "The loss gets the network where it needs what the network says: call it with x.": edit(
            "out = net(x)", "out = net"
        ),
        "`out` has no way back to the weights: is the network asked for it, without no_grad or "
        "detach?": edit("out = net(x)", "out = x"),
        "Forward stands before the loop: backward uses its graph up, so the network has to be "
        "asked anew in each iteration.": edit(
            "    for _ in range(epochs):\n        out = net(x)\n",
            "    out = net(x)\n    for _ in range(epochs):\n",
        ),
        "One loss comes back: the list of all of them is asked for.": edit(
            "return losses", "return losses[-1]"
        ),
    },
)


def draw_slopes() -> list[tuple]:
    """Draw slopes from that of ReLU to that of a straight line."""
    return [(0.0,), (round(random.uniform(0.3, 0.5), 2),), (round(random.uniform(0.6, 0.8), 2),)]


LEAKY = Exercise(
    shown="gain_for({0:g})",
    level=2,
    minutes=15,
    core=False,
    plan="Ask what is left of the mean square behind the activation. Half of the numbers are "
    "positive and stay. The other half are multiplied by the slope: what becomes of their "
    "squares? Then put that in the place of ReLU's half, and ask how the 6 came about.",
    solution="""\
def gain_for(slope):
    left = (1 + slope**2) / 2  # of the mean square, behind the activation
    return (3 / left) ** 0.5
""",
    why="With slope 0 it is the root of 6, as for ReLU, and with slope 1 it would be the root of "
    "3: then nothing is cut off, and only the weights' third has to be made up for.",
    draw=draw_slopes,
    share=0.03,
    mistakes={
        "That is right for ReLU, the slope 0. The more of the negative numbers gets through, the "
        "less the weights have to make up for.": edit("(3 / left) ** 0.5", "6**0.5"),
        "That is the factor for the mean square. A gain multiplies the size, the root.": edit(
            "(3 / left) ** 0.5", "3 / left"
        ),
        "So it comes out where the slope is not squared: the negative numbers are multiplied by "
        "it, and their squares by its square.": edit("slope**2", "slope"),
        "That makes up for the activation alone. PyTorch's first weights leave only a third of the "
        "mean square, too.": edit("(3 / left)", "(1 / left)"),
        "That is what one layer leaves of the size. The gain has to make up for it.": edit(
            "(3 / left)", "(left / 3)"
        ),
        "The positive half seems to be missing: it stays as it is, whatever the slope.": edit(
            "(1 + slope**2) / 2", "(1e-3 + slope**2) / 2"
        ),
    },
)

EXERCISES = {"03-twins": TWINS, "03-forward": FORWARD, "03-init": INIT, "03-leaky": LEAKY}
