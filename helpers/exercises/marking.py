"""Students' notebooks judged: each exercise in a process of its own, a mark for each.

An exercise is found by its `check("name", answer)`, wherever it stands. It runs after those cells
of our own notebook whose names it uses. What a learner's code prints, and what it makes of `check`,
changes nothing: its call is aimed elsewhere before it runs, and the verdict comes back through a
pipe, with a number that only our side knows.
"""

import ast
import contextlib
import csv
import dataclasses
import json
import multiprocessing
import os
import random
import secrets
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from helpers.exercises import running
from helpers.exercises.asking import EXERCISES, OPEN, feedback
from helpers.exercises.handed import Cell, find_checks, find_needed, read_cells
from helpers.exercises.lookup import read_exercises

OURS = Path(__file__).parents[2] / "notebooks"
RIGHT, NOT_YET, OPEN_STILL, FAILED = "right", "not yet", "not answered", "failed"
RANK = [RIGHT, NOT_YET, FAILED, OPEN_STILL]  # which of a student's several answers counts
SECONDS = 90.0  # how long one exercise may take, with the cells that it stands on
MEGABYTES = 2000  # how much memory it may take beyond what PyTorch has taken
FILE_SIZE = 100_000_000  # bytes of a file that it may write
PAUSE = 0.5  # seconds before another attempt
ATTEMPTS = 5  # how often a process is started that does not come to life
LONGEST = 2000  # letters of a sentence


@dataclasses.dataclass(frozen=True)
class Mark:
    """What is said of one exercise of one student.

    Attributes:
        student: Name of the student's folder or file.
        notebook: The file, as it lies in the folder.
        exercise: Name of the exercise; empty where the whole file is meant.
        verdict: "right", "not yet", "not answered" or "failed".
        sentence: Why.
    """

    student: str
    notebook: str
    exercise: str
    verdict: str
    sentence: str


@dataclasses.dataclass(frozen=True)
class Job:
    """An exercise to be run: its name, the cells before it, and its own cell."""

    exercise: str
    before: tuple[str, ...]
    source: str


@cache
def read_ours() -> dict[str, list[Cell]]:
    """Read the code cells of each of our notebooks, by its stem."""
    return {path.stem: read_cells(path) for path in sorted(OURS.glob("[0-9][0-9]_*.ipynb"))}


@cache
def stems() -> dict[str, str]:
    """Return for each exercise the stem of its notebook, in the notebooks' order."""
    names = [(name, stem) for stem, cells in read_ours().items() for name in names_in(cells)]
    return dict(names)


def names_in(cells: Iterable[Cell]) -> list[str]:
    """List the exercises that cells check, without official solutions."""
    known = {*EXERCISES, *read_exercises()}
    return [n for cell in cells if not cell.is_solution for n in cell.exercises if n in known]


def find_notebooks(folder: Path) -> dict[str, list[Path]]:
    """Find the notebooks that were handed in, by student."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*.ipynb")):
        parts = path.relative_to(folder).with_suffix("").parts
        if not any(part.startswith(".") for part in parts):
            found.setdefault(parts[0], []).append(path)
    return found


def plan(path: Path) -> dict[str, Job | None]:
    """Find what is to be run of a notebook that was handed in, by exercise; None if untouched.

    Raises:
        ValueError: The file is no notebook of this edition, and why.
    """
    cells = read_cells(path)
    handed = {stems()[name] for name in names_in(cells)}
    handed |= {stem for stem in read_ours() if stem in path.stem}
    if not handed:
        raise ValueError("It holds no exercise of this edition.")
    jobs: dict[str, Job | None] = {name: None for name, stem in stems().items() if stem in handed}
    untouched = {cell.source for stem in handed for cell in read_ours()[stem]}
    for place, cell in enumerate(cells):
        if not cell.is_solution and cell.source not in untouched:
            for name in cell.exercises:
                if name in jobs:
                    before = find_needed(cell, cells[:place], read_ours()[stems()[name]])
                    jobs[name] = Job(name, tuple(one.source for one in before), cell.source)
    return jobs


def aim(source: str, exercise: str, name: str) -> ast.Module:
    """Let the last `check` of an exercise in a cell call another function.

    Raises:
        SyntaxError: The cell is no Python.
    """
    tree = ast.parse(source)
    for call in find_checks(tree):
        call.func.id = name if call.args[0].value == exercise else call.func.id
    return tree


def run(job: Job, pipe: Connection, secret: str, seconds: float, megabytes: float) -> None:
    """Run an exercise in this process, which is for nothing else, and send the verdict."""
    limit_process(megabytes, pipe.fileno())
    torch.set_num_threads(1)
    judge = feedback  # whatever the learner's code puts in its place
    running.SECONDS = seconds
    running.seeds = random.Random(job.exercise)  # the same cases for all, and the next time
    running.draw_alike(0)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        verdict, sentence = judge_cell(job, judge)
        os.chdir("/")
    with contextlib.suppress(OSError):
        pipe.send_bytes(json.dumps([secret, verdict, sentence[:LONGEST]]).encode())
    os._exit(0)


def judge_cell(job: Job, judge: Callable[[str, object], str]) -> tuple[str, str]:
    """Run the cells of a job, and judge the answer: a verdict and its sentence."""
    answers: list[object] = []
    hook = f"check_{secrets.token_hex(8)}"
    names = {"__name__": "__main__", hook: lambda _, answer: answers.append(answer)}
    try:
        for source in job.before:
            exec(compile(source, "<cell above>", "exec"), names)
        exec(compile(aim(job.source, job.exercise, hook), "<cell>", "exec"), names)
    except BaseException as error:
        if not answers:
            return FAILED, running.explain(error)
    if not answers:
        return FAILED, "Its cell ran to the end without a call of check."
    said = judge(job.exercise, answers[-1])
    if said.startswith("Right. ") and not refuses_mistakes(job.exercise, judge):
        return FAILED, "Something in its cells has changed what judges it."
    return to_verdict(said)


def to_verdict(said: str) -> tuple[str, str]:
    """Part what `check` says into a verdict and its sentence."""
    if said == OPEN:
        return OPEN_STILL, ""
    if said.startswith("Right. "):
        return RIGHT, said.removeprefix("Right. ")
    if said.startswith((running.LATE, "Not yet. Your code still runs")):
        return FAILED, said.removeprefix(running.REFUSED)
    return NOT_YET, said.removeprefix(running.REFUSED)


def refuses_mistakes(exercise: str, judge: Callable[[str, object], str]) -> bool:
    """Tell whether a mistake that we know is still refused."""
    if exercise not in EXERCISES:
        return not judge(exercise, object()).startswith("Right. ")
    sources = EXERCISES[exercise].sources().values()
    answers = (EXERCISES[exercise].make(source) for source in sources)
    return not judge(exercise, next(answers, None)).startswith("Right. ")


def limit_process(megabytes: float, pipe: int) -> None:
    """Let this process print nowhere, lead a group, hold one pipe and take no more than its share.

    Args:
        megabytes: What it may take beyond what it has.
        pipe: The file descriptor that it keeps.
    """
    os.environ["MPLBACKEND"] = "agg"
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    if not hasattr(os, "setsid"):  # Windows
        return
    import resource

    os.setsid()
    os.closerange(3, pipe)  # those of the process that makes processes are among them
    os.closerange(pipe + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        size = pages * resource.getpagesize() + int(megabytes * 1e6)
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run_apart(job: Job, seconds: float, megabytes: float) -> tuple[str, str]:
    """Run an exercise in a process of its own: a verdict and its sentence."""
    secret = secrets.token_hex(16)
    here, process = start(job, secret, seconds, megabytes)
    came: list[object] = []
    reader = threading.Thread(target=receive, args=(here, came), daemon=True)
    reader.start()
    reader.join(seconds)  # not longer, even if half a message has come
    late = reader.is_alive()
    kill(process)
    match came:
        case [[str(said), str(verdict), str(sentence)]] if said == secret:
            return verdict, sentence
    if late:
        return FAILED, f"It did not come to an end within {seconds:g} seconds."
    return FAILED, "Its process ended without a verdict: by an exit, or for lack of memory."


def start(job: Job, *args: object) -> tuple[Connection, multiprocessing.Process]:
    """Start a process for an exercise, and return what it sends through and the process."""
    for left in reversed(range(ATTEMPTS)):
        here, there = context().Pipe(duplex=False)
        process = context().Process(target=run, args=(job, there, *args))
        try:
            process.start()
            return here, process
        except (OSError, EOFError):  # a learner's code has ended the process that makes processes
            here.close()
            if not left:
                raise
            time.sleep(PAUSE)
        finally:
            there.close()
    raise AssertionError("one of the attempts returns or raises")


def receive(pipe: Connection, came: list[object]) -> None:
    """Put what comes through a pipe into a list, unless it is no message of ours."""
    with pipe, contextlib.suppress(OSError, EOFError, ValueError):
        came.append(json.loads(pipe.recv_bytes(20 * LONGEST)))


def kill(process: multiprocessing.Process) -> None:
    """End a process and all that it has started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


@cache
def context() -> multiprocessing.context.BaseContext:
    """Return how processes are made: forked from one that has PyTorch already, where that works."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["helpers.exercises.marking"])
    return found


def grade(
    folder: Path,
    workers: int | None = None,
    seconds: float = SECONDS,
    megabytes: float = MEGABYTES,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> list[Mark]:
    """Judge all notebooks in a folder.

    Answers that are the same to the letter, as those that nobody has touched, are run once.

    Args:
        folder: Holds a folder or a file for each student.
        workers: How many exercises run at a time; one for each core if None.
        seconds: How long one exercise may take, with the cells that it stands on.
        megabytes: How much memory it may take beyond what PyTorch has taken.
        tell: Called with how many runs are done, and of how many.

    Returns:
        For each student a mark for each exercise of each notebook that was handed in.

    Raises:
        ValueError: There is no notebook in the folder.
    """
    handed = find_notebooks(folder)
    if not handed:
        raise ValueError(f"{folder} must hold the students' notebooks (.ipynb), and holds none")
    found: list[tuple[Mark, Job | None]] = []
    for student, paths in handed.items():
        for path in paths:
            name = path.relative_to(folder).as_posix()
            try:
                jobs = plan(path)
            except ValueError as error:
                found.append((Mark(student, name, "", FAILED, str(error)), None))
                continue
            for exercise, job in jobs.items():
                found.append((Mark(student, name, exercise, OPEN_STILL, ""), job))
    wanted = list(dict.fromkeys(job for _, job in found if job))
    done = iter(range(1, len(wanted) + 1))
    lock = threading.Lock()

    def work(job: Job) -> tuple[str, str]:
        verdict = run_apart(job, seconds, megabytes)
        with lock:
            tell(next(done), len(wanted))
        return verdict

    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        verdicts = dict(zip(wanted, pool.map(work, wanted), strict=True))
    marks: dict[tuple[str, str], Mark] = {}
    for mark, job in found:
        if job:
            verdict, sentence = verdicts[job]
            mark = dataclasses.replace(mark, verdict=verdict, sentence=sentence)
        place = mark.student, mark.exercise or mark.notebook
        other = marks.get(place)
        if other is None or RANK.index(mark.verdict) < RANK.index(other.verdict):
            marks[place] = mark
    return list(marks.values())


def write(marks: Sequence[Mark], folder: Path) -> None:
    """Write `marks.csv`, and for each student a file of feedback, into a folder."""
    feedbacks = folder / "feedback"
    feedbacks.mkdir(parents=True, exist_ok=True)
    with open(folder / "marks.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(field.name for field in dataclasses.fields(Mark))
        table.writerows(map(defuse, dataclasses.astuple(mark)) for mark in marks)
    lines: dict[str, list[str]] = {}
    for mark in marks:
        named = mark.exercise or mark.notebook
        lines.setdefault(mark.student, []).append(f"{named}: {mark.verdict}. {mark.sentence}")
    for student, said in lines.items():
        text = "\n".join(line.rstrip() for line in said)
        (feedbacks / f"{student}.txt").write_text(text + "\n", encoding="utf-8")


def defuse(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
