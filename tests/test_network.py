"""The drawn network says of its units what they hand on, and of its weights their sign and size."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
import torch
from drawn import SVG

from helpers.data import get_fake_data
from helpers.experiment import ACTIVATIONS, Experiment, Settings
from helpers.probe import hidden_outputs
from helpers.widgets import network as module
from helpers.widgets.network import (
    CHOSEN,
    CURVE,
    DIMMED,
    FAINT,
    MOST,
    NEGATIVE,
    POSITIVE,
    VIEW,
    WIDTHS,
    Network,
    draw_cells,
    draw_network,
    portray,
)
from helpers.widgets.shapes import LOOKS, Look
from helpers.widgets.stills import close_widget

EIGHTS = Settings(cfg=(1, 8, 8, 8, 1), lr=0.01)
CROWD = Settings(cfg=(1, *(8,) * 6, 1))
X, Y = get_fake_data(50)
CFGS = [(1, 1), (1, 3, 1), (1, 20, 50, 20, 1), (1, *(10,) * 10, 1)]


def make(settings=EIGHTS):
    net = Experiment(settings).net
    return net, portray(net, X, Y)


def change(net, linear, **values):
    """Set weights or biases of a Linear layer, from 0."""
    layer = [layer for layer in net.features if isinstance(layer, torch.nn.Linear)][linear]
    with torch.no_grad():
        for name, value in values.items():
            getattr(layer, name)[:] = value
    return portray(net, X, Y)


def count_columns(portrait):
    return [output.shape[1] for output in portrait.outputs]


def find_frames(portrait):
    """The corners of each cell, column by column: (cells, 4, 2), from the upper left one on."""
    (frames,) = draw_cells(VIEW, count_columns(portrait))
    return frames.points[:, :4]


def find_lines(portrait, chosen=()):
    """Each weight's line: its ends, rounded, and its look."""
    shapes = draw_network(VIEW, portrait, chosen)
    return {
        tuple(ends.ravel().round(6)): shape.look
        for shape in shapes
        if shape.look.colour in (POSITIVE, NEGATIVE)
        for ends in shape.points
    }


def expected_lines(portrait):
    """The same of each weight, by what its cells' frames and its own value say."""
    frames = find_frames(portrait)
    right, left = frames[:, 1:3].mean(axis=1), frames[:, [0, 3]].mean(axis=1)
    columns = np.split(np.arange(len(frames)), np.cumsum(count_columns(portrait))[:-1])
    thinner = min(1, 6 / len(columns))
    lines = {}
    for weight, (before, after) in zip(portrait.weights, pairwise(columns), strict=True):
        for (i, j), value in np.ndenumerate(weight):
            ends = (*right[before[j]].round(6), *left[after[i]].round(6))
            size = min(int(4 * abs(value) / abs(weight).max()), 3)
            lines[ends] = Look(NEGATIVE if value < 0 else POSITIVE, thinner * WIDTHS[size])
    return lines


def read(html):
    """Parse one layer of a network on the page."""
    root = ET.fromstring(html.value)
    for path in root.iter(SVG + "path"):
        assert re.fullmatch(r"(M-?\d+[ -]\d+l-?\d+[ -]\d+([ -]\d+[ -]\d+)*)+", path.get("d"))
    return root


# The portrait


@pytest.mark.parametrize(("cfg", "activation"), [*zip(CFGS, ACTIVATIONS, strict=False)])
def test_each_curve_is_what_its_unit_hands_on_as_long_as_the_network_lives(cfg, activation):
    experiment = Experiment(Settings(cfg=cfg, lr=0.01, activation=activation))
    for _ in range(2):
        portrait = portray(experiment.net, X, Y)
        assert len(portrait.x) <= 20
        assert (np.diff(portrait.x) >= 0).all()
        assert portrait.x[[0, -1]].tolist() == [-10, 10]
        x = torch.from_numpy(portrait.x)[:, None]
        with torch.no_grad():
            truth = [x, *hidden_outputs(experiment.net, x), experiment.net(x)]
        assert count_columns(portrait) == [min(width, MOST) for width in cfg]
        for ours, theirs in zip(portrait.outputs, truth, strict=True):
            assert np.array_equal(ours, theirs[:, :MOST].numpy())
        weights = [layer.weight for layer in experiment.net.features if hasattr(layer, "weight")]
        for ours, theirs in zip(portrait.weights, weights, strict=True):
            assert np.array_equal(ours, theirs[:MOST, :MOST].detach().numpy())
        experiment.advance(2)


def test_the_first_layers_kinks_are_exact_and_one_out_of_sight_takes_no_room():
    net, portrait = make(Settings(cfg=(1, 20, 5, 1)))
    dense = torch.linspace(-10, 10, 3000)
    output = hidden_outputs(net, dense[:, None])[0].numpy()
    for unit in range(MOST):  # straight between the kinks, so that a line through them is exact
        curve = np.interp(dense.numpy(), portrait.x, portrait.outputs[1][:, unit])
        assert curve == pytest.approx(output[:, unit], abs=1e-5)
    before = len(portrait.x)
    assert len(change(net, 0, bias=1e6).x) < before


# The picture of it


def test_cells_stand_apart_and_in_sight():
    for cfg in CFGS:
        _, portrait = make(Settings(cfg=cfg))
        frames = find_frames(portrait)
        assert len(frames) == sum(count_columns(portrait))
        low, high = frames[:, 0], frames[:, 2]
        assert (low >= 0).all()
        assert (high <= 1).all()
        apart = (low[:, None] >= high) | (low >= high[:, None])
        assert (apart.any(axis=2) | np.eye(len(frames), dtype=bool)).all()


def test_every_weight_has_a_line_coloured_by_sign_and_as_wide_as_it_is_large_in_its_layer():
    net, portrait = make()
    lines = find_lines(portrait)
    assert len(lines) == 8 + 64 + 64 + 8
    assert lines == expected_lines(portrait)
    assert {look.width for look in lines.values()} == {*WIDTHS}
    with torch.no_grad():
        net.features[2].weight.mul_(1000)  # all of a layer's: nothing changes but the curves
    assert find_lines(portray(net, X, Y)) == lines


def test_the_thinnest_quarter_is_left_out_only_where_it_is_crowded():
    five = make(Settings(cfg=(1, *(8,) * 5, 1)))[1]
    assert find_lines(five) == expected_lines(five)
    crowd = make(CROWD)[1]
    lines, every = find_lines(crowd), expected_lines(crowd)
    assert lines.items() < every.items()
    assert len(every) - len(lines) == 5 * 16  # of the ends' eight lines none
    sizes = [abs(weight).ravel() for weight in crowd.weights]
    kept = [sizes[0], *(np.sort(size)[16:] for size in sizes[1:-1]), sizes[-1]]
    widths = [0.75 * WIDTHS[min(int(4 * s / size.max()), 3)] for size in kept for s in size]
    assert sorted(look.width for look in lines.values()) == pytest.approx(sorted(widths))


def find_curves(portrait):
    """How high the points of each unit's curve stand in its cell, 0 to 1: (cells, points)."""
    shapes = [s for s in draw_network(VIEW, portrait) if s.look in (CURVE, LOOKS["prediction"])]
    assert [len(s.points) for s in shapes] == [sum(count_columns(portrait)[:-1]), 1]
    points, frames = np.concatenate([s.points for s in shapes]), find_frames(portrait)
    low, high = frames[:, None, 0], frames[:, None, 2]
    share = (points - low) / (high - low)
    span = portrait.x - portrait.x[0]
    assert share[..., 0] == pytest.approx(np.tile(span / span[-1], (len(share), 1)), abs=1e-6)
    return 1 - share[..., 1]


def test_a_curve_is_drawn_to_scale_from_0_and_a_dead_unit_is_flat_at_the_bottom():
    net, _ = make()
    bias = torch.tensor([-1e6, *(1.0,) * 7])
    portrait = change(net, 0, bias=bias)
    curves = (find_curves(portrait) - 0.08) / 0.84
    assert curves[1] == pytest.approx(0)
    for number in range(2, 9):  # the others of the first layer
        output = portrait.outputs[1][:, number - 1]
        assert curves[number] == pytest.approx(output / output.max(), abs=1e-5)
    assert curves[0] == pytest.approx((portrait.x + 10) / 20, abs=1e-5)
    faint = portrait.outputs[1].max() * FAINT / 10
    bias = torch.tensor([1.0, *(faint,) * 7])
    curves = (find_curves(change(net, 0, weight=0.0, bias=bias)) - 0.08) / 0.84
    assert curves[1] == pytest.approx(1)  # what is always on stands above 0
    assert curves[2] == pytest.approx(faint / FAINT, abs=1e-5)  # beside it next to nothing


def test_the_prediction_has_the_scale_of_the_data_and_stays_near_its_cell():
    net, _ = make()
    for prediction, height in ((0.0, 0.5), (-1.5, 0.0), (0.75, 0.75), (1e30, 1.1), (-1e30, -0.1)):
        portrait = change(net, 3, weight=0.0, bias=prediction)
        assert (find_curves(portrait)[-1] - 0.08) / 0.84 == pytest.approx(height, abs=0.01)


def test_a_chosen_unit_is_pointed_out_by_its_frame_and_its_curve():
    _, portrait = make(Settings(cfg=(1, 3, 8, 1)))
    shapes = draw_network(VIEW, portrait, (2, 5))
    curve, frame = (shape.points for shape in shapes if shape.look == CHOSEN)
    number = 1 + 3 + 5 - 1
    assert np.array_equal(frame[0, :4], find_frames(portrait)[number])
    plain = next(shape for shape in shapes if shape.look == CURVE)
    assert np.array_equal(curve[0], plain.points[number])


def test_the_lines_of_a_chosen_unit_are_all_there_and_stand_out():
    _, crowd = make(CROWD)
    every, lines = expected_lines(crowd), find_lines(crowd, (3, 2))
    frame = find_frames(crowd)[1 + 8 + 8 + 1]
    right, left = frame[1:3].mean(axis=0).round(6), frame[[0, 3]].mean(axis=0).round(6)
    own = [ends for ends in every if ends[:2] == (*right,) or ends[2:] == (*left,)]
    assert len(own) == 16
    for ends in own:
        assert lines.pop(ends) == every[ends]
    assert {look.opacity for look in lines.values()} == {DIMMED}


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf, 3e38, 0.0])
@pytest.mark.parametrize("part", ["weight", "bias"])
def test_weights_of_any_size_are_survived(value, part):
    network = Network()
    net, _ = make(CROWD)
    network.show(change(net, 0, **{part: value}), (1, 1))
    assert len(read(network.moving)) > 3
    network.show(change(net, 3, **{part: value}), (4, 8))
    assert len(read(network.moving)) > 3
    close_widget(network)


# On the page


@pytest.fixture
def network():
    made = Network()
    yield made
    close_widget(made)


def test_on_the_page_it_is_stretched_without_text_in_whole_pixels(network):
    assert network.still.value == network.moving.value == ""
    network.show(make()[1], (1, 2), 'units < "8"')
    still, moving = read(network.still), read(network.moving)
    for part, html in ((still, network.still), (moving, network.moving)):
        assert (part.get("viewBox"), part.get("preserveAspectRatio")) == ("0 0 1000 400", "none")
        assert "height: var(--sine-network)" in part.get("style")
        assert {child.tag for child in part.iter()} == {SVG + "svg", SVG + "path"}
        assert {child.get("vector-effect") for child in part} == {"non-scaling-stroke"}
        assert html.layout.grid_area == "1 / 1 / 2 / 2"  # one lies over the other
    assert still.get("aria-hidden") == "true"
    assert (moving.get("role"), moving.get("aria-label")) == ("img", 'units < "8"')


def test_what_is_shown_already_is_not_drawn_again(network, monkeypatch):
    drawn = []
    for name in ("draw_cells", "draw_network"):
        draw = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *given, name=name, draw=draw: drawn.append(name) or draw(*given)
        )

    def show(*arguments):
        drawn.clear()
        network.show(*arguments)
        return drawn

    net, portrait = make()
    assert show(portrait, (), "label") == ["draw_cells", "draw_network"]
    assert show(portrait, (), "label") == []
    assert show(portrait, (), "another") == []  # no more than the picture
    assert show(portray(net, X, Y), (), "another") == ["draw_network"]
    assert show(make(CROWD)[1], (), "another") == ["draw_cells", "draw_network"]
    assert "draw_network" in show(portrait, (1, 1), "another")
    assert "draw_network" in show(portrait, (1, 2), "another")
