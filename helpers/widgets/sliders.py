"""Sliders over a picture that follows them."""

import html
from collections.abc import Callable

from ipywidgets import HTML, DOMWidget, HBox, SelectionSlider, VBox

from helpers.plots import new_figure, to_png
from helpers.widgets.controls import NOTCHES, make_style
from helpers.widgets.stills import close_widget, to_html, with_still


class Sliders(VBox):
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

    Shown in: 01_dataset
    """

    def __init__(
        self,
        draw: Callable[..., str | None],
        size: tuple[float, float] = (8, 3),
        **controls: DOMWidget,
    ) -> None:
        """Draw the first picture."""
        self.draw_into = draw
        self.size = size
        self.controls = controls
        for name, control in controls.items():
            control.description = control.description or name
            control.observe(lambda _: self.update(), "value")
            if isinstance(control, SelectionSlider):
                control.add_class(NOTCHES)
        self.png = b""
        self.picture = HTML()
        self.line = HTML()
        self.update()
        bar = HBox(list(controls.values()), layout={"flex_flow": "row wrap"})
        super().__init__([bar, self.picture, self.line, make_style()])

    def update(self) -> None:
        """Draw for what the controls show; where that fails, the text says why."""
        with new_figure(*self.size) as figure:  # one at a time, so that the last move wins
            values = {name: control.value for name, control in self.controls.items()}
            try:
                said = self.draw_into(figure, **values)
                png = to_png(figure)
            except Exception as error:  # in a callback it would be seen by nobody
                self.text = " ".join(f"{type(error).__name__}: {error}".split())
            else:
                shown = ", ".join(f"{name} = {value}" for name, value in values.items())
                self.text = said if isinstance(said, str) else shown
                self.png = png
                self.picture.value = to_html(png, self.text)
            self.line.value = html.escape(self.text)

    def close(self) -> None:
        """Take the widgets away."""
        close_widget(self)

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        return with_still(super()._repr_mimebundle_(**kwargs), self.png, self.text)
