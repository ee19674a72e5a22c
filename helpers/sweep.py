"""Many settings, each trained from the start, on every core or on a cluster."""

import contextlib
import math
import multiprocessing
import os
import platform
import queue
import signal
import sys
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import torch

from helpers.experiment import Experiment, Settings, to_settings
from helpers.guards import show, to_whole
from helpers.plots import Curve
from helpers.training import Diverged

WORKER_MEMORY = 300 * 10**6  # bytes that a process takes with torch in it, measured
WINDOWS_WORKERS = 61  # the most that Windows lets one process wait for
Runs = dict[int, Settings]  # what is still to be trained, by its place in the caller's list
_stopped = threading.Event()  # set in a worker process of ours when its sweep is over


class Result(NamedTuple):
    """How one run of a sweep ended.

    Attributes:
        settings: What was trained.
        loss: The last iteration's, before its update; not finite if the run diverged or failed.
        curve: (iteration number, loss), finite, at most 2000 pairs, evenly thinned as by
            `helpers.training.Curve`, with the first and the last.
        seconds: How long it trained, in seconds; the wait for a free worker is not in it.
        diverged: Whether the loss stopped being finite.
        error: Any other reason why it ended early, in one line, or None.
    """

    settings: Settings
    loss: float = math.nan
    curve: tuple[tuple[int, float], ...] = ()
    seconds: float = math.nan
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
    loop or interrupt it, and the runs that are not done are given up.

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

    Shown in: 07_depth
    """
    runs = _number(settings)
    epochs = to_whole("epochs", epochs, low=1)
    if workers is not None:
        workers = to_whole("workers", workers, low=1)
    if executor is None:
        _check_script()
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
    return (_result(runs[n], future) for n, future in _submit(executor, runs, epochs))


def _number(settings: object) -> Runs:
    """Number the runs; refuse what is none."""
    if not isinstance(settings, Iterable):
        raise TypeError(f"settings must be an iterable of Settings, got {show(settings)}")
    runs = {n: to_settings(f"settings[{n}]", run) for n, run in enumerate(settings)}
    if not runs:
        raise ValueError(f"settings must hold at least one Settings, got {show(settings)}")
    return runs


def _check_script() -> None:
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
    memory = _hub_limit("MEM_LIMIT") / WORKER_MEMORY - 1  # this process needs as much as a worker
    return max(1, math.floor(min(cores, _cpu_quota(root), _hub_limit("CPU_LIMIT"), memory)))


def _cpu_quota(root: Path) -> float:
    """Read how many cores the container's processes may use together; inf without a limit."""
    groups = root / "sys" / "fs" / "cgroup"
    with contextlib.suppress(OSError, ValueError):  # no such file; "max", so no limit
        quota, period = (groups / "cpu.max").read_text().split()  # in microseconds
        return int(quota) / int(period)
    with contextlib.suppress(OSError, ValueError):  # control groups of version 1
        quota = int((groups / "cpu" / "cpu.cfs_quota_us").read_text())
        period = int((groups / "cpu" / "cpu.cfs_period_us").read_text())
        return quota / period if quota > 0 else math.inf
    return math.inf


def _hub_limit(name: str) -> float:
    """Read what JupyterHub grants (cores, or bytes); inf where it says nothing."""
    try:
        limit = float(os.environ[name])
    except (KeyError, ValueError):
        return math.inf
    return limit if limit > 0 else math.inf


def _submit(executor: Executor, runs: Runs, epochs: int) -> Iterator[tuple[int, Future]]:
    """Hand out the number and the future of each run when it is done; cancel what is left."""
    pending: dict[Future, int] = {}
    done: queue.SimpleQueue[Future] = queue.SimpleQueue()
    try:
        for n, settings in runs.items():
            unique = uuid.uuid4().hex  # dask takes equal calls for one
            try:
                future = executor.submit(_train, settings, epochs, _process(), unique)
            except BrokenExecutor as error:  # a worker has died since the first runs were submitted
                future = Future()
                future.set_exception(error)
            pending[future] = n
            future.add_done_callback(done.put)
        while pending:
            try:
                future = done.get(timeout=0.5)  # a wait without end hears no Ctrl-C on Windows
            except queue.Empty:
                continue
            yield pending.pop(future), future
    finally:
        for future in pending:
            future.cancel()


def _sweep_processes(runs: Runs, epochs: int, workers: int) -> Iterator[Result]:
    """Sweep in processes of our own; runs that one of them took along are tried again, alone."""
    context = multiprocessing.get_context("spawn")
    if sys.platform == "win32":
        workers = min(workers, WINDOWS_WORKERS)
    while runs:
        alone = len(runs) == 1
        workers = min(workers, len(runs))
        ours, theirs = context.Pipe()
        with theirs, ProcessPoolExecutor(workers, context, _begin, (theirs,)) as pool, ours:
            for n, future in _submit(pool, runs, epochs):
                if not isinstance(future.exception(), BrokenProcessPool):
                    yield _result(runs.pop(n), future)
            began = ours.poll()
        if not began:
            raise RuntimeError(
                "no process could start (what they said stands above); a script must call sweep "
                "under if __name__ == '__main__':"
            )
        for n in list(runs)[:workers]:  # runs start in order: only these can have been training
            if alone:
                yield Result(runs.pop(n), error="BrokenProcessPool: the process of this run died")
            else:
                yield from _sweep_processes({n: runs.pop(n)}, epochs, 1)


def _begin(caller: Connection) -> None:
    """Say that a process works, and let it end with its sweep or its caller, not by Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # terminals and Jupyter send it to all
    with contextlib.suppress(OSError):  # the caller has left already
        caller.send_bytes(b"began")

    def watch() -> None:
        with contextlib.suppress(EOFError, OSError):
            caller.recv_bytes()  # nothing ever comes: the other end is closed, or its process died
        _stopped.set()
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _process() -> tuple[str, int]:
    """Name this process among those of all machines."""
    return platform.node(), os.getpid()


def _train(settings: Settings, epochs: int, caller: tuple[str, int], unique: str) -> Result:
    """Train one run, wherever this is called."""
    if caller != _process():  # a thread of the caller's process leaves its setting alone
        torch.set_num_threads(1)
    began = time.perf_counter()
    curve = Curve()
    loss = math.nan
    diverged = False
    error = None
    try:
        experiment = Experiment(settings)
        while experiment.iteration < epochs and not _stopped.is_set():
            iteration = experiment.advance()
            curve.record(iteration.number, iteration.loss)
        loss = curve.losses[-1]
    except Diverged as caught:
        loss = caught.loss
        diverged = True
    except Exception as caught:
        error = _tell(caught)
    points = tuple(zip(curve.iterations, curve.losses, strict=True))
    return Result(settings, loss, points, time.perf_counter() - began, diverged, error)


def _result(settings: Settings, future: Future) -> Result:
    """Take what a run gave, or say why it gave nothing."""
    try:
        return future.result()
    except Exception as caught:  # whatever it was, the other runs go on
        return Result(settings, error=_tell(caught))


def _tell(error: Exception) -> str:
    """Name an error's type and what it says, in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
