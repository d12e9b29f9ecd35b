"""`python -m spotscribe_bench throughput|load|memory <empty folder>`; what it finds is in `report.jsonl`."""

import signal
import sys
from pathlib import Path

from spotscribe_bench import hours, load, throughput
from spotscribe_bench.report import Report

_PARTS = {"throughput": throughput.measure, "load": load.measure, "memory": hours.measure}
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
    _PARTS[part](folder, Report(folder / "report.jsonl"))


if __name__ == "__main__":
    main()
