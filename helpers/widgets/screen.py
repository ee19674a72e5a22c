"""What the panel shows of training: a picture, and words that never run ahead of it."""

import html
import time
from contextlib import ExitStack

import torch
from ipywidgets import HTML

from helpers.experiment import Experiment, Settings
from helpers.model import count_parameters
from helpers.training import Diverged
from helpers.widgets.controls import Controls
from helpers.widgets.goals import GoalList
from helpers.widgets.insight import Insight
from helpers.widgets.live import LivePlot
from helpers.widgets.record import State

STILL = 300  # iterations that a still shows, or as many as take about as long on a large network
STILL_PARAMETERS = 3_000_000  # iterations times parameters of a still, at the most


class Screen:
    """Draws states, each whole: it asks nobody for anything.

    Args:
        experiment: What is shown at first.
        controls: Whose Run button and program follow what is drawn.
        fps: Frames a second at the most.

    Attributes:
        live: The picture and a line of text.
        headline: The architecture that is shown, and its number of parameters.
        status: What the picture cannot say: how fast it goes, or what went wrong.
        insight: Toggles that add to the picture.
        goals: What to reach.
    """

    def __init__(self, experiment: Experiment, controls: Controls, fps: float) -> None:
        """Make the widgets; nothing is drawn yet."""
        self.controls = controls
        self.live = LivePlot(experiment.x, experiment.y, fps=fps)
        self.insight = Insight()
        self.goals = GoalList()
        self.headline = HTML()
        self.status = HTML()
        self.shown = (experiment.x, experiment.y, False)  # the data, and whether beyond them
        self.before: tuple[int, float] | None = None  # iterations and seconds, while it runs

    def draw(self, state: State) -> None:
        """Send the picture, and after it the words."""
        live, picture = self.live, self.live.picture
        words = (self.insight.line, self.insight.strip, live.line)
        with ExitStack() as held:
            for widget in (*words, picture.moving, picture.still):  # sent from the last one on
                held.enter_context(widget.hold_sync())
            self._show_data(state)
            live.title = name_depth(state.settings)
            live.latest = state.now
            live.curve = state.losses
            live.held_out = state.held_out
            live.marks = list(state.marks)
            self.insight.show(state.found)
            live.draw(state.found.curve, state.found.dots)
        self.headline.value = f"<code>{summarise(state.settings, state.parameters)}</code>"
        said = [self._sentence(state)]
        if self.goals.toggle.value:
            said.append(state.won)
            self.goals.show(state.reached)
        self.status.value = html.escape(" · ".join(filter(None, said)))
        self.controls.show_running(state.running)
        self.controls.write_program(state.program)

    def _show_data(self, state: State) -> None:
        x, y, beyond = self.shown
        same = torch.equal(state.x, x) and torch.equal(state.y, y)
        if not same or state.look.beyond != beyond:
            self.shown = (state.x, state.y, state.look.beyond)
            self.live.set_data(*self.shown)

    def _sentence(self, state: State) -> str:
        """Say what the picture cannot: what went wrong, or how fast it goes."""
        number = state.now.number
        now = time.perf_counter()
        before = self.before
        self.before = (number, now) if state.running else None
        if state.problem:
            return state.problem
        if state.silent:
            return (
                f"flat: every unit of hidden layer {state.silent} is off for all x; "
                "lower the learning rate and press Reset, or try another seed"
            )
        if state.running:
            if before is None or number < before[0] or now <= before[1]:  # clocks stand for 16 ms
                return "running"
            return f"{(number - before[0]) / (now - before[1]):,.0f} iterations a second"
        if number >= state.stop:
            return f"stopped at iteration {number:,}: raise Stop at, or press Reset"
        return "paused: press Run"


def name_depth(settings: Settings) -> str:
    """Write the title of the picture."""
    return f"hidden layers: {len(settings.cfg) - 2}"


def summarise(settings: Settings, parameters: int) -> str:
    """Say which network it is."""
    return f"cfg = {list(settings.cfg)} · {parameters:,} parameters"


def make_still(settings: Settings) -> tuple[bytes, str]:
    """Train a network of its own for a moment, for where there is no kernel.

    Args:
        settings: What to train.

    Returns:
        A PNG of it in mid-training, and what it shows in a sentence.
    """
    experiment = Experiment(settings)
    parameters = count_parameters(experiment.net)
    live = LivePlot(experiment.x, experiment.y, name_depth(settings))
    try:
        for _ in range(max(1, min(STILL_PARAMETERS // parameters, STILL))):
            live.record(experiment.advance())
    except Diverged:
        pass  # the last loss that was finite is shown
    finally:
        live.draw()
        png = live.picture.png()
        live.close()
    words = f"{summarise(settings, parameters)} · iteration {experiment.iteration}"
    return png, f"{words}: data, prediction and loss curve"
