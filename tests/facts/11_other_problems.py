"""What the cells of 11_other_problems must have found."""

# %% 11-mountain
assert heights.shape == (344, 403)
assert heights.min() == 236
assert heights.max() == 1076

# %% 11-heights-answer
((flat,),) = printed("the mean of all known heights: {}")
((one,),) = printed("the nearest known point: {}")
((five,),) = printed("the five nearest, weighted: {}")
((network,),) = printed("the network: {}")
assert 140 < flat < 180
assert 68 < one < 80
assert 58 < five < 68
assert 66 < network < 90

# %% 11-heights-five
one, five = printed("nearest: {} to {}, median {}")
(wide,) = printed("network of 64s: {} to {}, median {}")
assert five[2] < wide[2] < one[2] < 80
assert five[1] < wide[0]

# %% 11-heights-reveal
middles = {}
for race in races:
    if race["points"] == 1024:
        for name in ("nearest", "five nearest", "network of 64s"):
            middles[name] = sorted(race[name])[2]
options = {
    "network of 64s": "the network with three layers of 64",
    "nearest": "the height of the nearest known point",
    "five nearest": "the weighted mean of the five nearest",
}
assert right("11-heights") == options[min(middles, key=middles.get)]

# %% 11-count
table = {name: [sorted(race[name])[2] for race in races] for name in names}  # medians
assert counts == [64, 256, 1024, 4096]
for few in (1, 2):
    assert table["network of 64s"][few] < table["nearest"][few]
assert table["nearest"][3] < table["network of 64s"][3]
assert max(races[3]["nearest"]) < min(races[3]["network of 64s"])
for name in ("nearest", "network of 64s", "network of 8s"):
    assert all(five < other for five, other in zip(table["five nearest"], table[name], strict=True))
for name in ("network of 64s", "network of 8s"):
    best_of_five = min(races[0][name])
    assert best_of_five < max(races[0]["five nearest"])
assert table["network of 8s"][1] - table["network of 8s"][3] < 15
assert table["network of 64s"][1] - table["network of 64s"][3] > 20

# %% 11-surface-size
((size,),) = printed("network of 64s: {} parameters")
few, _ = printed("the rule with {} points: {} numbers")
assert few[0] == 1024
assert 2.5 < size / few[1] < 3
assert sorted(races[2]["five nearest"])[2] < sorted(races[3]["network of 64s"])[2] + 5

# %% 11-points-answer
rows = printed("{} in, {} points: nearest {} away, error {}")
line = rows[0]
for _, _, distance, miss in rows:
    assert 3 < distance < 30
    assert 50 < miss < 160
fits = [row[1] for row in rows[1:] if abs(row[2] / line[2] - 1) < 0.15]
assert fits == [1024]
assert abs(rows[-1][3] / line[3] - 1) < 0.25 < abs(rows[-2][3] / line[3] - 1)

# %% 11-points-reveal
assert right("11-points") == "about 1000"

# %% 11-narrow-surface
assert count_parameters(make_layers([1, 8, 8, 1])) == 97
assert count_parameters(make_layers([2, 8, 8, 1])) == 105

# %% 11-crossings
assert changes == 7

# %% 11-narrow-answer
ends = {4: [], 8: [], 64: []}  # by width
for width, _, _, least, most in printed("width {}, lr {}, {} iterations: {} to {}"):
    ends[width] += [least, most]
assert 0.45 < min(ends[4]) <= max(ends[4]) < 0.75
assert 0.5 < min(ends[8]) <= max(ends[8]) < 0.85
worst_of_8 = min(ends[8])
assert worst_of_8 < max(ends[4]) + 0.1
assert 0.9 < min(ends[64]) <= max(ends[64]) <= 1

# %% 11-narrow-reveal
most = max(
    spiral_accuracies(points, new_points, 4, lr, n)[1] for lr, n in ((0.01, 300), (0.03, 600))
)
bounds = {"less than 75 %": 0.75, "75 % to 90 %": 0.9, "more than 90 %": 1.1}
found = next(option for option, bound in bounds.items() if most < bound)
assert right("11-narrow") == found

# %% 11-nearest-picture
assert 0.88 < share_right(answers, new_digits) < 0.97

# %% 11-pixels-answer
small, large = printed("{} x {} pixels, {} inputs: {} to {}")
assert 0.88 < small[3] <= small[4] < 0.96
assert small[4] < large[4]
assert small[3] < large[3]

# %% 11-pixels-reveal
assert right("11-pixels") == "at least as many as before"

# %% 11-freedoms
rows = {
    (shift, known): (least, most)
    for shift, known, least, most in printed("up to {} pixels away, {} pictures: {} to {}")
}
assert rows[1, 1500][0] > rows[2, 1500][1] > rows[2, 1500][0] > rows[3, 1500][1]
assert 0.86 < rows[1, 1500][0] <= rows[1, 1500][1] < 0.97
assert 0.7 < rows[2, 1500][0] <= rows[2, 1500][1] < 0.87
assert 0.6 < rows[3, 1500][0] <= rows[3, 1500][1] < 0.78
for wide in ((2, 6000), (3, 13500)):
    assert 0.86 < rows[wide][0] <= rows[wide][1] < 0.97
    assert abs(sum(rows[wide]) - sum(rows[1, 1500])) / 2 < 0.03

# %% 11-shape-answer
assert printed("MaxPool2d ({}, {}, {}, {})") == [[5, 8, 6, 6], [5, 16, 3, 3]]

# %% 11-shape-reveal
assert right("11-shape") == str(tuple(make_conv_layers([8, "M", 16, "M"])[:6](images[:5]).shape))

# %% 11-readers
assert 0.8 < shares.min() <= shares.max() < 0.98
assert shares.median() > 0.89
assert shares.min() < share_right(answers, new_digits) + 0.03
assert count_parameters(readers[0]) == 2698
assert images.numel() == 216000
assert 75 < images.numel() / count_parameters(readers[0]) < 85

# %% 11-linear-answer
rows = printed("Linear, lr {}: {} to {}, median {}")
for _, least, most, middle in rows:
    assert 0.8 < least <= middle <= most < 0.95
linear_own = [row[0] for row in printed("of their own pictures: median {}")]
assert min(linear_own[:2]) > 0.99
assert 0.93 < linear_own[2] < min(linear_own[:2])
best_linear = max(row[3] for row in rows)
assert 29 <= count_parameters(linears[0]) / count_parameters(readers[0]) < 30
assert abs(best_linear - shares.median()) < 0.03
assert shares.min() < max(row[2] for row in rows) + 0.01  # the ranges overlap

# %% 11-linear-reveal
assert right("11-linear") == "about as many as the readers"

# %% 11-shift-answer
rows = printed("{} to the right: readers {} to {}; nearest picture {}")
moved_by = {place: (least, most, nearest) for place, least, most, nearest in rows}
assert 0.8 < moved_by[0][0] < moved_by[0][1] < 0.98
assert 0.65 < moved_by[1][0] < moved_by[1][1] < 0.95
assert 0.25 < moved_by[2][0] < moved_by[2][1] < 0.7
assert 0.05 < moved_by[3][0] < moved_by[3][1] < 0.33
assert moved_by[3][2] < 0.33

# %% 11-shift-reveal
median = accuracies(readers, *make_digits(1000, seed=1, right=3)).median()
options = {"about 1 in 5": 0.2, "about 2 in 3": 0.67, "about 9 in 10, as in the middle": 0.9}
assert right("11-shift") == min(options, key=lambda option: abs(options[option] - median))

# %% 11-whole
assert 600 < whole.sum() < 850
assert 0.05 < found.min() <= found.max() < 0.38

# %% 11-slides
((alone,),) = printed("first convolution alone, 1 to the right: changed by {}")
assert alone == 0
changed = dict(printed("{} to the right: changed by {}"))  # of 1, the later line
assert changed[4] == 0
for right_by in (1, 2, 3):
    assert 0.25 < changed[right_by] < 0.75

# %% 11-last-answer
at_right = {}
for name in ("before", "last Linear", "last Linear, untrained kernels", "all layers"):
    ((*at_right[name], _, _),) = printed(
        f"{name}: {{}} to {{}} at 3 to the right; {{}} to {{}} in the middle"
    )
assert at_right["before"][1] < at_right["last Linear"][0]
assert at_right["last Linear, untrained kernels"][1] < at_right["last Linear"][0]
assert at_right["last Linear, untrained kernels"][1] < 0.4
assert 0.25 < at_right["last Linear"][0] <= at_right["last Linear"][1] < 0.7
one_layer, all_layers = (
    accuracies(nets, moved_images, moved_digits) for nets in (last_only, mended)
)
assert one_layer.median() < all_layers.median()
assert (one_layer < all_layers).sum() >= 3
assert 0.35 < one_layer.median() < 0.65
assert 0.4 < all_layers.min() <= all_layers.max() < 0.9
before_middle = accuracies(readers, new_images, new_digits).median()
assert accuracies(mended, new_images, new_digits).median() < before_middle
assert accuracies(last_only, new_images, new_digits).median() < before_middle
assert accuracies(last_only, new_images, new_digits).min() > 0.6

# %% 11-last-reveal
assert right("11-last") == "about half"

# %% 11-draw
assert pad.shares["reader"].argmax() != 7
assert 0.4 < pad.shares["mended"][7] <= 1

# %% 11-side-by-side
assert [line.split("# ")[1][0] for line in changed] == ["1", "2", "3", "4"]

# %% 11-lines-reveal
assert right("11-lines") == "3 to 5"

# %% 11-both-learn
assert 0.002 < sine_loss < 0.4
assert 0.88 < share < 1

# %% 11-turn-back
assert 0.7 < least <= most <= 1

# %% 11-distances
found = dict.fromkeys(("anywhere in a plane", "anywhere in 144 dimensions", "digits with noise"))
found |= dict.fromkeys(("digits without noise, pixels dealt anew", "digits without noise"))
for name in found:
    ((found[name],),) = printed(f"{name}: nearest at {{}} of the mean")
plane, filled, noisy_share, dealt_anew, shapes = found.values()
assert 0.01 < plane < 0.05
assert 0.3 < shapes < 0.5 < noisy_share < 0.65
assert 0.65 < dealt_anew < filled < 0.9

# %% 11-kernels-all
rows = printed("reader {}: size {} before, {} after; neighbours {} before, {} after")
for _, before, after, _, _ in rows:
    assert 0.1 < before < 0.3
    assert 0.35 < after < 1
agree = [row[4] for row in rows]
at_birth = [row[3] for row in rows]
assert -0.4 < min(at_birth) <= max(at_birth) < max(agree) < 0.85
assert min(agree) < 0.3
