"""What the cells of 05_optimizer must have found."""

import math
import statistics

# %% 05-slopes
first, second, third = (slope for _, slope in printed("w = {}: slope {}"))
assert 13 < first - second < 14
assert 13 < second - third < 14

# %% 05-curvature
assert 66 < curvature < 68
((bottom, lowest),) = printed("used up after {}, and the loss there is {}")
for (beside,) in printed("a little beside that place it is {}"):
    assert lowest < beside

# %% 05-valley-answer
for _, _, rule, found in printed("{}  {}  {}  {}"):
    assert abs(rule - found) < 1e-3 + 0.05 * rule
staying = [lr for lr in (0.1, 0.2, 1, 2) if abs(roll(0.99 * lr)[-1]) < 1]
assert staying == [0.1, 0.2]

# %% 05-valley-reveal
leaving = [lr for lr in (0.1, 0.2, 1, 2) if abs(roll(1.01 * lr)[-1]) > 1]
assert right("05-valley") == str(leaving[0])

# %% 05-growth-answer
for _, rule, low, high in printed("lr {}: times {} by the rule, {} to {} measured"):
    assert 0.97 * rule < low <= high < 1.03 * rule

# %% 05-growth-reveal
assert right("05-growth") == f"{statistics.median(growths):.1f}"

# %% 05-trembling
for _, early, late in printed("seed {}: {} rises in the first 250 iterations, {} in the last 250"):
    assert 0 <= early < 25
    assert 60 < late < 170

# %% 05-trembling-picture
assert 5 < count_rises(losses[960:990]) < 25
assert losses[-1] < 0.6 * losses[0]

# %% 05-across-answer
rows = printed("seed {}: loss {} here, {} after half a step, {} after a whole")
for _, here, half, whole in rows:
    assert 0.05 < half < 0.97 * here < 0.5
    assert abs(whole - here) < 0.4 * (here - half) < 0.2

# %% 05-across-reveal
assert right("05-across") == "on the other wall, at about the same height"

# %% 05-walk-picture
straight = 0
for young, old in zip(young_nets, old_nets, strict=True):
    here, whole = walk(young, 0.02, (0, 1))
    straight += (here - whole) / promise(young, 0.02) > 0.8
    here, half, whole, far = walk(old, 0.02, (0, 0.5, 1, 1.5))
    assert 0.15 < (here - half) / promise(old, 0.02) < 0.35
    assert -0.25 < (whole - here) / promise(old, 0.02) < 0.25
    assert 0.5 < (far - here) / promise(old, 0.02) < 1
assert straight >= 3

# %% 05-climb-answer
ends = {}
for lr, limit, low, high in printed(
    "lr {}, limit {}: on five seeds the largest curvature ends between {} and {}"
):
    assert limit == 2 / lr
    assert 10 < 0.6 * limit < low <= high < 2.5 * limit < 110
    ends[lr] = statistics.median(curvatures[-1] for _, curvatures, _ in watched[lr])
assert 30 < ends[0.05] < 60
assert ends[0.1] < 0.8 * ends[0.05]

# %% 05-climb-reveal
middle = {}
for lr in (0.05, 0.1):
    middle[lr] = statistics.median(curvatures[-1] for _, curvatures, _ in watched[lr])
assert right("05-climb").startswith(f"that at {max(middle, key=middle.get)}, the smaller")

# %% 05-climb-picture
far, near = [], []
for lr, runs in watched.items():
    for _, curvatures, rises in runs:
        for curvature_then, number in zip(curvatures, rises, strict=True):
            share = curvature_then * lr / 2
            far += [number] if share < 0.6 else []
            near += [number] if share > 0.7 else []
assert max(far) <= 5
assert 25 < statistics.median(near) < 65

# %% 05-calm-answer
((least, most),) = printed("five seeds: {} to {} at 0.05")
assert 10 < least <= most < 80
((_, most),) = printed("{} to {} after going down to 0.04")
assert 10 < most < 80
assert 0 <= max(much) <= 5
assert statistics.median(slightly) > 5

# %% 05-calm-reveal
assert right("05-calm") == "at most 5"

# %% 05-steady-answer
for m, step, by_hand, by_torch in printed("m {}, step {}: by hand {}, PyTorch {}"):
    assert abs(by_hand - by_torch) < 0.0002
    if step == 80:
        assert abs(by_torch - 0.01 / (1 - m)) < 0.0002
    if step == 1:
        assert abs(by_torch - 0.01) < 0.0002

# %% 05-steady-reveal
assert right("05-steady").startswith(f"{moved:.1f}, ten times")

# %% 05-momentum
assert printed("momentum {}: limit {}, comes to rest") == [[0, 0.2], [0.5, 0.3], [0.9, 0.38]]

# %% 05-adam-steps
small, large, changing = (adam_steps(g) for g in ([0.05] * 4, [5.0] * 4, [5.0, -5.0, 5.0, -5.0]))
assert small == large == [0.1] * 4
assert max(abs(step) for step in changing[1:]) < 0.05

# %% 05-steep
for ten_lr, _, fifty_lr in printed("at lr {}, steep 50: {} at lr {}"):
    assert 0.001 < ten_lr < 1000
    assert 0.001 < fifty_lr < 1000
found = {name: (find_best(name, 10)[0], find_best(name, 50)[0]) for name in WALKERS}
assert found["SGD"][0] < 0.1 * found["Adam"][0]
for name in ("SGD", "momentum"):
    assert found[name][1] > 100 * found[name][0]
for name in ("Adam", "Adadelta"):
    assert 0.99 < found[name][1] / found[name][0] < 1.01
assert 1e-4 < found["SGD"][0] < found["SGD"][1] < 0.8
assert 1e-10 < found["momentum"][0] < found["momentum"][1] < 0.1
assert 0.005 < found["Adam"][0] < 0.2
assert 0 <= found["Adadelta"][0] < 1e-6

# %% 05-tilt-answer
turned = {name: find_best(name, 50, tilt=45)[0] for name in WALKERS}
for name in ("SGD", "momentum"):
    assert 0.98 < turned[name] / straight[name] < 1.02
assert turned["Adadelta"] > 1000 * straight["Adadelta"]
assert 0.1 < turned["Adadelta"] < 1
assert 0.005 < turned["Adam"] < 0.3
walks = [path(optim.Adam, 50, tilt, lr=0.16) for tilt in (0, 45)]
straight_way, turned_way = (walk.norm(dim=1) for walk in walks)  # from the bottom
assert (turned_way - straight_way).abs().max().item() > 0.3

# %% 05-tilt-reveal
assert right("05-tilt") == "for Adam and Adadelta"

# %% 05-grid
assert results["SGD", 1.0].count(math.inf) >= 4
assert max(results["Adadelta", 1.0]) < 0.4
for name, rates in RATES.items():
    assert rates[0] < best_lr[name] < rates[-1]  # a worse one on either side
assert best_lr["momentum"] <= best_lr["SGD"] / 3 * 1.01

# %% 05-grid-picture
for name, rates in RATES.items():
    middle = [results[name, lr][2] for lr in rates]
    assert min(middle) < 0.95 * min(middle[0], middle[-1])

# %% 05-race
medians = {}
rows = printed("lr {}, five seeds, mean of the last 20: {} to {}, median {}")
for name, (_, low, high, middle) in zip(RACERS, rows, strict=True):
    assert 0.0005 < low < 0.5
    assert 0.001 < middle < 0.7
    assert 0.01 < high <= math.inf  # one may explode
    medians[name] = middle
    if name == "Adam":
        assert high > 5 * low
    if name == "Adadelta":
        assert high < 3 * low
assert medians["momentum"] < medians["SGD"]

# %% 05-race-reveal
medians = {name: sort_ends(race[name])[2] for name in RACERS}
assert right("05-race") == min(medians, key=medians.get)

# %% 05-race-picture
for last in lasts.values():
    assert 0.001 < last < 0.7

# %% 05-rounds
rows = printed("{} rounds: {} to {}")
assert rows[0][2] < 2
assert rows[-2][1:] == rows[-1][1:]

# %% 05-random-share
for _, share, _, root in printed("{} parameters: share {}, 1 / sqrt({}) = {}"):
    assert 0.7 < share / root < 1.4
    assert 0.004 < share < 0.6
small, middle, ours, wide = (row[0] for row in printed("{} parameters"))
assert small == 13
assert middle == 97
assert ours == 2131
assert wide == 10401
