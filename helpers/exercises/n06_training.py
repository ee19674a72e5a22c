"""Notebook 06: the loop from a blank cell, and five programs that do not learn."""

from collections.abc import Callable

import torch
from torch import nn

from helpers.exercises.expecting import (
    call,
    expect_network,
    expect_numbers,
    expect_parts,
    is_never_negative,
    name_kind,
    near,
    predict_column,
)
from helpers.exercises.running import NotYet
from helpers.exercises.tracing import ProgramTrace, Trace, find_table

ITERATIONS = 7

# What each program of the clinic fits, and between which x.
CLINIC: dict[str, tuple[str, Callable[[torch.Tensor], torch.Tensor], float]] = {
    "06-clinic-1": ("sin(x)", torch.sin, 5.0),
    "06-clinic-2": ("cos(x)", torch.cos, 5.0),
    "06-clinic-3": ("x * x / 4 - 1", lambda x: x * x / 4 - 1, 3.0),
    "06-clinic-4": ("|x| - 1", lambda x: x.abs() - 1, 3.0),
    "06-clinic-5": ("sin(x) + x / 2", lambda x: x.sin() + x / 2, 4.0),
}
ENOUGH = 0.05  # a loss that each of them reaches when it is mended, whatever the seed


def judge_train(answer: object) -> str:
    """Watch the five steps of `my_train(net, x, y, loss_func, optimizer, epochs)`."""
    trace = Trace(ITERATIONS)
    given = (trace.net, trace.x, trace.y, trace.loss_func, trace.optimizer, ITERATIONS)
    shown = "my_train(net, x, y, loss_func, optimizer, epochs)"
    returned = call(answer, *given, shown=shown)
    if hasattr(returned, "__next__"):
        raise NotYet(
            "It returns a generator: with `yield` in it a function does nothing until it is "
            "looped over. Put the losses into a list and return that."
        )
    fault = trace.find_fault()
    if fault:
        raise NotYet(fault)
    losses = expect_numbers(returned, "The list of losses", ITERATIONS)
    right = trace.losses
    listed, before, after = torch.tensor(losses), torch.tensor(right[:-1]), torch.tensor(right[1:])
    if not near(listed, before, 1e-5):
        if near(listed, after, 1e-5):
            raise NotYet(
                "The training is right, but your losses are one iteration late: each is of the "
                "weights *after* its update. Keep the loss that backward was called on."
            )
        if len(set(losses)) == 1:
            raise NotYet(
                f"The training is right, but your list holds {losses[0]:.3g} {len(losses)} times."
            )
        place = int((listed - before).abs().argmax())
        raise NotYet(
            f"The training is right, but the list is not: number {place} is {losses[place]:.3g}, "
            f"and the loss of iteration {place} is {right[place]:.3g}."
        )
    return f"All five steps, once an iteration: from {right[0]:.3g} to {right[-2]:.3g}."


def judge_clinic(name: str, answer: object) -> str:
    """Run a mended program, watch it, and try its network on points between its own."""
    formula, function, end = CLINIC[name]
    shown = f"program_{name[-1]}()"
    with ProgramTrace() as trace:
        returned = call(answer, shown=shown)
    net, losses = expect_parts(returned, 2, "the network and the list of losses")
    expect_network(net, "The first thing it returns")
    losses = expect_losses(losses)
    x = (torch.rand(300, 1, dtype=torch.float32) * 2 - 1) * end  # (300, 1)
    y = function(x)  # (300, 1)
    loss = (predict_column(net, x) - y).square().mean().item()
    flat = y.var(correction=0).item()
    fault = find_fault(trace, net)
    if fault:
        raise NotYet(fault)
    if loss > ENOUGH:
        table = find_table(answer)
        if table:
            raise NotYet(table)
        if made_anew(trace) and trace.optimizers[0].state:  # plain SGD has nothing to forget
            raise NotYet(
                "A new optimizer is made in each iteration, and forgets what the one before had "
                "gathered of the gradients: make one, before the loop."
            )
        raise NotYet(judge_fit(net, x, y, losses, formula))
    return (
        f"It learns: on 300 points that it never saw its loss is {loss:.2g}; a flat line has "
        f"{flat:.2g}."
    )


def expect_losses(losses: object) -> list[float]:
    """Take a list of losses.

    Raises:
        NotYet: It is something else.
    """
    if not isinstance(losses, list | tuple) or not losses:
        raise NotYet(
            f"The second thing it returns should be the list of losses; yours is "
            f"{name_kind(losses)}."
        )
    return expect_numbers(losses, "The list of losses", len(losses))


def find_fault(trace: ProgramTrace, net: nn.Module) -> str | None:
    """Say what of the five steps goes wrong in a whole program; None if nothing does."""
    if not trace.steps:
        return "No optimizer's step is ever called: no weight moves."
    own = {id(parameter) for parameter in net.parameters()}
    held = {id(parameter) for parameter in trace.steps[0][0]}
    if not own & held:
        if made_anew(trace) and own & {id(parameter) for parameter in trace.steps[-1][0]}:
            return (
                "The network is made anew in the loop, and with it the optimizer: each has one "
                "step, and its weights are thrown away. Make both once, before the loop."
            )
        return (
            f"The optimizer holds {len(held)} tensors, and none of them belongs to the network "
            f"that is returned: it was made for another network, an older one."
        )
    if own - held:
        return (
            f"The optimizer holds {len(own & held)} of the network's {len(own)} tensors: the "
            f"others never move."
        )
    if not any(alive for _, alive in trace.steps):
        steps = len(trace.steps)
        if trace.reached:
            return (
                f"At all {steps} calls of step every gradient is gone, though backward has "
                f"reached the weights: zero_grad stands between backward and step."
            )
        return (
            f"At all {steps} calls of step no weight has a gradient: backward never reaches one. "
            f"Either it is not called, or the loss is cut off from the network, by .data, "
            f".item(), detach() or no_grad."
        )
    if trace.added > trace.fresh:
        often = "not called before each backward" if trace.fresh else "never called in the loop"
        return (
            f"zero_grad is {often}: the new gradient is added to those of the iterations before, "
            f"and step uses the sum."
        )
    return None


def made_anew(trace: ProgramTrace) -> bool:
    """Tell whether each step was that of another optimizer."""
    count = len(trace.optimizers)
    return count > 1 and len({id(one) for one in trace.optimizers}) == count


def judge_fit(
    net: nn.Module, x: torch.Tensor, y: torch.Tensor, losses: list[float], formula: str
) -> str:
    """Say how a network that has not learnt well enough misses the curve y of x, both (N, 1)."""
    out = predict_column(net, x)
    loss = (out - y).square().mean().item()
    flat = y.var(correction=0).item()
    fact = f"On 300 points of y = {formula} that it never saw, the loss is {loss:.2g}"
    if y.min() < 0 and out.min() >= 0 and is_never_negative(net, x):
        return (
            f"{fact}: no prediction is below 0, though many labels are. Is there an activation "
            f"behind the last layer?"
        )
    if loss < 0.5 * flat:
        return f"{fact}: it learns, but has not come below {ENOUGH}. Give it more iterations."
    if losses[-1] > 0.9 * losses[0]:
        return (
            f"The weights move, but the loss went from {losses[0]:.3g} to {losses[-1]:.3g}: does "
            f"each label still belong to its x, and is the rate one that trains?"
        )
    if losses[-1] < 0.3 * flat:
        return (
            f"{fact}, though its last loss was {losses[-1]:.2g}: it has learnt, but not this "
            f"curve. Is the formula still the one of the program?"
        )
    return (
        f"{fact}; a flat line at the average has {flat:.2g}. The prediction has nothing to do with "
        f"the curve: do the labels still belong to their inputs, or were the two shuffled apart?"
    )


CHECKS = {
    "06-train": judge_train,
    **{name: lambda answer, name=name: judge_clinic(name, answer) for name in CLINIC},
}
