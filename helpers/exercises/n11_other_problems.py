"""Notebook 11: classifiers, convolutions from a list, pictures moved at random."""

import math
import random
from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn import functional as F

from helpers.exercises.comparing import ask, call, expect_parts, name_kind, to_plain
from helpers.exercises.judging import Exercise, Observation, edit
from helpers.exercises.observing import expect_network, in_use, set_weights
from helpers.exercises.programs import Watch, find_fault, holds_probabilities, list_rows
from helpers.exercises.running import NotYet

POINTS = 400  # how many new ones a classifier is tried on
ENOUGH = 0.85  # the share of them that it gets right; without a hidden layer it is below 0.75
SURE = 0.7  # the probability of its class for the typical point; 0.58 at most from numbers in 0..1


def make_blades(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw points (n, 2) of a disc and their classes (n,): three blades of a bent propeller."""
    radius = 2 * torch.rand(n, dtype=torch.float32).sqrt()  # (n,)
    turns = torch.rand(n, dtype=torch.float32)  # (n,)
    angle = 2 * math.pi * turns
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)  # (n, 2)
    return x, (3 * (turns + 0.3 * radius)).long() % 3


def judge_classify(answer: object) -> str:
    """Run `classify(x, labels, new_x)`, watch it, and compare its classes with the true ones."""
    x, labels = make_blades(300)  # (300, 2), (300,)
    new_x, truth = make_blades(POINTS)  # (POINTS, 2), (POINTS,)
    given = (x.clone(), labels.clone(), new_x.clone())
    with Watch() as seen:
        returned = call(answer, *given, shown=CLASSIFY.shown)
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise NotYet(
            f"What {CLASSIFY.shown} returns should be the network and the classes of new_x; yours "
            f"is {name_kind(returned)}."
        )
    net = expect_network(returned[0], "The first thing it returns")
    with in_use(net):
        logits = net(new_x)
    expect_logits(logits)
    classes = expect_classes(returned[1], len(x))
    expect_agreement(classes, logits.argmax(dim=1), net)
    if seen.losses.probabilities or holds_probabilities(logits):
        place = (
            "The network ends in one" if holds_probabilities(logits) else "One stands in the loop"
        )
        raise NotYet(
            f"That is softmax twice. {place}, and cross-entropy has one inside: give it raw logits."
        )
    right = (classes == truth).float().mean().item()
    fact = f"Of {POINTS} points that it never saw, {right:.0%} get their class"
    fault = find_fault(seen, net)
    if fault:
        raise NotYet(fault)
    if right < ENOUGH:
        raise NotYet(f"{fact}; {ENOUGH:.0%} can be reached. {advise(net, new_x)}")
    sure = logits.softmax(dim=1).max(dim=1).values.median().item()
    if sure < SURE:
        raise NotYet(
            f"{fact}, but the softmax of the typical row gives it only {sure:.0%}: these are no "
            f"logits that cross-entropy has trained. Is the loss still a squared error, or does "
            f"an activation stand at the end of the network?"
        )
    return f"{fact}, of three."


def advise(net: nn.Module, x: torch.Tensor) -> str:
    """Say what may be missing in a network that gets too few of the points x, (N, 2), right."""
    with in_use(net):
        logits = net(x)
    apart = (logits - logits.mean(dim=1, keepdim=True)).abs().max()
    if apart < 0.5 and logits.std() > 0.3:
        return (
            "All three columns say about the same number, that of the class: the loss is still a "
            "squared error. Cross-entropy compares logits with class numbers."
        )
    with in_use(net):
        ends, middle = net(x) + net(x.flip(0)), net((x + x.flip(0)) / 2)
    if (ends / 2 - middle).abs().max() < 1e-3 * ends.abs().max():
        return "Every border that it draws is a straight line: is there an activation in it?"
    return "Does it need more iterations, or more units?"


def expect_logits(logits: object) -> None:
    """Refuse an output that is not a logit for each of three classes.

    Raises:
        NotYet: With what it is instead.
    """
    shape = tuple(logits.shape) if isinstance(logits, torch.Tensor) else ()
    if shape == (POINTS, 1):
        raise NotYet(
            "The network gives one column, one number for each point: it is still the regression "
            "that was given."
        )
    if shape != (POINTS, 3):
        raise NotYet(
            f"net(new_x) should have a row for each point and a column for each of the classes 0, "
            f"1 and 2, ({POINTS}, 3); yours is {name_kind(logits)}."
        )


def expect_classes(value: object, known: int) -> torch.Tensor:
    """Take the classes of the new points, as a tensor, an array or a list.

    Args:
        value: What came from the learner.
        known: How many points there were to train on.

    Raises:
        NotYet: It is something else.
    """
    try:
        classes = torch.tensor(to_plain(value))
    except Exception:
        classes = torch.tensor(0)
    shape = tuple(classes.shape)
    if shape == (POINTS,):
        return classes
    hints = {
        (POINTS, 3): "A row holds a logit for each class: the class is the place of the largest, "
        "argmax(dim=1).",
        (3,): "It ran down the columns: a row is one point, dim=1.",
        (known,): "So many points were there to train on: those of new_x are asked for.",
    }
    raise NotYet(
        f"The second thing it returns should be flat, a class for each of {POINTS} points; yours "
        f"is {name_kind(value)}. {hints.get(shape, '')}".rstrip()
    )


def expect_agreement(classes: torch.Tensor, largest: torch.Tensor, net: nn.Module) -> None:
    """Refuse classes that are not the places of the largest logits; rounding may move one.

    Raises:
        NotYet: In more than one row of a hundred they are others.
    """
    share = (classes == largest).float().mean().item()
    if share < 0.99:
        names = " ".join(type(one).__name__ for one in net.modules())
        has_modes = "Dropout" in names or "Norm" in names
        hint = "Is net.eval() missing before the classes are computed?"
        if not has_modes:
            hint = "It is asked about new_x as it came: what you do to the inputs, do in it."
        raise NotYet(
            f"The classes should be the places of the largest logits of the network in eval mode; "
            f"they agree in {share:.0%} of the rows. {hint}"
        )


CLASSIFY = Exercise(
    shown="classify(x, labels, new_x)",
    level=1,
    minutes=8,
    plan="Ask of each module whether it is still the right one for classes. The network needs a "
    "column for each class. The loss compares logits with class numbers, and takes the numbers as "
    "they come. What you hand back is no measurement any more: for each row it is the place of "
    "the largest logit.",
    solution="""\
def classify(x, labels, new_x):  # (N, 2), (N,) of int64, (M, 2)
    net = make_layers([2, 32, 32, 3])
    loss_func = nn.CrossEntropyLoss()
    optimizer = optim.Adam(net.parameters(), lr=0.01)
    for _ in range(200):
        loss = loss_func(net(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net, net(new_x).argmax(dim=1)
""",
    rule=judge_classify,
    mistakes={
        "it is still the regression that was given.": edit(
            "32, 3]", "32, 1]", "CrossEntropyLoss", "MSELoss", "labels)", "labels[:, None].float())"
        ),
        "A row holds a logit for each class: the class is the place of the largest, "
        "argmax(dim=1).": edit(".argmax(dim=1)", ""),
        "It ran down the columns: a row is one point, dim=1.": edit("dim=1", "dim=0"),
        "those of new_x are asked for.": edit("net(new_x)", "net(x)"),
        "It is asked about new_x as it came: what you do to the inputs, do in it.": edit(
            "dim=1)", "dim=1) + 1"
        ),
        "the loss is still a squared error. Cross-entropy compares logits with class numbers.": (
            edit("loss_func(net(x), labels)", "nn.MSELoss()(net(x), labels[:, None].float())")
        ),
        "The network ends in one, and cross-entropy has one inside: give it raw logits.": edit(
            "make_layers([2, 32, 32, 3])",
            "nn.Sequential(make_layers([2, 32, 32, 3]), nn.Softmax(dim=1))",
        ),
        "One stands in the loop, and cross-entropy has one inside: give it raw logits.": edit(
            "loss_func(net(x), labels)", "loss_func(net(x).softmax(dim=1), labels)"
        ),
        "Every border that it draws is a straight line: is there an activation in it?": edit(
            "[2, 32, 32, 3]", "[2, 3]"
        ),
        "Does it need more iterations, or more units?": edit("range(200)", "range(3)"),
        "Is the loss still a squared error, or does an activation stand at the end of the "
        "network?": edit(
            "loss_func(net(x), labels)", "nn.MSELoss()(net(x), F.one_hot(labels).float())"
        ),
        "a new gradient was added to one that step had already used.": edit(
            "        optimizer.zero_grad()\n", ""
        ),
        "never move (0.weight, 0.bias)": edit("net.parameters()", "net[1:].parameters()"),
        "Class numbers are whole numbers, int64: leave labels as they come, without "
        ".float().": edit("labels)", "labels.float())"),
        "Class numbers are flat, (N,), not a column: leave out unsqueeze(1).": edit(
            "labels)", "labels[:, None])"
        ),
    },
)


def draw_lists() -> list[tuple]:
    """Draw lists, with channels, size, classes and pictures; no two parameters share a shape."""
    cases = []
    for channels, size, classes in ((1, 12, 10), (2, 8, 11), (1, 8, 12)):
        a, b, c = random.sample(range(3, 9), 3)
        cfg = random.choice(([a, b, "A", c, "M"], [a, "M", b, "A", c], [a, "A", b, "M"]))
        images = torch.randn(random.randrange(3, 6), channels, size, size, dtype=torch.float32)
        cases.append((cfg, channels, size, classes, images))
    return cases


def observe_built(answer: Callable, case: tuple, shown: str) -> Observation:
    """Build a network, fill it, and look at what it makes of pictures, and at its gradients."""
    cfg, *sizes, images = case
    net = expect_network(call(answer, list(cfg), *sizes, shown=shown), f"What {shown} returns")
    with torch.no_grad():
        net(images)  # lazy layers get their weights
    set_weights(net, 0)
    parameters = list(net.parameters())
    parts = {f"The number of parameters of {shown}": sum(one.numel() for one in parameters)}
    out = net(images)
    parts[f"With weights that check fills in, the output of {shown}"] = out
    if isinstance(out, torch.Tensor) and out.requires_grad:
        out.square().mean().backward()
    reached = [one.grad.abs().sum() for one in parameters if one.grad is not None]
    parts["The size of the gradients of all its weights"] = float(sum(reached))
    return Observation(parts)


CONV = Exercise(
    shown="my_conv_layers({0}, {1}, {2}, {3})",
    level=2,
    minutes=15,
    plan="Walk through the list, and keep two numbers up to date as you go: how many channels "
    "come out of what you have built so far, and how high and wide the picture still is. A number "
    "in the list changes the first, a letter the second. At the end you need both, for the Linear "
    "takes all numbers that are left of a picture.",
    solution="""\
def my_conv_layers(cfg, channels, size, classes):
    layers = []
    for width in cfg:
        if width == "M":
            layers += [nn.MaxPool2d(2)]
            size = size // 2
        elif width == "A":
            layers += [nn.AvgPool2d(2)]
            size = size // 2
        else:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
    layers += [nn.Flatten(), nn.Linear(channels * size * size, classes)]
    return nn.Sequential(*layers)
""",
    answer="my_conv_layers",
    why="Kernels, padding, both pools and the bare last layer are right for three lists.",
    draw=draw_lists,
    observe=observe_built,
    mistakes={
        "Each convolution takes a rim of one pixel off the picture: padding=1 keeps its size.": (
            edit("3, padding=1", "3")
        ),
        "The kernels are 5 x 5: 3 x 3 was asked for.": edit("3, padding=1", "5, padding=2"),
        "The kernels are 1 x 1: 3 x 3 was asked for.": edit("3, padding=1", "1"),
        "Each convolution takes as many channels as the pictures have: from the second on it must "
        "take what the one before hands on.": edit(
            "            channels = width\n", "            last = width\n",
            "Linear(channels", "Linear(last",
        ),
        "The first convolution takes one channel only: it must take as many as the pictures "
        "have, and each later one what the one before hands on.": edit(
            "nn.Conv2d(channels", "nn.Conv2d(1"
        ),
        'An "M" comes to the last branch as well, and a letter is no number of kernels: the '
        "second question is elif.": edit("elif", "if"),
        "No letter halves the size here: the Linear expects the picture as large as it came.": edit(
            "[nn.MaxPool2d(2)]\n            size = size // 2", "[nn.MaxPool2d(2)]",
            "[nn.AvgPool2d(2)]\n            size = size // 2", "[nn.AvgPool2d(2)]",
        ),
        "The size is halved at one of the two letters only.": edit(
            "[nn.AvgPool2d(2)]\n            size = size // 2", "[nn.AvgPool2d(2)]"
        ),
        'Both letters take the largest: "A" is the average.': edit("AvgPool2d", "MaxPool2d"),
        'Both letters take the average: "M" is the largest.': edit("MaxPool2d", "AvgPool2d"),
        'The two pools are exchanged: "M" is the largest, "A" the average.': edit(
            "MaxPool2d", "AvgPool2d",
            "[nn.AvgPool2d(2)]\n            size = size // 2\n        else",
            "[nn.MaxPool2d(2)]\n            size = size // 2\n        else",
        ),
        "No activation follows a convolution: without one the whole chain is one linear layer.": (
            edit(", nn.ReLU()]", "]")
        ),
        "The ReLU stands before its convolution: it belongs behind it.": edit(
            "[nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]",
            "[nn.ReLU(), nn.Conv2d(channels, width, 3, padding=1)]",
        ),
        "An activation stands behind the last Linear: no logit can be below 0.": edit(
            "classes)]", "classes), nn.ReLU()]"
        ),
        "A softmax stands behind the last Linear: it should be bare, for cross-entropy has a "
        "softmax inside.": edit("classes)]", "classes), nn.Softmax(dim=1)]"),
        "All pools stand behind all convolutions: each belongs where its letter stands.": edit(
            "layers = []", "layers, pools = [], []",
            "layers += [nn.MaxPool2d(2)]", "pools += [nn.MaxPool2d(2)]",
            "layers += [nn.AvgPool2d(2)]", "pools += [nn.AvgPool2d(2)]",
            "[nn.Flatten()", "[*pools, nn.Flatten()",
        ),
        "Flatten is missing: a Linear takes the rows of a table, and pictures come.": edit(
            "nn.Flatten(), ", ""
        ),
        "The convolutions have no bias.": edit("padding=1)", "padding=1, bias=False)"),
        "The last Linear has no bias.": edit("classes)]", "classes, bias=False)]"),
    },
)  # fmt: skip


def judge_shift(answer: object) -> str:
    """Find by how much `shift_some(images, most)` has moved each picture."""
    most, height, width = random.choice((2, 3)), random.randrange(8, 12), random.randrange(8, 12)
    images = torch.rand(300, 1, height, width, dtype=torch.float32) + 0.5  # no pixel is 0
    given, shown = images.clone(), f"shift_some(images, {most})"
    moved = call(answer, given, most, shown=shown)
    if not isinstance(moved, torch.Tensor) or moved.shape != images.shape:
        raise NotYet(
            f"What {shown} returns should be {name_kind(images)}; yours is {name_kind(moved)}."
            f"{ask(moved)}"
        )
    if not torch.equal(given, images):
        raise NotYet("The pictures that came in are changed: return new ones, and leave those.")
    places = {place: matches(moved, one) for place, one in shift_all(images, most + 2)}
    found = torch.stack(list(places.values()))  # (shifts, 300)
    lost = (~found.any(dim=0)).sum().item()
    if lost:
        raise NotYet(explain_lost(images, moved, lost, most))
    occur = [place for place, which in places.items() if which.any()]
    if len(occur) == 1:
        raise NotYet(
            "All pictures are moved by the same pixels: each should have its own, drawn anew."
        )
    if all(down == right for down, right in occur):
        raise NotYet("Each picture is moved as far down as right: draw two numbers for each.")
    for name, numbers in zip(("down", "right"), zip(*occur, strict=True), strict=True):
        if sorted(set(numbers)) != list(range(-most, most + 1)):
            raise NotYet(
                f"{shown} moves them {sorted(set(numbers))} pixels {name}. Going {name}, every "
                f"whole number from -most to most should occur."
            )
    still = places[0, 0].sum().item()
    if still > 60:  # 12 are expected where most is 2, and 6 where it is 3
        raise NotYet(
            f"{still} of 300 pictures are not moved at all, far more than chance would leave: each "
            f"is to have its own numbers."
        )
    return "300 pictures, each moved by its own numbers of pixels, with 0 in what it leaves behind."


def shift_all(images: torch.Tensor, most: int) -> Iterator[tuple[tuple[int, int], torch.Tensor]]:
    """Move all pictures (N, C, H, W) by the same whole pixels, down and right; zeros come in."""
    for down in range(-most, most + 1):
        for right in range(-most, most + 1):
            yield (down, right), F.pad(images, (right, -right, down, -down))


def matches(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Tell for each picture whether two are the same but for rounding, (N,)."""
    return (one - other).abs().flatten(1).max(dim=1).values < 1e-3


def explain_lost(images: torch.Tensor, moved: torch.Tensor, lost: int, most: int) -> str:
    """Say what was done to pictures that are not moved by whole pixels with zeros behind them."""
    reach = range(-most, most + 1)
    turned = [images.roll((down, right), dims=(2, 3)) for down in reach for right in reach]
    if torch.stack([matches(moved, one) for one in turned]).any(dim=0).all():
        return (
            "What leaves a picture at one side comes in again at the other, as roll does it: "
            "zeros should come in."
        )
    return (
        f"{lost} of 300 pictures are not the ones that came in, moved by whole pixels, "
        f"{most} at most, with 0 in what they leave behind."
    )


SHIFT = Exercise(
    shown="shift_some(images, most)",
    level=2,
    minutes=12,
    core=False,
    plan="Put a rim of `most` zeros around all pictures at once. A picture that is moved is then "
    "a window of the old size in the wide picture, and its upper left corner decides how far it "
    "has moved. Draw a corner for each picture, and cut its window out.",
    solution="""\
def shift_some(images, most):
    height, width = images.shape[2:]
    wide = nn.functional.pad(images, (most, most, most, most))  # a rim of zeros
    moved = torch.empty_like(images)
    for number in range(len(images)):
        top, left = torch.randint(2 * most + 1, (2,)).tolist()
        moved[number] = wide[number, :, top : top + height, left : left + width]
    return moved
""",
    rule=judge_shift,
    mistakes={
        "as roll does it: zeros should come in.": """\
def shift_some(images, most):
    moved = []
    for image in images:
        down, right = torch.randint(-most, most + 1, (2,)).tolist()
        moved.append(image.roll((down, right), dims=(1, 2)))
    return torch.stack(moved)
""",
        "All pictures are moved by the same pixels: each should have its own, drawn anew.": """\
def shift_some(images, most):
    down, right = torch.randint(-most, most + 1, (2,)).tolist()
    return F.pad(images, (right, -right, down, -down))
""",
        "Each picture is moved as far down as right: draw two numbers for each.": edit(
            "        top, left = torch.randint(2 * most + 1, (2,)).tolist()\n",
            "        top = left = random.randint(0, 2 * most)\n",
        ),
        "Going down, every whole number from -most to most should occur.": edit(
            "2 * most + 1, (2,)", "2 * most, (2,)"
        ),
        "Going right, every whole number from -most to most should occur.": edit(
            "left : left + width]", "most : most + width]"
        ),
        "The pictures that came in are changed: return new ones, and leave those.": edit(
            "torch.empty_like(images)", "images"
        ),
        "with 0 in what they leave behind.": edit("most, most))", "most, most), value=0.3)"),
    },
)


def draw_land() -> list[tuple]:
    """Draw landscapes: known places with their heights, and new ones, none at a known place.

    Beyond 25 of either, cdist loses digits on the way (`compute_mode`), and a difference does not.
    """
    cases = []
    for known, new in ((25, 17), (24, 23), (22, 25)):
        order = torch.randperm(20 * 25)[: known + new]
        places = torch.stack([order // 25, order % 25], dim=1).float()  # (known + new, 2)
        places = places + 0.5 * torch.rand(places.shape, dtype=torch.float32)  # none equally near
        scale = random.choice((0.5, 1.0, 2.0))
        waves = (places[:, :1] / 3).sin() + (places[:, 1:] / 4).cos()
        heights = 10 * waves + torch.randn(known + new, 1, dtype=torch.float32)
        x = scale * places
        cases.append((x[:known], heights[:known], x[known:], heights[known:]))
    return cases


RIVAL = Exercise(
    shown="errors_by_k(x, y, new_x, new_y)",
    level=2,
    minutes=12,
    plan="The distances from each new place to each known one do not depend on k, so take them "
    "once. For a k, find the k smallest in each row, and where they stand. Weigh the heights "
    "there by 1 / distance squared, and divide by the sum of the weights. Mind the shapes: a flat "
    "estimate minus a column makes a table.",
    solution="""\
def errors_by_k(x, y, new_x, new_y):
    distances = torch.cdist(new_x, x)  # (M, N)
    errors = []
    for k in range(1, 11):
        near = distances.topk(k, largest=False)  # (M, k)
        weights = 1 / near.values.clamp(min=1e-4) ** 2  # never 1 / 0
        total = (weights * y[near.indices, 0]).sum(dim=1)  # (M,)
        guess = total / weights.sum(dim=1)
        misses = guess - new_y[:, 0]
        errors.append((misses**2).mean().sqrt().item())
    return errors
""",
    answer="errors_by_k",
    why="Each k has its error, from the single nearest point to the ten nearest.",
    draw=draw_land,
    mistakes={
        "That is the mean of the squares: its root is missing.": edit(".mean().sqrt()", ".mean()"),
        "That is the mean absolute difference: square, take the mean, and then the root.": edit(
            "(misses**2).mean().sqrt()", "misses.abs().mean()"
        ),
        "All k points count alike: the weight of each is 1 / distance squared.": edit(
            "1 / near.values.clamp(min=1e-4) ** 2", "torch.ones_like(near.values)"
        ),
        "The weighted sum is not divided by the sum of the weights: it is no mean yet.": edit(
            "total / weights.sum(dim=1)", "total"
        ),
        "The weights are 1 / distance: the distance belongs squared.": edit(
            "near.values.clamp(min=1e-4) ** 2", "near.values"
        ),
        "The weights grow with the distance: they are 1 divided by its square.": edit(
            "1 / near.values.clamp(min=1e-4) ** 2", "near.values**2"
        ),
        "These are the k farthest points: topk takes the largest unless you say largest=False.": (
            edit("topk(k, largest=False)", "topk(k)")
        ),
        "A flat estimate meets a column, and PyTorch makes a table of all pairs: take "
        "new_y[:, 0].": edit("new_y[:, 0]", "new_y"),
        "It counts from 0 to 9 neighbours: k goes from 1 to 10.": edit(
            "range(1, 11)", "range(10)"
        ),
        "The list ends at k = 9: range(1, 10) leaves its end out.": edit(
            "range(1, 11)", "range(1, 10)"
        ),
        "The known heights are estimated, from the new ones: it is the other way round.": edit(
            "torch.cdist(new_x, x)", "torch.cdist(x, new_x)",
            "y[near.indices, 0]", "new_y[near.indices, 0]",
            "new_y[:, 0]\n        errors", "y[:, 0]\n        errors",
        ),
    },
)  # fmt: skip


def make_table(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw a table (n, 4) and the classes of its rows (n,), sorted by class; two columns count."""
    x = torch.randn(n, 4, dtype=torch.float32)  # (n, 4)
    height = x[:, 0] + 0.5 * x[:, 1] ** 2  # (n,)
    order = height.argsort()
    return x[order], 3 * torch.arange(n) // n


def judge_bring(answer: object) -> str:
    """Run `bring(x, labels)`, watch which rows it trains on, and compute both shares anew."""
    x, labels = make_table(POINTS)  # (POINTS, 4), (POINTS,)
    with Watch() as seen:
        returned = call(answer, x.clone(), labels.clone(), shown=BRING.shown)
    wanted = f"{BRING.shown} should return the network and two shares; yours is"
    parts = expect_parts(returned, 3, wanted)
    net = expect_network(parts[0], "The first thing it returns")
    with in_use(net):
        logits = net(x)
    if not isinstance(logits, torch.Tensor) or tuple(logits.shape) != (POINTS, 3):
        raise NotYet(
            f"net(x) should have a row for each row of x and a logit for each of three classes, "
            f"({POINTS}, 3); yours is {name_kind(logits)}."
        )
    share, rival = (expect_share(part) for part in parts[1:])
    fault = find_fault(seen, net)
    if fault:
        raise NotYet(fault)
    if seen.losses.probabilities:
        raise NotYet("That is softmax twice: cross-entropy has one inside, give it raw logits.")
    used = mark_rows(x, seen.list_trained_rows())  # (POINTS,)
    expect_split(used, labels)
    right = logits.argmax(dim=1) == labels  # (POINTS,)
    found = torch.cdist(x, x[used]).argmin(dim=1)
    same = labels[used][found] == labels  # (POINTS,)
    groups = [mark_rows(x, list_rows(look.rows)) for look in seen.list_held_out()]
    groups = [~used, *(group for group in groups if group.sum() >= POINTS / 20)]
    shares = [right[group].float().mean().item() for group in groups]
    rivals = [same[group].float().mean().item() for group in groups]
    if all(abs(share - one) > 0.02 for one in shares):
        raise NotYet(
            f"The program says that the network gets {share:.0%} right. Of the rows that it was "
            f"not trained on it gets {shares[0]:.0%}."
        )
    if all(abs(rival - one) > 0.06 for one in rivals):
        hint = " Does each row find itself among the known ones?" if rival > 0.98 else ""
        raise NotYet(
            f"The program says that the nearest row gets {rival:.0%} right. With the rows that the "
            f"network was trained on as the known ones it gets {rivals[0]:.0%}.{hint}"
        )
    if shares[0] < 0.75:
        raise NotYet(
            f"All is in its place, but the network gets only {shares[0]:.0%} of its held-out rows; "
            f"75% can be reached. Does it need more iterations, or fewer?"
        )
    return (
        f"Of the rows that were held out the network gets {share:.0%}, and the nearest known row "
        f"{rival:.0%}."
    )


def mark_rows(x: torch.Tensor, rows: set[bytes]) -> torch.Tensor:
    """Mark those rows of x, (N, ...), that are among others: (N,) of truth values."""
    return torch.tensor([row.tobytes() in rows for row in x.numpy()])


def expect_share(value: object) -> float:
    """Take a share between 0 and 1.

    Raises:
        NotYet: It is something else.
    """
    try:
        share = float(value)
    except (TypeError, ValueError, RuntimeError):
        share = math.nan
    if 0 <= share <= 1:
        return share
    raise NotYet(f"A share is a number from 0 to 1; yours is {name_kind(value)}.")


def expect_split(used: torch.Tensor, labels: torch.Tensor) -> None:
    """Refuse a table of which no row, or hardly any, is held out, or not of each class.

    Args:
        used: Whether the network was trained on a row, (N,).
        labels: The class of each row, (N,).

    Raises:
        NotYet: With what is trained on.
    """
    number = int(used.sum())
    if number == 0:
        raise NotYet(
            "The network is trained on rows that are not those of x: what you do to them, do in it."
        )
    if number > 0.95 * len(used):
        raise NotYet(f"The network is trained on {number} of {len(used)} rows: hold out a part.")
    if number < 0.3 * len(used):
        raise NotYet(f"The network is trained on only {number} of {len(used)} rows.")
    for group, what in ((used, "is trained on"), (~used, "is held out")):
        if len(labels[group].unique()) < 3:
            raise NotYet(
                f"There is a class of which no row {what}. The rows are sorted by class: shuffle "
                f"them before you split."
            )


BRING = Exercise(
    shown="bring(x, labels)",
    level=3,
    minutes=20,
    seconds=60,
    plan="Go through the six modules. Dataset: draw an order with torch.randperm, and split it in "
    "two. Network class, instance and loss: four numbers in, three logits out, cross-entropy. Then "
    "the optimizer and the five steps, on the first part only. At the end count on the second part "
    "how often the network is right, and how often the nearest row of the first part is.",
    solution="""\
def bring(x, labels):
    order = torch.randperm(len(x))
    quarter = len(x) // 4
    held, known = order[:quarter], order[quarter:]

    net = make_layers([4, 32, 3])
    loss_func = nn.CrossEntropyLoss()
    optimizer = optim.Adam(net.parameters(), lr=0.01)
    for _ in range(200):
        loss = loss_func(net(x[known]), labels[known])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    classes = net(x[held]).argmax(dim=1)
    nearest = torch.cdist(x[held], x[known]).argmin(dim=1)
    share = (classes == labels[held]).float().mean().item()
    rival = (labels[known][nearest] == labels[held]).float().mean().item()
    return net, share, rival
""",
    rule=judge_bring,
    mistakes={
        "The rows are sorted by class: shuffle them before you split.": edit(
            "torch.randperm(len(x))", "torch.arange(len(x))"
        ),
        "rows: hold out a part.": edit(
            "loss_func(net(x[known]), labels[known])", "loss_func(net(x), labels)"
        ),
        "Of the rows that it was not trained on it gets": edit(
            "classes = net(x[held])", "classes = 1 - net(x[held])"
        ),
        "Does each row find itself among the known ones?": edit(
            "torch.cdist(x[held], x[known])", "torch.cdist(x[held], x)",
            "labels[known][nearest]", "labels[nearest]",
        ),
        "That is softmax twice: cross-entropy has one inside, give it raw logits.": edit(
            "loss_func(net(x[known])", "loss_func(net(x[known]).softmax(dim=1)"
        ),
        "Does it need more iterations, or fewer?": edit("range(200)", "range(2)"),
    },
)  # fmt: skip


EXERCISES = {
    "11-classify": CLASSIFY,
    "11-rival": RIVAL,
    "11-conv": CONV,
    "11-bring": BRING,
    "11-shift": SHIFT,
}
