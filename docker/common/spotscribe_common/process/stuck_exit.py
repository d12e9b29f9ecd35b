"""Ends this process when its end is no longer postponed, whatever its threads do.

A thread may be stuck in native code that holds Python's lock, so that no line of Python runs: not even a
watching thread's. The kernel's timer sends SIGALRM, and its handlers are C functions: faulthandler's writes
the stacks of all threads to the log, and then libc's `_exit` ends the process. Without a handler, the signal
would do nothing in a container, where the process has the number 1.
"""

import ctypes
import faulthandler
import signal

# `_exit` gets the signal's number.
STUCK_STATUS = int(signal.SIGALRM)
_LEAST_SECONDS = 0.001
_installed = False


def install() -> None:
    """Makes :func:`end_in` work. For processes that run a service; called in the main thread."""
    global _installed  # noqa: PLW0603 - as the signal's handler, it is the process's
    libc = ctypes.CDLL(None)
    libc.signal.argtypes, libc.signal.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
    libc.signal(STUCK_STATUS, ctypes.cast(libc._exit, ctypes.c_void_p))
    faulthandler.register(STUCK_STATUS, all_threads=True, chain=True)
    _installed = True


def end_in(seconds: float | None) -> None:
    """Ends the process in so many seconds, unless it is called again before; None calls it off.

    It does nothing where :func:`install` was not called.
    """
    if _installed:
        signal.setitimer(signal.ITIMER_REAL, 0 if seconds is None else max(seconds, _LEAST_SECONDS))
