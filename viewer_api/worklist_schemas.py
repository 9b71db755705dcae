"""The reading list as JSON: a case, its present turn, a claim, and what happened."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, Literal, Self
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.access import Actor
from database.audit import AuditRecord
from database.change_feed import Change, ChangeKind
from storage.patient_identity import Difference
from storage.patient_records import parse_differences
from viewer_api.parameters import EXAMPLE_KEY, EXAMPLE_SEEN, EXAMPLE_UID
from viewer_api.retake_schemas import RetakeResource
from viewer_api.timeline_words import words_of
from worklist.case import Case, CaseStudy, WaitsFor
from worklist.urgency import HEARTBEAT_EVERY, Urgency
from worklist.workitem import InputReadinessState, ProcedureStepState, Workitem

_WORKITEM_EXAMPLE: Final[JsonDict] = {
    "workitem_uid": EXAMPLE_UID,
    "procedure_step_state": "IN PROGRESS",
    "input_readiness_state": "READY",
    "claimed_by_name": "陈医生",
    "claimed_by_me": True,
    "lease_expires_at": "2026-11-20T08:36:30Z",
}
_STUDY_EXAMPLE: Final[JsonDict] = {
    "study_instance_uid": EXAMPLE_UID,
    "modality": "ECG",
    "study_date": "2026-11-20",
    "accession_number": "A-1001",
    "study_description": "12-lead ECG",
    "number_of_instances": 1,
    "first_received_at": "2026-11-20T08:30:00Z",
    "last_received_at": "2026-11-20T08:30:00Z",
    "patient_key": EXAMPLE_KEY,
    "patient_differences": [],
    "has_patient_conflict": False,
    "path": f"/dicom-web/sites/xinglong-clinic/studies/{EXAMPLE_UID}",
}
_CASE_EXAMPLE: Final[JsonDict] = {
    "case_id": EXAMPLE_KEY,
    "site_id": "xinglong-clinic",
    "study_instance_uid": EXAMPLE_UID,
    "modality": "ECG",
    "urgency": "emergency",
    "patient_name": "Zhang^San=张^三",
    "patient_id": "0001",
    "identity_to_be_confirmed": False,
    "patient_birth_date": "1970-01-02",
    "patient_sex": "M",
    "study_date": "2026-11-20",
    "accession_number": "A-1001",
    "study_description": "12-lead ECG",
    "text_finding": "",
    "clinical_question": "胸痛两小时，ST段?",
    "history": "高血压",
    "first_received_at": "2026-11-20T08:30:00Z",
    "last_received_at": "2026-11-20T08:30:00Z",
    "number_of_instances": 1,
    "late_instances": 0,
    "instances_since_claim": 0,
    "clock_skew_seconds": 0,
    "linked_into": None,
    "studies": [_STUDY_EXAMPLE],
    "due_at": "2026-11-20T08:45:00Z",
    "seconds_left": 630,
    "is_arriving": False,
    "waits_for": None,
    "waits_until": None,
    "instances_seen": EXAMPLE_SEEN,
    "open_retake": None,
    "workitem": _WORKITEM_EXAMPLE,
    "links": {
        "self": f"/api/v1/cases/{EXAMPLE_KEY}",
        "study": f"/dicom-web/sites/xinglong-clinic/studies/{EXAMPLE_UID}",
        "draft": f"/api/v1/cases/{EXAMPLE_KEY}/draft",
        "sign": f"/api/v1/cases/{EXAMPLE_KEY}/sign",
        "reports": f"/api/v1/cases/{EXAMPLE_KEY}/reports",
        "timeline": f"/api/v1/cases/{EXAMPLE_KEY}/timeline",
        "priors": f"/api/v1/cases/{EXAMPLE_KEY}/priors",
        "link": f"/api/v1/cases/{EXAMPLE_KEY}/link",
        "unlink": f"/api/v1/cases/{EXAMPLE_KEY}/unlink",
        "claim": f"/api/v1/workitems/{EXAMPLE_UID}/claim",
        "heartbeat": f"/api/v1/workitems/{EXAMPLE_UID}/heartbeat",
        "release": f"/api/v1/workitems/{EXAMPLE_UID}/release",
        "take_over": f"/api/v1/workitems/{EXAMPLE_UID}/take-over",
        "turns": f"/api/v1/cases/{EXAMPLE_KEY}/turns",
        "retake": f"/api/v1/cases/{EXAMPLE_KEY}/retake",
    },
}


class WorkitemResource(BaseModel):
    """One turn at reading a case, in the words of UPS (PS3.4 CC.1.1)."""

    model_config = ConfigDict(title="Workitem", json_schema_extra={"example": _WORKITEM_EXAMPLE})

    workitem_uid: str = Field(
        description="Names this turn; a released or lapsed one is succeeded by another."
    )
    procedure_step_state: ProcedureStepState = Field(description="(0074,1000).")
    input_readiness_state: InputReadinessState = Field(
        description="(0040,4041); READY can be claimed, UNAVAILABLE waits for better images."
    )
    claimed_by_name: str | None = Field(description="Who reads it, or read it.")
    claimed_by_me: bool = Field(description="Whether whoever asks holds it right now.")
    lease_expires_at: datetime | None = Field(description="When the claim ends without another heartbeat.")

    @classmethod
    def of(cls, workitem: Workitem, actor: Actor) -> Self:
        """Return the workitem as this actor sees it."""
        return cls(
            workitem_uid=workitem.workitem_uid,
            procedure_step_state=workitem.procedure_step_state,
            input_readiness_state=workitem.input_readiness_state,
            claimed_by_name=workitem.claimed_by_name,
            claimed_by_me=workitem.is_held_by(actor),
            lease_expires_at=workitem.lease_expires_at,
        )


class CaseStudyResource(BaseModel):
    """One study of a case."""

    model_config = ConfigDict(title="CaseStudy", json_schema_extra={"example": _STUDY_EXAMPLE})

    study_instance_uid: str
    modality: str
    study_date: date | None
    accession_number: str
    study_description: str
    number_of_instances: int
    first_received_at: datetime
    last_received_at: datetime
    patient_key: str = Field(description="The patient that it belongs to.")
    patient_differences: list[Difference] = Field(
        description="In what it disagrees with what is known of them, until an administrator has looked."
    )
    has_patient_conflict: bool = Field(
        description="Whether something of another patient came for it: signing waits for an administrator."
    )
    path: str = Field(description="Where DICOMweb has it.")

    @classmethod
    def of(cls, study: CaseStudy, site_id: str) -> Self:
        """Return one study of a case of this site."""
        return cls(
            study_instance_uid=study.study_instance_uid,
            modality=study.modality,
            study_date=study.study_date,
            accession_number=study.accession_number,
            study_description=study.study_description,
            number_of_instances=study.number_of_instances,
            first_received_at=study.first_received_at,
            last_received_at=study.last_received_at,
            patient_key=study.patient_key,
            patient_differences=list(parse_differences(study.patient_differences)),
            has_patient_conflict=study.has_patient_conflict,
            path=study_path(site_id, study.study_instance_uid),
        )


class CaseResource(BaseModel):
    """A line of the reading list: one visit at one site, from its first instance on.

    The names, dates and numbers are those of its own study, which is the first of `studies`.
    """

    model_config = ConfigDict(title="Case", json_schema_extra={"example": _CASE_EXAMPLE})

    case_id: str
    site_id: str
    study_instance_uid: str
    modality: str = Field(description="What the case is about; SR, PR and KO only where nothing else came.")
    urgency: Urgency
    patient_name: str
    patient_id: str
    patient_birth_date: date | None
    patient_sex: str
    identity_to_be_confirmed: bool = Field(
        description="Whether it came without a patient ID, or contradicts what is known of the patient."
    )
    study_date: date | None
    accession_number: str
    study_description: str
    text_finding: str = Field(description="What is wrong with the text, such as doubtful-character-set.")
    clinical_question: str
    history: str
    first_received_at: datetime
    last_received_at: datetime
    number_of_instances: int = Field(description="Of all its studies; the hub's own reports are not counted.")
    late_instances: int = Field(description="How many came after the final report; 0 without one.")
    instances_since_claim: int = Field(description="How many came since whoever reads it claimed it.")
    clock_skew_seconds: int | None = Field(
        description="How far a study of it began after it came, which is the least that its device's clock "
        "is ahead; 0 shows no error, null cannot be told (no date or time, or sent long after)."
    )
    linked_into: str | None = Field(description="The case in which its studies are read, where they moved.")
    studies: list[CaseStudyResource] = Field(description="What is read together; its own study first.")
    due_at: datetime = Field(description="When the report is due, counted from the hub's receipt.")
    seconds_left: int | None = Field(
        description="Until due_at; negative when late, null once it is not to be read."
    )
    is_arriving: bool = Field(description="Whether it cannot be claimed yet because instances still arrive.")
    waits_for: WaitsFor | None = Field(
        description="Why nobody may claim it yet: `instances` that still arrive, or better images, which "
        "`open_retake` describes; null where it does not wait."
    )
    waits_until: datetime | None = Field(
        description="When it is read as it is, if the better images have not come; null otherwise."
    )
    instances_seen: str | None = Field(
        default=None,
        description="Names what there is to look at now, for who looks and then signs; null in lists.",
    )
    open_retake: RetakeResource | None = Field(
        description="Better images that were asked for, until they come."
    )
    workitem: WorkitemResource = Field(description="The present turn.")
    links: dict[str, str] = Field(description="Where to go from here.")

    @classmethod
    def of(cls, case: Case, actor: Actor, *, now: datetime, instances_seen: str | None = None) -> Self:
        """Return the case as this actor sees it at this moment."""
        return cls(**_case_values(case, actor, now=now), instances_seen=instances_seen)


class CaseCollection(BaseModel):
    """A page of the reading list, in the order in which to read."""

    model_config = ConfigDict(title="ReadingList", json_schema_extra={"example": {"items": [_CASE_EXAMPLE]}})

    items: list[CaseResource]


class ClaimResource(CaseResource):
    """A claimed case and how to keep it."""

    model_config = ConfigDict(
        title="Claim",
        json_schema_extra={
            "example": {
                **_CASE_EXAMPLE,
                "heartbeat_every_seconds": 20,
                "lease_expires_at": "2026-11-20T08:36:30Z",
            }
        },
    )

    heartbeat_every_seconds: int = Field(description="How often to send a heartbeat.")
    lease_expires_at: datetime | None = Field(description="When the claim ends without one.")

    @classmethod
    def of(cls, case: Case, actor: Actor, *, now: datetime, instances_seen: str | None = None) -> Self:
        """Return the claim that this actor holds on the case."""
        return cls(
            **_case_values(case, actor, now=now),
            instances_seen=instances_seen,
            heartbeat_every_seconds=int(HEARTBEAT_EVERY.total_seconds()),
            lease_expires_at=case.workitem.lease_expires_at,
        )


_CHANGE_EXAMPLE: Final[JsonDict] = {
    "sequence": 42,
    "kind": "workitem.claimed",
    "words": "A reader took it.",
    "at": "2026-11-20T08:34:30Z",
    "actor": "chen",
    "actor_name": "陈静",
    "subject": EXAMPLE_UID,
    "body": {"case_id": EXAMPLE_KEY},
}


class ChangeResource(BaseModel):
    """One thing that happened to a case."""

    model_config = ConfigDict(title="Change", json_schema_extra={"example": _CHANGE_EXAMPLE})

    sequence: int | None = Field(description="Its place in the hub's one order of changes; null for a look.")
    kind: ChangeKind | Literal["study.looked-at"]
    words: str = Field(description="What happened, in plain words.")
    at: datetime
    actor: str = Field(description="Who did it: a user, a device, or `hub`.")
    actor_name: str = Field(
        default="", description="What the user or device is called; empty where nobody is registered."
    )
    subject: str = Field(description="Key or UID of what it happened to.")
    body: dict[str, Any] = Field(description="What else there is to know; which words depends on `kind`.")

    @classmethod
    def of(cls, change: Change) -> Self:
        """Return one change."""
        return cls(
            sequence=change.sequence,
            kind=change.kind,
            words=words_of(change.kind),
            at=change.at,
            actor=change.actor,
            subject=change.subject,
            body=change.body,
        )

    @classmethod
    def of_look(cls, look: AuditRecord) -> Self:
        """Return one look: who was shown what, and by which role."""
        return cls(
            sequence=None,
            kind="study.looked-at",
            words=f"Somebody was shown this ({look.action}).",
            at=look.at,
            actor=look.actor,
            subject=look.study_instance_uid,
            body={"granted_by": look.granted_by, "what": look.action},
        )

    def named(self, names: Mapping[str, str]) -> Self:
        """Return it with the name of who did it."""
        return self.model_copy(update={"actor_name": names.get(self.actor, "")})


class Timeline(BaseModel):
    """What happened to a case, oldest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_CHANGE_EXAMPLE], "total": 1}})

    items: list[ChangeResource]
    total: int = Field(description="How many there are in all.")


def study_path(site_id: str, study_instance_uid: str) -> str:
    """Return where DICOMweb has a study, at the root of its site."""
    return f"/dicom-web/sites/{quote(site_id, safe='')}/studies/{quote(study_instance_uid, safe='')}"


def instance_path(
    site_id: str, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str
) -> str:
    """Return where DICOMweb has an instance, at the root of its site."""
    study = study_path(site_id, study_instance_uid)
    return f"{study}/series/{series_instance_uid}/instances/{sop_instance_uid}"


def ecg_sheet_path(site_id: str, study_instance_uid: str, sop_instance_uid: str) -> str:
    """Return where an ECG is drawn."""
    return f"/api/v1/studies/{study_instance_uid}/instances/{sop_instance_uid}/ecg.svg?site_id={site_id}"


def _case_values(case: Case, actor: Actor, *, now: datetime) -> dict[str, Any]:
    return vars(case) | {
        "last_received_at": case.last_received_at,
        "number_of_instances": case.number_of_instances,
        "late_instances": case.late_instances,
        "identity_to_be_confirmed": case.identity_to_be_confirmed,
        "instances_since_claim": case.instances_since_claim,
        "clock_skew_seconds": None if case.clock_skew is None else int(case.clock_skew.total_seconds()),
        "studies": [CaseStudyResource.of(study, case.site_id) for study in case.studies],
        "due_at": case.due_at,
        "seconds_left": None if case.workitem.is_over else int((case.due_at - now).total_seconds()),
        "is_arriving": case.is_arriving,
        "waits_for": case.waits_for,
        "waits_until": case.workitem.waits_until,
        "open_retake": RetakeResource.of(case.open_retake, now=now) if case.open_retake else None,
        "workitem": WorkitemResource.of(case.workitem, actor),
        "links": _links(case),
    }


def _links(case: Case) -> dict[str, str]:
    of_case = f"/api/v1/cases/{case.case_id}"
    of_workitem = f"/api/v1/workitems/{case.workitem.workitem_uid}"
    return {
        "self": of_case,
        "study": study_path(case.site_id, case.study_instance_uid),
        "draft": f"{of_case}/draft",
        "sign": f"{of_case}/sign",
        "reports": f"{of_case}/reports",
        "timeline": f"{of_case}/timeline",
        "priors": f"{of_case}/priors",
        "link": f"{of_case}/link",
        "unlink": f"{of_case}/unlink",
        "claim": f"{of_workitem}/claim",
        "heartbeat": f"{of_workitem}/heartbeat",
        "release": f"{of_workitem}/release",
        "take_over": f"{of_workitem}/take-over",
        "turns": f"{of_case}/turns",
        "retake": f"{of_case}/retake",
    }
