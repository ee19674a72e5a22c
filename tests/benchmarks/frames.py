"""What a frame of the panel costs the thread that trains, by toggle and by network.

python tests/benchmarks/frames.py        (about a minute; needs no browser)
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy: the thread works alone
    os.environ[name] = "1"

import statistics
import time

import torch

from helpers.experiment import Experiment, Settings
from helpers.widgets.insight import Insight
from helpers.widgets.live import LivePlot

NETWORKS = {
    "article": (1, 20, 50, 20, 1),
    "seven layers": (1, 20, 50, 100, 500, 100, 50, 20, 1),
    "4 x 512": (1, 512, 512, 512, 512, 1),
}
TOGGLES = ["Kinks", "Layer outputs", "Beyond the data"]
CASES = {"none": [], **{name: [name] for name in TOGGLES}, "all": TOGGLES}


def measure(cfg, names, rounds):
    """Draw a few frames: milliseconds and bytes of each, in the median."""
    experiment = Experiment(Settings(cfg=cfg, lr=0.01))
    live, insight = LivePlot(experiment.x, experiment.y), Insight()
    for toggle in insight.toggles:
        toggle.value = toggle.description in names
    live.set_data(experiment.x, experiment.y, insight.beyond.value)
    times, sizes = [], []
    for _ in range(rounds):
        live.record(experiment.advance(3))
        began = time.thread_time()
        live.draw(**insight.examine(experiment, live.picture))
        times.append(1000 * (time.thread_time() - began))
        parts = (live.picture.moving, insight.strip, insight.line)
        sizes.append(sum(len(part.value.encode()) for part in parts))
    live.close()
    return statistics.median(times), statistics.median(sizes)


def main():
    """Print a table."""
    torch.set_num_threads(1)
    for name, cfg in NETWORKS.items():
        for case, names in CASES.items():
            rounds = 5 if name == "4 x 512" else 15
            spent, sent = measure(cfg, names, rounds)
            print(f"{name:14}{case:18}{spent:9.2f} ms{sent / 1000:8.1f} kB")


if __name__ == "__main__":
    main()
