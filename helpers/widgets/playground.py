"""The panel: what its controls say goes to the trainer as orders; states come back as pictures."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ipywidgets import HBox, VBox, Widget

from helpers.experiment import Experiment, Settings, to_settings
from helpers.guards import to_whole
from helpers.training import Iteration
from helpers.widgets.controls import Controls, row
from helpers.widgets.kernel import find_cell, take_in_order
from helpers.widgets.pace import to_fps
from helpers.widgets.record import Use
from helpers.widgets.screen import Screen, make_still
from helpers.widgets.stills import View, close_widget, with_still
from helpers.widgets.trainer import Pause, Refuse, Reset, Train, Trainer

OPEN: list["Playground"] = []


class Playground(View):
    """A panel that trains a network while its settings are dragged.

    It lives until `close()`, or until the cell that made it runs again.

    Args:
        settings: What the controls show at first.
        fps: Frames a second at the most.

    Raises:
        TypeError: `settings` is not a `Settings`, or `fps` is not a number.
        ValueError: Settings that the controls cannot show, or `fps` is not positive.

    Shown in: 00_overview
    """

    trainer: Trainer | None = None

    def __init__(self, settings: Settings = Settings(), fps: float = 10) -> None:  # noqa: B008
        """Build the network and show it untrained."""
        settings = to_settings("settings", settings)
        to_fps(fps)
        experiment = Experiment(settings)  # what may fail comes before any widget is made
        controls = Controls(settings)
        screen = Screen(experiment, controls, fps)
        self.controls = controls
        self.screen = screen
        self.insight = screen.insight
        self.reading = threading.Lock()  # held to read the controls and to leave what they say
        self.setting = 0  # how many are moving several controls one by one
        trainer = Trainer(experiment, self._read(), screen.pace, screen.draw)
        screen.draw(trainer.look())
        super().__init__([*arrange(controls, screen), controls.style])
        self.add_class("sine-panel")
        self.trainer = trainer
        take_in_order(self)
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

    @property
    def reached(self) -> tuple[str, ...]:
        """Names of the goals reached so far, whether they are shown or not."""
        return self.trainer.record.reached

    def run(self, n: int | None = None) -> None:
        """Train in the thread for n more iterations, or until the stop.

        Raises:
            TypeError: n is not a whole number.
            ValueError: n is below 1.
        """
        self.trainer.put(Train() if n is None else Train(to_whole("n", n, 1)))

    def pause(self) -> None:
        """End training after the iteration in progress."""
        self.trainer.put(Pause())

    def reset(self) -> None:
        """Pause, and begin again with a new network."""
        self.trainer.put(Reset())

    def advance(self, n: int) -> Iteration:
        """Pause, and wait for n iterations of what the controls show.

        The picture follows when the next one is due.

        Returns:
            How the network stands: iterations done, loss and prediction after them.

        Raises:
            TypeError: n is not a whole number.
            ValueError: n is below 1.
            RuntimeError: The panel is closed; or what the controls show cannot be made.
        """
        return self.trainer.advance(n)

    def close(self) -> None:
        """End the thread and take the widgets away."""
        if self in OPEN:
            OPEN.remove(self)
            self.trainer.close()
            self.screen.pace.close()
            close_widget(self)
        super().close()

    def _read(self) -> Use:
        return Use(self.controls.read(), self.controls.stop.value, self.insight.look)

    def _use(self, change: object = None) -> None:
        """Leave word of what the controls show, unless more of them are about to move.

        Two threads may move two controls at once: whoever reads last has seen both, and leaves
        word last.
        """
        with self.reading:
            if self.setting:
                return
            try:
                order = self._read()
            except Exception as error:  # a name that has gone from a catalogue, say
                order = Refuse(error)
            self.trainer.put(order)

    @contextmanager
    def _together(self) -> Iterator[None]:
        """Leave word once of all that is moved meanwhile, also if that fails."""
        with self.reading:
            self.setting += 1
        try:
            yield
        finally:
            with self.reading:
                self.setting -= 1
            self._use()

    def _use_preset(self, name: str) -> None:
        """Set the hidden layers to those of a preset: one new network, whatever is moved for it."""
        with self._together():
            self.controls.use_preset(name)

    def _use_layers(self, change: object = None) -> None:
        """Offer the units of the layers, and leave word: one that stays chosen is never let go."""
        with self._together():
            self.insight.offer(self.controls.hidden)

    def _press_run(self) -> None:
        if self.controls.run.description == "Run":  # it does what it says
            self.run()
        else:
            self.pause()

    def _listen(self) -> None:
        controls = self.controls
        self.insight.offer(controls.hidden)
        layers = (controls.depth, *controls.widths)
        toggles = (*self.insight.toggles, self.insight.unit, self.screen.goals.toggle)
        for control in (*controls.inputs, controls.stop, *toggles):
            control.observe(self._use_layers if control in layers else self._use, "value")
        controls.run.on_click(lambda _: self._press_run())
        controls.one.on_click(lambda _: self.run(1))
        controls.hundred.on_click(lambda _: self.run(100))
        controls.reset.on_click(lambda _: self.reset())
        for button in controls.presets:
            button.on_click(lambda clicked: self._use_preset(clicked.description))
        self.screen.pace.heard.observe(lambda _: self.trainer.wake(), "value")

    def _replace_earlier_run(self) -> None:
        """Close the panel that an earlier run of this cell made.

        The cells of two copies of a notebook have the same ids, and may share a kernel: only a
        panel that the page of this cell has shown is closed.
        """
        self.request, page, self.cell = find_cell()
        self.pages = {page}  # those that have shown it
        self.observe(self._note_page, "_view_count")
        self._view_count = 0  # from now on a page counts it up
        for panel in OPEN[:]:
            is_earlier = self.cell == panel.cell and self.request != panel.request
            if self.cell and is_earlier and page in panel.pages:
                panel.close()
        OPEN.append(self)

    def _note_page(self, change: object) -> None:
        _, page, _ = find_cell()
        self.pages.add(page)

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        """Put a still beside the widget, for where there is no kernel."""
        return with_still(
            super()._repr_mimebundle_(**kwargs), *make_still(self.experiment.settings)
        )


def arrange(controls: Controls, screen: Screen) -> list[Widget]:
    """Put a panel's widgets in their places.

    Returns:
        The bar and the words; what one looks at and drags, beside what is set once and left; and
        what is folded.
    """
    insight, goals = screen.insight, screen.goals
    bar = row(*controls.bar, screen.numbers)
    words = row(screen.status, screen.headline)
    looks = row(insight.unit, *insight.toggles)
    side = VBox([looks, insight.line, controls.more])
    folds = row(goals.toggle, *controls.folds)
    stage = VBox([screen.picture, controls.main, screen.network, controls.widths_box])
    body = HBox([stage, side])
    classes = {bar: "sine-bar", words: "sine-words", body: "sine-body", side: "sine-side"}
    classes |= {controls.main: "sine-main"}
    classes |= {looks: "sine-toggles", folds: "sine-toggles"}
    for box, name in classes.items():
        box.add_class(name)
    return [bar, words, body, folds, goals.list, controls.stop, controls.program]
