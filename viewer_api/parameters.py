"""Keys and UIDs in addresses: what can be none of ours is not found, before any room is asked."""

import re
from typing import Annotated, Final

from fastapi import Depends, Path, Query

from core.errors import InvalidRequest, NotFound
from core.text import can_be_kept
from core.uids import is_indexable

_KEY: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}", re.ASCII)
LARGEST_OFFSET: Final = 2**31 - 1
EXAMPLE_KEY: Final = "01KAGN5W3RX7Q2MZ4T8YB9CDEF"
EXAMPLE_UID: Final = "2.25.329800735698586629295641978511506172"
EXAMPLE_SEEN: Final = "1-9f86d081884c7d659a2feaa0c55ad015"


def plain_text(text: str) -> str:
    """Return `text` if every store and every page can hold it.

    Raises:
        InvalidRequest: it holds NUL, which PostgreSQL refuses, or half a surrogate pair, which UTF-8 has not.
    """
    if not can_be_kept(text):
        raise InvalidRequest("A text holds a NUL or half of a surrogate pair.")
    return text


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        raise NotFound
    return text


def _uid(text: str) -> str:
    if not is_indexable(text):
        raise NotFound
    return text


def _case_id(
    case_id: Annotated[str, Path(description="The hub's key of a case.", examples=[EXAMPLE_KEY])],
) -> str:
    return _key(case_id)


def _report_id(
    report_id: Annotated[str, Path(description="The hub's key of a report.", examples=[EXAMPLE_KEY])],
) -> str:
    return _key(report_id)


def _request_id(
    request_id: Annotated[str, Path(description="The hub's key of a request.", examples=[EXAMPLE_KEY])],
) -> str:
    return _key(request_id)


def _retake_id(
    retake_id: Annotated[
        str, Path(description="The hub's key of an ask for better images.", examples=[EXAMPLE_KEY])
    ],
) -> str:
    return _key(retake_id)


def _kept_key(
    kept_key: Annotated[str, Path(description="The hub's key of what lies aside.", examples=[EXAMPLE_KEY])],
) -> str:
    return _key(kept_key)


def _patient_key(
    patient_key: Annotated[str, Path(description="The hub's key of a patient.", examples=[EXAMPLE_KEY])],
) -> str:
    return _key(patient_key)


def _upload_id(
    upload_id: Annotated[str, Path(description="The hub's key of an upload.", examples=[EXAMPLE_KEY])],
) -> str:
    return _key(upload_id)


def _unknown_device_id(
    unknown_device_id: Annotated[
        str, Path(description="The hub's key of a caller that was turned away.", examples=[EXAMPLE_KEY])
    ],
) -> str:
    return _key(unknown_device_id)


def _workitem_uid(
    workitem_uid: Annotated[
        str, Path(description="UID of one turn at reading a case (UPS).", examples=[EXAMPLE_UID])
    ],
) -> str:
    return _uid(workitem_uid)


def _study_instance_uid(
    study_instance_uid: Annotated[str, Path(description="(0020,000D).", examples=[EXAMPLE_UID])],
) -> str:
    return _uid(study_instance_uid)


def _user_id(
    user_id: Annotated[str, Path(description="The hub's key of an account.", examples=[EXAMPLE_KEY])],
) -> str:
    return _key(user_id)


def _token_id(
    token_id: Annotated[str, Path(description="The hub's key of a bearer token.", examples=[EXAMPLE_KEY])],
) -> str:
    return _key(token_id)


def _device_id(
    device_id: Annotated[str, Path(description="The hub's key of a device.", examples=[EXAMPLE_KEY])],
) -> str:
    return _key(device_id)


Fingerprint = Annotated[
    str,
    Path(
        pattern="^[0-9a-f]{64}$",
        description="SHA-256 of a certificate, in hexadecimal.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    ),
]
CaseId = Annotated[str, Depends(_case_id)]
DeviceId = Annotated[str, Depends(_device_id)]
KeptKey = Annotated[str, Depends(_kept_key)]
PatientKey = Annotated[str, Depends(_patient_key)]
ReportId = Annotated[str, Depends(_report_id)]
RequestId = Annotated[str, Depends(_request_id)]
RetakeId = Annotated[str, Depends(_retake_id)]
TokenId = Annotated[str, Depends(_token_id)]
UploadId = Annotated[str, Depends(_upload_id)]
UnknownDeviceId = Annotated[str, Depends(_unknown_device_id)]
UserId = Annotated[str, Depends(_user_id)]
WorkitemUID = Annotated[str, Depends(_workitem_uid)]
StudyInstanceUID = Annotated[str, Depends(_study_instance_uid)]
Offset = Annotated[int, Query(ge=0, le=LARGEST_OFFSET, description="How many to leave out at the start.")]
