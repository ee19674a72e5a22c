"""Three hints for an exercise, from its own data: a plan, its lines shuffled, a skeleton."""

import ast
import random

from helpers.exercises.judging import Edit, Exercise


def list_hints(name: str, exercise: Exercise) -> list[str]:
    """Return the three hints of an exercise whose answer is run, each a text to print."""
    lines = "\n".join(shuffle_lines(name, exercise))
    shuffled = f"These lines, in another order, and one of them does not belong:\n\n{lines}"
    skeleton = f"The same with gaps, each a `...`:\n\n{make_skeleton(exercise.solution)}"
    return [exercise.plan, exercise.second or shuffled, skeleton]


def shuffle_lines(name: str, exercise: Exercise) -> list[str]:
    """Return the lines of a solution, shuffled alike each time, with one from a mistake."""
    lines = [line for line in exercise.solution.splitlines() if line.strip()]
    generator = random.Random(name)
    strange = find_strange_lines(exercise, lines)
    lines += [generator.choice(strange)] if strange else []
    generator.shuffle(lines)
    return sorted(lines, key=lambda line: not line.startswith(("def ", "class ")))


def find_strange_lines(exercise: Exercise, lines: list[str]) -> list[str]:
    """List the lines that a mistake has in place of one of the solution's."""
    strange = []
    for wrong in exercise.mistakes.values():
        if isinstance(wrong, Edit):
            changed = wrong.apply(exercise.solution).splitlines()
            fresh = [line for line in changed if line.strip() and line not in lines]
            strange += fresh if len(fresh) == 1 else []
    return strange


def make_skeleton(source: str) -> str:
    """Replace by three dots what stands right of `=` and behind `return`, and each bare call.

    The first line of a function, loops, conditions and imports stay, and so does every second of
    the other lines.
    """
    lines = source.strip("\n").splitlines()
    kinds = (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)
    simple = [node for node in ast.walk(ast.parse("\n".join(lines))) if isinstance(node, kinds)]
    simple.sort(key=lambda node: node.lineno)
    for node in reversed(simple[::2]):
        first, last = node.lineno - 1, node.end_lineno
        part = node if isinstance(node, ast.Expr) else node.value
        kept = lines[first][: part.col_offset] if part is not None else lines[first]
        lines[first:last] = [f"{kept}..."]
    return "\n".join(lines)
