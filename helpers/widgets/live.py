"""A picture that moves while a loop runs, with a line of text that says what it shows."""

import numbers
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from IPython import get_ipython
from IPython.display import display
from ipywidgets import HTML, Output
from numpy.typing import ArrayLike

from helpers.guards import show, to_number
from helpers.plots import Curve, RunningMean, to_array
from helpers.widgets.kernel import find_cell, list_widgets
from helpers.widgets.pace import Pace
from helpers.widgets.picture import HEIGHT, Picture, Scene, to_points
from helpers.widgets.shapes import Text, to_text
from helpers.widgets.stills import View, close_widget, with_still

STAY = 20  # pictures of loops that have ended whose widgets stay, the latest ones
LINE = (6, 16, 24)  # of the line of text in a still: its x and y, and its height in pixels

ENDED: list["LivePlot"] = []


class Shown(Protocol):
    """What `LivePlot.show` looks at; `helpers.training.Iteration` is one."""

    number: int
    loss: float
    prediction: ArrayLike


class LivePlot:
    """The data, the latest prediction and the loss curve, redrawn a few times a second.

    Use it as a context manager around a loop. However the loop ends, leaving the `with`
    block shows the last iteration, and the picture stays as it is: the widget where there is a
    kernel, and a still of it where there is none.

    Args:
        x: Inputs, N finite values in any order.
        y: Targets, N finite values.
        title: What stands above the data; None is no title.
        fps: Frames a second at the most.
        count: What the numbers on the loss axis count: "iteration", or "epoch".

    Attributes:
        title: As given; may be set anew.
        latest: The iteration that was recorded last, or None.
        curve: The loss curve so far.
        means: The means of fifty losses in a row.
        held_out: The loss on held-out points so far; empty if nobody gave any.
        marks: Iterations marked on the loss curve, each with a word.
        picture: The widget that shows it.
        line: The widget of the line of text.
        widget: Both, one below the other.
        closed: Whether they have been taken away.
        pace: When the next frame may go.

    Raises:
        TypeError: `fps` is not a number.
        ValueError: `fps` is not positive, x and y do not pair up one to one, or are not finite.

    Shown in: 00_overview
    """

    def __init__(
        self,
        x: ArrayLike,
        y: ArrayLike,
        title: str = "",
        fps: float = 10,
        count: str = "iteration",
    ) -> None:
        """Make the widgets; `with` displays them."""
        self.title = title
        self.fps = fps
        self.count = count
        x, y = to_points(x, y)
        self.order = np.argsort(x, kind="stable")  # a line is drawn from left to right
        self.x, self.y = x[self.order], y[self.order]
        self.clear()
        self.pace = Pace(fps)
        self._open()

    def _open(self) -> None:
        self.picture = Picture(self.x, self.y, self.title, self.count)
        self.line = HTML()
        self.widget = View([self.picture, self.line])
        self.closed = False
        self.picture.update(Scene(label=self.text()))
        self.line.value = self.text()

    @property
    def iterations(self) -> list[int]:
        """Numbers of the iterations on the loss curve."""
        return self.curve.iterations

    @property
    def losses(self) -> list[float]:
        """Their losses."""
        return self.curve.losses

    def clear(self) -> None:
        """Forget every iteration; the next drawing shows the data alone."""
        self.latest: Shown | None = None
        self.marks: list[tuple[int, str]] = []
        self.curve = Curve()
        self.means = RunningMean()
        self.held_out = Curve()

    def show(self, iteration: Shown, held_out: float | None = None) -> None:
        """Record an iteration, and draw it if a frame is due.

        Args:
            iteration: Its number, its loss, and a prediction for each x.
            held_out: The loss on held-out points after that many iterations, if you have it.

        Raises:
            TypeError: A loss is not a number.
            ValueError: The prediction does not hold one value for each x.
        """
        self.record(iteration, held_out)
        if self.due():
            self.draw()

    def record(self, iteration: Shown, held_out: float | None = None) -> None:
        """Make an iteration the latest, and its loss a point of the curve; arguments as above."""
        guard_iteration(iteration, self.order.size)
        self.latest = iteration
        for curve in (self.curve, self.means):
            curve.record(iteration.number, iteration.loss)
        if held_out is not None:
            self.held_out.record(iteration.number, to_loss("held_out", held_out))

    def due(self) -> bool:
        """Tell whether a frame may go now."""
        return self.pace.due()

    def mark(self, number: int, text: str) -> None:
        """Mark an iteration on the loss curve; a mark soon after another takes its place."""
        add_mark(self.marks, number, text)

    def draw(self) -> None:
        """Draw the latest iteration now, whether a frame is due or not."""
        held_out = (self.held_out.iterations, self.held_out.losses)
        text = self.text()
        fit = None if self.latest is None else to_array(self.latest.prediction)[self.order]
        scene = Scene(
            prediction=fit,
            losses=self.losses,
            iterations=self.iterations,
            means=self.means.losses,
            at=self.means.iterations,
            held_out=held_out if held_out[0] else None,
            marks=self.marks,
            label=text,
        )
        self.picture.title = self.title
        self.picture.update(scene)
        self.line.value = text  # after the picture, never ahead of it
        self.pace.count()

    def text(self) -> str:
        """Say in one line what the picture shows."""
        if self.latest is None:
            return f"{self.order.size} points, no {self.count} yet"
        held_out = []
        if self.held_out.losses:
            number, loss = self.held_out.iterations[-1], self.held_out.losses[-1]
            old = "" if number == self.latest.number else f" at {self.count} {number}"
            held_out = [f"held out {loss:z.4g}{old}"]
        fit = to_array(self.latest.prediction)[self.order]
        return describe_fit(self.count, self.latest, held_out, self.x, fit - self.y)

    def close(self) -> None:
        """Take the widgets away."""
        close_widget(self.widget)
        self.pace.close()
        self.closed = True
        if self in ENDED:
            ENDED.remove(self)

    def __enter__(self) -> Self:
        """Display the picture."""
        if self.closed:
            self._open()
        if self.pace.heard.comm is None:  # closed, by the end of an earlier `with`
            self.pace = Pace(self.fps)
        if self in ENDED:
            ENDED.remove(self)
        self.stays = in_output()
        self.handle = None
        if hasattr(get_ipython(), "kernel"):
            data, _ = with_still(self.widget._repr_mimebundle_(), b"", self.text())
            self.handle = display(data, raw=True, display_id=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Show the last iteration, and leave it where the picture stands."""
        try:
            self.draw()
            if self.handle is None:
                print(self.text())
            elif not self.stays:
                self._store(self.widget._repr_mimebundle_())
        except Exception:
            if error is None:  # or it would hide how the loop ended
                raise
        finally:
            self._end()

    def _store(self, bundle: dict) -> None:
        """Put a still, with its line of text, beside the widget or in its place."""
        text = self.text()
        line = [Text(LINE[0], HEIGHT + LINE[1], to_text(text, 110))]
        data, metadata = with_still(bundle, self.picture.png(line, LINE[2]), text)
        self.handle.update(data, metadata=metadata, raw=True)

    def _end(self) -> None:
        """Let the widgets stay; of the oldest loops a still takes their place."""
        self.pace.close()
        if self.handle is None:  # there is no page
            self.close()
        elif not self.stays:  # what an Output shows is the widget itself, and nothing else
            ENDED.append(self)
            for live in ENDED[:-STAY]:
                live._store({})
                live.close()


def describe_fit(
    count: str, now: Shown, held_out: list[str], x: np.ndarray, errors: np.ndarray
) -> str:
    """Say in one line how a fit stands.

    Args:
        count: What its number counts.
        now: Its number and its loss.
        held_out: Words on the held-out loss, if there is any.
        x: Inputs, (N,).
        errors: Prediction less label at each, (N,).
    """
    sizes = np.abs(errors)
    worst = int(sizes.argmax())
    where = f"worst error {sizes[worst]:.3g} at x = {x[worst]:z.2f}"
    return ", ".join([f"{count} {now.number}", f"loss {now.loss:z.4g}", *held_out, where])


def add_mark(marks: list[tuple[int, str]], number: int, text: str) -> None:
    """Add a mark to those of a loss curve; a mark soon after another takes its place."""
    if marks and number - marks[-1][0] <= number / 50:
        marks.pop()
    marks.append((number, text))


def in_output() -> bool:
    """Tell whether what is displayed goes to an `Output` widget, which takes no later change."""
    request, _, _ = find_cell()
    outputs = [widget for widget in list_widgets() if isinstance(widget, Output)]
    return any(output.msg_id and output.msg_id == request for output in outputs)


def guard_iteration(iteration: Shown, size: int) -> None:
    """Refuse what cannot be shown over `size` points."""
    missing = [name for name in Shown.__annotations__ if not hasattr(iteration, name)]
    if missing:
        raise TypeError(
            "iteration must have a number, a loss and a prediction, as those of train have, got "
            f"{show(iteration)}"
        )
    to_number("number", iteration.number)
    to_loss("loss", iteration.loss)
    given = tuple(np.shape(iteration.prediction))
    if np.prod(given) != size:
        raise ValueError(
            f"prediction must hold one value for each of the {size} points, got shape {given}"
        )


def to_loss(name: str, loss: float) -> float:
    """Refuse a loss that is not a number; nan and inf are numbers."""
    if not isinstance(loss, numbers.Real):
        raise TypeError(f"{name} must be a number such as loss.item(), got {show(loss)}")
    return loss
