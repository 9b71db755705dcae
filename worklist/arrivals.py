"""What a site has sent and how far each study has come: the technician's view of the same cases."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from core.access import Act, Actor
from core.limits import SEARCH_LIMIT
from database.engine import Database
from storage.original_records import first_made
from storage.upload_records import outstanding_files
from worklist.case import Case, WaitsFor
from worklist.case_records import newest_cases
from worklist.reach import reach
from worklist.workitem import ProcedureStepState


class ArrivalState(StrEnum):
    """How far a study has come."""

    ARRIVING = "arriving"
    AWAITS_RETAKE = "awaits-retake"
    ON_LIST = "on-list"
    BEING_READ = "being-read"
    REPORTED = "reported"


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A case as those who sent it see it; `expected_instances` is None where nobody said how many come."""

    case: Case
    state: ArrivalState
    expected_instances: int | None
    made_of_a_file: str = ""
    """The first SOP Instance UID of its study that was made of a file, empty where none was."""


class Arrivals:
    """The studies of sites, newest first."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def newest(
        self, actor: Actor, *, site_id: str | None = None, limit: int = 50, offset: int = 0
    ) -> list[Arrival]:
        """Return what arrived last where this actor may look, at one site or everywhere."""
        with self._database.read(within=reach(self._database, actor, Act.SEARCH)) as connection:
            cases = newest_cases(
                connection,
                actor,
                site_id=site_id,
                limit=max(0, min(limit, SEARCH_LIMIT)),
                offset=max(0, offset),
            )
            return _arrivals(connection, cases)


def _arrivals(connection: Connection, cases: list[Case]) -> list[Arrival]:
    uids = {study.study_instance_uid for case in cases for study in case.studies}
    outstanding = outstanding_files(connection, uids) if uids else {}
    # No other modality's come as files of carts: studies of a thousand images are not looked through.
    ecgs = [case for case in cases if case.modality == "ECG"]
    sites, studies = {case.site_id for case in ecgs}, {case.study_instance_uid for case in ecgs}
    made = first_made(connection, sites, studies) if ecgs else {}
    return [
        Arrival(
            case=case,
            state=state_of(case),
            expected_instances=_expected(case, outstanding),
            made_of_a_file=made.get((case.site_id, case.study_instance_uid), ""),
        )
        for case in cases
    ]


def _expected(case: Case, outstanding: dict[tuple[str, str], int]) -> int | None:
    """Return how many instances there will be, by what uploads still bring."""
    coming = [outstanding.get((case.site_id, study.study_instance_uid)) for study in case.studies]
    known = [count for count in coming if count is not None]
    return case.number_of_instances + sum(known) if known else None


def state_of(case: Case) -> ArrivalState:
    """Return how far a case has come."""
    if case.workitem.procedure_step_state is ProcedureStepState.COMPLETED:
        return ArrivalState.REPORTED
    if case.workitem.procedure_step_state is ProcedureStepState.IN_PROGRESS:
        return ArrivalState.BEING_READ
    if case.waits_for is WaitsFor.INSTANCES:
        return ArrivalState.ARRIVING
    return ArrivalState.AWAITS_RETAKE if case.waits_for is WaitsFor.RETAKE else ArrivalState.ON_LIST
