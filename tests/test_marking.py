"""Marks for a class: what is right counts, and whoever breaks something breaks it for himself."""

import csv
import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from stored import PATHS, ROOT, read

from helpers.exercises.asking import EXERCISES, OPEN
from helpers.exercises.grade import main
from helpers.exercises.handed import Cell, find_names, find_needed, is_python, read_cells
from helpers.exercises.lookup import read_exercises
from helpers.exercises.marking import (
    FAILED,
    LIVE,
    NOT_YET,
    ON_PANEL,
    OPEN_STILL,
    RIGHT,
    Job,
    Mark,
    find_live,
    grade,
    plan,
    read_ours,
    run_apart,
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
    "right, and once more where it is another": (
        [SOLUTION + CHECK, WRONG, CHECK],
        RIGHT,
        "",
    ),
    "wrong": ([WRONG + CHECK], NOT_YET, "huber(out, y"),
    "untouched": (["def huber(out, y, delta): ...\n\n\n" + CHECK], OPEN_STILL, ""),
    "left out": (["x = 1"], OPEN_STILL, ""),
    "the solution shown": (["# Solution\n" + SOLUTION + CHECK], OPEN_STILL, "counts as ours"),
    "no Python": (["def huber(out, y, delta)\n" + CHECK], FAILED, "SyntaxError"),
    "above, with trouble": ([SOLUTION, "1 / 0", "def broken(", CHECK], RIGHT, ""),
    "by its name": ([SOLUTION + CHECK.replace("huber)", "answer=huber)")], RIGHT, ""),
    "an error": (["huber = nothing\n" + CHECK], FAILED, "NameError"),
    "says Right": ([WRONG + 'print("Right. ")\n' + CHECK], NOT_YET, ""),
    "its own check": ([WRONG + "def check(*_):\n    print('Right. ')\n\n\n" + CHECK], NOT_YET, ""),
    "another judge": (
        [
            "import helpers.exercises.judging as judging\n"
            "import helpers.exercises.asking as asking\n"
            'asking.judge = judging.judge = lambda *_: "so it is"\n' + WRONG + CHECK
        ],
        NOT_YET,
        "huber(out, y",
    ),
    "another exercise": (
        [
            "import dataclasses\nfrom helpers.exercises.asking import EXERCISES\n"
            'one = EXERCISES["04-huber"]\n'
            'object.__setattr__(one, "rule", lambda answer: "so it is")\n' + WRONG + CHECK
        ],
        NOT_YET,
        "huber(out, y",
    ),
    "another torch": (
        [WRONG + "import torch\ntorch.Tensor.abs = lambda tensor: tensor * 0\n" + CHECK],
        FAILED,
        "has changed what judges it",
    ),
    "another pipe": (
        [
            "from multiprocessing.connection import Connection\n"
            "send = Connection.send_bytes\n"
            "def change(pipe, message):\n"
            "    send(pipe, message.replace(b'not yet', b'right'))\n\n\n"
            "Connection.send_bytes = change\n" + WRONG + CHECK
        ],
        FAILED,
        "ended without a verdict",
    ),
    "hard to read": (["nonlocal huber\n" + CHECK], FAILED, "SyntaxError"),
    "hard to write": (["raise ValueError('\\ud800')\n" + CHECK], FAILED, "ValueError"),
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
    (folder / "a folder.ipynb").mkdir()
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
    assert "cannot be read" in marks["a folder", ""].sentence


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are none here")
def test_a_file_without_end_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "fifo.ipynb")
    with pytest.raises(ValueError, match="cannot be read"):
        read_cells(tmp_path / "fifo.ipynb")


@pytest.mark.parametrize("source", ["nonlocal x", "def f():\n    x = 1\n    global x", "-" * 10**5])
def test_what_python_refuses_late_is_no_python(source):
    assert not is_python(source)
    assert find_names(source) == (frozenset(), frozenset())


def test_an_answer_on_a_panel_does_not_count(tmp_path):
    shutil.copy(PATHS[7], tmp_path / "anna.ipynb")
    (mark,) = (mark for mark in grade(tmp_path) if mark.exercise == "07-goal")
    assert (mark.verdict, mark.sentence) == (LIVE, ON_PANEL)
    assert find_live() == {"07-goal"}


def test_every_exercise_of_a_notebook_that_was_handed_in_has_a_mark(marks):
    own = [name for student, name in marks if student == "wrong"]
    assert own == [name for name in own if name.startswith("04-")]
    assert {*own} == {n for n in {*EXERCISES, *read_exercises()} if n.startswith("04-")}


def test_marks_are_the_same_the_second_time(tmp_path):
    make(tmp_path / "anna.ipynb", [WRONG + CHECK])
    make(tmp_path / "bert.ipynb", ["raise ValueError(f'{object()} {set(dir())}')\n" + CHECK])
    one, other = grade(tmp_path), grade(tmp_path)
    assert one == other
    told = [mark.sentence for mark in one if mark.exercise == "04-huber"]
    assert "and" in told[0]
    assert "<object object>" in told[1]


def test_a_number_that_equals_everything_is_compared_as_what_it_is():
    lie = "class Lie(int):\n    def __eq__(self, other):\n        return True\n\n\n"
    for number, verdict in ((4, NOT_YET), (3, RIGHT)):
        job = Job("08-kink", (), f'{lie}check("08-kink", Lie({number}))')
        assert run_apart(job, 90, 2000)[0] == verdict


def test_the_table_and_a_file_for_each_student(tmp_path):
    marks = [
        Mark("anna", "anna.ipynb", "04-huber", RIGHT, "So it is."),
        Mark("=bert", "=bert.ipynb", "", FAILED, "The file cannot be read."),
        Mark("\udcff", "\udcff.ipynb", "", FAILED, "A name that is no UTF-8: \ud800."),
    ]
    write(marks, tmp_path)
    with open(tmp_path / "marks.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["student"] for row in rows] == ["anna", "'=bert", r"\udcff"]
    assert [row["verdict"] for row in rows] == [RIGHT, FAILED, FAILED]
    assert (tmp_path / "feedback" / "anna.txt").read_text() == "04-huber: right. So it is.\n"
    assert "cannot be read" in (tmp_path / "feedback" / "=bert.txt").read_text()


def test_the_command(tmp_path, monkeypatch, capsys):
    make(tmp_path / "class" / "anna.ipynb", ["answer = 1\n" + 'check("04-boxes", answer)'])
    monkeypatch.setattr(sys, "argv", ["grade", "class"])
    monkeypatch.chdir(tmp_path)
    main()
    told = capsys.readouterr()
    assert "1 of 1 answers judged" in told.err
    assert "1 students" in told.out
    assert (tmp_path / "marks" / "marks.csv").exists()


def test_the_command_says_what_is_missing(tmp_path):
    command = [sys.executable, "-m", "helpers.exercises.grade", str(tmp_path)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 2
    assert told.stderr == f"{tmp_path} must hold the students' notebooks (.ipynb), and holds none\n"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_fresh_copy_is_not_answered_and_a_solved_one_needs_what_our_story_binds(path, tmp_path):
    assert all(jobs == [""] for jobs in plan(path).values())
    notebook = nbformat.from_dict(json.loads(json.dumps(read(path))))
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith("# Solution"):
            cell.source = cell.source.replace("# Solution", "# my own", 1)
    nbformat.write(notebook, tmp_path / "anna.ipynb")
    jobs = plan(tmp_path / "anna.ipynb")
    assert jobs
    for (job,) in jobs.values():
        assert "# Solution" not in "".join(job.before)


def needed(source, theirs, ours):
    return [cell.source for cell in find_needed(Cell(source, is_story=False), theirs, ours)]


def test_a_cell_stands_on_what_binds_its_names():
    story = ["import torch", "x = torch.ones(3)", "y = 2 * x", "x = torch.zeros(3)"]
    ours = [*map(Cell, story), Cell("def f(): ...", is_story=False)]
    own = ["z = 5", "def f():\n    return y + g()", "def g(): return z", 'check("b", 1)']
    theirs = [*map(Cell, story), *(Cell(one, is_story=False) for one in own)]
    assert needed('check("a", f)', theirs, ours) == [*story[:3], own[1]]
    assert needed('check("a", [x, g()])', theirs, ours) == [story[0], story[3], own[0], own[2]]


def test_the_cells_above_are_a_part_of_the_answer():
    story = ["import torch", "net = torch.nn.Linear(1, 1)", "x = 1"]
    ours = [Cell(one) for one in story]
    own = ["net = torch.nn.ReLU()", "net.inplace = True", "print(x)"]
    for is_story in (False, True):  # the heading of the exercises may be gone
        theirs = [*ours, *(Cell(one, is_story=is_story) for one in own)]
        cell = Cell('check("a", net)', is_story=is_story)
        told = [one.source for one in find_needed(cell, theirs, ours)]
        assert told == [story[0], story[2], *own]
    theirs = [*theirs, Cell('check("b", 1)')]
    assert needed('check("a", net)', theirs, ours) == story[:2]


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
