"""The worklist's SQL: cases with their present workitem, written by compare-and-swap."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    insert,
    select,
    true,
    update,
)

from core.access import Act, Actor, Scope
from core.errors import NotFound, WorkitemStateConflict
from storage.instance import Study
from storage.patient_identity import StatedIdentity
from worklist.case import Case, CaseStudy
from worklist.case_scope import in_reach, in_scope
from worklist.retake import Retake
from worklist.retake_records import open_retakes_of
from worklist.study_records import case_of_study, insert_study, studies_of_cases
from worklist.tables import case_studies, cases, related_cases, workitems
from worklist.turn_records import workitem_from
from worklist.urgency import Urgency, goes_first
from worklist.workitem import EndReason, InputReadinessState, ProcedureStepState, Workitem

_CASE_AND_WORKITEM = (
    select(cases, workitems)
    .join(workitems, workitems.c.workitem_uid == cases.c.current_workitem_uid)
    .order_by(cases.c.urgency_rank.desc(), cases.c.due_at, cases.c.case_id)
)


def find_case(connection: Connection, site_id: str, study_instance_uid: str) -> Case | None:
    """Return the case in which a study is read, if one was opened."""
    of_study = case_of_study(site_id, study_instance_uid).scalar_subquery()
    found = _cases(connection, cases.c.case_id == of_study)
    return found[0] if found else None


def is_emergency(connection: Connection, site_id: str, study_instance_uid: str) -> bool:
    """Whether the case in which a study is read is an emergency; not, where none was opened."""
    of_study = case_of_study(site_id, study_instance_uid).scalar_subquery()
    urgency = connection.scalar(select(cases.c.urgency).where(cases.c.case_id == of_study))
    return bool(urgency == Urgency.EMERGENCY.value)


def case_of_workitem(connection: Connection, workitem_uid: str, within: ColumnElement[bool]) -> Case:
    """Return the case that a workitem is or was a turn of. Raises NotFound."""
    case_id = connection.scalar(select(workitems.c.case_id).filter_by(workitem_uid=workitem_uid))
    if case_id is None:
        raise NotFound
    return case_within(connection, case_id, within)


def case_reading(
    connection: Connection, site_id: str, study_instance_uid: str, within: ColumnElement[bool]
) -> Case:
    """Return the case in which a study of a site is read. Raises NotFound."""
    case_id = connection.scalar(case_of_study(site_id, study_instance_uid))
    if case_id is None:
        raise NotFound
    return case_within(connection, case_id, within)


def case_in_scope(connection: Connection, case_id: str, scope: Scope) -> Case:
    """Return a case within the scope. Raises NotFound."""
    return case_within(connection, case_id, in_scope(scope))


def case_within(connection: Connection, case_id: str, within: ColumnElement[bool]) -> Case:
    """Return a case that meets a condition. Raises NotFound."""
    found = _cases(connection, and_(cases.c.case_id == case_id, within))
    if not found:
        raise NotFound
    return found[0]


def case_by_key(connection: Connection, case_id: str) -> Case:
    """Return a case for an act whose right was asked already. Raises NotFound."""
    return case_within(connection, case_id, true())


def cases_by_key(connection: Connection, case_ids: Collection[str]) -> dict[str, Case]:
    """Return cases by their keys, for an answer whose right was asked already."""
    found = _cases(connection, cases.c.case_id.in_(case_ids)) if case_ids else []
    return {case.case_id: case for case in found}


def list_cases(
    connection: Connection, condition: ColumnElement[bool], *, limit: int, offset: int
) -> list[Case]:
    """Return the cases that meet a condition: emergencies first, then whose time runs out first."""
    return _loaded(connection, _CASE_AND_WORKITEM.where(condition).limit(limit).offset(offset))


def newest_cases(
    connection: Connection, actor: Actor, *, site_id: str | None, limit: int, offset: int
) -> list[Case]:
    """Return the cases that an actor may look at, the one opened last first; no earlier exams."""
    shown = and_(
        cases.c.linked_into.is_(None),
        workitems.c.end_reason.is_distinct_from(EndReason.PRIOR.value),
        in_reach(actor, Act.SEARCH),
    )
    if site_id is not None:
        shown = and_(shown, cases.c.site_id == site_id)
    newest = _CASE_AND_WORKITEM.where(shown).order_by(None).order_by(cases.c.case_id.desc())
    return _loaded(connection, newest.limit(limit).offset(offset))


def arriving_cases(connection: Connection) -> list[Case]:
    """Return the cases that nobody may claim yet."""
    return _cases(
        connection,
        and_(
            workitems.c.procedure_step_state == ProcedureStepState.SCHEDULED.value,
            workitems.c.input_readiness_state == InputReadinessState.INCOMPLETE.value,
        ),
    )


def lapsed_cases(connection: Connection, now: datetime) -> list[Case]:
    """Return the cases whose reader's lease is over."""
    return _cases(
        connection,
        and_(
            workitems.c.procedure_step_state == ProcedureStepState.IN_PROGRESS.value,
            workitems.c.lease_expires_at <= now,
        ),
    )


def cases_waited_for(connection: Connection, now: datetime) -> list[Case]:
    """Return the cases that have waited long enough for better images."""
    return _cases(
        connection,
        and_(
            workitems.c.procedure_step_state == ProcedureStepState.SCHEDULED.value,
            workitems.c.input_readiness_state == InputReadinessState.UNAVAILABLE.value,
            workitems.c.waits_until <= now,
        ),
    )


def overlong_cases(connection: Connection, after: datetime) -> list[Case]:
    """Return the cases whose lease reaches beyond a moment that no claim made by now can reach."""
    return _cases(
        connection,
        and_(
            workitems.c.procedure_step_state == ProcedureStepState.IN_PROGRESS.value,
            workitems.c.lease_expires_at > after,
        ),
    )


def insert_case(connection: Connection, case: Case) -> None:
    """Write a new case with its studies and first workitem."""
    values = {
        key: value for key, value in vars(case).items() if key in cases.c and not isinstance(value, Urgency)
    }
    connection.execute(
        insert(cases),
        {
            **values,
            **_order(case),
            "current_workitem_uid": case.workitem.workitem_uid,
        },
    )
    connection.execute(insert(workitems), _workitem_values(case.workitem))
    for study in case.studies:
        insert_study(connection, case, study)


def update_case(connection: Connection, case: Case) -> None:
    """Write what changed about a case (neither its workitem nor its studies)."""
    connection.execute(
        update(cases)
        .filter_by(case_id=case.case_id)
        .values(
            **_order(case),
            modality=case.modality,
            clinical_question=case.clinical_question,
            history=case.history,
            linked_into=case.linked_into,
            urgent_since=case.urgent_since,
            emergency_since=case.emergency_since,
        )
    )


def name_patient(connection: Connection, case: Case, identity: StatedIdentity) -> None:
    """Write down whose case it is, once a person has moved its study to another patient."""
    connection.execute(
        update(cases)
        .filter_by(case_id=case.case_id)
        .values(
            patient_name=identity.patient_name,
            patient_id=identity.patient_id,
            patient_birth_date=identity.patient_birth_date,
            patient_sex=identity.patient_sex,
        )
    )


def describe_anew(connection: Connection, study: Study) -> None:
    """Write what a study's instance says about the study, read anew, over what a case said."""
    connection.execute(
        update(cases)
        .filter_by(site_id=study.site_id, study_instance_uid=study.study_instance_uid)
        .values(
            accession_number=study.accession_number,
            study_description=study.study_description,
            text_finding=study.text_finding,
        )
    )


def change_workitem(connection: Connection, before: Workitem, after: Workitem) -> Workitem:
    """Write a workitem's change if nobody changed it since it was read.

    Raises:
        WorkitemStateConflict: somebody was first.
    """
    changed = replace(after, version=before.version + 1)
    written = connection.execute(
        update(workitems)
        .filter_by(workitem_uid=before.workitem_uid, version=before.version)
        .values(**_workitem_values(changed))
    )
    if not written.rowcount:
        raise WorkitemStateConflict("Somebody was first; look at the case again.")
    return changed


def succeed(connection: Connection, case: Case, successor: Workitem) -> Case:
    """Give a case its next workitem."""
    connection.execute(insert(workitems), _workitem_values(successor))
    renewed = replace(case, workitem=successor)
    connection.execute(
        update(cases)
        .filter_by(case_id=case.case_id)
        .values(current_workitem_uid=successor.workitem_uid, **_order(renewed))
    )
    return renewed


def cases_of_studies(
    connection: Connection, keys: Collection[tuple[str, str]], within: ColumnElement[bool]
) -> list[Case]:
    """Return the cases in which these studies (site, Study Instance UID) are read, that meet a condition."""
    if not keys:
        return []
    uids = [study_instance_uid for _, study_instance_uid in keys]
    read_in = select(case_studies.c.case_id).where(
        case_studies.c.study_instance_uid.in_(uids),
        case_studies.c.site_id.in_({site_id for site_id, _ in keys}),
    )
    found = _cases(connection, and_(cases.c.case_id.in_(read_in), within))
    return [
        case
        for case in found
        if any((case.site_id, study.study_instance_uid) in keys for study in case.studies)
    ]


def cases_reading(connection: Connection, study_instance_uid: str, within: ColumnElement[bool]) -> list[Case]:
    """Return the cases in which a study is read, at whichever site, that meet a condition; by site."""
    read_in = select(case_studies.c.case_id).filter_by(study_instance_uid=study_instance_uid)
    found = _cases(connection, and_(cases.c.case_id.in_(read_in), within))
    return sorted(found, key=lambda case: case.site_id)


def cases_of_same_birth(
    connection: Connection, case: Case, within: ColumnElement[bool], *, limit: int
) -> list[Case]:
    """Return the newest cases of the case's birth date and sex that meet a condition; none where unknown."""
    if case.patient_birth_date is None:
        return []
    alike = and_(
        cases.c.patient_birth_date == case.patient_birth_date,
        cases.c.patient_sex == case.patient_sex,
        cases.c.linked_into.is_(None),
        within,
    )
    newest = _CASE_AND_WORKITEM.where(alike).order_by(None).order_by(cases.c.case_id.desc())
    return _loaded(connection, newest.limit(limit))


def cases_related_to(connection: Connection, case_id: str, within: ColumnElement[bool]) -> list[Case]:
    """Return the cases that people related with one, that meet a condition."""
    others = select(related_cases.c.other_case_id).filter_by(case_id=case_id)
    return _cases(connection, and_(cases.c.case_id.in_(others), within))


def last_completed(connection: Connection, case_id: str) -> str | None:
    """Return the newest turn of a case that ended with a signed report."""
    return connection.scalar(
        select(workitems.c.workitem_uid)
        .filter_by(case_id=case_id, procedure_step_state=ProcedureStepState.COMPLETED.value)
        .order_by(workitems.c.ended_at.desc())
        .limit(1)
    )


def restore_turn(connection: Connection, case: Case, workitem_uid: str) -> None:
    """Let an earlier turn, which is over, be the present one again."""
    connection.execute(
        update(cases).filter_by(case_id=case.case_id).values(current_workitem_uid=workitem_uid)
    )


def _cases(connection: Connection, condition: ColumnElement[bool]) -> list[Case]:
    return _loaded(connection, _CASE_AND_WORKITEM.where(condition))


def _loaded(connection: Connection, statement: Select[Any]) -> list[Case]:
    """Three statements, however many cases there are."""
    rows = connection.execute(statement).mappings().all()
    case_ids = [row["case_id"] for row in rows]
    of_cases = studies_of_cases(connection, case_ids)
    asked = open_retakes_of(connection, case_ids)
    return [_case(row, of_cases.get(row["case_id"], ()), asked.get(row["case_id"])) for row in rows]


def _order(case: Case) -> dict[str, Any]:
    """What the list is sorted by is kept beside what it follows from, so that an index can sort it."""
    return {
        "urgency": case.urgency.value,
        "urgency_rank": int(goes_first(case.urgency)),
        "due_at": case.due_at,
    }


def _workitem_values(workitem: Workitem) -> dict[str, Any]:
    return vars(workitem) | {
        "procedure_step_state": workitem.procedure_step_state.value,
        "input_readiness_state": workitem.input_readiness_state.value,
        "end_reason": workitem.end_reason.value if workitem.end_reason else None,
    }


def _case(row: RowMapping, studies: tuple[CaseStudy, ...], open_retake: Retake | None) -> Case:
    workitem = workitem_from({column.name: row[column] for column in workitems.c})
    derived = {"current_workitem_uid", "urgency_rank", "due_at"}
    values = {column.name: row[column] for column in cases.c if column.name not in derived}
    return Case(
        **values | {"urgency": Urgency(values["urgency"])},
        studies=studies,
        workitem=workitem,
        open_retake=open_retake,
    )
