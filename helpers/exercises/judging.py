"""What an exercise is, and how an answer to it is judged.

An exercise is data: a solution, the mistakes that are often made (each a small wrong program with
its sentence), cases that are drawn anew each time, and one way to observe a program on a case. An
answer that does what is right on every case is right. One that does on every case what a mistake
does is told that mistake's sentence. Else the first difference is told: what was asked for, and
what came.
"""

import copy
import dataclasses
import functools
from collections.abc import Callable, Sequence
from itertools import combinations

from helpers.exercises.comparing import MISSING, Raised, call, is_equal, tell
from helpers.exercises.running import NotYet, draw_alike, explain, new_seed
from helpers.guards import describe

OURS = "It cannot be judged here, for the official solution stops with"
DRAWS = 50  # how often cases are drawn, at most, until they tell all programs apart
PRELUDE = """
import copy, csv, math, os, random, statistics
from itertools import pairwise
from pathlib import Path
import numpy as np
import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset
from helpers.data import get_fake_data
from helpers.experiment import Experiment, Settings
from helpers.model import Regressor, count_parameters, make_layers
from helpers.training import evaluate, train, train_epoch
"""


@dataclasses.dataclass(frozen=True)
class Observation:
    """What a program did on a case.

    Attributes:
        parts: Tensors, numbers, texts and lists of them by what they are, such as "What
            huber(out, y, 0.5) returns", in the order in which they are compared.
        traits: What else tells one mistake from another, such as which steps were never run. It
            is not compared with what is right.
        notes: What was seen on the way, in words: told where no mistake has a name.
    """

    parts: dict[str, object]
    traits: object = None
    notes: str = ""


@dataclasses.dataclass(frozen=True)
class Edit:
    """A mistake that is the solution with some of its text replaced."""

    pairs: tuple[tuple[str, str], ...]

    def apply(self, source: str) -> str:
        """Return a text with all replacements made.

        Raises:
            ValueError: What is to be replaced does not stand there exactly once.
        """
        for old, new in self.pairs:
            if source.count(old) != 1:
                raise ValueError(f"{old!r} stands {source.count(old)} times in the solution")
            source = source.replace(old, new)
        return source


def edit(*texts: str) -> Edit:
    """Describe a mistake by what it replaces in the solution: old, new, old, new and so on."""
    return Edit(tuple(zip(texts[::2], texts[1::2], strict=True)))


def call_and_keep(answer: Callable, case: Sequence, shown: str) -> Observation:
    """Call an answer with the parts of a case, and keep what it returns and what it was given."""
    given = copy.deepcopy(case)
    returned = call(answer, *given, shown=shown)
    parts = {f"What {shown} returns": returned, f"What {shown} was given": list(given)}
    return Observation(parts)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exercise:
    """An exercise whose answer is run.

    Attributes:
        shown: How `check` calls the answer, such as "huber(out, y, delta)". Braces take a part of
            the case by its number: "huber(out, y, {2:g})".
        level: How hard it is, from 1 to 3.
        minutes: How long it takes, an estimate.
        core: Whether it belongs to the core of its notebook; else it is for the curious.
        plan: How to go about it, in words: the first hint.
        second: The second hint, where the solution's lines in another order would be of no help.
        solution: Its source text, as in the notebook.
        gaps: Those of its lines that the notebook leaves out, without indent, where it gives the
            others: only they are asked for by the hints.
        answer: The expression in it that is handed to `check`; the name in `shown` if empty.
        why: What is said of a right answer; or a function that says it of the last observation.
        draw: Draws the cases, each a tuple.
        observe: What an answer does on a case: from the answer, the case and the call as shown.
        truth: What is right, where the solution is not to be its own judge.
        mistakes: Each wrong program by its sentence: an edit of the solution, or a source text.
        share: How far apart two numbers may lie that count as equal, as a share of the larger.
        seconds: How long one check may take; `running.SECONDS` if None.
        note: A name in it that is the learner's own note: dots that are still given to that one do
            not keep a right answer from being right.
        rule: Judges an answer by itself, where there is nothing to compare with: it returns why
            the answer is right, or raises `NotYet`. Its mistakes are for the hints and the tests.
    """

    shown: str
    level: int
    minutes: int
    core: bool = True
    plan: str
    second: str = ""
    solution: str
    gaps: tuple[str, ...] = ()
    answer: str = ""
    why: str | Callable[[Observation], str] = ""
    draw: Callable[[], Sequence[tuple]] = tuple
    observe: Callable[[Callable, tuple, str], Observation] = call_and_keep
    truth: object = None
    mistakes: dict[str, Edit | str] = dataclasses.field(default_factory=dict)
    share: float = 1e-3
    seconds: float | None = None
    note: str = ""
    rule: Callable[[object], str] | None = None

    def make(self, source: str) -> object:
        """Run a source text as a cell, and return what it would hand to `check`."""
        names = dict(get_prelude())
        exec(compile(source, "<exercise>", "exec"), names)
        return eval(self.answer or self.shown.partition("(")[0], names)

    def sources(self) -> dict[str, str]:
        """Return the source text of each mistake, by its sentence."""
        return {
            sentence: wrong.apply(self.solution) if isinstance(wrong, Edit) else wrong
            for sentence, wrong in self.mistakes.items()
        }


@functools.cache
def get_prelude() -> dict[str, object]:
    """Return the names that a solution may use: what the notebooks import."""
    names: dict[str, object] = {}
    exec(PRELUDE, names)
    return names


def judge(exercise: Exercise, answer: object) -> str:
    """Say why an answer is right.

    Raises:
        NotYet: It is not right, and why.
    """
    if exercise.rule is not None:
        return exercise.rule(answer)
    drawn = Drawn(exercise)
    seen = drawn.observe_all(answer)
    differences = drawn.find_differences(seen)
    if any(differences):
        raise NotYet(drawn.explain(seen, differences))
    return exercise.why(seen[-1]) if callable(exercise.why) else exercise.why


@dataclasses.dataclass(frozen=True)
class Difference:
    """Where an observation leaves what is right.

    Attributes:
        place: The number of the first part that is not right; -1 if an error ended it.
        part: What is there instead.
        traits: The traits of the observation.
    """

    place: int
    part: object
    traits: object = None


class Drawn:
    """An exercise with cases drawn for one answer, and what is right and wrong on them.

    Attributes:
        cases: The cases.
        right: What is right on each.
        wrong: By its sentence the differences of each mistake, one for each case.
    """

    def __init__(self, exercise: Exercise) -> None:
        """Draw cases until all programs are told apart: each pair of them on at least one case.

        Raises:
            NotYet: What is right cannot be observed here: torch has been changed, perhaps.
        """
        self.exercise = exercise
        truth = exercise.truth or exercise.make(exercise.solution)
        made = {sentence: exercise.make(text) for sentence, text in exercise.sources().items()}
        for _ in range(DRAWS):
            self.cases = list(exercise.draw())
            self.seeds = [new_seed() for _ in self.cases]
            self.right = self.observe_all(truth)
            for right in self.right:
                if isinstance(right, Raised):
                    raise NotYet(f"{OURS} {describe(right.error)}.")
            self.wrong = {
                sentence: self.find_differences(self.observe_all(one))
                for sentence, one in made.items()
            }
            if self.are_apart():
                break

    def observe_all(self, program: object) -> list[Observation | Raised]:
        """Observe a program on each case, and what is random in it as for every other program."""
        return [self.observe(program, *drawn) for drawn in zip(self.cases, self.seeds, strict=True)]

    def observe(self, program: object, case: tuple, seed: int) -> Observation | Raised:
        """Observe a program on one case."""
        draw_alike(seed)
        try:
            return self.exercise.observe(program, case, self.exercise.shown.format(*case))
        except Exception as error:
            return Raised(error)

    def find_differences(self, seen: list[Observation | Raised]) -> list[Difference | None]:
        """Find for each case where an observation leaves the right one; None if nowhere."""
        return [self.find_difference(*pair) for pair in zip(self.right, seen, strict=True)]

    def find_difference(self, right: Observation, came: Observation | Raised) -> Difference | None:
        """Find where an observation leaves the right one; None if nowhere."""
        if isinstance(came, Raised):
            return Difference(-1, came)
        for place, (name, part) in enumerate(right.parts.items()):
            found = came.parts.get(name, MISSING)
            if not is_equal(part, found, self.exercise.share):
                return Difference(place, found, came.traits)
        return None

    def is_same(self, one: Difference | None, other: Difference | None) -> bool:
        """Tell whether two programs differ alike on a case."""
        if one is None or other is None:
            return one is other
        same_part = is_equal(one.part, other.part, self.exercise.share)
        return same_part and (one.place, one.traits) == (other.place, other.traits)

    def are_apart(self) -> bool:
        """Tell whether each mistake differs from what is right, and from every other, somewhere."""
        programs = [[None] * len(self.cases), *self.wrong.values()]
        return not any(all(map(self.is_same, *pair)) for pair in combinations(programs, 2))

    def name_mistake(self, differences: list[Difference | None]) -> str:
        """Return the sentence of the mistake that differs so on every case; '' if none does."""
        fitting = (
            sentence
            for sentence, wrong in self.wrong.items()
            if all(map(self.is_same, wrong, differences))
        )
        return next(fitting, "")

    def explain(
        self, seen: list[Observation | Raised], differences: list[Difference | None]
    ) -> str:
        """Say what is wrong with an answer: the first difference, and the mistake that makes it."""
        sentence = self.name_mistake(differences)
        case = next(number for number, one in enumerate(differences) if one is not None)
        right, came, difference = self.right[case], seen[case], differences[case]
        if isinstance(came, Raised):
            return explain(came.error, sentence)
        name, part = list(right.parts.items())[difference.place]
        fact = tell(name, part, difference.part, self.exercise.share)
        return f"{fact} {sentence or came.notes}".rstrip()
