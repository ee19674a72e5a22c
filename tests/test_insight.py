"""What the panel finds out: the units that are drawn, one of them large, kinks, a wider view."""

import numpy as np
import pytest
import torch
from panels import SMALL, read_status, settle

from helpers.experiment import Experiment, Settings
from helpers.probe import hidden_outputs, kinks, unit_effect
from helpers.widgets import insight as module
from helpers.widgets.insight import MOST, Examiner, Insight, Look
from helpers.widgets.network import portray

SEVEN = (1, 20, 50, 100, 500, 100, 50, 20, 1)
LARGE = (1, 512, 512, 512, 512, 1)
ALL = Look(kinks=True, residuals=True, beyond=True, unit=(1, 3))


def test_of_what_nobody_asked_for_only_the_units_are_found():
    experiment = Experiment(SMALL)
    found = Examiner().examine(experiment, Look())
    portrait = portray(experiment.net, experiment.x, experiment.y)
    assert np.array_equal(found.portrait.x, portrait.x)
    assert all(map(np.array_equal, found.portrait.outputs, portrait.outputs))
    assert all(map(np.array_equal, found.portrait.weights, portrait.weights))
    outputs = hidden_outputs(experiment.net, experiment.x)
    assert found.off == tuple(int((out == 0).all(dim=0).sum()) for out in outputs)
    assert sum(found.off) > 0
    assert found[2:] == (None, (), None, "")
    assert Examiner().examine(Experiment(Settings(cfg=(1, 1))), Look()).off == ()


def test_a_toggle_asks_for_what_it_shows_and_what_has_words_opens_their_line():
    insight = Insight()
    insight.offer([3, 20])
    assert insight.look == Look()
    assert insight.line.layout.display == "none"
    asked = []
    for control, on in (*((toggle, True) for toggle in insight.toggles), (insight.unit, (2, 8))):
        off, control.value = control.value, on
        asked.append(insight.look)
        display = "none" if control is insight.residuals else "flex"
        assert insight.line.layout.display == display
        control.value = off
        assert insight.line.layout.display == "none"
    assert asked == [Look(kinks=True), Look(residuals=True), Look(beyond=True), Look(unit=(2, 8))]
    names = [toggle.description for toggle in insight.toggles]
    assert names == ["Kinks", "Residuals", "Beyond the data"]
    assert all(len(control.tooltip) > 10 for control in (*insight.toggles, insight.unit))
    insight.show(Examiner().examine(Experiment(SMALL), Look())._replace(words="a < b"))
    assert insight.line.value == "a &lt; b"


# One unit, large


def test_the_units_that_are_drawn_can_be_chosen_and_one_goes_with_its_layer():
    insight = Insight()
    assert (insight.unit.options, insight.unit.value) == ((("none", ()),), ())
    insight.offer([2, 9])
    names = [name for name, _ in insight.unit.options]
    assert names == ["none", "1.1", "1.2", *(f"2.{unit}" for unit in range(1, 9))]
    insight.unit.value = (2, 5)
    for hidden in ([1, 9], [1, 5], [512, 5, 5]):
        insight.offer(hidden)
        assert insight.unit.value == (2, 5)
    for hidden in ([1, 4, 5], [1], []):
        insight.offer([9, 9])
        insight.unit.value = (2, 5)
        insight.offer(hidden)
        assert insight.look == Look()


def test_a_unit_is_found_where_it_is_on_with_what_it_adds():
    experiment = Experiment(SMALL)
    layer = experiment.net.features[0]
    with torch.no_grad():
        layer.weight[:4, 0] = torch.tensor([1.0, -1, 0, 0])
        layer.bias[:4] = torch.tensor([3.0, 3, 1, -1])

    def ask(unit, beyond=False):
        return Examiner().examine(experiment, Look(beyond=beyond, unit=(1, unit)))

    found = ask(1)
    assert found.unit.name == "unit 1.1 adds"
    assert found.unit.on == pytest.approx(np.array([[-3, 10]]), abs=0.06)
    assert found.words.startswith("layer 1, unit 1 is on for x from -3.")
    assert found.words.endswith(" to 10")
    x = torch.from_numpy(found.unit.x)
    assert x[[0, -1]].tolist() == [-10, 10]
    effect = unit_effect(experiment.net, 1, 1, x[:, None])[1][:, 0]
    assert np.array_equal(found.unit.adds, effect.numpy())
    assert ask(2).unit.on == pytest.approx(np.array([[-10, 3]]), abs=0.06)
    assert ask(3).unit.on.tolist() == [[-10, 10]]
    assert ask(3).words == "layer 1, unit 3 is on for x from -10 to 10"
    assert ask(4).unit.on.shape == (0, 2)
    assert ask(4).words == "layer 1, unit 4 is off for every x"
    assert not ask(4).unit.adds.any()
    wide = ask(1, beyond=True)
    assert wide.unit.x[[0, -1]].tolist() == [-20, 20]
    assert wide.unit.on == pytest.approx(np.array([[-3, 20]]), abs=0.11)


def test_a_unit_that_the_network_does_not_have_is_none():
    experiment = Experiment(SMALL)
    for unit in ((1, 9), (2, 7), (3, 1)):
        found = Examiner().examine(experiment, Look(unit=unit))
        assert (found.unit, found.words) == (None, "")


# Kinks, and beyond the data


def test_kinks_are_those_of_probe_and_lie_on_the_fit():
    experiment = Experiment(SMALL)
    found = Examiner().examine(experiment, Look(kinks=True))
    expected = kinks(experiment.net, -10, 10)
    assert [x.tolist() for x, _ in found.dots] == [x.tolist() for x in expected]
    for (_, heights), x in zip(found.dots, expected, strict=True):
        assert np.allclose(heights, experiment.predict(x).numpy())
    assert found.words == f"kinks by layer: {len(expected[0])}, {len(expected[1])}"
    assert found.curve is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"activation": "Tanh"}, "kinks: only a ReLU network has any"),
        ({"activation": "LeakyReLU"}, "kinks: only a ReLU network has any"),
        ({"cfg": (1, 1)}, "kinks by layer: none"),
    ],
)
@pytest.mark.parametrize("running", [True, False])
def test_networks_without_kinks_are_named(change, words, running):
    experiment = Experiment(Settings(**change))
    assert Examiner().examine(experiment, Look(kinks=True), running).words == words


def test_weights_that_are_no_numbers_are_named():
    experiment = Experiment(SMALL)
    with torch.no_grad():
        experiment.net.features[0].weight.fill_(torch.nan)
    found = Examiner().examine(experiment, ALL)
    assert "kinks: the weights are no longer finite" in found.words
    assert np.isnan(found.curve).all()
    assert np.isnan(found.portrait.outputs[-1]).all()
    assert "layer 1, unit 3 is off for every x" in found.words
    assert found.off == (0, 0)  # nan is not 0: another story is told


def test_beyond_the_data_is_twice_the_range():
    experiment = Experiment(SMALL)
    found = Examiner().examine(experiment, Look(kinks=True, beyond=True))
    expected = experiment.predict(np.linspace(-20, 20, 1000)).numpy()
    assert np.array_equal(found.curve, expected)
    beyond = f"{expected[0]:.3g} at x = -20, {expected[-1]:.3g} at x = 20"
    counts = ", ".join(str(len(x)) for x in kinks(experiment.net, -20, 20))
    assert found.words.startswith(f"beyond the data: {beyond} · kinks by layer: {counts}")


# How often, while training waits


class Watch:
    """A clock that only moves when something is looked for, or the test says so."""

    def __init__(self, monkeypatch, **costs):
        self.now, self.calls = 100.0, []
        for name, find in module.FINDERS.items():
            monkeypatch.setitem(module.FINDERS, name, self.slow(name, find, costs.get(name, 0)))

    def slow(self, name, find, cost):
        def call(*arguments):
            self.calls.append(name)
            self.now += cost
            return find(*arguments)

        return call

    def __call__(self):
        return self.now


def test_while_training_runs_all_that_is_found_takes_about_3_percent_of_the_time(monkeypatch):
    costs = {"portrait": 0.001, "off": 0.008, "beyond": 0.008, "kinks": 0.03, "unit": 0.004}
    watch = Watch(monkeypatch, **costs)  # of seven layers, about
    examiner, experiment = Examiner(watch), Experiment(SMALL)
    examiner.examine(experiment, ALL, running=True)  # of a new network all is found at once
    watch.calls.clear()
    began = watch.now
    for _ in range(600):  # a minute at ten frames a second
        examiner.examine(experiment, ALL, running=True)
        watch.now += 0.1
    share = sum(costs[name] for name in watch.calls) / (watch.now - began)
    assert 0.015 < share < 0.04
    assert {*watch.calls} == {*costs}


def test_the_network_is_drawn_about_four_times_a_second(monkeypatch):
    watch = Watch(monkeypatch, portrait=0.001)
    examiner, experiment = Examiner(watch), Experiment(SMALL)
    portraits = set()
    for _ in range(100):
        portraits.add(id(examiner.examine(experiment, Look(), running=True).portrait))
        watch.now += 0.1
    assert 30 <= watch.calls.count("portrait") <= 41
    portraits = [examiner.examine(experiment, Look(), running=False).portrait for _ in range(2)]
    assert portraits[0] is not portraits[1]  # paused, whatever it takes


def test_what_is_shown_again_says_of_when_it_is_and_lies_on_the_fit_of_now(monkeypatch):
    watch = Watch(monkeypatch, portrait=1.0, kinks=1.0, unit=1.0)
    examiner, experiment = Examiner(watch), Experiment(SMALL)
    look = Look(kinks=True, unit=(1, 2))
    experiment.advance(20)
    experiment.iteration = 1200
    first = examiner.examine(experiment, look, running=True)
    assert "iteration" not in first.words
    experiment.advance(30)
    again = examiner.examine(experiment, look, running=True)
    words = first.words.replace("kinks", "kinks of iteration 1,200")
    assert again.words == words.replace("unit 2", "unit 2 of iteration 1,200")
    assert again.portrait is first.portrait
    assert again.unit is first.unit
    for (x, y), (then, before) in zip(again.dots, first.dots, strict=True):
        assert (x == then).all()
        assert np.allclose(y, experiment.predict(x).numpy())
        assert not np.allclose(y, before)
    paused = examiner.examine(experiment, look)  # exact, at once
    assert "iteration" not in paused.words
    found = kinks(experiment.net, -10, 10)
    assert [len(x) for x, _ in paused.dots] == [len(x) for x in found]


def test_another_network_or_range_shows_nothing_of_the_last_and_its_kinks_wait(monkeypatch):
    watch = Watch(monkeypatch, **dict.fromkeys(module.FINDERS, 1.0))
    examiner, experiment = Examiner(watch), Experiment(SMALL)
    look = Look(kinks=True, unit=(1, 1))
    first = examiner.examine(experiment, look, running=True)
    assert first.dots
    other = Experiment(Settings(cfg=(1, 8, 7, 1), seed=1))
    watch.calls.clear()
    found = examiner.examine(other, look, running=True)
    assert watch.calls == ["portrait", "off", "unit"]  # the others were made a moment ago
    assert found.portrait.outputs[2].shape[1] == 7
    assert found.dots == ()
    assert "iteration" not in found.words
    wide = examiner.examine(other, look._replace(beyond=True), running=True)
    expected = other.predict(np.linspace(-20, 20, 1000)).numpy()
    assert np.array_equal(wide.curve, expected)  # there is no other fit on this grid
    assert wide.unit.x[-1] == 20
    assert wide.dots == ()
    assert "kinks" not in watch.calls
    assert examiner.examine(other, Look(), running=True)[2:] == (None, (), None, "")


def test_another_unit_is_found_at_once_and_takes_nothing_else_away(monkeypatch):
    watch = Watch(monkeypatch, **dict.fromkeys(module.FINDERS, 1.0))
    examiner, experiment = Examiner(watch), Experiment(SMALL)
    look = Look(kinks=True, beyond=True)
    first = examiner.examine(experiment, look, running=True)
    for unit in ((1, 3), (2, 1)):
        watch.calls.clear()
        found = examiner.examine(experiment, look._replace(unit=unit), running=True)
        assert watch.calls == ["unit"]
        assert found.unit.name == "unit {}.{} adds".format(*unit)
        assert found[:4] == first[:4]  # the same kinks, curve and portrait
    assert examiner.examine(experiment, look, running=True) == first


def test_kinks_that_take_long_are_left_for_a_pause(monkeypatch):
    asked = []
    monkeypatch.setattr(module, "kinks", lambda *given: asked.append(given) or kinks(*given))
    examiner, experiment = Examiner(), Experiment(Settings(cfg=LARGE))
    found = examiner.examine(experiment, Look(kinks=True), running=True)
    assert (found.words, found.dots) == ("pause to see the kinks", ())
    assert asked == []
    dots = examiner.examine(experiment, Look(kinks=True)).dots
    assert sum(len(x) for x, _ in dots) == MOST
    assert len(asked) == 1
    seven = Experiment(Settings(cfg=SEVEN))
    assert Examiner().examine(seven, Look(kinks=True), running=True).dots


def test_of_many_kinks_some_are_drawn_and_all_are_counted():
    experiment = Experiment(Settings(cfg=(1, 300, 1)))
    found = Examiner().examine(experiment, Look(kinks=True))
    ((x, _),) = found.dots
    (every,) = kinks(experiment.net, -10, 10)
    assert found.words == f"kinks by layer: {len(every)} ({MOST} of {len(every)} drawn)"
    assert set(x) < set(every)
    assert len(x) == MOST
    shares = np.searchsorted(every, x) / len(every)
    assert np.diff(shares).max() < 2.1 / MOST  # as dense as all of them
    with torch.no_grad():
        experiment.net.features[-1].weight.mul_(50)
    ((x, y),) = Examiner().examine(experiment, Look(kinks=True)).dots
    assert 0 < len(x) <= MOST
    assert abs(y).max() <= 1.5  # in sight


# In the panel


def test_the_panel_shows_and_says_what_is_asked_for(panel):
    settle(panel)
    insight, picture = panel.insight, panel.screen.picture
    before = picture.moving.value
    asked = {
        insight.kinks: (True, "kinks by"),
        insight.residuals: (True, ""),
        insight.beyond: (True, "beyond"),
        insight.unit: ((2, 6), "layer 2, unit 6"),
    }
    for control, (value, words) in asked.items():
        shown = picture.moving.value
        control.value = value
        settle(panel)
        assert words in insight.line.value
        assert picture.moving.value != shown
    assert "residual, y - prediction" in picture.moving.value
    assert "unit 2.6 adds" in picture.still.value
    assert read_status(panel.screen) == "paused: press Run"  # what is found stands elsewhere
    assert panel.experiment.iteration == 0
    panel.controls.function.value = "line"
    settle(panel)
    assert picture.beyond
    assert picture.y[0] == -1
    for toggle in insight.toggles:
        toggle.value = False
    insight.unit.value = ()
    settle(panel)
    assert insight.line.value == ""
    panel.controls.function.value = "sine"
    settle(panel)
    assert picture.moving.value == before


def test_no_toggle_moves_a_setting_or_the_weights(panel):
    panel.advance(3)
    weights = panel.experiment.net.features[0].weight.clone()
    settings = panel.settings
    for toggle in panel.insight.toggles:
        toggle.value = True
    panel.insight.unit.value = (1, 1)
    settle(panel)
    assert panel.settings == settings
    assert torch.equal(panel.experiment.net.features[0].weight, weights)
    assert panel.experiment.iteration == 3
