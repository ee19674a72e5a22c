"""A sweep gives what its runs give alone, each once, whatever happens to them or around them."""

import contextlib
import functools
import importlib.util
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import psutil
import pytest
import torch
from distributed import Client
from processors import on_path
from torch import nn, optim

from helpers.data import FUNCTIONS, get_fake_data
from helpers.experiment import ACTIVATIONS, OPTIMIZERS, Experiment, Settings, make_net
from helpers.sweep import MOST_POINTS, Result, _Driver, _every, allowed_workers, sweep
from helpers.training import train

SMALL = Settings(cfg=(1, 8, 6, 1))
DIVERGING = replace(SMALL, lr=1e20)
LATE = Settings(cfg=(1, 1), lr=0.0302)  # a straight line that diverges after 2500 iterations
TOO_LARGE = Settings(cfg=(1, 10**5, 10**13, 1))  # more bytes than can be addressed
ENDLESS = 10**9  # epochs of a run that never ends
VARIOUS = [
    Settings(),
    Settings(lr=1e-3, optimizer="Adam", activation="Tanh", seed=3),
    Settings(cfg=(1, 20, 50, 100, 50, 20, 1), lr=1e-2, function="chirp"),
    replace(SMALL, optimizer="SGD with momentum", lr=1e-3, noise=0.2, seed=5),
    SMALL,
    SMALL,
]
EPOCHS = 60  # of each of the various runs
ROOT = str(Path(__file__).parents[1])
LONG_WAIT = 120  # seconds after which something hangs, however busy the machine is
posix = pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")


class Deadly(Settings):
    """Settings that end the process which receives them, as one that runs out of memory does."""

    def __reduce__(self):
        return os._exit, (1,)


class Unreadable(Settings):
    """Settings that no process can receive."""

    def __reduce__(self):
        return int, ("not\na number",)


@functools.cache
def alone(settings, epochs):
    """What `train` gives, without any of the helpers that a sweep uses."""
    x, y = get_fake_data(function=settings.function, noise=settings.noise, seed=settings.seed)
    net = make_net(settings)
    plain = {"SGD": (optim.SGD, {}), "Adam": (optim.Adam, {})}
    plain["SGD with momentum"] = (optim.SGD, {"momentum": 0.9})
    kind, extra = plain[settings.optimizer]
    optimizer = kind(net.parameters(), lr=settings.lr, **extra)
    curve = tuple((i.number, i.loss) for i in train(net, x, y, nn.MSELoss(), optimizer, epochs))
    return Result(settings, curve[-1][1], curve)


def told(results):
    """The results without what differs from one time to another, in an order of their own."""
    assert all(result.seconds > 0 for result in results)
    return sorted(repr(result._replace(seconds=0)) for result in results)


def expected(settings, epochs):
    return told([alone(one, epochs)._replace(seconds=1) for one in settings])


def seeds(count):
    """Different runs that are soon over."""
    return [replace(SMALL, seed=seed, lr=1e-3) for seed in range(count)]


def running(pids):
    """Which of these processes still run; one that ended may wait for its parent to notice."""
    alive = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                alive.append(pid)
    return alive


def wait_for(condition):
    until = time.monotonic() + LONG_WAIT
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def warm_starts(monkeypatch):
    """Processes that begin as copies of one that has imported torch, where that can be done.

    It saves seconds for each. The programs below start fresh ones, as a sweep does.
    """
    if sys.platform == "linux":
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["helpers.sweep", "torch._dynamo"])  # for its optimizers
        monkeypatch.setattr(multiprocessing, "get_context", {"spawn": context}.__getitem__)


# Results


def test_results_are_those_of_the_runs_alone_to_the_bit_each_once(warm_starts):
    results, alive = [], set()
    for result in sweep([*VARIOUS, DIVERGING, TOO_LARGE], EPOCHS, workers=2):
        assert isinstance(result, Result)
        results.append(result)
        alive.add(len(multiprocessing.active_children()))
    assert alive == {2}
    assert not multiprocessing.active_children()
    (diverged,) = [result for result in results if result.settings == DIVERGING]
    (failed,) = [result for result in results if result.settings == TOO_LARGE]
    results.remove(diverged)
    results.remove(failed)
    assert told(results) == expected(VARIOUS, EPOCHS)

    experiment, losses = Experiment(DIVERGING), []
    with contextlib.suppress(FloatingPointError):
        while True:
            losses.append(experiment.advance().loss)
    assert diverged.diverged
    assert not math.isfinite(diverged.loss)
    assert diverged.curve == tuple(enumerate(losses))
    assert diverged.error is None

    assert failed.error.startswith("RuntimeError: ")
    assert "memory" in failed.error
    assert "\n" not in failed.error
    assert math.isnan(failed.loss)
    assert (failed.curve, failed.diverged) == ((), False)


def test_any_iterable_of_settings_and_any_executor_give_the_same():
    with ThreadPoolExecutor(3) as pool:
        results = list(sweep(iter(VARIOUS[::-1]), np.int64(EPOCHS), pool))
    assert told(results) == expected(VARIOUS, EPOCHS)


def test_results_come_in_the_order_in_which_they_end():
    with ThreadPoolExecutor(2) as pool:
        results = list(sweep([Settings(), DIVERGING], 500, pool))
    assert [result.settings for result in results] == [DIVERGING, Settings()]


def test_seconds_are_those_of_training_and_not_of_waiting():
    with ThreadPoolExecutor(1) as pool:
        began = time.perf_counter()
        results = list(sweep([SMALL] * 5, 300, pool))
        took = time.perf_counter() - began
    assert 0.5 * took < sum(result.seconds for result in results) < took


def test_nothing_runs_until_the_results_are_asked_for():
    with ThreadPoolExecutor(1) as pool:
        sweep([SMALL], 1, pool)
        assert not pool._threads
    sweep([SMALL], 1)
    assert not multiprocessing.active_children()


def test_a_run_that_fails_midway_keeps_its_curve(monkeypatch):
    advance = Experiment.advance

    def fail(self):
        if self.iteration == 7:
            raise MemoryError
        return advance(self)

    monkeypatch.setattr(Experiment, "advance", fail)
    with ThreadPoolExecutor(1) as pool:
        (result,) = sweep([SMALL], 50, pool)
    assert (result.error, result.diverged) == ("MemoryError", False)
    assert math.isnan(result.loss)
    assert [number for number, _ in result.curve] == list(range(7))


@pytest.mark.parametrize(
    ("epochs", "kept"), [(1, [0]), (2000, range(2000)), (2002, [*range(0, 2001, 2), 2001])]
)
def test_a_curve_is_thinned(epochs, kept):
    settings = Settings(cfg=(1, 1), lr=1e-3)
    whole = alone(settings, epochs).curve
    with ThreadPoolExecutor(1) as pool:
        (result,) = sweep([settings], epochs, pool)
    assert result.curve == tuple(whole[number] for number in kept)
    assert result.loss == whole[-1][1]


@pytest.mark.parametrize("epochs", [1, 2, 1999, 2000, 2001, 3999, 4000, 5000, 5998, 6000, 10**6])
def test_a_curve_keeps_as_many_points_as_it_may_and_no_more(epochs):
    def kept(every):
        return len({*range(0, epochs, every), epochs - 1})

    every = _every(epochs)
    assert kept(every) <= MOST_POINTS
    assert every == 1 or kept(every - 1) > MOST_POINTS


def test_a_run_that_diverges_late_keeps_its_last_point():
    with ThreadPoolExecutor(1) as pool:
        (result,) = sweep([LATE], ENDLESS, pool)
    assert result.diverged
    (first, _), (last, loss) = result.curve
    assert first == 0
    assert last > 2000
    assert math.isfinite(loss)


# Arguments


def test_settings_from_before_their_module_was_loaded_again():
    spec = importlib.util.find_spec("helpers.experiment")
    earlier = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(earlier)
    settings = earlier.Settings(cfg=SMALL.cfg)
    assert not isinstance(settings, Settings)
    with ThreadPoolExecutor(1) as pool:
        (result,) = sweep([settings], 3, pool)
    assert told([result]) == expected([SMALL], 3)


def refused(error, message, *arguments, **more):
    return pytest.param(arguments, more, error, message, id=message[:50])


@pytest.mark.parametrize(
    ("arguments", "more", "error", "message"),
    [
        refused(TypeError, r"settings must be an iterable of Settings, got Settings\(", SMALL, 1),
        refused(TypeError, r"settings\[1\] must be a Settings, got \(1, 8\)", [SMALL, (1, 8)], 1),
        refused(ValueError, r"settings must hold at least one Settings, got \[\]", [], 1),
        refused(ValueError, "epochs must be at least 1, got 0", [SMALL], 0),
        refused(TypeError, "epochs must be a whole number of at least 1, got True", [SMALL], True),
        refused(TypeError, "epochs must be a whole number of at least 1, got 5.0", [SMALL], 5.0),
        refused(TypeError, r"executor must be .*got 4 .*get_executor\(\)", [SMALL], 1, 4),
        refused(TypeError, "executor must be .*got <class", [SMALL], 1, ThreadPoolExecutor),
        refused(ValueError, "workers must be at least 1, got 0", [SMALL], 1, workers=0),
        refused(ValueError, "workers must be at least 1, got -2", [SMALL], 1, workers=-2),
        refused(TypeError, "workers must be a whole number.*got True", [SMALL], 1, workers=True),
        refused(TypeError, "workers must be a whole number.*got 2.5", [SMALL], 1, workers=2.5),
        refused(TypeError, "workers must be a whole number.*got '2'", [SMALL], 1, workers="2"),
    ],
)
def test_bad_arguments_are_refused_at_the_call(arguments, more, error, message):
    with pytest.raises(error, match=message) as caught:
        sweep(*arguments, **more)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("by_name", [False, True])
def test_a_main_module_without_a_file_must_be_found_by_its_name(monkeypatch, by_name):
    main = ModuleType("__main__")
    main.__file__ = "program.zip/__main__.py"
    main.__spec__ = ModuleSpec("__main__", None) if by_name else None
    monkeypatch.setitem(sys.modules, "__main__", main)
    if by_name:
        sweep([SMALL], 1)
    else:
        with pytest.raises(RuntimeError, match=r"program\.zip/__main__\.py is no file"):
            sweep([SMALL], 1)


def test_an_executor_has_workers_of_its_own():
    with (
        ThreadPoolExecutor(1) as pool,
        pytest.raises(ValueError, match=r"workers must be None .* 2"),
    ):
        sweep([SMALL], 1, pool, workers=2)


class Asked(Exception):
    """Carries the number of processes that a pool was asked for."""


class Counter:
    """A pool that is never made."""

    def __init__(self, workers, *rest):
        raise Asked(workers)


@pytest.mark.parametrize(
    ("system", "runs", "workers", "taken"),
    [
        ("linux", 100, 100, 100),
        ("linux", 3, 100, 3),
        ("linux", 3, np.int64(2), 2),
        ("linux", 100, None, 7),
        ("linux", 3, None, 3),
        ("win32", 100, 100, 61),
        ("win32", 3, 100, 3),
    ],
)
def test_as_many_processes_as_asked_for_and_no_more_than_runs(
    monkeypatch, system, runs, workers, taken
):
    monkeypatch.setattr("helpers.sweep.allowed_workers", lambda: 7)
    monkeypatch.setattr("helpers.sweep.ProcessPoolExecutor", Counter)
    monkeypatch.setattr("helpers.sweep.sys", SimpleNamespace(platform=system, modules=sys.modules))
    with pytest.raises(Asked) as caught:
        next(sweep([SMALL] * runs, 1, workers=workers))
    assert caught.value.args == (taken,)


GIB = str(2**30)
OWN = "proc/self/cgroup"


def v2(path, limits):
    """A system with control groups of version 2, and this process in one of them."""
    return {OWN: f"0::{path}\n"} | {f"sys/fs/cgroup{name}": text for name, text in limits.items()}


def v1(folder, path, quota, period="100000", at=None):
    """One with version 1; limits stand at the process's own group, or at another one."""
    place = f"sys/fs/cgroup/{folder}{path if at is None else at}"
    lines = f"9:name=systemd:/\n4:{folder}:{path}\n0::/\n"
    return {
        OWN: lines,
        f"{place}/cpu.cfs_quota_us": f"{quota}\n",
        f"{place}/cpu.cfs_period_us": f"{period}\n",
    }


def v1_memory(path, size):
    return {OWN: f"2:memory:{path}\n", f"sys/fs/cgroup/memory{path}/memory.limit_in_bytes": size}


JOB = "/system.slice/job_1/step_0"  # a systemd's or Slurm's


@pytest.mark.parametrize(
    ("variables", "files", "cores", "count"),
    [
        ({}, {}, 8, 8),
        ({}, {}, 1, 1),
        ({"CPU_LIMIT": "2.0"}, {}, 8, 2),
        ({"CPU_LIMIT": "3.9"}, {}, 8, 3),
        ({"CPU_LIMIT": "0.5"}, {}, 8, 1),
        ({"CPU_LIMIT": "16"}, {}, 8, 8),
        ({"CPU_LIMIT": ""}, {}, 8, 8),
        ({"CPU_LIMIT": "None"}, {}, 8, 8),
        ({"CPU_LIMIT": "nan"}, {}, 8, 8),
        ({"CPU_LIMIT": "0"}, {}, 8, 8),
        ({"CPU_LIMIT": "-1"}, {}, 8, 8),
        ({"MEM_LIMIT": GIB}, {}, 8, 2),  # this process and two workers of 300 MB
        ({"MEM_LIMIT": "1"}, {}, 8, 1),
        ({"MEM_LIMIT": "1G"}, {}, 8, 8),
        ({"MEM_LIMIT": GIB, "CPU_LIMIT": "4"}, {}, 8, 2),
        ({}, v2("/", {"/cpu.max": "max 100000\n"}), 8, 8),
        ({}, v2("/", {"/cpu.max": "300000 100000\n"}), 8, 3),
        ({}, v2("/", {"/cpu.max": "50000 100000\n"}), 8, 1),
        ({}, v2("/", {"/cpu.max": "100000 50000\n"}), 8, 2),
        ({}, v2("/", {"/cpu.max": "rubbish\n"}), 8, 8),
        ({}, v2("/", {"/memory.max": "max\n"}), 8, 8),
        ({}, v2("/", {"/memory.max": GIB}), 8, 2),
        ({"CPU_LIMIT": "2"}, v2("/", {"/cpu.max": "300000 100000\n"}), 8, 2),
        ({"MEM_LIMIT": GIB}, v2("/", {"/memory.max": "2000000000\n"}), 8, 2),
        ({}, v2(JOB, {f"{JOB}/cpu.max": "300000 100000\n"}), 8, 3),
        ({}, v2(JOB, {f"{JOB}/memory.max": GIB}), 8, 2),
        ({}, v2(JOB, {"/system.slice/cpu.max": "300000 100000\n"}), 8, 3),  # of a folder above
        ({}, v2(JOB, {"/system.slice/job_1/memory.max": GIB}), 8, 2),
        ({}, v2(JOB, {"/cpu.max": "500000 100000", f"{JOB}/cpu.max": "300000 100000"}), 8, 3),
        ({}, v2(JOB, {"/cpu.max": "300000 100000", f"{JOB}/cpu.max": "500000 100000"}), 8, 3),
        ({}, v2(JOB, {f"{JOB}/cpu.max": "300000 100000", "/memory.max": GIB}), 8, 2),
        ({}, v2("/other", {f"{JOB}/cpu.max": "300000 100000\n"}), 8, 8),  # another's
        ({}, v2("/../..", {"/cpu.max": "300000 100000\n"}), 8, 3),
        ({}, v2("/../a", {"/cpu.max": "300000 100000", "/a/cpu.max": "100000 100000"}), 8, 3),
        ({}, v2("/a..b", {"/a..b/cpu.max": "300000 100000\n"}), 8, 3),
        ({}, v2(JOB, {f"/unified{JOB}/cpu.max": "300000 100000\n"}), 8, 3),  # hybrid
        ({}, v1("cpu", JOB, "-1"), 8, 8),
        ({}, v1("cpu", JOB, "250000", "50000"), 8, 5),
        ({}, v1("cpu", JOB, "300000", at="/system.slice"), 8, 3),
        ({}, v1("cpu", JOB, "300000", at=""), 8, 3),  # a container sees its own group as the root
        ({}, v1("cpu,cpuacct", JOB, "300000"), 8, 3),
        ({}, v1("cpu", JOB, "300000") | {OWN: f"4:cpuacct,cpu:{JOB}\n"}, 8, 3),
        ({}, v1("cpu", JOB, "300000", "rubbish"), 8, 8),
        ({}, v1("cpu", JOB, "300000", at="/other"), 8, 8),
        ({}, v1_memory(JOB, GIB), 8, 2),
        ({}, v1_memory("/", GIB), 8, 2),
        ({}, v1_memory(JOB, "9223372036854771712\n"), 8, 8),  # no limit
        ({}, {"sys/fs/cgroup/cpu.max": "300000 100000\n"}, 8, 8),  # a system without /proc
    ],
)
def test_processes_that_machine_container_and_hub_allow(
    monkeypatch, tmp_path, variables, files, cores, count
):
    for name in ("CPU_LIMIT", "MEM_LIMIT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)), raising=False)
    assert allowed_workers(tmp_path) == count


@pytest.mark.parametrize(("counted", "allowed"), [(5, 5), (None, 1)])
def test_a_system_that_does_not_tell_which_cores(monkeypatch, tmp_path, counted, allowed):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: counted)
    assert allowed_workers(tmp_path) == allowed


# Executors of the caller's


class Recording(ThreadPoolExecutor):
    def __init__(self, workers):
        super().__init__(workers)
        self.futures = []

    def submit(self, *arguments):
        self.futures.append(super().submit(*arguments))
        return self.futures[-1]


@pytest.fixture
def tiny_pieces(monkeypatch):
    """Runs that go to the executor one iteration at a time, wherever that is."""
    monkeypatch.setattr("helpers.sweep.PIECE", 0.0)


def test_runs_in_pieces_give_the_same_to_the_bit_and_threads_pickle_nothing(
    monkeypatch, tiny_pieces
):
    monkeypatch.setattr("helpers.sweep.pickle", None)
    with Recording(2) as pool:
        results = list(sweep([*VARIOUS, DIVERGING], EPOCHS, pool))
    assert len(pool.futures) > EPOCHS * len(VARIOUS)
    (diverged,) = [result for result in results if result.diverged]
    results.remove(diverged)
    assert len(diverged.curve) == 1  # from the piece before that in which it diverged
    assert told(results) == expected(VARIOUS, EPOCHS)


def test_the_seconds_of_a_runs_pieces_are_added(tiny_pieces):
    with ThreadPoolExecutor(1) as pool:
        began = time.perf_counter()
        (result,) = sweep([SMALL], 300, pool)
        took = time.perf_counter() - began
    assert 0.2 * took < result.seconds < took


def leave(results, how):
    """Take the first result and leave the loop over them."""
    for result in results:
        assert result.diverged
        if how == "break":
            break
        if how == "error":
            raise KeyboardInterrupt
        results.close()


@pytest.mark.parametrize("kind", ["threads", "processes"])
@pytest.mark.parametrize("how", ["break", "error", "close"])
def test_runs_on_a_given_executor_end_when_their_loop_is_left(kind, how, warm_starts):
    context = multiprocessing.get_context("spawn")
    make = {
        "threads": lambda: ThreadPoolExecutor(2),
        "processes": lambda: ProcessPoolExecutor(2, context),
    }
    with make[kind]() as pool:
        settings = [DIVERGING, *[replace(SMALL, lr=1e-3)] * 6]
        with contextlib.suppress(KeyboardInterrupt):
            leave(sweep(settings, ENDLESS, pool), how)
        left = time.monotonic()
        assert pool.submit(abs, -1).result(LONG_WAIT) == 1  # it is left open
    assert time.monotonic() - left < 15  # nothing is left in it; on a machine however busy


class Still(Executor):
    """An executor that never works: what it was given is done when a test says so."""

    def __init__(self):
        self.futures = []

    def submit(self, *arguments):
        self.futures.append(Future())
        return self.futures[-1]


def test_what_waits_for_a_worker_when_the_loop_is_left_is_cancelled_and_nothing_follows():
    pool = Still()
    results = sweep(seeds(6), ENDLESS, pool)
    pool.submit = functools.partial(finish_first, pool, pool.submit)
    assert next(results).loss == 5.0
    results.close()
    first, *others = pool.futures
    assert first.result()
    assert len(others) == 3
    assert all(future.cancelled() for future in others)


def finish_first(pool, submit, *arguments):
    """Submit, and let the first of all end at once."""
    future = submit(*arguments)
    if len(pool.futures) == 1:
        future.set_result((Result(SMALL, 5.0), 0.0))
    return future


@pytest.mark.parametrize(
    ("workers", "way", "least", "most"),
    [(1, 0, 2, 3), (2, 0, 3, 3), (2, 0.5, 3, 3), (8, 0, 9, 14), (64, 0, 65, 100), (64, 2, 65, 100)],
)
def test_so_many_runs_are_under_way_that_each_worker_is_soon_busy(
    monkeypatch, workers, way, least, most
):
    clock = [0.0]
    monkeypatch.setattr("helpers.sweep.time", SimpleNamespace(perf_counter=lambda: clock[0]))
    pool = Still()
    driver = _Driver(pool, dict(enumerate(seeds(150))), ENDLESS)
    driver._fill()
    under_way = pool.futures
    for _ in range(12):  # seconds, each of which is a piece for as many as there are workers
        done = under_way[:workers]
        clock[0] += 1 + way
        for future in done:
            under_way.remove(future)
            future.set_result((b"how far it has come", 1.0))
            driver._take(future)
            driver._fill()
    assert least <= len(under_way) <= most


def test_the_librarys_pools_are_filled_at_once():
    with ThreadPoolExecutor(20) as pool:
        driver = _Driver(pool, dict(enumerate(seeds(30))), 1)
        driver._fill()
        assert len(driver._pending) == 21
        assert [settings.seed for _, settings in driver._waiting] == list(range(21, 30))


def test_runs_go_on_while_the_caller_looks_at_a_result(tiny_pieces):
    ends = []

    class Ending(Recording):
        def submit(self, *arguments):
            future = super().submit(*arguments)
            future.add_done_callback(self.note)
            return future

        def note(self, future):
            ends.append(isinstance(future.result()[0], Result))

    with Ending(1) as pool:
        results = sweep(seeds(5), 20, pool)
        next(results)
        wait_for(lambda: sum(ends) == 5)
        assert len(list(results)) == 4


class Breaking(Recording):
    """An executor that loses its workers when two runs are submitted."""

    def submit(self, *arguments):
        if len(self.futures) == 2:
            raise BrokenExecutor("its workers are gone\nframe #0")
        return super().submit(*arguments)


def test_a_given_executor_that_breaks_while_runs_are_submitted_still_gives_every_result():
    with Breaking(1) as pool:
        results = list(sweep(seeds(4), 20, pool))
    assert sorted(result.settings.seed for result in results) == [0, 1, 2, 3]
    done = [result for result in results if result.error is None]
    assert told(done) == expected(seeds(2), 20)
    lost = [result.error for result in results if result.error is not None]
    assert lost == ["BrokenExecutor: its workers are gone"] * 2


def test_an_executor_that_is_shut_down_is_an_error_of_the_loop():
    with ThreadPoolExecutor(1) as pool:
        pass
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        next(sweep([SMALL], 1, pool))


def test_processes_get_one_thread_and_the_caller_keeps_its_own(warm_starts):
    context = multiprocessing.get_context("spawn")
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        with ThreadPoolExecutor(1) as pool:
            list(sweep([SMALL], 5, pool))
            threads = pool.submit(torch.get_num_threads).result()
        seen = [threads, torch.get_num_threads()]
        with ProcessPoolExecutor(1, context) as pool:
            pool.submit(torch.set_num_threads, 2).result()
            seen.append(pool.submit(torch.get_num_threads).result())
            list(sweep([SMALL], 5, pool))
            seen.append(pool.submit(torch.get_num_threads).result())
    finally:
        torch.set_num_threads(before)
    assert seen == [2, 2, 2, 1]


# What a notebook adds to the names that helpers know


def test_curves_and_optimizers_of_a_notebooks_own_reach_every_process(monkeypatch, warm_starts):
    monkeypatch.setitem(FUNCTIONS, "mine", lambda x: torch.cos(x) / 3)
    monkeypatch.setitem(FUNCTIONS, "sine", lambda x: torch.sin(x) / 2)
    monkeypatch.setitem(OPTIMIZERS, "SGD", ("SGD", {"momentum": 0.5}))
    monkeypatch.setitem(ACTIVATIONS, "soft", "Softplus")
    settings = [
        replace(SMALL, function="mine", noise=0.1),
        replace(SMALL, function="sine", optimizer="Adam", lr=1e-3),
        replace(SMALL, function="chirp", optimizer="SGD"),
        replace(SMALL, function="chirp", optimizer="Adam", activation="soft"),
    ]
    wanted = {}
    for one in settings:
        experiment = Experiment(one)
        wanted[one] = tuple((i.number, i.loss) for i in (experiment.advance() for _ in range(20)))
    assert {result.settings: result.curve for result in sweep(settings, 20)} == wanted


def test_a_curve_of_a_notebooks_own_that_fails_is_a_result(monkeypatch, warm_starts):
    monkeypatch.setitem(FUNCTIONS, "mine", lambda x: x[:3])
    (result,) = sweep([replace(SMALL, function="mine")], 5)
    assert result.error.startswith("ValueError: function must return one y for each x")


class Unshared(nn.ReLU):
    """An activation that another process does not find."""


def test_what_a_process_cannot_read_is_told_in_a_sentence(monkeypatch, warm_starts):
    monkeypatch.setattr(nn, "Unshared", Unshared, raising=False)
    monkeypatch.setitem(ACTIVATIONS, "mine", "Unshared")
    monkeypatch.setattr(Unshared, "__module__", "torch.nn")
    results = {one.settings: one for one in sweep([replace(SMALL, activation="mine"), SMALL], 5)}
    error = results.pop(replace(SMALL, activation="mine")).error
    assert "a worker cannot read this run (AttributeError: " in error
    assert error.endswith("or pass executor=ThreadPoolExecutor(1)")
    assert "\n" not in error
    assert told(results.values()) == expected([SMALL], 5)


# Processes of the sweep's own


def test_leaving_the_loop_ends_its_process_soon(monkeypatch, warm_starts):
    monkeypatch.setenv("CPU_LIMIT", "1")
    for result in sweep([DIVERGING, *[SMALL] * 20], 10**5):  # half a minute each
        assert result.diverged
        (worker,) = multiprocessing.active_children()
        left = time.monotonic()
        break
    assert time.monotonic() - left < 15
    assert not worker.is_alive()


@posix
def test_a_run_that_a_killed_process_takes_along_is_tried_again(warm_starts):
    results = []
    for result in sweep([DIVERGING, SMALL], 500, workers=1):
        if not results:
            os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
        results.append(result)
    assert results[0].diverged
    assert told(results[1:]) == expected([SMALL], 500)
    assert not multiprocessing.active_children()


class Noted(ProcessPoolExecutor):
    """A pool whose number is kept; the first of all waits until its first run has broken it."""

    made: list["Noted"]

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.made.append(self)
        self.first = None

    def submit(self, *arguments):
        if len(self.made) == 1 and self.first is not None:
            assert isinstance(self.first.exception(), BrokenProcessPool)
        future = super().submit(*arguments)
        self.first = self.first or future
        return future


def test_a_run_that_kills_its_process_is_a_result_and_the_others_go_on_together(
    monkeypatch, warm_starts
):
    monkeypatch.setattr(Noted, "made", [], raising=False)
    monkeypatch.setattr("helpers.sweep.ProcessPoolExecutor", Noted)
    results = list(sweep([Deadly(), *seeds(2)], 20, workers=1))
    assert len(Noted.made) == 3  # the one that broke, one for what ran in it, one for the others
    assert isinstance(results[0].settings, Deadly)
    assert results[0].error == "BrokenProcessPool: the process of this run died"
    assert math.isnan(results[0].loss)
    assert told(results[1:]) == expected(seeds(2), 20)


# Programs that sweep


@contextlib.contextmanager
def run_script(folder, text, *options):
    """Start a program that stands in a file; all it starts is in one group."""
    path = folder / "script.py"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, path, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=on_path(ROOT),
        start_new_session=True,
    ) as script:
        try:
            yield script
        finally:
            script.kill()


SWEEP_TWICE = f"""
    import multiprocessing, os, signal
    from helpers.experiment import Settings
    from helpers.sweep import sweep

    def main():
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored after "&" in a script
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])
        for _ in range(2):
            kept = []
            try:
                for result in sweep([{DIVERGING!r}, {LATE!r}, *[Settings()] * 4], {ENDLESS}):
                    kept.append(result)
                    print(*[child.pid for child in multiprocessing.active_children()], flush=True)
            except KeyboardInterrupt:
                print(len(kept), kept[-1].error, multiprocessing.active_children(), flush=True)

    if __name__ == "__main__":
        main()
"""


def read_pids(script):
    return [int(pid) for pid in script.stdout.readline().split()]


@pytest.mark.weekly
@posix
def test_an_interrupt_keeps_what_is_done_and_no_process_outlives_its_sweep_or_its_caller(tmp_path):
    with run_script(tmp_path, SWEEP_TWICE) as script:
        workers = read_pids(script)
        for pid in workers:
            os.kill(pid, signal.SIGINT)  # to them alone it means nothing: the next result comes
        assert read_pids(script) == workers
        os.killpg(script.pid, signal.SIGINT)  # what a terminal and Jupyter do
        assert script.stdout.readline() == "2 None []\n"
        assert not running(workers)
        if hasattr(os, "sched_setaffinity"):
            assert len(workers) == 1  # no more than the cores it may use

        workers = read_pids(script)  # of the second sweep
        assert workers
        assert running(workers) == workers
        script.kill()
        wait_for(lambda: not running(workers))
        assert "Traceback" not in script.stderr.read()


CALL = f"""
from helpers.experiment import Settings
from helpers.sweep import sweep
print([result.loss for result in sweep([{SMALL!r}] * 2, 3, workers=1)])
"""


def start(*command, stdin=subprocess.DEVNULL):
    return subprocess.Popen(
        [sys.executable, *command],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=on_path(ROOT) | {"PYTHON_BASIC_REPL": "1"},
    )


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The same two runs called from everywhere, all started at once."""
    script = tmp_path_factory.mktemp("scripts") / "without_guard.py"
    script.write_text(CALL, encoding="utf-8")
    with contextlib.ExitStack() as stack:
        started = {"script": start(script)}
        with open(script, encoding="utf-8") as text:
            started["stdin"] = start("-", stdin=text)
        if os.name == "posix":
            ours, theirs = os.openpty()
            stack.callback(os.close, ours)
            started["-c"] = start("-i", "-c", CALL, stdin=theirs)  # and a prompt follows
            os.close(theirs)
            os.write(ours, f"{CALL}\nexit()\n".encode())
        else:
            started["-c"] = start("-c", CALL)
        for process in started.values():
            stack.enter_context(process)
            stack.callback(process.kill)
        yield started


@pytest.mark.weekly
def test_neither_a_command_nor_a_prompt_needs_a_script(programs):
    out, err = programs["-c"].communicate(timeout=LONG_WAIT)
    assert programs["-c"].returncode == 0, err
    losses = [alone(SMALL, 3).loss] * 2
    assert out == f"{losses}\n" * (2 if os.name == "posix" else 1)


def test_a_program_that_no_process_can_read_is_told_so(programs):
    out, err = programs["stdin"].communicate(timeout=LONG_WAIT)
    assert (programs["stdin"].returncode, out) == (1, "")
    assert err.splitlines()[-1] == (
        "RuntimeError: a sweep's processes read the script that calls it, and <stdin> is no file: "
        "save the program in a file and run that, or pass executor=ThreadPoolExecutor(1)"
    )


def test_a_script_without_its_guard_is_told_so(programs):
    out, err = programs["script"].communicate(timeout=LONG_WAIT)
    assert (programs["script"].returncode, out) == (1, "")
    assert err.splitlines()[-1] == (
        "RuntimeError: no process could start (what they said stands above); a script must call "
        "sweep under if __name__ == '__main__':"
    )


# A cluster of dask's


class Cluster:
    """A scheduler and two workers, each a process on this machine."""

    def __init__(self, folder):
        self.folder, self.file = folder, folder / "scheduler.json"
        self.scheduler = self.start("scheduler", "--port", "0", "--no-show")
        wait_for(self.file.exists)
        self.workers = {
            name: self.start("worker", "--name", name, "--nthreads", "1", "--no-nanny")
            for name in ("one", "two")
        }

    def start(self, kind, *options):
        common = ["--scheduler-file", self.file, "--host", "127.0.0.1", "--no-dashboard"]
        with open(self.folder / f"{kind}.log", "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{kind}", *common, *options],
                cwd=self.folder,
                env=on_path(str(Path(__file__).parent), ROOT),
                stdout=log,
                stderr=log,
            )

    def close(self):
        for process in (*self.workers.values(), self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        yield cluster
    finally:
        cluster.close()


@pytest.fixture(scope="module")
def client(cluster):
    with Client(scheduler_file=str(cluster.file), set_as_default=False) as client:
        client.wait_for_workers(2, timeout=LONG_WAIT)
        yield client


@pytest.mark.weekly
def test_a_sweep_that_is_left_on_a_cluster_can_follow_at_once_and_gives_the_same_results(client):
    settings = [DIVERGING, Unreadable(), *VARIOUS]
    for result in sweep(settings, EPOCHS, client.get_executor()):
        assert result.settings in settings
        break
    results = {}
    for result in sweep(settings, EPOCHS, client.get_executor()):
        results.setdefault(result.settings, []).append(result)
    (unreadable,) = results.pop(Unreadable())
    assert "deserialization" in unreadable.error
    assert "\n" not in unreadable.error
    (diverged,) = results.pop(DIVERGING)
    assert diverged.diverged
    assert told([one for many in results.values() for one in many]) == expected(VARIOUS, EPOCHS)


def test_runs_on_a_cluster_end_when_their_loop_is_left(client):
    leave(sweep([DIVERGING, *seeds(6)], ENDLESS, client.get_executor()), "break")
    wait_for(lambda: not any(client.processing().values()))
    futures = [client.submit(abs, -n, workers=[name]) for n, name in enumerate(["one", "two"])]
    assert client.gather(futures) == [0, 1]  # each worker has a thread for it


def test_runs_in_pieces_on_a_cluster_give_the_same_to_the_bit(client, tiny_pieces):
    results = list(sweep(VARIOUS, 10, client.get_executor()))
    assert told(results) == expected(VARIOUS, 10)


@posix
def test_a_cluster_that_loses_a_worker_still_gives_every_result_once(cluster, client):
    workers = client.scheduler_info()["workers"]
    (address,) = [address for address, worker in workers.items() if worker["name"] == "one"]
    settings = seeds(6)
    results = []
    for result in sweep(settings, 500, client.get_executor()):
        if not results:
            wait_for(lambda: client.processing()[address])  # in the middle of its work
            cluster.workers["one"].kill()
        results.append(result)
    wait_for(lambda: len(client.scheduler_info()["workers"]) == 1)
    assert told(results) == expected(settings, 500)
