"""Answers that are a value: a number, a word, a list."""

import dis
import functools
import inspect
import math
import numbers
import tomllib
from itertools import pairwise
from pathlib import Path

KINDS = {bool: "True or False", int: "a number", float: "a number", str: "a word", list: "a list"}


@functools.cache
def read_exercises() -> dict[str, dict]:
    """Read every exercise: its answer, why it is right, a hint, and known wrong answers."""
    return tomllib.loads(Path(__file__).with_name("answers.toml").read_text(encoding="utf-8"))


def look_up(exercise: dict, answer: object) -> str:
    """Compare a plain answer with the right one and with the wrong ones that are known.

    Args:
        exercise: One of `read_exercises`.
        answer: What `to_plain` returns.

    Returns:
        What `check` prints.
    """
    right = exercise["answer"]
    if answer is None:
        return "Not yet. The answer is None: has a function there no `return`, or a print instead?"
    if is_answer(answer, right):
        return f"Right. {exercise['why']}"
    for wrong in exercise["wrong"]:
        if is_answer(answer, wrong["answer"]):
            return f"Not yet. {wrong['says']}"
    if isinstance(right, list) and isinstance(answer, list) and is_table(answer):
        rows, columns = len(answer), len(answer[0])
        return (
            f"Not yet. That is a whole table of numbers, {rows} rows of {columns}; the answer is a "
            f"list of {len(right)}. If it is a matrix whose shape is asked for: hand over its "
            f"shape, .shape."
        )
    if to_kind(answer) != to_kind(right):
        return f"Not yet. The answer is {to_kind(right)}; yours is {to_kind(answer)}."
    return f"Not yet. {exercise['hint']}"


def is_open(answer: object) -> bool:
    """Tell whether an answer, a part of a list or a function's body is still the three dots."""
    if isinstance(answer, list | tuple):
        return any(map(is_open, answer))
    return answer is ... or is_empty(answer) or has_gap(answer)


def has_gap(function: object) -> bool:
    """Tell whether three dots are given to a name in a function, as in `out = ...`."""
    return bool(list_gaps(function))


def is_open_note(answer: object, note: str) -> bool:
    """Tell whether three dots stand in a function, and behind no name but that of its note."""
    return list_gaps(answer) == [note]


def list_gaps(function: object) -> list[object]:
    """List the names in a function that three dots are given to; of a `return`, what it has."""
    if not inspect.isfunction(function):
        return []
    return [
        other.argval
        for one, other in pairwise(dis.get_instructions(function))
        if one.argval is ... and other.opname.startswith(("STORE_FAST", "RETURN"))
    ]


def is_empty(function: object) -> bool:
    """Tell whether a function, or each method of a class, has nothing in it but dots."""
    if isinstance(function, type):
        methods = [one for one in vars(function).values() if inspect.isfunction(one)]
        return bool(methods) and all(map(is_empty, methods))

    def bare() -> None: ...

    def described() -> None:
        """Do nothing."""

    if not inspect.isfunction(function):
        return False
    code = function.__code__
    told = all(const in (None, ..., function.__doc__) for const in code.co_consts)
    return told and code.co_code in (bare.__code__.co_code, described.__code__.co_code)


def is_table(answer: list) -> bool:
    """Tell whether a list holds rows of one length, as a matrix does."""
    rows = answer and all(isinstance(row, list) and row for row in answer)
    return bool(rows) and len({len(row) for row in answer}) == 1


def to_kind(answer: object) -> str:
    """Name the kind of an answer in a learner's words."""
    return KINDS.get(type(answer), f"of type {type(answer).__name__}")


def is_answer(answer: object, expected: object) -> bool:
    """Compare: whole numbers exactly, others to one part in a hundred, words in any case."""
    if isinstance(expected, list):
        same = isinstance(answer, list) and len(answer) == len(expected)
        return same and all(map(is_answer, answer, expected))
    if isinstance(answer, list) and len(answer) == 1:
        return is_answer(answer[0], expected)
    if isinstance(expected, str):
        return isinstance(answer, str) and answer.casefold().split() == expected.casefold().split()
    if isinstance(expected, bool) or isinstance(answer, bool):
        return answer is expected
    if not isinstance(answer, numbers.Real):
        return False
    if isinstance(expected, int):
        return answer == expected
    return abs(answer) < 1e300 and math.isclose(answer, expected, rel_tol=0.01)
