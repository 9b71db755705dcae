"""Who has held a case, and how each turn ended, as JSON."""

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from viewer_api.parameters import EXAMPLE_UID, plain_text
from worklist.reading_list import LONGEST_TURN_REASON
from worklist.workitem import EndReason, InputReadinessState, ProcedureStepState, Workitem

# The rooms hold the limit and say so in a sentence; here it is only told in advance.
ReasonText = Annotated[
    str, AfterValidator(plain_text), Field(json_schema_extra={"maxLength": LONGEST_TURN_REASON})
]


class TakeOverBody(BaseModel):
    """Why a case is taken from the colleague who holds it; both can read it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"reason": "急诊，陈医生已下班。"}}
    )

    reason: ReasonText


_TURN_EXAMPLE: Final[JsonDict] = {
    "workitem_uid": EXAMPLE_UID,
    "procedure_step_state": "CANCELED",
    "input_readiness_state": "READY",
    "created_at": "2026-11-20T08:30:00Z",
    "claimed_by_name": "陈医生",
    "claimed_at": "2026-11-20T08:34:30Z",
    "ended_at": "2026-11-20T08:39:00Z",
    "end_reason": "taken-over",
    "ended_by_name": "李医生",
    "end_note": "急诊，陈医生已下班。",
}


class TurnResource(BaseModel):
    """One turn at a case, and how it ended."""

    model_config = ConfigDict(title="Turn", json_schema_extra={"example": _TURN_EXAMPLE})

    workitem_uid: str
    procedure_step_state: ProcedureStepState = Field(description="(0074,1000).")
    input_readiness_state: InputReadinessState = Field(description="(0040,4041).")
    created_at: datetime
    claimed_by_name: str | None = Field(description="Who reads it, or read it.")
    claimed_at: datetime | None
    ended_at: datetime | None
    end_reason: EndReason | None
    ended_by_name: str | None = Field(description="Who took over, or waits for better images.")
    end_note: str | None = Field(description="The reason for a take-over.")

    @classmethod
    def of(cls, workitem: Workitem) -> Self:
        """Return one turn."""
        return cls(**{name: getattr(workitem, name) for name in cls.model_fields})


class TurnCollection(BaseModel):
    """The turns at a case, newest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_TURN_EXAMPLE]}})

    items: list[TurnResource]
