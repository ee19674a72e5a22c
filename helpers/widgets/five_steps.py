"""The five-step debugger: a button for each line of an iteration, to be pressed in any order."""

import functools
import html
import threading

from ipywidgets import HTML, Button, HBox, ToggleButton, VBox

from helpers.experiment import Settings
from helpers.plots import (
    MARK_COLOUR,
    draw_data,
    draw_fit,
    draw_loss,
    loss_limits,
    new_figure,
    to_png,
)
from helpers.widgets.steps import LINES, Steps, compare, run_without
from helpers.widgets.stills import make_image, show_png, with_still

SMALL = Settings(cfg=(1, 20, 20, 1))
CHANGED = "font-weight: bold; color: var(--jp-brand-color1)"


class FiveSteps(VBox):
    """A panel that takes one iteration apart.

    Args:
        settings: The network to take apart; its optimizer must be "SGD".

    Attributes:
        steps: What the buttons press.
        sentence: What the last press did, or what went wrong.
        rows: Every quantity before and after the last press.

    Raises:
        ValueError: Another optimizer.

    Shown in: 06_training
    """

    def __init__(self, settings: Settings = SMALL) -> None:
        """Build the network and the buttons."""
        self.settings, self.working = settings, threading.Lock()
        self.buttons = {
            step: Button(description=f"{number} {step}", tooltip=line, layout={"width": "108px"})
            for number, (step, line) in enumerate(LINES.items(), start=1)
        }
        for step, button in self.buttons.items():
            button.on_click(lambda _, step=step: self.press(step))
        tooltip = "Begin again with the same new network"
        self.again = Button(description="Reset", tooltip=tooltip, layout={"width": "80px"})
        self.again.on_click(lambda _: self.reset())
        tooltip = "Draw 50 iterations of a new network with zero_grad, and 50 without"
        self.skip = ToggleButton(
            description="Skip zero_grad", tooltip=tooltip, layout={"width": "132px"}
        )
        self.skip.observe(lambda _: self.switch(), "value")
        self.code, self.said = HTML(), HTML(layout={"min_height": "44px"})
        self.table, self.image = HTML(layout={"width": "348px"}), make_image()
        self.reset()
        row = {"flex_flow": "row wrap"}
        bar = HBox([*self.buttons.values(), self.again, self.skip], layout=row)
        super().__init__([bar, self.code, self.said, HBox([self.table, self.image], layout=row)])

    def press(self, step: str) -> None:
        """Run one of the five lines and show what it changed.

        Args:
            step: A name in `helpers.steps.LINES`.
        """
        with self.working:
            self.sentence, self.rows = self.steps.press(step)
            self._show()

    def reset(self) -> None:
        """Begin again with the same network, untrained."""
        with self.working:
            self.steps = Steps(self.settings)
            look = self.steps.look()
            self.sentence, self.rows = "Press the steps, in any order.", compare(look, look)
            self._show()

    def switch(self) -> None:
        """Show what the switch asks for."""
        with self.working:
            self._show()

    @functools.cached_property
    def runs(self) -> tuple[list[float], list[float]]:
        """Losses of 50 iterations without zero_grad, and of 50 with it."""
        return run_without("zero_grad", self.settings), run_without(None, self.settings)

    def _show(self) -> None:
        pressed = [LINES[step] for step in self.steps.pressed]
        more = "… " if len(pressed) > 5 else ""
        code = more + "; ".join(pressed[-5:]) or "no step yet"
        self.code.value = f"<code>{html.escape(code)}</code>"
        self.said.value = html.escape(self.sentence)
        lines = "".join(
            f"<tr style='line-height: 1.4; {CHANGED if row.changed else ''}'>"
            f"<td>{html.escape(row.name)}</td><td>{row.before}</td><td>{row.after}</td>"
            f"<td>{'changed' if row.changed else ''}</td></tr>"
            for row in self.rows
        )
        names = "<th></th><th>before</th><th>after</th><th></th>"
        self.table.value = f"<table style='width: 340px'><tr>{names}</tr>{lines}</table>"
        show_png(self.image, self._picture())

    def _picture(self) -> bytes:
        with new_figure(4.6, 2.5) as figure:
            left, right = figure.subplots(1, 2)
            names = self.steps.names
            draw_data(left, names["x"], names["y"])
            left.set(title="prediction", ylim=(-1.5, 1.5))
            if "out" in names:
                draw_fit(left, names["x"], names["out"], linewidth=2)
            losses = self.steps.losses
            if self.skip.value:
                losses, complete = self.runs
                draw_loss(
                    right, losses, color=MARK_COLOUR, linestyle="--", label="zero_grad skipped"
                )
                draw_loss(right, complete, label="five steps")
                right.legend(fontsize=8)
            else:
                draw_loss(right, losses, marker="o").axes.set(xlabel="press of loss")
            right.xaxis.get_major_locator().set_params(integer=True)
            right.set(title="loss", ylim=loss_limits(losses, [])[1])
            return to_png(figure)

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        return with_still(super()._repr_mimebundle_(**kwargs), self.image.value, self.sentence)
