"""What a clinic asks about a study, as JSON."""

from datetime import date, datetime
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.text import LONGEST_REASON
from viewer_api.parameters import EXAMPLE_KEY, EXAMPLE_UID, plain_text
from worklist.request import MatchedBy, Request, RequestState
from worklist.requests import LONGEST_TEXT, Candidate, FollowedRequest
from worklist.urgency import Urgency
from worklist.workitem import ProcedureStepState

_EXAMPLE: Final[JsonDict] = {
    "site_id": "xinglong-clinic",
    "study_instance_uid": EXAMPLE_UID,
    "accession_number": "",
    "patient_id": "",
    "modality": "",
    "study_date": None,
    "urgency": "emergency",
    "clinical_question": "胸痛两小时，ST段?",
    "history": "高血压",
}
_ASKED: Final[JsonDict] = {
    "request_id": EXAMPLE_KEY,
    **_EXAMPLE,
    "requested_by": "wang",
    "requested_at": "2026-11-20T08:31:00Z",
    "state": "matched",
    "matched_by": "study",
    "case_id": EXAMPLE_KEY,
}
_FOLLOWED: Final[JsonDict] = {
    **_ASKED,
    "procedure_step_state": "COMPLETED",
    "links": {"case": f"/api/v1/cases/{EXAMPLE_KEY}", "reports": f"/api/v1/cases/{EXAMPLE_KEY}/reports"},
    "candidates": [],
}

# The rooms hold the limits and say so in a sentence; here they are only told in advance.
RequestText = Annotated[str, AfterValidator(plain_text), Field(json_schema_extra={"maxLength": LONGEST_TEXT})]
ShortText = Annotated[str, AfterValidator(plain_text), Field(json_schema_extra={"maxLength": 64})]


class RequestBody(BaseModel):
    """A request names its study: by UID, or before that is known by accession number, or patient and day."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    site_id: ShortText = Field(description="The site that asks.")
    study_instance_uid: ShortText = Field(default="", description="(0020,000D), or empty.")
    accession_number: ShortText = Field(default="", description="(0008,0050), or empty.")
    patient_id: ShortText = Field(default="", description="(0010,0020), with modality and day; or empty.")
    modality: ShortText = Field(default="", description="(0008,0060), or empty.")
    study_date: date | None = Field(default=None, description="Its day at the site.")
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
    patient_id: str
    modality: str
    study_date: date | None
    urgency: Urgency
    clinical_question: str
    history: str
    requested_by: str
    requested_at: datetime
    state: RequestState = Field(description="`ambiguous` waits for a person, `unmatched` for its study.")
    matched_by: MatchedBy | None = Field(description="What told which study is meant.")
    case_id: str | None = Field(description="The case it is about; null while that is not known.")

    @classmethod
    def of(cls, request: Request) -> Self:
        """Return a request."""
        return cls(**vars(request))


class CandidateResource(BaseModel):
    """A case that a waiting request may be about."""

    model_config = ConfigDict(
        title="Candidate",
        json_schema_extra={
            "example": {
                "case_id": EXAMPLE_KEY,
                "study_instance_uid": EXAMPLE_UID,
                "fits_by": "accession",
                "is_doubtful": False,
                "modality": "US",
                "patient_id": "0001",
                "patient_name": "Zhang^San=张^三",
                "accession_number": "A-1001",
                "study_date": "2026-11-20",
                "first_received_at": "2026-11-20T08:30:00Z",
            }
        },
    )

    case_id: str
    study_instance_uid: str
    fits_by: MatchedBy
    is_doubtful: bool = Field(description="Whether they name different patients.")
    modality: str
    patient_id: str
    patient_name: str
    accession_number: str
    study_date: date | None
    first_received_at: datetime

    @classmethod
    def of(cls, candidate: Candidate) -> Self:
        """Return a candidate."""
        case, study = candidate.case, candidate.fit.study
        [of_case] = [each for each in case.studies if each.study_instance_uid == study.study_instance_uid]
        return cls(
            case_id=case.case_id,
            study_instance_uid=study.study_instance_uid,
            fits_by=candidate.fit.by,
            is_doubtful=candidate.fit.is_doubtful,
            modality=study.modality,
            patient_id=study.patient_id,
            patient_name=case.patient_name,
            accession_number=study.accession_number,
            study_date=of_case.study_date,
            first_received_at=of_case.first_received_at,
        )


class FollowedRequestResource(RequestResource):
    """A request and what became of it."""

    model_config = ConfigDict(title="FollowedRequest", json_schema_extra={"example": _FOLLOWED})

    procedure_step_state: ProcedureStepState | None = Field(
        description="How far the reading is: COMPLETED is reported. Null while no case is known."
    )
    links: dict[str, str] = Field(description="The case and its reports, where the case is known.")
    candidates: list[CandidateResource] = Field(description="What it may be about while it waits.")

    @classmethod
    def of(cls, followed: FollowedRequest) -> Self:  # type: ignore[override]  # it shows more than the request
        """Return a request with its case or its candidates."""
        case = followed.case
        path = f"/api/v1/cases/{case.case_id}" if case else ""
        return cls(
            **vars(followed.request) | {"case_id": case.case_id if case else None},
            procedure_step_state=case.workitem.procedure_step_state if case else None,
            links={"case": path, "reports": f"{path}/reports"} if case else {},
            candidates=[CandidateResource.of(candidate) for candidate in followed.candidates],
        )


class RequestCollection(BaseModel):
    """A page of requests, newest first."""

    model_config = ConfigDict(title="Requests", json_schema_extra={"example": {"items": [_FOLLOWED]}})

    items: list[FollowedRequestResource]


ReasonText = Annotated[
    str, AfterValidator(plain_text), Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_REASON})
]


class RequestReasonBody(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "开错了病人"}})

    reason: ReasonText = Field(description="For whoever asks later.")


class MatchBody(RequestReasonBody):
    """Which case a request is about, and why."""

    model_config = ConfigDict(
        extra="forbid",
        title="Match",
        json_schema_extra={"example": {"case_id": EXAMPLE_KEY, "reason": "电话核对过"}},
    )

    case_id: ShortText
