"""Two test processes share two cores: one thread each, for the kernels they start too."""

import os

os.environ["OMP_NUM_THREADS"] = "1"
