"""Open cases that nobody can read: no exam may stay unread because no route leads to it."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, not_, or_, select

from core.access import Act, Actor, Scope
from core.limits import SEARCH_LIMIT
from database.engine import Database
from registry.accounts import Accounts
from registry.directory import Directory
from worklist.case import Case
from worklist.case_records import list_cases
from worklist.case_scope import in_scope
from worklist.coverage import Coverage
from worklist.tables import cases, workitems
from worklist.workitem import ProcedureStepState


@dataclass(frozen=True, kw_only=True)
class UnroutedCase:
    """A case that no reader's routes lead to, and why."""

    case: Case
    reason: str


class UnroutedCases:
    """What whoever administers a site has to route. What somebody holds is being read, and is not here."""

    def __init__(self, *, database: Database, directory: Directory, accounts: Accounts) -> None:
        self._database = database
        self._directory = directory
        self._accounts = accounts

    def cases(self, actor: Actor, *, limit: int = SEARCH_LIMIT, offset: int = 0) -> list[UnroutedCase]:
        """Return them at the sites that the actor administers, in the order of the reading list."""
        scope = actor.scope(Act.ADMINISTER)
        coverage = Coverage.of(self._directory, self._accounts)
        with self._database.read(within=scope) as connection:
            found = list_cases(
                connection,
                and_(in_scope(scope), _unread(coverage)),
                limit=max(0, min(limit, SEARCH_LIMIT)),
                offset=max(0, offset),
            )
        return [
            UnroutedCase(case=case, reason=coverage.why_unread(case.site_id, modalities_of(case)))
            for case in found
        ]

    def numbers(self, scope: Scope) -> dict[str, int]:
        """Return how many there are at each site of a scope that has any."""
        coverage = Coverage.of(self._directory, self._accounts)
        with self._database.read(within=scope) as connection:
            rows = connection.execute(
                select(cases.c.site_id, func.count().label("number"))
                .join(workitems, workitems.c.workitem_uid == cases.c.current_workitem_uid)
                .where(in_scope(scope), _unread(coverage))
                .group_by(cases.c.site_id)
                .order_by(cases.c.site_id)
            )
            return {row.site_id: row.number for row in rows}


def modalities_of(case: Case) -> frozenset[str]:
    """Return what whoever reads a case must be routed to."""
    return frozenset({case.modality, *(study.modality for study in case.studies)})


def _unread(coverage: Coverage) -> ColumnElement[bool]:
    conditions = [
        # What moved into another case is read there.
        cases.c.linked_into.is_(None),
        workitems.c.procedure_step_state == ProcedureStepState.SCHEDULED.value,
    ]
    readable = [in_scope(scope) for scope in coverage.scopes]
    if readable:
        conditions.append(not_(or_(*readable)))
    return and_(*conditions)
