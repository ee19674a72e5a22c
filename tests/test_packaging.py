"""What a newcomer installs, what the README says, and which module may import which."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "helpers").rglob("*.py"))
SIX = ["torch", "numpy", "matplotlib", "ipywidgets", "jupyterlab", "nbval"]

# What each may import: the first set from helpers, the second from outside.
TAUGHT = {"data", "model", "training", "experiment", "probe", "plots", "sweep", "checks"}
ARROWS = {
    "checks": (set(), set()),
    "data": ({"checks"}, {"torch"}),
    "model": ({"checks"}, {"torch"}),
    "training": ({"checks"}, {"torch"}),
    "experiment": ({"data", "model", "training", "checks"}, {"torch"}),
    "probe": (set(), {"torch", "numpy"}),
    "plots": (set(), {"numpy", "matplotlib"}),
    "sweep": ({"experiment", "training", "checks"}, {"torch"}),
    "exercises": (
        {"data", "model", "training", "experiment", "probe", "checks"},
        {"torch", "ipywidgets", "IPython"},
    ),
    "widgets": (TAUGHT, {"ipywidgets", "IPython", "numpy", "matplotlib", "torch"}),
}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def requirements():
    return read("requirements.txt").split()


def test_requirements_are_the_six_with_compatible_releases_and_the_helpers_last():
    *pins, flag, here = requirements()
    assert (flag, here) == ("-e", ".")
    assert [Requirement(pin).name for pin in pins] == SIX
    assert all("~=" in pin for pin in pins)
    assert pins[0] == "torch~=2.13.0"


def test_what_is_installed_is_what_is_asked_for():
    tests = [line for line in read("tests/requirements.txt").splitlines() if "-r" not in line]
    for pin in [*requirements()[:6], *tests]:
        requirement = Requirement(pin)
        assert importlib.metadata.version(requirement.name) in requirement.specifier


def test_test_requirements_begin_with_the_learners():
    assert read("tests/requirements.txt").splitlines()[0] == "-r ../requirements.txt"


def test_environment_adds_only_python_and_pip():
    python, pip, nested = yaml.safe_load(read("environment.yml"))["dependencies"]
    assert pip == "pip"
    assert nested == {"pip": ["-r requirements.txt"]}
    supported = tomllib.loads(read("pyproject.toml"))["project"]["requires-python"]
    assert python.removeprefix("python=") + ".0" in SpecifierSet(supported)


def test_the_workflow_tests_every_supported_python_with_ci_run_alone():
    job = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]["test"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    supported = tomllib.loads(read("pyproject.toml"))["project"]["requires-python"]
    versions = [f"3.{minor}" for minor in range(30) if f"3.{minor}.1" in SpecifierSet(supported)]
    assert job["strategy"]["matrix"]["python"] == versions


def test_ci_runs_the_readmes_test_command():
    command = read(".ci/run").splitlines()[-1]
    assert f"```bash\n{command}\n```" in read("README.md")
    assert "tests/requirements.txt" in command
    assert command.endswith("-m pytest")


def test_readme_links_and_named_files_exist():
    for link in re.findall(r"\]\((?!https?:|#)([^)]+)\)", read("README.md")):
        assert (ROOT / link).exists(), link
    for name in re.findall(r"`((?:notebooks|helpers|tests)/[^\s`*]+)`", read("README.md")):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_ruff(command):
    ruff = [sys.executable, "-m", "ruff", *command, "."]
    done = subprocess.run(ruff, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            assert all(alias.name != "*" for alias in node.names), f"{path.name} imports *"
            if node.module == "helpers":
                yield from (f"helpers.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("path", MODULES, ids=lambda p: ".".join(p.parts[-2:]))
def test_a_module_imports_only_what_it_may(path):
    own = path.relative_to(ROOT / "helpers").with_suffix("").parts[0]
    inside, outside = ARROWS.get(own, (set(), set()))
    for module in imported(path):
        top, *rest = module.split(".")
        if top == "helpers":
            assert rest[0] in inside | {own}, f"{path.name} may not import {module}"
        else:
            assert top in outside | sys.stdlib_module_names, f"{path.name} may not import {module}"


def test_init_is_a_map_of_helpers_and_nothing_else():
    (docstring,) = ast.parse(read("helpers/__init__.py")).body
    names = {path.relative_to(ROOT / "helpers").with_suffix("").parts[0] for path in MODULES}
    mapped = set(re.findall(r"^(\w+) +-- ", docstring.value.value, re.MULTILINE))
    assert mapped == set(ARROWS) == names - {"__init__"}


def test_importing_helpers_prints_nothing_and_sets_no_threads_or_seed():
    names = [path.relative_to(ROOT).with_suffix("").parts for path in MODULES]
    modules = ", ".join(".".join(parts).removesuffix(".__init__") for parts in names)
    code = (
        "import torch; state = torch.get_rng_state(), torch.get_num_threads()\n"
        f"import {modules}\n"
        "assert torch.equal(torch.get_rng_state(), state[0])\n"
        "assert torch.get_num_threads() == state[1]"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
