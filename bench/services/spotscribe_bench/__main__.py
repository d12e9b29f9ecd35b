"""`python -m spotscribe_bench <part> <empty folder>` writes results to the folder's `report.jsonl`."""

import signal
import sys
from importlib import import_module
from pathlib import Path

from spotscribe_bench.report import Report

# Only the selected module is imported: an environment may lack the packages of the others.
_PARTS = {
    "throughput": "throughput",
    "load": "load",
    "memory": "hours",
    "threads": "threads",
    "diarization": "diarization",
    "shared-device": "shared_device",
    "voxtral-throughput": "voxtral_throughput",
    "voxtral-tasks": "voxtral_tasks",
    "embeddings-load": "embeddings.load",
    "embeddings-load-base": "embeddings.load_base",
    "embeddings-corpus": "embeddings.corpus",
    "speech-stream": "speech.stream",
    "speech-words": "speech.words",
    "accuracy": "accuracy.measuring",
    "accuracy-speakers": "accuracy.speakers",
}
_STOPS = (signal.SIGTERM, signal.SIGINT)


def main() -> None:
    """Runs the benchmark. On a signal it ends the processes that it has started."""

    def stop(number: int, _: object) -> None:
        # A second signal must not interrupt the cleanup.
        for each in _STOPS:
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    for each in _STOPS:
        signal.signal(each, stop)
    part, folder = sys.argv[1], Path(sys.argv[2])
    import_module(f"spotscribe_bench.{_PARTS[part]}").measure(folder, Report(folder / "report.jsonl"))


if __name__ == "__main__":
    main()
