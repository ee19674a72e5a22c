"""What the cells of 11_other_problems must have found."""

# %% 11-squared
medians = {32: [], 256: [], 1024: []}
for _, points, _, best, worst, middle in printed("{} in, {} points, lr {}: {} to {}, median {}"):
    assert 0.0005 < best < 0.1
    assert 0.002 < middle < 0.2
    assert 0.004 < worst < 0.9
    medians[points].append(middle)
one, too_few = max(medians[32]), min(medians[256])
assert one < too_few
enough = [points for points in (256, 1024) if min(medians[points]) < 2.5 * min(medians[32])]
truths = {256: "about 250", 1024: "about 1000"}
assert right("11-points") == truths.get(min(enough, default=None))

# %% 11-width-8
one = max(held_out_losses(1, 32, 8, lr)[2] for lr in (0.01, 0.02))
for _, best, worst in printed("2 in, width 8, lr {}: {} to {}"):
    assert one < best
    assert 0.01 < best < worst < 0.6
assert small == 97
assert same == 105
assert large == 1185

# %% 11-train-on
assert 0.8 < accuracy(runs[2, 32][0], new_x, new_labels) <= 1

# %% 11-narrow
ends = {4: [], 64: []}  # by width
for width, _, _, least, most in printed("width {}, lr {}, {} iterations: {} to {}"):
    ends[width] += [least, most]
assert 0.45 < min(ends[4]) <= max(ends[4]) < 0.75
assert 0.9 < min(ends[64]) <= max(ends[64]) <= 1
bounds = {"less than 75 %": 0.75, "75 % to 90 %": 0.9, "more than 90 %": 1.1}
found = next(option for option, bound in bounds.items() if max(ends[4]) < bound)
assert right("11-narrow") == found

# %% 11-turn-back
assert 0.7 < shares[0] <= shares[-1] <= 1

# %% 11-shapes
pooled = printed("MaxPool2d ({}, {}, {}, {})")
assert right("11-shape") == "({:g}, {:g}, {:g}, {:g})".format(*pooled[1])

# %% 11-readers
for _, least, most, middle in printed("lr {}: {} to {}, median {}"):
    assert 0.65 < least < middle < most < 0.99
assert count_parameters(readers[0]) == 2698

# %% 11-linear
rows = printed("lr {}: {} to {}, median {}; of the readers {}; own digits at least {}")
for _, least, most, middle, _, own in rows:
    assert 0.7 < least < middle < most < 0.97
    assert 0.9 < own <= 1
best_linear = max(middle for _, _, _, middle, _, _ in rows)
best_reader = max(reader for _, _, _, _, reader, _ in rows)
assert best_linear < best_reader
assert 29 <= more < 30
never = best_linear < best_reader and more > 10
assert right("11-linear") == ("more, if they ever do" if never else "")

# %% 11-moved
rows = printed("{} to the right: {} to {}; ink left {}")
for _, _, _, ink in rows:
    assert 0.82 < ink < 1.01
moved = {place: (least, most) for place, least, most, _ in rows}
assert 0.65 < moved[0][0] < moved[0][1] < 0.99
assert 0.5 < moved[1][0] < moved[1][1] < 0.95
assert 0.2 < moved[2][0] < moved[2][1] < 0.75
assert 0.03 < moved[3][0] < moved[3][1] < 0.45
bounds = {"less than 45 %": 0.45, "about two thirds": 0.8, "about as many": 1.1}
found = next(option for option, bound in bounds.items() if moved[3][1] < bound)
assert right("11-shift") == found

# %% 11-mended
assert judge(readers, moved_images, moved_digits)[2] < shares[2]
assert middle[2] < judge(readers, new_images, new_digits)[2]
assert 0.2 < shares[0] < shares[-1] < 0.85
assert 0.5 < middle[0] < middle[-1] < 0.99

# %% 11-side-by-side
((differ, lines),) = printed("{} of {} lines differ")
assert lines == 14
assert printed("module {}: {}") == [[1, 1], [2, 1], [3, 0], [4, 1], [5, 0], [6, 0]]
bounds = {"at most 4": 4, "5 to 9": 9, "10 or more": lines}
found = next(option for option, bound in bounds.items() if differ <= bound)
assert right("11-lines") == found

# %% 11-both-learn
assert 0.002 < error < 0.4
assert 0.8 < share < 1
