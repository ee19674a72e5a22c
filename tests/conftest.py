"""What all tests share: one thread for each of two processes, and the stored notebooks."""

import os
from pathlib import Path

import nbformat
import pytest

os.environ["OMP_NUM_THREADS"] = "1"  # two processes share two cores; for their kernels too
PATHS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def notebook(request):
    """One of the stored notebooks, each in turn."""
    return nbformat.read(request.param, as_version=4)
