"""A few are let in, the rest are told when to come back."""

from contextlib import ExitStack

import pytest

from spotscribe_common.admission import Admission
from spotscribe_common.errors import BusyError


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
