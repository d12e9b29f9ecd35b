"""Lets one process go first on a GPU that it shares with another, by a file on scratch space."""

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from spotscribe_common.work.liveness import mark

_log = logging.getLogger(__name__)
# A process holds the lock for one batch, which takes a few seconds on a T4. A process that begins no other
# batch for this long has been stopped or hangs.
STOPPED_SECONDS = 60.0
# The lock is free for moments between two batches. A step that began then would overlap the second batch.
GAP_SECONDS = 0.05
_LOOK_SECONDS = 0.005
# Longest wait before a step. The process with priority usually pauses more often, to place words and to load
# files. If it never pauses, the other must not wait for ever.
WAIT_SECONDS = 120.0
# A process that looks has the lock for microseconds, unless it is stopped just then. The process with
# priority tries this often and then goes on without it.
_TRIES = 5
_TRY_SECONDS = 0.001


class GpuPriority:
    """A share in the file.

    Those who go first hold a *shared* `flock` while they compute, so that several may, and calls may be
    nested. Those who give way ask whether they could have it exclusively. The kernel drops the lock of a
    process that ends, however it ends. One that only stands still would keep it: each hold also changes the
    file's time of modification, and a lock is ignored once that has stayed the same for too long. How long is
    measured by the waiting process's own monotonic clock, so that setting the machine's clock does no harm.

    Args:
        path: the file, which the first to hold it makes; None where nothing is shared.
        stopped_after: seconds after which a lock is ignored whose holder shows no life.
        longest_wait: seconds after which a step is made although somebody goes first.
    """

    def __init__(
        self, path: Path | None, *, stopped_after: float = STOPPED_SECONDS, longest_wait: float = WAIT_SECONDS
    ) -> None:
        self._path = path
        self._stopped_after = stopped_after
        self._longest_wait = longest_wait
        self._warned = False
        # The file's time when it was last looked at, since when it has been so, and when it was last locked.
        self._stamp: int | None = None
        self._since = self._held_at = -GAP_SECONDS

    @property
    def is_shared(self) -> bool:
        """Whether there is a file."""
        return self._path is not None

    @contextmanager
    def first(self) -> Iterator[None]:
        """Holds the lock. Where that cannot be, one goes on without: who goes first never waits."""
        lock = self._taken() if self._path is not None else None
        try:
            yield
        finally:
            if lock is not None:
                # Said aloud: a process that was forked meanwhile would hold it too.
                fcntl.flock(lock, fcntl.LOCK_UN)
                os.close(lock)

    def give_way(self, cancelled: Callable[[], bool]) -> None:
        """Returns when nobody has gone first for :data:`GAP_SECONDS`, or once `cancelled()` is true.

        Waiting is no sign of being stuck, and it ends after `longest_wait`.
        """
        until = time.monotonic() + self._longest_wait
        while self._path is not None and self._must_wait() and not cancelled():
            mark()
            if time.monotonic() > until:
                _log.warning("the GPU was another's for %.0f s: going on beside it", self._longest_wait)
                return
            time.sleep(_LOOK_SECONDS)

    def _taken(self) -> int | None:
        lock = None
        try:
            lock = os.open(str(self._path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
            os.utime(lock)
            for _ in range(_TRIES):
                if _locked(lock, fcntl.LOCK_SH):
                    return lock
                time.sleep(_TRY_SECONDS)
        except OSError as error:
            self._warn(error)
        if lock is not None:
            os.close(lock)
        return None

    def _must_wait(self) -> bool:
        try:
            look = os.open(str(self._path), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            # Nobody has held it yet.
            return False
        except OSError as error:
            self._warn(error)
            return False
        try:
            now = time.monotonic()
            stamp = os.fstat(look).st_mtime_ns
            if stamp != self._stamp:
                self._stamp, self._since = stamp, now
            is_held = not _locked(look, fcntl.LOCK_EX)
        except OSError as error:
            self._warn(error)
            return False
        finally:
            os.close(look)
        if is_held:
            self._held_at = now
            return now - self._since < self._stopped_after
        return now - max(self._since, self._held_at) < GAP_SECONDS

    def _warn(self, error: OSError) -> None:
        """Says it once: it is the same at each step."""
        if not self._warned:
            _log.warning("the GPU is shared without an order: %s", error)
        self._warned = True


def _locked(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
