"""What the panel can add to its picture: kinks, hidden layers, and what lies beyond the data."""

import html
from typing import NamedTuple

import numpy as np
from ipywidgets import HTML, ToggleButton

from helpers.experiment import Experiment
from helpers.probe import hidden_outputs, kinks
from helpers.widgets.picture import make_grid
from helpers.widgets.svg import write_outputs

TOOLTIPS = {
    "Kinks": "Dot the bends of the fit, each hidden layer's in its own colour",
    "Layer outputs": "Draw what every unit of each hidden layer hands on",
    "Beyond the data": "Show what the network says on twice the range of x",
}


class Look(NamedTuple):
    """What is asked for: whether to show kinks, layer outputs, and what lies beyond the data."""

    kinks: bool = False
    outputs: bool = False
    beyond: bool = False


class Found(NamedTuple):
    """What was found of what was asked for.

    Attributes:
        curve: What the network says on twice the range of x; None if only the data's was asked.
        dots: For each hidden layer, x and y of its kinks.
        outputs: For each hidden layer, what its units hand on, (N, width).
        words: It all, in one line.
    """

    curve: np.ndarray | None = None
    dots: tuple[tuple[np.ndarray, np.ndarray], ...] = ()
    outputs: tuple[np.ndarray, ...] = ()
    words: str = ""


def examine(experiment: Experiment, look: Look) -> Found:
    """Find out what is asked for of a network, as it is now."""
    grid = make_grid(experiment.x.squeeze(1).double().numpy(), look.beyond)
    curve, dots, outputs, words = None, (), (), []
    if look.beyond:
        curve = experiment.predict(grid).numpy()
        ends = zip(curve[[0, -1]], grid[[0, -1]], strict=True)
        words.append("beyond: " + ", ".join(f"{y:.3g} at x = {x:g}" for y, x in ends))
    if look.kinks:
        try:
            layers = kinks(experiment.net, grid[0], grid[-1])
            dots = tuple((x, experiment.predict(x).numpy()) for x in layers)
            counts = ", ".join(str(len(x)) for x in layers)
            words.append(f"kinks by layer: {counts or 'none'}")
        except TypeError:
            words.append("kinks: only a ReLU network has any")
        except ValueError:
            words.append("kinks: the weights are no longer finite")
    if look.outputs:
        outputs = tuple(out.numpy() for out in hidden_outputs(experiment.net, experiment.x))
        counts = ", ".join(f"{out.any(axis=0).sum()} of {out.shape[1]}" for out in outputs)
        words.append(f"units that are on somewhere: {counts or 'none'}")
    return Found(curve, dots, outputs, " · ".join(words))


class Insight:
    """Three toggles, and what they show of a network.

    Attributes:
        toggles: Whether to show kinks, layer outputs, and what lies beyond the data.
        line: What the toggles found, in one line; there while one is on.
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
        if found.outputs:
            self.strip.value = write_outputs(found.outputs, found.words)

    def _unfold(self, change: object = None) -> None:
        self.line.layout.display = "flex" if any(t.value for t in self.toggles) else "none"
        self.strip.layout.display = "flex" if self.outputs.value else "none"
