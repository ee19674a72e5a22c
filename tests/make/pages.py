"""Build static pages of all notebooks, from a full run, and check every link, anchor and picture.

    python3 -m venv .site && .site/bin/python -m pip install -r tests/make/pages.txt
    .site/bin/python tests/make/pages.py [FOLDER]

The pages show what the stored notebooks leave out: the outputs of cells that settle a question.
What is said of each option of a question is folded beneath it, and so is each solution. With
`--stored` nothing is run, and the pages show what is stored.
"""

import argparse
import html
import re
import shutil
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
from outputs import run, run_recorded
from sphinx.application import Sphinx
from stored import PATHS, ROOT, code_cells, questions, revealed

from helpers.exercises.questions import read_questions

TITLE = "Fit a sine with as many layers as you like"
PAGES = [
    path for name in ("REFERENCE.md", "TEACHING.md") if (path := ROOT / "notebooks" / name).exists()
]
SETTINGS = {
    "project": TITLE,
    "html_title": TITLE,
    "extensions": ["myst_nb"],
    "html_theme": "furo",
    "nb_execution_mode": "off",
    "nb_number_source_lines": False,
    "nb_mime_priority_overrides": [
        ("html", "image/png", 0),
        ("html", "application/vnd.jupyter.widget-view+json", None),
    ],
    "myst_heading_anchors": 3,
    "exclude_patterns": [],
    "html_copy_source": False,
    "html_show_copyright": False,
    "html_show_sphinx": False,
    "nitpicky": True,
}
STYLE = """
.question { border-left: 3px solid var(--color-brand-primary); padding: 0 1rem; margin: 1rem 0; }
div.cell_output img { max-width: 100%; height: auto; }
"""
WIDGET = "application/vnd.jupyter.widget-view+json"


def ask(name):
    """A question with its options, and folded beneath it what is said of each of them, as HTML."""
    question = read_questions()[name]
    said = {question["right"]: question["why"]} | question["wrong"]
    options = "\n".join(f"<li>{html.escape(option)}</li>" for option in question["options"])
    told = "\n".join(
        f"<p><b>{html.escape(option)}</b>: {html.escape(said[option])}</p>"
        for option in (question["right"], *question["wrong"])
    )
    return (
        f'<div class="question"><p><b>{html.escape(question["text"])}</b></p>\n'
        f"<ul>\n{options}\n</ul>\n<details><summary>Choose first. Then unfold: the first answer is "
        f"right, and beneath it stands what speaks against the others.</summary>\n{told}\n"
        f"</details></div>"
    )


def slug(found):
    """A link whose anchor is written as MyST writes it; JupyterLab keeps capitals and signs."""
    page, _, anchor = found[0].partition("#")
    plain = re.sub(r"[^\w-]", "", unquote(anchor).lower())
    return found[0] if "://" in page else f"{page}#{plain}"


def slug_links(text):
    return re.sub(r"(?<=\]\()[^()\s]*#[^()\s]+(?=\))", slug, text)


def prepare(notebook):
    """Make a page of a notebook that has been run."""
    asking = {place: name for name, (_, place) in questions(notebook).items()}
    asking = {cell.id: asking.get(place) for place, cell in enumerate(code_cells(notebook))}
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type == "markdown":
            source = re.sub(r'(href="\w+)\.ipynb', r"\1.html", cell.source)
            cell.source = slug_links(source)
            continue
        for output in cell.outputs:
            output.get("data", {}).pop(WIDGET, None)
        if cell.source.startswith("# Solution"):
            cell.metadata["tags"] = ["hide-cell"]
            cell.metadata["mystnb"] = {"code_prompt_show": "Show the solution"}
        if asking[cell.id]:
            cells.append(nbformat.v4.new_markdown_cell(ask(asking[cell.id])))
        if asking[cell.id] or revealed(cell):
            cell.outputs = []
    notebook.cells = cells


def write_index(folder):
    """Write the first page: what README says of the notebooks, and the list of all pages."""
    readme = (ROOT / "README.md").read_text("utf-8")
    opening = readme.partition("\n## Start")[0]
    table = re.search(r"\n## The notebooks\n\n(.+?)\n\n", readme, re.DOTALL)[1]
    text = f"{opening}\n\n{table}\n".replace("(notebooks/", "(")
    named = dict(re.findall(r"\[([^]]+)\]\(notebooks/(\w+)\.ipynb\)", table))
    named = {stem: title for title, stem in named.items()} | {p.stem: p.stem.title() for p in PAGES}
    names = "\n".join(f"{title} <{stem}>" for stem, title in named.items())
    toc = f"```{{toctree}}\n:hidden:\n:maxdepth: 1\n\n{names}\n```\n"
    (folder / "index.md").write_text(f"{text}\n{toc}", "utf-8")


class Page(HTMLParser):
    """The links, pictures and anchors of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = [], {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.links += [found[name] for name in ("href", "src") if found.get(name)]
        self.anchors |= {found[name] for name in ("id", "name") if found.get(name)}


def find_broken(folder):
    """The links within the pages of a folder that lead nowhere, each with its page."""
    pages = {path: Page(path.read_text("utf-8")) for path in folder.rglob("*.html")}
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            found = target in pages and unquote(parts.fragment) in pages[target].anchors
            if not (found or (target not in pages and target.is_file())):
                yield f"{path.name}: {link}"


def build(out, stored=False):
    """Build the pages into a folder.

    Raises:
        SystemExit: Sphinx warned of something, or a link leads nowhere.
    """
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "source"
        (source / "_static").mkdir(parents=True)
        (source / "_static" / "site.css").write_text(STYLE, "utf-8")
        for path in PATHS:
            print(path.stem, flush=True)
            notebook = nbformat.read(path, as_version=4)
            if not stored:
                (run_recorded if path == PATHS[0] else run)(notebook, path.parent)
            prepare(notebook)
            nbformat.write(notebook, source / path.name)
        for path in PAGES:
            (source / path.name).write_text(slug_links(path.read_text("utf-8")), "utf-8")
        images = source / "images"
        images.mkdir()
        for path in (ROOT / "notebooks" / "images").iterdir():
            (images / path.name).write_bytes(path.read_bytes())
        write_index(source)
        settings = SETTINGS | {"html_static_path": ["_static"], "html_css_files": ["site.css"]}
        pages, trees = Path(name) / "pages", Path(name) / "trees"  # more is written beside them
        app = Sphinx(source, None, pages, trees, "html", settings, exception_on_warning=True)
        app.build()
        broken = list(find_broken(pages))
        if broken:
            sys.exit("These links lead nowhere:\n" + "\n".join(broken))
        shutil.copytree(pages, out, dirs_exist_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "site")
    parser.add_argument("--stored", action="store_true", help="run nothing: show what is stored")
    asked = parser.parse_args()
    build(asked.folder.resolve(), asked.stored)


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[1]))
    main()
