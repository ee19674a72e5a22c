"""Module 6: the five steps, each of them, in the article's order, and nothing else."""

import copy
import inspect
import itertools
import math
import pickle
import re
from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from helpers.data import get_fake_data
from helpers.guards import guarded
from helpers.model import Regressor, make_layers
from helpers.training import (
    Diverged,
    Iteration,
    evaluate,
    iterate,
    train,
    train_epoch,
)

ARTICLE = [1, 20, 50, 20, 1]


def setup(cfg=ARTICLE, lr=5e-2, optimizer=torch.optim.SGD, **settings):
    torch.manual_seed(0)
    x, y = get_fake_data(200)
    net = Regressor(make_layers(cfg))
    return net, x, y, nn.MSELoss(), optimizer(net.parameters(), lr=lr, **settings)


def plain_loop(net, x, y, loss_func, optimizer, epochs):
    losses = []
    for _ in range(epochs):
        out = net(x)
        loss = loss_func(out, y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def weights(net):
    return [p.detach().clone() for p in net.parameters()]


def same(ours, theirs):
    return all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("cfg", [ARTICLE, [1, 20, 50, 100, 500, 100, 50, 20, 1]])
@pytest.mark.parametrize(
    ("optimizer", "settings"),
    [(torch.optim.SGD, {}), (torch.optim.SGD, {"momentum": 0.5}), (torch.optim.Adam, {})],
)
def test_losses_and_weights_equal_the_plain_loop_to_the_bit(cfg, optimizer, settings):
    ours = setup(cfg, 5e-3, optimizer, **settings)
    losses = [iteration.loss for iteration in train(*ours, epochs=50)]
    theirs = setup(cfg, 5e-3, optimizer, **settings)
    assert losses == plain_loop(*theirs, 50)
    assert same(weights(ours[0]), weights(theirs[0]))


def test_one_iteration_moves_each_weight_by_minus_lr_times_its_gradient():
    net, x, y, loss_func, optimizer = setup()
    before = weights(net)
    grads = torch.autograd.grad(loss_func(net(x), y), list(net.parameters()))
    next(train(net, x, y, loss_func, optimizer))
    for old, new, grad in zip(before, weights(net), grads, strict=True):
        assert torch.allclose(new, old - 5e-2 * grad, rtol=0, atol=1e-7)
    assert same([p.grad for p in net.parameters()], grads)


def test_gradients_left_over_from_before_do_not_count():
    clean, dirty = setup(), setup()
    for parameter in dirty[0].parameters():
        parameter.grad = torch.full_like(parameter, 7.0)
    next(train(*clean))
    next(train(*dirty))
    assert same(weights(clean[0]), weights(dirty[0]))


def test_an_iteration_reports_loss_and_prediction_from_before_its_update():
    net, x, y, loss_func, optimizer = setup()
    before = net(x).detach()
    iteration = next(train(net, x, y, loss_func, optimizer))
    assert isinstance(iteration, Iteration)
    assert iteration.number == 0
    assert type(iteration.loss) is float
    assert iteration.loss == loss_func(before, y).item()
    assert torch.equal(iteration.prediction, before)
    assert not iteration.prediction.requires_grad
    assert not torch.equal(net(x), before)


def test_numbers_run_from_start_and_none_goes_on():
    parts = setup()
    assert [i.number for i in train(*parts, epochs=3)] == [0, 1, 2]
    assert [i.number for i in train(*parts, epochs=3, start=40)] == [40, 41, 42]
    assert list(train(*parts, epochs=0)) == []
    endless = itertools.islice(train(*parts, epochs=None, start=7), 150)
    assert [i.number for i in endless] == list(range(7, 157))
    assert next(train(*parts)).number == 0


def test_calling_train_runs_nothing_yet():
    net, *rest = setup()
    before = copy.deepcopy(net.state_dict())
    train(net, *rest, epochs=5)
    assert same(before.values(), net.state_dict().values())
    assert all(p.grad is None for p in net.parameters())


def test_calling_train_leaves_random_generator_modes_and_buffers_alone():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(1, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))
    net[1].eval()
    x, y = get_fake_data(20)
    before, state = copy.deepcopy(net.state_dict()), torch.get_rng_state()
    train(net, x, y, nn.MSELoss(), torch.optim.SGD(net.parameters(), lr=0.1))
    assert torch.equal(torch.get_rng_state(), state)
    assert same(before.values(), net.state_dict().values())
    assert [m.training for m in net] == [True, False, True, True]


def test_goes_on_after_break():
    whole = [i.loss for i in train(*setup(), epochs=50)]
    parts, losses = setup(), []
    for iteration in train(*parts):
        losses.append(iteration.loss)
        if iteration.number == 19:
            break
    losses += [i.loss for i in train(*parts, epochs=30, start=20)]
    assert losses == whole


@pytest.mark.parametrize("where", ["body", "forward", "loss", "backward", "step"])
def test_goes_on_after_an_interrupt_anywhere(where, monkeypatch):
    net, x, y, loss_func, optimizer = setup()
    calls = itertools.count(1)

    def interrupt(*_):
        if next(calls) == 10:
            raise KeyboardInterrupt

    def interrupted_loss(out, y):
        interrupt()
        return loss_func(out, y)

    hooks = []
    if where == "forward":
        hooks.append(net.register_forward_hook(interrupt))
    elif where == "backward":
        hooks.append(net.features[0].weight.register_post_accumulate_grad_hook(interrupt))
    elif where == "step":
        hooks.append(optimizer.register_step_pre_hook(interrupt))
    done = 0
    with pytest.raises(KeyboardInterrupt):
        func = interrupted_loss if where == "loss" else loss_func
        for iteration in train(net, x, y, func, optimizer):
            done = iteration.number + 1
            if where == "body":
                interrupt()
    for hook in hooks:
        hook.remove()
    assert done in (8, 9, 10)
    rest = [i.loss for i in train(net, x, y, loss_func, optimizer, epochs=30, start=done)]
    assert rest == plain_loop(*setup(), done + 30)[done:]


@pytest.mark.parametrize("lr", [1e20, 5.0])
def test_diverged_leaves_the_weights_of_the_last_update(lr):
    net, *rest = setup(lr=lr)
    seen = []
    with pytest.raises(Diverged) as caught:
        for iteration in train(net, *rest, epochs=1000, start=100):
            seen.append((iteration, weights(net)))
    error = caught.value
    last, kept = seen[-1]
    assert all(math.isfinite(iteration.loss) for iteration, _ in seen)
    assert not math.isfinite(error.loss)
    assert (error.number, error.last_loss, error.rates) == (last.number + 1, last.loss, (lr,))
    for parameter, weight in zip(net.parameters(), kept, strict=True):
        assert torch.equal(parameter.nan_to_num(), weight.nan_to_num())


def test_diverged_says_where_from_what_at_which_rates_and_what_may_help():
    error = Diverged(41, math.inf, 3.1e8, (0.5, 1e-3))
    assert isinstance(error, FloatingPointError)
    assert str(error) == (
        "loss is inf at iteration 41 (3.1e+08 before it) with learning rate 0.5, 0.001; make a new "
        "network and try a smaller learning rate, or inputs on a smaller scale"
    )
    assert "(no loss before it) with learning rate unknown;" in str(Diverged(0, math.nan, None, ()))
    copied = pickle.loads(pickle.dumps(error))
    assert str(copied) == str(error)
    assert (copied.number, copied.last_loss, copied.rates) == (41, 3.1e8, (0.5, 1e-3))


def test_diverged_tells_the_rates_of_all_groups_as_they_are_then():
    net, x, y, loss_func, _ = setup()
    first, *rest = net.parameters()
    groups = [{"params": [first], "lr": 0.0}, {"params": rest, "lr": torch.tensor(1e-2)}]
    optimizer = torch.optim.SGD(groups)
    with pytest.raises(Diverged) as caught:
        for _ in train(net, x, y, loss_func, optimizer):
            optimizer.param_groups[1]["lr"] = torch.tensor(2e19)
    assert caught.value.rates == (0.0, torch.tensor(2e19).item())
    assert [type(rate) for rate in caught.value.rates] == [float, float]


def test_diverged_stops_before_backward():
    net, x, y, _, optimizer = setup()
    with pytest.raises(Diverged):
        next(train(net, x, y, lambda out, y: (out - y).sum() * math.nan, optimizer))
    assert all(p.grad is None for p in net.parameters())


class Keeping(nn.Module):
    """Keeps what it computed, as learners do to look at it."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(1, 6)
        self.last = nn.Linear(6, 1)

    def forward(self, x):
        self.hidden = torch.relu(self.first(x))
        return self.last(self.hidden)


class Dropping(Keeping):
    def forward(self, x):
        return self.last(nn.functional.dropout(self.first(x), 0.5))  # whether in training or not


class Pooling(Keeping):
    def forward(self, x):
        return super().forward(x).mean(0)  # (N, 1) -> (1,)


def make_normalising():
    return nn.Sequential(nn.Linear(1, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, 1))


def make_frozen():
    net = nn.Sequential(nn.Linear(1, 6), nn.ReLU(), nn.Linear(6, 1))
    net[0].requires_grad_(False)
    return net


X, Y = get_fake_data(30, low=-1, high=1)
SIDES = (Y[:, 0] > 0).long()  # (30,)
INPUTS = X.clone().requires_grad_()

RIGHT = {
    "keeps its hidden outputs": (Keeping, X, Y, nn.MSELoss()),
    "drops out in forward": (Dropping, X, Y, nn.MSELoss()),
    "batch norm and dropout": (make_normalising, X, Y, nn.MSELoss()),
    "frozen layer": (make_frozen, X, Y, nn.MSELoss()),
    "lazy layer": (lambda: nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 1)), X, Y, nn.MSELoss()),
    "one output for all rows": (Pooling, X, Y[:1, 0], nn.MSELoss()),
    "inputs that want a gradient": (Keeping, INPUTS, Y, nn.MSELoss()),
    "embedding": (lambda: nn.Embedding(2, 1), SIDES, Y, nn.MSELoss()),
    "whole targets": (Keeping, X, Y.round().long(), nn.MSELoss()),
    "loss of shape (1, 1)": (Keeping, X, Y, lambda out, y: (out - y).square().mean(0, True)),
    "classes": (lambda: make_layers([1, 6, 2]), X, SIDES, nn.CrossEntropyLoss()),
    "classes by a function": (
        lambda: make_layers([1, 6, 2]),
        X,
        SIDES,
        nn.functional.cross_entropy,
    ),
    "probabilities": (
        lambda: make_layers([1, 6, 2]),
        X,
        torch.cat([SIDES[:, None], 1 - SIDES[:, None]], 1).float(),
        nn.CrossEntropyLoss(),
    ),
    "log probabilities": (
        lambda: nn.Sequential(nn.Linear(1, 3), nn.LogSoftmax(1)),
        X,
        SIDES,
        nn.NLLLoss(),
    ),
    "a class for each place": (
        lambda: nn.Sequential(nn.Linear(1, 12), nn.Unflatten(1, (3, 4))),
        X,
        SIDES[:, None].expand(30, 4),
        nn.CrossEntropyLoss(),
    ),
    "one column": (Keeping, X, SIDES[:, None].float(), nn.BCEWithLogitsLoss()),
    "mean and variance": (
        lambda: make_layers([1, 6, 2]),
        X,
        Y,
        lambda out, y: F.gaussian_nll_loss(out[:, :1], y, out[:, 1:].exp()),
    ),
    "mean and variance of flat targets": (
        lambda: make_layers([1, 6, 2]),
        X,
        Y[:, 0],
        lambda out, y: F.gaussian_nll_loss(out[:, 0], y, out[:, 1].exp()),
    ),
    "flat targets, and a loss that knows": (
        Keeping,
        X,
        Y[:, 0],
        lambda out, y: F.mse_loss(out.squeeze(1), y),
    ),
    "one target for all rows": (Keeping, X, Y[:1], lambda out, y: (out - y).square().mean()),
    "flat targets that are all alike": (
        Keeping,
        X,
        torch.ones(30),
        lambda out, y: (out - y).square().mean(),
    ),
    "a loss that draws": (
        Keeping,
        X,
        Y[:, 0],
        lambda out, y: (out.squeeze(1) + torch.randn(30) - y).square().mean(),
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_plain_pytorch_trains_is_trained_to_the_bit(name):
    make, x, y, loss_func = RIGHT[name]
    results = []
    for loop in (plain_loop, train):
        torch.manual_seed(0)
        net, calls = make(), []
        net.register_forward_hook(lambda *_, calls=calls: calls.append(1))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        losses = loop(net, x, y, loss_func, optimizer, 5)
        if loop is train:
            losses = [iteration.loss for iteration in losses]
        results.append((losses, net.state_dict(), torch.get_rng_state()))
        assert len(calls) == 5
    (losses, state, random), (our_losses, our_state, our_random) = results
    assert our_losses == losses
    assert same(our_state.values(), state.values())
    assert torch.equal(our_random, random)


def test_classes_are_learnt():
    torch.manual_seed(0)
    net = make_layers([1, 30, 2])
    optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
    losses = [i.loss for i in train(net, X, SIDES, nn.CrossEntropyLoss(), optimizer, 50)]
    assert losses[-1] < losses[0] / 2


def test_rates_from_0_on_and_tensors_are_rates():
    net = make_layers([1, 6, 1])
    before = weights(net)
    groups = [{"params": net[0].parameters(), "lr": 0.0}, {"params": net[2].parameters()}]
    optimizer = torch.optim.SGD(groups, lr=torch.tensor(0.1))
    warm_up = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda number: number / 4)
    moved = []
    for _ in train(net, X, Y, nn.MSELoss(), optimizer, epochs=3):
        moved.append([not torch.equal(a, b) for a, b in zip(before, weights(net), strict=True)])
        warm_up.step()
    assert moved == [[False] * 4, [False, False, True, True], [False, False, True, True]]


def test_an_optimizer_may_hold_a_part_of_the_network_and_more():
    net, scale = make_layers([1, 6, 1]), nn.Parameter(torch.tensor(2.0))
    before = weights(net)
    optimizer = torch.optim.SGD([scale, *net[2].parameters()], lr=0.1)
    next(train(net, X, Y, lambda out, y: (scale * out - y).square().mean(), optimizer))
    assert [torch.equal(a, b) for a, b in zip(before, weights(net), strict=True)] == [
        True, True, False, False,
    ]  # fmt: skip
    assert scale.item() != 2.0


def test_an_optimizer_without_rates_trains():
    class Signs(torch.optim.Optimizer):
        def __init__(self, parameters):
            super().__init__(parameters, {})

        def step(self):
            for parameter in self.param_groups[0]["params"]:
                parameter.data -= 1e-3 * parameter.grad.sign()

    torch.manual_seed(0)
    net = make_layers([1, 6, 1])
    losses = [i.loss for i in train(net, X, Y, nn.MSELoss(), Signs(net.parameters()), epochs=20)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("columns", "y", "loss_func", "message"),
    [
        (1, Y[:, 0], nn.MSELoss(), r"shape of net\(x\), \(30, 1\), got \(30,\): .* broadcast"),
        (1, SIDES, nn.MSELoss(), r"\(30, 1\), got \(30,\)"),
        (1, SIDES, nn.NLLLoss(), r"a column of net\(x\) for each class, got one: take"),
        (2, SIDES, nn.MSELoss(), r"\(30, 2\), got \(30,\)"),
        (30, SIDES, nn.SmoothL1Loss(), r"\(30, 30\), got \(30,\)"),
        (2, SIDES > 0, nn.NLLLoss(), r"class numbers, .* got torch.bool of shape \(30,\)"),
        (30, Y[:, 0], nn.L1Loss(), r"\(30, 30\), got \(30,\)"),
        (1, Y[1:], nn.MSELoss(), r"\(30, 1\), got \(29, 1\)"),
        (1, Y.expand(-1, 2), nn.MSELoss(), r"\(30, 1\), got \(30, 2\)"),
        (1, torch.tensor(1.0), nn.MSELoss(), r"\(30, 1\), got \(\)"),
        (1, SIDES, nn.CrossEntropyLoss(), r"always 0: take nn.BCEWithLogitsLoss\(\) .*\(30, 1\)"),
        (1, Y.abs(), nn.CrossEntropyLoss(), r"always 0: take nn.BCEWithLogitsLoss\(\)"),
        (1, SIDES, nn.functional.cross_entropy, r"always 0: take nn.BCEWithLogitsLoss\(\)"),
        (2, SIDES[:, None], nn.CrossEntropyLoss(), r"int64 of shape \(30,\), or .* \(30, 2\), got"),
        (2, Y[:, 0], nn.CrossEntropyLoss(), r"class numbers.*got torch.float32 of shape \(30,\)"),
        (2, SIDES[1:], nn.CrossEntropyLoss(), r"class numbers.*got torch.int64 of shape \(29,\)"),
        (1, Y[:, 0], F.mse_loss, r"shape of net\(x\), \(30, 1\), got \(30,\)"),
        (1, Y[:, 0], partial(F.huber_loss, delta=2.0), r"\(30, 1\), got \(30,\)"),
        (1, Y[:, 0], lambda out, y: (out - y).square().mean(), r"\(30, 1\), got \(30,\)"),
        (1, Y[:, 0], lambda out, y: (out - y).abs().sum(), r"\(30, 1\), got \(30,\)"),
        (1, Y.T, lambda out, y: (out - y).square().mean(), r"\(30, 1\), got \(1, 30\)"),
        (1, Y[1:], lambda out, y: (out - y).square().mean(), r"\(30, 1\), got \(29, 1\)"),
        (1, Y[:, 0], nn.PoissonNLLLoss(), r"\(30, 1\), got \(30,\)"),
        (1, Y, nn.MSELoss(reduction="none"), r"one number, got shape \(30, 1\): take its mean"),
        (1, Y, lambda out, y: (out - y).square().mean().item(), "return a tensor, got [0-9.]+$"),
        (1, Y, lambda out, y: (out, y), r"return a tensor, got \(tensor"),
        (1, Y, lambda out, y: (out.detach() - y).mean(), "depend on a parameter that requires"),
    ],
)
def test_what_teaches_nothing_is_refused_at_the_first_pass(columns, y, loss_func, message):
    net = make_layers([1, 3, columns])
    before, calls = weights(net), []
    net.register_forward_hook(lambda *_: calls.append(1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    iterations = train(net, X, y, loss_func, optimizer)
    assert not calls
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        next(iterations)
    assert "\n" not in str(caught.value)
    assert len(calls) == 1
    assert same(weights(net), before)
    assert all(p.grad is None for p in net.parameters())


@pytest.mark.parametrize(("kind", "name"), [(tuple, "tuple"), (list, "list"), (set, "set")])
def test_a_network_that_returns_more_than_a_tensor_is_refused(kind, name):
    class Returning(nn.Linear):
        def forward(self, x):
            return kind([super().forward(x)])

    net = Returning(1, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with pytest.raises(TypeError, match=f"^net must return one tensor, got {name}$"):
        next(train(net, X, Y, nn.MSELoss(), optimizer))


def test_a_prediction_that_is_a_view_of_a_weight_stays_as_it_was():
    class Constant(nn.Module):
        def __init__(self):
            super().__init__()
            self.level = nn.Parameter(torch.zeros(1))

        def forward(self, x):
            return self.level.expand(len(x), 1)

    net = Constant()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    done = next(train(net, X, Y + 1, nn.MSELoss(), optimizer))
    assert net.level.item() != 0
    assert (done.prediction == 0).all()


def test_a_guarded_loss_is_its_loss_to_whoever_asks():
    loss_func = nn.HuberLoss(delta=0.3)
    guard = guarded(loss_func)
    assert isinstance(guard, nn.HuberLoss)
    assert (guard.delta, guard.reduction, repr(guard)) == (0.3, "mean", repr(loss_func))
    assert torch.equal(guard(X.clone().requires_grad_(), Y), loss_func(X, Y))
    assert guarded(F.mse_loss).__name__ == "mse_loss"
    with pytest.raises(AttributeError, match="has no attribute 'gamma'"):
        guard.gamma  # noqa: B018


def test_the_loop_shows_its_five_steps_in_order():
    source = inspect.getsource(iterate)
    steps = ["1. forward", "2. loss", "3. zero_grad", "4. backward", "5. step"]
    assert re.findall(r"# (\d.*)", source) == steps
    assert len(source.partition('"""\n')[2].splitlines()) <= 15


def bad(error, message, **change):
    return pytest.param(error, change, message, id=message[:40])


COLUMN = torch.linspace(-10, 10, 200).unsqueeze(1)
HOLE = COLUMN.clone()
HOLE[3] = math.nan
HOLES = torch.zeros(200, 2, 3)
HOLES[5, 1, 2] = HOLES[7, 0, 0] = math.inf
LEAF = COLUMN.clone().requires_grad_()


@pytest.mark.parametrize(
    ("error", "change", "message"),
    [
        bad(ValueError, r"x must be a column.*got shape \(200,\)", x=COLUMN[:, 0]),
        bad(ValueError, r"x must be a column.*got shape \(\)", x=torch.tensor(1)),
        bad(ValueError, r"at least one row.*\(0, 1\)", x=COLUMN[:0], y=COLUMN[:0]),
        bad(ValueError, "x must be finite, got nan in row 3", x=HOLE),
        bad(ValueError, "x must be finite, got inf in row 5", x=HOLES),
        bad(ValueError, "x must be finite, got inf in row 0", x=COLUMN / 0 * -1),
        bad(ValueError, "y must be finite, got nan in row 3", y=HOLE),
        bad(ValueError, "y must be finite, got nan in row 0", y=torch.tensor(math.nan)),
        bad(TypeError, "x must be a tensor, got ndarray", x=COLUMN.numpy()),
        bad(TypeError, "y must be a tensor, got list", y=[1.0] * 200),
        bad(ValueError, "x must not be the result of a graph.*detach it", x=LEAF * 2),
        bad(ValueError, "y must not require grad.*detach it", y=LEAF),
        bad(ValueError, "y must not require grad.*detach it", y=LEAF * 2),
        bad(ValueError, "epochs must be at least 0, got -1", epochs=-1),
        bad(TypeError, "epochs must be a whole number of at least 0, got 2.0", epochs=2.0),
        bad(TypeError, "epochs must be a whole number of at least 0, got True", epochs=True),
        bad(ValueError, "start must be at least 0, got -3", start=-3),
        bad(TypeError, "start must be a whole number of at least 0, got None", start=None),
        bad(TypeError, r"instance such as nn.MSELoss\(\), got.*MSELoss'>", loss_func=nn.MSELoss),
        bad(TypeError, "got 'mse'", loss_func="mse"),
        bad(TypeError, r"net must be a network .*, got <class '.*Regressor'>", net=Regressor),
        bad(TypeError, "net must be a network such as .*, got None", net=None),
        bad(TypeError, r"net must be a network such as .*, got \[1, 3, 1\]", net=[1, 3, 1]),
        bad(TypeError, r"made, as in .*got <class '.*Adam'>", optimizer=torch.optim.Adam),
        bad(TypeError, "optimizer must be made.*got 'SGD'", optimizer="SGD"),
        bad(
            TypeError,
            "optimizer must step without an argument.*LBFGS calls a closure",
            optimizer=torch.optim.LBFGS([torch.ones(1)]),
        ),
    ],
)
def test_bad_input_is_refused_at_the_call(error, change, message):
    net, x, y, loss_func, optimizer = setup()
    arguments = {"net": net, "x": x, "y": y, "loss_func": loss_func, "optimizer": optimizer}
    with pytest.raises(error, match=message) as caught:
        train(**arguments | {"epochs": 3} | change)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("lr", [-0.1, math.nan, math.inf])
@pytest.mark.parametrize("group", [0, 1])
def test_bad_learning_rate(lr, group):
    net, *rest, _ = setup()
    optimizer = torch.optim.SGD([{"params": [p]} for p in net.parameters()], lr=0.1)
    optimizer.param_groups[group]["lr"] = lr
    with pytest.raises(ValueError, match=f"lr must be finite and at least 0, got {lr}"):
        train(net, *rest, optimizer)


def test_numpys_whole_numbers_count_iterations():
    numbers = [i.number for i in train(*setup(), epochs=np.int64(3), start=np.uint8(4))]
    assert numbers == [4, 5, 6]


def test_an_optimizer_of_another_network_is_refused():
    _, *rest = setup()
    with pytest.raises(ValueError, match="holds none of this network's parameters"):
        train(Regressor(make_layers(ARTICLE)), *rest)


def load(n_samples=23, batch_size=5, seed=None):
    """Batches of a sine: four of 5 and one of 3, in order or shuffled."""
    dataset = TensorDataset(*get_fake_data(n_samples, noise=0.3, seed=1))
    generator = torch.Generator().manual_seed(seed or 0)  # without it, a loader uses the global one
    return DataLoader(dataset, batch_size, shuffle=seed is not None, generator=generator)


def setup_epoch(net=None, lr=0.002):
    torch.manual_seed(0)
    net = net or Regressor(make_layers([1, 8, 1]))
    return net, nn.MSELoss(), torch.optim.SGD(net.parameters(), lr=lr)


@pytest.mark.parametrize("loss_func", [nn.MSELoss(), nn.L1Loss()])
@pytest.mark.parametrize("seed", [None, 3])
def test_epochs_equal_the_plain_loop_over_batches_to_the_bit(loss_func, seed):
    ours, theirs = setup_epoch(), setup_epoch()
    loader = load(seed=seed)
    means = [train_epoch(ours[0], loader, loss_func, ours[2]) for _ in range(4)]
    loader = load(seed=seed)
    for mean in means:
        total = 0
        for x, y in loader:
            (loss,) = plain_loop(theirs[0], x, y, loss_func, theirs[2], 1)
            total += loss * len(x)
        assert mean == pytest.approx(total / 23, rel=1e-12)
    assert same(weights(ours[0]), weights(theirs[0]))


def test_an_epoch_moves_nothing_but_weights_and_leaves_train_mode():
    net, loss_func, optimizer = setup_epoch(nn.Sequential(nn.Linear(1, 4), nn.Dropout(0.5)), lr=0)
    net.append(nn.Linear(4, 1)).eval()
    state, before = torch.get_rng_state(), weights(net)
    train_epoch(net, load(seed=2), loss_func, optimizer)
    assert all(module.training for module in net.modules())
    assert not torch.equal(torch.get_rng_state(), state), "dropout drew nothing"
    assert same(weights(net), before)


@pytest.mark.parametrize("batch_size", [1, 5, 20, 22, 23, 50])
def test_evaluate_is_the_mean_over_all_samples_whatever_the_batches(batch_size):
    net, loss_func, _ = setup_epoch()
    loader = load(batch_size=batch_size)
    truth = loss_func(net(loader.dataset.tensors[0]), loader.dataset.tensors[1])
    assert evaluate(net, loader, loss_func) == pytest.approx(truth.item(), rel=1e-5)
    assert type(evaluate(net, loader, loss_func)) is float


@pytest.mark.parametrize("training", [True, False])
def test_evaluate_changes_nothing_and_uses_neither_dropout_nor_batch_statistics(training):
    net = nn.Sequential(nn.Linear(1, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))
    net.train(training)
    modes, grads = [], []
    net[3].register_forward_hook(lambda module, _, out: modes.append(module.training))
    net[3].register_forward_hook(lambda module, _, out: grads.append(out.requires_grad))
    before, state = copy.deepcopy(net.state_dict()), torch.get_rng_state()
    first = evaluate(net, load(batch_size=23), nn.MSELoss())
    assert evaluate(net, load(batch_size=1), nn.MSELoss()) == pytest.approx(first, rel=1e-5)
    assert torch.equal(torch.get_rng_state(), state)
    assert same(before.values(), net.state_dict().values())
    assert not any(modes + grads)
    assert all(module.training is training for module in net.modules())
    assert torch.is_grad_enabled()


def stop(*_):
    raise KeyboardInterrupt("stop")


def fail(*_):
    raise RuntimeError("stop")


@pytest.mark.parametrize("interrupt", [None, stop, fail])
def test_a_frozen_layer_stays_in_eval_mode_and_the_others_come_back(interrupt):
    net = nn.Sequential(nn.Linear(1, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))
    net[1].eval()
    if interrupt:
        net[3].register_forward_hook(interrupt)
    with pytest.raises(BaseException, match="stop") if interrupt else nullcontext():
        evaluate(net, load(), nn.MSELoss())
    assert [module.training for module in net.modules()] == [True, True, False, True, True]


SUM = lambda out, y: (out - y).square().sum()  # noqa: E731
NO_MEAN = "^loss_func must return the mean over the rows of its batch, .*"


@pytest.mark.parametrize(
    ("loss_func", "advice"),
    [
        (nn.MSELoss(reduction="sum"), 'take reduction="mean"$'),
        (nn.L1Loss(reduction="sum"), 'take reduction="mean"$'),
        (SUM, "take a mean, and do what else"),
        (lambda out, y: F.mse_loss(out, y).sqrt(), r"take a mean, .*\(a root"),
        (partial(F.smooth_l1_loss, reduction="sum"), "take a mean"),
        (lambda out, y: (out - y).square().mean() * len(y), "take a mean"),
    ],
)
@pytest.mark.parametrize("batch_size", [2, 10, 23])
def test_a_loss_that_is_no_mean_over_rows_is_refused(loss_func, advice, batch_size):
    net, _, optimizer = setup_epoch()
    before = weights(net)
    for judge in (
        lambda loader: train_epoch(net, loader, loss_func, optimizer),
        lambda loader: evaluate(net, loader, loss_func),
    ):
        with pytest.raises(ValueError, match=NO_MEAN + ".*" + advice) as caught:
            judge(load(batch_size=batch_size))
        assert "\n" not in str(caught.value)
    assert same(weights(net), before)


WEIGHT = torch.tensor([1.0, 3.0, 9.0])  # of a class
IGNORED = torch.tensor([0, 1, 2, 0, 1, -100, 2, 1, 0, 1, 1, 2])


@pytest.mark.parametrize(
    ("loss_func", "y", "advice"),
    [
        (
            nn.CrossEntropyLoss(weight=torch.tensor([1.0, 3.0, 9.0])),
            IGNORED.abs() % 3,
            "weight out",
        ),
        (
            nn.NLLLoss(weight=torch.tensor([1.0, 3.0, 9.0])),
            IGNORED.abs() % 3,
            "leave its weight out",
        ),
        (nn.CrossEntropyLoss(), IGNORED, "ignores the label -100; leave the rows"),
        (nn.CrossEntropyLoss(ignore_index=2), IGNORED.abs() % 3, "ignores the label 2; "),
        (F.cross_entropy, IGNORED, "ignores the label -100; "),
        (partial(F.cross_entropy, ignore_index=1), IGNORED.abs() % 3, "ignores the label 1; "),
        (lambda out, y: F.cross_entropy(out, y), IGNORED, "take a mean"),
    ],
)
@pytest.mark.parametrize("batch_size", [4, 6, 12])
def test_classes_that_count_unequally_are_refused(loss_func, y, advice, batch_size):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(1, 3), nn.LogSoftmax(1))
    loader = DataLoader(TensorDataset(torch.linspace(-1, 1, 12)[:, None], y), batch_size)
    if "lambda" in repr(loss_func):
        loader = DataLoader(loader.dataset, 12)  # a loss of one's own is asked in the first batch
    with pytest.raises(ValueError, match=NO_MEAN + ".*" + advice):
        evaluate(net, loader, loss_func)


@pytest.mark.parametrize(
    "loss_func",
    [
        nn.L1Loss(),
        nn.HuberLoss(),
        nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0])),
        partial(F.mse_loss, reduction="mean"),
        lambda out, y: (out - y).mean(),  # rows that cancel
        lambda out, y: 1e6 * (out - y).mean(),
        lambda out, y: 1e-12 * (out - y).square().mean(),
        lambda out, y: (out - y).square().mean() + 3.0,  # a penalty that no row changes
        lambda out, y: F.gaussian_nll_loss(out, y, torch.ones(len(y), 1)),
        lambda out, y: (out + torch.randn(out.shape) - y).square().mean(),  # cannot be judged
        lambda out, y: (out[1] - y[1]).square().mean(),  # cannot be asked for one row
    ],
)
def test_a_mean_and_what_cannot_be_judged_are_taken_and_asked_without_a_trace(loss_func):
    results = []
    for loop in (plain_loop, train_epoch):
        net, _, optimizer = setup_epoch()
        if loop is train_epoch:
            train_epoch(net, load(), loss_func, optimizer)
        else:
            for x, y in load():
                plain_loop(net, x, y, loss_func, optimizer, 1)
        results.append([*weights(net), torch.get_rng_state()])
    assert same(*results)


@pytest.mark.parametrize(
    ("batches", "error", "message"),
    [
        ({"x": X, "y": Y}, TypeError, "loader must hand out batches, as"),
        ([X, X], TypeError, r"^loader must hand out pairs \(x, y\), got a Tensor$"),
        ([(X, Y, Y)], TypeError, r"pairs \(x, y\), got a tuple of 3$"),
        ([[X]], TypeError, r"pairs \(x, y\), got a list of 1$"),
        ([{"x": X, "y": Y}], TypeError, r"pairs \(x, y\), got a dict$"),
        (["ab"], TypeError, r"pairs \(x, y\), got a str$"),
        (iter([]), ValueError, "at least one batch, got none"),
    ],
)
def test_a_loader_of_something_else_is_refused(batches, error, message):
    net, loss_func, optimizer = setup_epoch()
    for judge in (
        lambda: train_epoch(net, batches, loss_func, optimizer),
        lambda: evaluate(net, batches, loss_func),
    ):
        with pytest.raises(error, match=message):
            judge()


def test_what_an_epoch_is_called_with_is_named_as_python_names_it():
    net, loss_func, _ = setup_epoch()
    with pytest.raises(TypeError, match=r"^train_epoch\(\) missing .* 'optimizer'$"):
        train_epoch(net, load(), loss_func)
    with pytest.raises(TypeError, match=r"^evaluate\(\) got an unexpected keyword argument 'lr'$"):
        evaluate(net, load(), loss_func, lr=3)
    assert list(inspect.signature(evaluate).parameters) == ["net", "loader", "loss_func"]


def test_both_take_classes():
    torch.manual_seed(0)
    x = torch.rand(60, 2) - 0.5
    loader = DataLoader(TensorDataset(x, (x[:, 0] > x[:, 1]).long()), batch_size=16, shuffle=True)
    net = make_layers([2, 16, 2])
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    first = evaluate(net, loader, nn.CrossEntropyLoss())
    for _ in range(60):
        train_epoch(net, loader, nn.CrossEntropyLoss(), optimizer)
    assert evaluate(net, loader, nn.CrossEntropyLoss()) < 0.3 < first


def test_an_epoch_stops_before_a_loss_that_is_not_finite_reaches_the_weights():
    net, loss_func, optimizer = setup_epoch(lr=1e20)
    with pytest.raises(FloatingPointError) as caught:
        train_epoch(net, load(), loss_func, optimizer)
    message = str(caught.value)
    assert re.match(
        r"loss is (inf|nan) after 5 samples of this epoch with learning rate 1e\+20; ", message
    )
    assert message.endswith("try a smaller learning rate, or inputs on a smaller scale")
    assert all(p.isfinite().all() for p in net.parameters())


def test_a_loss_that_is_not_finite_can_be_evaluated():
    net, loss_func, _ = setup_epoch()
    for parameter in net.parameters():
        torch.nn.init.constant_(parameter, 1e30)
    assert evaluate(net, load(), loss_func) == math.inf


FLAT = TensorDataset(torch.ones(8, 1), torch.ones(8))
NAN = TensorDataset(torch.tensor([[1.0], [math.nan]]), torch.ones(2, 1))
EMPTY = TensorDataset(torch.ones(0, 1), torch.ones(0, 1))
NO_BATCH = "loader must hand out at least one batch, got none"
HANDS_OUT = r"^loader must hand out batches, as DataLoader\(TensorDataset.* does, got "


@pytest.mark.parametrize(
    ("error", "change", "message"),
    [
        bad(TypeError, HANDS_OUT + "<torch.*TensorDataset object>$", loader=FLAT),
        bad(TypeError, HANDS_OUT + "tensor", loader=torch.ones(4, 1)),
        bad(TypeError, HANDS_OUT + "None", loader=None),
        bad(ValueError, NO_BATCH, loader=DataLoader(EMPTY, batch_size=5)),
        bad(ValueError, NO_BATCH, loader=DataLoader(FLAT, batch_size=9, drop_last=True)),
        bad(ValueError, r"y must have the shape of net\(x\), \(5, 1\)", loader=DataLoader(FLAT, 5)),
        bad(ValueError, "x must be finite, got nan in row 1", loader=DataLoader(NAN, 2)),
        bad(TypeError, "net must be a network", net=Regressor),
        bad(TypeError, "loss_func must be an instance", loss_func=nn.MSELoss),
        bad(TypeError, "loss_func must return a tensor", loss_func=lambda out, y: 1.0),
        bad(
            ValueError, "must return one number, got shape", loss_func=nn.MSELoss(reduction="none")
        ),
        bad(TypeError, "optimizer must be made", optimizer=torch.optim.SGD),
        bad(ValueError, "loss must depend on", loss_func=lambda out, y: y.mean()),
    ],
)
def test_what_an_epoch_cannot_use_is_refused_in_one_line(error, change, message):
    net, loss_func, optimizer = setup_epoch()
    given = {"net": net, "loader": load(), "loss_func": loss_func, "optimizer": optimizer} | change
    with pytest.raises(error, match=message) as caught:
        train_epoch(**given)
    assert "\n" not in str(caught.value)
    del given["optimizer"]
    if "optimizer" not in change and "loss must depend" not in message:
        with pytest.raises(error, match=message):
            evaluate(**given)
