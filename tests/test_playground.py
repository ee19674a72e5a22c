"""The panel without a browser: every control, the one slot, the thread, and what it says."""

import gc
import importlib.util
import itertools
import math
import random
import threading
import time
import tracemalloc
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from ipywidgets import Checkbox
from ipywidgets.widgets.widget import _instances
from panels import LONG, SMALL, read_label, read_status, settle

from helpers import experiment as experiment_module
from helpers.data import FUNCTIONS
from helpers.experiment import ACTIVATIONS, OPTIMIZERS, Experiment, Settings
from helpers.widgets import kernel, playground
from helpers.widgets import trainer as trainer_module
from helpers.widgets.controls import MAX_SEED, POINTS, PRESETS
from helpers.widgets.playground import Playground
from helpers.widgets.shapes import UNIT_COLOUR as CHOSEN
from helpers.widgets.trainer import NotBuiltError


def until(panel, condition):
    """Wait until something is true after one of the panel's pictures."""
    shown = threading.Condition()

    def tell(change):
        with shown:
            shown.notify()

    panel.screen.picture.moving.observe(tell, "value")
    with shown:
        assert shown.wait_for(condition, LONG), "it did not happen"
    panel.screen.picture.moving.unobserve(tell, "value")


def train_until(panel, number):
    until(panel, lambda: panel.experiment.iteration >= number)


def losses(settings, n):
    experiment = Experiment(settings)
    return [experiment.advance().loss for _ in range(n)]


def trained(panel):
    return panel.trainer.record.curve.losses


def kept(panel):
    """Losses on the curve, and those that a run of its own has at the same iterations."""
    expected = losses(panel.experiment.settings, panel.experiment.iteration)
    curve = panel.trainer.record.curve
    return curve.losses, [expected[number] for number in curve.iterations]


def find_marks(panel):
    return panel.trainer.record.marks


# What it shows at first


def test_a_new_panel_shows_the_untrained_network_and_trains_nothing(panel):
    first = Experiment(SMALL).evaluate()
    assert panel.settings == SMALL
    assert panel.screen.headline.value == "<code>cfg = [1, 8, 6, 1] · 77 parameters</code>"
    assert read_label(panel.screen).startswith(f"iteration 0, loss {first.loss:.4g}, worst error ")
    assert read_status(panel.screen) == "paused: press Run"
    settle(panel)
    assert panel.experiment.iteration == 0
    assert panel.controls.program.value == Experiment(SMALL).program()


def test_the_articles_panel():
    panel = Playground()
    assert "<code>cfg = [1, 20, 50, 20, 1] · 2,131 parameters</code>" in panel.screen.headline.value
    assert panel.controls.stop.value == 10_000
    assert panel.screen.pace.period == 0.1
    panel.close()


@pytest.mark.parametrize(
    "settings",
    [
        Settings(cfg=(1, 1), n_samples=20),
        Settings(cfg=(1, 77, 90, 1), lr=0.0123, seed=MAX_SEED, noise=0.123, n_samples=333),
        Settings((1, *(5,) * 10, 1), 1e-5, "Adadelta", "none", "two tones", 1.0, 3),
    ],
)
def test_any_settings_that_fit_are_shown_as_they_are(make, settings):
    panel = make(settings)
    assert panel.settings == panel.experiment.settings == settings
    panel._use()
    settle(panel)
    assert panel.settings == panel.experiment.settings == settings


def test_settings_of_a_module_that_was_loaded_again_are_taken(make):
    spec = importlib.util.spec_from_file_location(
        experiment_module.__name__, experiment_module.__file__
    )
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    old = again.Settings(cfg=(1, 8, 6, 1), lr=0.01)
    assert not isinstance(old, Settings)
    assert make(old).experiment.settings == SMALL


@pytest.fixture
def nothing_left():
    """Check that a panel that was refused leaves no widget and no thread."""
    threads = threading.active_count()
    widgets = set(_instances)
    yield
    assert threading.active_count() == threads
    assert set(_instances) == widgets
    assert playground.OPEN == []


@pytest.mark.parametrize(
    "change", [{"cfg": (1, *(5,) * 11, 1)}, {"noise": 1.5}, {"seed": MAX_SEED + 1}], ids=str
)
def test_settings_that_do_not_fit_are_refused_in_one_line(nothing_left, change):
    with pytest.raises(ValueError, match="settings must fit the panel: at most 10 hid") as caught:
        Playground(replace(SMALL, **change))
    assert str(next(iter(change.values()))) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fps", [0, -1, math.nan, math.inf, "10", None, True], ids=repr)
def test_bad_fps(nothing_left, fps):
    with pytest.raises((TypeError, ValueError), match=r"^fps must be .*$"):
        Playground(SMALL, fps=fps)


@pytest.mark.parametrize("settings", [[1, 20, 1], None, {"lr": 0.1}, Settings], ids=repr)
def test_what_is_no_settings(nothing_left, settings):
    with pytest.raises(TypeError, match=r"^settings must be a Settings, got .*$"):
        Playground(settings)


def test_a_first_network_that_cannot_be_made_leaves_nothing(nothing_left, monkeypatch):
    def fail(settings):
        raise MemoryError

    monkeypatch.setattr(playground, "Experiment", fail)
    with pytest.raises(MemoryError):
        Playground(SMALL)


def test_every_control_has_a_description_and_a_tooltip(panel):
    controls = panel.controls
    buttons = (controls.run, controls.one, controls.hundred, controls.reset, *controls.presets)
    toggles = (*panel.insight.toggles, panel.screen.goals.toggle, *controls.folds)
    for control in (*controls.inputs, controls.stop, panel.insight.unit, *buttons, *toggles):
        assert control.description
        assert len(control.tooltip) > 10
    assert (controls.program.description, bool(controls.program.tooltip)) == ("Program", True)
    assert all(isinstance(toggle, Checkbox) for toggle in toggles)  # a screen reader hears it
    assert [button.button_style for button in buttons] == ["primary"] + [""] * 7


# Every control

CONTROLS = [
    ("depth", 3, {"cfg": (1, 8, 6, 20, 1)}),
    ("depth", 1, {"cfg": (1, 8, 1)}),
    ("depth", 0, {"cfg": (1, 1)}),
    ("lr", 0.1, {"lr": 0.1}),
    ("noise", 0.15, {"noise": 0.15}),
    ("seed", 3, {"seed": 3}),
    ("points", 20, {"n_samples": 20}),
    ("points", 500, {"n_samples": 500}),
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
    settle(panel)
    assert panel.experiment.settings == wanted
    new = wanted not in (SMALL, replace(SMALL, lr=wanted.lr, optimizer=wanted.optimizer))
    assert panel.experiment.iteration == (0 if new else 5)
    word = f"lr {wanted.lr:g}" if wanted.optimizer == "SGD" else f"{wanted.optimizer}, lr 0.01"
    assert find_marks(panel) == ([(5, word)] if wanted != SMALL and not new else [])
    assert f"cfg = {list(wanted.cfg)} · " in panel.screen.headline.value
    assert panel.controls.program.value == Experiment(wanted).program()
    if new:
        assert trained(panel) == []
        panel.advance(10)
        assert trained(panel) == losses(wanted, 10)
    assert np.array_equal(panel.screen.picture.y, panel.experiment.y.double().numpy().ravel())
    assert panel.screen.network.columns == [min(width, 8) for width in wanted.cfg]


@pytest.mark.parametrize("place", [0, 1])
def test_a_width_slider_changes_its_layer_alone(panel, place):
    panel.controls.widths[place].value = 64
    widths = [8, 6]
    widths[place] = 64
    assert panel.advance(1).number == 1
    assert panel.experiment.settings == replace(SMALL, cfg=(1, *widths, 1))


def test_depth_leaves_the_other_widths_alone_and_shows_those_that_count(panel):
    sliders = panel.controls.widths
    below_columns = panel.controls.widths_box.children[1:-1]
    assert below_columns == tuple(sliders)
    sliders[1].value = 33
    panel.controls.depth.value = 1
    assert panel.settings.cfg == (1, 8, 1)
    assert [s.layout.display for s in sliders] == ["flex"] + ["none"] * 9
    panel.controls.depth.value = 4
    assert panel.settings.cfg == (1, 8, 33, 20, 20, 1)
    assert [s.layout.display for s in sliders] == ["flex"] * 4 + ["none"] * 6


def test_widths_up_to_64_have_most_of_the_slider(panel):
    widths = [value for _, value in panel.controls.widths[0].options]
    assert (widths[:64], widths[-1]) == (list(range(1, 65)), 512)
    assert len(widths) < 2 * 64
    assert {100, 500} < set(widths)


def test_learning_rates_are_spaced_by_like_ratios_and_three_stand_around_the_limit(panel):
    rates = [value for _, value in panel.controls.lr.options]
    limit = {0.029, 0.030, 0.031}  # a straight line explodes above 0.030
    assert limit < set(rates)
    assert {5e-2, 3e-3} < set(rates)
    even = sorted({*rates} - limit | {0.03})
    assert (even[0], even[-1], len(even)) == (1e-5, 10, 61)
    assert all(1.19 < b / a < 1.35 for a, b in itertools.pairwise(even))
    assert [label for label, _ in panel.controls.lr.options] == [f"{rate:g}" for rate in rates]


@pytest.mark.parametrize(("lr", "explodes"), [(0.029, False), (0.031, True)])
def test_a_straight_line_explodes_between_two_notches(make, lr, explodes):
    panel = make(Settings(cfg=(1, 1), lr=0.03))
    panel.controls.lr.value = lr
    first = panel.advance(1).loss
    assert panel.experiment.settings == Settings(cfg=(1, 1), lr=lr)
    assert (panel.advance(200).loss > 10 * first) == explodes


def test_points_go_from_20_to_1000(panel):
    points = [value for _, value in panel.controls.points.options]
    assert (points[0], points[-1], set(points)) == (20, 1000, POINTS)


def test_noise_goes_from_0_to_1_in_twentieths(panel):
    noises = [value for _, value in panel.controls.noise.options]
    assert noises == [round(0.05 * step, 2) for step in range(21)]


@pytest.mark.parametrize("button", range(4))
def test_a_preset_is_one_new_network(panel, monkeypatch, button):
    built = []
    monkeypatch.setattr(
        trainer_module, "Experiment", lambda s: built.append(s.cfg) or Experiment(s)
    )
    clicked = panel.controls.presets[button]
    clicked.click()
    settle(panel)
    cfg = (1, *PRESETS[clicked.description], 1)
    assert panel.settings.cfg == cfg
    assert built == [cfg]


@pytest.mark.parametrize("order", ["advance", "run", "pause", "reset"])
def test_a_learners_observer_and_a_preset_neither_hang_nor_train_half_of_it(
    panel, monkeypatch, order
):
    trained = set()

    class Noting(Experiment):
        def advance(self):
            trained.add(self.settings.cfg)
            return super().advance()

    monkeypatch.setattr(trainer_module, "Experiment", Noting)
    panel.controls.seed.value = 1

    def observe(change):
        arguments = () if order in ("pause", "reset") else (1,)
        getattr(panel, order)(*arguments)

    for control in (panel.controls.depth, *panel.controls.widths):
        control.observe(observe, "value")
    panel.run()
    train_until(panel, 5)
    name = "Article, 7 layers"
    click = threading.Thread(target=panel._use_preset, args=[name], daemon=True)
    click.start()
    click.join(LONG)
    assert not click.is_alive()
    panel.advance(1)
    settle(panel)
    assert panel.experiment.settings.cfg == (1, *PRESETS[name], 1)
    assert trained == {SMALL.cfg, panel.experiment.settings.cfg}, "half of a preset was trained"


def test_the_presets_are_those_of_the_article_and_two_shapes():
    article, seven, wide, thin = PRESETS.values()
    assert article == (20, 50, 20)
    assert seven == (20, 50, 100, 500, 100, 50, 20)
    assert len(wide) == 1 < wide[0] / 200
    assert len(thin) == 10
    assert max(thin) <= 10


def test_program_and_stop_fold_out_and_the_program_has_no_scroll_bar(panel):
    controls = panel.controls
    program = (controls.unfold, controls.program)
    for toggle, folded in (program, (controls.unfold_stop, controls.stop)):
        others = {controls.program, controls.stop} - {folded}
        assert folded.layout.display == "none"
        toggle.value = True
        assert folded.layout.display == "flex"
        assert {other.layout.display for other in others} == {"none"}
        assert toggle.description == folded.description
        toggle.value = False
        assert folded.layout.display == "none"
    assert controls.program.rows > len(controls.program.value.splitlines())


def test_the_program_gives_the_panels_losses_to_the_bit(panel):
    panel.controls.noise.value = 0.3
    panel.controls.points.value = 50
    panel.controls.optimizer.value = "Adam"
    panel.advance(30)
    settle(panel)
    names = {}
    exec(panel.controls.program.value.replace("range(1000)", "range(30)"), names)
    assert names["losses"] == trained(panel)


# Run, pause, count


def test_run_trains_until_paused_and_then_sends_nothing(panel, monkeypatch):
    button = panel.controls.run
    button.click()
    train_until(panel, 20)
    assert (button.description, button.icon) == ("Pause", "pause")
    until(panel, lambda: "iterations a second" in read_status(panel.screen))
    button.click()
    settle(panel)
    assert (button.description, button.icon) == ("Run", "play")
    assert read_status(panel.screen) == "paused: press Run"
    turns = []
    monkeypatch.setattr(panel.trainer, "_turn", turns.append)
    done = panel.experiment.iteration
    assert read_label(panel.screen).startswith(f"iteration {done},")
    panel.trainer.thread.join(0.1)
    assert turns == []
    monkeypatch.undo()
    button.click()
    train_until(panel, done + 5)
    button.click()
    settle(panel)
    found, expected = kept(panel)
    assert found == expected


def test_a_button_does_what_it_says(panel):
    """Also when what it says comes true only after the iteration in progress."""
    button = panel.controls.run
    gate = threading.Event()
    began = threading.Event()
    advance = panel.experiment.advance

    def slow():
        began.set()
        assert gate.wait(LONG)
        return advance()

    panel.experiment.advance = slow
    panel.controls.hundred.click()
    assert began.wait(LONG)
    assert button.description == "Run"  # a hundred iterations may be over before it is read
    button.click()
    gate.set()
    until(panel, lambda: panel.experiment.iteration > 110)
    assert button.description == "Pause"
    gate.clear()
    button.click()
    button.click()  # once more, before it says Run
    gate.set()
    settle(panel)
    assert panel.trainer.left == 0
    assert button.description == "Run"


@pytest.mark.parametrize(("running", "word"), [(False, "Run"), (True, "Pause")])
def test_the_button_says_what_the_state_says(panel, running, word):
    settle(panel)
    panel.screen.draw(panel.trainer.look()._replace(running=running))
    assert panel.controls.run.description == word


def test_a_long_count_can_be_paused(panel):
    panel.run(10**6)
    until(panel, lambda: panel.controls.run.description == "Pause")
    panel.controls.run.click()
    settle(panel)
    assert panel.experiment.iteration < 10**6
    assert panel.controls.run.description == "Run"


def test_one_and_a_hundred_iterations(panel):
    for button, expected in (("one", 1), ("one", 2), ("hundred", 102), ("one", 103)):
        getattr(panel.controls, button).click()
        settle(panel)
        assert panel.experiment.iteration == expected
        assert read_label(panel.screen).startswith(f"iteration {expected}, loss ")
    assert trained(panel) == losses(SMALL, 103)
    assert panel.controls.run.description == "Run"


@pytest.mark.parametrize("clicks", [["one"] * 5, ["one", "hundred", "one", "hundred"]], ids=str)
def test_quick_clicks_count(panel, clicks):
    for name in clicks:
        getattr(panel.controls, name).click()
    settle(panel)
    assert panel.experiment.iteration == sum(100 if name == "hundred" else 1 for name in clicks)


def test_one_iteration_and_then_run_runs(panel):
    panel.controls.stop.value = 40
    panel.controls.one.click()
    panel.controls.run.click()
    settle(panel)
    assert panel.experiment.iteration == 40


@pytest.mark.parametrize("n", [-1, 0, 2.5, "3", math.nan, True], ids=repr)
@pytest.mark.parametrize("order", ["run", "advance"])
def test_what_is_no_count_is_refused(panel, order, n):
    with pytest.raises((TypeError, ValueError), match=r"^n must be .*at least 1, got .*$"):
        getattr(panel, order)(n)
    assert panel.trainer.left == 0


def test_a_frame_shows_the_network_as_it_is_now(panel):
    shown = panel.advance(7)
    settle(panel)
    expected = Experiment(SMALL)
    expected.advance(7)
    assert (shown.number, shown.loss) == (7, expected.evaluate().loss)
    assert torch.equal(shown.prediction, expected.net(expected.x).detach())
    with torch.no_grad():
        error = (expected.net(expected.x) - expected.y).abs()
    worst = error.argmax()
    text = f"worst error {error[worst].item():.3g} at x = {expected.x[worst].item():.2f}"
    assert read_label(panel.screen) == f"iteration 7, loss {shown.loss:.4g}, {text}"


def test_run_stops_at_the_stop(panel):
    panel.controls.stop.value = 50
    panel.run()
    settle(panel)
    assert panel.experiment.iteration == 50
    stopped = "stopped at iteration 50: raise Stop at, or press Reset"
    assert read_status(panel.screen) == stopped
    assert panel.controls.run.description == "Run"
    panel.run()
    settle(panel)
    assert (panel.experiment.iteration, read_status(panel.screen)) == (50, stopped)
    panel.controls.one.click()
    settle(panel)
    assert panel.experiment.iteration == 51
    panel.controls.stop.value = 80
    settle(panel)
    assert read_status(panel.screen) == "paused: press Run"
    panel.run()
    settle(panel)
    assert panel.experiment.iteration == 80


def test_a_lower_stop_holds_during_a_run(panel):
    panel.run()
    train_until(panel, 20)
    panel.controls.stop.value = 10
    settle(panel)
    assert read_status(panel.screen).startswith("stopped at iteration ")


def test_reset_pauses_and_begins_again(panel):
    panel.run()
    train_until(panel, 20)
    panel.controls.lr.value = 0.02
    until(panel, lambda: find_marks(panel))
    panel.controls.reset.click()
    settle(panel)
    assert (panel.experiment.iteration, panel.trainer.left) == (0, 0)
    assert (trained(panel), find_marks(panel)) == ([], [])
    panel.advance(10)
    assert trained(panel) == losses(replace(SMALL, lr=0.02), 10)


def test_a_new_network_goes_on_running(panel):
    panel.run()
    train_until(panel, 20)
    panel.controls.depth.value = 3
    until(panel, lambda: len(panel.experiment.settings.cfg) == 5)
    train_until(panel, 5)
    assert panel.controls.run.description == "Pause"
    panel.pause()
    settle(panel)
    found, expected = kept(panel)
    assert found == expected


def test_a_learning_rate_is_marked_where_it_changed_and_drags_leave_one_mark(panel):
    panel.advance(100)
    for lr in (0.04, 0.03, 0.025):
        panel.controls.lr.value = lr
        settle(panel)
    assert find_marks(panel) == [(100, "lr 0.025")]
    assert ">lr 0.025<" in panel.screen.picture.moving.value
    panel.advance(100)
    panel.controls.optimizer.value = "Adam"
    settle(panel)
    assert find_marks(panel) == [(100, "lr 0.025"), (200, "Adam, lr 0.025")]
    assert "Adam, lr 0.025" in panel.screen.picture.moving.value
    panel.advance(100)
    panel.controls.optimizer.value = "SGD"
    settle(panel)
    assert find_marks(panel)[-1] == (300, "SGD, lr 0.025")  # which of them, from now on


# A unit that is chosen


def drawn_large(panel):
    settle(panel)
    state = panel.trainer.look()
    large = "adds" in panel.screen.picture.still.value
    assert large == (state.found.unit is not None) == (CHOSEN in panel.screen.network.moving.value)
    return state.found.unit.name if large else None


def test_a_unit_is_drawn_large_until_it_goes_with_its_layer(panel):
    unit = panel.insight.unit
    assert [value for _, value in unit.options] == [
        (), *((1, n) for n in range(1, 9)), *((2, n) for n in range(1, 7))
    ]  # fmt: skip
    assert drawn_large(panel) is None
    unit.value = (2, 5)
    assert drawn_large(panel) == "unit 2.5 adds"
    panel.controls.depth.value = 3
    assert (drawn_large(panel), unit.value) == ("unit 2.5 adds", (2, 5))
    assert unit.options[-1][1] == (3, 8)  # of 20
    panel.controls.widths[1].value = 4
    assert (drawn_large(panel), unit.value) == (None, ())
    unit.value = (2, 4)
    panel.controls.depth.value = 1
    assert (drawn_large(panel), unit.value) == (None, ())
    panel._use_preset("One wide layer")
    unit.value = (1, 8)
    assert drawn_large(panel) == "unit 1.8 adds"
    panel.controls.depth.value = 0
    assert (drawn_large(panel), unit.options) == (None, (("none", ()),))


def test_a_unit_that_stays_is_never_let_go_while_the_layers_move(panel, monkeypatch):
    settle(panel)
    panel.insight.unit.value = (1, 5)
    settle(panel)
    looks = []
    put = panel.trainer.put
    monkeypatch.setattr(panel.trainer, "put", lambda order: looks.append(order.look) or put(order))
    panel.controls.depth.value = 3
    panel.controls.widths[1].value = 20
    assert [look.unit for look in looks] == 2 * [(1, 5)]


def test_a_unit_of_a_network_that_was_refused_leaves_the_picture_whole(panel, monkeypatch, caplog):
    def fail(settings):
        if max(settings.cfg) > 100:
            raise MemoryError
        return Experiment(settings)

    monkeypatch.setattr(trainer_module, "Experiment", fail)
    panel.controls.widths[2].value = 512
    panel.controls.depth.value = 3
    for unit, name in (((3, 5), None), ((2, 6), "unit 2.6 adds")):
        panel.insight.unit.value = unit
        assert drawn_large(panel) == name
        assert "cannot be made" in read_status(panel.screen)
    assert {record.exc_info[0] for record in caplog.records} == {NotBuiltError}


# The last run


def test_the_last_run_is_a_ghost_until_a_reset_replaces_it(panel):
    def legend():
        settle(panel)
        return panel.screen.picture.still.value.count("last run")

    panel.reset()
    assert legend() == 0  # nothing was trained
    panel.advance(5)
    first = trained(panel)
    panel.controls.seed.value = 1
    assert legend() == 2
    assert list(panel.trainer.record.last.losses) == first
    panel.advance(5)
    panel.controls.depth.value = 1  # a moment of a drag
    panel.controls.points.value = 50
    assert legend() == 2
    assert list(panel.trainer.record.last.losses) == first
    panel.advance(7)
    second = trained(panel)
    panel.reset()
    assert legend() == 2
    assert list(panel.trainer.record.last.losses) == second
    assert len(panel.trainer.record.last.x) == 50
    panel.controls.points.value = 1000  # beside other data, too
    assert legend() == 2


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
    assert trained(panel) == losses(panel.settings, 20)


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
    expected = [torch.randn(100) for _ in range(100)]
    torch.manual_seed(5)
    one.run()
    two.run()
    drawn = []
    for n in range(100):
        drawn.append(torch.randn(100))
        one.controls.seed.value = n
        two.controls.seed.value = n + 1
    assert all(map(torch.equal, drawn, expected))
    for panel in (one, two):
        panel.reset()
        panel.advance(20)
        assert trained(panel) == losses(panel.settings, 20)
    assert one.settings.seed == 99 != two.settings.seed


# Nothing wedges it

DEEP = Settings(cfg=(1, *(20,) * 10, 1), lr=10.0)


def test_diverged_is_said_and_survived(panel):
    panel.controls.lr.value = 10.0
    panel.advance(1000)
    settle(panel)
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
    assert read_status(panel.screen) == error.format(done, f"{last:.2g}")
    panel.run()
    settle(panel)
    assert read_status(panel.screen) == error.format(done, f"{last:.2g}")
    assert panel.controls.run.description == "Run"
    panel.controls.lr.value = 0.01
    panel.reset()
    settle(panel)
    assert read_status(panel.screen) == "paused: press Run"
    panel.advance(20)
    assert trained(panel) == losses(replace(SMALL, lr=0.01), 20)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("activation", ["ReLU", "none"])
def test_ten_layers_at_rate_ten_never_stop_the_thread(make, optimizer, activation):
    panel = make(replace(DEEP, optimizer=optimizer, activation=activation, noise=0.3), fps=20)
    for toggle in panel.insight.toggles:
        toggle.value = True
    panel.controls.stop.value = 30
    panel.run()
    settle(panel)
    assert panel.trainer.thread.is_alive()
    assert read_status(panel.screen).startswith(("diverged at", "flat: hidden layer", "stopped at"))
    panel.controls.depth.value = 1
    panel.controls.lr.value = 1e-3
    panel.reset()
    panel.run(5)
    settle(panel)
    assert (panel.experiment.iteration, read_status(panel.screen)) == (5, "paused: press Run")


@pytest.mark.parametrize("dead", [None, 1, 2, 3])
def test_a_network_whose_relus_have_died_is_named(make, dead):
    panel = make(Settings())
    if dead:
        with torch.no_grad():
            panel.experiment.net.features[2 * dead - 2].bias.fill_(-1e6)
    panel._use()
    settle(panel)
    flat = f"flat: hidden layer {dead} is off for every x; lower the learning rate and press Reset"
    assert read_status(panel.screen).startswith(flat if dead else "paused")
    panel.controls.seed.value = 1
    settle(panel)
    assert read_status(panel.screen) == "paused: press Run"


def test_an_error_in_the_thread_is_said_and_survived(panel):
    panel.experiment.advance = lambda: 1 / 0
    panel.run()
    settle(panel)
    assert read_status(panel.screen) == "ZeroDivisionError: division by zero"
    panel.reset()
    panel.run(3)
    settle(panel)
    assert panel.experiment.iteration == 3


def test_a_network_that_cannot_be_made_leaves_one_story(panel, monkeypatch):
    def fail(settings):
        if max(settings.cfg) > 100:
            raise MemoryError("<no room>")
        return Experiment(settings)

    monkeypatch.setattr(trainer_module, "Experiment", fail)
    panel.advance(3)
    settle(panel)
    old = panel.experiment
    screen = panel.screen
    before = (screen.headline.value, panel.controls.program.value, screen.network.columns)
    panel.controls.widths[1].value = 512
    panel.run()
    settle(panel)
    assert panel.experiment is old
    assert (old.settings, old.iteration) == (SMALL, 3)
    after = (screen.headline.value, panel.controls.program.value, screen.network.columns)
    assert after == before
    assert read_label(panel.screen).startswith("iteration 3,")
    assert panel.settings.cfg == (1, 8, 512, 1)
    assert read_status(panel.screen) == (
        "cfg = [1, 8, 512, 1] cannot be made (MemoryError: <no room>); picture and program "
        "are still those of cfg = [1, 8, 6, 1]"
    )
    assert panel.controls.run.description == "Run"
    panel.controls.widths[1].value = 6
    panel.run(1)
    settle(panel)
    assert (old.iteration, read_status(panel.screen)) == (4, "paused: press Run")


def test_a_curve_that_is_not_finite_between_the_points_is_said(panel, monkeypatch):
    monkeypatch.setitem(FUNCTIONS, "sine", lambda x: 1 / (x + (x.numel() > 1998)))
    panel.controls.noise.value = 0.5
    settle(panel)
    assert panel.trainer.thread.is_alive()


# Ends


def test_close_leaves_no_thread_and_no_widget(nothing_left):
    for running in (False, True):
        panel = Playground(SMALL)
        if running:
            panel.run()
        panel.close()
        panel.close()
    with pytest.raises(RuntimeError, match=r"^the panel must be open to train, but it was closed"):
        panel.run()


def test_running_a_cell_again_ends_its_old_panels_and_no_others(monkeypatch):
    class Shell:
        def __init__(self, cell, request, page):
            header = {"msg_id": request, "session": page}
            self.parent = {"header": header, "metadata": {"cellId": cell}}

        def get_parent(self):
            return self.parent

    def speak(*ids):
        monkeypatch.setattr(kernel, "get_ipython", lambda: Shell(*ids))

    def build(cell, request, page="a page"):
        speak(cell, request, page)
        return Playground(SMALL)

    threads = threading.active_count()
    other = build("b", "0")
    copied = build("a", "0", page="a copy of the notebook")
    for request in ("1", "2", "3"):
        pair = [build("a", request), build("a", request)]
        for panel in pair:
            panel.run()
        assert threading.active_count() == threads + 4
    without = [build(None, str(n)) for n in range(2)]
    assert [other, copied, *pair, *without] == playground.OPEN
    speak(None, "4", "the page, loaded anew")  # its message that a view is there names no cell
    copied._view_count += 1
    again = build("a", "5", page="the page, loaded anew")
    assert [other, *pair, *without, again] == playground.OPEN
    for panel in playground.OPEN[:]:
        panel.close()
    assert threading.active_count() == threads


def test_memory_stays_level_over_many_frames(make):
    panel = make(SMALL, fps=10_000)
    for toggle in panel.insight.toggles:
        toggle.value = True

    def frames(n):
        for k in range(n):
            if k % 10 == 0:  # a mark
                panel.controls.lr.value = (0.01, 0.0125)[k // 10 % 2]
            if k % 20 == 0:  # a new network
                panel.controls.seed.value = k
            panel.advance(1)
        settle(panel)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = frames(40)
        drawn = panel.screen.pace.frames
        after = frames(60)
    finally:
        tracemalloc.stop()
    assert panel.screen.pace.frames - drawn > 50
    assert after - before < 100_000


def test_nothing_reaches_pyplot_or_the_screen(panel, capsys):
    panel.run()
    train_until(panel, 20)
    panel.pause()
    settle(panel)
    assert plt.get_fignums() == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("running", [True, False])
def test_frames_keep_to_fps_whatever_is_moved_and_the_last_one_comes(make, running):
    panel = make(SMALL, fps=10)
    settle(panel)
    sent = []
    moving = panel.screen.picture.moving
    send = moving.send_state
    moving.send_state = lambda *names: sent.append(time.perf_counter()) or send(*names)
    if running:
        panel.run()
    began = time.perf_counter()
    number = 0
    while time.perf_counter() < began + 0.5:
        number += 1
        panel.controls.seed.value = number
        panel.controls.depth.value = number % 4
        panel.insight.kinks.value = number % 2 == 0
        if not running:
            panel.advance(1)
    panel.pause()
    settle(panel)
    assert number > len(sent)
    assert 2 <= len(sent) <= 10 * (sent[-1] - began) + 2
    shown = panel.experiment
    assert shown.settings == panel.settings
    assert len(panel.screen.network.columns) == number % 4 + 2
    assert panel.screen.headline.value.startswith(f"<code>cfg = {list(shown.settings.cfg)} ·")
    assert read_label(panel.screen).startswith(f"iteration {shown.iteration}, loss ")
