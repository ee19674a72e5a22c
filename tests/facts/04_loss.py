"""What the cells of 04_loss must have found."""

import statistics

import torch

# %% 04-mse-by-hand
assert loss.shape == ()

# %% 04-mse-gradient
assert torch.allclose(out.grad, 2 * errors / 3)

# %% 04-backward-again
assert second == 2 * first

# %% 04-again-reveal
truths = {first: "as before", 2 * first: "twice as much", 0.0: "0, it is used up"}
assert right("04-again") == truths[second]

# %% 04-pytorch-again
assert theirs["w"].grad.item() == second

# %% 04-outlier-race
medians = []
for number in (0, 1):
    medians.append({})
    for name in LOSSES:
        best, worst, middle = printed(f"{name:20}: {{}} to {{}}, median {{}}")[number]
        assert 0.0005 < best < 0.45
        assert 0.001 < middle < 0.45
        assert 0.01 < worst < 0.7
        medians[-1][name] = middle
    assert max(medians[-1]["MAE"], medians[-1]["Huber with delta 0.1"]) < medians[-1]["MSE"]
asked = ["MSE", "Huber with delta 1", "Huber with delta 0.1"]
assert right("04-huber") == min(asked, key=medians[-1].get)

# %% 04-cross-entropy
assert torch.allclose(by_hand, library)

# %% 04-stuck
for _, _, _, least, most in printed("lr {}, softmax {}, {}: {} to {}"):
    assert 0.7 < least <= most <= 1


def median_at(name, lr, number):
    return statistics.median(mean_of_fifty(one, number) for one in shares_right[name, lr])


for lr in (0.01, 0.02):
    assert median_at("twice", lr, 500) < 0.945 < median_at("once", lr, 500)
stuck = median_at("twice", 0.01, 500) - median_at("twice", 0.01, 300) < 0.01
fewer = median_at("twice", 0.01, 500) < median_at("once", 0.01, 500) - 0.01
assert right("04-twice") == ("fewer points, and it is stuck" if fewer and stuck else "")

# %% 04-silent
for _, wrong, silent in printed(
    "five seeds, lr {}: {} points wrong, {} of them pull with less than 0.01"
):
    assert 30 < wrong < 300
    assert 30 < silent < 300
    assert silent > 0.5 * wrong

# %% 04-walk-down
rows = printed(
    "seed {}: norm {}, slope {}, curvature {}; left of the loss at s: {} by the rule, {} measured"
)
assert [number for number, *_ in rows] == [4, 3, 2, 1, 0]
for _, norm, slope, curvature, by_rule, measured in rows:
    assert 0.005 < norm < 20
    assert -20 < slope < -0.005
    assert 20 < curvature < 4000
    assert 0.05 < by_rule < 1
    assert 0.05 < measured < 1
    assert abs(slope + norm) + abs(by_rule - measured) < 0.3

# %% 04-random-walks
assert 20 < count < 80
assert 0 < 1.5 * best < down
assert 1e-6 < best < 0.02
assert 1e-5 < down < 0.2
truths = {0: "nearly none", 50: "about half", 100: "nearly all"}
assert right("04-random") == truths[min(truths, key=lambda truth: abs(count - truth))]

# %% 04-share-of-slope
for _, share, _, rule in printed("{} parameters: share {}, 1 / sqrt({}) = {}"):
    assert 0.01 < share < 0.5
    assert 0.6 * rule < share < 1.6 * rule
