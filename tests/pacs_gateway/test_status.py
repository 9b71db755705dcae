"""Every error of the hub has a DIMSE status, or is known not to come from storing."""

import pytest
from pynetdicom.status import STORAGE_SERVICE_CLASS_STATUS

import core.errors
from core.errors import HubError, InvalidInstance, NotFound, QuotaExceeded
from pacs_gateway.status import (
    FAILED,
    NOT_RAISED_BY_STORING,
    STATUS_OF_ERROR,
    answer_to,
)


def descendants(of: type[HubError]) -> set[type[HubError]]:
    found = set()
    for child in of.__subclasses__():
        found |= {child} | descendants(child)
    return found


def test_every_error_has_a_status_or_cannot_come_here() -> None:
    known = {error for error in descendants(HubError) if error.__module__ == core.errors.__name__}
    assert set(STATUS_OF_ERROR) | NOT_RAISED_BY_STORING == known
    assert not set(STATUS_OF_ERROR) & NOT_RAISED_BY_STORING


@pytest.mark.parametrize("status", sorted(set(STATUS_OF_ERROR.values()) | {FAILED.status}))
def test_every_status_is_a_failure_of_the_standard(status: int) -> None:
    # PS3.4 table B.2-1 gives the families A7xx, A9xx and Cxxx; the others are PS3.7 annex C's.
    is_of_storage = status >> 8 in {0xA7, 0xA9} or status >> 12 == 0xC
    is_general = STORAGE_SERVICE_CLASS_STATUS.get(status, ("", ""))[0] == "Failure"
    assert is_of_storage or is_general


def test_a_refusal_says_why_and_whether_to_try_again() -> None:
    assert answer_to(QuotaExceeded("Full.")).status == 0xA700
    assert answer_to(InvalidInstance("No UID.")).status == 0xC000
    assert answer_to(InvalidInstance("No UID.")).error_comment == "No UID."


def test_an_error_of_another_door_is_answered_as_a_bug() -> None:
    assert answer_to(NotFound()) == FAILED
    assert FAILED.status == 0x0110
