"""A notch is named so that no two look alike, and what the panel cannot show is refused."""

import pytest
from ipywidgets.widgets.widget import _instances

from helpers.experiment import Settings
from helpers.widgets.controls import (
    NOISES,
    POINTS,
    RATES,
    WIDTHS,
    Controls,
    name_notches,
    slider,
)
from helpers.widgets.stills import close_widget


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([0.05, 0.0500001], ["0.05", "0.0500001"]),
        ([0.3, 0.1 + 0.2, 0.4], ["0.3", "0.30000000000000004", "0.4"]),
        ([1e-300, 12345.678, 1e300], ["1e-300", "12345.7", "1e+300"]),
        ([1 / 3], ["0.333333"]),
        ([-0.0, 1.0], ["0", "1"]),
        ([1_000_000, 1_000_001], ["1000000", "1000001"]),
        ([12345.6, 12345.61, 12345.62], ["12345.6", "12345.61", "12345.62"]),
    ],
)
def test_the_names_of_notches(values, names):
    assert name_notches(values) == names


@pytest.mark.parametrize("given", [0.0500001, 1e-300, 12345.678, 0.05])
@pytest.mark.parametrize("values", [RATES, POINTS, WIDTHS, NOISES], ids=len)
def test_no_two_notches_of_a_slider_look_alike(values, given):
    made = slider("A name", "A tooltip", values, given)
    names = [name for name, _ in made.options]
    assert len(set(names)) == len(names) == len({*values, given})
    assert made.value == given
    assert float(names[made.index]) == pytest.approx(given, rel=1e-5)
    close_widget(made)


def test_six_digits_are_enough_for_the_panels_own_notches():
    for values in (RATES, POINTS, WIDTHS, NOISES):
        assert max(map(len, name_notches(sorted(values)))) <= 8


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (Settings(cfg=(1, *(5,) * 200, 1)), r"got cfg \(1, 5, .*\.\.\., noise 0 and seed 0$"),
        (Settings(noise=1.5), r"noise 1\.5 and seed 0$"),
        (Settings(seed=2**53), r"noise 0 and seed 9007199254740992$"),
    ],
)
def test_what_the_panel_cannot_show_is_refused_in_one_line(settings, told):
    before = set(_instances)
    with pytest.raises(ValueError, match=told) as caught:
        Controls(settings)
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)
    assert set(_instances) == before


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(cfg=(1, 1), n_samples=2, lr=1e-300),
        Settings(cfg=(1, 1000, 7, 1), n_samples=1234567, lr=12345.678, noise=0.123),
    ],
)
def test_settings_are_read_as_they_were_given(settings):
    before = set(_instances)
    controls = Controls(settings)
    assert controls.read() == settings
    assert controls.hidden == list(settings.cfg[1:-1])
    whole = (controls.main, controls.widths_box, controls.more)
    rest = (*controls.bar, *controls.folds, controls.stop, controls.program, controls.style)
    for part in (*whole, *rest):
        close_widget(part)
    assert set(_instances) == before
