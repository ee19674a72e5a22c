"""Patients: each fault has a sign that is measured, and a mended program has none."""

import pytest
import torch
from seeds import SEEDS

from helpers.exercises import patient
from helpers.exercises.asking import feedback
from helpers.exercises.clinic import (
    CHARTS,
    HEALTHY,
    IN_CURVES,
    IN_PROGRAMS,
    Watch,
    draw_curves,
    draw_program,
    find_leak,
    get_chart,
    judge_patient,
    make_program,
)
from helpers.exercises.running import NotYet


def get_seeds(faults):
    """The seeds of this run for each fault, by its name: one for each of SEEDS."""
    places = [place for place, chart in enumerate(CHARTS) if chart[0] is faults]
    return [
        pytest.param(place + len(CHARTS) * seed, id=f"{CHARTS[place][1]}-{seed}")
        for place in places
        for seed in SEEDS
    ]


def test_there_are_enough_faults_and_each_has_words_of_its_own():
    assert len(IN_PROGRAMS) - 1 >= 12
    assert len(IN_CURVES) - 1 >= 8
    faults = [*IN_PROGRAMS.values(), *IN_CURVES.values()]
    assert len({fault.looks for fault in faults}) == len(faults)
    assert {name for _, name in CHARTS} >= {HEALTHY, "split at random", "no eval"}


def test_no_two_patients_share_a_program():
    seeds = [seed for seed in range(20 * len(CHARTS)) if get_chart(seed)[0] is IN_PROGRAMS]
    healthy = [draw_program(seed)[0].text for seed in seeds]
    assert len(set(healthy)) == len(healthy)


@pytest.mark.parametrize("seed", get_seeds(IN_PROGRAMS))
def test_a_faulty_program_is_refused_and_a_mended_one_passes(seed):
    name = get_chart(seed)[1]
    healthy, text = draw_program(seed)
    assert (text == healthy.text) is (name == HEALTHY)
    mended = judge_patient([seed, name, make_program(healthy.text)])
    assert mended.startswith(f"It is '{name}'"), mended
    if name == HEALTHY:
        return
    with pytest.raises(NotYet, match=r"^The name is right, and the program .*[.?]$") as ill:
        judge_patient([seed, name, make_program(text)])
    assert str(ill.value).isascii()
    with pytest.raises(NotYet, match="Now mend the program"):
        judge_patient([seed, name])
    with pytest.raises(NotYet, match="Is that so here"):
        judge_patient([seed, HEALTHY])


@pytest.mark.parametrize("seed", get_seeds(IN_CURVES))
def test_curves_show_their_fault_and_no_other(seed):
    faults, name = get_chart(seed)
    run, training, held_out = draw_curves(seed)
    assert len(training) == len(held_out) == run.iterations
    shown = [one for one, fault in faults.items() if fault.shows(training, held_out)]
    assert shown == [name]
    assert judge_patient([seed, name]).startswith(f"It is '{name}'")
    for other in faults.keys() - {name}:
        with pytest.raises(NotYet, match=f"^'{other}' would mean that .* Is that so here"):
            judge_patient([seed, other])


@pytest.mark.parametrize("name", ["split at random", "no eval"])
def test_the_held_out_loss_of_a_flattering_or_noisy_test_is_another(name):
    """Where the fault is in the test alone, the reported loss is far from the honest one."""
    for seed in [place + len(CHARTS) * one for one in SEEDS for place in range(len(CHARTS))]:
        if get_chart(seed) == (IN_PROGRAMS, name):
            healthy, text = draw_program(seed)
            honest = make_program(healthy.text)()[2][-20:]
            told = make_program(text)()[2][-20:]
            ratio = sum(honest) / sum(told)
            assert ratio > 5 if name == "split at random" else ratio < 0.7


def test_a_patient_is_drawn_alike_each_time_and_leaves_the_seed_alone(capsys):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, two = patient(4), patient(4)
    assert torch.equal(before, torch.get_rng_state())
    assert one == two
    printed = capsys.readouterr().out
    assert one.program in printed
    assert all(name in printed for name in IN_PROGRAMS)
    assert len(one.training) == len(one.held_out) == 300


@pytest.mark.parametrize("seed", [-1, 2.0, "3", True, None])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ValueError, match="whole number from 0 on"):
        patient(seed)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (3, "The answer is a list"),
        ([3], "The answer is a list"),
        ([3, "measles"], "'measles' is not among the names: healthy, "),
        ([3, 7], "7 is not among the names: healthy, "),
        (["3", HEALTHY], "whole number from 0 on"),
        ([4, "  Half CUT off ", 7], "The answer is program itself"),
    ],
)
def test_what_is_no_answer_is_told(answer, said):
    assert said in feedback("06-patient", answer)


def test_rows_evaluated_without_training_are_held_out():
    net = torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.Dropout(), torch.nn.Linear(3, 1))
    x = torch.arange(6.0).unsqueeze(1)
    with Watch() as seen:
        net(x[:4]).mean().backward()
        net(x[2:4])  # rows that it knows, without a backward
    assert "no row that it was not trained on" in find_leak(seen)
    with seen:
        net(x[4:])
    assert "train mode" in find_leak(seen)
