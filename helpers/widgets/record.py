"""What the trainer notes down of a network, and hands out to be drawn."""

from typing import NamedTuple

import numpy as np
import torch

from helpers.experiment import Experiment, Settings
from helpers.model import count_parameters
from helpers.plots import Curve, RunningMean, to_array
from helpers.training import Diverged, Iteration
from helpers.widgets.goals import GOALS, Progress
from helpers.widgets.insight import Examiner, Found, Look
from helpers.widgets.live import add_mark
from helpers.widgets.picture import LastRun

REST = 40  # times as long as the held-out loss took, it is not asked again while training runs
SIGHT = 4  # times the first loss; where it is larger, the prediction has left the picture


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
        now: A number of iterations, and the loss and the prediction after them: all that are
            done, or while training runs all but the latest.
        losses: The loss before each iteration, thinned.
        means: The means of fifty losses in a row.
        held_out: The loss on held-out points whenever somebody looked; empty if there are none.
        marks: Iterations where the learning rate or the optimizer was changed, each with a word.
        look: What the toggles asked for.
        found: What was found of it.
        program: The run as a plain PyTorch program.
        reached: Names of the goals that any network has reached.
        won: A sentence on the goal that this network reached last, or "".
        last: What stays of the run before, or None.
        sane: What the network said when its loss was last in sight, if it diverged; else None.
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
    means: Points
    held_out: Points
    marks: tuple[tuple[int, str], ...]
    look: Look
    found: Found
    program: str
    reached: tuple[str, ...]
    won: str
    last: LastRun | None
    sane: torch.Tensor | None
    running: bool
    stop: int
    problem: str


class Record:
    """What one network has done since it began.

    Args:
        experiment: The network, untrained.
        before: That of the network before it, whose goals stay reached.
        last: What stays of the run before.
    """

    def __init__(
        self,
        experiment: Experiment,
        before: "Record | None" = None,
        last: LastRun | None = None,
    ) -> None:
        """Begin without an iteration."""
        settings = experiment.settings
        can_differ = settings.noise > 0 or settings.n_samples < 1000
        self.points = experiment.get_held_out() if can_differ else None
        self.parameters = count_parameters(experiment.net)
        self.optimizers = {settings.optimizer}  # that it has had
        self.curve = Curve()
        self.means = RunningMean()
        self.last = last
        self.latest: Iteration | None = None
        self.sane: torch.Tensor | None = None  # the prediction while the loss was in sight
        self.held_out = Curve()
        self.due = 0.0  # when the held-out loss may be asked again
        self.marks: list[tuple[int, str]] = []
        self.progress = Progress(settings, self.parameters)
        self.reached: tuple[str, ...] = before.reached if before else ()
        self.examiner = before.examiner if before else Examiner()
        self.won = ""
        self.diverged = ""  # how it ended, if it did
        self.program = experiment.program()

    def take(self, iteration: Iteration) -> None:
        """Note an iteration."""
        for curve in (self.curve, self.means):
            curve.record(iteration.number, iteration.loss)
        if iteration.loss <= SIGHT * self.curve.losses[0]:
            self.sane = iteration.prediction
        self.latest = iteration
        self.progress.take(iteration)

    def change(self, experiment: Experiment) -> None:
        """Note that training goes on, or begins, with another learning rate or optimizer."""
        settings = experiment.settings
        if experiment.iteration == 0:
            self.optimizers.clear()
        self.optimizers.add(settings.optimizer)
        word = f"lr {settings.lr:g}"
        if len(self.optimizers) > 1:
            word = f"{settings.optimizer}, {word}"
        if experiment.iteration > 0:
            add_mark(self.marks, experiment.iteration, word)
        self.progress.settings = settings
        self.program = experiment.program()

    def end(self, error: Diverged) -> None:
        """Note that the loss is no longer finite; the first time counts."""
        loss = error.loss if error.last_loss is None else error.last_loss
        self.diverged = self.diverged or (
            f"diverged at iteration {error.number}: loss was {loss:.2g}; "
            "lower the learning rate and press Reset"
        )

    def leave(self, experiment: Experiment) -> LastRun:
        """Tell what stays of this run beside the next one's."""
        fit = self.sane if self.diverged else experiment.evaluate().prediction
        x = to_array(experiment.x)
        fit = np.full(len(x), np.nan) if fit is None else to_array(fit)
        return LastRun(x, fit, *copy_points(self.curve))

    def evaluate(self, experiment: Experiment, running: bool = False) -> Iteration:
        """Tell how the network stands, on the training points and on those held out.

        While training runs, that is what the latest iteration found before its update, and the
        held-out loss of a moment ago.
        """
        now = self.latest if running and self.latest is not None else experiment.evaluate()
        began = self.examiner.clock()
        if self.points is not None and (not running or began >= self.due):
            x, y = self.points
            with torch.no_grad():
                self.progress.held_out = experiment.loss_func(experiment.net(x), y).item()
            if self.held_out.iterations[-1:] != [experiment.iteration]:
                self.held_out.record(experiment.iteration, self.progress.held_out)
            ended = self.examiner.clock()
            self.due = ended + REST * (ended - began)
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
            now=self.evaluate(experiment, running),
            losses=copy_points(self.curve),
            means=copy_points(self.means),
            held_out=copy_points(self.held_out),
            marks=tuple(self.marks),
            look=use.look,
            found=self.examiner.examine(experiment, use.look, running),
            program=self.program,
            reached=self.reached,
            won=self.won,
            last=self.last,
            sane=self.sane if self.diverged else None,
            running=running,
            stop=use.stop,
            problem=problem,
        )


def copy_points(curve: Curve) -> Points:
    """Copy a curve, which goes on growing."""
    return Points(tuple(curve.iterations), tuple(curve.losses))
