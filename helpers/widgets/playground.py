"""The panel: what its controls say goes to a training thread; pictures and text come back."""

import html
import math
import time

from IPython import get_ipython
from ipywidgets import HTML, HBox, VBox

from helpers.experiment import Experiment, Settings
from helpers.model import count_parameters
from helpers.probe import silent_layer
from helpers.widgets.controls import Controls
from helpers.widgets.insight import Insight
from helpers.widgets.live import LivePlot, Shown
from helpers.widgets.stills import close_widget, with_still
from helpers.widgets.trainer import Trainer

OPEN: list["Playground"] = []
TWO_LINES = "line-height: 20px; min-height: 40px"


class Playground(VBox):
    """A panel that trains a network while its settings are dragged.

    It lives until `close()`, or until the cell that made it runs again.

    Args:
        settings: What the controls show at first.
        fps: Frames a second at the most.

    Raises:
        ValueError: Settings that the controls cannot show, or `fps` is not positive.

    Shown in: 00_overview
    """

    trainer: Trainer | None = None

    def __init__(self, settings: Settings = Settings(), fps: float = 10) -> None:  # noqa: B008
        """Build the network and show it untrained."""
        self.controls, self.insight = Controls(settings), Insight()
        trainer = Trainer(settings, self, self.controls.stop.value)
        self.live = LivePlot(trainer.experiment.x, trainer.experiment.y, fps=fps)
        self.record, self.due = self.live.record, self.live.due
        self.headline, self.status = HTML(), HTML()
        self.begin(trainer.experiment)
        self.draw(trainer)
        # Room for what the longest text takes in a narrow window, so that nothing below jumps.
        layout = {"flex_flow": "row wrap", "grid_gap": "0 24px", "min_height": "92px"}
        words = HBox([self.live.line, self.status], layout=layout | {"align_content": "flex-start"})
        picture = (self.controls.bar, self.headline, self.live.picture, self.insight.strip, words)
        rest = (self.insight.bar, self.controls.groups, self.controls.program_box)
        super().__init__([*picture, *rest])
        self.trainer = trainer
        self._listen()
        self._replace_earlier_run()
        trainer.start()

    @property
    def settings(self) -> Settings:
        """What the controls show now."""
        return self.controls.read()

    @property
    def experiment(self) -> Experiment:
        """What is being trained."""
        return self.trainer.experiment

    def run(self, n: float = math.inf) -> None:
        """Train in the thread for n iterations, or until the stop."""
        self._order(left=n)

    def pause(self) -> None:
        """End training after the iteration in progress."""
        self._order(left=0)

    def reset(self) -> None:
        """Pause, and begin again with a new network."""
        self._order(left=0, fresh=True)

    def advance(self, n: int) -> Shown:
        """Pause, take what the controls show, train for n iterations here, and draw.

        Returns:
            What the picture shows: iterations done, loss and prediction after them.
        """
        self.pause()
        self.trainer.advance(n)
        return self.live.latest

    def close(self) -> None:
        """End the thread and take the widgets away."""
        if self in OPEN:
            OPEN.remove(self)
            self.trainer.close()
            self.live.close()
            close_widget(self)

    def _order(self, **order: object) -> None:
        with self.trainer.changed:  # whoever comes last has read last
            self.trainer.stop = self.controls.stop.value
            self.trainer.order(self.controls.read(), **order)
        self._name_button(self.trainer)

    def _use_preset(self, name: str) -> None:
        with self.trainer.changed:  # the thread must not take a network that is half set
            self.controls.use_preset(name)

    def _listen(self) -> None:
        controls = self.controls
        for control in (*controls.inputs, controls.stop, *self.insight.toggles):
            control.observe(lambda _: self._order(), "value")
        controls.run.on_click(lambda _: self.pause() if self.trainer.left else self.run())
        controls.one.on_click(lambda _: self.run(1))
        controls.hundred.on_click(lambda _: self.run(100))
        controls.reset.on_click(lambda _: self.reset())
        for button in controls.presets:
            button.on_click(lambda clicked: self._use_preset(clicked.description))

    def begin(self, experiment: Experiment) -> None:
        """Show a new network's curve from its beginning."""
        cfg = experiment.settings.cfg
        if experiment.y.ravel().tolist() != self.live.picture.y.tolist():
            self._make_frame(experiment)
        self.live.title = f"hidden layers: {len(cfg) - 2}"
        self.live.clear()
        self.pace = None
        count = count_parameters(experiment.net)
        self.summary = f"cfg = {list(cfg)} · {count:,} parameters"
        self.headline.value = f"<div style='{TWO_LINES}'><code>{self.summary}</code></div>"
        self.controls.write_program(experiment.program())

    def change(self, experiment: Experiment) -> None:
        """Mark the loss curve where the learning rate or the optimizer was changed."""
        settings = experiment.settings
        self.live.mark(experiment.iteration, f"{settings.optimizer}, lr {settings.lr:g}")
        self.controls.write_program(experiment.program())

    def draw(self, trainer: Trainer) -> None:
        """Show the network as it is now, in a picture and in words."""
        if not self.insight.fits(self.live.picture):
            self._make_frame(trainer.experiment)
        self.live.latest = trainer.experiment.evaluate()
        self.live.draw(**self.insight.look(trainer.experiment, self.live.picture))
        words = filter(None, (self._sentence(trainer), self.insight.words))
        self.status.value = html.escape(" · ".join(words))
        self._name_button(trainer)

    def _make_frame(self, experiment: Experiment) -> None:
        self.live.set_data(experiment.x, experiment.y, self.insight.beyond.value)

    def _sentence(self, trainer: Trainer) -> str:
        """Say what the picture cannot: what went wrong, or how fast it goes."""
        number, now = trainer.experiment.iteration, time.monotonic()
        before, self.pace = self.pace, (number, now) if trainer.left else None
        if trainer.problem:
            return trainer.problem
        if layer := silent_layer(trainer.experiment.net, trainer.experiment.x):
            return (
                f"flat: every unit of hidden layer {layer} is off for all x; "
                "lower the learning rate and press Reset, or try another seed"
            )
        if trainer.left:
            rate = (number - before[0]) / (now - before[1]) if before else 0
            return f"{rate:,.0f} iterations a second" if rate else "running"
        if number >= trainer.stop:
            return f"stopped at iteration {number:,}: raise Stop at, or press Reset"
        return "paused: press Run"

    def _name_button(self, trainer: Trainer) -> None:
        with trainer.changed:
            running = trainer.left > 1
            self.controls.run.description = "Pause" if running else "Run"
            self.controls.run.icon = "pause" if running else "play"

    def _replace_earlier_run(self) -> None:
        """Close the panel that an earlier run of this cell made."""
        parent = getattr(get_ipython(), "get_parent", dict)()
        self.request = parent.get("header", {}).get("msg_id")
        self.cell = parent.get("metadata", {}).get("cellId")
        for panel in OPEN[:]:
            if self.cell and self.cell == panel.cell and self.request != panel.request:
                panel.close()
        OPEN.append(self)

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        """Put a still beside the widget, for where there is no kernel."""
        return with_still(
            super()._repr_mimebundle_(**kwargs), self.live.picture.png(), self.summary
        )
