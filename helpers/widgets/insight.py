"""What the panel finds out of a network beside its prediction: its units, its kinks, and beyond."""

import html
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from ipywidgets import HTML, SelectionSlider

from helpers.experiment import Experiment
from helpers.model import count_parameters
from helpers.plots import to_array
from helpers.probe import count_crossings, hidden_outputs, kinks, unit_effect
from helpers.widgets.controls import NOTCHES, labelled, make_toggle
from helpers.widgets.network import MOST as DRAWN
from helpers.widgets.network import Portrait, portray
from helpers.widgets.picture import Unit, make_box, make_grid

TOOLTIPS = {
    "Kinks": "Dot the bends of the fit, each hidden layer's in its own colour",
    "Residuals": "Draw what the prediction leaves of each label",
    "Beyond the data": "Show what the network says on twice the range of x",
}
REST = 160  # times as long as a finding took, it is not made again while training runs
OFTEN = 0.25  # seconds between two portraits of the network, at the least
MOST = 100  # kinks that are drawn, so that one can tell them apart
MUCH = 2e8  # crossings times parameters; kinks of more take above a tenth of a second
GRID = 200  # x at which a unit is asked


class Look(NamedTuple):
    """What is asked for.

    Attributes:
        kinks: Whether to show the kinks.
        residuals: Whether to show what the prediction leaves of the labels.
        beyond: Whether to show what lies beyond the data.
        unit: A hidden layer and a unit of it to draw large, both from 1; empty for none.
    """

    kinks: bool = False
    residuals: bool = False
    beyond: bool = False
    unit: tuple[int, int] | tuple[()] = ()


class Found(NamedTuple):
    """What was found out.

    Attributes:
        portrait: What is drawn of the network.
        off: How many units of each hidden layer hand on 0 for every x of the data.
        curve: What the network says on twice the range of x; None if only the data's was asked.
        dots: For each hidden layer, x and y of its kinks; 100 in all at the most.
        unit: The unit that was chosen, or None.
        words: What was asked for, in one line.
    """

    portrait: Portrait
    off: tuple[int, ...]
    curve: np.ndarray | None = None
    dots: Sequence[tuple[np.ndarray, np.ndarray]] = ()
    unit: Unit | None = None
    words: str = ""


class Finding(NamedTuple):
    """What one question brought: of which iteration, words with a {} for it, a part of `Found`."""

    iteration: int
    words: str
    part: object


class Examiner:
    """Finds out what a network is, and what else is asked for.

    While training runs, and waits for it, each finding takes little of the time: what was found
    a moment ago is shown again, and the words say of which iteration it is.

    Args:
        clock: Tells for how many seconds this thread has worked.
    """

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        """Begin with nothing found."""
        self.clock = clock
        self.due: dict[str, float] = defaultdict(float)  # when something may be found anew
        self.subject: tuple = ()
        self.findings: dict[str, Finding] = {}  # of the subject

    def examine(self, experiment: Experiment, look: Look, running: bool = False) -> Found:
        """Find out what is asked for, or tell again what was found before.

        Args:
            experiment: The network to examine; it is not trained.
            look: What is asked for.
            running: Whether training waits. If not, all is found anew, whatever it takes.
        """
        if look.unit not in dict(name_units(experiment.settings.cfg[1:-1])).values():
            look = look._replace(unit=())  # of the network that is wanted, but was refused
        before, self.subject = self.subject, (experiment, look.beyond, look.unit)
        if self.subject[:2] != before[:2]:
            self.findings.clear()
        elif self.subject != before:
            self.findings.pop("unit", None)
        asked = [name for name in FINDERS if name in ALWAYS or getattr(look, name)]
        for name in asked:
            missing = name != "kinks" and name not in self.findings  # they may take long
            if missing or not running or self.clock() >= self.due[name]:
                self._find(name, experiment, look, running)

        known = {name: self.findings[name] for name in asked if name in self.findings}
        parts = {name: finding.part for name, finding in known.items()}
        words = []
        for number, text, _ in known.values():
            is_old = number != experiment.iteration
            words.append(text.format(f" of iteration {number:,}" if is_old else ""))
        curve, dots = parts.get("beyond"), parts.get("kinks", ())
        if curve is None and dots and known["kinks"].iteration != experiment.iteration:
            dots = put_on_fit(experiment, [x for x, _ in dots])  # the fit has moved
        said = " · ".join(filter(None, words))
        return Found(parts["portrait"], parts["off"], curve, dots, parts.get("unit"), said)

    def _find(self, name: str, experiment: Experiment, look: Look, running: bool) -> None:
        began = self.clock()
        found = FINDERS[name](experiment, look, running)
        self.findings[name] = Finding(experiment.iteration, *found)
        if running:
            ended = self.clock()
            rest = REST * (ended - began)
            self.due[name] = ended + (max(rest / 2, OFTEN) if name == "portrait" else rest)


class Insight:
    """Three toggles, a list of units, and a line for what was found.

    Attributes:
        toggles: Whether to show kinks, residuals, and what lies beyond the data.
        unit: Which unit is drawn large.
        line: What was found, in one line; there while a toggle is on.
    """

    def __init__(self) -> None:
        """Make the toggles, all of them off."""
        self.toggles = [make_toggle(name, tooltip) for name, tooltip in TOOLTIPS.items()]
        self.kinks, self.residuals, self.beyond = self.toggles
        tooltip = "A unit to draw large: its layer and its place in the column"
        traits = {"options": name_units(()), "layout": {"width": "auto", "flex": "1 1 240px"}}
        self.unit = labelled(SelectionSlider, "Unit", tooltip, **traits)
        self.unit.style.description_width = "40px"
        self.unit.add_class(NOTCHES)
        self.line = HTML()
        self.line.add_class("sine-found")
        for control in (*self.toggles, self.unit):
            control.observe(self._unfold, "value")
        self._unfold()

    @property
    def look(self) -> Look:
        """What the toggles ask for now."""
        return Look(*(toggle.value for toggle in self.toggles), self.unit.value)

    def offer(self, hidden: Sequence[int]) -> None:
        """Offer the units that are drawn of hidden layers of these widths."""
        options = name_units(hidden)
        if options != list(self.unit.options):
            chosen = self.unit.value
            self.unit.options = options
            units = [unit for _, unit in options]
            self.unit.index = units.index(chosen) if chosen in units else 0

    def show(self, found: Found) -> None:
        """Say what was found."""
        self.line.value = html.escape(found.words)

    def _unfold(self, change: object = None) -> None:
        is_open = self.kinks.value or self.beyond.value or self.unit.value
        self.line.layout.display = "flex" if is_open else "none"


def find_portrait(experiment: Experiment, look: Look, running: bool) -> tuple[str, Portrait]:
    """Ask the units that are drawn: no words, and `Found.portrait`."""
    return "", portray(experiment.net, experiment.x, experiment.y)


def find_off(experiment: Experiment, look: Look, running: bool) -> tuple[str, tuple[int, ...]]:
    """Count the units that are off for every x: no words, and `Found.off`."""
    outputs = hidden_outputs(experiment.net, experiment.x)
    return "", tuple(int((~output.any(dim=0)).sum()) for output in outputs)


def find_unit(experiment: Experiment, look: Look, running: bool) -> tuple[str, Unit]:
    """Ask what a unit hands on, and what it adds: words, and `Found.unit`."""
    layer, unit = look.unit
    grid = make_grid(to_array(experiment.x), look.beyond)
    x = torch.linspace(float(grid[0]), float(grid[-1]), GRID)
    output, effect = unit_effect(experiment.net, layer, unit, x[:, None])
    on, x = (output > 0).numpy(), x.numpy()
    turns = np.flatnonzero(on[1:] != on[:-1])
    ends = (x[turns] + x[turns + 1]) / 2
    ends = np.concatenate([x[:1][on[:1]], ends, x[-1:][on[-1:]]]).reshape(-1, 2)
    where = ", ".join(f"{low:.3g} to {high:.3g}" for low, high in ends)
    name = f"layer {layer}, unit {unit}"
    words = f"is on for x from {where}" if where else "is off for every x"
    return f"{name}{{}} {words}", Unit(f"unit {layer}.{unit} adds", x, effect[:, 0].numpy(), ends)


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


FINDERS = {
    "portrait": find_portrait,
    "off": find_off,
    "beyond": find_beyond,
    "kinks": find_kinks,
    "unit": find_unit,
}
ALWAYS = ("portrait", "off")  # found unasked


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


def name_units(hidden: Sequence[int]) -> list[tuple[str, tuple]]:
    """Name each unit that is drawn, and none."""
    units = [
        (layer, unit)
        for layer, width in enumerate(hidden, start=1)
        for unit in range(1, min(width, DRAWN) + 1)
    ]
    return [("none", ()), *((f"{layer}.{unit}", (layer, unit)) for layer, unit in units)]
