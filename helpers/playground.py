"""The panel: what its controls say goes to a training thread; pictures and text come back."""

import base64
import html
import math
import threading
import time

from IPython import get_ipython
from ipywidgets import HTML, VBox, Widget

from helpers.controls import Controls
from helpers.experiment import Experiment, Settings
from helpers.live import LivePlot, Shown
from helpers.model import count_parameters
from helpers.plots import Frame
from helpers.probe import silent_layer

OPEN: list["Playground"] = []


class Playground(VBox):
    """A panel that trains a network while its settings are dragged.

    The controls fill one slot, where the latest settings win. The training thread takes them
    between two iterations, and writes nothing but pictures, text and the name of the Run
    button. A panel lives until `close()`, or until the cell that made it runs again.

    Args:
        settings: What the controls show at first.
        fps: Frames a second at the most.

    Attributes:
        experiment: What is being trained.

    Raises:
        ValueError: Settings that the controls cannot show, or `fps` is not positive.

    Shown in: 00_overview
    """

    thread: threading.Thread | None = None

    def __init__(self, settings: Settings = Settings(), fps: float = 10) -> None:  # noqa: B008
        """Build the network and show it untrained."""
        self.controls = Controls(settings)
        self.experiment = Experiment(settings)
        self.live = LivePlot(self.experiment.x, self.experiment.y, fps=fps)
        self.headline, self.status = HTML(), HTML(layout={"min_height": "48px"})
        self.working = threading.Lock()  # held to train and draw
        self.changed = threading.Condition()  # held to read or set the next line
        self.wanted, self.left, self.stale, self.closing = None, 0, False, False
        self.pace: tuple[int, float] | None = None
        self._begin()
        self._draw()
        picture = (self.controls.bar, self.headline, self.live.widget, self.status)
        super().__init__([*picture, self.controls.groups, self.controls.program_box])
        self._listen()
        self._replace_earlier_run()
        self.thread = threading.Thread(target=self._work, name="Playground", daemon=True)
        self.thread.start()

    @property
    def settings(self) -> Settings:
        """What the controls show now."""
        return self.controls.read()

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
        with self.working:
            self._take()
            while n > 0 and self._train():
                n -= 1
            self._draw()
            return self.live.latest

    def close(self) -> None:
        """End the thread and take the widgets away."""
        if self.thread is not None:
            with self.changed:
                self.closing = True
                self.changed.notify()
            self.thread.join()
            self.thread = None
            OPEN.remove(self)
            close_parts(self)
        super().close()

    def _order(self, left: float | None = None, fresh: bool = False) -> None:
        with self.changed:
            self.wanted = (self.controls.read(), fresh or bool(self.wanted and self.wanted[1]))
            self.left = self.left if left is None else left
            self.stale = True
            self.changed.notify()
        self._name_button()

    def _choose_preset(self, name: str) -> None:
        with self.changed:  # the thread must not take a network that is half set
            self.controls.use_preset(name)

    def _listen(self) -> None:
        controls = self.controls
        for control in (*controls.inputs, controls.stop):
            control.observe(lambda _: self._order(), "value")
        controls.run.on_click(lambda _: self.pause() if self.left else self.run())
        controls.one.on_click(lambda _: self.run(1))
        controls.hundred.on_click(lambda _: self.run(100))
        controls.reset.on_click(lambda _: self.reset())
        for button in controls.presets:
            button.on_click(lambda clicked: self._choose_preset(clicked.description))

    def _work(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.closing or self.stale or self.left)
                if self.closing:
                    return
            with self.working:
                try:
                    self._turn()
                except Exception as error:  # whatever it was, the panel goes on working
                    self.left = 0
                    self.status.value = html.escape(f"{type(error).__name__}: {error}")

    def _turn(self) -> None:
        """Take what was chosen, train one iteration, and show a frame if one is due."""
        stale = self._take()
        ended = self.experiment.iteration >= self.controls.stop.value
        with self.changed:
            if ended and self.left == math.inf:
                self.left = 0
            training = self.left > 0
            self.left -= training
        if training:
            self._train()
        if self.live.due() or stale or not self.left:
            self._draw()

    def _take(self) -> bool:
        """Take what was chosen since the last turn; True if anything was."""
        with self.changed:
            (wanted, fresh), self.wanted = self.wanted or (None, False), None
            stale, self.stale = self.stale, False
        if wanted is None:
            return stale
        self.pace = None
        before = self.experiment.settings
        if fresh:
            self.experiment = Experiment(wanted)
        if fresh or self.experiment.apply(wanted):
            self._begin()
        elif wanted != before:
            self.live.mark(self.experiment.iteration, f"{wanted.optimizer}, lr {wanted.lr:g}")
            self.controls.write_program(self.experiment.program())
        return True

    def _begin(self) -> None:
        """Show a new network's curve from its beginning."""
        experiment, cfg = self.experiment, self.experiment.settings.cfg
        if experiment.y.ravel().tolist() != self.live.frame.y.tolist():
            self.live.frame = Frame(experiment.x, experiment.y)
        self.live.frame.title.set_text(f"hidden layers: {len(cfg) - 2}")
        self.live.clear()
        self.problem = ""
        count = count_parameters(experiment.net)
        self.summary = f"cfg = {list(cfg)} · {count:,} parameters"
        self.headline.value = f"<code>{self.summary}</code>"
        self.controls.write_program(experiment.program())

    def _train(self) -> bool:
        """Train one iteration; False if the loss is no longer finite."""
        try:
            self.live.record(self.experiment.advance())
        except FloatingPointError as error:
            loss = error.loss if error.last_loss is None else error.last_loss
            self.problem = self.problem or (
                f"diverged at iteration {error.number}: loss was {loss:.2g}; "
                "lower the learning rate and press Reset"
            )
            self.left = 0
            return False
        return True

    def _draw(self) -> None:
        self.live.latest = self.experiment.evaluate()
        self.live.draw()
        self.status.value = html.escape(self._sentence())
        self._name_button()

    def _sentence(self) -> str:
        """Say what the picture cannot: what went wrong, or how fast it goes."""
        number, now = self.experiment.iteration, time.monotonic()
        before, self.pace = self.pace, (number, now)
        if self.problem:
            return self.problem
        if layer := silent_layer(self.experiment.net, self.experiment.x):
            return (
                f"flat: every unit of hidden layer {layer} is off for all x; "
                "choose another seed or a lower learning rate"
            )
        if self.left and before:
            return f"{(number - before[0]) / (now - before[1]):,.0f} iterations a second"
        if number >= self.controls.stop.value:
            return f"stopped at {number:,} iterations; raise Stop at, or press Reset"
        return "running" if self.left else "paused; press Run"

    def _name_button(self) -> None:
        with self.changed:
            running = self.left > 1
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

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        """Put a still beside the widget, for where there is no kernel."""
        still = base64.b64encode(self.live.image.value).decode()
        bundle = super()._repr_mimebundle_(**kwargs)
        return bundle | {"text/plain": self.summary, "image/png": still}


def close_parts(widget: Widget) -> None:
    """Close what belongs to a widget: its children, layout and style."""
    for child in getattr(widget, "children", ()):
        close_parts(child)
        child.close()
    for part in (widget.layout, getattr(widget, "style", None)):
        if part:
            part.close()
