"""Questions to decide before the cells that answer them are run, and what is said of a choice."""

import functools
import html
import tomllib
from pathlib import Path

import ipywidgets
from IPython.display import display

from helpers.guards import guard_known

UNDECIDED = (
    "Choose one of the options first, even if you are not sure: then run this cell again. What you "
    "have decided you will remember."
)
# ipywidgets gives each option 20 px, also one that needs two lines.
STYLE = """<style>
.sine-question { --jp-widgets-radio-item-height: 24px; }
.sine-question .widget-radio-box label { height: auto; }
</style>"""


@functools.cache
def read_questions() -> dict[str, dict]:
    """Read each question: text, options, the right one, why, and what speaks against the others."""
    return tomllib.loads(Path(__file__).with_name("questions.toml").read_text(encoding="utf-8"))


class Prediction(ipywidgets.VBox):
    """A question to decide before the cells that answer it are run; `predict` makes them."""

    _ipython_display_ = None  # ipywidgets 7 would show it by this, without its text

    def __init__(self, question: dict) -> None:
        """Show the options of one of `read_questions`, none of them chosen."""
        self.question = question
        layout = {"width": "auto", "max_width": "100%"}
        options = question["options"]
        self.choice = ipywidgets.RadioButtons(options=options, value=None, layout=layout)
        text = ipywidgets.HTML(f"<b>{html.escape(question['text'])}</b>{STYLE}")
        super().__init__([text, self.choice])
        self.add_class("sine-question")

    def reveal(self) -> None:
        """Print what is to be said of your choice; ask for one if there is none.

        A choice made stays as it is from now on.
        """
        chosen = self.choice.value
        if chosen is None:
            print(UNDECIDED)
            return
        self.choice.disabled = True
        print(f"You predicted: {chosen}")
        print(say(self.question, chosen))

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        """Read as plain text where there is no kernel."""
        options = "".join(f"\n( ) {option}" for option in self.choice.options)
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {
            "text/plain": self.question["text"] + options,
            "application/vnd.jupyter.widget-view+json": view,
        }


def say(question: dict, chosen: str) -> str:
    """Say whether an option is the right one, and why, or what speaks against it."""
    right, why = question["right"], question["why"]
    if chosen == right:
        return f"And so it is. {why}"
    return f"It came out otherwise: {right}. {question['wrong'][chosen]} {why}"


def predict(name: str) -> Prediction:
    """Ask a question of the series, to be decided before you run on; `reveal()` answers.

    Args:
        name: Name of the question, such as "05-race".

    Raises:
        ValueError: There is no question of that name.

    Shown in: 00_overview
    """
    questions = read_questions()
    guard_known("a question", name, questions)
    prediction = Prediction(questions[name])
    display(prediction)
    return prediction
