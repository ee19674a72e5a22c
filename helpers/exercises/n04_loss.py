"""Notebook 04: losses written out, the loop, a gradient from two sides."""

import random
from collections.abc import Callable

import torch
from torch import nn

from helpers.exercises.comparing import call, expect_parts, is_equal, name_dtype, to_plain
from helpers.exercises.judging import Exercise, Observation, edit
from helpers.exercises.loops import make_loop_exercise
from helpers.exercises.observing import Forbidden
from helpers.exercises.running import NotYet


def refuse_own(answer: object) -> None:
    """Refuse a loss of PyTorch's itself: its class, an instance, or a method of one.

    Raises:
        NotYet: It is one.
    """
    owner = getattr(answer, "__self__", answer)
    kind = owner if isinstance(owner, type) else type(owner)
    if issubclass(kind, nn.Module) and kind.__module__.startswith("torch."):
        raise NotYet(
            f"That is PyTorch's own {kind.__name__}, and the exercise is to write that yourself, "
            f"from sums, products and the like."
        )


IN_A_ROW = (
    "It is one number with a dimension too many: loop over flat rows, .flatten(), or take the mean "
    "of the whole at the end."
)


def observe_loss(answer: Callable, case: tuple, shown: str) -> Observation:
    """Look at a loss of some outputs, and at its gradient there.

    A loss in float64 counts as one in the dtype of the outputs: it is the same number, and its
    gradient comes back in their dtype.
    """
    refuse_own(answer)
    out = case[0].clone().requires_grad_()
    with Forbidden("huber_loss", "smooth_l1_loss", "cross_entropy", "nll_loss"):
        loss = call(answer, out, *case[1:], shown=shown)
    if not isinstance(loss, torch.Tensor):
        return Observation({f"What {shown} returns": loss}, "no tensor")
    value = loss.detach()
    parts = {f"What {shown} returns": value.to(out) if value.is_floating_point() else value}
    if loss.requires_grad and loss.ndim == 0:
        loss.backward()
        parts["The gradient of that loss"] = out.grad
    in_a_row = loss.ndim > 0 and loss.numel() == 1
    return Observation(parts, "a tensor", IN_A_ROW if in_a_row else "")


GRAPHLESS = {
    "The number is right, but it has no way back to the outputs: .item() and float() make a bare "
    "number of a loss.": edit(".mean()", ".mean().item()"),
    "The number is right, but it was cut off from the outputs: backward cannot start from it.": (
        edit(".mean()", ".mean().detach()")
    ),
    "A cost for each row is not yet a loss: take the mean over them.": edit(".mean()", ""),
    "It is the sum over the rows: the loss is their mean.": edit(".mean()", ".sum()"),
}


def draw_errors() -> list[tuple]:
    """Draw outputs and labels (N, 1) with small errors and large ones, and a delta for each."""
    cases = []
    for low, high in ((0.3, 0.7), (1.5, 3.0)):
        delta = round(random.uniform(low, high), 2)
        y = torch.randn(random.randrange(20, 50), 1, dtype=torch.float32)  # (N, 1)
        errors = 3 * delta * torch.randn(len(y), 1, dtype=torch.float32)  # (N, 1)
        cases.append((y + errors, y, delta))
    return cases


HUBER = Exercise(
    shown="huber(out, y, {2})",
    level=2,
    minutes=10,
    plan="Compute the size of each error first. Then write down both costs, the square and the "
    "straight one, for all errors at once. torch.where chooses for each error which of the two "
    "counts; the mean of what it chose is the loss.",
    solution="""\
def huber(out, y, delta):
    size = (out - y).abs()
    small = 0.5 * size**2
    large = delta * (size - 0.5 * delta)
    return torch.where(size <= delta, small, large).mean()
""",
    why="Value and gradient are those of the Huber loss, for a small delta and for a large one.",
    draw=draw_errors,
    observe=observe_loss,
    mistakes=GRAPHLESS
    | {
        "The two costs are exchanged: the square is for the small errors.": edit(
            "small, large)", "large, small)"
        ),
        "Large errors below 0 are still squared: compare the *size* of an error with delta.": edit(
            "(out - y).abs()", "(out - y)"
        ),
        "The square of a small error is not halved: only so do the two costs meet.": edit(
            "0.5 * size**2", "size**2"
        ),
        "The straight cost does not meet the square at delta: what must be taken away?": edit(
            "(size - 0.5 * delta)", "size"
        ),
        "It is divided by delta: that is another loss, which PyTorch calls SmoothL1Loss.": edit(
            ".mean()", ".mean() / delta"
        ),
        "So it comes out for delta = 1: use the delta that comes in.": edit(
            "    size =", "    delta = 1.0\n    size ="
        ),
        "So it comes out if every error is squared and halved, the large ones too.": edit(
            "small, large)", "small, small)"
        ),
        "So it comes out if every error costs the straight line, the small ones too. The straight "
        "cost is never above the square, so torch.min of the two takes it everywhere: compare the "
        "error with delta.": edit("small, large)", "large, large)"),
        "The large errors: all of |error| - delta / 2 is multiplied by delta, so it needs "
        "brackets.": edit("delta * (size - 0.5 * delta)", "delta * size - 0.5 * delta"),
        "So it comes out if every error is squared, as in the mean squared error.": edit(
            "torch.where(size <= delta, small, large)", "size.square()"
        ),
        "So it comes out if no error is squared, as in the mean absolute error.": edit(
            "torch.where(size <= delta, small, large)", "size"
        ),
        "Small and large errors have a mean of their own here, and the two are added: take one "
        "mean, over all points.": edit(
            "torch.where(size <= delta, small, large).mean()",
            "small[size <= delta].mean() + large[size > delta].mean()",
        ),
    },
)


def draw_logits() -> list[tuple]:
    """Draw logits (N, classes) and labels (N,): small ones, large ones, and both together."""
    classes = random.randrange(3, 6)
    small = 2 * torch.randn(random.randrange(9, 15), classes, dtype=torch.float32)
    high, low = small[:2] + 1000, small[2:4] - 1000
    far = torch.linspace(1000, -1000, classes, dtype=torch.float32).unsqueeze(0)
    drawn = [small, torch.cat([small[4:], high, low]), torch.cat([far, small[:1]])]
    return [(one, torch.randint(classes, (len(one),))) for one in drawn]


LOGITS = Exercise(
    shown="cross_entropy(logits, labels)",
    level=3,
    minutes=20,
    plan="Take each row's largest logit away from the row: no difference in the row changes, and "
    "the largest is 0 now. Then exp cannot overflow. The logarithm of the softmax at a label is "
    "the shifted logit there, minus the logarithm of the sum of exp over the row.",
    solution="""\
def cross_entropy(logits, labels):
    top = logits.max(dim=1, keepdim=True).values  # (N, 1)
    shifted = logits - top  # (N, classes)
    log_sum = shifted.exp().sum(dim=1).log()  # (N,)
    rows = torch.arange(len(labels))
    return (log_sum - shifted[rows, labels]).mean()
""",
    why="Value and gradient are right, for small logits and for some of 1000.",
    draw=draw_logits,
    observe=observe_loss,
    mistakes=GRAPHLESS
    | {
        "For small logits that is right. For large ones exp overflows: take each row's largest "
        "logit away first.": edit("shifted = logits - top", "shifted = logits"),
        "For small logits that is right. For large ones it is infinite. Is it the logarithm of a "
        "softmax that has rounded to 0, or does exp overflow?": """\
def cross_entropy(logits, labels):
    chosen = logits.softmax(dim=1)[torch.arange(len(labels)), labels]
    return -chosen.log().mean()
""",
        "One and the same number is taken away from all rows: each row needs its own largest.": (
            edit("logits.max(dim=1, keepdim=True).values", "logits.max()")
        ),
        "Rows whose logits all lie below 0 are shifted by nothing: take away the row's own "
        "largest, even where that is negative.": edit(
            "shifted = logits - top", "shifted = logits - top.clamp(min=0)"
        ),
        "That is softmax twice: the logits go through it once.": edit(
            "    top =", "    logits = logits.softmax(dim=1)\n    top ="
        ),
        "The sign: the loss is *minus* the logarithm.": edit(
            "log_sum - shifted[rows, labels]", "shifted[rows, labels] - log_sum"
        ),
        "The softmax runs down the columns: the classes of one example stand in a row, dim=1.": (
            edit("sum(dim=1).log()", "sum(dim=0).log()[labels]")
        ),
        "It averages over all classes: of each row only the one of its label counts.": edit(
            "shifted[rows, labels]", "shifted.mean(dim=1)"
        ),
        "It is the logarithm to base 2: here it is the natural one.": edit(
            ".mean()", ".mean() / math.log(2)"
        ),
        "The logarithm comes first, and then the mean.": edit(
            "(log_sum - shifted[rows, labels]).mean()",
            "-(shifted[rows, labels] - log_sum).exp().mean().log()",
        ),
        "The softmax is missing: so it comes out if the logits are taken as they are.": edit(
            "(log_sum - shifted[rows, labels])", "(-logits[rows, labels])"
        ),
        "The logarithm is missing: so it comes out for the probabilities themselves.": edit(
            "(log_sum - shifted[rows, labels])", "(-(shifted[rows, labels] - log_sum).exp())"
        ),
        "That is a sigmoid of each logit by itself: the softmax compares all logits of a row.": (
            edit("(log_sum - shifted[rows, labels])", "(F.softplus(-logits[rows, labels]))")
        ),
        "The number is right, but its gradient is not: a part of it is computed without a graph.": (
            edit("shifted.exp()", "shifted.detach().exp()")
        ),
    },
)

LOOP = make_loop_exercise(
    level=1,
    minutes=5,
    gaps=("loss = loss_func(out, y)", "loss.backward()"),
    plan="One line makes a number of the prediction and the labels: how wrong is it? The other "
    "gives every weight its gradient, and it starts from that number.",
    why="Weights and losses are those of the five steps, iteration by iteration.",
    epochs=[(2, 4), (5, 8)],
    mistakes={
        "backward starts from the prediction here: it needs one number to start from, the "
        "loss.": edit("loss.backward()", "out.backward()"),
        "loss is a bare number, without a way back: .item() comes later, for the list.": edit(
            "loss_func(out, y)", "loss_func(out, y).item()", "loss.item()", "loss"
        ),
        "The list holds each loss with its whole graph: put its number there.": edit(
            "loss.item()", "loss"
        ),
    },
)


ROUNDING = 1e-9  # of float64, as a share


def draw_functions() -> list[tuple]:
    """Draw functions of a row w: one whose backward is right, and one with a part cut off."""
    rows, size = random.randrange(8, 13), random.randrange(3, 7)
    x = torch.randn(rows, size, dtype=torch.float64)  # (rows, size)
    y = torch.randn(rows, dtype=torch.float64)  # (rows,)

    def whole(w: torch.Tensor) -> torch.Tensor:
        out = x.to(w.dtype) @ w  # (rows,)
        return (out.sin() * out - y).square().mean()

    def cut(w: torch.Tensor) -> torch.Tensor:
        out = x.to(w.dtype) @ w  # (rows,)
        return (out.sin() * out.detach() - y).square().mean()

    places = torch.randn(2, size, dtype=torch.float64)  # (2, size)
    wide, tiny = random.uniform(0.2, 0.4), random.uniform(1e-5, 1e-4)
    return [(whole, places[0], float(f"{wide:.2g}")), (cut, places[1], float(f"{tiny:.1g}"))]


def observe_gradients(answer: Callable, case: tuple, shown: str) -> Observation:
    """Look at two gradients of a function, at what it is called with, and at w afterwards."""
    function, w, h = case
    dtypes: set[str] = set()

    def watched(place: torch.Tensor) -> torch.Tensor:
        dtypes.add(name_dtype(place))
        return function(place)

    given = w.clone()
    returned = to_plain(call(answer, watched, given, h, shown=shown))
    first, second = expect_parts(returned, 2, f"{shown} should return two gradients; what came is")
    parts = {
        "The dtype of the numbers that f is called with": " and ".join(sorted(dtypes)),
        f"The gradient by differences, with h = {h:g}": first,
        "The gradient by backward": second,
        "What w holds afterwards": given.tolist(),
        "Whether w asks for gradients afterwards": "yes" if given.requires_grad else "no",
    }
    return Observation(parts, is_equal(first, second, ROUNDING))


IN_PLACE = """\
        w[i] += h
        ahead = f(w)
        w[i] -= 2 * h
        by_differences[i] = (ahead - f(w)) / (2 * h)
"""

SLOPE = Exercise(
    shown="compare_gradients(f, w, {2:g})",
    level=2,
    minutes=15,
    core=False,
    plan="Take one number of w at a time. Move it ahead by h in a copy of w, and back by h in "
    "another: the slope is the difference of the two values of f, divided by the way between the "
    "two places. For backward take a copy of w that asks for gradients.",
    solution="""\
def compare_gradients(f, w, h):
    by_differences = torch.zeros_like(w)
    for i in range(len(w)):
        step = torch.zeros_like(w)
        step[i] = h
        by_differences[i] = (f(w + step) - f(w - step)) / (2 * h)
    leaf = w.clone().requires_grad_()
    f(leaf).backward()
    return by_differences, leaf.grad
""",
    why="Where f is whole, the two agree but for h; where a part of f is detached, only the "
    "differences see it.",
    draw=draw_functions,
    observe=observe_gradients,
    mistakes={
        "The difference is taken from w itself to one side: take it from one h behind w to one h "
        "ahead, as it leaves a smaller error.": edit("f(w - step)) / (2 * h)", "f(w)) / h"),
        "The difference is taken from one h behind w to w itself: take it to one h ahead of w, as "
        "it leaves a smaller error.": edit(
            "(f(w + step) - f(w - step)) / (2 * h)", "(f(w) - f(w - step)) / h"
        ),
        "From w to one side the way is h, and it is divided by 2 * h. Is f asked at both sides?": (
            edit("f(w - step)", "f(w)")
        ),
        "It is the bare difference of two values: divide it by the way between the two places, "
        "2 * h.": edit(" / (2 * h)", ""),
        "The way from one h behind w to one h ahead is 2 * h, and it is divided by h.": edit(
            "/ (2 * h)", "/ h"
        ),
        "`x / 2 * h` divides by 2 and multiplies by h: put brackets around 2 * h.": edit(
            "(2 * h)", "2 * h"
        ),
        "So it comes out with a step of 1, whatever h is: move by the h that comes in.": edit(
            "    by_differences =", "    h = 1.0\n    by_differences ="
        ),
        "So it comes out for h = 0.00001, whatever h is: move by the h that comes in.": edit(
            "    by_differences =", "    h = 1e-5\n    by_differences ="
        ),
        "The sign is turned over: ahead minus behind.": edit(
            "f(w + step) - f(w - step)", "f(w - step) - f(w + step)"
        ),
        "All numbers of w are moved at once, and the sum of all slopes comes out: move one of them "
        "at a time.": edit("step[i] = h", "step[:] = h"),
        "Numbers that were moved stay moved while the next are tried: put each back, or move it in "
        "a copy.": edit(
            "        step = torch.zeros_like(w)\n"
            "        step[i] = h\n"
            "        by_differences[i] = (f(w + step) - f(w - step)) / (2 * h)\n",
            IN_PLACE,
        ),
        "f gives the same value twice. Are the two places one tensor under two names? .clone() "
        "makes another.": edit("f(w + step) - f(w - step)", "f(w + step) - f(w + step)"),
        "float32 keeps seven digits, and a tiny difference of two values loses nearly all of "
        "them: stay in float64.": edit(
            "    by_differences =", "    w = w.float()\n    by_differences ="
        ),
        "Both are the gradient that backward computes: the first has to come from values of f "
        "alone.": edit("return by_differences, leaf.grad", "return leaf.grad, leaf.grad"),
        "Both come from differences: the second has to come from backward.": edit(
            "return by_differences, leaf.grad", "return by_differences, by_differences"
        ),
        "The two are exchanged: the differences first, then what backward says.": edit(
            "return by_differences, leaf.grad", "return leaf.grad, by_differences"
        ),
        "Gradients have piled up, as backward has run twice.": edit(
            "    f(leaf).backward()\n", "    f(leaf).backward()\n    f(leaf).backward()\n"
        ),
    },
)

EXERCISES = {"04-huber": HUBER, "04-logits": LOGITS, "04-loop": LOOP, "04-slope": SLOPE}
