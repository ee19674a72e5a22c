"""How fast the panel is, in a real JupyterLab and a real browser on this machine.

python tests/benchmarks/panel.py [runs]        (about two minutes a run; leave the machine alone)
"""

import statistics
import sys
import tempfile
from pathlib import Path

import nbformat
from figures import report_runs

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
import lab

SMALL, SEVEN = [1, 50, 50, 50, 1], [1, 20, 50, 100, 500, 100, 50, 20, 1]
SETUP = """
import json, time, torch
from torch import nn, optim
from helpers.data import get_fake_data
from helpers.experiment import Experiment, Settings
from helpers.model import Regressor, make_layers
from helpers.widgets import LivePlot, Playground
def frame():
    experiment = Experiment(Settings())  # [1, 20, 50, 20, 1]
    live = LivePlot(experiment.x, experiment.y)
    spent = sent = 0
    for number in range(600):
        live.record(experiment.advance())
        if number >= 300:
            began = time.perf_counter()
            live.draw()
            spent += time.perf_counter() - began
            sent += len(live.picture.moving.value)
    live.close()
    return f"{1000 * spent / 300} {sent / 300}"
def bare(cfg, seconds):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the panel's own thread has one, whatever the notebook says
    torch.manual_seed(0)
    x, y = get_fake_data()
    net, loss_func, done = Regressor(make_layers(cfg)), nn.MSELoss(), 0
    optimizer, began = optim.SGD(net.parameters(), lr=0.01), time.perf_counter()
    while time.perf_counter() - began < seconds:
        out = net(x)
        loss = loss_func(out, y)
        loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        done += 1
    torch.set_num_threads(threads)
    return done / (time.perf_counter() - began)
"""
WATCH = """() => {
    window.frames_seen = [];
    const place = document.querySelector('svg[role=img]').closest('.widget-html-content');
    new MutationObserver(() => window.frames_seen.push(performance.now()))
        .observe(place, {childList: true});
}"""
# From a key press on the depth slider to the first picture of the new network: until the frames
# of its units stand there, which are sent after fit and loss, and only when their number changes.
LATENCY = """key => new Promise(done => {
    const network = document.querySelector('svg[preserveAspectRatio=none][aria-hidden]');
    const began = performance.now();
    const observer = new MutationObserver(() => {
        observer.disconnect();
        done(performance.now() - began);
    });
    observer.observe(network.closest('.widget-html-content'), {childList: true});
    const handle = document.querySelector('.widget-hslider .noUi-handle');
    handle.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
})"""
CELL = f"""async () => {{
    const kernel = {lab.SESSION}.kernel, began = performance.now();
    await kernel.requestExecute({{code: '1 + 1'}}).done;
    return performance.now() - began;
}}"""


def open_panel(browser, address, cfg):
    """Open the notebook with a panel of this cfg, and run it."""
    notebook = lab.Notebook(browser, address, f"{len(cfg)}.ipynb")
    notebook.run_all()
    return notebook, lab.Panel(notebook)


def rates(notebook, panel, seconds):
    """Frames a second, and iterations a second over those of bare loops before and after."""
    cfg = notebook.execute("print(list(panel.settings.cfg))").strip()
    before = float(notebook.execute(f"print(bare({cfg}, 4))"))
    notebook.execute("c.stop.value = 10**6\npanel.run()")
    panel.page.wait_for_timeout(2000)
    count = "print(panel.experiment.iteration, time.perf_counter())"
    first, began = map(float, notebook.execute(count).split())
    panel.page.evaluate(WATCH)
    panel.page.wait_for_timeout(1000 * seconds)
    frames = panel.page.evaluate("() => window.frames_seen.length") / seconds
    last, ended = map(float, notebook.execute(count).split())
    notebook.execute("panel.pause()")
    after = float(notebook.execute(f"print(bare({cfg}, 4))"))
    return frames, (last - first) / (ended - began) / statistics.mean((before, after))


def cell_times(panel):
    """Milliseconds from sending a trivial cell to knowing that it is done."""
    times = []
    for _ in range(100):
        times.append(panel.page.evaluate(CELL))
        panel.page.wait_for_timeout(100)
    return times


def percentiles(values):
    """Return the median and the 95th percentile."""
    values = sorted(values)
    return statistics.median(values), values[round(0.95 * (len(values) - 1))]


def measure(browser, address):
    """One run: every figure by its name."""
    notebook, panel = open_panel(browser, address, SMALL)
    spent, sent = map(float, notebook.execute("print(frame())").split())
    idle = percentiles(cell_times(panel))
    frames, speed = rates(notebook, panel, 15)
    notebook.execute("panel.run()")
    cell = percentiles(cell_times(panel))
    latencies = []
    for number in range(60):
        key = "ArrowRight" if number % 6 < 3 else "ArrowLeft"
        latencies.append(panel.page.evaluate(LATENCY, key))
        panel.page.wait_for_timeout(100 + 7 * (number % 15))  # at every phase of a frame
    notebook.close()
    notebook, panel = open_panel(browser, address, SEVEN)
    seven, seven_speed = rates(notebook, panel, 15)
    notebook.close()
    latency = percentiles(latencies)
    return {
        "a frame in the kernel, ms (goal 2)": spent,
        "a frame, characters (goal 10000)": sent,
        "frames a second, [1, 50, 50, 50, 1] (goal 9.5)": frames,
        "training over the bare loop (goal 0.93)": speed,
        "key press to a frame of the new network, median ms (goal 70)": latency[0],
        "key press to a frame of the new network, p95 ms (goal 150)": latency[1],
        "a trivial cell while the panel is paused, median ms": idle[0],
        "a trivial cell while the panel is paused, p95 ms": idle[1],
        "a trivial cell while training, median ms": cell[0],
        "a trivial cell while training, p95 ms (goal 50)": cell[1],
        "frames a second, seven hidden layers (goal 5)": seven,
        "training over the bare loop, seven hidden layers (goal 0.95)": seven_speed,
    }


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    results = []
    with tempfile.TemporaryDirectory() as folder, lab.open_lab(Path(folder)) as address:
        for cfg in (SMALL, SEVEN):
            show = f"panel = Playground(Settings(cfg={cfg}, lr=0.01))\nc = panel.controls\npanel"
            cells = [nbformat.v4.new_code_cell(source) for source in (SETUP, show)]
            notebook = nbformat.v4.new_notebook(cells=cells)
            notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
            nbformat.write(notebook, Path(folder) / "notebooks" / f"{len(cfg)}.ipynb")
        for _ in range(runs):
            with lab.open_browser() as browser:
                results.append(measure(browser, address))
    report_runs(results)


if __name__ == "__main__":
    main()
