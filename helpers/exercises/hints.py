"""Three hints for an exercise, from its own data: a plan, its lines shuffled, a skeleton."""

import ast
import random
from collections.abc import Sequence

from helpers.exercises.judging import Edit, Exercise


def list_hints(name: str, exercise: Exercise) -> list[str]:
    """Return the three hints of an exercise whose answer is run, each a text to print."""
    skeleton = make_skeleton(exercise.solution, exercise.gaps)
    return [
        exercise.plan,
        exercise.second or tell_lines(name, exercise),
        f"The same with gaps, each a `...`:\n\n{skeleton}",
    ]


def tell_lines(name: str, exercise: Exercise) -> str:
    """Show the lines that are wanted, shuffled alike each time, with one from a mistake.

    Where the notebook gives a part of the solution, those are the lines that it leaves out.
    """
    wanted = exercise.gaps or [line for line in exercise.solution.splitlines() if line.strip()]
    generator = random.Random(name)
    strange = find_strange_lines(exercise, wanted)
    lines = [*wanted, generator.choice(strange)] if strange else list(wanted)
    generator.shuffle(lines)
    lines.sort(key=lambda line: not line.startswith(("def ", "class ")))
    if len(lines) == 1:
        head = "This line is missing"
    elif len(wanted) == 1:
        head = "One of these lines is missing, and the other does not belong"
    else:
        head = "These lines are missing" if exercise.gaps else "These lines"
        head += ", in another order" + (", and one of them does not belong" if strange else "")
    return "\n".join([f"{head}:\n", *lines])


def find_strange_lines(exercise: Exercise, wanted: Sequence[str]) -> list[str]:
    """List the lines that a mistake has in place of one that is wanted."""
    own = [line for line in exercise.solution.splitlines() if line.strip()]
    strip = str.strip if exercise.gaps else str
    strange = []
    for wrong in exercise.mistakes.values():
        if isinstance(wrong, Edit):
            changed = [line for line in wrong.apply(exercise.solution).splitlines() if line.strip()]
            fresh = [strip(line) for line in changed if line not in own]
            gone = [line for line in own if line not in changed and strip(line) in wanted]
            if len(fresh) == 1 and (gone or not exercise.gaps) and fresh[0] not in wanted:
                strange += fresh
    return strange


def make_skeleton(source: str, gaps: Sequence[str] = ()) -> str:
    """Replace by three dots what stands right of `=` and behind `return`, and each bare call.

    The first line of a function, loops, conditions and imports stay, and so does every second of
    the other lines.

    Args:
        source: A solution.
        gaps: The lines that its notebook leaves out, without their indent. If there are any,
            these become gaps, and all else stays. The dots may be there already, so of a call
            what is called is kept, if it takes something.
    """
    lines = source.strip("\n").splitlines()
    kinds = (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)
    simple = [node for node in ast.walk(ast.parse("\n".join(lines))) if isinstance(node, kinds)]
    simple.sort(key=lambda node: node.lineno)
    if gaps:
        chosen = [node for node in simple if lines[node.lineno - 1].strip() in gaps]
    else:
        chosen = simple[::2]
    for node in reversed(chosen):
        first, last = node.lineno - 1, node.end_lineno
        part = node if isinstance(node, ast.Expr) else node.value
        kept = lines[first][: part.col_offset] if part is not None else lines[first]
        called = gaps and isinstance(node.value, ast.Call) and node.value.args
        dots = f"{ast.unparse(node.value.func)}(...)" if called else "..."
        lines[first:last] = [f"{kept}{dots}"]
    return "\n".join(lines)
