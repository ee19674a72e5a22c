"""Notebook 02: curves from ReLUs by hand, layers from a list, a class around them, a skip."""

import copy
import random
from collections.abc import Callable

import torch
from torch import nn

from helpers.exercises.comparing import Kind, call, get_kind, name_kind, to_plain
from helpers.exercises.judging import Edit, Exercise, Observation, edit
from helpers.exercises.observing import in_use, set_weights
from helpers.exercises.running import NotYet
from helpers.model import make_layers

NETWORK = Kind("a network")
GRADIENTLESS = (
    "It predicts, and it cannot learn: no_grad, detach and requires_grad_(False) cut the way back "
    "from the loss to the weights."
)


def observe_made(answer: Callable, case: tuple, shown: str) -> Observation:
    """Make a network, give it weights that are the same for every program, and watch it.

    Args:
        answer: Makes the network.
        case: What it takes, then an input, (N, inputs), and a seed for the weights.
        shown: The call.
    """
    *given, x, seed = case
    net = call(answer, *given, shown=shown)
    if not isinstance(net, nn.Module):
        return Observation({f"What {shown} makes": get_kind(net)})
    net(x.clone())  # a lazy layer takes its size from this
    shapes = sorted(str(tuple(one.shape)) for one in net.parameters())
    parts = {
        f"What {shown} makes": NETWORK,
        f"The list of the shapes of the parameters in {shown}": Kind(" ".join(shapes) or "empty"),
    }
    set_weights(net, seed)
    return Observation(parts | watch(net, x, shown))


def watch(
    net: nn.Module, x: torch.Tensor, shown: str, more: dict[str, object] | None = None
) -> dict[str, object]:
    """Return what a network makes of x, (N, inputs), and what backward does to its parameters.

    Args:
        net: The network.
        x: Its input, (N, inputs).
        shown: What makes it.
        more: Parts to compare before the output.
    """
    heard: list[str] = []
    handle = net.register_forward_hook(lambda *_: heard.append(shown))
    outs = [net(x.clone()) for _ in range(3)]
    handle.remove()
    if not isinstance(outs[0], torch.Tensor):
        return {f"The output of {shown}": get_kind(outs[0])}
    different = {tuple(out.flatten().tolist()) for out in outs}
    return {
        f"The output of {shown}": Kind("a tensor"),
        f"The number of different outputs of {shown} in three calls with one x": len(different),
        **(more or {}),
        f"A number in the output of {shown}": outs[0].detach(),
        f"The number of calls, of three, that a hook of {shown} hears": len(heard),
        **find_gradients(net, outs[0]),
    }


def find_gradients(net: nn.Module, out: torch.Tensor) -> dict[str, object]:
    """Return how many parameters backward reaches, and the gradients that it leaves."""
    if out.requires_grad:
        out.square().sum().backward()
    by_shape = sorted(net.parameters(), key=lambda one: str(tuple(one.shape)))
    found = [one.grad.flatten() for one in by_shape if one.grad is not None]
    parts: dict[str, object] = {"The number of parameters that backward reaches": len(found)}
    return parts | ({"A gradient of its parameters": torch.cat(found)} if found else {})


def draw_lists() -> list[tuple]:
    """Draw lists of widths, no two alike in one of them, an activation and an input for each."""
    kinds = random.sample((nn.Tanh, nn.Sigmoid, nn.Softplus, nn.ELU), 2)
    cases = []
    for length, activation in zip((4, 3, 5), (*kinds, nn.ReLU), strict=True):
        cfg = random.sample(range(2, 9), length)
        cases.append((cfg, activation, draw_input(cfg[0]), random.randrange(10**6)))
    return cases


def draw_input(columns: int) -> torch.Tensor:
    """Draw an input of so many columns, (N, columns)."""
    return 2 * torch.randn(random.randrange(20, 40), columns, dtype=torch.float32)


LAYERS = Exercise(
    shown="my_layers({0}, nn.{1.__name__})",
    level=2,
    minutes=15,
    plan="Begin with an empty list. Each pair of neighbours in cfg but the last puts two things "
    "into it, a Linear layer and an activation, made by the brackets in activation(). The last "
    "pair puts in a Linear layer alone. At the end nn.Sequential makes one network of the list.",
    solution="""\
def my_layers(cfg, activation):
    layers = []
    for n_in, n_out in pairwise(cfg[:-1]):
        layers += [nn.Linear(n_in, n_out), activation()]
    layers += [nn.Linear(cfg[-2], cfg[-1])]
    return nn.Sequential(*layers)
""",
    why="Widths, activations and the bare last layer are right for three lists.",
    draw=draw_lists,
    observe=observe_made,
    mistakes={
        "There is an activation behind the last layer, too: the last Linear stays bare.": edit(
            "cfg[-1])]", "cfg[-1]), activation()]"
        ),
        "There is no activation between the layers: together they make one straight line.": edit(
            "[nn.Linear(n_in, n_out), activation()]", "[nn.Linear(n_in, n_out)]"
        ),
        "The activation is a ReLU, whatever is asked for.": edit("activation()]", "nn.ReLU()]"),
        "`layers +=` takes a list: put the layer in brackets, layers += [nn.Linear(...)].": edit(
            "layers += [nn.Linear(cfg[-2], cfg[-1])]", "layers += nn.Linear(cfg[-2], cfg[-1])"
        ),
        "The activation belongs behind each Linear: here the input goes through it first.": edit(
            "[nn.Linear(n_in, n_out), activation()]", "[activation(), nn.Linear(n_in, n_out)]"
        ),
        "The last Linear is missing: the loop stops one width early.": edit(
            "    layers += [nn.Linear(cfg[-2], cfg[-1])]\n", ""
        ),
        "nn.Sequential(*layers) makes one network of the list.": edit(
            "return nn.Sequential(*layers)", "return layers"
        ),
        "nn.Linear takes the number of its inputs first, then that of its outputs.": edit(
            "(n_in, n_out)", "(n_out, n_in)", "(cfg[-2], cfg[-1])", "(cfg[-1], cfg[-2])"
        ),
        "There is no bias in it: leave out bias=False.": edit(
            "(n_in, n_out)", "(n_in, n_out, bias=False)", "cfg[-1])]", "cfg[-1], bias=False)]"
        ),
        GRADIENTLESS: edit(
            "return nn.Sequential(*layers)",
            "net = nn.Sequential(*layers)\n"
            "    net.forward = torch.no_grad()(net.forward)\n"
            "    return net",
        ),
    },
)


def observe_regressor(answer: Callable, case: tuple, shown: str) -> Observation:
    """Put layers into a class, and see whether it keeps and uses them."""
    layers, x = copy.deepcopy(case)
    net = call(answer, layers, shown=shown)
    if not isinstance(net, nn.Module):
        return Observation({f"What {shown} makes": get_kind(net)})
    if type(net).__module__.startswith("torch."):
        raise NotYet(
            f"What {shown} makes is PyTorch's own {type(net).__name__}: write a class of yours, "
            f"with __init__ and forward."
        )
    listed = list(net.parameters())
    kept = sum(any(one is other for other in listed) for one in layers.parameters())
    more = {"The number of parameters of the very layers it was given that the net lists": kept}
    parts = {f"What {shown} makes": NETWORK} | watch(net, x, shown, more)
    return Observation(parts, traits=bool(listed) and not kept)


def draw_layers() -> list[tuple]:
    """Draw layers with few units and with many, and an input for each, (N, 1)."""
    widths = random.sample(range(5, 15), 2)
    return [(make_layers([1, width, 1]), draw_input(1)) for width in widths]


REGRESSOR = Exercise(
    shown="MyRegressor(layers)",
    level=1,
    minutes=10,
    plan="Inherit nn.Module. In __init__ let super().__init__() prepare the module first; then "
    "keep the layers that come in, in an attribute of self. forward gets x, hands it to the "
    "layers, and returns what they make of it.",
    solution="""\
class MyRegressor(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = layers

    def forward(self, x):
        return self.layers(x)
""",
    why="It lists the parameters of its layers, and its forward returns what they make of x.",
    draw=draw_layers,
    observe=observe_regressor,
    mistakes={
        "super().__init__() comes first in __init__: it prepares the module to hold layers.": edit(
            "        super().__init__()\n", ""
        ),
        "__init__ prepares nothing and keeps nothing: call super().__init__() first, then keep the "
        "layers in an attribute of self.": edit(
            "        super().__init__()\n        self.layers = layers\n", "        pass\n"
        ),
        "The layers that come in are kept nowhere: give them to an attribute of self.": edit(
            "        self.layers = layers\n", ""
        ),
        "forward computes something and keeps it to itself. (print shows a result, and hands "
        "nothing on.)": edit("return self", "self"),
        "In forward the layers are self.layers, or what you have named them behind self.: the bare "
        "name `layers` is known in __init__ only.": edit(
            "return self.layers(x)", "return layers(x)"
        ),
        "The layers themselves come back: call them with x, self.layers(x), and return what they "
        "make of it.": edit("return self.layers(x)", "return self.layers"),
        "x comes back as it went in: return what the layers make of it.": edit(
            "return self.layers(x)", "self.layers(x)\n        return x"
        ),
        "There is a ReLU behind the last layer: nothing below 0 can come out.": edit(
            "return self.layers(x)", "return torch.relu(self.layers(x))"
        ),
        "PyTorch sees no layers in a plain list, and an optimizer would get nothing to move: keep "
        "them as the nn.Sequential that came in.": edit(
            "= layers",
            "= list(layers)",
            "return self.layers(x)",
            "for layer in self.layers:\n            x = layer(x)\n        return x",
        ),
        "A list cannot be called: keep the nn.Sequential that came in, which can.": edit(
            "= layers", "= list(layers)"
        ),
        "check hands over layers that are made already: keep them as they are.": edit(
            "= layers", "= make_layers(layers)"
        ),
        "It has layers of its own: those that come in are to be used.": edit(
            "= layers", "= make_layers([1, 20, 1])"
        ),
        "Does forward make new layers at each call, or draw something else at random? Layers are "
        "made once, before: new ones have learnt nothing.": edit(
            "return self.layers(x)", "return make_layers([1, 20, 1])(x)"
        ),
        GRADIENTLESS: edit("return self.layers(x)", "return self.layers(x).detach()"),
        "Calling a network runs its hooks, then forward: a __call__ of your own leaves them out. "
        "Name it forward.": edit("def forward", "def __call__"),
        "nn.Module looks for a method of the name forward.": edit("def forward", "def forwards"),
        "It is no module: class MyRegressor(nn.Module) inherits what a network needs.": edit(
            "(nn.Module)", ""
        ),
    },
)


def observe_valley(answer: object, case: tuple, shown: str) -> Observation:
    """Add up three units at every half from -10 to 10."""
    columns = to_plain(answer)
    if not isinstance(columns, list) or len(columns) != 3:
        raise NotYet(f"The answer is {shown}, three lists; yours is {name_kind(answer)}.")
    flat = [torch.as_tensor(one, dtype=torch.float64).detach().flatten() for one in columns]
    if [len(one) for one in flat] != [3, 3, 3]:
        sizes = ", ".join(str(len(one)) for one in flat)
        raise NotYet(f"Each of {shown} is a list of three numbers; yours hold {sizes}.")
    weights, biases, out_weights = flat
    curve = {}
    for half in range(-20, 21):
        units = out_weights * (weights * half / 2 + biases).relu()
        curve[f"at x = {half / 2:g}"] = round(units.sum().item(), 2)
    changes = zip(-biases / weights, out_weights * weights.abs(), strict=True)
    told = ", ".join(f"{change:.3g} at x = {place:.3g}" for place, change in sorted(changes))
    notes = (
        f"A unit changes the slope by out_weight * |weight|, at x = -bias / weight: yours by "
        f"{told}. The slopes asked for are 0, -1, 1 and 0, from left to right."
    )
    return Observation({"The curve": curve}, notes=notes)


VALLEY = Exercise(
    shown="[weights, biases, out_weights]",
    level=2,
    minutes=15,
    answer="[weights, biases, out_weights]",
    plan="With weights of 1 a unit is off up to its kink and climbs from there; which bias puts "
    "the kink at 1, at 2, at 3? Then go from left to right: at each kink the slope changes, and "
    "an out_weight says by how much. Slopes add up, and the last one is to be 0 again.",
    second="Take [1, 1, 1] as weights. Then a kink lies at minus the bias, and the three biases "
    "follow from the places. For out_weights write the four slopes in a row: level, down, up, "
    "level. At each kink, how much is the next slope minus the one before? These are the three "
    "numbers, and they add up to 0.",
    solution="""\
weights = [1, 1, 1]
biases = [-1, -2, -3]
out_weights = [-1, 2, -1]
""",
    why="The curve is 0 up to x = 1 and from x = 3 on, and -1 at x = 2.",
    draw=lambda: [()],
    observe=observe_valley,
    share=0.02,
    mistakes={
        "A hill: the curve is to go down, so look at the signs of out_weights.": edit(
            "[-1, 2, -1]", "[1, -2, 1]"
        ),
        "The valley is at x = -2: a kink is where weight * x + bias is 0, at -bias / weight.": edit(
            "[-1, -2, -3]", "[1, 2, 3]"
        ),
        "Behind x = 2 it climbs on and on: the third unit is to stop it at x = 3.": edit(
            "2, -1]", "2, 0]"
        ),
        "It stays down behind x = 2: an out_weight is the *change* of slope, from -1 to 1, and not "
        "the new slope.": edit("2, -1]", "1, 0]"),
        "It never leaves 0: are all weights 0, or all out_weights?": edit(
            "[-1, 2, -1]", "[0, 0, 0]"
        ),
        "The valley is there, and half as deep as it should be.": edit(
            "[-1, 2, -1]", "[-0.5, 1, -0.5]"
        ),
    },
)


def observe_curve(answer: Callable, case: tuple, shown: str) -> Observation:
    """Look at a curve through the sine at some points, (N,), and at shares of the ways between."""
    points, shares = case
    curve = call(answer, points.clone(), shown=shown)
    what = f"What {shown} returns"
    if isinstance(curve, torch.Tensor | type) or not callable(curve):
        return Observation({what: get_kind(curve)})
    between = points[:-1] + shares * points.diff()  # (N - 1,)
    parts: dict[str, object] = {what: Kind("a network or a function of x")}
    for name, x in (("at the points", points), ("between the points", between)):
        with in_use(curve):
            out = curve(x.unsqueeze(1))  # (N, 1)
        parts[f"The curve {name}"] = out if isinstance(out, torch.Tensor) else get_kind(out)
    return Observation(parts, notes=find_miss(parts["The curve at the points"], points))


def find_miss(out: object, points: torch.Tensor) -> str:
    """Say at which of the points, (N,), a curve is the first time off the sine; '' if at none."""
    if not isinstance(out, torch.Tensor) or out.shape != (len(points), 1):
        return ""
    off = (out.flatten() - points.sin()).abs() > 5e-3
    place = int(off.int().argmax())
    return f"From left to right, point {place} is the first that is off." if off.any() else ""


def draw_points() -> list[tuple]:
    """Draw points, (N,), from left to right, and for each way to the next a share of it."""
    cases = []
    for count in (random.randrange(7, 11), random.randrange(14, 20)):
        gaps = 0.3 + 0.7 * torch.rand(count, dtype=torch.float32)
        points = gaps.cumsum(0) - random.uniform(2, 5)  # (count,)
        shares = 0.2 + 0.6 * torch.rand(count - 1, dtype=torch.float32)
        cases.append((points, shares))
    return cases


OUT_WEIGHTS = "torch.cat([slopes[:1], slopes.diff()])"
SINE = Exercise(
    shown="relu_sine(points)",
    level=3,
    minutes=25,
    core=False,
    plan="Compute the sine at the points, and the slope from each point to the next. Unit k has "
    "weight 1 and its kink at point k. The first unit brings the first slope, each later one the "
    "change from the slope before to its own. The bias of the output is the height at the start.",
    solution="""\
def relu_sine(points):
    y = torch.sin(points)
    slopes = y.diff() / points.diff()
    net = make_layers([1, len(points) - 1, 1])
    with torch.no_grad():
        net[0].weight.fill_(1)
        net[0].bias.copy_(-points[:-1])
        net[2].weight.copy_(torch.cat([slopes[:1], slopes.diff()]))
        net[2].bias.fill_(y[0])
    return net
""",
    why="Straight from each point to the next, for few points and for many, without any training.",
    draw=draw_points,
    observe=observe_curve,
    mistakes={
        "The slopes themselves are the output weights there. The old units go on, and slopes add "
        "up: from the second unit on it is the *change* of slope.": edit(OUT_WEIGHTS, "slopes"),
        "The shape is right, at a wrong height: the bias of the output is the sine at the first "
        "point.": edit("fill_(y[0])", "fill_(0)"),
        "The kinks are mirrored: a unit has its kink at -bias / weight, so mind the sign.": edit(
            "copy_(-points[:-1])", "copy_(points[:-1])"
        ),
        "The first slope is forgotten: the first unit changes it from 0 to that.": edit(
            OUT_WEIGHTS, "torch.cat([0 * slopes[:1], slopes.diff()])"
        ),
        "Each kink is one point late: the first unit begins at the first point.": edit(
            "points[:-1]", "points[1:]"
        ),
        "So it comes out if the points are taken as evenly spaced: divide by their own "
        "distances.": edit("/ points.diff()", "/ (points[1] - points[0])"),
        "A slope is how much y changes, divided by how much x does.": edit(
            "y.diff() / points.diff()", "points.diff() / y.diff()"
        ),
        "The slopes are not divided by the distance of the points.": edit(" / points.diff()", ""),
        "There is no ReLU between the two layers: that makes one straight line.": edit(
            "make_layers([1, len(points) - 1, 1])",
            "nn.Sequential(nn.Linear(1, len(points) - 1), nn.Identity(), "
            "nn.Linear(len(points) - 1, 1))",
        ),
        "It goes through the sine at the points, and it is not straight between them.": edit(
            "return net", "return torch.sin"
        ),
        "Values are no curve: return the network, which check then asks at x of its own.": edit(
            "return net", "return y.unsqueeze(1)"
        ),
    },
)


def draw_widths() -> list[tuple]:
    """Draw widths, an input for each, (N, 1), and a seed for the weights."""
    widths = random.sample(range(4, 12), 2)
    return [(width, draw_input(1), random.randrange(10**6)) for width in widths]


def skip(new: str) -> Edit:
    """Describe a mistake in what Skip returns."""
    return edit("return x + self.layers(x)", new)


SKIP = Exercise(
    shown="Skip({0})",
    level=2,
    minutes=15,
    plan="In __init__ make the two Linear layers with the ReLU between them, and keep them in "
    "self. In forward hand x to them, but keep x itself as well: what comes back is added to it.",
    second="Two lines stand in __init__. The first is the same in every class of this kind. The "
    "second keeps the layers, and make_layers can make them: which list holds the three widths? "
    "One line stands in forward, and x stands in it twice: as it came, and as what goes in.",
    solution="""\
class Skip(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layers = make_layers([1, width, 1])

    def forward(self, x):
        return x + self.layers(x)
""",
    why="x goes past the layers: if all weights were 0, it would come out unchanged.",
    draw=draw_widths,
    observe=observe_made,
    mistakes={
        "That is what the layers say alone: x does not go past them.": skip(
            "return self.layers(x)"
        ),
        "x is multiplied with what the layers say: a skip connection adds it.": skip(
            "return x * self.layers(x)"
        ),
        "What the layers say is taken away from x: a skip connection adds it.": skip(
            "return x - self.layers(x)"
        ),
        "A ReLU stands behind the sum: nothing below 0 can come out.": skip(
            "return torch.relu(x + self.layers(x))"
        ),
        "A ReLU stands behind the last Linear, before x is added.": skip(
            "return x + torch.relu(self.layers(x))"
        ),
        "x goes past by itself here, with no layer on its way: leave out the nn.Linear that Tilted "
        "has.": edit(
            "[1, width, 1])\n",
            "[1, width, 1])\n        self.line = nn.Linear(1, 1)\n",
            "return x + self.layers(x)",
            "return self.line(x) + self.layers(x)",
        ),
        "x is added too early, inside the ReLU: add it to what the last Linear has made.": skip(
            "first, relu, last = self.layers\n        return last(relu(x + first(x)))"
        ),
        "x is added too early, behind the ReLU: add it to what the last Linear has made.": skip(
            "first, relu, last = self.layers\n        return last(x + relu(first(x)))"
        ),
        "x is added twice.": skip("return x + x + self.layers(x)"),
        "What is added is the output of the layers once more: was x given a new value on the way? "
        "Keep the x that came in.": skip("x = self.layers(x)\n        return x + x"),
        "`+=` changes the x that came in, which backward still needs: write x + ...": skip(
            "x += self.layers(x)\n        return x"
        ),
        "forward computes something and keeps it to itself: it needs a `return`.": skip(
            "x + self.layers(x)"
        ),
        GRADIENTLESS: skip("with torch.no_grad():\n            return x + self.layers(x)"),
        "x goes past the layers, and there is no ReLU between the two.": edit(
            "make_layers([1, width, 1])", "nn.Sequential(nn.Linear(1, width), nn.Linear(width, 1))"
        ),
        "super().__init__() comes first in __init__: it prepares the module to hold layers.": edit(
            "        super().__init__()\n", ""
        ),
        "It lists no parameters: are the layers made in forward, or kept in a plain list? Make "
        "them in __init__, each an attribute of self.": edit(
            "= make_layers([1, width, 1])", "= [make_layers([1, width, 1])]", "(x)", "[0](x)"
        ),
        "Its width is 20, whatever width is asked for.": edit("[1, width, 1]", "[1, 20, 1]"),
    },
)

EXERCISES = {
    "02-valley": VALLEY,
    "02-sine": SINE,
    "02-layers": LAYERS,
    "02-regressor": REGRESSOR,
    "02-skip": SKIP,
}
