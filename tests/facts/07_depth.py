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
rows = printed("layers: {}, units: {}, pieces: {}; in one layer they would make {} at most")
assert [row[2] for row in rows] == [2, 4, 8, 16, 32, 64]
assert all(row[3] == row[1] + 1 for row in rows)

# %% 07-fold-reveal
assert right("07-fold") == f"{2**3}"

# %% 07-sloppy
assert 20 < min(sloppy) <= max(sloppy) <= 64  # one layer of twelve units has 13 pieces at most

# %% 07-count-kinks
for units, *found in printed("{} hidden units: {} to {} kinks, trained {} to {}"):
    assert 0.6 * units < min(found) <= max(found) <= 1.8 * units

# %% 07-count-reveal
assert right("07-count") == "about 60"

# %% 07-crowd
near, *_, far = [row[2] for row in printed("{} to {} from 0: {} of 200 kinks")]
assert near > 120
assert far < 12

# %% 07-crowd-answer
medians = {start: found.median(dim=0).values.tolist() for start, found in rows.items()}
left, middle, right_end = medians["as usual"]
assert min(left, right_end) > 20 * middle
left, middle, right_end = medians["crowd at 10"]
assert right_end < 0.02
assert right_end < 0.1 * min(left, middle)
assert (rows["crowd at 10"][:, 2] < rows["crowd at 10"][:, 0]).sum() >= 9
for place in (0, 2):
    assert medians["even, by bias"][place] < 0.1 * medians["as usual"][place]
    assert medians["even, by weight"][place] < 0.5 * medians["as usual"][place]
    assert rows["even, by bias"][:, place].max() < rows["even, by weight"][:, place].max()

# %% 07-crowd-reveal
assert right("07-crowd") == "at the right end"

# %% 07-ends-later
for low, high in zip(outer[400], outer[100], strict=True):
    assert 1e-5 < low < 0.5 * high < 0.4
for _, low, high, beyond in printed(
    "{} iterations: error of the outer fifths {} to {}; kinks more than 6 from 0: {} in"
):
    assert 1e-5 < low <= high < 1
    assert 15 < beyond < 120

# %% 07-signal
((low, high),) = printed("after layer 1:  {} to {}")
((least, most),) = printed("after layer 10: {} to {}")
assert 0.5 < low < high < 5
assert 1e-5 < least < most < 2e-3

# %% 07-signal-picture
assert statistics.median(row[-1] for row in forward) > 0.1  # with the gain
assert statistics.median(row[0] for row in backward) > 0.1
assert statistics.median(row[0] for row in backward) > 30 * statistics.median(
    row[0] for row in [get_gradients(make_ten(seed)) for seed in range(5)]
)

# %% 07-skipping
sizes = [size for (size,) in printed("parameters with skips: {}")]
assert sizes == [size for (size,) in printed("parameters without skips: {}")]

# %% 07-ways
assert max(ways["usual"]) - min(ways["usual"]) < 0.01
assert abs(statistics.median(ways["usual"]) - flat) < 0.01
gained = {name: flat - statistics.median(losses) for name, losses in ways.items()}
assert gained["larger rate"] < 0.3 * min(gained["gain"], gained["skip"])
for name in ("gain", "skip"):
    assert max(ways[name]) < flat - 0.01
for one, other in (("gain", "skip"), ("skip", "gain")):
    assert ways[one][0] < ways[other][-1]  # the rows, which are sorted, overlap

# %% 07-ways-reveal
assert right("07-ways") == "clearly less far than both"


# %% 07-good-answer
def summarise(optimizer, measure):
    found = {}
    for cfg in same_size:
        per_rate = [measure(get_errors(optimizer, cfg, lr)) for lr in rates[optimizer]]
        found[len(cfg) - 2] = min(per_rate)
    return found


adam, sgd = (summarise(optimizer, statistics.median) for optimizer in ("Adam", "SGD"))
assert min(adam, key=adam.get) == 5
assert adam[5] < 0.5 * adam[3] < 0.1 * min(adam[1], adam[2])
assert summarise("Adam", min)[10] < 0.001  # its best runs are as good as any
assert summarise("SGD", min)[10] > 0.35
assert sgd[2] > 1.5 * sgd[3]
assert 0.8 < sgd[5] / sgd[3] < 1.25
assert sgd[1] == math.inf
assert min(summarise("SGD", min).values()) > 0.01
three, five = (sorted(get_errors("Adam", cfg, 0.001)) for cfg in same_size[2:4])
assert three[0] < five[-1]  # the ranges overlap

# %% 07-good-reveal
assert right("07-good") == "five hidden layers"

# %% 07-good-count
good = dict(printed("hidden layers: {}, good runs with Adam: {} of 30"))
assert good[5] == 30
assert good[3] > 24
assert all(8 < good[depth] < 21 for depth in (1, 2, 10))

# %% 07-spread
found = printed("{}: {} to {}, median {}")
for _, low, high, middle in found:
    assert 1e-5 < low <= middle <= high < 0.2
usual_error, spread_error, three, five = (middle for *_, middle in found)
assert spread_error < 0.4 * usual_error
assert 0.2 < spread_error / three < 5
assert five < three

# %% 07-far
(_, *wide), (_, *deep) = printed("{} units: before training {} to {}, after it {} to {}")
assert 0.003 < wide[2] <= wide[3] < 0.08
assert wide[3] < wide[0] <= wide[1] < 0.12
assert 0.1 < deep[0] <= deep[1] < 0.4
assert 0.1 < deep[2] <= deep[3] < 0.6
assert sum(deep[2:]) > sum(deep[:2])

# %% 07-frozen
(*_, all_layers), (*_, four_layers) = printed("{}: median below the flat line {}")
assert 0.005 < four_layers < 0.85 * all_layers < 0.5

# %% 07-freeze-reveal
assert right("07-freeze") == "clearly less far"

# %% 07-goal-panel
assert goal.settings.function == "chirp"
