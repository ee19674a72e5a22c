"""Notebook 03: first weights that carry through, twins, a run taken up again."""

import math
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import nn, optim

from helpers.exercises.expecting import call, expect_network, expect_parts, near
from helpers.exercises.running import NotYet
from helpers.model import make_layers

WEIGHTS, MEMORY = "the weights of the network", "the state of the optimizer"
WIDTH = 100
NETS = 8  # the size in one network wanders by luck; the mean over eight hardly does


def judge_initialise(answer: object) -> str:
    """Measure the size behind ten hidden layers after `initialise(net)`."""
    ratios = []
    for _ in range(NETS):
        net = make_layers([WIDTH] * 12)  # ten hidden layers with ReLU, all 100 wide
        before = [parameter.detach().clone() for parameter in net.parameters()]
        returned = call(answer, net, shown="initialise(net)")
        if isinstance(returned, nn.Module):
            net = returned
        judge_first_weights(net, before)
        sizes = measure_sizes(net)
        ratios.append(sizes[-1] / max(sizes[0], 1e-30))
        if sizes[-1] < 1e-12:
            raise NotYet(
                f"Behind the tenth hidden layer the size is {sizes[-1]:.2g}: nothing is left."
            )
    factor = math.exp(sum(map(math.log, ratios)) / NETS / 9)
    deviation = torch.cat([p.flatten() for p in net.parameters() if p.ndim == 2]).std().item()
    fact = (
        f"Over {NETS} networks the size changes by a factor of {factor:.2f} a layer, "
        f"{factor**9:.2g} from the first hidden layer to the tenth"
    )
    if abs(factor - 0.707) < 0.04:
        raise NotYet(
            f"{fact}. That is the root of one half: each ReLU throws away half of the square. What "
            f"must the weights be multiplied with to make up for it?"
        )
    if abs(deviation * math.sqrt(3 * WIDTH) - 1) < 0.03:
        raise NotYet(f"{fact}. The weights are PyTorch's default still: they have to be larger.")
    if factor**9 < 0.6:
        raise NotYet(f"{fact}: the weights are too small.")
    biases = torch.cat([p.flatten() for p in net.parameters() if p.ndim == 1])
    if factor**9 > 1.7 and biases.square().mean() > 0.05:
        raise NotYet(f"{fact}: the biases add to the size in every layer. Begin with biases of 0.")
    if factor**9 > 1.7:
        raise NotYet(f"{fact}: the weights are too large. Think of the number of inputs, {WIDTH}.")
    return f"{fact}."


def judge_first_weights(net: nn.Module, before: list[torch.Tensor]) -> None:
    """Refuse first weights with which no size need be measured.

    Raises:
        NotYet: They are unchanged, all alike, the same in two layers, or cannot be trained.
    """
    parameters = list(net.parameters())
    weights = [p for p in parameters if p.ndim == 2]
    if not all(p.requires_grad for p in parameters):
        raise NotYet("Some parameters have requires_grad False now: they would never be trained.")
    if all(torch.equal(p, old) for p, old in zip(parameters, before, strict=True)):
        raise NotYet(
            "No number of the network has changed. A new tensor given to a name of your own "
            "changes nothing: fill layer.weight in place, under no_grad or by nn.init."
        )
    old = [one for one in before if one.ndim == 2]
    kept = [i for i in range(len(weights) - 1) if torch.equal(weights[i], old[i])]
    if kept:
        raise NotYet(
            f"{len(kept)} of the {len(weights) - 1} hidden Linear layers still have the weights "
            f"they came with: does the loop go over all layers of the network?"
        )
    if any(not p.isfinite().all() for p in parameters):
        raise NotYet("Some weights are not finite numbers.")
    for place, weight in enumerate(weights):
        if not weight.any():
            raise NotYet(f"All weights of Linear {place + 1} are 0: nothing gets through.")
        if (weight == weight[0]).all():
            raise NotYet(
                f"All {WIDTH} units of Linear {place + 1} have the same weights: they get the same "
                f"gradients, and stay alike for ever. Draw them at random."
            )
    for place in range(1, len(weights)):
        if torch.equal(weights[place], weights[0]):
            raise NotYet(
                f"Linear 1 and Linear {place + 1} hold the same numbers: is a seed set inside?"
            )


def measure_sizes(net: nn.Module) -> list[float]:
    """Measure the size, the root of the mean square, of what each ReLU hands on."""
    h = torch.randn(200, WIDTH, dtype=torch.float32)  # (200, 100)
    sizes = []
    with torch.no_grad():
        for layer in net:
            h = layer(h)
            if isinstance(layer, nn.ReLU):
                sizes.append(h.square().mean().sqrt().item())
    return sizes


def judge_twins(answer: object) -> str:
    """Move one of the two networks of `twins()` and look at the other."""
    a, b = expect_parts(call(answer, shown="twins()"), 2, "two networks")
    expect_network(a, "The first")
    expect_network(b, "The second")
    if a is b:
        raise NotYet("Both are one and the same network under two names: copy.deepcopy makes two.")
    own = {id(parameter) for parameter in a.parameters()}
    shared = [name for name, parameter in b.named_parameters() if id(parameter) in own]
    storage = {parameter.data_ptr() for parameter in a.parameters()}
    shared += [
        name
        for name, parameter in b.named_parameters()
        if id(parameter) not in own and parameter.data_ptr() in storage
    ]
    if shared:
        total = len(list(b.parameters()))
        raise NotYet(
            f"{len(shared)} of the {total} tensors of the second network are those of the first "
            f"({shared[0]} ...): train one and the other moves too."
        )
    x = torch.linspace(-2, 2, 50, dtype=torch.float32).unsqueeze(1)  # (50, 1)
    with torch.no_grad():
        first, second = a(x), b(x)
        if first.shape != second.shape or not near(first, second, 1e-5):
            raise NotYet(
                "They share nothing now, but they do not start alike: for x from -2 to 2 their "
                "outputs differ. A second network with the same first weights is asked for."
            )
        for parameter in a.parameters():
            parameter.add_(0.1)
        if near(first, a(x)):
            raise NotYet("With all weights of the first network moved its output is the same.")
        if not torch.equal(b(x), second):
            raise NotYet("Something is still shared: when the first is moved the second follows.")
    return "They start alike, and when one is moved the other stays."


def judge_resume(answer: object) -> str:
    """Stop a run, take it up again from the file, and compare 50 losses."""
    save, resume = expect_parts(answer, 2, "[save, resume]", returned=False)
    x = torch.rand(30, 1, dtype=torch.float32) * 4 - 2  # (30, 1)
    y = torch.sin(x)  # (30, 1)
    net = make_layers([1, 8, 1])
    optimizer = optim.Adam(net.parameters(), lr=0.01)
    advance(net, optimizer, x, y, 10)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.pt"
        call(save, net, optimizer, path, shown="save(net, optimizer, path)")
        if not os.path.exists(path):
            raise NotYet("save has written no file at `path`. torch.save(what, path) does.")
        right = advance(net, optimizer, x, y, 50)
        other = make_layers([1, 8, 1])
        start = [parameter.detach().clone() for parameter in other.parameters()]
        again = optim.Adam(other.parameters(), lr=0.01)
        contents = read_contents(path)
        try:
            call(resume, other, again, path, shown="resume(net, optimizer, path)")
        except Exception:
            if len(contents) == 1:
                raise NotYet(
                    f"resume fails, for the file holds nothing but {contents.pop()}: a second "
                    f"torch.save to the same path replaces what the first one wrote. Put both "
                    f"states into one dictionary, and save that."
                ) from None
            raise
    if all(torch.equal(p, old) for p, old in zip(other.parameters(), start, strict=True)):
        raise NotYet(
            "After resume the new network still has the weights it began with: "
            "net.load_state_dict(...) fills the network that comes in; a name given to another "
            "one does not."
        )
    remembered = len(again.state)
    found = advance(other, again, x, y, 50)
    wrong = [i for i in range(50) if not math.isclose(found[i], right[i], rel_tol=1e-4)]
    if not wrong:
        return "Fifty losses, each that of the run which was never stopped."
    place = wrong[0]
    fact = f"Loss {place} after resume is {found[place]:.4g}, and {right[place]:.4g} in the run "
    fact += "that was never stopped"
    if place == 0:
        raise NotYet(f"{fact}: the weights in the file are not those of the moment of save.")
    if not remembered and MEMORY in contents:
        raise NotYet(
            f"{fact}; those before it agree. The file holds the optimizer's state, but resume does "
            f"not put it into the optimizer: optimizer.load_state_dict(...) does, a new value for "
            f"a name does not."
        )
    if not remembered:
        raise NotYet(
            f"{fact}; those before it agree. The weights are back, but not what the optimizer "
            f"remembers: it has a state_dict too."
        )
    raise NotYet(f"{fact}: is the optimizer's state that of the moment of save?")


def read_contents(path: Path) -> set[str]:
    """Tell which states a file of torch.save holds, at its top or one level below."""
    try:
        saved = torch.load(path, weights_only=True)
    except Exception:  # whole objects, or no file of torch.save
        return set()
    within = saved.values() if isinstance(saved, dict) else saved
    inner = list(within) if isinstance(within, Iterable) else []
    found = set()
    for one in [saved, *inner]:
        if isinstance(one, dict) and "param_groups" in one:
            found.add(MEMORY)
        elif isinstance(one, dict) and any(str(name).endswith("weight") for name in one):
            found.add(WEIGHTS)
    return found


def advance(
    net: nn.Module,
    optimizer: optim.Optimizer,
    x: torch.Tensor,
    y: torch.Tensor,
    iterations: int,
) -> list[float]:
    """Train on, and return the losses."""
    losses = []
    for _ in range(iterations):
        loss = (net(x) - y).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


CHECKS: dict[str, Callable[[object], str]] = {
    "03-init": judge_initialise,
    "03-twins": judge_twins,
    "03-resume": judge_resume,
}
