"""Digits at the edge and counts of floats are found; a made-up processor is one."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import edges
import nbformat
import pytest
import torch
from processors import on_path

HERE = Path(__file__).parent


def run(source, **names):
    """Run a cell as the tests' kernels do; return what it printed, and what was found."""
    said = []
    tree = edges.Watcher().visit(ast.parse(source))
    exec(compile(tree, "<cell>", "exec"), {"print": said.append, "_edges": edges, **names})
    return said, list(edges.FOUND)


@pytest.mark.parametrize(
    ("number", "shown", "distance"),
    [
        (0.74123456789, "0.7", 0.0087654321 / 0.74123456789),
        (0.00050000012345, "0.001", 1.2345e-10 / 0.00050000012345),
        (-1234.4999987654, "-1,234", 1.2346e-6 / 1234.4999987654),
        (0.66512345678, "67%", 0.00012345678 / 0.66512345678),
        (9.5123456789e-07, "9.5e-07", 0.037654321 / 9.5123456789),
    ],
)
def test_how_near_a_number_is_to_another_digit(number, shown, distance):
    assert edges.edge_distance(number, shown) == pytest.approx(distance, rel=1e-4)


def test_what_is_written_and_what_is_half_way_is_shown_alike_everywhere():
    assert edges.edge_distance(0.4775, "0.477") is None  # a stored figure
    assert edges.edge_distance(10.0009765625, "10.000976562") is None  # a sum of powers of two
    assert [edges.edge_distance(n, f"{n}") for n in (0.0, float("inf"), float("nan"))] == [None] * 3


def test_each_way_to_print_a_rounded_number_is_seen():
    near = torch.tensor(0.06250002)
    said, found = run(
        "print(f'{near.item():.3f} and {near:.3f}')\n"
        "print(round(near.item(), 3))\n"
        "print(near.numpy().round(3).item())\n"
        "print(f'{near.item():.3g}')\n"
        "print(f'{7:3} {text:>3} {near.item()!r:>3}')",
        near=near,
        text="a",
    )
    assert said[:2] == ["0.063 and 0.063", 0.063]
    assert [shown for _, _, shown, _, _ in found] == ["0.063"] * 4 + ["0.0625"]
    assert [distance < edges.NEAR for *_, distance in found] == [True] * 4 + [False]


def test_floats_that_are_nearly_equal_are_seen_and_others_are_not():
    one = torch.tensor([1.0, 2.0, 0.0])
    last_bit = torch.tensor([1.0, 2.0000002, 0.0])
    said, found = run("print((one != other).sum().item())", one=one, other=last_bit)
    assert said == [1]
    assert [(source, shown) for _, source, shown, _, _ in found] == [("one != other", "not equal")]
    assert run("print((one == other).sum().item())", one=one, other=one + 1) == ([0], [])
    assert run("print([k for k in range(3) if k == 1])") == ([[1]], [])


def test_a_watched_cell_does_what_it_did():
    said, _ = run(
        "class Value:\n"
        "    name = f'{0.5:.1f}'\n"
        "    def __eq__(self, other):\n"
        "        return f'{other:{width}.2f}' == ' 0.25'\n"
        "print(Value() == 0.25)\n"
        "print(Value.name)\n"
        "print(round(0.123, places) + round(2.6))\n",
        width=5,
        places=1,
    )
    assert said == [True, "0.5", 3.1]


def test_a_new_cell_begins_with_nothing():
    assert run("print(f'{x:.1f}')", x=0.123456789)[1]
    assert run("x = 1")[1] == []


def test_a_made_up_processor_rounds_otherwise_and_the_same_each_time():
    code = """
import torch, rounding
torch.manual_seed(0)
layer, x = torch.nn.Linear(20, 30), torch.randn(100, 20)


def try_it():
    try:
        layer(torch.ones(2, 3))
    except RuntimeError as error:
        print(error)
    return layer(x).detach()


outs = [try_it()]
for number in (1, 1, 2):
    rounding.become(number)
    outs.append(try_it())
own, first, again, second = outs
assert torch.equal(first, again) and not torch.equal(first, second)
assert torch.allclose(first, own, atol=1e-6)
assert 0.3 < (first != own).double().mean().item() < 0.95
assert torch.equal(torch.zeros(2, 3) @ torch.ones(3, 4), torch.zeros(2, 4))
assert (torch.full((1, 1), torch.inf) @ torch.ones(1, 1)).item() == torch.inf
"""
    plain = {name: value for name, value in os.environ.items() if name != "ROUND_AS"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=HERE, env=plain, capture_output=True, text=True)
    assert done.stderr == ""
    told = ["mat1 and mat2 shapes cannot be multiplied (2x3 and 20x30)"] * 4
    assert done.stdout.splitlines() == told


def test_a_cell_that_is_compared_may_not_print_a_digit_at_the_edge(tmp_path):
    notebook = nbformat.v4.new_notebook()
    for number, (source, tags) in enumerate(
        [
            ("import torch\nx = torch.tensor(0.06250002)", []),
            ("print(f'{x.item():.3f}')", []),
            ("print(f'{x.item():.3f}')", ["nbval-ignore-output"]),
            ("print(f'{x.item():.2f}')", []),
        ]
    ):
        cell = nbformat.v4.new_code_cell(source, execution_count=number + 1)
        cell.metadata.tags = tags
        if "print" in source:
            text = "0.06\n" if ".2f" in source else "0.063\n"
            cell.outputs = [nbformat.v4.new_output("stream", text=text)]
        notebook.cells.append(cell)
    nbformat.write(notebook, tmp_path / "a.ipynb")
    options = ["-p", "nbval.plugin", "-p", "cells", "--nbval", "--nbval-current-env", "-rA", "-q"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--disable-plugin-autoload", *options, "a.ipynb"],
        cwd=tmp_path,
        env=on_path(HERE),
        capture_output=True,
        text=True,
    )
    verdicts = [line.split()[0] for line in done.stdout.splitlines() if "a.ipynb::" in line[:20]]
    assert sorted(verdicts) == ["FAILED", "PASSED", "PASSED", "PASSED"], done.stdout
    assert "another processor may print this otherwise: [('x.item()', '0.063'" in done.stdout
