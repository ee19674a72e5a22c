"""Goals to reach on the panel, off until somebody asks for them."""

import html
import math
from collections.abc import Callable
from typing import NamedTuple

from ipywidgets import HTML, ToggleButton

from helpers.experiment import Experiment, Settings
from helpers.model import count_parameters
from helpers.training import Iteration

EARLY = 1000  # iterations


class State(NamedTuple):
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


class Goal(NamedTuple):
    """Something to reach.

    Attributes:
        name: What `Playground.reached` and exercises call it.
        sentence: What is to be done.
        is_reached: Whether a network has done it.
    """

    name: str
    sentence: str
    is_reached: Callable[[State], bool]


def is_plain(state: State) -> bool:
    """Tell whether the data are the article's: a sine without noise, every one of 1000 points."""
    settings = state.settings
    return (settings.function, settings.noise, settings.n_samples) == ("sine", 0, 1000)


def is_fast(state: State) -> bool:
    """Tell whether a network learned the sine in time."""
    return is_plain(state) and state.early < 0.01


def is_small(state: State) -> bool:
    """Tell whether a network learned the sine with few parameters."""
    return is_plain(state) and state.parameters <= 500 and state.lowest < 0.01


def is_steep(state: State) -> bool:
    """Tell whether a network learned the sine with plain SGD in large steps all the way."""
    steps = state.slowest >= 0.2 and state.optimizers == ("SGD",)
    return is_plain(state) and steps and state.lowest < 0.1


def is_general(state: State) -> bool:
    """Tell whether a network that saw few, noisy points does well on others."""
    settings = state.settings
    hard = settings.function == "sine" and settings.noise >= 0.3 and settings.n_samples <= 50
    return hard and state.held_out is not None and state.held_out < 0.16


GOALS = (
    Goal("fast", "Sine, no noise: a loss below 0.01 within 1000 iterations", is_fast),
    Goal("small", "Sine, no noise: a loss below 0.01 with at most 500 parameters", is_small),
    Goal("steep", "Sine, no noise: a loss below 0.1 with SGD, at 0.2 or more throughout", is_steep),
    Goal("general", "Sine, noise 0.3, 50 points: a held-out loss below 0.16", is_general),
)


class Goals:
    """The goals, ticked as they are reached; a tick stays.

    Attributes:
        reached: Names of the goals that any network on this panel has reached.
        words: What the present network reached last, in a sentence, or "".
        toggle: Whether they are shown.
        list: The goals, ticked or not; there while the toggle is on.
    """

    def __init__(self) -> None:
        """Begin with nothing reached, and the list folded."""
        self.reached: list[str] = []
        self.toggle = ToggleButton(
            description="Goals",
            tooltip="Show what to try, and what is done",
            layout={"width": "132px"},
        )
        self.list = HTML()
        self.toggle.observe(self._unfold, "value")
        self._unfold()
        self.show()

    def begin(self, experiment: Experiment) -> None:
        """Take note of a new network."""
        self.parameters = count_parameters(experiment.net)
        self.lowest = math.inf
        self.early = math.inf
        self.slowest = math.inf
        self.optimizers: tuple[str, ...] = ()
        self.words = ""
        self.change(experiment)

    def change(self, experiment: Experiment) -> None:
        """Take note of another learning rate or optimizer, which counts once it is used."""
        self.settings = experiment.settings
        self.is_used = False

    def record(self, iteration: Iteration) -> None:
        """Take note of an iteration."""
        if not self.is_used:
            self.is_used = True
            self.slowest = min(self.slowest, self.settings.lr)
            if self.settings.optimizer not in self.optimizers:
                self.optimizers += (self.settings.optimizer,)
        if iteration.loss < self.lowest:
            self.lowest = iteration.loss
            if iteration.number <= EARLY:
                self.early = iteration.loss

    def look(self, held_out: float | None) -> None:
        """Tick what the network has reached.

        Args:
            held_out: Its loss on held-out points now; None where there are none.
        """
        state = State(
            self.settings,
            self.parameters,
            self.lowest,
            self.early,
            held_out,
            self.slowest,
            self.optimizers,
        )
        for goal in GOALS:
            if goal.name not in self.reached and goal.is_reached(state):
                self.reached.append(goal.name)
                self.words = f"goal reached: {goal.sentence}"

    def show(self) -> None:
        """Show the list as it is now."""
        lines = [
            f"<li>{'☑' if goal.name in self.reached else '☐'} {html.escape(goal.sentence)}</li>"
            for goal in GOALS
        ]
        self.list.value = f"<ul style='list-style: none; padding: 0'>{''.join(lines)}</ul>"

    def _unfold(self, change: object = None) -> None:
        self.list.layout.display = "flex" if self.toggle.value else "none"
