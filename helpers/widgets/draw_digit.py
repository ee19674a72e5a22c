"""A picture of 12 x 12 pixels to click on, and what networks read in it."""

import html
from collections.abc import Callable

import torch
from ipywidgets import HTML, Button, GridBox, HBox, Layout, ToggleButton, VBox
from torch.nn import functional as F

from helpers.data import get_glyphs
from helpers.guards import describe
from helpers.plots import DATA_COLOUR, new_figure, to_png
from helpers.widgets.kernel import log_error
from helpers.widgets.stills import View, close_widget, with_still

SIZE = 12
ARROWS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}  # rows, columns
STYLE = """<style>
.sine-draw .sine-pixels .jupyter-button {
    width: 22px; min-width: 0; height: 22px; margin: 0; padding: 0;
    border: 1px solid #999; box-shadow: none; background: white;
}
.sine-draw .sine-pixels .jupyter-button.mod-active { background: black; }
.sine-draw .sine-pixels .jupyter-button:focus-visible {
    outline: 3px solid #EE7733; position: relative; z-index: 1;
}
.sine-draw table { border-collapse: collapse; }
.sine-draw td, .sine-draw th { padding: 0 6px; line-height: 17px; text-align: start; }
.sine-draw i { display: block; height: 12px; background: #1188CC; }
@media (forced-colors: active) {
    .sine-draw .sine-pixels .jupyter-button, .sine-draw i { forced-color-adjust: none; }
}
</style>"""


class DrawDigit(View):
    """A grid of pixels that one clicks black and white, and what each reader says of it.

    Args:
        digit: The digit that stands there at first, 0 to 9.
        readers: Networks, or other functions, by the name that is shown above their answer. Each
            gets a picture, float32 of shape (1, 1, 12, 12) with 0 for paper and 1 for ink, and
            returns a logit for each digit, (1, 10).

    Attributes:
        picture: What is drawn, as the readers get it.
        shares: What each reader makes of it, by its name: the probability of each digit, (10,).
        text: The same in a sentence, or why a reader has failed.

    Shown in: 11_other_problems
    """

    def __init__(self, digit: int = 3, /, **readers: Callable) -> None:
        """Draw the first digit."""
        self.readers = readers
        self.pixels = make_pixels()
        self.ready = [Button(description=str(n), tooltip=f"Draw a {n}") for n in range(10)]
        for n, button in enumerate(self.ready):
            button.layout.width = "32px"
            button.on_click(lambda _, n=n: self.show(ready_digit(n)))
        clear = Button(description="Clear", tooltip="Make all pixels white")
        clear.on_click(lambda _: self.show(torch.zeros(SIZE, SIZE)))
        self.buttons = {"clear": clear}
        for name, (down, right) in ARROWS.items():
            self.buttons[name] = Button(description=name, tooltip=f"Move it one pixel: {name}")
            self.buttons[name].on_click(lambda _, way=(down, right): self.move(*way))
        for button in self.buttons.values():
            button.layout.width = "72px"
        self.said = HTML()
        self._busy = False
        for place, pixel in enumerate(self.pixels):
            pixel.observe(lambda change, place=place: self._take(place), "value")
        grid = GridBox(self.pixels, layout={"grid_template_columns": f"repeat({SIZE}, 22px)"})
        grid.add_class("sine-pixels")
        ready = HBox(self.ready, layout={"flex_flow": "row wrap"})
        bar = HBox(list(self.buttons.values()), layout={"flex_flow": "row wrap"})
        answer = VBox([self.said], layout={"margin": "0 0 0 20px"})
        body = HBox([grid, answer], layout={"flex_flow": "row wrap"})
        super().__init__([ready, bar, body, HTML(STYLE, layout={"display": "none"})])
        self.add_class("sine-draw")
        self.show(ready_digit(digit))

    @property
    def picture(self) -> torch.Tensor:
        """What is drawn, (1, 1, 12, 12)."""
        ink = [float(pixel.value) for pixel in self.pixels]
        return torch.tensor(ink, dtype=torch.float32, device="cpu").reshape(1, 1, SIZE, SIZE)

    def show(self, picture: torch.Tensor) -> None:
        """Draw a picture, (12, 12): ink where it is above a half."""
        self._busy = True  # one answer for all pixels
        for pixel, ink in zip(self.pixels, picture.flatten().tolist(), strict=True):
            with pixel.hold_sync():  # its value and its name in one message
                pixel.value = ink > 0.5
        self._busy = False
        self.update()

    def move(self, down: int, right: int) -> None:
        """Move what is drawn by so many pixels; what leaves the grid is lost."""
        self.show(F.pad(self.picture[0, 0], (right, -right, down, -down)))

    def _take(self, place: int) -> None:
        """Say the new colour of a pixel in its name, for a screen reader, and ask the readers."""
        self.pixels[place].tooltip = name_pixel(place, self.pixels[place].value)
        if not self._busy:
            self.update()

    def update(self) -> None:
        """Ask the readers; where one fails, the text says why."""
        self.shares, picture = {}, self.picture
        try:
            for name, read in self.readers.items():
                with torch.no_grad():
                    self.shares[name] = read(picture)[0].softmax(dim=0)  # (10,)
            self.text = "; ".join(say(name, shares) for name, shares in self.shares.items())
            said = f"<p role='status'>{html.escape(self.text)}</p>"
            self.said.value = said + write_bars(self.shares)
        except Exception as error:  # in a callback it would be seen by nobody
            log_error("a reader")
            self.text = describe(error)
            self.said.value = html.escape(self.text)

    def close(self) -> None:
        """Take the widgets away."""
        close_widget(self)

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        return with_still(super()._repr_mimebundle_(**kwargs), self._draw(), self.text)

    def _draw(self) -> bytes:
        """Draw the still: the picture, and the bars of each reader."""
        figure = new_figure(2.6 * (1 + len(self.shares)), 2.6)
        axes = figure.subplots(1, 1 + len(self.shares), squeeze=False)[0]
        axes[0].imshow(self.picture[0, 0].numpy(), cmap="gray_r", vmin=0, vmax=1)
        axes[0].set(xticks=[], yticks=[], title="drawn")
        for ax, (name, shares) in zip(axes[1:], self.shares.items(), strict=True):
            ax.barh(range(10), shares.tolist(), color=DATA_COLOUR)
            ax.set(title=name.replace("_", " "), xlim=(0, 1), xlabel="probability")
            ax.set(yticks=range(10), ylim=(9.6, -0.6))
        return to_png(figure)


def make_pixels() -> list[ToggleButton]:
    """Make 12 x 12 white pixels, which share one layout and one style: each is a widget less."""
    layout = Layout(width="22px", height="22px")
    first = ToggleButton(tooltip=name_pixel(0, False), layout=layout)
    pixels = [first]
    for place in range(1, SIZE * SIZE):
        name = name_pixel(place, False)
        pixels.append(ToggleButton(tooltip=name, layout=layout, style=first.style))
    return pixels


def name_pixel(place: int, black: bool) -> str:
    """Name a pixel by its place, counted from 1, and its colour."""
    row, column = divmod(place, SIZE)
    return f"row {row + 1}, column {column + 1}, {'black' if black else 'white'}"


def ready_digit(digit: int) -> torch.Tensor:
    """Take a digit of the first font, (12, 12), 1 where a third of a pixel is ink, and 0."""
    glyph = get_glyphs()[0, digit].reshape(1, 1, 16, 16)
    drawn = F.interpolate(glyph, size=SIZE, mode="bilinear", align_corners=False)[0, 0]
    return (drawn > 1 / 3).float()


def say(name: str, shares: torch.Tensor) -> str:
    """Name the digit that a reader finds most probable."""
    return f"{name.replace('_', ' ')}: {shares.argmax().item()} ({shares.max().item():.0%})"


def write_bars(shares: dict[str, torch.Tensor]) -> str:
    """Write a column of bars for each reader, as a table of HTML."""
    heads = "".join(f"<th>{html.escape(name.replace('_', ' '))}</th>" for name in shares)
    rows = f"<tr><td></td>{heads}</tr>"
    for digit in range(10):
        bars = "".join(
            f"<td><i style='width: {130 * one[digit].item():.0f}px'></i></td>"
            for one in shares.values()
        )
        rows += f"<tr><td>{digit}</td>{bars}</tr>"
    return f"<table>{rows}</table>"
