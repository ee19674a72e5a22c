"""What the cells of 09_real_program must have found."""

import statistics

# %% 09-first-program
assert 10 < first_error < 60

# %% 09-batch-errors
rows = printed("rate {}, batch {}: 20 epochs {} to {} cm, 240 iterations {} to {} cm")
assert len(rows) == 6
for _, _, *errors in rows:
    assert 25 < min(errors) <= max(errors) < 120


def middle(lr, size, part):
    """The median of five seeds' validation errors in a part of the epochs."""
    return statistics.median(to_cm(runs[lr, size, seed][part, 1].mean()) for seed in range(5))


for lr in (0.01, 0.03):
    assert middle(lr, 120, slice(-5, None)) < middle(lr, 10, slice(-5, None))
early = {size: middle(0.01, size, slice(15, 20)) for size in (120, 50, 10)}
assert early[10] < min(early[50], early[120])
assert right("09-batch") == f"batches of {min(early, key=early.get)}"

# %% 09-test-error
assert 25 < to_cm(best) < 60
assert 30 < test_error < 70

# %% 09-next-month
assert 40 < first_next < 110
assert 33 < own_next < 60
assert own_next < first_next
assert right("09-month") == ("above 40 cm" if first_next > 40 else "")
