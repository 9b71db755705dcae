"""Arrivals as JSON: what a site sent, and where each study is."""

from datetime import date, datetime
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from reporting.document import ReportStatus
from reporting.report import StandingReport
from viewer_api.original_schemas import original_path
from viewer_api.parameters import EXAMPLE_KEY, EXAMPLE_UID
from viewer_api.retake_schemas import RetakeResource
from viewer_api.worklist_schemas import study_path
from worklist.arrivals import Arrival, ArrivalState
from worklist.urgency import Urgency

_ARRIVAL: Final[JsonDict] = {
    "case_id": EXAMPLE_KEY,
    "site_id": "xinglong-clinic",
    "study_instance_uid": EXAMPLE_UID,
    "modality": "US",
    "state": "arriving",
    "number_of_instances": 84,
    "expected_instances": 120,
    "is_checked": False,
    "patient_in_doubt": False,
    "text_finding": "",
    "patient_name": "Zhang^San=张^三",
    "patient_id": "0001",
    "identity_to_be_confirmed": False,
    "patient_birth_date": "1970-01-02",
    "patient_sex": "M",
    "study_date": "2026-11-20",
    "study_description": "Abdomen",
    "accession_number": "A-1001",
    "urgency": "routine",
    "clinical_question": "",
    "history": "",
    "first_received_at": "2026-11-20T08:30:00Z",
    "last_received_at": "2026-11-20T08:31:00Z",
    "due_at": "2026-11-20T10:30:00Z",
    "reading_physician": None,
    "retake": None,
    "report": None,
    "thumbnail": f"/dicom-web/sites/xinglong-clinic/studies/{EXAMPLE_UID}/thumbnail",
    "original": None,
}


class StandingReportResource(BaseModel):
    """The signed version that stands for a case now."""

    model_config = ConfigDict(title="StandingReport")

    report_id: str
    status: ReportStatus
    signed_at: datetime
    is_received: bool = Field(description="Whether somebody of the clinic has had it.")
    is_confirmed: bool = Field(description="Whether a named person confirmed that.")

    @classmethod
    def of(cls, report: StandingReport) -> Self:
        """Return it."""
        return cls(**vars(report))


class ArrivalResource(BaseModel):
    """One case: how much of it came, and how far it is."""

    model_config = ConfigDict(title="Arrival", json_schema_extra={"example": _ARRIVAL})

    case_id: str
    site_id: str
    study_instance_uid: str
    modality: str
    state: ArrivalState
    number_of_instances: int = Field(description="How many came.")
    expected_instances: int | None = Field(description="Of how many, where an upload says so; else null.")
    is_checked: bool = Field(description="Whether all of it came, as far as one can tell, and can be read.")
    patient_in_doubt: bool = Field(description="Whether an administrator has to look whom it shows.")
    text_finding: str
    patient_name: str
    patient_id: str
    identity_to_be_confirmed: bool = Field(
        description="Whether somebody has to say whose it is: POST …/patient/attach does."
    )
    patient_birth_date: date | None
    patient_sex: str
    study_date: date | None
    study_description: str
    accession_number: str
    urgency: Urgency
    clinical_question: str
    history: str
    first_received_at: datetime
    last_received_at: datetime
    due_at: datetime
    reading_physician: str | None = Field(description="Who reads it, or read it.")
    retake: RetakeResource | None = Field(description="Better images that are asked for.")
    report: StandingReportResource | None
    thumbnail: str = Field(description="Where its picture is; 404 where it has none.")
    original: str | None = Field(description="Where the file is that it was made of; null for DICOM.")

    @classmethod
    def of(cls, arrival: Arrival, report: StandingReport | None, *, now: datetime) -> Self:
        """Return one arrival."""
        case = arrival.case
        made = arrival.made_of_a_file
        seen = {name: getattr(case, name) for name in cls.model_fields if hasattr(case, name)}
        return cls(
            **seen
            | {
                "state": arrival.state,
                "expected_instances": arrival.expected_instances,
                "is_checked": arrival.state is not ArrivalState.ARRIVING,
                "reading_physician": case.workitem.claimed_by_name,
                "retake": RetakeResource.of(case.open_retake, now=now) if case.open_retake else None,
                "report": StandingReportResource.of(report) if report else None,
                "thumbnail": f"{study_path(case.site_id, case.study_instance_uid)}/thumbnail",
                "original": original_path(case.site_id, case.study_instance_uid, made) if made else None,
            }
        )


class ArrivalCollection(BaseModel):
    """Arrivals, newest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_ARRIVAL]}})

    items: list[ArrivalResource]
