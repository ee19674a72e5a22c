"""Everything a learner can choose, and the six modules wired from it."""

import math
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import nn, optim

from helpers.data import FUNCTIONS, get_fake_data
from helpers.guards import (
    MAX_SEED,
    guard_cfg,
    show,
    to_choice,
    to_noise,
    to_rate,
    to_seed,
    to_whole,
)
from helpers.model import Regressor, make_layers
from helpers.program import write_program
from helpers.training import Iteration, train

# Names on the panel: the class in torch.optim with its extra settings, the class in torch.nn.
OPTIMIZERS: dict[str, tuple[str, dict[str, float]]] = {
    "SGD": ("SGD", {}),
    "SGD with momentum": ("SGD", {"momentum": 0.9}),
    "Adam": ("Adam", {}),
    "Adadelta": ("Adadelta", {}),
}
ACTIVATIONS = {
    "ReLU": "ReLU",
    "LeakyReLU": "LeakyReLU",
    "Tanh": "Tanh",
    "Sigmoid": "Sigmoid",
    "none": "Identity",
}


@dataclass(frozen=True)
class Settings:
    """What a learner can choose; two of them are equal when they give the same run.

    Numbers may be NumPy's, and are kept as Python's.

    Attributes:
        cfg: Widths from input to output, both 1; a list is kept as a tuple.
        lr: Learning rate, positive.
        optimizer: A name in `OPTIMIZERS`.
        activation: A name in `ACTIVATIONS`.
        function: A name in `helpers.data.FUNCTIONS`.
        noise: Standard deviation of the noise on y, in units of y.
        seed: Seed of the first weights and of the noise, 0 to 2**63 - 1.
        n_samples: Number of training points N, at least 2.

    Raises:
        TypeError: A value of the wrong type.
        ValueError: A value out of range, or an unknown name.
    """

    cfg: tuple[int, ...] = (1, 20, 50, 20, 1)
    lr: float = 5e-2
    optimizer: str = "SGD"
    activation: str = "ReLU"
    function: str = "sine"
    noise: float = 0.0
    seed: int = 0
    n_samples: int = 1000

    def __post_init__(self) -> None:
        """Refuse bad values, and keep the others as plain Python ones."""
        guard_cfg(self.cfg)
        cfg = tuple(operator.index(width) for width in self.cfg)
        if (cfg[0], cfg[-1]) != (1, 1):
            raise ValueError(f"cfg must begin and end with 1, one x and one y, got {cfg}")
        to_choice("optimizer", self.optimizer, OPTIMIZERS)
        to_choice("activation", self.activation, ACTIVATIONS)
        to_choice("function", self.function, FUNCTIONS)
        plain = {
            "cfg": cfg,
            "lr": to_rate(self.lr),
            "noise": to_noise(self.noise),
            "seed": to_seed(self.seed),
            "n_samples": to_whole("n_samples", self.n_samples, 2),
        }
        for name, value in plain.items():
            object.__setattr__(self, name, value)


def to_settings(name: str, value: object) -> Settings:
    """Take a `Settings`, also one that was made before this module was loaded again.

    After `%autoreload` or `importlib.reload` the class is another one of the same name, and what
    was made before is no instance of it.

    Args:
        name: What the value is called in the error.
        value: The value.

    Returns:
        The value, or its equal of the class as it is now.

    Raises:
        TypeError: It is not a `Settings`.
    """
    if isinstance(value, Settings):
        return value
    kind = type(value)
    if (kind.__module__, kind.__qualname__) != (Settings.__module__, Settings.__qualname__):
        raise TypeError(f"{name} must be a Settings, got {show(value)}")
    known = {field.name for field in fields(Settings)}
    return Settings(**{key: held for key, held in vars(value).items() if key in known})


class Experiment:
    """The six modules for some settings, and where training stands.

    Attributes:
        settings: What it was made from, with the latest learning rate and optimizer.
        x, y: The training data, each (N, 1).
        net, loss_func, optimizer: Modules 3, 4 and 5.
        iteration: Number of the next iteration; so many are done.

    Raises:
        TypeError: `settings` is not a `Settings`.
    """

    def __init__(self, settings: Settings) -> None:
        """Build the data, the network and its optimizer; nothing is trained yet."""
        settings = to_settings("settings", settings)
        self.settings = settings
        self.x, self.y = get_fake_data(
            settings.n_samples,
            function=settings.function,
            noise=settings.noise,
            seed=settings.seed,
        )
        self.net = make_net(settings)
        self.loss_func = nn.MSELoss()
        self.optimizer = make_optimizer(settings, self.net)
        self.iteration = 0
        self._iterations = self._resume()

    def advance(self, n: int = 1) -> Iteration:
        """Train for n iterations, at least 1, and return the last.

        Raises:
            TypeError: n is not a whole number.
            ValueError: n is below 1.
            Diverged: The loss is no longer finite; the iterations before it are done.
        """
        for _ in range(to_whole("n", n, 1)):
            try:
                last = next(self._iterations)
            except BaseException:  # a generator that raised is over, training need not be
                self._iterations = self._resume()
                raise
            self.iteration = last.number + 1
        return last

    def evaluate(self) -> Iteration:
        """Look at the network as it is now, without training it."""
        with torch.no_grad():
            out = self.net(self.x)
            return Iteration(self.iteration, self.loss_func(out, self.y).item(), out)

    def predict(self, x: Sequence[float] | torch.Tensor) -> torch.Tensor:
        """Ask the network as it is now for any x.

        Args:
            x: Any K numbers: a list, an array or a tensor; or one column (K, 1).

        Returns:
            The predictions, (K,), without a graph; `.numpy()` makes them an array.

        Raises:
            ValueError: x has several columns.
        """
        column = torch.as_tensor(x, dtype=torch.float32, device="cpu")
        if column.ndim > 1 and column.shape[1:] != (1,):
            raise ValueError(f"x must be (K,) or (K, 1), got shape {tuple(column.shape)}")
        with torch.no_grad():
            return self.net(column.reshape(-1, 1)).squeeze(1)  # (K, 1) -> (K,)

    def get_held_out(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Make points that training never sees, midway between each two neighbours of it.

        Their noise is as wide as the training points' and independent of it; the same settings
        give the same points.

        Returns:
            x and y, each (N - 1, 1).

        Raises:
            ValueError: The curve is not finite at one of them.
        """
        x, y = get_fake_data(
            2 * self.settings.n_samples - 1,
            function=self.settings.function,
            noise=self.settings.noise,
            seed=MAX_SEED - self.settings.seed,  # all bits differ: never the training seed
        )
        return x[1::2], y[1::2]

    def evaluate_held_out(self) -> float:
        """Compute the loss, as the network is now, on the points of `get_held_out`."""
        x, y = self.get_held_out()
        with torch.no_grad():
            return self.loss_func(self.net(x), y).item()

    def apply(self, settings: Settings) -> bool:
        """Go on with another learning rate or optimizer and the same weights.

        Args:
            settings: What to train with from now on.

        Returns:
            True if that is done; False, with everything left as it was, if anything else
            differs: that takes a new `Experiment`.
        """
        settings = to_settings("settings", settings)
        old = self.settings
        if replace(old, lr=settings.lr, optimizer=settings.optimizer) != settings:
            return False
        if old.optimizer != settings.optimizer:
            self.optimizer = make_optimizer(settings, self.net)
            self._iterations = self._resume()
        for group in self.optimizer.param_groups:
            group["lr"] = settings.lr
        self.settings = settings
        return True

    def program(self) -> str:
        """Write the plain PyTorch program whose losses equal a fresh run of these settings.

        A curve of `helpers.data` stands in it as a formula, any other as its points.
        """
        name, extra = OPTIMIZERS[self.settings.optimizer]
        arguments = {"lr": self.settings.lr} | extra
        activation = ACTIVATIONS[self.settings.activation]
        return write_program(self.settings, self.y, activation, name, arguments)

    def __getstate__(self) -> dict:
        """Leave out what cannot be copied: the loop, which `__setstate__` begins again."""
        return {name: value for name, value in vars(self).items() if name != "_iterations"}

    def __setstate__(self, state: dict) -> None:
        """Go on where the copied one stood."""
        vars(self).update(state)
        self._iterations = self._resume()

    def _resume(self) -> Iterator[Iteration]:
        return train(self.net, self.x, self.y, self.loss_func, self.optimizer, start=self.iteration)


def make_optimizer(settings: Settings, net: nn.Module) -> optim.Optimizer:
    """Make module 5 for a network."""
    name, extra = OPTIMIZERS[settings.optimizer]
    return getattr(optim, name)(net.parameters(), lr=settings.lr, **extra)


def make_net(settings: Settings) -> Regressor:
    """Build the network that `torch.manual_seed(seed)` before `make_layers` gives, bit for bit.

    Its weights come from a generator of their own: threads that draw random numbers at the
    same time neither disturb it nor are disturbed.

    Source: the default initialisation of nn.Linear.
    """
    with torch.device("meta"):  # shapes without numbers: nothing is drawn
        net = Regressor(make_layers(settings.cfg, getattr(nn, ACTIVATIONS[settings.activation])))
    net = net.to_empty(device="cpu").float()  # whatever the default dtype is
    generator = torch.Generator("cpu").manual_seed(settings.seed)
    for layer in net.features:
        if isinstance(layer, nn.Linear):
            bound = 1 / math.sqrt(layer.in_features)
            nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
            nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return net
