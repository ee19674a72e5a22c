"""What the cells of 06_training must have found."""

import math
import statistics

# %% 06-four-runs
highest = max(curves, key=lambda left_out: max(curves[left_out]))
assert highest == "zero_grad"
assert max(curves["zero_grad"]) > 1.2
assert 0.3 < curves["nothing"][-1] < curves["nothing"][0] - 0.03 < 0.7

# %% 06-different-losses
for left_out, number, _, _ in printed("left out: {} {} different losses, lowest {}, highest {}"):
    assert (number == 1) == (left_out in ("backward", "step"))
    assert 1 <= number <= 300
for losses in curves.values():
    assert 0.001 < min(losses) < 0.6
assert 0.45 < max(curves["nothing"]) < 0.7
assert 0.45 < max(curves["step"]) < 0.7
assert 0.45 < max(curves["backward"]) < 0.7
assert 1.2 < max(curves["zero_grad"]) < 1e9
assert min(curves["zero_grad"]) < 0.7 * min(curves["nothing"])

# %% 06-curve-reveal
lowest = min(curves, key=lambda left_out: min(curves[left_out]))
assert right("06-curve") == f"the one without {lowest}"

# %% 06-ball
assert abs(half - 22.2) < 0.1
assert swinging[22] < -0.95
assert swinging[44] > 0.95

# %% 06-gain-answer
((early, _), _, (late, _)) = printed("lower on {} after {} iterations")
assert 8 <= early <= 10
assert 0 <= late <= 3
((silent, exploded),) = printed("in the end a silent layer: {}, exploded: {}")
assert 4 <= silent + exploded <= 10

# %% 06-gain-reveal
assert right("06-gain") == "on most after 50, on few after 300"

# %% 06-gain-rates
small, large = printed("lower on {} after 300 iterations")
assert small[0] >= 2
assert large[0] <= 1
((_,), (early,)) = printed("lower on {} after 100 iterations")
assert early <= 1

# %% 06-dead
assert silent_layer(net, x) is not None
assert (out.max() - out.min()).item() < 1e-6

# %% 06-back-answer
assert 3 <= dead <= 5
assert recovered == 0
assert max(gradient_norms(net)) < 1e-12
assert silent_layer(run(lr=0.02, seed=3, left_out="zero_grad")[0], x) is not None  # picture D

# %% 06-back-reveal
assert right("06-back") == ("none of them" if recovered == 0 else "about half, by luck")

# %% 06-first-loss
for _, first in printed("first loss, seed {}: {}"):
    assert 0.35 < first < 0.75
((percent,),) = printed("labels in percent: {}")
assert 4000 < percent < 6000
((mark,),) = printed("loss of the best flat line: {}")
assert 0.45 < mark < 0.5

# %% 06-iteration-watched
((one, two, three, four),) = set(map(tuple, printed("right after zero_grad  {}  {}  {}  {}")))
assert one == two == three == four == "none"
for norms in printed("right after backward  {}  {}  {}  {}"):
    assert all(1e-4 < norm < 5 for norm in norms)

# %% 06-moved
assert printed("has moved: {}") == [[True]] * 8

# %% 06-by-heart
assert 1e-12 < max(ends) < 0.01
for label, said in printed("label {}   prediction {}"):
    assert -1 <= label <= 1
    assert -1 <= said <= 1
    assert abs(label - said) < 0.15

# %% 06-heart-answer
assert 1e-12 < max(ends) < 0.05
assert 0.25 < five_y.var(correction=0).item() < 0.35

# %% 06-heart-reveal
close = max(ends) < 0.2 * five_y.var(correction=0).item()
assert close
assert right("06-heart") == "yes, its loss comes close to 0 as well"

# %% 06-held-out
good = [train_beside(False, seed) for seed in range(5)]
bad = list(zip(all_training, all_held_out, strict=True))
assert statistics.median(statistics.mean(held[-20:]) for _, held in good) < 0.05
assert statistics.median(statistics.mean(own[-20:]) for own, _ in bad) < 0.3
ends = [statistics.mean(held[-20:]) for _, held in bad]
assert statistics.median(ends) > 0.5
assert statistics.median(held[0] for _, held in bad) < statistics.median(ends)
assert min(ends) > 0.474
(near,) = printed("right labels, held-out errors at the end: [{}, {}, {}, {}, {}]")
assert 0 <= min(near) <= max(near) < 0.4
(far,) = printed("shuffled labels, held-out errors at the end: [{}, {}, {}, {}, {}]")
assert 0.4 < min(far) <= max(far) < 2

# %% 06-patience
for _, early, late in printed("seed {}: loss {} after 50, {} after 600"):
    assert 0.4 < early < 0.5
    assert 0.01 < late < 0.34

# %% 06-same-losses
same = ["Adam"] if printed("Adam: {}") == [[True]] else []
for momentum, alike in printed("SGD with momentum {}: {}"):
    same += [f"SGD with momentum {momentum:g}"] if alike else []
assert len(same) == 1

# %% 06-momentum-reveal
same = [m for m in (0.9, 1) if get_losses(optim.SGD, momentum=m) == curves["zero_grad"]]
assert len(same) == 1
assert right("06-momentum") == f"SGD with momentum {same[0]}"

# %% 06-curvature-limit
rows = printed("{} iterations, curvature up to {} limits, thrown out: {}")
assert len(rows) == 5
for iterations, share, thrown in rows:
    assert 0.03 < share < 4
    assert 100 < iterations <= 600
    assert not thrown or share > 0.5

# %% 06-train-and-watch
for lr in RATES[:2]:
    for seed in range(3):
        first = watched[lr, seed][1][0]
        for layer, n in enumerate((1, 20, 50, 20)):
            assert abs(first[layer].item() - math.log10(lr * math.sqrt(3 * n))) < 0.35

# %% 06-all-rates
for lr, least, most, low, high, best, worst in printed(
    "{}: layers 2 to 4 begin at {} to {}, end at {} to {}, loss at the end {} to {}"
):
    assert abs(least - math.log10(lr) - 1) < 0.4
    assert least <= most < least + 0.3
    assert -3.8 < low <= high < -2.2
    assert 1e-6 < best < worst < 0.47

# %% 06-rate-reveal
typical = {}
for lr in RATES:
    typical[lr] = statistics.median(statistics.mean(watched[lr, s][0][-50:]) for s in range(3))
assert 0.35 < typical[0.0001] < 0.46
assert max(typical[0.001], typical[0.01]) < 0.5 * typical[0.0001]
assert right("06-rate") == "it has hardly learnt when the others have"
