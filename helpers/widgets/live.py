"""A picture that moves while a loop runs, with a line of text that says what it shows."""

import base64
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

import ipywidgets
import numpy as np
from IPython.display import display
from numpy.typing import ArrayLike

from helpers.plots import to_array
from helpers.widgets.frame import Frame

CURVE_POINTS = 2000


def with_still(bundle: dict, image: ipywidgets.Image, text: str) -> dict:
    """Add to a widget's MIME bundle what stands there without a kernel: a picture and a text."""
    return bundle | {"image/png": base64.b64encode(image.value).decode(), "text/plain": text}


class Shown(Protocol):
    """What `LivePlot.show` looks at; `helpers.training.Iteration` is one."""

    number: int
    loss: float
    prediction: ArrayLike


class LivePlot:
    """The data, the latest prediction and the loss curve, redrawn a few times a second.

    Use it as a context manager around a loop. However the loop ends, leaving the `with`
    block shows the last iteration and keeps that picture, and its line of text, in the cell.

    Args:
        x: Inputs, N values in rising order.
        y: Targets, N values.
        title: What stands above the data.
        fps: Frames a second at the most.

    Raises:
        ValueError: `fps` is not positive, or x and y do not pair up one to one.

    Shown in: 00_overview
    """

    def __init__(self, x: ArrayLike, y: ArrayLike, title: str = "", fps: float = 10) -> None:
        """Make the widgets; `with` displays them."""
        if not 0 < fps < float("inf"):
            raise ValueError(f"fps must be positive and finite, got {fps}")
        self.frame = Frame(x, y, title)
        self.period = 1 / fps
        self.image = ipywidgets.Image(format="png", layout={"max_width": "100%"})
        self.line = ipywidgets.HTML()
        self.widget = ipywidgets.VBox([self.image, self.line])
        owners = (self.image, self.line, self.widget)
        self.parts = (*(owner.layout for owner in owners), self.line.style, *owners)
        self.clear()
        self.draw()

    def clear(self) -> None:
        """Forget every iteration; the next drawing shows the data alone."""
        self.latest: Shown | None = None
        self.marks: list[tuple[int, str]] = []
        self.iterations: list[int] = []
        self.losses: list[float] = []
        self.shown, self.every = 0, 1
        self.deadline = 0.0

    def show(self, iteration: Shown) -> None:
        """Record an iteration, and draw it if a frame is due."""
        self.record(iteration)
        if self.due():
            self.draw()

    def record(self, iteration: Shown) -> None:
        """Make an iteration the latest, and its loss a point of the curve."""
        self.latest = iteration
        if self.shown % self.every == 0:
            self.iterations.append(iteration.number)
            self.losses.append(iteration.loss)
            if len(self.losses) > CURVE_POINTS:  # thin the curve: its memory must not grow
                self.every *= 2
                del self.iterations[1::2], self.losses[1::2]
        self.shown += 1

    def due(self) -> bool:
        """Tell whether it is time for the next frame; True moves that time on."""
        now = time.monotonic()
        if now < self.deadline:
            return False
        self.deadline += self.period
        if self.deadline <= now:  # more than a frame late: do not try to catch up
            self.deadline = now + self.period
        return True

    def mark(self, number: int, text: str) -> None:
        """Mark an iteration on the loss curve; a mark soon after another takes its place."""
        if self.marks and number - self.marks[-1][0] <= number / 50:
            self.marks.pop()
        self.marks.append((number, text))

    def draw(self, curve: ArrayLike | None = None, dots: Sequence[tuple] = ()) -> None:
        """Draw the latest iteration now.

        Args:
            curve: What the network says on the frame's grid; None is the latest prediction.
            dots: For each hidden layer, x and y of its kinks.
        """
        prediction, corner = curve, ""
        self.line.value = self.text()
        if self.latest is not None:
            prediction = self.latest.prediction if curve is None else curve
            corner = f"iteration {self.latest.number}\nloss {self.latest.loss:.4g}"
        losses = (self.losses, self.iterations, self.marks)
        self.image.value = self.frame.png(prediction, corner, *losses, dots)

    def text(self) -> str:
        """Say in one line what the picture shows."""
        if self.latest is None:
            return f"{self.frame.x.size} points, no iteration yet"
        error = np.abs(to_array(self.latest.prediction) - self.frame.y)
        worst = int(error.argmax())
        return (
            f"iteration {self.latest.number} · loss {self.latest.loss:.4g} · "
            f"worst error {error[worst]:.3g} at x = {self.frame.x[worst]:.2f}"
        )

    def close(self) -> None:
        """Take the widgets away."""
        for part in self.parts:
            part.close()

    def __enter__(self) -> Self:
        """Display the picture."""
        for part in self.parts:
            part.open()  # does nothing unless an earlier `with` closed it
        self.handle = display(self.widget, display_id=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put a still of the last iteration in the picture's place."""
        self.draw()
        text = self.text()
        if self.handle is not None:  # None: no notebook to show it in
            self.handle.update(with_still({}, self.image, text), raw=True)
        print(text)
        self.close()
