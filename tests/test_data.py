"""Module 1: the points are where the curve says, and bad requests are refused."""

import math
import re

import numpy as np
import pytest
import torch
from torch import nn

from helpers.data import FUNCTIONS, get_fake_data, get_glyphs, make_digits


def test_default_is_the_articles_data():
    x, y = get_fake_data()
    assert x.shape == y.shape == (1000, 1)
    assert x.dtype == y.dtype == torch.float32
    assert torch.equal(x, torch.linspace(-10, 10, 1000).reshape(-1, 1))
    assert torch.equal(y, torch.sin(x))


# Oracles written with numpy and plain formulas, in float64.
CURVES = {
    "line": lambda x: 0.1 * x,
    "parabola": lambda x: 2 * (x / 10) ** 2 - 1,
    "step": np.sign,
    "sinc": lambda x: np.where(x == 0, 1.0, np.sin(x) / np.where(x == 0, 1, x)),
    "sine": np.sin,
    "triangle": lambda x: 1 - 2 / np.pi * np.arccos(np.sin(x)),
    "square": lambda x: np.where(np.sin(x) > 0, 1.0, -1.0),
    "two tones": lambda x: 0.6 * np.sin(x) + 0.4 * np.sin(3 * x),
    "chirp": lambda x: np.sin(x * x / 5),
}


def test_the_catalogue_and_its_oracles_agree():
    assert set(FUNCTIONS) == set(CURVES)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_named_function(name):
    x, y = get_fake_data(n_samples=400, function=name)
    expected = CURVES[name](x.double().numpy())
    assert np.abs(y.numpy() - expected).max() < 1e-3
    assert y.abs().max() <= 1 + 1e-6
    same_x, same_y = get_fake_data(n_samples=400, function=FUNCTIONS[name])
    assert torch.equal(x, same_x)
    assert torch.equal(y, same_y)


@pytest.mark.parametrize(
    "function",
    [
        torch.cos,
        lambda x: np.cos(x.numpy()),
        lambda x: x.double().cos(),
        lambda x: [[math.cos(value)] for value in x],
        lambda x: x.cos_(),  # works in place
    ],
)
def test_own_function_comes_back_as_float32(function):
    x, y = get_fake_data(n_samples=7, low=2, high=5, function=function)
    assert y.dtype == torch.float32
    assert torch.allclose(y, torch.cos(x))
    assert x[0] == 2
    assert x[-1] == 5


def test_whole_numbers_and_halves_come_back_as_float32():
    for function in (lambda x: x.sign().long(), lambda x: x.sign().half(), lambda x: x > 0):
        x, y = get_fake_data(9, function=function)
        assert y.dtype == torch.float32
        assert torch.equal(y, function(x).float())


STORED = torch.zeros(5, 1)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x,
        lambda x: x[:],
        lambda x: x.numpy(),
        lambda x: STORED,
        lambda x: STORED[:1].expand(5, 1),
    ],
)
def test_x_and_y_share_no_memory_with_each_other_or_the_curve(function):
    x, y = get_fake_data(5, function=function)
    truth = x.clone()
    y += 1
    y[0] = 7
    assert torch.equal(x, truth)
    assert not STORED.any()
    assert y[:, 0].tolist() == [7, *(torch.as_tensor(function(x)) + 1)[1:, 0].tolist()]


@pytest.mark.parametrize("noise", [0, 0.1])
def test_a_network_as_the_curve_leaves_no_graph(noise):
    net = nn.Linear(1, 1)
    x, y = get_fake_data(5, function=net, noise=noise, seed=0)
    assert not y.requires_grad
    assert not x.requires_grad
    assert torch.equal(get_fake_data(5, function=net)[1], net(x).detach())


def test_numpys_numbers_are_numbers():
    numbers = {"n_samples": np.int64(50), "low": np.float32(-2), "high": np.int32(3)}
    ours = get_fake_data(**numbers, noise=np.float32(0.5), seed=np.uint8(4))
    theirs = get_fake_data(n_samples=50, low=-2.0, high=3, noise=0.5, seed=4)
    assert all(map(torch.equal, ours, theirs))


@pytest.mark.parametrize("function", ["sine", lambda x: [[0.1]] * len(x)])
@pytest.mark.parametrize("seed", [3, None])
def test_defaults_of_torch_change_nothing(function, seed):
    def make():
        torch.manual_seed(1)
        return get_fake_data(50, function=function, noise=0.1, seed=seed)

    expected = make()
    for dtype in (torch.float64, torch.float16):
        torch.set_default_dtype(dtype)
        try:
            made = make()
        finally:
            torch.set_default_dtype(torch.float32)
        assert all(map(torch.equal, made, expected))
    with torch.device("meta"):  # as torch.set_default_device does
        made = make()
    assert all(map(torch.equal, made, expected))


def test_one_point():
    x, y = get_fake_data(n_samples=1)
    assert x.shape == y.shape == (1, 1)


def test_noise_has_the_width_asked_for_and_obeys_its_seed():
    x, clean = get_fake_data(n_samples=20_000)
    _, noisy = get_fake_data(n_samples=20_000, noise=0.3, seed=0)
    _, again = get_fake_data(n_samples=20_000, noise=0.3, seed=0)
    _, other = get_fake_data(n_samples=20_000, noise=0.3, seed=2)
    assert torch.equal(noisy, again)
    assert not torch.equal(noisy, other)
    difference = noisy - clean
    assert abs(difference.std().item() - 0.3) < 0.01
    assert abs(difference.mean().item()) < 0.01
    assert torch.equal(x, get_fake_data(n_samples=20_000, noise=0.3, seed=0)[0])


def test_a_seed_leaves_the_global_generator_alone_and_none_uses_it():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    get_fake_data(noise=0.1, seed=5)
    assert torch.equal(torch.rand(3), expected)
    torch.manual_seed(3)
    _, first = get_fake_data(noise=0.1)
    torch.manual_seed(3)
    _, second = get_fake_data(noise=0.1)
    assert torch.equal(first, second)


@pytest.mark.parametrize(
    ("error", "bad", "message"),
    [
        (ValueError, {"n_samples": 0}, "n_samples must be at least 1, got 0"),
        (ValueError, {"n_samples": -5}, "got -5"),
        (
            TypeError,
            {"n_samples": 10.0},
            "n_samples must be a whole number .* got 10.0",
        ),
        (TypeError, {"n_samples": True}, "got True"),
        (ValueError, {"low": 1, "high": 1}, "low must be below high.*low=1 and high=1"),
        (ValueError, {"low": 3, "high": -3}, "low=3 and high=-3"),
        (ValueError, {"low": math.nan}, "low must be finite, got nan"),
        (ValueError, {"high": math.inf}, "high must be finite, got inf"),
        (TypeError, {"low": "0"}, "low must be a number, got '0'"),
        (ValueError, {"noise": -0.1}, "noise must be at least 0, got -0.1"),
        (ValueError, {"noise": math.nan}, "noise must be finite, got nan"),
        (TypeError, {"noise": "much"}, "noise must be a number, got 'much'"),
        (TypeError, {"seed": 1.0}, "seed must be a whole number from 0 to .*, got 1.0"),
        (ValueError, {"seed": -1}, "seed must be from 0 to .*, got -1"),
        (ValueError, {"function": "sin"}, "function must be one of line, .*sine.*, got 'sin'"),
        (TypeError, {"function": 3}, "function must be a name in FUNCTIONS or a callable, got 3"),
        (ValueError, {"function": torch.log}, "finite on .*not at x = -10"),
        (ValueError, {"function": torch.sum}, r"one y for each x, of shape \(1000, 1\), got.*\(\)"),
        (ValueError, {"function": lambda x: x.squeeze()}, r"got shape \(1000,\)"),
        (ValueError, {"function": lambda x: 3.0}, r"got shape \(\)"),
        (ValueError, {"function": lambda x: x.double() * 1e39}, "finite on .*not at x = -10"),
        (TypeError, {"function": lambda x: None}, "function must return a tensor, got None"),
        (TypeError, {"function": lambda x: "sine"}, "return a tensor, got 'sine'"),
        (
            TypeError,
            {"function": lambda x: torch.sqrt(x + 0j)},
            "real .* got torch.complex64",
        ),
        (TypeError, {"function": lambda x: x.numpy() * 1j}, "real .* got torch.complex64"),
    ],
)
def test_bad_input(error, bad, message):
    with pytest.raises(error, match=message) as caught:
        get_fake_data(**bad)
    assert "\n" not in str(caught.value)


def test_glyphs_are_ten_digits_in_six_fonts_each_whole_in_its_square():
    glyphs = get_glyphs()
    assert glyphs.shape == (6, 10, 16, 16)
    assert glyphs.dtype == torch.float32
    assert glyphs.min() == 0
    assert glyphs.max() == 1
    ink = glyphs.sum((2, 3))
    assert ink.min() > 15  # the thinnest 1 has as many strong pixels
    assert (glyphs[:, :, [0, -1]] == 0).all()
    assert (glyphs[:, :, :, [0, -1]] == 0).all()
    for axis in (2, 3):  # each stands in the middle, to within a pixel
        lines = (glyphs.amax(axis) > 0.5).float()  # (6, 10, 16)
        box = lines.argmax(2) + 15 - lines.flip(2).argmax(2)  # the first line and the last
        assert ((box - 15).abs() <= 2).all()
    flat = glyphs.reshape(60, 256)
    assert len(flat.unique(dim=0)) == 60  # no font stands in for another
    upper, lower = glyphs[:, :, :8].sum((2, 3)), glyphs[:, :, 8:].sum((2, 3))
    assert (upper[:, 7] > lower[:, 7]).all()  # a 7 has its bar above: rows go down
    left, right = glyphs[..., :8].sum((2, 3)), glyphs[..., 8:].sum((2, 3))
    assert (right[:, 3] > left[:, 3]).all()  # and columns to the right


@pytest.mark.parametrize(
    ("n_samples", "low", "high"),
    [(5, 1.7e9, 1.7e9 + 10), (1000, 1e6, 1e6 + 1), (3, -1e8, -1e8 + 1)],
)
def test_x_that_float32_cannot_tell_apart_are_refused(n_samples, low, high):
    with pytest.raises(ValueError, match=r"^x must differ .* subtract an offset") as caught:
        get_fake_data(n_samples, low, high)
    near = float(re.search(" near (.*) apart", str(caught.value))[1])
    assert near == pytest.approx(low, rel=1e-6)


def test_x_far_from_0_that_float32_can_tell_apart_are_made():
    x, _ = get_fake_data(5, 1.7e9, 1.7e9 + 1e4)
    assert (x[1:] > x[:-1]).all()


def test_digits_are_drawn_from_a_seed():
    images, digits = make_digits(40, seed=3)
    assert images.shape == (40, 1, 12, 12)
    assert images.dtype == torch.float32
    assert digits.shape == (40,)
    assert digits.dtype == torch.int64
    assert torch.equal(images, make_digits(40, seed=3)[0])
    assert not torch.equal(digits, make_digits(40, seed=4)[1])


def test_digits_stand_around_the_middle_and_are_not_cut_off():
    clean, _ = make_digits(500, seed=3, noise=0)
    places = torch.arange(12.0) - 5.5
    for axis in (2, 3):
        middles = (clean[:, 0].sum(axis - 1) @ places) / clean.sum((1, 2, 3))
        assert middles.mean().abs() < 0.2
    rim = torch.cat([clean[:, 0, [0, -1]].flatten(1), clean[:, 0, :, [0, -1]].flatten(1)], dim=1)
    assert (rim.amax(1) > 0.5).float().mean() < 0.05
    still, _ = make_digits(500, seed=3, noise=0, shift=0)
    assert still[:, 0, [0, -1]].max() < 0.5  # a place up to a pixel away cuts nothing off


def test_the_same_digits_stand_elsewhere_larger_or_without_noise():
    clean, digits = make_digits(40, seed=3, noise=0)
    assert clean.min() >= 0
    assert clean.max() <= 1
    moved, others = make_digits(40, seed=3, noise=0, right=2)
    assert torch.equal(digits, others)
    assert torch.allclose(moved[..., 2:], clean[..., :-2], atol=1e-5)
    large, others = make_digits(40, seed=3, noise=0, size=24)
    assert large.shape == (40, 1, 24, 24)
    assert torch.equal(digits, others)
