"""What the panel shows: pictures before words, held-out loss, absent eyes, rates, the still."""

import base64
import io
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from ipywidgets import Widget
from ipywidgets.widgets.widget import _instances
from matplotlib import image
from panels import SMALL, settle

from helpers.experiment import Experiment, Settings
from helpers.widgets import pace, screen
from helpers.widgets.screen import ALONE, make_still

NOISY = replace(SMALL, noise=0.3, n_samples=50)


class Clock:
    """A clock that stands still until the test moves it."""

    def __init__(self):
        self.now = 100.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(pace, "time", made)
    monkeypatch.setattr(screen, "time", made)
    return made


# Order and sums


def test_words_are_sent_after_the_picture_they_are_about(make, monkeypatch):
    panel = make(SMALL, fps=10_000)
    for toggle in panel.insight.toggles:
        toggle.value = True
    settle(panel)
    names = {
        panel.live.picture.still: "axes",
        panel.live.picture.moving: "picture",
        panel.live.line: "line",
        panel.insight.line: "found",
        panel.insight.strip: "strip",
        panel.headline: "headline",
        panel.status: "status",
        panel.controls.program: "program",
    }
    sent = []
    send = Widget._send

    def note(widget, message, buffers=None):
        if widget in names:
            sent.append(names[widget])
        send(widget, message, buffers)

    monkeypatch.setattr(Widget, "_send", note)
    with panel.trainer.hold():  # one picture for all of it
        panel.controls.depth.value = 3
        panel.controls.points.value = 50
        panel.controls.noise.value = 0.5
    settle(panel)
    assert sent[:2] == ["axes", "picture"]
    assert sent.count("axes") == sent.count("picture") == 1
    assert {"line", "found", "strip", "headline", "program"} <= set(sent)
    panel.advance(1)
    settle(panel)
    sent.clear()
    panel.controls.lr.value = 0.02
    settle(panel)
    assert sent[0] == "picture"
    assert sent.count("picture") == 1
    assert not {"axes", "headline"} & set(sent)
    assert sent[-1] == "program"


def test_equal_data_are_not_drawn_again(panel, monkeypatch):
    drawn = []
    monkeypatch.setattr(panel.live, "set_data", lambda *a: drawn.append(a))
    panel.controls.depth.value = 3
    settle(panel)
    assert drawn == []
    panel.controls.noise.value = 0.5
    settle(panel)
    panel.controls.points.value = 20
    settle(panel)
    assert [len(x) for x, _, _ in drawn] == [1000, 20]


def test_rates_are_measured_by_the_clock_and_a_clock_that_stands_does_no_harm(make, clock):
    class Trainer:
        experiment = Experiment(SMALL)
        left = 100
        problem = ""
        stop = 10_000

    shown = make().screen
    trainer = Trainer()
    shown.begin(trainer.experiment)
    assert shown._sentence(trainer) == "running"
    trainer.experiment.advance(50)
    assert shown._sentence(trainer) == "running"  # in no time at all
    clock.now += 0.01
    trainer.experiment.advance(30)
    assert shown._sentence(trainer) == "3,000 iterations a second"
    trainer.left = 0
    assert shown._sentence(trainer) == "paused: press Run"
    trainer.left = 5
    clock.now += 100
    assert shown._sentence(trainer) == "running"
    trainer.problem = "no ink"
    assert shown._sentence(trainer) == "no ink"


# Held out


@pytest.mark.parametrize(
    "change", [{"noise": 0.05}, {"n_samples": 999}, {"noise": 0.3, "n_samples": 50}], ids=str
)
def test_the_held_out_loss_is_a_second_curve_where_it_can_differ(make, change):
    settings = replace(SMALL, **change)
    panel = make(settings)
    panel.advance(10)
    settle(panel)
    reference = Experiment(settings)
    reference.advance(10)
    expected = reference.evaluate_held_out()
    held_out = panel.live.held_out
    assert held_out.iterations == [0, 10]
    assert held_out.losses[-1] == pytest.approx(expected, rel=1e-6)
    assert f", held out {expected:.4g}, worst" in panel.live.line.value
    assert "held out" in panel.live.picture.still.value
    panel.insight.kinks.value = True  # another picture of the same iteration
    settle(panel)
    assert held_out.iterations == [0, 10]
    panel.reset()
    settle(panel)
    assert panel.live.held_out.iterations == [0]


def test_there_is_none_where_it_could_not_differ(panel):
    panel.advance(10)
    settle(panel)
    assert panel.live.held_out.losses == []
    assert "held out" not in panel.live.line.value
    assert "held out" not in panel.live.picture.still.value


def test_a_held_out_loss_that_explodes_is_survived(make):
    panel = make(replace(NOISY, lr=10.0))
    panel.run()
    settle(panel)
    assert panel.status.value.startswith("diverged at iteration ")
    assert panel.trainer.failed == ""


def test_a_new_network_is_shown_before_the_next_picture_is_due(make):
    panel = make(SMALL, fps=0.01)
    for name, value in (("depth", 3), ("lr", 0.02)):
        panel.live.pace.deadline = time.perf_counter() + 50  # half of the time is over
        before = panel.live.pace.frames
        getattr(panel.controls, name).value = value
        settle(panel)
        assert panel.live.pace.frames == before + 1
        assert panel.live.pace.wait() > 100
    assert panel.headline.value.startswith("<code>cfg = [1, 8, 6, 20, 1]")


# Goals


def test_goals_are_told_where_they_are_asked_for(make):
    panel = make(Settings(cfg=(1, 15, 15, 10, 1), optimizer="Adam", lr=0.01), fps=10)
    panel.run(600)
    settle(panel)
    assert set(panel.reached) == {"fast", "small"}
    assert panel.status.value == "paused: press Run"
    panel.screen.goals.toggle.value = True
    settle(panel)
    assert panel.status.value.startswith("paused: press Run · goal reached: Sine, no noise: a loss")
    assert panel.screen.goals.list.value.count("☑") == 2
    panel.reset()
    settle(panel)
    assert panel.status.value == "paused: press Run"
    assert set(panel.reached) == {"fast", "small"}


def test_what_is_reached_is_known_when_advance_returns(make):
    panel = make(Settings(cfg=(1, 15, 15, 10, 1), optimizer="Adam", lr=0.01), fps=0.001)
    panel.advance(600)
    assert set(panel.reached) == {"fast", "small"}


# Eyes


class Page:
    """A page that answers what it is asked, as long as it is open."""

    def __init__(self, panel):
        self.pace = panel.live.pace
        self.is_open = True
        self.pace.asked.observe(self.answer, "value")

    def answer(self, change):
        if self.is_open:
            self.pace.heard.value = change["new"]


def draw(panel, clock, frames, seconds):
    """Draw some pictures in so many seconds, one iteration for each."""
    for _ in range(frames):
        drawn = panel.live.pace.frames
        clock.now += seconds / frames
        panel.trainer.wake()
        while panel.live.pace.frames == drawn and panel.trainer.left:
            panel.trainer.resting.wait(0.001)


def settle_by(clock, panel):
    """Move the clock until nothing is left to do and all is shown."""
    for _ in range(1000):
        clock.now += 3
        panel.trainer.wake()
        if panel.trainer.resting.wait(0.02):
            return
    pytest.fail("it did not come to rest")


@pytest.fixture
def watched(make, clock):
    panel = make(SMALL, fps=10)
    panel.controls.stop.value = 10**9
    panel.page = Page(panel)
    panel.run()
    draw(panel, clock, 20, 5)
    assert panel.live.pace.answered
    return panel


def test_a_panel_trains_on_while_a_page_answers(watched, clock):
    draw(watched, clock, 100, 10 * ALONE)
    assert watched.trainer.left


def test_a_panel_that_nobody_sees_any_more_pauses_and_says_so(watched, clock):
    watched.page.is_open = False
    draw(watched, clock, 10, ALONE - 5)
    assert watched.trainer.left
    draw(watched, clock, 10, 25)
    settle_by(clock, watched)
    number = watched.experiment.iteration
    words = (
        f"paused at iteration {number:,}: no page showed this panel for 30 s; press Run to go on"
    )
    assert watched.status.value == words
    assert watched.controls.run.description == "Run"
    watched.page.is_open = True
    watched.page.answer({"new": watched.live.pace.asked.value})  # as a page does that opens
    assert watched.status.value == words
    watched.controls.run.click()
    draw(watched, clock, 20, 2 * ALONE)
    assert watched.trainer.left
    assert watched.experiment.iteration > number


def test_an_order_gives_it_as_long_again(watched, clock):
    watched.page.is_open = False
    draw(watched, clock, 20, 2 * ALONE)
    assert not watched.trainer.left
    settle_by(clock, watched)
    watched.run()
    draw(watched, clock, 5, ALONE - 5)
    assert watched.trainer.left
    draw(watched, clock, 20, 2 * ALONE)
    assert not watched.trainer.left


def test_a_panel_that_no_page_ever_showed_trains_on(make, clock):
    panel = make(SMALL, fps=10)
    panel.controls.stop.value = 10**9
    panel.run()
    draw(panel, clock, 50, 10 * ALONE)
    assert panel.trainer.left


def test_an_answer_lets_the_next_picture_go_at_once(watched, clock):
    watched.pause()
    settle_by(clock, watched)
    watched.page.is_open = False
    pace = watched.live.pace
    for number in range(1, 20):
        clock.now += 0.11
        if pace.wait() > 0:  # enough is under way
            break
        watched.controls.seed.value = number
        settle(watched)
    frames = pace.frames
    watched.controls.seed.value = 99
    assert not watched.trainer.resting.wait(0.05)
    assert pace.frames == frames
    pace.heard.value = pace.asked.value
    settle(watched)
    assert pace.frames == frames + 1


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
    assert panel.live.losses == []
    first = Experiment(SMALL)
    for ours, theirs in zip(panel.experiment.net.parameters(), first.net.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    png = base64.b64decode(data["image/png"])
    assert not np.array_equal(pixels(png), pixels(panel.live.picture.png()))
    again = base64.b64decode(panel._repr_mimebundle_()[0]["image/png"])
    assert np.array_equal(pixels(png), pixels(again))


def test_the_still_is_of_what_is_shown_and_not_of_what_is_wanted(panel):
    panel.trainer.close()
    object.__setattr__(panel.experiment, "settings", replace(SMALL, cfg=(1, 5, 1)))
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
