"""Open cases that nobody can read, as JSON; whose they are is not told."""

from datetime import datetime
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from viewer_api.parameters import EXAMPLE_KEY, EXAMPLE_UID
from worklist.unrouted import UnroutedCase, modalities_of
from worklist.urgency import Urgency

_EXAMPLE: Final[JsonDict] = {
    "case_id": EXAMPLE_KEY,
    "site_id": "xinglong-clinic",
    "study_instance_uid": EXAMPLE_UID,
    "modalities": ["OT"],
    "urgency": "routine",
    "due_at": "2026-11-20T10:30:00Z",
    "reason": "no route for OT",
    "links": {"case": f"/api/v1/cases/{EXAMPLE_KEY}"},
}


class UnroutedCaseResource(BaseModel):
    """A case that stays unread until a route or a reader is added."""

    model_config = ConfigDict(title="UnroutedCase", json_schema_extra={"example": _EXAMPLE})

    case_id: str
    site_id: str
    study_instance_uid: str
    modalities: list[str] = Field(description="What one reader has to be routed to, all of it.")
    urgency: Urgency
    due_at: datetime
    reason: str = Field(description="Why nobody can read it, in plain words.")
    links: dict[str, str]

    @classmethod
    def of(cls, unrouted: UnroutedCase) -> Self:
        """Return one."""
        case = unrouted.case
        return cls(
            case_id=case.case_id,
            site_id=case.site_id,
            study_instance_uid=case.study_instance_uid,
            modalities=sorted(modalities_of(case)),
            urgency=case.urgency,
            due_at=case.due_at,
            reason=unrouted.reason,
            links={"case": f"/api/v1/cases/{case.case_id}"},
        )


class UnroutedCaseCollection(BaseModel):
    """What nobody can read, in the order of the reading list."""

    model_config = ConfigDict(title="UnroutedCases", json_schema_extra={"example": {"items": [_EXAMPLE]}})

    items: list[UnroutedCaseResource]
