"""What the cells of 00_overview must have found."""

import torch

from helpers.experiment import Experiment, Settings
from helpers.training import train

# %% 00-watch
assert panel.settings.cfg == (1, 20, 50, 20, 1)

# %% 00-shape-answer
line = Experiment(Settings(cfg=(1, 1), lr=0.01))
line.advance(50)
left, middle, back = line.predict(torch.tensor([-7.0, 0.0, 7.0]))
assert torch.allclose(left + back, 2 * middle, atol=1e-5)
assert right("00-shape") == "a straight line, and nothing else"

# %% 00-sides
losses = [loss for (loss,) in printed("loss {}")]
assert losses == sorted(losses)
assert losses[0] < losses[1] < losses[2]

# %% 00-correct
assert loss_at(new_w) < 0.5 * loss_at(w)

# %% 00-far
rows = printed("after correction {}: w = {}, loss {}")
slow, fast = [loss for _, _, loss in rows[:4]], [loss for _, _, loss in rows[4:]]
assert slow == sorted(slow, reverse=True)
assert fast == sorted(fast)
assert 8 < loss_at(0.5) < fast[0]

# %% 00-far-answer
assert loss_at(correct(0.5, 0.05)) > loss_at(0.5)
assert right("00-far") == "it rises"

# %% 00-training
rows = printed("iteration {}: loss {}")
assert 0.4 < rows[0][1] < 0.7
assert 0.05 < rows[-1][1] < 0.4
assert rows[-1][1] < 0.6 * rows[0][1]

# %% 00-bridge
((hand, found),) = printed("by hand {}, by PyTorch {}")
((twice,),) = printed("after a second backward {}")
assert abs(found - hand) < 0.02
assert abs(twice - 2 * found) < 0.02

# %% 00-outside
((own,),) = printed("on its own points {}")
((between,),) = printed("between them {}")
((outside,),) = printed("the network, from 20 to 30 {}")
((lazy,),) = printed("always zero, from 20 to 30 {}")
assert 0.1 < own < 0.6
assert 0.9 * own < between < 1.1 * own
assert 0.7 < lazy < 0.76
assert 0.98 * lazy < outside < 20

# %% 00-outside-answer
ours, lazy = typical_error(net, 20, 30), typical_error(always_zero, 20, 30)
assert right("00-outside") == ("no better than always saying 0" if ours > 0.98 * lazy else "")

# %% 00-ends
error = (net(x) - y).abs()
assert x[error.argmax()].abs() > 9
assert error[x.abs() < 5].square().mean() < 0.3 * error[x.abs() > 9].square().mean()
for seed in (2, 3):
    torch.manual_seed(seed)
    other = Regressor(make_layers([1, 20, 50, 20, 1]))
    sgd = optim.SGD(other.parameters(), lr=0.05)
    for _ in train(other, x, y, loss_func, sgd, epochs=400):
        pass
    assert x[(other(x) - y).abs().argmax()].abs() > 9

# %% 00-seven
assert 0.03 < iteration.loss < 0.46
