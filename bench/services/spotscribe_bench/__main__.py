"""`python -m spotscribe_bench <part> <empty folder>`; what it finds is in the folder's `report.jsonl`."""

import signal
import sys
from importlib import import_module
from pathlib import Path

from spotscribe_bench.report import Report

# Each part's module is imported alone: not every environment has the packages of all.
_PARTS = {
    "throughput": "throughput",
    "load": "load",
    "memory": "hours",
    "shared-device": "shared_device",
    "voxtral-throughput": "voxtral_throughput",
}
_STOPS = (signal.SIGTERM, signal.SIGINT)


def main() -> None:
    """Measures. Told to stop, it ends what it has started."""

    def stop(number: int, _: object) -> None:
        # Once: a second signal must not interrupt the ending.
        for each in _STOPS:
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    for each in _STOPS:
        signal.signal(each, stop)
    part, folder = sys.argv[1], Path(sys.argv[2])
    import_module(f"spotscribe_bench.{_PARTS[part]}").measure(folder, Report(folder / "report.jsonl"))


if __name__ == "__main__":
    main()
