"""What the panel can add to its picture: kinks, hidden layers, and what lies beyond the data."""

import numpy as np
import torch
from ipywidgets import HTML, HBox, ToggleButton

from helpers.experiment import Experiment
from helpers.probe import hidden_outputs, kinks
from helpers.widgets.picture import Picture
from helpers.widgets.svg import write_outputs

TOOLTIPS = {
    "Kinks": "Dot the bends of the fit, each hidden layer's in its own colour",
    "Hidden layers": "Draw what every unit of each hidden layer hands on",
    "Beyond the data": "Show what the network says on twice the range of x",
}


class Insight:
    """Three toggles, and what they show of a network.

    Attributes:
        bar: The toggles, in a row.
        strip: The picture of the hidden layers, there while its toggle is on.
        words: What the last look showed, in one line; "" if no toggle is on.
    """

    def __init__(self) -> None:
        """Make the toggles, all of them off."""
        self.toggles = [
            ToggleButton(description=name, tooltip=tooltip, layout={"width": "132px"})
            for name, tooltip in TOOLTIPS.items()
        ]
        self.kinks, self.hidden, self.beyond = self.toggles
        self.bar = HBox(self.toggles)
        self.strip = HTML(layout={"display": "none", "max_width": "min(100%, 800px)"})
        self.hidden.observe(self._show_strip, "value")
        self.words = ""

    def fits(self, frame: Picture) -> bool:
        """Tell whether a frame is as wide as the toggle says."""
        return frame.beyond == self.beyond.value

    def look(self, experiment: Experiment, frame: Picture) -> dict:
        """Compute what the toggles ask for.

        Returns:
            The arguments that `LivePlot.draw` wants for it.
        """
        more, words = {}, []
        if frame.beyond:
            more["curve"] = predict_at(experiment, frame.grid)
            ends = zip(more["curve"][[0, -1]], frame.grid[[0, -1]], strict=True)
            words.append("beyond: " + ", ".join(f"{y:.3g} at x = {x:g}" for y, x in ends))
        if self.kinks.value:
            try:
                found = kinks(experiment.net, frame.grid[0], frame.grid[-1])
                more["dots"] = [(x, predict_at(experiment, x)) for x in found]
                words.append("kinks by layer: " + (", ".join(str(len(x)) for x in found) or "none"))
            except TypeError:
                words.append("kinks: only a ReLU network has any")
            except ValueError:
                words.append("kinks: the weights are no longer finite")
        if self.hidden.value:
            outputs = [out.numpy() for out in hidden_outputs(experiment.net, experiment.x)]
            counts = ", ".join(f"{out.any(axis=0).sum()} of {out.shape[1]}" for out in outputs)
            words.append(f"units that are on somewhere: {counts or 'none'}")
            self.strip.value = write_outputs(outputs, words[-1])
        self.words = " · ".join(words)
        return more

    def _show_strip(self, change: object) -> None:
        self.strip.layout.display = "flex" if self.hidden.value else "none"


def predict_at(experiment: Experiment, x: np.ndarray) -> np.ndarray:
    """Ask the network for any x: (K,) -> (K,)."""
    with torch.no_grad():
        column = torch.tensor(x, dtype=torch.float32).unsqueeze(1)  # (K, 1)
        return experiment.net(column).squeeze(1).numpy()
