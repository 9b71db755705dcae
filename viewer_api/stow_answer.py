"""What became of each part of a STOW-RS request, and the answer that says so (PS3.18 10.5.3, I.2). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from core import errors
from core.errors import HubError
from storage.dicom_json import JSONDataSet, data_set, item
from storage.instance import StoredInstance
from viewer_api.dicom_web_root import Root

OUT_OF_RESOURCES: Final = 0xA700
DOES_NOT_MATCH: Final = 0xA900
CANNOT_UNDERSTAND: Final = 0xC000
TRANSFER_SYNTAX_NOT_SUPPORTED: Final = 0xC122
PROCESSING_FAILURE: Final = 0x0110
SOP_CLASS_NOT_SUPPORTED: Final = 0x0122

FAILURE_REASONS: Final[dict[type[HubError], int]] = {
    HubError: PROCESSING_FAILURE,
    errors.InvalidInstance: CANNOT_UNDERSTAND,
    errors.InvalidRequest: CANNOT_UNDERSTAND,
    errors.TooLarge: CANNOT_UNDERSTAND,
    errors.DataSetMismatch: DOES_NOT_MATCH,
    errors.UnsupportedSOPClass: SOP_CLASS_NOT_SUPPORTED,
    errors.UnsupportedTransferSyntax: TRANSFER_SYNTAX_NOT_SUPPORTED,
    errors.QuotaExceeded: OUT_OF_RESOURCES,
    errors.StorageUnavailable: OUT_OF_RESOURCES,
}
"""PS3.18 table I.2-2. Out of Resources means "send it again"; nothing else does."""


@dataclass(frozen=True, kw_only=True)
class FailedInstance:
    """A part that was not stored; its UIDs are those of its File Meta, where it has them."""

    reason: HubError
    sop_class_uid: str | None = None
    sop_instance_uid: str | None = None


def status_of(stored: Sequence[StoredInstance], failed: Sequence[FailedInstance]) -> HTTPStatus:
    """Return 200 where all was stored, 202 where some was, 409 where nothing was (table 10.5.3-1)."""
    if not failed:
        return HTTPStatus.OK
    return HTTPStatus.ACCEPTED if stored else HTTPStatus.CONFLICT


def answer_of(
    stored: Sequence[StoredInstance], failed: Sequence[FailedInstance], root: Root, site_id: str
) -> JSONDataSet:
    """Return the Store Instances Response Module."""
    answer: dict[str, Any] = {}
    studies = {instance.study_instance_uid for instance in stored}
    if len(studies) == 1:
        answer["RetrieveURL"] = root.url(site_id, studies.pop())
    named = [each for each in failed if each.sop_class_uid and each.sop_instance_uid]
    others = [each for each in failed if not (each.sop_class_uid and each.sop_instance_uid)]
    answer["FailedSOPSequence"] = [_failure(each) for each in named]
    answer["ReferencedSOPSequence"] = [_reference(each, root) for each in stored]
    answer["OtherFailuresSequence"] = [_failure(each) for each in others]
    return data_set({keyword: value for keyword, value in answer.items() if value})


def _reference(instance: StoredInstance, root: Root) -> JSONDataSet:
    return item(
        {
            "ReferencedSOPClassUID": instance.sop_class_uid,
            "ReferencedSOPInstanceUID": instance.sop_instance_uid,
            "RetrieveURL": root.url(
                instance.site_id,
                instance.study_instance_uid,
                instance.series_instance_uid,
                instance.sop_instance_uid,
            ),
        }
    )


def failure_reason(error: HubError) -> int:
    """Return (0008,1197) Failure Reason."""
    return next(FAILURE_REASONS[kind] for kind in type(error).__mro__ if kind in FAILURE_REASONS)


def _failure(failed: FailedInstance) -> JSONDataSet:
    uids = {
        "ReferencedSOPClassUID": failed.sop_class_uid,
        "ReferencedSOPInstanceUID": failed.sop_instance_uid,
    }
    known = {keyword: uid for keyword, uid in uids.items() if uid}
    return item(known | {"FailureReason": failure_reason(failed.reason)})
