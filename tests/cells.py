"""What the tests do in a notebook's kernel beside nbval: before its first cell, and after each.

Where EDGES names a folder, the numbers that the cells have shown are written there for
processors.py.
"""

import ast
import json
import os
from pathlib import Path

import edges
import pytest
from nbval.plugin import IPyNbCell

# What a kernel runs first, from its profile.
BEGIN = f"""
import sys
sys.path.append({os.path.dirname(__file__)!r})
import edges
sys.path.pop()
edges.watch()
"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Refuse, in a cell that is compared, what another processor may print otherwise."""
    yield
    if not isinstance(item, IPyNbCell) or not item.options["check"]:
        return
    found = ask(item.parent.kernel, "_edges.FOUND")
    near = [(source, shown, number) for _, source, shown, number, far in found if far < edges.NEAR]
    assert not near, f"another processor may print this otherwise: {near}"
    if "EDGES" in os.environ:
        with Path(os.environ["EDGES"], f"{item.path.stem}.jsonl").open("a") as file:
            file.write(json.dumps([item.cell.id, found]) + "\n")


def ask(kernel, expression):
    """The value of an expression in a kernel, of which nothing stays there."""
    asked = kernel.kc.execute("", silent=True, user_expressions={"value": expression})
    reply = {"parent_header": {}}
    while reply["parent_header"].get("msg_id") != asked:
        reply = kernel.get_message("shell", timeout=60)
    return ast.literal_eval(reply["content"]["user_expressions"]["value"]["data"]["text/plain"])
