"""What the cells of 02_model must have found."""

import math
import statistics

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
assert right("02-pieces") == f"about {2 ** round(math.log2(loss_40 / loss_80))}"

# %% 02-three-linear
assert printed("parameters: {}") == [[481]]
assert same
at = three(x).flatten()
assert (at[2:] - 2 * at[1:-1] + at[:-2]).abs().max() < 1e-5
assert right("02-line") == "a straight line"

# %% 02-alive
counts = {}
for optimizer_class, lr in settings:
    of = [ended[optimizer_class, lr, seed] for seed in range(8)]
    alive = [seed for seed in range(8) if of[seed].any()]
    losses = [loss_func(of[seed], y).item() for seed in alive]
    bare_losses = [loss_func(bare[optimizer_class, lr, seed], y).item() for seed in alive]
    assert 0.2 < min(losses) <= max(losses) < 0.55
    assert 0.005 < min(bare_losses) <= max(bare_losses) < 0.55
    assert statistics.median(bare_losses) < statistics.median(losses)
    assert not set(alive) & set(dead_at_birth)
    counts[optimizer_class.__name__, lr] = 8 - len(alive) - len(dead_at_birth)
for least, most, bare_least, bare_most in printed("loss {} to {}, bare {} to {}"):
    assert 0.2 < least <= most < 0.55
    assert 0.005 < bare_least <= bare_most < 0.55
assert 1 <= counts["Adam", 0.01] <= 5
assert right("02-alive") == "some die, with Adam at 0.01 at least"

# %% 02-dying
falls = printed("seed 6, rate 0.001: {} {} {} {} {} {} {}")
falls += printed("seed 2, rate 0.01: {} {}") + printed("seed 4, rate 0.01: {} {}")
assert len(falls) == 3
for highest in falls:
    assert -0.3 < min(highest) <= max(highest) < 1
    assert highest[-1] < 0 < highest[-2]
rows = printed("where above 0 at birth: mean output {}, mean label {}")
assert len(rows) == 3
for above, labels in rows:
    assert -0.4 < labels < above < 0.6

# %% 02-no-super
assert printed("AttributeError: {}")
assert printed("{}__init__")
