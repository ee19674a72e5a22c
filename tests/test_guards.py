"""Tests of values: what Python takes for a number is taken, everything else named in one line."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from helpers.guards import (
    MAX_SEED,
    show,
    to_choice,
    to_noise,
    to_number,
    to_rate,
    to_seed,
    to_whole,
)


@pytest.mark.parametrize(
    "value", [3, np.int64(3), np.uint8(3), np.int32(3), torch.tensor(3), np.array(3)]
)
def test_whole_numbers_come_back_as_int(value):
    assert to_whole("n", value) == 3
    assert type(to_whole("n", value)) is int


@pytest.mark.parametrize(
    "value",
    [True, np.True_, torch.tensor(True), 3.0, np.float32(3), math.nan, "3", None, [3], np.ones(2)],
)
def test_what_is_not_whole_is_named(value):
    with pytest.raises(TypeError) as caught:
        to_whole("n", value, 1)
    assert str(caught.value) == f"n must be a whole number of at least 1, got {value!r}"


def test_a_whole_number_stays_in_its_range():
    assert [to_whole("n", n, -1, 2) for n in (-1, 0, 2)] == [-1, 0, 2]
    for outside in (-2, 3):
        with pytest.raises(ValueError, match=f"^n must be from -1 to 2, got {outside}$"):
            to_whole("n", outside, -1, 2)
    with pytest.raises(ValueError, match=r"^n must be at least 0, got -1$"):
        to_whole("n", np.int64(-1))
    with pytest.raises(TypeError, match=r"^n must be a whole number from -1 to 2, got 0\.5$"):
        to_whole("n", 0.5, -1, 2)


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.float64(2), np.int8(2), Fraction(2)])
def test_numbers_come_back_as_float(value):
    assert to_number("low", value) == 2.0
    assert type(to_number("low", value)) is float


@pytest.mark.parametrize("value", [True, np.True_, "2", None, 2j, Decimal(2), [2.0], np.ones(2)])
def test_what_is_no_number_is_named(value):
    with pytest.raises(TypeError) as caught:
        to_number("low", value)
    assert str(caught.value) == f"low must be a number, got {value!r}"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan"), 10**400])
def test_what_is_not_finite_is_named(value):
    for check in (to_rate, to_noise, lambda value: to_number("low", value)):
        with pytest.raises(ValueError, match=r"^(lr|noise|low) must be finite, got ") as caught:
            check(value)
        assert len(str(caught.value)) < 140


def test_a_rate_is_above_0_and_noise_at_least_0():
    assert to_rate(1e-300) == 1e-300
    assert to_noise(0) == 0.0
    for rate in (0, -0.0, -1e-300):
        with pytest.raises(ValueError, match=r"^lr must be positive, got -?[01]"):
            to_rate(rate)
    with pytest.raises(ValueError, match=r"^noise must be at least 0, got -0\.5$"):
        to_noise(-0.5)


def test_a_seed_is_one_that_torch_takes():
    assert [to_seed(seed) for seed in (0, MAX_SEED)] == [0, 2**63 - 1]
    torch.Generator().manual_seed(MAX_SEED)
    for seed in (-1, MAX_SEED + 1):
        with pytest.raises(ValueError, match=f"^seed must be from 0 to {MAX_SEED}, got {seed}$"):
            to_seed(seed)


def test_a_choice_is_one_of_the_names():
    assert to_choice("food", "egg", {"egg": 1, "ham": 2}) == "egg"
    for wrong in ("Egg", None, 3, ["egg"]):
        with pytest.raises(ValueError, match=r"^food must be one of egg, ham, got ") as caught:
            to_choice("food", wrong, {"egg": 1, "ham": 2})
        assert repr(wrong) in str(caught.value)


def test_a_value_is_shown_in_one_short_line():
    assert show("a  b") == "'a  b'"
    network = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.ReLU())
    assert show(network) == "Sequential( (0): ReLU() (1): ReLU() )"
    assert show([str.upper, object()]) == "[<method 'upper' of 'str' objects>, <object object>]"
    assert show(bad_name := lambda: 1) == f"<function {bad_name.__qualname__}>"
    assert show("x" * 98) == repr("x" * 98)
    assert show("x" * 99) == "'" + "x" * 96 + "..."
