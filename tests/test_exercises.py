"""Right, wrong with its reason, not answered: never an exception, whatever is handed in."""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import exercises
from helpers.exercises import Prediction, agree, check, feedback, predict, read_exercises

ALL = read_exercises()
NOT_ANSWERED = "Not answered yet: write your answer in place of the dots, and run the cell again."


@pytest.mark.parametrize("name", ALL)
def test_an_exercise_is_whole(name):
    exercise = ALL[name]
    assert set(exercise) == {"answer", "why", "hint", "wrong"}
    assert re.fullmatch(r"0\d-[a-z]+", name)
    assert len(exercise["wrong"]) >= 2
    answers = [exercise["answer"], *(wrong["answer"] for wrong in exercise["wrong"])]
    for place, one in enumerate(answers):
        assert not any(agree(one, other) for other in answers[:place]), one
    texts = [exercise["why"], exercise["hint"], *(wrong["says"] for wrong in exercise["wrong"])]
    assert all(re.search(r"[.?)]$", text) for text in texts)
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("name", ALL)
def test_every_answer_gets_its_own_words(name):
    exercise = ALL[name]
    assert feedback(name, exercise["answer"]) == f"Right. {exercise['why']}"
    for wrong in exercise["wrong"]:
        assert feedback(name, wrong["answer"]) == f"Not yet. {wrong['says']}"
    assert feedback(name, ...) == feedback(name, None) == feedback(name, [1, ...]) == NOT_ANSWERED


def test_check_prints_and_returns_nothing(capsys):
    assert check("01-pairs", 16) is None
    assert check("01-pairs", 4) is None
    right, wrong = capsys.readouterr().out.splitlines()
    assert right.startswith("Right. ")
    assert wrong.startswith("Not yet. 4 would be right if")


@pytest.mark.parametrize(
    "answer",
    [(50, 1), [50, 1], torch.Size([50, 1]), np.array([50, 1]), torch.tensor([50, 1]), [50.0, 1]],
)
def test_every_kind_of_shape_is_a_list(answer):
    assert feedback("01-shape", answer).startswith("Right.")


@pytest.mark.parametrize("answer", [16, 16.0, np.int64(16), torch.tensor(16), torch.tensor([16.0])])
def test_every_kind_of_number_is_a_number(answer):
    assert feedback("01-pairs", answer).startswith("Right.")


@pytest.mark.parametrize("answer", ["last", "LAST", " Last "])
def test_words_in_any_case(answer):
    assert feedback("01-split", answer).startswith("Right.")


def test_whole_numbers_exactly_and_others_to_a_hundredth():
    assert not agree(16.01, 16)
    assert agree(1.33, 1.3333)
    assert not agree(1.3, 1.3333)
    assert not agree(math.nan, 0.5)
    assert not agree(True, 1)
    assert not agree(1, True)
    assert agree(True, True)
    assert not agree("16", 16)


def test_a_wrong_kind_is_said():
    assert feedback("01-pairs", "many") == "Not yet. The answer is a number; yours is a word."
    assert feedback("01-split", 3) == "Not yet. The answer is a word; yours is a number."
    kind = "Not yet. The answer is a list; yours is of type dict."
    assert feedback("01-shape", {}) == kind


def test_an_unknown_wrong_answer_gets_the_hint():
    assert feedback("01-pairs", 17) == f"Not yet. {ALL['01-pairs']['hint']}"


class Hostile:
    """An object that refuses everything."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    def __eq__(self, other):
        raise RuntimeError("==")

    __hash__ = None


@pytest.mark.parametrize("name", ["01-shape", "01-pairs", "01-floor", "01-split"])
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
    with pytest.raises(ValueError, match=r"such as '01-shape', got '01-shap'"):
        check("01-shap", 1)


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
    monkeypatch.setattr(exercises, "display", shown.append)
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
