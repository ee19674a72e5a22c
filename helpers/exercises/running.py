"""A learner's code, run with care: its time, its errors, and nothing left changed."""

import contextlib
import contextvars
import ctypes
import dataclasses
import os
import random
import re
import secrets
import sys
import sysconfig
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import torch

SECONDS = 20.0  # how long one check may take
REFUSED = "Not yet. "  # how a verdict begins that is not "Right. "
LATE = f"{REFUSED}Your code did not come to an end within"
LETTERS = 20_000  # how much of what a learner's code prints is shown
PATIENCE = 3.0  # how long code that holds on to every exception is asked to stop

seeds: random.Random = secrets.SystemRandom()  # `grade` puts one that can be repeated in its place

FOREIGN = (
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    str(Path(torch.__file__).parent),
    str(Path(__file__).parents[1]),
    "<frozen ",
)

NONE = (
    "Something there is None. Is it what a function without `return` gives, or the .grad of what "
    "backward does not fill, such as a part of a weight, w[0, 0]?"
)

# What to look at, by the type of an error and a part of its message; the first that fits.
ADVICE = [
    ("AttributeError", "before Module.__init__", "Call super().__init__() first in __init__."),
    ("AttributeError", "'NoneType' object has no attribute 'zero_'", "A gradient is None until "
     "backward has run: ask `if p.grad is not None` first, or set p.grad = None."),
    ("AttributeError", "object has no attribute 'size'", "Does a network or a function "
     "stand where a tensor belongs? loss_func compares the prediction, net(x), with y."),
    ("AttributeError", "'Sequential' object has no attribute", "An nn.Sequential has "
     "no names for its layers: loop over it, or take [0]."),
    ("AttributeError", "'NoneType'", NONE),
    ("AttributeError", "'float' object has no attribute 'backward'", "A number has no way back to "
     "the weights: backward belongs to the loss before .item()."),
    ("KeyError", "", "That key is not in the dictionary: print its keys."),
    ("RuntimeError", "loading state_dict", "That state does not fit: is it of a network of other "
     "layers, or of the optimizer?"),
    ("RuntimeError", "same dtype", "Print the dtype of both: networks here compute in "
     "float32, and .float() makes that of a tensor."),
    ("RuntimeError", "floating point", "Is it a tensor of whole numbers? .float(), or a point as "
     "in torch.tensor(0.0), makes others of them."),
    ("TypeError", "__init__() takes 1 positional", "What is made there takes nothing in its "
     "brackets; a class of your own takes it in __init__(self, ...)."),
    ("TypeError", "'NoneType'", NONE),
    ("AttributeError", "attribute 'numerator'", "The functions of statistics take no inf or nan "
     "among the numbers."),
    ("TypeError", "not subscriptable", "It takes no [...]: print what it is. The layers of a "
     "Regressor are in net.features."),
    ("TypeError", "list is not a Module subclass", "nn.Sequential takes each module by itself: a "
     "star, nn.Sequential(*layers), unpacks the list."),
    ("TypeError", "is not a Module subclass", "A module belongs there: a class needs brackets "
     "behind it, as in activation(), and a function such as torch.relu is none."),
    ("TypeError", "must be Tensor, not", "What comes in there is no tensor. Is a class called as "
     "a function? nn.ReLU(h) makes a module, nn.ReLU()(h) runs one."),
    ("TypeError", "as parameter", "Fill the parameter that is there: `with torch.no_grad(): "
     "layer.weight.copy_(...)`, or a function of nn.init."),
    ("TypeError", "state_dict to be dict-like", "load_state_dict takes what state_dict() gave, "
     "not a network and not a path; torch.load reads it from the file."),
    ("UnpicklingError", "Weights only", "The file holds whole objects: save what "
     "net.state_dict() and optimizer.state_dict() give."),
    ("TypeError", "return_types", "max and min with dim= give values and places: take .values."),
    ("TypeError", "slice indices must be", "int(...) or round(...) makes a whole number of it."),
    ("ValueError", "values to unpack", "There are more names on the left than parts on the right, "
     "or fewer: print the right side. An empty line has no parts."),
    ("RuntimeError", "cannot be multiplied", "A layer's inputs do not fit what comes in: print "
     "the shapes before that line."),
    ("RuntimeError", "must match the size", "Two shapes do not fit: print both before that line."),
    ("RuntimeError", "second time", "backward has used that graph up. Are forward and loss "
     "computed anew in every iteration?"),
    ("RuntimeError", "does not require grad", "What backward is called on has no way back to the "
     "weights: is there .item(), .data, detach() or no_grad before it?"),
    ("RuntimeError", "Boolean value of Tensor", "Many numbers stand where one yes or no belongs: "
     "torch.where chooses for each. nn.MSELoss(out, y) asks that, too, as its brackets are for "
     "settings: call loss_func(out, y)."),
    ("RuntimeError", "match the broadcast shape", "Two shapes do not fit: each tensor needs a "
     "place of its own shape to be kept in."),
    ("RuntimeError", "leaf Variable", "Weights are changed by hand inside `with "
     "torch.no_grad():`."),
    ("RuntimeError", "requires grad", "Use .detach() for a number that needs no gradient."),
    ("RuntimeError", "modified by an inplace", "Something that backward needs was changed "
     "after forward: does step stand before backward?"),
    ("RuntimeError", "multi-target", "Class numbers are flat, (N,), not a column: leave out "
     "unsqueeze(1)."),
    ("RuntimeError", "dtype to be Long", "Class numbers are whole numbers, int64: leave "
     "labels as they come, without .float()."),
    ("IndexError", "Target ", "The network has fewer columns than there are classes: one "
     "logit for each."),
    ("ValueError", "must be finite, got nan", "Is a row with a gap, which reads as nan, still "
     "among them?"),
    ("ValueError", "could not convert string", "That text is no number: a header, a decimal comma "
     "or an empty field?"),
    ("UnboundLocalError", "", "That name is used before it gets a value."),
    ("NameError", "", "That name is not known there: is it spelt so, and has its cell been run?"),
    ("NotImplementedError", 'required "forward"', "A network needs a method forward: nn.Sequential "
     "has one, nn.ModuleList only holds layers, and a class of your own defines it."),
    ("RecursionError", "", "The function calls itself without end."),
    ("KeyboardInterrupt", "", "That is what the Stop button raises: is there a `raise` for it?"),
    ("SystemExit", "", "That ends a program: is there an exit() where a return belongs?"),
]  # fmt: skip


class NotYet(BaseException):
    """A verdict that an answer is not right; its text says why.

    Not an Exception, so that a learner's `except Exception` does not hide it.
    """


class Stream:
    """A text stream in front of another that shows no more than `LETTERS`, and cannot be closed.

    What goes past `sys.stdout` is not counted: os.write, and programs that a learner's code starts.
    """

    def __init__(self, stream: TextIO) -> None:
        """Stand before a stream."""
        self.stream = stream
        self.left = LETTERS

    def write(self, text: str) -> int:
        """Write what there is room for; say once that there is no more."""
        if self.left > 0:
            self.stream.write(text[: self.left])
            self.left -= len(text)
            if self.left <= 0:
                self.stream.write(f"\n... (more than {LETTERS:,} letters: the rest is left out)\n")
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        self.stream.flush()

    def close(self) -> None:
        """Stay open: it is the notebook's."""

    def __enter__(self) -> Self:
        """Stay open after a `with` as well."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stay open."""

    def __getattr__(self, name: str) -> object:
        """Be as the other stream in all else."""
        return getattr(self.stream, name)


def run_guarded(work: Callable[[], str], seconds: float | None = None) -> str:
    """Do some work in which a learner's code runs, and turn whatever happens into a text.

    The work is done in a thread of its own while this one waits: a loop without end can be
    stopped, and what PyTorch keeps for each thread (grad mode, default device) is left alone.

    Args:
        work: Returns what to say; raises `NotYet` if an answer is not right.
        seconds: How long it may take; `SECONDS` if None.

    Returns:
        What `check` prints.
    """
    limit = SECONDS if seconds is None else seconds
    # PyTorch imports seconds of code for its first optimizer: not the learner's time, and torch
    # is of no use any more if the limit cuts that in half.
    torch.optim.SGD([torch.zeros(1, requires_grad=True)])
    told: list[str] = []
    busy = threading.Lock()  # Thread.join takes a thread for ended if Ctrl-C comes into it
    busy.acquire()
    context = contextvars.copy_context()  # prints go to the cell that asked
    worker = threading.Thread(
        target=lambda: told.append(context.run(say_verdict, work, busy)), name="check", daemon=True
    )
    with unchanged():
        try:
            worker.start()
            late = not wait(busy, limit)
        except KeyboardInterrupt:
            stop(worker, busy)
            return "Stopped by you before the check was done."
        if late and not stop(worker, busy):
            return (
                f"Not yet. Your code still runs after {limit:g} seconds and cannot be stopped: "
                f"restart the kernel, and look for a loop without end."
            )
        worker.join(PATIENCE)
    if late or not told:
        return f"{LATE} {limit:g} seconds: look for a loop that never ends, or ask for less work."
    return told[0]


def say_verdict(work: Callable[[], str], busy: threading.Lock) -> str:
    """Do the work, and say what came of it, whatever it raises; release `busy` at its end."""
    try:
        try:
            return work()
        finally:
            busy.release()
    except NotYet as verdict:
        return f"{REFUSED}{verdict}"
    except BaseException as error:
        return f"{REFUSED}{explain(error)}"


def wait(busy: threading.Lock, seconds: float) -> bool:
    """Wait until work has ended, in slices, for a wait may be deaf to Stop; tell whether it has."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        if busy.acquire(timeout=0.05):
            return True
    return False


def stop(worker: threading.Thread, busy: threading.Lock) -> bool:
    """Throw `SystemExit` into a thread until it releases `busy`; tell whether it has."""
    pause = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # it gets a turn between two lines, also inside an `except:`
    end = time.perf_counter() + PATIENCE
    try:
        while time.perf_counter() < end:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(worker.ident), ctypes.py_object(SystemExit)
            )
            if busy.acquire(timeout=0.002):
                return True
    finally:
        sys.setswitchinterval(pause)
    return False


@contextlib.contextmanager
def unchanged() -> Iterator[None]:
    """Put back what a learner's code may change for the whole process, and start from defaults."""
    numpy, matplotlib = sys.modules.get("numpy"), sys.modules.get("matplotlib")
    state = {
        "torch": torch.get_rng_state(),
        "python": random.getstate(),
        "numpy": numpy and numpy.random.get_state(),
        "dtype": torch.get_default_dtype(),
        "threads": torch.get_num_threads(),
        "deterministic": get_determinism(),
        "anomaly": torch.is_anomaly_enabled(),
        "rcParams": matplotlib and dict(dict.items(matplotlib.rcParams)),  # chooses no backend
        "precision": torch.get_float32_matmul_precision(),
        "printing": dataclasses.replace(torch._tensor_str.PRINT_OPTS),
        "environ": dict(os.environ),
        "recursion": sys.getrecursionlimit(),
        "streams": (sys.stdout, sys.stderr, sys.stdin),
        "folder": os.getcwd(),
        "path": list(sys.path),
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they warn of, the verdict says
            torch.set_default_dtype(torch.float32)
            torch.set_num_threads(1)  # what is trained here is small, and fastest so
            draw_alike(new_seed())  # other data each time, whatever the notebook has seeded
            sys.stdout = sys.stdout and Stream(sys.stdout)  # None shows nothing
            sys.stderr = sys.stderr and Stream(sys.stderr)
            yield
    finally:
        sys.stdout, sys.stderr, sys.stdin = state["streams"]
        sys.setrecursionlimit(state["recursion"])
        sys.path[:] = state["path"]
        os.chdir(state["folder"])
        if dict(os.environ) != state["environ"]:
            os.environ.clear()
            os.environ.update(state["environ"])
        for name, value in (state["rcParams"] or {}).items():
            if dict.__getitem__(matplotlib.rcParams, name) != value:
                matplotlib.rcParams[name] = value
        torch.set_float32_matmul_precision(state["precision"])
        torch.set_printoptions(**vars(state["printing"]))
        torch.autograd.set_detect_anomaly(state["anomaly"])
        if get_determinism() != state["deterministic"]:  # the call takes seconds, by an import
            mode, warn_only = state["deterministic"]
            torch.use_deterministic_algorithms(mode, warn_only=warn_only)
        torch.set_num_threads(state["threads"])
        torch.set_default_dtype(state["dtype"])
        if numpy:
            numpy.random.set_state(state["numpy"])
        random.setstate(state["python"])
        torch.set_rng_state(state["torch"])


def get_determinism() -> tuple[bool, bool]:
    """Tell whether PyTorch must be deterministic, and whether it would only warn."""
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )


def draw_alike(seed: int) -> None:
    """Let all that is drawn at random from now on, by torch, Python or NumPy, begin at a seed."""
    torch.default_generator.manual_seed(seed)
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy:
        numpy.random.seed(seed % 2**32)


def new_seed() -> int:
    """Draw a seed that nobody can know; where marks are given, the same each time."""
    return seeds.getrandbits(63)


def explain(error: BaseException, advice: str = "") -> str:
    """Say in one line what a learner's code raised, on which line, and what to look at.

    Args:
        error: What was raised.
        advice: What to look at, where an exercise knows better than `ADVICE`.
    """
    kind = type(error).__name__
    message = first_line(error)
    place = find_line(error.__traceback__)
    told = f"{kind}: {message}" if message else kind
    where = f"Your code stops in {place}" if place else "What you handed over cannot be used"
    told = told.removesuffix(" .").removesuffix(":")
    told = told if told.endswith((".", "!", "?")) else f"{told}."
    fitting = (text for name, part, text in ADVICE if name == kind and part in message)
    advice = advice or next(fitting, "")
    return f"{where}: {told} {advice}".rstrip()


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, shortened; '' if it has none to give."""
    try:
        lines = re.sub("\x1b\\[\\d+m", "", str(error)).strip().splitlines()  # no colours
    except BaseException:
        return ""
    line = re.sub(r"\s+", " ", lines[0]) if lines else ""
    return line if len(line) <= 200 else f"{line[:200]} ..."


def find_line(trace: TracebackType | None) -> str:
    """Say which line of the learner's own code an error came from; '' if from none."""
    place = ""
    for frame, line in traceback.walk_tb(trace):
        name = frame.f_code.co_filename
        if name.startswith(FOREIGN):
            continue
        is_cell = name.startswith("<") or "ipykernel_" in name
        place = f"line {line} of your cell" if is_cell else f"line {line} of {Path(name).name}"
    return place
