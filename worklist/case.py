"""A case: one visit of a patient at one site, from its first instance on; a line of the reading list.

It is opened for one study, its own; further studies of the same visit can be linked into it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from worklist.clock_skew import clock_skew
from worklist.readiness import needs_no_wait
from worklist.retake import Retake
from worklist.urgency import Urgency, due_at
from worklist.workitem import InputReadinessState, ProcedureStepState, Workitem


class WaitsFor(StrEnum):
    """What a case has to wait for before anybody may claim it."""

    INSTANCES = "instances"
    """That still arrive."""
    RETAKE = "retake"
    """Better images, which a reader asked for."""


_WAITS: Final = {
    InputReadinessState.INCOMPLETE: WaitsFor.INSTANCES,
    InputReadinessState.UNAVAILABLE: WaitsFor.RETAKE,
}


@dataclass(frozen=True, kw_only=True)
class CaseStudy:
    """One study of a case. What is counted came from outside: the hub's own objects are not.

    `number_of_instances_reported` is how many of them the last final report covers, None where none does;
    `newest_received_at` is the catalogue's, which the follower that counts may be behind.
    `patient_differences` names, parted by commas, in what it disagrees with what is known of its patient.
    With `has_patient_conflict` something of another patient came for it, and signing waits for a decision.
    """

    study_instance_uid: str
    modality: str
    issuer_of_patient_id: str
    patient_key: str
    patient_differences: str
    has_patient_conflict: bool
    study_date: date | None
    study_time: str
    timezone_offset_from_utc: str
    accession_number: str
    study_description: str
    number_of_instances: int
    number_of_instances_reported: int | None
    first_received_at: datetime
    last_received_at: datetime
    newest_received_at: datetime
    time_zone: str

    @property
    def clock_skew(self) -> timedelta | None:
        """How far its device's clock is ahead at least; None where it cannot be told."""
        return clock_skew(
            self.study_date,
            self.study_time,
            received_at=self.first_received_at,
            timezone_offset_from_utc=self.timezone_offset_from_utc,
            time_zone=self.time_zone,
        )


@dataclass(frozen=True, kw_only=True)
class Case:
    """The case lives on while workitems come and go; `workitem` is the present one.

    `study_instance_uid` names its own study, which is the first of `studies`. A case that is `linked_into`
    another has none left: they are read there.
    """

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
    text_finding: str
    clinical_question: str
    history: str
    first_received_at: datetime
    linked_into: str | None
    urgent_since: datetime | None
    emergency_since: datetime | None
    studies: tuple[CaseStudy, ...]
    workitem: Workitem
    open_retake: Retake | None = None
    """Better images that a reader asked for, and that have not come."""

    @property
    def number_of_instances(self) -> int:
        """How many instances of all its studies came from outside."""
        return sum(study.number_of_instances for study in self.studies)

    @property
    def late_instances(self) -> int:
        """How many of them no final report covers, though there is one; 0 where there is none."""
        if all(study.number_of_instances_reported is None for study in self.studies):
            return 0
        return sum(
            study.number_of_instances - (study.number_of_instances_reported or 0) for study in self.studies
        )

    @property
    def waits_for(self) -> WaitsFor | None:
        """What keeps it from being claimed; None where nothing does."""
        if self.workitem.procedure_step_state is not ProcedureStepState.SCHEDULED:
            return None
        return _WAITS.get(self.workitem.input_readiness_state)

    @property
    def is_covered(self) -> bool:
        """Whether a final report covers all there is."""
        return all(
            study.number_of_instances_reported is not None
            and study.number_of_instances_reported >= study.number_of_instances
            for study in self.studies
        )

    @property
    def patient_in_doubt(self) -> bool:
        """Whether a person has to look whom it shows."""
        return any(study.patient_differences or study.has_patient_conflict for study in self.studies)

    @property
    def identity_to_be_confirmed(self) -> bool:
        """Whether it came without a patient ID, or its data sets contradict what is known of the patient."""
        return not self.patient_id.strip() or any(study.patient_differences for study in self.studies)

    @property
    def instances_since_claim(self) -> int:
        """How many instances whoever reads it has not had before them when they claimed it."""
        before = self.workitem.number_of_instances_at_claim
        is_held = self.workitem.procedure_step_state is ProcedureStepState.IN_PROGRESS
        return max(0, self.number_of_instances - before) if is_held and before is not None else 0

    @property
    def clock_skew(self) -> timedelta | None:
        """How far the clock that dates it is ahead at least, by the study that says most; None: unknown."""
        known = [study.clock_skew for study in self.studies if study.clock_skew is not None]
        return max(known, default=None)

    @property
    def last_received_at(self) -> datetime:
        """When the last instance came that the list knows of."""
        return max((study.last_received_at for study in self.studies), default=self.first_received_at)

    @property
    def newest_received_at(self) -> datetime:
        """When the last instance came that the catalogue knows of."""
        return max((study.newest_received_at for study in self.studies), default=self.first_received_at)

    @property
    def due_at(self) -> datetime:
        """When the report is due: by the study that must be read first."""
        modalities = [study.modality for study in self.studies] or [self.modality]
        return min(
            due_at(
                self.workitem.due_from,
                modality,
                self.urgency,
                urgent_since=self.urgent_since,
                emergency_since=self.emergency_since,
            )
            for modality in modalities
        )

    @property
    def needs_no_wait(self) -> bool:
        """Whether it may be claimed while instances still arrive."""
        return any(needs_no_wait(study.modality, self.urgency) for study in self.studies)

    @property
    def is_arriving(self) -> bool:
        """Whether more instances are still expected before anybody may claim it."""
        return self.waits_for is WaitsFor.INSTANCES
