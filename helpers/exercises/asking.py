"""`check` judges an answer, `hint` says how to go on, `show_errors` what raises what."""

import importlib
from collections.abc import Callable
from pathlib import Path

from helpers.exercises.comparing import to_plain
from helpers.exercises.hints import list_hints
from helpers.exercises.judging import Exercise, judge
from helpers.exercises.lookup import is_open, is_open_note, look_up, read_exercises
from helpers.exercises.running import LATE, REFUSED, NotYet, run_guarded
from helpers.guards import guard_known

WORLD = (
    "But the official solution is refused here as well, so this says nothing about yours: "
    "something in this kernel has been changed, torch perhaps. Restart the kernel, and try again."
)
OPEN = "Not answered yet: write your answer in place of the dots, and run the cell again."


def collect_exercises() -> dict[str, Exercise]:
    """Collect what each module that is named after a notebook declares, by name."""
    found: dict[str, Exercise] = {}
    for path in sorted(Path(__file__).parent.glob("n[0-9][0-9]_*.py")):
        found |= importlib.import_module(f"{__package__}.{path.stem}").EXERCISES
    return found


EXERCISES = collect_exercises()  # those whose answer is run
given: dict[str, int] = {}  # by exercise, how many hints this kernel has shown


def check(name: str, answer: object) -> None:
    """Print whether an answer is right, and if not, what is wrong with it.

    A number, a word or a list of them is compared. A function, a class, a network, an
    optimizer, a tensor or a panel is run, for 20 seconds at most, unless its exercise gives it
    more: what it prints shows, what it raises is told in a sentence, and what it changes (seeds,
    dtype, threads) is put back.

    Args:
        name: Name of the exercise, such as "02-cfg".
        answer: Your answer; `...` is not answered yet. A tensor counts as its numbers where
            numbers are asked for.

    Raises:
        ValueError: There is no exercise of that name.

    Shown in: 00_overview
    """
    print(feedback(name, answer))


def feedback(name: str, answer: object) -> str:
    """Say what `check` prints."""
    guard_known("an exercise", name, [*read_exercises(), *EXERCISES])
    exercise = EXERCISES.get(name)

    def find_verdict() -> str:
        has_note = exercise is not None and is_open_note(answer, exercise.note)
        if is_open(answer) and not has_note:
            return OPEN
        if exercise is None:
            return look_up(read_exercises()[name], to_plain(answer))
        try:
            return f"Right. {judge(exercise, answer)}"
        except NotYet:
            if has_note:
                return OPEN.replace("answer in place", f"{exercise.note} in place")
            raise

    said = run_guarded(find_verdict, exercise and exercise.seconds)
    if said.startswith(REFUSED) and exercise is not None and is_world_changed(exercise):
        return f"{said} {WORLD}"
    return said


def is_world_changed(exercise: Exercise) -> bool:
    """Tell whether the official solution is refused, too; one that takes too long is not."""
    said = run_guarded(lambda: judge(exercise, exercise.make(exercise.solution)), exercise.seconds)
    return said.startswith(REFUSED) and not said.startswith(LATE)


def hint(name: str) -> None:
    """Print a hint for an exercise; each further call says more.

    Where code is to be written there are three: a plan in words, the lines of a solution in
    another order with one that does not belong, and a skeleton with gaps.

    Args:
        name: Name of the exercise, such as "06-train".

    Raises:
        ValueError: There is no exercise of that name.
    """
    guard_known("an exercise", name, [*read_exercises(), *EXERCISES])
    if name in EXERCISES:
        hints = list_hints(name, EXERCISES[name])
    else:
        hints = [read_exercises()[name]["hint"]]
    place = min(given.get(name, 0), len(hints) - 1)
    given[name] = place + 1
    print(f"Hint {place + 1} of {len(hints)}: {hints[place]}")


def show_errors(*actions: Callable[[], object]) -> None:
    """Do what should fail, and print each error's type and message, numbered, without tracebacks.

    Shown in: 01_dataset
    """
    for number, action in enumerate(actions, 1):
        try:
            action()
        except Exception as error:
            print(f"{number}. {type(error).__name__}: {error}\n")
