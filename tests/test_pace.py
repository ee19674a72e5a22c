"""Frames go as often as asked, and no faster than a browser answers; the clock is scripted."""

import itertools
import math
from types import SimpleNamespace

import pytest
from ipywidgets.widgets.widget import _instances

from helpers.widgets.pace import ASK, PATIENCE, WINDOW, Pace


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves only when told to."""
    now = SimpleNamespace(time=1000.0)
    monkeypatch.setattr("helpers.widgets.pace.time", SimpleNamespace(perf_counter=lambda: now.time))
    return now


def frames(pace, clock, seconds, tick, answer=lambda: None):
    """Ask every `tick` seconds whether a frame may go; returns the times at which one went."""
    went = []
    for _ in range(round(seconds / tick)):
        clock.time += tick
        answer()
        if pace.due():
            pace.count()
            went.append(clock.time)
    return went


@pytest.mark.parametrize(("fps", "tick"), [(10, 0.001), (4, 0.013), (30, 0.001)])
def test_frames_come_as_often_as_asked_whatever_the_pace_of_the_loop(clock, fps, tick):
    went = frames(Pace(fps), clock, 10, tick)
    assert abs(len(went) - 10 * fps) <= 1
    assert max(b - a for a, b in itertools.pairwise(went)) < 1 / fps + 2 * tick


def test_a_late_frame_is_not_made_up_for(clock):
    pace = Pace(10)
    frames(pace, clock, 1, 0.01)
    clock.time += 60
    went = frames(pace, clock, 1, 0.01)
    assert len(went) in (10, 11)
    assert min(b - a for a, b in itertools.pairwise(went)) > 0.08


def test_a_loop_slower_than_the_frames_shows_every_iteration(clock):
    assert len(frames(Pace(10), clock, 10, 0.5)) == 20


def test_a_frame_that_was_not_due_counts_but_does_not_add_up(clock):
    pace = Pace(10)
    for _ in range(50):
        pace.count()
    assert not pace.due()
    assert pace.wait() == pytest.approx(0.1)
    clock.time += 0.06
    assert pace.wait() == pytest.approx(0.04)
    clock.time += 0.041
    assert pace.due()
    assert pace.wait() == 0


def test_a_hurried_frame_goes_at_once_and_no_more_frames_go(clock):
    pace = Pace(10)
    frames(pace, clock, 1, 0.01)
    went = []
    for tick in range(1000):  # ten seconds in which something is dragged all the time
        clock.time += 0.01
        if tick % 3 == 0:
            pace.hurry()
        if pace.due():
            pace.count()
            went.append(clock.time)
    assert len(went) <= 101
    for _ in range(20):  # one press in a while is answered when it comes
        frames(pace, clock, 0.5, 0.01)
        while not pace.due():
            clock.time += 0.01
        pace.count()
        clock.time += 0.02
        assert not pace.due()
        pace.hurry()
        assert pace.due()
        pace.count()
        assert pace.wait() > 0.1  # the next one pays for it
        pace.hurry()
        assert not pace.due()


def test_asking_changes_nothing(clock):
    pace = Pace(10)
    assert all(pace.due() for _ in range(3))
    assert pace.frames == 0


def test_every_third_frame_asks_for_an_answer(clock):
    pace, asked = Pace(10), []
    pace.asked.observe(lambda change: asked.append(change["new"]), "value")
    frames(pace, clock, 3, 0.05)
    assert pace.frames == 30
    assert asked == list(range(ASK, 31, ASK))


def test_where_nobody_ever_answered_only_fps_is_a_bound(clock):
    pace = Pace(10)
    assert len(frames(pace, clock, 100, 0.05)) == pytest.approx(1000, abs=2)
    assert pace.unseen() == 0


def test_a_silent_browser_gets_a_window_of_frames_and_then_one_every_two_seconds(clock):
    pace = Pace(10)
    frames(pace, clock, 1.05, 0.01)
    pace.heard.value = pace.asked.value
    answered = pace.heard.value
    went = frames(pace, clock, 20, 0.01)
    burst = answered + WINDOW - (pace.frames - len(went))
    assert went[burst - 1] - went[0] < 0.5
    gaps = [b - a for a, b in itertools.pairwise(went[burst - 1 :])]
    assert len(gaps) == 9
    assert gaps == pytest.approx([PATIENCE] * 9, abs=0.02)
    assert pace.asked.value == pace.frames  # each of these asks: who comes back answers at once
    pace.heard.value = pace.asked.value
    assert len(frames(pace, clock, 0.3, 0.01)) == 3


def test_a_browser_that_answers_in_time_gets_every_frame(clock):
    pace = Pace(10)
    sent = []
    pace.asked.observe(lambda change: sent.append((clock.time, change["new"])), "value")

    def answer():
        if sent and clock.time >= sent[0][0] + 0.25:  # a quarter of a second there and back
            pace.heard.value = sent.pop(0)[1]

    assert len(frames(pace, clock, 30, 0.01, answer)) == pytest.approx(300, abs=2)


@pytest.mark.parametrize("each", [0.03, 0.3, 1.5])
def test_on_a_slow_line_the_picture_lags_by_a_bounded_time(clock, each):
    pace, line, lags = Pace(10), [], []
    pace.count()
    pace.heard.value = 1

    def answer():
        """The line carries one frame after the other, and each takes `each` seconds."""
        while line and line[0][1] <= clock.time:
            went, arrived, number = line.pop(0)
            lags.append(arrived - went)
            if number % ASK == 0 or number == pace.asked.value:
                pace.heard.value = max(pace.heard.value, number)

    for _ in range(12_000):
        clock.time += 0.01
        answer()
        if pace.due():
            pace.count()
            start = max(clock.time, line[-1][1] if line else 0)
            line.append((clock.time, start + each, pace.frames))
    assert max(lags) < each * (WINDOW + 1) + 0.1
    assert len(lags) > 0.8 * min(1200, 120 / each)  # and no time of the line is lost


def test_how_long_nobody_has_looked(clock):
    pace = Pace(10)
    frames(pace, clock, 1, 0.05)
    pace.heard.value = pace.asked.value
    assert pace.unseen() == 0
    clock.time += 100
    assert pace.unseen() == 0  # nothing was sent, so nothing could be answered
    for _ in range(ASK):
        pace.count()
    clock.time += 7
    frames(pace, clock, 3, 0.5)
    assert pace.unseen() == pytest.approx(10)
    before = pace.answered
    pace.heard.value = before + 1  # of an older question: somebody looks, but is late
    assert pace.unseen() == 0
    clock.time += 2
    assert pace.unseen() == pytest.approx(2)
    pace.heard.value = pace.asked.value
    clock.time += 50
    assert pace.unseen() == 0


def test_two_pages_answer_in_turn_and_the_faster_one_counts(clock):
    pace = Pace(10)
    frames(pace, clock, 1, 0.05)
    pace.heard.value = 9
    pace.heard.value = 6
    assert pace.answered == 9


def test_closing_leaves_no_widget():
    before = set(_instances)
    pace = Pace(10)
    assert len(set(_instances) - before) >= 3
    pace.close()
    assert set(_instances) == before


@pytest.mark.parametrize(
    ("fps", "kind", "told"),
    [
        (0, ValueError, "fps must be positive, got 0"),
        (-1, ValueError, "fps must be positive, got -1"),
        (math.nan, ValueError, "fps must be finite, got nan"),
        (math.inf, ValueError, "fps must be finite, got inf"),
        ("10", TypeError, "fps must be a number, got '10'"),
        (True, TypeError, "fps must be a number, got True"),
    ],
)
def test_fps_that_is_none_leaves_no_widget(fps, kind, told):
    before = set(_instances)
    with pytest.raises(kind, match=f"^{told}$"):
        Pace(fps)
    assert set(_instances) == before
