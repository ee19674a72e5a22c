"""What the cells of 08_parameters must have found."""

import statistics

# %% 08-train
assert 0.00005 < last.loss < 0.02
assert last.number == 599
assert sum(parameter.numel() for parameter in net.parameters()) == 2131

# %% 08-sine-answer
rows = printed(
    "hidden layer {}, the most similar unit, five seeds: untrained {} to {}, trained {} to {}"
)
assert len(rows) == 3
for layer, _, fresh, low, high in rows:
    assert 0.1 < low <= high < 0.95
    assert layer == 3 or high < 0.55
    assert layer == 3 or high < fresh + 0.15
assert 0.55 < max(row[4] for row in rows) < 0.92
assert min(best_likeness(net, 3) - best_likeness(net, 1) for net in trained) > 0.05

# %% 08-sine-reveal
assert right("08-sine") == "between 0.5 and 0.95"

# %% 08-unit-draw
output, effect = unit_effect(net, 3, 19, x)
assert 0.02 < loss_func(net(x) - effect, y).item() < 3
for outputs in hidden_outputs(net, x):
    assert 1 <= (~outputs.any(dim=0)).sum() <= 0.6 * outputs.shape[1]

# %% 08-lose-answer
rows = printed("hidden layer {}: {} to {} of {} units count")
assert [row[3] for row in rows] == [20, 50, 20]
shares = [(low / units, high / units) for _, low, high, units in rows]
assert 0.65 <= shares[0][0] <= 1
for low, high in shares[1:]:
    assert 0.1 < low <= high < 0.8
assert shares[0][0] > max(shares[1][1], shares[2][1])
counts = [sum(count_needed(net, layer) for layer in (1, 2, 3)) for net in trained]
assert 35 < min(counts) <= max(counts) < 65

# %% 08-lose-reveal
assert right("08-lose") == "the first"

# %% 08-kindly
rows = printed("hidden layer {}: {} to {} of {} units count")
shares = [(low / units, high / units) for _, low, high, units in rows]
assert 0.6 <= shares[0][0] <= 1
for _, low, high, _ in rows:
    assert 1 <= low <= high <= 30
assert shares[0][0] > max(shares[1][1], shares[2][1])

# %% 08-wide
rows = printed("seed {}: the loss is {}, and {} of 100 first units count")
assert len(rows) == 5
learnt = [count for _, loss, count in rows if loss < flat / 10]
assert 3 <= len(learnt) <= 5
for _, loss, count in rows:
    assert 0.00002 < loss < 0.3
    assert loss > flat / 10 or 10 < count < 50

# %% 08-sum-count
rows = printed(
    "seed {}: the largest alone has a loss of {}; it takes {} of the {} units that are ever on"
)
assert len(rows) == 5
for _, alone, number, living in rows:
    assert 8 <= number <= living <= 20
    assert 0.3 < alone < 5
    assert living >= 11
assert statistics.median(row[1] for row in rows) > flat
assert statistics.median(row[2] for row in rows) >= 10

# %% 08-pieces
assert 10 <= number <= 14

# %% 08-sum-answer
assert printed("the pieces of the sine: {} times") == [[1]]
rows = printed("seed {}: untrained {} times, trained {} times")
assert len(rows) == 5
for _, fresh, after in rows:
    assert 1 <= fresh < 40
    assert 3 < after < 12
assert 4 < statistics.median(row[2] for row in rows) < 7
for net_ in trained:
    parts = get_contributions(net_)
    assert parts.clamp(min=0).sum(dim=1).mean() > 1
    assert parts.clamp(max=0).sum(dim=1).mean() < -1

# %% 08-sum-reveal
assert right("08-sum") == "more than three times"

# %% 08-kinks-picture
always = [unit for unit in range(20) if on[:, unit].all()]
never = [unit for unit in range(20) if not on[:, unit].any()]
assert (always, never) == ([0, 6], [15])

# %% 08-move-answer
rows = printed("unit {} moves the point at x = -10 by {}, at x = 0 by {}, at x = 10 by {}")
assert [unit for unit, *_ in rows] == [6, 1, 7, 16]
for unit, *ends in rows:
    assert ends[1] <= 0.002
    assert unit not in (1, 7) or 0.002 < min(ends[0], ends[2]) < 0.3
    assert unit != 16 or ends == [0, 0, 0]
move = (changed(6, 1.1) - net(x)).abs()
off, far = x < kinks[5], x > kinks[5] + 5
assert off.sum() > 30
assert not move[off].any()
assert move[far].max() > 0.01
assert (move[x > kinks[5]] > 1e-5).float().mean() > 0.9

# %% 08-move-reveal
assert right("08-move") == "those on one side of the kink"

# %% 08-draw
assert 0.003 < loss_func(changed(6, 1.5), y).item() < 0.5
assert 0.3 < loss_func(changed(14, 1.5), y).item() < 1.2

# %% 08-layer-answer
for change in changes:
    assert 0.03 < change < 5

# %% 08-layer-reveal
place = changes.index(max(changes))
assert right("08-layer") == ["the first", "the second", "the third", "the last"][place]

# %% 08-seeds
rows = printed("seed {}: layer 1 {}  layer 2 {}  layer 3 {}  layer 4 {}")
assert len(rows) == 5
for _, first, second, third, last in rows:
    assert 0.02 < first < last < 5
    assert 2 * first < min(second, third)
    assert max(second, third) < 1.1 * last

# %% 08-moves
rows = printed("layer {}: size {} to {} (by the rule {}), move {} to {}")
assert len(rows) == 4
for _, small, large, rule, low, high in rows:
    assert 0.6 < small / rule <= large / rule < 1.4
    assert 0.01 < low <= high < 0.6
assert rows[0][1] > 2.5 * max(row[2] for row in rows[1:])
assert rows[0][5] < min(row[5] for row in rows[1:])

# %% 08-smaller-start
rows = printed("seed {}: layer 1 was {}, now {}; layer 2 now {}; the loss is {}")
assert len(rows) == 5
for _, was, now, second, loss in rows:
    assert now > 3 * was
    assert 0.02 < was < 0.4
    assert 0.2 < now < 2
    assert 0.3 < second < 2
    assert 0.4 < now / second < 2
    assert 0.000001 < loss < 0.04
assert statistics.median(now / was for _, was, now, _, _ in rows) > 4

# %% 08-frozen-answer
rows = printed("seed {}: frozen {}, trained {}")
assert len(rows) == 5
assert sum(frozen < flat / 10 for _, frozen, _ in rows) >= 4
for _, frozen, _ in rows:
    assert 0.00002 < frozen < 0.1

# %% 08-frozen-reveal
assert right("08-frozen") == "four or five"

# %% 08-follow-answer
rows = printed("{}: equal in {} of 100 iterations, opposite directions in {}")
assert [name for name, *_ in rows] == ["SGD", "Adam", "Adadelta"]
assert list(rows[0][1:]) == [100, 0]
assert rows[1][1] < 20
assert 20 <= rows[1][2] < 70
assert rows[2][1] < 20
assert rows[2][2] == 0

# %% 08-follow-reveal
assert right("08-follow") == "in twenty or more"

# %% 08-prune-runs
rows = printed("seed {}: right after pruning {}, 600 iterations later {}")
assert len(rows) == 5
at_once = [row[1] for row in rows]
assert 0.2 < min(at_once) <= max(at_once) < 20
assert statistics.median(at_once) > flat
assert 3 <= sum(end < flat / 10 for *_, end in rows) <= 5
for *_, end in rows:
    assert 0.0001 < end < 0.5
assert [int(mask.sum()) for mask in masks] == [100, 100]

# %% 08-mask-answer
assert sum(loss < flat / 10 for loss in same_mask) >= 4
assert 3 <= sum(loss < flat / 10 for loss in random_mask) <= 5
assert [int(mask.sum()) for mask in others] == [100, 100]

# %% 08-mask-reveal
assert right("08-mask") == "four or five"
