"""Notebook 00: the five steps, and a first network of one's own."""

import torch

from helpers.exercises.expecting import (
    call,
    expect_network,
    is_never_negative,
    is_straight,
    predict_column,
)
from helpers.exercises.lookup import to_plain
from helpers.exercises.running import NotYet
from helpers.exercises.tracing import LOOP_INSIDE, Trace

STEPS = ["forward", "loss", "zero_grad", "backward", "step"]
GOAL = 0.02  # the loss on points between that `00-reach` asks for
NEARLY = 0.2  # a loss that the same settings may take below GOAL from another start
ADVICE = "Try another seed, more iterations or a lower rate; then wider layers."


def judge_order(answer: object) -> str:
    """Accept every order in which the five steps train."""
    names = to_plain(answer)
    if not isinstance(names, list):
        raise NotYet('The answer is a list of five words, such as ["forward", ...].')
    names = [str(name).strip().casefold().removesuffix("()") for name in names]
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        raise NotYet(f"{unknown[0]!r} is none of the five steps: {', '.join(STEPS)}.")
    if sorted(names) != sorted(STEPS):
        missing = [step for step in STEPS if step not in names]
        doubled = [step for step in STEPS if names.count(step) > 1]
        what = f"{missing[0]} is missing" if missing else f"{doubled[0]} is there twice"
        raise NotYet(f"Each of the five steps stands there once: {what}.")
    place = {name: names.index(name) for name in names}
    if place["loss"] < place["forward"]:
        raise NotYet("The loss compares a prediction with the labels, so forward comes before it.")
    if place["backward"] < place["loss"]:
        raise NotYet("backward starts from the loss, so the loss comes before it.")
    if place["step"] < place["backward"]:
        raise NotYet("step uses the gradients, so backward comes before it.")
    if place["backward"] < place["zero_grad"] < place["step"]:
        raise NotYet("There zero_grad throws the fresh gradients away before step can use them.")
    if names == STEPS:
        return (
            "The gradients are zeroed before backward fills them, and step comes last because it "
            "uses them."
        )
    return (
        "That trains just as well: zero_grad may stand anywhere but between backward and step. "
        "This series, like the article, has it third."
    )


def judge_steps(answer: object) -> str:
    """Watch three calls of `one_iteration(net, x, y, loss_func, optimizer)`."""
    trace = Trace(3, looped=False)
    for done in range(3):
        call(
            answer,
            trace.net,
            trace.x,
            trace.y,
            trace.loss_func,
            trace.optimizer,
            shown="one_iteration(net, x, y, loss_func, optimizer)",
        )
        if trace.count_rounds() > done + 1:
            raise NotYet(LOOP_INSIDE)
    fault = trace.find_fault()
    if fault:
        raise NotYet(fault)
    return (
        f"Called three times, it takes the loss from {trace.losses[0]:.4f} to "
        f"{trace.losses[3]:.4f}, and every gradient is that of one backward."
    )


def judge_reach(answer: object) -> str:
    """Try a trained network on points between the 200 it was given, y = cos(x)."""
    net = expect_network(answer)
    x = torch.rand(500, 1, dtype=torch.float32) * 20 - 10  # (500, 1)
    y = torch.cos(x)  # (500, 1)
    out = predict_column(net, x)
    loss = (out - y).square().mean().item()
    fact = f"On 500 points between those it was given its loss is {loss:.2g}"
    if loss < GOAL:
        return f"{fact}, below {GOAL}."
    if loss > 0.4 and is_straight(net, x):
        matrices = sum(parameter.ndim == 2 for parameter in net.parameters())
        what = "hidden layer" if matrices == 1 else "activation between its layers"
        raise NotYet(
            f"{fact}: there is no {what}, so it can draw nothing but a straight line, whatever its "
            f"weights."
        )
    sides = [(out - y)[half].square().mean().item() for half in (x < 0, x >= 0)]
    if loss > NEARLY and min(sides) < 0.1:
        raise NotYet(
            f"{fact}: {sides[0]:.2g} for x below 0, and {sides[1]:.2g} above. Was it given points "
            f"from -10 to 10, or from one side only? If from both, its units on the other side may "
            f"be off: a lower rate, and new weights."
        )
    if out.max() - out.min() < 0.02:
        raise NotYet(
            f"{fact}: it says the same, {out.mean().item():.2g}, for every x. A rate that is too "
            f"high can do that, by switching every unit off: lower it, and start with new "
            f"weights. So do flat labels: y has the shape (200, 1), as x has."
        )
    if out.min() >= 0 and is_never_negative(net, x):
        raise NotYet(
            f"{fact}: it never says anything below 0, though half of the labels are. Is there an "
            f"activation behind the last layer?"
        )
    if loss > 0.4 and (out - torch.sin(x)).square().mean() < loss / 2:
        raise NotYet(f"{fact}: it has learnt sin(x), and cos(x) is asked for.")
    if loss > 0.4:
        raise NotYet(
            f"{fact}, and a flat line has 0.5: it has learnt next to nothing. Has it been trained "
            f"for more than a moment? If it has, the rate may be too high: try a tenth of it."
        )
    if loss < NEARLY:
        fact = f"Nearly: {fact[0].lower()}{fact[1:]}"
    middle = x.abs() < 5
    inner = (out - y)[middle].square().mean().item()
    outer = (out - y)[~middle].square().mean().item()
    if outer > 2 * inner:
        raise NotYet(
            f"{fact}: {inner:.2g} for |x| below 5, {outer:.2g} further out. The waves at the ends "
            f"are learnt last. {ADVICE}"
        )
    raise NotYet(f"{fact}, and {GOAL} is asked for. {ADVICE}")


CHECKS = {"00-order": judge_order, "00-steps": judge_steps, "00-reach": judge_reach}
