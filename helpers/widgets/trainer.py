"""A thread that trains while its settings change: an actor, which takes orders and sends states.

Only this thread has the experiment. Others put orders into its queue; between two iterations it
takes what is there, trains, and hands out how training stands as a `State`. It reads no control,
writes no button, and holds no lock while it computes.
"""

import atexit
import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import NamedTuple

import torch

from helpers.experiment import Experiment, Settings
from helpers.guards import describe, to_whole
from helpers.training import Diverged, Iteration
from helpers.widgets.kernel import log_error
from helpers.widgets.pace import Pace
from helpers.widgets.picture import LastRun
from helpers.widgets.record import Record, State, Use

ALONE = 30.0  # seconds without an answer from a page that once answered, after which it pauses
BRIEF = 50  # iterations; a network that is dragged away before it leaves the last run as it is
TICK = 0.2  # seconds: a wait without end hears no Ctrl-C on Windows
CLOSED = "the panel must be open to train, but it was closed: make a new one"


class Train(NamedTuple):
    """Train for n more iterations, or until the stop; n ends an endless run."""

    n: float = math.inf


class Pause(NamedTuple):
    """End training after the iteration in progress."""


class Reset(NamedTuple):
    """Pause, and begin again with a new network."""


class Refuse(NamedTuple):
    """Pause and say why: what the controls show cannot be used."""

    error: Exception


class Advance(NamedTuple):
    """Pause, train for n iterations without a pause, and answer how the network stands then."""

    n: int
    answer: Future


Order = Use | Train | Pause | Reset | Refuse | Advance


class NotBuiltError(RuntimeError):
    """The network that is wanted cannot be made."""


class Trainer:
    """Runs an experiment in a daemon thread of its own, and sleeps while there is nothing to do.

    Args:
        experiment: What to begin with.
        use: What to train with, and what to show.
        pace: Says when the next picture may go, and for how long nobody has looked.
        draw: Called as draw(state) in the thread, to show a picture.

    Attributes:
        experiment: What is being trained.
        left: Iterations still to do; infinite until the stop.
        record: What was noted of it.
        resting: Set while nothing is left to do and all is shown.
    """

    def __init__(
        self, experiment: Experiment, use: Use, pace: Pace, draw: Callable[[State], None]
    ) -> None:
        """Take the experiment; nothing runs yet."""
        self.experiment = experiment
        self.record = Record(experiment)
        self.use = use
        self.pace = pace
        self.draw = draw
        self.left: float = 0
        self.resting = threading.Event()
        self.thread = threading.Thread(target=self._work, name="Trainer", daemon=True)
        self._mailbox = threading.Condition()  # held to read or write these two, and no longer:
        self._orders: list[Order] = []
        self._closed = False
        self._stale = False  # whether something is not shown yet
        self._fresh = False  # whether to begin again, even with the same settings
        self._refusal: Exception | None = None  # why what the controls show cannot be used
        self._problem = ""  # what ended training, said until the next order

    def start(self) -> None:
        """Start the thread, which takes one thread of torch; the caller keeps its own number.

        With more, training and the browser fight for the cores, and it goes at a quarter of its
        speed. A thread that asks torch for its number has it from then on; what the last thread
        has set is the number of those that ask later.
        """
        atexit.register(self.close)  # a thread inside torch would break the end of the program
        number = torch.get_num_threads()
        self.thread.start()
        self.resting.wait()
        torch.set_num_threads(number)

    def put(self, order: Order) -> None:
        """Leave an order, which is carried out after all that were left before it.

        Raises:
            RuntimeError: The thread has ended.
        """
        with self._mailbox:
            if self._closed:
                raise RuntimeError(CLOSED)
            self._orders.append(order)
            self.resting.clear()
            self._mailbox.notify()

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
        order = Advance(to_whole("n", n, 1), Future())
        if threading.current_thread() is self.thread:
            raise RuntimeError("advance must not be called while a picture is drawn: use run(n)")
        self.put(order)
        try:
            while not order.answer.done():
                with suppress(TimeoutError):
                    order.answer.exception(TICK)
        finally:
            order.answer.cancel()
        return order.answer.result()

    def wake(self) -> None:
        """Ask again when the next picture may go."""
        with self._mailbox:
            self._mailbox.notify()

    def close(self) -> None:
        """End the thread after the iteration in progress."""
        with self._mailbox:
            self._closed = True
            self._mailbox.notify()
        atexit.unregister(self.close)
        while self.thread.is_alive() and self.thread is not threading.current_thread():
            self.thread.join(TICK)

    def look(self) -> State:
        """Tell how training stands; in the thread, or before it starts."""
        problem = self._problem or self.record.diverged
        return self.record.look(self.experiment, self.use, self.left > 0, problem)

    def _work(self) -> None:
        torch.set_num_threads(1)
        torch.get_num_threads()
        delay = None
        try:
            while not self._closed:
                self._turn(self._take_orders(delay))
                delay = self._show()
        finally:
            with self._mailbox:
                self._closed = True  # whatever ended it, nobody may wait for it from now on
            for order in self._orders:
                reply(order, RuntimeError(CLOSED))

    def _take_orders(self, delay: float | None) -> list[Order]:
        """Take all orders; if nothing is left to do, wait for one, or until a picture is due."""
        with self._mailbox:
            if not (self._orders or self.left or self._closed):
                if delay is None:
                    self.resting.set()
                self._mailbox.wait(delay)
            if self._closed:
                return []
            orders, self._orders = self._orders, []
            return orders

    def _turn(self, orders: list[Order]) -> None:
        """Carry out what was ordered, and train for one iteration if any is left."""
        try:
            if orders:
                self._obey(orders)
            if self.left == math.inf and self.experiment.iteration >= self.use.stop:
                self._stop("")
            if self.left:
                self.left -= 1
                self._train()
        except Exception as error:  # whatever it was, the panel goes on working
            self._fail(error)
            for order in orders:
                reply(order, error)
        finally:
            for order in orders:
                reply(order, RuntimeError(CLOSED))  # to those without an answer: the thread ends

    def _obey(self, orders: list[Order]) -> None:
        """Carry out orders that came together: the latest settings are used for all of them."""
        self._stale = True
        self._problem = ""
        self.pace.hurry()
        advances = []
        for order in orders:
            match order:
                case Use():
                    self.use = order
                    self._refusal = None
                case Refuse():
                    self._refusal = order.error
                case Train() if self.left == math.inf:
                    self.left = order.n
                case Train():
                    self.left += order.n
                case Pause():
                    self.left = 0
                case Reset():
                    self.left = 0
                    self._fresh = True
                case Advance():
                    self.left = 0
                    advances.append(order)
        if self._refusal:
            raise self._refusal
        self._apply()
        for order in advances:
            self._carry_out(order)

    def _apply(self) -> None:
        """Train with the settings that are wanted now, from the beginning where that must be."""
        wanted, before = self.use.settings, self.experiment.settings
        if self._fresh or not self.experiment.apply(wanted):
            self._begin(wanted)
        elif wanted != before:
            self.record.change(self.experiment)
        self._fresh = False

    def _begin(self, settings: Settings) -> None:
        """Make a new network, and use it once it is whole."""
        try:
            experiment = Experiment(settings)
            record = Record(experiment, self.record, self._leave())
        except Exception as error:
            raise NotBuiltError(
                f"cfg = {list(settings.cfg)} cannot be made ({describe(error)}); picture and "
                f"program are still those of cfg = {list(self.experiment.settings.cfg)}"
            ) from error
        self.experiment = experiment
        self.record = record

    def _leave(self) -> LastRun | None:
        """Tell what stays as the last run: this one, if it was a run and no moment of a drag."""
        done = self.experiment.iteration
        if done and (self._fresh or done >= BRIEF or self.record.last is None):
            return self.record.leave(self.experiment)
        return self.record.last

    def _carry_out(self, order: Advance) -> None:
        """Train for somebody who waits; a picture that is due is there when the answer comes."""
        try:
            for _ in range(order.n):
                if self._closed or order.answer.cancelled() or not self._train():
                    break
            now = self.record.evaluate(self.experiment)
        except Exception as error:
            self._fail(error)
            reply(order, error)
        else:
            self._show()
            reply(order, now)

    def _train(self) -> bool:
        """Train one iteration; False if the loss is no longer finite."""
        self._stale = True
        try:
            self.record.take(self.experiment.advance())
        except Diverged as error:
            self.record.end(error)
            self.left = 0
            return False
        return True

    def _stop(self, problem: str) -> None:
        """Pause with a sentence, which is said until the next order."""
        self.left = 0
        self._problem = problem
        self._stale = True

    def _fail(self, error: Exception) -> None:
        """Pause, say what went wrong, and log it whole."""
        log_error("training")
        self._stop(str(error) if isinstance(error, NotBuiltError) else describe(error))

    def _show(self) -> float | None:
        """Draw if something is new and it is time.

        Returns:
            In how many seconds to look again; None if all is shown.
        """
        try:
            if self._stale and self.pace.due():
                self._pause_if_alone()
                self._stale = False
                self.draw(self.look())
            return self.pace.wait() if self._stale else None
        except Exception as error:
            self._fail(error)
            self._stale = False  # not again and again
            with suppress(Exception):
                self.draw(self.look())  # some of it may work
            return None

    def _pause_if_alone(self) -> None:
        """Pause if a page showed this once, and none does any more."""
        if self.left and self.pace.unseen() > ALONE:
            self._stop(
                f"paused at iteration {self.experiment.iteration:,}: no page showed this panel "
                f"for {ALONE:.0f} s; press Run to go on"
            )


def reply(order: Order, result: Iteration | Exception) -> None:
    """Answer whoever waits for an order, if somebody does and has no answer yet."""
    if not isinstance(order, Advance) or order.answer.done():
        return
    if not order.answer.set_running_or_notify_cancel():
        return
    if isinstance(result, Exception):
        order.answer.set_exception(result)
    else:
        order.answer.set_result(result)
