"""What a network computes inside."""

import copy
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from helpers.data import get_fake_data
from helpers.model import Regressor, make_layers
from helpers.probe import (
    count_crossings,
    fit_pieces,
    gradient_norms,
    hidden_outputs,
    kinks,
    largest_curvature,
    silent_layer,
    unit_effect,
)

X = torch.linspace(-10, 10, 50).unsqueeze(1)


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.Identity])
def test_hidden_outputs_lead_to_the_prediction(activation):
    torch.manual_seed(0)
    net = Regressor(make_layers([1, 5, 7, 1], activation))
    first, second = hidden_outputs(net, X)
    linear = net.features
    assert torch.equal(first, activation()(linear[0](X)))
    assert torch.equal(second, activation()(linear[2](first)))
    assert torch.equal(linear[4](second), net(X))
    assert not second.requires_grad
    assert all(map(torch.equal, (first, second), hidden_outputs(net.features, X)))


def test_no_hidden_layer_no_outputs():
    net = make_layers([1, 1])
    assert hidden_outputs(net, X) == []
    assert silent_layer(net, X) is None


def test_a_hidden_layer_hands_on_what_enters_the_next_linear_layer():
    layers = [nn.Linear(1, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 3)]
    net = Regressor(nn.Sequential(*layers, nn.ReLU(), nn.Dropout(0.5), nn.Linear(3, 1)))
    entered = []
    for layer in (net.features[4], net.features[7]):
        layer.register_forward_pre_hook(lambda _, inputs: entered.append(inputs[0]))
    for mode in (True, False):  # Dropout draws in the first, and is off in the second
        net.train(mode)
        entered.clear()
        torch.manual_seed(0)
        net(X)
        torch.manual_seed(0)
        outputs = hidden_outputs(net, X)
        assert len(outputs) == 2
        assert all(map(torch.equal, outputs, entered))
        assert net.training == mode
    assert hidden_outputs(nn.Sequential(nn.Flatten(), nn.Linear(1, 2), nn.Linear(2, 1)), X)[0].any()


def test_the_number_of_a_silent_layer_counts_linear_layers():
    layers = [nn.Linear(1, 5), nn.ReLU(), nn.Dropout(0.1), nn.Linear(5, 3), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Dropout(0.1), nn.Linear(3, 1)).eval()
    with torch.no_grad():
        net[0].bias.fill_(1)
        net[3].weight.fill_(0)
        net[3].bias.fill_(-1)
    assert silent_layer(net, X) == 2


@pytest.mark.parametrize("dead", [1, 2, 3])
def test_silent_layer_is_the_first_that_hands_on_nothing(dead):
    torch.manual_seed(0)
    net = Regressor(make_layers([1, 8, 8, 8, 1]))
    assert silent_layer(net, X) is None
    with torch.no_grad():
        layer = net.features[2 * (dead - 1)]
        layer.weight.fill_(0)
        layer.bias.fill_(-1)
        assert silent_layer(net, X) == dead
        layer.bias[3] = 0.1
        assert silent_layer(net, X) is None


def test_what_a_unit_adds_in_a_network_done_by_hand():
    net = make_layers([1, 2, 1, 1])  # 5 relu(2 relu(x) + 3 relu(-x) - 1) + 7
    numbers = ([[1], [-1]], [0, 0]), ([[2, 3]], [-1]), ([[5]], [7])
    with torch.no_grad():
        for layer, (weight, bias) in zip(net[::2], numbers, strict=True):
            layer.weight.copy_(torch.tensor(weight))
            layer.bias.copy_(torch.tensor(bias))
    x = torch.tensor([[-2.0], [0.25], [2.0]])
    truth = {(1, 1): ([0, 0.25, 2], [0, 0, 15]), (1, 2): ([2, 0, 0], [25, 0, 0])}
    truth[2, 1] = ([5, 0, 3], [25, 0, 15])
    for (layer, unit), (output, effect) in truth.items():
        found = unit_effect(net, layer, unit, x)
        assert found[0].tolist() == output
        assert found[1].tolist() == [[value] for value in effect]


@pytest.mark.parametrize("layer", [1, 2])
def test_what_a_unit_adds_is_what_is_lost_when_its_weights_out_are_zero(layer):
    torch.manual_seed(0)
    net = Regressor(make_layers([1, 5, 7, 1], nn.Tanh))
    before = net(X)
    output, effect = unit_effect(net, layer, 3, X)
    assert torch.equal(output, hidden_outputs(net, X)[layer - 1][:, 2])
    assert torch.equal(net(X), before)  # the network is left as it was
    assert not effect.requires_grad
    with torch.no_grad():
        net.features[2 * layer].weight[:, 2] = 0
    assert torch.allclose(effect, before - net(X), atol=1e-6)
    assert effect.abs().max() > 1e-3


@pytest.mark.parametrize(
    ("layer", "unit", "told"),
    [
        (3, 1, "layer must be from 1 to 2, got 3"),
        (0, 1, "layer must be from 1 to 2, got 0"),
        (2, 8, "unit must be from 1 to 7, got 8"),
        (1, 0, "unit must be from 1 to 5, got 0"),
    ],
)
def test_a_unit_that_is_not_there(layer, unit, told):
    with pytest.raises(ValueError, match=f"^{told}$"):
        unit_effect(Regressor(make_layers([1, 5, 7, 1])), layer, unit, X)


def test_gradient_norms_measure_each_linear_layer():
    torch.manual_seed(0)
    net = Regressor(make_layers([1, 5, 7, 1]))
    assert gradient_norms(net) == [None, None, None]
    net(X).sum().backward()
    norms = gradient_norms(net)
    truth = [(net.features[i].weight.grad ** 2).sum().sqrt().item() for i in (0, 2, 4)]
    assert norms == pytest.approx(truth, rel=1e-6)
    assert norms == gradient_norms(net.features)
    assert all(type(norm) is float and norm > 0 for norm in norms)
    net.zero_grad()
    assert gradient_norms(net) == [None, None, None]


def test_a_gradient_of_zero_is_zero_and_a_frozen_layer_has_none():
    net = make_net([[1], [1]], [-99, -99], [[1, 1]], [0])
    net(X.double()).sum().backward()
    assert gradient_norms(net) == [0, 0]
    net[0].weight.grad = None
    assert gradient_norms(net) == [None, 0]


def test_gradients_are_measured_off_a_device_without_float64():
    class Device(torch.Tensor):
        """Holds float32 alone until it is on the CPU, as mps does."""

        def cpu(self):
            return self.as_subclass(torch.Tensor)

        def double(self):
            raise TypeError("this device has no float64")

    net = nn.Linear(1, 1)
    net.weight.grad = torch.tensor([[3.0]]).as_subclass(Device)
    assert gradient_norms(net) == [3.0]


def make_net(*weights_and_biases):
    """A ReLU network from nested lists: weight, bias, weight, bias, ..."""
    layers = []
    for weight, bias in zip(weights_and_biases[::2], weights_and_biases[1::2], strict=True):
        linear = nn.Linear(len(weight[0]), len(weight)).double()
        linear.weight.data = torch.tensor(weight, dtype=torch.float64)
        linear.bias.data = torch.tensor(bias, dtype=torch.float64)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def make_random(widths, seed):
    """A network whose units cross zero all over the interval, as trained ones do."""
    generator = torch.Generator().manual_seed(seed)
    net = make_layers([1, *widths, 1])
    with torch.no_grad():
        for layer in net[::2]:
            layer.weight.normal_(0, (2 / layer.in_features) ** 0.5, generator=generator)
            layer.bias.normal_(0, 2, generator=generator)
    return net


def slopes(net, x):
    """The output's slope at each x, in float64, by backward."""
    x = torch.tensor(x, dtype=torch.float64).reshape(-1, 1).requires_grad_()
    return torch.autograd.grad(copy.deepcopy(net).double()(x).sum(), x)[0].numpy().ravel()


def outputs(net, x):
    with torch.no_grad():
        net = copy.deepcopy(net).double()
        return net(torch.tensor(x, dtype=torch.float64).reshape(-1, 1)).numpy().ravel()


def active_units(net, x):
    """For each hidden layer: which units are on at each x."""
    x = torch.tensor(x, dtype=torch.float64).reshape(-1, 1)
    return [h.numpy() > 0 for h in hidden_outputs(copy.deepcopy(net).double(), x)]


def assert_kinks_are_right(net, low, high, scan=0):
    """Hold `kinks` to what the network itself says; return all of them in one sorted array."""
    found = kinks(net, low, high)
    for xs in found:
        assert xs.dtype == np.float64
        assert np.all(np.diff(xs) > 0)
        assert np.all((low < xs) & (xs < high))
    every = np.sort(np.concatenate(found))
    ends = np.array([low, *every, high])
    width = np.diff(ends)
    # straight between neighbours: one slope, and every output on the line through the ends
    share = np.linspace(0.02, 0.98, 9) ** 1.01  # no round x, where units of round weights cross
    inside = ends[:-1, None] + width[:, None] * share
    slope = slopes(net, inside).reshape(inside.shape)
    steepest = abs(slope).max()
    np.testing.assert_allclose(slope, slope[:, [4]] * np.ones(9), rtol=0, atol=1e-9 * steepest)
    at_ends, at_inside = outputs(net, ends), outputs(net, inside).reshape(inside.shape)
    line = at_ends[:-1, None] * (1 - share) + at_ends[1:, None] * share
    largest = 1 + abs(at_ends).max() + steepest * (high - low)
    np.testing.assert_allclose(at_inside, line, rtol=0, atol=1e-11 * largest)
    # every kink is a bend, and one that its own layer makes
    assert np.all(abs(np.diff(slope[:, 4])) > 1e-13 * steepest)
    before = active_units(net, every - 1e-3 * width[:-1])
    after = active_units(net, every + 1e-3 * width[1:])
    for xs, off, on in zip(found, before, after, strict=True):
        place = np.searchsorted(every, xs)
        assert np.all((off[place] != on[place]).any(axis=1))
    if scan:  # and none was missed
        x = np.linspace(low, high, scan)
        bend = abs(np.diff(outputs(net, x), 2))
        rounding = 1e-13 * largest
        seen = x[1:-1][bend > rounding]
        step = x[1] - x[0]
        distance = abs(seen[:, None] - every[None, :]).min(axis=1, initial=np.inf)
        assert np.all(distance <= step * (1 + 1e-6))
        jump = abs(np.diff(slope[:, 4]))
        lone = np.minimum(width[:-1], width[1:]) > 3 * step
        clear = every[lone & (jump * step > 4 * rounding)]
        assert all(abs(seen - kink).min(initial=np.inf) <= step * (1 + 1e-6) for kink in clear)
    return every


ABS = ([[1], [-1]], [0, 0], [[1, 1]], [0])
THREE = ([[1], [1], [1]], [1, 0, -1])
HAT = [[1, -2, 1]]  # of three ramps, a hat of height 1
LARGE = ([[1e6], [1e6], [1e6], [1]], [1e5, 1e5, 1e5, 0])
RAMPS = ([[1], [-1]], [0, 0])  # max(x, 0) and max(-x, 0)


@pytest.mark.parametrize(
    ("net", "truth"),
    [
        (make_net([[3]], [1]), []),
        (make_net(*ABS), [[0]]),
        (make_net(*THREE, HAT, [0]), [[-1, 0, 1]]),
        (make_net([[1], [2]], [-3, 1], [[1, 0]], [0]), [[3]]),  # the second is not listened to
        (make_net([[1], [1]], [-3, 2], [[1, -1]], [0]), [[-2, 3]]),
        (make_net([[1], [3]], [-1, -3], [[3, -1]], [0]), [[]]),  # two changes that cancel
        (make_net([[3], [0.3]], [-1, -0.1], [[0.1, -1]], [0]), [[]]),  # but for rounding
        (make_net([[3], [0.3]], [-1, -0.1], [[1, 1]], [0]), [[1 / 3]]),  # one x but for rounding
        (make_net(*RAMPS, [[1, -1], [1, 1]], [-4, 1], [[1, 0]], [0]), [[], [4]]),  # |x| not used
        (make_net(*RAMPS, [[1, 1]], [-2], [[1]], [0]), [[], [-2, 2]]),  # 0 is under water
        (make_net(*RAMPS, [[1, 1], [1, 1]], [-2, 5], [[1, 1]], [0]), [[0], [-2, 2]]),
        (make_net(*RAMPS, [[1, 1]], [-99], [[1]], [0]), [[], []]),  # a dead unit behind
        (make_net(*RAMPS, [[1, 1]], [0], [[1]], [0]), [[0], []]),  # touches zero at a kink
        (make_net(*THREE, HAT, [0], [[1]], [0]), [[-1, 0, 1], []]),  # rests at zero outside
        (make_net(*THREE, [[-1, 2, -1]], [0], [[1]], [0]), [[], []]),
        (make_net(*THREE, HAT, [-0.5], [[1]], [0]), [[0], [-0.5, 0.5]]),
        # layers 1 and 2 bend at 0: once in the list, for the layer in front
        (make_net(*RAMPS, [[1, -1], [0, 1]], [0, 0], [[1, 1]], [0]), [[0], []]),
        # layer 1's own two bends cancel, layer 2's does not
        (make_net(*RAMPS, [[1, -1], [1, -1]], [0, 9], [[1, 1]], [0]), [[], [0]]),
        # layer 2 crosses where layer 1 bends, but for rounding
        (
            make_net(
                *([[1], [1], [1]], [10, 9.3, -0.1]),
                *([[0.1, 1.7, 0], [0, 0, 1]], [-0.1 * 10.1 - 1.7 * 9.4, 0]),
                *([[1, 1]], [0]),
            ),
            [[0.1], []],
        ),
        # two units of layer 2 cross at one x, but for rounding
        (
            make_net(
                *([[1], [1]], [10, 9.3]),
                *([[0.1, 1.7], [0.3, 5.1]], [-0.1 * 10.1 - 1.7 * 9.4, -0.3 * 10.1 - 5.1 * 9.4]),
                *([[1, 1]], [0]),
            ),
            [[], [0.1]],
        ),
        (make_net([[1], [1]], [0, -1e-9], [[1, 1]], [0]), [[0, 1e-9]]),  # two, close together
        # a weight that decayed to nothing beside one that did not
        (make_net([[1], [1]], [-1, 0], [[1e-30, 1]], [0]), [[0]]),
        (make_net([[1], [1]], [-1, 0], [[1e-30, 2e-30]], [0]), [[0, 1]]),
        # large terms that cancel leave rounding, not bends
        (
            make_net(
                *([[1], [1]], [0, 9]),
                *([[0.7, 0], [0, 0.1], [0, 1]], [0, -0.9, 0]),
                *([[7e5, -4.9e6, 1]], [0]),
            ),
            [[], []],
        ),
        (make_net(*LARGE, [[0.1, 0.2, -0.3, 1]], [0]), [[0]]),
        (
            make_net(
                *([[1], [1]], [5, 0]),
                *([[0.1, 0], [0.03, 0], [0.021, 0], [0, 1]], [1, 1, 1, 0]),
                *([[1e6, 1e7 / 3, -2e7 / 2.1, 1]], [0]),
            ),
            [[0], []],
        ),
        # and hide no bend elsewhere
        (make_net([[1], [1], [1]], [5, 5, 0], [[1e13, -1e13, 1]], [0]), [[0]]),
        (make_net(*LARGE, [[0.1, 0.2, -0.3, 0], [0, 0, 0, 1]], [0, 0], [[1, 1]], [0]), [[0], []]),
    ],
)
def test_kinks_of_networks_done_by_hand(net, truth):
    found = kinks(net, -8, 9)
    assert len(found) == len(truth)
    for xs, expected in zip(found, truth, strict=True):
        np.testing.assert_allclose(xs, expected, rtol=0, atol=1e-14)


def test_a_kink_at_an_end_is_outside():
    net = make_net(*THREE, HAT, [0])
    assert [xs.tolist() for xs in kinks(net, -1, 1)] == [[0]]
    assert [xs.tolist() for xs in kinks(net, 0, 5)] == [[1]]
    assert [xs.tolist() for xs in kinks(net, 1, 5)] == [[]]
    assert [xs.tolist() for xs in kinks(net, -1.5, 0.5)] == [[-1, 0]]
    net = make_net([[1], [1]], [-0.1, 0.1], [[1, 1]], [0])
    assert [xs.tolist() for xs in kinks(net, -0.1, 0.1)] == [[]]
    assert len(kinks(net, -0.11, 0.11)[0]) == 2


def test_kinks_of_a_regressor_without_biases():
    net = Regressor(nn.Sequential(nn.Linear(1, 4, bias=False), nn.ReLU(), nn.Linear(4, 1)))
    assert [xs.tolist() for xs in kinks(net, -3, 5)] == [[0]]


def find_kinks_exactly(net, low, high):
    """The same question in fractions, from outputs: no rounding, no slopes, no layers."""
    edges = [Fraction(low), Fraction(high)]

    def forward(x, depth):
        h = [x]
        for place, layer in enumerate(net[: 2 * depth + 1 : 2]):
            h = [max(z, Fraction(0)) for z in h] if place else h
            rows = zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
            h = [sum(int(w) * a for w, a in zip(row, h, strict=True)) + int(b) for row, b in rows]
        return h

    for depth in range(len(net) // 2):
        at = [forward(x, depth) for x in edges]
        crossings = {
            left + (right - left) * a / (a - b)
            for (left, right), (za, zb) in zip(pairwise(edges), pairwise(at), strict=True)
            for a, b in zip(za, zb, strict=True)
            if a * b < 0
        }
        edges = sorted({*edges, *crossings})
    y = [forward(x, len(net) // 2)[0] for x in edges]
    slope = [(d - c) / (b - a) for (a, b), (c, d) in zip(pairwise(edges), pairwise(y), strict=True)]
    return [x for x, (a, b) in zip(edges[1:-1], pairwise(slope), strict=True) if a != b]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 4), max_size=4), st.integers(0, 2**32))
def test_kinks_of_small_whole_numbers_are_exact(widths, seed):
    """Crossings that coincide, cancel, touch or rest at zero are the rule here."""
    generator = torch.Generator().manual_seed(seed)
    net = make_layers([1, *widths, 1])
    for layer in net[::2]:
        for parameter in layer.parameters():
            parameter.data = torch.randint(-2, 3, parameter.shape, generator=generator).float()
    truth = find_kinks_exactly(net, -6, 7)
    every = assert_kinks_are_right(net, -6, 7) if widths else np.array(kinks(net, -6, 7))
    assert len(every) == len(truth)
    np.testing.assert_allclose(every, np.array(truth, dtype=float), rtol=0, atol=1e-13)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=4), st.integers(0, 2**32))
def test_kinks_of_random_networks(widths, seed):
    assert_kinks_are_right(make_random(widths, seed), -10, 7)


@pytest.mark.parametrize("widths", [[20], [20, 20], [8, 8, 8], [20, 50, 20], [6] * 6])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_dense_scan_sees_the_same_bends(widths, seed):
    every = assert_kinks_are_right(make_random(widths, seed), -10, 7, scan=200_001)
    assert len(every) > 3


@pytest.mark.parametrize("cfg", [[1, 20, 50, 20, 1], [1, 20, 50, 100, 500, 100, 50, 20, 1]])
def test_kinks_before_and_after_training(cfg):
    torch.manual_seed(0)
    net = Regressor(make_layers(cfg))
    x, y = get_fake_data(300, seed=0)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    for epochs in (0, 300 if len(cfg) == 5 else 20):
        for _ in range(epochs):
            optimizer.zero_grad()
            nn.functional.mse_loss(net(x), y).backward()
            optimizer.step()
        every = assert_kinks_are_right(net, -10, 10, scan=200_001 if len(cfg) == 5 else 0)
        assert len(every) > 50


def test_crossings_are_not_kinks():
    net = make_random([20, 20, 20], 0)
    with torch.no_grad():
        net[4].bias.fill_(-1e6)
    signs = active_units(net, np.linspace(-10, 10, 1000))
    assert sum(int((on[1:] != on[:-1]).sum()) for on in signs) > 20
    assert [len(xs) for xs in kinks(net, -10, 10)] == [0, 0, 0]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_kinks_leave_no_trace(dtype):
    net = Regressor(make_random([8, 8], 1)).to(dtype).train()
    net(X.to(dtype)).sum().backward()
    net.features[0].weight.requires_grad_(False)
    before, gradients = copy.deepcopy(net), [p.grad.clone() for p in net.parameters()]
    random = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    found = kinks(net, -10, 10)
    assert torch.equal(random[0], torch.get_rng_state())
    assert np.array_equal(random[1], np.random.get_state()[1])  # noqa: NPY002
    assert net.training
    parameters = zip(net.parameters(), before.parameters(), gradients, strict=True)
    for now, then, gradient in parameters:
        assert now.dtype == dtype
        assert torch.equal(now, then)
        assert torch.equal(now.grad, gradient)
        assert now.requires_grad == then.requires_grad
    again = kinks(copy.deepcopy(net).double(), -10, 10)  # the same numbers, whatever holds them
    assert all(map(np.array_equal, found, again))
    assert sum(map(len, found)) > 3


@pytest.mark.parametrize("power", [100, -100, 30, 700, -250])
def test_kinks_stay_where_they_are_when_weights_grow_or_shrink(power):
    """A ReLU of c * z is c * (the ReLU of z): layers may be scaled without moving a kink."""
    net = make_random([20, 20, 20, 20, 20], 0).double()
    for layer in net[2::2]:
        layer.bias.data.zero_()
    expected = kinks(net, -10, 7)
    assert sum(map(len, expected)) > 30
    for layer in net[::2]:
        layer.weight.data *= 2.0**power
    net[0].bias.data *= 2.0**power
    assert all(map(np.array_equal, kinks(net, -10, 7), expected))


def test_kinks_of_float32_weights_near_its_largest():
    net = make_random([20] * 8, 1)
    for layer in net[2::2]:
        layer.bias.data.zero_()
    expected = kinks(net, -10, 7)
    for parameter in net.parameters():
        parameter.data *= 2.0**120  # about 1e36
    assert all(map(np.array_equal, kinks(net, -10, 7), expected))


def test_a_bias_that_is_small_beside_large_weights_counts():
    huge = 2.0**110
    net = make_net([[huge], [-huge]], [huge, huge], [[1, 1], [1, 0]], [-4 * huge, 0], [[1, 1]], [0])
    np.testing.assert_allclose(np.concatenate(kinks(net, -8, 9)), [-1, -3, 3])
    net = make_net([[huge]], [0], [[huge], [huge]], [0, -(huge**2)], [[1, 1]], [0])
    assert [xs.tolist() for xs in kinks(net, -8, 9)] == [[0], [1]]
    net = make_net([[1e-30], [1e-30]], [-1e-30, 2e-30], [[1, 3]], [1e300])
    np.testing.assert_allclose(kinks(net, -8, 9), [[-2, 1]])


@pytest.mark.parametrize("widths", [[20], [20, 50, 20], [8, 8, 8, 8]])
def test_crossings_are_about_the_edges_that_kinks_looks_at(widths):
    net = make_random(widths, 0)
    x = np.linspace(-10, 10, 20_001)
    on = active_units(net, x)
    expected = sum(int((signs[1:] != signs[:-1]).sum()) for signs in on)
    assert count_crossings(net, x) == expected
    assert 0.7 * expected < count_crossings(net, x[::200]) <= expected
    assert count_crossings(make_layers([1, 1]), x) == 0
    with pytest.raises(TypeError, match="got Tanh"):
        count_crossings(make_layers([1, 3, 1], nn.Tanh), x)


def spoil(value):
    net = make_layers([1, 3, 1])
    net[2].bias.data.fill_(value)
    return net


@pytest.mark.parametrize(
    ("net", "low", "high", "error", "message"),
    [
        (make_layers([1, 3, 1], nn.Tanh), -1, 1, TypeError, "got Tanh as module 1"),
        (Regressor(make_layers([1, 3, 1], nn.LeakyReLU)), -1, 1, TypeError, "got LeakyReLU as"),
        (make_layers([1, 3, 1], nn.Identity), -1, 1, TypeError, "got Identity as module 1"),
        (
            nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1)),
            -1,
            1,
            TypeError,
            "got Linear as module 1",
        ),
        (make_layers([1, 3, 1])[:2], -1, 1, TypeError, "got no Linear at the end"),
        (nn.Sequential(), -1, 1, TypeError, "got no Linear at the end"),
        (torch.sin, -1, 1, TypeError, "as module 0"),
        (make_layers([2, 3, 1]), -1, 1, ValueError, "1 input to 1 output, got 2 to 1"),
        (make_layers([1, 3, 2]), -1, 1, ValueError, "1 input to 1 output, got 1 to 2"),
        (spoil(float("nan")), -1, 1, ValueError, "got nan or inf in Linear 2"),
        (spoil(float("inf")), -1, 1, ValueError, "got nan or inf in Linear 2"),
        (
            make_net([[1e-60]], [1], [[1e-60]], [1e-60], [[1e-60]], [1], [[1]], [0]),
            -1,
            1,
            ValueError,
            "got biases in Linear 3 that are 1e150 times",
        ),
        (
            make_net([[1e-300]], [1e300], [[1]], [0]),
            -1,
            1,
            ValueError,
            "got biases in Linear 1 that are 1e150 times",
        ),
        (
            make_layers([1, 3, 1]),
            1,
            1,
            ValueError,
            "between -1e100 and 1e100, got low=1, high=1",
        ),
        (make_layers([1, 3, 1]), 2, 1, ValueError, "got low=2, high=1"),
        (make_layers([1, 3, 1]), float("nan"), 1, ValueError, "got low=nan, high=1"),
        (make_layers([1, 3, 1]), 0, float("inf"), ValueError, "got low=0, high=inf"),
        (make_layers([1, 3, 1]), -1e200, 1, ValueError, "got low=-1e\\+200, high=1"),
    ],
)
def test_kinks_refuse_in_one_line(net, low, high, error, message):
    with pytest.raises(error, match=message) as caught:
        kinks(net, low, high)
    assert "\n" not in str(caught.value)


def test_largest_curvature_is_that_of_the_matrix_of_second_derivatives():
    x, y = get_fake_data(50)
    for loss_func in (nn.MSELoss(), nn.HuberLoss(delta=0.3)):
        for cfg, seed in (([1, 1], 0), ([1, 4, 1], 1), ([1, 5, 3, 1], 2)):
            torch.manual_seed(seed)
            net = make_layers(cfg, nn.Tanh)
            names = [name for name, _ in net.named_parameters()]

            def loss_at(*values, net=net, names=names, loss_func=loss_func):
                state = dict(zip(names, values, strict=True))
                return loss_func(torch.func.functional_call(net, state, (x,)), y)

            blocks = torch.autograd.functional.hessian(loss_at, tuple(net.parameters()))
            sizes = [parameter.numel() for parameter in net.parameters()]
            matrix = torch.cat(
                [
                    torch.cat([b.reshape(m, n) for b, n in zip(row, sizes, strict=True)], dim=1)
                    for row, m in zip(blocks, sizes, strict=True)
                ]
            )
            values = torch.linalg.eigvalsh(matrix)
            right = values[values.abs().argmax()].item()
            assert largest_curvature(net, x, y, loss_func, 200) == pytest.approx(right, rel=1e-3)
            assert all(parameter.grad is None for parameter in net.parameters())


def test_the_largest_curvature_of_a_network_in_float64():
    torch.manual_seed(0)
    net = make_layers([1, 5, 3, 1], nn.Tanh)
    x, y = get_fake_data(50)
    single = largest_curvature(net, x, y, nn.MSELoss(), 200)
    double = largest_curvature(net.double(), x.double(), y.double(), nn.MSELoss(), 200)
    assert double == pytest.approx(single, rel=1e-4)


def test_a_loss_without_curvature():
    x, y = get_fake_data(50)
    assert largest_curvature(nn.Linear(1, 1), x, y, nn.L1Loss()) == 0
    assert largest_curvature(nn.Linear(1, 1), x, y + 100, nn.HuberLoss()) == 0


LOSSES = [nn.MSELoss(), nn.L1Loss(), nn.HuberLoss(delta=0.3)]


@pytest.mark.parametrize("loss_func", LOSSES, ids=str)
def test_no_change_of_its_corners_lowers_the_loss_of_a_fitted_curve(loss_func):
    x, y = get_fake_data(61, noise=0.1, seed=0)
    y[38] = 6
    curve = fit_pieces(x, y, loss_func)
    assert curve.shape == y.shape
    assert curve.dtype == y.dtype
    corners = torch.linspace(-10, 10, 15)
    tents = (1 - (x - corners).abs() / (20 / 14)).clamp(min=0)  # (61, 15)
    best = loss_func(curve, y)
    for tent in tents.T:
        for step in (-0.01, 0.01):
            assert loss_func(curve + step * tent.unsqueeze(1), y) > best


@pytest.mark.parametrize("loss_func", LOSSES, ids=str)
def test_a_curve_that_fits_exactly_is_found(loss_func):
    x = torch.linspace(-10, 10, 57).unsqueeze(1)
    y = (x - x[20]).abs()  # its kink at a corner
    assert torch.allclose(fit_pieces(x, y, loss_func), y, atol=1e-4)


def test_only_the_mean_squared_error_gives_in_to_one_point_without_a_limit():
    x, y = get_fake_data(61, noise=0.1, seed=0)
    lifts = {}
    for loss_func in LOSSES:
        for distance in (3, 6):
            moved = y.clone()
            moved[38] += distance
            change = fit_pieces(x, moved, loss_func) - fit_pieces(x, y, loss_func)
            lifts[loss_func, distance] = change[38].item()
    square, size, huber = LOSSES
    assert lifts[square, 6] == pytest.approx(2 * lifts[square, 3], rel=1e-3)
    assert lifts[size, 6] == pytest.approx(lifts[size, 3], abs=1e-3)
    assert lifts[huber, 6] == pytest.approx(lifts[huber, 3], abs=1e-3)


def test_a_corner_without_a_point_does_no_harm():
    x = torch.tensor([[0.0], [1.0], [10.0]])
    curve = fit_pieces(x, x.clone(), nn.MSELoss())
    assert torch.allclose(curve, x, atol=1e-3)
