"""What the panel shows: pictures before words, the last run, divergence, absent eyes, the still."""

import base64
import io
import re
import threading
import xml.etree.ElementTree as ET
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from drawn import SVG
from ipywidgets import Widget
from ipywidgets.widgets.widget import _instances
from matplotlib import image
from panels import LONG, SMALL, read_label, read_status, settle

from helpers.experiment import Experiment, Settings
from helpers.plots import to_array
from helpers.training import Diverged, Iteration
from helpers.widgets import pace, screen
from helpers.widgets.controls import Controls
from helpers.widgets.goals import GOALS
from helpers.widgets.insight import Look
from helpers.widgets.record import Record, Use
from helpers.widgets.screen import Screen, draw_below, make_still
from helpers.widgets.trainer import ALONE

NOISY = replace(SMALL, noise=0.3, n_samples=50)
SEVEN = Settings(cfg=(1, 20, 50, 100, 500, 100, 50, 20, 1), lr=0.01, noise=0.3)
ALL = Look(kinks=True, residuals=True, beyond=True, unit=(1, 3))


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until the test moves it."""
    made = SimpleNamespace(now=100.0, perf_counter=lambda: made.now)
    monkeypatch.setattr(pace, "time", made)
    monkeypatch.setattr(screen, "time", made)
    return made


class Run:
    """A network and what is noted of it."""

    def __init__(self, settings=SMALL, before=None):
        self.experiment = Experiment(settings)
        last = before.record.leave(before.experiment) if before else None
        self.record = Record(self.experiment, before and before.record, last)

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
    made.pace.close()


def words(html):
    """The texts of a picture or of words on the page."""
    return ["".join(element.itertext()) for element in ET.fromstring(html.value).iter()]


# What is noted


def test_a_state_stays_as_it_is_while_training_goes_on():
    run = Run(NOISY)
    run.train(3)
    run.change(lr=0.02)
    state = run.look()
    points, held_out, marks = state.losses, state.held_out, state.marks
    assert (points.iterations, held_out.iterations) == ((0, 1, 2), (3,))
    assert marks == ((3, "lr 0.02"),)
    assert (state.program, state.parameters) == (run.experiment.program(), 77)
    prediction = state.now.prediction.clone()
    run.train(200)
    run.change(optimizer="Adam")
    later = run.look()
    assert (len(later.losses.losses), len(later.held_out.losses), len(later.marks)) == (203, 2, 2)
    assert (len(points.losses), len(held_out.losses), len(marks)) == (3, 1, 1)
    assert torch.equal(state.now.prediction, prediction)
    assert state.program != later.program


def test_what_is_changed_before_the_first_iteration_leaves_no_mark():
    run = Run()
    run.change(optimizer="Adam")
    run.change(lr=0.02)
    run.train(100)
    run.change(lr=0.01)
    assert run.look().marks == ((100, "lr 0.01"),)


def test_the_first_of_two_divergences_is_told():
    for first, loss in ((7.0, "7"), (None, "inf")):
        record = Run().record
        record.end(Diverged(2, float("inf"), first, (0.1,)))
        record.end(Diverged(3, float("nan"), 8.0, (0.1,)))
        words = f"diverged at iteration 2: loss was {loss}; lower the learning rate and press Reset"
        assert record.diverged == words


def test_while_training_runs_the_latest_iteration_is_shown_and_no_extra_pass_is_made(monkeypatch):
    run = Run()
    assert run.look(running=True).now.number == 0  # nothing is done: there is no latest
    run.train(5)
    paused = run.look()
    assert (paused.now.number, paused.now.loss) == (5, run.experiment.evaluate().loss)
    monkeypatch.delattr(Experiment, "evaluate")
    state = run.look(running=True)
    assert (state.now.number, state.now.loss) == (4, run.record.curve.losses[-1])


@pytest.mark.parametrize("change", [{"noise": 0.05}, {"n_samples": 999}], ids=str)
def test_the_held_out_loss_is_a_second_curve_where_it_can_differ(shown, change):
    run = Run(replace(SMALL, **change))
    run.look()
    run.train(10)
    run.look()
    state = run.look()  # another picture of the same iteration
    shown.draw(state)
    expected = run.experiment.evaluate_held_out()
    assert state.held_out.iterations == (0, 10)
    assert state.held_out.losses[-1] == pytest.approx(expected, rel=1e-6)
    assert f", held out {expected:.4g}, worst" in read_label(shown)
    assert f"<b>{expected:.4g}</b>held out" in shown.numbers.value
    assert "held out" in words(shown.picture.still)
    state = Run().look()  # here they could not differ
    shown.draw(state)
    assert state.held_out.losses == ()
    assert "held out" not in read_label(shown) + shown.numbers.value
    assert "held out" not in words(shown.picture.still)


def test_while_training_runs_the_held_out_loss_takes_about_2_percent_of_the_time(monkeypatch):
    now, asked = [100.0], []
    run = Run(NOISY)
    loss_func = run.experiment.loss_func

    def ask(out, y):
        now[0] += 0.01
        asked.append(len(y))
        return loss_func(out, y)

    monkeypatch.setattr(run.record.examiner, "clock", lambda: now[0])
    run.train(1)  # the loop has the loss as it is
    monkeypatch.setattr(run.experiment, "loss_func", ask)
    for _ in range(100):  # ten seconds at ten frames a second
        run.look(running=True)
        now[0] += 0.1
    assert 0.015 < 0.01 * len(asked) / (now[0] - 100) < 0.026
    asked.clear()
    run.look()
    assert asked.count(49) == 1  # paused, at once


def test_a_held_out_loss_that_explodes_is_survived(make):
    panel = make(replace(NOISY, lr=10.0))
    panel.run()
    settle(panel)
    assert read_status(panel.screen).startswith("diverged at iteration ")


# The last run, and one that is lost


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"cfg": (1, 5, 5, 5, 1)}, {"n_samples": 50}, {"function": "line"}],
    ids=str,
)
def test_the_last_run_stands_in_both_plots_whatever_network_or_data_follow(shown, change):
    before = Run()
    before.train(30)
    run = Run(replace(SMALL, **change), before)
    run.train(3)
    state = run.look()
    last, fit = state.last, before.experiment.evaluate().prediction
    assert np.array_equal(last.x, to_array(before.experiment.x))
    assert np.array_equal(last.prediction, to_array(fit))
    assert (last.iterations, last.losses) == (
        tuple(range(30)), tuple(before.record.curve.losses)
    )  # fmt: skip
    before.train(3)
    assert len(last.losses) == 30  # nothing of it changes any more
    shown.draw(state)
    assert words(shown.picture.still).count("last run") == 2
    for part in ET.fromstring(shown.picture.still.value):
        greys = [path for path in part.iter(SVG + "path") if path.get("stroke") == "#888888"]
        assert len(greys) == 2  # in the legend, and itself
    shown.draw(Run().look())
    assert "last run" not in words(shown.picture.still)
    assert "#888888" not in shown.picture.still.value


def test_the_last_fit_in_sight_is_kept_of_a_run_that_diverges():
    run = Run()
    for number, loss in enumerate([1.0, 0.2, 4.1, 3.9, 4.1, 1e9]):
        run.record.take(Iteration(number, loss, torch.full((1000, 1), float(number))))
    assert run.look().sane is None
    run.record.end(Diverged(6, float("nan"), 1e9, (0.1,)))
    sane = run.look().sane
    assert sane.unique().tolist() == [3.0]
    assert (run.record.leave(run.experiment).prediction == 3.0).all()
    lost = Run()
    lost.record.end(Diverged(0, float("nan"), None, (0.1,)))
    assert np.isnan(lost.record.leave(lost.experiment).prediction).all()  # it never had any


def diverge(settings):
    run = Run(replace(settings, lr=10.0))
    with pytest.raises(Diverged) as caught:
        run.train(1000)
    run.record.end(caught.value)
    return run


@pytest.mark.parametrize("look", [Look(), ALL], ids=["plain", "all"])
@pytest.mark.parametrize("n_samples", [50, 1000])
def test_a_divergence_explains_itself(shown, look, n_samples):
    run = diverge(replace(SMALL, n_samples=n_samples))
    sent = []
    shown.status.observe(lambda change: sent.append(change["new"]), "value")
    for _ in range(3):
        shown.draw(run.look(look, problem=run.record.diverged))
    (alert,) = sent  # said once
    assert alert == f'<span class="sine-alarm" role="alert">{run.record.diverged}</span>'
    assert "last fit in sight" in words(shown.picture.still)
    fit = ET.fromstring(shown.picture.moving.value)[0]
    greys = [path for path in fit.iter(SVG + "path") if path.get("stroke") == "#888888"]
    assert [path.get("stroke-width") for path in greys] == ["20"]
    assert not shown.picture.beyond  # that fit is of the data's x
    assert "prediction" not in words(shown.picture.still)
    run = Run()
    run.train(3)
    shown.draw(run.look(look))
    assert shown.status.value == "<span>paused: press Run</span>"
    assert shown.picture.beyond == look.beyond


# What is shown


def test_iteration_and_loss_are_large(shown):
    run = Run()
    loss = run.experiment.evaluate().loss
    shown.draw(run.look()._replace(now=Iteration(1234, loss, run.look().now.prediction)))
    assert shown.numbers.value == (
        '<div class="sine-numbers"><span><b>1,234</b>iteration</span>'
        f"<span><b>{loss:.4g}</b>loss</span></div>"
    )
    shown.draw(run.look()._replace(now=Iteration(2, float("inf"), run.look().now.prediction)))
    assert "<b>∞</b>loss" in shown.numbers.value


def test_the_headline_names_the_network_and_says_how_much_of_it_is_drawn(shown):
    shown.draw(Run().look())
    assert words(shown.headline) == ["cfg = [1, 8, 6, 1] · 77 parameters"]
    shown.draw(Run(Settings()).look())
    network = "<code>cfg = [1, 20, 50, 20, 1] · 2,131 parameters</code>"
    assert shown.headline.value == f"{network} · 24 of 90 units drawn"
    wide = Settings(cfg=(1, 500, 500, 500, 1))
    shown.draw(Run(wide).look())
    assert " · 24 of 1,500 units drawn" in shown.headline.value
    label = ET.fromstring(shown.network.moving.value).get("aria-label")
    assert re.fullmatch(
        r"units drawn by layer: 8 of 500, 8 of 500, 8 of 500; off for every x: \d+, \d+, \d+", label
    )
    shown.draw(Run(Settings(cfg=(1, 1))).look())
    assert "no hidden layer" in shown.network.moving.value


def test_residuals_are_what_the_prediction_leaves_of_each_label():
    run = Run(NOISY)
    run.train(3)
    state = run.look(Look(residuals=True))
    residuals = screen.make_scene(state).residuals
    assert np.allclose(residuals, to_array(run.experiment.y - state.now.prediction))
    assert screen.make_scene(run.look()).residuals is None


@pytest.mark.parametrize("trained", [False, True], ids=["born", "trained"])
def test_a_second_of_frames_is_small_whatever_is_on(shown, monkeypatch, trained):
    """Ten pictures of fit and loss, four of the network, and what stays as often as it changes."""
    before = Run(SEVEN)
    random = np.random.default_rng(0)
    for number, loss in enumerate(np.exp(random.standard_normal(2000))):  # a noisy curve
        before.record.curve.record(number, loss)
    run = Run(SEVEN, before)
    now = [100.0]
    monkeypatch.setattr(run.record.examiner, "clock", lambda: now[0])
    if trained:  # for two minutes: a noisy curve, too, and a held-out loss for each picture
        for number, loss in enumerate(np.exp(random.standard_normal(2000))):
            for curve in (run.record.curve, run.record.means):
                curve.record(number, loss)
            run.record.held_out.record(number, 1.1 * loss)
        run.experiment.advance(20)
        run.change(lr=0.02)
    sent = []
    send = Widget._send

    def note(widget, message, buffers=None):
        sent.append((widget, len(str(message.get("state")).encode())))
        send(widget, message, buffers)

    monkeypatch.setattr(Widget, "_send", note)
    first = run.record.curve.iterations[-1] + 1 if trained else 0
    for number in range(first, first + 40):
        run.record.take(run.experiment.advance()._replace(number=number))
        run.experiment.iteration = number + 1
        if number % 4 == 0:
            shown.draw(run.look(ALL, running=True))
            now[0] += 0.1
    widgets = [widget for widget, _ in sent]
    assert widgets.count(shown.picture.moving) == 10
    assert widgets.count(shown.network.moving) == 4
    assert sum(size for _, size in sent) < 150_000


def test_words_are_sent_after_the_picture_they_are_about(shown, monkeypatch):
    names = {
        shown.picture.still: "axes",
        shown.picture.moving: "picture",
        shown.network.still: "cells",
        shown.network.moving: "network",
        shown.insight.line: "found",
        shown.numbers: "numbers",
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
    run.change(lr=0.015)
    shown.draw(run.look(ALL, running=True))
    assert sent[:4] == ["axes", "picture", "cells", "network"]
    assert sorted(sent[:-3]) == sorted({*sent[:-3]})  # once each
    assert {*sent} == {*names.values()}
    sent.clear()
    run.train(1)
    run.change(lr=0.02)  # a mark, and so another legend
    shown.draw(run.look(ALL, running=True))
    assert sent[:2] == ["axes", "picture"]
    assert sent.count("picture") == 1
    assert not {"cells", "headline", "button"} & set(sent)
    assert sent[-1] == "program"


def test_equal_data_are_not_drawn_again(shown, monkeypatch):
    drawn = []
    set_data = shown.picture.set_data

    def note(x, y, beyond):
        drawn.append((len(x), beyond))
        set_data(x, y, beyond)

    monkeypatch.setattr(shown.picture, "set_data", note)
    for settings in (SMALL, replace(SMALL, cfg=(1, 5, 1)), replace(SMALL, noise=0.5), NOISY):
        shown.draw(Run(settings).look())
    shown.draw(Run(NOISY).look(Look(beyond=True)))
    assert drawn == [(1000, False), (50, False), (50, True)]


def test_the_words_beside_the_picture(shown, clock):
    def say(run, **how):
        shown.draw(run.look(**how))
        return read_status(shown)

    run = Run()
    run.train(1)
    assert say(run, running=True) == "running"
    run.train(49)
    assert say(run, running=True) == "running"  # in no time at all: clocks stand for a while
    clock.now += 0.01
    run.train(30)
    assert say(run, running=True) == "3,000 iterations a second"
    clock.now += 1
    new = Run()
    new.train(10)
    assert say(new, running=True) == "running"  # a new network: less was done in that time
    assert say(run) == "paused: press Run"
    clock.now += 100
    assert say(run, running=True) == "running"
    run.train(20)
    assert say(run) == "stopped at iteration 100: raise Stop at, or press Reset"
    with torch.no_grad():
        run.experiment.net.features[2].bias.fill_(-1e6)
    assert say(run).startswith("flat: hidden layer 2 is off for every x; lower the learning rate")
    assert "sine-alarm" in shown.status.value
    assert say(run, problem="<no ink>") == "<no ink>"


def test_goals_are_told_in_their_list(shown):
    won = f"goal reached: {GOALS[1].sentence}"
    shown.draw(Run().look()._replace(reached=("fast", "small"), won=won))
    assert read_status(shown) == "paused: press Run"
    assert words(shown.goals.list)[1] == won
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
        clock.now = panel.screen.pace.deadline - 50  # half of the time is over
        before = panel.screen.pace.frames
        hand(panel.controls)
        settle(panel)
        assert panel.screen.pace.frames == before + 1
    assert panel.screen.headline.value.startswith("<code>cfg = [1, 8, 6, 20, 1]")
    assert read_label(panel.screen).startswith("iteration 1,")


# Eyes


class Watched:
    """A panel that runs, a page that answers what it is asked while it is open, and a clock."""

    def __init__(self, panel, clock, is_open):
        self.panel = panel
        self.clock = clock
        self.is_open = is_open
        self.drawn = threading.Event()
        panel.screen.pace.asked.observe(self.answer, "value")
        self.draw = panel.trainer.draw
        panel.trainer.draw = self.draw_and_tell
        panel.controls.stop.value = 10**9
        panel.run()

    def draw_and_tell(self, state):
        self.draw(state)
        self.drawn.set()  # only now is the frame counted

    def answer(self, change=None):
        if self.is_open:
            self.panel.screen.pace.heard.value = self.panel.screen.pace.asked.value

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
    assert made.panel.screen.pace.answered
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
    said = f"paused at iteration {panel.experiment.iteration:,}: no page showed this panel for 30"
    assert read_status(panel.screen) == f"{said} s; press Run to go on"
    assert panel.controls.run.description == "Run"
    watched.is_open = True
    watched.answer()  # as a page does that opens
    settle(panel)
    assert read_status(panel.screen).startswith(said)
    panel.controls.run.click()
    assert watched.runs(2 * ALONE)


def test_a_panel_that_no_page_ever_showed_trains_on(make, clock):
    assert Watched(make(SMALL, fps=10), clock, is_open=False).runs(10 * ALONE)


def test_an_answer_lets_the_trainer_ask_again(panel, monkeypatch):
    woken = []
    monkeypatch.setattr(panel.trainer, "wake", lambda: woken.append(True))
    panel.screen.pace.heard.value = 1
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
    text = (
        "cfg = [1, 8, 6, 1] · 77 parameters · iteration 300: "
        "data, prediction, loss curve and the drawn network"
    )
    assert data["text/plain"] == metadata["image/png"]["alt"] == text
    assert set(_instances) == widgets
    assert torch.equal(torch.get_rng_state(), state)
    assert panel.experiment.iteration == 0
    assert panel.trainer.record.curve.losses == []
    first = Experiment(SMALL)
    for ours, theirs in zip(panel.experiment.net.parameters(), first.net.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    png = base64.b64decode(data["image/png"])
    untrained = panel.screen.picture.png(draw_below(panel.trainer.look()), screen.BELOW)
    assert not np.array_equal(pixels(png), pixels(untrained))
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
    assert pixels(png).shape == (732, 1500, 4)
    assert threading.active_count() == threads
