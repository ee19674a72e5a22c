"""What the panel can add to its picture: kinks, hidden layers, and what lies beyond the data."""

import html
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from ipywidgets import HTML, ToggleButton

from helpers.experiment import Experiment
from helpers.model import count_parameters
from helpers.probe import count_crossings, hidden_outputs, kinks
from helpers.widgets.picture import Picture
from helpers.widgets.shapes import Box
from helpers.widgets.svg import write_outputs

TOOLTIPS = {
    "Kinks": "Dot the bends of the fit, each hidden layer's in its own colour",
    "Layer outputs": "Draw what every unit of each hidden layer hands on",
    "Beyond the data": "Show what the network says on twice the range of x",
}
REST = 20  # times as long as finding something took, nothing is found anew while training runs
SPEED = 40_000  # letters a second of the strip, which comes four times a second at the most
MOST = 100  # kinks that are drawn, so that one can tell them apart
MUCH = 2e8  # crossings times parameters; kinks of more take above a tenth of a second


class Finding(NamedTuple):
    """What a toggle found.

    Attributes:
        words: What it says, with {} where it may say of which iteration that is.
        iteration: Which iteration it is of.
        arguments: Those of `LivePlot.draw` that show it.
    """

    words: str
    iteration: int
    arguments: dict


class Insight:
    """Three toggles, and what they show of a network.

    Args:
        clock: Tells the time, in seconds.

    Attributes:
        toggles: Whether to show kinks, layer outputs, and what lies beyond the data.
        line: What the toggles found, in one line; there while one is on.
        strip: The picture of the layer outputs; there while its toggle is on.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
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

        self.clock = clock
        self.due = 0.0  # when something may be found anew while training runs
        self.subject: tuple[object, object] = (None, None)  # of what was found: network and x
        self.found: dict[str, Finding] = {}

    def has_range_of(self, picture: Picture) -> bool:
        """Tell whether a picture shows the range of x that its toggle asks for."""
        return picture.beyond == self.beyond.value

    def examine(self, experiment: Experiment, picture: Picture, running: bool = False) -> dict:
        """Find out what the toggles ask for, and say it in the line below them.

        Args:
            experiment: The network to examine; it is not trained.
            picture: Where it is to be drawn: its grid is the range of x.
            running: Whether training waits for this. It then takes at most a twentieth of the
                time: what was found a moment ago is shown again, and the words say of when it is.

        Returns:
            The arguments that `LivePlot.draw` wants for it.
        """
        if self.subject[0] is not experiment or self.subject[1] is not picture.grid:
            self.subject = (experiment, picture.grid)
            self.found.clear()
        asked = {"beyond": picture.beyond, "kinks": self.kinks.value, "outputs": self.outputs.value}
        names = [name for name, is_on in asked.items() if is_on]
        if not running or self.clock() >= self.due:
            self._find(names, experiment, picture, running)
        elif picture.beyond and "beyond" not in self.found:  # there is no other fit on this grid
            self._find(["beyond"], experiment, picture, running)
        findings = [self.found[name] for name in names if name in self.found]

        said, arguments = [], {}
        for finding in findings:
            now = finding.iteration == experiment.iteration
            said.append(finding.words.format("" if now else f" of iteration {finding.iteration:,}"))
            arguments |= finding.arguments
            if "dots" in finding.arguments and not now and not picture.beyond:
                arguments["dots"] = put_on_fit(experiment, [x for x, _ in arguments["dots"]])
        self.line.value = html.escape(" · ".join(said))
        return arguments

    def _find(
        self, names: Sequence[str], experiment: Experiment, picture: Picture, running: bool
    ) -> None:
        """Find what some toggles ask for, and rest in proportion if training waited for it."""
        finders = {"beyond": find_beyond, "kinks": find_kinks, "outputs": self._find_outputs}
        began = self.clock()
        for name in names:
            words, arguments = finders[name](experiment, picture, running)
            self.found[name] = Finding(words, experiment.iteration, arguments)
        if running:
            ended = self.clock()
            rest = REST * (ended - began)
            if "outputs" in names:
                rest = max(rest, 0.25, len(self.strip.value) / SPEED)
            self.due = ended + rest

    def _find_outputs(
        self, experiment: Experiment, picture: Picture, running: bool
    ) -> tuple[str, dict]:
        outputs = [out.numpy() for out in hidden_outputs(experiment.net, experiment.x)]
        counts = ", ".join(f"{out.any(axis=0).sum()} of {out.shape[1]}" for out in outputs)
        words = f"units{{}} that are on somewhere: {counts or 'none'}"
        self.strip.value = write_outputs(outputs, words.format(""))
        return words, {}

    def _unfold(self, change: object = None) -> None:
        self.line.layout.display = "flex" if any(t.value for t in self.toggles) else "none"
        self.strip.layout.display = "flex" if self.outputs.value else "none"


def find_beyond(experiment: Experiment, picture: Picture, running: bool) -> tuple[str, dict]:
    """Ask the network on the picture's grid; words and arguments of a `Finding`."""
    curve = experiment.predict(picture.grid).numpy()
    ends = zip(curve[[0, -1]], picture.grid[[0, -1]], strict=True)
    words = ", ".join(f"{y:.3g} at x = {x:g}" for y, x in ends)
    return f"beyond the data{{}}: {words}", {"curve": curve}


def find_kinks(experiment: Experiment, picture: Picture, running: bool) -> tuple[str, dict]:
    """Find the kinks, if training need not wait too long; words and arguments of a `Finding`."""
    net, grid = experiment.net, picture.grid
    try:
        few = grid[:: max(len(grid) // 100, 1)]
        if running and count_crossings(net, few) * count_parameters(net) > MUCH:
            return "pause to see the kinks", {}
        layers = kinks(net, grid[0], grid[-1])
    except TypeError:
        return "kinks: only a ReLU network has any", {}
    except ValueError:
        return "kinks: the weights are no longer finite", {}
    dots = thin_out(put_on_fit(experiment, layers), picture.left)
    counts = ", ".join(str(len(x)) for x in layers)
    total, drawn = (sum(len(x) for x in some) for some in (layers, [x for x, _ in dots]))
    more = "" if drawn == total else f" ({drawn} of {total:,} drawn)"
    return f"kinks{{}} by layer: {counts or 'none'}{more}", {"dots": dots}


def put_on_fit(experiment: Experiment, layers: Sequence[np.ndarray]) -> list[tuple]:
    """Find what the network says now at each layer's kinks: their x and y."""
    x = np.concatenate([[], *layers])
    ends = np.cumsum([len(places) for places in layers])[:-1]
    heights = np.split(experiment.predict(x).numpy(), ends)
    return list(zip(layers, heights, strict=False))  # without layers there is still one piece


def thin_out(dots: Sequence[tuple], box: Box) -> list[tuple]:
    """Keep the dots that are in sight in a box; of too many, evenly many along the fit."""
    seen = [(box.ylim[0] <= y) & (y <= box.ylim[1]) for _, y in dots]
    dots = [(x[keep], y[keep]) for (x, y), keep in zip(dots, seen, strict=True)]
    every = np.sort(np.concatenate([[], *(x for x, _ in dots)]))
    if len(every) > MOST:
        kept = every[np.linspace(0, len(every) - 1, MOST).astype(int)]
        few = [np.isin(x, kept) for x, _ in dots]
        dots = [(x[keep], y[keep]) for (x, y), keep in zip(dots, few, strict=True)]
    return dots
