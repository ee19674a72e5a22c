"""What the panel shows of training: pictures, and words that never run ahead of them."""

import html
import time
from contextlib import ExitStack

import torch
from ipywidgets import HTML

from helpers.experiment import Experiment, Settings
from helpers.model import count_parameters
from helpers.plots import to_array
from helpers.training import Diverged
from helpers.widgets.controls import Controls
from helpers.widgets.goals import GoalList
from helpers.widgets.insight import Insight
from helpers.widgets.live import describe_fit
from helpers.widgets.network import Network, draw_cells, draw_network
from helpers.widgets.pace import Pace
from helpers.widgets.picture import HEIGHT, WIDTH, Picture, Scene
from helpers.widgets.record import Record, State, Use
from helpers.widgets.shapes import Box, Shape
from helpers.widgets.stills import close_widget

STILL = 300  # iterations that a still shows, or as many as take about as long on a large network
STILL_PARAMETERS = 3_000_000  # iterations times parameters of a still, at the most
BELOW = 140  # height of the network in a still, in pixels


class Screen:
    """Draws states, each whole: it asks nobody for anything.

    Args:
        experiment: What is shown at first.
        controls: Whose Run button and program follow what is drawn.
        fps: Frames a second at the most.

    Attributes:
        picture: Data, prediction and loss.
        network: The drawn network.
        pace: When the next picture may go.
        numbers: Iteration and loss.
        headline: The architecture that is shown, and its number of parameters.
        status: What the picture cannot say: how fast it goes, or what went wrong.
        insight: Toggles that add to the picture.
        goals: What to reach.
    """

    def __init__(self, experiment: Experiment, controls: Controls, fps: float) -> None:
        """Make the widgets; nothing is drawn yet."""
        self.controls = controls
        self.picture = Picture(to_array(experiment.x), to_array(experiment.y))
        self.picture.layout.max_width = "100%"
        self.network = Network()
        self.pace = Pace(fps)
        self.insight = Insight()
        self.goals = GoalList()
        self.numbers = HTML()
        self.headline = HTML()
        self.status = HTML()
        self.shown = (experiment.x, experiment.y, False)  # the data, and whether beyond them
        self.before: tuple[int, float] | None = None  # iterations and seconds, while it runs

    def draw(self, state: State) -> None:
        """Send the pictures, and after them the words."""
        picture, network, found = self.picture, self.network, state.found
        words = (self.insight.line, self.headline, self.numbers)
        pictures = (network.moving, network.still, picture.moving, picture.still)
        with ExitStack() as held:
            for widget in (*words, *pictures):  # sent from the last one on
                held.enter_context(widget.hold_sync())
            self._show_data(state)
            picture.update(make_scene(state))
            network.show(found.portrait, find_chosen(state), describe_units(state))
            self.insight.show(found)
            self.headline.value = write_headline(state)
            self.numbers.value = write_numbers(state)
        self.pace.count()
        self.goals.show(state.reached, state.won)
        self.status.value = self._write_status(state)
        self.controls.show_running(state.running)
        self.controls.write_program(state.program)

    def _write_status(self, state: State) -> str:
        words = html.escape(self._sentence(state))
        if state.sane is not None:
            return f'<span class="sine-alarm" role="alert">{words}</span>'
        if find_silent(state) and not state.problem:
            return f'<span class="sine-alarm">{words}</span>'
        return f"<span>{words}</span>"

    def _show_data(self, state: State) -> None:
        x, y, before = self.shown
        same = torch.equal(state.x, x) and torch.equal(state.y, y)
        beyond = state.look.beyond and state.sane is None  # the last fit is of the data's x alone
        if not same or beyond != before:
            self.shown = (state.x, state.y, beyond)
            self.picture.set_data(*self.shown)

    def _sentence(self, state: State) -> str:
        """Say what the picture cannot: what went wrong, or how fast it goes."""
        number = state.now.number
        now = time.perf_counter()
        before = self.before
        self.before = (number, now) if state.running else None
        if state.problem:
            return state.problem
        silent = find_silent(state)
        if silent:
            return (
                f"flat: hidden layer {silent} is off for every x; "
                "lower the learning rate and press Reset, or try another seed"
            )
        if state.running:
            if before is None or number < before[0] or now <= before[1]:  # clocks stand for 16 ms
                return "running"
            return f"{(number - before[0]) / (now - before[1]):,.0f} iterations a second"
        if number >= state.stop:
            return f"stopped at iteration {number:,}: raise Stop at, or press Reset"
        return "paused: press Run"


def make_scene(state: State) -> Scene:
    """Choose what the picture shows of a state."""
    now = state.now.prediction if state.sane is None else state.sane
    lost = state.sane is not None
    curve = state.found.curve
    return Scene(
        prediction=now if curve is None or lost else curve,
        losses=state.losses.losses,
        iterations=state.losses.iterations,
        means=state.means.losses,
        at=state.means.iterations,
        held_out=tuple(state.held_out) if state.held_out.losses else None,
        marks=state.marks,
        dots=() if lost else state.found.dots,
        unit=state.found.unit,
        last=state.last,
        residuals=to_array(state.y) - to_array(now) if state.look.residuals else None,
        lost=lost,
        label=describe_state(state),
    )


def describe_state(state: State) -> str:
    """Say in one line what the picture shows."""
    held_out = [f"held out {loss:z.4g}" for loss in state.held_out.losses[-1:]]
    errors = to_array(state.now.prediction) - to_array(state.y)
    return describe_fit("iteration", state.now, held_out, to_array(state.x), errors)


def describe_units(state: State) -> str:
    """Say in one line which units the drawn network has, and which are off."""
    widths = state.settings.cfg[1:-1]
    drawn = state.found.portrait.columns[1:-1]
    words = ", ".join(f"{few} of {width}" for few, width in zip(drawn, widths, strict=True))
    off = ", ".join(map(str, state.found.off))
    return f"units drawn by layer: {words}; off for every x: {off}" if widths else "no hidden layer"


def write_numbers(state: State) -> str:
    """Write iteration and loss, large."""
    numbers = {"iteration": f"{state.now.number:,}", "loss": f"{state.now.loss:z.4g}"}
    if state.held_out.losses:
        numbers["held out"] = f"{state.held_out.losses[-1]:z.4g}"
    shown = {name: number.replace("inf", "∞") for name, number in numbers.items()}
    parts = (f"<span><b>{number}</b>{name}</span>" for name, number in shown.items())
    return f'<div class="sine-numbers">{"".join(parts)}</div>'


def write_headline(state: State) -> str:
    """Write which network it is, and how much of it is drawn."""
    units = sum(state.settings.cfg[1:-1])
    drawn = sum(state.found.portrait.columns[1:-1])
    words = f" · {drawn} of {units:,} units drawn" if drawn < units else ""
    return f"<code>{summarise(state.settings, state.parameters)}</code>{words}"


def find_chosen(state: State) -> tuple[int, int] | tuple[()]:
    """Tell which unit is pointed out: none that only a network has that was refused."""
    return state.look.unit if state.found.unit is not None else ()


def find_silent(state: State) -> int | None:
    """Find the first hidden layer whose units are all off, from 1."""
    widths = zip(state.found.off, state.settings.cfg[1:-1], strict=True)
    return next((layer for layer, (off, width) in enumerate(widths, start=1) if off == width), None)


def summarise(settings: Settings, parameters: int) -> str:
    """Say which network it is."""
    return f"cfg = {list(settings.cfg)} · {parameters:,} parameters"


def draw_below(state: State, left: float = 6) -> list[Shape]:
    """Draw the network below fit and loss, as a still has it."""
    box = Box(left, HEIGHT + 6, WIDTH - 2 * left, BELOW - 12, (0, 1), (1, 0))
    portrait = state.found.portrait
    return draw_cells(box, portrait.columns) + draw_network(box, portrait, find_chosen(state))


def make_still(settings: Settings) -> tuple[bytes, str]:
    """Train a network of its own for a moment, for where there is no kernel.

    Args:
        settings: What to train.

    Returns:
        A PNG of it in mid-training, and what it shows in a sentence.
    """
    experiment = Experiment(settings)
    record = Record(experiment)
    parameters = count_parameters(experiment.net)
    number = torch.get_num_threads()
    torch.set_num_threads(1)  # with more it would fight for the cores with a panel that runs
    try:
        for _ in range(max(1, min(STILL_PARAMETERS // parameters, STILL))):
            record.take(experiment.advance())
    except Diverged as error:
        record.end(error)
    finally:
        torch.set_num_threads(number)
    state = record.look(experiment, Use(settings), False, "")
    picture = Picture(to_array(experiment.x), to_array(experiment.y))
    picture.update(make_scene(state))
    png = picture.png(draw_below(state), BELOW)
    close_widget(picture)
    words = f"{summarise(settings, parameters)} · iteration {experiment.iteration}"
    return png, f"{words}: data, prediction, loss curve and the drawn network"
