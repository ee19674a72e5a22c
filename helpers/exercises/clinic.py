"""`patient`: programs with a silent fault, or none, and runs of which only the curves are left.

A seed decides the fault and all numbers. Each fault has a sign that is measured: in a program by
`judge_program`, which watches it, in a pair of curves by `Fault.shows`.
"""

import dataclasses
import math
import random
import statistics
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import nn, optim

from helpers.exercises.comparing import call, count, expect_parts
from helpers.exercises.judging import Edit, Exercise, edit, get_prelude
from helpers.exercises.observing import expect_network, predict_column
from helpers.exercises.programs import Watch, find_fault, find_misuse
from helpers.exercises.running import NotYet
from helpers.model import make_layers

HEALTHY = "healthy"
ENOUGH = 0.22  # the loss of a mended program, as a share of that of a flat line
RIGHT = 0.85  # the share of new points that a mended classifier gets right

# --- Programs: each kind is a text with gaps for what a seed decides.

LAYERS = """\
        nn.Linear(1, {width}),
        nn.ReLU(),
        nn.Linear({width}, {width}),
        nn.ReLU(),
"""
CURVE = f"""\
def program():
    torch.manual_seed({{start}})
    x = torch.rand({{rows}} + HELD, 1) * 6 - 3  # 1. dataset
    y = {{formula}}
    x, new_x = x[:{{rows}}], x[{{rows}}:]
    y, new_y = y[:{{rows}}], y[{{rows}}:]
    net = nn.Sequential(  # 2. class, 3. instance
{LAYERS}"""
SINE = CURVE.replace("HELD", "50")
SINE += """\
        nn.Linear({width}, 1),
    )
    optimizer = optim.Adam(net.parameters(), lr={lr})  # 5. optimizer
    training, held_out = [], []
    for _ in range(300):  # 6. training
        out = net(x)
        loss = ((out - y) ** 2).mean()  # 4. loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        training.append(loss.item())
        with torch.no_grad():
            held_out.append(((net(new_x) - new_y) ** 2).mean().item())
    return net, training, held_out
"""
DROPOUT = CURVE.replace("HELD", "100")
DROPOUT += """\
        nn.Dropout(0.05),
        nn.Linear({width}, 1),
    )
    loss_func = nn.MSELoss()  # 4. loss
    optimizer = optim.Adam(net.parameters(), lr={lr})  # 5. optimizer
    training, held_out = [], []
    for _ in range(300):  # 6. training
        net.train()
        out = net(x)
        loss = loss_func(out, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        training.append(loss.item())
        net.eval()
        with torch.no_grad():
            held_out.append(loss_func(net(new_x), new_y).item())
    return net, training, held_out
"""


def write_training(loss: str, labels: str) -> str:
    """Write how a program trains and tests its network, as far as a loss and labels decide it."""
    return f"""\
    loss_func = nn.{loss}()  # 4. loss
    optimizer = optim.Adam(net.parameters(), lr={{lr}})  # 5. optimizer
    training, held_out = [], []
    for _ in range(300):  # 6. training
        out = net(x)
        loss = loss_func(out, {labels})
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        training.append(loss.item())
        with torch.no_grad():
            held_out.append(loss_func(net(new_x), new_{labels}).item())
    return net, training, held_out
"""


CLASSES = """\
def program():
    torch.manual_seed({start})
    x = torch.rand(400, 2) * 2 - 1  # 1. dataset
    radius = x.square().sum(dim=1).sqrt()  # (400,)
    labels = (radius > {inner}).long() + (radius > {outer}).long()  # three rings
    x, new_x = x[:300], x[300:]
    labels, new_labels = labels[:300], labels[300:]
    net = Regressor(make_layers([2, {width}, {width}, 3]))  # 2. class, 3. instance
"""
CLASSES += write_training("CrossEntropyLoss", "labels")
PRICES = """\
import csv
from pathlib import Path

import matplotlib


def program():  # how far off will it be in the years to come?
    torch.manual_seed({start})
    path = Path(matplotlib.get_data_path(), "sample_data", "Stocks.csv")
    lines = path.read_text().splitlines()[1:]  # the first names the source
    prices = [float(row["{share}"]) for row in csv.DictReader(lines) if row["{share}"]]
    x = torch.linspace(-2, 2, len(prices)).unsqueeze(1)  # 1. dataset: a month each since 1990
    y = torch.tensor(prices).unsqueeze(1)  # (N, 1)
    cut = len(x) * 4 // 5
    x, new_x = x[:cut], x[cut:]
    y, new_y = y[:cut], y[cut:]
    y, new_y = y / y.mean(), new_y / y.mean()
    net = Regressor(make_layers([1, {width}, {width}, 1]))  # 2. class, 3. instance
"""
PRICES += write_training("MSELoss", "y")
FORMULAS = (
    "torch.sin({a} * x)",
    "torch.cos({a} * x)",
    "torch.sin({a} * x) ** 2 - {b}",
    "{b} * x * x - {a}",
    "x.abs() - {a}",
    "{a} * torch.exp(-x * x) - {b}",
)
SHARES = ("IBM", "AAPL", "MSFT", "AMZN", "ADBE", "^GSPC", "^IXIC")


@dataclasses.dataclass(frozen=True)
class Program:
    """A whole program as a text.

    Attributes:
        text: Its healthy text.
        formula: What it learns, as code of x; '' if it is something else.
        rings: Or the radii at which one class ends and the next begins.
    """

    text: str
    formula: str = ""
    rings: tuple[float, ...] = ()


def judge_program(healthy: Program, answer: Callable) -> str:
    """Run a mended program, watch it, and try its network on new points.

    Raises:
        NotYet: A fault was measured.
    """
    with Watch() as seen:
        returned = call(answer, shown="program()")
    wanted = "the network, the training losses and the held-out losses"
    net, *_ = expect_parts(returned, 3, f"It should return {wanted}; what it returns is")
    expect_network(net, "The first thing it returns")
    fault = find_fault(seen, net) or find_misuse(seen, net) or find_leak(seen)
    if fault:
        raise NotYet(fault)
    if healthy.rings:
        return judge_classes(net, healthy.rings)
    if healthy.formula:
        return judge_curve(net, healthy.formula)
    return judge_order(seen)


def find_leak(seen: Watch) -> str:
    """Say what is wrong with what the network was tested on; '' if nothing is."""
    held = seen.list_held_out()
    if not held:
        return (
            "The network is shown no row that it was not trained on: its held-out loss is of rows "
            "that it knows."
        )
    if any(look.in_train_mode for look in held):
        return (
            "On the held-out rows the network runs in train mode: dropout goes on switching units "
            "off there."
        )
    return ""


def judge_curve(net: nn.Module, formula: str) -> str:
    """Say how well a network has learnt a curve, on 300 new points."""
    x = torch.rand(300, 1, dtype=torch.float32) * 6 - 3  # (300, 1)
    y = eval(formula, {"torch": torch, "x": x})  # (300, 1): a text of this module's
    loss = (predict_column(net, x) - y).square().mean().item()
    flat = y.var(correction=0).item()
    fact = f"On 300 new points of {formula} its loss is {loss:.2g}; a flat line has {flat:.2g}."
    if loss > ENOUGH * flat:
        raise NotYet(fact)
    return fact


def judge_classes(net: nn.Module, rings: tuple[float, ...]) -> str:
    """Say how well a network has learnt three rings, on 300 new points."""
    x = torch.rand(300, 2, dtype=torch.float32) * 2 - 1  # (300, 2)
    radius = x.square().sum(dim=1).sqrt()  # (300,)
    labels = sum((radius > ring).long() for ring in rings)  # (300,)
    with torch.no_grad():
        share = (net(x).argmax(dim=1) == labels).float().mean().item()
    fact = f"Of 300 new points {share:.0%} get their ring."
    if share < RIGHT:
        raise NotYet(fact)
    return fact


def judge_order(seen: Watch) -> str:
    """Say whether all months that a network was tested on come after those it was trained on."""
    trained = torch.cat([look.rows for look in seen.looks.values() if look.trained])
    tested = torch.cat([look.rows for look in seen.list_held_out()])
    early = int((tested.unique() < trained.max()).sum())
    if early:
        raise NotYet(
            f"{count(early, 'month')} of the test lie before the last month of the training, "
            f"between months that it knows: next year does not."
        )
    return f"All {len(tested.unique())} months of the test come after those of the training."


# --- Curves: a run with something wrong in it, of which only the losses are shown.


@dataclasses.dataclass(frozen=True)
class Run:
    """What decides a run whose curves are shown."""

    rows: int = 100
    width: int = 20
    lr: float = 0.01
    iterations: int = 400
    noise: float = 0.1  # in the training labels
    new_noise: float | None = None  # in the held-out ones, where it is not the same
    shift: float = 0.0  # how far the held-out points lie from the others
    dropout: float = 0.0
    is_eval: bool = True  # whether the held-out loss is measured in eval mode
    clear: bool = True  # whether zero_grad is called
    step: bool = True
    same: bool = False  # whether the held-out points are the training points
    sgd: bool = False

    def train(self, seed: int) -> tuple[list[float], list[float]]:
        """Return the losses on the training points and on held-out ones, (iterations,) each."""
        torch.manual_seed(seed)
        bend = 1 + torch.rand(()).item()
        x = torch.rand(self.rows, 1, dtype=torch.float32) * 6 - 3  # (N, 1)
        new_x = torch.rand(100, 1, dtype=torch.float32) * 6 - 3 + self.shift  # (100, 1)
        y = (bend * x).sin() + self.noise * torch.randn_like(x)
        new_noise = self.noise if self.new_noise is None else self.new_noise
        new_y = (bend * new_x).sin() + new_noise * torch.randn_like(new_x)
        if self.same:
            new_x, new_y = x, y
        layers = make_layers([1, self.width, self.width, 1])
        net = nn.Sequential(*layers[:4], nn.Dropout(self.dropout), layers[4])
        optimizer = (optim.SGD if self.sgd else optim.Adam)(net.parameters(), lr=self.lr)
        loss_func = nn.MSELoss()
        training, held_out = [], []
        for _ in range(self.iterations):
            loss = loss_func(net(x), y)
            if self.clear:
                optimizer.zero_grad()
            loss.backward()
            if self.step:
                optimizer.step()
            training.append(loss.item())
            net.train(not self.is_eval)
            with torch.no_grad():
                held_out.append(loss_func(net(new_x), new_y).item())
            net.train()
        return training, held_out

    def describe(self) -> str:
        """Say what a learner may know of it."""
        dropout = f"dropout of {self.dropout:g}" if self.dropout else "no dropout"
        return (
            f"Only its curves are left. Two hidden layers of {self.width} units, {dropout}, "
            f"{self.rows} training points, {self.iterations} iterations."
        )


# --- The faults.

UNCHANGED = edit()


@dataclasses.dataclass(frozen=True)
class Fault:
    """Something that is wrong in silence, or nothing.

    Attributes:
        looks: What one sees of it: said of a wrong guess, and where it is found.
        kinds: The texts of the programs that may have it; none if only curves are shown.
        wrong: How such a text gets it.
        run: The run that has it.
        shows: Whether two curves, training and held-out, have its sign.
    """

    looks: str
    kinds: tuple[str, ...] = ()
    wrong: Edit = UNCHANGED
    run: Run = Run()
    shows: Callable[[list[float], list[float]], bool] | None = None


ALL = (SINE, DROPOUT, CLASSES, PRICES)
IN_PROGRAMS = {
    HEALTHY: Fault("nothing is wrong, and the held-out loss is an honest one", ALL),
    "other network": Fault(
        "the optimizer holds another network than the one that is returned",
        ALL,
        edit("    training, held", "    net = copy.deepcopy(net)\n    training, held"),
    ),
    "zero_grad too late": Fault(
        "the gradients are gone when step wants them",
        ALL,
        edit(
            "        optimizer.zero_grad()\n        loss.backward()\n",
            "        loss.backward()\n        optimizer.zero_grad()\n",
        ),
    ),
    "no zero_grad": Fault(
        "each new gradient is added to the ones before",
        ALL,
        edit("        optimizer.zero_grad()\n", ""),
    ),
    "loss cut off": Fault(
        "backward reaches no weight at all",
        ALL,
        edit("out = net(x)", "out = net(x).detach().requires_grad_()"),
    ),
    "half cut off": Fault(
        "backward reaches the last layer and none before it",
        (SINE, DROPOUT),
        edit("out = net(x)", "out = net[-1](net[:-1](x).data)"),
    ),
    "half an optimizer": Fault(
        "backward reaches every layer, and the optimizer holds only the last",
        (SINE, DROPOUT),
        edit("net.parameters()", "net[-1].parameters()"),
    ),
    "optimizer made anew": Fault(
        "each step is that of a new optimizer, which remembers nothing",
        ALL,
        edit(
            "        optimizer.zero_grad()",
            "        optimizer = optim.Adam(net.parameters(), lr={lr})\n"
            "        optimizer.zero_grad()",
        ),
    ),
    "flat labels": Fault(
        "each prediction is compared with every label",
        (SINE,),
        edit("    y, new_y", "    y = y.flatten()\n    y, new_y"),
    ),
    "shuffled apart": Fault(
        "the labels belong to other inputs",
        (SINE, DROPOUT, CLASSES),
        edit("    net = ", "    x = x[torch.randperm(len(x))]\n    net = "),
    ),
    "mean before square": Fault(
        "errors above and below cancel before they are squared",
        (SINE,),
        edit("loss = ((out - y) ** 2).mean()", "loss = (out - y).mean() ** 2"),
    ),
    "activation behind the output": Fault(
        "the network cannot say anything below 0",
        (SINE, DROPOUT),
        edit("{width}, 1),\n", "{width}, 1),\n        nn.ReLU(),\n"),
    ),
    "no activation": Fault(
        "the network can draw nothing but a straight line",
        (SINE,),
        edit(LAYERS, LAYERS.replace("        nn.ReLU(),\n", "")),
    ),
    "tested on training rows": Fault(
        "the held-out rows are among those that it is trained on",
        (SINE, DROPOUT),
        edit("x, new_x = x[:{rows}], x", "new_x = x", "y, new_y = y[:{rows}], y", "new_y = y"),
    ),
    "no eval": Fault(
        "dropout goes on switching units off where the network is judged",
        (DROPOUT,),
        edit("        net.eval()\n", ""),
    ),
    "softmax twice": Fault(
        "cross-entropy takes the softmax itself, and is given probabilities",
        (CLASSES,),
        edit("out = net(x)", "out = net(x).softmax(dim=1)"),
    ),
    "split at random": Fault(
        "the months of the test lie between those of the training, and not after them",
        (PRICES,),
        edit(
            "    cut =",
            "    order = torch.randperm(len(x))\n    x, y = x[order], y[order]\n    cut =",
        ),
    ),
}


def get_jump(losses: list[float]) -> float:
    """Return by how much a loss changes in one iteration: the median, of its second half."""
    logs = [math.log(loss + 1e-9) for loss in losses[len(losses) // 2 :]]
    return statistics.median(abs(after - before) for before, after in pairwise(logs))


def get_turns(losses: list[float]) -> float:
    """Return in which share of its second half a loss turns, from falling to rising or back."""
    moves = [after - before for before, after in pairwise(losses[len(losses) // 2 :])]
    return statistics.mean(before * after < 0 for before, after in pairwise(moves))


def get_end(losses: list[float]) -> float:
    """Return where a loss ends: the median of its last tenth."""
    return statistics.median(losses[-len(losses) // 10 :])


IN_CURVES = {
    HEALTHY: Fault(
        "both losses fall, settle and stay near each other",
        run=Run(),
        shows=lambda a, b: (
            get_end(a) < 0.15 * a[0]
            and get_end(b) < min(3 * get_end(a), 1.3 * min(b))
            and get_end(b) > 0.4 * get_end(a)
            and get_jump(a) < 0.05
            and a[1:] != b[:-1]
        ),
    ),
    "overfitting": Fault(
        "the held-out loss falls and then rises, while the training loss goes on falling",
        run=Run(rows=12, noise=0.4, width=60, iterations=600),
        shows=lambda a, b: (
            get_end(a) < 0.3 * get_end(b) and min(b) < min(0.7 * b[0], 0.7 * get_end(b))
        ),
    ),
    "rate too large": Fault(
        "the loss leaps far above where it began, and does not come down to half of that",
        run=Run(lr=0.8),
        shows=lambda a, b: max(a) > 10 * a[0] and get_end(a) > 0.5 * a[0],
    ),
    "rate too small": Fault(
        "the loss moves, and after hundreds of iterations it is nearly where it began",
        run=Run(lr=4e-6),
        shows=lambda a, b: 0.9 * a[0] < get_end(a) < 0.999 * a[0] and max(a) < 1.01 * a[0],
    ),
    "too few iterations": Fault(
        "the loss is still falling fast where the run ends",
        run=Run(iterations=40, lr=0.004),
        shows=lambda a, b: a[-1] < min(0.75 * a[len(a) * 3 // 4], 0.6 * a[0]),
    ),
    "no eval": Fault(
        "the held-out loss jumps as much as the training loss, though it sees all its points",
        run=Run(dropout=0.2, is_eval=False),
        shows=lambda a, b: (
            get_end(b) < 0.3 * b[0]
            and get_jump(b) > max(0.07, 0.7 * get_jump(a))
            and get_turns(b) > 0.4
        ),
    ),
    "noisy training labels": Fault(
        "the training loss stays high and smooth, while the held-out loss falls far below it",
        run=Run(rows=200, noise=0.6, new_noise=0.0),
        shows=lambda a, b: get_end(b) < 0.3 * get_end(a) and get_jump(a) < 0.01,
    ),
    "no zero_grad": Fault(
        "the loss dives, climbs again and swings, in turns of many iterations",
        run=Run(clear=False, sgd=True, lr=0.003, iterations=600),
        shows=lambda a, b: (
            min(a) < 0.3 * a[0]
            and max(a[len(a) // 2 :]) > 3 * min(a[len(a) // 2 :])
            and get_turns(a) < 0.3
        ),
    ),
    "no weight moves": Fault(
        "both losses are the same number from the first iteration to the last",
        run=Run(step=False),
        shows=lambda a, b: len(set(a)) == len(set(b)) == 1,
    ),
    "held-out points from elsewhere": Fault(
        "the training loss falls, and the held-out loss never does",
        run=Run(shift=4.0),
        shows=lambda a, b: min(b) > 0.6 * b[0] and get_end(a) < 0.15 * a[0],
    ),
    "held-out points are training points": Fault(
        "the two curves are one: each held-out loss is the training loss of the next iteration",
        run=Run(same=True),
        shows=lambda a, b: len(set(a)) > 1 and a[1:] == b[:-1],
    ),
}
CHARTS = [(IN_PROGRAMS, name) for name in IN_PROGRAMS] + [(IN_CURVES, name) for name in IN_CURVES]
random.Random(6).shuffle(CHARTS)


@dataclasses.dataclass(frozen=True)
class Patient:
    """Something that may have a fault.

    Attributes:
        seed: What it was drawn by.
        program: Its text; "" if only its curves are left.
        training: Its loss on the training points, one for each iteration.
        held_out: Its loss on held-out points, each after that iteration's update.
    """

    seed: int
    program: str
    training: list[float]
    held_out: list[float]


def patient(seed: int) -> Patient:
    """Draw a patient: a program with a silent fault, or the curves of a run, or a healthy one.

    Prints the program, or what is known of the run, and the names of all that it may have. Hand
    over what you find: `check("06-patient", [seed, name, program])`, with the mended program; for
    curves alone, and for what is healthy, the seed and the name.

    Args:
        seed: A whole number from 0 on: 28 in a row have all there is, and each number has a
            program of its own.

    Shown in: 06_training
    """
    faults, _ = get_chart(seed)
    with torch.random.fork_rng(devices=[]):
        if faults is IN_CURVES:
            run, training, held_out = draw_curves(seed)
            text, said = "", run.describe()
        else:
            text = said = draw_program(seed)[1]
            _, training, held_out = make_program(text)()
    print(f"{said}\n\nIt is one of these: {', '.join(faults)}.")
    return Patient(seed, text, training, held_out)


def get_chart(seed: int) -> tuple[dict[str, Fault], str]:
    """Return what a patient may have, and what it has.

    Raises:
        ValueError: There is no such patient.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed must be a whole number from 0 on, got {seed!r}")
    return CHARTS[seed % len(CHARTS)]


def draw_program(seed: int) -> tuple[Program, str]:
    """Draw the program of a patient: the healthy one, and its text as it is."""
    faults, name = get_chart(seed)
    chance = random.Random(seed)
    kind = chance.choice(faults[name].kinds)
    formula = chance.choice(FORMULAS).format(
        a=round(chance.uniform(1.1, 1.6), 2), b=round(chance.uniform(0.3, 0.6), 2)
    )
    rings = round(chance.uniform(0.4, 0.55), 2), round(chance.uniform(0.8, 0.95), 2)
    gaps = {
        "start": chance.randrange(1000),
        "rows": 100 + 50 * chance.randrange(3),
        "formula": formula,
        "width": chance.randrange(20, 41),
        "lr": round(chance.uniform(0.01, 0.02), 4),
        "inner": rings[0],
        "outer": rings[1],
        "share": chance.choice(SHARES),
    }
    healthy = Program(
        kind.format(**gaps), formula * (kind in (SINE, DROPOUT)), rings * (kind is CLASSES)
    )
    return healthy, faults[name].wrong.apply(kind).format(**gaps)


def make_program(text: str) -> Callable:
    """Run the text of a program as a cell, and return its function."""
    names = dict(get_prelude())
    exec(text, names)
    return names["program"]


def draw_curves(seed: int) -> tuple[Run, list[float], list[float]]:
    """Draw the run of a patient until its curves have the sign of its fault and no other's."""
    faults, name = get_chart(seed)
    chance = random.Random(seed)
    while True:
        run = faults[name].run
        run = dataclasses.replace(
            run,
            width=run.width + chance.randrange(-4, 5),
            iterations=round(run.iterations * chance.uniform(0.9, 1.1)),
        )
        training, held_out = run.train(chance.randrange(10**6))
        if [one for one, fault in faults.items() if fault.shows(training, held_out)] == [name]:
            return run, training, held_out


def judge_patient(answer: object) -> str:
    """Judge what a learner says of a patient: `[seed, name]` or `[seed, name, program]`."""
    if not isinstance(answer, list | tuple) or len(answer) not in (2, 3):
        raise NotYet(
            "The answer is a list: the seed, the name of what it has, and the mended program, if "
            "it had to be mended."
        )
    seed, said, *mended = answer
    faults, name = get_chart(seed)
    said = " ".join(said.casefold().split()) if isinstance(said, str) else said
    if said not in faults:
        raise NotYet(f"{said!r} is not among the names: {', '.join(faults)}.")
    if said != name:
        raise NotYet(f"{said!r} would mean that {faults[said].looks}. Is that so here?")
    found = f"It is {name!r}: {faults[name].looks}."
    if faults is IN_CURVES or name == HEALTHY:
        return found
    if not mended:
        raise NotYet(f"{found} Now mend the program, and hand it over behind the name.")
    try:
        return f"{found} {judge_program(draw_program(seed)[0], mended[0])}"
    except NotYet as verdict:
        raise NotYet(
            f"The name is right, and the program that you hand over is not mended. {verdict}"
        ) from None


CASE = 16  # the patient of notebook 06
NAME = get_chart(CASE)[1]
PATIENT = Exercise(
    shown="program()",
    answer="answer",
    level=3,
    minutes=20,
    core=False,
    plan="Go through the six questions, in their order. Show the pairs, and the gradients and "
    "weights of two iterations. Let the program learn five of its points by heart, and lay "
    "predictions and labels side by side. Then look at the two curves: does the training loss "
    "fall, and does the held-out error fall along? Last, go through the names, and ask of each "
    "which question would say no.",
    second="If the weights move and the pairs match, compare five predictions with their labels "
    "when the training is over, and compute the loss of these five by hand, from one error after "
    "the other. Is it what the line of the loss makes of them?",
    gaps=(
        "loss = ((out - y) ** 2).mean()  # 4. loss",
        f'answer = [{CASE}, "{NAME}", program]',
    ),
    solution=f'{draw_program(CASE)[0].text}\n\nanswer = [{CASE}, "{NAME}", program]\n',
    rule=judge_patient,
    mistakes={
        f"{other!r} would mean that {IN_PROGRAMS[other].looks}. Is that so here?": edit(
            f'"{NAME}"', f'"{other}"'
        )
        for other in (HEALTHY, "shuffled apart", "no activation")
    }
    | {
        "Now mend the program, and hand it over behind the name.": edit(", program]", "]"),
        "The name is right, and the program that you hand over is not mended.": draw_program(CASE)[
            1
        ]
        + f'\n\nanswer = [{CASE}, "{NAME}", program]\n',
    },
)
