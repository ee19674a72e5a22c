"""A sweep gives what its runs give alone, each once, whatever happens to them or around them."""

import contextlib
import math
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
import torch
from distributed import Client
from torch import nn, optim

from helpers.data import get_fake_data
from helpers.experiment import Experiment, Settings, make_net
from helpers.sweep import Result, sweep
from helpers.training import train

SMALL = Settings(cfg=(1, 8, 6, 1))
DIVERGING = replace(SMALL, lr=1e20)
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
posix = pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")


class Deadly(Settings):
    """Settings that end the process which receives them, as one that runs out of memory does."""

    def __reduce__(self):
        return os._exit, (1,)


class Unreadable(Settings):
    """Settings that no process can receive."""

    def __reduce__(self):
        return int, ("not\na number",)


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


def running(pids):
    """Which of these processes still run; one that ended may wait for its parent to notice."""
    alive = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                alive.append(pid)
    return alive


def wait_for(condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


# Results


def test_results_are_those_of_the_runs_alone_to_the_bit_each_once_in_any_order():
    results = list(sweep(VARIOUS, 120))
    assert told(results) == expected(VARIOUS, 120)
    assert all(isinstance(result, Result) for result in results)
    assert not multiprocessing.active_children()
    with ThreadPoolExecutor(3) as pool:
        assert told(list(sweep(iter(VARIOUS[::-1]), 120, pool))) == told(results)
    assert pickle.loads(pickle.dumps(results)) == results


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


def test_runs_that_diverge_or_fail_are_results_and_the_others_go_on():
    results = {r.settings: r for r in sweep([DIVERGING, TOO_LARGE, SMALL], 50)}
    assert len(results) == 3
    diverged = results[DIVERGING]
    experiment, losses = Experiment(DIVERGING), []
    with contextlib.suppress(FloatingPointError):
        while True:
            losses.append(experiment.advance().loss)
    assert diverged.diverged
    assert not math.isfinite(diverged.loss)
    assert diverged.curve == tuple(enumerate(losses))
    assert diverged.error is None
    failed = results[TOO_LARGE]
    assert failed.error.startswith("RuntimeError: ")
    assert "memory" in failed.error
    assert "\n" not in failed.error
    assert math.isnan(failed.loss)
    assert (failed.curve, failed.diverged) == ((), False)
    assert told([results[SMALL]]) == expected([SMALL], 50)


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


@pytest.mark.parametrize("epochs", [1, 2, 2000, 2001, 4501])
def test_a_curve_is_thinned_evenly_and_keeps_its_ends(epochs):
    settings = Settings(cfg=(1, 1), lr=1e-3)
    with ThreadPoolExecutor(1) as pool:
        (result,) = sweep([settings], epochs, pool)
    whole = alone(settings, epochs).curve
    assert len(result.curve) == min(epochs, 2000)
    assert set(result.curve) <= set(whole)
    assert (result.curve[0], result.curve[-1]) == (whole[0], whole[-1])
    assert result.loss == whole[-1][1]
    numbers = [number for number, _ in result.curve]
    gaps = {after - before for before, after in pairwise(numbers)}
    assert gaps <= {math.floor((epochs - 1) / 1999) or 1, math.ceil((epochs - 1) / 1999)}


# Arguments


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((SMALL, 1), TypeError, r"settings must be an iterable of Settings, got Settings\("),
        (([SMALL, (1, 8, 1)], 1), TypeError, r"settings\[1\] must be a Settings, got \(1, 8, 1\)"),
        (([], 1), ValueError, r"settings must hold at least one Settings, got \[\]"),
        (([SMALL], 0), ValueError, "epochs must be at least 1, got 0"),
        (([SMALL], True), TypeError, "epochs must be an int of at least 1, got True"),
        (([SMALL], 5.0), TypeError, "epochs must be an int of at least 1, got 5.0"),
        (([SMALL], 1, 4), TypeError, r"executor must be a concurrent.* got 4 .*get_executor\(\)"),
        (([SMALL], 1, ThreadPoolExecutor), TypeError, "executor must be .*got <class"),
    ],
)
def test_bad_arguments_are_refused_at_the_call(arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        sweep(*arguments)
    assert "\n" not in str(caught.value)


# Executors of the caller's


class Recording(ThreadPoolExecutor):
    def __init__(self, workers):
        super().__init__(workers)
        self.futures = []

    def submit(self, *arguments):
        self.futures.append(super().submit(*arguments))
        return self.futures[-1]


def test_a_given_executor_is_left_open_and_rid_of_what_is_not_done():
    with Recording(1) as pool:
        for result in sweep([DIVERGING, *[SMALL] * 6], 500, pool):
            assert result.settings == DIVERGING
            break
        assert sum(future.cancelled() for future in pool.futures) >= 4
        assert pool.submit(abs, -1).result() == 1


def test_processes_get_one_thread_and_the_caller_keeps_its_own(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # the workers inherit it
    context = multiprocessing.get_context("spawn")
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        with ThreadPoolExecutor(1) as pool:
            list(sweep([SMALL], 5, pool))
            threads = pool.submit(torch.get_num_threads).result()
        seen = [threads, torch.get_num_threads()]
        with ProcessPoolExecutor(1, context) as pool:
            seen.append(pool.submit(torch.get_num_threads).result())
            list(sweep([SMALL], 5, pool))
            seen.append(pool.submit(torch.get_num_threads).result())
    finally:
        torch.set_num_threads(before)
    assert seen == [2, 2, 2, 1]


# Processes of the sweep's own


def test_leaving_the_loop_ends_every_process_soon():
    for result in sweep([DIVERGING, *[SMALL] * 20], ENDLESS):
        assert result.diverged
        workers = multiprocessing.active_children()
        left = time.monotonic()
        break
    took = time.monotonic() - left
    assert workers
    assert took < 15  # the other worker may still be importing torch
    assert not any(worker.is_alive() for worker in workers)


@posix
def test_runs_that_a_killed_process_takes_along_are_tried_again():
    settings = [DIVERGING, *(replace(SMALL, seed=seed) for seed in range(3))]
    results = []
    for result in sweep(settings, 800):
        if not results:
            os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
        results.append(result)
    assert results[0].diverged
    with ThreadPoolExecutor(1) as pool:
        assert told(results[1:]) == told(list(sweep(settings[1:], 800, pool)))
    assert not multiprocessing.active_children()


def test_a_run_that_kills_its_process_is_a_result_and_its_neighbour_goes_on():
    results = list(sweep([SMALL, Deadly()], 100))
    (dead,) = [result for result in results if isinstance(result.settings, Deadly)]
    assert dead.error == "BrokenProcessPool: the process of this run died"
    assert math.isnan(dead.loss)
    results.remove(dead)
    assert told(results) == expected([SMALL], 100)


SCRIPT = """
import multiprocessing, os, sys, time
from helpers.experiment import Settings
from helpers.sweep import sweep

def main():
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])
    kept = []
    try:
        for result in sweep([Settings(lr=1e20), *[Settings()] * 5], 10**9):
            kept.append(result)
            print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    except KeyboardInterrupt:
        print(len(kept), multiprocessing.active_children(), flush=True)

GUARD
    main()
"""


@contextlib.contextmanager
def run_script(folder, guard):
    path = folder / "script.py"
    path.write_text(SCRIPT.replace("GUARD", guard), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as script:
        try:
            yield script
        finally:
            script.kill()


@posix
def test_an_interrupt_of_all_processes_keeps_what_is_done_and_ends_them_quietly(tmp_path):
    with run_script(tmp_path, 'if __name__ == "__main__":') as script:
        workers = [int(pid) for pid in script.stdout.readline().split()]
        for pid in workers:
            os.kill(pid, signal.SIGINT)  # to them alone it means nothing
        time.sleep(1)
        assert script.poll() is None
        os.killpg(script.pid, signal.SIGINT)  # what a terminal and Jupyter do
        out, err = script.communicate(timeout=20)
    assert (script.returncode, out, err) == (0, "1 []\n", "")
    if hasattr(os, "sched_setaffinity"):
        assert len(workers) == 1  # no more than the cores it may use
    assert not running(workers)


@posix
def test_processes_end_when_their_caller_is_killed(tmp_path):
    with run_script(tmp_path, 'if __name__ == "__main__":') as script:
        workers = [int(pid) for pid in script.stdout.readline().split()]
        assert workers
        assert running(workers) == workers
        script.kill()
        wait_for(lambda: not running(workers))


def test_a_script_without_its_guard_is_told_so(tmp_path):
    with run_script(tmp_path, "if True:") as script:
        out, err = script.communicate(timeout=60)
    assert script.returncode == 1
    assert out == ""
    last = "RuntimeError: no process could start; call sweep under if __name__ == '__main__'"
    assert err.splitlines()[-1] == last


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
        paths = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
        with open(self.folder / f"{kind}.log", "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{kind}", *common, *options],
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
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


@pytest.fixture
def client(cluster):
    with Client(scheduler_file=str(cluster.file), set_as_default=False) as client:
        yield client


def test_a_cluster_gives_the_same_results(client):
    client.wait_for_workers(2, timeout=30)
    settings = [*VARIOUS, DIVERGING, Unreadable()]
    results = {}
    for result in sweep(settings, 120, client.get_executor()):
        results.setdefault(result.settings, []).append(result)
    (unreadable,) = results.pop(Unreadable())
    assert "deserialization" in unreadable.error
    assert "\n" not in unreadable.error
    (diverged,) = results.pop(DIVERGING)
    assert diverged.diverged
    assert told([one for many in results.values() for one in many]) == expected(VARIOUS, 120)


def test_leaving_the_loop_cancels_on_a_cluster_and_the_same_sweep_can_follow_at_once(client):
    executor = client.get_executor()
    settings = [DIVERGING, *(replace(SMALL, seed=seed) for seed in range(6))]
    for _ in range(2):
        for result in sweep(settings, 300, executor):
            assert result.error is None
            break
    results = list(sweep(settings[1:], 300, executor))
    assert sorted(result.settings.seed for result in results) == list(range(6))
    assert [result.error for result in results] == [None] * 6


@posix
def test_a_cluster_that_loses_a_worker_still_gives_every_result_once(cluster, client):
    client.wait_for_workers(2, timeout=30)
    workers = client.scheduler_info()["workers"]
    (address,) = [address for address, worker in workers.items() if worker["name"] == "one"]
    settings = [replace(SMALL, seed=seed, lr=1e-3) for seed in range(6)]
    results = []
    for result in sweep(settings, 800, client.get_executor()):
        if not results:
            assert client.processing()[address]  # in the middle of its work
            cluster.workers["one"].kill()
        results.append(result)
    wait_for(lambda: len(client.scheduler_info()["workers"]) == 1)
    with ThreadPoolExecutor(1) as pool:
        assert told(results) == told(list(sweep(settings, 800, pool)))
