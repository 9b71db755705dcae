"""The SQL of the studies of cases: which case each is read in, and how much of it was reported."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, and_, delete, func, insert, or_, select, update

from registry.directory import DEFAULT_TIME_ZONE
from registry.tables import sites
from storage.aside_records import open_patient_conflict
from storage.tables import studies
from worklist.case import Case, CaseStudy
from worklist.tables import case_studies, cases, related_cases, workitems
from worklist.workitem import ProcedureStepState

_STUDIES = (
    select(
        case_studies.c.case_id,
        case_studies.c.study_instance_uid,
        case_studies.c.modality,
        studies.c.issuer_of_patient_id,
        studies.c.patient_key,
        studies.c.patient_differences,
        open_patient_conflict(case_studies.c.site_id, case_studies.c.study_instance_uid).label(
            "has_patient_conflict"
        ),
        studies.c.study_date,
        studies.c.study_time,
        studies.c.timezone_offset_from_utc,
        studies.c.accession_number,
        studies.c.study_description,
        case_studies.c.number_of_instances,
        case_studies.c.number_of_instances_reported,
        case_studies.c.first_received_at,
        case_studies.c.last_received_at,
        studies.c.last_received_at.label("newest_received_at"),
        func.coalesce(sites.c.time_zone, DEFAULT_TIME_ZONE).label("time_zone"),
    )
    .join(
        studies,
        and_(
            studies.c.site_id == case_studies.c.site_id,
            studies.c.study_instance_uid == case_studies.c.study_instance_uid,
        ),
    )
    .join(cases, cases.c.case_id == case_studies.c.case_id)
    .outerjoin(sites, sites.c.site_id == case_studies.c.site_id)
    # The case's own study first, the others as they came.
    .order_by(
        case_studies.c.study_instance_uid != cases.c.study_instance_uid,
        case_studies.c.first_received_at,
        case_studies.c.study_instance_uid,
    )
)


@dataclass(frozen=True, kw_only=True)
class Holding:
    """The case in which a study is read: what all of it shows, and whose turn it is (None: nobody's)."""

    case_id: str
    modalities: frozenset[str]
    held_by: str | None


def holdings(connection: Connection, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Holding]:
    """Return the case of each of these studies (site, Study Instance UID) that has one, in one statement."""
    sibling = case_studies.alias("sibling")
    rows = connection.execute(
        select(
            case_studies.c.site_id,
            case_studies.c.study_instance_uid,
            case_studies.c.case_id,
            cases.c.modality,
            sibling.c.modality.label("modality_of_study"),
            workitems.c.procedure_step_state,
            workitems.c.claimed_by,
        )
        .join(cases, cases.c.case_id == case_studies.c.case_id)
        .join(sibling, sibling.c.case_id == case_studies.c.case_id)
        .join(workitems, workitems.c.workitem_uid == cases.c.current_workitem_uid)
        .where(case_studies.c.study_instance_uid.in_({uid for _, uid in keys}))
    ).all()
    shown: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        shown[row.case_id] |= {row.modality, row.modality_of_study}
    return {
        (row.site_id, row.study_instance_uid): Holding(
            case_id=row.case_id,
            modalities=frozenset(shown[row.case_id]),
            held_by=row.claimed_by
            if row.procedure_step_state == ProcedureStepState.IN_PROGRESS.value
            else None,
        )
        for row in rows
    }


def studies_of_cases(connection: Connection, case_ids: Collection[str]) -> dict[str, tuple[CaseStudy, ...]]:
    """Return the studies of each of these cases, in one statement."""
    found: defaultdict[str, list[CaseStudy]] = defaultdict(list)
    if case_ids:
        for row in connection.execute(_STUDIES.where(case_studies.c.case_id.in_(case_ids))).mappings():
            values = dict(row)
            found[values.pop("case_id")].append(CaseStudy(**values))
    return {case_id: tuple(of_case) for case_id, of_case in found.items()}


def case_of_study(site_id: str, study_instance_uid: str) -> Select[str]:
    """Return the statement that finds the key of the case in which a study is read."""
    return select(case_studies.c.case_id).filter_by(site_id=site_id, study_instance_uid=study_instance_uid)


def site_time_zone(connection: Connection, site_id: str) -> str:
    """Return the zone in which a site's days begin."""
    zone = connection.scalar(select(sites.c.time_zone).filter_by(site_id=site_id))
    return str(zone or DEFAULT_TIME_ZONE)


def insert_study(connection: Connection, case: Case, study: CaseStudy) -> None:
    """Write down that a study is read in a case."""
    connection.execute(
        insert(case_studies),
        {
            "site_id": case.site_id,
            "case_id": case.case_id,
            **{column.name: getattr(study, column.name) for column in case_studies.c if _is_own(column.name)},
        },
    )


def count_instance(
    connection: Connection, site_id: str, study_instance_uid: str, *, modality: str, received_at: datetime
) -> None:
    """Count one more instance of a study; `modality` is what the study is about with it."""
    connection.execute(
        update(case_studies)
        .filter_by(site_id=site_id, study_instance_uid=study_instance_uid)
        .values(
            number_of_instances=case_studies.c.number_of_instances + 1,
            modality=modality,
            last_received_at=received_at,
        )
    )


def mark_reported(connection: Connection, case: Case) -> None:
    """Note that a final report covers what the case held when it was signed."""
    for study in case.studies:
        connection.execute(
            update(case_studies)
            .filter_by(site_id=case.site_id, study_instance_uid=study.study_instance_uid)
            .values(number_of_instances_reported=study.number_of_instances)
        )


def own_case_of(connection: Connection, site_id: str, study_instance_uid: str) -> str:
    """Return the key of the case that was opened for a study."""
    return str(
        connection.execute(
            select(cases.c.case_id).filter_by(site_id=site_id, study_instance_uid=study_instance_uid)
        ).scalar_one()
    )


def move_studies(connection: Connection, other: Case, *, to: Case) -> None:
    """Let all studies of a case be read in another, and those that were linked into it before as well."""
    connection.execute(update(case_studies).filter_by(case_id=other.case_id).values(case_id=to.case_id))
    connection.execute(
        update(cases)
        .where(or_(cases.c.case_id == other.case_id, cases.c.linked_into == other.case_id))
        .values(linked_into=to.case_id)
    )


def move_study(connection: Connection, case: Case, study_instance_uid: str, *, to: str) -> None:
    """Let one study be read in its own case again, where no report covers it."""
    connection.execute(
        update(case_studies)
        .filter_by(site_id=case.site_id, study_instance_uid=study_instance_uid, case_id=case.case_id)
        .values(case_id=to, number_of_instances_reported=None)
    )


def relate(connection: Connection, case_id: str, other_case_id: str) -> bool:
    """Note that two cases belong together; False where that was noted."""
    if other_case_id in related_to(connection, case_id):
        return False
    both = [(case_id, other_case_id), (other_case_id, case_id)]
    rows = [{"case_id": one, "other_case_id": other} for one, other in both]
    connection.execute(insert(related_cases), rows)
    return True


def unrelate(connection: Connection, case_id: str, other_case_id: str) -> bool:
    """Take such a note back; False where there is none."""
    both = [case_id, other_case_id]
    done = connection.execute(
        delete(related_cases).where(
            related_cases.c.case_id.in_(both), related_cases.c.other_case_id.in_(both)
        )
    )
    return bool(done.rowcount)


def related_to(connection: Connection, case_id: str) -> list[str]:
    """Return the cases that belong together with one."""
    found = connection.scalars(
        select(related_cases.c.other_case_id)
        .filter_by(case_id=case_id)
        .order_by(related_cases.c.other_case_id)
    )
    return list(found)


def _is_own(column: str) -> bool:
    return column not in {"site_id", "case_id"}
