"""Goals: what reaches them, what does not, and that each can be reached."""

import math
from dataclasses import replace

import pytest

from helpers.experiment import Experiment, Settings
from helpers.training import Diverged, Iteration
from helpers.widgets.goals import GOALS, Goals, State

PLAIN = Settings(lr=0.2)
HARD = Settings(noise=0.3, n_samples=50)
DONE = {  # a state that reaches each goal, barely
    "fast": State(PLAIN, 2131, lowest=0.0099, early=0.0099),
    "small": State(PLAIN, 500, lowest=0.0099),
    "steep": State(PLAIN, 2131, lowest=0.0999, slowest=0.2, optimizers=("SGD",)),
    "general": State(HARD, 2131, held_out=0.1599),
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
        assert not goal.is_reached(DONE[goal.name]._replace(**change)), change
    assert not goal.is_reached(State(PLAIN, 1))
    assert not goal.is_reached(State(HARD, 1))


REACHES = {
    "fast": (Settings(optimizer="Adam", lr=0.01), 1000),
    "small": (Settings(cfg=(1, 15, 15, 10, 1), optimizer="Adam", lr=0.005), 2000),
    "steep": (PLAIN, 3000),
    "general": (replace(HARD, optimizer="Adam", lr=0.01), 2000),
}


@pytest.mark.parametrize("name", REACHES)
def test_each_goal_can_be_reached(name):
    settings, most = REACHES[name]
    experiment = Experiment(settings)
    goals = Goals()
    goals.begin(experiment)
    for number in range(most):
        goals.record(experiment.advance())
        if number % 10 == 0:
            goals.look(experiment.evaluate_held_out() if settings.noise else None)
        if name in goals.reached:
            break
    assert name in goals.reached


def test_the_articles_settings_reach_none_of_them_at_once():
    experiment = Experiment(Settings())
    goals = Goals()
    goals.begin(experiment)
    for _ in range(100):
        goals.record(experiment.advance())
    goals.look(None)
    assert goals.reached == []


def watch(goals, settings, losses, start=0):
    """Let a network of these settings have these losses, from iteration `start` on."""
    for number, loss in enumerate(losses, start=start):
        goals.record(Iteration(number, loss, None))
    goals.look(None)


@pytest.fixture
def goals():
    made = Goals()
    made.begin(Experiment(PLAIN))
    return made


@pytest.mark.parametrize(("start", "reached"), [(1000, ["fast", "steep"]), (1001, ["steep"])])
def test_a_thousand_iterations_are_counted(goals, start, reached):
    goals.record(Iteration(0, 0.5, None))
    goals.record(Iteration(start, 0.005, None))
    goals.look(None)
    assert goals.reached == reached


def test_a_loss_that_was_low_counts_though_it_rose_again(goals):
    watch(goals, PLAIN, [0.5, 0.001, 0.5, math.nan])
    assert goals.reached == ["fast", "steep"]
    assert goals.words == f"goal reached: {GOALS[2].sentence}"


def test_a_tick_stays_and_the_words_are_the_networks_own(goals):
    watch(goals, PLAIN, [0.001])
    goals.begin(Experiment(PLAIN))
    assert (goals.reached, goals.words) == (["fast", "steep"], "")
    goals.look(None)
    assert goals.reached == ["fast", "steep"]
    goals.begin(Experiment(replace(PLAIN, cfg=(1, 5, 1))))
    watch(goals, PLAIN, [0.001])
    assert goals.reached == ["fast", "steep", "small"]


@pytest.mark.parametrize("change", [{"lr": 0.1}, {"optimizer": "Adam"}], ids=str)
def test_a_rate_or_optimizer_counts_once_it_is_used(goals, change):
    experiment = Experiment(PLAIN)
    experiment.apply(replace(PLAIN, **change))
    goals.change(experiment)
    experiment.apply(PLAIN)
    goals.change(experiment)
    watch(goals, PLAIN, [0.02])
    assert goals.reached == ["steep"]
    goals.reached.clear()
    experiment.apply(replace(PLAIN, **change))
    goals.change(experiment)
    watch(goals, PLAIN, [0.02], start=1)
    experiment.apply(PLAIN)
    goals.change(experiment)
    watch(goals, PLAIN, [0.02], start=2)
    assert goals.reached == []


def test_the_list_is_off_at_first_and_ticked(goals):
    assert goals.list.layout.display == "none"
    goals.toggle.value = True
    assert goals.list.layout.display == "flex"
    assert goals.list.value.count("☐") == len(GOALS)
    watch(goals, PLAIN, [0.001])
    goals.show()
    assert goals.list.value.count("☑") == 2
    assert f"☑ {GOALS[0].sentence}" in goals.list.value
    goals.toggle.value = False
    assert goals.list.layout.display == "none"


def test_what_cannot_diverge_says_so():
    """Steps of 0.2 are large: a straight line diverges there."""
    with pytest.raises(Diverged):
        Experiment(replace(PLAIN, cfg=(1, 1))).advance(1000)
