"""Right, wrong with its reason, not answered: never an exception, whatever is handed in."""

import _thread
import contextlib
import contextvars
import math
import os
import random
import re
import signal
import sys
import tempfile
import threading
import warnings

import matplotlib
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.optim.optimizer import _global_optimizer_pre_hooks

from helpers.exercises import check, judging, lookup, running, show_errors
from helpers.exercises.asking import EXERCISES, LATE, OPEN, WORLD, feedback
from helpers.exercises.lookup import is_answer, read_exercises

ALL = read_exercises()
RUN = [*EXERCISES]


@pytest.mark.parametrize("name", ALL)
def test_an_exercise_is_whole(name):
    exercise = ALL[name]
    assert set(exercise) == {"answer", "why", "hint", "wrong"}
    assert re.fullmatch(r"\d\d-[a-z]+", name)
    assert len(exercise["wrong"]) >= 2
    answers = [exercise["answer"], *(wrong["answer"] for wrong in exercise["wrong"])]
    for place, one in enumerate(answers):
        assert not any(is_answer(one, other) for other in answers[:place]), one
    texts = [exercise["why"], exercise["hint"], *(wrong["says"] for wrong in exercise["wrong"])]
    assert all(re.search(r"[.?)]$", text) for text in texts)
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("name", ALL)
def test_every_answer_gets_its_own_words(name):
    exercise = ALL[name]
    assert feedback(name, exercise["answer"]) == f"Right. {exercise['why']}"
    for wrong in exercise["wrong"]:
        assert feedback(name, wrong["answer"]) == f"Not yet. {wrong['says']}"
    assert feedback(name, ...) == feedback(name, [1, ...]) == OPEN
    assert feedback(name, None).startswith("Not yet. The answer is None")


def test_check_prints_and_returns_nothing(capsys):
    assert check("03-count", 21) is None
    assert check("03-count", 15) is None
    right, wrong = capsys.readouterr().out.splitlines()
    assert right.startswith("Right. ")
    assert wrong.startswith("Not yet. Those are the weights.")


@pytest.mark.parametrize(
    "answer",
    [(50, 20), [50, 20], torch.Size([50, 20]), np.array([50, 20]), torch.tensor([50, 20])],
)
def test_every_kind_of_shape_is_a_list(answer):
    assert feedback("02-weight", answer).startswith("Right.")


@pytest.mark.parametrize("answer", [21, 21.0, np.int64(21), torch.tensor(21), torch.tensor([21.0])])
def test_every_kind_of_number_is_a_number(answer):
    assert feedback("03-count", answer).startswith("Right.")


@pytest.mark.parametrize("answer", ["last", "LAST", " Last "])
def test_words_in_any_case(answer):
    assert feedback("01-split", answer).startswith("Right.")


def test_whole_numbers_exactly_and_others_to_a_hundredth():
    assert not is_answer(16.01, 16)
    assert is_answer(1.33, 1.3333)
    assert not is_answer(1.3, 1.3333)
    assert not is_answer(math.nan, 0.5)
    assert not is_answer(True, 1)
    assert not is_answer(1, True)
    assert is_answer(True, True)
    assert not is_answer("16", 16)


def test_a_wrong_kind_is_said():
    assert feedback("03-count", "many") == "Not yet. The answer is a number; yours is a word."
    assert feedback("01-split", 3) == "Not yet. The answer is a word; yours is a number."
    kind = "Not yet. The answer is a list; yours is of type dict."
    assert feedback("02-weight", {}) == kind


def test_an_unknown_wrong_answer_gets_the_hint():
    assert feedback("03-count", 17) == f"Not yet. {ALL['03-count']['hint']}"


class Hostile:
    """An object that refuses everything."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    def __eq__(self, other):
        raise RuntimeError("==")

    __hash__ = None


@pytest.mark.parametrize("name", ["02-weight", "03-count", "01-floor", "01-split"])
@pytest.mark.parametrize(
    "answer",
    [Hostile(), 10**400, -math.inf, math.nan, 1j, b"x", set(), torch.nn.ReLU(), len,
     torch.empty(2, device="meta"), [Hostile()], [[[]]], np.array(["a"]), "", np.float32(1e-30)],
    ids=lambda answer: type(answer).__name__,
)  # fmt: skip
def test_no_answer_raises(name, answer):
    assert feedback(name, answer).startswith("Not yet. ")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=8
)


@settings(deadline=None)
@given(st.sampled_from(sorted(ALL)), anything)
def test_nothing_raises(name, answer):
    assert re.match("Right|Not yet|Not answered", feedback(name, answer))


def test_an_unknown_exercise_names_the_nearest():
    with pytest.raises(ValueError, match=r"such as '03-count', got '03-coun'"):
        check("03-coun", 1)


def test_errors_are_numbered_without_their_tracebacks(capsys):
    show_errors(lambda: [][0], lambda: None, lambda: int("x"))
    first, second = capsys.readouterr().out.strip().split("\n\n")
    assert first == "1. IndexError: list index out of range"
    assert second.startswith("3. ValueError: invalid literal")


# What follows is about exercises that run the learner's code.


def cell(code, name="<cell>"):
    """Run code as a notebook's cell, and return what it calls `answer`."""
    names = {"torch": torch, "nn": nn}
    exec(compile(code, name, "exec"), names)
    return names["answer"]


@pytest.mark.parametrize("name", RUN)
@pytest.mark.parametrize(
    "code",
    [
        "answer = ...",
        "answer = [[...], 2]",
        "def answer(x): ...",
        'def answer(x, y):\n    """Add."""\n    ...',
        "class answer:\n    def __init__(self): ...\n    def step(self): ...",
    ],
)
def test_dots_are_not_answered_yet(name, code):
    assert feedback(name, cell(code)) == OPEN


def test_a_note_left_open_is_named_where_the_program_is_not_right_either():
    open_note = cell("def answer():\n    diagnosis = ...\n    return 3")
    open_line = cell("def answer():\n    diagnosis = ...\n    out = ...\n    return out")
    named = OPEN.replace("your answer", "your diagnosis")
    assert feedback("06-clinic-1", open_note) == named
    assert feedback("06-clinic-1", open_line) == OPEN
    assert feedback("06-train", open_note) == OPEN


@pytest.mark.parametrize(
    "code", ["def answer(x): return 1", "answer = lambda x: x", "class answer: pass"]
)
def test_what_does_something_is_answered(code):
    assert not lookup.is_open(cell(code))


def test_what_a_learner_prints_goes_through(capsys):
    check("11-shift", cell("def answer(*n):\n    print('n is', len(n))\n    return n[0]"))
    first, second = capsys.readouterr().out.splitlines()
    assert first == "n is 2"
    assert second.startswith("Not yet. All pictures are moved by the same pixels")


ERRORS = {
    "def answer(*n):\n    x = 1\n    return x + m": "line 3 of your cell: NameError: name 'm'",
    "def f(n):\n    return 1 / 0\n\ndef answer(*n):\n    return f(n)": "line 2 of your cell: Zero",
    "def answer(*n):\n    return torch.ones(2) @ torch.ones(3)": "line 2 of your cell",
    "def answer(*n):\n    return nn.Linear(1, 2)(torch.ones(3, 5))": "line 2 of your cell: Runtime",
    "def answer(*n):\n    raise ValueError('one\\ntwo')": "line 2 of your cell: ValueError: one.",
    "def answer(*n):\n    raise ValueError": "line 2 of your cell: ValueError.",
    "def answer(*n):\n    raise ValueError('x' * 999)": f"ValueError: {'x' * 200} ...",
    "def answer(*n):\n    return answer(n)": "RecursionError: maximum recursion depth",
    "import sys\ndef answer(*n):\n    sys.exit()": "line 3 of your cell: SystemExit. That",
    "def answer(*n):\n    raise KeyboardInterrupt": "line 2 of your cell: KeyboardInterrupt. That",
    "def answer(*n):\n    assert len(n) > 999, 'few'": "line 2 of your cell: AssertionError: few.",
    "class E(Exception):\n    def __str__(self):\n        raise E\ndef answer(*n):\n    raise E":
        "line 5 of your cell: E.",
}  # fmt: skip


@pytest.mark.parametrize(("code", "said"), ERRORS.items())
def test_an_exception_is_told_with_its_line(code, said):
    text = feedback("11-shift", cell(code))
    assert text.startswith("Not yet. Your code stops in ")
    assert said in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("file", "place"),
    [
        (f"{tempfile.gettempdir()}/ipykernel_12/3456.py", "line 2 of your cell"),
        ("<ipython-input-3-abc>", "line 2 of your cell"),
        ("/somewhere/mine.py", "line 2 of mine.py"),
    ],
)
def test_the_line_is_named_after_its_file(file, place):
    assert f"stops in {place}: " in feedback("11-shift", cell("def answer(*n):\n    n.x", file))


def test_advice_fits_the_type_and_the_message():
    for kind, part, text in running.ADVICE:
        error = type(kind, (Exception,), {})(f"a {part} b")
        assert text in running.explain(error)
        assert text not in running.explain(RuntimeWarning(f"a {part} b"))


LOOPS = [
    "def answer(*n):\n    while True:\n        pass",
    "def answer(*n):\n    while True:\n        try:\n            n += 1\n"
    "        except:\n            pass",
    "def answer(*n):\n    while True:\n        try:\n            torch.ones(9).sum()\n"
    "        except BaseException:\n            continue",
    "import time\ndef answer(*n):\n    while True:\n        time.sleep(0.001)",
]


def ends_soon():
    """Whether the thread of a check ends within a second."""
    checks = [thread for thread in threading.enumerate() if thread.name == "check"]
    for thread in checks:
        thread.join(1)
    return not any(thread.is_alive() for thread in checks)


@pytest.mark.parametrize("code", LOOPS)
def test_a_loop_without_end_is_stopped(monkeypatch, code):
    monkeypatch.setattr(running, "SECONDS", 0.1)
    pause = sys.getswitchinterval()
    said = feedback("11-shift", cell(code))
    assert said.startswith("Not yet. Your code did not come to an end within 0.1 seconds: ")
    assert ends_soon()
    assert sys.getswitchinterval() == pause


def test_what_cannot_be_stopped_is_said_to_run_on(monkeypatch):
    monkeypatch.setattr(running, "SECONDS", 0.05)
    monkeypatch.setattr(running, "PATIENCE", 0.05)
    over = threading.Event()
    try:
        said = feedback("11-shift", lambda *n: over.wait(60))
    finally:
        over.set()
    assert "still runs after 0.05 seconds and cannot be stopped: restart the kernel" in said


def test_the_stop_button_ends_the_check_with_a_line():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a background job

    def endless(n, most):
        _thread.interrupt_main()
        while True:
            pass

    try:
        assert feedback("11-shift", endless) == "Stopped by you before the check was done."
    finally:
        signal.signal(signal.SIGINT, before)
    assert ends_soon()


def test_code_runs_in_the_context_of_its_cell():
    cell_of = contextvars.ContextVar("cell_of", default="none")
    token = cell_of.set("this one")
    try:
        said = feedback("11-shift", lambda *n: 1 / 0 if cell_of.get() == "this one" else None)
    finally:
        cell_of.reset(token)
    assert "ZeroDivisionError" in said


def nothing_changed():
    """Take down all that a learner's code might change."""
    with warnings.catch_warnings():
        filters = list(warnings.filters)
    return {
        "torch": torch.get_rng_state().tolist(),
        "numpy": repr(np.random.get_state()),  # noqa: NPY002
        "python": random.getstate(),
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "threads": torch.get_num_threads(),
        "grad": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "anomaly": torch.is_anomaly_enabled(),
        "rcParams": dict(matplotlib.rcParams.copy()),
        "precision": torch.get_float32_matmul_precision(),
        "printing": str(torch.tensor([1 / 3, 1e9])),
        "environ": dict(os.environ),
        "folder": os.getcwd(),
        "path": list(sys.path),
        "recursion": sys.getrecursionlimit(),
        "streams": (sys.stdout, sys.stderr, sys.stdin),
        "filters": filters,
        "module hooks": len(torch.nn.modules.module._global_forward_pre_hooks),
        "step hooks": len(_global_optimizer_pre_hooks),
    }


def spoil(n, most):
    """Change all of it."""
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_num_threads(torch.get_num_threads() + 1)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True)
    torch.autograd.set_detect_anomaly(True)
    matplotlib.rcParams["lines.linewidth"] = 17
    torch.set_float32_matmul_precision("medium")
    torch.set_printoptions(precision=9, sci_mode=True, linewidth=30, edgeitems=1, threshold=1)
    os.environ["SPOILT"] = "1"
    os.environ.pop("OMP_NUM_THREADS", None)
    os.chdir("/")
    sys.path.append("/nowhere")
    sys.setrecursionlimit(5000)
    sys.stdout = sys.stderr = None
    warnings.simplefilter("error")


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_nothing_is_left_changed():
    before = nothing_changed()
    feedback("11-shift", spoil)
    after = nothing_changed()
    assert {key for key in before if before[key] != after[key]} == set()


def test_what_the_notebook_has_set_is_kept_but_does_not_disturb():
    right = EXERCISES["11-shift"].make(EXERCISES["11-shift"].solution)
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad(), torch.device("meta"):
            assert feedback("11-shift", right).startswith("Right. ")
            assert not torch.is_grad_enabled()
            assert torch.get_default_device().type == "meta"
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_points_are_others_each_time_and_a_seed_of_the_notebook_tells_nothing():
    seen = []
    for _ in range(2):
        torch.manual_seed(0)
        feedback("04-huber", lambda out, y, delta: seen.append(y) or y.sum())
    assert not torch.equal(seen[0], seen[1])


@pytest.mark.usefixtures("same_world")
@pytest.mark.parametrize("name", EXERCISES)
def test_none_is_an_answer_and_not_a_right_one(name):
    assert feedback(name, None).startswith("Not yet. ")


@pytest.mark.parametrize(
    "code", ["sys.stdout.close()", "sys.stdout = None", "with sys.stdout: pass"]
)
def test_a_closed_stdout_is_open_again(code, capsys):
    check("11-shift", cell(f"import sys\ndef answer(n, most):\n    {code}"))
    check("11-shift", cell("def answer(n, most):\n    print('heard')"))
    assert capsys.readouterr().out.count("Not yet. ") == 2


def test_what_is_printed_without_end_is_cut_off(capsys):
    check("11-shift", lambda n, most: [print("x" * 999) for _ in range(9999)])
    out = capsys.readouterr().out
    assert len(out) < running.LETTERS + 500
    assert f"more than {running.LETTERS:,} letters: the rest is left out" in out


PATCHES = {
    "backward": (torch.Tensor, "backward", lambda self: None),
    "forward": (nn.Linear, "forward", lambda self, x: x[:, :1].expand(-1, self.out_features) * 0),
    "step": (torch.optim.Adam, "step", lambda self: None),
    "where": (torch, "where", lambda *_: None),
}


@pytest.mark.parametrize("patch", PATCHES)
def test_where_torch_is_changed_the_world_is_to_blame(patch, monkeypatch):
    name = "04-huber" if patch == "where" else "11-classify"
    wrong = next(iter(EXERCISES[name].sources().values()))
    assert WORLD not in feedback(name, EXERCISES[name].make(wrong))
    solution = EXERCISES[name].make(EXERCISES[name].solution)
    monkeypatch.setattr(*PATCHES[patch])
    said = feedback(name, solution)
    assert said.startswith("Not yet. ")
    assert said.endswith(WORLD)


def test_where_the_solution_itself_stops_nothing_else_is_said(monkeypatch):
    solution = EXERCISES["04-huber"].make(EXERCISES["04-huber"].solution)
    monkeypatch.setattr(torch, "where", lambda *_: raise_it(ValueError("no")))
    said = feedback("04-huber", solution)
    assert said == f"Not yet. {judging.OURS} ValueError: no. {WORLD}"


def test_who_is_late_is_late_and_not_the_world(monkeypatch):
    monkeypatch.setattr(running, "SECONDS", 0.1)
    said = feedback("11-shift", cell(LOOPS[0]))
    assert said.startswith(LATE)
    assert WORLD not in said


def raise_it(error):
    raise error


ODD = [
    math.nan, "yes", {}, [], [math.nan] * 3, print, torch.sin, super, int, nn.Module,
    nn.Linear(1, 1), nn.Identity(), nn.LazyLinear(1), nn.Linear(1, 1, device="meta"), Hostile(),
    Hostile,    torch.empty(2, device="meta"), torch.optim.SGD, lambda *a: a,
    lambda *a: nn.Linear(1, 1), lambda *a: (nn.Linear(1, 1), []), lambda *a: (x for x in a),
    lambda *a: raise_it(SystemExit()), lambda *a: raise_it(StopIteration(1)),
    lambda *a: raise_it(BaseException("b")), lambda *a: raise_it(Exception("\u00e9\n\nx")),
]  # fmt: skip


@pytest.mark.usefixtures("same_world")
@pytest.mark.parametrize("name", RUN)
def test_odd_objects_get_a_sentence(name):
    """Each exercise gets four of them, and each of them comes to several exercises."""
    place = 4 * RUN.index(name)
    before = nothing_changed()
    for odd in (ODD * 9)[place : place + 4]:
        with contextlib.redirect_stdout(None):
            said = feedback(name, odd)
        assert re.fullmatch(r"Not yet\. [^\n]*[.?!)]", said), (odd, said)
    after = nothing_changed()
    assert {key for key in before if before[key] != after[key]} == set()
