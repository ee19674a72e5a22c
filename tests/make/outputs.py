"""Run notebooks from the top and store their outputs, but none of a cell that settles a question.

    .venv/bin/python tests/make/outputs.py [STEM ...]

Without a name all notebooks are run. In the first one the stills of the panel and of the first
`LivePlot` move.
"""

import os
import sys
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.append(str(Path(__file__).parents[1]))

import nbformat
from nbclient import NotebookClient
from stored import IGNORE, PATHS, calls, code_cells, settling_ids

METADATA = ("kernelspec", "language_info")  # of a notebook; the rest is some editor's
PASSING = ("execution", "collapsed", "scrolled", "trusted")  # what editors write into a cell's
WATCH = f"""
import sys
sys.path.append({str(Path(__file__).parent)!r})
import recording
recording.watch()
sys.path.pop()
del recording, sys
"""
SHOW = "__import__('recording').show()"


def make_client(notebook, folder):
    """A client for a kernel that begins in a folder."""
    resources = {"metadata": {"path": str(folder)}}
    return NotebookClient(
        notebook, timeout=600, store_widget_state=False, record_timing=False, resources=resources
    )


def run(notebook, folder):
    """Execute all cells, in their order."""
    make_client(notebook, folder).execute()


def run_recorded(notebook, folder):
    """Execute all cells as `run`, and let the panel and the first `LivePlot` move."""
    client = make_client(notebook, folder)
    client.on_notebook_start = lambda notebook: client.kc.execute(WATCH, silent=True)
    notebook.cells.append(nbformat.v4.new_code_cell(SHOW))
    client.execute()
    move_stills(notebook, notebook.cells.pop().outputs)


def move_stills(notebook, recordings):
    """Put a recording in the place of the panel's still, and one in that of the first loop's."""
    for name, recording in zip(("Playground", "LivePlot"), recordings, strict=True):
        cell = next(cell for cell in code_cells(notebook) if calls(cell, name))
        still = next(output for output in cell.outputs if "image/png" in output.get("data", {}))
        still.data["image/png"] = recording.data["image/png"]
        still.metadata["image/png"] = recording.metadata["image/png"]


def hide_answers(notebook):
    """Take from the cells that settle a question what they show, and their count."""
    silent = settling_ids(notebook)
    for cell in code_cells(notebook):
        if cell.id in silent:
            tags = cell.metadata.get("tags", [])
            if cell.outputs and IGNORE not in tags:
                cell.metadata["tags"] = [*tags, IGNORE]
            cell.outputs, cell.execution_count = [], None


def join_streams(outputs):
    """Store what is printed in one piece, however the kernel happened to send it."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output.output_type == "stream" and output.name == last.get("name"):
            last.text += output.text
        else:
            joined.append(output)
    return joined


def clean(notebook):
    """Leave no metadata but what says how to open the notebook and how to test its cells."""
    for name in set(notebook.metadata) - set(METADATA):
        del notebook.metadata[name]
    for cell in notebook.cells:
        for name in PASSING:
            cell.metadata.pop(name, None)
        if cell.cell_type == "code":
            cell.outputs = join_streams(cell.outputs)


def main():
    for path in PATHS:
        if len(sys.argv) == 1 or path.stem in sys.argv[1:]:
            print(path.stem, flush=True)
            notebook = nbformat.read(path, as_version=4)
            (run_recorded if path == PATHS[0] else run)(notebook, path.parent)
            hide_answers(notebook)
            clean(notebook)
            nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
