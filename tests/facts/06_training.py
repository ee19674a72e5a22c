"""What the cells of 06_training must have found."""

import math
import statistics

# %% 06-different-losses
for losses in runs.values():
    assert 0.02 < losses[-1] < 3
assert len(set(runs["backward"])) == 1
assert len(set(runs["step"])) == 1
assert 0.4 < min(runs["backward"]) < 0.7
assert 400 < len(set(runs["nothing"])) <= 600
assert 0.35 < min(runs["nothing"]) < 0.475
assert 0.002 < min(runs["zero_grad"]) < 0.3
lowest = min(runs, key=lambda left_out: min(runs[left_out]))
assert right("06-curve") == f"without {lowest}"

# %% 06-same-losses
same = ["Adam"] if printed("Adam: {}") == [[True]] else []
for momentum, alike in printed("SGD with momentum {}: {}"):
    same += [f"SGD with momentum {momentum:g}"] if alike else []
assert [right("06-momentum")] == same

# %% 06-curvature-limit
rows = printed("{} iterations, curvature up to {} limits, thrown out: {}")
assert len(rows) == 5
for iterations, limit, thrown in rows:
    assert 0.03 < limit < 4
    assert 100 < iterations <= 800
    assert not thrown or limit > 0.5

# %% 06-dead-or-exploded
rows = printed("lr {}, {} seeds: {} dead or exploded, {} end lower than the complete run")
assert len(rows) == 3
for lr, seeds, spoilt, lower in rows:
    assert 0 <= lower <= 4
    assert 0.5 <= spoilt / seeds <= 1 or lr < 0.05
    assert lower <= 2 or lr < 0.05

# %% 06-adam-begins
for layer, n in enumerate((1, 20, 50, 20), start=1):
    rule = math.log10(1e-5 * math.sqrt(3 * n))
    first = [watched[1e-5, seed][2][0, layer - 1].item() for seed in range(5)]
    assert max(abs(value - rule) for value in first) < 0.3
    if layer == 2:
        assert right("06-rate") == f"at {round(statistics.median(first))}"

# %% 06-all-rates
for lr, least, most, low, high, best, worst, dead in printed(
    "{}: begin {} to {}, settle {} to {}, loss {} to {}, {} dead"
):
    assert -5 < least <= most < 1
    assert -8 < low <= high < -1.5
    assert best < worst < 0.8
    assert lr > 0.1 or not dead
typical = {}
for lr in RATES:
    ends = [statistics.mean(watched[lr, seed][1][-50:]) for seed in range(5)]
    assert 2e-5 < min(ends) < max(ends) < 0.8
    typical[lr] = statistics.median(ends)
assert min(typical, key=typical.get) == 0.01
