"""Make anew all that is made from the notebooks, and say what has changed.

    .venv/bin/python tests/make/everything.py

Outputs and stills of all notebooks, then the reference and the cards. What takes hours (the stored
results) or a browser (README's picture) has scripts of its own.
"""

import difflib

import nbformat
import outputs  # first: it sets the path, and one thread
import reference
from stored import PATHS


def look(path):
    """What a file shows, in named pieces: a notebook's by cell, of any other file its lines.

    Returns:
        By name the text of each piece and its pictures.
    """
    text = path.read_text("utf-8")
    if path.suffix != ".ipynb":
        return {path.name: (text, [])}
    pieces = {}
    for cell in nbformat.reads(text, as_version=4).cells:
        printed, pictures = cell.source + "\n", []
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            printed += output.get("text", "") + data.get("text/plain", "")
            pictures += [data[kind] for kind in data if kind.startswith("image/")]
        pieces[cell.id] = (printed, pictures)
    return pieces


def compare(old, new):
    """List what differs between two looks at a file: a line for each piece, and its lines."""
    said = []
    for name in dict.fromkeys([*old, *new]):
        (before, shown), (after, shows) = old.get(name, ("", [])), new.get(name, ("", []))
        lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0))[2:]
        changed = [line for line in lines if not line.startswith("@@")]
        if changed or shown != shows:
            said.append(f"{name}{': another picture' if shown != shows else ''}")
            said += [f"    {line}" for line in changed]
    return said


def main():
    paths = [*PATHS, reference.REFERENCE, reference.CARDS]
    before = {path: look(path) for path in paths}
    outputs.main()
    reference.main()
    said = [line for path in paths for line in compare(before[path], look(path))]
    print("\n".join(said or ["Nothing has changed."]))


if __name__ == "__main__":
    main()
