"""What all tests share: one thread for each of two processes, and the stored notebooks."""

import os

import nbformat
import pytest
from stored import PATHS

os.environ["OMP_NUM_THREADS"] = "1"  # two processes share two cores; for their kernels too


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def notebook(request):
    """One of the stored notebooks, each in turn."""
    return nbformat.read(request.param, as_version=4)
