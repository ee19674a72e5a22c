"""The thread that trains: scripted networks, notes, pictures and clocks, so nothing is luck."""

import _thread
import atexit
import gc
import math
import signal
import threading
import weakref
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import pytest
import torch
from panels import LONG, SMALL, read_status, settle

from helpers.experiment import Settings
from helpers.training import Diverged, Iteration
from helpers.widgets import trainer as module
from helpers.widgets.insight import Look
from helpers.widgets.trainer import (
    ALONE,
    BRIEF,
    CLOSED,
    Advance,
    Pause,
    Refuse,
    Reset,
    Train,
    Trainer,
    Use,
)

DIVERGED = "diverged"
A, B, C = (Settings(cfg=(1, width, 1)) for width in (8, 9, 10))


class Stage:
    """Pace, picture and script of a trainer: writes down each call, and does what it is told."""

    def __init__(self):
        self.networks = []
        self.calls = []
        self.does = {}  # what to call when something is, by its name; or by network and iteration
        self.delays = []  # seconds until a picture is due, each told once; after them one is
        self.alone = 0.0

    def note(self, name, what=None):
        self.calls.append((name, what))
        if name in self.does:
            self.does[name]()

    def once(self, name, *actions):
        def act():
            del self.does[name]
            for action in actions:
                action()

        self.does[name] = act

    def told(self, name):
        return [what for kind, what in self.calls if kind == name]

    @property
    def drawn(self):
        return [(state.iteration, state.problem, state.running) for state in self.told("draw")]

    def due(self):
        self.note("due")
        return not self.delays

    def wait(self):
        self.note("wait")
        return self.delays.pop(0)

    def hurry(self):
        self.note("hurry")

    def unseen(self):
        self.note("unseen")
        return self.alone

    def draw(self, state):
        self.note("draw", state)


class Network:
    """An experiment that only counts."""

    def __init__(self, stage, settings):
        stage.note("make", settings)
        self.stage = stage
        self.settings = settings
        self.iteration = 0
        self.number = len(stage.networks)
        stage.networks.append(self)

    def apply(self, settings):
        self.stage.note("apply", settings)
        if replace(self.settings, lr=settings.lr, optimizer=settings.optimizer) != settings:
            return False
        self.settings = settings
        return True

    def advance(self):
        self.stage.note((self.number, self.iteration))
        self.iteration += 1
        return Iteration(self.iteration - 1, 1.0, None)


class Notes:
    """A record that only passes on."""

    def __init__(self, stage, experiment, before=None, last=None):
        stage.note("begin", (experiment.settings, before))
        self.stage = stage
        self.last = last
        self.diverged = ""

    def take(self, iteration):
        self.stage.note("take", iteration.number)

    def change(self, experiment):
        self.stage.note("change", experiment.settings)

    def end(self, error):
        self.stage.note("end", error)
        self.diverged = DIVERGED

    def leave(self, experiment):
        self.stage.note("leave", (experiment.number, experiment.iteration))
        return experiment.number, experiment.iteration

    def evaluate(self, experiment):
        self.stage.note("evaluate")
        return Iteration(experiment.iteration, 1.0, None)

    def look(self, experiment, use, running, problem):
        self.stage.note("look")
        return Seen(experiment.iteration, experiment.settings, use, running, problem)


class Seen(NamedTuple):
    iteration: int
    settings: Settings
    use: Use
    running: bool
    problem: str


class Gate:
    """A place where the thread stands while the test is in the `with` block."""

    def __init__(self):
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self):
        self.reached.set()
        assert self.open.wait(LONG)

    def __enter__(self):
        assert self.reached.wait(LONG)

    def __exit__(self, *error):
        self.open.set()


@pytest.fixture
def stage(monkeypatch):
    made = Stage()
    monkeypatch.setattr(module, "Experiment", partial(Network, made))
    monkeypatch.setattr(module, "Record", partial(Notes, made))
    return made


@pytest.fixture
def build(stage):
    """Trainers that have taken all the given orders at once, and are closed at the end."""
    trainers = []

    def build(*orders):
        trainer = make(stage)
        for order in orders:
            trainer.put(order)
        trainers.append(trainer)
        trainer.start()
        rest(trainer)
        return trainer

    yield build
    for trainer in trainers:
        trainer.close()
        assert not trainer.thread.is_alive()


@pytest.fixture
def trainer(stage, build):
    made = build()
    stage.calls.clear()
    return made


def make(stage):
    return Trainer(Network(stage, A), Use(A, 10), stage, stage.draw)


def rest(trainer):
    """Wait until the thread has nothing to do."""
    assert trainer.resting.wait(LONG)


def do(trainer, *orders):
    for order in orders:
        trainer.put(order)
    rest(trainer)


def raising(error):
    def action():
        raise error

    return action


# What is pressed counts

COUNTS = {
    "every click is one": ([Train(1)], 0, [Train(1)] * 29, 30),
    "counts add up, also beyond the stop": ([Train(1), Train(100)], 0, [Train(50)], 151),
    "a count and then Run runs": ([Train(3)], 0, [Train()], 10),
    "a count ends a run and the next adds": ([Train()], 3, [Train(1), Train(2)], 4 + 3),
    "a pause ends a count": ([Train(5)], 0, [Pause()], 1),
    "a pause ends a run": ([Train()], 3, [Pause()], 4),
    "what follows a pause counts": ([Train(5)], 0, [Pause(), Train(2)], 3),
    "a lower stop holds at once": ([Train()], 7, [Use(A, 3)], 8),
}


@pytest.mark.parametrize("case", COUNTS)
def test_orders_count(stage, trainer, case):
    first, iteration, second, expected = COUNTS[case]
    gate = Gate()
    stage.once((0, iteration), gate)
    for order in first:
        trainer.put(order)
    with gate:
        for order in second:
            trainer.put(order)
    rest(trainer)
    assert stage.told("take") == list(range(expected))
    assert stage.drawn[-1] == (expected, "", False)


def test_an_endless_run_pauses_at_the_stop_and_a_higher_stop_goes_on(stage, trainer):
    for _ in range(2):
        do(trainer, Train())
        assert stage.drawn[-1] == (10, "", False)
    do(trainer, Use(A, 12))
    assert (stage.drawn[-1], stage.told("draw")[-1].use.stop) == ((10, "", False), 12)
    do(trainer, Train())
    assert stage.drawn[-1] == (12, "", False)


@pytest.mark.parametrize("n", [0, 2.5, "3", math.inf, True, None], ids=repr)
def test_what_is_no_count_is_refused_and_orders_nothing(stage, trainer, n):
    with pytest.raises((TypeError, ValueError), match=r"\An must be .*at least 1, got .*\Z"):
        trainer.advance(n)
    assert trainer.resting.is_set()
    assert stage.calls == []


# What is shown, and when


def test_each_batch_of_orders_lets_a_picture_go_at_once(stage, trainer):
    do(trainer, Train(2))
    assert stage.drawn == [(1, "", True), (2, "", False)]
    names = [name for name, _ in stage.calls if name in ("hurry", "due")]
    assert names == ["hurry", "due", "due"]


def test_a_picture_waits_until_it_is_due_and_the_last_one_comes(stage, trainer):
    stage.delays = [LONG, LONG, 0.01, 0.001]  # while it trains, then while it sleeps
    do(trainer, Train(3))
    assert stage.drawn == [(3, "", False)]
    assert stage.delays == []


def test_a_trainer_that_is_woken_asks_again(stage, trainer):
    stage.delays = [1000]
    trainer.put(Pause())
    for _ in range(1000 * LONG):
        if trainer.resting.wait(0.001):
            break
        trainer.wake()
    assert stage.drawn == [(0, "", False)]


def test_nothing_is_drawn_or_asked_while_nothing_happens(stage, trainer):
    stage.delays = [0.01]
    do(trainer, Use(A))
    names = [name for name, _ in stage.calls]
    assert names == ["hurry", "apply", "due", "wait", "due", "look", "draw"]


def test_a_change_is_noted_where_there_is_one_and_what_is_asked_for_is_looked_at(stage, trainer):
    look = Look(kinks=True)
    do(trainer, Use(A, 10, look))
    do(trainer, Use(replace(A, lr=0.5)))
    before = trainer.record
    do(trainer, Use(B))
    assert stage.told("change") == [replace(A, lr=0.5)]
    assert stage.told("begin") == [(B, before)]
    shown = [(state.settings, state.use.look) for state in stage.told("draw")]
    assert shown == [(A, look), (replace(A, lr=0.5), Look()), (B, Look())]


def test_the_latest_settings_win_before_anything_is_trained(stage, build):
    build(Use(B), Train(2), Use(C))
    assert stage.told("make") == [A, C]
    assert [network.iteration for network in stage.networks] == [0, 2]


def test_a_new_network_goes_on_running_and_reset_does_not(stage, trainer):
    for start, order in (((0, 4), Use(B, 10)), ((1, 10), Reset())):
        gate = Gate()
        stage.once(start, gate)
        trainer.put(Train() if order != Reset() else Train(5))
        with gate:
            trainer.put(order)
        rest(trainer)
    found = [(network.settings, network.iteration) for network in stage.networks]
    assert found == [(A, 5), (B, 11), (B, 0)]
    assert stage.drawn[-1] == (0, "", False)


# The last run

LASTS = {  # orders, and the network and its iterations that stay as the last run after each
    "a reset replaces it": ([Train(3), Reset(), Train(2), Reset()], [None, (0, 3), (0, 3), (1, 2)]),
    "of no run nothing stays": ([Reset(), Train(2), Use(B), Reset()], [None, None, (1, 2), (1, 2)]),
    "a network that is dragged away soon leaves it": (
        [Train(1), Use(B), Train(BRIEF - 1), Use(C), Train(BRIEF), Use(A)],
        [None, (0, 1), (0, 1), (0, 1), (0, 1), (2, BRIEF)],
    ),
    "another rate goes on": ([Train(90), Use(replace(A, lr=0.5))], [None, None]),
}


@pytest.mark.parametrize("case", LASTS)
def test_the_last_run_stays_until_another_run_takes_its_place(stage, trainer, case):
    orders, expected = LASTS[case]
    found = []
    for order in orders:
        do(trainer, order)
        found.append(trainer.record.last)
    assert found == expected


def test_a_build_that_fails_keeps_the_last_run(stage, trainer):
    for order in (Train(3), Use(B), Train(BRIEF)):
        do(trainer, order)
    stage.once("make", raising(MemoryError()))
    do(trainer, Use(C))
    assert trainer.record.last == (0, 3)
    do(trainer, Use(C))
    assert trainer.record.last == (1, BRIEF)


# A later order is never undone by an earlier one's end

ENDS = {  # where, by what, the iterations that are done then, and what is said
    "diverges": ((0, 2), Diverged(2, math.inf, 7.0, (0.1,)), 2, DIVERGED),
    "iteration": ((0, 2), ZeroDivisionError("by\nzero"), 2, "ZeroDivisionError: by"),
    "no words": ("take", MemoryError(), 1, "MemoryError"),
    "picture": ("draw", ValueError("no ink"), 1, "ValueError: no ink"),
}


@pytest.mark.parametrize("end", ENDS)
def test_an_end_pauses_and_says_why_and_an_error_is_logged(stage, trainer, caplog, end):
    where, error, done, problem = ENDS[end]
    stage.once(where, raising(error))
    do(trainer, Train())
    assert stage.drawn[-1] == (done, problem, False)
    logged = [record.exc_info[1] for record in caplog.records]
    assert logged == ([] if isinstance(error, Diverged) else [error])
    do(trainer, Reset(), Train(3))
    assert stage.drawn[-1] == (3, "", False)


@pytest.mark.parametrize("first", [[], [Reset()]], ids=["count", "reset and count"])
@pytest.mark.parametrize("end", ["diverges", "iteration", "picture", "build"])
def test_an_order_left_while_something_fails_is_carried_out(stage, trainer, end, first):
    where, error, done, _ = ENDS.get(end, ("make", MemoryError(), 0, None))
    gate = Gate()
    stage.once(where, gate, raising(error))
    trainer.put(Use(B) if end == "build" else Train())
    with gate:
        for order in (*first, Train(4)):
            trainer.put(order)
    rest(trainer)
    kept = DIVERGED if end == "diverges" and not first else ""  # its weights stay as they are
    assert stage.drawn[-1] == (4 if first else done + 4, kept, False)


def test_a_picture_that_fails_is_not_tried_for_ever(stage, trainer):
    stage.does["draw"] = raising(ValueError("no ink"))
    do(trainer, Train())
    assert stage.drawn == [(1, "", True), (1, "ValueError: no ink", False)]


def test_a_divergence_is_told_until_there_is_a_new_network(stage, trainer):
    where, error, *_ = ENDS["diverges"]
    stage.once(where, raising(error))
    do(trainer, Train())
    do(trainer, Use(A))
    assert stage.told("end") == [error]
    assert stage.drawn[-1] == (2, DIVERGED, False)
    do(trainer, Refuse(KeyError("sine")))
    assert stage.drawn[-1] == (2, "KeyError: 'sine'", False)
    do(trainer, Use(B))
    assert stage.drawn[-1] == (0, "", False)


# What cannot be trained


@pytest.mark.parametrize("where", ["make", "begin"])
@pytest.mark.parametrize("said", ["MemoryError", "RuntimeError: can't allocate"])
def test_a_build_that_fails_leaves_the_old_network_and_says_so(stage, trainer, where, said):
    do(trainer, Train(4))
    fault = MemoryError() if said == "MemoryError" else RuntimeError("can't allocate\nframe #0")
    stage.does[where] = raising(fault)
    do(trainer, Use(B), Train())  # it would train what the controls do not show
    problem = (
        f"cfg = [1, 9, 1] cannot be made ({said}); "
        "picture and program are still those of cfg = [1, 8, 1]"
    )
    assert stage.drawn[-1] == (4, problem, False)
    with pytest.raises(RuntimeError) as caught:
        trainer.advance(1)
    assert (str(caught.value), caught.value.__cause__) == (problem, fault)
    do(trainer, Use(A, 10), Train())
    assert stage.drawn[-1] == (10, "", False)
    stage.does.clear()
    do(trainer, Use(B), Train(1))
    assert stage.drawn[-1] == (1, "", False)
    assert trainer.experiment is stage.networks[-1]


def test_settings_that_are_none_pause_and_are_said_until_there_are_some(stage, trainer):
    gate = Gate()
    stage.once((0, 3), gate)
    trainer.put(Train())
    with gate:
        trainer.put(Refuse(KeyError("sine")))
    rest(trainer)
    assert stage.drawn[-1] == (4, "KeyError: 'sine'", False)
    do(trainer, Use(A))
    assert stage.drawn[-1] == (4, "", False)


def test_settings_that_follow_a_refusal_are_taken(stage, build):
    build(Use(B), Refuse(KeyError("sine")), Use(C), Train(2))
    assert stage.told("make") == [A, C]
    assert stage.drawn[-1] == (2, "", False)


# Waiting for it


def test_advance_pauses_and_several_may_wait(stage, trainer):
    gate = Gate()
    stage.once((0, 3), gate)
    trainer.put(Train(100))
    orders = [Advance(30, Future()), Advance(20, Future())]
    with gate:
        for order in orders:
            trainer.put(order)
    assert [order.answer.result(LONG).number for order in orders] == [34, 54]
    rest(trainer)
    assert stage.drawn[-1] == (54, "", False)


def test_a_picture_that_is_due_is_there_when_advance_returns(stage, trainer):
    order = Advance(3, Future())
    order.answer.add_done_callback(lambda answer: stage.note("answer"))
    do(trainer, order)
    assert stage.drawn == [(3, "", False)]
    assert stage.calls[-1][0] == "answer"
    stage.delays = [LONG, LONG]
    assert trainer.advance(3).number == 6
    assert stage.drawn == [(3, "", False)]


def test_a_run_that_is_ordered_meanwhile_follows(stage, trainer):
    stage.once((0, 5), lambda: trainer.put(Train()))
    assert trainer.advance(7).number == 7
    rest(trainer)
    assert stage.drawn[-1] == (10, "", False)


def test_advance_stops_where_it_diverges(stage, trainer):
    stage.once((0, 2), raising(ENDS["diverges"][1]))
    assert trainer.advance(10).number == 2
    rest(trainer)
    assert stage.drawn[-1] == (2, DIVERGED, False)


def test_an_error_in_the_thread_is_raised_where_it_is_waited_for(stage, trainer):
    stage.once((0, 2), raising(ZeroDivisionError("by zero")))
    with pytest.raises(ZeroDivisionError):
        trainer.advance(10)
    rest(trainer)
    assert stage.drawn[-1] == (2, "ZeroDivisionError: by zero", False)
    assert trainer.advance(1).number == 3


def test_advance_in_the_thread_itself_is_refused_and_never_hangs(stage, trainer):
    stage.once("draw", lambda: trainer.advance(1))
    do(trainer, Train(1))
    words = "RuntimeError: advance must not be called while a picture is drawn: use run(n)"
    assert stage.drawn[-1] == (1, words, False)
    assert trainer.advance(1).number == 2


def test_an_interrupt_ends_the_waiting_and_the_training(stage, trainer):
    gate = Gate()
    stage.once((0, 3), _thread.interrupt_main, gate)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            trainer.advance(10**9)
    finally:
        signal.signal(signal.SIGINT, before)
        gate.open.set()
    rest(trainer)
    assert stage.drawn[-1] == (4, "", False)
    assert trainer.advance(2).number == 6


# Eyes, the lock, torch


@pytest.mark.parametrize("alone", [ALONE, ALONE + 1])
def test_a_panel_nobody_looks_at_pauses_and_says_so(stage, trainer, alone):
    def leave():
        stage.alone = alone

    stage.once((0, 3), leave)
    do(trainer, Train())
    words = "paused at iteration 4: no page showed this panel for 30 s; press Run to go on"
    assert stage.drawn[-1] == ((4, words, False) if alone > ALONE else (10, "", False))


def test_an_order_left_while_nobody_looks_is_carried_out(stage, trainer):
    def come_back():
        stage.alone = 0.0
        trainer.put(Train(5))

    stage.alone = ALONE + 1
    stage.once("unseen", come_back)
    do(trainer, Train())
    assert stage.drawn[-1] == (6, "", False)


def test_no_lock_is_held_while_others_code_runs(stage, trainer, monkeypatch):
    tried = set()

    def try_the_lock(name, what=None):
        thread = threading.Thread(target=trainer.wake)
        thread.start()
        thread.join(LONG)
        assert not thread.is_alive()
        tried.add(name)

    monkeypatch.setattr(stage, "note", try_the_lock)
    stage.delays = [0.001]
    order = Advance(1, Future())
    order.answer.add_done_callback(lambda answer: try_the_lock("answer"))
    do(trainer, Use(replace(A, lr=1.0)))
    do(trainer, Use(B), Train(2))
    do(trainer, order)
    do(trainer, Reset())
    shown = {"hurry", "due", "wait", "unseen", "look", "draw"}
    noted = {"make", "begin", "apply", "change", "take", "leave", "evaluate", "answer"}
    assert tried > shown | noted
    assert order.answer.result().number == 3


def test_the_thread_takes_one_thread_of_torch_and_leaves_others_theirs(stage, build):
    numbers = []

    def count():
        numbers.append(torch.get_num_threads())

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        trainer = build()
        stage.once((0, 0), count)
        trainer.advance(1)
        count()
        later = threading.Thread(target=count)
        later.start()
        later.join()
    finally:
        torch.set_num_threads(before)
    assert numbers == [1, 3, 3]


# Its end


def test_close_ends_the_thread_and_undoes_what_start_did(stage):
    before = atexit._ncallbacks()
    trainer = make(stage)
    trainer.close()  # before it began: nothing to end
    trainer = make(stage)
    assert atexit._ncallbacks() == before
    trainer.start()
    assert atexit._ncallbacks() == before + 1
    assert trainer.thread.daemon
    gate = Gate()
    stage.once((1, 100), gate)
    trainer.put(Use(A, 10**9))
    trainer.put(Train())
    with gate:
        pass
    trainer.close()
    assert not trainer.thread.is_alive()
    trainer.close()
    trainer.wake()
    for order in (Train(), Pause(), Reset(), Use(A), Refuse(KeyError())):
        with pytest.raises(RuntimeError, match=CLOSED):
            trainer.put(order)
    with pytest.raises(RuntimeError, match=CLOSED):
        trainer.advance(1)
    gone = weakref.ref(trainer)
    del trainer
    gc.collect()
    assert gone() is None  # the end of the program would hold it


def test_close_ends_a_wait_after_the_iteration_in_progress(stage, trainer):
    taken, left = Advance(10**9, Future()), Advance(1, Future())
    stage.once((0, 2), lambda: trainer.put(left), trainer.close)
    trainer.put(taken)
    assert taken.answer.result(LONG).number == 3
    assert str(left.answer.exception(LONG)) == CLOSED


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("taken", [False, True])
def test_nobody_waits_for_a_thread_that_has_ended(stage, trainer, taken):
    order = Advance(5, Future())
    stage.once((0, 2), lambda: taken or trainer.put(order), raising(SystemExit()))
    trainer.put(order if taken else Train(5))
    assert str(order.answer.exception(LONG)) == CLOSED
    with pytest.raises(RuntimeError, match=CLOSED):
        trainer.put(Train())


@pytest.mark.parametrize("where", ["draw", "wait"])
def test_what_it_calls_may_close_it(stage, trainer, where):
    stage.once(where, trainer.close)
    stage.delays = [1000] if where == "wait" else []
    trainer.put(Pause())
    trainer.thread.join(LONG)
    assert not trainer.thread.is_alive()
    assert stage.drawn in ([], [(0, "", False)])


# What the panel orders


@pytest.fixture
def ordered(panel, monkeypatch):
    """What the panel leaves in the queue."""
    orders = []
    put = panel.trainer.put
    monkeypatch.setattr(panel.trainer, "put", lambda order: orders.append(order) or put(order))
    return orders


def test_settings_that_move_together_are_one_order_also_if_that_fails(panel, ordered, monkeypatch):
    controls = panel.controls

    def move(name):
        controls.depth.value = 3
        if name == "outer":
            panel._use_preset("inner")
        controls.seed.value = 5
        raise ZeroDivisionError

    def use(name):
        with pytest.raises(ZeroDivisionError):
            move(name)

    monkeypatch.setattr(
        controls, "use_preset", lambda name: use(name) if name == "inner" else move(name)
    )
    with pytest.raises(ZeroDivisionError):
        panel._use_preset("outer")
    wanted = replace(SMALL, cfg=(1, 8, 6, 20, 1), seed=5)
    assert [order.settings for order in ordered] == [wanted]
    controls.seed.value = 6
    assert ordered[1].settings == replace(wanted, seed=6)


def test_of_two_threads_that_move_controls_who_reads_last_leaves_word_last(
    panel, ordered, monkeypatch
):
    read = panel.controls.read
    other = threading.Thread(target=setattr, args=(panel.controls.seed, "value", 5))
    arrived = threading.Event()
    lock = panel.reading

    class Door:
        def __enter__(self):
            if threading.current_thread() is other:
                arrived.set()
            lock.acquire()

        def __exit__(self, *error):
            lock.release()
            if threading.current_thread() is not other:
                other.join(LONG)

    def read_while_another_moves():
        settings = read()
        monkeypatch.setattr(panel.controls, "read", read)
        other.start()
        assert arrived.wait(LONG)
        return settings

    monkeypatch.setattr(panel, "reading", Door())
    monkeypatch.setattr(panel.controls, "read", read_while_another_moves)
    panel.controls.points.value = 20
    assert [order.settings.seed for order in ordered] == [0, 5]
    assert ordered[-1].settings == panel.settings


def test_controls_that_cannot_be_read_pause_the_panel_and_it_says_so(panel, caplog, monkeypatch):
    read = panel.controls.read
    monkeypatch.setattr(panel.controls, "read", raising(KeyError("sine")))
    panel.run()
    panel.controls.depth.value = 1
    settle(panel)
    assert read_status(panel.screen) == "KeyError: 'sine'"
    assert "in _read" in caplog.text  # the whole traceback
    monkeypatch.setattr(panel.controls, "read", read)
    panel.controls.seed.value = 2
    settle(panel)
    assert read_status(panel.screen) == "paused: press Run"
    assert panel.experiment.settings == replace(SMALL, cfg=(1, 8, 1), seed=2)


def test_an_advance_that_fails_does_not_undo_one_that_was_left_with_it(stage, trainer):
    gate = Gate()
    stage.once((0, 0), gate)
    stage.once((0, 2), raising(ZeroDivisionError()))
    trainer.put(Train(1))
    first, second = Advance(5, Future()), Advance(3, Future())
    with gate:
        trainer.put(first)
        trainer.put(second)
    assert isinstance(first.answer.exception(LONG), ZeroDivisionError)
    assert second.answer.result(LONG).number == 5


def test_what_was_refused_is_not_trained_later(stage, trainer):
    do(trainer, Refuse(KeyError("sine")))
    do(trainer, Train(3))
    assert stage.drawn[-1] == (0, "KeyError: 'sine'", False)


def test_a_reset_that_comes_with_a_refusal_is_not_lost(stage, build):
    trainer = build(Train(2))
    gate = Gate()
    stage.once((0, 2), gate)
    trainer.put(Train(1))
    with gate:
        trainer.put(Reset())
        trainer.put(Refuse(KeyError("sine")))
    rest(trainer)
    do(trainer, Use(A))
    assert stage.drawn[-1] == (0, "", False)
