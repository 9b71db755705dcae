"""Which cases or studies belong together and why, as JSON."""

from pydantic import ConfigDict, Field

from viewer_api.parameters import EXAMPLE_KEY, EXAMPLE_UID
from viewer_api.request_schemas import RequestReasonBody, ShortText


class OtherCaseBody(RequestReasonBody):
    """Another case of the same site, and why it belongs to this one."""

    model_config = ConfigDict(
        extra="forbid",
        title="OtherCase",
        json_schema_extra={"example": {"case_id": EXAMPLE_KEY, "reason": "同一次就诊"}},
    )

    case_id: ShortText


class StudyBody(RequestReasonBody):
    """A study that was linked into this case, and why it leaves."""

    model_config = ConfigDict(
        extra="forbid",
        title="LinkedStudy",
        json_schema_extra={"example": {"study_instance_uid": EXAMPLE_UID, "reason": "另一次检查"}},
    )

    study_instance_uid: ShortText = Field(description="(0020,000D).")
