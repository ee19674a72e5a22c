"""What README says of sizes, of memory and of the first picture, measured."""

import re
import sys
from pathlib import Path

import pytest
from jupyter_client.manager import run_kernel
from stored import ROOT

from helpers.experiment import Experiment, Settings
from helpers.widgets.controls import Controls
from helpers.widgets.record import Record, Use
from helpers.widgets.screen import Screen

sys.path.append(str(Path(__file__).parent / "benchmarks"))
from frames import LOOKS, NETWORKS

PANEL = """
import time
began = time.process_time()
import torch
imported = time.process_time()
from helpers.widgets import Playground
panel = Playground()
print(imported - began, time.process_time() - imported)
panel.advance(300)
print(open("/proc/self/status").read() if __import__("sys").platform == "linux" else "")
"""


def claim(pattern):
    """The numbers in a sentence of the README."""
    return map(float, re.search(pattern, (ROOT / "README.md").read_text("utf-8")).groups())


def draw(cfg, look):
    """Bytes of the last picture of fit and loss, and of that of the network, of three."""
    experiment = Experiment(Settings(cfg=cfg, lr=0.01, noise=0.3))  # with a held-out loss
    record, screen = Record(experiment), Screen(experiment, Controls(experiment.settings), fps=10)
    for _ in range(3):
        record.take(experiment.advance())
        use = Use(experiment.settings, look=look)
        screen.draw(record.look(experiment, use, running=True, problem=""))
    screen.pace.close()
    return [len(part.moving.value.encode()) for part in (screen.picture, screen.network)]


@pytest.mark.parametrize("cfg", NETWORKS.values(), ids=NETWORKS)
def test_kilobytes_of_a_picture(cfg):
    least, most, ticked = claim(r"fit and loss a second, of (\d) to (\d) kB each \((\d) kB with")
    small, large, bound = claim(
        r"four of its network, of (\d+) to (\d+) kB\. .* never more than (\d+) kB, whatever"
    )
    fit, network = draw(cfg, LOOKS["none"])
    assert 1000 * least <= fit <= 1000 * most
    assert 900 * small <= network <= 1000 * large
    fit, network = draw(cfg, LOOKS["all"])
    assert fit <= 1000 * ticked
    assert 10 * fit + 4 * network <= 1000 * bound


def test_memory_and_the_first_picture():
    (megabytes,) = claim(r"Count about (\d+) MB of memory for each open notebook with a panel")
    printed = []
    with run_kernel(cwd=ROOT / "notebooks") as kernel:
        reply = kernel.execute_interactive(
            PANEL, timeout=120, output_hook=lambda message: printed.append(message["content"])
        )
    assert reply["content"]["status"] == "ok", reply["content"]
    text = "".join(content.get("text", "") for content in printed)
    alone, panel = map(float, text.splitlines()[0].split())
    assert "about twice as late as PyTorch alone" in (ROOT / "README.md").read_text("utf-8")
    assert 0.5 < panel / alone < 3  # seconds of the processor
    for used in re.findall(r"VmHWM:\s+(\d+) kB", text):
        assert 0.7 * megabytes < int(used) / 1000 < 1.1 * megabytes
