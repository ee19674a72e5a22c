"""What the panel can add to its picture: kinks, hidden layers, and what lies beyond the data."""

import html

from ipywidgets import HTML, ToggleButton

from helpers.experiment import Experiment
from helpers.probe import hidden_outputs, kinks
from helpers.widgets.picture import Picture
from helpers.widgets.svg import write_outputs

TOOLTIPS = {
    "Kinks": "Dot the bends of the fit, each hidden layer's in its own colour",
    "Layer outputs": "Draw what every unit of each hidden layer hands on",
    "Beyond the data": "Show what the network says on twice the range of x",
}


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

    def has_range_of(self, picture: Picture) -> bool:
        """Tell whether a picture shows the range of x that its toggle asks for."""
        return picture.beyond == self.beyond.value

    def examine(self, experiment: Experiment, picture: Picture) -> dict:
        """Find out what the toggles ask for, and say it in the line below them.

        Args:
            experiment: The network to examine; it is not trained.
            picture: Where it is to be drawn: its grid is the range of x.

        Returns:
            The arguments that `LivePlot.draw` wants for it.
        """
        arguments = {}
        found = []
        if picture.beyond:
            arguments["curve"] = experiment.predict(picture.grid).numpy()
            ends = zip(arguments["curve"][[0, -1]], picture.grid[[0, -1]], strict=True)
            found.append("beyond: " + ", ".join(f"{y:.3g} at x = {x:g}" for y, x in ends))
        if self.kinks.value:
            try:
                layers = kinks(experiment.net, picture.grid[0], picture.grid[-1])
                arguments["dots"] = [(x, experiment.predict(x).numpy()) for x in layers]
                counts = ", ".join(str(len(x)) for x in layers)
                found.append(f"kinks by layer: {counts or 'none'}")
            except TypeError:
                found.append("kinks: only a ReLU network has any")
            except ValueError:
                found.append("kinks: the weights are no longer finite")
        if self.outputs.value:
            outputs = [out.numpy() for out in hidden_outputs(experiment.net, experiment.x)]
            counts = ", ".join(f"{out.any(axis=0).sum()} of {out.shape[1]}" for out in outputs)
            found.append(f"units that are on somewhere: {counts or 'none'}")
            self.strip.value = write_outputs(outputs, found[-1])
        self.line.value = html.escape(" · ".join(found))
        return arguments

    def _unfold(self, change: object = None) -> None:
        self.line.layout.display = "flex" if any(t.value for t in self.toggles) else "none"
        self.strip.layout.display = "flex" if self.outputs.value else "none"
