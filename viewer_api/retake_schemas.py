"""What readers ask of those who take the images, and what they answer, as JSON."""

from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.limits import RETAKE_INSTANCES
from viewer_api.parameters import EXAMPLE_KEY, EXAMPLE_UID, plain_text
from worklist.retake import LONGEST_NOTE, Retake, RetakeReason, RetakeState

ShortText = Annotated[str, AfterValidator(plain_text), Field(json_schema_extra={"maxLength": 64})]
# The rooms hold the limits and say so in a sentence; here they are only told in advance.
NoteText = Annotated[str, AfterValidator(plain_text), Field(json_schema_extra={"maxLength": LONGEST_NOTE})]

_EXAMPLE: Final[JsonDict] = {
    "retake_id": EXAMPLE_KEY,
    "case_id": EXAMPLE_KEY,
    "site_id": "xinglong-clinic",
    "study_instance_uid": EXAMPLE_UID,
    "state": "acknowledged",
    "reason": "motion",
    "note": "右肺下野模糊，请屏气后重拍",
    "sop_instance_uids": [EXAMPLE_UID],
    "asked_by_name": "陈医生",
    "asked_at": "2026-11-20T08:36:00Z",
    "age_seconds": 240,
    "acknowledged_by_name": "王技师",
    "acknowledged_at": "2026-11-20T08:38:00Z",
    "closed_by_name": None,
    "closed_at": None,
    "answer": "",
}


class RetakeBody(BaseModel):
    """What is wrong with the images, and whether the reader goes on with them meanwhile."""

    model_config = ConfigDict(
        extra="forbid",
        title="AskForRetake",
        json_schema_extra={
            "example": {
                "workitem_uid": EXAMPLE_UID,
                "reason": "motion",
                "note": "右肺下野模糊，请屏气后重拍",
                "sop_instance_uids": [],
                "end_turn": True,
            }
        },
    )

    workitem_uid: ShortText = Field(description="The turn that the reader holds.")
    reason: RetakeReason
    note: NoteText = Field(default="", description="In words; needed where the reason is `other`.")
    sop_instance_uids: list[ShortText] = Field(
        default_factory=list,
        max_length=RETAKE_INSTANCES,
        description="Which instances of the case are meant; none for all.",
    )
    end_turn: bool = Field(
        default=False,
        description="End the turn without a report: the case waits for the images, for a settable time.",
    )


class DeclineBody(BaseModel):
    """Why there will be no better images."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "病人已离院"}})

    reason: NoteText


class RetakeResource(BaseModel):
    """An ask for better images, and what became of it."""

    model_config = ConfigDict(title="Retake", json_schema_extra={"example": _EXAMPLE})

    retake_id: str
    case_id: str
    site_id: str
    study_instance_uid: str
    state: RetakeState = Field(description="`asked` and `acknowledged` are open.")
    reason: RetakeReason
    note: str
    sop_instance_uids: list[str] = Field(description="Which instances are meant; none for all.")
    asked_by_name: str
    asked_at: datetime
    age_seconds: int = Field(description="How long ago that was.")
    acknowledged_by_name: str | None = Field(description="Who has seen it at the site.")
    acknowledged_at: datetime | None
    closed_by_name: str | None = Field(description="Who declined or withdrew it, or sent the images.")
    closed_at: datetime | None
    answer: str = Field(description="Why it was declined.")

    @classmethod
    def of(cls, retake: Retake, *, now: datetime) -> Self:
        """Return an ask as it is now."""
        values: dict[str, Any] = vars(retake) | {
            "sop_instance_uids": list(retake.sop_instance_uids),
            "age_seconds": max(0, int((now - retake.asked_at).total_seconds())),
        }
        return cls(**values)


class RetakeCollection(BaseModel):
    """A page of asks, oldest first."""

    model_config = ConfigDict(title="Retakes", json_schema_extra={"example": {"items": [_EXAMPLE]}})

    items: list[RetakeResource]
