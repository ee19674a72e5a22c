"""Notebook 09: an epoch and its judge from memory, and a whole program from a blank cell."""

import contextlib
import copy
import math
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from helpers.exercises.expecting import call, expect_number, expect_tensor, name_kind, near
from helpers.exercises.running import NotYet
from helpers.exercises.tracing import find_table
from helpers.model import make_layers

SIZES = [5, 5, 5, 2]  # of the batches
LR = 0.05


class Watched(nn.Module):
    """A small network that notes how it is called.

    Attributes:
        calls: For each call: the rows, whether in train mode, whether gradients are recorded.
    """

    def __init__(self) -> None:
        """Build it with weights of its own."""
        super().__init__()
        self.features = make_layers([1, 8, 1])
        self.calls: list[tuple[int, bool, bool]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Note a call, and predict: (N, 1) -> (N, 1)."""
        self.calls.append((len(x), self.training, torch.is_grad_enabled()))
        return self.features(x)


def make_batches() -> DataLoader:
    """Make a noisy line in batches; the last is short, and far from the line."""
    rows = sum(SIZES)
    x = torch.rand(rows, 1, dtype=torch.float32) * 2 - 1  # (17, 1)
    y = x + 0.5 * torch.randn(rows, 1, dtype=torch.float32)  # (17, 1)
    y[-SIZES[-1] :] += 3  # so that a mean over batches is another one
    return DataLoader(TensorDataset(x, y), batch_size=SIZES[0])


def run_plainly(net: Watched, loader: DataLoader, order: str) -> tuple[list[float], list]:
    """Run an epoch on a copy, with the steps of an order such as "zero backward step".

    Returns:
        The loss of each batch before its update, and the weights at the end.
    """
    features = copy.deepcopy(net.features)
    optimizer = optim.SGD(features.parameters(), lr=LR)
    losses = []
    for x, y in loader:
        loss = (features(x) - y).square().mean()
        losses.append(loss.item())
        actions = {"zero": optimizer.zero_grad, "backward": loss.backward, "step": optimizer.step}
        for name in order.split():
            actions[name]()
    return losses, [parameter.detach() for parameter in features.parameters()]


def judge_epoch(answer: object) -> str:
    """Run `my_epoch(net, loader, loss_func, optimizer)` beside plain sums."""
    net, loader = Watched(), make_batches()
    net.eval()
    losses, right = run_plainly(net, loader, "zero backward step")
    added = run_plainly(net, loader, "backward step")[1]
    start = [parameter.detach().clone() for parameter in net.parameters()]
    optimizer = optim.SGD(net.parameters(), lr=LR)
    backwards, steps = [], []
    last = list(net.parameters())[-1]
    last.register_post_accumulate_grad_hook(lambda _: backwards.append(1))
    optimizer.register_step_pre_hook(lambda *_: steps.append(1))
    shown = "my_epoch(net, loader, loss_func, optimizer)"
    returned = call(answer, net, loader, nn.MSELoss(), optimizer, shown=shown)
    refuse_calls(net, "return")
    if not all(training for _, training, _ in net.calls):
        raise NotYet(
            "The network came in eval mode, as a judge may leave it, and was trained in it: "
            "Dropout would be off. net.train() comes before the loop."
        )
    now = list(net.parameters())
    if have_weights(now, start):
        if not backwards:
            raise NotYet("backward never runs: no weight has a gradient, and none moves.")
        if not steps:
            raise NotYet(f"step is never called: backward ran {len(backwards)} times for nothing.")
        raise NotYet(
            f"backward and step ran {len(steps)} times, and no weight has moved: zero_grad stands "
            f"between the two."
        )
    if not have_weights(now, right):
        if have_weights(now, added):
            raise NotYet(
                "zero_grad is never called in the loop: every gradient is added to those of the "
                "batches before."
            )
        raise NotYet(
            f"{len(backwards)} times backward and {len(steps)} times step for {len(losses)} "
            f"batches, and the weights are not those of the five steps, once for each batch."
        )
    value = expect_number(returned, "What my_epoch returns")
    refuse_mean(value, losses)
    return (
        f"{len(losses)} batches, five steps each, in train mode; {value:.3g} is the mean over all "
        f"{sum(SIZES)} rows."
    )


def refuse_calls(net: Watched, culprit: str) -> None:
    """Refuse that other batches went through the network than came out of the loader, once each.

    Raises:
        NotYet: With what the network has seen.
    """
    rows = [rows for rows, _, _ in net.calls]
    if not rows:
        raise NotYet(
            "It never calls the net that it is given. Does it use another one, a `net` from the "
            "notebook?"
        )
    if rows == SIZES[:1]:
        raise NotYet(
            f"It stops after the first of {len(SIZES)} batches: does {culprit} stand inside the "
            f"loop?"
        )
    if rows == SIZES[:-1]:
        raise NotYet(f"It leaves out the last batch, which has only {SIZES[-1]} rows.")
    if rows == [sum(SIZES)]:
        raise NotYet(
            f"The network sees all {rows[0]} rows at once: take the batches as the loader hands "
            f"them out."
        )
    if rows != SIZES:
        raise NotYet(
            f"The network is called on batches of {str(rows[:9])[1:-1]} rows, and the loader hands "
            f"out {str(SIZES)[1:-1]}: each once."
        )


def refuse_mean(value: float, losses: list[float]) -> None:
    """Refuse another number than the mean loss over all rows.

    Raises:
        NotYet: With the number that it is.
    """
    weighted = [loss * size for loss, size in zip(losses, SIZES, strict=True)]
    right = sum(weighted) / sum(SIZES)
    if math.isclose(value, right, rel_tol=1e-4):
        return
    fact = f"It returns {value:.4g}, and the mean over all {sum(SIZES)} rows is {right:.4g}"
    others = {
        "the mean of the batches' means, in which a row of the last batch counts for more than "
        "twice as much as another. Weight each loss by len(x)": statistics.mean(losses),
        "the loss of the last batch": losses[-1],
        "the sum of the batches' losses": sum(losses),
        "a sum over all rows: divide by their number": sum(weighted),
        "divided by the number of batches; divide by that of the rows": sum(weighted) / len(SIZES),
        "divided by the number of rows, though each loss is already a mean: weight it by len(x)": (
            sum(losses) / sum(SIZES)
        ),
    }
    for saying, other in others.items():
        if math.isclose(value, other, rel_tol=1e-4):
            raise NotYet(f"{fact}: yours is {saying}.")
    raise NotYet(f"{fact}. Take each loss from before its update, times the rows of its batch.")


def have_weights(ours: list, theirs: list) -> bool:
    """Tell whether all weights agree but for rounding."""
    return all(near(a, b, 1e-5) for a, b in zip(ours, theirs, strict=True))


def judge_evaluate(answer: object) -> str:
    """Run `my_evaluate(net, loader, loss_func)` on a network in train and in eval mode."""
    shown = "my_evaluate(net, loader, loss_func)"
    for training in (True, False):
        net, loader = Watched(), make_batches()
        net.train(training)
        losses, _ = run_plainly(net, loader, "")
        start = [parameter.detach().clone() for parameter in net.parameters()]
        returned = call(answer, net, loader, nn.MSELoss(), shown=shown)
        refuse_calls(net, "return")
        if not have_weights(list(net.parameters()), start):
            raise NotYet("The weights have moved: a judge makes no step.")
        if any(training for _, training, _ in net.calls):
            raise NotYet(
                "The network is judged in train mode: Dropout would throw units away, and the "
                "error would look worse than it is. net.eval() comes before the loop."
            )
        if any(recorded for _, _, recorded in net.calls):
            raise NotYet(
                "Gradients are recorded while it judges, for nothing: put the loop into "
                "`with torch.no_grad():`."
            )
        if net.training != training:
            came, left = ("train", "eval") if training else ("eval", "train")
            raise NotYet(
                f"The network came in {came} mode and is left in {left} mode: note net.training "
                f"before you change it, and put it back at the end."
            )
        value = expect_number(returned, "What my_evaluate returns")
        refuse_mean(value, losses)
    return (
        f"Judged in eval mode, without gradients, the mode put back; {value:.3g} is the mean over "
        f"all {sum(SIZES)} rows."
    )


ROWS = 120  # in the file
NOISE = 40.0  # standard deviation, in degrees
HOURS = 9.0  # how long the kiln is watched
ENOUGH = 1.5 * NOISE  # an error on readings it never saw that most networks reach
FAR = 20.0  # no x on a usual scale is as large


def make_kiln() -> Callable[[torch.Tensor], torch.Tensor]:
    """Draw a curve from minutes to degrees: a kiln that heats up, holds, and cools in waves."""
    top, wave = random.uniform(600, 900), random.uniform(60, 100)
    shift = random.uniform(0, 1)

    def curve(minutes: torch.Tensor) -> torch.Tensor:
        part = minutes / (60 * HOURS)  # from 0 to 1
        arch = top * torch.sin(torch.pi * (0.1 + 0.8 * part))
        return arch + wave * torch.sin(2 * torch.pi * (2 * part + shift))

    return curve


def measure(
    curve: Callable[[torch.Tensor], torch.Tensor], rows: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Read the kiln at random moments: minutes and degrees, (rows, 1) each."""
    x = 60 * HOURS * torch.rand(rows, 1, dtype=torch.float32)
    return x, curve(x) + NOISE * torch.randn(rows, 1, dtype=torch.float32)


def judge_program(answer: object) -> str:
    """Write a file, let `program(path)` learn from it, and ask its `predict` for other points."""
    curve = make_kiln()
    x, y = measure(curve, ROWS)
    other_x, other_y = measure(curve, 400)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kiln.csv"
        rows = [f"{a:.2f},{b:.1f}" for a, b in torch.cat([x, y], dim=1).tolist()]
        rows.insert(random.randrange(20, 100), f"{60 * random.random():.2f},")
        path.write_text("\n".join(["time,temperature", "min,degC", *rows]) + "\n", "utf-8")
        with note_first_input() as first:
            predict = call(answer, path, shown="program(path)")
        ask = expect_predict(predict)
        try:
            own, held_out = ask(x), ask(other_x)
        except NotYet as verdict:
            if "nan" in str(verdict):
                raise NotYet(
                    "It predicts nan: one value is missing in the file, and one nan in the data "
                    "spoils every weight. Drop that row. (Or the training has exploded.)"
                ) from None
            raise
        refuse_mood(ask, other_x, held_out)
        error = to_error(held_out, other_y)
        if error <= ENOUGH:
            return (
                f"On 400 readings that it never saw its error is {error:.1f} degrees; the noise "
                f"alone is {NOISE:g}, and always saying the mean has {spread(other_y):.0f}."
            )
        if first and first[0] > FAR:
            raise NotYet(
                f"On 400 readings that it never saw its error is {error:.0f} degrees, and its "
                f"first Linear layer was given numbers up to {first[0]:.0f}: scale x, and y, by "
                f"mean and spread of the training part, before you train."
            )
        fault = find_scale(held_out, other_y, error)
        if fault:
            raise NotYet(fault)
        if spread(held_out) < 0.2 * spread(other_y):
            table = find_table(lambda: answer(path))
            if table:
                raise NotYet(table)
        raise NotYet(judge_errors(to_error(own, y), error, held_out, other_y))


@contextlib.contextmanager
def note_first_input() -> Iterator[list[float]]:
    """Note the largest size of a number in the first batch that a Linear layer is given."""
    first: list[float] = []

    def note(module: nn.Module, inputs: tuple) -> None:
        if isinstance(module, nn.Linear) and not first:
            first.append(inputs[0].detach().abs().max().item())

    handle = nn.modules.module.register_module_forward_pre_hook(note)
    try:
        yield first
    finally:
        handle.remove()


def expect_predict(predict: object) -> Callable[[torch.Tensor], torch.Tensor]:
    """Take a function from minutes to degrees, or a network that is one.

    Raises:
        NotYet: It is something else.
    """
    if predict is None or isinstance(predict, type) or not callable(predict):
        raise NotYet(
            f"program(path) should return a function predict(x), from minutes to degrees; yours "
            f"returns {name_kind(predict)}."
        )

    def ask(x: torch.Tensor) -> torch.Tensor:
        out = predict(x.clone())
        out = out.detach() if isinstance(out, torch.Tensor) else out
        return expect_tensor(out, "What predict(x) returns", x.shape)

    return ask


def refuse_mood(
    ask: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, said: torch.Tensor
) -> None:
    """Refuse predictions that change by themselves, or with what else is asked.

    Raises:
        NotYet: With what changes.
    """
    gap = (ask(x) - said).abs().max().item()
    if gap > 0.5:
        raise NotYet(
            f"Asked twice for the same x, predict gives answers up to {gap:.0f} degrees apart: the "
            f"network is still in train mode, and Dropout throws other units away each time. Call "
            f"net.eval() before it predicts."
        )
    low = x < x.median()
    gap = (ask(x[low].unsqueeze(1)) - said[low].unsqueeze(1)).abs().max().item()
    if gap > 0.5:
        raise NotYet(
            f"What it says for an x changes by up to {gap:.0f} degrees with the other x that are "
            f"asked: scale by the mean and spread of the training part, kept for later, not of "
            f"what comes in. (BatchNorm without net.eval() does the same.)"
        )


def to_error(out: torch.Tensor, y: torch.Tensor) -> float:
    """Compute the root of the mean squared error."""
    return (out - y).square().mean().sqrt().item()


def spread(y: torch.Tensor) -> float:
    """Compute the standard deviation."""
    return y.std(correction=0).item()


def find_scale(out: torch.Tensor, y: torch.Tensor, error: float) -> str | None:
    """Say that predictions have the right shape on a wrong scale: that a line mends them."""
    if spread(out) < 1e-6:
        return None
    slope = ((out - out.mean()) * (y - y.mean())).mean().item() / spread(out) ** 2
    mended = to_error(y.mean() + slope * (out - out.mean()), y)
    if mended > 0.5 * spread(y) or mended > 0.5 * error or slope <= 0:
        return None
    ranges = [f"{one.min().item():.3g} to {one.max().item():.3g}" for one in (out, y)]
    fact = f"The shape is right and the numbers are not: it says {ranges[0]}, where {ranges[1]} "
    fact += "degrees were measured"
    if spread(out) < 0.05 * spread(y):
        return f"{fact}. It learnt scaled labels: scale the predictions back, * spread + mean."
    return (
        f"{fact}. Scaling back takes the four numbers of the training part, each where it belongs: "
        f"mean and spread of x for x, of y for y."
    )


def judge_errors(own: float, error: float, out: torch.Tensor, y: torch.Tensor) -> str:
    """Say by the errors on the file's rows and on others what is missing."""
    fact = (
        f"On 400 readings that it never saw its error is {error:.0f} degrees ({NOISE:g} is the "
        f"noise, {spread(y):.0f} the error of always saying the mean)"
    )
    if spread(out) < 0.2 * spread(y):
        return (
            f"{fact}: it says nearly the same for every x. Is x scaled, does the loss fall, does "
            f"each label stand in the row of its x?"
        )
    if error < 1.25 * own:
        return (
            f"{fact}, and on the rows of the file it is {own:.0f}: it has learnt too little of "
            f"them. Train for more epochs, at another rate, or with more units, and on more than "
            f"a few rows."
        )
    return (
        f"{fact}, and on the rows of the file {own:.0f}: it has learnt what only those have, their "
        f"noise (overfitting), or learnt from too few of them. Stop at the lowest validation error."
    )


CHECKS = {
    "09-epoch": judge_epoch,
    "09-evaluate": judge_evaluate,
    "09-blank": judge_program,
}
