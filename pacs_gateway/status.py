"""The one table from the hub's errors to DIMSE status codes (PS3.4 table B.2-1, PS3.7 annex C).

What a device may try again is A700; what will never go through is Cxxx, so that nobody resends for ever.
"""

from dataclasses import dataclass
from typing import Final

from core.errors import (
    AlreadyRegistered,
    AlreadySettled,
    DataSetMismatch,
    HubError,
    InvalidInstance,
    InvalidQuery,
    InvalidRequest,
    Misconfigured,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    PasswordChangeRequired,
    PatientConflict,
    QuotaExceeded,
    RecentLoginRequired,
    ReportStateConflict,
    StaleVersion,
    StorageUnavailable,
    TooLarge,
    TooManyAttempts,
    UnsupportedSOPClass,
    UnsupportedTransferSyntax,
    VersionRequired,
    WorkitemStateConflict,
)

SUCCESS: Final = 0x0000
PROCESSING_FAILURE: Final = 0x0110
SOP_CLASS_NOT_SUPPORTED: Final = 0x0122
NOT_AUTHORIZED: Final = 0x0124
UNRECOGNIZED_OPERATION: Final = 0x0211
OUT_OF_RESOURCES: Final = 0xA700
DATA_SET_DOES_NOT_MATCH_SOP_CLASS: Final = 0xA900
CANNOT_UNDERSTAND: Final = 0xC000

STATUS_OF_ERROR: Final[dict[type[HubError], int]] = {
    InvalidInstance: CANNOT_UNDERSTAND,
    TooLarge: CANNOT_UNDERSTAND,
    DataSetMismatch: DATA_SET_DOES_NOT_MATCH_SOP_CLASS,
    UnsupportedSOPClass: SOP_CLASS_NOT_SUPPORTED,
    QuotaExceeded: OUT_OF_RESOURCES,
    StorageUnavailable: OUT_OF_RESOURCES,
    NotPermitted: NOT_AUTHORIZED,
}
NOT_RAISED_BY_STORING: Final[frozenset[type[HubError]]] = frozenset(
    {
        AlreadyRegistered,
        AlreadySettled,
        InvalidQuery,
        InvalidRequest,
        Misconfigured,
        NotAuthenticated,
        NotFound,
        PasswordChangeRequired,
        PatientConflict,
        RecentLoginRequired,
        ReportStateConflict,
        StaleVersion,
        TooManyAttempts,
        UnsupportedTransferSyntax,  # is not negotiated in the first place
        VersionRequired,
        WorkitemStateConflict,
    }
)
"""Errors of other doors; one that came here all the same would be a bug, and is answered as one."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a response says: the status, and for a person at the device why."""

    status: int
    error_comment: str = ""


DONE: Final = Answer(status=SUCCESS)
FAILED: Final = Answer(status=PROCESSING_FAILURE, error_comment="Unexpected error in the hub; see its log.")


def answer_to(error: HubError) -> Answer:
    """Return the answer to a refused request; the messages of the hub's errors hold no patient data."""
    status = STATUS_OF_ERROR.get(type(error))
    return FAILED if status is None else Answer(status=status, error_comment=str(error))
