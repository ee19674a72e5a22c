"""Notebook 07: a folding network, a decision from losses over seeds, and a goal on the panel."""

import math
import random
import statistics
from collections import Counter

import torch
from torch import nn

from helpers.exercises.comparing import ask, call, count, name_kind
from helpers.exercises.judging import Exercise, edit
from helpers.exercises.running import NotYet, first_line
from helpers.experiment import Experiment
from helpers.training import Diverged

MOST_LAYERS = 6  # of the networks that are asked for

ANSWERS = ("yes", "no", "cannot tell")
PAIRS = 200  # of each kind
MOST, FEW = 0.9, 0.2  # shares of the pairs: so many must be told, so many may be claimed by chance
BAD = (math.inf, math.nan)  # how a run ends that explodes

LOSS = 0.15
WITHIN = 2000
PARAMETERS = 1500


def judge_teeth(answer: object) -> str:
    """Ask `make_teeth(layers)` for networks, and compare each line with what folding gives."""
    x = torch.linspace(0, 1, 257).unsqueeze(1)  # (257, 1), with every corner among them
    asked = x
    for layers in range(1, MOST_LAYERS + 1):
        asked = 2 * asked.relu() - 4 * (asked - 0.5).relu()
        shown = f"make_teeth({layers})"
        net = call(answer, layers, shown=shown)
        if not isinstance(net, nn.Module):
            raise NotYet(
                f"{shown} returns {name_kind(net)}; it should return the network.{ask(net)}"
            )
        out, widths = run_network(net, x, shown)
        refuse_widths(widths, layers, shown)
        if not (out - asked).abs().max() < 1e-4:  # nan, too
            times = "once" if layers == 1 else f"{layers} times"
            raise NotYet(f"{shown} does not fold {times}. {explain_teeth(net, layers)}")
    return (
        f"{MOST_LAYERS} layers of two units draw {2**MOST_LAYERS} straight pieces. In one layer "
        f"their {2 * MOST_LAYERS} units would draw {2 * MOST_LAYERS + 1} at most."
    )


def run_network(net: nn.Module, x: torch.Tensor, shown: str) -> tuple[torch.Tensor, list[int]]:
    """Ask a network, and note which Linear layers it calls, in their order.

    Returns:
        What it says, (N, 1), and its widths, from the input to the output.

    Raises:
        NotYet: Its numbers do not fit to one another, or what comes out is no (N, 1).
    """
    called = []
    linear = [module for module in net.modules() if isinstance(module, nn.Linear)]
    hooks = [one.register_forward_hook(lambda layer, *_: called.append(layer)) for one in linear]
    try:
        with torch.no_grad():
            out = net(x)
    except RuntimeError as error:
        shapes = [tuple(one.weight.shape) for one in linear]
        raise NotYet(
            f"{shown} cannot be asked for numbers: {first_line(error)}. Its weights have the "
            f"shapes {shapes}; each is (numbers out, numbers in), of dtype float32."
        ) from None
    finally:
        for hook in hooks:
            hook.remove()
    if getattr(out, "shape", None) != x.shape:
        raise NotYet(f"{shown} should turn {tuple(x.shape)} into {tuple(x.shape)}, as before.")
    return out, [one.in_features for one in called] + [one.out_features for one in called[-1:]]


def refuse_widths(widths: list[int], layers: int, shown: str) -> None:
    """Refuse a network that has not the asked number of hidden layers of two units each.

    Raises:
        NotYet: It has other widths.
    """
    if widths != [1, *[2] * layers, 1]:
        raise NotYet(
            f"The widths of {shown} are {widths}, and {[1, *[2] * layers, 1]} was asked for."
        )


def explain_teeth(net: nn.Module, layers: int) -> str:
    """Say what may be wrong with a network that does not fold as often as it should."""
    places = torch.tensor([[0.0], [0.5], [1.0]])
    with torch.no_grad():
        start, middle, end = net(places).flatten().tolist()
    if layers > 1:
        return (
            "The networks of fewer layers are right. What enters a later layer are two numbers: "
            "both of its units need 2 * first - 4 * second. The biases are those of the first "
            "layer again, 0 and -0.5."
        )
    if abs(middle - 1) < 1e-4 and abs(end - 2) < 1e-4:
        return (
            "At x = 1 its line is at 2: it does not turn back. Is the kink of the second unit at "
            "0.5? There the bias is -0.5."
        )
    if abs(start) > 1e-4:
        return (
            "At x = 0 its line should be at 0. Are all biases set, that of the output layer, too?"
        )
    return (
        "Its line should climb from 0 to 1 at x = 0.5, and come back to 0 at x = 1. Both units "
        "get x with a weight of 1; the output layer has the weights 2 and -4."
    )


TEETH = Exercise(
    shown="make_teeth(layers)",
    level=2,
    minutes=15,
    plan="Make the network from the list, and set the numbers of three kinds of layers. The first "
    "gives x to both units, and the second unit subtracts 0.5. Each later hidden layer gives both "
    "units 2 * first - 4 * second, and again the second subtracts 0.5. What the output layer does "
    "is the last line of fold.",
    solution="""\
def make_teeth(layers):
    net = make_layers([1] + [2] * layers + [1])
    with torch.no_grad():
        net[0].weight.fill_(1.0)
        net[0].bias.copy_(torch.tensor([0.0, -0.5]))
        for layer in net[2:-1:2]:
            layer.weight.copy_(torch.tensor([[2.0, -4.0], [2.0, -4.0]]))
            layer.bias.copy_(torch.tensor([0.0, -0.5]))
        net[-1].weight.copy_(torch.tensor([[2.0, -4.0]]))
        net[-1].bias.fill_(0.0)
    return net
""",
    rule=judge_teeth,
    mistakes={
        "it should return the network.": edit("    return net\n", ""),
        "was asked for.": edit("[1] + [2] * layers + [1]", "[1] + [2] * (layers + 1) + [1]"),
        "both of its units need 2 * first - 4 * second.": edit(
            "[[2.0, -4.0], [2.0, -4.0]]", "[[2.0, -4.0], [0.0, -4.0]]"
        ),
        "There the bias is -0.5.": edit(
            "net[0].bias.copy_(torch.tensor([0.0, -0.5]))",
            "net[0].bias.copy_(torch.tensor([0.0, -1.5]))",
        ),
        "Are all biases set, that of the output layer, too?": edit("fill_(0.0)", "fill_(0.5)"),
        "the output layer has the weights 2 and -4.": edit(
            "torch.tensor([[2.0, -4.0]])", "torch.tensor([[2.0, 4.0]])"
        ),
    },
)


def draw(median: float, seeds: int = 10, spread: float = 0.6) -> list[float]:
    """Draw the losses of one kind of network, one for each seed."""
    return [median * math.exp(random.gauss(0, spread)) for _ in range(seeds)]


def draw_pairs(low: float, high: float, spread: float = 0.6) -> list[tuple]:
    """Draw pairs of lists with these medians, at two scales and of any length from 8 to 12."""
    scales = [1.0, 0.01] * (PAIRS // 2)  # no difference is large or small by itself
    lengths = [(random.randrange(8, 13), random.randrange(8, 13)) for _ in scales]
    return [
        (draw(low * scale, pair[0], spread), draw(high * scale, pair[1], spread))
        for scale, pair in zip(scales, lengths, strict=True)
    ]


def shuffled(*parts: list[float]) -> list[float]:
    """Mix lists into one."""
    whole = [loss for part in parts for loss in part]
    return random.sample(whole, len(whole))


def judge_better(answer: object) -> str:
    """Ask `is_better(a, b)` about pairs of which the truth is known."""

    def ask(pairs: list[tuple]) -> Counter:
        return Counter(ask_once(answer, *pair) for pair in pairs)

    apart = draw_pairs(0.01, 0.3)
    refuse_timid(ask(apart), ask([(b, a) for a, b in apart]), apart[0])
    refuse_bold(ask(draw_pairs(0.05, 0.05)), ask(draw_pairs(0.05, 0.05, spread=2.0)))
    for seeds in (1, 2, 4):
        for pair in ((draw(0.01, seeds), draw(0.3)), (draw(0.3), draw(0.01, seeds))):
            if ask_once(answer, *pair) != "cannot tell":
                raise NotYet(
                    f"With {seeds} loss{'es' if seeds > 1 else ''} in one of the lists "
                    f"it is certain. So few seeds tell nothing about the spread: below five, say "
                    f"that you cannot tell."
                )
    for _ in range(20):
        refuse_exploded(answer)
    return (
        f"It decides where two lists are apart, and hardly ever where they come from one kind of "
        f"network ({PAIRS} pairs of each sort, at several scales); runs that exploded count as the "
        f"worst."
    )


def ask_once(answer: object, a: list[float], b: list[float]) -> str:
    """Call `is_better`, and take one of its three words.

    Raises:
        NotYet: It returns something else.
    """
    said = call(answer, list(a), list(b), shown="is_better(a, b)")
    word = " ".join(said.casefold().split()) if isinstance(said, str) else said
    if word not in ANSWERS:
        raise NotYet(
            f'is_better returns {name_kind(said)}; it should return "yes", "no" or "cannot tell".'
            f"{' Is there a `return` at its end?' if said is None else ''}"
        )
    return word


def refuse_timid(said: Counter, reverse: Counter, pair: tuple[list[float], list[float]]) -> None:
    """Refuse answers on pairs that are apart.

    Args:
        said: How often it gave each answer where a is better.
        reverse: The same where b is better.
        pair: One of the pairs.

    Raises:
        NotYet: They are not all "yes", and "no" the other way round.
    """
    ranges = [f"from {min(losses):.2g} to {max(losses):.2g}" for losses in pair]
    fact = f"Of {PAIRS} pairs like a {ranges[0]} and b {ranges[1]}, a few losses each, it calls"
    if said["no"] > PAIRS / 2:
        raise NotYet(f"{fact} b the better one in {said['no']}: a *small* loss is good.")
    if said["yes"] < MOST * PAIRS:
        raise NotYet(
            f"{fact} a the better one in {said['yes']} only, though the two hardly overlap: it is "
            f"too careful."
        )
    if reverse["no"] < MOST * PAIRS:
        raise NotYet(
            f'Asked about the same lists the other way round it should say "no", and it does so '
            f"for {reverse['no']} of {PAIRS} pairs."
        )


def refuse_bold(narrow: Counter, wide: Counter) -> None:
    """Refuse answers on pairs of which both lists come from one kind of network.

    Raises:
        NotYet: Too many are not "cannot tell".
    """
    for said, kind in ((narrow, "one kind of network"), (wide, "one kind that spreads widely")):
        certain = PAIRS - said["cannot tell"]
        if certain > FEW * PAIRS:
            raise NotYet(
                f"Of {PAIRS} pairs whose two lists come from {kind} it calls one of the two better "
                f"in {certain}. How far do the losses of one list spread from seed to seed? "
                f"Compare the difference with that, and not with a fixed number or factor."
            )


def refuse_exploded(answer: object) -> None:
    """Refuse answers on lists with runs that exploded.

    Raises:
        NotYet: A run that exploded does not count as the worst.
    """
    low, high, gone = draw(0.01), draw(0.3), list(BAD * 5)
    some = shuffled(draw(0.3, 6), [*BAD, *BAD])
    said = ask_once(answer, low, some)
    if said != "yes":
        raise NotYet(
            f"With inf and nan for four of the ten runs of b, and the others 30 times as large as "
            f'those of a, it says "{said}". An exploded run is worse than any other; and '
            f"comparing with nan is always False. (A huge number in place of inf swells a mean and "
            f"a standard deviation; pairs, ranks and medians bear it.)"
        )
    for pair, right in (((gone, high), "no"), ((high, gone), "yes")):
        try:
            said = ask_once(answer, *pair)
        except (ValueError, ZeroDivisionError, IndexError, statistics.StatisticsError) as error:
            raise NotYet(
                f"Where all runs of one list have exploded it stops: {first_line(error)}. Have you "
                f"left them out, so that nothing remained? Count them as the worst."
            ) from None
        if said != right:
            raise NotYet(
                f"Where all runs of one list have exploded, and none of the other, it says "
                f'"{said}" for "{right}": inf and nan are the worst of losses. Have you left them '
                f"out?"
            )
    mostly = shuffled(draw(0.01, 6), list(BAD * 4))
    for pair, wrong in (((mostly, draw(0.3, 14)), "yes"), ((draw(0.3, 14), mostly), "no")):
        if ask_once(answer, *pair) == wrong:
            raise NotYet(
                f"Where eight of fourteen runs of one list have exploded, and the other six end "
                f'low, it says "{wrong}": the exploded ones must not be left out.'
            )
    said = ask_once(answer, gone, list(BAD[::-1] * 5))
    if said != "cannot tell":
        raise NotYet(
            f'Where all runs of both lists have exploded it says "{said}": neither is better.'
        )


BETTER = Exercise(
    shown="is_better(a, b)",
    level=2,
    minutes=15,
    plan="Too few losses on either side: you cannot tell. Else make the exploded runs comparable, "
    "by a value that is worse than any other. Then form all pairs of a loss of a and one of b, as "
    "get_share does above, and count in how many a ends lower, and in how many b. Only nearly all "
    "pairs decide.",
    solution="""\
def is_better(a, b):
    if min(len(a), len(b)) < 5:
        return "cannot tell"
    lower = 0
    higher = 0
    for one in a:
        for other in b:
            if not math.isfinite(one):
                one = math.inf
            if not math.isfinite(other):
                other = math.inf
            if one < other:
                lower = lower + 1
            if one > other:
                higher = higher + 1
    pairs = len(a) * len(b)
    if lower > 0.85 * pairs:
        return "yes"
    if higher > 0.85 * pairs:
        return "no"
    return "cannot tell"
""",
    rule=judge_better,
    mistakes={
        "How far do the losses of one list spread from seed to seed?": edit(
            "lower > 0.85", "lower > 0.5", "higher > 0.85", "higher > 0.5"
        ),
        "a *small* loss is good.": edit(
            "if one < other:",
            "if one > other :",
            "if one > other:",
            "if one < other:",
            "if one > other :",
            "if one > other:",
        ),
        "though the two hardly overlap: it is too careful.": edit("lower > 0.85", "lower > 1.85"),
        "for 0 of 200 pairs.": edit('"no"', '"cannot tell"'),
        "below five, say that you cannot tell.": edit("< 5", "< 1"),
        'it should return "yes", "no" or "cannot tell".': edit('return "yes"', "return True"),
        "and not with a fixed number or factor.": """\
def is_better(a, b):
    if min(len(a), len(b)) < 5:
        return "cannot tell"
    factor = statistics.median(b) / statistics.median(a)
    return "yes" if factor > 2 else "no" if factor < 0.5 else "cannot tell"
""",
        "comparing with nan is always False.": edit(
            "            if not math.isfinite(other):\n                other = math.inf\n", ""
        ),
        "inf and nan are the worst of losses.": edit(
            "                one = math.inf", "                one = 0"
        ),
        "the exploded ones must not be left out.": """\
def is_better(a, b):
    a = [one for one in a if math.isfinite(one)] or [math.inf] * 5
    b = [one for one in b if math.isfinite(one)] or [math.inf] * 5
    if min(len(a), len(b)) < 5:
        return "cannot tell"
    if max(a) < min(b):
        return "yes"
    return "no" if max(b) < min(a) else "cannot tell"
""",
        "neither is better.": edit("if one < other:", "if one <= other:"),
    },
)


def judge_goal(answer: object) -> str:
    """Look at the run on a panel; start it anew where it has gone past the last iteration."""
    experiment = getattr(answer, "experiment", answer)
    if not isinstance(experiment, Experiment):
        raise NotYet(f"The answer is your panel, a Playground; yours is {name_kind(answer)}.")
    size = sum(parameter.numel() for parameter in experiment.net.parameters())
    done, settings = experiment.iteration, experiment.settings
    if settings.function != "chirp":
        raise NotYet(f"The goal is set for the chirp; the panel fits {settings.function!r}.")
    if done == 0:
        raise NotYet("The run on the panel is at iteration 0: press Run, and let it train.")
    if size > PARAMETERS:
        raise NotYet(
            f"{list(settings.cfg)} has {size:,} parameters, and {PARAMETERS:,} are allowed: make "
            f"layers narrower, or take one away."
        )
    net = experiment.net if done <= WITHIN else train_anew(experiment)
    x = torch.rand(500, 1, dtype=torch.float32) * 20 - 10  # (500, 1)
    with torch.no_grad():
        loss = (net(x) - torch.sin(x.square() / 5)).square().mean().item()
    when = f"at iteration {min(done, WITHIN)}"
    if loss < LOSS:
        said = f"{size:,} parameters, and {when} a loss below {LOSS} on points between."
        tried = "Of the networks with one or two hidden layers that we tried, none came that far."
        return f"{said} {tried}" if len(settings.cfg) > 4 else said
    left = "Try another depth, another rate or another optimizer, each on two seeds."
    if done < WITHIN:
        left = f"{count(WITHIN - done, 'iteration')} can still be made."
    if not math.isfinite(loss):
        left = f"The run has exploded at a rate of {settings.lr:g}."
    elif settings.noise:
        left = f"The goal is set without noise; the panel's noise is {settings.noise:g}."
    raise NotYet(
        f"{size:,} parameters, and {when} a loss of {loss:.2g} on points between; below {LOSS} is "
        f"the goal. {left}"
    )


def train_anew(experiment: Experiment) -> torch.nn.Module:
    """Return what a network of the same settings is like at the last iteration that counts.

    Raises:
        NotYet: It explodes.
    """
    again = Experiment(experiment.settings)
    try:
        again.advance(WITHIN)
    except Diverged as error:
        raise NotYet(f"A run of these settings explodes: {error}.") from None
    return again.net


GOAL = Exercise(
    shown="goal",
    level=3,
    minutes=20,
    plan="Count first: how wide may three, four or five hidden layers be within the limit? Then "
    "take the optimizer with which depth paid most in this notebook, and try two or three rates. "
    "Let each run go on to the last iteration, because some waves come late.",
    solution="""\
cfg = [1, 20, 20, 20, 20, 1]
settings = Settings(cfg=cfg, function="chirp", n_samples=200, optimizer="Adam", lr=0.01)
goal = Experiment(settings)
goal.advance(2000)
""",
    rule=judge_goal,
    mistakes={
        "The goal is set for the chirp; the panel fits 'sine'.": edit('function="chirp", ', ""),
        "The run on the panel is at iteration 0: press Run, and let it train.": edit(
            "goal.advance(2000)\n", ""
        ),
        "make layers narrower, or take one away.": edit(
            "20, 20, 20, 20,", "20, 50, 20,", "advance(2000)", "advance(9)"
        ),
        "can still be made.": edit("advance(2000)", "advance(50)"),
        "Try another depth, another rate or another optimizer, each on two seeds.": edit(
            "[1, 20, 20, 20, 20, 1]", "[1, 400, 1]"
        ),
        "The goal is set without noise; the panel's noise is 0.5.": edit(
            "lr=0.01", "lr=0.01, noise=0.5"
        ),
    },
)

EXERCISES = {"07-teeth": TEETH, "07-better": BETTER, "07-goal": GOAL}
