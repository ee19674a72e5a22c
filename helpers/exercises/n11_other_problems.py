"""Notebook 11: a classifier, convolutions from a list, pictures moved at random."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from helpers.exercises.expecting import (
    call,
    expect_network,
    expect_parts,
    expect_tensor,
    name_kind,
    near,
)
from helpers.exercises.programs import find_fault
from helpers.exercises.running import NotYet
from helpers.exercises.tracing import ProgramTrace

ENOUGH = 0.85  # the share of new points that a classifier of the exercise gets right


def make_sectors(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw points (n, 2) of a disc and their classes (n,): three blades of a bent propeller."""
    radius = torch.rand(n, dtype=torch.float32).sqrt() * 2  # (n,)
    angle = torch.rand(n, dtype=torch.float32) * 2 * math.pi  # (n,)
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)  # (n, 2)
    turns = angle / (2 * math.pi) + radius / 8  # (n,)
    return x, (turns * 3).long() % 3


class Losses(TorchFunctionMode):
    """Notes which losses a program calls, and whether cross-entropy is given probabilities.

    Attributes:
        names: Names of the losses that were called.
        twice: Whether cross-entropy was given rows that have been through a softmax.
    """

    def __init__(self) -> None:
        """Nothing is seen yet."""
        super().__init__()
        self.names: set[str] = set()
        self.twice = False

    def __torch_function__(
        self, function: Callable, types: object, args: tuple = (), kwargs: dict | None = None
    ) -> object:
        """Look at what a loss is given, and do what was asked."""
        name = getattr(function, "__name__", "")
        if name.endswith(("_loss", "cross_entropy")):
            self.names.add(name)
        if name == "cross_entropy" and args and is_softmax(args[0]):
            self.twice = True
        return function(*args, **(kwargs or {}))


def is_softmax(rows: torch.Tensor) -> bool:
    """Tell whether each row holds probabilities: none below 0, and their sum 1."""
    rows = rows.detach()
    if rows.ndim != 2 or rows.shape[1] < 2 or rows.min() < 0:
        return False
    return bool((rows.sum(dim=1) - 1).abs().max() < 1e-4)


def judge_classify(answer: object) -> str:
    """Run `classify(x, labels, new_x)`, and compare its classes with the true ones."""
    x, labels = make_sectors(600)  # (600, 2), (600,)
    new_x, truth = make_sectors(200)  # (200, 2), (200,)
    shown = "classify(x, labels, new_x)"
    with ProgramTrace() as trace, Losses() as losses:
        returned = call(answer, x.clone(), labels.clone(), new_x.clone(), shown=shown)
    net, classes = expect_parts(returned, 2, "the network and the classes of new_x")
    expect_network(net, "The first thing it returns")
    with torch.no_grad():
        logits = net(new_x)
    expect_logits(logits)
    expect_classes(classes, logits, len(x))
    if losses.twice or is_softmax(logits):
        place = "the network ends in a softmax" if is_softmax(logits) else "one stands in the loop"
        raise NotYet(
            f"That is softmax twice: {place}, and cross-entropy has one inside. Surely wrong "
            f"points do not pull any more: give the loss raw logits."
        )
    if "mse_loss" in losses.names and "cross_entropy" not in losses.names:
        raise NotYet(
            "The loss is still the mean squared error. Three columns are there now: give them, "
            "and the class numbers as they are, to nn.CrossEntropyLoss()."
        )
    fault = find_fault(trace, net)
    if fault:
        raise NotYet(fault)
    right = (classes == truth).float().mean().item()
    if right < ENOUGH:
        largest = truth.bincount().max().item() / len(truth)
        raise NotYet(
            f"Of 200 new points {right:.0%} are right, and the same answer for all gets "
            f"{largest:.0%}: {ENOUGH:.0%} can be reached. Give it more iterations, or more units."
        )
    return f"Of 200 points that it never saw, {right:.0%} get their class, of three."


def expect_logits(logits: object) -> None:
    """Refuse an output that is not a logit for each of three classes.

    Raises:
        NotYet: With what it is instead.
    """
    if not isinstance(logits, torch.Tensor) or logits.ndim != 2 or len(logits) != 200:
        raise NotYet(f"net(new_x) should have the shape (200, 3); yours is {name_kind(logits)}.")
    columns = logits.shape[1]
    if columns == 1:
        raise NotYet(
            "The network gives one column: it is still a regression, for which class 1 lies "
            "between 0 and 2. Three classes need a logit for each: 3 columns."
        )
    if columns != 3:
        raise NotYet(f"The network gives {columns} columns, and there are three classes, 0, 1, 2.")


def expect_classes(classes: object, logits: torch.Tensor, n_train: int) -> None:
    """Refuse what are not the classes of the largest logits, (200,) whole numbers.

    Raises:
        NotYet: With what it is instead.
    """
    what = "The second thing it returns"
    if not isinstance(classes, torch.Tensor):
        raise NotYet(f"{what} should be a tensor of 200 classes; yours is {name_kind(classes)}.")
    shape = tuple(classes.shape)
    if shape == tuple(logits.shape):
        raise NotYet(
            f"{what} has the shape {shape}: a logit for each class. The class of a row is the "
            f"place of its largest logit: argmax(dim=1)."
        )
    if shape == (3,):
        raise NotYet(f"{what} has the shape (3,): argmax went down the columns; rows are dim=1.")
    if shape[:1] == (n_train,):
        raise NotYet(
            f"{what} has {n_train} rows: the classes of the training points. Those of new_x are "
            f"asked for: what a network says of points it was shown proves little."
        )
    if shape != (200,):
        raise NotYet(f"{what} should be flat, of the shape (200,); yours has {shape}.")
    if classes.is_floating_point() or classes.dtype == torch.bool:
        kind = str(classes.dtype).split(".")[1]
        raise NotYet(f"{what} should be whole numbers, as argmax gives them; yours are {kind}.")
    share = (classes == logits.argmax(dim=1)).float().mean().item()
    if share < 0.99:
        raise NotYet(
            f"{what} are not the classes of the largest logits: they agree for {share:.0%} of "
            f"the rows."
        )


# What each list stands for: the list, channels that come in, height and width, classes.
LISTS = (
    ([4, "M", 6, "A"], 1, 8, 3),
    ([5, 5, "A", 7, "M"], 3, 12, 10),
    ([3, "M", 4, "M", 5], 2, 8, 2),
)


def judge_conv(answer: object) -> str:
    """Compare `my_conv_layers(cfg, channels, size, classes)` with PyTorch's functions."""
    for cfg, channels, size, classes in LISTS:
        shown = f"my_conv_layers({cfg}, {channels}, {size}, {classes})"
        net = expect_network(
            call(answer, list(cfg), channels, size, classes, shown=shown), f"What {shown} gives"
        )
        convolutions = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]
        expect_convolutions(convolutions, cfg, channels, shown)
        linear = [layer for layer in net.modules() if isinstance(layer, nn.Linear)]
        if len(linear) != 1:
            raise NotYet(f"{shown} makes {len(linear)} Linear layers; one stands at the end.")
        images = torch.randn(5, channels, size, size, dtype=torch.float32)
        pools = cfg.count("M") + cfg.count("A")
        left = size // 2**pools
        wanted = [w for w in cfg if w not in ("M", "A")][-1] * left * left
        if linear[0].in_features != wanted:
            raise NotYet(
                f"In {shown} the Linear takes {linear[0].in_features} numbers; after {pools} "
                f"halvings {wanted} come in: channels times {left} x {left}."
            )
        out = expect_tensor(net(images), f"The output of {shown}", (5, classes))
        if not near(out, run_list(convolutions, linear[0], cfg, images), 1e-4):
            raise NotYet(explain_conv(convolutions, linear[0], cfg, images, out, shown))
    return "Kernels, padding, both pools and the bare last layer are right for three lists."


def expect_convolutions(
    convolutions: Sequence[nn.Conv2d], cfg: Sequence[int | str], channels: int, shown: str
) -> None:
    """Refuse convolutions that are not those of the list.

    Raises:
        NotYet: One is missing, of other channels, another kernel or without a rim.
    """
    widths = [width for width in cfg if width not in ("M", "A")]
    wanted = list(pairwise([channels, *widths]))
    found = [(layer.in_channels, layer.out_channels) for layer in convolutions]
    if len(found) != len(wanted):
        raise NotYet(
            f"{shown} makes {len(found)} convolutions; the list has {len(wanted)} numbers, and "
            f"each makes one."
        )
    for place, (layer, pair) in enumerate(zip(convolutions, wanted, strict=True), start=1):
        if found[place - 1] != pair:
            raise NotYet(
                f"In {shown} convolution {place} leads from {found[place - 1][0]} channels to "
                f"{found[place - 1][1]}; the list says from {pair[0]} to {pair[1]}."
            )
        if layer.kernel_size != (3, 3):
            raise NotYet(f"In {shown} a kernel has the size {layer.kernel_size}; 3 x 3 is asked.")
        if layer.padding not in ((1, 1), "same"):
            raise NotYet(
                f"In {shown} a convolution has padding {layer.padding}: without a rim of 1 the "
                f"picture loses 2 pixels each time."
            )


def run_list(
    convolutions: Sequence[nn.Conv2d],
    linear: nn.Linear,
    cfg: Sequence[int | str],
    images: torch.Tensor,
    activation: Callable = torch.relu,
    pools: Sequence[Callable] = (F.max_pool2d, F.avg_pool2d),
) -> torch.Tensor:
    """Do what a list says, with these layers' numbers: (N, channels, size, size), (N, classes)."""
    left = list(convolutions)
    for width in cfg:
        if width == "M":
            images = pools[0](images, 2)
        elif width == "A":
            images = pools[1](images, 2)
        else:
            layer = left.pop(0)
            images = activation(F.conv2d(images, layer.weight, layer.bias, padding=1))
    return linear(images.flatten(1))


def explain_conv(
    convolutions: Sequence[nn.Conv2d],
    linear: nn.Linear,
    cfg: Sequence[int | str],
    images: torch.Tensor,
    out: torch.Tensor,
    shown: str,
) -> str:
    """Say which other chain of these layers gives this output."""
    layers = (convolutions, linear, cfg, images)
    both = {
        "largest": (F.max_pool2d, F.max_pool2d),
        "average": (F.avg_pool2d, F.avg_pool2d),
    }
    if near(out, run_list(*layers).relu(), 1e-4):
        return f"In {shown} a ReLU stands behind the last Linear: no logit can be below 0."
    if near(out, run_list(*layers, activation=torch.Tensor.clone), 1e-4):
        return f"In {shown} no ReLU follows a convolution: the chain is one linear layer."
    for name, pools in both.items():
        if near(out, run_list(*layers, pools=pools), 1e-4):
            return f'In {shown} both letters take the {name}: "M" is the largest, "A" the average.'
    if near(out, run_list(*layers, pools=(F.avg_pool2d, F.max_pool2d)), 1e-4):
        return f'In {shown} the two pools are swapped: "M" is the largest, "A" the average.'
    return (
        f"{shown} has the right layers, but not in the order of the list: each convolution with "
        f"its ReLU, each pool where its letter stands, then Flatten and the Linear."
    )


MOST = 2


def judge_shift(answer: object) -> str:
    """Find by how much `shift_some(images, most)` has moved each picture."""
    images = torch.rand(300, 1, 8, 10, dtype=torch.float32) + 0.5  # no pixel is 0
    given = images.clone()
    moved = call(answer, given, MOST, shown="shift_some(images, most)")
    moved = expect_tensor(moved, "What shift_some returns", images.shape)
    if not torch.equal(given, images):
        raise NotYet("The pictures that came in are changed: return new ones, and leave those.")
    reach = range(-MOST - 3, MOST + 4)
    places = torch.full((300, 2), 99)  # (300, 2): pixels down and right
    for down in reach:
        for right in reach:
            same = (moved == shift_all(images, down, right)).flatten(1).all(dim=1)  # (300,)
            places[same] = torch.tensor([down, right])
    lost = (places == 99).any(dim=1).sum().item()
    if lost:
        raise NotYet(explain_lost(images, moved, lost))
    if (places == places[0]).all():
        raise NotYet(
            f"All pictures are moved by the same {places[0].tolist()} pixels: each should have "
            f"its own, drawn anew."
        )
    if (places[:, 0] == places[:, 1]).all():
        raise NotYet("Each picture is moved as far down as right: draw two numbers for each.")
    for column, name in ((0, "down"), (1, "right")):
        found = sorted(set(places[:, column].tolist()))
        if found != list(range(-MOST, MOST + 1)):
            raise NotYet(
                f"For most = {MOST} the pictures are moved {found} pixels {name}; every whole "
                f"number from {-MOST} to {MOST} should occur."
            )
    return f"300 pictures, each moved by its own -{MOST} to {MOST} pixels both ways, with 0 behind."


def shift_all(images: torch.Tensor, down: int, right: int) -> torch.Tensor:
    """Move all pictures (N, C, H, W) by the same whole pixels; zeros come in."""
    return F.pad(images, (right, -right, down, -down))


def explain_lost(images: torch.Tensor, moved: torch.Tensor, lost: int) -> str:
    """Say what was done to pictures that are not moved by whole pixels with zeros behind them."""
    reach = range(-MOST, MOST + 1)
    rolled = torch.zeros(len(images), dtype=torch.bool)
    for down in reach:
        for right in reach:
            turned = images.roll((down, right), dims=(2, 3))
            rolled |= (moved == turned).flatten(1).all(dim=1)
    if rolled.all():
        return (
            "What leaves a picture at one side comes in again at the other: roll does that. "
            "Zeros should come in."
        )
    return (
        f"{lost} of 300 pictures are not the ones that came in, moved by whole pixels with 0 in "
        f"what they leave behind."
    )


CHECKS = {"11-classify": judge_classify, "11-conv": judge_conv, "11-shift": judge_shift}
