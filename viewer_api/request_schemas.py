"""What a clinic asks about a study, as JSON."""

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from viewer_api.parameters import EXAMPLE_KEY, EXAMPLE_UID, plain_text
from worklist.case import Request
from worklist.reading_list import LONGEST_TEXT
from worklist.urgency import Urgency

_EXAMPLE: Final[JsonDict] = {
    "site_id": "xinglong-clinic",
    "study_instance_uid": EXAMPLE_UID,
    "accession_number": "",
    "urgency": "emergency",
    "clinical_question": "胸痛两小时，ST段?",
    "history": "高血压",
}
_ASKED: Final[JsonDict] = {
    "request_id": EXAMPLE_KEY,
    **_EXAMPLE,
    "requested_by": "wang",
    "requested_at": "2026-11-20T08:31:00Z",
    "case_id": EXAMPLE_KEY,
}

# The rooms hold the limits and say so in a sentence; here they are only told in advance.
RequestText = Annotated[str, AfterValidator(plain_text), Field(json_schema_extra={"maxLength": LONGEST_TEXT})]
ShortText = Annotated[str, AfterValidator(plain_text), Field(json_schema_extra={"maxLength": 64})]


class RequestBody(BaseModel):
    """A request names its study by the Study Instance UID or, before that is known, the accession number."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    site_id: ShortText = Field(description="The site that asks.")
    study_instance_uid: ShortText = Field(default="", description="(0020,000D), or empty.")
    accession_number: ShortText = Field(default="", description="(0008,0050), or empty.")
    urgency: Urgency = Urgency.ROUTINE
    clinical_question: RequestText = ""
    history: RequestText = ""


class RequestResource(BaseModel):
    """A request as it was taken down; the newest one of a case counts."""

    model_config = ConfigDict(title="Request", json_schema_extra={"example": _ASKED})

    request_id: str
    site_id: str
    study_instance_uid: str
    accession_number: str
    urgency: Urgency
    clinical_question: str
    history: str
    requested_by: str
    requested_at: datetime
    case_id: str | None = Field(description="The case it is about; null while the study has not come.")

    @classmethod
    def of(cls, request: Request) -> Self:
        """Return a request."""
        return cls(**vars(request))
