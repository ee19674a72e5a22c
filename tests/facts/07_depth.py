"""What the cells of 07_depth must have found."""

import statistics

# %% 07-share
((deep,),) = printed("7 layers, large, below 3 layers, small: {} of the pairs")
((won,),) = printed("7 layers, small, below 3 layers, large: {} of the pairs")
((of_small,),) = printed("7 layers, small, below 3 layers, small: {} of the pairs")
assert deep > 0.9
assert won > 0.75
assert 0.7 < of_small < 0.9

# %% 07-size-reveal
assert right("07-size") == "7 layers, small, in most pairs"

# %% 07-four-picture
assert min(ends["3 layers, small"]) > 0.01937

# %% 07-pieces
rows = printed("{} layers, {} units: {} pieces, in one layer they would make {} at most")
assert [row[2] for row in rows] == [2, 4, 8, 16, 32, 64]
assert all(row[3] == row[1] + 1 for row in rows)

# %% 07-fold-reveal
assert right("07-fold") == f"{2**3}"

# %% 07-count-kinks
for cfg, (before, after) in counts.items():
    units = 300 if cfg == "[1, 300, 1]" else 60
    assert 0.6 * units < min(before) <= max(before) <= 1.3 * units
    assert 0.6 * units < min(after) <= max(after) <= 1.8 * units

# %% 07-count-reveal
assert right("07-count") == "about 60"

# %% 07-crowd
near, *_, far = [row[2] for row in printed("{} to {} from 0: {} of 200 kinks")]
assert near > 120
assert far < 12

# %% 07-crowd-answer
medians = {
    start: [statistics.median(errors) for errors in zip(*rows[start], strict=True)]
    for start in starts
}
left, middle, right_end = medians["as usual"]
assert min(left, right_end) > 20 * middle
left, middle, right_end = medians["crowd at 10"]
assert right_end < 0.02
assert right_end < 0.1 * min(left, middle)
assert sum(right < left for left, _, right in rows["crowd at 10"]) >= 9
for place in (0, 2):
    assert medians["even, by bias"][place] < 0.1 * medians["as usual"][place]

# %% 07-crowd-reveal
assert right("07-crowd") == "at the right end"

# %% 07-ends-later
outer_rows = printed("{} iterations: outer fifths {} to {}")
assert outer_rows[-1][2] < outer_rows[0][1]
for _, low, high in outer_rows:
    assert 1e-5 < low <= high < 0.5

# %% 07-signal
((low, high),) = printed("behind layer 1:  {} to {}")
((least, most),) = printed("behind layer 10: {} to {}")
assert 0.5 < low < high < 5
assert 1e-5 < least < most < 2e-3

# %% 07-signal-picture
assert statistics.median(row[-1] for row in forward) > 0.1  # with the gain
assert statistics.median(row[0] for row in backward) > 0.1

# %% 07-skipping
sizes = [size for (size,) in printed("parameters with skips: {}")]
assert sizes == [size for (size,) in printed("parameters without skips: {}")]

# %% 07-ways
assert max(ways["usual", 0.01]) - min(ways["usual", 0.01]) < 0.01
assert abs(statistics.median(ways["usual", 0.01]) - flat) < 0.01
best = {
    name: min(statistics.median(losses) for (kind, _), losses in ways.items() if kind == name)
    for name in ("larger rate", "gain", "skip")
}
assert flat - best["larger rate"] < 0.5 * (flat - max(best["gain"], best["skip"]))
assert 0.5 < (flat - best["gain"]) / (flat - best["skip"]) < 2
for name in ("gain", "skip"):
    assert max(ways[name, 0.003]) < flat - 0.01

# %% 07-ways-reveal
assert right("07-ways") == "gain and skip alike, the larger rate far behind"

# %% 07-good-answer
adam = {depth: held_out["Adam", depth][2] for depth in (1, 2, 3, 5, 10)}
assert min(adam, key=adam.get) == 5
assert adam[1] > adam[2] > adam[3] > adam[5]
assert held_out["SGD", 10][2] > 0.35
assert min(held_out["SGD", 1]) == math.inf
assert held_out["Adam", 3][0] < held_out["Adam", 5][4]  # the ranges overlap

# %% 07-good-reveal
assert right("07-good") == "five hidden layers"

# %% 07-frozen
for _, all_layers, four_layers in printed(
    "lr {}, median below the flat line: all ten layers {}, the last four {}"
):
    assert 0.005 < four_layers < 0.85 * all_layers < 0.5

# %% 07-freeze-reveal
assert right("07-freeze") == "clearly less far"

# %% 07-noisy
found = printed("{} layers: on the 40 points {} to {}, from the true sine {} to {}")
for _, low, high, least, most in found:
    assert 0.001 < low < high < 0.5
    assert 0.004 < least < most < 0.6
(_, _, _, *one), (_, _, _, *five) = found
assert one[0] < five[1]
assert five[0] < one[1]

# %% 07-noise-reveal
assert right("07-noisy") == "you cannot tell: the ranges overlap"

# %% 07-goal-panel
assert goal.settings.function == "chirp"
