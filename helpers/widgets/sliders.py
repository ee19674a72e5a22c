"""Sliders over a picture that follows them."""

import html
from collections.abc import Callable

from ipywidgets import HTML, DOMWidget, HBox, VBox

from helpers.plots import new_figure, to_png
from helpers.widgets.stills import make_image, show_png, with_still


class Sliders(VBox):
    """A picture that is drawn again whenever one of its controls moves.

    Args:
        draw: Called as draw(figure, name=value, ...), with a value from each control; it draws
            into the figure and returns one line of text that says what to see.
        size: Width and height of the picture, in hundreds of pixels.
        controls: Sliders or lists, by the name of their argument.

    Attributes:
        controls: The same controls.
        text: What `draw` returned last.

    Shown in: 01_dataset
    """

    def __init__(
        self, draw: Callable[..., str], size: tuple[float, float] = (8, 3), **controls: DOMWidget
    ) -> None:
        """Draw the first picture."""
        self.draw_into, self.size, self.controls = draw, size, controls
        for name, control in controls.items():
            control.description = control.description or name
            control.observe(lambda _: self.update(), "value")
        self.image, self.line = make_image(), HTML()
        self.update()
        bar = HBox(list(controls.values()), layout={"flex_flow": "row wrap"})
        super().__init__([bar, self.image, self.line])

    def update(self) -> None:
        """Draw for what the controls show; where that fails, the text says why."""
        values = {name: control.value for name, control in self.controls.items()}
        try:
            with new_figure(*self.size) as figure:
                said = self.draw_into(figure, **values)
                png = to_png(figure)
            self.text = "" if said is None else str(said)
            show_png(self.image, png)
        except Exception as error:  # in a callback it would be seen by nobody
            self.text = f"{type(error).__name__}: {error}"
        self.line.value = html.escape(self.text)

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        return with_still(super()._repr_mimebundle_(**kwargs), self.image.value, self.text)
