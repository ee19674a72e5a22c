"""What a network computes inside."""

import pytest
import torch
from torch import nn

from helpers.model import Regressor, make_layers
from helpers.probe import hidden_outputs, silent_layer

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
