"""What the newest reports of several cases say, for whoever may receive them: read beside a new case."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from core.access import Act, Actor
from database.engine import Database
from reporting.document import ReportStatus
from reporting.report_records import signed_words


@dataclass(frozen=True, kw_only=True)
class PriorReport:
    """A signed version in short."""

    report_id: str
    status: ReportStatus
    signed_at: datetime
    impression: str


class PriorReports:
    """Reads the impressions of many cases at once."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def of_cases(self, actor: Actor, case_ids: Collection[str]) -> dict[str, list[PriorReport]]:
        """Return what was signed of each case that this actor may receive reports of, newest first."""
        with self._database.read(within=actor.scope(Act.RECEIVE)) as connection:
            found = signed_words(connection, case_ids, actor.scope(Act.RECEIVE))
        return {
            case_id: [
                PriorReport(
                    report_id=document.report_id,
                    status=document.status,
                    signed_at=document.signed_at,
                    impression=document.impression,
                )
                for document in documents
            ]
            for case_id, documents in found.items()
        }
