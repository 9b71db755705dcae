"""The SQL of marks: as they are now, and as they were when a report was signed."""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from core.access import Actor
from reporting.marks import Mark, marks_as_json, marks_from
from reporting.tables import report_marks, study_marks
from worklist.case import Case


def read_marks(connection: Connection, site_id: str, study_instance_uid: str) -> tuple[int, tuple[Mark, ...]]:
    """Return the marks of a study and their version, 0 where nothing was drawn yet."""
    row = connection.execute(
        select(study_marks.c.version, study_marks.c.marks).filter_by(
            site_id=site_id, study_instance_uid=study_instance_uid
        )
    ).first()
    return (0, ()) if row is None else (int(row.version), marks_from(row.marks))


def write_marks(
    connection: Connection,
    site_id: str,
    study_instance_uid: str,
    marks: tuple[Mark, ...],
    *,
    before: int,
    by: Actor,
    now: datetime,
) -> bool:
    """Write the next version of a study's marks; False when somebody wrote one since version `before`."""
    key = {"site_id": site_id, "study_instance_uid": study_instance_uid}
    values = {
        "version": before + 1,
        "marks": marks_as_json(marks),
        "written_by": by.account_id,
        "written_at": now,
    }
    if before == 0:
        if read_marks(connection, site_id, study_instance_uid)[0]:
            return False
        connection.execute(insert(study_marks), {**key, **values})
        return True
    written = connection.execute(update(study_marks).filter_by(**key, version=before).values(**values))
    return bool(written.rowcount)


def marks_of_case(connection: Connection, case: Case) -> dict[str, tuple[Mark, ...]]:
    """Return what was drawn into the studies of a case."""
    uids = [study.study_instance_uid for study in case.studies]
    return {uid: read_marks(connection, case.site_id, uid)[1] for uid in uids}


def keep_as_signed(connection: Connection, case: Case, report_id: str, repeated: str | None) -> None:
    """Keep what was drawn beside a report that is signed; for one that repeats another, what that had."""
    drawn = marks_of_case(connection, case) if repeated is None else signed_marks(connection, repeated)
    for study_instance_uid, marks in drawn.items():
        if marks:
            connection.execute(
                insert(report_marks),
                {
                    "report_id": report_id,
                    "study_instance_uid": study_instance_uid,
                    "marks": marks_as_json(marks),
                },
            )


def signed_marks(connection: Connection, report_id: str) -> dict[str, tuple[Mark, ...]]:
    """Return what was drawn, by study, when a report was signed."""
    rows = connection.execute(
        select(report_marks.c.study_instance_uid, report_marks.c.marks)
        .filter_by(report_id=report_id)
        .order_by(report_marks.c.study_instance_uid)
    )
    return {row.study_instance_uid: marks_from(row.marks) for row in rows}
