"""Goals: what reaches them, what does not, and that each can be reached."""

import math
from dataclasses import replace

import pytest

from helpers.experiment import Experiment, Settings
from helpers.training import Diverged, Iteration
from helpers.widgets.goals import GOALS, GoalList, Progress
from helpers.widgets.record import Record

PLAIN = Settings(lr=0.2)
HARD = Settings(noise=0.3, n_samples=50)
DONE = {  # progress that reaches each goal, barely
    "fast": Progress(PLAIN, 2131, lowest=0.0099, early=0.0099),
    "small": Progress(PLAIN, 500, lowest=0.0099),
    "steep": Progress(PLAIN, 2131, lowest=0.0999, slowest=0.2, optimizers=("SGD",)),
    "general": Progress(HARD, 2131, held_out=0.1599),
}
NOT_PLAIN = [
    replace(PLAIN, function="line"),
    replace(PLAIN, noise=0.05),
    replace(PLAIN, n_samples=999),
]
FAILS = {  # changes, each of which misses it
    "fast": [{"early": 0.01}, {"early": math.inf}],
    "small": [{"parameters": 501}, {"lowest": 0.01}],
    "steep": [{"slowest": 0.19}, {"optimizers": ("SGD", "Adam")}, {"lowest": 0.1}],
    "general": [
        {"held_out": 0.16},
        {"held_out": None},
        {"held_out": math.nan},
        *({"settings": replace(HARD, **c)} for c in ({"noise": 0.25}, {"n_samples": 51})),
        {"settings": replace(HARD, function="line")},
    ],
}
for name in ("fast", "small", "steep"):
    FAILS[name] += [{"settings": settings} for settings in NOT_PLAIN]


SAYS = {  # the bounds above, in the goal's own sentence
    "fast": "below 0.01 within 1000 iterations",
    "small": "below 0.01 with at most 500 parameters",
    "steep": "below 0.1 with SGD, at 0.2 or more",
    "general": "noise 0.3, 50 points: a held-out loss below 0.16",
}


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.name)
def test_a_goal_is_reached_by_all_it_asks_for_and_missed_by_less(goal):
    assert SAYS[goal.name] in goal.sentence
    assert goal.is_reached(DONE[goal.name])
    for change in FAILS[goal.name]:
        assert not goal.is_reached(replace(DONE[goal.name], **change)), change
    assert not goal.is_reached(Progress(PLAIN, 1))
    assert not goal.is_reached(Progress(HARD, 1))


REACHES = {
    "fast": (Settings(optimizer="Adam", lr=0.01), 1000),
    "small": (Settings(cfg=(1, 15, 15, 10, 1), optimizer="Adam", lr=0.005), 2000),
    "steep": (PLAIN, 3000),
    "general": (replace(HARD, optimizer="Adam", lr=0.01), 2000),
}


@pytest.mark.parametrize("name", REACHES)
def test_each_goal_can_be_reached_and_not_at_once(name):
    settings, most = REACHES[name]
    experiment = Experiment(settings)
    record = Record(experiment)
    while name not in record.reached and experiment.iteration < most:
        for _ in range(10):
            record.take(experiment.advance())
        record.evaluate(experiment)
    assert name in record.reached
    assert experiment.iteration > 50


def test_the_articles_settings_reach_none_of_them_at_once():
    experiment = Experiment(Settings())
    record = Record(experiment)
    for _ in range(100):
        record.take(experiment.advance())
    record.evaluate(experiment)
    assert record.reached == ()


class Run:
    """A network whose losses are made up."""

    def __init__(self, settings=PLAIN, before=None):
        self.experiment = Experiment(settings)
        self.record = Record(self.experiment, before)

    def take(self, loss, number=0):
        self.record.take(Iteration(number, loss, None))

    def change(self, **settings):
        assert self.experiment.apply(replace(self.experiment.settings, **settings))
        self.record.change(self.experiment)

    def reached(self):
        self.record.evaluate(self.experiment)
        return self.record.reached


@pytest.mark.parametrize(("number", "reached"), [(1000, ("fast", "steep")), (1001, ("steep",))])
def test_a_thousand_iterations_are_counted(number, reached):
    run = Run()
    run.take(0.5)
    run.take(0.005, number)
    assert run.reached() == reached


def test_a_loss_that_was_low_counts_though_it_rose_again():
    run = Run()
    for loss in (0.5, 0.001, 0.5, math.nan):
        run.take(loss)
    assert run.reached() == ("fast", "steep")
    assert run.record.won == f"goal reached: {GOALS[2].sentence}"


def test_a_tick_stays_and_the_words_are_the_networks_own():
    before = Run()
    before.take(0.001)
    assert before.reached() == ("fast", "steep")
    run = Run(replace(PLAIN, cfg=(1, 5, 1)), before.record)
    assert (run.reached(), run.record.won) == (("fast", "steep"), "")
    run.take(0.001)
    assert run.reached() == ("fast", "steep", "small")
    assert run.record.won == f"goal reached: {GOALS[1].sentence}"


@pytest.mark.parametrize("change", [{"lr": 0.1}, {"optimizer": "Adam"}], ids=str)
@pytest.mark.parametrize("used", [False, True])
def test_a_rate_or_optimizer_counts_once_it_is_used(change, used):
    run = Run()
    run.change(**change)
    if used:
        run.take(0.02)
    run.change(lr=PLAIN.lr, optimizer=PLAIN.optimizer)
    run.take(0.02)
    assert run.reached() == (() if used else ("steep",))


def test_the_list_is_off_at_first_and_ticked():
    goals = GoalList()
    assert goals.list.layout.display == "none"
    goals.toggle.value = True
    assert goals.list.layout.display == "flex"
    assert goals.list.value.count("☐") == len(GOALS)
    goals.show(("fast", "steep"))
    assert goals.list.value.count("☑") == 2
    assert f"☑ {GOALS[0].sentence}" in goals.list.value
    goals.toggle.value = False
    assert goals.list.layout.display == "none"


def test_what_cannot_diverge_says_so():
    """Steps of 0.2 are large: a straight line diverges there."""
    with pytest.raises(Diverged):
        Experiment(replace(PLAIN, cfg=(1, 1))).advance(1000)
