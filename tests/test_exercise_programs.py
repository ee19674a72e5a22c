"""What `check` says to solutions, valid variants and typical mistakes, and to each other's."""

import functools
import re

import pytest
import torch
from programs import PATHS, PROGRAMS

from helpers.exercises import running
from helpers.exercises.asking import CHECKS, OPEN, feedback

NAMES = [path.stem for path in PATHS]


@pytest.fixture(autouse=True)
def one_seed(monkeypatch):
    """Draw the held-out points alike in every run of the tests; verdicts hold for any seed."""
    monkeypatch.setattr(running, "new_seed", lambda: 0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def of_kind(*kinds):
    return [program for program in PROGRAMS if program.kind in kinds]


@functools.cache
def hand_over(program, quick):
    """Make an answer once: trained as it says, or for a moment where others are trained enough."""
    return program.answer(quick)


def test_every_exercise_that_runs_code_has_its_programs():
    assert set(NAMES) == set(CHECKS)


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_the_programs_are_whole(path):
    kinds = [program.kind for program in PROGRAMS if program.exercise == path.stem]
    assert kinds.count("stub") == kinds.count("solution") == 1
    assert kinds.count("variant") >= 2
    assert kinds.count("wrong") >= 3
    assert set(kinds) == {"stub", "solution", "variant", "wrong"}
    question = path.read_text(encoding="utf-8").partition("## ")[0]
    title, _, question = question.partition("\n")
    assert title == f"# {path.stem}"
    assert len(re.findall(r"[.?!](?:\s|$)", question)) >= 2
    assert not re.search(r"\b(simply|just|obviously)\b", question, re.IGNORECASE)
    wrongs = [program for program in of_kind("wrong") if program.exercise == path.stem]
    said = [program.says for program in wrongs]
    assert all(said)
    assert len(set(said)) == len(said), "two mistakes, one sentence"


@pytest.mark.parametrize("program", of_kind("solution", "variant"), ids=str)
def test_right_programs_pass(program):
    said = feedback(program.exercise, hand_over(program, False))
    assert re.fullmatch(r"Right\. .*[.?)]", said), said


@pytest.mark.parametrize("program", of_kind("wrong"), ids=str)
def test_each_mistake_is_named(program):
    said = feedback(program.exercise, program.answer())
    assert said.startswith("Not yet. "), said
    assert program.says in said
    assert "\n" not in said
    assert said.isascii()


@pytest.mark.parametrize("program", of_kind("stub"), ids=str)
def test_a_stub_is_not_answered_or_not_right(program):
    said = feedback(program.exercise, program.answer())
    assert said == OPEN if not program.says else program.says in said, said


@pytest.mark.parametrize("name", NAMES)
def test_programs_of_other_exercises_never_pass_and_never_raise(name):
    for program in PROGRAMS:
        if program.exercise != name and program.kind != "stub":
            said = feedback(name, hand_over(program, program.kind != "solution"))
            assert said.startswith("Not yet. "), f"{program}: {said}"
