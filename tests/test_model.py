"""Modules 2 and 3: cfg says exactly which network is built."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from helpers.guards import show
from helpers.model import Regressor, count_parameters, make_layers, parameter_table

DEEP = [1, 20, 50, 100, 500, 100, 50, 20, 1]


def test_equals_a_network_written_by_hand():
    torch.manual_seed(4)
    made = make_layers([1, 20, 50, 20, 1])
    torch.manual_seed(4)
    written = nn.Sequential(
        nn.Linear(1, 20), nn.ReLU(), nn.Linear(20, 50), nn.ReLU(),
        nn.Linear(50, 20), nn.ReLU(), nn.Linear(20, 1),
    )  # fmt: skip
    assert str(made) == str(written)
    for ours, theirs in zip(made.parameters(), written.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    x = torch.randn(9, 1)
    assert torch.equal(made(x), written(x))


@given(st.lists(st.integers(1, 40), min_size=2, max_size=8), st.booleans())
def test_any_good_cfg(cfg, as_tuple):
    net = make_layers(tuple(cfg) if as_tuple else cfg)
    kinds = [type(layer) for layer in net]
    assert kinds == [nn.Linear, nn.ReLU] * (len(cfg) - 2) + [nn.Linear]
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]
    widths = [(layer.in_features, layer.out_features) for layer in linear]
    assert widths == list(pairwise(cfg))
    assert net(torch.zeros(3, cfg[0])).shape == (3, cfg[-1])
    expected = sum(a * b + b for a, b in pairwise(cfg))
    assert count_parameters(net) == expected
    table = parameter_table(Regressor(net))
    assert [row.layer for row in table] == list(range(1, len(cfg)))
    assert [row.weight for row in table] == [(b, a) for a, b in widths]
    assert [row.bias for row in table] == [(b,) for _, b in widths]
    assert sum(row.count for row in table) == expected


bad_width = st.one_of(
    st.integers(max_value=0), st.booleans(), st.floats(), st.none(), st.text(), st.just([2])
)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), bad_width, st.data())
def test_any_bad_width_is_named_with_its_place(cfg, bad, data):
    place = data.draw(st.integers(0, len(cfg)))
    cfg.insert(place, bad)
    with pytest.raises((TypeError, ValueError)) as caught:
        make_layers(cfg)
    assert str(caught.value).startswith(f"cfg[{place}] must be ")
    assert str(caught.value).endswith(f", got {show(bad)}")


@pytest.mark.parametrize(
    ("error", "cfg", "message"),
    [
        (ValueError, [], r"cfg must hold at least two widths \(input and output\), got \[\]"),
        (ValueError, [1], r"at least two widths \(input and output\), got \[1\]"),
        (TypeError, "1,20,1", "cfg must be a list or tuple such as .* got '1,20,1'"),
        (TypeError, 20, "got 20"),
        (TypeError, None, "got None"),
        (TypeError, {1: 20}, "got {1: 20}"),
        (TypeError, torch.tensor([1, 2]), "got tensor"),
        (ValueError, [1, 0, 1], r"cfg\[1\] must be at least 1, got 0$"),
        (ValueError, [1, 20, -1], r"cfg\[2\] must be at least 1, got -1"),
        (TypeError, [1, True, 1], r"cfg\[1\] must be a whole number of at least 1, got True"),
        (TypeError, [1, 20.0, 1], r"cfg\[1\] must be a whole .* got 20.0"),
        (TypeError, [1, math.nan, 1], "got nan"),
    ],
)
def test_bad_cfg(error, cfg, message):
    with pytest.raises(error, match=message) as caught:
        make_layers(cfg)
    assert "\n" not in str(caught.value)


def test_numpys_whole_numbers_are_widths():
    net = make_layers([np.int64(1), np.uint8(6), np.int32(2)])
    assert str(net) == str(make_layers([1, 6, 2]))


@pytest.mark.parametrize(
    "activation", [nn.ReLU(), "ReLU", None, 3, torch.relu, torch.ones, nn.Linear, dict]
)
def test_bad_activation(activation):
    with pytest.raises(TypeError, match="activation must be a class such as") as caught:
        make_layers([1, 2, 1], activation)
    assert show(activation) in str(caught.value)


def test_the_last_layer_is_bare_so_it_reaches_negative_values():
    for activation in (nn.ReLU, nn.Tanh, lambda: nn.LeakyReLU(0.2)):
        net = make_layers([1, 6, 6, 2], activation)
        assert isinstance(net[-1], nn.Linear)
        with torch.no_grad():
            net[-1].bias.fill_(-50.0)
        assert (net(torch.zeros(1, 1)) < -1.5).all()
    slopes = [m.negative_slope for m in net if isinstance(m, nn.LeakyReLU)]
    assert slopes == [0.2, 0.2]


def test_each_hidden_layer_gets_an_activation_of_its_own():
    net = make_layers([1, 2, 2, 1], nn.PReLU)
    assert net[1] is not net[3]
    assert sum(isinstance(m, nn.PReLU) for m in net) == 2


def test_article_a12_parameter_shapes():
    net = Regressor(make_layers(DEEP))
    assert len(list(net.parameters())) / 2 == 8
    table = parameter_table(net)
    assert [(row.weight, row.bias) for row in table] == [
        ((20, 1), (20,)), ((50, 20), (50,)), ((100, 50), (100,)), ((500, 100), (500,)),
        ((100, 500), (100,)), ((50, 100), (50,)), ((20, 50), (20,)), ((1, 20), (1,)),
    ]  # fmt: skip
    assert count_parameters(net) == 112_881
    assert count_parameters(make_layers([1, 20, 50, 20, 1])) == 2131


def test_table_of_layers_without_bias_or_with_neither():
    net = nn.Sequential(nn.Linear(3, 2, bias=False), nn.ReLU(), nn.PReLU(), nn.Conv1d(1, 4, 3))
    assert [tuple(row) for row in parameter_table(net)] == [
        (1, (2, 3), (), 6),
        (2, (1,), (), 1),
        (3, (4, 1, 3), (4,), 16),
    ]


def test_regressor_only_hands_its_input_through():
    layers = make_layers([1, 5, 1])
    net = Regressor(layers)
    x = torch.randn(4, 1)
    assert torch.equal(net(x), layers(x))
    assert list(net.state_dict()) == [f"features.{name}" for name in layers.state_dict()]


@pytest.mark.parametrize("features", [[1, 20, 1], None, nn.ReLU])
def test_regressor_refuses_what_is_no_module(features):
    with pytest.raises(TypeError, match=r"features must be a module such as make_layers\(cfg\)"):
        Regressor(features)
