"""Threads with which torch and ctranslate2 compute on processors: both use OpenMP."""

import os


def bound_threads() -> None:
    """Gives torch half of the processors, and lets waiting threads sleep. Call it before torch is imported.

    By itself OpenMP uses all processors, and its threads spin while they wait for each other. If other work
    interrupts one of them, the others wait for it at full speed. See docs/benchmarks.md for what that costs.
    OpenMP's variables (https://www.openmp.org/spec-html/5.2/openmpch21.html) that are set already are kept.
    Libraries that are given a number of threads, such as ctranslate2, use that.
    """
    processors = len(os.sched_getaffinity(0))
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, processors // 2)))
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
