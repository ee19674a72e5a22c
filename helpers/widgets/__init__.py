"""What moves on the screen: `Playground`, `LivePlot`, `FiveSteps`, `Sliders`."""

from helpers.widgets.five_steps import FiveSteps
from helpers.widgets.live import LivePlot
from helpers.widgets.playground import Playground
from helpers.widgets.sliders import Sliders

__all__ = ["FiveSteps", "LivePlot", "Playground", "Sliders"]
