"""Settings refuse what cannot be trained; an experiment trains like the plain program it writes."""

import contextlib
import copy
import functools
import importlib.util
import io
import itertools
import math
import pickle
import re
import sys
import threading
import types
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn, optim

from helpers.data import FUNCTIONS, get_fake_data
from helpers.experiment import (
    ACTIVATIONS,
    OPTIMIZERS,
    Experiment,
    Settings,
    make_net,
    to_settings,
)
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
    assert settings.n_samples == 1000


def test_numpys_numbers_are_kept_as_pythons():
    settings = Settings(
        cfg=[np.int64(1), np.int32(5), np.uint8(1)],
        lr=np.float32(0.25),
        noise=np.float64(0.5),
        seed=np.int64(3),
        n_samples=np.int16(40),
    )
    same = Settings((1, 5, 1), lr=0.25, noise=0.5, seed=3, n_samples=40)
    assert settings == same
    assert hash(settings) == hash(same)
    assert repr(settings) == repr(same)
    assert pickle.dumps(settings) == pickle.dumps(same)
    assert type(Settings(lr=1).lr) is type(Settings(noise=1).noise) is float
    assert Experiment(settings).program() == Experiment(same).program()


def test_settings_of_a_module_that_was_loaded_again_are_settings():
    name = Settings.__module__
    spec = importlib.util.find_spec(name)
    old = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, name, old)  # a dataclass looks its module up
        spec.loader.exec_module(old)
    before = old.Settings(cfg=(1, 3, 1), lr=0.1, n_samples=30)
    assert not isinstance(before, Settings)
    settings = to_settings("settings", before)
    assert settings == Settings(cfg=(1, 3, 1), lr=0.1, n_samples=30)
    experiment = Experiment(before)
    assert experiment.settings == settings
    assert experiment.apply(replace(before, lr=0.2)) is True
    assert experiment.settings == replace(settings, lr=0.2)
    vars(before).pop("n_samples")  # made when Settings had a field less and another one more
    vars(before)["retired"] = 1
    assert to_settings("settings", before) == replace(settings, n_samples=1000)


FOREIGN = type("Settings", (), {})()  # of the same name, from another module


@pytest.mark.parametrize("value", [None, "SGD", (1, 20, 1), {"lr": 0.1}, Settings, FOREIGN])
def test_what_is_no_settings_is_refused(value):
    for use in (Experiment, Experiment(SMALL).apply, lambda value: to_settings("settings", value)):
        with pytest.raises(TypeError, match=r"^settings must be a Settings, got ") as caught:
            use(value)
        assert re.sub(" at 0x[0-9a-f]+", "", repr(value)) in str(caught.value)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"cfg": (1,)}, ValueError, "cfg must hold at least two widths"),
        ({"cfg": (1, 0, 1)}, ValueError, r"cfg\[1\] must be at least 1, got 0"),
        ({"cfg": (1, 2.0, 1)}, TypeError, r"cfg\[1\] must be a whole number .* got 2.0"),
        ({"cfg": (2, 3, 1)}, ValueError, r"cfg must begin and end with 1.*got \(2, 3, 1\)"),
        ({"cfg": (1, 3, 2)}, ValueError, r"cfg must begin and end with 1.*got \(1, 3, 2\)"),
        ({"lr": 0}, ValueError, "lr must be positive, got 0"),
        ({"lr": -1.0}, ValueError, "lr must be positive, got -1"),
        ({"lr": math.inf}, ValueError, "got inf"),
        ({"lr": math.nan}, ValueError, "got nan"),
        ({"lr": "fast"}, TypeError, "lr must be a number, got 'fast'"),
        ({"lr": True}, TypeError, "lr must be a number, got True"),
        ({"noise": -0.1}, ValueError, "noise must be at least 0, got -0.1"),
        ({"noise": math.nan}, ValueError, "noise must .* got nan"),
        ({"noise": None}, TypeError, "noise must be a number, got None"),
        ({"seed": -1}, ValueError, "seed must be from 0 .* got -1"),
        ({"seed": 2**63}, ValueError, "seed must be from 0"),
        ({"seed": 1.0}, TypeError, "seed must be a whole number .* got 1.0"),
        ({"seed": True}, TypeError, "seed must be a whole number .* got True"),
        ({"n_samples": 1}, ValueError, "n_samples must be at least 2, got 1"),
        ({"n_samples": 50.0}, TypeError, "n_samples must be a whole number .* got 50.0"),
        ({"optimizer": ["SGD"]}, ValueError, r"optimizer must be one of .* got \['SGD'\]"),
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
    nets = [make_net(SMALL) for _ in range(50)]
    done.set()
    for drawer in drawers:
        drawer.join()
    expected = plain_net(SMALL)
    assert all(same_weights(net, expected) for net in nets)


def test_the_modules_are_wired_from_the_settings():
    settings = Settings(
        function="chirp", noise=0.2, seed=5, n_samples=70, lr=0.3, optimizer="SGD with momentum"
    )
    experiment = Experiment(settings)
    x, y = get_fake_data(70, function="chirp", noise=0.2, seed=5)
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


@pytest.mark.parametrize(
    ("n", "error", "message"),
    [
        (0, ValueError, "n must be at least 1, got 0"),
        (-3, ValueError, "n must be at least 1, got -3"),
        (2.0, TypeError, "n must be a whole number of at least 1, got 2.0"),
        (True, TypeError, "n must be a whole number of at least 1, got True"),
    ],
)
def test_advance_needs_a_whole_number_of_iterations(n, error, message):
    experiment = Experiment(SMALL)
    with pytest.raises(error, match=message):
        experiment.advance(n)
    assert experiment.iteration == 0
    assert experiment.advance(np.int64(2)).number == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, GeneratorExit])
@pytest.mark.parametrize("where", ["forward", "step"])
def test_advance_goes_on_after_an_interrupt(error, where):
    experiment, twin = Experiment(SMALL), Experiment(SMALL)
    experiment.advance(3)

    def interrupt(*_):
        raise error

    if where == "forward":
        hook = experiment.net.register_forward_hook(interrupt)
    else:
        hook = experiment.optimizer.register_step_pre_hook(interrupt)
    with pytest.raises(error):
        experiment.advance(3)
    hook.remove()
    assert experiment.iteration == 3
    assert [experiment.advance().number for _ in range(3)] == [3, 4, 5]
    twin.advance(6)
    assert same_weights(experiment.net, twin.net)


def test_defaults_of_torch_change_nothing():
    def run(settings):
        experiment = Experiment(settings)
        looked = experiment.predict([0.5, 1.5]), *experiment.get_held_out()
        return losses(experiment, 5), looked, experiment.program()

    settings = replace(SMALL, noise=0.1, n_samples=50)
    expected = run(settings)
    adam = run(replace(settings, optimizer="Adam"))
    torch.set_default_dtype(torch.float64)
    try:
        changed = [run(settings), run(replace(settings, optimizer="Adam"))]
    finally:
        torch.set_default_dtype(torch.float32)
    with torch.device("meta"):  # as torch.set_default_device does
        changed.append(run(settings))
    for now, before in zip(changed, [expected, adam, expected], strict=True):
        assert now[0] == before[0]
        assert all(map(torch.equal, now[1], before[1]))
        assert now[2] == before[2]


def test_predict_takes_any_numbers_and_one_column_at_the_most():
    experiment = Experiment(SMALL)
    experiment.advance(3)
    column = torch.tensor([[0.5], [1.5], [-20.0]])
    expected = experiment.net(column).detach().ravel()
    assert len(set(expected.tolist())) == 3
    for x in (column, column.ravel(), column.ravel().tolist(), column.double().numpy()):
        predicted = experiment.predict(x)
        assert torch.equal(predicted, expected)
        assert not predicted.requires_grad
    for shape in ((3, 2), (1, 3), (3, 1, 1), (2, 0)):
        with pytest.raises(ValueError, match=r"^x must be .*, got shape ") as caught:
            experiment.predict(torch.zeros(shape))
        assert str(caught.value).endswith(str(shape))


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_held_out_points_lie_midway_and_their_noise_is_none_of_the_trainings(seed):
    experiment = Experiment(replace(SMALL, noise=0.3, n_samples=50, seed=seed))
    x, y = experiment.get_held_out()
    torch.testing.assert_close(x, (experiment.x[1:] + experiment.x[:-1]) / 2)
    noise, trained = (y - torch.sin(x)).ravel(), (experiment.y - torch.sin(experiment.x)).ravel()
    assert (noise[:, None] - trained).abs().min() > 1e-6
    assert 0.2 < noise.std() < 0.4
    again = Experiment(experiment.settings).get_held_out()
    assert all(map(torch.equal, (x, y), again))


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
    assert experiment.iteration == done


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_goes_on_to_the_same_bits_and_on_its_own(copied, optimizer):
    experiment = Experiment(replace(SMALL, optimizer=optimizer, lr=1e-3))
    experiment.advance(5)
    other = copied(experiment)
    assert (other.iteration, other.settings) == (5, experiment.settings)
    assert losses(other, 5) == losses(experiment, 5)
    other.advance(3)
    assert (other.iteration, experiment.iteration) == (13, 10)
    assert not same_weights(other.net, experiment.net)


# Changing settings


def test_a_new_learning_rate_goes_on_with_the_same_weights_and_momentum():
    settings = replace(SMALL, optimizer="SGD with momentum", lr=1e-3)
    experiment, plain = Experiment(settings), Experiment(settings)
    experiment.advance(20)
    plain.advance(20)
    net, optimizer = experiment.net, experiment.optimizer
    assert experiment.apply(replace(settings, lr=4e-3)) is True
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
    assert experiment.apply(replace(SMALL, optimizer=new, lr=2e-3)) is True
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
        {"n_samples": 999},
        {"seed": 1, "lr": 0.1, "optimizer": "Adam"},
    ],
)
def test_anything_else_takes_a_new_experiment_and_leaves_this_one_alone(change):
    experiment, twin = Experiment(SMALL), Experiment(SMALL)
    experiment.advance(10)
    twin.advance(10)
    before = dict(vars(experiment))
    assert experiment.apply(replace(SMALL, **change)) is False
    assert vars(experiment) == before
    assert losses(experiment, 5) == losses(twin, 5)


def test_a_change_that_fails_leaves_the_experiment_alone(monkeypatch):
    experiment = Experiment(SMALL)
    experiment.advance(2)
    before = dict(vars(experiment))
    monkeypatch.delattr(optim, "Adam")
    with pytest.raises(AttributeError):
        experiment.apply(replace(SMALL, optimizer="Adam", lr=0.3))
    assert vars(experiment) == before
    assert experiment.optimizer.param_groups[0]["lr"] == SMALL.lr
    assert experiment.advance().number == 2


def test_the_same_settings_change_nothing():
    experiment = Experiment(SMALL)
    experiment.advance(10)
    parts = experiment.net, experiment.optimizer
    assert experiment.apply(replace(SMALL)) is True
    assert (experiment.net, experiment.optimizer, experiment.iteration) == (*parts, 10)


def test_a_smaller_rate_after_diverging_is_taken():
    experiment = Experiment(replace(SMALL, lr=1e20))
    with pytest.raises(Diverged):
        experiment.advance(10)
    number = experiment.iteration
    assert experiment.apply(replace(SMALL, optimizer="Adam")) is True
    assert experiment.iteration == number
    with pytest.raises(Diverged, match=r"learning rate 0\.05;"):
        experiment.advance()


# The program

EVERY = [
    *(replace(SMALL, optimizer=name, lr=3e-3) for name in OPTIMIZERS),
    *(replace(SMALL, activation=name, seed=4, lr=3e-3) for name in ACTIVATIONS),
    *(replace(SMALL, function=name) for name in FUNCTIONS),
    *(replace(SMALL, function=name, noise=0.15, seed=2**40, n_samples=50) for name in FUNCTIONS),
    Settings(),
    Settings(cfg=(1, 1), lr=1e-5),
    Settings(cfg=(1, 20, 50, 100, 500, 100, 50, 20, 1), lr=6.3e-3, optimizer="Adam"),
]


def run_program(settings, iterations):
    """Run the program of some settings anew; return it and its losses."""
    program = Experiment(settings).program()
    assert "helpers" not in program
    assert "range(1000)" in program
    names, printed = {}, io.StringIO()
    with torch.random.fork_rng(), contextlib.redirect_stdout(printed):
        exec(program.replace("range(1000)", f"range({iterations})"), names)
    assert names["net"].features[-1].out_features == 1
    assert printed.getvalue() == f"iteration    0  loss {names['losses'][0]:.4g}\n"
    return program, names["losses"]


@pytest.mark.parametrize("settings", EVERY, ids=str)
def test_the_program_gives_the_losses_of_a_fresh_run_to_the_bit(settings):
    program, found = run_program(settings, 30)
    assert found == losses(Experiment(settings), 30)
    assert "torch.tensor([" not in program


@pytest.fixture
def curve(monkeypatch):
    """Adds a curve to the catalogue, as a learner does, and gives its name."""

    def add(function):
        monkeypatch.setitem(FUNCTIONS, "mine", function)
        return "mine"

    return add


def wave(x):
    return torch.sin(math.pi * x) / 2


MODULE = types.SimpleNamespace(__name__="helpers.data")
exec("def from_data(x):\n    return x / 7", {"__name__": "helpers.data"}, vars(MODULE))
CURVES = [
    torch.cos,
    wave,
    lambda x: x / 10,
    lambda x: x.cos_(),
    lambda x: np.cos(x.numpy()),
    lambda x: x.double().cos(),
    lambda x: torch.randn(x.shape),
    lambda x: x.sin() * torch.ones(1, requires_grad=True),
    functools.partial(torch.mul, other=0.1),
    nn.Linear(1, 1),
    MODULE.from_data,  # says that it is of data, and stands in no file
]


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("function", CURVES)
def test_the_program_of_a_learners_own_curve_holds_its_points(curve, function, noise):
    settings = replace(SMALL, function=curve(function), noise=noise, n_samples=40, lr=0.01)
    torch.manual_seed(0)
    expected = losses(Experiment(settings), 5)
    torch.manual_seed(0)
    program, found = run_program(settings, 5)
    assert "y = torch.tensor([" in program
    assert found == expected
    assert "randn" not in program
    assert max(map(len, program.splitlines())) <= 100


def test_a_name_of_the_catalogue_that_means_another_curve_is_written_as_it_was(monkeypatch):
    before = Experiment(SMALL)
    monkeypatch.setitem(FUNCTIONS, "sine", FUNCTIONS["chirp"])
    assert "y = torch.sin(x.square() / 5)" in Experiment(SMALL).program()
    assert "y = torch.tensor([" in before.program()


def test_a_program_of_points_is_read_and_runs_after_the_curve_is_gone(curve, monkeypatch):
    experiment = Experiment(replace(SMALL, function=curve(torch.cos), noise=0.2, n_samples=30))
    curve(torch.sin)
    for _ in range(2):
        names = {}
        with torch.random.fork_rng(), contextlib.redirect_stdout(io.StringIO()):
            exec(experiment.program().replace("range(1000)", "range(2)"), names)
        assert torch.equal(names["y"], experiment.y)
        monkeypatch.delitem(FUNCTIONS, "mine", raising=False)


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
