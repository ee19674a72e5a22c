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
assert watch(0, 0.005)[1][-1] < 0.5 * 2 / 0.005  # a very small rate does not get there

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
assert max(far, default=0) <= 5
assert 25 < statistics.median(near) < 65
assert max(curvatures[-1] * 0.1 / 2 for _, curvatures, _ in watched[0.1]) > 1

# %% 05-calm-answer
((least, most),) = printed("five seeds: {} to {} at 0.05")
assert 10 < least <= most < 80
((_, most),) = printed("{} to {} after going down to 0.04")
assert 10 < most < 80
((least, most),) = printed("{} to {} after going down to 0.01")
assert 0 <= least <= most <= 5
assert statistics.median(slightly) > 5

# %% 05-calm-reveal
assert right("05-calm") == "at most 5"

# %% 05-calm-again
pairs = printed("curvature {}, after 100 iterations at 0.04: {}")
assert len(pairs) == 5
for then, now in pairs:
    assert 28 < then < 60
    assert 33 < now < 70  # the limit is 50
assert statistics.median(now - then for then, now in pairs) > 3
slow, _ = go_on(watched[0.05][0][0], 0.01)
assert largest_curvature(slow, x_few, y_few, loss_func) < 100  # far below 200
net = make(2)  # whose loss shoots up in the picture of the trembling
optimizer = optim.SGD(net.parameters(), lr=0.02)
losses = [run(net, optimizer, epochs=600)[-10:]]
curvatures = [largest_curvature(net, x_few, y_few, loss_func)]
for _ in range(16):
    losses.append(run(net, optimizer, epochs=10))
    curvatures.append(largest_curvature(net, x_few, y_few, loss_func))
throw = max(range(2, 15), key=lambda ten: max(losses[ten]) / losses[ten - 1][0])
assert max(losses[throw]) > 1.1 * losses[throw - 1][0]
assert max(curvatures[throw - 2 : throw + 1]) > 98  # the limit is 100
assert min(curvatures[throw : throw + 3]) < max(curvatures[throw - 2 : throw + 1]) - 3

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
for ten_lr, _, steep_lr in printed("at lr {}, steep 150: {} at lr {}"):
    assert 0.001 < ten_lr < 1000
    assert 0.001 < steep_lr < 1000
found = {name: (find_best(name, 10), find_best(name, 150)) for name in WALKERS}
lefts = {name: (ten[0], steep[0]) for name, (ten, steep) in found.items()}
assert lefts["SGD"][0] < 0.1 * lefts["Adam"][0]
for name in ("SGD", "momentum"):
    assert lefts[name][1] > 1000 * lefts[name][0]
    assert lefts[name][1] > 5 * lefts["Adam"][1]
    assert found[name][1][1] < found[name][0][1]  # a smaller rate
for name in ("Adam", "Adadelta"):
    assert 0.99 < lefts[name][1] / lefts[name][0] < 1.01
    assert found[name][1][1] == found[name][0][1]
assert 1e-4 < lefts["SGD"][0] < lefts["SGD"][1] < 2
assert 1e-10 < lefts["momentum"][0] < lefts["momentum"][1] < 1
assert 0.005 < lefts["Adam"][0] < 0.2
assert 0 <= lefts["Adadelta"][0] < 1e-6

# %% 05-tilt-answer
turned = {name: find_best(name, 150, tilt=45) for name in WALKERS}
for name in ("SGD", "momentum"):
    assert 0.98 < turned[name][0] / straight[name] < 1.02
assert turned["Adadelta"][0] > 1000 * straight["Adadelta"]
assert 0.5 < turned["Adadelta"][0] < 3
assert 4 < turned["Adam"][0] / straight["Adam"] < 20
assert turned["Adam"][1] > 3 * find_best("Adam", 150)[1]  # a much larger rate

# %% 05-paths-picture
turned_walk = path(optim.Adam, 150, 45, lr=find_best("Adam", 150, tilt=45)[1])
assert turned_walk[:8].abs().amax(dim=0)[1] > 2.1  # out of the picture
assert turned_walk[8:].abs().amax().item() < 3.5
stuck = path(optim.Adam, 150, 5, lr=0.0631)
assert stuck[-10:].norm(dim=1).mean().item() > 0.5

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
