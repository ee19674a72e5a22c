"""Notebook 06: the loop from memory, five sick programs, one from a blank cell, and a patient."""

import functools
import math
import random
from collections.abc import Callable

import torch
from torch import nn

from helpers.exercises.clinic import PATIENT, UNCHANGED, find_leak
from helpers.exercises.comparing import (
    call,
    expect_parts,
    format_number,
    name_kind,
    to_number,
    to_plain,
)
from helpers.exercises.judging import Edit, Exercise, edit
from helpers.exercises.loops import make_loop_exercise
from helpers.exercises.observing import (
    FORMULA,
    expect_network,
    is_formula,
    is_never_negative,
    predict_column,
)
from helpers.exercises.programs import Watch, expect_losses, find_cause, find_fault
from helpers.exercises.running import NotYet

TRAIN = make_loop_exercise(
    level=2,
    minutes=10,
    plan="Make an empty list. Loop as often as the last argument says; `_` will do as a name for "
    "the number, which nobody needs. Inside stand the five steps, one a line, in their order. Then "
    "put the loss into the list, as a bare number. Behind the loop, return the list.",
    why="All five steps, once an iteration, and each loss is that before the update.",
    epochs=[(5, 8), (9, 12)],
    mistakes={
        "So it happens where zero_grad is called in every second iteration only.": edit(
            "for _ in", "for i in", "        optimizer.zero", "        if i % 2: optimizer.zero"
        ),
        "So it happens where zero_grad is called once, before the loop: call it in each iteration, "
        "before backward.": edit(
            "        optimizer.zero_grad()\n",
            "",
            "    losses = []",
            "    losses = []\n    optimizer.zero_grad()",
        ),
        "Each loss is that *after* the update: keep the one that backward was called on.": edit(
            "loss.item()", "loss_func(net(x), y).item()"
        ),
        "The list begins anew in each iteration: make it once, before the loop.": edit(
            "    losses = []\n    for _ in range(epochs):",
            "    for _ in range(epochs):\n        losses = []",
        ),
        "The list holds the loss itself, with all that backward needs: put its number there.": edit(
            "loss.item()", "loss"
        ),
        "The loop ends after one iteration: does `return` stand inside it?": edit(
            "    return", "        return"
        ),
        "It makes ten iterations, whatever the last argument says.": edit(
            "epochs):\n        out", "10):\n        out"
        ),
        "forward and loss are computed once, before the loop: each iteration needs both anew.": """\
def my_train(net, x, y, loss_func, optimizer, epochs):
    losses = []
    loss = loss_func(net(x), y)
    for _ in range(epochs):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
    },
)

ENOUGH = 0.05  # a loss that each program of the clinic reaches when mended, whatever the seed
PROGRAM = """\
def program_{number}():
    torch.manual_seed(0)
    x = torch.linspace(-{end}, {end}, 100).unsqueeze(1)  # 1. dataset
    y = {formula}
    net = Regressor(make_layers([1, 20, 20, 1]))  # 2. class, 3. instance
    loss_func = nn.MSELoss()  # 4. loss
    optimizer = optim.Adam(net.parameters(), lr=0.02)  # 5. optimizer
    losses = []
    for _ in range(200):  # 6. training
        out = net(x)
        loss = loss_func(out, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return net, losses
"""


def judge_program(shown: str, formula: str, function: Callable, end: float, answer: object) -> str:
    """Run a mended program, watch it, and try its network on points between its own."""
    with Watch() as seen:
        returned = call(answer, shown=shown)
    net, losses = expect_parts(
        returned, 2, "It should return the network and the list of losses; what it returns is"
    )
    expect_network(net, "The first thing it returns")
    losses = expect_losses(losses)
    fault = find_fault(seen, net)
    if fault:
        raise NotYet(fault)
    x = (torch.rand(300, 1, dtype=torch.float32) * 2 - 1) * end  # (300, 1)
    y = function(x)  # (300, 1)
    loss = (predict_column(net, x) - y).square().mean().item()
    flat = y.var(correction=0).item()
    fact = f"On 300 points of y = {formula} that it never saw its loss is {loss:.2g}"
    if loss > ENOUGH:
        question = find_cause(seen, net) or ask_fit(net, x, y, losses)
        raise NotYet(f"{fact}; a flat line has {flat:.2g}. {question}")
    if is_formula(net, x):
        raise NotYet(FORMULA)
    return f"It learns. {fact}; a flat line has {flat:.2g}."


def ask_fit(net: nn.Module, x: torch.Tensor, y: torch.Tensor, losses: list[float]) -> str:
    """Say how a network misses the curve y of x, both (N, 1), and ask what that may come from."""
    out = predict_column(net, x)
    loss, flat = (out - y).square().mean().item(), y.var(correction=0).item()
    if y.min() < 0 and out.min() >= 0 and is_never_negative(net, x):
        return (
            "No prediction is below 0, though many labels are: is there an activation behind the "
            "last layer?"
        )
    if loss < 0.5 * flat:
        return f"It learns, but has not come below {ENOUGH}: does it need more iterations?"
    if losses[-1] > 0.9 * losses[0]:
        return (
            f"The weights move, but the loss went from {losses[0]:.3g} to {losses[-1]:.3g}: does "
            f"each label still belong to its x, and is the rate one that trains?"
        )
    if losses[-1] < 0.3 * flat:
        return (
            f"Its own last loss was {losses[-1]:.2g}: is the formula still that of the program, "
            f"and does the loss look at each error by itself?"
        )
    return "Do the labels still belong to their inputs, or were the two shuffled apart?"


NET = "    net = Regressor"
USUAL = {
    "In the loop no gradient is ever cleared: where is zero_grad?": edit(
        "        optimizer.zero_grad()\n", ""
    ),
    "Does zero_grad stand between the two?": edit(
        "        optimizer.zero_grad()\n        loss.backward()\n",
        "        loss.backward()\n        optimizer.zero_grad()\n",
    ),
    "No optimizer's step is ever called.": edit("        optimizer.step()\n", ""),
    "Is the loss cut off from them, by .data, .item(), detach() or no_grad?": edit(
        "out = net(x)",
        "out = net(x).data",
        "        loss.back",
        "        loss.requires_grad_()\n        loss.back",
    ),
    "4 never move (features.0.weight, features.0.bias, features.2.weight, features.2.bias), for "
    "backward brings them no gradient but zeros.": edit(
        "out = net(x)", "out = net.features[4](net.features[:4](x).detach())"
    ),
    "the labels are flat, so each prediction is compared with every label: (100, 100) errors.": (
        edit(NET, f"    y = y.flatten()\n{NET}")
    ),
}
OTHER_NETWORK = {
    "none of them belongs to the network that is returned: that one is as it was at its start.": (
        edit(
            "    losses = []",
            "    torch.manual_seed(1)  # a better start\n"
            "    net = Regressor(make_layers([1, 20, 20, 1]))\n    losses = []",
        )
    )
}
APART = {
    "Do the labels still belong to their inputs, or were the two shuffled apart?": edit(
        "x, y = x[order], y[order]", "x = x[order]  # learn the points in a random order"
    )
}


def make_clinic(
    number: int,
    curve: tuple[str, str, Callable, float],
    plan: str,
    change: Edit = UNCHANGED,
    more: dict[str, Edit] | None = None,
) -> Exercise:
    """Make one of the programs that do not learn.

    Args:
        number: Which it is.
        curve: What it fits: in words, in code, as a function, and up to which x.
        plan: The first hint.
        change: What in the common program reads otherwise here.
        more: Mistakes that only it has.
    """
    words, code, function, end = curve
    shown = f"program_{number}()"
    return Exercise(
        shown=shown,
        level=2,
        minutes=10,
        seconds=60,
        plan=plan,
        solution=change.apply(PROGRAM.format(number=number, formula=code, end=end)),
        note="diagnosis",
        rule=functools.partial(judge_program, shown, words, function, end),
        mistakes=USUAL | (more or {}),
    )


CLINIC = [
    make_clinic(
        1,
        ("sin(x)", "torch.sin(x)", torch.sin, 5),
        "Questions 3 and 4 say no: from the second iteration on gradients are left over right "
        "after zero_grad, and no weight moves. Which tensors does the optimizer hold? "
        "Compare id(next(net.parameters())) with id(optimizer.param_groups[0]['params'][0]).",
        more=OTHER_NETWORK,
    ),
    make_clinic(
        2,
        ("cos(x)", "torch.cos(x)", torch.cos, 5),
        "Question 3 says no. Show the gradients right after backward, and again right before step, "
        "and think of which line may have changed them in between.",
        more=OTHER_NETWORK,
    ),
    make_clinic(
        3,
        ("x * x / 4 - 1", "x * x / 4 - 1", lambda x: x * x / 4 - 1, 3),
        "Question 3 says no. Show the gradients right after backward. If there are none, follow "
        "the way from the loss back to the network, line by line: what does each hand on?",
        more=OTHER_NETWORK,
    ),
    make_clinic(
        4,
        ("|x| - 1", "x.abs() - 1", lambda x: x.abs() - 1, 3),
        "Question 2 says no. Print the shape of each tensor that stands in the line of the loss, "
        "and of their difference.",
        change=edit(
            "    loss_func = nn.MSELoss()  # 4. loss\n",
            "",
            "loss_func(out, y)",
            "((out - y) ** 2).mean()  # 4. loss",
        ),
        more=OTHER_NETWORK,
    ),
    make_clinic(
        5,
        ("sin(x) + x / 2", "torch.sin(x) + x / 2", lambda x: x.sin() + x / 2, 4),
        "Question 2 says no. Show some pairs right before the loop, and compute the label of each "
        "x by hand. Or plot y over x there, as dots. Is that the curve?",
        change=edit(NET, f"    order = torch.randperm(100)\n    x, y = x[order], y[order]\n{NET}"),
        more=APART,
    ),
]

FAR = 0.2  # of the best line's error: how much of it may be left on new points


class Rows:
    """A curve drawn anew, and rows of it in no order, with noise.

    Attributes:
        x: Inputs between -3 and 3, (N, 1).
        y: Labels, (N, 1): the curve plus noise of spread 0.1.
    """

    def __init__(self) -> None:
        """Draw the curve: a slow wave, a faster one, and a slope."""
        self.bends = random.uniform(0.8, 1.3), random.uniform(1.9, 2.6)
        self.starts = random.uniform(0, 6), random.uniform(0, 6)
        self.slope = random.uniform(-0.3, 0.3)
        self.x = self.scatter(random.randrange(100, 140))
        self.y = self.curve(self.x) + 0.1 * torch.randn_like(self.x)

    def scatter(self, rows: int) -> torch.Tensor:
        """Draw places for the curve, (rows, 1)."""
        return torch.rand(rows, 1, dtype=torch.float32) * 6 - 3

    def curve(self, x: torch.Tensor) -> torch.Tensor:
        """Compute the curve without noise, (N, 1) for (N, 1)."""
        slow, fast = (
            torch.sin(bend * x + start) for bend, start in zip(self.bends, self.starts, strict=True)
        )
        return slow + 0.6 * fast + self.slope * x

    def get_line_error(self, x: torch.Tensor) -> float:
        """Compute the mean squared error on the curve of the straight line that fits the rows."""
        table = torch.cat([self.x, torch.ones_like(self.x)], dim=1)  # (N, 2)
        line = torch.linalg.lstsq(table, self.y).solution  # (2, 1)
        return (x * line[0] + line[1] - self.curve(x)).square().mean().item()


def judge_blank(answer: object) -> str:
    """Let `program(x, y)` learn rows drawn anew, and look at its network and its claim."""
    rows = Rows()
    with Watch() as seen:
        returned = call(answer, rows.x.clone(), rows.y.clone(), shown="program(x, y)")
    net, error = expect_parts(
        returned, 2, "It should return the network and its held-out error; what it returns is"
    )
    expect_network(net, "The first thing it returns")
    claim = to_number(error)
    if claim is None:
        raise NotYet(
            f"The second thing that it returns should be one number, its held-out error; it is "
            f"{name_kind(to_plain(error))}."
        )
    fault = find_fault(seen, net) or find_cause(seen, net)
    if fault:
        raise NotYet(fault)
    x = rows.scatter(400)
    loss = (predict_column(net, x) - rows.curve(x)).square().mean().item()
    line = rows.get_line_error(x)
    fact = f"On 400 new points of the curve its error is {loss:.2g}; the best line has {line:.2g}"
    if not loss <= FAR * line:
        own = (predict_column(net, rows.x) - rows.y).square().mean().item()
        raise NotYet(
            f"{fact}, and a {FAR:g} of that is asked for. On the rows that came in, {own:.2g}. "
            f"{ask_blank(loss, line, own)}"
        )
    fault = find_leak(seen)
    if fault:
        raise NotYet(fault)
    refuse_claim(seen, net, rows, claim)
    return f"{fact}. You claim {claim:.2g}, with the noise in it, and so it is on your own rows."


def ask_blank(loss: float, line: float, own: float) -> str:
    """Ask what may be why a network is no better than that, by its error on the rows it had."""
    if not math.isfinite(loss):
        return "Has the training exploded? Try smaller rates."
    if own < 0.1 * line:
        return "So it knows those rows by heart: is there too much network for so few rows?"
    return (
        "So it has not learnt those either: does each label stand in the row of its x, is the "
        "rate one that trains, are there enough iterations?"
    )


def refuse_claim(seen: Watch, net: nn.Module, rows: Rows, claim: float) -> None:
    """Refuse an error that is not that of the rows held out.

    Raises:
        NotYet: With the errors that were measured.
    """
    errors = (predict_column(net, rows.x) - rows.y).square()  # (N, 1)
    held = [torch.isin(rows.x, look.rows) for look in seen.list_held_out()]  # (N, 1) each
    held = [one for one in held if one.any()]
    if not held:
        raise NotYet("The network is shown rows that are not those that came in: hold out some.")
    held.append(torch.stack(held).any(dim=0))
    means = [errors[one].mean().item() for one in held]
    if any(math.isclose(claim, mean, rel_tol=0.05, abs_tol=1e-6) for mean in means):
        return
    hint = "Is it computed by the network that is returned, when its training is over?"
    if any(math.isclose(claim**2, mean, rel_tol=0.1) for mean in means):
        hint = "That is its root: the mean of the squares is asked for."
    trained = errors[~held[-1]]
    if math.isclose(claim, trained.mean().item(), rel_tol=0.1):
        hint = "That is the error on the rows that it was trained on."
    raise NotYet(
        f"The program claims an error of {format_number(claim)}. On the rows that it held out the "
        f"network has {means[-1]:.3g}. {hint}"
    )


ONE_RATE = ("(0.001, 0.003, 0.01, 0.03)", "(0.01,)")  # so that a mistake is soon made

BLANK = Exercise(
    shown="program(x, y)",
    level=3,
    minutes=40,
    seconds=60,
    plan="Go through the six modules. Dataset: shuffle the rows, x and y alike, and put a quarter "
    "aside. Then write a function of a rate and a seed that makes network, loss and optimizer, "
    "trains with the five steps, and returns the network and the mean of its last losses. Call it "
    "for some rates and two seeds, and remember the best rate. Train once more with that, and "
    "compute the error on the quarter that you put aside.",
    solution="""\
def program(x, y):
    torch.manual_seed(0)
    order = torch.randperm(len(x))
    quarter = len(x) // 4
    held, rest = order[:quarter], order[quarter:]
    held_x, held_y = x[held], y[held]  # 1. dataset
    train_x, train_y = x[rest], y[rest]
    loss_func = nn.MSELoss()  # 4. loss

    def fit(lr, seed):
        torch.manual_seed(seed)
        net = Regressor(make_layers([1, 20, 20, 1]))  # 2. class, 3. instance
        optimizer = optim.Adam(net.parameters(), lr=lr)  # 5. optimizer
        losses = []
        for _ in range(200):  # 6. training
            out = net(train_x)
            loss = loss_func(out, train_y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return net, sum(losses[-10:]) / 10

    best_end = math.inf
    for lr in (0.001, 0.003, 0.01, 0.03):
        _, end_0 = fit(lr, 0)
        _, end_1 = fit(lr, 1)
        end = end_0 + end_1
        if end < best_end:
            best_lr = lr
            best_end = end

    net, _ = fit(best_lr, 2)
    with torch.no_grad():
        error = loss_func(net(held_x), held_y).item()
    return net, error
""",
    rule=judge_blank,
    mistakes={
        "It should return the network and its held-out error; what it returns is": edit(
            *ONE_RATE, "return net, error\n", "return net\n"
        ),
        "its held-out loss is of rows that it knows.": edit(
            *ONE_RATE, "x[rest], y[rest]", "x[order], y[order]"
        ),
        "does each label stand in the row of its x": edit(
            *ONE_RATE, "x[rest], y[rest]", "x[rest], y[: len(rest)]"
        ),
        "is the rate one that trains, are there enough iterations?": edit(
            "(0.001, 0.003, 0.01, 0.03)", "(1e-6, 1e-5)"
        ),
        "That is its root: the mean of the squares is asked for.": edit(
            *ONE_RATE, "held_y).item()", "held_y).sqrt().item()"
        ),
        "In the loop no gradient is ever cleared: where is zero_grad?": edit(
            *ONE_RATE, "            optimizer.zero_grad()\n", ""
        ),
        "the labels are flat, so each prediction is compared with every label": edit(
            *ONE_RATE,
            "loss_func(out, train_y)",
            "loss_func(out, train_y.flatten())",
        ),
    },
)

EXERCISES = {
    "06-train": TRAIN,
    **{f"06-clinic-{number}": one for number, one in enumerate(CLINIC, 1)},
    "06-blank": BLANK,
    "06-patient": PATIENT,
}
