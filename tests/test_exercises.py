"""Right, wrong with its reason, not answered: never an exception, whatever is handed in."""

import _thread
import contextlib
import contextvars
import itertools
import math
import os
import random
import re
import signal
import sys
import tempfile
import threading
import types
import warnings

import matplotlib
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn, optim
from torch.optim.optimizer import _global_optimizer_pre_hooks

from helpers.exercises import asking, check, lookup, n07_depth, predict, running, show_errors
from helpers.exercises.asking import CHECKS, OPEN, Prediction, feedback
from helpers.exercises.lookup import is_answer, read_exercises
from helpers.exercises.n06_training import ask_fit
from helpers.exercises.programs import Watch
from helpers.experiment import Experiment, Settings
from helpers.model import make_layers
from helpers.widgets import Playground

ALL = read_exercises()


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
    assert feedback(name, ...) == feedback(name, None) == feedback(name, [1, ...]) == OPEN


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


def test_a_prediction_is_made_first_and_then_revealed(capsys):
    guess = Prediction("Up or down?", ["up", "down"])
    assert guess.choice.value is None
    assert not guess.choice.disabled
    guess.choice.value = "up"
    guess.reveal("down")
    assert capsys.readouterr().out == "You predicted: up\nIt is:         down\n"
    assert guess.choice.disabled
    assert guess.choice.value == "up"


def test_without_a_choice_the_truth_still_shows(capsys):
    guess = Prediction("Up or down?", ("up", "down"))
    guess.reveal("up")
    assert not guess.choice.disabled
    assert capsys.readouterr().out == "You predicted: nothing yet\nIt is:         up\n"


def test_predict_displays_and_reads_as_plain_text(monkeypatch):
    shown = []
    monkeypatch.setattr(asking, "display", shown.append)
    guess = predict("Is 1 < 2?", ["yes", "no"])
    assert shown == [guess]
    bundle = guess._repr_mimebundle_()
    assert bundle["text/plain"] == "Is 1 < 2?\n( ) yes\n( ) no"
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert guess.children[0].value == "<b>Is 1 &lt; 2?</b>"


@pytest.mark.parametrize("options", [["one"], [], "yes", ["a", "a"]])
def test_options_are_at_least_two_different_texts(options):
    with pytest.raises(ValueError, match="options must be at least two different texts, got"):
        predict("?", options)


def test_a_truth_is_one_of_the_options():
    guess = Prediction("?", ["a", "b"])
    with pytest.raises(ValueError, match=r"truth must be one of \('a', 'b'\), got 'c'"):
        guess.reveal("c")


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


def test_names_of_exercises_are_told_apart():
    assert not set(CHECKS) & set(ALL)
    assert all(re.fullmatch(r"\d\d-[a-z]+(-\d)?", name) for name in CHECKS)
    with pytest.raises(ValueError, match=r"such as '06-train', got '06-trian'"):
        check("06-trian", 1)


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize(
    "code",
    [
        "answer = ...",
        "answer = None",
        "answer = [[...], 2]",
        "def answer(x): ...",
        'def answer(x, y):\n    """Add."""\n    ...',
        "class answer:\n    def __init__(self): ...\n    def step(self): ...",
    ],
)
def test_dots_are_not_answered_yet(name, code):
    assert feedback(name, cell(code)) == OPEN


@pytest.mark.parametrize(
    "code", ["def answer(x): return 1", "answer = lambda x: x", "class answer: pass"]
)
def test_what_does_something_is_answered(code):
    assert not lookup.is_open(cell(code))


def test_four_orders_of_the_five_steps_train():
    orders = itertools.permutations(["forward", "loss", "zero_grad", "backward", "step"])
    right = {order for order in orders if feedback("00-order", order).startswith("Right. ")}
    others = ["forward", "loss", "backward", "step"]
    places = [(*others[:i], "zero_grad", *others[i:]) for i in (0, 1, 2, 4)]
    assert right == set(places)


def test_what_a_learner_prints_goes_through(capsys):
    check("01-points", cell("def answer(n):\n    print('n is', n)\n    return n"))
    first, second = capsys.readouterr().out.splitlines()
    assert first == "n is 30"
    assert second.startswith("Not yet. It should return x and y")


ERRORS = {
    "def answer(n):\n    x = 1\n    return x + m": "line 3 of your cell: NameError: name 'm'",
    "def f(n):\n    return 1 / 0\n\n\ndef answer(n):\n    return f(n)": "line 2 of your cell: Zero",
    "def answer(n):\n    return torch.ones(2) @ torch.ones(3)": "line 2 of your cell: RuntimeError",
    "def answer(n):\n    return nn.Linear(1, 2)(torch.ones(3, 5))": "line 2 of your cell: Runtime",
    "def answer(n):\n    raise ValueError('one\\ntwo')": "line 2 of your cell: ValueError: one.",
    "def answer(n):\n    raise ValueError": "line 2 of your cell: ValueError. Look at",
    "def answer(n):\n    raise ValueError('x' * 999)": f"ValueError: {'x' * 200} ...",
    "def answer(n):\n    return answer(n)": "RecursionError: maximum recursion depth",
    "import sys\ndef answer(n):\n    sys.exit()": "line 3 of your cell: SystemExit. Your code ends",
    "def answer(n):\n    raise KeyboardInterrupt": "line 2 of your cell: KeyboardInterrupt. Your",
    "def answer(n):\n    assert n > 99, 'few'": "line 2 of your cell: AssertionError: few.",
    "class E(Exception):\n    def __str__(self):\n        raise E\ndef answer(n):\n    raise E":
        "line 5 of your cell: E. Look at what that line is given.",
}  # fmt: skip


@pytest.mark.parametrize(("code", "said"), ERRORS.items())
def test_an_exception_is_told_with_its_line(code, said):
    text = feedback("01-points", cell(code))
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
    assert f"stops in {place}: " in feedback("01-points", cell("def answer(n):\n    n.x", file))


def test_advice_fits_the_type_and_the_message():
    for kind, part, text in running.ADVICE:
        error = type(kind, (Exception,), {})(f"a {part} b")
        assert text in running.explain(error)
        assert text not in running.explain(RuntimeWarning(f"a {part} b"))


LOOPS = [
    "def answer(n):\n    while True:\n        pass",
    "def answer(n):\n    while True:\n        try:\n            n += 1\n"
    "        except:\n            pass",
    "def answer(n):\n    while True:\n        try:\n            torch.ones(9).sum()\n"
    "        except BaseException:\n            continue",
    "import time\ndef answer(n):\n    while True:\n        time.sleep(0.001)",
]


@pytest.mark.parametrize("code", LOOPS)
def test_a_loop_without_end_is_stopped(monkeypatch, code):
    monkeypatch.setattr(running, "SECONDS", 0.1)
    pause = sys.getswitchinterval()
    said = feedback("01-points", cell(code))
    assert said.startswith("Not yet. Your code did not come to an end within 0.1 seconds: ")
    assert "check" not in [thread.name for thread in threading.enumerate()]
    assert sys.getswitchinterval() == pause


def test_the_limit_is_twenty_seconds():
    assert running.SECONDS == 20


def test_what_cannot_be_stopped_is_said_to_run_on(monkeypatch):
    monkeypatch.setattr(running, "SECONDS", 0.05)
    monkeypatch.setattr(running, "PATIENCE", 0.05)
    over = threading.Event()
    try:
        said = feedback("01-points", lambda n: over.wait(60))
    finally:
        over.set()
    assert "still runs after 0.05 seconds and cannot be stopped: restart the kernel" in said


def test_the_stop_button_ends_the_check_with_a_line():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a background job

    def endless(n):
        _thread.interrupt_main()
        while True:
            pass

    try:
        assert feedback("01-points", endless) == "Stopped by you before the check was done."
    finally:
        signal.signal(signal.SIGINT, before)
    assert "check" not in [thread.name for thread in threading.enumerate()]


def test_a_verdict_passes_an_except_of_the_learner(monkeypatch):
    monkeypatch.setattr(running, "SECONDS", 2)

    def stubborn(net, x, y, loss_func, optimizer, epochs):
        while True:
            with contextlib.suppress(Exception):
                net(x)

    assert "the loop goes on and on" in feedback("06-train", stubborn)


def test_code_runs_in_the_context_of_its_cell():
    cell_of = contextvars.ContextVar("cell_of", default="none")
    token = cell_of.set("this one")
    try:
        said = feedback("01-points", lambda n: 1 / 0 if cell_of.get() == "this one" else None)
    finally:
        cell_of.reset(token)
    assert "ZeroDivisionError" in said


def test_a_generator_without_end_is_refused_at_once():
    def forever(net, x, y, loss_func, optimizer, epochs):
        while True:
            yield net(x)

    assert "is a generator" in feedback("06-train", forever)
    assert "an object of the class count" in feedback("05-rate", lambda valley: itertools.count())


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


def spoil(n):
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
    feedback("01-points", spoil)
    after = nothing_changed()
    assert {key for key in before if before[key] != after[key]} == set()


def test_what_the_notebook_has_set_is_kept_but_does_not_disturb(monkeypatch):
    right = cell(
        "def answer(n):\n    x = torch.linspace(-10, 10, n)[:, None]\n    return x, x.sin()"
    )
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad(), torch.device("meta"):
            assert feedback("01-points", right).startswith("Right. ")
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


def test_a_hook_is_gone_also_after_an_error():
    before = nothing_changed()
    assert "ZeroDivisionError" in feedback("06-clinic-1", lambda: 1 / 0)
    assert nothing_changed()["module hooks"] == before["module hooks"]


def test_hooks_are_gone_from_the_network_that_was_watched():
    kept = []

    def program():
        net = make_layers([1, 4, 1])
        optimizer = optim.SGD(net.parameters(), lr=0.1)
        net(torch.ones(3, 1)).mean().backward()
        optimizer.step()
        kept.append(net)
        return net, [1.0]

    feedback("06-clinic-1", program)
    for parameter in kept[0].parameters():
        assert not parameter._backward_hooks
        assert not parameter._post_accumulate_grad_hooks


def one_iteration(net, x, y, loss_func, optimizer):
    loss = loss_func(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@pytest.mark.parametrize("times", [range(2), range(100), itertools.count()])
def test_a_loop_inside_one_iteration_is_named(times):
    def looping(*given):
        for _ in times:
            one_iteration(*given)

    assert "there is a loop inside" in feedback("00-steps", looping)


def test_points_in_another_order_are_the_same_problem():
    def shuffled(net, x, y, loss_func, optimizer):
        order = torch.randperm(len(x))
        one_iteration(net, x[order], y[order], loss_func, optimizer)

    assert feedback("00-steps", shuffled).startswith("Right. ")


def train_sine(clear, backwards=1, rate=0.02, make=optim.Adam, anew=False, iterations=200):
    torch.manual_seed(0)
    x = torch.linspace(-5, 5, 100).unsqueeze(1)
    y = torch.sin(x)
    net = make_layers([1, 20, 20, 1])
    optimizer = make(net.parameters(), lr=rate)
    losses = []
    for _ in range(iterations):
        if anew:
            optimizer = make(net.parameters(), lr=rate)
        for _ in range(backwards):
            loss = (net(x) - y).square().mean()
            loss.backward()
        torch.autograd.grad((net(x) - y).square().mean(), list(net.parameters()))
        optimizer.step()
        torch.autograd.grad((net(x) - y).square().mean(), list(net.parameters()))
        clear(net)
        losses.append(loss.item())
    return net, losses


def fill_with_zeros(net):
    net.zero_grad(set_to_none=False)


@pytest.mark.parametrize("clear", [nn.Module.zero_grad, fill_with_zeros])
def test_gradients_of_several_backwards_may_be_summed_for_one_step(clear):
    said = feedback("06-clinic-1", lambda: train_sine(clear, backwards=3))
    assert said.startswith("Right. ")


def test_one_layer_that_is_never_cleared_is_not_all_of_them():
    said = feedback("06-clinic-1", lambda: train_sine(lambda net: net[4].zero_grad()))
    assert "is zero_grad called in each iteration?" in said


def test_a_new_plain_sgd_forgets_nothing():
    def program():
        clear = nn.Module.zero_grad
        return train_sine(clear, rate=0.05, make=optim.SGD, anew=True, iterations=20)

    said = feedback("06-clinic-1", program)
    assert said.startswith("Not yet. ")
    assert "a new optimizer" not in said


def test_a_narrow_network_that_says_nothing_below_0_has_no_activation_behind():
    net = make_layers([1, 1, 1])
    with torch.no_grad():
        for parameter, value in zip(net.parameters(), (1.0, 0.0, 0.1, 1.0), strict=True):
            parameter.fill_(value)
    assert "learnt next to nothing" in feedback("00-reach", net)
    assert net.training
    assert net[2].bias.item() == 1.0
    x = torch.linspace(-5, 5, 100).unsqueeze(1)
    assert "activation" not in ask_fit(net, x, torch.sin(x), [1.0, 0.9])


@pytest.mark.parametrize("cfg", [[1, 1, 1], [1, 2, 2, 1], [1, 60, 60, 1]])
def test_all_units_off_is_not_the_same_as_no_hidden_layer(cfg):
    net = make_layers(cfg)
    with torch.no_grad():
        net[-3].bias.fill_(-1000.0)
    assert "it says the same, " in feedback("00-reach", net)


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        ((6, 1), (6,), "labels are flat"),
        ((6,), (6, 1), "predictions are flat"),
        ((6, 1), (1, 6), "labels are no column"),
        ((6, 1), (4,), "labels are flat"),
        ((6, 1), (6, 1), None),
        ((6, 1), (1,), None),
        ((6, 1), (), None),
        ((1, 6), (6,), None),
    ],
)
@pytest.mark.parametrize(
    "compare",
    [
        torch.sub,
        lambda a, b: torch.subtract(a, other=b),
        nn.functional.mse_loss,
        nn.functional.smooth_l1_loss,
    ],
)
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_a_table_is_found_whatever_the_shapes(a, b, said, compare):
    with Watch() as seen:
        compare(torch.ones(a, requires_grad=True), torch.ones(b))
    found = seen.losses.tell_table()
    assert not found if said is None else said in found


@pytest.fixture(scope="module")
def panel():
    panel = Playground(Settings(cfg=(1, 4, 1)))
    yield panel
    panel.close()


def test_a_panel_is_looked_at_where_it_stands(panel, monkeypatch):
    assert "at iteration 0: press Run" in feedback("07-goal", panel)
    panel.advance(3)
    assert re.search(
        r"13 parameters, and at iteration 3 a loss of .*997 iter", feedback("07-goal", panel)
    )
    monkeypatch.setattr(n07_depth, "LOSS", 10)
    assert feedback("07-goal", panel).startswith("Right. 13 parameters, and at iteration 3 ")
    monkeypatch.setattr(n07_depth, "WITHIN", 2)
    assert feedback("07-goal", panel).startswith("Right. 13 parameters, and at iteration 2 ")
    monkeypatch.setattr(n07_depth, "LOSS", 0.01)
    assert "Try another rate" in feedback("07-goal", panel)


def test_past_the_last_iteration_a_new_run_decides(monkeypatch):
    monkeypatch.setattr(n07_depth, "WITHIN", 5)
    experiment = Experiment(Settings(cfg=(1, 4, 1), lr=1e9))
    experiment.iteration = 9
    said = feedback("07-goal", types.SimpleNamespace(experiment=experiment))
    assert "A run of these settings explodes: loss is " in said


class Raises(nn.Module):
    """A network that fails when it is used."""

    def forward(self, x):
        raise RuntimeError("forward")


class Says(nn.Module):
    """A network with a weight that says the same of everything."""

    def __init__(self, value):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, 1))
        self.value = value

    def forward(self, x):
        return self.value


def raiser(error):
    def function(*args, **kwargs):
        raise error

    return function


class FailsToBegin:
    def __init__(self, *args, **kwargs):
        raise OSError("no disk")


class WrongMeta(type):
    def __call__(cls, *args, **kwargs):
        raise SystemExit(3)


class CannotBeMade(metaclass=WrongMeta):
    pass


class Liar:
    """Claims to be a tensor."""

    @property
    def __class__(self):
        return torch.Tensor


def recurse(*args, **kwargs):
    return recurse(*args, **kwargs)


def endless(*args, **kwargs):
    while True:
        yield args


def odd_objects():
    """Make a hundred odd things, fresh each time."""
    nan, table = torch.tensor(math.nan), torch.randn(30, 30)
    values = [None.__class__, True, 0, -1, 10**400, 1.5, math.nan, -math.inf, 1j, "", "yes",
              "cannot tell", b"x", range(3), {}, {1: 2}, set(), object(), NotImplemented,
              [], [[]], (), [1, 2], [1, 2, 3], [[1, 2, 3]] * 3, ["a"] * 3, [None.__class__] * 3,
              [math.nan] * 3, [[math.nan] * 3] * 3, [torch.ones(3)] * 3, [print, print],
              itertools.count(), iter([]), endless()]  # fmt: skip
    loop = []
    loop.append(loop)
    tensors = [torch.ones(shape) for shape in ((), (0,), (3,), (1, 1), (30, 1), (2, 3, 4))]
    tensors += [torch.ones(3, dtype=dtype) for dtype in (torch.int64, torch.float64, torch.bool)]
    tensors += [torch.ones(3, dtype=torch.complex64), nan, torch.empty(2, device="meta")]
    returned = [
        None,
        ...,
        1,
        "no",
        nan,
        table,
        (table, table),
        [1.0] * 7,
        [nan] * 7,
        {},
        print,
        (nn.Linear(1, 1), []),
        (nn.Linear(1, 1), [1.0]),
        (Says(nan), [nan]),
        endless(),
        (torch.ones(30, 1), torch.ones(30, 1)),
        Says(None),
        nn.Identity(),
        [table] * 4,
    ]
    functions = [lambda *a, one=one, **k: one for one in returned]
    functions += [lambda: 1, lambda a: a, lambda a, b: (a, b), lambda a, b, c: a,
                  lambda a, b, c, d: 1,
                  lambda a, b, c, d, e: 1, lambda a, b, c, d, e, f: [1] * f, endless, recurse,
                  print, len, max, torch.sin, torch.add, sorted, super]  # fmt: skip
    errors = [
        ValueError(),
        KeyError(1),
        SystemExit(),
        KeyboardInterrupt(),
        GeneratorExit(),
        StopIteration(1),
        MemoryError(),
        BaseException("b"),
        Exception("é\n\nx"),
    ]
    functions += [raiser(error) for error in errors]
    classes = [
        FailsToBegin,
        CannotBeMade,
        Hostile,
        int,
        list,
        dict,
        type,
        nn.Module,
        nn.Linear,
        nn.Sequential,
        nn.Identity,
        optim.SGD,
        optim.Adam,
        Exception,
    ]
    networks = [
        nn.Identity(),
        nn.Module(),
        Raises(),
        nn.Linear(1, 1),
        nn.Linear(3, 3),
        nn.Linear(1, 1, dtype=torch.float64),
        Says(nan),
        Says(None),
        Says(torch.ones(500, 1)),
        Says((table, table)),
        make_layers([1, 4, 1]),
        make_layers([1, 1]),
        nn.LazyLinear(1),
        nn.Linear(1, 1, device="meta"),
    ]
    hostile = [
        Hostile(),
        Liar(),
        loop,
        types.SimpleNamespace(experiment=None),
        types.SimpleNamespace(experiment=Experiment(Settings(cfg=(1, 1)))),
    ]
    return [*values, *tensors, *functions, *classes, *networks, *hostile]


def test_there_are_a_hundred_odd_objects():
    assert len(odd_objects()) > 100


@pytest.mark.parametrize("name", CHECKS)
def test_odd_objects_get_a_sentence(name, panel):
    closed = Playground(Settings(cfg=(1, 2, 1)))
    closed.close()
    objects = [*odd_objects(), panel, closed]
    before = nothing_changed()
    for odd in objects:
        with contextlib.redirect_stdout(None):
            said = feedback(name, odd)
        assert re.fullmatch(r"(Not yet\. |Not answered)[^\n]*[.?!)]", said), (odd, said)
    after = nothing_changed()
    assert {key for key in before if before[key] != after[key]} == set()
