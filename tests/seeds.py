"""The seed of the day: one of twenty, another each day; all of them with `--everything`.

A failure is repeated with the seeds that pytest's first lines name: `SEEDS=4,5 python -m pytest`.
"""

import datetime
import itertools
import os

from helpers.exercises import judging, running

ALL = range(20)
SEEDS = []  # for `parametrize`; conftest.py has it filled before it reads a test


def choose(everything, day):
    """All seeds, or the one of a day, which is a number."""
    return list(ALL) if everything else [day % len(ALL)]


def take(everything):
    """Fill SEEDS. What the environment names goes first: so processes agree, around midnight too.

    Args:
        everything: Whether all seeds are wanted.
    """
    chosen = choose(everything, datetime.date.today().toordinal())
    named = os.environ.setdefault("SEEDS", ",".join(map(str, chosen)))
    SEEDS[:] = map(int, named.split(","))


def begin_at(seed, monkeypatch):
    """Let all that `check` draws be drawn alike in every run of the tests."""
    drawn = itertools.count(1000 * seed)
    for module in (running, judging):
        monkeypatch.setattr(module, "new_seed", lambda: next(drawn))
