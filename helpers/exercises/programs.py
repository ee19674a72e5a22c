"""A learner's whole program, watched from outside: what its optimizers held, and what moved.

with Watch() as seen:
    net = call(answer, shown="program()")
fault = find_fault(seen, net)  # a sentence about what was measured, or ""
"""

import contextlib
import dataclasses
import threading
from collections.abc import Callable
from typing import Self

import torch
from torch import nn, optim
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from torch.overrides import TorchFunctionMode

from helpers.exercises.comparing import count, name_kind
from helpers.exercises.running import NotYet

PAIRWISE = {"sub", "subtract", "rsub", "__sub__", "__rsub__"}
PAIRWISE |= {"mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss"}


class Losses(TorchFunctionMode):
    """Notes which losses are called and what they are given, in this thread.

    Attributes:
        names: Names of the losses that were called, such as "mse_loss".
        probabilities: Whether cross-entropy was given rows that have been through a softmax.
        table: The first two tensors of which PyTorch made a table, (N, 1) and (N,); or None.
    """

    def __init__(self) -> None:
        """Nothing is seen yet."""
        super().__init__()
        self.names: set[str] = set()
        self.probabilities = False
        self.table: tuple[torch.Tensor, torch.Tensor] | None = None

    def __torch_function__(
        self, function: Callable, types: object, args: tuple = (), kwargs: dict | None = None
    ) -> object:
        """Look at what a loss is given, and do what was asked."""
        name = getattr(function, "__name__", "")
        given = [one for one in (*args, *(kwargs or {}).values()) if torch.is_tensor(one)]
        if name.endswith(("_loss", "cross_entropy")):
            self.names.add(name)
        if name == "cross_entropy" and given and holds_probabilities(given[0]):
            self.probabilities = True
        if name in PAIRWISE and self.table is None and len(given) > 1 and makes_table(*given[:2]):
            self.table = given[0], given[1]
        return function(*args, **(kwargs or {}))

    def tell_table(self) -> str:
        """Say which shapes met where a column is meant; '' if none did."""
        if self.table is None:
            return ""
        first, second = self.table
        is_column = first.ndim == 2 and first.shape[1] == 1
        lying = second if is_column else first
        whose = "predictions" if lying.requires_grad else "labels"
        kind = "flat" if lying.ndim == 1 else "no column"
        size = tuple(torch.broadcast_shapes(first.shape, second.shape))
        return (
            f"Somewhere the shapes {tuple(first.shape)} and {tuple(second.shape)} meet, and "
            f"PyTorch makes a table of all their pairs: the {whose} are {kind}, so each prediction "
            f"is compared with every label: {size} errors."
        )


def holds_probabilities(rows: torch.Tensor) -> bool:
    """Tell whether all rows, (N, classes), are above 0 and add up to 1."""
    if rows.ndim != 2 or rows.shape[1] < 2 or not rows.is_floating_point():
        return False
    sums = rows.detach().sum(dim=1)
    return bool((rows >= 0).all() and (sums - 1).abs().max() < 1e-4)


def makes_table(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Tell whether two tensors broadcast to more numbers than either of them has."""
    try:
        shape = torch.broadcast_shapes(first.shape, second.shape)
    except RuntimeError:  # they do not fit at all, and PyTorch will say so
        return False
    return shape.numel() > max(first.numel(), second.numel())


@dataclasses.dataclass
class Look:
    """Rows that a network was given, all at once, in one mode.

    Attributes:
        rows: The inputs, (N, ...).
        in_train_mode: Whether a dropout or a batch norm in the network was in train mode.
        calls: How often it was given them.
        trained: How often a gradient came back from what it made of them.
    """

    rows: torch.Tensor
    in_train_mode: bool
    calls: int = 0
    trained: int = 0

    def note_gradient(self, _: torch.Tensor) -> None:
        """Note that backward came by."""
        self.trained += 1


class Watch:
    """What a whole training program does, watched through PyTorch's hooks in this thread alone.

    Tensors are told apart by `id`; each that is noted is kept until the end.

    Attributes:
        optimizers: The optimizer of each step, in order.
        alive: For each step how many of its tensors had a gradient that is not zero.
        held: Every tensor that an optimizer held at a step.
        reached: Every tensor at which a gradient arrived that is not zero.
        added: How many gradients were added to one that a step had already used.
        fresh: How many began anew after a step, because they had been cleared.
        looks: What networks were given.
        losses: Which losses were called, and what they were given.
    """

    def __init__(self) -> None:
        """Nothing is seen yet."""
        self.optimizers: list[optim.Optimizer] = []
        self.alive: list[int] = []
        self.held: dict[int, torch.Tensor] = {}
        self.reached: dict[int, torch.Tensor] = {}
        self.added = 0
        self.fresh = 0
        self.looks: dict[tuple[int, bool], Look] = {}
        self.losses = Losses()
        self._starts: dict[int, tuple[torch.Tensor, int]] = {}  # each tensor as it was first seen
        self._moved: set[int] = set()  # tensors that a step has moved
        self._values: set[int] = set()  # fingerprints of what they were then
        self._used: set[int] = set()  # tensors whose gradient a step has used
        self._left: set[int] = set()  # tensors that still had a gradient as the next one came
        self._depth = 0  # modules within modules
        self._thread = threading.get_ident()

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._hooks = contextlib.ExitStack()
        self._hooks.callback(register_module_forward_pre_hook(self._see_module).remove)
        end = register_module_forward_hook(self._see_forward, always_call=True)
        self._hooks.callback(end.remove)
        for register, see in (
            (register_optimizer_step_pre_hook, self._see_step_begin),
            (register_optimizer_step_post_hook, self._see_step_end),
        ):
            self._hooks.callback(register(see).remove)
        self._hooks.enter_context(self.losses)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching, and leave no hook behind."""
        self._hooks.close()

    def _see_module(self, *_: object) -> None:
        self._depth += threading.get_ident() == self._thread

    def _see_forward(self, module: nn.Module, given: tuple, out: object) -> None:
        if threading.get_ident() != self._thread:
            return
        self._depth -= 1
        if torch.is_grad_enabled():
            for parameter in module.parameters(recurse=False):
                self._meet(parameter)
        if (
            self._depth == 0
            and given
            and torch.is_tensor(given[0])
            and next(module.parameters(), None) is not None
        ):
            self._look(module, given[0], out)

    def _look(self, net: nn.Module, rows: torch.Tensor, out: object) -> None:
        """Note what a network is given, and whether a gradient comes back."""
        modes = [one.training for one in net.modules() if isinstance(one, _DropoutNd | _NormBase)]
        key = take_fingerprint(rows), any(modes)
        look = self.looks.setdefault(key, Look(rows.detach(), any(modes)))
        look.calls += 1
        if torch.is_tensor(out) and out.requires_grad:
            out.register_hook(look.note_gradient)

    def _meet(self, tensor: torch.Tensor) -> None:
        """Note how a tensor looks as it is first seen, and from now on each of its gradients."""
        if id(tensor) in self._starts or isinstance(tensor, nn.UninitializedParameter):
            return
        self._starts[id(tensor)] = tensor, take_fingerprint(tensor)
        if tensor.requires_grad and tensor.is_leaf:
            before = tensor.register_hook(lambda _: self._see_old_gradient(tensor))
            after = tensor.register_post_accumulate_grad_hook(self._see_gradient)
            self._hooks.callback(before.remove)
            self._hooks.callback(after.remove)

    def _see_old_gradient(self, tensor: torch.Tensor) -> None:
        if has_gradient(tensor):
            self._left.add(id(tensor))
        else:
            self._left.discard(id(tensor))

    def _see_gradient(self, tensor: torch.Tensor) -> None:
        if has_gradient(tensor):
            self.reached[id(tensor)] = tensor
        if id(tensor) in self._used:
            self._used.discard(id(tensor))
            self.added += id(tensor) in self._left
            self.fresh += id(tensor) not in self._left

    def _see_step_begin(self, optimizer: optim.Optimizer, *_: object) -> None:
        if threading.get_ident() == self._thread:
            for tensor in list_held(optimizer):
                self._meet(tensor)

    def _see_step_end(self, optimizer: optim.Optimizer, *_: object) -> None:
        if threading.get_ident() != self._thread:
            return
        tensors = list_held(optimizer)
        living = {id(one) for one in tensors if has_gradient(one)}
        self.optimizers.append(optimizer)
        self.alive.append(len(living))
        self.held |= {id(one): one for one in tensors}
        self._used |= living
        for tensor in tensors:
            self._meet(tensor)
            fingerprint = take_fingerprint(tensor)
            if fingerprint != self._starts[id(tensor)][1]:
                self._moved.add(id(tensor))
                self._values.add(fingerprint)

    def list_unmoved(self, net: nn.Module) -> list[str]:
        """List the parameters of a network that are as they were at the start, by name.

        A copy of what was trained, such as the best of all iterations, has what the copied
        parameters had.
        """
        own = dict(net.named_parameters())
        is_trained = any(id(one) in self.held or id(one) in self.reached for one in own.values())
        begun = {fingerprint for _, fingerprint in self._starts.values()}

        def is_unmoved(parameter: torch.Tensor) -> bool:
            fingerprint = take_fingerprint(parameter)
            if id(parameter) in self._moved:
                return False
            if id(parameter) in self._starts:
                return is_trained and fingerprint == self._starts[id(parameter)][1]
            return fingerprint in begun and fingerprint not in self._values

        return [name for name, parameter in own.items() if is_unmoved(parameter)]

    def is_led_to(self, net: nn.Module) -> bool:
        """Tell whether a step has led to weights of a network, or of one that it is a copy of."""
        own = list(net.parameters())
        held = any(id(one) in self._moved for one in own)
        return held or any(take_fingerprint(one) in self._values for one in own)

    def list_trained_rows(self) -> set[bytes]:
        """List the rows from which a gradient came back."""
        return set().union(*(list_rows(one.rows) for one in self.looks.values() if one.trained))

    def list_held_out(self) -> list[Look]:
        """List what networks were given that holds no row they were trained on."""
        trained = self.list_trained_rows()
        return [one for one in self.looks.values() if not list_rows(one.rows) & trained]

    def is_made_anew(self) -> bool:
        """Tell whether each step was that of another optimizer."""
        made = len({id(one) for one in self.optimizers})
        return made > 2 and made == len(self.optimizers)


def take_fingerprint(tensor: torch.Tensor) -> int:
    """Return a number that changes when any number in a tensor does."""
    return hash(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())


def list_rows(rows: torch.Tensor) -> set[bytes]:
    """Return each row of a tensor, (N, ...), as something that can be compared."""
    return {row.tobytes() for row in rows.cpu().numpy()}


def has_gradient(tensor: torch.Tensor) -> bool:
    """Tell whether a tensor has a gradient that is not zero."""
    return tensor.grad is not None and bool(tensor.grad.any())


def list_held(optimizer: optim.Optimizer) -> list[torch.Tensor]:
    """List the tensors of an optimizer."""
    return [one for group in optimizer.param_groups for one in group["params"]]


def expect_losses(value: object) -> list[float]:
    """Take losses: a list of numbers, of any length but 0, or an array or tensor of them.

    Raises:
        NotYet: It is something else.
    """
    parts = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(parts, list | tuple) or not parts:
        raise NotYet(f"The losses should be a list of numbers; yours is {name_kind(value)}.")
    losses = [one.item() if getattr(one, "shape", None) == () else one for one in parts]
    strange = [one for one in losses if not isinstance(one, int | float)]
    if strange:
        raise NotYet(f"The losses should be numbers; one of yours is {name_kind(strange[0])}.")
    return losses


def find_fault(seen: Watch, net: nn.Module) -> str:
    """Say what of the five steps goes wrong in a whole program; '' if nothing does.

    Args:
        seen: What was watched.
        net: The network that the program returned.
    """
    unmoved = seen.list_unmoved(net)
    return tell_unmoved(seen, net, unmoved) if unmoved else tell_added(seen)


def tell_unmoved(seen: Watch, net: nn.Module, unmoved: list[str]) -> str:
    """Say why parameters of a network are as they were at the start."""
    own = dict(net.named_parameters())
    still = {id(own[name]) for name in unmoved}
    held = {id(one) for one in own.values()} & seen.held.keys()
    names = f" ({', '.join(unmoved)})" if len(unmoved) < len(own) else ""
    fact = f"Of the network's {len(own)} tensors of weights {len(unmoved)} never move{names}"
    if not seen.optimizers:
        return f"No optimizer's step is ever called. {fact}."
    if not held and not names:
        others = len(list_held(seen.optimizers[-1]))
        return (
            f"The optimizer holds {count(others, 'tensor')}, and none of them belongs to the "
            f"network that is returned: that one is as it was at its start."
        )
    if held and not still & held:
        return f"{fact}, and no optimizer holds them."
    if held and not still & seen.reached.keys():
        return (
            f"{fact}, for backward brings them no gradient but zeros. Is the loss cut off from "
            f"them, by .data, .item(), detach() or no_grad?"
        )
    if not any(seen.alive):
        return (
            f"{fact}: at each of the {count(len(seen.alive), 'call')} of step all gradients are "
            f"gone, though backward had brought some. Does zero_grad stand between the two?"
        )
    return f"{fact}."


def tell_added(seen: Watch) -> str:
    """Say that gradients are added to old ones; '' if they are not."""
    if not seen.added:
        return ""
    fact = f"{count(seen.added, 'time')} a new gradient was added to one that step had already used"
    if seen.fresh:
        return (
            f"{fact}, and {count(seen.fresh, 'time')} not: is zero_grad called in each iteration?"
        )
    return f"{fact}. In the loop no gradient is ever cleared: where is zero_grad?"


def tell_anew(seen: Watch, net: nn.Module) -> str:
    """Say that the optimizer is made anew for each step; '' if it is not, or had no memory."""
    if not seen.is_made_anew():
        return ""
    own = {id(one) for one in net.parameters()}
    if not own & {id(one) for one in list_held(seen.optimizers[0])}:
        return (
            f"Each of the {len(seen.optimizers)} steps is that of a new optimizer, with a new "
            f"network: make both once, before the loop."
        )
    if not seen.optimizers[0].state:  # plain SGD has nothing to forget
        return ""
    return (
        f"Each of the {len(seen.optimizers)} steps is that of a new optimizer, which has forgotten "
        f"what the one before had gathered: make one, before the loop."
    )


def tell_untrained(seen: Watch, net: nn.Module) -> str:
    """Say that the network is not the one that was trained, nor a copy of it; '' if it is."""
    if seen.is_led_to(net):
        return ""
    return "No step of an optimizer has led to the weights of the network that is returned."


def find_misuse(seen: Watch, net: nn.Module) -> str:
    """Say what a loss or an optimizer was given that it should not have been; '' if nothing."""
    if seen.losses.probabilities:
        return "cross_entropy is given probabilities, and takes the softmax of what it is given."
    return seen.losses.tell_table() or tell_anew(seen, net)


def find_cause(seen: Watch, net: nn.Module) -> str:
    """Say what was measured that may explain why a network has not learnt; '' if nothing was."""
    return find_misuse(seen, net) or tell_untrained(seen, net)
