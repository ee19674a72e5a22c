"""What a newcomer installs, what the README says, and which file may import which."""

import ast
import importlib.metadata
import importlib.util
import math
import os
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from stored import PATHS, ROOT

MODULES = sorted((ROOT / "helpers").rglob("*.py"))
SIX = ["torch", "numpy", "matplotlib", "ipywidgets", "jupyterlab", "nbval"]

# What each may import: the first set from helpers, the second from outside.
TAUGHT = {"data", "model", "training", "experiment", "probe", "plots", "sweep", "guards", "program"}
ARROWS = {
    "guards": (set(), {"torch"}),
    "data": ({"guards"}, {"torch"}),
    "model": ({"guards"}, {"torch"}),
    "training": ({"guards"}, {"torch"}),
    "program": ({"data"}, {"torch"}),
    "experiment": ({"data", "model", "training", "guards", "program"}, {"torch"}),
    "probe": (set(), {"torch", "numpy"}),
    "plots": (set(), {"numpy", "matplotlib"}),
    "sweep": ({"experiment", "training", "guards"}, {"torch"}),
    "exercises": (
        {"data", "model", "training", "experiment", "probe", "guards"},
        {"torch", "ipywidgets", "IPython"},
    ),
    "widgets": (TAUGHT, {"ipywidgets", "IPython", "numpy", "matplotlib", "torch"}),
}


# The versions of Python that are tested, from the oldest that is supported to the newest.
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def required(name):
    """The requirements of a file, without what names a file or a folder."""
    lines = [line for line in read(name).splitlines() if not line.startswith(("#", "-"))]
    return [Requirement(line) for line in lines]


def project():
    return tomllib.loads(read("pyproject.toml"))["project"]


def declared():
    return [Requirement(text) for text in project()["dependencies"]]


def is_supported(python):
    return python in SpecifierSet(project()["requires-python"])


def commands(language):
    """The commands of the README in a shell's language."""
    blocks = re.findall(rf"```{language}\n(.+?)\n```", read("README.md"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_requirements_are_the_helpers_and_then_the_six_with_compatible_releases():
    lines = [line for line in read("requirements.txt").splitlines() if not line.startswith("#")]
    assert lines[0] == "-e ."
    assert sum(line.startswith("-") for line in lines) == 1
    assert [pin.name for pin in required("requirements.txt")] == SIX
    pins = required("requirements.txt") + required("tests/requirements.txt")
    assert {tuple(part.operator for part in pin.specifier) for pin in pins} == {("~=",)}


def test_test_requirements_begin_with_the_learners():
    assert read("tests/requirements.txt").splitlines()[0] == "-r ../requirements.txt"


def test_python_has_a_lower_bound_and_no_upper_one():
    assert not is_supported("3.10.99")
    assert all(is_supported(f"{python}.0") for python in PYTHONS)
    assert is_supported("3.99.0")
    assert f"You need Python {PYTHONS[0]} or later" in read("README.md")


def test_an_older_python_is_refused_before_anything_is_downloaded():
    # pip reads the requirements of "-e ." and the pins before it looks at requires-python
    for requirement in required("requirements.txt") + declared():
        assert not requirement.marker.evaluate({"python_version": "3.10"}), requirement
        assert requirement.marker.evaluate({"python_version": PYTHONS[0]}), requirement
        assert requirement.marker.evaluate({"python_version": "3.99"}), requirement


def test_the_packages_that_helpers_imports_are_declared_with_lower_bounds():
    outside = set().union(*(allowed for _, allowed in ARROWS.values()))
    used = {module.split(".")[0] for path in MODULES for module in imported(path)}
    assert outside <= used
    brought = {Requirement(text).name for text in importlib.metadata.requires("ipywidgets")}
    assert "ipython" in brought
    assert {requirement.name for requirement in declared()} == outside - {"IPython"}
    pins = {pin.name: pin.specifier for pin in required("requirements.txt")}
    for requirement in declared():
        assert [part.operator for part in requirement.specifier] == [">="]
        (tested,) = pins[requirement.name]
        assert tested.version in requirement.specifier


def test_readme_quotes_the_refusal_and_the_tested_torch():
    assert f" not in '{project()['requires-python']}'`" in read("README.md")
    torch = required("requirements.txt")[0]
    assert f"`{torch.name}{torch.specifier}`" in read("README.md")
    (tested,) = torch.specifier
    assert f"There is no PyTorch {tested.version.removesuffix('.0')} for" in read("README.md")


def test_what_is_installed_is_what_is_asked_for():
    for pin in required("requirements.txt") + required("tests/requirements.txt"):
        assert importlib.metadata.version(pin.name) in pin.specifier


def test_environment_adds_python_and_pip_and_the_tested_torch_without_graphics_cards():
    environment = yaml.safe_load(read("environment.yml"))
    assert environment["channels"] == ["conda-forge"]
    python, torch, pip, nested = environment["dependencies"]
    assert pip == "pip"
    assert nested == {"pip": ["-r requirements.txt"]}
    version = python.removeprefix("python=")
    assert version in PYTHONS
    assert is_supported(f"{version}.0")
    version = torch.removeprefix("pytorch-cpu=")  # conda's name of torch's build
    (tested,) = required("requirements.txt")[SIX.index("torch")].specifier
    assert tested.version == f"{version}.0"  # so that pip finds it and brings no other


def steps(job, key):
    return [step[key] for step in job["steps"] if key in step]


def given(job, action):
    """What a job gives to an action."""
    (step,) = [s for s in job["steps"] if s.get("uses", "").startswith(f"actions/{action}@")]
    return step["with"]


def test_the_workflow_tests_every_python_with_ci_run_alone_and_keeps_the_screenshots():
    job = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]["test"]
    assert job["runs-on"] == "ubuntu-latest"
    assert job["strategy"] == {"fail-fast": False, "matrix": {"python": PYTHONS}}
    assert given(job, "setup-python") == {"python-version": "${{ matrix.python }}"}
    assert steps(job, "run") == [".ci/run"]
    folder = given(job, "upload-artifact")["path"]
    assert "${{ matrix.python }}" in given(job, "upload-artifact")["name"]
    assert steps(job, "if") == ["${{ !cancelled() }}"]  # of a failure above all
    assert folder in read(".gitignore").splitlines()
    assert f'parents[1] / "{Path(folder).name}"' in read("tests/browser/conftest.py")
    assert f"`{Path(folder).name}`" in read("README.md")


def test_the_workflow_runs_the_unit_tests_on_the_other_systems_and_notebooks_on_a_mac():
    job = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]["elsewhere"]
    paths = {run["system"]: run["paths"] for run in job["strategy"]["matrix"]["include"]}
    assert paths == {"windows-latest": "tests", "macos-latest": "tests notebooks"}
    assert job["strategy"]["fail-fast"] is False
    assert job["runs-on"] == "${{ matrix.system }}"
    assert given(job, "setup-python")["python-version"] in PYTHONS
    assert steps(job, "run") == [
        "python -m pip install -r tests/requirements.txt",
        "python -m pytest ${{ matrix.paths }} --ignore=tests/browser",
    ]


def test_the_workflow_runs_everything_every_week_as_the_readme_says():
    job = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]["everything"]
    assert job["if"].startswith("github.event_name == 'schedule'")
    install, *runs = steps(job, "run")
    assert install == "python -m pip install -r tests/requirements.txt"
    assert {f".venv/bin/{run}" for run in runs} < set(commands("bash"))
    assert runs == [
        "python -m pytest --everything",
        "python tests/processors.py",
        "python tests/planted.py",
    ]


def test_the_workflow_runs_two_notebooks_on_the_oldest_packages_every_week():
    job = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]["colab"]
    assert job["if"].startswith("github.event_name == 'schedule'")
    assert given(job, "setup-python") == {"python-version": PYTHONS[0]}
    assert steps(job, "run") == [
        "python -m pip install -r tests/colab.txt",
        "python -m pytest -W default tests/test_facts.py "
        "notebooks/00_overview.ipynb notebooks/06_training.ipynb",
    ]
    pins = {pin.name: pin.specifier for pin in required("tests/colab.txt")}
    for requirement in declared():
        (oldest,) = requirement.specifier
        if requirement.name != "torch":  # that of the other tests
            assert pins[requirement.name] == SpecifierSet(f"=={oldest.version}")
    minor = {name: re.search(r"\d+\.\d+", str(pin))[0] for name, pin in pins.items()}
    row = "Notebook {notebook} with ipywidgets {ipywidgets} and ipykernel {ipykernel},"
    assert f"| Jupyter {row.format(**minor)}" in read("README.md")


def test_the_workflow_runs_every_week_and_has_an_end():
    workflow = yaml.safe_load(read(".github/workflows/ci.yml"))
    on = workflow[True]  # YAML reads the word as a truth value
    assert set(on) == {"push", "pull_request", "schedule", "workflow_dispatch"}
    (times,) = on["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", times["cron"])
    for job in workflow["jobs"].values():
        assert 20 <= job["timeout-minutes"] <= 180
    assert workflow["concurrency"]["cancel-in-progress"] is True
    assert "${{ github.ref }}" in workflow["concurrency"]["group"]


def test_the_files_that_tests_begin_with_exist(pytestconfig):
    plugins = pytestconfig.pluginmanager.get_plugins()
    (conftest,) = [plugin for plugin in plugins if hasattr(plugin, "LONGEST")]
    files = [*(ROOT / "tests").rglob("test_*.py"), *PATHS]
    assert set(conftest.LONGEST) <= {path.name for path in files}


def test_ci_runs_the_readmes_test_command_with_browsers():
    *before, command = read(".ci/run").splitlines()
    assert command in commands("bash")
    assert "tests/requirements.txt" in command
    assert command.endswith("-m pytest")
    assert "export REQUIRE_BROWSER=1" in before
    assert "set -euo pipefail" in before
    assert re.findall(r"missing\+=\((\S+)\)", "\n".join(before)) == ["chromium", "firefox-esr"]
    assert any(line.endswith('apt-get install --yes "${missing[@]}"') for line in before)


def test_readme_has_each_first_command_for_windows_too():
    unix = [line for line in commands("bash") if line.startswith("python3 -m venv .venv")]
    assert [line.count(" && ") for line in unix] == [2, 2]  # to start, to test
    for old, new in {
        "python3 -m venv": "py -m venv",
        " && ": "; ",
        ".venv/bin/python": r".venv\Scripts\python",
        "notebooks/": "notebooks\\",
    }.items():
        unix = [line.replace(old, new) for line in unix]
    assert commands("powershell") == unix


def test_commands_work_after_the_folder_has_moved():
    # the other programs of an environment are scripts that hold its old path, and what
    # "-m jupyter" starts is one of them
    for text in (read("README.md"), read(".ci/run")):
        programs = re.findall(r"\.venv[/\\](?:bin|Scripts)[/\\](\w+)(?: -m (\w+))?", text)
        assert {program for program, _ in programs} == {"python"}
        assert "jupyter" not in {module for _, module in programs}


@pytest.mark.parametrize("command", commands("bash"), ids=lambda command: command[-40:])
def test_what_the_readmes_commands_run_and_read_exists(command):
    for module in re.findall(r"-m (\w+)", command):
        assert importlib.util.find_spec(module), module
    for name in re.findall(r"\S+\.(?:txt|ipynb|py)\b", command):
        assert list(ROOT.glob(name)), name


def test_readme_links_and_named_files_exist():
    readme = read("README.md")
    for link in re.findall(r"\]\((?!https?:|#)([^)]+)\)", readme):
        assert (ROOT / link).exists(), link
    headings = re.findall(r"^#+ (.+)$", readme, re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]
    assert set(re.findall(r"\]\(#([^)]+)\)", readme)) <= set(anchors)
    for name in re.findall(r"`((?:notebooks|helpers|tests)/[^\s`*]*)`", readme):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"`(\w+\.(?:yml|txt|toml|ipynb))`", readme):
        assert (ROOT / name).exists() or (ROOT / "notebooks" / name).exists(), name


def test_readme_lists_every_notebook_under_its_own_number():
    listed = re.findall(r"^\| \[(\d+) · .+?\]\(notebooks/(.+?)\)", read("README.md"), re.MULTILINE)
    assert [name for _, name in listed] == [path.name for path in PATHS]
    assert all(name.startswith(f"{number}_") for number, name in listed)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_readme_has_the_minutes_that_the_notebook_states(path):
    row = rf"\| \[.+?\]\(notebooks/{path.name}\) \| (\d+) \| (\d+), (\d+) \|"
    text = path.read_text("utf-8")
    (minutes,) = re.findall(r"\*About (\d+) minutes", text)
    exercises = re.findall(r"about (\d+) minutes · (core|deeper)", text)
    core = sum(int(number) for number, kind in exercises if kind == "core")
    every = sum(int(number) for number, _ in exercises)
    assert re.findall(row, read("README.md")) == [(minutes, str(core), str(every))]


def test_readmes_sweep_runs(capsys):
    example = re.search(r"```python\n(.+?)```", read("README.md"), re.DOTALL)[1]
    short = example.replace("epochs=1000", "epochs=2, executor=pool")
    assert short != example
    with ThreadPoolExecutor(1) as pool:
        exec(short, {"__name__": "__main__", "pool": pool})
    seen = [tuple(map(float, line.split())) for line in capsys.readouterr().out.splitlines()]
    assert sorted(row[:2] for row in seen) == [
        (lr, seed) for lr in (0.01, 0.05) for seed in range(5)
    ]
    assert all(math.isfinite(loss) for _, _, loss in seen)


def test_readme_quotes_what_python_says_of_a_learners_own_helpers(tmp_path):
    (tmp_path / "helpers.py").touch()
    done = subprocess.run(
        [sys.executable, "-c", "import helpers.data"], cwd=tmp_path, capture_output=True, text=True
    )
    message = done.stderr.splitlines()[-1].removeprefix("ModuleNotFoundError: ")
    assert f"`{message}`" in read("README.md")


def test_nothing_is_printed_where_the_home_cannot_be_written(tmp_path):
    home = tmp_path / "file"
    home.touch()
    code = (
        "import matplotlib.pyplot, IPython.paths, jupyter_core.paths as paths\n"
        "print(matplotlib.get_configdir(), matplotlib.get_cachedir())\n"
        "print(IPython.paths.get_ipython_dir(), paths.jupyter_config_dir())\n"
        "print(paths.jupyter_data_dir(), paths.jupyter_runtime_dir())"
    )
    env = {k: v for k, v in os.environ.items() if k not in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    env |= {"HOME": str(home), "USERPROFILE": str(home)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    folders = {Path(line).parent for line in done.stdout.split()}
    assert len(folders) == 1  # all in one folder of the tests' own
    assert folders.pop().name.startswith("sine-fit-")


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
