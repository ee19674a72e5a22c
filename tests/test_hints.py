"""What `hint` says at each call."""

import pytest

from helpers.exercises import asking, hint
from helpers.exercises.asking import EXERCISES
from helpers.exercises.lookup import read_exercises


@pytest.fixture(autouse=True)
def none_given(monkeypatch):
    monkeypatch.setattr(asking, "given", {})


def test_each_call_says_more_and_the_last_hint_is_repeated(capsys):
    said = []
    for _ in range(4):
        assert hint("04-huber") is None
        said.append(capsys.readouterr().out)
    assert said[0] == f"Hint 1 of 3: {EXERCISES['04-huber'].plan}\n"
    assert said[1].startswith("Hint 2 of 3: These lines, in another order")
    assert said[2].startswith("Hint 3 of 3: The same with gaps")
    assert said[3] == said[2]


def test_exercises_count_their_hints_apart(capsys):
    hint("04-huber")
    hint("11-conv")
    assert capsys.readouterr().out.count("Hint 1 of 3: ") == 2


def test_the_lines_are_shuffled_alike_each_time(capsys, monkeypatch):
    seen = []
    for _ in range(2):
        monkeypatch.setattr(asking, "given", {"11-conv": 1})
        hint("11-conv")
        seen.append(capsys.readouterr().out)
    assert seen[0] == seen[1]


def test_a_value_has_one_hint(capsys):
    name, exercise = next(iter(read_exercises().items()))
    hint(name)
    hint(name)
    assert capsys.readouterr().out == 2 * f"Hint 1 of 1: {exercise['hint']}\n"


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(ValueError, match=r"such as '04-huber', got '04-hubert'"):
        hint("04-hubert")


def test_where_a_stub_gives_the_rest_the_hints_are_about_what_it_leaves_out(capsys):
    for _ in range(3):
        hint("03-forward")
    _, second, third = capsys.readouterr().out.split("Hint ")[1:]
    head, _, first, other = second.strip().splitlines()
    assert head.endswith("One of these lines is missing, and the other does not belong:")
    assert "out = net(x)" in (first, other)
    assert first != other
    assert third.count("...`") == 1
    assert "        out = net(...)\n        loss = loss_func(out, y)\n" in third


def test_no_line_that_does_not_belong_is_told_of_where_there_is_none(capsys):
    for _ in range(3):
        hint("05-order")
    _, second, third = capsys.readouterr().out.split("Hint ")[1:]
    head, _, *lines = second.strip().splitlines()
    assert head.endswith("These lines are missing, in another order:")
    assert sorted(lines) == ["optimizer.step()", "optimizer.zero_grad()"]
    assert "        ...\n        loss.backward()\n        ...\n" in third
