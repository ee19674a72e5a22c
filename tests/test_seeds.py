"""Each day has a seed; twenty days have all, and one flag has them at once."""

import seeds
from seeds import SEEDS


def test_twenty_days_have_all_seeds():
    drawn = [seed for day in range(100, 120) for seed in seeds.choose(False, day)]
    assert sorted(drawn) == list(seeds.ALL) == seeds.choose(True, 100)


def test_what_the_environment_names_is_taken(monkeypatch):
    monkeypatch.setattr(seeds, "SEEDS", [])
    monkeypatch.setenv("SEEDS", "4,17")
    seeds.take(True)
    assert seeds.SEEDS == [4, 17]


def test_the_seeds_are_there_before_a_test_is_read():
    assert SEEDS == seeds.SEEDS != []
    assert set(SEEDS) <= set(seeds.ALL)
