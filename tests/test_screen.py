"""What the panel shows: pictures before words, held-out loss, absent eyes, the still."""

import base64
import io
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from ipywidgets import Widget
from ipywidgets.widgets.widget import _instances
from matplotlib import image
from panels import LONG, SMALL, settle

from helpers.experiment import Experiment, Settings
from helpers.training import Diverged
from helpers.widgets import pace, screen
from helpers.widgets.controls import Controls
from helpers.widgets.goals import GOALS
from helpers.widgets.insight import Look
from helpers.widgets.record import Record, Use
from helpers.widgets.screen import Screen, make_still
from helpers.widgets.trainer import ALONE

NOISY = replace(SMALL, noise=0.3, n_samples=50)
ALL = Look(kinks=True, outputs=True, beyond=True)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until the test moves it."""
    made = SimpleNamespace(now=100.0, perf_counter=lambda: made.now)
    monkeypatch.setattr(pace, "time", made)
    monkeypatch.setattr(screen, "time", made)
    return made


class Run:
    """A network and what is noted of it."""

    def __init__(self, settings=SMALL):
        self.experiment = Experiment(settings)
        self.record = Record(self.experiment)

    def train(self, n):
        for _ in range(n):
            self.record.take(self.experiment.advance())

    def change(self, **settings):
        assert self.experiment.apply(replace(self.experiment.settings, **settings))
        self.record.change(self.experiment)

    def look(self, look=Look(), running=False, problem=""):  # noqa: B008
        use = Use(self.experiment.settings, 100, look)
        return self.record.look(self.experiment, use, running, problem)


@pytest.fixture
def shown():
    made = Screen(Experiment(SMALL), Controls(SMALL), fps=10)
    yield made
    made.live.close()


# What is noted


def test_a_state_stays_as_it_is_while_training_goes_on():
    run = Run(NOISY)
    run.train(3)
    run.change(lr=0.02)
    state = run.look()
    points, held_out, marks = state.losses, state.held_out, state.marks
    assert (points.iterations, held_out.iterations) == ((0, 1, 2), (3,))
    assert marks == ((3, "SGD, lr 0.02"),)
    assert (state.program, state.parameters) == (run.experiment.program(), 77)
    prediction = state.now.prediction.clone()
    run.train(200)
    run.change(optimizer="Adam")
    later = run.look()
    assert (len(later.losses.losses), len(later.held_out.losses), len(later.marks)) == (203, 2, 2)
    assert (len(points.losses), len(held_out.losses), len(marks)) == (3, 1, 1)
    assert torch.equal(state.now.prediction, prediction)
    assert state.program != later.program


def test_the_first_of_two_divergences_is_told():
    for first, loss in ((7.0, "7"), (None, "inf")):
        record = Run().record
        record.end(Diverged(2, float("inf"), first, (0.1,)))
        record.end(Diverged(3, float("nan"), 8.0, (0.1,)))
        words = f"diverged at iteration 2: loss was {loss}; lower the learning rate and press Reset"
        assert record.diverged == words


@pytest.mark.parametrize("change", [{"noise": 0.05}, {"n_samples": 999}], ids=str)
def test_the_held_out_loss_is_a_second_curve_where_it_can_differ(shown, change):
    run = Run(replace(SMALL, **change))
    run.look()
    run.train(10)
    run.look()
    shown.draw(run.look())  # another picture of the same iteration
    expected = run.experiment.evaluate_held_out()
    assert list(shown.live.held_out.iterations) == [0, 10]
    assert shown.live.held_out.losses[-1] == pytest.approx(expected, rel=1e-6)
    assert f", held out {expected:.4g}, worst" in shown.live.line.value
    assert "held out" in shown.live.picture.still.value
    shown.draw(Run().look())  # here they could not differ
    assert list(shown.live.held_out.losses) == []
    assert "held out" not in shown.live.line.value
    assert "held out" not in shown.live.picture.still.value


def test_a_held_out_loss_that_explodes_is_survived(make):
    panel = make(replace(NOISY, lr=10.0))
    panel.run()
    settle(panel)
    assert panel.status.value.startswith("diverged at iteration ")


# What is shown


def test_words_are_sent_after_the_picture_they_are_about(shown, monkeypatch):
    names = {
        shown.live.picture.still: "axes",
        shown.live.picture.moving: "picture",
        shown.live.line: "line",
        shown.insight.line: "found",
        shown.insight.strip: "strip",
        shown.headline: "headline",
        shown.status: "status",
        shown.controls.run: "button",
        shown.controls.program: "program",
    }
    sent = []
    send = Widget._send

    def note(widget, message, buffers=None):
        if widget in names:
            sent.append(names[widget])
        send(widget, message, buffers)

    monkeypatch.setattr(Widget, "_send", note)
    run = Run(replace(NOISY, cfg=(1, 8, 6, 20, 1)))
    shown.draw(run.look(ALL, running=True))
    assert sent[:2] == ["axes", "picture"]
    assert sorted({*sent}) == sorted(names.values())
    assert sent.count("axes") == sent.count("picture") == 1
    sent.clear()
    run.change(lr=0.02)
    shown.draw(run.look(ALL, running=True))
    assert sent[0] == "picture"
    assert sent.count("picture") == 1
    assert not {"axes", "headline", "button"} & set(sent)
    assert sent[-1] == "program"


def test_equal_data_are_not_drawn_again(shown, monkeypatch):
    drawn = []
    set_data = shown.live.set_data

    def note(x, y, beyond):
        drawn.append((len(x), beyond))
        set_data(x, y, beyond)

    monkeypatch.setattr(shown.live, "set_data", note)
    for settings in (SMALL, replace(SMALL, cfg=(1, 5, 1)), replace(SMALL, noise=0.5), NOISY):
        shown.draw(Run(settings).look())
    shown.draw(Run(NOISY).look(Look(beyond=True)))
    assert drawn == [(1000, False), (50, False), (50, True)]


def test_the_words_beside_the_picture(shown, clock):
    def words(run, **how):
        shown.draw(run.look(**how))
        return shown.status.value

    run = Run()
    assert words(run, running=True) == "running"
    run.train(50)
    assert words(run, running=True) == "running"  # in no time at all: clocks stand for a while
    clock.now += 0.01
    run.train(30)
    assert words(run, running=True) == "3,000 iterations a second"
    clock.now += 1
    new = Run()
    new.train(10)
    assert words(new, running=True) == "running"  # a new network: less was done in that time
    assert words(run) == "paused: press Run"
    clock.now += 100
    assert words(run, running=True) == "running"
    run.train(20)
    assert words(run) == "stopped at iteration 100: raise Stop at, or press Reset"
    with torch.no_grad():
        run.experiment.net.features[2].bias.fill_(-1e6)
    assert words(run, running=True).startswith("flat: every unit of hidden layer 2 is off for all")
    assert words(run, problem="<no ink>") == "&lt;no ink&gt;"


def test_goals_are_told_where_they_are_asked_for(shown):
    run = Run()
    state = run.look()._replace(reached=("fast", "small"), won=f"goal reached: {GOALS[1].sentence}")
    shown.draw(state)
    assert shown.status.value == "paused: press Run"
    shown.goals.toggle.value = True
    shown.draw(state)
    assert shown.status.value == f"paused: press Run · goal reached: {GOALS[1].sentence}"
    assert shown.goals.list.value.count("☑") == 2


def test_what_is_reached_is_known_when_advance_returns(make):
    panel = make(Settings(cfg=(1, 15, 15, 10, 1), optimizer="Adam", lr=0.01), fps=0.001)
    panel.advance(600)
    assert set(panel.reached) == {"fast", "small"}


def test_what_a_hand_does_is_shown_before_the_next_picture_is_due(make, clock):
    panel = make(SMALL, fps=0.01)
    hands = (
        lambda controls: setattr(controls.depth, "value", 3),
        lambda controls: setattr(controls.lr, "value", 0.02),
        lambda controls: controls.one.click(),
    )
    for hand in hands:
        clock.now = panel.live.pace.deadline - 50  # half of the time is over
        before = panel.live.pace.frames
        hand(panel.controls)
        settle(panel)
        assert panel.live.pace.frames == before + 1
    assert panel.headline.value.startswith("<code>cfg = [1, 8, 6, 20, 1]")
    assert panel.live.line.value.startswith("iteration 1,")


# Eyes


class Watched:
    """A panel that runs, a page that answers what it is asked while it is open, and a clock."""

    def __init__(self, panel, clock, is_open):
        self.panel = panel
        self.clock = clock
        self.is_open = is_open
        self.drawn = threading.Event()
        panel.live.pace.asked.observe(self.answer, "value")
        self.draw = panel.trainer.draw
        panel.trainer.draw = self.draw_and_tell
        panel.controls.stop.value = 10**9
        panel.run()

    def draw_and_tell(self, state):
        self.draw(state)
        self.drawn.set()  # only now is the frame counted

    def answer(self, change=None):
        if self.is_open:
            self.panel.live.pace.heard.value = self.panel.live.pace.asked.value

    def runs(self, seconds):
        """Let time pass, picture by picture; False if it pauses."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.drawn.clear()
            self.clock.now += 2.5  # longer than the pace's patience
            assert self.drawn.wait(LONG)
            if not self.panel.trainer.left:
                return False
        return True


@pytest.fixture
def watched(make, clock):
    made = Watched(make(SMALL, fps=10), clock, is_open=True)
    assert made.runs(10 * ALONE)
    assert made.panel.live.pace.answered
    return made


def test_a_panel_that_nobody_sees_any_more_pauses_and_says_so(watched):
    panel = watched.panel
    watched.is_open = False
    assert watched.runs(ALONE - 5)
    panel.controls.lr.value = 0.02  # an order gives it as long again
    assert watched.runs(ALONE - 5)
    assert not watched.runs(2 * ALONE)
    watched.clock.now += 100
    panel.trainer.wake()
    settle(panel)
    words = f"paused at iteration {panel.experiment.iteration:,}: no page showed this panel for 30"
    assert panel.status.value == f"{words} s; press Run to go on"
    assert panel.controls.run.description == "Run"
    watched.is_open = True
    watched.answer()  # as a page does that opens
    settle(panel)
    assert panel.status.value.startswith(words)
    panel.controls.run.click()
    assert watched.runs(2 * ALONE)


def test_a_panel_that_no_page_ever_showed_trains_on(make, clock):
    assert Watched(make(SMALL, fps=10), clock, is_open=False).runs(10 * ALONE)


def test_an_answer_lets_the_trainer_ask_again(panel, monkeypatch):
    woken = []
    monkeypatch.setattr(panel.trainer, "wake", lambda: woken.append(True))
    panel.live.pace.heard.value = 1
    assert woken


# The still


def pixels(png):
    return image.imread(io.BytesIO(png))


def test_the_still_is_of_a_network_in_mid_training_and_the_live_one_is_left_alone(panel):
    torch.manual_seed(3)
    state = torch.get_rng_state()
    widgets = set(_instances)
    data, metadata = panel._repr_mimebundle_()
    assert set(data) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}
    text = "cfg = [1, 8, 6, 1] · 77 parameters · iteration 300: data, prediction and loss curve"
    assert data["text/plain"] == metadata["image/png"]["alt"] == text
    assert set(_instances) == widgets
    assert torch.equal(torch.get_rng_state(), state)
    assert panel.experiment.iteration == 0
    assert list(panel.live.losses) == []
    first = Experiment(SMALL)
    for ours, theirs in zip(panel.experiment.net.parameters(), first.net.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    png = base64.b64decode(data["image/png"])
    assert not np.array_equal(pixels(png), pixels(panel.live.picture.png()))
    again = base64.b64decode(panel._repr_mimebundle_()[0]["image/png"])
    assert np.array_equal(pixels(png), pixels(again))


def test_the_still_is_of_what_is_trained_and_not_of_what_is_wanted(panel):
    panel.trainer.close()
    panel.trainer.experiment = Experiment(replace(SMALL, cfg=(1, 5, 1)))
    assert panel._repr_mimebundle_()[0]["text/plain"].startswith("cfg = [1, 5, 1] ")


@pytest.mark.parametrize(
    ("settings", "low", "high"),
    [
        (Settings(lr=10.0), 1, 30),  # it diverges
        (Settings(cfg=(1, 1), lr=10.0), 1, 30),
        (Settings((1, 512, 512, 512, 512, 1)), 3, 3),  # of 790,017 parameters
        (Settings((1, 1), lr=0.01), 300, 300),
    ],
    ids=["diverges", "straight line", "large", "small"],
)
def test_a_still_takes_no_longer_for_a_large_network_and_shows_one_that_diverges(
    settings, low, high
):
    threads = threading.active_count()
    png, text = make_still(settings)
    assert low <= int(text.split("iteration ")[1].split(":")[0]) <= high
    assert pixels(png).shape == (600, 1600, 4)
    assert threading.active_count() == threads
