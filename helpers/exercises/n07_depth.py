"""Notebook 07: a decision from losses over seeds, and a goal on the panel."""

import math
import random

import torch

from helpers.exercises.expecting import call, name_kind
from helpers.exercises.running import NotYet
from helpers.experiment import Experiment
from helpers.training import Diverged

ANSWERS = ("yes", "no", "cannot tell")
SEEDS = 10  # losses in each list
PAIRS = 200  # of either kind

LOSS = 0.01
WITHIN = 1000
PARAMETERS = 500


def judge_better(answer: object) -> str:
    """Ask `is_better(a, b)` about pairs of which the truth is known."""

    def ask(a: list[float], b: list[float]) -> str:
        said = call(answer, list(a), list(b), shown="is_better(a, b)")
        word = said.strip().casefold() if isinstance(said, str) else said
        if word not in ANSWERS:
            raise NotYet(
                f"is_better returns {name_kind(said) if not isinstance(said, str) else repr(said)};"
                f' it should return "yes", "no" or "cannot tell".'
                f"{' Is there a `return`?' if said is None else ''}"
            )
        return word

    def draw(median: float, spread: float = 0.6) -> list[float]:
        return [median * math.exp(random.gauss(0, spread)) for _ in range(SEEDS)]

    scales = [1.0, 0.01] * (PAIRS // 2)  # no difference is large or small by itself
    apart = [(draw(0.01 * scale), draw(0.3 * scale)) for scale in scales]
    said = [ask(a, b) for a, b in apart]
    low, high = apart[0]
    fact = f"For a from {min(low):.2g} to {max(low):.2g} and b from {min(high):.2g} to "
    fact += f"{max(high):.2g}, {SEEDS} losses each, it says"
    if said.count("no") > PAIRS / 2:
        raise NotYet(f'{fact} "no", and a is better: a *small* loss is good.')
    if said.count("cannot tell") > PAIRS / 10:
        raise NotYet(
            f'{fact} "cannot tell" for {said.count("cannot tell")} of {PAIRS} such pairs, though '
            f"the two hardly overlap: it is too careful."
        )
    other = [ask(b, a) for a, b in apart]
    if other.count("no") < 0.9 * PAIRS:
        raise NotYet(
            f'With the same lists the other way round it should say "no", and it does so for '
            f"{other.count('no')} of {PAIRS} pairs."
        )
    alike = [(draw(0.05), draw(0.05)) for _ in range(PAIRS)]
    certain = sum(ask(a, b) != "cannot tell" for a, b in alike)
    wide = [(draw(1.0, 2.0), draw(1.0, 2.0)) for _ in range(PAIRS)]  # from 0.02 to 50 or so
    fooled = sum(ask(a, b) != "cannot tell" for a, b in wide)
    if certain <= 0.15 * PAIRS < fooled:
        raise NotYet(
            f"Of {PAIRS} pairs from one kind of network, whose losses spread more widely (from "
            f"{min(wide[0][0]):.2g} to {max(wide[0][0]):.2g} in one list), it calls one of the two "
            f"better in {fooled}: a fixed difference or factor is not enough. Compare with the "
            f"spread of these very lists."
        )
    if certain > 0.15 * PAIRS:
        raise NotYet(
            f"Of {PAIRS} pairs that come from one and the same kind of network it calls one of the "
            f"two better in {certain}. How far do the losses of one kind spread from seed to seed? "
            f"Compare the difference with that."
        )
    for a, b in (([0.01], [0.3]), ([0.01, 0.02], [0.3, 0.2])):
        if ask(a, b) != "cannot tell":
            raise NotYet(
                f"From {len(a)} loss{'es' if len(a) > 1 else ''} on each side it is certain. So "
                f"few seeds tell nothing about the spread: below five, say that you cannot tell."
            )
    exploded = [math.inf, math.nan, *draw(0.3)[2:]]
    verdict = ask(draw(0.01), exploded)
    if verdict == "no":
        raise NotYet(
            "With inf and nan among the losses of b, and the others 30 times as large, it says "
            '"no": comparing with nan is always False. An exploded run is a bad one.'
        )
    if ask([math.inf, math.nan] * (SEEDS // 2), draw(0.01)) == "yes":
        raise NotYet(
            'Where all runs of a have exploded, and none of b, it says "yes": inf and nan are the '
            "worst of losses."
        )
    return (
        f"It decides on {2 * PAIRS} pairs that are apart, and of {2 * PAIRS} that are alike it "
        f"claims a difference in {certain + fooled}."
    )


def judge_goal(answer: object) -> str:
    """Look at the run on a panel; start it anew where it has gone past the last iteration."""
    experiment = getattr(answer, "experiment", None)
    if not isinstance(experiment, Experiment):
        raise NotYet(f"The answer is your panel, a Playground; yours is {name_kind(answer)}.")
    count = sum(parameter.numel() for parameter in experiment.net.parameters())
    done, settings = experiment.iteration, experiment.settings
    if settings.function != "sine":
        raise NotYet(f"The goal is set for the sine; the panel fits {settings.function!r}.")
    if done == 0:
        raise NotYet("The run on the panel is at iteration 0: press Run, and let it train.")
    if count > PARAMETERS:
        raise NotYet(
            f"{list(settings.cfg)} has {count} parameters, and {PARAMETERS} are allowed: make "
            f"layers narrower, or take one away."
        )
    net = experiment.net
    if done > WITHIN:  # what it was like then only a run of its own can say
        again = Experiment(settings)
        try:
            again.advance(WITHIN)
        except Diverged as error:
            raise NotYet(f"A run of these settings explodes: {error}.") from None
        net = again.net
    x = torch.rand(500, 1, dtype=torch.float32) * 20 - 10  # (500, 1)
    with torch.no_grad():
        loss = (net(x) - torch.sin(x)).square().mean().item()
    when = f"at iteration {min(done, WITHIN)}"
    fact = f"{count} parameters, and {when} a loss of {loss:.2g} on points between"
    if not loss < LOSS:
        left = "Try another rate, another optimizer or other widths."
        if done < WITHIN:
            left = f"{WITHIN - done} iterations are left."
        if not math.isfinite(loss):
            left = f"The run has exploded: a rate of {settings.lr:g} is too high for it."
        elif settings.noise:
            left = f"The goal is set without noise; the panel's noise is {settings.noise:g}."
        raise NotYet(f"{fact}; below {LOSS} is the goal. {left}")
    return f"{fact}: below {LOSS}, within {WITHIN} iterations and {PARAMETERS} parameters."


CHECKS = {"07-better": judge_better, "07-goal": judge_goal}
