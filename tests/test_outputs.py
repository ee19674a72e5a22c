"""What is stored of a notebook: all it shows but what settles a question."""

import importlib.util
from pathlib import Path

import nbformat
import pytest
from stored import IGNORE, settling

PATH = Path(__file__).parent / "make" / "outputs.py"
spec = importlib.util.spec_from_file_location("outputs", PATH)
outputs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(outputs)

KERNEL = {"name": "python3", "display_name": "Python 3"}
CELLS = {
    "00-asked": "guess = predict('00-race')\nguess",
    "00-result": "print(1)",
    "00-other": "other = predict('00-end')\nother",
    "00-silent": "x = 1",
    "00-told": "guess.reveal()",
    "00-both": "print(2)\nother.reveal()",
    "00-free": "print(3)",
}


@pytest.fixture
def notebook():
    notebook = nbformat.v4.new_notebook(metadata={"widgets": {}, "kernelspec": KERNEL})
    for number, (name, source) in enumerate(CELLS.items(), start=1):
        cell = nbformat.v4.new_code_cell(source, id=name, execution_count=number)
        if name != "00-silent":
            cell.outputs = [nbformat.v4.new_output("stream", text=text) for text in ("a\n", "b\n")]
        notebook.cells.append(cell)
    return notebook


def test_what_stands_between_a_question_and_its_answer_settles_it(notebook):
    found = {name: [cell.id for cell in cells] for name, cells in settling(notebook).items()}
    assert found == {
        "00-race": ["00-result", "00-silent", "00-told"],
        "00-end": ["00-silent", "00-told", "00-both"],
    }


def test_a_question_must_be_revealed(notebook):
    notebook.cells = notebook.cells[:3]
    with pytest.raises(ValueError, match="the question 00-race is never revealed"):
        settling(notebook)


def test_what_settles_a_question_is_stored_without_output_and_count(notebook):
    outputs.hide_answers(notebook)
    hidden = ["00-result", "00-silent", "00-told", "00-both"]
    for number, cell in enumerate(notebook.cells, start=1):
        assert cell.execution_count == (None if cell.id in hidden else number)
        assert bool(cell.outputs) == (cell.id not in hidden)
        tagged = cell.id in hidden and cell.id != "00-silent"
        assert cell.metadata.get("tags", []) == ([IGNORE] if tagged else [])


def test_what_only_an_editor_wants_is_not_stored(notebook):
    notebook.cells[0].metadata.update(execution={}, scrolled=True, tags=["defines-helper"])
    outputs.clean(notebook)
    assert notebook.metadata == {"kernelspec": KERNEL}
    assert notebook.cells[0].metadata == {"tags": ["defines-helper"]}
    assert [output.text for output in notebook.cells[0].outputs] == ["a\nb\n"]
