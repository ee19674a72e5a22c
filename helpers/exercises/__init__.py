"""Exercises that answer: `check` says what a wrong value betrays, `predict` keeps a guess."""

import contextlib
import difflib
import html
import math
import numbers
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import ipywidgets
from IPython.display import display

KINDS = {bool: "True or False", int: "a number", float: "a number", str: "a word", list: "a list"}


def check(name: str, answer: object) -> None:
    """Print whether an answer is right, and if not, what it may come from.

    Args:
        name: Name of the exercise, such as "02-count".
        answer: Your answer; `...` is not answered yet. A tensor counts as its numbers.

    Raises:
        ValueError: There is no exercise of that name.

    Shown in: 01_dataset
    """
    print(feedback(name, answer))


def feedback(name: str, answer: object) -> str:
    """Say what `check` prints."""
    exercises = read_exercises()
    if name not in exercises:
        near = difflib.get_close_matches(str(name), exercises, n=1, cutoff=0.0)[0]
        raise ValueError(f"name must be an exercise such as {near!r}, got {name!r}")
    exercise, answer = exercises[name], to_plain(answer)
    parts = answer if isinstance(answer, list) else [answer]
    if answer is None or any(part is ... for part in parts):
        return "Not answered yet: write your answer in place of the dots, and run the cell again."
    right = exercise["answer"]
    if agree(answer, right):
        return f"Right. {exercise['why']}"
    for wrong in exercise["wrong"]:
        if agree(answer, wrong["answer"]):
            return f"Not yet. {wrong['says']}"
    if to_kind(answer) != to_kind(right):
        return f"Not yet. The answer is {to_kind(right)}; yours is {to_kind(answer)}."
    return f"Not yet. {exercise['hint']}"


def read_exercises() -> dict[str, dict]:
    """Read every exercise: its answer, why it is right, a hint, and known wrong answers."""
    return tomllib.loads(Path(__file__).with_name("answers.toml").read_text(encoding="utf-8"))


def to_plain(answer: object) -> object:
    """Turn tensors, arrays and tuples into numbers and lists."""
    with contextlib.suppress(Exception):  # not a tensor: as wrong as any other object
        answer = answer.tolist()
    return [to_plain(part) for part in answer] if isinstance(answer, list | tuple) else answer


def to_kind(answer: object) -> str:
    """Name the kind of an answer in a learner's words."""
    return KINDS.get(type(answer), f"of type {type(answer).__name__}")


def agree(answer: object, expected: object) -> bool:
    """Compare: whole numbers exactly, others to one part in a hundred, words in any case."""
    if isinstance(expected, list):
        same = isinstance(answer, list) and len(answer) == len(expected)
        return same and all(map(agree, answer, expected))
    if isinstance(answer, list) and len(answer) == 1:
        return agree(answer[0], expected)
    if isinstance(expected, str):
        return isinstance(answer, str) and answer.casefold().split() == expected.casefold().split()
    if isinstance(expected, bool) or isinstance(answer, bool):
        return answer is expected
    if not isinstance(answer, numbers.Real):
        return False
    if isinstance(expected, int):
        return answer == expected
    return abs(answer) < 1e300 and math.isclose(answer, expected, rel_tol=0.01)


class Prediction(ipywidgets.VBox):
    """A question to decide before the cell that answers it is run; `predict` makes them."""

    def __init__(self, question: str, options: Sequence[str]) -> None:
        """Show the options, none of them chosen."""
        if isinstance(options, str) or len(set(options)) != len(options) or len(options) < 2:
            raise ValueError(f"options must be at least two different texts, got {options!r}")
        self.question = question
        layout = {"width": "auto", "max_width": "100%"}
        self.choice = ipywidgets.RadioButtons(options=list(options), value=None, layout=layout)
        self.choice.tooltip = question
        super().__init__([ipywidgets.HTML(f"<b>{html.escape(question)}</b>"), self.choice])

    def reveal(self, truth: str) -> None:
        """Print the truth beside the choice; a choice made stays as it is from now on.

        Args:
            truth: One of the options.

        Raises:
            ValueError: It is not one of them.
        """
        if truth not in self.choice.options:
            raise ValueError(f"truth must be one of {self.choice.options}, got {truth!r}")
        self.choice.disabled = self.choice.value is not None
        said = self.choice.value or "nothing yet"
        print(f"You predicted: {said}\nIt is:         {truth}")

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        """Read as plain text where there is no kernel."""
        options = "".join(f"\n( ) {option}" for option in self.choice.options)
        return super()._repr_mimebundle_(**kwargs) | {"text/plain": self.question + options}


def predict(question: str, options: Sequence[str]) -> Prediction:
    """Ask for a choice, to be made before you run on; `reveal` on what it returns answers.

    Args:
        question: One sentence.
        options: What may come out, at least two different texts.

    Raises:
        ValueError: Too few options, or the same one twice.

    Shown in: 01_dataset
    """
    prediction = Prediction(question, options)
    display(prediction)
    return prediction


def show_errors(*actions: Callable[[], object]) -> None:
    """Do what should fail, and print each error's type and message, numbered, without tracebacks.

    Shown in: 01_dataset
    """
    for number, action in enumerate(actions, 1):
        try:
            action()
        except Exception as error:
            print(f"{number}. {type(error).__name__}: {error}\n")
