"""What the trainer notes down of a network, and hands out to be drawn."""

from typing import NamedTuple

import torch

from helpers.experiment import Experiment, Settings
from helpers.model import count_parameters
from helpers.plots import Curve
from helpers.probe import silent_layer
from helpers.training import Diverged, Iteration
from helpers.widgets.goals import GOALS, Progress
from helpers.widgets.insight import Examiner, Found, Look
from helpers.widgets.live import add_mark


class Use(NamedTuple):
    """Train with these settings, pause an endless run at `stop`, and show what `look` asks for."""

    settings: Settings
    stop: int = 10_000
    look: Look = Look()


class Points(NamedTuple):
    """A loss curve as it stood at some moment."""

    iterations: tuple[int, ...] = ()
    losses: tuple[float, ...] = ()


class State(NamedTuple):
    """How training stands, for whoever draws it; nothing in it changes any more.

    Attributes:
        settings: What is trained.
        parameters: How many numbers the network has.
        x, y: The training points, each (N, 1).
        now: Iterations done, and the loss and the prediction after them.
        losses: The loss before each iteration, thinned.
        held_out: The loss on held-out points whenever somebody looked; empty if there are none.
        marks: Iterations where the learning rate or the optimizer was changed, each with a word.
        look: What the toggles asked for.
        found: What was found of it.
        silent: The first hidden layer that is off for every x, from 1; None if none is.
        program: The run as a plain PyTorch program.
        reached: Names of the goals that any network has reached.
        won: A sentence on the goal that this network reached last, or "".
        running: Whether training goes on.
        stop: The iteration at which an endless run pauses.
        problem: A sentence on what ended training, or "".
    """

    settings: Settings
    parameters: int
    x: torch.Tensor
    y: torch.Tensor
    now: Iteration
    losses: Points
    held_out: Points
    marks: tuple[tuple[int, str], ...]
    look: Look
    found: Found
    silent: int | None
    program: str
    reached: tuple[str, ...]
    won: str
    running: bool
    stop: int
    problem: str


class Record:
    """What one network has done since it began.

    Args:
        experiment: The network, untrained.
        reached: Names of the goals that networks before it have reached.
    """

    def __init__(self, experiment: Experiment, reached: tuple[str, ...] = ()) -> None:
        """Begin without an iteration."""
        settings = experiment.settings
        can_differ = settings.noise > 0 or settings.n_samples < 1000
        self.points = experiment.get_held_out() if can_differ else None
        self.parameters = count_parameters(experiment.net)
        self.curve = Curve()
        self.held_out = Curve()
        self.marks: list[tuple[int, str]] = []
        self.progress = Progress(settings, self.parameters)
        self.reached = reached
        self.examiner = Examiner()
        self.won = ""
        self.diverged = ""  # how it ended, if it did
        self.program = experiment.program()

    def take(self, iteration: Iteration) -> None:
        """Note an iteration."""
        self.curve.record(iteration.number, iteration.loss)
        self.progress.take(iteration)

    def change(self, experiment: Experiment) -> None:
        """Note that training goes on with another learning rate or optimizer."""
        settings = experiment.settings
        add_mark(self.marks, experiment.iteration, f"{settings.optimizer}, lr {settings.lr:g}")
        self.progress.settings = settings
        self.program = experiment.program()

    def end(self, error: Diverged) -> None:
        """Note that the loss is no longer finite; the first time counts."""
        loss = error.loss if error.last_loss is None else error.last_loss
        self.diverged = self.diverged or (
            f"diverged at iteration {error.number}: loss was {loss:.2g}; "
            "lower the learning rate and press Reset"
        )

    def evaluate(self, experiment: Experiment) -> Iteration:
        """Evaluate the network as it is now, on the training points and on those held out."""
        now = experiment.evaluate()
        if self.points is not None:
            x, y = self.points
            with torch.no_grad():
                self.progress.held_out = experiment.loss_func(experiment.net(x), y).item()
            if self.held_out.iterations[-1:] != [now.number]:
                self.held_out.record(now.number, self.progress.held_out)
        for goal in GOALS:
            if goal.name not in self.reached and goal.is_reached(self.progress):
                self.reached += (goal.name,)
                self.won = f"goal reached: {goal.sentence}"
        return now

    def look(self, experiment: Experiment, use: Use, running: bool, problem: str) -> State:
        """Tell how the network stands.

        Args:
            experiment: The network; it is not trained.
            use: What to find out of it.
            running: As in `State`.
            problem: As in `State`.
        """
        return State(
            settings=experiment.settings,
            parameters=self.parameters,
            x=experiment.x,
            y=experiment.y,
            now=self.evaluate(experiment),
            losses=copy_points(self.curve),
            held_out=copy_points(self.held_out),
            marks=tuple(self.marks),
            look=use.look,
            found=self.examiner.examine(experiment, use.look, running),
            silent=silent_layer(experiment.net, experiment.x),
            program=self.program,
            reached=self.reached,
            won=self.won,
            running=running,
            stop=use.stop,
            problem=problem,
        )


def copy_points(curve: Curve) -> Points:
    """Copy a curve, which goes on growing."""
    return Points(tuple(curve.iterations), tuple(curve.losses))
