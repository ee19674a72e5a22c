"""Settings refuse what cannot be trained; an experiment trains like the plain program it writes."""

import contextlib
import io
import itertools
import math
import pickle
import threading
from dataclasses import replace

import pytest
import torch
from torch import nn, optim

from helpers.data import FUNCTIONS, get_fake_data
from helpers.experiment import ACTIVATIONS, OPTIMIZERS, Experiment, Settings
from helpers.model import Regressor, make_layers
from helpers.training import Diverged, train

SMALL = Settings(cfg=(1, 8, 6, 1))


def same_weights(net, other):
    return all(torch.equal(a, b) for a, b in zip(net.parameters(), other.parameters(), strict=True))


def plain_net(settings):
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        activation = getattr(nn, ACTIVATIONS[settings.activation])
        return Regressor(make_layers(list(settings.cfg), activation))


def losses(experiment, n):
    return [experiment.advance().loss for _ in range(n)]


# Settings


def test_settings_are_frozen_hashable_picklable_and_keep_cfg_as_a_tuple():
    settings = Settings(cfg=[1, 20, 1])
    assert settings.cfg == (1, 20, 1)
    assert settings == Settings(cfg=(1, 20, 1))
    assert len({settings, Settings(cfg=(1, 20, 1)), Settings()}) == 2
    assert pickle.loads(pickle.dumps(settings)) == settings
    with pytest.raises(AttributeError):
        settings.lr = 1.0


def test_the_defaults_are_the_articles():
    settings = Settings()
    assert settings.cfg == (1, 20, 50, 20, 1)
    assert (settings.lr, settings.optimizer, settings.activation) == (5e-2, "SGD", "ReLU")
    assert (settings.function, settings.noise, settings.seed) == ("sine", 0.0, 0)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"cfg": (1,)}, ValueError, "cfg must hold at least two widths"),
        ({"cfg": (1, 0, 1)}, ValueError, r"cfg\[1\] must be at least 1, got 0"),
        ({"cfg": (1, 2.0, 1)}, TypeError, r"cfg\[1\] must be an int .* got 2.0"),
        ({"cfg": (2, 3, 1)}, ValueError, r"cfg must begin and end with 1.*got \(2, 3, 1\)"),
        ({"cfg": (1, 3, 2)}, ValueError, r"cfg must begin and end with 1.*got \(1, 3, 2\)"),
        ({"lr": 0}, ValueError, "lr must be positive and finite, got 0"),
        ({"lr": -1.0}, ValueError, "lr must be positive and finite, got -1.0"),
        ({"lr": math.inf}, ValueError, "got inf"),
        ({"lr": math.nan}, ValueError, "got nan"),
        ({"lr": "fast"}, TypeError, "lr must be a number, got 'fast'"),
        ({"lr": True}, TypeError, "lr must be a number, got True"),
        ({"noise": -0.1}, ValueError, "noise must be a finite number of at least 0, got -0.1"),
        ({"noise": math.nan}, ValueError, "noise must .* got nan"),
        ({"noise": None}, TypeError, "noise must be a number, got None"),
        ({"seed": -1}, ValueError, "seed must be from 0 .* got -1"),
        ({"seed": 2**63}, ValueError, "seed must be from 0"),
        ({"seed": 1.0}, TypeError, "seed must be an int, got 1.0"),
        ({"seed": True}, TypeError, "seed must be an int, got True"),
        ({"optimizer": "adam"}, ValueError, "one of SGD, SGD with momentum, Adam, Adadelta, got"),
        ({"activation": "GELU"}, ValueError, "activation must be one of ReLU, .* got 'GELU'"),
        ({"function": "cosine"}, ValueError, "function must be one of line, .* got 'cosine'"),
    ],
)
def test_bad_settings(change, error, message):
    with pytest.raises(error, match=message) as caught:
        Settings(**change)
    assert "\n" not in str(caught.value)


# Building


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("cfg", [(1, 1), (1, 20, 50, 20, 1), (1, *(10,) * 10, 1)])
def test_the_network_is_the_one_that_a_global_seed_gives(activation, cfg):
    settings = Settings(cfg=cfg, activation=activation, seed=7)
    experiment = Experiment(settings)
    assert same_weights(experiment.net, plain_net(settings))
    kinds = [type(layer).__name__ for layer in experiment.net.features]
    assert kinds == ["Linear", ACTIVATIONS[activation]] * (len(cfg) - 2) + ["Linear"]


def test_building_leaves_the_global_generator_alone():
    torch.manual_seed(3)
    state = torch.get_rng_state()
    Experiment(replace(SMALL, noise=0.5))
    assert torch.equal(torch.get_rng_state(), state)


def test_building_is_not_disturbed_by_threads_that_draw_numbers():
    done = threading.Event()

    def draw():
        while not done.is_set():
            torch.randn(10)

    drawers = [threading.Thread(target=draw) for _ in range(2)]
    for drawer in drawers:
        drawer.start()
    nets = [Experiment(SMALL).net for _ in range(100)]
    done.set()
    for drawer in drawers:
        drawer.join()
    expected = plain_net(SMALL)
    assert all(same_weights(net, expected) for net in nets)


def test_the_modules_are_wired_from_the_settings():
    settings = Settings(function="chirp", noise=0.2, seed=5, lr=0.3, optimizer="SGD with momentum")
    experiment = Experiment(settings)
    x, y = get_fake_data(function="chirp", noise=0.2, seed=5)
    assert torch.equal(experiment.x, x)
    assert torch.equal(experiment.y, y)
    assert isinstance(experiment.loss_func, nn.MSELoss)
    assert type(experiment.optimizer) is optim.SGD
    assert experiment.optimizer.param_groups[0]["lr"] == 0.3
    assert experiment.optimizer.param_groups[0]["momentum"] == 0.9
    assert experiment.iteration == 0


# Training


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_advance_is_train(optimizer):
    settings = replace(SMALL, optimizer=optimizer, lr=1e-3)
    experiment = Experiment(settings)
    name, extra = OPTIMIZERS[optimizer]
    x, y = get_fake_data()
    net = plain_net(settings)
    plain = getattr(optim, name)(net.parameters(), lr=1e-3, **extra)
    expected = list(train(net, x, y, nn.MSELoss(), plain, epochs=30))
    assert losses(experiment, 20) == [iteration.loss for iteration in expected[:20]]
    last = experiment.advance(10)
    assert (last.number, last.loss) == (29, expected[-1].loss)
    assert torch.equal(last.prediction, expected[-1].prediction)
    assert experiment.iteration == 30
    assert same_weights(experiment.net, net)


@pytest.mark.parametrize("n", [0, -3])
def test_advance_needs_an_iteration(n):
    with pytest.raises(ValueError, match=f"n must be at least 1, got {n}"):
        Experiment(SMALL).advance(n)


def test_evaluate_looks_and_changes_nothing():
    experiment, other = Experiment(SMALL), Experiment(SMALL)
    experiment.advance(5)
    seen = experiment.evaluate()
    other.advance(5)
    following = other.advance()
    assert (seen.number, seen.loss) == (5, following.loss)
    assert torch.equal(seen.prediction, following.prediction)
    assert not seen.prediction.requires_grad
    assert experiment.advance().loss == following.loss


def test_advance_goes_on_after_diverged():
    experiment = Experiment(replace(SMALL, lr=1e20))
    with pytest.raises(Diverged):
        experiment.advance(10)
    done = experiment.iteration
    with pytest.raises(Diverged) as caught:
        experiment.advance()
    assert caught.value.number == done
    assert experiment.apply(SMALL) is True
    assert experiment.apply(replace(SMALL, seed=1)) is True
    assert math.isfinite(experiment.advance(10).loss)


# Changing settings


def test_a_new_learning_rate_goes_on_with_the_same_weights_and_momentum():
    settings = replace(SMALL, optimizer="SGD with momentum", lr=1e-3)
    experiment, plain = Experiment(settings), Experiment(settings)
    experiment.advance(20)
    plain.advance(20)
    net, optimizer = experiment.net, experiment.optimizer
    assert experiment.apply(replace(settings, lr=4e-3)) is False
    assert (experiment.net, experiment.optimizer) == (net, optimizer)
    assert experiment.settings.lr == 4e-3
    plain.optimizer.param_groups[0]["lr"] = 4e-3
    assert losses(experiment, 20) == losses(plain, 20)
    assert experiment.iteration == 40


@pytest.mark.parametrize(("old", "new"), list(itertools.permutations(OPTIMIZERS, 2)))
def test_a_new_optimizer_goes_on_with_the_same_weights_and_no_memory(old, new):
    experiment = Experiment(replace(SMALL, optimizer=old, lr=1e-3))
    experiment.advance(10)
    net, before = experiment.net, [p.detach().clone() for p in experiment.net.parameters()]
    assert experiment.apply(replace(SMALL, optimizer=new, lr=2e-3)) is False
    assert experiment.net is net
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    name, extra = OPTIMIZERS[new]
    twin = plain_net(SMALL)
    twin.load_state_dict(net.state_dict())
    plain = getattr(optim, name)(twin.parameters(), lr=2e-3, **extra)
    x, y = get_fake_data()
    expected = [i.loss for i in train(twin, x, y, nn.MSELoss(), plain, epochs=10)]
    assert losses(experiment, 10) == expected
    assert experiment.iteration == 20


@pytest.mark.parametrize(
    "change",
    [
        {"cfg": (1, 8, 1)},
        {"activation": "Tanh"},
        {"function": "line"},
        {"noise": 0.1},
        {"seed": 1},
        {"seed": 1, "lr": 0.1, "optimizer": "Adam"},
    ],
)
def test_anything_else_starts_a_new_network(change):
    experiment = Experiment(SMALL)
    experiment.advance(10)
    settings = replace(SMALL, **change)
    assert experiment.apply(settings) is True
    assert (experiment.settings, experiment.iteration) == (settings, 0)
    assert losses(experiment, 5) == losses(Experiment(settings), 5)


def test_the_same_settings_change_nothing():
    experiment = Experiment(SMALL)
    experiment.advance(10)
    parts = experiment.net, experiment.optimizer
    assert experiment.apply(replace(SMALL)) is False
    assert (experiment.net, experiment.optimizer, experiment.iteration) == (*parts, 10)


# The program

EVERY = [
    *(replace(SMALL, optimizer=name, lr=3e-3) for name in OPTIMIZERS),
    *(replace(SMALL, activation=name, seed=4, lr=3e-3) for name in ACTIVATIONS),
    *(replace(SMALL, function=name) for name in FUNCTIONS),
    *(replace(SMALL, function=name, noise=0.15, seed=2**40) for name in FUNCTIONS),
    Settings(),
    Settings(cfg=(1, 1), lr=1e-5),
    Settings(cfg=(1, 20, 50, 100, 500, 100, 50, 20, 1), lr=6.3e-3, optimizer="Adam"),
]


@pytest.mark.parametrize("settings", EVERY, ids=str)
def test_the_program_gives_the_losses_of_a_fresh_run_to_the_bit(settings):
    program = Experiment(settings).program()
    assert "helpers" not in program
    assert "range(1000)" in program
    names, printed = {}, io.StringIO()
    with torch.random.fork_rng(), contextlib.redirect_stdout(printed):
        exec(program.replace("range(1000)", "range(60)"), names)
    assert names["losses"] == losses(Experiment(settings), 60)
    assert names["net"].features[-1].out_features == 1
    assert printed.getvalue() == f"iteration    0  loss {names['losses'][0]:.4g}\n"


def test_the_program_is_of_the_latest_settings_and_a_fresh_run():
    experiment = Experiment(SMALL)
    experiment.advance(3)
    experiment.apply(replace(SMALL, lr=0.01))
    assert "lr=0.01)" in experiment.program()
    assert experiment.program() == Experiment(replace(SMALL, lr=0.01)).program()


def test_the_program_shows_six_modules_and_five_steps_in_order():
    program = Experiment(SMALL).program()
    modules = ["dataset", "network class", "instance", "loss", "optimizer", "training"]
    steps = ["forward", "loss", "zero the gradients", "backward", "step"]
    headings = [f"\n# {n}. {name}\n" for n, name in enumerate(modules, start=1)]
    body = [f"  # {n}. {name}\n" for n, name in enumerate(steps, start=1)]
    places = [program.index(text) for text in (*headings, *body)]
    assert places == sorted(places)
    assert "noise" not in program
    assert "randn" not in program
