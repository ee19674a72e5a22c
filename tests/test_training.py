"""Module 6: the five steps, each of them, in the article's order, and nothing else."""

import copy
import itertools
import math
import pickle

import pytest
import torch
from torch import nn

from helpers.data import get_fake_data
from helpers.model import Regressor, make_layers
from helpers.training import Curve, Diverged, Iteration, train

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
    assert (error.number, error.last_loss, error.lr) == (last.number + 1, last.loss, lr)
    for parameter, weight in zip(net.parameters(), kept, strict=True):
        assert torch.equal(parameter.nan_to_num(), weight.nan_to_num())


def test_diverged_says_where_from_what_and_at_which_rate():
    error = Diverged(41, math.inf, 3.1e8, 0.5)
    assert isinstance(error, FloatingPointError)
    assert str(error).startswith(
        "loss is inf at iteration 41 (3.1e+08 before it) with learning rate 0.5"
    )
    assert "no loss before it" in str(Diverged(0, math.nan, None, 0.5))
    copied = pickle.loads(pickle.dumps(error))
    assert str(copied) == str(error)
    assert (copied.number, copied.last_loss) == (41, 3.1e8)


def test_diverged_stops_before_backward():
    net, x, y, _, optimizer = setup()
    with pytest.raises(Diverged):
        next(train(net, x, y, lambda out, y: (out - y).sum() * math.nan, optimizer))
    assert all(p.grad is None for p in net.parameters())


def test_integer_labels_for_cross_entropy():
    torch.manual_seed(0)
    x, y = get_fake_data(100)
    labels = (y[:, 0] > 0).long()  # (N,)
    net = make_layers([1, 30, 2])
    optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
    losses = [i.loss for i in train(net, x, labels, nn.CrossEntropyLoss(), optimizer, 100)]
    assert losses[-1] < losses[0] - 0.05


def bad(error, message, **change):
    return pytest.param(error, change, message, id=message[:40])


COLUMN = torch.linspace(-10, 10, 200).unsqueeze(1)
HOLE = COLUMN.clone()
HOLE[3] = math.nan


@pytest.mark.parametrize(
    ("error", "change", "message"),
    [
        bad(ValueError, r"same length.*\(200, 1\) and \(199, 1\)", y=COLUMN[1:]),
        bad(ValueError, r"same length.*and \(\)", y=torch.tensor(1.0)),
        bad(ValueError, r"\(200, 1\), got \(200,\): PyTorch would broadcast", y=COLUMN[:, 0]),
        bad(ValueError, r"\(200, 1\), got \(200, 2\)", y=COLUMN.expand(-1, 2)),
        bad(ValueError, r"x must be a column.*got shape \(200,\)", x=COLUMN[:, 0]),
        bad(ValueError, r"at least one row.*\(0, 1\)", x=COLUMN[:0], y=COLUMN[:0]),
        bad(ValueError, "x must be finite, got nan in row 3", x=HOLE),
        bad(ValueError, "x must be finite, got inf in row 0", x=COLUMN / 0 * -1),
        bad(ValueError, "y must be finite, got nan in row 3", y=HOLE),
        bad(TypeError, "x must be a tensor, got ndarray", x=COLUMN.numpy()),
        bad(TypeError, "y must be a tensor, got list", y=[1.0] * 200),
        bad(ValueError, "epochs must be at least 0, got -1", epochs=-1),
        bad(TypeError, "epochs must be an int of at least 0, got 2.0", epochs=2.0),
        bad(TypeError, "epochs must be an int of at least 0, got True", epochs=True),
        bad(ValueError, "start must be at least 0, got -3", start=-3),
        bad(TypeError, "start must be an int of at least 0, got None", start=None),
        bad(TypeError, r"instance such as nn.MSELoss\(\), got.*MSELoss'>", loss_func=nn.MSELoss),
        bad(TypeError, "got 'mse'", loss_func="mse"),
    ],
)
def test_bad_input_is_refused_at_the_call(error, change, message):
    net, x, y, loss_func, optimizer = setup()
    arguments = {"x": x, "y": y, "loss_func": loss_func, "epochs": 3} | change
    with pytest.raises(error, match=message) as caught:
        train(net, optimizer=optimizer, **arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("lr", [0.0, -0.1, math.nan, math.inf])
def test_bad_learning_rate(lr):
    net, *rest, optimizer = setup()
    optimizer.param_groups[0]["lr"] = lr
    with pytest.raises(ValueError, match=f"lr must be positive and finite, got {lr}"):
        train(net, *rest, optimizer)


def test_an_optimizer_of_another_network_is_refused():
    _, *rest = setup()
    with pytest.raises(ValueError, match="holds none of this network's parameters"):
        train(Regressor(make_layers(ARTICLE)), *rest)


@pytest.mark.parametrize("points", [0, 1, 2, 3, 1999, 2000, 2001, 2002, 4000, 4001, 4003, 50_001])
def test_a_curve_keeps_its_ends_and_is_thinned_evenly(points):
    curve, start = Curve(), 17
    most = 0
    for number in range(start, start + points):
        curve.record(number, number / 10)
        most = max(most, len(curve.losses))
        assert (curve.iterations[0], curve.iterations[-1]) == (start, number)
    assert curve.losses == [number / 10 for number in curve.iterations]
    assert most == min(points, 2000)
    if points <= 2000:
        assert curve.iterations == list(range(start, start + points))
    else:
        assert len(curve.iterations) >= 1000
        gaps = {after - before for before, after in itertools.pairwise(curve.iterations[:-1])}
        assert len(gaps) == 1
        assert 0 < curve.iterations[-1] - curve.iterations[-2] <= gaps.pop()
