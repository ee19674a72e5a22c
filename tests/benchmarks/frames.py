"""What a frame of the panel costs the thread that trains, by toggle and by network.

OMP_NUM_THREADS=1 python tests/benchmarks/frames.py        (about two minutes; needs no browser)
"""

import statistics
import time

import torch

from helpers.experiment import Experiment, Settings
from helpers.widgets.insight import Examiner, Look
from helpers.widgets.live import LivePlot

NETWORKS = {
    "article": (1, 20, 50, 20, 1),
    "seven layers": (1, 20, 50, 100, 500, 100, 50, 20, 1),
    "4 x 512": (1, 512, 512, 512, 512, 1),
}
LOOKS = {
    "none": Look(),
    "kinks": Look(kinks=True),
    "outputs": Look(outputs=True),
    "beyond": Look(beyond=True),
    "all": Look(kinks=True, outputs=True, beyond=True),
}
SECONDS = 5.0


def draw(live, examiner, experiment, look, running):
    """Draw one frame: seconds of this thread in all, and for what is looked for; and bytes."""
    began = time.thread_time()
    found = examiner.examine(experiment, look, running)
    looked = time.thread_time()
    live.draw(found.curve, found.dots)
    ended = time.thread_time()
    texts = (live.picture.moving.value, found.words)
    return ended - began, looked - began, sum(len(text.encode()) for text in texts), found.strip


def measure(cfg, look):
    """A frame while paused: ms and bytes; while training: share of the time, bytes a second."""
    experiment = Experiment(Settings(cfg=cfg, lr=0.01))
    live, examiner = LivePlot(experiment.x, experiment.y), Examiner()
    live.set_data(experiment.x, experiment.y, look.beyond)
    times, sizes = [], []
    for _ in range(5):
        live.record(experiment.advance(3))
        spent, _, size, strip = draw(live, examiner, experiment, look, False)
        times.append(1000 * spent)
        sizes.append(size + len(strip))

    share, sent, strip = 0.0, 0, ""
    began = last = time.thread_time()
    while last - began < SECONDS:
        live.record(experiment.advance())
        if time.thread_time() - last > 0.1:
            last = time.thread_time()
            _, looked, size, now = draw(live, examiner, experiment, look, True)
            share += looked
            sent += size + (len(now) if now != strip else 0)
            strip = now
    live.close()
    spent = time.thread_time() - began
    return statistics.median(times), statistics.median(sizes), share / spent, sent / spent


def main():
    """Print a table."""
    torch.set_num_threads(1)
    print(f"{'':24}{'a frame while paused':>22}{'while training':>22}")
    for name, cfg in NETWORKS.items():
        for case, look in LOOKS.items():
            spent, size, share, sent = measure(cfg, look)
            paused = f"{spent:9.2f} ms{size / 1000:7.1f} kB"
            print(f"{name:14}{case:10}{paused:>22}{100 * share:9.1f} %{sent / 1000:7.0f} kB/s")


if __name__ == "__main__":
    main()
