"""What the cells of 01_dataset must have found."""

import math

import torch

from helpers.data import get_fake_data

# %% 01-two-curves
((first,),) = printed("A says: my error is {}")
((second,),) = printed("B says: my error is {}")
assert second < 0.7 * first

# %% 01-noisy-sine
same_x, same_y = get_fake_data(40, low=-5, high=5, noise=0.5, seed=0)
assert torch.equal(x, same_x)
assert torch.equal(y, same_y)
clean_x, clean_y = get_noisy_sine(40, noise=0.0, seed=0)
assert torch.equal(clean_y, torch.sin(clean_x))

# %% 01-score
((mean,),) = printed("error {}")
assert 0.6 < mean < 0.9

# %% 01-nearest
assert printed("error {}") == [[0]]

# %% 01-heart
twice = 2 * 0.5**2
assert 0.7 < min(means) <= max(means) < 0.85
assert 0.35 < min(nearests) <= max(nearests) < 0.65
assert 0.8 * twice < sum(nearests) / 5 < 1.2 * twice

# %% 01-heart-answer
assert max(nearests) < min(means)
assert right("01-heart") == "less than the mean's error, but far from none"

# %% 01-polynomial
assert held_out_error < 0.65 * score(say_nearest(x, y, held_x), held_y)

# %% 01-degrees
rows = printed("degree {}: training error {} to {}, held-out error {} to {}")
assert [degree for degree, *_ in rows] == [1, 3, 5, 9, 15, 20]
for some_x, some_y in draws:
    own, new = [], []
    for degree in (1, 3, 5, 9, 15, 20):
        own.append(score(say_polynomial(some_x, some_y, some_x, degree), some_y))
        new.append(score(say_polynomial(some_x, some_y, held_x, degree), held_y))
    assert own == sorted(own, reverse=True)
    assert min(new) in new[2:4]
    assert min(new) < 0.5 * new[0]
    assert new[2] < 0.95 * new[-1]
    assert abs(new[0] - score(say_mean(some_x, some_y, held_x), held_y)) < 0.15

# %% 01-degree-answer
assert right("01-degree") == "it falls, then rises"

# %% 01-drag-slider
errors = {}
for samples, noise, degree in ((30, 0.5, 18), (30, 0.5, 5), (400, 0.5, 18), (30, 0, 18)):
    some_x, some_y = get_fake_data(samples, low=-5, high=5, noise=noise, seed=1)
    curve = say_polynomial(some_x, some_y, held_x, degree)
    errors[samples, noise, degree] = score(curve, torch.sin(held_x))
wild, stiff, many, clean = errors.values()
assert wild > 3 * max(stiff, many)
assert clean < 0.001

# %% 01-noise-floor
rows = printed("noise {}: error of the truth {}, noise squared {}")
for noise, error, square in rows:
    assert abs(error - square) < 0.006
    assert abs(square - noise**2) < 0.006

# %% 01-truth-answer
assert right("01-truth") == f"about {0.5**2}, the noise squared"

# %% 01-floor-here
((here,),) = printed("on the 400 held-out points: {}")
((own,),) = printed("on the forty points: {}")
curves = [score(say_polynomial(x, y, x, degree), y) for degree in (5, 20)]
assert 0.2 < here < 0.3
assert curves[0] < own
assert 0.4 * own < curves[1] < 0.6 * own

# %% 01-nearest-rule
rows = printed("noise {}: twice the floor {}, nearest point {}, worse than the mean on {} of 20")
assert [noise for noise, *_ in rows] == [0.5, 0.7, 1.0]
for _, twice, average, _ in rows:
    assert 0.9 * twice < average < 1.1 * twice
counts = [count for *_, count in rows]
assert counts[0] == 0
assert 4 <= counts[1] <= 16
assert counts[2] == 20

# %% 01-lowest
rows = printed("draw {}: degree 5: {}, the network at its lowest: {}, at the end: {}")
assert len(rows) == 5
for _, polynomial, low, _ in rows:
    assert 0.7 * polynomial < low < 1.4 * polynomial
assert sum(end > 1.05 * low for draw, polynomial, low, end in rows) >= 3

# %% 01-low-answer
assert right("01-low") == "about the same"

# %% 01-two-errors-picture
risen = 0
for training, held_out in zip(training_curves, held_out_curves, strict=True):
    turn = held_out.index(min(held_out))
    assert training[turn] < 0.6 * training[0]
    assert sum(training[-10:]) / 10 < sum(held_out[-10:]) / 10
    risen += sum(training[-10:]) / 10 < training[turn]
assert risen >= 3

# %% 01-fifth
rows = printed("draw {}: a random fifth {}, the last fifth {}")
assert len(rows) == 5
assert sum(last > 2 * at_random for draw, at_random, last in rows) >= 3

# %% 01-fifth-answer
assert (
    right("01-fifth")
    == "the error on the last fifth is larger, on most draws more than twice as large"
)

# %% 01-far
rows = printed("draw {}: the mean: {}, the nearest point: {}, degree 5: {}, the network: {}")
assert len(rows) == 5
for _, mean, nearest, polynomial, network in rows:
    assert 0.3 < mean < 0.6
    assert 0.3 < nearest < 4
    assert 0.2 < network < 80
    assert 1000 < polynomial < 20000
    assert polynomial > 10 * max(mean, nearest, network)
ratios = [network / mean for draw, mean, nearest, polynomial, network in rows]
assert sum(ratio > 1.2 for ratio in ratios) >= 3
assert max(ratios) > 3 * min(ratios)

# %% 01-gaps
assert len(whole) < len(rows) / 6

# %% 01-gaps-answer
assert right("01-gaps") == "less than a sixth"

# %% 01-one-share
assert len(prices) + lost == len(rows)
assert printed("{} of the lost rows hold a price") == [[0]]
assert not any(any(row[1:]) for row in rows if row[ibm] == "")

# %% 01-flat-y
assert (out - flat_y).shape == (1000, 1000)

# %% 01-shape-answer
assert right("01-shape") == str(tuple((out - flat_y).shape))

# %% 01-flat-scores
column, flat = printed("the true sine {}, a flat line {}")
assert column[0] < 0.1 * column[1]
assert flat[0] > 1.5 * flat[1]

# %% 01-split-months
assert torch.equal(known.nonzero().flatten(), torch.arange(0, len(year), 4))

# %% 01-label
assert abs(label[known].mean()) < 0.001
assert abs(label[known].std() - 1) < 0.001
assert price.max() > 100

# %% 01-rivals-share
rows = printed("{}: held-out error {}")
mean, line, degree_5, nearest = (error for name, error in rows)
assert 0.9 < mean < 1.1
assert 0.1 < line < 0.16
assert 0.09 < degree_5 < 0.13
assert 0.01 < nearest < 0.03

# %% 01-rival-answer
assert right("01-rival") == "the nearest point"

# %% 01-years
rows = printed("rate {}: held-out error {} to {}")
assert [lr for lr, *_ in rows] == [0.05, 0.00005, 0.000005, 0.0000005]
assert math.isinf(rows[0][1])
assert min(best for lr, best, worst in rows) > 0.9
assert rows[-1][2] < 1.2

# %% 01-slow-answer
assert right("01-slow") == "at none of them"

# %% 01-kinks
rows = printed(
    "seed {}: from -10 to 10 {} kinks, from 0 to 10 {}, from 10 to 20 {}, from 1990 to 2022 {}"
)
assert len(rows) == 5
for _, centred, left, right_half, in_years in rows:
    assert 60 < centred < 130
    assert 15 < left < 80
    assert 0 <= right_half < 8
    assert right_half < 0.2 * left
    assert in_years == 0

# %% 01-kinks-picture
net, optimizer = new_network(0, lr=0.05)
near, all_of_them = (sum(map(len, kinks(net, -end, end))) for end in (5, 25))
assert near > 0.6 * all_of_them

# %% 01-bare-line
((raw_low, raw_high),) = printed("a line, years as they are: {} to {}")
((low, high),) = printed("a line, years minus 2006: {} to {}")
assert 0.9 < raw_low <= raw_high < 1.1
assert 0.12 < low <= high < 0.14
best = score(say_polynomial(known_x, known_y, year[held], 1), label[held])
assert abs(high - best) < 0.01

# %% 01-centred
rows = printed("held-out error {} to {}")
nearest = score(say_nearest(known_x, known_y, year[held]), label[held])
assert nearest < 0.7 * centred[0]
assert 0.05 < rows[0][0] <= rows[0][1] < 0.5
assert 0.01 < rows[1][0] <= rows[1][1] < 0.1
assert from_zero[2] > 1.5 * centred[2]

# %% 01-deep-move-kinks
((moved_low, moved_high),) = printed("kinks around 2006: {} to {}")
(first, fifth), (edge_low, edge_high) = printed("kinks at the left edge: {} to {}")
(middle_low, middle_high), (best, worst) = printed("kinks in the middle: {} to {}")
assert 0.06 < moved_low <= moved_high < 0.2
assert 0.05 < first <= fifth < 0.5
assert 0.03 < edge_low <= edge_high < 0.2
assert 0.01 < middle_low <= middle_high < 0.1
assert 0.01 < best <= worst < 0.1
assert middle[2] < 0.7 * from_zero[2]
assert edge[2] < 0.85 * from_zero[2]
fresh, optimizer = new_network(0, lr=0.05)
moved, optimizer = new_network(0, lr=0.05)
with torch.no_grad():
    moved.features[0].bias += 10 * moved.features[0].weight[:, 0]
assert torch.allclose(fresh(20 * part), moved(20 * part - 10), atol=1e-4)

# %% 01-deep-scales
rows = printed("training error {} to {}")
as_is, tenth, faster, thousand = rows
assert 0.03 < as_is[0] <= as_is[1] < 0.3
assert 0.2 < tenth[0] <= tenth[1] < 0.5
assert 0.005 < faster[0] <= faster[1] < 0.4
assert as_is[1] < tenth[0]
assert faster[0] < 0.5 * tenth[0]
assert math.isinf(thousand[0])

# %% 01-train-flat
((flat_line,),) = printed("a flat line at 0:                   error {}")
assert 0.0001 < min(before) <= max(before) < 0.05
assert 0.4 < min(after) <= max(after) < 0.7
assert 0.5 < flat_line < 0.6

# %% 01-deep-parts
rows = printed("the noise's curve adds an error of {} to {}")
few, many = rows
assert 0.1 < few[0] <= few[1] < 8
assert 0.003 < many[0] <= many[1] < 0.05
assert 0 <= max(gaps) < 0.01
assert 0 <= max(from_sine) < 0.001

# %% 01-deep-sets
rows = printed("{} points: nine of ten sets say {} to {}, {} of 200 lie below the floor")
assert [row[0] for row in rows] == [8, 40, 400]
for _, low, high, below in rows:
    assert 0.05 < low < 0.25 < high < 0.6
    assert 80 < below < 140
widths = [high / low for _, low, high, _ in rows]
assert widths[0] > 3 > widths[1] > 1.5 > widths[2]
