"""What the cells of 03_instantiate must have found."""

# %% 03-spread
rows = printed("{} layers of {}: {} to {} a layer")
assert [(depth, width) for depth, width, _, _ in rows] == [(4, 100), (7, 100), (10, 20), (10, 100)]
for _, _, low, high in rows:
    assert 0.25 < low <= high < 0.5
assert max(a_layer) < 6**-0.5
assert right("03-left") == ("less than a thousandth" if max(left) < 0.001 else "")

# %% 03-no-biases
rows = printed("seed {}: {} kinks, without biases {}, at x = {}")
assert len(rows) == 5
for _, usual, bare, place in rows:
    assert 20 < usual <= 40
    assert (bare, place) == (1, 0)
assert right("03-kink") == f"{max(bare for _, _, bare, _ in rows):.0f}"

# %% 03-leaps
rows = printed("lr {}, five seeds: first step, loss times {} to {}; end {} to {} times as high")
assert len(rows) == 2
for _, low, high, lowest, highest in rows:
    assert low > 1
    assert high < 200
    assert 0.5 < lowest <= highest < 200
raised = all(low > 1 for _, low, _, _, _ in rows)
assert right("03-resume") == ("it raises it" if raised else "")

# %% 03-why-leap
assert 0.001 < min(kept_moves) <= max(kept_moves) < 0.3
assert 0.8 < min(new_moves) <= max(new_moves) < 1.1
assert 0.95 < min(loss_factors) <= max(loss_factors) < 1.02
