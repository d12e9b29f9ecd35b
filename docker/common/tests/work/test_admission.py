"""A few are let in, the rest are told when to come back."""

import time
from contextlib import ExitStack

import pytest

from spotscribe_common.errors import BusyError
from spotscribe_common.work.admission import Admission


def test_as_many_are_let_in_as_may_run_and_wait() -> None:
    admission = Admission(running=1, waiting=2, retry_after=7)
    with ExitStack() as inside:
        for _ in range(3):
            inside.enter_context(admission.admit())
        with pytest.raises(BusyError) as raised, admission.admit():
            pytest.fail("let in")
        assert raised.value.retry_after == 7
        assert admission.inside == 3
    assert admission.inside == 0


def test_a_place_is_given_back_after_a_failure() -> None:
    admission = Admission(running=1, waiting=0, retry_after=1)
    with pytest.raises(ValueError, match="no"), admission.admit():
        raise ValueError("no")
    with admission.admit():
        assert admission.inside == 1


def test_idle_time_counts_from_the_last_one_who_left_however_short_their_visit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1_000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    admission = Admission(running=1, waiting=1, retry_after=1)
    now += 60
    assert admission.idle_seconds == 60
    with admission.admit():
        now += 30
        assert admission.idle_seconds == 0
        with admission.admit():
            now += 1
        assert admission.idle_seconds == 0
    assert admission.idle_seconds == 0
    now += 5
    assert admission.idle_seconds == 5
    with admission.admit():
        pass
    assert admission.idle_seconds == 0


def test_whoever_is_refused_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    admission = Admission(running=0, waiting=0, retry_after=1)
    now = 10
    with pytest.raises(BusyError), admission.admit():
        pytest.fail("let in")
    assert admission.idle_seconds == 10
