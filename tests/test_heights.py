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
    assert len({(row["points"], row["draw"]) for row in stored["rows"]}) == 20
    assert all(len(row["[64, 64, 64] 0.01"]) == len(stored["stops"]) for row in stored["rows"])
