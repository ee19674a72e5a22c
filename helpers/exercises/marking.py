"""Students' notebooks judged: each exercise in a process of its own, a mark for each.

An exercise is found by its `check("name", answer)`, wherever it stands. It runs after the learner's
cells right above it, and after those cells of our own notebook whose names they use.

What a learner's code prints, writes or makes of `check` changes no mark: its calls are aimed
elsewhere before it runs, `helpers.exercises` is hidden from it (an import gives it another copy),
and the verdict comes through a pipe, sealed with a key. But it shares a process with what judges
it. Who looks for that in the frames or the memory of Python, or lets torch lie to it alone, can
forge a "right", and no process of ours can keep that out: his notebook shows it to whoever reads.
"""

import ast
import contextlib
import csv
import dataclasses
import json
import multiprocessing
import os
import random
import re
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import time
import types
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import blake2b
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from helpers.exercises import running
from helpers.exercises.asking import EXERCISES, OPEN, feedback
from helpers.exercises.comparing import to_plain
from helpers.exercises.handed import Cell, find_checks, find_names, find_needed, read_cells
from helpers.exercises.judging import Drawn

OURS = Path(__file__).parents[2] / "notebooks"
RIGHT, NOT_YET, OPEN_STILL, FAILED = "right", "not yet", "not answered", "failed"
LIVE = "not graded"
ON_PANEL = "It is answered on a panel, which no file holds, and does not count."
TAKEN = "A changed cell begins with # Solution, and counts as ours: an answer begins otherwise."
RANK = [RIGHT, NOT_YET, FAILED, OPEN_STILL, LIVE]  # which of a student's several answers counts
SECONDS = 90.0  # how long one exercise may take, with the cells that it stands on
MEGABYTES = 2000  # how much memory it may take beyond what PyTorch has taken
FILE_SIZE = 100_000_000  # bytes of a file that it may write
DESCRIPTORS = 4096  # more are not open
PAUSE = 0.5  # seconds before another attempt
ATTEMPTS = 20  # how often a process is started that does not come to life
LONGEST = 2000  # letters of a sentence
SEAL = blake2b().digest_size  # bytes
CHANCE = re.compile(r" at 0x[0-9a-fA-F]+|(?<=tmp)\w{8}\b")  # what is another each time
HOOK = "check "  # a name that no source can spell
PRELOAD = [__name__, "torch._dynamo", "matplotlib.pyplot"]  # seconds, for each exercise
INHERITED = {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
IS_LINUX = sys.platform == "linux"  # elsewhere no process that has torch may fork


@dataclasses.dataclass(frozen=True)
class Mark:
    """What is said of one exercise of one student.

    Attributes:
        student: Name of the student's folder or file.
        notebook: The file, as it lies in the folder.
        exercise: Name of the exercise; empty where the whole file is meant.
        verdict: "right", "not yet", "not answered", "failed" or "not graded".
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
    return {
        name: stem
        for stem, cells in read_ours().items()
        for cell in cells
        for name in cell.exercises
    }


@cache
def find_live() -> set[str]:
    """Find the exercises whose answer no file holds: their cell only hands over a panel."""
    cells = [cell for stem in read_ours() for cell in read_ours()[stem] if not cell.is_solution]
    lone = [one for one in cells if not find_names(one.source)[0] and "..." not in one.source]
    return {name for cell in lone for name in cell.exercises}


def find_notebooks(folder: Path) -> dict[str, list[Path]]:
    """Find the notebooks that were handed in, by student."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*.ipynb")):
        parts = path.relative_to(folder).with_suffix("").parts
        if not any(part.startswith(".") for part in parts):
            found.setdefault(parts[0], []).append(path)
    return found


def plan(path: Path) -> dict[str, list[Job | str]]:
    """Find what is to be run of a notebook that was handed in, by exercise; or why there is none.

    An exercise that is checked in several cells has several answers.

    Raises:
        ValueError: The file is no notebook of this edition, and why.
    """
    cells = read_cells(path)
    named = {name for cell in cells if not cell.is_solution for name in cell.exercises}
    handed = {stem for name, stem in stems().items() if name in named or stem in path.stem}
    if not handed:
        raise ValueError("It holds no exercise of this edition.")
    jobs: dict[str, list[Job | str]] = {n: [] for n, stem in stems().items() if stem in handed}
    untouched = {cell.source for stem in handed for cell in read_ours()[stem]}
    for place, cell in enumerate(cells):
        if cell.source in untouched:
            continue
        for name in jobs.keys() & {*cell.exercises}:
            if cell.is_solution:
                jobs[name].append(TAKEN)
            else:
                before = find_needed(cell, cells[:place], read_ours()[stems()[name]])
                jobs[name].append(Job(name, tuple(one.source for one in before), cell.source))
    return {name: found or [""] for name, found in jobs.items()}


def aim(source: str) -> types.CodeType:
    """Compile a cell, with each `check` of an exercise aimed at where answers are kept.

    Raises:
        SyntaxError: The cell is no Python.
    """
    tree = ast.parse(source)
    for call in find_checks(tree):
        call.func.id = HOOK
        call.args += [named.value for named in call.keywords]
        call.keywords = []
    return compile(tree, "<cell>", "exec")


def run(folder: str, pipe: Connection, job: Job, key: bytes, *limits: float) -> None:
    """Run an exercise in this process, which is for nothing else, and send the sealed verdict."""
    limit_process(pipe, *limits)
    os.chdir(folder)
    tempfile.tempdir = folder  # what a cell leaves there goes with it
    hide()
    verdict, sentence = judge_cell(job)
    message = f"{verdict}\n{sentence[:LONGEST]}".encode(errors="replace")
    with contextlib.suppress(OSError):
        pipe.send_bytes(blake2b(message, key=key).digest() + message)
    os._exit(0)


def limit_process(pipe: Connection, seconds: float, megabytes: float) -> None:
    """Let this process print nowhere, begin alike each time, and take no more than its share.

    Args:
        pipe: The only one that stays open.
        seconds: How long one check may take.
        megabytes: How much memory the process may take beyond what it has.
    """
    torch.set_num_threads(1)
    running.SECONDS = seconds
    running.draw_alike(0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    if not hasattr(os, "setsid"):  # Windows
        return
    import resource

    os.setsid()
    os.closerange(3, pipe.fileno())  # those of the process that makes processes are among them
    os.closerange(pipe.fileno() + 1, DESCRIPTORS)
    if IS_LINUX and (child := os.fork()):  # whoever kills its parent kills this
        pipe.close()
        os.waitpid(child, 0)
        os._exit(0)
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        size = pages * resource.getpagesize() + int(megabytes * 1e6)
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    busy = int(2 * seconds) + 1  # what has left the group is not killed with it
    resource.setrlimit(resource.RLIMIT_CPU, (busy, busy))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def hide() -> None:
    """Let `helpers.exercises` be imported anew by who asks for it, and this process know no job."""
    for name in [one for one in sys.modules if one.startswith(("helpers.exercises", "__mp_"))]:
        del sys.modules[name]
    del sys.modules["helpers"].exercises
    vars(multiprocessing.current_process()).update(_target=None, _args=())


def judge_cell(job: Job) -> tuple[str, str]:
    """Run the cells of a job, and judge the answer: a verdict and its sentence."""
    running.seeds = random.Random(job.exercise)  # the same cases for all, and the next time
    answers: dict[str, object] = {}
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    names = vars(main)
    names.update({HOOK: answers.__setitem__, "display": print})
    for source in job.before:
        with contextlib.suppress(BaseException):  # the next cell can be run all the same
            exec(aim(source), names)
    try:
        exec(aim(job.source), names)
    except BaseException as error:
        if job.exercise not in answers:
            return FAILED, running.explain(error)
    if job.exercise not in answers:
        return FAILED, "Its cell ran to the end without a call of check."
    answer = answers[job.exercise]
    if job.exercise not in EXERCISES:
        with contextlib.suppress(Exception):  # a number may be of a class that equals everything
            answer = json.loads(json.dumps(to_plain(answer)))
    said = feedback(job.exercise, answer)
    if said.startswith("Right. ") and not refuses_mistakes(job.exercise):
        return FAILED, "Something in its cells has changed what judges it."
    return to_verdict(said)


def to_verdict(said: str) -> tuple[str, str]:
    """Part what `check` says into a verdict and its sentence."""
    if said == OPEN:
        return OPEN_STILL, ""
    if said.startswith("Right. "):
        return RIGHT, said.removeprefix("Right. ")
    late = said.startswith((running.LATE, "Not yet. Your code still runs"))
    return FAILED if late else NOT_YET, said.removeprefix(running.REFUSED)


def refuses_mistakes(name: str) -> bool:
    """Tell whether what is wrong is still refused: the mistakes that we know."""
    exercise = EXERCISES.get(name)
    if exercise is None:
        return feedback(name, object()).startswith(running.REFUSED)

    def refuse() -> str:
        if exercise.rule:
            return exercise.rule(exercise.make(next(iter(exercise.sources().values()))))
        drawn = Drawn(exercise)
        if [None] * len(drawn.cases) in drawn.wrong.values():
            return "One of them is taken for right."
        raise running.NotYet

    return running.run_guarded(refuse, exercise.seconds).startswith(running.REFUSED)


def run_apart(job: Job, seconds: float, megabytes: float) -> tuple[str, str]:
    """Run an exercise in a process and a folder of its own: a verdict and its sentence."""
    key = secrets.token_bytes(32)
    came: list[bytes] = []
    folder = tempfile.mkdtemp()
    here, process = start(folder, job, key, seconds, megabytes)
    reader = threading.Thread(target=receive, args=(here, came), daemon=True)
    reader.start()
    reader.join(seconds)  # not longer, even if half a message has come
    late = reader.is_alive()
    kill(process)
    with contextlib.suppress(RecursionError):  # a thousand folders in one another
        shutil.rmtree(folder, ignore_errors=True)
    if came and blake2b(came[0][SEAL:], key=key).digest() == came[0][:SEAL]:
        verdict, sentence = came[0][SEAL:].decode().split("\n", 1)
        return verdict, CHANCE.sub("", sentence)
    if late:
        return FAILED, f"It did not come to an end within {seconds:g} seconds."
    return FAILED, "Its process ended without a verdict: by an exit, or for lack of memory."


def start(folder: str, *args: object) -> tuple[Connection, multiprocessing.Process]:
    """Start a process for an exercise, and return what it sends through and the process.

    Raises:
        RuntimeError: No process comes to life.
    """
    for _ in range(ATTEMPTS):
        here, there = context().Pipe(duplex=False)
        process = context().Process(target=run, args=(folder, there, *args))
        try:
            process.start()
            return here, process
        except (OSError, EOFError):  # a learner's code has ended the process that makes processes
            here.close()
            time.sleep(PAUSE)
        finally:
            there.close()
    raise RuntimeError("no process can be started")


def receive(pipe: Connection, came: list[bytes]) -> None:
    """Put what comes through a pipe into a list."""
    with pipe, contextlib.suppress(OSError, EOFError):
        came.append(pipe.recv_bytes(SEAL + 5 * LONGEST))


def kill(process: multiprocessing.Process) -> None:
    """End a process and all that it has started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join(PAUSE)


@cache
def context() -> multiprocessing.context.BaseContext:
    """Return how processes are made: on Linux forked from one that has PyTorch already."""
    if not IS_LINUX:
        return multiprocessing.get_context("spawn")
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(PRELOAD)
    return found


def run_all(
    jobs: Sequence[Job], workers: int | None, seconds: float, megabytes: float, tell: Callable
) -> dict[Job, tuple[str, str]]:
    """Run exercises, so many at a time, and return for each a verdict and its sentence."""
    verdicts = {}
    before = dict(os.environ)
    os.environ |= INHERITED
    try:
        with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
            runs = pool.map(lambda job: run_apart(job, seconds, megabytes), jobs)
            for job, verdict in zip(jobs, runs, strict=True):
                verdicts[job] = verdict
                tell(len(verdicts), len(jobs))
    finally:
        os.environ.clear()
        os.environ |= before
    return verdicts


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
    found: list[tuple[Mark, Job | str]] = []
    for student, paths in handed.items():
        for path in paths:
            name = path.relative_to(folder).as_posix()
            try:
                for exercise, jobs in plan(path).items():
                    for job in jobs:
                        why = job if isinstance(job, str) else ""
                        found.append((Mark(student, name, exercise, OPEN_STILL, why), job))
            except Exception as error:  # whatever stands in it costs no other file
                found.append((Mark(student, name, "", FAILED, str(error)), ""))
    wanted = list(dict.fromkeys(job for _, job in found if isinstance(job, Job)))
    verdicts = run_all(wanted, workers, seconds, megabytes, tell)
    marks: dict[tuple[str, str], Mark] = {}
    for mark, job in found:
        if isinstance(job, Job):
            verdict, sentence = verdicts[job]
            mark = dataclasses.replace(mark, verdict=verdict, sentence=sentence)
        if mark.exercise in find_live() and mark.verdict != RIGHT:
            mark = dataclasses.replace(mark, verdict=LIVE, sentence=ON_PANEL)
        place = mark.student, mark.exercise or mark.notebook
        other = marks.get(place)
        if other is None or RANK.index(mark.verdict) < RANK.index(other.verdict):
            marks[place] = mark
    return list(marks.values())


def write(marks: Sequence[Mark], folder: Path) -> None:
    """Write `marks.csv`, and for each student a file of feedback, into a folder."""
    feedbacks = folder / "feedback"
    feedbacks.mkdir(parents=True, exist_ok=True)
    form = {"encoding": "utf-8", "errors": "backslashreplace"}  # a name may hold any bytes
    with open(folder / "marks.csv", "w", newline="", **form) as file:
        table = csv.writer(file)
        table.writerow(field.name for field in dataclasses.fields(Mark))
        table.writerows(map(defuse, dataclasses.astuple(mark)) for mark in marks)
    lines: dict[str, list[str]] = {}
    for mark in marks:
        named = mark.exercise or mark.notebook
        lines.setdefault(mark.student, []).append(f"{named}: {mark.verdict}. {mark.sentence}")
    for student, said in lines.items():
        text = "\n".join(line.rstrip() for line in said)
        (feedbacks / f"{student}.txt").write_text(text + "\n", **form)


def defuse(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{text}" if text.startswith(tuple("=+-@\t\r")) else text
