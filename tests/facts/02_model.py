"""What the cells of 02_model must have found."""

# %% 02-ruler-loss
((by_ruler,),) = printed("loss of the ruler's line:  {}")
((flat,),) = printed("loss of a flat line at 0:  {}")
assert 15 < flat / by_ruler < 25

# %% 02-one-unit
assert printed("activation:     [{}, {}, {}, {}]") == [[0, 0, 1, 3]]

# %% 02-ramps
rows = printed("x = {}:  {} + {} - 2 * {} = {}")
assert [one[0] for one in rows] == [-10, -5, 0, 5, 10]
assert [one[-1] for one in rows] == [0, 0, 5, 0, 0]

# %% 02-ramps-answer
assert right("02-ramps") == "it stays level at 0"

# %% 02-changes
rows = printed("kink at {}: slope from here {}, output weight {}")
assert len(rows) == 7
for _, slope, change in rows[1:]:
    assert 1.8 < change / slope < 2.2

# %% 02-change-answer
assert right("02-change") == str(get_changes([2, -2])[1])

# %% 02-units-added
assert torch.allclose(add_units(7), ruler, atol=1e-4)

# %% 02-layer-shapes
assert printed("hidden: weight ({}, {}) and bias ({},)") == [[7, 1, 7]]
assert printed("last:   weight ({}, {}) and bias ({},)") == [[1, 7, 1]]

# %% 02-by-hand
assert printed("the network is the ruler: {}") == [[True]]

# %% 02-by-hand-count
assert printed("parameters: {}") == [[22]]

# %% 02-pieces
rows = printed("{} even pieces: largest gap {}, loss {}")
assert [pieces for pieces, *_ in rows] == [7, 20, 40, 80]
(_, _, seven), (_, gap_20, loss_20), (_, gap_40, loss_40), (_, gap_80, loss_80) = rows
((turning,),) = printed("7 pieces, joined at the turning points: loss {}")
assert (seven, turning) == (0.11, 0.025)
assert 3.5 < gap_20 / gap_40 < 4.5
assert 3.5 < gap_40 / gap_80 < 4.5
assert 12 < loss_20 / loss_40 < 20
assert 12 < loss_40 / loss_80 < 20

# %% 02-pieces-answer
assert right("02-pieces") == "about 16"

# %% 02-trained
losses = [loss for _, _, loss in printed("rate {}, seed {}: loss {}")]
((by_ruler,),) = printed("by hand:           loss {}")
assert len(losses) == 10
assert 0.02 < by_ruler < 0.03
assert 0.07 < min(losses) <= max(losses) < 0.48

# %% 02-trained-answer
assert right("02-trained") == "higher, every one of them"

# %% 02-three-lines
share = loss_func(improved(x), y).item() / loss_func(ruler, y).item()
moved = (find_kinks(improved) - find_kinks(by_hand)).abs().max().item()
assert 0.2 < share < 0.45
assert moved < 0.4
assert 1.05 < improved(x).max().item() < 1.5
assert 0.07 < loss_func(trained(x), y).item() < 0.48
assert 4 <= (find_kinks(trained).abs() < 10).sum().item() <= 7
assert (find_kinks(trained).abs() < 6).sum().item() >= 4
assert (find_kinks(trained).abs() > 20).sum().item() == 1
assert find_kinks(trained).flatten().sort().values.diff().min().item() < 0.4

# %% 02-crowd
assert 0.45 < near.mean().item() < 0.55
assert 0.02 < far.mean().item() < 0.1

# %% 02-placed
rows = printed("rate {}, kinks spread evenly: loss {} to {}")
rows += printed("rate {}, kinks at your marks: loss {} to {}")
rows += printed("rate {}, kinks held at your marks: loss {} to {}")
((by_ruler,),) = printed("by hand: loss {}")
assert len(rows) == 6
assert 0.02 < by_ruler < 0.03
for *_, lowest, most in rows:
    assert 0.04 < lowest <= most < 0.48

# %% 02-placed-answer
assert min(losses) > 1.2 * loss_func(ruler, y).item()  # the last row has the lowest
assert right("02-placed") == "none"

# %% 02-three-linear
assert printed("parameters: {}") == [[481]]
assert same
at = three(x).flatten()
assert (at[2:] - 2 * at[1:-1] + at[:-2]).abs().max() < 1e-5

# %% 02-line-answer
assert right("02-line") == "a straight line"

# %% 02-registered
assert printed("an nn.Sequential: {} tensors of parameters registered") == [[8]]
assert printed("a plain list:     {} tensors of parameters registered") == [[0]]

# %% 02-floor
((least,),) = printed("best output at or above 0: loss {}")
((flat,),) = printed("a flat line at 0:          loss {}")
assert 0.48 < least / flat < 0.52

# %% 02-floor-answer
assert right("02-floor") == "about half as large"

# %% 02-before-relu
assert len(alive_at_birth) == 10
assert len(dead_at_birth) == 6

# %% 02-no-gradient
rows = printed("seed {}: loss {}, largest gradient {}")
assert [gradient for *_, gradient in rows] == [0] * 6

# %% 02-alive
rows = printed("{} at {}: {} of {} died; loss of those left {} to {}, floor {}")
assert [(name, lr) for name, lr, *_ in rows] == [("Adam", 0.01), ("Adam", 0.001), ("SGD", 0.05)]
assert [of for _, _, _, of, *_ in rows] == [10] * 3
hard, gentle, sgd = [count for _, _, count, *_ in rows]
assert 6 <= hard <= 9
assert gentle <= 4
assert 1 <= sgd <= 8
assert gentle < hard
for *_, lowest, most, least in rows:
    assert least == 0.24
    assert 0.24 <= lowest <= most < 0.55

# %% 02-alive-answer
assert right("02-alive") == "some die, and more of them at the larger rate of Adam"

# %% 02-survivor
assert not dead(x).any()
assert 0.23 < loss_func(survivor(x), y).item() < 0.3
assert loss_func(bare(x), y).item() < 0.05

# %% 02-second-layer
rows = printed("the kink at h = {} stands at {} different x")
assert [count for _, count in rows] == [6, 6, 7, 7, 6, 6]

# %% 02-fold-answer
assert right("02-fold") == "at six or seven x, one for each slope of the zigzag"

# %% 02-fold-loss
((_, folded),) = printed("two layers of 7:  {} parameters, loss {}")
((_, even),) = printed("one layer of 25:  {} parameters, loss {}")
assert 7 < even / folded < 14

# %% 02-dying-runs
assert 0.02 < min(gentle_13) < 0.3
assert min(gentle_13) == min(gentle_13[2:15])
assert max(gentle_6[9:]) < 0
assert 0.02 < gentle_6[3] < 0.6
assert hard_13[1] < 0
assert 0.1 < pull_13[0] < 0.6
assert 0.1 < pull_6[0] < 0.8
assert -0.2 < min(pull_13) < 0.1
assert math.isnan(pull_6[-1])

# %% 02-pulled
above = [
    mean for _, mean in printed("seed {}: where they are above 0, outputs less their labels: {}")
]
assert len(above) == 10
pulled_down = sum(mean > 0 for mean in above)
assert 6 < pulled_down < 10

# %% 02-no-super
assert printed("AttributeError: {}")
assert printed("{}__init__")
