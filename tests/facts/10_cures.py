"""What the cells of 10_cures must have found."""

import statistics

FRESH = "clearly more than 40 cm"
FLAT = "about the same: no step can do harm any more"


def count_lower(one, other):
    """In how many months one network is better than the other."""
    return sum(a < b for a, b in zip(one, other, strict=True))


# %% 10-live
assert 0.02 < loss.item() < 0.15

# %% 10-error
own_error = error(forecast(net, x, x, y), y)
((shown,),) = printed("error on its own 30 rows: {} cm")
assert 18 < shown < 32
assert abs(shown - own_error) < 1

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
assert measure(30, plain.index(max(plain)))[0].min() > 3

# %% 10-rows-answer
medians = [statistics.median(own_of[rows]) for rows in (30, 60, 120)]
assert 20 < medians[0] < medians[1] < medians[2] < 40
assert medians[2] > 0.85 * 40

# %% 10-rows-reveal
rises = statistics.median(own_of[30]) < 0.85 * statistics.median(own_of[120])
assert right("10-rows") == ("it rises towards 40 cm" if rises else "")

# %% 10-rows-court
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
assert 2 <= decay_wins[0.03] <= 8
assert 1 < decay_wins[0.3] <= 8
assert decay_wins[3] <= 1
rows = printed("own rows: {} cm in the median; size of the weights {}")
for own_shown, size_shown in rows:
    assert 20 < own_shown < 55
    assert 4 < size_shown < 16
assert rows[2][0] > 38
assert 0.35 < rows[2][1] / rows[0][1] < 0.65
for low, high, _, difference in printed("{} to {} cm, lower in {} of 10, median difference {} cm"):
    assert 41 < low < high < 130
    assert -5 < difference < 25

# %% 10-eval-answer
for _, honest, seen, rule in printed("month {}: eval {} cm, forgotten {}, by the rule {}"):
    assert 41 < honest < 130
    assert 44 < seen < 140
    assert abs(seen - rule) < 0.06 * seen
higher = count_lower(judged, forgotten)
assert higher >= 10

# %% 10-eval-reveal
every = count_lower(judged, forgotten) == 10
assert right("10-eval") == ("higher in every month" if every else "")

# %% 10-dropout-court
assert dropout_wins[0.1] <= 5
assert dropout_wins[0.3] <= 4
medians = [statistics.median(own) for own in (own_plain, own_light, own_dropped)]
assert 20 < medians[0] < medians[1] + 1 < medians[2] < 45
((without, with_light, with_much),) = printed("median: {} cm without, {} with 0.1, {} with 0.3")
assert 20 < without < 32
assert 20 < with_light < 36
assert 30 < with_much < 45
for low, high, _, difference in printed("{} to {} cm, lower in {} of 10, median difference {} cm"):
    assert 41 < low < high < 130
    assert -1 < difference < 15

# %% 10-patience-answer
assert stop_wins[5] <= 3
assert 5 <= stop_wins[100] <= 8
assert stop_wins[5] < stop_wins[25]
lost = statistics.median(a - b for a, b in zip(stopped_at[5], plain, strict=True))
assert 8 < lost < 30

# %% 10-patience-reveal
assert right("10-patience") == ("in three at the most" if stop_wins[5] <= 3 else "")

# %% 10-flattered
assert 6 <= flattered <= 10
assert -15 < difference < -2

# %% 10-stop-or-rows
assert 0 <= stop_against_rows <= 4
((low, high, _, difference),) = printed("{} to {} cm, lower in {} of 10, median difference {} cm")
assert 41 < low < high < 130
assert 0 < difference < 12

# %% 10-falling-answer
assert falling_wins[0.003] <= 2
assert 3 <= falling_wins[0.03] <= 8
assert falling_wins[0.2] >= 8
for lr in (0.003, 0.03, 0.2):
    assert trembles[lr, True] < 0.35 * trembles[lr, False]
assert 2 < statistics.median(ends[0.2, False]) - statistics.median(ends[0.2, True]) < 60

# %% 10-falling-reveal
never = falling_wins[0.003] <= 2
assert right("10-falling") == ("nearly never: it goes only half as far" if never else "")

# %% 10-half
constant, fallen, slow = (
    statistics.median(e) for e in (ends[0.003, False], ends[0.003, True], half)
)
for errors in (half, ends[0.003, False], ends[0.003, True]):
    assert 55 < statistics.median(errors) < 85
assert constant < min(fallen, slow) - 0.7
assert abs(fallen - slow) < 0.7 * (fallen - constant)

# %% 10-typo-answer
assert 50 < min(clean) <= max(clean) < 110
ratio = statistics.median(clipped) / statistics.median(clean)
assert 2.5 < ratio < 8
assert statistics.median(clipped) < statistics.median(ruined)

# %% 10-typo-reveal
several = statistics.median(clipped) > 2 * statistics.median(clean)
assert right("10-typo") == ("several times as large" if several else FLAT)

# %% 10-robust
assert -30 < y.median() < 30
assert -30 < typo_y.median() < 30
assert 80 < median_spread(y) < 130
assert 80 < median_spread(typo_y) < 130
assert 90 < scale(typo_y, like=y)[0].item() < 130
assert statistics.median(robust) > 2.5 * statistics.median(clean)
assert statistics.median(both) < 1.25 * statistics.median(clean)
assert statistics.median(dropped) < 1.1 * statistics.median(clean)
assert 50 < min(both + dropped) <= max(both + dropped) < 120
assert 120 < min(robust) <= max(robust) < 1500

# %% 10-width
for own, fresh in widths.values():
    assert 15 < min(own) <= max(own) < 75
    assert 41 < min(fresh) <= max(fresh) < 95
assert min(widths[4][0]) > 38
assert statistics.median(widths[4][1]) > statistics.median(widths[64][1]) - 3
