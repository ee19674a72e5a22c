"""What the panel's toggles add: kinks on the fit, hidden layers below it, a wider view."""

import io
import time

import numpy as np
import pytest
import torch
from helpers.widgets.frame import Frame, draw_outputs
from PIL import Image

from helpers.experiment import Experiment, Settings
from helpers.probe import hidden_outputs, kinks
from helpers.widgets.insight import Insight, predict_at
from helpers.widgets.playground import Playground

SMALL = Settings(cfg=(1, 8, 6, 1), lr=0.01)


@pytest.fixture
def panel():
    made = Playground(SMALL)
    yield made
    made.close()


def settle(panel):
    end = time.monotonic() + 20
    while panel.trainer.wanted or panel.trainer.left:
        assert time.monotonic() < end
        time.sleep(0.005)
    with panel.trainer.working:
        pass


def frame_of(experiment, beyond=False):
    return Frame(experiment.x, experiment.y, beyond=beyond)


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_nothing_is_added_until_a_toggle_is_on():
    insight, experiment = Insight(), Experiment(SMALL)
    assert insight.look(experiment, frame_of(experiment)) == {}
    assert insight.words == ""
    assert insight.strip.layout.display == "none"


def test_kinks_are_those_of_probe_and_lie_on_the_fit():
    insight, experiment = Insight(), Experiment(SMALL)
    insight.kinks.value = True
    more = insight.look(experiment, frame_of(experiment))
    expected = kinks(experiment.net, -10, 10)
    assert [x.tolist() for x, _ in more["dots"]] == [x.tolist() for x in expected]
    with torch.no_grad():
        column = torch.tensor(expected[0], dtype=torch.float32)[:, None]
        assert np.allclose(more["dots"][0][1], experiment.net(column)[:, 0].numpy())
    assert insight.words == f"kinks by layer: {len(expected[0])}, {len(expected[1])}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"activation": "Tanh"}, "kinks: only a ReLU network has any"),
        ({"activation": "LeakyReLU"}, "kinks: only a ReLU network has any"),
        ({"cfg": (1, 1)}, "kinks by layer: none"),
    ],
)
def test_networks_without_kinks_are_named(change, words):
    insight, experiment = Insight(), Experiment(Settings(**change))
    insight.kinks.value = True
    insight.look(experiment, frame_of(experiment))
    assert insight.words == words


def test_weights_that_are_no_numbers_are_named():
    insight, experiment = Insight(), Experiment(SMALL)
    for toggle in insight.toggles:
        toggle.value = True
    with torch.no_grad():
        experiment.net.features[0].weight.fill_(torch.nan)
    more = insight.look(experiment, frame_of(experiment, beyond=True))
    assert "kinks: the weights are no longer finite" in insight.words
    assert np.isnan(more["curve"]).all()
    assert bytes(insight.strip.value).startswith(b"\x89PNG")


def test_beyond_the_data_is_twice_the_range():
    insight, experiment = Insight(), Experiment(SMALL)
    insight.beyond.value = True
    narrow, frame = frame_of(experiment), frame_of(experiment, beyond=True)
    assert not insight.fits(narrow)
    assert insight.fits(frame)
    assert frame.grid[[0, -1]].tolist() == [-20, 20]
    assert frame.fit.axes.get_xlim() == (-20, 20)
    assert narrow.fit.axes.get_xlim() == pytest.approx((-11, 11))
    more = insight.look(experiment, frame)
    assert np.array_equal(more["curve"], predict_at(experiment, frame.grid))
    ends = more["curve"][[0, -1]]
    assert insight.words == f"beyond: {ends[0]:.3g} at x = -20, {ends[1]:.3g} at x = 20"
    insight.kinks.value = True
    wide = insight.look(experiment, frame)["dots"]
    assert [len(x) for x, _ in wide] == [len(x) for x in kinks(experiment.net, -20, 20)]


def test_units_that_are_on_are_counted_and_drawn():
    insight, experiment = Insight(), Experiment(SMALL)
    insight.hidden.value = True
    assert insight.strip.layout.display == "flex"
    insight.look(experiment, frame_of(experiment))
    outputs = hidden_outputs(experiment.net, experiment.x)
    counts = [f"{int(out.any(dim=0).sum())} of {out.shape[1]}" for out in outputs]
    assert insight.words == "units that are on somewhere: " + ", ".join(counts)
    assert insight.strip.value == draw_outputs([out.numpy() for out in outputs])
    insight.hidden.value = False
    assert insight.strip.layout.display == "none"


def test_a_strip_has_a_box_for_each_layer_and_a_line_for_each_unit():
    flat, rising = np.zeros((1000, 1)), np.linspace(0, 1, 1000)[:, None]
    strip = pixels(draw_outputs([rising, flat]))
    assert strip.shape == (100, 800, 3)
    red = (strip[..., 0] > strip[..., 1] + 60).any(axis=1)
    assert red[5:20].any()
    left, right = strip[:, :200], strip[:, 200:400]
    ink = [((half[..., 0] - half[..., 1]) > 60).sum() for half in (left, right)]
    assert ink[0] > 0 < ink[1]
    rows = [np.nonzero(((half[..., 0] - half[..., 1]) > 60).any(1))[0] for half in (left, right)]
    assert np.ptp(rows[0]) > 60  # rises
    assert np.ptp(rows[1]) < 4  # flat, at the foot
    assert rows[1].min() > 80
    both = pixels(draw_outputs([np.hstack([rising, 1 - rising])]))
    assert ((both[..., 0] - both[..., 1]) > 60).sum() > 1.5 * ink[0]
    assert draw_outputs([]).startswith(b"\x89PNG")


def test_dots_are_drawn_and_leave_with_the_frame_that_had_them():
    x = np.linspace(-10, 10, 200)
    frame = Frame(x, np.sin(x))
    plain = frame.png(np.sin(x), "", [0.5], [0])
    dotted = frame.png(np.sin(x), "", [0.5], [0], dots=[(np.array([0.0]), np.array([0.0]))])
    assert frame.png(np.sin(x), "", [0.5], [0]) == plain
    changed = np.nonzero((pixels(plain) != pixels(dotted)).any(axis=2))
    assert 5 < len(changed[0]) < 200
    colour = pixels(frame.png(None, "", [], [], dots=[(np.array([0.0]), np.array([1.0]))] * 2))
    assert (abs(colour - [253, 231, 36]).sum(axis=2) < 30).any()  # the last layer's yellow


def test_the_panel_shows_and_says_what_its_toggles_ask_for(panel):
    settle(panel)
    before = panel.live.image.value
    for toggle, word in zip(panel.insight.toggles, ("kinks by", "units", "beyond"), strict=True):
        toggle.value = True
        settle(panel)
        assert word in panel.status.value
    assert panel.status.value.startswith("paused: press Run · ")
    assert panel.live.image.value != before
    assert panel.experiment.iteration == 0
    panel.advance(5)
    strip = panel.insight.strip.value
    panel.advance(5)
    assert panel.insight.strip.value != strip
    panel.controls.function.value = "line"
    settle(panel)
    assert panel.live.frame.beyond
    assert panel.live.frame.y[0] == -1
    for toggle in panel.insight.toggles:
        toggle.value = False
    settle(panel)
    assert panel.status.value == "paused: press Run"
    panel.controls.function.value = "sine"
    settle(panel)
    assert panel.live.image.value == before


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
