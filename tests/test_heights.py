"""The mountain side of notebook 11 is still what matplotlib brings along."""

import json

from matplotlib.cbook import get_sample_data
from stored import ROOT


def test_matplotlib_brings_the_heights_along():
    elevation = get_sample_data("jacksboro_fault_dem.npz")["elevation"]
    assert elevation.shape == (344, 403)
    assert (elevation.min(), elevation.max()) == (236, 1076)


def test_the_stored_races_are_whole():
    stored = json.loads((ROOT / "helpers" / "results" / "heights.json").read_text())
    assert [race["points"] for race in stored] == [64, 256, 1024, 4096]
    for race in stored:
        for name in ("mean", "nearest", "five nearest", "network of 64s", "network of 8s"):
            assert len(race[name]) == 5
