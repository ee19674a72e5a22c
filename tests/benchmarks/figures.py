"""How every benchmark takes a time and prints a figure."""

import statistics
import time


def seconds(function, *arguments):
    """Time one call."""
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


def report(name, values):
    """Print a figure's median and range."""
    low, high = min(values), max(values)
    print(f"{name:<70} {statistics.median(values):7.2f}  ({low:.2f} to {high:.2f})", flush=True)


def report_runs(results):
    """Print every figure of some runs, each a dictionary of figures by name."""
    for name in results[0]:
        report(name, [result[name] for result in results])
