"""What the cells of 03_instantiate must have found."""

import re
import statistics

# %% 03-flat-lines
medians = []
for cfg in (ONE, THREE, SEVEN):
    medians.append(statistics.median(make_network(cfg, seed)(x).std().item() for seed in range(5)))
one, three, seven = medians
assert 0.5 < one < 2
assert 0.03 < three < 0.3
assert 0.0005 < seven < 0.02
assert three < one / 3

# %% 03-same-seed
((alike,),) = printed("first and second say the same: {}")
((repeated,),) = printed("first and again say the same: {}")
assert (alike, repeated) == (False, True)
same = right("03-seed")
assert same == "no: the second gets the random numbers that come next"

# %% 03-seed-answer
assert not torch.equal(first(x), second(x))
assert right("03-seed").startswith("no: the second")

# %% 03-change-one
followed = []
for name in ("second_name", "copied", "wrapped"):
    ((follows,),) = printed(f"{name} still says what net says: {{}}")
    if follows:
        followed.append(name)
assert right("03-names") == " and ".join(followed)
assert printed("wrapped and net are one object: {}") == [[False]]

# %% 03-names-answer
assert torch.equal(net(x), wrapped(x))
assert right("03-names") == "second_name and wrapped"

# %% 03-by-hand
rows = printed("numbers in it: {}  by hand: {}")
assert rows == [[1050, 1050]]
assert printed("numbers in the whole network: {}") == [[2131]]

# %% 03-histogram
rows = printed("{} inputs: largest weight {}, 1 / sqrt(n) = {}")
assert [n for n, _, _ in rows] == [20, 400]
for _, largest, r in rows:
    assert 0.97 * r < largest <= r + 0.001

# %% 03-size
assert printed("mean {}, mean square {}, size {}") == [[0, 25, 5]]

# %% 03-mean-square
rows = printed("{} inputs: mean square {}, 1 / (3 * n) = {}")
assert [n for n, _, _ in rows] == [20, 400]
for n, found, _ in rows:
    assert 0.95 < 3 * n * found < 1.05

# %% 03-cart
rows = printed("{} people: mean square {}, size {}")
for people, found, size in rows:
    assert 0.85 < found / people < 1.15
    assert 0.9 < size / people**0.5 < 1.1

# %% 03-third
rows = printed("{} inputs: {} to {} of the mean square is left")
assert [n for n, _, _ in rows] == [20, 100, 500]
for _, low, high in rows:
    assert 0.27 < low <= high < 0.4
assert right("03-sum") == "about a third, for any number of inputs"

# %% 03-sum-answer
before, after = pass_through(500, seed=0)
share = mean_square(after) / mean_square(before)
assert 0.3 < share < 0.36
assert right("03-sum").startswith("about a third")

# %% 03-relu
rows = printed("{} inputs: the ReLU leaves {} to {}, weights and ReLU together {} to {}")
for _, low, high, least, most in rows:
    assert 0.45 < low <= high < 0.55
    assert 0.13 < least <= most < 0.2

# %% 03-left
((low, high),) = printed("left behind layer 10, ten seeds: {} to {}")
assert 0.0001 < low <= high < 0.001
((each, nine),) = printed("the rule: {} at each layer, and after nine of them {}")
assert 0.4 < each < 0.42
assert 0.0003 < nine < 0.00035
assert 0.4 * nine < low <= high < 2 * nine
least = min(left)
assert 0.0001 < least < 0.001
assert right("03-left") == "less than a thousandth"

# %% 03-left-answer
assert max(left) < 0.001
assert right("03-left") == "less than a thousandth"

# %% 03-heights
rows = printed("seed {}: the line lies at {}, without biases at {}")
assert [seed for seed, _, _ in rows] == [0, 1, 2, 3, 4]
for _, height, bare in rows:
    assert -0.3 < height < 0.3
    assert -0.02 < bare < 0.02
    assert abs(height) > 2 * abs(bare)
assert max(abs(height) for _, height, _ in rows) > 0.1
assert right("03-height") == "almost at 0, all five"

# %% 03-height-answer
assert abs(bare) < 0.02
assert right("03-height") == "almost at 0, all five"

# %% 03-last-biases
rows = printed("last {} kept: off by {} where the height is {}")
assert [kept for kept, _, _ in rows] == [1, 2, 3]
(_, one, height), (_, two, _), (_, three, _) = rows
assert 0.1 < height < 0.25
assert 0.01 < one < 0.3 * height
assert two < 0.4 * one
assert three < 0.6 * two

# %% 03-magnified
heights = []
for seed in range(5):
    out = make_network(SEVEN, seed)(x)
    heights.append(out.mean().item())
    assert (out.max() - out.min()).item() < 0.06
    assert out.abs().max().item() < 0.3
assert max(heights) - min(heights) > 0.2

# %% 03-spread
((low, high),) = printed("size {} to {}")
assert 0.03 < low <= high < 0.07
((least, most),) = printed("spread {} to {}")
assert 0.0001 < least <= most < 0.001
middle = [statistics.median(column) for column in zip(*sizes, strict=True)]
assert 0.6 < middle[9] / middle[6] < 1.2
assert middle[3] / middle[0] < 0.1
bare_middle = [statistics.median(column) for column in zip(*bare_sizes, strict=True)]
assert 0.04 < bare_middle[9] / bare_middle[6] < 0.1
spread_middle = [statistics.median(column) for column in zip(*spreads, strict=True)]
assert 0.03 < spread_middle[9] / spread_middle[6] < 0.12

# %% 03-no-biases
rows = printed("seed {}: {} kinks, without biases {}")
assert len(rows) == 5
for _, usual, bare in rows:
    assert 20 < usual <= 40
    assert bare == 1
assert right("03-kink") == f"{max(bare for _, _, bare in rows):.0f}"

# %% 03-kink-answer
assert count_kinks(net) == 1
assert right("03-kink") == "1"

# %% 03-kink-picture
assert abs(places[0][0]) < 1e-6
assert count_kinks(net) == 1

# %% 03-level
rows = printed("gain {}, ten seeds: {} to {} of the size is left")
(_, low, high), (root, least, most), (_, smallest, largest) = rows
assert 0.01 < low <= high < 0.1
assert 2.4 < root < 2.5
assert 0.4 < least <= most < 2
assert 1000 < smallest <= largest < 6000
assert right("03-gain") == "about 2.45, the root of 6"

# %% 03-gain-answer
assert 500 < max(left) < 9000
assert right("03-gain").startswith("about 2.45")

# %% 03-gain-slider
low, high = map(float, re.search(r"from (\S+) to (\S+) is left", panel.text).groups())
assert 0.06 < low <= high < 0.4
ends = {}
for gain in (1, 3):
    ends[gain] = [carry(make_network(TEN, seed), few, gain)[9] for seed in range(5)]
starts = [carry(make_network(TEN, seed), few)[0] for seed in range(5)]
assert max(ends[1]) < 0.01 * min(starts)
assert min(ends[3]) > 2 * max(starts)

# %% 03-widths
rows = printed("width {}: {} to {}, median {}, and behind layer 30 median {}")
assert [width for width, _, _, _, _ in rows] == [20, 100, 300]
(_, low, high, middle, late), (_, less, more, _, _), (_, least, most, wide, wide_late) = rows
assert 0.05 < low < 0.3
assert 2 < high < 5
assert 0.3 < middle < 0.85
assert late < 0.6 * middle
assert 0.3 < less <= more < 2
assert 0.7 < least <= most < 1.6
assert 0.8 < wide < 1.2
assert 0.6 < wide_late < 1.1
assert right("03-width") == "narrow networks differ more from one another"

# %% 03-width-answer
assert max(left_10) / min(left_10) < 3
assert right("03-width").startswith("narrow")

# %% 03-average
((middle, mean, largest),) = printed("mean square: median {}, mean {}, largest {}")
assert 0.3 < middle < 0.5
assert 0.8 < mean < 1.4
assert 10 < largest < 60
assert sum(share < 1 for share in shares) > 600

# %% 03-mend
for seed in range(5):
    flat = make_network(SEVEN, seed)
    before = flat(x).std().item()
    mend(flat)
    assert 50 < flat(x).std().item() / before < 5000

# %% 03-mended-spreads
((low, high, middle),) = printed("as built: spread {} to {}, median {}")
assert 0.0001 < low <= high < 0.02
((least, most, mended_middle),) = printed("mended: spread {} to {}, median {}")
assert 0.06 < least <= most < 10
assert 0.5 < mended_middle < 3

# %% 03-one-unit
((least, most),) = printed("last hidden layer, 20 networks: {} to {}")
((low, high),) = printed("prediction, 20 networks: {} to {}")
((lowest, highest),) = printed("prediction, 20 output layers: {} to {}")
assert 0.9 < least <= most < 8
assert 0.05 < low <= high < 5
assert 0.08 < lowest <= highest < 4
assert 2 < most / least < 7
assert high / low > 2 * most / least
assert highest / lowest > 1.5 * most / least

# %% 03-kaiming
assert printed("the same weights: {}") == [[True]]

# %% 03-at-rest
rows = printed("width {}: 1 / sqrt(5 * n) = {}, measured {} to {}, median {}")
assert [width for width, _, _, _, _ in rows] == [20, 100, 300]
for _, rest, low, high, middle in rows:
    assert 0.5 * rest < low <= high < 1.5 * rest
    assert 0.8 * rest < middle < 1.1 * rest

# %% 03-first-layer-spread
rows = printed("width {}: size {} to {}, spread {} to {}")
for _, low, high, least, most in rows:
    assert 0.25 < low <= high < 0.55
    assert 0.18 < least <= most < 0.45
_, low, high, least, most = rows[-1]
assert 0.38 < low <= high < 0.44
assert 0.29 < least <= most < 0.35

# %% 03-rule-for-lists
rows = printed("hidden layers: {}, the rule {}, measured {} to {}, median {}")
assert [number for number, _, _, _, _ in rows] == [1, 3, 7]
for _, rule, _, _, middle in rows:
    assert 0.33 < middle / rule < 1.5
assert 100 < rows[0][4] / rows[2][4] < 1000

# %% 03-spread-kept
((low, high, middle),) = printed("size {} to {}, median {}")
((least, most, spread_middle),) = printed("spread {} to {}, median {}")
assert 0.4 < low <= high < 2
assert 0.2 < least <= most < 1.2
assert 0.6 < spread_middle / middle < 0.85
assert 0.5 < spread_middle < 0.8

# %% 03-save-load
assert printed("before loading they say the same: {}") == [[False]]
assert printed("after loading they say the same: {}") == [[True]]
