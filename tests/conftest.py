"""What all tests share: one thread for each of two processes, and the stored notebooks."""

import os

import pytest
from stored import PATHS, read

os.environ["OMP_NUM_THREADS"] = "1"  # two processes share two cores; for their kernels too


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def notebook(request):
    """One of the stored notebooks, each in turn."""
    return read(request.param)
