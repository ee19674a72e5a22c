"""The seeds over which tests are repeated."""

import itertools

from helpers.exercises import judging, running

SEEDS = [0, 1]


def begin_at(seed, monkeypatch):
    """Let all that `check` draws be drawn alike in every run of the tests."""
    drawn = itertools.count(1000 * seed)
    for module in (running, judging):
        monkeypatch.setattr(module, "new_seed", lambda: next(drawn))
