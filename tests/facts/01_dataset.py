"""What the cells of 01_dataset must have found."""

import math

import torch

from helpers.data import get_fake_data

# %% 01-noisy-sine
clean_x, clean_y = get_noisy_sine(40, noise=0.0, seed=0)
assert torch.equal(clean_y, torch.sin(clean_x))

# %% 01-forty-picture
same_x, same_y = get_fake_data(40, low=-5, high=5, noise=0.5, seed=0)
assert torch.equal(x, same_x)
assert torch.equal(y, same_y)

# %% 01-degrees
rows = printed("degree {}: own {} to {}, held out {} to {}")
assert [degree for degree, *_ in rows] == [1, 3, 5, 9, 15, 20]
for some_x, some_y in draws:
    own, held = [], []
    for degree in (1, 3, 5, 9, 15, 20):
        own.append(score(predict_with_polynomial(some_x, some_y, degree, some_x), some_y))
        held.append(score(predict_with_polynomial(some_x, some_y, degree, held_x), held_y))
    assert own == sorted(own, reverse=True)
    assert min(held) in held[2:4]
    assert min(held) < 0.5 * held[0]
    assert min(held) < 0.95 * held[-1]
lowest = [low for *_, low, high in rows]
assert lowest[-1] > 1.1 * min(lowest)
assert right("01-degree") == "it falls, then rises"

# %% 01-beyond
worst = max(rivals, key=lambda name: min(rivals[name]))
assert min(rivals[worst]) > 100 * max(max(rivals[name]) for name in rivals if name != worst)
assert right("01-beyond") == worst

# %% 01-wild
rows = printed("sine, {} samples, noise {}: {} to {}")
both, noisy, few = rows
assert [row[:2] for row in rows] == [[20, 0.3], [200, 0.3], [20, 0]]
assert both[2] > 2 * noisy[3]
assert both[2] > 100 * few[3]
assert right("01-wild") == "only both together"
((lowest, highest),) = printed("two tones, 20 samples, noise 0: {} to {}")
assert lowest > both[3]

# %% 01-flat-y
(sine,) = printed("the sine: error with a column {}, with a flat y {}")
(line,) = printed("a flat line: error with a column {}, with a flat y {}")
assert sine[0] < line[0]
assert sine[1] > 1.5 * line[1]
assert right("01-shape") == str(tuple((torch.sin(sine_x) - flat_y).shape))

# %% 01-warning
assert "torch.Size([1000])" in str(caught[0].message)

# %% 01-train-flat
((flat_line,),) = printed("a flat line at 0: {}")
assert 0.0001 < min(before) <= max(before) < 0.05
assert 0.4 < min(after) <= max(after) < 0.7
assert 0.5 < flat_line < 0.6

# %% 01-two-errors-picture
for own, held in zip(own_curves, held_curves, strict=True):
    assert abs(held[0] - own[0]) < 0.2
    assert held[-1] > 1.2 * own[-1]

# %% 01-lowest
assert 0.15 < min(lows) <= max(lows) < 0.5
assert 0.2 < min(ends) <= max(ends) < 0.7
assert 0.03 < min(own_ends) <= max(own_ends) < 0.3
assert risen >= 2
errors = {"the nearest point": nearest_error, "the polynomial of degree 5": poly_error}
closest = min(errors, key=lambda name: max(abs(low - errors[name]) for low in lows))
assert max(abs(low - errors[closest]) for low in lows) < 0.05
assert right("01-low") == closest

# %% 01-far
assert 0.1 < min(far) < max(far) < 50
assert 0.3 < mean_there < 0.6
count = sum(error < mean_there / 2 for error in far)
assert right("01-far") == ("none" if count == 0 else "")

# %% 01-random-or-last
assert max(at_end) > 10 * max(at_random)

# %% 01-milliseconds
((rival,),) = printed("the mean: {}")
rows = printed("rate {}: loss {} to {}")
bests = [best for lr, best, worst in rows]
assert [lr for lr, *_ in rows] == [0.05, 0.005, 0.0005, 0.00005, 0.000005]
assert 0.4 < min(bests) < 0.6
assert min(bests) > 0.85 * rival
assert math.isinf(bests[0])
assert right("01-slow") == "at none"

# %% 01-centred
assert 0.15 < halfway[0] <= halfway[-1] < 0.48
assert 0.01 < centred[0] <= centred[-1] < 0.25
assert centred[-1] < halfway[0]

# %% 01-a-tenth
assert 0.03 < as_is[0] <= as_is[-1] < 0.4
assert 0.2 < tenth[0] <= tenth[-1] < 0.5
assert 0.01 < faster[0] <= faster[-1] < 0.45
assert faster[0] < as_is[-1] < tenth[0]
