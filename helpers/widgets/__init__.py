"""What moves on the screen: `DrawDigit`, `Playground`, `LivePlot`, `FiveSteps`, `Sliders`."""

from helpers.widgets.draw_digit import DrawDigit
from helpers.widgets.five_steps import FiveSteps
from helpers.widgets.live import LivePlot
from helpers.widgets.playground import Playground
from helpers.widgets.sliders import Sliders

__all__ = ["DrawDigit", "FiveSteps", "LivePlot", "Playground", "Sliders"]
