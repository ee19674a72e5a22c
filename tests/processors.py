"""Run notebooks and unit tests as other processors round, and list the digits nearest to an edge.

    .venv/bin/python tests/processors.py

One machine rounds like others when its libraries are told which instructions to use. A set that
this machine lacks is skipped, and so is one that rounds here as an earlier one does. Two more
processors do not exist (rounding.py), and a sample runs with one and with two threads of torch.
What pytest printed lies in tests/artifacts/processors.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).parent
OUT = TESTS / "artifacts" / "processors"

OLD = {
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "OPENBLAS_CORETYPE": "Nehalem",
}
LAPTOP = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}
NEW = {
    "ATEN_CPU_CAPABILITY": "avx512",
    "MKL_ENABLE_INSTRUCTIONS": "AVX512",
    "ONEDNN_MAX_CPU_ISA": "AVX512_CORE",
    "OPENBLAS_CORETYPE": "SkylakeX",
}
SETS = {
    "default": OLD,
    "default, AMD": OLD | {"MKL_CBWR": "COMPATIBLE"},  # there MKL hears to this variable alone
    "avx2": LAPTOP,
    "avx512": NEW,
    "made up 1": {"ROUND_AS": "1"},
    "made up 2": {"ROUND_AS": "2"},
}

ALL = ["tests", "notebooks", "--ignore=tests/browser"]
# There a product is a function of rounding.py, whose lines stand in a traceback.
MADE_UP = [*ALL, "--deselect=tests/test_exercises.py::test_an_exception_is_told_with_its_line"]
SAMPLE = [
    "--numprocesses=1",  # two processes with two threads each would wait for one another
    "tests/test_training.py",
    "tests/test_experiment.py",
    *(f"notebooks/{stem}.ipynb" for stem in ("03_instantiate", "06_training", "08_parameters")),
]
ROUNDS = {name: (env, MADE_UP if "ROUND_AS" in env else ALL) for name, env in SETS.items()}
ROUNDS |= {f"{n} thread{'s'[: n > 1]}": ({"TORCH_THREADS": str(n)}, SAMPLE) for n in (1, 2)}

# What torch says that it uses, and how products, sums, convolutions and numpy's fits are rounded.
PROBE = """
import hashlib
import numpy as np
import torch
torch.set_num_threads(1)
draw = np.random.default_rng(0).normal
one, other, images, kernels = (
    torch.tensor(draw(size=size), dtype=torch.float32)
    for size in ((200, 20), (20, 50), (4, 3, 9, 9), (8, 3, 3, 3))
)
results = [one @ other, one.sum(), one.exp(), torch.nn.functional.conv2d(images, kernels)]
results += [np.polyfit(np.arange(30), draw(size=30), 9), one.numpy().T @ one.numpy()]
digest = hashlib.sha256(b"".join(np.asarray(result).tobytes() for result in results))
print(torch.backends.cpu.get_cpu_capability().lower(), digest.hexdigest())
"""


def on_path(*folders):
    """This process's environment, with folders before what Python's path has in it."""
    paths = [*map(str, folders), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def environment(chosen):
    """What a process of a round has in its environment."""
    return on_path(TESTS / "everywhere") | chosen


def probe(chosen):
    """Which instructions torch takes, and a digest of how it and numpy round."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE], env=environment(chosen), capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout.split()


def run(name, chosen, paths):
    """Run pytest, print how it ended, and return whether it was green."""
    folder = OUT / name.replace(" ", "-").replace(",", "")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    began = time.monotonic()
    with (folder / "pytest.txt").open("w") as file:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "--quiet", "--no-header", "-rf", *paths],
            cwd=TESTS.parent,
            env=environment(chosen) | {"EDGES": str(folder)},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    text = (folder / "pytest.txt").read_text()
    told = re.findall(r"^(?:FAILED|ERROR) .*|^.*\d+ passed.*", text, re.MULTILINE)
    print(
        f"{name:19} {time.monotonic() - began:4.0f} s ",
        "\n    ".join(told or ["no result"]),
        flush=True,
    )
    return folder, done.returncode == 0


def read_numbers(folders):
    """The numbers that compared cells have shown: by place a list, one for each set."""
    found = defaultdict(list)
    for folder in folders:
        for path in sorted(folder.glob("*.jsonl")):
            for line in path.read_text().splitlines():
                cell, shown = json.loads(line)
                count = defaultdict(int)
                for place, source, text, number, distance in shown:
                    count[place] += 1
                    key = (path.stem, cell, place, count[place])
                    found[key].append((source, text, number, distance))
    return found


def list_edges(folders, most=12):
    """Print the numbers nearest to an edge, and return whether each is safe.

    What counts is the distance to the edge over how far the sets lie apart: below 1 they would not
    print the same, and below 2 one more processor may not.
    """
    rows = []
    for (stem, cell, _, _), shown in read_numbers(folders).items():
        numbers = [number for _, _, number, _ in shown]
        apart = max(numbers) - min(numbers)
        edge = min(abs(number) * distance for _, _, number, distance in shown)
        if apart > 0:
            rows.append((edge / apart, stem, cell, shown[0][1], shown[0][0], edge, apart))
    rows.sort()
    print(f"\n{len(rows)} printed numbers differ from set to set; those nearest to another digit:")
    print("distance / spread  notebook, cell: shown, source (distance, spread)")
    for ratio, stem, cell, text, source, edge, apart in rows[:most]:
        print(f"{ratio:17.1f}  {stem[:2]}, {cell}: {text}, {source} ({edge:.1g}, {apart:.1g})")
    return all(row[0] >= 2 for row in rows)


def main():
    seen, folders, green = {}, [], True
    for name, (chosen, paths) in ROUNDS.items():
        if name in SETS:
            used, digest = probe(chosen)
            wanted = chosen.get("ATEN_CPU_CAPABILITY", used)
            if used != wanted:
                print(f"{name:19} skipped: this machine has no {wanted}")
                continue
            if digest in seen:
                print(f"{name:19} skipped: rounds here as {seen[digest]} does")
                continue
            seen[digest] = name
        folder, passed = run(name, chosen, paths)
        green &= passed
        folders += [folder] if name in SETS else []
    green &= list_edges(folders)
    print("\ngreen" if green else "\nnot green")
    sys.exit(not green)


if __name__ == "__main__":
    main()
