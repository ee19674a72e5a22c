"""Notebook 08: weights thrown away and the rest trained on, one weight followed."""

import math

import torch
from torch import nn

from helpers.exercises.expecting import (
    call,
    expect_network,
    expect_numbers,
    expect_parts,
    name_kind,
    predict_column,
)
from helpers.exercises.running import NotYet
from helpers.exercises.tracing import LR, Trace

LOSS = 0.001
WEIGHTS = 500  # how many may be left, of the 2040 of [1, 20, 50, 20, 1]
ITERATIONS = 6


def judge_prune(answer: object) -> str:
    """Count the weights of a pruned network that are not 0, and try it on points between."""
    net = expect_network(answer)
    x = torch.rand(500, 1, dtype=torch.float32) * 20 - 10  # (500, 1)
    loss = (predict_column(net, x) - torch.sin(x)).square().mean().item()
    weights = list_weights(net)
    total = sum(weight.numel() for weight in weights)
    left = sum(int((weight != 0).sum()) for weight in weights)
    tiny = sum(int(((weight != 0) & (weight.abs() < 1e-3)).sum()) for weight in weights)
    fact = f"{left} of {total} weights are left, and the loss on points between is {loss:.2g}"
    for place, weight in enumerate(weights):
        if not weight.any():
            raise NotYet(
                f"{fact}: all weights of layer {place + 1} are 0, so nothing gets through it. "
                f"Throw away a share of each layer."
            )
    if left > 0.98 * total:
        hint = f" {tiny} of them are below 0.001." if tiny > 0.05 * total else ""
        raise NotYet(
            f"{fact}: nothing is thrown away, or the optimizer has moved it from 0 again.{hint} "
            f"Set it to 0 after every step."
        )
    if left > WEIGHTS and tiny > 0.05 * total:
        raise NotYet(
            f"{fact}, but {tiny} are below 0.001: a step of the optimizer has moved them from 0 "
            f"again. Set them to 0 after every step."
        )
    if loss >= LOSS and left <= WEIGHTS:
        raise NotYet(
            f"{fact}: few enough, but the loss should be below {LOSS}. After pruning train on, "
            f"with the pruned weights held at 0; throwing away in several rounds may help."
        )
    if left > WEIGHTS and loss < LOSS:
        raise NotYet(
            f"{fact}: good, and at most {WEIGHTS} weights should be left. Prune on; or "
            f"has a step moved pruned weights from 0 again? Set them to 0 after every step."
        )
    if left > WEIGHTS:
        raise NotYet(
            f"{fact}: at most {WEIGHTS} weights and a loss below {LOSS} are asked for. If you "
            f"threw away more than are gone, a step of the optimizer has moved them from 0 again: "
            f"set them to 0 after every step."
        )
    if total < 2 * left:
        raise NotYet(f"{fact}. That is a small network, not a pruned one: begin with a larger.")
    return f"{fact}."


def list_weights(net: nn.Module) -> list[torch.Tensor]:
    """List the weights that a network has just used, biases left out."""
    weights = []
    for module in net.modules():
        for name, parameter in module.named_parameters(recurse=False):
            used = getattr(module, name.removesuffix("_orig"))  # of torch.nn.utils.prune
            if parameter.ndim > 1:
                weights.append(used.detach())
    return weights


def judge_trace(answer: object) -> str:
    """Compare `follow(net, x, y, loss_func, optimizer, 6)` with w - lr * grad."""
    trace = Trace(ITERATIONS)
    given = (trace.net, trace.x, trace.y, trace.loss_func, trace.optimizer, ITERATIONS)
    weight = trace.net.features[0].weight
    truth_w, truth_g = [weight[0, 0].item()], []
    features = trace.net.features
    copies = [parameter.detach().clone() for parameter in features.parameters()]
    for _ in range(ITERATIONS):
        gradients = gradients_at(copies, trace.x, trace.y)
        truth_g.append(gradients[0][0, 0].item())
        copies = [w - LR * g for w, g in zip(copies, gradients, strict=True)]
        truth_w.append(copies[0][0, 0].item())
    shown = "follow(net, x, y, loss_func, optimizer, iterations)"
    returned = expect_parts(call(answer, *given, shown=shown), 2, "weights and gradients")
    fault = trace.find_fault()
    if fault:
        raise NotYet(fault)
    counts = f"{ITERATIONS + 1} weights, one before the first step and one after each"
    for name, one in zip(("weights", "gradients"), returned, strict=True):
        if not isinstance(one, list | tuple | torch.Tensor):
            raise NotYet(f"It should return two lists; the {name} are {name_kind(one)}.")
    if [count_parts(one) for one in returned] == [ITERATIONS, ITERATIONS + 1]:
        raise NotYet("The order of what is returned is weights, gradients: they are swapped.")
    if isinstance(returned[0], list | tuple) and len(returned[0]) == ITERATIONS:
        raise NotYet(f"The list of weights should hold {counts}; yours holds {ITERATIONS}.")
    if any(isinstance(one, torch.Tensor) and one.numel() > 1 for one in returned[0]):
        raise NotYet("Each weight is one number, net.features[0].weight[0, 0].item().")
    ws = [
        one.detach() if isinstance(one, torch.Tensor) and one.ndim == 0 else one
        for one in returned[0]
    ]
    ws = expect_numbers(ws, "The list of weights", ITERATIONS + 1)
    gs = expect_numbers(returned[1], "The list of gradients", ITERATIONS)

    def close(a: list[float], b: list[float]) -> bool:
        return all(abs(one - two) < 1e-5 for one, two in zip(a, b, strict=True))

    if len(set(ws)) == 1 and close(ws[:1], truth_w[-1:]):
        raise NotYet(
            f"All {len(ws)} weights you kept are {ws[0]:.4g}, the last one: you kept the tensor "
            f"itself, which changes under your hands. Keep .item() of it, a number."
        )
    if len(set(ws)) == 1 and close(ws[:1], truth_w[:1]):
        raise NotYet(
            f"All {len(ws)} weights you kept are {ws[0]:.4g}, the one before the first step: read "
            f"it anew after each step."
        )
    if not any(gs):
        raise NotYet("All gradients you kept are 0: look at them between backward and zero_grad.")
    if not close(ws, truth_w):
        if close(ws[1:-1], truth_w[2:]):
            raise NotYet("The first weight is missing: keep one before the loop.")
        place = next(i for i in range(len(ws)) if abs(ws[i] - truth_w[i]) >= 1e-5)
        raise NotYet(
            f"Weight {place} is {ws[place]:.5g}; after {place} step{'s' if place != 1 else ''} it "
            f"is {truth_w[place]:.5g}."
        )
    if not close(gs, truth_g):
        if close(gs[1:], truth_g[:-1]):
            raise NotYet(
                "Each gradient is that of the iteration before: look at it after backward, not "
                "before."
            )
        share = gs[0] / truth_g[0]
        if all(math.isclose(a, share * b, rel_tol=1e-2) for a, b in zip(gs, truth_g, strict=True)):
            raise NotYet(
                f"Each of your gradients is {share:.3g} times the one that the step uses: keep the "
                f"gradient itself, weight.grad, without lr or a sign."
            )
        place = next(i for i in range(len(gs)) if abs(gs[i] - truth_g[i]) >= 1e-5)
        raise NotYet(
            f"Gradient {place} is {gs[place]:.4g}; step {place} uses {truth_g[place]:.4g}: it "
            f"should lead from weight {place} to weight {place + 1}."
        )
    return (
        f"At each of the {ITERATIONS} steps the weight goes to w - {LR:g} * grad, from {ws[0]:.4f} "
        f"to {ws[-1]:.4f}."
    )


def count_parts(value: torch.Tensor | list | tuple) -> int:
    """Count the numbers of a tensor, or the parts of a list."""
    return value.numel() if isinstance(value, torch.Tensor) else len(value)


def gradients_at(weights: list, x: torch.Tensor, y: torch.Tensor) -> list[torch.Tensor]:
    """Compute the gradient of the mean squared error of a small ReLU network."""
    w1, b1, w2, b2 = (weight.clone().requires_grad_() for weight in weights)
    out = (x @ w1.T + b1).relu() @ w2.T + b2
    return list(torch.autograd.grad((out - y).square().mean(), [w1, b1, w2, b2]))


CHECKS = {"08-prune": judge_prune, "08-trace": judge_trace}
