"""Drawing into the images of a claimed case, and what was drawn when a report was signed."""

from core.access import Act, Actor
from core.clock import Clock
from core.errors import StaleVersion, VersionRequired, WorkitemStateConflict
from database.audit import append_once
from database.change_feed import Change, ChangeKind, append_change
from database.engine import Database
from reporting import mark_records as records
from reporting.compilation import instances_of_case
from reporting.document import ReportedInstance
from reporting.marks import Mark, require_marks
from reporting.report import Report
from reporting.signing import record_of
from worklist.case import Case
from worklist.case_records import case_reading
from worklist.case_scope import in_reach
from worklist.reach import reach


class Marking:
    """The marks of a study: whoever reads its case draws them, and they are signed with the report."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def marks(
        self, actor: Actor, site_id: str, study_instance_uid: str
    ) -> tuple[Case, int, tuple[Mark, ...]]:
        """Return the case of a study, and its marks with their version. Raises NotFound."""
        with self._database.read(within=reach(self._database, actor, Act.READ)) as connection:
            case = case_reading(connection, site_id, study_instance_uid, in_reach(actor, Act.READ))
            return case, *records.read_marks(connection, site_id, study_instance_uid)

    def save(
        self,
        actor: Actor,
        site_id: str,
        study_instance_uid: str,
        workitem_uid: str,
        marks: tuple[Mark, ...],
        *,
        version: int | None,
    ) -> int:
        """Write marks over the version that the reader saw, and return the new one.

        Raises:
            NotFound, InvalidRequest, VersionRequired.
            WorkitemStateConflict: the case is not this reader's any more.
            StaleVersion: somebody drew since.
        """
        if version is None:
            raise VersionRequired
        now = self._clock.now()
        with self._database.write(within=reach(self._database, actor, Act.READ)) as connection:
            case = case_reading(connection, site_id, study_instance_uid, in_reach(actor, Act.READ))
            if case.workitem.workitem_uid != workitem_uid or not case.workitem.is_held_by(actor):
                raise WorkitemStateConflict("You do not hold this case (any more); look at it again.")
            require_marks(marks, _instances_of(case, study_instance_uid, instances_of_case(connection, case)))
            if not records.write_marks(
                connection, site_id, study_instance_uid, marks, before=version, by=actor, now=now
            ):
                raise StaleVersion("Somebody drew into these images since you looked: look at them again.")
            append_change(
                connection,
                Change(
                    kind=ChangeKind.MARKS_SAVED,
                    site_id=site_id,
                    study_instance_uid=study_instance_uid,
                    subject=workitem_uid,
                    actor=actor.username,
                    at=now,
                    body={"case_id": case.case_id, "marks": len(marks)},
                ),
            )
            append_once(connection, record_of(case, actor, "marks saved", case.case_id, now))
        return version + 1

    def signed(self, actor: Actor, report: Report) -> dict[str, tuple[Mark, ...]]:
        """Return what was drawn, by study, when a report was signed that this actor was found to see."""
        with self._database.read(within=reach(self._database, actor, Act.RECEIVE)) as connection:
            return records.signed_marks(connection, report.report_id)


def _instances_of(case: Case, study_instance_uid: str, instances: tuple[ReportedInstance, ...]) -> list[str]:
    """Return the instances of one study of the case."""
    return [
        instance.sop_instance_uid
        for instance in instances
        if (instance.study_instance_uid or case.study_instance_uid) == study_instance_uid
    ]
