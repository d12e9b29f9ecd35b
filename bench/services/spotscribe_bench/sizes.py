"""Sizes of the measurements. Environment variables make them smaller, for a quick run."""

import os


def size(name: str, default: int) -> int:
    """The value of an environment variable.

    Args:
        name: such as `BENCH_ROWS`.
        default: the size without it.

    Raises:
        ValueError: it is not a whole number of at least 1.
    """
    said = os.environ.get(name, str(default))
    if not said.isdecimal() or int(said) < 1:
        raise ValueError(f"{name} must be a whole number of at least 1; got {said!r}.")
    return int(said)
