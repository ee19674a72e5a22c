"""Goals to reach on the panel, off until somebody asks for them."""

import html
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import NamedTuple

from ipywidgets import HTML

from helpers.experiment import Settings
from helpers.training import Iteration
from helpers.widgets.controls import make_toggle

EARLY = 1000  # iterations


@dataclass
class Progress:
    """What a network has done since it began.

    Attributes:
        settings: Its settings now.
        parameters: Number of its weights and biases.
        lowest: Its lowest loss so far.
        early: Its lowest loss within the first 1000 iterations.
        held_out: Its loss on held-out points now; None where there are none.
        slowest: The lowest learning rate it was trained with.
        optimizers: The names of the optimizers it was trained with.
    """

    settings: Settings
    parameters: int
    lowest: float = math.inf
    early: float = math.inf
    held_out: float | None = None
    slowest: float = math.inf
    optimizers: tuple[str, ...] = ()

    def take(self, iteration: Iteration) -> None:
        """Note an iteration; a learning rate and an optimizer count once they are used."""
        self.slowest = min(self.slowest, self.settings.lr)
        if self.settings.optimizer not in self.optimizers:
            self.optimizers += (self.settings.optimizer,)
        if iteration.loss < self.lowest:
            self.lowest = iteration.loss
            if iteration.number <= EARLY:
                self.early = iteration.loss


class Goal(NamedTuple):
    """Something to reach.

    Attributes:
        name: What `Playground.reached` and exercises call it.
        sentence: What is to be done.
        is_reached: Whether a network has done it.
    """

    name: str
    sentence: str
    is_reached: Callable[[Progress], bool]


def is_plain(progress: Progress) -> bool:
    """Tell whether the data are the article's: a sine without noise, every one of 1000 points."""
    settings = progress.settings
    return (settings.function, settings.noise, settings.n_samples) == ("sine", 0, 1000)


def is_fast(progress: Progress) -> bool:
    """Tell whether a network learned the sine in time."""
    return is_plain(progress) and progress.early < 0.01


def is_small(progress: Progress) -> bool:
    """Tell whether a network learned the sine with few parameters."""
    return is_plain(progress) and progress.parameters <= 500 and progress.lowest < 0.01


def is_steep(progress: Progress) -> bool:
    """Tell whether a network learned the sine with plain SGD in large steps all the way."""
    steps = progress.slowest >= 0.2 and progress.optimizers == ("SGD",)
    return is_plain(progress) and steps and progress.lowest < 0.1


def is_general(progress: Progress) -> bool:
    """Tell whether a network that saw few, noisy points does well on others."""
    settings = progress.settings
    hard = settings.function == "sine" and settings.noise >= 0.3 and settings.n_samples <= 50
    return hard and progress.held_out is not None and progress.held_out < 0.16


GOALS = (
    Goal("fast", "Sine, no noise: a loss below 0.01 within 1000 iterations", is_fast),
    Goal("small", "Sine, no noise: a loss below 0.01 with at most 500 parameters", is_small),
    Goal("steep", "Sine, no noise: a loss below 0.1 with SGD, at 0.2 or more throughout", is_steep),
    Goal("general", "Sine, noise 0.3, 50 points: a held-out loss below 0.16", is_general),
)


class GoalList:
    """The goals, ticked as they are reached.

    Attributes:
        toggle: Whether they are shown.
        list: The goals, ticked or not; there while the toggle is on.
    """

    def __init__(self) -> None:
        """Begin with nothing reached, and the list folded."""
        self.toggle = make_toggle("Goals", "Show what to try, and what is done")
        self.list = HTML()
        self.toggle.observe(self._unfold, "value")
        self._unfold()
        self.show(())

    def show(self, reached: Collection[str], won: str = "") -> None:
        """Tick the goals that have these names, below a sentence on the latest, if there is one."""
        lines = [
            f"<li>{'☑' if goal.name in reached else '☐'} {html.escape(goal.sentence)}</li>"
            for goal in GOALS
        ]
        lines = [f"<li>{html.escape(won)}</li>"] * bool(won) + lines
        self.list.value = (
            f"<ul style='list-style: none; margin: 0; padding: 0'>{''.join(lines)}</ul>"
        )

    def _unfold(self, change: object = None) -> None:
        self.list.layout.display = "flex" if self.toggle.value else "none"
