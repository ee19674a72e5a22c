"""What the tests do in a notebook's kernel beside nbval: before its first cell, and after each.

After a cell its facts run there. Where EDGES names a folder, the numbers that the cells have shown
are written there for processors.py.
"""

import ast
import json
import os
from pathlib import Path

import edges
import facts
import pytest
from nbval.plugin import IPyNbCell

# What a kernel runs first, from its profile.
BEGIN = f"""
import builtins, sys
sys.path.append({os.path.dirname(__file__)!r})
import edges, facts
sys.path.pop()
edges.watch()
builtins._facts = facts
del builtins, edges, facts, sys
"""
# Where one of these is given, a part of a notebook is all that was asked for.
CHOICES = ["keyword", "markexpr", "deselect", "lf", "stepwise"]
JUDGED = pytest.StashKey()  # of a notebook: the ids of the cells whose facts had their turn


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Run a cell's facts; refuse, if it is compared, what another processor may print otherwise."""
    if not isinstance(item, IPyNbCell):
        return (yield)
    try:
        yield
    except pytest.skip.Exception:
        raise
    except BaseException:
        note_judged(item)  # it is told, and a second word about it says nothing
        raise
    found = ask(item.parent.kernel, "_edges.FOUND") if item.options["check"] else []
    judge(item)
    near = [(source, shown, number) for _, source, shown, number, far in found if far < edges.NEAR]
    assert not near, f"another processor may print this otherwise: {near}"
    if "EDGES" in os.environ and item.options["check"]:
        with Path(os.environ["EDGES"], f"{item.path.stem}.jsonl").open("a") as file:
            file.write(json.dumps([item.cell.id, found]) + "\n")


def note_judged(item):
    item.parent.stash.setdefault(JUDGED, set()).add(item.cell.id)


def judge(item):
    """Run the facts of a cell in its kernel; the test fails where one does."""
    note_judged(item)
    path = facts.path_of(item.path.stem)
    if item.cell.id in facts.read_facts(path):
        text = "".join(output.get("text", "") for output in item.test_outputs)
        call = f"_facts.run({str(path)!r}, {item.cell.id!r}, globals(), {text!r})"
        if failed := ask(item.parent.kernel, call):
            item.raise_cell_error("It has not found what it must have found", failed)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Refuse, behind the last cell of a notebook, that some of its facts never ran."""
    yield
    if isinstance(item, IPyNbCell) and (nextitem is None or nextitem.parent is not item.parent):
        wanted = set(facts.read_facts(facts.path_of(item.path.stem)))
        missing = wanted - item.parent.stash.get(JUDGED, set())
        if missing and not is_part(item.config):
            pytest.fail(f"facts that never ran: {', '.join(sorted(missing))}", pytrace=False)


def is_part(config):
    """Whether the command asked for a part of its files."""
    chosen = any(config.getoption(name, None) for name in CHOICES)
    return chosen or any("::" in argument for argument in config.args)


def ask(kernel, expression):
    """The value of an expression in a kernel, of which nothing stays there."""
    asked = kernel.kc.execute("", silent=True, user_expressions={"value": expression})
    reply = {"parent_header": {}}
    while reply["parent_header"].get("msg_id") != asked:
        reply = kernel.get_message("shell", timeout=300)
    said = reply["content"]["user_expressions"]["value"]
    assert said["status"] == "ok", said
    return ast.literal_eval(said["data"]["text/plain"])
