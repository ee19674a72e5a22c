"""Notebook 00: the five steps put in order, and a first network of one's own."""

import random

import torch

from helpers.exercises.judging import Exercise, edit
from helpers.exercises.loops import list_loop_mistakes, observe_iterations
from helpers.exercises.observing import (
    FORMULA,
    expect_network,
    is_formula,
    is_never_negative,
    is_straight,
    predict_column,
)
from helpers.exercises.running import NotYet

GOAL = 0.02  # the loss on points between that `00-reach` asks for
FLAT = 0.4  # a loss that says nothing of the wave has been learnt: a flat line has 0.5
ADVICE = "Try more iterations, another seed or another rate; then wider layers."

LINES = Exercise(
    shown="one_iteration(net, x, y, loss_func, optimizer)",
    level=1,
    minutes=5,
    plan="Ask of each line what it needs. The loss needs a prediction. backward needs a loss. step "
    "needs the gradients that backward makes. And zero_grad throws gradients away: where would "
    "that do no harm?",
    second="Begin with `out = net(x)`: it needs none of the others. Which line needs `out`? And "
    "which line needs what that one makes?",
    solution="""\
def one_iteration(net, x, y, loss_func, optimizer):
    out = net(x)
    loss = loss_func(out, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
    why="Each step finds what it needs: the loss a prediction, backward a loss, and step the fresh "
    "gradients. (zero_grad may also stand earlier, or behind step: anywhere but between backward "
    "and step.)",
    draw=lambda: [(random.randrange(3, 6),) for _ in range(2)],
    observe=observe_iterations,
    share=1e-4,
    mistakes=list_loop_mistakes("    "),
)


def judge_reach(answer: object) -> str:
    """Try a trained network on points between the 200 it was given, y = cos(x)."""
    net = expect_network(answer)
    x = torch.rand(500, 1, dtype=torch.float32) * 20 - 10  # (500, 1)
    y = torch.cos(x)  # (500, 1)
    out = predict_column(net, x)
    loss = (out - y).square().mean().item()
    fact = f"On 500 points between those it was given its loss is {loss:.2g}"
    if loss < GOAL and is_formula(net, x):
        raise NotYet(FORMULA)
    if loss < GOAL:
        return f"On 500 points between those it was given its loss is below {GOAL}."
    if loss > FLAT:
        raise NotYet(f"{fact}, where a flat line has 0.5. {find_cause(net, x, out)}")
    middle = x.abs() < 5
    inner = (out - y)[middle].square().mean().item()
    outer = (out - y)[~middle].square().mean().item()
    if outer > 2 * inner:
        fact = f"{fact}: {inner:.2g} for |x| below 5, and {outer:.2g} further out"
    raise NotYet(f"{fact}. {GOAL} is asked for. {ADVICE}")


def find_cause(net: torch.nn.Module, x: torch.Tensor, out: torch.Tensor) -> str:
    """Say what can be seen of a network that has learnt nothing of the cosine.

    Args:
        net: The network.
        x: Inputs, (N, 1).
        out: What it says there, (N, 1).
    """
    if is_straight(net, x):
        return (
            "Whatever its weights, it can draw nothing but a straight line: it has no hidden "
            "layer, or no activation behind one."
        )
    if out.min() >= 0 and is_never_negative(net, x):
        return (
            "Whatever its weights, it says nothing below 0, and half of the labels lie there. Is "
            "there an activation behind its last layer?"
        )
    if out.max() - out.min() < 0.02:
        return (
            f"It says the same for every x, {out.mean().item():.2g}. Were the labels flat, (200,) "
            f"in place of (200, 1)? Or was the rate so high that every unit has been switched off? "
            f"Then begin with new weights, at a lower rate."
        )
    if (out - torch.sin(x)).square().mean() < FLAT / 2:
        return "It says sin(x), and cos(x) was asked for."
    sides = [(out - torch.cos(x))[half].square().mean().item() for half in (x < 0, x >= 0)]
    if min(sides) < 0.1:
        return (
            f"It is {sides[0]:.2g} for x below 0, and {sides[1]:.2g} above. Were its points taken "
            f"from one side only?"
        )
    return "Has it been trained? And if so: was the rate so high that the loss rose?"


REACH = Exercise(
    shown="net",
    level=2,
    minutes=12,
    plan="Take the program of this notebook: its six modules are all you need. Change the labels, "
    "and then the list, the optimizer or the rate, one at a time, and look at the loss each time. "
    "Adam gets there much sooner than SGD, at a rate of a few thousandths.",
    solution="""\
x = torch.linspace(-10, 10, 200).unsqueeze(1)
y = torch.cos(x)
torch.manual_seed(0)
net = Regressor(make_layers([1, 60, 60, 1]))
optimizer = optim.Adam(net.parameters(), lr=0.003)
for number in range(1200):
    out = net(x)
    loss = nn.MSELoss()(out, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
    rule=judge_reach,
    mistakes={
        "Whatever its weights, it can draw nothing but a straight line": edit(
            "[1, 60, 60, 1]", "[1, 1]"
        ),
        "Whatever its weights, it says nothing below 0": edit(
            "net = Regressor(make_layers([1, 60, 60, 1]))",
            "net = nn.Sequential(make_layers([1, 60, 60, 1]), nn.ReLU())",
        ),
        "It says the same for every x": edit("y = torch.cos(x)", "y = torch.cos(x).squeeze(1)"),
        "It says sin(x), and cos(x) was asked for.": edit("torch.cos", "torch.sin"),
        "Were its points taken from one side only?": edit(
            "torch.linspace(-10, 10, 200)", "torch.linspace(0, 10, 200)"
        ),
        "Has it been trained?": edit("range(1200)", "range(1)"),
        "0.02 is asked for.": edit("range(1200)", "range(150)"),
    },
)

EXERCISES = {"00-lines": LINES, "00-reach": REACH}
