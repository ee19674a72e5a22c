"""Facts: what the cells of a notebook must have found. They stand in facts/, one file a notebook.

A line `# %% 05-race` begins the facts of that cell: plain Python that sees the notebook's names,
`right("05-race")`, the right option of a question, and `printed("lr {}: loss {}")`, what the cell
has printed in the places of `{}`. What stands above the first such line runs before the facts of
each cell. cells.py has them run in the notebook's kernel after their cell.
"""

import ast
import contextlib
import re
import sys
import tomllib
import traceback
from pathlib import Path

FOLDER = Path(__file__).with_name("facts")
QUESTIONS = Path(__file__).parents[1] / "helpers" / "exercises" / "questions.toml"
BEGINS = re.compile(r"# %% (\S+)")


def path_of(stem):
    """The file with a notebook's facts, which may not exist."""
    return FOLDER / f"{stem}.py"


def read_facts(path):
    """The facts in a file by the id of their cell, each in the lines where it stands."""
    if not path.exists():
        return {}
    lines = path.read_text("utf-8").splitlines()
    begins = [n for n, line in enumerate(lines) if BEGINS.fullmatch(line)]
    head = lines[: begins[0]] if begins else []
    found = {}
    for begin, end in zip(begins, [*begins[1:], None], strict=True):
        name = BEGINS.fullmatch(lines[begin])[1]
        if name in found:
            raise ValueError(f"{path.name}, line {begin + 1}: the facts of {name} begin twice")
        empty = [""] * (begin + 1 - len(head))
        found[name] = "\n".join([*head, *empty, *lines[begin + 1 : end]])
    return found


def right(question):
    """The text of a question's right option."""
    return tomllib.loads(QUESTIONS.read_text("utf-8"))[question]["right"]


def printed_in(text):
    """The function `printed` for a cell that has printed this text.

    It takes a line with `{}` in the places of what was shown there, and returns a row for each
    line that fits: numbers (of a share the share), truth values, and words.
    """

    def printed(line):
        parts = [re.escape(part) for part in line.split("{}")]
        whole = "" if parts[-1] else r"(?![\w%+-]|[.,]\d)"  # a number at the end, to its end
        pattern = r"\s*(\S+?)".join(parts) + whole
        rows = [[to_value(part) for part in found.groups()] for found in re.finditer(pattern, text)]
        if not rows:
            raise AssertionError(f"no line like {line!r} in what was printed:\n{text}")
        return rows

    return printed


def to_value(text):
    """A number or truth value, if a text is one; else the text."""
    if text in ("True", "False"):
        return text == "True"
    try:
        number = float(text.rstrip("%").replace(",", ""))
    except ValueError:
        return text
    return number / 100 if text.endswith("%") else number


def seen_by(source, names, text):
    """The names that facts see: a copy, so that they leave none behind.

    A notebook's own `right` gives way only where the facts of a cell ask for an option.
    """
    own = {"printed": printed_in(text), "right": right}
    return names | {name: own[name] for name in own if f"{name}(" in source}


@contextlib.contextmanager
def same_draws():
    """Put the generators back, so that what facts draw changes no draw of the next cell."""
    known = {"torch": ("get_rng_state", "set_rng_state"), "random": ("getstate", "setstate")}
    known["numpy.random"] = ("get_state", "set_state")
    loaded = [(sys.modules[name], *known[name]) for name in known if name in sys.modules]
    states = [(getattr(module, put), getattr(module, get)()) for module, get, put in loaded]
    try:
        yield
    finally:
        for put, state in states:
            put(state)


def run(path, name, names, text):
    """Run the facts of a cell on a notebook's names, in its kernel.

    Args:
        text: What the cell has printed.

    Returns:
        The traceback of what failed, with the values in it; "" if all holds.
    """
    from _pytest.assertion.rewrite import rewrite_asserts  # says which values were compared

    source = read_facts(Path(path))[name]
    tree = ast.parse(source)
    rewrite_asserts(tree, source.encode(), path)
    try:
        with same_draws():
            exec(compile(tree, path, "exec"), seen_by(source, names, text))
    except Exception as error:
        first = error.__traceback__.tb_next  # without the line above
        return "".join(traceback.format_exception(type(error), error, first))
    return ""
