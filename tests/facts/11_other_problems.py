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
medians = {}
for name in ("nearest", "five nearest", "network"):
    medians[name] = printed(f"{name:17} {{}} to {{}}, median {{}}")[-1][2]
assert medians["network"] < errors_of("nearest 1", 1024).median()
assert best_setting([64, 64, 64], 1024).min() > errors_of("nearest 5", 1024).max()

# %% 11-heights-reveal
middles = {name: errors_of(name, 1024).median() for name in ("nearest 1", "nearest 5")}
middles["network"] = best_setting([64, 64, 64], 1024).median()
options = {
    "network": "the network with three layers of 64",
    "nearest 1": "the height of the nearest known point",
    "nearest 5": "the weighted mean of the five nearest",
}
assert right("11-heights") == options[min(middles, key=middles.get)]

# %% 11-surface-size
assert 45 < 3 * len(places) / parameters < 52

# %% 11-count
nearest, five, wide, narrow = (torch.stack(curves[name]).median(1).values for name in curves)
assert (wide[1:3] < nearest[1:3]).all()
assert nearest[3] < wide[3]
assert (five[1:] < wide[1:]).all()
assert (five[1:] < narrow[1:]).all()
assert curves["network of 8s"][0].min() < curves["five nearest"][0].max()
assert narrow[1] - narrow[3] < 15 < 20 < wide[1] - wide[3]

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
ends = {4: [], 64: []}  # by width
for width, _, _, least, most in printed("width {}, lr {}, {} iterations: {} to {}"):
    ends[width] += [least, most]
assert 0.45 < min(ends[4]) <= max(ends[4]) < 0.75
assert 0.9 < min(ends[64]) <= max(ends[64]) <= 1

# %% 11-narrow-reveal
most = max(spiral_accuracies(x, new_x, 4, lr, n)[1] for lr, n in ((0.01, 300), (0.03, 600)))
bounds = {"less than 75 %": 0.75, "75 % to 90 %": 0.9, "more than 90 %": 1.1}
found = next(option for option, bound in bounds.items() if most < bound)
assert right("11-narrow") == found

# %% 11-turn-back
assert 0.7 < least <= most <= 1

# %% 11-nearest-picture
assert 0.85 < share_right(answers, new_digits) < 0.95

# %% 11-pixels-answer
small, large = printed("{} x {} pixels, {} inputs: {} to {}")
assert 0.85 < small[3] <= small[4] < 0.93
assert small[4] < large[3]

# %% 11-pixels-reveal
assert right("11-pixels") == "at least as many as before"

# %% 11-freedoms
rows = printed("up to {} pixels from the middle: {} to {}")
assert rows[0][1] > rows[1][2] > rows[1][1] > rows[2][2]
assert rows[2][1] > 0.55

# %% 11-distances
((plane,),) = printed("anywhere in a plane: nearest at {} of the mean")
((filled,),) = printed("anywhere in 144 dimensions: nearest at {} of the mean")
((dealt_anew,),) = printed("digits, pixels dealt anew: nearest at {} of the mean")
((shapes,),) = printed("\ndigits: nearest at {} of the mean")
assert 0.01 < plane < 0.05
assert 0.3 < shapes < 0.5
assert 0.65 < dealt_anew < filled < 0.9

# %% 11-shape-answer
assert printed("MaxPool2d ({}, {}, {}, {})") == [[5, 8, 6, 6], [5, 16, 3, 3]]

# %% 11-shape-reveal
assert right("11-shape") == str(tuple(make_conv_layers([8, "M", 16, "M"])[:6](images[:5]).shape))

# %% 11-readers
assert 0.75 < shares.min() <= shares.max() < 0.98
assert shares.median() > 0.85
assert count_parameters(readers[0]) == 2698
assert images.numel() == 216000
assert 75 < images.numel() / count_parameters(readers[0]) < 85

# %% 11-linear-answer
rows = printed("Linear, lr {}: {} to {}, median {}; of their own pictures at least {}")
for _, least, most, middle, own in rows:
    assert 0.7 < least < middle < most < 0.95
    assert 0.9 < own <= 1
best_linear = max(middle for _, _, _, middle, _ in rows)
assert 29 <= count_parameters(nets[0]) / count_parameters(readers[0]) < 30
assert best_linear < shares.median() - 0.01

# %% 11-linear-reveal
assert right("11-linear") == "fewer than the median reader"

# %% 11-shift-answer
rows = printed("{} to the right: readers {} to {}, nearest picture {}; ink left {}")
for _, _, _, _, ink in rows:
    assert 0.82 < ink < 1.01
moved = {place: (least, most, nearest) for place, least, most, nearest, _ in rows}
assert 0.75 < moved[0][0] < moved[0][1] < 0.98
assert 0.5 < moved[1][0] < moved[1][1] < 0.95
assert 0.2 < moved[2][0] < moved[2][1] < 0.75
assert 0.03 < moved[3][0] < moved[3][1] < 0.45
assert moved[3][2] < 0.3

# %% 11-shift-reveal
most = accuracies(readers, *make_digits(1000, seed=1, right=3)).max()
bounds = {"less than 45 %": 0.45, "about two thirds": 0.8, "about as many as in the middle": 1.1}
found = next(option for option, bound in bounds.items() if most < bound)
assert right("11-shift") == found

# %% 11-last-answer
rows = printed("{}: {} to {} at 3 to the right; {} to {} in the middle")
before, last, everything = rows
assert before[2] < last[1]
assert 0.3 < last[1] <= last[2] < 0.7
one_layer, all_layers = (
    accuracies(nets, moved_images, moved_digits) for nets in (last_only, mended)
)
assert one_layer.median() < all_layers.median()
assert 0.35 < one_layer.median() < 0.65
assert 0.45 < all_layers.min() <= all_layers.max() < 0.9
assert accuracies(mended, new_images, new_digits).median() < before[4]
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
assert 0.8 < share < 1

# %% 11-kernels-all
rows = printed("reader {}: size {} before, {} after; neighbours {} before, {} after")
for _, before, after, _, _ in rows:
    assert 0.1 < before < 0.3
    assert 0.35 < after < 1
agree = [row[4] for row in rows]
at_birth = [row[3] for row in rows]
assert -0.4 < min(at_birth) <= max(at_birth) < 0.4
assert max(agree) < 0.85
assert min(agree) < 0.35 < max(agree)
