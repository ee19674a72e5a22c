"""What the cells of 05_optimizer must have found."""

import math
import statistics

# %% 05-trembling
assert 0 <= early < 150
assert 50 < late < 200

# %% 05-valley-answer
for _, _, rule, found in printed("{}  {}  {}  {}"):
    assert abs(rule - found) < 1e-3 + 0.05 * rule
leaving = [lr for lr in (0.1, 0.2, 1, 2) if abs(roll(1.01 * lr)[-1]) > 1]
staying = [lr for lr in (0.1, 0.2, 1, 2) if abs(roll(0.99 * lr)[-1]) < 1]
assert staying == [0.1, 0.2]
assert right("05-valley") == str(leaving[0])

# %% 05-growth-answer
for _, rule, low, high in printed("lr {}: times {} by the rule, {} to {} measured"):
    assert 0.97 * rule < low <= high < 1.03 * rule
assert right("05-growth") == f"{statistics.median(growths):.1f}"

# %% 05-climb-answer
for _, _, low, high in printed("lr {}, limit {}, five seeds: {} to {} limits in the end"):
    assert 0.4 < low <= high < 3
ends = [curvatures[-1] for curvatures, _, _ in watched[0.05]]
assert 30 < statistics.median(ends) < 60
assert right("05-climb") == "about 40"

# %% 05-calm-answer
assert 10 < min(before) <= max(before) < 80
assert max(after) <= 5
assert right("05-calm") == "at most 5"

# %% 05-steep-answer
for _, lr in best.values():
    assert RATES[0] < lr < RATES[-1]  # not on the edge of the grid
assert best[10, "SGD"][0] < 0.1 * best[10, "Adam"][0]
assert best[50, "Adadelta"][0] < 1.1 * best[10, "Adadelta"][0]
names = ["SGD", "momentum", "Adam"]
same = [name for name in names if best[50, name][0] < 1.1 * best[10, name][0]]
assert [right("05-steep")] == [f"{name}'s" for name in same]

# %% 05-grid
assert results["SGD", 1.0] == [math.inf] * 5
assert max(results["Adadelta", 1.0]) < 0.4

# %% 05-grid-picture
for name, (_, _, rates) in GRID.items():
    assert rates[0] < best_lr[name] < rates[-1]  # not on the edge of the grid

# %% 05-race
medians = {}
rows = printed("lr {}, five seeds, last 100: {} to {}, median {}")
for name, (_, low, high, middle) in zip(GRID, rows, strict=True):
    assert 0.0005 < low < 0.5
    assert 0.002 < middle < 0.7
    assert 0.01 < high <= math.inf  # one may explode
    medians[name] = middle
assert right("05-race") == min(medians, key=medians.get)
