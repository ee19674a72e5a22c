"""What the cells of 08_parameters must have found."""

import statistics

# %% 08-train
assert 0.00005 < last.loss < 0.02
assert last.number == 599
assert sum(parameter.numel() for parameter in net.parameters()) == 2131

# %% 08-sine-answer
rows = printed("hidden layer {}, the likest unit, five seeds: untrained {} to {}, trained {} to {}")
assert len(rows) == 3
for layer, _, fresh, low, high in rows:
    assert 0.1 < low <= high < 0.95
    assert layer == 3 or high < 0.55
    assert layer == 3 or high < fresh + 0.15
assert rows[2][3] > 0.35
assert min(likest(net, 3) - likest(net, 1) for net in trained) > 0.05

# %% 08-sine-reveal
assert right("08-sine") == "between 0.35 and 0.95"

# %% 08-unit-draw
output, effect = unit_effect(net, 3, 19, x)
assert 0.02 < loss_func(net(x) - effect, y).item() < 3
for outputs in hidden_outputs(net, x)[1:]:
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
assert 5 <= min(counts) <= max(counts) <= 75
assert statistics.median(counts) < 65

# %% 08-sum-answer
rows = printed("seed {}: {} of the {} units that are ever on")
assert len(rows) == 5
for _, number, living in rows:
    assert 8 <= number <= living <= 20
assert statistics.median(numbers) >= 10
assert 0.3 < min(losses_of_one) <= max(losses_of_one) < 5
assert statistics.median(losses_of_one) > flat

# %% 08-sum-reveal
assert right("08-sum") == "10 or more"

# %% 08-cancel
for _, times in printed("seed {}: all lengths make {} times the length of the sum"):
    assert 2.5 < times < 30

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
assert off.sum() > 100
assert not move[off].any()
assert move[far].max() > 0.01
assert (move[x > kinks[5]] > 1e-5).float().mean() > 0.9

# %% 08-move-reveal
assert right("08-move") == "those on one side of the kink"

# %% 08-draw
assert 0.003 < loss_func(changed(6, 1.5), y).item() < 0.5

# %% 08-layer-answer
for change in changes:
    assert 0.03 < change < 5

# %% 08-layer-reveal
place = changes.index(max(changes))
assert right("08-layer") == ["the first", "the second", "the third", "the last"][place]

# %% 08-seeds
rows = printed("{}, layer {}: {} to {} of its start")
assert len(rows) == 8
for _, _, low, high in rows:
    assert 0.02 < low <= high < 5
rows = printed("{}: the first layer changes least in {} of 5")
assert [optimizer for optimizer, _ in rows] == ["Adam", "SGD"]
for _, least in rows:
    assert least == 5
last_most = (table.argmax(dim=1) == 3).sum().item()
assert 4 <= last_most <= 5

# %% 08-moves
rows = printed("{}, layer {}: a number of {} (by the rule {}) moves by {} to {}")
assert len(rows) == 8
for _, _, size, rule, low, high in rows:
    assert 0.04 < size < 1
    assert 0.7 < size / rule < 1.4
    assert 0.01 < low <= high < 0.6
assert rows[0][2] > 3 * max(row[2] for row in rows[1:4])


def typical_move(nets, number):
    moves = []
    for old, new in zip(untrained, nets, strict=True):
        place = 2 * number - 2
        change = new.features[place].weight.detach() - old.features[place].weight.detach()
        moves.append(change.square().mean().sqrt().item())
    return statistics.median(moves)


assert typical_move(trained, 1) < min(typical_move(trained, 3), typical_move(trained, 4))
by_sgd = [typical_move(trained_by_sgd, number) for number in (1, 2, 3)]
assert by_sgd[0] > max(by_sgd[1:])

# %% 08-smaller-start
rows = printed("seed {}: layer 1 {}, layer 2 {}, layer 3 {}, layer 4 {}")
assert len(rows) == 5
for _, *shares in rows:
    assert 0.1 < min(shares) <= max(shares) < 6
    assert shares[0] > shares[1]

# %% 08-follow-answer
rows = printed("{}: equal in {} of 100 iterations")
assert [name for name, _ in rows] == ["SGD", "Adam", "Adadelta"]
assert rows[0][1] == 100
assert rows[1][1] < 60
assert rows[2][1] < 60

# %% 08-follow-reveal
assert right("08-follow") == "SGD only"

# %% 08-prune-runs
ends = sorted(sum(losses[-100:]) / 100 for losses in pruned)
assert 0.2 < min(at_once) <= max(at_once) < 20
assert statistics.median(at_once) > flat
assert 0.0001 < ends[0] <= ends[-1] < 0.6
assert ends[2] < 0.05
assert [int(mask.sum()) for mask in masks] == [100, 100]

# %% 08-mask-answer
assert sum(loss < 0.01 for loss in masked) >= 4

# %% 08-mask-reveal
assert right("08-mask") == "four or five"
