"""What the cells of 08_parameters must have found."""

import statistics

# %% 08-train
assert 0.00005 < last.loss < 0.02
assert count_parameters(net) == 2131

# %% 08-kinks-picture
always = [unit for unit in range(20) if on[:, unit].all()]
never = [unit for unit in range(20) if not on[:, unit].any()]
assert (always, never) == ([0, 6], [15])

# %% 08-move-answer
rows = printed("unit {} moves the point at x = -10 by {}, at x = 0 by {}, at x = 10 by {}")
assert [unit for unit, *_ in rows] == [5, 0, 6, 15]
for unit, *ends in rows:
    assert ends[1] <= 0.001
    assert unit not in (0, 6) or 0.002 < min(ends[0], ends[2]) < 0.2
    assert unit != 15 or ends == [0, 0, 0]
move = (changed(5, 1.1) - net(x)).abs()
off, far = x < kinks[5], x > kinks[5] + 5
assert off.sum() > 100
assert not move[off].any()
assert move[far].max() > 0.01
assert (move[x > kinks[5]] > 1e-5).float().mean() > 0.9
assert not layer.weight.grad[15].any()
assert right("08-move") == "those on one side of the kink"

# %% 08-layer-answer
for change in changes:
    assert 0.03 < change < 5
place = changes.index(max(changes))
assert right("08-layer") == ["the first", "the second", "the third", "the last"][place]

# %% 08-seeds
rows = printed("{}, layer {}: {} to {}")
assert len(rows) == 8
for _, _, low, high in rows:
    assert 0.02 < low <= high < 5
rows = printed("{}: the first changes least in {} of 5, the last most in {} of 5")
assert [optimizer for optimizer, _, _ in rows] == ["Adam", "SGD"]
for _, least, most in rows:
    assert 3 <= least <= 5
    assert 3 <= most <= 5

# %% 08-moves
rows = printed("{}: a number of {} moves by {} to {}")
assert len(rows) == 8
for _, size, low, high in rows:
    assert 0.04 < size < 1
    assert 0.01 < low <= high < 0.6
sizes = [size for _, size, _, _ in rows[:4]]
assert sizes[0] > 4 * max(sizes[1:])


def typical_move(optimizer, place):
    moves = []
    for old, new in zip(starts, trained[optimizer], strict=True):
        change = new.features[place].weight.detach() - old.features[place].weight.detach()
        moves.append(change.square().mean().sqrt().item())
    return statistics.median(moves)


assert typical_move("Adam", 0) < min(typical_move("Adam", 4), typical_move("Adam", 6))
assert typical_move("SGD", 0) > max(typical_move("SGD", 2), typical_move("SGD", 4))

# %% 08-follow-answer
rows = printed("{}: equal at every iteration: {}")
assert rows == [["SGD", True], ["Adam", False], ["Adadelta", False]]
assert right("08-follow") == f"{' and '.join(name for name, equal in rows if equal)} only"

# %% 08-pruned
rows = printed("{} % gone: at once {} to {}, after 600 {} to {}")
assert len(rows) == 3
for _, low, high, best, worst in rows:
    assert 1e-5 < low < high < 20
    assert 1e-5 < best < worst < 0.8
first, after = {}, {}
for share, losses in curves.items():
    first[share] = statistics.median(curve[0] for curve in losses)
    after[share] = statistics.median(statistics.mean(curve[500:600]) for curve in losses)
assert first[0.5] > 10 * first[0.0]
assert after[0.9] > after[0.5]
assert after[0.5] < 10 * after[0.0]
assert right("08-prune") == "at most ten times that of 600 more iterations without pruning"

# %% 08-comeback-picture
assert 1e-5 < min(later) < max(later) < 0.6
assert 1e-5 < statistics.median(later) < 0.02
