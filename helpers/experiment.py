"""Everything a learner can choose, and the six modules wired from it."""

import inspect
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template

import torch
from torch import nn, optim

from helpers.data import FUNCTIONS, get_fake_data
from helpers.model import Regressor, check_cfg, make_layers
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

    Attributes:
        cfg: Widths from input to output, both 1; a list is kept as a tuple.
        lr: Learning rate, positive.
        optimizer: A name in `OPTIMIZERS`.
        activation: A name in `ACTIVATIONS`.
        function: A name in `helpers.data.FUNCTIONS`.
        noise: Standard deviation of the noise on y, in units of y.
        seed: Seed of the first weights and of the noise, 0 to 2**63 - 1.

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

    def __post_init__(self) -> None:
        """Refuse bad values."""
        check_cfg(self.cfg)
        object.__setattr__(self, "cfg", tuple(self.cfg))
        if (self.cfg[0], self.cfg[-1]) != (1, 1):
            raise ValueError(f"cfg must begin and end with 1, one x and one y, got {self.cfg}")
        for name, value in (("lr", self.lr), ("noise", self.noise)):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError(f"{name} must be a number, got {value!r}")
        if not 0 < self.lr < math.inf:
            raise ValueError(f"lr must be positive and finite, got {self.lr}")
        if not 0 <= self.noise < math.inf:
            raise ValueError(f"noise must be a finite number of at least 0, got {self.noise}")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            raise TypeError(f"seed must be an int, got {self.seed!r}")
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"seed must be from 0 to 2**63 - 1, got {self.seed}")
        catalogues = {"optimizer": OPTIMIZERS, "activation": ACTIVATIONS, "function": FUNCTIONS}
        for name, catalogue in catalogues.items():
            if (value := getattr(self, name)) not in catalogue:
                raise ValueError(f"{name} must be one of {', '.join(catalogue)}, got {value!r}")


class Experiment:
    """The six modules for some settings, and where training stands.

    Attributes:
        settings: What it was made from.
        x, y: The data, each (1000, 1).
        net, loss_func, optimizer: Modules 3, 4 and 5.
        iteration: Number of the next iteration; so many are done.
    """

    def __init__(self, settings: Settings) -> None:
        """Build the data, the network and its optimizer; nothing is trained yet."""
        self.settings = settings
        self.x, self.y = get_fake_data(
            function=settings.function, noise=settings.noise, seed=settings.seed
        )
        self.net = make_net(settings)
        self.loss_func = nn.MSELoss()
        self.optimizer = self._make_optimizer()
        self.iteration = 0
        self._loop = self._train()

    def advance(self, n: int = 1) -> Iteration:
        """Train for n iterations, at least 1, and return the last.

        Raises:
            ValueError: n is below 1.
            Diverged: The loss is no longer finite; the iterations before it are done.
        """
        if n < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        for _ in range(n):
            try:
                last = next(self._loop)
            except BaseException:  # a generator that raised is over, training need not be
                self._loop = self._train()
                raise
            self.iteration = last.number + 1
        return last

    def evaluate(self) -> Iteration:
        """Look at the network as it is now, without training it."""
        with torch.no_grad():
            out = self.net(self.x)
            return Iteration(self.iteration, self.loss_func(out, self.y).item(), out)

    def apply(self, settings: Settings) -> bool:
        """Take new settings: learning rate and optimizer go on with the same weights.

        Returns:
            True if anything else differs, so that a new network starts at iteration 0.
        """
        old, self.settings = self.settings, settings
        if replace(old, lr=settings.lr, optimizer=settings.optimizer) != settings:
            self.__init__(settings)
            return True
        if old.optimizer != settings.optimizer:
            self.optimizer = self._make_optimizer()
            self._loop = self._train()
        for group in self.optimizer.param_groups:
            group["lr"] = settings.lr
        return False

    def program(self) -> str:
        """Write the plain PyTorch program whose losses equal a fresh run of these settings."""
        settings, (optimizer, extra) = self.settings, OPTIMIZERS[self.settings.optimizer]
        text = Path(__file__).with_name("program.txt").read_text(encoding="utf-8")
        if not settings.noise:
            text = "".join(line for line in text.splitlines(True) if "$noise" not in line)
        lambda_line = inspect.getsource(FUNCTIONS[settings.function]).strip()
        arguments = {"lr": settings.lr} | extra
        return Template(text).substitute(
            vars(settings),
            formula=lambda_line.partition("lambda x: ")[2].rstrip(","),
            activation=ACTIVATIONS[settings.activation],
            cfg=list(settings.cfg),
            optimizer=optimizer,
            arguments=", ".join(f"{name}={value}" for name, value in arguments.items()),
        )

    def _make_optimizer(self) -> optim.Optimizer:
        name, extra = OPTIMIZERS[self.settings.optimizer]
        return getattr(optim, name)(self.net.parameters(), lr=self.settings.lr, **extra)

    def _train(self) -> Iterator[Iteration]:
        parts = (self.net, self.x, self.y, self.loss_func, self.optimizer)
        return train(*parts, start=self.iteration)


def make_net(settings: Settings) -> Regressor:
    """Build the network that `torch.manual_seed(seed)` before `make_layers` gives, bit for bit.

    Its weights come from a generator of their own: threads that draw random numbers at the
    same time neither disturb it nor are disturbed.

    Source: the default initialisation of nn.Linear.
    """
    with torch.device("meta"):  # shapes without numbers: nothing is drawn
        net = Regressor(make_layers(settings.cfg, getattr(nn, ACTIVATIONS[settings.activation])))
    generator = torch.Generator().manual_seed(settings.seed)
    for layer in net.to_empty(device="cpu").features:
        if isinstance(layer, nn.Linear):
            bound = 1 / math.sqrt(layer.in_features)
            nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
            nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return net
