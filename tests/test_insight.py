"""What the panel's toggles add: kinks on the fit, hidden layers below it, a wider view."""

import numpy as np
import pytest
import torch
from panels import SMALL, settle

from helpers.experiment import Experiment, Settings
from helpers.probe import hidden_outputs, kinks
from helpers.widgets import insight as module
from helpers.widgets.insight import MOST, Examiner, Found, Insight, Look
from helpers.widgets.live import LivePlot
from helpers.widgets.svg import write_outputs

SEVEN = (1, 20, 50, 100, 500, 100, 50, 20, 1)
LARGE = (1, 512, 512, 512, 512, 1)
ALL = Look(kinks=True, outputs=True, beyond=True)


def test_nothing_is_found_until_it_is_asked_for():
    assert Examiner().examine(Experiment(SMALL), Look()) == Found()


def test_a_toggle_asks_for_what_it_shows_and_opens_its_place():
    insight = Insight()
    asked = []
    assert insight.line.layout.display == insight.strip.layout.display == "none"
    for toggle in insight.toggles:
        toggle.value = True
        asked.append(insight.look)
        assert insight.line.layout.display == "flex"
        assert insight.strip.layout.display == ("flex" if toggle is insight.outputs else "none")
        toggle.value = False
        assert insight.line.layout.display == insight.strip.layout.display == "none"
    assert asked == [Look(kinks=True), Look(outputs=True), Look(beyond=True)]
    names = [toggle.description for toggle in insight.toggles]
    assert names == ["Kinks", "Layer outputs", "Beyond the data"]
    assert all(len(toggle.tooltip) > 10 for toggle in insight.toggles)


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
    assert found.strip.startswith("<svg")


def test_beyond_the_data_is_twice_the_range():
    experiment = Experiment(SMALL)
    found = Examiner().examine(experiment, Look(kinks=True, beyond=True))
    expected = experiment.predict(np.linspace(-20, 20, 1000)).numpy()
    assert np.array_equal(found.curve, expected)
    beyond = f"{expected[0]:.3g} at x = -20, {expected[-1]:.3g} at x = 20"
    counts = ", ".join(str(len(x)) for x in kinks(experiment.net, -20, 20))
    assert found.words.startswith(f"beyond the data: {beyond} · kinks by layer: {counts}")


def test_units_that_are_on_are_counted_and_drawn():
    experiment = Experiment(SMALL)
    found = Examiner().examine(experiment, Look(outputs=True))
    outputs = hidden_outputs(experiment.net, experiment.x)
    counts = [f"{int(out.any(dim=0).sum())} of {out.shape[1]}" for out in outputs]
    assert found.words == "units that are on somewhere: " + ", ".join(counts)
    assert found.strip == write_outputs([out.numpy() for out in outputs], found.words)
    insight = Insight()
    insight.show(found._replace(words="a < b"))
    assert insight.line.value == "a &lt; b"
    assert insight.strip.value == found.strip
    straight = Examiner().examine(Experiment(Settings(cfg=(1, 1))), Look(outputs=True))
    assert straight.words == "units that are on somewhere: none"


class Watch:
    """A clock that only moves when it is told to, and a count of what is looked for."""

    def __init__(self, monkeypatch, cost):
        self.now, self.calls = 100.0, []
        for name in ("kinks", "hidden_outputs"):
            monkeypatch.setattr(module, name, self.slow(name, getattr(module, name), cost))

    def slow(self, name, function, cost):
        def call(*arguments):
            self.calls.append(name)
            self.now += cost
            return function(*arguments)

        return call

    def __call__(self):
        return self.now


def test_while_training_runs_nothing_is_found_more_often_than_the_clock_allows(monkeypatch):
    watch = Watch(monkeypatch, cost=0.03)
    examiner, experiment = Examiner(watch), Experiment(SMALL)
    began = watch.now
    for _ in range(600):  # a minute at ten frames a second
        experiment.advance()
        examiner.examine(experiment, Look(kinks=True), running=True)
        watch.now += 0.1
    share = 0.03 * len(watch.calls) / (watch.now - began)
    assert 0.03 < share <= 0.05


def test_all_toggles_share_one_clock_and_the_strip_comes_four_times_a_second(monkeypatch):
    watch = Watch(monkeypatch, cost=0.001)
    examiner, experiment = Examiner(watch), Experiment(SMALL)
    strips = set()
    for _ in range(100):
        experiment.advance()
        strips.add(examiner.examine(experiment, ALL, running=True).strip)
        watch.now += 0.1
    assert 20 <= len(strips) <= 41
    assert watch.calls.count("kinks") == watch.calls.count("hidden_outputs") == len(strips)


def test_what_is_shown_again_says_of_when_it_is_and_lies_on_the_fit_of_now(monkeypatch):
    examiner, experiment = Examiner(Watch(monkeypatch, cost=1.0)), Experiment(SMALL)
    look = Look(kinks=True, outputs=True)
    experiment.advance(1200)
    first = examiner.examine(experiment, look, running=True)
    assert "iteration" not in first.words
    experiment.advance(30)
    again = examiner.examine(experiment, look, running=True)
    words = first.words.replace("kinks", "kinks of iteration 1,200")
    assert again.words == words.replace("units", "units of iteration 1,200")
    assert again.strip == first.strip
    for (x, y), (then, before) in zip(again.dots, first.dots, strict=True):
        assert (x == then).all()
        assert np.allclose(y, experiment.predict(x).numpy())
        assert not np.allclose(y, before)
    paused = examiner.examine(experiment, look)  # exact, at once
    assert "iteration" not in paused.words
    found = kinks(experiment.net, -10, 10)
    assert [len(x) for x, _ in paused.dots] == [len(x) for x in found]


def test_another_network_or_range_shows_nothing_of_the_last(monkeypatch):
    watch = Watch(monkeypatch, cost=1.0)
    examiner, experiment = Examiner(watch), Experiment(SMALL)
    assert examiner.examine(experiment, Look(kinks=True), running=True).dots
    other = Experiment(Settings(cfg=(1, 8, 6, 1), seed=1))
    assert examiner.examine(other, Look(kinks=True), running=True) == Found()
    found = examiner.examine(other, Look(kinks=True, beyond=True), running=True)
    expected = other.predict(np.linspace(-20, 20, 1000)).numpy()
    assert np.array_equal(found.curve, expected)  # there is no other fit on this grid
    assert found.dots == ()
    assert watch.calls == ["kinks"]
    found = examiner.examine(other, Look(), running=True)
    assert found == Found()


def test_kinks_that_take_long_are_left_for_a_pause(monkeypatch):
    watch = Watch(monkeypatch, cost=0.0)
    examiner, experiment = Examiner(watch), Experiment(Settings(cfg=LARGE))
    found = examiner.examine(experiment, Look(kinks=True), running=True)
    assert found == Found(words="pause to see the kinks")
    assert watch.calls == []
    dots = examiner.examine(experiment, Look(kinks=True)).dots
    assert sum(len(x) for x, _ in dots) == MOST
    assert watch.calls == ["kinks"]
    assert examiner.examine(Experiment(Settings(cfg=SEVEN)), Look(kinks=True), running=True).dots


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


@pytest.mark.parametrize("cfg", [(1, 20, 50, 20, 1), SEVEN, LARGE], ids=len)
@pytest.mark.parametrize("running", [True, False])
def test_a_frame_is_small_whatever_is_on(cfg, running):
    """Ten frames a second, and the strip at its own pace: 150 kB a second at the most."""
    experiment = Experiment(Settings(cfg=cfg, lr=0.01))
    live = LivePlot(experiment.x, experiment.y)
    live.set_data(experiment.x, experiment.y, beyond=True)
    random = np.random.default_rng(0)
    for number, loss in enumerate(np.exp(random.standard_normal(2000))):  # a noisy curve
        live.curve.record(number, loss)
    live.record(experiment.advance())
    found = Examiner().examine(experiment, ALL, running)
    live.draw(found.curve, found.dots)
    frame = len(live.picture.moving.value.encode()) + len(found.words.encode())
    assert frame < 9_000
    assert len(found.strip) < 15_000
    assert 10 * frame + min(4 * len(found.strip), module.SPEED) < 150_000
    live.close()


def test_the_panel_shows_and_says_what_its_toggles_ask_for(panel):
    settle(panel)
    insight = panel.insight
    before = panel.live.picture.moving.value
    for toggle, words in zip(insight.toggles, ("kinks by", "units that", "beyond"), strict=True):
        toggle.value = True
        settle(panel)
        assert words in insight.line.value
    assert panel.status.value == "paused: press Run"  # what the toggles say stands below them
    assert panel.live.picture.moving.value != before
    assert panel.experiment.iteration == 0
    panel.advance(5)
    settle(panel)
    strip = insight.strip.value
    panel.advance(50)
    settle(panel)
    assert insight.strip.value != strip
    panel.controls.function.value = "line"
    settle(panel)
    assert panel.live.picture.beyond
    assert panel.live.picture.y[0] == -1
    for toggle in insight.toggles:
        toggle.value = False
    settle(panel)
    assert insight.line.value == ""
    panel.controls.function.value = "sine"
    settle(panel)
    assert panel.live.picture.moving.value == before


def test_no_toggle_moves_a_setting_or_the_weights(panel):
    panel.advance(3)
    weights = panel.experiment.net.features[0].weight.clone()
    settings = panel.settings
    for toggle in panel.insight.toggles:
        toggle.value = True
    settle(panel)
    assert panel.settings == settings
    assert torch.equal(panel.experiment.net.features[0].weight, weights)
    assert panel.experiment.iteration == 3
