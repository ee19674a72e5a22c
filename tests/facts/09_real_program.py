"""What the cells of 09_real_program must have found."""

import statistics

# %% 09-scaled
means = [mean for _, _, mean in printed("{} {} rows, scaled heights: mean {}")]
assert -0.05 < means[0] < 0.05
for other in means[1:]:
    assert -0.5 < other < -0.05

# %% 09-rivals-scores
scores = dict(zip(rivals, (cm for (cm,) in printed("{} cm on the validation rows")), strict=True))
assert scores["polynomial"] < 50 > scores["five nearest"]
assert scores["the mean"] > 80
by_degree = {degree: cm for degree, cm in printed("degree {}: {} cm")}
assert by_degree[5] > by_degree[7] + 5
assert by_degree[7] < min(by_degree[9], by_degree[11]) + 1

# %% 09-new-net
for _, first, second, cm in printed("epoch {}: training {}, validation {}, that is {} cm"):
    assert 0.3 < first < 1.1
    assert 0.3 < second < 1.1
    assert 50 < cm < 90

# %% 09-batch-answer
rows = printed(
    "rate {}, batches of {}: after 10 epochs {} to {} cm, after 120 iterations {} to {} cm"
)
for lr in (0.003, 0.01):
    early, late = {}, {}
    for size in (120, 30, 10):
        runs = histories[lr, size]
        early[size] = statistics.median(to_cm(sum(losses[7:10]) / 3, scale) for losses in runs)
        late[size] = statistics.median(to_cm(sum(losses[-3:]) / 3, scale) for losses in runs)
    assert early[10] + 1 < early[30] < early[120] - 1
    assert late[120] + 1 < late[30] < late[10] - 1
assert len(rows) == 6
assert right("09-batch").startswith(f"{min(early, key=early.get)}:")

# %% 09-batch-reveal
ends = {}
for size in sizes:
    ends[size] = statistics.median(sum(losses[7:10]) for losses in histories[0.01, size])
assert right("09-batch").startswith(f"{min(ends, key=ends.get)}:")

# %% 09-recipe-scores
ends = {
    (lr, iterations): (low_cm, high_cm, middle_cm)
    for lr, iterations, low_cm, high_cm, middle_cm in printed(
        "rate {}, {} iterations: {} to {} cm, the middle {} cm"
    )
}
assert len(ends) == 6
for low_cm, high_cm, middle_cm in ends.values():
    assert 40 < low_cm <= middle_cm <= high_cm < 75
assert ends[0.003, 100][2] > ends[0.003, 600][2] + 8  # far too few
assert ends[0.003, 300][1] > ends[0.003, 600][2] + 3  # some lag behind
assert ends[0.01, 100][2] > ends[0.01, 300][2] + 3
for one in ((0.003, 600), (0.01, 300), (0.01, 600)):
    assert 42 <= ends[one][2] <= 46

# %% 09-nets
rows = printed("network, seed {}: {} cm on the validation rows")
assert len(rows) == 5
for seed, _ in rows:
    assert 0 <= seed <= 4
errors = [error for _, error in rows]
assert 38 < min(errors) <= max(errors) < 50
((mean_cm,),) = printed("the mean {} cm")
assert 85 < mean_cm < 95
for name in ("five nearest", "polynomial"):
    ((cm,),) = printed(name + " {} cm")
    assert 40 < cm < 50
    assert max(errors) - 6 < cm < min(errors) + 6

# %% 09-bar-rule
((_, low_cm, high_cm),) = printed("60 rows: {} cm, from {} to {} by the rule")
assert 5 < high_cm - low_cm < 12

# %% 09-bar-answer
((_, spread_cm),) = printed("200 months: the middle {} cm, the spread {} cm")
assert 3 < spread_cm < 5
inside = ((errors - errors.median()).abs() < (high - low) / 2).float().mean()
assert 0.5 < inside < 0.85
assert right("09-bar") == f"about {spread_cm:.0f} cm"

# %% 09-bar-reveal
assert right("09-bar") == f"about {errors.std():.0f} cm"

# %% 09-pair
(two,) = printed("one program's error spreads by {} cm, the difference of two by {} cm")
assert 3 < two[0] < 5
assert 1 < two[1] < 2.5
assert 1.6 < two[0] / two[1] < 3.5

# %% 09-rival-answer
results = printed("network, seed {}: {} cm, {} to {}")
(polynomial_cm,) = [cm for (cm,) in printed("polynomial {} cm")]
assert 40 < polynomial_cm < 44
lower = sum(low_cm > polynomial_cm for _, _, low_cm, _ in results)
assert lower >= 4
assert all(0.5 < high_cm - low_cm < 1.5 for _, _, low_cm, high_cm in results)
assert right("09-rival") == ("the polynomial, on most of the five" if lower > 2 else "")

# %% 09-rival-reveal
found = {"polynomial": get_error(say_polynomial(x[train_rows], y[train_rows], new_x), new_y)}
found["network"] = statistics.median(get_error(say(net, scale, new_x), new_y) for net in nets)
assert right("09-rival").startswith(f"the {min(found, key=found.get)}, on most")

# %% 09-calm
rows = printed("network {}:  off the tide by {} cm without waves, by {} cm with them")
((calm, misled),) = printed("polynomial: off the tide by {} cm without waves, by {} cm with them")
assert len(rows) == 5
assert 2 < calm <= 5
assert statistics.median(calm_cm for _, calm_cm, _ in rows) <= calm + 1
assert sum(calm_cm <= 5 for _, calm_cm, _ in rows) >= 3
assert 9 < misled < 14
for _, calm_cm, waves_cm in rows:
    assert 1 < calm_cm < 0.8 * waves_cm
    assert misled < waves_cm
    assert 13 < waves_cm < 25

# %% 09-rows-answer
rows = printed(
    "{} rows: network {} cm, on its own rows {} cm, polynomial {} cm, "
    "ahead of the network on {} of 5 seeds"
)
table = {row[0]: row[1:] for row in rows}
assert table[30][0] - table[120][0] > 3
assert table[15][3] <= 2
assert table[120][3] >= 4
assert table[480][3] >= 4
assert table[15][0] - table[15][1] > 20
assert abs(table[480][0] - table[480][1]) < 3
assert table[480][1] > table[30][1] + 8
assert 40 < table[480][0] < 45
fall = table[120][0] - table[480][0]
assert right("09-rows") == ("by three at most, or not at all" if fall <= 3 else "")

# %% 09-rows-reveal
amounts = {10: "by about as much", 5: "by about five", 1: "by three at most"}
fall = (net_errors[:, 2].median() - net_errors[:, 3].median()).item()
closest = min(amounts, key=lambda amount: abs(amount - fall))
assert right("09-rows").startswith(amounts[closest])

# %% 09-longer
lines = printed("seed {}: {} cm, trained for twice as long {} cm, its single epochs {} to {} cm")
assert len(lines) == 5
gains = [before - after for _, before, after, _, _ in lines]
jumps = [highest - lowest for *_, lowest, highest in lines]
assert -0.4 < statistics.mean(gains) < 1.3
assert max(gains) > 0.3 > min(gains)
assert statistics.median(jumps) > statistics.mean(gains)
assert statistics.median(jumps) > 1
for _, before, after, lowest, highest in lines:
    assert 40 < before < 46
    assert 40 < lowest <= after <= highest < 55

# %% 09-missing-answer
assert resumed != never_stopped[6:]
assert all(abs(a - b) < 0.2 for a, b in zip(resumed, never_stopped[6:], strict=True))
assert right("09-missing") == "the state of the loader's generator"

# %% 09-missing-reveal
assert right("09-missing") == "the state of the loader's generator"

# %% 09-use
((cm,),) = printed("the water at hour 3: {} cm")
assert 40 < cm < 140

# %% 09-choose
assert 0 <= chosen <= 4
assert 38 < nets_errors[chosen] < 48
assert nets_errors[chosen] == min(nets_errors)

# %% 09-test-error
for cm, low_cm, high_cm in printed("{} cm on the test rows, from {} to {}"):
    assert 30 < low_cm < cm < high_cm < 55

# %% 09-next-month
for (cm,) in printed("{} cm next month"):
    assert 38 < cm < 50
((low_cm, high_cm),) = printed("next month, {} to {}")
assert 36 < low_cm < high_cm < 54

# %% 09-add
assert 0 <= apart < 1e-4

# %% 09-memory
lines = printed("seed {}, after {}: {} to {}, at a hundredth of the rate to {}")
assert len(lines) == 6
leaps = []
for _, iterations, before, after, careful in lines:
    assert 100 <= iterations <= 500
    assert 0 < careful < 0.5
    assert 0 < before < 0.5
    assert 0 < after < 1.5
    assert careful < 1.1 * before
    if iterations == 100:
        assert 0.95 < after / before < 1.05
    else:
        leaps.append(after / before)
assert min(leaps) > 3
assert max(leaps) > 30
