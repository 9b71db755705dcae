"""A case: one study of one site, from its first instance on; what the reading list shows a line of."""

from dataclasses import dataclass
from datetime import date, datetime

from worklist.urgency import Urgency, due_at
from worklist.workitem import InputReadinessState, ProcedureStepState, Workitem


@dataclass(frozen=True, kw_only=True)
class Case:
    """The case lives on while workitems come and go; `workitem` is the present one."""

    case_id: str
    site_id: str
    study_instance_uid: str
    modality: str
    urgency: Urgency
    patient_name: str
    patient_id: str
    patient_birth_date: date | None
    patient_sex: str
    study_date: date | None
    accession_number: str
    study_description: str
    clinical_question: str
    history: str
    first_received_at: datetime
    last_received_at: datetime
    number_of_instances: int
    workitem: Workitem

    @property
    def due_at(self) -> datetime:
        """When the report is due."""
        return due_at(self.workitem.due_from, self.modality, self.urgency)

    @property
    def is_arriving(self) -> bool:
        """Whether more instances are still expected before anybody may claim it."""
        return (
            self.workitem.procedure_step_state is ProcedureStepState.SCHEDULED
            and self.workitem.input_readiness_state is InputReadinessState.INCOMPLETE
        )


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a clinic asks about a study, known by its UID or its accession number."""

    request_id: str
    site_id: str
    study_instance_uid: str
    accession_number: str
    urgency: Urgency
    clinical_question: str
    history: str
    requested_by: str
    requested_at: datetime
    case_id: str | None
