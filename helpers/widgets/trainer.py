"""A thread that trains while its settings change: between two iterations, the latest win.

The thread owns the experiment, and nobody else trains it. Others leave orders, under a lock
that is held only to read or write them, never while a view's or a learner's code runs.
"""

import atexit
import math
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from helpers.checks import to_whole
from helpers.experiment import Experiment, Settings
from helpers.training import Diverged, Iteration

CLOSED = "the panel must be open to train, but it was closed: make a new one"


class View(Protocol):
    """What a trainer asks and reports to, in the thread that trains."""

    def wanted(self) -> tuple[Settings, int]:
        """Tell what to train with, and the iteration at which an endless run pauses."""

    def begin(self, experiment: Experiment) -> None:
        """Take note of a new network, which is used only if this succeeds."""

    def change(self, experiment: Experiment) -> None:
        """Take note that training goes on with another learning rate or optimizer."""

    def record(self, iteration: Iteration) -> None:
        """Take note of an iteration."""

    def look(self, experiment: Experiment) -> Iteration:
        """Evaluate the network as it is now."""

    def tell(self, running: bool) -> None:
        """Take note that training goes on or pauses; no picture comes with it."""

    def wait(self) -> float:
        """Tell in how many seconds the next picture may be drawn: 0 for now."""

    def draw(self, trainer: "Trainer") -> None:
        """Show how training stands."""


class NotBuiltError(RuntimeError):
    """The network that is wanted cannot be made."""


class Job:
    """Iterations that somebody waits for.

    Attributes:
        left: How many are still to do.
        done: Set when the thread is through with it, or nobody waits for it any more.
        result: How the network stands then.
        error: What ended it before.
    """

    def __init__(self, n: int) -> None:
        """Ask for n iterations."""
        self.left = n
        self.done = threading.Event()
        self.result: Iteration | None = None
        self.error: Exception | None = None


class Trainer:
    """Runs an experiment in a daemon thread of its own, and sleeps while there is nothing to do.

    Args:
        experiment: What to begin with.
        view: What to ask and to report to.
        stop: The iteration at which an endless run pauses.

    Attributes:
        experiment: What is being trained.
        left: Iterations still to do; infinite until the stop.
        problem: A sentence on what ended training, or "".
        resting: Set while nothing is left to do and all is shown.
    """

    def __init__(self, experiment: Experiment, view: View, stop: int) -> None:
        """Take the experiment; nothing runs yet."""
        self.experiment = experiment
        self.view = view
        self.stop = stop
        self.resting = threading.Event()
        self.thread = threading.Thread(target=self._work, name="Trainer", daemon=True)

        self.changed = threading.Condition()  # held to read or write the orders, which are:
        self.left: float = 0
        self.unread = False  # whether the settings may be others than those in use
        self.fresh = False  # whether to begin again even if they are not
        self.holds = 0  # how many are changing several settings one by one
        self.jobs: deque[Job] = deque()
        self.closing = False
        self.orders = 0  # how many were given

        self.seen = 0  # how many of them were given before this turn began
        self.stale = False  # whether something is not shown yet
        self.delay: float | None = None  # seconds until it may be; None if all is shown
        self.diverged = ""  # said until there is a new network
        self.failed = ""  # said until there is a new order

    @property
    def problem(self) -> str:
        """A sentence on what ended training, or ""."""
        return self.failed or self.diverged

    def start(self) -> None:
        """Start the thread."""
        atexit.register(self.close)  # a thread inside torch would break the end of the program
        self.thread.start()

    def notice(self) -> None:
        """Look at the settings anew, and draw."""
        with self._order():
            pass

    def run(self, n: int | None = None) -> None:
        """Train for n more iterations, or until the stop; n ends an endless run.

        Raises:
            TypeError: n is not a whole number.
            ValueError: n is below 1.
        """
        if n is not None:
            n = to_whole("n", n, 1)
        with self._order():
            if n is None:
                self.left = math.inf
            elif self.left == math.inf:
                self.left = n
            else:
                self.left += n

    def pause(self) -> None:
        """End training after the iteration in progress."""
        with self._order():
            self.left = 0

    def reset(self) -> None:
        """Pause, and begin again with a new network."""
        with self._order():
            self.left = 0
            self.fresh = True

    def advance(self, n: int) -> Iteration:
        """Pause, and wait until the thread has trained for n iterations.

        Returns:
            How the network stands then: iterations done, loss and prediction after them.

        Raises:
            TypeError: n is not a whole number.
            ValueError: n is below 1.
            RuntimeError: The thread has ended, or is the one that asks; or the network that
                is wanted cannot be made.
        """
        job = Job(to_whole("n", n, 1))
        if threading.current_thread() is self.thread:
            raise RuntimeError("advance must not be called while a picture is drawn: use run(n)")
        with self._order():
            self.left = 0
            self.jobs.append(job)
        try:
            while not job.done.wait(0.2):  # a wait without end cannot be interrupted on Windows
                pass
        except BaseException:
            job.done.set()
            raise
        if job.error:
            raise job.error
        return job.result

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Change several settings one by one: they are taken when all of them are changed."""
        with self.changed:
            self.holds += 1
        try:
            yield
        finally:
            with self._order():
                self.holds -= 1

    def wake(self) -> None:
        """Ask the view again when the next picture may be drawn."""
        with self.changed:
            self.changed.notify()

    def end(self, problem: str) -> None:
        """Pause with a sentence; an order that came since this turn began is not undone."""
        self.failed = problem
        self.stale = True
        with self.changed:
            if self.orders == self.seen:
                self.left = 0

    def close(self) -> None:
        """End the thread after the iteration in progress."""
        with self.changed:
            self.closing = True
            self.changed.notify()
        atexit.unregister(self.close)
        if self.thread.is_alive() and self.thread is not threading.current_thread():
            self.thread.join()

    @contextmanager
    def _order(self) -> Iterator[None]:
        with self.changed:
            if self.closing:
                raise RuntimeError(CLOSED)
            yield
            self.unread = True
            self.orders += 1
            self.resting.clear()
            self.changed.notify()

    def _work(self) -> None:
        try:
            while self._sleep():
                self._turn()
        finally:
            with self.changed:
                self.closing = True  # whatever ended it, nobody may wait for it from now on
            for job in self.jobs:
                job.error = RuntimeError(CLOSED)
                job.done.set()

    def _sleep(self) -> bool:
        """Wait for something to do; False if it is to end."""
        with self.changed:
            ordered = (self.unread and not self.holds) or self.jobs or self.left or self.closing
            if not ordered:
                if self.delay is None:
                    self.resting.set()
                self.changed.wait(self.delay)
            return not self.closing

    def _turn(self) -> None:
        """Take what was ordered, train for one iteration or one job, and draw if it is time."""
        with self.changed:
            self.seen = self.orders
            job = self.jobs[0] if self.jobs else None
        try:
            if self.unread and not self.holds and not self._take():
                return
            if job:
                self._carry_out(job)
            elif self._claim():
                self._train()
        except Exception as error:  # whatever it was, the panel goes on working
            self.end(str(error) if isinstance(error, NotBuiltError) else describe(error))
            if job:
                job.error = error
        self._show()
        if job:
            with self.changed:
                self.jobs.popleft()
            job.done.set()

    def _take(self) -> bool:
        """Use the settings that are wanted now; False if they changed while they were read."""
        with self.changed:
            self.unread = False
            fresh = self.fresh
        settings, stop = self.view.wanted()
        with self.changed:
            if self.unread or self.holds:
                self.unread = True
                return False
            self.fresh = False
        self.stop = stop
        self.failed = ""
        self.stale = True
        before = self.experiment.settings
        if fresh or not self.experiment.apply(settings):
            self._begin(settings)
        elif settings != before:
            self.view.change(self.experiment)
        if self.left in (0, math.inf):  # a few iterations are over before a word is read
            self.view.tell(self.left > 0)
        return True

    def _begin(self, settings: Settings) -> None:
        """Make a new network, and use it once it is whole."""
        try:
            experiment = Experiment(settings)
            self.view.begin(experiment)
        except Exception as error:
            raise NotBuiltError(
                f"cfg = {list(settings.cfg)} cannot be made ({describe(error)}); picture and "
                f"program are still those of cfg = {list(self.experiment.settings.cfg)}"
            ) from error
        self.experiment = experiment
        self.diverged = ""

    def _claim(self) -> bool:
        """Take one iteration off those that are left; False if none is."""
        with self.changed:
            if self.left == math.inf and self.experiment.iteration >= self.stop:
                self.left = 0
                self.stale = True
            if not self.left:
                return False
            self.left -= 1
            return True

    def _carry_out(self, job: Job) -> None:
        while job.left and not (self.closing or job.done.is_set()) and self._train():
            job.left -= 1
        job.result = self.view.look(self.experiment)

    def _train(self) -> bool:
        """Train one iteration; False if the loss is no longer finite."""
        self.stale = True
        try:
            self.view.record(self.experiment.advance())
        except Diverged as error:
            loss = error.loss if error.last_loss is None else error.last_loss
            self.diverged = self.diverged or (
                f"diverged at iteration {error.number}: loss was {loss:.2g}; "
                "lower the learning rate and press Reset"
            )
            self.end("")
            return False
        return True

    def _show(self) -> None:
        """Draw if something is new and it is time; otherwise note when it will be."""
        self.delay = None
        try:
            delay = self.view.wait() if self.stale else None
            if delay == 0:
                self.stale = False
                self.view.draw(self)
                delay = self.view.wait() if self.stale else None  # drawing may have ended a run
            self.delay = delay
        except Exception as error:
            self.end(describe(error))
            self.stale = False  # not again and again
            with suppress(Exception):
                self.view.draw(self)  # some of it may work


def describe(error: Exception) -> str:
    """Say in one line what went wrong."""
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}".removesuffix(": ")
