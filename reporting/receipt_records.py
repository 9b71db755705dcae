"""The SQL of the clinic's inbox: what it has had, who confirmed it, and what is still to be read."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select

from core.access import Actor, Scope
from reporting.document import VERSIONS, ReportStatus
from reporting.inbox_filter import InboxFilter
from reporting.report import Confirmation, StandingReport
from reporting.tables import report_confirmations, report_receipts, reports
from storage.study_names import is_found_by
from worklist.case_scope import in_scope
from worklist.tables import cases

IS_RECEIVED = exists().where(report_receipts.c.report_id == reports.c.report_id)
IS_CONFIRMED = exists().where(report_confirmations.c.report_id == reports.c.report_id)


def wanted_reports(wanted: InboxFilter, scope: Scope) -> ColumnElement[bool]:
    """Return the condition on reports, joined with their cases, that an inbox asks for."""
    conditions = [in_scope(scope)]
    if wanted.site_id is not None:
        conditions.append(reports.c.site_id == wanted.site_id)
    if wanted.is_unread is not None:
        conditions.append(~IS_RECEIVED if wanted.is_unread else IS_RECEIVED)
    if wanted.is_confirmed is not None:
        conditions.append(IS_CONFIRMED if wanted.is_confirmed else ~IS_CONFIRMED)
    if wanted.patient is not None:
        by_name = is_found_by(cases.c.site_id, cases.c.study_instance_uid, wanted.patient)
        conditions.append(or_(cases.c.patient_id == wanted.patient.strip(), by_name))
    if wanted.study_date_from is not None:
        conditions.append(cases.c.study_date >= wanted.study_date_from)
    if wanted.study_date_to is not None:
        conditions.append(cases.c.study_date <= wanted.study_date_to)
    return and_(*conditions)


def unread_reports(connection: Connection, scope: Scope, *, site_id: str | None) -> int:
    """Return how many reports nobody of the clinic has had yet."""
    unread = wanted_reports(InboxFilter(site_id=site_id, is_unread=True), scope)
    counted = (
        select(func.count())
        .select_from(reports)
        .join(cases, cases.c.case_id == reports.c.case_id)
        .where(unread)
    )
    return int(connection.execute(counted).scalar_one())


def note_confirmation(
    connection: Connection, report_id: str, actor: Actor, display_name: str, now: datetime
) -> bool:
    """Note that somebody confirmed a report; False when this account did before."""
    own = {"report_id": report_id, "account_id": actor.account_id}
    if connection.execute(select(report_confirmations.c.report_id).filter_by(**own)).first() is not None:
        return False
    connection.execute(
        insert(report_confirmations),
        {
            **own,
            "username": actor.username,
            "display_name": display_name,
            "confirmed_at": now,
        },
    )
    return True


def confirmations_of(
    connection: Connection, report_ids: Collection[str]
) -> dict[str, tuple[Confirmation, ...]]:
    """Return who confirmed each of these reports, in their order."""
    rows = connection.execute(
        select(report_confirmations)
        .where(report_confirmations.c.report_id.in_(report_ids))
        .order_by(report_confirmations.c.confirmed_at)
    )
    found: defaultdict[str, list[Confirmation]] = defaultdict(list)
    for row in rows:
        found[row.report_id].append(
            Confirmation(display_name=row.display_name, username=row.username, confirmed_at=row.confirmed_at)
        )
    return {report_id: tuple(each) for report_id, each in found.items()}


def standing_reports(connection: Connection, case_ids: Collection[str]) -> dict[str, StandingReport]:
    """Return what stands for each case: the newest final or amended, before there is one the preliminary."""
    rows = connection.execute(
        select(
            reports.c.case_id,
            reports.c.report_id,
            reports.c.status,
            reports.c.signed_at,
            IS_RECEIVED.label("is_received"),
            IS_CONFIRMED.label("is_confirmed"),
        )
        .where(reports.c.case_id.in_(case_ids), reports.c.status != ReportStatus.ADDENDUM.value)
        .order_by(reports.c.number)
    ).mappings()
    standing: dict[str, StandingReport] = {}
    for row in rows:
        values: dict[str, Any] = dict(row)
        case_id = values.pop("case_id")
        report = StandingReport(**values | {"status": ReportStatus(values["status"])})
        if report.status in VERSIONS or case_id not in standing or standing[case_id].status not in VERSIONS:
            standing[case_id] = report
    return standing
