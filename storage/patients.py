"""What people decide about patients: who is one person, whose a study is, what a flag is worth.

Nothing in the bytes of an instance or in a signed report changes by it, and each act can be taken back by its
opposite. Each writes its reason, an audit row and a change in its own transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from core.access import EVERY_SITE, Act, Actor, Scope
from core.clock import Clock
from core.errors import InvalidRequest, NotFound, NotPermitted, StaleVersion
from core.limits import SEARCH_LIMIT
from core.text import require_reason
from core.uids import new_key
from database.audit import AuditEvent, AuditRecord, append_audit
from database.change_feed import Change, ChangeKind, append_change
from database.engine import Database
from storage import patient_records as records
from storage.instance import Study
from storage.patient_decision_records import PatientAct, PatientDecision, decisions_about, write_decision
from storage.patient_identity import StatedIdentity, statement_digest
from storage.patient_records import Patient
from storage.query import Query, UIDList
from storage.search import search_studies, studies_of_patients


@dataclass(frozen=True, kw_only=True)
class PatientFile:
    """A patient, those linked to it, its studies, and what was decided about it."""

    patient: Patient
    linked: list[Patient]
    studies: list[Study]
    decisions: list[PatientDecision]


class Patients:
    """The use cases of whoever administers a site. What lies elsewhere does not exist."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def flagged(self, actor: Actor, *, limit: int = 100, offset: int = 0) -> list[Study]:
        """Return the studies that disagree with what is known of their patient, newest first."""
        scope = actor.scope(Act.ADMINISTER)
        with self._database.read(within=scope) as connection:
            return search_studies(
                connection,
                Query(limit=max(0, min(limit, SEARCH_LIMIT)), offset=max(0, offset)),
                scope,
                flagged=True,
            )

    def file(self, actor: Actor, patient_key: str) -> PatientFile:
        """Return all about one patient; of linked ones only those this actor may see. Raises NotFound."""
        scope = actor.scope(Act.ADMINISTER)
        with self._database.read(within=scope) as connection:
            patient = _patient(connection, patient_key, scope)
            person = records.patients_of_person(connection, patient)
            return PatientFile(
                patient=patient,
                linked=[
                    each
                    for each in person
                    if each.patient_key != patient_key and scope.covers(each.site_id, frozenset())
                ],
                studies=studies_of_patients(connection, [patient_key], scope),
                decisions=decisions_about(connection, patient_key),
            )

    def link(self, actor: Actor, patient_key: str, other_patient_key: str, *, reason: str) -> None:
        """Say that two patients are one person, also of two sites; whoever is linked to either is too.

        Raises:
            NotFound: the actor does not administer the site of both.
            NotPermitted: one of them is linked with a patient of a site that is not the actor's.
            InvalidRequest: they are one patient, or no reason is given.
        """
        reason = require_reason(reason)
        scope, now = actor.scope(Act.ADMINISTER), self._clock.now()
        # every site: a person may be a patient elsewhere too, and that decides whether it may be done
        with self._database.write(within=EVERY_SITE) as connection:
            one, other = (_patient(connection, key, scope) for key in (patient_key, other_patient_key))
            if one.patient_key == other.patient_key:
                raise InvalidRequest("A patient cannot be linked with itself.")
            _decide(connection, actor, PatientAct.LINKED, one, other, reason=reason, now=now)
            group = _group_of(connection, one.patient_key) | _group_of(connection, other.patient_key)
            if not all(scope.covers(site_id, frozenset()) for site_id in group.values()):
                raise NotPermitted("One of them is linked with a patient whose site you do not administer.")
            records.set_person(connection, sorted(group), new_key(now))

    def unlink(self, actor: Actor, patient_key: str, *, reason: str) -> None:
        """Say that a patient is not the person whom it was linked with; the others stay linked.

        Raises:
            NotFound: the actor does not administer its site.
            InvalidRequest: it is linked with nobody, or no reason is given.
        """
        reason = require_reason(reason)
        now = self._clock.now()
        # every site: a person may be a patient elsewhere too, and that decides whether it may be done
        with self._database.write(within=EVERY_SITE) as connection:
            patient = _patient(connection, patient_key, actor.scope(Act.ADMINISTER))
            _decide(connection, actor, PatientAct.UNLINKED, patient, None, reason=reason, now=now)
            group = _group_of(connection, patient_key)
            if len(group) == 1:
                raise InvalidRequest("This patient is linked with nobody.")
            left = sorted(group.keys() - {patient_key})
            records.set_person(connection, [patient_key] if len(left) > 1 else sorted(group), None)

    def move_study(
        self, actor: Actor, site_id: str, study_instance_uid: str, *, to: str | None, reason: str
    ) -> Patient:
        """Say whose a study truly is: another patient's of its site, or (None) nobody's known yet.

        Raises:
            NotFound: the study or the patient is not of a site that the actor administers.
            InvalidRequest: it is that patient's already, or the patient is of another site, or no reason is
                given.
            StaleVersion: somebody else moved it meanwhile.
        """
        reason = require_reason(reason)
        scope, now = actor.scope(Act.ADMINISTER), self._clock.now()
        with self._database.write(within=scope) as connection:
            study = _study(connection, site_id, study_instance_uid, scope)
            before = _patient(connection, study.patient_key, scope)
            if to is None:
                stated = records.stated_identity_of(connection, site_id, study_instance_uid)
                if stated is None:
                    raise NotFound
                to = records.make_patient(connection, site_id, stated, now=now)
            after = _patient(connection, to, scope)
            if after.patient_key == before.patient_key or after.site_id != site_id:
                raise InvalidRequest("Name another patient of the study's own site.")
            _decide(connection, actor, PatientAct.STUDY_MOVED, before, after, study, reason=reason, now=now)
            if not records.set_patient_of_study(
                connection, site_id, study_instance_uid, to, before=before.patient_key
            ):
                raise StaleVersion(_MOVED_MEANWHILE)
            if records.is_attached(connection, site_id, study_instance_uid):
                records.show_patient_of_study(connection, site_id, study_instance_uid, after.identity, at=now)
            return after

    def attach(
        self,
        actor: Actor,
        site_id: str,
        study_instance_uid: str,
        identity: StatedIdentity,
        *,
        reason: str,
    ) -> Patient:
        """Say whom a study shows that came without a patient ID, or with one that is in doubt.

        It is found, listed and reported as that patient's from now on; its bytes stay as they are.

        Raises:
            NotFound: the study is not of a site where the actor may store.
            InvalidRequest: nothing about its patient is in doubt, or the identity has no ID or name, or
                disagrees with what is known under that ID; or no reason is given.
            StaleVersion: somebody else moved it meanwhile.
        """
        reason = require_reason(reason)
        if not identity.has_id or not identity.patient_name.strip():
            raise InvalidRequest("Say the patient's ID and name.")
        scope, now = actor.scope(Act.STORE), self._clock.now()
        with self._database.write(within=scope) as connection:
            study = _study(connection, site_id, study_instance_uid, scope)
            before = _patient(connection, study.patient_key, scope)
            if before.identity.has_id and not study.patient_differences:
                raise InvalidRequest("Whom this study shows is not in doubt: an administrator can move it.")
            stated = records.stated_identity_of(connection, site_id, study_instance_uid)
            known = records.assign_patient(connection, site_id, identity, now=now)
            if known.differences or stated is None:
                raise InvalidRequest("Under this ID a patient of another name, birth date or sex is known.")
            after = _patient(connection, known.patient_key, scope)
            act = PatientAct.STUDY_ATTACHED
            _decide(connection, actor, act, before, after, study, reason=reason, now=now, stated=stated)
            if not records.set_patient_of_study(
                connection, site_id, study_instance_uid, after.patient_key, before=before.patient_key
            ):
                raise StaleVersion(_MOVED_MEANWHILE)
            records.show_patient_of_study(connection, site_id, study_instance_uid, after.identity, at=now)
            return after

    def confirm(self, actor: Actor, site_id: str, study_instance_uid: str, *, reason: str) -> None:
        """Say that a flagged study is its patient's, whatever it says. Raises NotFound, InvalidRequest."""
        reason = require_reason(reason)
        scope, now = actor.scope(Act.ADMINISTER), self._clock.now()
        with self._database.write(within=scope) as connection:
            study = _study(connection, site_id, study_instance_uid, scope)
            patient = _patient(connection, study.patient_key, scope)
            _decide(connection, actor, PatientAct.CONFIRMED, patient, None, study, reason=reason, now=now)
            if not records.clear_differences(connection, site_id, study_instance_uid):
                raise InvalidRequest("This study is not flagged.")


_MOVED_MEANWHILE: Final = "Somebody else moved this study meanwhile; look at it again."
_KINDS = {
    PatientAct.LINKED: ChangeKind.PATIENT_LINKED,
    PatientAct.UNLINKED: ChangeKind.PATIENT_UNLINKED,
    PatientAct.STUDY_MOVED: ChangeKind.PATIENT_STUDY_MOVED,
    PatientAct.STUDY_ATTACHED: ChangeKind.PATIENT_STUDY_MOVED,
    PatientAct.CONFIRMED: ChangeKind.PATIENT_CONFIRMED,
}


def _tell(
    connection: Connection,
    actor: Actor,
    act: PatientAct,
    patient: Patient,
    other: Patient | None,
    study: Study | None,
    *,
    now: datetime,
) -> None:
    study_instance_uid = study.study_instance_uid if study else ""
    append_change(
        connection,
        Change(
            kind=_KINDS[act],
            site_id=patient.site_id,
            study_instance_uid=study_instance_uid,
            subject=patient.patient_key,
            actor=actor.username,
            at=now,
            body={"other_patient_key": other.patient_key} if other else {},
        ),
    )
    append_audit(
        connection,
        AuditRecord(
            at=now,
            event=AuditEvent.PATIENT_RECORD,
            action=f"patient {act.value}",
            actor=actor.username,
            granted_by=actor.granted_by(
                Act.STORE if act is PatientAct.STUDY_ATTACHED else Act.ADMINISTER, patient.site_id
            ),
            site_id=patient.site_id,
            study_instance_uid=study_instance_uid,
            subject=patient.patient_key,
        ),
    )


def _decide(
    connection: Connection,
    actor: Actor,
    act: PatientAct,
    patient: Patient,
    other: Patient | None,
    study: Study | None = None,
    *,
    reason: str,
    now: datetime,
    stated: StatedIdentity | None = None,
) -> None:
    """Write down an act with its reason; the change goes first, so that whoever writes one waits here."""
    _tell(connection, actor, act, patient, other, study, now=now)
    if act is PatientAct.LINKED and other is not None:
        _tell(connection, actor, act, other, patient, study, now=now)
    study_instance_uid = study.study_instance_uid if study else ""
    write_decision(
        connection,
        PatientDecision(
            act=act,
            site_id=patient.site_id,
            patient_key=patient.patient_key,
            other_patient_key=other.patient_key if other else "",
            study_instance_uid=study_instance_uid,
            statement_digest=statement_digest(stated) if stated else "",
            reason=reason,
            actor=actor.username,
            at=now,
        ),
    )


def _group_of(connection: Connection, patient_key: str) -> dict[str, str]:
    """Return keys and sites of all who are one person with a patient, as it is at this moment."""
    patient = records.find_patient(connection, patient_key)
    if patient is None:
        raise NotFound
    return {each.patient_key: each.site_id for each in records.patients_of_person(connection, patient)}


def _patient(connection: Connection, patient_key: str, scope: Scope) -> Patient:
    patient = records.find_patient(connection, patient_key)
    if patient is None or not scope.covers(patient.site_id, frozenset()):
        raise NotFound
    return patient


def _study(connection: Connection, site_id: str, study_instance_uid: str, scope: Scope) -> Study:
    query = Query(conditions={"StudyInstanceUID": UIDList((study_instance_uid,))})
    found = search_studies(connection, query, scope.within(site_id))
    if not found:
        raise NotFound
    return found[0]
