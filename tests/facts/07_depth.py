"""What the cells of 07_depth must have found."""

import statistics

# %% 07-watch
((low, high),) = printed("last 300: {} to {}")
assert 0.004 < low < high < 0.2

# %% 07-plateau
assert 0.015 < deep_losses[999] < 0.4
assert 0.4 < deep_losses[100] < 0.5

# %% 07-four-picture
assert min(ends["3 layers, small"]) > 0.01937
assert statistics.median(ends["7 layers, large"]) < statistics.median(ends["3 layers, small"])

# %% 07-share
((deep,),) = printed("7 layers, large, below 3 layers, small: {}")
((won,),) = printed("7 layers, small, below 3 layers, large: {}")
((of_small,),) = printed("7 layers, small, below 3 layers, small: {}")
assert deep > 0.9
assert 0.7 < of_small < 0.9
assert right("07-size") == ("7 layers, small, in most pairs" if won > 0.75 else "")

# %% 07-fresh-seeds
assert statistics.median(fresh[5]) < statistics.median(fresh[2])
assert 1e-5 < min(fresh[5]) < max(fresh[5]) < 0.01
assert 2e-4 < min(fresh[2]) < max(fresh[2]) < 0.5

# %% 07-noisy-points
rows = printed("on the 40 points {} to {}, true sine {} to {}")
assert len(rows) == 2
for low, high, least, most in rows:
    assert 0.001 < low < high < 0.5
    assert 0.004 < least < most < 0.4
(_, _, *one), (_, _, *five) = rows
overlap = one[0] < five[1] and five[0] < one[1]
assert right("07-noisy") == ("cannot tell: the ranges overlap" if overlap else "")

# %% 07-frozen
rows = printed("{}: {} to {}, {} of 10 below a flat line")
assert len(rows) == 2
for _, low, high, below in rows:
    assert 0.1 < low < high < 0.6
    assert 7 <= below <= 10
frozen_below = rows[1][3]
assert right("07-freeze") == ("seven or more" if frozen_below >= 7 else "")

# %% 07-count-kinks
shallow, three = printed("kinks, {} to {} of them outside 5")
assert 7 < shallow[0] <= shallow[1] < 40
assert 0 <= three[0] <= three[1] < 20
assert right("07-place") == f"{300 * (1 / (2 * 5) - 1 / (2 * 10)):.0f}"

# %% 07-spread-out
crowded = printed("one layer of 300: {} to {}")
spread_out = printed("the same, kinks spread out: {} to {}")
three = printed("three layers of 20: {} to {}")
assert len(crowded) == len(spread_out) == len(three) == 2
for far, even, deep in zip(crowded, spread_out, three, strict=True):
    for low, high in (far, even, deep):
        assert 0.03 < low < high < 0.5
    assert max(even[1], deep[1]) < far[0]
    assert 0.5 < sum(even) / sum(deep) < 2

# %% 07-readouts
for old, oldest, new, newest in printed("untrained {} to {}, trained {} to {}"):
    assert 0.003 < old < oldest < 0.6
    assert 1e-5 < new < newest < 0.5
_, second, third, fourth = (statistics.median(losses) for losses in zip(*after, strict=True))
assert 2 * fourth < third < second

# %% 07-goal-panel
assert goal.settings.function == "chirp"
