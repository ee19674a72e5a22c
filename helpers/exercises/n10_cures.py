"""Notebook 10: a verdict from pairs, and early stopping from the validation losses of a run."""

import math
import random

from helpers.exercises.judging import Exercise, edit


def draw_run(gaps: list[int], between: float) -> list[float]:
    """Draw validation losses whose lows are so many epochs apart.

    Args:
        gaps: For each low after the first, how many epochs behind the last one it comes.
        between: How far above the last low, at most, the losses lie that follow it.
    """
    low = random.uniform(2, 3)
    losses = [low]
    for gap in gaps:
        losses += [low + between * random.uniform(0.5, 1) for _ in range(gap - 1)]
        low *= random.choice((random.uniform(0.8, 0.9), random.uniform(0.991, 0.998)))
        losses.append(low)
    return losses


def draw_runs() -> list[tuple]:
    """Draw runs and a patience each: one that stops, one with equal losses, one with nan."""
    patience = random.randrange(4, 7)
    gaps = [random.randrange(1, patience) for _ in range(random.randrange(2, 5))]
    stopped = draw_run([*gaps, patience, 2, patience + 1, 1], 0.3)
    level = draw_run([2, patience, patience + 2], 0.0)
    falling = draw_run([1, 2, 1, patience], 0.5)
    falling[-2] = math.nan
    waiting = [*draw_run([patience + 1], 0.5), 3.2, 3.1]
    waiting[2] = math.nan
    return [
        (stopped, patience),
        (level, patience),
        ([math.nan, *falling, math.inf, falling[-1] + 0.01], patience),
        (waiting, patience),
        ([2.0, 2.5, math.nan, *(3 + k / 10 for k in range(patience))], patience),
    ]


STOP = Exercise(
    shown="best_epoch(losses, {1})",
    level=2,
    minutes=12,
    plan="Walk through the losses one after the other, as training would meet them, and keep three "
    "things: the lowest loss so far, its epoch, and for how many epochs you have waited since. "
    "A lower loss sets all three. When you have waited long enough, leave the loop.",
    solution="""\
def best_epoch(losses, patience):
    lowest = math.inf
    kept = 0
    waited = 0
    for epoch, loss in enumerate(losses):
        waited += 1
        if loss < lowest:
            lowest = loss
            kept = epoch
            waited = 0
        if waited == patience:
            break
    return kept
""",
    why="It stops where it should and keeps the right epoch: with equal losses, with nan and inf, "
    "and where a new low comes in the last epoch that patience allows.",
    draw=draw_runs,
    mistakes={
        "That is the lowest loss of the whole list. A run with this patience stops before it, and "
        "nobody sees the rest.": edit("        if waited == patience:\n            break\n", ""),
        "That is the epoch in which training stops. Kept are the weights of the lowest loss before "
        "it.": edit("return kept", "return epoch"),
        "It stops one epoch too early: a new low in the last epoch that patience allows still "
        "counts.": edit("waited == patience", "waited == patience - 1"),
        "It waits one epoch longer than patience allows.": edit(
            "waited == patience", "waited > patience"
        ),
        "An equal loss is not a lower one: it sets nothing back, and the earlier epoch is kept.": (
            edit("loss < lowest", "loss <= lowest")
        ),
        "So it comes out where the waiting is added up over the whole run: each new low starts it "
        "anew.": edit("            waited = 0\n", "            waited -= 1\n"),
        "So it comes out where each loss is compared with the one before it: compare it with the "
        "lowest so far.": edit(
            "        if waited == patience:",
            "        lowest = loss\n        if waited == patience:",
        ),
        "So it comes out where a first loss of nan counts as the lowest: nothing is below nan. "
        "Begin with math.inf.": edit("= math.inf", "= losses[0]"),
        "So it comes out where training stops at nan: nan is no lower loss, and the run goes on.": (
            edit(
                "        waited += 1",
                "        if math.isnan(loss) and epoch:\n            break\n        waited += 1",
            )
        ),
        "So it comes out where nan counts as a lower loss: comparing with nan is always False, so "
        "`not loss >= best` is True for it.": edit("if loss < lowest", "if not loss >= lowest"),
        "So it comes out where an epoch with nan is passed over: it is an epoch without a lower "
        "loss, and counts as waiting.": edit(
            "        waited += 1\n",
            "        if math.isnan(loss):\n            continue\n        waited += 1\n",
        ),
        "So it comes out where a loss must be lower by a hundredth: any lower loss is a new low.": (
            edit("loss < lowest", "loss < 0.99 * lowest")
        ),
        "That is the lowest loss itself. Its epoch was asked for.": edit(
            "return kept", "return lowest"
        ),
        "It counts the epochs from 1. The first one is epoch 0, as everywhere in Python.": edit(
            "return kept", "return kept + 1"
        ),
        "So it comes out with a patience of its own, 3: take the one that is handed in.": edit(
            "waited == patience", "waited == 3"
        ),
    },
)


def draw_pairs() -> list[tuple]:
    """Draw errors with and without a cure, one pair for each number of wins from 0 to 10."""
    cases = []
    for wins in range(11):
        plain = [random.uniform(40, 55) for _ in range(9)] + [random.uniform(90, 110)]
        random.shuffle(plain)
        won = [True] * wins + [False] * (10 - wins)
        random.shuffle(won)
        cured = []
        for without, is_lower in zip(plain, won, strict=True):
            # A win is small and a loss large, or the other way round: the mean is no guide.
            size = random.uniform(0.5, 2) if is_lower == (wins > 4) else random.uniform(20, 30)
            cured.append(without - size if is_lower else without + size)
        cases.append((cured, plain))
    cured = [error - 1 for error in plain]
    return [*cases, (plain, list(plain)), ([*cured[:8], *plain[8:]], plain)]


VERDICT = Exercise(
    shown="verdict(cured, plain)",
    level=1,
    minutes=6,
    plan="Go through both lists together, month by month, and count the months in which the cure "
    "has the lower error. Then compare the count with 9 and with 1.",
    solution="""\
def verdict(cured, plain):
    wins = 0
    for with_it, without in zip(cured, plain, strict=True):
        if with_it < without:
            wins += 1
    if wins >= 9:
        return "helps"
    if wins <= 1:
        return "harms"
    return "cannot tell"
""",
    why="It counts in pairs, and from nothing to ten wins each count gets its verdict. Equal "
    "errors are no win.",
    draw=draw_pairs,
    mistakes={
        "So it comes out where a win is the *higher* number: these are errors, and lower is "
        "better.": edit("with_it < without", "with_it > without"),
        "So it comes out where equal errors count as a win: equal is not lower.": edit(
            "with_it < without", "with_it <= without"
        ),
        "Nine wins are enough: the rule says nine or ten.": edit("wins >= 9", "wins > 9"),
        "Eight wins are not enough: the rule says nine or ten.": edit("wins >= 9", "wins >= 8"),
        "One win is as bad as none: the rule says none or one.": edit("wins <= 1", "wins < 1"),
        "Two wins are not so few: the rule says none or one.": edit("wins <= 1", "wins <= 2"),
        "So it comes out where both lists are sorted first: then the pairs are no longer of the "
        "same month.": edit("zip(cured, plain,", "zip(sorted(cured), sorted(plain),"),
        "So it comes out where `wins` begins anew in each month: set it to 0 once.": (
            edit("        if with_it", "        wins = 0\n        if with_it")
        ),
        'The third verdict is worded "cannot tell".': edit('"cannot tell"', '"can\'t tell"'),
        "So it comes out where the median difference decides. Our rule counts the months that are "
        "won.": edit(
            "    if wins >= 9",
            "    differences = [a - b for a, b in zip(cured, plain, strict=True)]\n"
            "    wins = 10 if sorted(differences)[5] < 0 else 0\n    if wins >= 9",
        ),
    },
)

EXERCISES = {"10-verdict": VERDICT, "10-stop": STOP}
