"""A picture that moves while a loop runs, with a line of text that says what it shows."""

import numbers
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from IPython import get_ipython
from IPython.display import display
from ipywidgets import HTML, Output, VBox
from ipywidgets.widgets.widget import _instances
from numpy.typing import ArrayLike

from helpers.plots import Curve, to_array
from helpers.widgets.pace import Pace
from helpers.widgets.picture import Picture, check_points
from helpers.widgets.stills import close_widget, with_still


class Shown(Protocol):
    """What `LivePlot.show` looks at; `helpers.training.Iteration` is one."""

    number: int
    loss: float
    prediction: ArrayLike


class LivePlot:
    """The data, the latest prediction and the loss curve, redrawn a few times a second.

    Use it as a context manager around a loop. However the loop ends, leaving the `with`
    block shows the last iteration and keeps that picture, and its line of text, in its place.

    Args:
        x: Inputs, N finite values in any order.
        y: Targets, N finite values.
        title: What stands above the data.
        fps: Frames a second at the most.
        count: What the numbers on the loss axis count: "iteration", or "epoch".

    Attributes:
        latest: The iteration that was recorded last, or None.
        curve: The loss curve so far.
        held_out: The loss on held-out points so far; empty if nobody gave any.
        marks: Iterations marked on the loss curve, each with a word.
        picture: The widget that shows it.
        line: The widget of the line of text.
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
        self._sort(x, y)
        self.clear()
        self._open()

    def _open(self) -> None:
        self.pace = Pace(self.fps)
        self.picture = Picture(self.x, self.y, self.title, count=self.count)
        self.line = HTML()
        self.widget = VBox([self.picture, self.line])
        self.closed = False
        self._update(None)

    def _sort(self, x: ArrayLike, y: ArrayLike) -> None:
        x, y = check_points(x, y)
        self.order = np.argsort(x, kind="stable")  # a line is drawn from left to right
        self.x, self.y = x[self.order], y[self.order]

    def set_data(self, x: ArrayLike, y: ArrayLike, beyond: bool = False) -> None:
        """Take other data; what was recorded stays until `clear`.

        Args:
            x: Inputs, N finite values in any order.
            y: Targets, N finite values.
            beyond: Whether the prediction is shown on twice the range of x.
        """
        self._sort(x, y)
        self.picture.set_data(self.x, self.y, beyond)

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
        check_iteration(iteration, self.order.size)
        self.latest = iteration
        self.curve.record(iteration.number, iteration.loss)
        if held_out is not None:
            self.held_out.record(iteration.number, check_loss("held_out", held_out))

    def due(self) -> bool:
        """Tell whether a frame may go now."""
        return self.pace.due()

    def mark(self, number: int, text: str) -> None:
        """Mark an iteration on the loss curve; a mark soon after another takes its place."""
        add_mark(self.marks, number, text)

    def draw(self, curve: ArrayLike | None = None, dots: Sequence[tuple] = ()) -> None:
        """Draw the latest iteration now, whether a frame is due or not.

        Args:
            curve: What the network says on the picture's grid; None is the latest prediction.
            dots: For each hidden layer, x and y of its kinks.
        """
        if curve is None and self.latest is not None:
            curve = to_array(self.latest.prediction)[self.order]
        self._update(curve, dots)
        self.pace.count()

    def _update(self, curve: ArrayLike | None, dots: Sequence[tuple] = ()) -> None:
        held_out = (self.held_out.iterations, self.held_out.losses)
        text = self.text()
        self.picture.title = self.title
        self.picture.update(
            curve,
            self.losses,
            self.iterations,
            held_out=held_out if held_out[0] else None,
            marks=self.marks,
            dots=dots,
            label=text,
        )
        self.line.value = text  # after the picture, never ahead of it

    def text(self) -> str:
        """Say in one line what the picture shows."""
        if self.latest is None:
            return f"{self.order.size} points, no {self.count} yet"
        parts = [f"{self.count} {self.latest.number}", f"loss {self.latest.loss:.4g}"]
        if self.held_out.losses:
            parts.append(f"held out {self.held_out.losses[-1]:.4g}")
        error = np.abs(to_array(self.latest.prediction)[self.order] - self.y)
        worst = int(error.argmax())
        return ", ".join([*parts, f"worst error {error[worst]:.3g} at x = {self.x[worst]:.2f}"])

    def close(self) -> None:
        """Take the widgets away."""
        close_widget(self.widget)
        self.pace.close()
        self.closed = True

    def __enter__(self) -> Self:
        """Display the picture."""
        if self.closed:  # by the end of an earlier `with`
            self._open()
        kernel = getattr(get_ipython(), "kernel", None)
        self.stays = in_output()
        self.handle = display(self.widget, display_id=True) if kernel else None
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
            if self.handle is not None and not self.stays:
                data, metadata = with_still({}, self.picture.png(), self.text())
                self.handle.update(data, metadata=metadata, raw=True)
            if not self.stays:
                print(self.text())
        except Exception:
            if error is None:  # or it would hide how the loop ended
                raise
        finally:
            if self.stays:
                self.pace.close()
            else:
                self.close()


def add_mark(marks: list[tuple[int, str]], number: int, text: str) -> None:
    """Add a mark to those of a loss curve; a mark soon after another takes its place."""
    if marks and number - marks[-1][0] <= number / 50:
        marks.pop()
    marks.append((number, text))


def in_output() -> bool:
    """Tell whether what is displayed goes to an `Output` widget, which takes no later change."""
    parent = getattr(get_ipython(), "get_parent", dict)()
    request = parent.get("header", {}).get("msg_id")
    outputs = [widget for widget in list(_instances.values()) if isinstance(widget, Output)]
    return any(output.msg_id and output.msg_id == request for output in outputs)


def check_iteration(iteration: Shown, size: int) -> None:
    """Refuse what cannot be shown over `size` points."""
    check_loss("loss", iteration.loss)
    given = tuple(np.shape(iteration.prediction))
    if np.prod(given) != size:
        raise ValueError(
            f"prediction must hold one value for each of the {size} points, got shape {given}"
        )


def check_loss(name: str, loss: float) -> float:
    """Refuse a loss that is not a number; nan and inf are numbers."""
    if not isinstance(loss, numbers.Real):
        raise TypeError(f"{name} must be a number such as loss.item(), got {loss!r}")
    return loss
