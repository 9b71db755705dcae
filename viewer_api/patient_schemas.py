"""Patients, what disagrees about them, and what people decided, as JSON."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from storage.instance import Study
from storage.patient_decision_records import PatientAct, PatientDecision
from storage.patient_identity import Difference, StatedIdentity
from storage.patient_records import Patient, parse_differences
from storage.patients import PatientFile
from viewer_api.aside_schemas import Reason
from viewer_api.parameters import plain_text

ShortText = Annotated[str, AfterValidator(plain_text), Field(max_length=64)]


class LinkBody(BaseModel):
    """Which other patient is the same person, and why."""

    model_config = ConfigDict(extra="forbid")

    other_patient_key: ShortText
    reason: Reason


class PatientOfStudyBody(BaseModel):
    """Whose a study is, and why."""

    model_config = ConfigDict(extra="forbid")

    site_id: ShortText
    patient_key: ShortText | None = Field(
        default=None, description="Another patient of the site; null where nobody knows yet whose it is."
    )
    reason: Reason


class AttachBody(BaseModel):
    """Whom a study shows, and how that is known."""

    model_config = ConfigDict(extra="forbid")

    site_id: ShortText
    patient_id: ShortText = Field(min_length=1)
    issuer_of_patient_id: ShortText = ""
    patient_name: Annotated[str, AfterValidator(plain_text)] = Field(
        min_length=1, max_length=194, description="As DICOM writes it: Wang^XiaoMing=王^小明."
    )
    patient_birth_date: date | None = None
    patient_sex: Literal["M", "F", "O", ""] = ""
    reason: Reason

    def identity(self) -> StatedIdentity:
        """Return whom it names."""
        return StatedIdentity(
            patient_name=self.patient_name.strip(),
            patient_id=self.patient_id.strip(),
            issuer_of_patient_id=self.issuer_of_patient_id.strip(),
            patient_birth_date=self.patient_birth_date,
            patient_sex=self.patient_sex,
        )


class ConfirmBody(BaseModel):
    """Why a flagged study is its patient's all the same."""

    model_config = ConfigDict(extra="forbid")

    site_id: ShortText
    reason: Reason


class PatientResource(BaseModel):
    """One (site, issuer or none, patient ID), or one study without an ID."""

    model_config = ConfigDict(title="Patient")

    patient_key: str
    site_id: str
    patient_id: str
    issuer_of_patient_id: str
    patient_name: str
    patient_birth_date: date | None
    patient_sex: str
    is_linked: bool = Field(description="Whether people have said that another patient is the same person.")

    @classmethod
    def of(cls, patient: Patient) -> Self:
        """Return one."""
        return cls(
            patient_key=patient.patient_key,
            site_id=patient.site_id,
            **vars(patient.identity),
            is_linked=patient.person_key is not None,
        )


class PatientStudyResource(BaseModel):
    """A study as it states its patient, with the patient that it belongs to."""

    model_config = ConfigDict(title="PatientStudy")

    site_id: str
    study_instance_uid: str
    patient_key: str
    differences: list[Difference] = Field(
        description="In what its instances disagree with what is known of the patient; empty once confirmed."
    )
    patient_id: str
    issuer_of_patient_id: str
    patient_name: str
    patient_birth_date: date | None
    patient_sex: str
    study_date: date | None
    study_description: str
    first_received_at: datetime

    @classmethod
    def of(cls, study: Study) -> Self:
        """Return one."""
        own = {name: getattr(study, name) for name in cls.model_fields if name != "differences"}
        return cls(**own, differences=list(parse_differences(study.patient_differences)))


class PatientStudyCollection(BaseModel):
    """Studies, newest first."""

    items: list[PatientStudyResource]


class PatientDecisionResource(BaseModel):
    """What a person decided about a patient."""

    model_config = ConfigDict(title="PatientDecision")

    act: PatientAct
    patient_key: str
    other_patient_key: str
    study_instance_uid: str
    reason: str
    actor: str
    at: datetime

    @classmethod
    def of(cls, decision: PatientDecision) -> Self:
        """Return one."""
        return cls(**{name: getattr(decision, name) for name in cls.model_fields})


class PatientFileResource(BaseModel):
    """A patient, who is the same person, the studies, and what was decided."""

    model_config = ConfigDict(title="PatientFile")

    patient: PatientResource
    linked: list[PatientResource] = Field(description="Those that the caller may see.")
    studies: list[PatientStudyResource]
    decisions: list[PatientDecisionResource]

    @classmethod
    def of(cls, file: PatientFile) -> Self:
        """Return all about one patient."""
        return cls(
            patient=PatientResource.of(file.patient),
            linked=[PatientResource.of(each) for each in file.linked],
            studies=[PatientStudyResource.of(study) for study in file.studies],
            decisions=[PatientDecisionResource.of(decision) for decision in file.decisions],
        )
