"""When the next frame may go: as often as asked, and no faster than a browser takes them."""

import math
import time

from ipywidgets import IntText, jsdlink

from helpers.guards import to_number
from helpers.widgets.kernel import take_in_order
from helpers.widgets.stills import close_widget

ASK = 3  # every third frame asks for an answer: each makes the kernel busy for a moment
WINDOW = 5  # frames under way: more would only lengthen the queue on a slow line
PATIENCE = 2.0  # seconds without an answer, after which a frame goes all the same


class Pace:
    """Counts frames, and the answers of a browser that shows them.

    A frame asks by raising `asked`; the browser's own link raises `heard` once it has shown all
    that was sent before. Where nobody has ever answered, as in a test or an export, only `fps`
    is a bound.

    Args:
        fps: Frames a second at the most.

    Attributes:
        asked: Number of the last frame that asks for an answer, never displayed.
        heard: What a browser answered last, never displayed; observe its value to learn at once
            that somebody looks. The observer may run in any thread.

    Raises:
        TypeError: `fps` is not a number.
        ValueError: `fps` is not positive and finite.
    """

    def __init__(self, fps: float = 10) -> None:
        """Begin with a frame due."""
        self.period = 1 / to_fps(fps)
        self.asked = IntText()
        self.heard = IntText()
        take_in_order(self.heard)
        self.link = jsdlink((self.asked, "value"), (self.heard, "value"))
        self.heard.observe(self._hear, "value")
        self.frames = 0
        self.answered = 0  # number of the last frame that is known to be shown
        self.waiting = math.inf  # since when the oldest question waits for its answer
        self.deadline = -math.inf  # when the next frame is due
        self.last = -math.inf  # when the last frame went
        self.early = False  # whether the next frame may go before it is due

    def wait(self) -> float:
        """Tell how many seconds are left until a frame may go; 0 if it may go now.

        An answer may come sooner, so ask again no later than a frame's time from now.
        """
        now = time.perf_counter()
        until = self.deadline - self.period * self.early
        if self.answered and self.frames - self.answered >= WINDOW:
            until = max(until, self.last + PATIENCE)
        return max(until - now, 0.0)

    def due(self) -> bool:
        """Tell whether a frame may go now."""
        return not self.wait()

    def hurry(self) -> None:
        """Let the next frame go early, in place of the one that is due next: it answers a hand.

        The one after it comes no sooner for that, so that no more frames go. Whoever moved that
        hand looks: a page that is slow to answer gets as long again.
        """
        self.early = True
        if self.waiting < math.inf:
            self.waiting = time.perf_counter()

    def count(self) -> None:
        """Take note that a frame went, whether it was due or not."""
        now = time.perf_counter()
        following = self.deadline + self.period  # not from now, or lateness would add up
        ahead = self.early and self.deadline - self.period <= now < self.deadline
        if ahead or now < following < now + self.period:
            self.deadline = following
        else:
            self.deadline = now + self.period
        self.early = False
        self.last = now
        self.frames += 1
        if self.frames % ASK == 0 or (self.answered and self.frames - self.answered > WINDOW):
            self.waiting = min(self.waiting, now)
            self.asked.value = self.frames

    def unseen(self) -> float:
        """Tell for how many seconds frames have gone unanswered; 0 where nobody ever answered."""
        return max(time.perf_counter() - self.waiting, 0.0) if self.answered else 0.0

    def close(self) -> None:
        """Take the widgets away."""
        for widget in (self.link, self.asked, self.heard):
            close_widget(widget)

    def _hear(self, change: dict) -> None:
        self.answered = max(self.answered, change["new"])  # two pages may answer in turn
        everything = self.answered >= self.asked.value
        self.waiting = math.inf if everything else time.perf_counter()


def to_fps(fps: float) -> float:
    """Refuse frames a second that are none."""
    if to_number("fps", fps) <= 0:
        raise ValueError(f"fps must be positive, got {fps}")
    return float(fps)
