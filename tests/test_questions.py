"""Questions: asked by name, nothing revealed without a choice, each option with its words."""

import pytest
from IPython.core.formatters import DisplayFormatter
from ipywidgets import VBox, Widget

from helpers.exercises import predict, questions
from helpers.exercises.questions import UNDECIDED, Prediction, read_questions

ALL = read_questions()
QUESTION = {
    "text": "Is 1 < 2?",
    "options": ["no", "yes", "perhaps"],
    "right": "yes",
    "why": "2 is 1 more.",
    "wrong": {"no": "Count once more.", "perhaps": "It is certain."},
}


@pytest.mark.parametrize("name", ALL)
def test_a_question_is_whole(name):
    question = ALL[name]
    options = question["options"]
    assert set(question) == {"text", "options", "right", "why", "wrong"}
    assert len(set(options)) == len(options) >= 2
    assert question["right"] in options
    assert question["text"].strip()
    assert question["why"].strip()
    assert set(question["wrong"]) == set(options) - {question["right"]}
    assert all(said.strip() for said in question["wrong"].values())


def test_predict_shows_a_question_and_hands_it_out(monkeypatch):
    shown = []
    monkeypatch.setattr(questions, "display", shown.append)
    name = next(iter(ALL))
    guess = predict(name)
    assert shown == [guess]
    assert guess.choice.value is None
    assert list(guess.choice.options) == ALL[name]["options"]


def test_an_unknown_question_names_the_nearest():
    name = next(iter(ALL))
    with pytest.raises(ValueError, match=f"a question such as '{name}', got '{name}x'"):
        predict(f"{name}x")


def test_without_a_choice_nothing_is_revealed(capsys):
    guess = Prediction(QUESTION)
    guess.reveal()
    assert capsys.readouterr().out == f"{UNDECIDED}\n"
    assert not guess.choice.disabled


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("yes", "And so it is. 2 is 1 more."),
        ("no", "It came out otherwise: yes. Count once more. 2 is 1 more."),
        ("perhaps", "It came out otherwise: yes. It is certain. 2 is 1 more."),
    ],
)
def test_a_choice_gets_its_words_and_stays(chosen, said, capsys):
    guess = Prediction(QUESTION)
    guess.choice.value = chosen
    guess.reveal()
    assert capsys.readouterr().out == f"You predicted: {chosen}\n{said}\n"
    assert guess.choice.disabled
    assert guess.choice.value == chosen


def test_it_reads_as_plain_text_without_a_kernel_in_ipywidgets_7_too(monkeypatch):
    guess = Prediction(QUESTION)
    text = "Is 1 < 2?\n( ) no\n( ) yes\n( ) perhaps"
    whole = VBox._repr_mimebundle_(guess) | {"text/plain": text}
    monkeypatch.setattr(Widget, "_ipython_display_", print, raising=False)  # 7 has such a method
    assert DisplayFormatter().format(guess) == (whole, {})


def test_its_text_is_no_html():
    assert Prediction(QUESTION).children[0].value.startswith("<b>Is 1 &lt; 2?</b>")
