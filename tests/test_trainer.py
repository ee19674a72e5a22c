"""The thread that trains, driven by a scripted view and a scripted experiment: no luck."""

import _thread
import atexit
import gc
import math
import signal
import threading
import weakref
from dataclasses import replace
from typing import ClassVar

import pytest

from helpers.experiment import Settings
from helpers.training import Diverged, Iteration
from helpers.widgets import trainer as module
from helpers.widgets.trainer import Trainer

A = Settings(cfg=(1, 8, 1))
B = Settings(cfg=(1, 9, 1))
LONG = 20  # seconds that nothing here takes


class Script:
    """An experiment that only counts, and does what the test says at an iteration."""

    made: ClassVar = []
    plan: ClassVar = {}  # what to call before an iteration, by (network, iteration)
    refused: ClassVar = {}  # what to raise instead of making a network, by its settings

    def __init__(self, settings):
        if settings in self.refused:
            raise self.refused[settings]
        self.settings = settings
        self.iteration = 0
        self.number = len(self.made)
        self.made.append(self)

    def apply(self, settings):
        if replace(self.settings, lr=settings.lr, optimizer=settings.optimizer) != settings:
            return False
        self.settings = settings
        return True

    def advance(self):
        self.plan.get((self.number, self.iteration), lambda: None)()
        self.iteration += 1
        return Iteration(self.iteration - 1, 1.0, None)

    def evaluate(self):
        return Iteration(self.iteration, 1.0, None)


class View:
    """A view that writes down what it is told, and does what the test says then."""

    def __init__(self):
        self.settings = A
        self.stop = 10
        self.delays = []  # what `wait` answers, one after the other, and 0 after them
        self.plan = {}  # what to call when a method is, by its name
        self.calls = []

    def note(self, name, what=None):
        self.calls.append((name, what))
        self.plan.get(name, lambda: None)()

    def wanted(self):
        found = self.settings, self.stop
        self.note("wanted", found[0])
        return found

    def begin(self, experiment):
        self.note("begin", experiment.settings)

    def change(self, experiment):
        self.note("change", experiment.settings)

    def record(self, iteration):
        self.note("record", iteration.number)

    def look(self, experiment):
        self.note("look")
        return experiment.evaluate()

    def tell(self, running):
        self.note("tell", running)

    def wait(self):
        self.note("wait")
        return self.delays.pop(0) if self.delays else 0

    def draw(self, trainer):
        self.note("draw", (trainer.experiment.iteration, trainer.problem, trainer.left > 0))

    def told(self, name):
        return [what for kind, what in self.calls if kind == name]


class Gate:
    """A place where the thread stands until the test lets it go on."""

    def __init__(self):
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self):
        self.reached.set()
        assert self.open.wait(LONG)

    def wait(self):
        assert self.reached.wait(LONG)


@pytest.fixture(autouse=True)
def script(monkeypatch):
    monkeypatch.setattr(module, "Experiment", Script)
    monkeypatch.setattr(Script, "made", [])
    monkeypatch.setattr(Script, "plan", {})
    monkeypatch.setattr(Script, "refused", {})
    return Script


@pytest.fixture
def view():
    return View()


@pytest.fixture
def trainer(view):
    made = Trainer(Script(A), view, 10)
    made.start()
    rest(made)
    yield made
    made.close()
    assert not made.thread.is_alive()


def rest(trainer):
    """Wait until the thread has nothing to do."""
    assert trainer.resting.wait(LONG)
    assert (trainer.stale, trainer.unread, len(trainer.jobs)) == (False, False, 0)


def at(iteration, action, network=0):
    """Do something in the middle of an iteration: after it was begun, before it is done."""
    Script.plan[network, iteration] = action


def raising(error):
    def action():
        raise error

    return action


# What is pressed counts


@pytest.mark.parametrize("clicks", [1, 2, 5, 30])
def test_every_click_on_one_iteration_is_one(trainer, view, clicks):
    gate = Gate()
    at(0, gate)
    trainer.run(1)
    gate.wait()
    for _ in range(clicks - 1):
        trainer.run(1)
    gate.open.set()
    rest(trainer)
    assert view.told("record") == list(range(clicks))
    assert trainer.left == 0


def test_counts_of_any_size_add_up(trainer, view):
    gate = Gate()
    at(0, gate)
    for n in (1, 100, 3):
        trainer.run(n)
    gate.wait()
    trainer.run(50)
    gate.open.set()
    rest(trainer)
    assert trainer.experiment.iteration == 154  # beyond the stop: that is for endless runs


@pytest.mark.parametrize("count", [1, 3])
def test_a_count_and_then_run_runs(trainer, view, count):
    gate = Gate()
    at(0, gate)
    trainer.run(count)
    gate.wait()
    trainer.run()
    gate.open.set()
    rest(trainer)
    assert trainer.experiment.iteration == 10


def test_a_count_ends_an_endless_run_and_the_next_adds_to_it(trainer):
    gate = Gate()
    at(3, gate)
    trainer.run()
    gate.wait()
    trainer.run(1)
    trainer.run(2)
    gate.open.set()
    rest(trainer)
    assert trainer.experiment.iteration == 4 + 3


def test_pause_ends_counts_and_runs_after_the_iteration_in_progress(trainer):
    for start, order in enumerate([lambda: trainer.run(5), trainer.run]):
        gate = Gate()
        at(start, gate)
        order()
        gate.wait()
        trainer.pause()
        gate.open.set()
        rest(trainer)
        assert trainer.experiment.iteration == start + 1


def test_an_endless_run_pauses_at_the_stop_and_a_higher_stop_goes_on(trainer, view):
    trainer.run()
    rest(trainer)
    assert view.told("draw")[-1] == (10, "", False)
    trainer.run()
    rest(trainer)
    assert trainer.experiment.iteration == 10
    view.stop = 12
    trainer.notice()
    rest(trainer)
    assert (trainer.experiment.iteration, trainer.stop) == (10, 12)
    trainer.run()
    rest(trainer)
    assert trainer.experiment.iteration == 12


def test_a_lower_stop_holds_at_once(trainer, view):
    gate = Gate()
    at(7, gate)
    trainer.run()
    gate.wait()
    view.stop = 3
    trainer.notice()
    gate.open.set()
    rest(trainer)
    assert trainer.experiment.iteration == 8


@pytest.mark.parametrize("n", [0, -1, 2.5, 2.0, "3", math.nan, math.inf, True, (1,)], ids=repr)
@pytest.mark.parametrize("order", ["run", "advance"])
def test_what_is_no_count_is_refused_and_orders_nothing(trainer, view, order, n):
    before = len(view.calls)
    error = ValueError if isinstance(n, int) and n is not True else TypeError
    with pytest.raises(error, match=r"^n must be .*at least 1, got .*$") as caught:
        getattr(trainer, order)(n)
    assert str(n) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (trainer.left, trainer.resting.is_set(), len(view.calls)) == (0, True, before)


def test_advance_needs_a_count(trainer):
    with pytest.raises(TypeError, match="n must be a whole number"):
        trainer.advance(None)


# What it tells, and when


def test_endless_runs_and_pauses_are_told_before_training_and_counts_with_a_picture(trainer, view):
    gate = Gate()
    at(0, gate)
    trainer.run()
    gate.wait()
    assert view.told("tell") == [True]
    trainer.pause()
    gate.open.set()
    rest(trainer)
    assert view.told("tell") == [True, False]
    trainer.run(3)
    rest(trainer)
    assert view.told("tell") == [True, False]
    assert [running for _, _, running in view.told("draw")][-3:] == [True, True, False]


def test_a_picture_waits_until_it_is_due_and_the_last_one_comes(trainer, view):
    view.delays = [0.01, 0.01, 0.01, 0.001]  # while it trains, then while it sleeps
    trainer.run(3)
    rest(trainer)
    assert view.told("draw") == [(3, "", False)]
    assert view.delays == []


def test_nothing_is_drawn_or_asked_while_nothing_happens(trainer, view):
    turns = []
    turn = trainer._turn
    trainer._turn = lambda: turns.append(1) or turn()
    view.delays = [0.05]
    trainer.notice()
    rest(trainer)
    assert len(turns) == 2  # one to take the order, one to draw
    assert view.told("draw") == [(0, "", False)]
    assert not trainer.resting.is_set() or not threading.Event().wait(0.05)
    assert len(turns) == 2


def test_a_change_is_told_only_where_there_is_one(trainer, view):
    trainer.notice()
    rest(trainer)
    assert (view.told("change"), view.told("begin"), view.told("draw")) == (
        [],
        [],
        [(0, "", False)],
    )
    view.settings = replace(A, lr=0.5)
    trainer.notice()
    rest(trainer)
    view.settings = B
    trainer.notice()
    rest(trainer)
    assert view.told("change") == [replace(A, lr=0.5)]
    assert view.told("begin") == [B]
    assert trainer.experiment is Script.made[1]


def test_a_new_network_goes_on_running_and_reset_does_not(trainer, view):
    gate = Gate()
    at(4, gate)
    trainer.run()
    gate.wait()
    view.settings = B
    trainer.notice()
    gate.open.set()
    rest(trainer)
    assert (trainer.experiment.settings, trainer.experiment.iteration) == (B, 10)
    trainer.reset()
    rest(trainer)
    assert (trainer.experiment.number, trainer.experiment.iteration, trainer.left) == (2, 0, 0)


# A later order is never undone by an earlier one's end

DIVERGED = "diverged at iteration 2: loss was 7; lower the learning rate and press Reset"
ENDS = {
    "diverged": (raising(Diverged(2, math.inf, 7.0, (0.1,))), DIVERGED),
    "first loss": (raising(Diverged(2, math.inf, None, (0.1,))), DIVERGED.replace("7", "inf")),
    "failed": (raising(ZeroDivisionError("by\nzero")), "ZeroDivisionError: by"),
    "memory": (raising(MemoryError()), "MemoryError"),
}


@pytest.mark.parametrize("end", ENDS)
def test_an_end_pauses_and_says_why(trainer, view, end):
    action, problem = ENDS[end]
    at(2, action)
    trainer.run()
    rest(trainer)
    assert view.told("draw")[-1] == (2, problem, False)
    assert trainer.left == 0
    del Script.plan[0, 2]
    trainer.reset()
    trainer.run(3)
    rest(trainer)
    assert view.told("draw")[-1] == (3, "", False)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("order", ["reset and run", "reset and count", "new network", "run"])
def test_an_order_just_before_an_end_is_carried_out(trainer, view, end, order):
    gate = Gate()

    def action():
        gate()
        del Script.plan[0, 2]  # once only
        ENDS[end][0]()

    at(2, action)
    trainer.run()
    gate.wait()
    if order == "new network":
        view.settings = B
        trainer.notice()
    elif order != "run":
        trainer.reset()
    if order == "reset and count":
        trainer.run(4)
    elif order != "new network":
        trainer.run()
    gate.open.set()
    rest(trainer)
    assert trainer.experiment.iteration == (4 if order == "reset and count" else 10)
    assert trainer.experiment.number == (0 if order == "run" else 1)
    kept = order == "run" and "Error" not in ENDS[end][1]  # diverged weights stay diverged
    assert trainer.problem == (ENDS[end][1] if kept else "")


def test_an_order_while_a_picture_fails_is_carried_out(trainer, view):
    gate = Gate()

    def fail():
        gate()
        view.plan.clear()
        raise ValueError("no ink")

    view.plan["draw"] = fail
    trainer.run(1)
    gate.wait()
    trainer.run(2)
    gate.open.set()
    rest(trainer)
    assert trainer.experiment.iteration == 3


def test_a_picture_that_fails_pauses_and_is_not_tried_for_ever(trainer, view):
    view.plan["draw"] = raising(ValueError("no ink"))
    trainer.run()
    rest(trainer)
    assert view.told("draw") == [(1, "", True), (1, "ValueError: no ink", False)]
    view.plan["wait"] = raising(ValueError("no clock"))
    trainer.run()
    rest(trainer)
    assert trainer.problem == "ValueError: no clock"


def test_the_view_may_end_a_run_but_not_an_order_it_has_not_seen(trainer, view):
    def end():
        view.plan.clear()
        trainer.end("nobody looks")

    view.plan["draw"] = end
    trainer.run()
    rest(trainer)
    assert (trainer.experiment.iteration, trainer.problem) == (1, "nobody looks")
    assert view.told("draw")[-1] == (1, "nobody looks", False)

    def draw():
        view.plan.clear()
        trainer.run(5)
        trainer.end("nobody looks")

    view.plan["draw"] = draw
    trainer.run(1)
    rest(trainer)
    assert trainer.experiment.iteration == 1 + 1 + 5


def test_the_first_of_two_divergences_is_told(trainer, view):
    at(2, ENDS["diverged"][0])
    trainer.run()
    rest(trainer)
    at(2, ENDS["first loss"][0])
    trainer.run()
    rest(trainer)
    assert trainer.problem == DIVERGED
    trainer.notice()
    rest(trainer)
    assert view.told("draw")[-1] == (2, DIVERGED, False)


# A network that cannot be made


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "MemoryError"),
        (
            RuntimeError("[enforce fail] can't allocate\nframe #0"),
            "RuntimeError: [enforce fail] ca",
        ),
    ],
)
@pytest.mark.parametrize("where", ["making it", "showing it"])
def test_a_build_that_fails_leaves_the_old_network_and_says_so(trainer, view, where, error, said):
    trainer.run(4)
    rest(trainer)
    old = trainer.experiment
    if where == "making it":
        Script.refused[B] = error
    else:
        view.plan["begin"] = raising(error)
    view.settings = B
    trainer.run()  # it would train what the controls do not show
    rest(trainer)
    assert trainer.experiment is old
    assert (old.settings, old.iteration, trainer.left) == (A, 4, 0)
    assert trainer.problem.startswith(f"cfg = [1, 9, 1] cannot be made ({said}")
    assert trainer.problem.endswith("picture and program are still those of cfg = [1, 8, 1]")
    assert "\n" not in trainer.problem
    assert view.told("draw")[-1] == (4, trainer.problem, False)
    with pytest.raises(RuntimeError, match=r"^cfg = \[1, 9, 1\] cannot be made"):
        trainer.advance(1)
    assert old.iteration == 4
    view.settings = A
    trainer.run()
    rest(trainer)
    assert (trainer.problem, trainer.experiment, old.iteration) == ("", old, 10)
    Script.refused.clear()
    view.plan.clear()
    view.settings = B
    trainer.notice()
    rest(trainer)
    assert (trainer.experiment.settings, trainer.problem) == (B, "")


def test_an_order_while_a_build_fails_is_carried_out(trainer, view):
    gate = Gate()

    def begin():
        gate()
        view.plan.clear()
        raise MemoryError

    view.plan["begin"] = begin
    view.settings = B
    trainer.notice()
    gate.wait()
    trainer.run(2)
    gate.open.set()
    rest(trainer)
    assert (trainer.experiment.settings, trainer.experiment.iteration) == (B, 2)


# Several settings that change together


def test_settings_that_are_half_changed_are_not_taken(trainer, view):
    gate, again = Gate(), Gate()
    at(1, gate)
    at(3, again)
    trainer.run()
    gate.wait()
    with trainer.hold():
        view.settings = replace(A, cfg=(1, 8, 8, 1))  # half of it
        trainer.notice()
        gate.open.set()
        again.wait()  # it has trained on meanwhile
        assert trainer.experiment.settings == A
        with trainer.hold():
            view.settings = B
    again.open.set()
    rest(trainer)
    assert [e.settings for e in Script.made] == [A, B]


def test_a_change_that_begins_while_settings_are_read_discards_what_was_read(trainer, view):
    hold = trainer.hold()

    def begin_to_change():
        view.plan.clear()
        hold.__enter__()
        view.settings = B

    view.settings = replace(A, cfg=(1, 8, 8, 1))
    view.plan["wanted"] = begin_to_change
    trainer.run(2)
    assert trainer.resting.wait(LONG)
    assert trainer.experiment.settings == A
    hold.__exit__(None, None, None)
    rest(trainer)
    assert [e.settings for e in Script.made] == [A, B]


def test_settings_that_change_while_they_are_read_are_read_again(trainer, view):
    def change():
        view.plan.clear()
        view.settings = B
        trainer.notice()

    view.settings = replace(A, seed=1)
    view.plan["wanted"] = change
    trainer.reset()
    rest(trainer)
    assert [e.settings for e in Script.made] == [A, B]
    assert view.told("begin") == [B]
    trainer.notice()
    rest(trainer)
    assert len(Script.made) == 2  # the reset is over


def test_a_change_that_fails_half_way_is_over(trainer, view):
    with pytest.raises(ZeroDivisionError), trainer.hold():
        view.settings = B
        raise ZeroDivisionError
    rest(trainer)
    assert trainer.experiment.settings == B


def test_the_thread_sleeps_while_settings_change(trainer, view):
    turns = []
    turn = trainer._turn
    trainer._turn = lambda: turns.append(1) or turn()
    with trainer.hold():
        for _ in range(3):
            trainer.notice()
        assert trainer.resting.wait(LONG)
        assert len(turns) <= 3
    rest(trainer)


def test_whoever_waits_while_settings_change_is_served_with_the_old_network(trainer, view):
    with trainer.hold():
        view.settings = B
        assert trainer.advance(2).number == 2
        assert trainer.experiment.settings == A
    rest(trainer)
    assert trainer.experiment.settings == B


# Waiting for it


def wait_in_a_thread(trainer, n, results):
    """Call advance(n) in a thread of its own, and return when the order is there."""
    orders = trainer.orders
    thread = threading.Thread(target=lambda: results.append(trainer.advance(n).number))
    thread.start()
    while trainer.orders == orders:
        thread.join(0.001)
    return thread


def test_advance_pauses_and_returns_how_the_network_stands(trainer, view):
    gate = Gate()
    at(3, gate)
    trainer.run()
    gate.wait()
    results = []
    thread = wait_in_a_thread(trainer, 30, results)
    gate.open.set()
    thread.join(LONG)
    assert results == [4 + 30]
    rest(trainer)
    assert trainer.experiment.iteration == 34
    assert view.told("draw")[-1] == (34, "", False)
    assert trainer.left == 0


def test_a_picture_that_is_due_is_there_when_advance_returns(trainer, view):
    trainer.advance(3)
    assert view.told("draw") == [(3, "", False)]
    view.delays = [LONG]
    trainer.advance(3)
    assert view.told("draw") == [(3, "", False)]


def test_a_run_that_is_ordered_meanwhile_follows(trainer, view):
    view.stop = 50
    at(5, trainer.run)
    assert trainer.advance(20).number == 20
    rest(trainer)
    assert trainer.experiment.iteration == 50


def test_several_may_wait_at_once(trainer):
    gate = Gate()
    at(0, gate)
    trainer.run()
    gate.wait()
    numbers = []
    threads = [wait_in_a_thread(trainer, n, numbers) for n in (10, 20)]
    gate.open.set()
    for thread in threads:
        thread.join(LONG)
    assert sorted(numbers) == [11, 31]


def test_advance_stops_where_it_diverges(trainer):
    at(2, ENDS["diverged"][0])
    assert trainer.advance(10).number == 2
    assert trainer.problem == DIVERGED


def test_an_error_in_the_thread_is_raised_where_it_is_waited_for(trainer):
    at(2, ENDS["failed"][0])
    with pytest.raises(ZeroDivisionError):
        trainer.advance(10)
    rest(trainer)
    assert trainer.problem == "ZeroDivisionError: by"
    del Script.plan[0, 2]
    assert trainer.advance(1).number == 3


@pytest.mark.parametrize("method", ["draw", "record", "begin", "tell"])
def test_advance_in_the_thread_itself_is_refused_and_never_hangs(trainer, view, method):
    view.plan[method] = lambda: trainer.advance(1)
    view.settings = B
    trainer.run(1)
    rest(trainer)
    view.plan.clear()
    if method != "tell":  # which a count does not reach
        assert "advance must not be called while a picture is drawn: use run(n)" in trainer.problem
    assert trainer.advance(1).number in (1, 2)


def test_an_interrupt_ends_the_waiting_and_the_training(trainer, monkeypatch):
    gate = Gate()

    def interrupt():
        _thread.interrupt_main()
        gate()

    at(3, interrupt)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            trainer.advance(10**9)
    finally:
        signal.signal(signal.SIGINT, before)
    gate.open.set()
    rest(trainer)
    assert trainer.experiment.iteration == 4
    assert trainer.advance(2).number == 6


# Locks


@pytest.mark.parametrize(
    "method", ["wanted", "begin", "change", "record", "look", "tell", "wait", "draw"]
)
def test_no_lock_is_held_while_others_code_runs(trainer, view, method):
    free = []

    def take_the_lock():
        with trainer.changed:
            free.append(True)

    def try_the_lock():
        thread = threading.Thread(target=take_the_lock)
        thread.start()
        thread.join(LONG)
        assert not thread.is_alive()

    view.plan[method] = try_the_lock
    view.settings = B if method == "begin" else replace(A, lr=1.0)
    trainer.run()
    rest(trainer)
    trainer.advance(1)
    assert free
    assert trainer.problem == ""


def test_no_lock_is_held_while_settings_change(trainer):
    with trainer.hold():
        thread = threading.Thread(target=trainer.pause)
        thread.start()
        thread.join(LONG)
        assert not thread.is_alive()


@pytest.mark.parametrize("method", ["_claim", "_turn", "_take", "notice", "wake", "close"])
def test_orders_are_read_and_written_by_one_at_a_time(view, method):
    trainer = Trainer(Script(A), view, 10)
    trainer.left = 1
    thread = threading.Thread(target=getattr(trainer, method))
    with trainer.changed:
        thread.start()
        thread.join(0.02)
        assert thread.is_alive()
        assert (trainer.left, trainer.orders, trainer.closing) == (1, 0, False)
        assert view.calls == []
    thread.join(LONG)
    assert not thread.is_alive()


# Its end


def test_close_ends_the_thread_after_the_iteration_in_progress_and_undoes_what_start_did(view):
    before = atexit._ncallbacks()
    trainer = Trainer(Script(A), view, 10)
    view.stop = 10**9
    gate = Gate()
    at(100, gate)
    assert atexit._ncallbacks() == before
    trainer.start()
    assert atexit._ncallbacks() == before + 1
    trainer.run()
    gate.wait()
    gate.open.set()
    trainer.close()
    assert not trainer.thread.is_alive()
    trainer.close()
    for order in ("run", "pause", "reset", "notice"):
        with pytest.raises(RuntimeError, match=r"^the panel must be open to train, but it was"):
            getattr(trainer, order)()
    with pytest.raises(RuntimeError, match=r"^the panel must be open to train, but it was"):
        trainer.advance(1)
    trainer.wake()
    assert trainer.thread.daemon
    gone = weakref.ref(trainer)
    del trainer
    gc.collect()
    assert gone() is None  # the end of the program would hold it


def test_close_before_start(view):
    Trainer(Script(A), view, 10).close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nobody_waits_for_a_thread_that_has_ended(trainer, view):
    gate = Gate()
    at(0, gate)
    at(2, raising(SystemExit()))
    trainer.run()
    gate.wait()
    errors = []

    def wait():
        try:
            trainer.advance(5)
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    while not trainer.jobs:
        thread.join(0.001)
    gate.open.set()
    thread.join(LONG)
    assert errors == [module.CLOSED]


def test_close_in_the_middle_of_a_wait(trainer):
    gate = Gate()
    at(2, gate)
    results = []
    thread = wait_in_a_thread(trainer, 10**9, results)
    gate.wait()
    threading.Timer(0.01, gate.open.set).start()
    trainer.close()
    thread.join(LONG)
    assert results == [3]


def test_a_view_may_close_it(trainer, view):
    view.plan["draw"] = trainer.close
    trainer.run()
    trainer.thread.join(LONG)
    assert not trainer.thread.is_alive()
    assert trainer.problem == ""
