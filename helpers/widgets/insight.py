"""What the panel can add to its picture: kinks, hidden layers, and what lies beyond the data."""

import html
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from ipywidgets import HTML, ToggleButton

from helpers.experiment import Experiment
from helpers.model import count_parameters
from helpers.plots import to_array
from helpers.probe import count_crossings, hidden_outputs, kinks
from helpers.widgets.picture import make_box, make_grid
from helpers.widgets.svg import write_outputs

TOOLTIPS = {
    "Kinks": "Dot the bends of the fit, each hidden layer's in its own colour",
    "Layer outputs": "Draw what every unit of each hidden layer hands on",
    "Beyond the data": "Show what the network says on twice the range of x",
}
REST = 20  # times as long as a finding took, there is no other while training runs
SPEED = 40_000  # letters a second of the strip, which comes four times a second at the most
MOST = 100  # kinks that are drawn, so that one can tell them apart
MUCH = 2e8  # crossings times parameters; kinks of more take above a tenth of a second


class Look(NamedTuple):
    """What is asked for: whether to show kinks, layer outputs, and what lies beyond the data."""

    kinks: bool = False
    outputs: bool = False
    beyond: bool = False


class Found(NamedTuple):
    """What was found of what was asked for.

    Attributes:
        curve: What the network says on twice the range of x; None if only the data's was asked.
        dots: For each hidden layer, x and y of its kinks; 100 in all at the most.
        strip: SVG of what the hidden layers hand on; "" if that was not asked.
        words: It all, in one line.
    """

    curve: np.ndarray | None = None
    dots: Sequence[tuple[np.ndarray, np.ndarray]] = ()
    strip: str = ""
    words: str = ""


class Finding(NamedTuple):
    """What one toggle asked for: of which iteration, words with a {} for it, a part of `Found`."""

    iteration: int
    words: str
    part: object


class Examiner:
    """Finds out what is asked for of a network.

    While training runs, and waits for it, that takes at most a twentieth of the time: what was
    found a moment ago is shown again, and the words say of which iteration it is.

    Args:
        clock: Tells the time, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        """Begin with nothing found."""
        self.clock = clock
        self.due = 0.0  # when something may be found anew while training runs
        self.subject: tuple[Experiment | None, bool] = (None, False)
        self.findings: dict[str, Finding] = {}  # of the subject

    def examine(self, experiment: Experiment, look: Look, running: bool = False) -> Found:
        """Find out what is asked for, or tell again what was found before.

        Args:
            experiment: The network to examine; it is not trained.
            look: What is asked for.
            running: Whether training waits. If not, all is found anew, whatever it takes.
        """
        if self.subject[0] is not experiment or self.subject[1] != look.beyond:
            self.subject = (experiment, look.beyond)
            self.findings.clear()
        asked = [name for name in FINDERS if getattr(look, name)]
        if not running or self.clock() >= self.due:
            self._find(asked, experiment, look, running)
        elif look.beyond and "beyond" not in self.findings:  # there is no other fit on its grid
            self._find(["beyond"], experiment, look, running)

        known = {name: self.findings[name] for name in asked if name in self.findings}
        parts = {name: finding.part for name, finding in known.items()}
        words = []
        for number, text, _ in known.values():
            is_old = number != experiment.iteration
            words.append(text.format(f" of iteration {number:,}" if is_old else ""))
        curve, dots = parts.get("beyond"), parts.get("kinks", ())
        if curve is None and dots and known["kinks"].iteration != experiment.iteration:
            dots = put_on_fit(experiment, [x for x, _ in dots])  # the fit has moved
        return Found(curve, dots, parts.get("outputs", ""), " · ".join(words))

    def _find(
        self, names: Sequence[str], experiment: Experiment, look: Look, running: bool
    ) -> None:
        began = self.clock()
        for name in names:
            found = FINDERS[name](experiment, look, running)
            self.findings[name] = Finding(experiment.iteration, *found)
        if running:
            ended = self.clock()
            rest = REST * (ended - began)
            if "outputs" in names:
                rest = max(rest, 0.25, len(self.findings["outputs"].part) / SPEED)
            self.due = ended + rest


class Insight:
    """Three toggles, and places for what is found that is no part of the picture.

    Attributes:
        toggles: Whether to show kinks, layer outputs, and what lies beyond the data.
        line: What was found, in one line; there while a toggle is on.
        strip: The picture of the layer outputs; there while its toggle is on.
    """

    def __init__(self) -> None:
        """Make the toggles, all of them off."""
        self.toggles = [
            ToggleButton(description=name, tooltip=tooltip, layout={"width": "132px"})
            for name, tooltip in TOOLTIPS.items()
        ]
        self.kinks, self.outputs, self.beyond = self.toggles
        self.line = HTML()
        self.strip = HTML(layout={"width": "min(100%, 800px)", "margin": "0"})
        for toggle in self.toggles:
            toggle.observe(self._unfold, "value")
        self._unfold()

    @property
    def look(self) -> Look:
        """What the toggles ask for now."""
        return Look(*(toggle.value for toggle in self.toggles))

    def show(self, found: Found) -> None:
        """Show what was found, as far as it is no part of the picture."""
        self.line.value = html.escape(found.words)
        self.strip.value = found.strip

    def _unfold(self, change: object = None) -> None:
        self.line.layout.display = "flex" if any(t.value for t in self.toggles) else "none"
        self.strip.layout.display = "flex" if self.outputs.value else "none"


def find_beyond(experiment: Experiment, look: Look, running: bool) -> tuple[str, np.ndarray]:
    """Ask the network on twice the range of x: words, and `Found.curve`."""
    grid = make_grid(to_array(experiment.x), look.beyond)
    curve = experiment.predict(grid).numpy()
    ends = zip(curve[[0, -1]], grid[[0, -1]], strict=True)
    words = ", ".join(f"{y:.3g} at x = {x:g}" for y, x in ends)
    return f"beyond the data{{}}: {words}", curve


def find_kinks(experiment: Experiment, look: Look, running: bool) -> tuple[str, Sequence[tuple]]:
    """Find the kinks, if training need not wait too long: words, and `Found.dots`."""
    net, grid = experiment.net, make_grid(to_array(experiment.x), look.beyond)
    try:
        few = grid[:: max(len(grid) // 100, 1)]
        if running and count_crossings(net, few) * count_parameters(net) > MUCH:
            return "pause to see the kinks", ()
        layers = kinks(net, grid[0], grid[-1])
    except TypeError:
        return "kinks: only a ReLU network has any", ()
    except ValueError:
        return "kinks: the weights are no longer finite", ()
    low, high = make_box(grid, to_array(experiment.y)).ylim
    dots = thin_out(put_on_fit(experiment, layers), low, high)
    counts = ", ".join(str(len(x)) for x in layers)
    total, drawn = sum(map(len, layers)), sum(len(x) for x, _ in dots)
    more = "" if drawn == total else f" ({drawn} of {total:,} drawn)"
    return f"kinks{{}} by layer: {counts or 'none'}{more}", dots


def find_outputs(experiment: Experiment, look: Look, running: bool) -> tuple[str, str]:
    """Draw what the hidden layers hand on: words, and `Found.strip`."""
    outputs = [out.numpy() for out in hidden_outputs(experiment.net, experiment.x)]
    counts = ", ".join(f"{out.any(axis=0).sum()} of {out.shape[1]}" for out in outputs)
    words = f"units{{}} that are on somewhere: {counts or 'none'}"
    return words, write_outputs(outputs, words.format(""))


FINDERS = {"beyond": find_beyond, "kinks": find_kinks, "outputs": find_outputs}


def put_on_fit(experiment: Experiment, layers: Sequence[np.ndarray]) -> list[tuple]:
    """Find what the network says now at each layer's kinks: their x and y."""
    heights = experiment.predict(np.concatenate([[], *layers])).numpy()
    ends = np.cumsum([len(x) for x in layers])
    return [(x, heights[end - len(x) : end]) for x, end in zip(layers, ends, strict=True)]


def thin_out(dots: Sequence[tuple], low: float, high: float) -> list[tuple]:
    """Keep the dots with a y from low to high; of too many, evenly many along the fit."""
    seen, chosen = [], []
    for x, y in dots:
        inside = (low <= y) & (y <= high)
        seen.append((x[inside], y[inside]))
    every = np.sort(np.concatenate([[], *(x for x, _ in seen)]))
    kept = every[np.linspace(0, len(every) - 1, min(len(every), MOST)).astype(int)]
    for x, y in seen:
        some = np.isin(x, kept)
        chosen.append((x[some], y[some]))
    return chosen
