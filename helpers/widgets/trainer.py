"""A thread that trains while its settings change: between two iterations, the latest win."""

import atexit
import contextlib
import math
import threading
from typing import Protocol

from helpers.experiment import Experiment, Settings
from helpers.training import Diverged, Iteration


class View(Protocol):
    """What a trainer reports to, in the thread that trains."""

    def begin(self, experiment: Experiment) -> None:
        """Take note of a new network."""

    def change(self, experiment: Experiment) -> None:
        """Take note that training goes on with another learning rate or optimizer."""

    def record(self, iteration: Iteration) -> None:
        """Take note of an iteration."""

    def due(self) -> bool:
        """Tell whether it is time for a picture."""

    def draw(self, trainer: "Trainer") -> None:
        """Show how training stands."""


class Trainer:
    """Runs an experiment in a daemon thread of its own, and sleeps while there is nothing to do.

    Args:
        settings: What to begin with.
        view: What to report to.
        stop: The iteration at which an endless run pauses.

    Attributes:
        experiment: What is being trained.
        left: Iterations still to do; infinite until the stop.
        problem: A sentence on what ended training, or "".
    """

    def __init__(self, settings: Settings, view: View, stop: int) -> None:
        """Build the experiment; nothing runs yet."""
        self.experiment, self.view, self.stop = Experiment(settings), view, stop
        self.problem = ""
        self.working = threading.Lock()  # held to train and draw
        self.changed = threading.Condition()  # held to read or set the next line
        self.wanted, self.fresh, self.left, self.closing = None, False, 0.0, False
        self.thread = threading.Thread(target=self._work, name="Trainer", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        atexit.register(self.close)  # a thread inside torch would break the end of the program
        self.thread.start()

    def order(self, settings: Settings, left: float | None = None, fresh: bool = False) -> None:
        """Fill the one slot: the latest order wins.

        Args:
            settings: What to train with from now on.
            left: How many iterations to train for; None goes on as before.
            fresh: Whether to begin again with a new network even if nothing else changes.
        """
        with self.changed:
            self.wanted, self.fresh = settings, self.fresh or fresh
            self.left = self.left if left is None else left
            self.changed.notify()

    def advance(self, n: int) -> None:
        """Carry out the last order and train for n iterations in this thread instead."""
        with self.working:
            self._take()
            while n > 0 and self._train():
                n -= 1
            self.view.draw(self)

    def close(self) -> None:
        """End the thread after the iteration in progress."""
        with self.changed:
            self.closing = True
            self.changed.notify()
        atexit.unregister(self.close)
        if self.thread.is_alive():
            self.thread.join()

    def _work(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.closing or self.wanted or self.left)
                if self.closing:
                    return
            with self.working:
                try:
                    self._turn()
                except Exception as error:  # whatever it was, the panel goes on working
                    self._end(f"{type(error).__name__}: {error}")
                    with contextlib.suppress(Exception):
                        self.view.draw(self)

    def _turn(self) -> None:
        """Take what was ordered, train one iteration, and show it if a picture is due."""
        taken = self._take()
        with self.changed:
            running = self.left > 0
            if self.left == math.inf and self.experiment.iteration >= self.stop:
                self.left = 0
            training = self.left > 0
            self.left -= training
        if training:
            self._train()
        if taken or (running and (self.view.due() or not self.left)):
            self.view.draw(self)

    def _take(self) -> bool:
        """Take what was ordered since the last turn; False if nothing was."""
        with self.changed:
            wanted, self.wanted = self.wanted, None
            fresh, self.fresh = self.fresh, False
        if wanted is None:
            return False
        before = self.experiment.settings
        if fresh or not self.experiment.apply(wanted):
            self.experiment = Experiment(wanted)
            self.problem = ""
            self.view.begin(self.experiment)
        elif wanted != before:
            self.view.change(self.experiment)
        return True

    def _train(self) -> bool:
        """Train one iteration; False if the loss is no longer finite."""
        try:
            self.view.record(self.experiment.advance())
        except Diverged as error:
            loss = error.loss if error.last_loss is None else error.last_loss
            self._end(
                self.problem
                or f"diverged at iteration {error.number}: loss was {loss:.2g}; "
                "lower the learning rate and press Reset"
            )
            return False
        return True

    def _end(self, problem: str) -> None:
        with self.changed:
            self.problem, self.left = problem, 0
