"""What nbval cannot see: that the stored notebooks are whole, honest and in step with helpers."""

import ast
import configparser
import importlib
import re

import nbformat
from stored import IGNORE, PATHS, ROOT, code_cells


def test_there_are_notebooks():
    assert {"00_overview", "06_training"} <= {path.stem for path in PATHS}


def test_stored_from_one_run_from_top_to_bottom(notebook):
    nbformat.validate(notebook)
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata


def test_no_error_warning_path_or_dead_widget_is_stored(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr"
            text = output.get("text", "") + str(output.get("data", {}).get("text/plain", ""))
            assert not re.search(r"/(home|root|tmp|work|Users)/|[A-Z]:\\", text)
            if "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
                assert "image/png" in output.data or "\n( ) " in output.data["text/plain"]


def test_a_cell_that_is_not_compared_asserts_on_its_result(notebook):
    for cell in code_cells(notebook, IGNORE):
        asserts = [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Assert)]
        assert asserts, cell.source
    for tag in ("nbval-skip", "raises-exception"):
        assert not code_cells(notebook, tag)


def test_more_cells_are_compared_than_not(notebook):
    compared = [cell for cell in code_cells(notebook) if cell not in code_cells(notebook, IGNORE)]
    assert sum(bool(cell.outputs) for cell in compared) > len(code_cells(notebook, IGNORE))


def test_cells_and_prose_are_short(notebook):
    for cell in code_cells(notebook)[1:]:  # the first holds the imports
        assert len(cell.source.splitlines()) <= 15, cell.source
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert not re.search(r"\b(simply|just|obviously)\b", cell.source, re.IGNORECASE)


def test_links_resolve(notebook):
    links = [
        link
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for link in re.findall(r"\]\((?!https?:|#)([^)]+)\)", cell.source)
    ]
    assert links
    for link in links:
        assert (ROOT / "notebooks" / link).exists(), link


class Bare(ast.NodeTransformer):
    """Leaves out what a notebook does not show: docstrings, annotations and check_*() calls."""

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        node.returns = None
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
        return node

    def visit_Expr(self, node):
        docstring = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        call = getattr(getattr(node.value, "func", None), "id", "")
        return None if docstring or call.startswith("check_") else node


def bare(source):
    return ast.dump(Bare().visit(ast.parse(source)))


def definitions():
    """Source of every function and class in helpers, by name."""
    found = {}
    for path in (ROOT / "helpers").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found[node.name] = ast.get_source_segment(source, node)
    return found


def test_a_defining_cell_equals_the_helper(notebook):
    helpers = definitions()
    for cell in code_cells(notebook):
        defined = [
            node.name
            for node in ast.parse(cell.source).body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in helpers
        ]
        tagged = "defines-helper" in cell.metadata.get("tags", [])
        assert tagged == bool(defined), cell.source
        if tagged:
            assert bare(cell.source) == bare("\n".join(helpers[name] for name in defined))


def test_every_helper_is_shown_where_its_docstring_says():
    shown = 0
    for name, source in definitions().items():
        for stem in re.findall(r"Shown in: (\w+)", source):
            notebook = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4)
            assert any(name in cell.source for cell in code_cells(notebook)), (name, stem)
            shown += 1
    assert shown >= 5


def test_imports_are_from_the_six_packages_and_helpers(notebook):
    for cell in code_cells(notebook):
        for node in ast.walk(ast.parse(cell.source)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert importlib.util.find_spec(name.split(".")[0])
                assert name.split(".")[0] not in ("pytest", "hypothesis", "scipy", "pandas")


def test_the_sanitize_file_replaces_no_number():
    config = configparser.ConfigParser()
    config.read(ROOT / "tests" / "sanitize.cfg")
    assert config.sections()
    for section in config.sections():
        pattern = re.compile(config[section]["regex"])
        for text in ("5", "0.0194", "3.1e8", "112,881", "[1, 20, 1]", "iteration 4999 · loss 0.02"):
            assert not pattern.search(text), (section, text)
