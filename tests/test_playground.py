"""The panel without a browser: every control, the one slot, the thread, and what it says."""

import base64
import gc
import itertools
import math
import random
import threading
import time
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import psutil
import pytest
import torch
from ipywidgets.widgets.widget import _instances

from helpers.data import FUNCTIONS
from helpers.experiment import ACTIVATIONS, OPTIMIZERS, Experiment, Settings
from helpers.widgets import playground
from helpers.widgets.controls import PRESETS
from helpers.widgets.playground import Playground

SMALL = Settings(cfg=(1, 8, 6, 1), lr=0.01)


@pytest.fixture
def make():
    """Panels that are closed at the end of the test."""
    panels = []

    def build(*arguments, **named):
        panels.append(Playground(*arguments, **named))
        return panels[-1]

    yield build
    for panel in panels:
        panel.close()


@pytest.fixture
def panel(make):
    return make(SMALL)


def wait(condition, seconds=20):
    """Wait for what another thread does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def settle(panel):
    """Wait until the thread sleeps."""
    wait(lambda: not panel.trainer.wanted and not panel.trainer.left)
    with panel.trainer.working:
        pass


def said(panel):
    return panel.live.line.value, panel.status.value


def losses(settings, n):
    experiment = Experiment(settings)
    return [experiment.advance().loss for _ in range(n)]


# What it shows at first


def test_a_new_panel_shows_the_untrained_network_and_trains_nothing(panel):
    first = Experiment(SMALL).evaluate()
    assert panel.settings == SMALL
    assert "<code>cfg = [1, 8, 6, 1] · 77 parameters</code>" in panel.headline.value
    line, status = said(panel)
    assert line.startswith(f"iteration 0 · loss {first.loss:.4g} · worst error ")
    assert status == "paused: press Run"
    time.sleep(0.1)
    assert panel.experiment.iteration == 0


def test_the_articles_panel():
    panel = Playground()
    assert "<code>cfg = [1, 20, 50, 20, 1] · 2,131 parameters</code>" in panel.headline.value
    assert panel.controls.stop.value == 10_000
    panel.close()


@pytest.mark.parametrize(
    "settings",
    [
        Settings(cfg=(1, 1)),
        Settings(cfg=(1, 77, 900, 1), lr=0.0123, seed=2**50, noise=0.123),
        Settings((1, *(512,) * 10, 1), 1e-5, "Adadelta", "none", "two tones", 1.0, 3),
    ],
)
def test_any_settings_that_fit_are_shown_as_they_are(make, settings):
    panel = make(settings)
    assert panel.settings == panel.experiment.settings == settings


@pytest.mark.parametrize(
    "change", [{"cfg": (1, *(5,) * 11, 1)}, {"noise": 1.5}, {"seed": 2**60}], ids=str
)
def test_settings_that_do_not_fit_are_refused_in_one_line(change):
    threads = threading.active_count()
    with pytest.raises(ValueError, match="settings must fit the panel: at most 10 hid") as caught:
        Playground(replace(SMALL, **change))
    assert str(next(iter(change.values()))) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert threading.active_count() == threads


@pytest.mark.parametrize("fps", [0, -1, math.nan])
def test_bad_fps(fps):
    with pytest.raises(ValueError, match="fps must be positive and finite"):
        Playground(SMALL, fps=fps)


def test_every_control_has_a_description_and_a_tooltip(panel):
    controls = panel.controls
    buttons = (controls.run, controls.one, controls.hundred, controls.reset, *controls.presets)
    for control in (*controls.inputs, controls.stop, controls.unfold, *buttons):
        assert control.description
        assert len(control.tooltip) > 10
    assert controls.program.tooltip


def test_the_still_beside_the_widget(panel):
    bundle = panel._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}
    assert base64.b64decode(bundle["image/png"]) == panel.live.image.value
    assert bundle["text/plain"] == "cfg = [1, 8, 6, 1] · 77 parameters"


# Every control

CONTROLS = [
    ("depth", 3, {"cfg": (1, 8, 6, 20, 1)}),
    ("depth", 1, {"cfg": (1, 8, 1)}),
    ("depth", 0, {"cfg": (1, 1)}),
    ("lr", 0.1, {"lr": 0.1}),
    ("noise", 0.15000000000000002, {"noise": 0.15}),
    ("seed", 3, {"seed": 3}),
    *(("optimizer", name, {"optimizer": name}) for name in OPTIMIZERS),
    *(("activation", name, {"activation": name}) for name in ACTIVATIONS),
    *(("function", name, {"function": name}) for name in FUNCTIONS),
]


@pytest.mark.parametrize(("name", "value", "change"), CONTROLS)
def test_a_control_changes_the_settings_of_the_run(panel, name, value, change):
    panel.advance(5)
    getattr(panel.controls, name).value = value
    wanted = replace(SMALL, **change)
    assert panel.settings == wanted
    wait(lambda: panel.experiment.settings == wanted)
    settle(panel)
    new = wanted not in (SMALL, replace(SMALL, lr=wanted.lr, optimizer=wanted.optimizer))
    assert panel.experiment.iteration == (0 if new else 5)
    assert panel.live.marks == (
        [(5, f"{wanted.optimizer}, lr {wanted.lr:g}")] if wanted != SMALL and not new else []
    )
    assert f"cfg = {list(wanted.cfg)} · " in panel.headline.value
    assert panel.controls.program.value == Experiment(wanted).program()
    if new:
        assert len(panel.live.losses) == 0
        panel.advance(10)
        assert panel.live.losses == losses(wanted, 10)
    assert np.array_equal(panel.live.frame.y, panel.experiment.y.double().numpy().ravel())
    assert panel.live.frame.title == f"hidden layers: {len(wanted.cfg) - 2}"


@pytest.mark.parametrize("place", [0, 1])
def test_a_width_slider_changes_its_layer_alone(panel, place):
    panel.controls.widths[place].value = 64
    widths = [8, 6]
    widths[place] = 64
    assert panel.advance(1).number == 1
    assert panel.experiment.settings == replace(SMALL, cfg=(1, *widths, 1))


def test_depth_leaves_the_other_widths_alone_and_keeps_every_sliders_place(panel):
    sliders = panel.controls.widths
    sliders[1].value = 33
    panel.controls.depth.value = 1
    assert panel.settings.cfg == (1, 8, 1)
    assert [s.layout.visibility for s in sliders] == ["visible"] + ["hidden"] * 9
    panel.controls.depth.value = 4
    assert panel.settings.cfg == (1, 8, 33, 20, 20, 1)
    assert [s.layout.visibility for s in sliders] == ["visible"] * 4 + ["hidden"] * 6
    assert all(s.layout.display is None for s in sliders)


def test_widths_up_to_64_have_most_of_the_slider(panel):
    widths = [value for _, value in panel.controls.widths[0].options]
    assert (widths[:64], widths[-1]) == (list(range(1, 65)), 512)
    assert len(widths) < 2 * 64
    assert {100, 500} < set(widths)


def test_learning_rates_are_spaced_by_like_ratios(panel):
    rates = [value for _, value in panel.controls.lr.options]
    assert (rates[0], rates[-1], len(rates)) == (1e-5, 10, 61)
    assert {5e-2, 3e-3} < set(rates)
    assert all(1.19 < b / a < 1.35 for a, b in itertools.pairwise(rates))
    assert [label for label, _ in panel.controls.lr.options] == [f"{rate:g}" for rate in rates]


@pytest.mark.parametrize("button", range(4))
def test_a_preset_is_one_new_network(make, monkeypatch, button):
    panel = make(SMALL)
    built = []
    begin = panel.begin
    monkeypatch.setattr(panel, "begin", lambda e: built.append(e.settings.cfg) or begin(e))
    clicked = panel.controls.presets[button]
    clicked.click()
    settle(panel)
    cfg = (1, *PRESETS[clicked.description], 1)
    assert panel.settings.cfg == cfg
    assert built == [cfg]


def test_the_presets_are_those_of_the_article_and_two_shapes():
    article, seven, wide, thin = PRESETS.values()
    assert article == (20, 50, 20)
    assert seven == (20, 50, 100, 500, 100, 50, 20)
    assert len(wide) == 1 < wide[0] / 200
    assert len(thin) == 10
    assert max(thin) <= 10


def test_the_program_folds_out_without_a_scroll_bar(panel):
    controls = panel.controls
    assert controls.program.layout.display == "none"
    controls.unfold.value = True
    assert controls.program.layout.display == "flex"
    assert controls.unfold.description == "Hide the program"
    assert controls.program.rows > len(controls.program.value.splitlines())
    controls.unfold.value = False
    assert controls.program.layout.display == "none"


# Run, pause, count


def test_run_trains_until_paused_and_then_sends_nothing(panel):
    panel.controls.run.click()
    wait(lambda: panel.experiment.iteration > 300)
    assert panel.controls.run.description == "Pause"
    wait(lambda: "iterations a second" in panel.status.value)
    panel.controls.run.click()
    settle(panel)
    assert panel.controls.run.description == "Run"
    assert panel.status.value == "paused: press Run"
    sent = []
    for widget in _instances.values():
        widget.observe(sent.append)
    done = panel.experiment.iteration
    assert panel.live.line.value.startswith(f"iteration {done} ·")
    time.sleep(0.4)
    assert sent == []
    assert panel.experiment.iteration == done
    panel.run()
    wait(lambda: panel.experiment.iteration > done)
    panel.pause()
    settle(panel)
    assert panel.live.losses == losses(SMALL, panel.experiment.iteration)[:: panel.live.every]


@pytest.mark.parametrize("race", range(20))
def test_pause_always_wins(panel, race):
    panel.run()
    time.sleep(race / 1000)
    panel.pause()
    settle(panel)
    done = panel.experiment.iteration
    time.sleep(0.02)
    assert (panel.experiment.iteration, panel.controls.run.description) == (done, "Run")


def test_one_and_a_hundred_iterations(panel):
    for button, expected in (("one", 1), ("one", 2), ("hundred", 102), ("one", 103)):
        getattr(panel.controls, button).click()
        settle(panel)
        assert panel.experiment.iteration == expected
        assert said(panel)[0].startswith(f"iteration {expected} · loss ")
    assert panel.live.losses == losses(SMALL, 103)
    assert panel.controls.run.description == "Run"


def test_a_frame_shows_the_network_as_it_is_now(panel):
    shown = panel.advance(7)
    expected = Experiment(SMALL)
    expected.advance(7)
    assert (shown.number, shown.loss) == (7, expected.evaluate().loss)
    assert torch.equal(shown.prediction, expected.net(expected.x).detach())
    with torch.no_grad():
        error = (expected.net(expected.x) - expected.y).abs()
    worst = error.argmax()
    text = f"worst error {error[worst].item():.3g} at x = {expected.x[worst].item():.2f}"
    assert panel.live.line.value == f"iteration 7 · loss {shown.loss:.4g} · {text}"


def test_the_rate_is_measured(panel):
    panel.run()
    wait(lambda: "iterations a second" in panel.status.value)
    time.sleep(0.3)
    before, began = panel.experiment.iteration, time.monotonic()
    rates = []
    while time.monotonic() < began + 1:
        time.sleep(0.05)
        rates.append(float(panel.status.value.split()[0].replace(",", "")))
    measured = (panel.experiment.iteration - before) / (time.monotonic() - began)
    assert 0.5 < np.median(rates) / measured < 2


def test_run_stops_at_the_stop(panel):
    panel.controls.stop.value = 50
    panel.run()
    settle(panel)
    assert panel.experiment.iteration == 50
    stopped = "stopped at iteration 50: raise Stop at, or press Reset"
    assert panel.status.value == stopped
    assert panel.controls.run.description == "Run"
    panel.run()
    settle(panel)
    assert (panel.experiment.iteration, panel.status.value) == (50, stopped)
    panel.controls.one.click()
    settle(panel)
    assert panel.experiment.iteration == 51
    panel.controls.stop.value = 80
    settle(panel)
    assert panel.status.value == "paused: press Run"
    panel.run()
    settle(panel)
    assert panel.experiment.iteration == 80


def test_a_lower_stop_holds_during_a_run(panel):
    panel.run()
    wait(lambda: panel.experiment.iteration > 100)
    panel.controls.stop.value = 10
    settle(panel)
    assert panel.status.value.startswith("stopped at iteration ")


def test_reset_pauses_and_begins_again(panel):
    panel.run()
    wait(lambda: panel.experiment.iteration > 50)
    panel.controls.lr.value = 0.02
    wait(lambda: panel.live.marks)
    panel.controls.reset.click()
    settle(panel)
    assert panel.experiment.iteration == 0
    assert (panel.live.losses, panel.live.marks) == ([], [])
    panel.advance(10)
    assert panel.live.losses == losses(replace(SMALL, lr=0.02), 10)


def test_a_new_network_goes_on_running(panel):
    panel.run()
    wait(lambda: panel.experiment.iteration > 200)
    panel.controls.depth.value = 3
    wait(lambda: panel.experiment.settings.cfg == (1, 8, 6, 20, 1))
    wait(lambda: panel.experiment.iteration > 20)
    assert panel.controls.run.description == "Pause"
    panel.pause()
    settle(panel)
    expected = losses(panel.settings, panel.experiment.iteration)
    assert panel.live.losses == expected[:: panel.live.every]


def test_a_learning_rate_is_marked_where_it_changed_and_drags_leave_one_mark(panel):
    panel.advance(100)
    for lr in (0.04, 0.03, 0.025):
        panel.controls.lr.value = lr
        panel.advance(0)
    assert panel.live.marks == [(100, "SGD, lr 0.025")]
    plain = panel.live.image.value
    panel.advance(100)
    panel.controls.optimizer.value = "Adam"
    panel.advance(0)
    assert panel.live.marks == [(100, "SGD, lr 0.025"), (200, "Adam, lr 0.025")]
    assert [line.get_xdata()[0] for line in panel.live.frame.marks[::2]] == [100, 200]
    assert panel.live.image.value != plain


# One slot, the latest wins


def test_the_latest_of_1000_random_changes_wins(panel):
    rng = random.Random(0)
    controls = panel.controls
    panel.run()
    for _ in range(1000):
        control = rng.choice(
            [controls.depth, *controls.widths[:3], controls.lr, controls.optimizer, controls.seed]
        )
        if control is controls.depth:
            control.value = rng.randrange(4)
        elif control is controls.seed:
            control.value = rng.randrange(9)
        else:
            control.value = rng.choice([v[1] if len(v) == 2 else v for v in control.options][:30])
    controls.lr.value = 1e-3
    panel.pause()
    settle(panel)
    assert panel.experiment.settings == panel.settings
    assert list(panel.settings.cfg[1:-1]) == [
        s.value for s in controls.widths[: controls.depth.value]
    ]
    panel.reset()
    panel.advance(20)
    assert panel.live.losses == losses(panel.settings, 20)


def test_changes_from_many_threads_leave_what_the_controls_show(panel):
    def drag(control, values):
        for value in values:
            control.value = value

    panel.run()
    jobs = [
        (panel.controls.depth, [0, 1, 2, 3] * 25),
        (panel.controls.widths[0], list(range(1, 60))),
        (panel.controls.seed, list(range(100))),
    ]
    threads = [threading.Thread(target=drag, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    panel.pause()
    settle(panel)
    assert panel.experiment.settings == panel.settings
    assert panel.settings.cfg[1] == 59


def test_two_panels_and_a_cell_that_draws_numbers_do_not_meet(make):
    one, two = make(SMALL), make(replace(SMALL, seed=1, noise=0.3))
    torch.manual_seed(5)
    expected = [torch.randn(100) for _ in range(300)]
    torch.manual_seed(5)
    one.run()
    two.run()
    drawn = []
    for n in range(300):
        drawn.append(torch.randn(100))
        one.controls.seed.value = n
        two.controls.seed.value = n + 1
    assert all(map(torch.equal, drawn, expected))
    for panel in (one, two):
        panel.pause()
        settle(panel)
        panel.reset()
        panel.advance(20)
        assert panel.live.losses == losses(panel.settings, 20)
    assert one.settings.seed == 299 != two.settings.seed


# Nothing wedges it

DEEP = Settings(cfg=(1, *(20,) * 10, 1), lr=10.0)


def test_diverged_is_said_and_survived(panel):
    panel.controls.lr.value = 10.0
    panel.advance(1000)
    error = "diverged at iteration {}: loss was {}; lower the learning rate and press Reset"
    reference = Experiment(replace(SMALL, lr=10.0))
    done, last = 0, math.nan
    while True:
        try:
            last = reference.advance().loss
        except FloatingPointError:
            break
        done += 1
    assert done > 1
    assert panel.status.value == error.format(done, f"{last:.2g}")
    panel.run()
    settle(panel)
    assert panel.status.value == error.format(done, f"{last:.2g}")
    assert panel.controls.run.description == "Run"
    panel.controls.lr.value = 0.01
    panel.reset()
    settle(panel)
    assert panel.status.value == "paused: press Run"
    panel.advance(20)
    assert panel.live.losses == losses(replace(SMALL, lr=0.01), 20)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("activation", ["ReLU", "none"])
def test_ten_layers_at_rate_ten_never_stop_the_thread(make, optimizer, activation):
    panel = make(replace(DEEP, optimizer=optimizer, activation=activation))
    panel.controls.stop.value = 150
    panel.run()
    settle(panel)
    assert panel.trainer.thread.is_alive()
    assert bytes(panel.live.image.value).startswith(b"\x89PNG")
    assert panel.status.value.startswith(("diverged at", "flat: every unit", "stopped at"))
    panel.controls.depth.value = 1
    panel.controls.lr.value = 1e-3
    panel.reset()
    panel.run(5)
    settle(panel)
    assert panel.experiment.iteration == 5


@pytest.mark.parametrize(("seed", "dead"), [(12, True), (17, True), (0, False)])
def test_a_network_whose_relus_have_died_is_named(make, seed, dead):
    panel = make(Settings(optimizer="SGD with momentum", seed=seed))
    prediction = panel.advance(400).prediction
    assert bool((prediction == prediction[0]).all()) == dead
    flat = "flat: every unit of hidden layer 3 is off for all x; lower the learning rate and"
    assert panel.status.value.startswith(flat if dead else "paused")
    panel.controls.seed.value = 0
    settle(panel)
    assert panel.status.value == "paused: press Run"


def test_an_error_in_the_thread_is_said_and_survived(panel, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(panel.experiment, "advance", lambda: 1 / 0)
        panel.run()
        settle(panel)
    assert panel.status.value == "ZeroDivisionError: division by zero"
    panel.reset()
    panel.run(3)
    settle(panel)
    assert panel.experiment.iteration == 3


# Ends


def test_close_leaves_no_thread_and_no_widget():
    threads, widgets = threading.active_count(), set(_instances)
    for n in range(50):
        panel = Playground(SMALL)
        if n % 2:
            panel.run()
        panel.close()
        panel.close()
        assert threading.active_count() == threads
    assert set(_instances) == widgets
    assert playground.OPEN == []


def test_running_a_cell_again_ends_its_old_panels_and_no_others(monkeypatch):
    class Shell:
        def __init__(self, cell, request):
            self.parent = {"header": {"msg_id": request}, "metadata": {"cellId": cell}}

        def get_parent(self):
            return self.parent

    def build(cell, request):
        monkeypatch.setattr(playground, "get_ipython", lambda: Shell(cell, request))
        return Playground(SMALL)

    threads = threading.active_count()
    other = build("b", "0")
    for request in range(1, 51):
        pair = [build("a", str(request)), build("a", str(request))]
        for panel in pair:
            panel.run()
        assert threading.active_count() == threads + 3
    without = [build(None, str(n)) for n in range(2)]
    assert [other, *pair, *without] == playground.OPEN
    for panel in playground.OPEN[:]:
        panel.close()
    assert threading.active_count() == threads


def test_memory_stays_level_over_2000_frames(panel):
    def frames(n):
        for k in range(n):
            if k % 10 == 0:  # a mark
                panel.controls.lr.value = (0.01, 0.0125)[k // 10 % 2]
            if k % 50 == 0:  # a new network
                panel.controls.seed.value = k
            panel.advance(1)
        gc.collect()
        return psutil.Process().memory_info().rss

    before = frames(500)
    assert frames(2000) - before < 5_000_000


def test_nothing_reaches_pyplot_or_the_screen(panel, capsys):
    panel.run()
    wait(lambda: panel.experiment.iteration > 20)
    panel.pause()
    settle(panel)
    assert plt.get_fignums() == []
    assert capsys.readouterr() == ("", "")


def test_frames_keep_to_fps(make):
    panel = make(SMALL, fps=5)
    sent = []
    panel.live.image.observe(lambda change: sent.append(time.monotonic()), "value")
    panel.run()
    time.sleep(2.1)
    panel.pause()
    settle(panel)
    assert 7 <= len(sent) <= 14
