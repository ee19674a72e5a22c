"""Notebook 09: an epoch, its judge and a checkpoint from memory, a program from a blank cell."""

import contextlib
import inspect
import math
import numbers
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from helpers.exercises.comparing import (
    call,
    expect_parts,
    format_number,
    name_kind,
    tell_tensor,
    to_plain,
)
from helpers.exercises.judging import Exercise, Observation, edit
from helpers.exercises.loops import Problem, list_loop_mistakes
from helpers.exercises.observing import expect_network
from helpers.exercises.running import NotYet, draw_alike, new_seed
from helpers.model import Regressor, make_layers
from helpers.training import train


class Notes(list):
    """A list that copies of a network go on writing into."""

    def __deepcopy__(self, memo: dict) -> "Notes":
        """Return this very list."""
        return self


class Recorder(nn.Module):
    """A layer that hands its input on, and notes how it is run, in a copy of its network, too.

    Attributes:
        rows: The rows of each pass.
        modes: Whether the layer was in train or eval mode, for each pass.
        graphs: Whether gradients were recorded, for each pass.
    """

    def __init__(self) -> None:
        """Begin with no pass."""
        super().__init__()
        self.rows: list[int] = Notes()
        self.modes: list[str] = Notes()
        self.graphs: list[bool] = Notes()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Note a pass: (N, units) -> (N, units)."""
        self.rows.append(len(x))
        self.modes.append(name_mode(self))
        self.graphs.append(torch.is_grad_enabled())
        return x


def name_mode(module: nn.Module) -> str:
    """Name the mode that a module is in."""
    return "train" if module.training else "eval"


class Batched(Problem):
    """A problem whose rows come in batches, the last one short and its labels far off.

    Attributes:
        loader: Hands out the batches, in the same order each time.
        recorder: The layer behind all others in the network.
    """

    def __init__(self, mode: str) -> None:
        """Draw it, with the network in a mode: "train" or "eval"."""
        size = random.randrange(4, 7)
        whole = random.randrange(2, 20 // size)  # of 20 rows or more
        super().__init__(whole + 1)
        rows = size * whole + random.randrange(1, size - 1)
        self.y[size * whole : rows] += 2  # so that a mean over batches is another one
        dataset = TensorDataset(self.x[:rows], self.y[:rows])
        self.loader = DataLoader(dataset, batch_size=size)
        self.recorder = self.net.features.append(Recorder())[-1]
        self.net.train(mode == "train")
        self.start = self.get_weights()

    def run(self, answer: Callable, *more: object, shown: str) -> object:
        """Call an answer with the network, the loader, the loss and what more it takes.

        Raises:
            NotYet: It is a generator, of which nothing has run.
        """
        returned = call(answer, self.net, self.loader, self.loss_func, *more, shown=shown)
        if inspect.isgenerator(returned):
            raise NotYet(f"What {shown} returns is {name_kind(returned)}.")
        return returned

    def get_order(self) -> list[object]:
        """List the steps in their order, the rows of each pass, and whether a weight has moved."""
        moved = not torch.equal(self.start, self.get_weights())
        return [*super().get_order(), *self.recorder.rows, moved]

    def describe(self) -> str:
        """Say which batches there were, which went through the network, and what was run."""
        wanted = ", ".join(str(len(x)) for x, _ in self.loader)
        seen = ", ".join(map(str, self.recorder.rows[:12])) or "none"
        return (
            f"The loader hands out batches of {wanted} rows; through the network went {seen}. "
            f"{super().describe()}"
        )


def observe_epoch(answer: Callable, case: tuple, shown: str) -> Observation:
    """Watch an epoch of training, of a network that comes in a mode."""
    problem = Batched(*case)
    returned = problem.run(answer, problem.optimizer, shown=shown)
    return problem.observe(
        {
            "The mode of the network's layers in training": summarize(problem.recorder.modes),
            f"What {shown} returns": returned,
        }
    )


def observe_judge(answer: Callable, case: tuple, shown: str) -> Observation:
    """Watch a judge at work on a network that comes in a mode."""
    problem = Batched(*case)
    with torch.enable_grad():  # and no longer than that, whatever the answer switches off
        returned = problem.run(answer, shown=shown)
        recorded = torch.is_grad_enabled()
    parts = {
        "A weight of the network, which came to be judged,": problem.get_weights(),
        "The mode of the network's layers while they are judged": summarize(problem.recorder.modes),
        "Whether gradients are recorded while it judges": summarize(problem.recorder.graphs),
        "The mode of the network's layers afterwards": name_mode(problem.recorder),
        "Whether gradients are recorded afterwards": summarize([recorded]),
        f"What {shown} returns": returned,
    }
    return Observation(parts, notes=problem.describe())


def summarize(seen: list[object]) -> str:
    """Write what was the same in all passes, and otherwise all that there was."""
    words = {True: "yes", False: "no"}
    return " and ".join(dict.fromkeys(words.get(one, one) for one in seen)) or "no pass at all"


COUNTED = {
    "That is the mean of the batches' means, in which a row of the short batch counts for more "
    "than another. Weight each loss by len(x).": edit(
        "loss.item() * len(x)", "loss.item()", "seen += len(x)", "seen += 1"
    ),
    "That is the loss of the last batch alone: add them up.": edit(
        "total += loss.item() * len(x)", "total = loss.item() * len(x)", "seen +=", "seen ="
    ),
    "That is a sum over all rows: divide it by their number.": edit("total / seen", "total"),
    "That is the sum of the batches' losses, neither weighted nor divided.": edit(
        "loss.item() * len(x)", "loss.item()", "total / seen", "total"
    ),
    "It is divided by the number of batches: divide by that of the rows.": edit(
        "seen += len(x)", "seen += 1"
    ),
    "It is divided by the number of rows, though each loss is already a mean: weight it by len(x) "
    "first.": edit("loss.item() * len(x)", "loss.item()"),
    "It stops after the first batch: does `return` stand inside the loop?": edit(
        "in loader:", "in list(loader)[:1]:"
    ),
    "The short last batch is left out.": edit("in loader:", "in list(loader)[:-1]:"),
    "The function ends without a `return`.": edit("return total", "total"),
}

EPOCH = Exercise(
    shown="my_epoch(net, loader, loss_func, optimizer)",
    level=2,
    minutes=10,
    plan="Set the mode first. Then loop over the loader, which hands out one batch (x, y) after "
    "the other, and run the five steps on each. Beside them keep two numbers: a sum to which each "
    "row has added its loss, and how many rows there were.",
    solution="""\
def my_epoch(net, loader, loss_func, optimizer):
    net.train()
    total, seen = 0.0, 0
    for x, y in loader:
        out = net(x)
        loss = loss_func(out, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        seen += len(x)
    return total / seen
""",
    why="Five steps for each batch, in train mode, and the mean over all rows comes back.",
    draw=lambda: [("eval",), ("train",)],
    observe=observe_epoch,
    mistakes=list_loop_mistakes(" " * 8)
    | COUNTED
    | {
        "So it happens where the layers stay in the mode in which they came: net.train() before "
        "the loop sets all of them, net.training = True only the network itself.": edit(
            "    net.train()\n", ""
        ),
        "The loss is still a tensor with its graph, and holds on to every batch: .item() makes a "
        "number of it.": edit("loss.item()", "loss"),
        "net.eval() is for the judge: some layers work otherwise while they learn.": edit(
            "train()", "eval()"
        ),
        "The optimizer that is handed in has not stepped, though the weights have moved: take that "
        "one, and make none of your own.": edit(
            "    net.train()\n",
            "    net.train()\n    optimizer = optim.SGD(net.parameters(), lr=0.1)\n",
        ),
        "It goes over the loader more than once: one epoch is every row once.": edit(
            "    for x, y in loader:", "    for x, y in [*loader] * 3:"
        ),
        "The weights are right, and the loss is not: it is computed anew after the update. Take "
        "the one from before.": edit(
            "        total +=", "        loss = loss_func(net(x), y)\n        total +="
        ),
    },
)

JUDGE = Exercise(
    shown="my_evaluate(net, loader, loss_func)",
    level=2,
    minutes=10,
    plan="Note the network's mode, and set the other one. Switch gradients off for the loop, and "
    "sum up as in an epoch, without the last three steps. At the end put the mode back; with "
    "eval_mode of the page you need not think of that.",
    solution="""\
def my_evaluate(net, loader, loss_func):
    was_training = net.training
    net.eval()
    total, seen = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            out = net(x)
            loss = loss_func(out, y)
            total += loss.item() * len(x)
            seen += len(x)
    net.train(was_training)
    return total / seen
""",
    why="Judged in eval mode and without gradients, the mode put back, the mean over all rows.",
    draw=lambda: [("train",), ("eval",)],
    observe=observe_judge,
    mistakes=COUNTED
    | {
        "So it happens where the layers stay in the mode in which they came: net.eval() before the "
        "loop sets all of them, net.training = False only the network itself.": edit(
            "    net.eval()\n", ""
        ),
        "Nobody needs these gradients: put the loop into `with torch.no_grad():`.": edit(
            "torch.no_grad()", "torch.enable_grad()"
        ),
        "The network stays in eval mode, and would be trained in it from here on: put back the "
        "mode in which it came.": edit("    net.train(was_training)\n", ""),
        "It comes back in train mode, whatever its mode was: put back the one in which it came.": (
            edit("net.train(was_training)", "net.train()")
        ),
        "That switches gradients off for all that follows: a `with` puts them back.": edit(
            "    with torch.no_grad():", "    torch.set_grad_enabled(False)\n    if True:"
        ),
        "So it comes out with the mean squared error: take the loss_func that is handed in.": edit(
            "loss_func(out, y)", "nn.MSELoss()(out, y)"
        ),
        "The labels are flat where the loss compares: with (N, 1) against (N,) it compares each "
        "prediction with every label.": edit("loss_func(out, y)", "loss_func(out, y.flatten())"),
    },
)


def draw_runs() -> list[tuple]:
    """Draw the width of a network and the rate of its Adam."""
    return [(random.randrange(6, 12), random.uniform(0.004, 0.015))]


def observe_resume(answer: object, case: tuple, shown: str) -> Observation:
    """Save a run twice, and take it up again from the first file, by a new network."""
    save, resume = expect_parts(answer, 2, "The answer is [save, resume]; what came is")
    x = torch.rand(30, 1, dtype=torch.float32) * 4 - 2  # (30, 1)
    (net, optimizer), (other, again) = make_run(*case), make_run(*case)
    advance(net, optimizer, x, 10)
    start = [parameter.detach().clone() for parameter in other.parameters()]
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        call(save, net, optimizer, Path(first) / "run.pt", shown="save(net, optimizer, path)")
        files = list(Path(first).iterdir())
        parts: dict[str, object] = {"The number of files that save has written": len(files)}
        if not files:
            return Observation(parts)
        parts["The losses of the run that goes on behind save"] = advance(net, optimizer, x, 30)
        call(save, net, optimizer, Path(second) / "run.pt", shown="save(net, optimizer, path)")
        call(resume, other, again, Path(first) / "run.pt", shown=shown)
        has_memory = any(b"param_groups" in file.read_bytes() for file in files)
    is_kept = all(map(torch.equal, start, other.parameters()))
    remembers = bool(again.state)
    parts["The losses after resume"] = advance(other, again, x, 30)
    return Observation(parts, (is_kept, remembers, remembers or has_memory))


def make_run(width: int, lr: float) -> tuple[nn.Module, optim.Optimizer]:
    """Make a network and its optimizer."""
    net = Regressor(make_layers([1, width, 1]))
    return net, optim.Adam(net.parameters(), lr=lr)


def advance(
    net: nn.Module, optimizer: optim.Optimizer, x: torch.Tensor, iterations: int
) -> list[float]:
    """Train towards a sine, and return the losses."""
    steps = train(net, x, x.sin(), nn.MSELoss(), optimizer, epochs=iterations)
    return [iteration.loss for iteration in steps]


LOAD_NET = '    net.load_state_dict(saved["net"])\n'
LOAD_MEMORY = '    optimizer.load_state_dict(saved["optimizer"])\n'
SAVED = 'torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict()}, path)'

RESUME = Exercise(
    shown="resume(net, optimizer, path)",
    answer="[save, resume]",
    level=2,
    minutes=10,
    plan="What must the file hold, so that tomorrow nothing is missing? The network has a "
    "state_dict, and so has the optimizer: put both into one dictionary and save that. To take "
    "the run up again, load the dictionary and give each of the two back what is its own.",
    solution="""\
def save(net, optimizer, path):
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict()}, path)


def resume(net, optimizer, path):
    saved = torch.load(path)
    net.load_state_dict(saved["net"])
    optimizer.load_state_dict(saved["optimizer"])
""",
    why="Thirty losses, each that of the run which was never stopped.",
    draw=draw_runs,
    observe=observe_resume,
    share=1e-4,
    mistakes={
        "The weights are back, but not what the optimizer remembers: it has a state_dict, too.": (
            edit(', "optimizer": optimizer.state_dict()', "", LOAD_MEMORY, "")
        ),
        "The file holds the optimizer's state, but resume does not put it into the optimizer: "
        "optimizer.load_state_dict does, a new value for a name does not.": edit(LOAD_MEMORY, ""),
        "The network that comes in keeps the weights it began with: net.load_state_dict fills it, "
        "a new value for a name does not.": edit(LOAD_NET, ""),
        "resume changes neither the network nor the optimizer that come in: load_state_dict fills "
        "them, a new value for a name does not.": edit(LOAD_NET + LOAD_MEMORY, ""),
        "save has written no file: torch.save(what, path) does.": edit(
            SAVED, "kept = net.state_dict()\n    return kept"
        ),
        "What resume brings back is the run as it was later, and not as it was at that save: does "
        "all that is needed stand in the file?": """\
kept = {}


def save(net, optimizer, path):
    kept.update(net=net.state_dict(), optimizer=optimizer.state_dict())
    torch.save(optimizer.state_dict(), path)


def resume(net, optimizer, path):
    net.load_state_dict(kept["net"])
    optimizer.load_state_dict(kept["optimizer"])
""",
        "What goes into the network is not the state of such a network. Are the two states "
        "exchanged, or has a second torch.save to the same path replaced the first?": edit(
            SAVED, "torch.save(optimizer.state_dict(), path)", 'saved["net"]', "saved"
        ),
        "What goes into the optimizer is not the state of an optimizer: has a second torch.save "
        "to the same path replaced the first?": edit(
            SAVED,
            "torch.save(net.state_dict(), path)",
            'saved["net"]',
            "saved",
            'saved["optimizer"]',
            "saved",
        ),
        "There is more than one file: put all into one dictionary, and save that once.": edit(
            SAVED,
            'torch.save(optimizer.state_dict(), f"{path}.memory")\n'
            '    torch.save({"net": net.state_dict()}, path)',
            'saved["optimizer"]',
            'torch.load(f"{path}.memory")',
        ),
    },
)

ROWS, TEST = 120, 30  # in the file, and at its end those that are for the test
NOISE = 40.0  # standard deviation, in degrees
HOURS = 9.0  # how long the kiln is watched
ENOUGH = 2 * NOISE  # an error on readings it never saw that every sound program reaches
FAR = 20.0  # no x on a usual scale is as large
SAME = 0.5  # degrees between two predictions that count as equal


class Kiln:
    """A kiln that heats up, holds, and cools in waves, and a file of its readings.

    Attributes:
        x: Minutes since the first of the month, (ROWS, 1).
        y: Degrees, (ROWS, 1).
    """

    def __init__(self) -> None:
        """Draw the curve, when it was watched, and the readings."""
        self.top, self.wave = random.uniform(600, 900), random.uniform(60, 100)
        self.shift, self.start = random.random(), random.uniform(10_000, 40_000)
        self.gap = random.randrange(20, ROWS - TEST)
        self.x, self.y = self.measure(ROWS)

    def measure(self, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Read the kiln at random moments: minutes and degrees, (rows, 1) each."""
        part = torch.rand(rows, 1, dtype=torch.float32)
        arch = self.top * torch.sin(torch.pi * (0.1 + 0.8 * part))
        waves = self.wave * torch.sin(2 * torch.pi * (2 * part + self.shift))
        noise = NOISE * torch.randn(rows, 1, dtype=torch.float32)
        return self.start + 60 * HOURS * part, arch + waves + noise

    def write(self, path: Path) -> None:
        """Write the readings, and between them one whose temperature is missing."""
        rows = [f"{a:.2f},{b:.1f}" for a, b in torch.cat([self.x, self.y], dim=1).tolist()]
        rows.insert(self.gap, f"{self.start:.2f},")
        path.write_text("\n".join(["time,temperature", "min,degC", *rows]) + "\n", "utf-8")


class Written:
    """What `program(path)` returned: a network, `predict`, and the error that it claims.

    Attributes:
        net: The network.
        predict: From a column of minutes to one of degrees.
        claim: The error.
        first: The largest size of a number that the first Linear layer was given at first, in
            training; empty if none ran.
        asked: The same, where `predict` was asked last.
    """

    def __init__(self, answer: Callable, path: Path, seed: int) -> None:
        """Run a program on a file; what is random in it is alike for each seed.

        Raises:
            NotYet: It returns something else.
        """
        draw_alike(seed)
        with note_first_input() as self.first:
            returned = call(answer, path, shown="program(path)")
        self.asked: list[float] = []
        net, self.predict, claim = expect_parts(
            returned,
            3,
            "program(path) should return three things: the network, the function predict, and the "
            "error in degrees. Yours returns",
        )
        if net is None:
            raise NotYet(
                "The first of the three is None. A network is asked for here, by which predict "
                "finds its degrees."
            )
        self.net = expect_network(net, "The first of the three")
        self.claim = to_plain(claim)
        if isinstance(self.predict, type) or not callable(self.predict):
            raise NotYet(
                f"The second of the three should be a function predict(x), from minutes to "
                f"degrees; yours is {name_kind(self.predict)}."
            )
        if not isinstance(self.claim, numbers.Real):
            raise NotYet(f"The third of the three should be a number; it is {name_kind(claim)}.")

    def ask(self, x: torch.Tensor) -> torch.Tensor:
        """Predict for a column; an array may come back, too.

        Raises:
            NotYet: What comes back is no column of finite numbers.
        """
        with note_first_input() as self.asked:
            out = self.predict(x.clone())
        if hasattr(out, "detach") or hasattr(out, "tolist"):
            out = torch.as_tensor(out).detach().to("cpu", torch.float32)
        if not isinstance(out, torch.Tensor) or out.shape != x.shape:
            raise NotYet(tell_tensor("What predict(x) returns", x, out, 0))
        if not out.isfinite().all():
            hint = (
                "One nan in the data spoils every weight: was the row without a temperature "
                "dropped? Or has the training exploded?"
            )
            raise NotYet(
                f"predict says {out[~out.isfinite()][0].item()} for some x. "
                f"{self.tell_scale() or hint}"
            )
        return out

    def tell_scale(self) -> str:
        """Say where minutes went into the network as they are; nothing if they did not."""
        first, asked = max(self.first, default=0.0), max(self.asked, default=0.0)
        if first > FAR:
            return (
                f"The first Linear layer was given numbers up to {first:.0f}: scale x by mean and "
                f"spread of the training part, and y likewise."
            )
        if asked > FAR and self.first:
            return (
                f"In training the first Linear layer was given numbers up to {first:.1f}, and from "
                f"predict up to {asked:.0f}: predict must scale x by the same mean and spread."
            )
        return ""


def judge_program(answer: object) -> str:
    """Write a file, let `program(path)` learn from it, and look at all that it returns."""
    kiln, seed = Kiln(), new_seed()
    other_x, other_y = kiln.measure(400)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kiln.csv"
        kiln.write(path)
        written = Written(answer, path, seed)
        held_out = written.ask(other_x)
        refuse_mood(written, other_x, held_out)
        error = to_error(held_out, other_y)
        if error > ENOUGH:
            raise NotYet(tell_error(written, kiln, (other_x, other_y), held_out))
        y = kiln.y
        changed = refuse_leak(answer, path, kiln, seed, (other_x, held_out))
        refuse_claim(written, kiln.x, y)
        refuse_claim(changed, kiln.x, kiln.y)
        refuse_idle(written, other_x, held_out)
    return (
        f"On readings that program never saw the error of predict is {error:.0f} degrees, and up "
        f"to {ENOUGH:g} were allowed. The error that it claims is that on the last {TEST} rows, "
        f"and those had no say in anything else."
    )


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


def refuse_mood(written: Written, x: torch.Tensor, said: torch.Tensor) -> None:
    """Refuse predictions that change by themselves, or with what else is asked.

    Raises:
        NotYet: With what changes.
    """
    gap = to_gap(written.ask(x), said)
    if gap:
        raise NotYet(
            f"Asked twice for the same x, predict gives answers up to {gap:.0f} degrees apart. "
            f"Dropout in train mode does that: does it call net.eval() before it predicts?"
        )
    low = x < x.median()
    gap = to_gap(written.ask(x[low].unsqueeze(1)), said[low].unsqueeze(1))
    if gap:
        raise NotYet(
            f"What it says for an x changes by up to {gap:.0f} degrees with the other x that are "
            f"asked: scale by the mean and spread of the training part, kept for later, not of "
            f"what comes in. (BatchNorm without net.eval() does the same.)"
        )


def tell_error(
    written: Written, kiln: Kiln, others: tuple[torch.Tensor, torch.Tensor], out: torch.Tensor
) -> str:
    """Say how far predictions are off on other readings, and what may be missing.

    Args:
        written: What the program returned.
        kiln: The readings in its file.
        others: Minutes and degrees of the other readings, (N, 1) each.
        out: What was predicted for them, (N, 1).
    """
    x, y = others
    fact = (
        f"On 400 readings that it never saw the error of predict is {to_error(out, y):.0f} "
        f"degrees. Up to {ENOUGH:g} are allowed, and always saying the mean of those readings "
        f"would be {spread(y):.0f}"
    )
    if scale := written.tell_scale():
        return f"{fact}. {scale}"
    ranges = [f"{one.min().item():.3g} to {one.max().item():.3g}" for one in (out, y)]
    if is_line_away(out, y):
        return (
            f"{fact}. The curve has the right shape on a wrong scale: it says {ranges[0]}, where "
            f"{ranges[1]} were measured. Scaling back takes spread and mean of y."
        )
    if spread(out) < 0.1 * spread(y):
        return (
            f"{fact}. It says nearly the same for every x, {ranges[0]}. Is x scaled there, too, "
            f"has the loss fallen, does each label stand in the row of its x?"
        )
    late = x > kiln.start + 60 * HOURS * (ROWS - TEST) / ROWS
    early_error, late_error = to_error(out[~late], y[~late]), to_error(out[late], y[late])
    if early_error < ENOUGH < late_error:
        return (
            f"{fact}. On the last quarter of the hours it is {late_error:.0f}, on those before "
            f"{early_error:.0f}: of these nothing was learnt. The file is in no order of time, so "
            f"its last {TEST} rows are not the latest. Put them aside before you shuffle or sort."
        )
    own = to_error(written.ask(kiln.x), kiln.y)
    if own > ENOUGH:
        return (
            f"{fact}. On the rows of the file it is {own:.0f}, so it has learnt too "
            f"little of them: more epochs, another rate, more units?"
        )
    return (
        f"{fact}. On the rows of the file it is {own:.0f}, so it has learnt what only those have: "
        f"their noise. Does it keep the weights of the lowest validation error?"
    )


def is_line_away(out: torch.Tensor, y: torch.Tensor) -> bool:
    """Tell whether predictions have the right shape, and mean or spread of something else."""
    both = torch.cat([out, y], dim=1).T  # (2, N)
    shape = spread(out) > 1e-6 and torch.corrcoef(both)[0, 1].item() > 0.9
    far = (out.mean() - y.mean()).abs().item() > spread(y)
    return shape and (far or not 0.1 < spread(out) / spread(y) < 10)


def refuse_claim(written: Written, x: torch.Tensor, y: torch.Tensor) -> None:
    """Refuse an error that is not that of the last rows of the file.

    Raises:
        NotYet: With the errors that were measured.
    """
    errors = written.ask(x) - y
    own, right = (part.square().mean().sqrt().item() for part in errors.split([90, 30]))
    if math.isclose(written.claim, right, rel_tol=0.01, abs_tol=0.5):
        return
    hint = (
        "Compute it by predict on those rows, when all else is done: what has been learnt from, or "
        "has chosen the epoch, is no judge any more."
    )
    if math.isclose(written.claim, right**2, rel_tol=0.02):
        hint = "That is the mean square, and its root was asked for."
    elif math.isclose(written.claim * spread(y), right, rel_tol=0.2):
        hint = "Is that on the scale of the scaled labels? Times their spread it is in degrees."
    raise NotYet(
        f"program claims an error of {format_number(written.claim)}. On the last {TEST} rows of "
        f"the file predict is {right:.4g} degrees off, on the rows before them {own:.4g}. {hint}"
    )


def refuse_leak(
    answer: Callable,
    path: Path,
    kiln: Kiln,
    seed: int,
    before: tuple[torch.Tensor, torch.Tensor],
) -> Written:
    """Refuse a program in which the test rows have a say: other degrees there change its curve.

    Args:
        answer: The program.
        path: The file that it has read.
        kiln: What was written there.
        seed: The seed that was set before it ran. The next one is set here.
        before: Some x, and what it predicted for them.

    Returns:
        What the program returned with the other degrees, which stay in the file.

    Raises:
        NotYet: With how far predictions move.
    """
    x, said = before
    again = kiln.y
    kiln.y = torch.cat([again[:-TEST], again[-TEST:].flip(0) + 200])
    kiln.write(path)
    other_seed = seed + 1  # a program that seeds what it draws does not notice
    changed = Written(answer, path, other_seed)
    gap = to_gap(changed.ask(x), said)
    if not gap:
        return changed
    kiln.y = again
    kiln.write(path)
    noise = to_gap(Written(answer, path, other_seed).ask(x), said)
    if noise:
        raise NotYet(
            f"Two runs on the same file lead to predictions up to {noise:.0f} degrees apart: seed "
            f"what is drawn in program, so that a run can be repeated."
        )
    raise NotYet(
        f"With other degrees in its last {TEST} rows, and all else alike, the file leads to "
        f"predictions up to {gap:.0f} degrees away: so those rows have a say. Put them aside "
        f"before you shuffle or sort. Do they train, or choose the epoch, or count in mean and "
        f"spread?"
    )


def refuse_idle(written: Written, x: torch.Tensor, said: torch.Tensor) -> None:
    """Refuse a network that predict does not need; it is of no use afterwards.

    Raises:
        NotYet: Without the network's weights predict says the same.
    """
    with torch.no_grad():
        for parameter in written.net.parameters():
            parameter.zero_()
    if to_gap(written.ask(x), said) < 0.2 * spread(said):
        raise NotYet(
            "With all weights of the network at 0 predict says nearly the same as before: it does "
            "not use the network that program returns."
        )


def to_gap(one: torch.Tensor, other: torch.Tensor) -> float:
    """Compute how far two predictions are apart at most: 0 for as little as rounding may do."""
    gap = (one - other).abs().max().item()
    return gap if gap > max(SAME, 1e-5 * other.abs().max().item()) else 0.0


def to_error(out: torch.Tensor, y: torch.Tensor) -> float:
    """Compute the root of the mean squared error."""
    return (out - y).square().mean().sqrt().item()


def spread(y: torch.Tensor) -> float:
    """Compute the standard deviation."""
    return y.std(correction=0).item()


LEAK = "Do they train, or choose the epoch, or count in mean and spread?"

BLANK = Exercise(
    shown="program(path)",
    level=3,
    minutes=30,
    plan="Go through the page from its top, and leave out what only compares. Read and drop the "
    "gap; put the last 30 rows aside; split the others into training and validation; take mean and "
    "spread from the training part; loaders; network, loss, optimizer; epochs, with a copy of the "
    "weights of the lowest validation error. predict scales, runs the network as in use, and "
    "scales back. The error comes last, by predict, from the rows put aside.",
    second="Four places are easily missed. The last 30 rows go aside first of all, before anything "
    "is shuffled: rest, test_part = data[:-30], data[-30:]. Mean and spread are taken once, from "
    "the training part: mean, spread = train_part.mean(dim=0), train_part.std(dim=0), of which [0] "
    "is for the minutes and [1] for the degrees. predict uses the same four numbers: it gives the "
    "network (x - mean[0]) / spread[0], and makes degrees of what comes out by * spread[1] + "
    "mean[1]. And the seed of the network, torch.manual_seed, stands inside program, before the "
    "network is built.",
    solution="""\
import copy


def program(path):
    table = np.genfromtxt(path, delimiter=",", skip_header=2)
    table = table[~np.isnan(table).any(axis=1)]
    data = torch.tensor(table, dtype=torch.float32)  # (120, 2)
    rest, test_part = data[:-30], data[-30:]
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(len(rest), generator=generator)
    train_part, val_part = rest[order[:65]], rest[order[65:]]
    mean, spread = train_part.mean(dim=0), train_part.std(dim=0)

    def load(part):
        scaled = (part - mean) / spread
        dataset = TensorDataset(scaled[:, :1], scaled[:, 1:])
        return DataLoader(dataset, batch_size=20, shuffle=True, generator=generator)

    train_loader, val_loader = load(train_part), load(val_part)
    torch.manual_seed(0)
    net = Regressor(make_layers([1, 64, 64, 1]))
    loss_func = nn.MSELoss()
    optimizer = optim.Adam(net.parameters(), lr=0.005)
    best = math.inf
    for _ in range(100):
        train_epoch(net, train_loader, loss_func, optimizer)
        loss = evaluate(net, val_loader, loss_func)
        if loss < best:
            best = loss
            best_state = copy.deepcopy(net.state_dict())
    net.load_state_dict(best_state)

    def predict(x):
        net.eval()
        with torch.no_grad():
            out = net((x - mean[0]) / spread[0])
        return out * spread[1] + mean[1]

    errors = predict(test_part[:, :1]) - test_part[:, 1:]
    return net, predict, errors.square().mean().sqrt().item()
""",
    rule=judge_program,
    mistakes={
        "Yours returns a function.": edit(
            "return net, predict, errors.square().mean().sqrt().item()", "return predict"
        ),
        "Is a row with a gap, which reads as nan, still among them?": edit(
            "    table = table[~np.isnan(table).any(axis=1)]\n", ""
        ),
        "scale x by mean and spread of the training part, and y likewise.": edit(
            "std(dim=0)\n", "std(dim=0)\n    mean[0], spread[0] = 0, 1\n"
        ),
        "kept for later, not of what comes in.": (
            edit("(x - mean[0]) / spread[0]", "(x - x.mean()) / x.std()")
        ),
        "predict must scale x by the same mean and spread.": edit("(x - mean[0]) / spread[0]", "x"),
        "before you shuffle or sort.": edit(
            "    rest, test_part", "    data = data[data[:, 0].argsort()]\n    rest, test_part"
        ),
        "A network is asked for here": edit("return net, predict", "return None, predict"),
        "seed what is drawn in program, so that a run can be repeated.": edit(
            "    torch.manual_seed(0)\n", ""
        ),
        "Scaling back takes spread and mean of y.": edit("out * spread[1] + mean[1]", "out"),
        "so it has learnt too little of them: more epochs, another rate, more units?": edit(
            "range(100)", "range(2)"
        ),
        "does it call net.eval() before it predicts?": edit(
            "make_layers([1, 64, 64, 1])",
            "nn.Sequential(\n        nn.Linear(1, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), "
            "nn.Dropout(0.1), nn.Linear(64, 1))",
            "        net.eval()\n",
            "        net.train()\n",
        ),
        "what has been learnt from, or has chosen the epoch, is no judge any more.": edit(
            "errors = predict(test_part[:, :1]) - test_part[:, 1:]",
            "errors = predict(train_part[:, :1]) - train_part[:, 1:]",
        ),
        "That is the mean square, and its root was asked for.": edit(".sqrt().item()", ".item()"),
        "Is that on the scale of the scaled labels?": edit(
            ".sqrt().item()", ".sqrt().item() / spread[1]"
        ),
        LEAK: edit(
            "mean, spread = train_part.mean(dim=0), train_part.std(dim=0)",
            "mean, spread = data.mean(dim=0), data.std(dim=0)",
        ),
        "it does not use the network that program returns.": edit(
            "    errors =",
            "    curve = np.polynomial.Polynomial.fit(*rest.double().T.numpy(), 9)\n"
            "    predict = lambda x: torch.from_numpy(curve(x.double().numpy())).float()\n"
            "    errors =",
        ),
    },
)

EXERCISES = {"09-epoch": EPOCH, "09-evaluate": JUDGE, "09-resume": RESUME, "09-blank": BLANK}
