"""What the cells of 10_cures must have found."""

import statistics

FRESH = "clearly more than 40 cm"
FLAT = "about the same: no step can do harm any more"


def count_lower(one, other):
    """In how many months one network is better than the other."""
    return sum(a < b for a, b in zip(one, other, strict=True))


def median_gains(cures, epochs, name):
    """By how much a cure is worse than no cure, the median of its pairs."""
    pairs = zip(cures[name][epochs], cures["no cure"][epochs], strict=True)
    return statistics.median(a - b for a, b in pairs)


def verdict_of(cures, epochs, name):
    """What the rule for thirty months says."""
    wins = count_lower(cures[name][epochs], cures["no cure"][epochs])
    return "helps" if wins >= 22 else "harms" if wins <= 8 else "cannot tell"


# %% 10-live
assert 0.02 < loss.item() < 0.15

# %% 10-error
own_error = error(forecast(net, x, x, y), y)
((shown,),) = printed("the network on its own 30 rows: {} cm")
assert 18 < shown < 32
assert abs(shown - own_error) < 1
((known,),) = printed("the true tide on the same rows: {} cm")
assert shown + 3 < known
assert 33 < known < 37

# %% 10-fresh-answer
assert 42 < fresh_error < 65

# %% 10-fresh-reveal
assert (right("10-fresh") == FRESH) == (fresh_error > 42)

# %% 10-rule-check
assert 10 < distance < 40
by_rule = math.hypot(40, distance)
assert 42 < by_rule < 60
assert 42 < fresh_error < 65
assert abs(by_rule - fresh_error) < 0.06 * fresh_error
((shown,),) = printed("by the rule, with waves of 40 cm: {} cm")
assert 42 < shown < 60

# %% 10-slider
assert own[0] > 70
assert own[-1] < 0.8 * 40
assert own[-1] < 0.65 * fresh[-1]
assert abs(own[2] - fresh[2]) < 20
assert min(fresh) > 40

# %% 10-ten-months
assert 12 < min(own_plain) <= max(own_plain) < 40
assert 41 < min(plain) <= max(plain) < 130
assert max(plain) > 1.25 * statistics.median(plain)
((_, shown),) = printed("hardest: month {}, first reading at hour {}")
assert 3 < shown < 6
assert better == 10

# %% 10-rows-answer
medians = [statistics.median(own_of[rows]) for rows in (30, 60, 120)]
assert 20 < medians[0] < medians[1] < medians[2] < 40
assert medians[2] > 0.85 * 40

# %% 10-rows-reveal
rises = statistics.median(own_of[30]) < 0.85 * statistics.median(own_of[120])
assert right("10-rows") == ("it rises towards 40 cm" if rises else "")

# %% 10-rows-court
(_, _, wins_60, _), (_, _, wins_120, _) = printed(
    "rows: {} to {} cm, lower in {} of 10, median difference {} cm"
)
assert wins_60 >= 8
assert wins_120 >= 9
gain = statistics.median(plain) - statistics.median(fresh_of[120])
assert 3 < gain < 15
for difference in printed("median difference {} cm"):
    assert -15 < difference[0] < -1
assert 40 < min(fresh_of[120]) <= max(fresh_of[120]) < 56
assert 40 < min(fresh_of[60]) <= max(fresh_of[60]) < 60

# %% 10-shrink-answer
for _, found, rule in printed("after {} steps: {}, by the rule {}"):
    assert abs(found - rule) < 0.002

# %% 10-shrink-reveal
assert right("10-shrink") == f"about {weight.item():.2f}"

# %% 10-decay-court
(low, high, mild_wins, mild), (_, _, heavy_wins, heavy) = printed(
    "{} to {} cm, lower in {} of 10, median difference {} cm"
)
assert 2 <= mild_wins <= 8
assert heavy_wins <= 1
assert -4 < mild < 6
assert 4 < heavy < 25
assert 41 < low < high < 130
without, mild, heavy = printed("medians: {} cm on own rows, size of the weights {}")
assert 20 < without[0] < 32
assert heavy[0] > 38
assert 0.35 < heavy[1] / without[1] < 0.65
assert 0.6 < mild[1] / without[1] < 0.98

# %% 10-eval-answer
for _, honest, seen in printed("month {}: eval {} cm, forgotten {}"):
    assert 41 < honest < 130
    assert 44 < seen < 140
higher = count_lower(judged, forgotten)
assert higher >= 10

# %% 10-eval-reveal
every = count_lower(judged, forgotten) == 10
assert right("10-eval") == ("higher in every month" if every else "")

# %% 10-eval-wobble
for _, rule, seen in printed("month {}: by the rule {} cm, forgotten {}"):
    assert 44 < seen < 140
    assert 44 < rule < 140
    assert abs(seen - rule) < 0.06 * seen

# %% 10-dropout-court
(light_wins,), (wins,) = printed("lower in {} of 10")
assert light_wins <= 5
assert wins <= 4
medians = [statistics.median(own) for own in (own_plain, own_light, own_dropped)]
assert 20 < medians[0] < medians[1] + 1 < medians[2] < 45
((without, with_light, with_much),) = printed("median: {} cm without, {} with 0.1, {} with 0.3")
assert 20 < without < 32
assert 20 < with_light < 36
assert 30 < with_much < 45
for low, high, _, difference in printed("{} to {} cm, lower in {} of 10, median difference {} cm"):
    assert 41 < low < high < 130
    assert -1 < difference < 15

# %% 10-long-court
((coin,),) = printed("a coin wins 22 or more of 30 with probability {}")
assert 0.005 < coin < 0.012
wins = [wins for (wins,) in printed("lower in {} of 30")]
assert 9 <= wins[0] <= 21
assert wins[1] <= 8
assert wins[2] <= 8

# %% 10-long-answer
wins = [wins for (wins,) in printed("lower in {} of 30")]
assert wins[0] >= 22
assert wins[1] <= 8
assert 9 <= wins[2] <= 21
assert median_gains(cures, "300", "decay 3") > median_gains(cures, "1000", "decay 3") + 1

# %% 10-long-reveal
changes = {
    name: verdict_of(cures, "300", name) != verdict_of(cures, "1000", name)
    for name in ("decay 0.3", "decay 3", "dropout 0.3")
}
two = changes == {"decay 0.3": True, "decay 3": False, "dropout 0.3": True}
assert right("10-long") == ("those of decay 0.3 and of dropout" if two else "")

# %% 10-long-change
(plain_worse, plain_change), (_, mild), (_, heavy), (_, absent) = printed(
    "worse in {} of 30, median change {} cm"
)
assert plain_worse == 27
assert 1.5 < plain_change < 2.5
assert max(abs(mild), abs(heavy), abs(absent)) < 1

# %% 10-patience-answer
wins = [wins for (wins,) in printed("lower in {} of 10")]
assert wins[0] <= 3
assert 5 <= wins[2] <= 9
assert wins[0] < wins[1]
of_five = [at_best[1] for at_best, at_stop in runs[5]]
lost = statistics.median(a - b for a, b in zip(of_five, plain, strict=True))
assert 8 < lost < 30

# %% 10-patience-reveal
few = count_lower([at_best[1] for at_best, at_stop in runs[5]], plain) <= 3
assert right("10-patience") == ("in three at the most" if few else "")

# %% 10-flattered
(chosen, chosen_shift), (stop, stop_shift) = printed(
    "validation error below that on fresh rows in {} of 10 months, median difference {} cm"
)
assert 6 <= chosen <= 10
assert 2 <= stop <= 8
assert -15 < chosen_shift < -2
assert chosen_shift + 2 < stop_shift
assert -4 < stop_shift < 8

# %% 10-stop-or-rows
((low, high, wins, difference),) = printed(
    "{} to {} cm, lower in {} of 10, median difference {} cm"
)
assert 2 <= wins <= 7
assert 41 < low < high < 130
assert 0 < difference < 12

# %% 10-falling-answer
wins = [wins for (wins,) in printed("lower in {} of 10")]
assert wins[0] <= 2
assert 3 <= wins[1] <= 8
assert wins[2] >= 8
for constant, falling in printed("trembling: {} cm constant, {} cm falling"):
    assert falling < 0.35 * constant
assert 2 < statistics.median(ends[0.2, False]) - statistics.median(ends[0.2, True]) < 60

# %% 10-falling-reveal
never = count_lower(ends[0.003, True], ends[0.003, False]) <= 2
assert right("10-falling") == ("in hardly any month" if never else "")

# %% 10-half
(_, _, _, like), (_, _, wins, worse) = printed(
    "{} to {} cm, lower in {} of 10, median difference {} cm"
)
assert -0.6 < like < 0.6
for low, high, _, _ in printed("{} to {} cm, lower in {} of 10, median difference {} cm"):
    assert 60 < low < high < 90
assert wins <= 2
assert 0.8 < worse < 5

# %% 10-rival
(_, _, middle_wins, middle), (_, _, wins, worse) = printed(
    "{} to {} cm, lower in {} of 10, median difference {} cm"
)
assert 3 <= middle_wins <= 8
assert -6 < middle < 3
for low, high, _, _ in printed("{} to {} cm, lower in {} of 10, median difference {} cm"):
    assert 50 < low < high < 110
assert wins <= 3
assert 3 < worse < 25

# %% 10-typo-answer
(_, _, clean, usual), (_, _, ruined, _), (low, high, clipped, _) = printed(
    "{} to {} cm, median {}, gradients {} long"
)
assert 60 < clean < 80
assert 0.7 < usual < 2.5
assert 2.5 < clipped / clean < 8
assert clipped < ruined
assert 100 < low < high < 600

# %% 10-typo-reveal
with_error = [error(train_typo(month, limit=1)[0], fresh_y) for month in range(3)]
without = [error(train_typo(month, typo=False)[0], fresh_y) for month in range(3)]
several = min(with_error) > 2 * max(without)
assert right("10-typo") == ("several times as large" if several else FLAT)

# %% 10-suspects
assert 0.9 < share < 1
((low, high, median, length),) = printed("{} to {} cm, median {}, gradients {} long")
assert 50 < low < high < 95
assert 60 < median < 80
assert 0.04 < length < 0.1

# %% 10-limit
((low, high, median, length),) = printed("{} to {} cm, median {}, gradients {} long")
assert 0.1 < length < 0.6
assert 55 < low < high < 120
assert 65 < median < 100

# %% 10-robust
for middle, spread in printed("median {} cm, spread by the median {} cm"):
    assert -30 < middle < 30
    assert 80 < spread < 130
(low, high, alone, length), (_, highest, both, _) = printed(
    "{} to {} cm, median {}, gradients {} long"
)
assert 150 < low < high < 1500
assert alone > 200
assert length > 8
assert 60 < both < 90
assert highest < 120
assert 75 < ((typo_y[0] - by_median(typo_y)[0]) / by_median(typo_y)[1]).item() < 125

# %% 10-width
for own, fresh in widths.values():
    assert 15 < min(own) <= max(own) < 75
    assert 41 < min(fresh) <= max(fresh) < 95
assert min(widths[4][0]) > 38
assert statistics.median(widths[4][1]) > statistics.median(widths[64][1]) - 3
