"""Exercises that are data: each solution passes, each mistake is named, over many seeds."""

import ast
import re
from itertools import combinations, pairwise

import pytest
from seeds import SEEDS, begin_at
from stored import PATHS, calls, code_cells, read, shown

from helpers.exercises.asking import EXERCISES, feedback
from helpers.exercises.hints import list_hints, make_skeleton
from helpers.exercises.judging import Drawn
from helpers.exercises.lookup import read_exercises

pytestmark = pytest.mark.usefixtures("same_world")

COMPARED = {name: one for name, one in EXERCISES.items() if one.rule is None}
MISTAKES = [(name, sentence) for name, one in EXERCISES.items() for sentence in one.mistakes]


@pytest.fixture(params=SEEDS)
def seed(request, monkeypatch):
    """Let every draw begin at a seed of this run's."""
    begin_at(request.param, monkeypatch)
    return request.param


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_passes(name, seed):
    exercise = EXERCISES[name]
    assert re.fullmatch(
        r"Right\. .*[.?)]", feedback(name, exercise.make(exercise.solution)), re.DOTALL
    )


@pytest.mark.filterwarnings("ignore")  # PyTorch's, of shapes in a mistake
@pytest.mark.parametrize(("name", "sentence"), MISTAKES)
def test_each_mistake_is_named(name, sentence, seed):
    exercise = EXERCISES[name]
    said = feedback(name, exercise.make(exercise.sources()[sentence]))
    assert said.startswith("Not yet. "), said
    assert sentence in said
    assert "\n" not in said
    assert said.isascii()


@pytest.mark.filterwarnings("ignore")  # PyTorch's, of shapes in a mistake
@pytest.mark.parametrize("name", COMPARED)
def test_cases_tell_all_programs_apart(name, seed):
    drawn = Drawn(COMPARED[name])
    faults = {"right": [None] * len(drawn.cases)} | drawn.wrong
    alike = [
        (one, other)
        for one, other in combinations(faults, 2)
        if all(map(drawn.is_same, faults[one], faults[other]))
    ]
    assert alike == []


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_is_whole(name):
    exercise = EXERCISES[name]
    assert exercise.level in (1, 2, 3)
    assert len(exercise.mistakes) >= 3
    sentences = [exercise.plan, *(exercise.mistakes if exercise.rule is None else ())]
    assert all(re.search(r"[.?)]$", text) for text in sentences)


def check_shuffled(exercise, shown):
    """The lines that are wanted in another order, and at most one that is none of them."""
    lines = exercise.gaps or [line for line in exercise.solution.splitlines() if line.strip()]
    left = list(shown)
    for line in lines:
        left.remove(line)
    assert len(left) <= 1
    assert not set(left) & set(lines)


@pytest.mark.parametrize("name", EXERCISES)
def test_three_hints_and_the_skeleton_is_the_solution_with_gaps(name):
    exercise = EXERCISES[name]
    plan, shuffled, _ = list_hints(name, exercise)
    assert plan == exercise.plan
    if exercise.second:
        assert shuffled == exercise.second
    else:
        check_shuffled(exercise, shuffled.splitlines()[2:])
    skeleton = make_skeleton(exercise.solution, exercise.gaps)
    pattern = re.escape(skeleton).replace(r"\.\.\.", r".*?")
    assert re.fullmatch(pattern, exercise.solution.strip("\n"), re.DOTALL)
    assert "..." in skeleton


def list_lines(source):
    """The lines of a text without indent, comments and empty ones."""
    return [bare for line in source.splitlines() if (bare := line.partition("#")[0].strip())]


@pytest.mark.parametrize("name", [name for name, one in EXERCISES.items() if one.gaps])
def test_gaps_are_what_the_notebook_leaves_out_and_hints_say_more_of_them(name):
    exercise = EXERCISES[name]
    stub, _ = find_cells(name)[0]
    (path,) = [path for path in PATHS if path.stem.startswith(name[:2])]
    printed = [shown(cell) for cell in code_cells(read(path))]  # a patient's program is printed
    given = list_lines("\n".join([stub, *printed]))
    missing = [line for line in list_lines(exercise.solution) if line not in given]
    gaps = list_lines("\n".join(exercise.gaps))
    assert gaps == missing
    skeleton = make_skeleton(exercise.solution, exercise.gaps)
    assert list_lines(skeleton) != given[: len(list_lines(skeleton))]
    for line in list_lines(exercise.solution):
        assert (line in list_lines(skeleton)) == (line not in gaps)


def find_cells(name):
    """The cells that hand an answer of an exercise to `check`, with the text above each."""
    (path,) = [path for path in PATHS if path.stem.startswith(name[:2])]
    cells = read(path).cells
    return [
        (cell.source, above.source)
        for above, cell in pairwise(cells)
        if cell.cell_type == "code"
        and any(call.args[0].value == name for call in calls(cell, "check"))
    ]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_notebook_has_the_solution(name):
    (solution,) = [source for source, _ in find_cells(name) if source.startswith("# Solution")]
    shown = solution.removeprefix("# Solution\n").partition("check(")[0]
    assert ast.dump(ast.parse(shown)) == ast.dump(ast.parse(EXERCISES[name].solution))


@pytest.mark.parametrize("name", EXERCISES)
def test_the_text_says_how_hard_how_long_and_whether_core(name):
    exercise = EXERCISES[name]
    kind = "core" if exercise.core else "deeper"
    label = f"*Level {exercise.level} of 3 · about {exercise.minutes} minutes · {kind}*"
    (text,) = [above for source, above in find_cells(name) if not source.startswith("# Solution")]
    assert label in text


@pytest.mark.parametrize("name", read_exercises())
def test_so_does_that_of_a_question_with_a_value(name):
    (text,) = [above for source, above in find_cells(name) if not source.startswith("# Solution")]
    assert re.search(r"\*Level [123] of 3 · about \d+ minutes? · (core|deeper)\*", text)
