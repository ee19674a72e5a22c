"""What the tests do in a notebook's kernel beside nbval: before its first cell, and after each.

Two variables say how a kernel computes, and tests/processors.py sets them: ROUND_AS is the number
of a processor that does not exist (rounding.py), TORCH_THREADS how many threads torch takes. A
third, EDGES, names a folder for the numbers that the cells have shown.
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
import os, sys
sys.path.append({os.path.dirname(__file__)!r})
import edges
edges.watch()
if number := int(os.environ.get("ROUND_AS", "0")):
    import rounding
    rounding.become(number)
if threads := int(os.environ.get("TORCH_THREADS", "0")):
    import torch
    torch.set_num_threads(threads)
    torch.set_num_threads = lambda number: None  # the notebooks ask for one
sys.path.pop()
"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Refuse, in a cell that is compared, what another processor may print otherwise."""
    yield
    if not isinstance(item, IPyNbCell) or not item.options["check"]:
        return
    found = ask(item.parent.kernel, "_edges.take()")
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
