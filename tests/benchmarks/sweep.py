"""What a second process brings to a sweep, what pieces and a cluster cost, how soon runs end.

python tests/benchmarks/sweep.py [runs]         (about four minutes a run; leave the machine alone)
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch
from distributed import Client
from figures import report_runs, seconds

from helpers.experiment import Experiment, Settings
from helpers.sweep import sweep

RUNS = [Settings(cfg=(1, 20, 50, 100, 50, 20, 1), lr=1e-2, seed=seed) for seed in range(16)]
SHORT = [Settings(lr=1e-3, seed=seed) for seed in range(32)]
ENDLESS = [Settings(lr=1e20), *SHORT]  # the first diverges at once


def serial(settings, epochs):
    """One run after another in this process."""
    for one in settings:
        Experiment(one).advance(epochs)


def swept(settings, epochs, executor=None):
    """The same runs as a sweep."""
    results = list(sweep(settings, epochs, executor))
    assert len(results) == len(settings)
    assert all(result.error is None and not result.diverged for result in results)


def train_whole(settings, epochs):
    """One run as a single task of a pool's."""
    torch.set_num_threads(1)
    return Experiment(settings).advance(epochs).loss


def pooled(settings, epochs, pool):
    """Runs as the pool itself does them, without a sweep."""
    list(pool.map(train_whole, settings, [epochs] * len(settings)))


def leave(executor):
    """Leave the loop over runs that would never end, when two workers are at work."""
    results = sweep(ENDLESS, 10**9, executor)
    next(results)
    time.sleep(2)
    results.close()


def end_pool(pool):
    """Wait until a pool has left a sweep: two pauses, so long that each worker takes one."""
    leave(pool)
    return seconds(list, pool.map(time.sleep, [3, 3])) - 3


def end_cluster(client):
    """Wait until no worker's thread trains; a cluster begins other work beside a cancelled run."""
    leave(client.get_executor())
    began = time.perf_counter()
    while any(client.run(lambda dask_worker: len(dask_worker.active_threads)).values()):
        time.sleep(0.02)
    return time.perf_counter() - began


@contextlib.contextmanager
def open_cluster():
    """A client of a scheduler and two workers of one thread each, on this machine."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        file = Path(folder) / "scheduler.json"

        def start(kind, *options):
            common = ["--scheduler-file", file, "--host", "127.0.0.1", "--no-dashboard"]
            with open(os.devnull, "wb") as nowhere:
                process = subprocess.Popen(
                    [sys.executable, "-m", f"distributed.cli.dask_{kind}", *common, *options],
                    cwd=folder,
                    stdout=nowhere,
                    stderr=nowhere,
                )
            stack.callback(process.wait)
            stack.callback(process.kill)

        start("scheduler", "--port", "0", "--no-show")
        while not file.exists():
            time.sleep(0.1)
        for _ in range(2):
            start("worker", "--nthreads", "1", "--no-nanny")
        client = stack.enter_context(Client(scheduler_file=str(file)))
        client.wait_for_workers(2)
        yield client


def measure(epochs):
    """One run: every figure by its name. Warm pool against warm cluster; the sweep starts cold."""
    alone = seconds(serial, RUNS, epochs)
    together = seconds(swept, RUNS, epochs)
    with open_cluster() as client, ProcessPoolExecutor(2, get_context("spawn")) as pool:
        cluster = client.get_executor()
        for executor in (cluster, pool):
            swept(RUNS[:4], 10, executor)
        here, there = (seconds(swept, RUNS, epochs // 2, executor) for executor in (pool, cluster))
        short = {}
        for iterations in (30, 300):
            times = [
                [seconds(call, SHORT, iterations, pool) for call in (pooled, swept)]
                for _ in range(3)
            ]
            short[iterations] = min(whole for whole, _ in times) / min(piece for _, piece in times)
        figures = {
            "serial work, seconds (at least 60)": alone,
            "time one after another over time as a sweep (goal 1.6)": alone / together,
            "one run of pool and cluster, seconds (at least 1)": 2 * here / len(RUNS),
            "time on two processes over time on a cluster (goal 0.9)": here / there,
            "300 iterations: time as plain tasks over time as a sweep (goal 0.95)": short[300],
            "30 iterations: the same": short[30],
            "seconds that a cluster trains when its loop is left (goal 2)": end_cluster(client),
            "seconds that a process pool does": end_pool(pool),
            "seconds that a thread pool does": end_pool(ThreadPoolExecutor(2)),
        }
    return figures


def main():
    torch.set_num_threads(1)
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    serial(RUNS[:1], 200)  # the first run imports much
    fastest = min(seconds(serial, RUNS[:1], 200) for _ in range(5))
    epochs = int(200 * 75 / len(RUNS) / fastest)  # 75 s in all
    results = [measure(epochs) for _ in range(runs)]
    print(f"{len(RUNS)} runs of {epochs} iterations, {os.cpu_count()} cores")
    report_runs(results)


if __name__ == "__main__":
    main()
