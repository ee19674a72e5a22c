"""Marks for a class: what is right counts, and whoever breaks something breaks it for himself."""

import csv
import json
import subprocess
import sys

import nbformat
import pytest
from stored import PATHS, ROOT, read

from helpers.exercises.asking import EXERCISES, OPEN
from helpers.exercises.handed import Cell, find_needed, read_cells
from helpers.exercises.lookup import read_exercises
from helpers.exercises.marking import (
    FAILED,
    NOT_YET,
    OPEN_STILL,
    RIGHT,
    Mark,
    grade,
    plan,
    read_ours,
    write,
)
from helpers.exercises.record import find_passed, report

SOLUTION = EXERCISES["04-huber"].solution + "\n"
CHECK = 'check("04-huber", huber)'
IMPORTS = "import torch\n"
WRONG = "def huber(out, y, delta):\n    return ((out - y) ** 2).mean()\n"
# Each copy that was handed in: its cells, the verdict on 04-huber, and a part of its sentence.
COPIES = {
    "right": ([SOLUTION + CHECK], RIGHT, ""),
    "in two cells": ([SOLUTION, CHECK], RIGHT, ""),
    "with a magic": (["%matplotlib inline\n" + SOLUTION + CHECK], RIGHT, ""),
    "twice": ([WRONG + CHECK, SOLUTION + CHECK], RIGHT, ""),
    "wrong": ([WRONG + CHECK], NOT_YET, "huber(out, y"),
    "untouched": (["def huber(out, y, delta): ...\n\n\n" + CHECK], OPEN_STILL, ""),
    "left out": (["x = 1"], OPEN_STILL, ""),
    "the solution shown": (["# Solution\n" + SOLUTION + CHECK], OPEN_STILL, ""),
    "no Python": (["def huber(out, y, delta)\n" + CHECK], FAILED, "SyntaxError"),
    "an error": (["huber = nothing\n" + CHECK], FAILED, "NameError"),
    "says Right": ([WRONG + 'print("Right. ")\n' + CHECK], NOT_YET, ""),
    "its own check": ([WRONG + "def check(*_):\n    print('Right. ')\n\n\n" + CHECK], NOT_YET, ""),
    "another judge": (
        [
            "import helpers.exercises.judging as judging\n"
            "import helpers.exercises.asking as asking\n"
            'asking.judge = judging.judge = lambda *_: "so it is"\n' + WRONG + CHECK
        ],
        FAILED,
        "has changed what judges it",
    ),
    "endless": (["while True:\n    pass\n" + CHECK], FAILED, "within 2 seconds"),
    "exits": (["import os\nos._exit(0)\n" + CHECK], FAILED, "ended without a verdict"),
    "floods": (["while True:\n    print('x' * 100_000, flush=True)\n" + CHECK], FAILED, "within 2"),
    "kills its parent": (
        ["import os\nos.kill(os.getppid(), 9)\nos._exit(0)\n" + CHECK],
        FAILED,
        "ended without a verdict",
    ),
    "takes memory": (["x = bytearray(10**12)\n" + CHECK], FAILED, "MemoryError"),
    "answers for us": (
        [
            "import os\n"
            "for number in range(3, 100):\n"
            "    try:\n"
            """        os.write(number, b'\\x00\\x00\\x00\\x14["", "right", "yes"]')\n"""
            "    except OSError:\n"
            "        pass\n"
            "os._exit(0)\n" + CHECK
        ],
        FAILED,
        "ended without a verdict",
    ),
}


def make(path, sources):
    path.parent.mkdir(exist_ok=True)
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


@pytest.fixture(scope="module")
def marks(tmp_path_factory):
    """The marks of a class of which each student does something else."""
    folder, slow = tmp_path_factory.mktemp("class"), tmp_path_factory.mktemp("slow")
    for name, (sources, _, part) in COPIES.items():
        make((slow if "within" in part else folder) / name / "04_loss.ipynb", sources)
    (folder / "cut short.ipynb").write_text(PATHS[4].read_text("utf-8")[:5000], "utf-8")
    make(folder / "another edition.ipynb", ['check("99-none", 1)'])
    told = []
    found = grade(folder, tell=lambda *done: told.append(done))
    assert told[-1][0] == told[-1][1] == len(told)
    found += grade(slow, seconds=2)
    return {(mark.student, mark.exercise): mark for mark in found}


@pytest.mark.parametrize("name", COPIES)
def test_each_copy_gets_its_own_mark(name, marks):
    _, verdict, part = COPIES[name]
    mark = marks[name, "04-huber"]
    assert mark.verdict == verdict, mark
    assert part in mark.sentence
    assert mark.notebook == f"{name}/04_loss.ipynb"


def test_what_cannot_be_read_has_a_row_of_its_own(marks):
    assert "cut short" in marks["cut short", ""].sentence
    assert "this edition" in marks["another edition", ""].sentence


def test_every_exercise_of_a_notebook_that_was_handed_in_has_a_mark(marks):
    own = [name for student, name in marks if student == "wrong"]
    assert own == [name for name in own if name.startswith("04-")]
    assert {*own} == {n for n in {*EXERCISES, *read_exercises()} if n.startswith("04-")}


def test_marks_are_the_same_the_second_time(tmp_path):
    make(tmp_path / "anna.ipynb", [WRONG + CHECK])
    one, other = grade(tmp_path), grade(tmp_path)
    assert one == other
    assert "and" in next(mark.sentence for mark in one if mark.exercise == "04-huber")


def test_the_table_and_a_file_for_each_student(tmp_path):
    marks = [
        Mark("anna", "anna.ipynb", "04-huber", RIGHT, "So it is."),
        Mark("=bert", "=bert.ipynb", "", FAILED, "The file cannot be read."),
    ]
    write(marks, tmp_path)
    with open(tmp_path / "marks.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["student"] for row in rows] == ["anna", "'=bert"]
    assert [row["verdict"] for row in rows] == [RIGHT, FAILED]
    assert (tmp_path / "feedback" / "anna.txt").read_text() == "04-huber: right. So it is.\n"
    assert "cannot be read" in (tmp_path / "feedback" / "=bert.txt").read_text()


def test_the_command(tmp_path):
    make(tmp_path / "class" / "anna.ipynb", ["answer = 1\n" + 'check("04-boxes", answer)'])
    command = [sys.executable, "-m", "helpers.exercises.grade", str(tmp_path / "class")]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert "1 of 1 answers judged" in told.stderr
    assert "1 students" in told.stdout
    assert (tmp_path / "marks" / "marks.csv").exists()
    (tmp_path / "empty").mkdir()
    told = subprocess.run([*command[:-1], str(tmp_path / "empty")], capture_output=True, text=True)
    assert told.returncode == 2
    assert "holds none" in told.stderr


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_fresh_copy_is_not_answered_and_a_solved_one_needs_what_our_story_binds(path, tmp_path):
    assert set(plan(path).values()) == {None}
    notebook = nbformat.from_dict(json.loads(json.dumps(read(path))))
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith("# Solution"):
            cell.source = cell.source.replace("# Solution", "# my own", 1)
    nbformat.write(notebook, tmp_path / "anna.ipynb")
    jobs = plan(tmp_path / "anna.ipynb")
    assert jobs
    assert None not in jobs.values()
    for job in jobs.values():
        assert "# Solution" not in "".join(job.before)


def test_a_cell_stands_on_what_binds_its_names():
    story = ["import torch", "x = torch.ones(3)", "y = 2 * x", "x = torch.zeros(3)"]
    ours = [*map(Cell, story), Cell("def f(): ...", is_story=False)]
    theirs = [
        *map(Cell, story),
        Cell("z = 5"),
        Cell("def f():\n    return y + g()"),
        Cell("def g(): return z"),
    ]
    needed = find_needed(Cell('check("a", f)'), theirs, ours)
    assert [cell.source for cell in needed] == [*story[:3], "def f():\n    return y + g()"]
    needed = find_needed(Cell('check("a", [x, g()])'), theirs, ours)
    assert [cell.source for cell in needed] == [
        "import torch",
        story[3],
        "z = 5",
        "def g(): return z",
    ]


def test_a_fresh_clone_has_passed_nothing(capsys):
    assert find_passed(ROOT / "notebooks") == set()
    report(ROOT / "notebooks")
    told = capsys.readouterr().out
    assert "Notebook 00: 0 of 3 passed" in told
    assert f"Together 0 of {len({*EXERCISES, *read_exercises()})}." in told


def test_what_was_saved_as_right_counts(tmp_path, capsys):
    cells = [nbformat.v4.new_code_cell(text) for text in (CHECK, "# Solution\n" + CHECK, "print()")]
    for cell, said in zip(cells, ("Right. So it is.\n", "Right. Yes.\n", "Right. \n"), strict=True):
        cell.outputs = [nbformat.v4.new_output("stream", text=said)]
    for kept, passed in ((cells, {"04-huber"}), (cells[1:], set())):
        nbformat.write(nbformat.v4.new_notebook(cells=kept), tmp_path / "copy.ipynb")
        (tmp_path / "broken.ipynb").write_text("{")
        assert find_passed(tmp_path) == passed
    cells[0].outputs[0].text = f"{OPEN}\n"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "copy.ipynb")
    assert find_passed(tmp_path) == set()
    report(tmp_path)
    assert "still open: boxes" in capsys.readouterr().out


def test_every_exercise_stands_in_a_notebook_of_ours():
    names = [n for cells in read_ours().values() for c in cells for n in c.exercises]
    assert {*names} == {*EXERCISES, *read_exercises()}
    assert read_cells(PATHS[0])[0].is_story
