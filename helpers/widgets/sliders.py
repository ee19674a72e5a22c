"""Sliders over a picture that follows them."""

import contextlib
import html
import inspect
import sys
import threading
from collections.abc import Callable, Iterator

from ipywidgets import HTML, DOMWidget, HBox, SelectionSlider

from helpers.guards import describe, show, to_number
from helpers.plots import new_figure, to_png
from helpers.widgets.controls import NOTCHES, make_style
from helpers.widgets.kernel import log_error
from helpers.widgets.stills import View, close_widget, to_html, with_still

NOTHING = (
    "draw has drawn nothing into figure, and plt.plot draws elsewhere: "
    "begin with ax = figure.subplots(), then write ax.plot"
)
PYPLOT = "matplotlib.pyplot"  # looked for, not imported: that would choose a backend


class Sliders(View):
    """A picture that is drawn again whenever one of its controls moves.

    Args:
        draw: Called as draw(figure, name=value, ...), with a value from each control; it draws
            into the figure and returns one line of text that says what to see. Where it returns
            none, the line names the values.
        size: Width and height of the picture, in hundreds of pixels.
        controls: Sliders or lists, by the name of their argument.

    Attributes:
        controls: The same controls.
        text: The line of text, which is the picture's, too.
        png: The picture.

    Raises:
        TypeError: `draw` cannot be called like that, `size` is not two numbers, or a control
            has no value.
        ValueError: `size` is not positive, or a control is closed or given twice.

    Shown in: 01_dataset
    """

    def __init__(
        self,
        draw: Callable[..., str | None],
        /,
        size: tuple[float, float] = (8, 3),
        **controls: DOMWidget,
    ) -> None:
        """Draw the first picture."""
        self.size = to_size(size)
        guard_controls(controls)
        guard_draw(draw, controls)
        self.draw_into = draw
        self.controls = controls
        for name, control in controls.items():
            control.description = getattr(control, "description", "") or name
            control.observe(lambda _: self.update(), "value")
            if isinstance(control, SelectionSlider):
                control.add_class(NOTCHES)
        self.png = b""
        self.picture = HTML()
        self.line = HTML()
        self._turn = threading.RLock()  # one at a time, so that the last move wins
        self._begun = 0
        self.update()
        bar = HBox(list(controls.values()), layout={"flex_flow": "row wrap"})
        super().__init__([bar, self.picture, self.line, make_style()])
        self.add_class("sine-sliders")

    def update(self) -> None:
        """Draw for what the controls show; where that fails, the text says why."""
        with self._turn:
            self._begun += 1
            begun = self._begun
            values = {name: control.value for name, control in self.controls.items()}
            try:
                said, png, holds_image = self._draw(values)
            except Exception as error:  # in a callback it would be seen by nobody
                log_error("draw")
                said, png, holds_image = describe(error), b"", False
            if begun < self._begun:
                return  # draw has moved a control, and so drawn a newer picture
            shown = ", ".join(f"{name} = {value}" for name, value in values.items())
            self.text = said if isinstance(said, str) else shown
            if png:
                self.png = png
                self.picture.value = to_html(png, self.text, follows=not holds_image)
            self.line.value = html.escape(self.text)

    def close(self) -> None:
        """Take the widgets away."""
        close_widget(self)

    def _draw(self, values: dict) -> tuple[object, bytes, bool]:
        """Call draw; returns what it says, the picture, and whether an image is part of it.

        An image (of `imshow`) would be a negative in a dark theme, so such a picture stays white.
        """
        figure = new_figure(*self.size)
        with no_figures_left():
            said = self.draw_into(figure, **values)
            if len(figure.get_children()) == 1:  # its background
                raise ValueError(NOTHING)
            return said, to_png(figure), any(ax.images for ax in figure.axes)

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        return with_still(super()._repr_mimebundle_(**kwargs), self.png, self.text)


@contextlib.contextmanager
def no_figures_left() -> Iterator[None]:
    """Close what is opened in pyplot meanwhile, or some cell would show it later."""

    def get_numbers() -> set[int]:
        return set(sys.modules[PYPLOT].get_fignums() if PYPLOT in sys.modules else ())

    before = get_numbers()
    try:
        yield
    finally:
        for number in get_numbers() - before:
            sys.modules[PYPLOT].close(number)


def to_size(size: object) -> tuple[float, float]:
    """Take two positive numbers."""
    try:
        width, height = size
    except (TypeError, ValueError):
        raise TypeError(
            "size must be the picture's width and height in hundreds of pixels, such as (8, 3); "
            f"give a control another name; got {show(size)}"
        ) from None
    for number in (width, height):
        if to_number("size", number) <= 0:
            raise ValueError(f"size must be positive, got {show(size)}")
    return width, height


def guard_controls(controls: dict[str, object]) -> None:
    """Refuse what has no value to follow, and one widget under two names."""
    for name, control in controls.items():
        if not isinstance(control, DOMWidget) or not control.has_trait("value"):
            raise TypeError(
                f"{name} must be a control with a value, such as IntSlider(3), got {show(control)}"
            )
        if control.comm is None:
            raise ValueError(f"{name} must be a new control: this one has been closed")
        twins = [other for other in controls if controls[other] is control]
        if len(twins) > 1:
            raise ValueError(f"{' and '.join(twins)} must be controls of their own, got one twice")


def guard_draw(draw: object, controls: dict[str, object]) -> None:
    """Refuse what cannot be called with a figure and the controls' values."""
    wanted = f"draw({', '.join(['figure', *controls])})"
    if not callable(draw):
        raise TypeError(f"draw must be a function, {wanted}, got {show(draw)}")
    try:
        signature = inspect.signature(draw)
    except ValueError:  # some of C's have none
        return
    try:
        signature.bind(None, **controls)
    except TypeError:
        raise TypeError(
            f"draw must take the figure and each control by its name, {wanted}, got draw{signature}"
        ) from None
