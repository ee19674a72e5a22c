"""What a frame of the panel costs the thread that trains, by toggle and by network.

OMP_NUM_THREADS=1 python tests/benchmarks/frames.py        (about two minutes; needs no browser)
"""

import statistics
import time

import torch
from ipywidgets import Widget

from helpers.experiment import Experiment, Settings
from helpers.widgets.controls import Controls
from helpers.widgets.insight import Look
from helpers.widgets.record import Record, Use
from helpers.widgets.screen import Screen

NETWORKS = {
    "article": (1, 20, 50, 20, 1),
    "seven layers": (1, 20, 50, 100, 500, 100, 50, 20, 1),
    "4 x 512": (1, 512, 512, 512, 512, 1),
}
LOOKS = {
    "none": Look(),
    "kinks": Look(kinks=True),
    "residuals": Look(residuals=True),
    "beyond": Look(beyond=True),
    "unit": Look(unit=(1, 3)),
    "all": Look(kinks=True, residuals=True, beyond=True, unit=(1, 3)),
}
SECONDS = 5.0
SENT = []  # bytes of each message to a page


def count_bytes():
    """Note how large each message of a widget is."""
    send = Widget._send

    def note(widget, message, buffers=None):
        SENT.append(len(str(message.get("state")).encode()))
        send(widget, message, buffers)

    Widget._send = note


def draw(screen, record, experiment, look, running):
    """Draw one frame: seconds of this thread, and bytes."""
    SENT.clear()
    began = time.thread_time()
    screen.draw(record.look(experiment, Use(experiment.settings, look=look), running, ""))
    return time.thread_time() - began, sum(SENT)


def measure(cfg, look):
    """A frame while paused: ms and bytes; while training: share of the time, bytes a second."""
    experiment = Experiment(Settings(cfg=cfg, lr=0.01, noise=0.3))  # with a held-out loss
    record = Record(experiment)
    screen = Screen(experiment, Controls(experiment.settings), fps=10)
    frames = []
    for _ in range(5):
        for _ in range(3):
            record.take(experiment.advance())
        frames.append(draw(screen, record, experiment, look, False))
    times, sizes = zip(*frames, strict=True)

    share, sent = 0.0, 0
    began = last = time.thread_time()
    while last - began < SECONDS:
        record.take(experiment.advance())
        if time.thread_time() - last > 0.1:
            last = time.thread_time()
            spent, size = draw(screen, record, experiment, look, True)
            share += spent
            sent += size
    screen.pace.close()
    whole = time.thread_time() - began
    return 1000 * statistics.median(times), statistics.median(sizes), share / whole, sent / whole


def main():
    """Print a table."""
    torch.set_num_threads(1)
    count_bytes()
    print(f"{'':24}{'a frame while paused':>22}{'while training':>22}")
    for name, cfg in NETWORKS.items():
        for case, look in LOOKS.items():
            spent, size, share, sent = measure(cfg, look)
            paused = f"{spent:9.2f} ms{size / 1000:7.1f} kB"
            print(f"{name:14}{case:10}{paused:>22}{100 * share:9.1f} %{sent / 1000:7.0f} kB/s")


if __name__ == "__main__":
    main()
