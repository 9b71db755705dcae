"""Earlier cases of a person and what their reports say, as JSON."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from reporting.document import ReportStatus
from reporting.prior_reports import PriorReport
from viewer_api.parameters import EXAMPLE_KEY, EXAMPLE_UID
from viewer_api.worklist_schemas import study_path
from worklist.priors import Prior, Relation

_REPORT: Final[JsonDict] = {
    "report_id": EXAMPLE_KEY,
    "status": "final",
    "signed_at": "2026-05-02T03:12:00Z",
    "impression": "窦性心律，未见ST段改变。",
    "path": f"/api/v1/reports/{EXAMPLE_KEY}",
}
_PRIOR: Final[JsonDict] = {
    "case_id": EXAMPLE_KEY,
    "relation": "patient",
    "site_id": "xinglong-clinic",
    "patient_name": "Zhang^San=张^三",
    "patient_id": "0001",
    "modality": "ECG",
    "study_date": "2026-05-02",
    "study_description": "12-lead ECG",
    "first_received_at": "2026-05-02T02:58:00Z",
    "paths": [f"/dicom-web/sites/xinglong-clinic/studies/{EXAMPLE_UID}"],
    "reports": [_REPORT],
}


class PriorReportResource(BaseModel):
    """A signed version of an earlier case, in short."""

    model_config = ConfigDict(title="PriorReport", json_schema_extra={"example": _REPORT})

    report_id: str
    status: ReportStatus
    signed_at: datetime
    impression: str
    path: str = Field(description="The whole report.")


class PriorResource(BaseModel):
    """An earlier case, and why it is shown."""

    model_config = ConfigDict(title="Prior", json_schema_extra={"example": _PRIOR})

    case_id: str
    relation: Relation = Field(description="`candidate` is not known to be the same person.")
    site_id: str
    patient_name: str
    patient_id: str
    modality: str
    study_date: date | None
    study_description: str
    first_received_at: datetime
    paths: list[str] = Field(description="Where DICOMweb has its studies.")
    reports: list[PriorReportResource] = Field(description="What was signed, newest first.")

    @classmethod
    def of(cls, prior: Prior, signed: Sequence[PriorReport]) -> Self:
        """Return an earlier case with what was signed of it."""
        case = prior.case
        return cls(
            case_id=case.case_id,
            relation=prior.relation,
            site_id=case.site_id,
            patient_name=case.patient_name,
            patient_id=case.patient_id,
            modality=case.modality,
            study_date=case.study_date,
            study_description=case.study_description,
            first_received_at=case.first_received_at,
            paths=[study_path(case.site_id, study.study_instance_uid) for study in case.studies],
            reports=[
                PriorReportResource(**vars(report), path=f"/api/v1/reports/{report.report_id}")
                for report in signed
            ],
        )


class PriorCollection(BaseModel):
    """What else there is of a person, the certain before the candidates."""

    model_config = ConfigDict(title="Priors", json_schema_extra={"example": {"items": [_PRIOR]}})

    items: list[PriorResource]
