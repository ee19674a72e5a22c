"""Notebook 04: losses written out, against plain loops in Python's own numbers."""

import math
from collections.abc import Callable

import torch

from helpers.exercises.expecting import call, expect_number
from helpers.exercises.running import NotYet


def judge_huber(answer: object) -> str:
    """Compare `huber(out, y, delta)` and its gradient with a plain loop."""
    for delta in (1.0, 0.5, 3.0):
        y = torch.randn(40, 1, dtype=torch.float32)  # (40, 1)
        errors = torch.linspace(-2.9, 2.9, 40).unsqueeze(1) * (1 + delta)  # small ones and large
        out = (y + errors).requires_grad_()  # (40, 1)
        loss = call(answer, out, y, delta, shown=f"huber(out, y, {delta:g})")
        expect_scalar(loss, "huber")
        value = expect_number(loss, "What huber returns")
        pairs = list(zip(out.flatten().tolist(), y.flatten().tolist(), strict=True))
        right = sum(one_huber(a - b, delta) for a, b in pairs) / len(pairs)
        if not math.isclose(value, right, rel_tol=1e-3):
            raise NotYet(explain_huber(value, pairs, delta, right))
        expect_gradient(loss, "huber")
        gradient = find_gradient(loss, out, "huber")
        wanted = torch.tensor([max(-delta, min(delta, a - b)) / len(pairs) for a, b in pairs])
        gap = (gradient.flatten() - wanted).abs().max().item()
        if gap > 1e-4:
            raise NotYet(
                f"The value is right, but a gradient is {gap:.2g} off: is a part of the sum "
                f"computed without PyTorch?"
            )
    return "Value and gradient agree with a plain loop, for three values of delta."


def one_huber(error: float, delta: float) -> float:
    """Compute the Huber loss of one error."""
    size = abs(error)
    return 0.5 * error**2 if size <= delta else delta * (size - 0.5 * delta)


def means_apart(errors: list[float], delta: float) -> float:
    """Add the mean over the small errors and that over the large ones."""
    costs = {True: [], False: []}
    for error in errors:
        costs[abs(error) <= delta].append(one_huber(error, delta))
    return sum(sum(part) / len(part) for part in costs.values() if part)


def explain_huber(value: float, pairs: list, delta: float, right: float) -> str:
    """Say which other formula gives this value."""
    errors = [a - b for a, b in pairs]

    def mean(formula: Callable[[float], float]) -> float:
        return sum(map(formula, errors)) / len(errors)

    def swapped(error: float) -> float:
        size = abs(error)
        return delta * (size - 0.5 * delta) if size <= delta else 0.5 * error**2

    def no_abs(error: float) -> float:
        return 0.5 * error**2 if error <= delta else delta * (error - 0.5 * delta)

    def no_half(error: float) -> float:
        return error**2 if abs(error) <= delta else delta * (abs(error) - 0.5 * delta)

    def jump(error: float) -> float:
        return 0.5 * error**2 if abs(error) <= delta else delta * abs(error)

    guesses = [
        (sum(one_huber(error, delta) for error in errors), "It is the sum over the points: the "
         "loss is their mean."),
        (mean(lambda error: one_huber(error, 1.0)), "It is that of delta = 1, whatever comes in."),
        (mean(lambda error: one_huber(error, delta) / delta), "It is divided by delta: that is "
         "PyTorch's SmoothL1Loss, not Huber."),
        (mean(swapped), "The two branches are swapped: the square is for the small errors."),
        (mean(no_abs), "Large errors below 0 are still squared: compare the *size* of the error, "
         "abs(), with delta."),
        (mean(no_half), "The square of small errors is halved, so that the two branches meet."),
        (mean(jump), "At delta the two branches must meet: the straight one is delta * (|error| - "
         "delta / 2)."),
        (means_apart(errors, delta), "It is the mean of the small errors plus that of the large: "
         "take one mean, over all points."),
        (mean(lambda error: 0.5 * error**2), "It is half of the squares: large errors are not "
         "treated in their own way."),
        (mean(lambda error: error**2), "It is the mean squared error."),
        (mean(abs), "It is the mean of the sizes of the errors."),
    ]  # fmt: skip
    fact = f"For delta = {delta:g} it gives {value:.4g}, and a plain loop gives {right:.4g}."
    for guess, saying in guesses:
        if math.isclose(value, guess, rel_tol=1e-3):
            return f"{fact} {saying}"
    return (
        f"{fact} For each point: error ** 2 / 2 where |error| <= delta, else delta * (|error| - "
        f"delta / 2); then the mean."
    )


def expect_scalar(loss: object, name: str) -> None:
    """Refuse a loss that is one number for each point.

    Raises:
        NotYet: It holds many numbers.
    """
    if isinstance(loss, torch.Tensor) and loss.numel() > 1:
        raise NotYet(
            f"{name} returns {loss.numel()} numbers, of shape {tuple(loss.shape)}: a loss is one, "
            f"the mean over all points."
        )


def expect_gradient(loss: object, name: str) -> None:
    """Refuse a loss from which backward finds no way back.

    Raises:
        NotYet: It is no tensor, or cut off.
    """
    if not isinstance(loss, torch.Tensor) or not loss.requires_grad:
        kind = "a tensor without a graph" if isinstance(loss, torch.Tensor) else "a Python number"
        raise NotYet(
            f"The value is right, but {name} returns {kind}: backward finds no way back to the "
            f"weights. Compute with tensors, without .item(), .data or math."
        )


def find_gradient(loss: torch.Tensor, source: torch.Tensor, name: str) -> torch.Tensor:
    """Return the gradient of a loss, of the shape of its source.

    Raises:
        NotYet: The graph of the loss does not lead there.
    """
    (gradient,) = torch.autograd.grad(loss, source, allow_unused=True)
    if gradient is None:
        raise NotYet(
            f"The value is right, but {name} returns a new tensor: requires_grad on it gives no "
            f"way back to the weights. Compute with the tensors that come in."
        )
    return gradient


def judge_logits(answer: object) -> str:
    """Compare `cross_entropy(logits, labels)` with a plain loop, up to logits of 1000."""
    logits = (2 * torch.randn(12, 3, dtype=torch.float32)).requires_grad_()  # (12, 3)
    labels = torch.arange(12) % 3  # (12,)
    shown = "cross_entropy(logits, labels)"
    loss = call(answer, logits, labels, shown=shown)
    expect_scalar(loss, "cross_entropy")
    if isinstance(loss, torch.Tensor) and loss.isnan().all():
        raise NotYet("It gives nan for small logits: a logarithm of a negative number?")
    value = expect_number(loss, "What cross_entropy returns")
    rows = list(zip(logits.tolist(), labels.tolist(), strict=True))
    right = sum(one_entropy(row, label) for row, label in rows) / len(rows)
    if not math.isclose(value, right, rel_tol=1e-3):
        raise NotYet(explain_entropy(value, logits.detach(), labels, right))
    expect_gradient(loss, "cross_entropy")
    gradient = find_gradient(loss, logits, "cross_entropy")
    truth = (logits.detach().softmax(1) - torch.eye(3)[labels]) / 12  # (12, 3)
    if (gradient - truth).abs().max() > 1e-4:
        raise NotYet(
            "The value is right, but its gradient is not: is a part of it computed without PyTorch?"
        )
    large = torch.tensor([[1000.0, 0.0, -1000.0], [0.0, 1.0, 2.0]])  # (2, 3)
    for rows_of, what in (
        (large[:1], "a row with a logit of 1000"),
        (-1000 + large[1:], "a row of logits near -1000"),
        (large, "two rows of which one has a logit of 1000"),
    ):
        labels = torch.full((len(rows_of),), 1)  # (1,) or (2,)
        found = call(answer, rows_of, labels, shown=shown)
        found = found.item() if isinstance(found, torch.Tensor) else found
        right = sum(one_entropy(row, 1) for row in rows_of.tolist()) / len(rows_of)
        if not math.isclose(found, right, rel_tol=1e-3):
            hint = (
                "exp overflows, or a log is taken of 0: subtract each row's own largest logit "
                "first, then log(sum(exp(...))), without dividing."
            )
            raise NotYet(f"It is right for small logits; for {what} it gives {found:.4g}, and "
                         f"{right:.4g} is right. {hint}")  # fmt: skip
    return "It agrees with a plain loop, and 1000 does not make it overflow."


def one_entropy(row: list[float], label: int) -> float:
    """Compute the cross-entropy of one row of logits, in float64 and without overflow."""
    top = max(row)
    return top + math.log(sum(math.exp(one - top) for one in row)) - row[label]


def explain_entropy(value: float, logits: torch.Tensor, labels: torch.Tensor, right: float) -> str:
    """Say which other formula gives this value."""
    rows = torch.arange(len(labels))
    probabilities = logits.softmax(1)  # (12, 3)
    chosen = probabilities[rows, labels]  # (12,)
    guesses = [
        (-right, "The sign: the loss is *minus* the logarithm."),
        (right * len(labels), "It is the sum over the rows: the loss is their mean."),
        (right / math.log(2), "It is the logarithm to base 2; here it is the natural one."),
        (right / math.log(10), "It is the logarithm to base 10; here it is the natural one."),
        (-probabilities.softmax(1)[rows, labels].log().mean().item(), "That is softmax twice: "
         "logits go through it once."),
        (-logits.softmax(0)[rows, labels].log().mean().item(), "The softmax runs down the columns; "
         "the classes of one example stand in a row: dim=1."),
        (-chosen.mean().item(), "The logarithm is missing."),
        (1 - chosen.mean().item(), "The logarithm is missing."),
        (-chosen.mean().log().item(), "The logarithm comes first, then the mean."),
        (-probabilities.log().mean().item(), "It averages over all classes: each row counts with "
         "the one of its label."),
        (-logits.sigmoid()[rows, labels].log().mean().item(), "That is a sigmoid of each logit by "
         "itself; the softmax compares all logits of a row."),
        (-logits[rows, labels].mean().item(), "The softmax is missing: it takes the logits as they "
         "are."),
    ]  # fmt: skip
    fact = f"It gives {value:.4g}, and a plain loop gives {right:.4g}."
    for guess, saying in guesses:
        if math.isclose(value, guess, rel_tol=1e-3):
            return f"{fact} {saying}"
    return f"{fact} For each row: minus the logarithm of the softmax at the label; then the mean."


CHECKS = {"04-huber": judge_huber, "04-logits": judge_logits}
