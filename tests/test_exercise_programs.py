"""What `check` says to other right ways and other mistakes, and to solutions of other exercises."""

import re

import pytest
from programs import PATHS, PROGRAMS
from seeds import SEEDS, begin_at

from helpers.exercises.asking import EXERCISES, OPEN, feedback

pytestmark = pytest.mark.usefixtures("same_world")

NAMES = [path.stem for path in PATHS]


@pytest.fixture(params=SEEDS)
def seed(request, monkeypatch):
    begin_at(request.param, monkeypatch)
    return request.param


def of_kind(*kinds):
    return [program for program in PROGRAMS if program.kind in kinds]


def test_programs_belong_to_exercises_that_run_code():
    assert set(NAMES) <= set(EXERCISES)


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_the_programs_are_whole(path):
    assert path.read_text(encoding="utf-8").startswith(f"# {path.stem}\n")
    own = [program for program in PROGRAMS if program.exercise == path.stem]
    assert {program.kind for program in own} <= {"stub", "solution", "variant", "wrong"}
    assert len({str(program) for program in own}) == len(own)
    assert all(program.says for program in own if program.kind == "wrong")


@pytest.mark.parametrize("program", of_kind("solution", "variant"), ids=str)
def test_right_programs_pass(program, seed):
    said = feedback(program.exercise, program.answer())
    assert re.fullmatch(r"Right\. .*[.?)]", said), said


@pytest.mark.parametrize("program", of_kind("wrong"), ids=str)
def test_each_mistake_is_named(program, monkeypatch):
    begin_at(0, monkeypatch)
    said = feedback(program.exercise, program.answer())
    assert said.startswith("Not yet. "), said
    assert program.says in said
    assert "\n" not in said
    assert said.isascii()


@pytest.mark.parametrize("program", of_kind("stub"), ids=str)
def test_a_stub_is_not_answered_or_not_right(program):
    said = feedback(program.exercise, program.answer())
    assert said == OPEN if not program.says else program.says in said, said


@pytest.mark.parametrize("name", EXERCISES)
def test_solutions_of_the_same_notebook_never_pass_and_never_raise(name, monkeypatch):
    def open_no_number(file, *args, open=open, **options):
        if isinstance(file, int):  # open(30) would close pytest's own file number 30
            raise TypeError("no path")
        return open(file, *args, **options)

    monkeypatch.setattr("builtins.open", open_no_number)
    others = [one for one in EXERCISES if one[:2] == name[:2] and one != name]
    for other in others:
        answer = EXERCISES[other].make(EXERCISES[other].solution)
        said = feedback(name, answer)
        assert said.startswith("Not yet. "), f"{other}: {said}"
