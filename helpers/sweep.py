"""Many settings, each trained from the start, on every core or on a cluster."""

import contextlib
import ctypes
import importlib.util
import math
import multiprocessing
import os
import pickle
import platform
import queue
import signal
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple

import torch

from helpers.experiment import Experiment, Settings, to_settings
from helpers.guards import describe, show, to_whole
from helpers.training import Diverged

MOST_POINTS = 2000  # that a curve keeps
PIECE = 0.5  # seconds that a run trains before it comes back: so soon it can be given up
PATIENCE = 0.25  # seconds; who waits longer for a worker shows that there is no free one
WORKER_MEMORY = 300 * 10**6  # bytes that a process takes with torch in it, measured
WINDOWS_WORKERS = 61  # the most that Windows lets one process wait for
TABLES = {  # where a settings' names get their meaning
    "function": ("helpers.data", "FUNCTIONS"),
    "optimizer": ("helpers.experiment", "OPTIMIZERS"),
    "activation": ("helpers.experiment", "ACTIVATIONS"),
}
State = tuple[Experiment, list[tuple[int, float]], float]  # with the curve and the seconds so far
Runs = dict[int, Settings]  # what is still to be trained, by its place in the caller's list


class Result(NamedTuple):
    """How one run of a sweep ended.

    Attributes:
        settings: What was trained.
        loss: The last iteration's, before its update; not finite if the run diverged or failed.
        curve: (iteration number, loss), finite: every iteration of up to 2000, of more every
            second, third and so on, so that there are at most 2000 pairs; and the last.
        seconds: How long it trained, in seconds; the wait for a free worker is not in it.
        diverged: Whether the loss stopped being finite.
        error: Any other reason why it ended early, in one line, or None.
    """

    settings: Settings
    loss: float = math.nan
    curve: tuple[tuple[int, float], ...] = ()
    seconds: float = 0.0
    diverged: bool = False
    error: str | None = None


def sweep(
    settings: Iterable[Settings],
    epochs: int,
    executor: Executor | None = None,
    workers: int | None = None,
) -> Iterator[Result]:
    """Train each of many settings from the start, and hand out every result when it is there.

    Nothing runs until you loop over it. A run that diverges or fails is a result too. Leave the
    loop or interrupt it, and the runs that are not done end within about a second, wherever they
    are: each goes to its worker in pieces of half a second, and no further piece follows. Curves
    that you put into `helpers.data.FUNCTIONS` reach the workers, too.

    Args:
        settings: What to train with, one run each.
        epochs: Number of iterations of each run, at least 1.
        executor: Where to train, such as `dask.distributed.Client(...).get_executor()`; never
            shut down. None starts processes and ends them all; a script must then call `sweep`
            under `if __name__ == "__main__":`.
        workers: How many processes to start; None takes as many as the machine, its container
            and its hub allow. Never more than there are runs.

    Yields:
        A `Result` for each run, in the order in which they end.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: No settings, a number below 1, or `workers` beside an executor.
        RuntimeError: No worker process could start.
    """
    runs = _number(settings)
    epochs = to_whole("epochs", epochs, low=1)
    if workers is not None:
        workers = to_whole("workers", workers, low=1)
    if executor is None:
        _guard_script()
        return _sweep_processes(runs, epochs, workers or allowed_workers())
    if not isinstance(executor, Executor):
        raise TypeError(
            f"executor must be a concurrent.futures.Executor or None, got {show(executor)} "
            "(of a dask Client, pass client.get_executor())"
        )
    if workers is not None:
        raise ValueError(
            f"workers must be None beside an executor, which has workers of its own, got {workers}"
        )
    return (_result(runs[n], outcome) for n, outcome in _train_all(executor, runs, epochs))


def _number(settings: object) -> Runs:
    """Number the runs; refuse what is none."""
    if not isinstance(settings, Iterable):
        raise TypeError(f"settings must be an iterable of Settings, got {show(settings)}")
    runs = {n: to_settings(f"settings[{n}]", run) for n, run in enumerate(settings)}
    if not runs:
        raise ValueError(f"settings must hold at least one Settings, got {show(settings)}")
    return runs


def _guard_script() -> None:
    """Refuse a program that new processes cannot read: each reads the script that called."""
    main = sys.modules["__main__"]
    script = getattr(main, "__file__", None)  # None in a notebook, after python -c, at a prompt
    by_name = getattr(main, "__spec__", None) is not None  # python -m
    if script is not None and not by_name and not Path(script).exists():
        raise RuntimeError(
            f"a sweep's processes read the script that calls it, and {script} is no file: save the "
            "program in a file and run that, or pass executor=ThreadPoolExecutor(1)"
        )


def allowed_workers(root: Path = Path("/")) -> int:
    """Count the processes that machine, container and hub allow this one; at least 1.

    Args:
        root: Folder of the file system in which the container's limits stand.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    groups = _control_groups(root)
    cores = min([cores, _hub_limit("CPU_LIMIT"), *map(_read_cores, groups)])
    memory = min([_hub_limit("MEM_LIMIT"), *map(_read_memory, groups)])
    return max(1, math.floor(min(cores, memory / WORKER_MEMORY - 1)))  # one of them is this process


def _control_groups(root: Path) -> set[Path]:
    """List the folders that may hold limits of this process: its groups and those above them."""
    mounts = root / "sys" / "fs" / "cgroup"
    try:
        lines = (root / "proc" / "self" / "cgroup").read_text().splitlines()
    except OSError:  # not Linux
        lines = []
    folders = set()
    for line in lines:  # "4:cpu,cpuacct:/a/b" in version 1, "0::/a/b" in version 2
        _, controllers, path = line.split(":", 2)
        names = [controllers, *controllers.split(",")] if controllers else ["", "unified"]
        inside = path.strip("/").split("/")
        if ".." in inside:  # a group that cannot be seen from here
            inside = []
        for mount in (mounts / name for name in names):
            folders |= {mount.joinpath(*inside[:depth]) for depth in range(len(inside) + 1)}
    return folders


def _read_cores(group: Path) -> float:
    """Read how many cores a control group may use; inf without a limit."""
    with contextlib.suppress(OSError, ValueError):  # no such file; "max", so no limit
        quota, period = (group / "cpu.max").read_text().split()  # in microseconds
        return int(quota) / int(period)
    with contextlib.suppress(OSError, ValueError):  # version 1
        quota = int((group / "cpu.cfs_quota_us").read_text())
        period = int((group / "cpu.cfs_period_us").read_text())
        return quota / period if quota > 0 else math.inf
    return math.inf


def _read_memory(group: Path) -> float:
    """Read how many bytes of memory a control group may use; inf without a limit."""
    for name in ("memory.max", "memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            return int((group / name).read_text())
    return math.inf


def _hub_limit(name: str) -> float:
    """Read what JupyterHub grants (cores, or bytes); inf where it says nothing."""
    try:
        limit = float(os.environ[name])
    except (KeyError, ValueError):
        return math.inf
    return limit if limit > 0 else math.inf


class _Driver(threading.Thread):
    """Keeps an executor busy with pieces of runs, also while the caller looks at a result.

    So many runs are under way that every worker is busy, and no more: begun all at once, they
    would all end at the end.

    Attributes:
        ended: A run's number and how it ended, when it has; None after the last one, and what
            went wrong with the executor before that.
    """

    def __init__(self, executor: Executor, runs: Runs, epochs: int) -> None:
        """Begin nothing yet."""
        super().__init__(daemon=True)
        self.ended: queue.SimpleQueue[tuple[int, Result | Exception] | BaseException | None]
        self.ended = queue.SimpleQueue()
        self._executor = executor
        self._epochs = epochs
        self._waiting = deque(runs.items())
        self._changed = _find_changed()
        self._pending: dict[Future, tuple[int, float]] = {}  # which run, and since when
        self._back: queue.SimpleQueue[Future | None] = queue.SimpleQueue()
        self._refused: list[tuple[int, Exception]] = []
        self._window = getattr(executor, "_max_workers", 2) + 1  # the standard library's have it
        self._shortest = math.inf  # wait of a piece, in seconds: the way there and back
        self._at_once = 0  # pieces, one after the other, that found a free worker

    def run(self) -> None:
        """Train until every run has ended, or until `stop`."""
        try:
            self._fill()
            while self._pending and (future := self._back.get()) is not None:
                self._take(future)
                self._fill()
            for refused in self._refused:
                self.ended.put(refused)
        except BaseException as error:  # the caller is to see it, not this thread's log
            self.ended.put(error)
        finally:
            for future in self._pending:
                future.cancel()
            self.ended.put(None)

    def stop(self) -> None:
        """Let no further piece follow."""
        self._back.put(None)
        self.join(1)

    def _fill(self) -> None:
        """Begin as many runs as may be under way."""
        while self._waiting and len(self._pending) < self._window:
            n, state = self._waiting.popleft()
            try:
                if any((field, getattr(state, field)) in self._changed for field in TABLES):
                    state = pickle.dumps((Experiment(state), [], 0.0))
            except Exception as error:  # whatever a curve of the caller's own does
                self.ended.put((n, error))
            else:
                self._send(n, state)

    def _send(self, n: int, state: Settings | State | bytes) -> None:
        """Hand the next piece of a run to the executor."""
        unique = uuid.uuid4().hex  # dask takes equal calls for one
        since = time.perf_counter()
        try:
            future = self._executor.submit(_train, state, self._epochs, PIECE, _process(), unique)
        except BrokenExecutor as error:  # a worker has died since the piece before
            self._refused.append((n, error))
            return
        self._pending[future] = (n, since)
        future.add_done_callback(self._back.put)

    def _take(self, future: Future) -> None:
        """Take a piece back: send the next, or hand out how the run ended."""
        n, since = self._pending.pop(future)
        try:
            outcome, worked = future.result()
        except Exception as error:  # whatever it was, the other runs go on
            self.ended.put((n, error))
            return
        self._widen(time.perf_counter() - since - worked)
        if isinstance(outcome, Result):
            self.ended.put((n, outcome))
        else:
            self._send(n, outcome)

    def _widen(self, wait: float) -> None:
        """Let more runs be under way if all that are have found a free worker at once."""
        self._shortest = min(self._shortest, wait)
        self._at_once = self._at_once + 1 if wait < self._shortest + PATIENCE else 0
        if self._at_once >= self._window:
            self._window = math.ceil(1.5 * self._window)
            self._at_once = 0


def _train_all(
    executor: Executor, runs: Runs, epochs: int
) -> Iterator[tuple[int, Result | Exception]]:
    """Hand out the number of each run and how it ended, when it has; give up what is left."""
    driver = _Driver(executor, runs, epochs)
    driver.start()
    try:
        while True:
            try:
                outcome = driver.ended.get(timeout=0.5)
            except queue.Empty:  # a wait without end would hear no Ctrl-C on Windows
                continue
            if outcome is None:
                return
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome
    finally:
        driver.stop()


def _sweep_processes(runs: Runs, epochs: int, workers: int) -> Iterator[Result]:
    """Sweep in processes of our own; runs that one of them took along are tried again, alone."""
    context = multiprocessing.get_context("spawn")
    if sys.platform == "win32":
        workers = min(workers, WINDOWS_WORKERS)
    while runs:
        alone = len(runs) == 1
        workers = min(workers, len(runs))
        began = context.Value("b", lock=False)
        lost = []
        with ProcessPoolExecutor(workers, context, _begin, (began,)) as pool:
            for n, outcome in _train_all(pool, runs, epochs):
                if isinstance(outcome, BrokenProcessPool):
                    lost.append(n)
                else:
                    yield _result(runs.pop(n), outcome)
        if lost and not began.value:
            raise RuntimeError(
                "no process could start (what they said stands above); a script must call sweep "
                "under if __name__ == '__main__':"
            )
        for n in lost[:workers]:  # pieces are taken in order: only these can have been training
            if alone:
                yield Result(runs.pop(n), error="BrokenProcessPool: the process of this run died")
            else:
                yield from _sweep_processes({n: runs.pop(n)}, epochs, 1)


def _begin(began: ctypes.c_byte) -> None:
    """Say that a process works, and let it end with its caller's process, not by Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # terminals and Jupyter send it to all
    began.value = 1

    def watch() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _process() -> tuple[str, int]:
    """Name this process among those of all machines."""
    return platform.node(), os.getpid()


def _find_changed() -> set[tuple[str, str]]:
    """Find the names that mean something else here than in a new process: ("function", "mine")."""
    changed = set()
    for field, (module, table) in TABLES.items():
        spec = importlib.util.find_spec(module)
        fresh = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(fresh)  # beside the one that is in use
        theirs = getattr(fresh, table)
        for name, ours in getattr(sys.modules[module], table).items():
            if name not in theirs or _meaning(ours) != _meaning(theirs[name]):
                changed.add((field, name))
    return changed


def _meaning(value: object) -> object:
    """Take what two equal values share; of a function its code."""
    return getattr(value, "__code__", value)


def _train(
    state: Settings | State | bytes,
    epochs: int,
    seconds: float,
    caller: tuple[str, int],
    unique: str,
) -> tuple[Result | State | bytes, float]:
    """Begin a run or go on with it, for a while, wherever this is called.

    Args:
        state: The run's settings, or how far it has come: pickled, if another process is to go
            on. (Tensors that are not go there as memory that ends with either of the two.)
        epochs: Number of iterations of the whole run.
        seconds: How long to train, in seconds; one iteration at least.
        caller: What `_process` says where `sweep` was called.
        unique: Anything that no other call has.

    Returns:
        How the run ended, or its state if it has not; and the seconds that this took.
    """
    began = time.perf_counter()
    if caller != _process():  # a thread of the caller's process leaves its setting alone
        torch.set_num_threads(1)
    if isinstance(state, bytes):
        state = _load(state)
    experiment, curve, earlier = state if isinstance(state, tuple) else (None, [], 0.0)
    settings = experiment.settings if experiment else state
    every = _every(epochs)
    until = time.perf_counter() + seconds
    try:
        experiment = experiment or Experiment(settings)
        while experiment.iteration < epochs:
            number, loss, _ = experiment.advance()
            if curve and curve[-1][0] % every:  # the latest stood between those that stay
                del curve[-1]
            curve.append((number, loss))
            if time.perf_counter() > until:
                break
    except Diverged as caught:
        result = Result(settings, caught.loss, diverged=True)
    except Exception as caught:
        result = Result(settings, error=describe(caught))
    else:
        if experiment.iteration < epochs:
            state = experiment, curve, earlier + time.perf_counter() - began
            if caller != _process():
                state = pickle.dumps(state)
            return state, time.perf_counter() - began
        result = Result(settings, curve[-1][1])
    worked = time.perf_counter() - began
    return result._replace(curve=tuple(curve), seconds=earlier + worked), worked


def _load(state: bytes) -> State:
    """Take a run up where it was left."""
    try:
        return pickle.loads(state)
    except Exception as error:
        raise RuntimeError(
            f"a worker cannot read this run ({describe(error)}); put what it uses into a module "
            "that workers can import, or pass executor=ThreadPoolExecutor(1)"
        ) from error


def _every(epochs: int) -> int:
    """Choose of how many iterations a curve keeps one; it keeps the last besides."""
    return max(1, math.ceil((epochs - 1) / (MOST_POINTS - 1)))


def _result(settings: Settings, outcome: Result | Exception) -> Result:
    """Take what a run gave, or say why it gave nothing."""
    if isinstance(outcome, Result):
        return outcome
    return Result(settings, error=describe(outcome))
