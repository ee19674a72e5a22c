"""What the panel's toggles add: kinks on the fit, hidden layers below it, a wider view."""

import html

import numpy as np
import pytest
import torch
from panels import SMALL, settle

from helpers.experiment import Experiment, Settings
from helpers.probe import hidden_outputs, kinks
from helpers.widgets.insight import Insight
from helpers.widgets.picture import Picture
from helpers.widgets.svg import write_outputs


def text(insight):
    return html.unescape(insight.line.value)


def picture_of(experiment, beyond=False):
    return Picture(experiment.x, experiment.y, beyond=beyond)


def test_nothing_is_added_until_a_toggle_is_on():
    insight, experiment = Insight(), Experiment(SMALL)
    assert insight.examine(experiment, picture_of(experiment)) == {}
    assert insight.line.value == insight.strip.value == ""
    assert insight.line.layout.display == insight.strip.layout.display == "none"


def test_a_toggle_opens_what_it_shows():
    insight = Insight()
    for toggle in insight.toggles:
        toggle.value = True
        assert insight.line.layout.display == "flex"
        assert insight.strip.layout.display == ("flex" if toggle is insight.outputs else "none")
        toggle.value = False
        assert insight.line.layout.display == insight.strip.layout.display == "none"
    names = [toggle.description for toggle in insight.toggles]
    assert names == ["Kinks", "Layer outputs", "Beyond the data"]
    assert all(len(toggle.tooltip) > 10 for toggle in insight.toggles)


def test_kinks_are_those_of_probe_and_lie_on_the_fit():
    insight, experiment = Insight(), Experiment(SMALL)
    insight.kinks.value = True
    more = insight.examine(experiment, picture_of(experiment))
    expected = kinks(experiment.net, -10, 10)
    assert [x.tolist() for x, _ in more["dots"]] == [x.tolist() for x in expected]
    with torch.no_grad():
        for (_, heights), x in zip(more["dots"], expected, strict=True):
            column = torch.tensor(x, dtype=torch.float32)[:, None]
            assert np.allclose(heights, experiment.net(column)[:, 0].numpy())
    assert text(insight) == f"kinks by layer: {len(expected[0])}, {len(expected[1])}"
    assert set(more) == {"dots"}


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
    insight.examine(experiment, picture_of(experiment))
    assert text(insight) == words


def test_weights_that_are_no_numbers_are_named():
    insight, experiment = Insight(), Experiment(SMALL)
    for toggle in insight.toggles:
        toggle.value = True
    with torch.no_grad():
        experiment.net.features[0].weight.fill_(torch.nan)
    more = insight.examine(experiment, picture_of(experiment, beyond=True))
    assert "kinks: the weights are no longer finite" in text(insight)
    assert np.isnan(more["curve"]).all()
    assert insight.strip.value.startswith("<svg")


def test_beyond_the_data_is_twice_the_range():
    insight, experiment = Insight(), Experiment(SMALL)
    narrow, wide = picture_of(experiment), picture_of(experiment, beyond=True)
    assert insight.has_range_of(narrow)
    assert not insight.has_range_of(wide)
    insight.beyond.value = True
    assert not insight.has_range_of(narrow)
    assert insight.has_range_of(wide)
    more = insight.examine(experiment, wide)
    assert np.array_equal(more["curve"], experiment.predict(wide.grid).numpy())
    ends = more["curve"][[0, -1]]
    assert text(insight) == f"beyond: {ends[0]:.3g} at x = -20, {ends[1]:.3g} at x = 20"
    insight.kinks.value = True
    dots = insight.examine(experiment, wide)["dots"]
    assert [len(x) for x, _ in dots] == [len(x) for x in kinks(experiment.net, -20, 20)]
    assert " · kinks by layer: " in text(insight)


def test_units_that_are_on_are_counted_and_drawn():
    insight, experiment = Insight(), Experiment(SMALL)
    insight.outputs.value = True
    assert insight.examine(experiment, picture_of(experiment)) == {}
    outputs = hidden_outputs(experiment.net, experiment.x)
    counts = [f"{int(out.any(dim=0).sum())} of {out.shape[1]}" for out in outputs]
    words = "units that are on somewhere: " + ", ".join(counts)
    assert text(insight) == words
    assert insight.strip.value == write_outputs([out.numpy() for out in outputs], words)
    assert f'aria-label="{words}"' in insight.strip.value
    straight = Experiment(Settings(cfg=(1, 1)))
    insight.examine(straight, picture_of(straight))
    assert text(insight) == "units that are on somewhere: none"


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
