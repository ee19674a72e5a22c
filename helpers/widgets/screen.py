"""What the panel shows of training: a picture, and words that never run ahead of it."""

import html
import time
from contextlib import ExitStack

import torch
from ipywidgets import HTML

from helpers.experiment import Experiment, Settings
from helpers.model import count_parameters
from helpers.probe import silent_layer
from helpers.training import Diverged, Iteration
from helpers.widgets.controls import Controls
from helpers.widgets.goals import Goals
from helpers.widgets.insight import Insight
from helpers.widgets.live import LivePlot
from helpers.widgets.trainer import Trainer

ALONE = 30.0  # seconds without an answer from a page that once answered, after which it pauses
STILL = 300  # iterations that a still shows, or as many as take about as long on a large network
STILL_PARAMETERS = 3_000_000  # iterations times parameters of a still, at the most


class Screen:
    """The view of a panel's trainer, which calls all of it in the thread that trains.

    Args:
        experiment: What is shown at first.
        controls: Where the settings are read, and the program is written.
        fps: Frames a second at the most.

    Attributes:
        live: The picture and a line of text.
        headline: The architecture that is shown, and its number of parameters.
        status: What the picture cannot say: how fast it goes, or what went wrong.
        insight: Toggles that add to the picture.
        goals: What to reach.
        summary: The headline as plain text.
    """

    def __init__(self, experiment: Experiment, controls: Controls, fps: float) -> None:
        """Make the widgets and show the network untrained."""
        self.controls = controls
        self.live = LivePlot(experiment.x, experiment.y, fps=fps)
        self.insight = Insight()
        self.goals = Goals()
        self.headline = HTML()
        self.status = HTML()
        self.x = experiment.x
        self.y = experiment.y
        self.ordered = time.perf_counter()  # when the last order came
        self.begin(experiment)

    def wanted(self) -> tuple[Settings, int]:
        """Read the controls."""
        self.ordered = time.perf_counter()
        return self.controls.read(), self.controls.stop.value

    def begin(self, experiment: Experiment) -> None:
        """Show a new network from its beginning, with the next picture."""
        settings = experiment.settings
        can_differ = settings.noise > 0 or settings.n_samples < 1000
        self.held_out = experiment.get_held_out() if can_differ else None
        self.live.clear()
        self.live.title = name_depth(settings)
        self.summary = summarise(experiment)
        self.is_written = False
        self.before: tuple[int, float] | None = None
        self.goals.begin(experiment)
        self.live.pace.hurry()

    def change(self, experiment: Experiment) -> None:
        """Mark the loss curve where the learning rate or the optimizer was changed."""
        settings = experiment.settings
        self.live.mark(experiment.iteration, f"{settings.optimizer}, lr {settings.lr:g}")
        self.is_written = False
        self.goals.change(experiment)
        self.live.pace.hurry()

    def record(self, iteration: Iteration) -> None:
        """Make an iteration's loss a point of the curve."""
        self.live.curve.record(iteration.number, iteration.loss)
        self.goals.record(iteration)

    def look(self, experiment: Experiment) -> Iteration:
        """Evaluate the network as it is now, on the training points and on those held out."""
        now = experiment.evaluate()
        held_out = None
        if self.held_out is not None:
            x, y = self.held_out
            with torch.no_grad():
                held_out = experiment.loss_func(experiment.net(x), y).item()
            if self.live.held_out.iterations[-1:] != [now.number]:
                self.live.held_out.record(now.number, held_out)
        self.live.latest = now
        self.goals.look(held_out)
        return now

    def tell(self, running: bool) -> None:
        """Say on the button what it would do."""
        self.controls.run.description = "Pause" if running else "Run"
        self.controls.run.icon = "pause" if running else "play"

    def wait(self) -> float:
        """Tell in how many seconds the next picture may go."""
        return self.live.pace.wait()

    def draw(self, trainer: Trainer) -> None:
        """Send the picture, and after it the words."""
        experiment = trainer.experiment
        if trainer.left and self._is_alone():
            trainer.end(
                f"paused at iteration {experiment.iteration:,}: no page showed this panel for "
                f"{ALONE:.0f} s; press Run to go on"
            )
        self.look(experiment)
        picture = self.live.picture
        words = (self.insight.line, self.insight.strip, self.live.line)
        with ExitStack() as held:
            for widget in (*words, picture.moving, picture.still):  # sent from the last one on
                held.enter_context(widget.hold_sync())
            self._show_data(experiment)
            self.live.draw(**self.insight.examine(experiment, picture))
        self.headline.value = f"<code>{self.summary}</code>"
        said = [self._sentence(trainer)]
        if self.goals.toggle.value:
            said.append(self.goals.words)
            self.goals.show()
        self.status.value = html.escape(" · ".join(filter(None, said)))
        self.tell(trainer.left > 0)
        if not self.is_written:
            self.is_written = True
            self.controls.write_program(experiment.program())

    def close(self) -> None:
        """Take away what belongs to no other widget."""
        self.live.close()

    def _show_data(self, experiment: Experiment) -> None:
        same = torch.equal(experiment.x, self.x) and torch.equal(experiment.y, self.y)
        if not same or not self.insight.has_range_of(self.live.picture):
            self.x = experiment.x
            self.y = experiment.y
            self.live.set_data(self.x, self.y, self.insight.beyond.value)

    def _is_alone(self) -> bool:
        """Tell whether a page showed this once, and none does any more."""
        return min(self.live.pace.unseen(), time.perf_counter() - self.ordered) > ALONE

    def _sentence(self, trainer: Trainer) -> str:
        """Say what the picture cannot: what went wrong, or how fast it goes."""
        number = trainer.experiment.iteration
        now = time.perf_counter()
        before = self.before
        self.before = (number, now) if trainer.left else None
        if trainer.problem:
            return trainer.problem
        if layer := silent_layer(trainer.experiment.net, trainer.experiment.x):
            return (
                f"flat: every unit of hidden layer {layer} is off for all x; "
                "lower the learning rate and press Reset, or try another seed"
            )
        if trainer.left:
            if before is None or now <= before[1]:  # a clock may stand still for 16 ms
                return "running"
            return f"{(number - before[0]) / (now - before[1]):,.0f} iterations a second"
        if number >= trainer.stop:
            return f"stopped at iteration {number:,}: raise Stop at, or press Reset"
        return "paused: press Run"


def name_depth(settings: Settings) -> str:
    """Write the title of the picture."""
    return f"hidden layers: {len(settings.cfg) - 2}"


def summarise(experiment: Experiment) -> str:
    """Say which network it is."""
    count = count_parameters(experiment.net)
    return f"cfg = {list(experiment.settings.cfg)} · {count:,} parameters"


def make_still(settings: Settings) -> tuple[bytes, str]:
    """Train a network of its own for a moment, for where there is no kernel.

    Args:
        settings: What to train.

    Returns:
        A PNG of it in mid-training, and what it shows in a sentence.
    """
    experiment = Experiment(settings)
    live = LivePlot(experiment.x, experiment.y, name_depth(settings))
    iterations = STILL_PARAMETERS // count_parameters(experiment.net)
    try:
        for _ in range(max(1, min(iterations, STILL))):
            live.record(experiment.advance())
    except Diverged:
        pass  # the last loss that was finite is shown
    finally:
        live.draw()
        png = live.picture.png()
        live.close()
    words = f"{summarise(experiment)} · iteration {experiment.iteration}"
    return png, f"{words}: data, prediction and loss curve"
