"""What the cells of 10_cures must have found."""

import statistics


def count_lower(one, other):
    """On how many seeds one network is better than the other."""
    return sum(a < b for a, b in zip(one, other, strict=True))


# %% 10-forgotten-eval
assert 30 < min(judged) <= max(judged) < 80
assert 35 < min(forgotten) <= max(forgotten) < 90
assert count_lower(judged, forgotten) >= 4

# %% 10-overfit
assert 0.01 < own < 0.3

# %% 10-cures
for errors in ends.values():
    assert 25 < min(errors) <= max(errors) < 100
assert count_lower(ends["120 rows"], ends["nothing"]) >= 3
assert statistics.median(ends["120 rows"]) < statistics.median(ends["nothing"])
worst = {name: max(errors) for name, errors in ends.items()}
assert right("10-cure") == min(worst, key=worst.get)

# %% 10-stopped
assert 25 < min(stopped + went_on) <= max(stopped + went_on) < 100
assert count_lower(chosen, ends["nothing"]) >= 4
assert count_lower(stopped, went_on) >= 1

# %% 10-cosine
for errors in lasts.values():
    assert 30 < min(errors) <= max(errors) < 120
assert statistics.mean(lasts["cosine"]) < statistics.mean(lasts["constant"])

# %% 10-clipped
assert 40 < min(reached[1.0]) <= max(reached[1.0]) < 100
assert 50 < min(reached[math.inf]) <= max(reached[math.inf]) < 1000
assert statistics.median(reached[1.0]) < statistics.median(reached[math.inf])

# %% 10-three-additions
for errors in ends_of.values():
    assert 0.02 < min(errors) < 0.9
    assert 0.05 < max(errors) <= math.inf
assert higher >= 4
assert lower >= 3

# %% 10-decay
rows = printed("training error {} to {}; against the sine {} to {}")
assert len(rows) == 3
for low, high, least, most in rows:
    assert 0.02 < low < high < 1
    assert 0.02 < least < most < 0.9
(own_none, none), (own_little, little), (own_much, much) = ((row[:2], row[2:]) for row in rows)
assert sum(own_none) < sum(own_little) < sum(own_much)
overlap = none[0] < little[1] and little[0] < none[1]
above = much[0] > max(none[1], little[1])
found = "0 and 0.3 one cannot tell apart, and 3 lies above both" if overlap and above else ""
assert right("10-decay") == found
