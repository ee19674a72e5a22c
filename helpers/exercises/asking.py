"""Questions and their answers: `check` says what is wrong, `predict` keeps a guess."""

import difflib
import html
from collections.abc import Callable, Sequence

import ipywidgets
from IPython.display import display

from helpers.exercises import (
    n00_overview,
    n01_dataset,
    n02_model,
    n03_instantiate,
    n04_loss,
    n05_optimizer,
    n06_training,
    n07_depth,
    n08_parameters,
    n09_real_program,
    n11_other_problems,
)
from helpers.exercises.lookup import is_open, look_up, read_exercises, to_plain
from helpers.exercises.running import run_guarded

OPEN = "Not answered yet: write your answer in place of the dots, and run the cell again."

# The exercises whose answer is run: each function raises `NotYet`, or returns why it is right.
CHECKS: dict[str, Callable[[object], str]] = (
    n00_overview.CHECKS
    | n01_dataset.CHECKS
    | n02_model.CHECKS
    | n03_instantiate.CHECKS
    | n04_loss.CHECKS
    | n05_optimizer.CHECKS
    | n06_training.CHECKS
    | n07_depth.CHECKS
    | n08_parameters.CHECKS
    | n09_real_program.CHECKS
    | n11_other_problems.CHECKS
)


def check(name: str, answer: object) -> None:
    """Print whether an answer is right, and if not, what is wrong with it.

    A number, a word or a list of them is compared. A function, a class, a network, an
    optimizer, a tensor or a panel is run, for 20 seconds at most: what it prints shows, what it
    raises is told in a sentence, and what it changes (seeds, dtype, threads) is put back.

    Args:
        name: Name of the exercise, such as "02-cfg".
        answer: Your answer; `...` is not answered yet. A tensor counts as its numbers where
            numbers are asked for.

    Raises:
        ValueError: There is no exercise of that name.

    Shown in: 01_dataset
    """
    print(feedback(name, answer))


def feedback(name: str, answer: object) -> str:
    """Say what `check` prints."""
    values = read_exercises()
    if name not in values and name not in CHECKS:
        near = difflib.get_close_matches(str(name), [*values, *CHECKS], n=1, cutoff=0.0)[0]
        raise ValueError(f"name must be an exercise such as {near!r}, got {name!r}")

    def judge() -> str:
        if is_open(answer):
            return OPEN
        if name in CHECKS:
            return f"Right. {CHECKS[name](answer)}"
        return look_up(values[name], to_plain(answer))

    return run_guarded(judge)


class Prediction(ipywidgets.VBox):
    """A question to decide before the cell that answers it is run; `predict` makes them."""

    def __init__(self, question: str, options: Sequence[str]) -> None:
        """Show the options, none of them chosen."""
        if isinstance(options, str) or len(set(options)) != len(options) or len(options) < 2:
            raise ValueError(f"options must be at least two different texts, got {options!r}")
        self.question = question
        layout = {"width": "auto", "max_width": "100%"}
        self.choice = ipywidgets.RadioButtons(options=list(options), value=None, layout=layout)
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
