"""Many settings, each trained from the start, on every core or on a cluster."""

import contextlib
import math
import multiprocessing
import os
import platform
import queue
import signal
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import NamedTuple

import torch

from helpers.experiment import Experiment, Settings
from helpers.training import Diverged

POINTS = 2000  # of a curve, at most
Runs = dict[int, Settings]
_stopped = threading.Event()  # set in a worker process of ours when its sweep is over


class Result(NamedTuple):
    """How one run of a sweep ended.

    Attributes:
        settings: What was trained.
        loss: The last iteration's, before its update; not finite if the run diverged or failed.
        curve: (iteration number, loss), finite, thinned with the first and the last kept.
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
    settings: Iterable[Settings], epochs: int, executor: Executor | None = None
) -> Iterator[Result]:
    """Train each of many settings from the start, and hand out every result when it is there.

    Nothing runs until you loop over it. A run that diverges or fails is a result too. Leave the
    loop or interrupt it, and the runs that are not done are given up.

    Args:
        settings: What to train with, one run each.
        epochs: Number of iterations of each run, at least 1.
        executor: Where to train, such as `dask.distributed.Client(...).get_executor()`; never
            shut down. None starts a process for each core and ends them all; a script must
            then call `sweep` under `if __name__ == "__main__":`.

    Yields:
        A `Result` for each run, in the order in which they end.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: No settings, or `epochs` is below 1.
        RuntimeError: No worker process could start.

    Shown in: 07_depth
    """
    runs = check_sweep(settings, epochs, executor)
    if executor is None:
        return _sweep_processes(runs, epochs)
    return (_result(runs[n], future) for n, future in _submit(executor, runs, epochs))


def check_sweep(settings: object, epochs: object, executor: object) -> Runs:
    """Refuse what `sweep` cannot use, in one line that names the value; number the runs."""
    if not isinstance(settings, Iterable):
        raise TypeError(f"settings must be an iterable of Settings, got {settings!r}")
    runs = dict(enumerate(settings))
    for n, run in runs.items():
        if not isinstance(run, Settings):
            raise TypeError(f"settings[{n}] must be a Settings, got {run!r}")
    if not runs:
        raise ValueError(f"settings must hold at least one Settings, got {settings!r}")
    if isinstance(epochs, bool) or not isinstance(epochs, int):
        raise TypeError(f"epochs must be an int of at least 1, got {epochs!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs}")
    if not isinstance(executor, Executor | None):
        raise TypeError(
            f"executor must be a concurrent.futures.Executor or None, got {executor!r} "
            "(of a dask Client, pass client.get_executor())"
        )
    return runs


def _submit(executor: Executor, runs: Runs, epochs: int) -> Iterator[tuple[int, Future]]:
    """Hand out the number and the future of each run when it is done; cancel what is left."""
    pending, done = {}, queue.SimpleQueue()
    try:
        for n, settings in runs.items():
            unique = uuid.uuid4().hex  # dask takes equal calls for one
            future = executor.submit(_train, settings, epochs, _process(), unique)
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


def _sweep_processes(runs: Runs, epochs: int) -> Iterator[Result]:
    """Sweep in processes of our own; runs that one of them took along are tried again, alone."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    context = multiprocessing.get_context("spawn")
    while runs:
        alone, workers = len(runs) == 1, min(cores or 1, len(runs), 61)  # 61: Windows' limit
        ours, theirs = context.Pipe()
        with theirs, ProcessPoolExecutor(workers, context, _begin, (theirs,)) as pool, ours:
            for n, future in _submit(pool, runs, epochs):
                if not isinstance(future.exception(), BrokenProcessPool):
                    yield _result(runs.pop(n), future)
            began = ours.poll()
        if not began:
            raise RuntimeError("no process could start; call sweep under if __name__ == '__main__'")
        for n in list(runs)[:workers]:  # runs start in order: only these can have been training
            if alone:
                yield Result(runs.pop(n), error="BrokenProcessPool: the process of this run died")
            else:
                yield from _sweep_processes({n: runs.pop(n)}, epochs)


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
    return platform.node(), os.getpid()


def _train(settings: Settings, epochs: int, caller: tuple[str, int], unique: str) -> Result:
    """Train one run, wherever this is called."""
    if caller != _process():  # a thread of the caller's process leaves its setting alone
        torch.set_num_threads(1)
    began, losses, loss, diverged, error = time.perf_counter(), [], math.nan, False, None
    try:
        experiment = Experiment(settings)
        while len(losses) < epochs and not _stopped.is_set():
            losses.append(experiment.advance().loss)
        loss = losses[-1]
    except Diverged as caught:
        loss, diverged = caught.loss, True
    except Exception as caught:
        error = _tell(caught)
    points = min(len(losses), POINTS)
    places = [n * (len(losses) - 1) // max(points - 1, 1) for n in range(points)]
    curve = tuple((n, losses[n]) for n in places)
    return Result(settings, loss, curve, time.perf_counter() - began, diverged, error)


def _result(settings: Settings, future: Future) -> Result:
    try:
        return future.result()
    except Exception as caught:  # whatever it was, the other runs go on
        return Result(settings, error=_tell(caught))


def _tell(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
