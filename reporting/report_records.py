"""The SQL of drafts and reports."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, exists, func, insert, select, update

from core.access import Actor, Scope
from core.errors import NotFound, ReportStateConflict
from core.uids import new_key, new_uid
from reporting.canonical import canonical_json, document_from
from reporting.document import ReportDocument, ReportStatus
from reporting.inbox_filter import InboxFilter
from reporting.receipt_records import IS_RECEIVED, confirmations_of, wanted_reports
from reporting.report import PUBLISHED_FORMS, Draft, KeptDraft, Publication, Receipt, Report, ReportForm
from reporting.tables import drafts, kept_drafts, publications, report_receipts, reports
from reporting.versions import Version, current_version, standing_of
from worklist.case_scope import in_scope
from worklist.tables import cases


def read_draft(connection: Connection, case_id: str) -> Draft:
    """Return the draft of a case; an empty page where nothing was written."""
    row = connection.execute(select(drafts).filter_by(case_id=case_id)).mappings().first()
    if row is None:
        return Draft(case_id=case_id, version=0, findings="", impression="", written_at=None)
    return Draft(
        case_id=case_id,
        version=row["version"],
        findings=row["findings"],
        impression=row["impression"],
        written_at=row["written_at"],
    )


def is_written(connection: Connection, case_id: str) -> bool:
    """Whether a case holds any words: a signed version, or a draft that is no empty page."""
    draft = read_draft(connection, case_id)
    if draft.findings.strip() or draft.impression.strip():
        return True
    return connection.execute(select(reports.c.report_id).filter_by(case_id=case_id)).first() is not None


def write_draft(
    connection: Connection, before: Draft, *, findings: str, impression: str, by: Actor, now: datetime
) -> Draft | None:
    """Write the next version of a draft; None when somebody wrote one since `before` was read."""
    values = {
        "version": before.version + 1,
        "findings": findings,
        "impression": impression,
        "written_by": by.account_id,
        "written_at": now,
    }
    written = connection.execute(
        update(drafts).filter_by(case_id=before.case_id, version=before.version).values(**values)
    )
    if not written.rowcount:
        if before.version:
            return None
        connection.execute(insert(drafts), {"case_id": before.case_id, **values})
    return read_draft(connection, before.case_id)


def keep_draft(
    connection: Connection,
    case_id: str,
    workitem_uid: str,
    *,
    findings: str,
    impression: str,
    by: Actor,
    now: datetime,
    reason: str,
) -> None:
    """Keep words aside that cannot become the draft; the same words of one account once a case."""
    said = {"case_id": case_id, "written_by": by.account_id, "findings": findings, "impression": impression}
    # A page left open saves again and again.
    if connection.execute(select(kept_drafts.c.kept_key).filter_by(**said)).first() is not None:
        return
    connection.execute(
        insert(kept_drafts),
        {
            **said,
            "kept_key": new_key(now),
            "workitem_uid": workitem_uid[:64],
            "written_at": now,
            "reason": reason[:200],
        },
    )


def replace_draft(
    connection: Connection,
    before: Draft,
    replaced: ReportDocument,
    *,
    findings: str,
    impression: str,
    by: Actor,
    now: datetime,
) -> None:
    """Let an amended report be what the next reader goes on from; other words are kept for who wrote them."""
    case_id = before.case_id
    said = (before.findings, before.impression)
    known = {(replaced.findings, replaced.impression), (findings, impression)}
    writer = connection.scalar(select(drafts.c.written_by).filter_by(case_id=case_id))
    if writer is not None and said not in known:
        connection.execute(
            insert(kept_drafts),
            {
                "case_id": case_id,
                "written_by": writer,
                "findings": before.findings,
                "impression": before.impression,
                "kept_key": new_key(now),
                "workitem_uid": "",
                "written_at": now,
                "reason": "The report was amended meanwhile.",
            },
        )
    write_draft(connection, before, findings=findings, impression=impression, by=by, now=now)


def kept_drafts_of(connection: Connection, case_id: str, account_id: str) -> list[KeptDraft]:
    """Return the words of one account that were kept aside, newest first."""
    rows = connection.execute(
        select(kept_drafts)
        .filter_by(case_id=case_id, written_by=account_id)
        .order_by(kept_drafts.c.kept_key.desc())
    ).mappings()
    return [KeptDraft(**{key: row[key] for key in KeptDraft.__dataclass_fields__}) for row in rows]


def next_number(connection: Connection, case_id: str) -> int:
    """Return the number of the next report of a case."""
    newest = connection.scalar(select(func.max(reports.c.number)).filter_by(case_id=case_id))
    return int(newest or 0) + 1


def insert_report(
    connection: Connection,
    document: ReportDocument,
    *,
    case_id: str,
    number: int,
    addendum_to: str | None,
    by: Actor,
    published: bool,
) -> None:
    """Write a signed version and, where it is to be published, the UIDs its forms will carry."""
    connection.execute(
        insert(reports),
        {
            "report_id": document.report_id,
            "case_id": case_id,
            "site_id": document.site_id,
            "study_instance_uid": document.study_instance_uid,
            "number": number,
            "status": document.status.value,
            "addendum_to": addendum_to,
            "signed_by": by.account_id,
            "signed_at": document.signed_at,
            "digest": document.content_digest,
            "document": canonical_json(document),
        },
    )
    for form in PUBLISHED_FORMS if published else ():
        connection.execute(
            insert(publications),
            {
                "report_id": document.report_id,
                "form": form.value,
                "series_instance_uid": new_uid(),
                "sop_instance_uid": new_uid(),
            },
        )


def find_report(connection: Connection, report_id: str) -> Report:
    """Return one report. Raises NotFound; ReportStateConflict when its words are not those signed."""
    row = connection.execute(select(reports).filter_by(report_id=report_id)).mappings().first()
    if row is None:
        raise NotFound
    [report] = _reports(connection, [row])
    if not report.is_as_signed:
        raise ReportStateConflict(f"The words of report {report_id} are not those that were signed.")
    return report


def reports_of_case(connection: Connection, case_id: str) -> list[Report]:
    """Return the versions of a case, oldest first."""
    rows = connection.execute(
        select(reports).filter_by(case_id=case_id).order_by(reports.c.number)
    ).mappings()
    return _reports(connection, rows.all())


def reports_wanted(connection: Connection, scope: Scope, wanted: InboxFilter) -> list[Report]:
    """Return the reports of the cases in scope that an inbox asks for, the newest first."""
    unread_first = [IS_RECEIVED] if wanted.unread_first else []
    statement = (
        select(reports)
        .join(cases, cases.c.case_id == reports.c.case_id)
        .where(wanted_reports(wanted, scope))
        .order_by(*unread_first, reports.c.signed_at.desc(), reports.c.report_id.desc())
        .limit(wanted.limit)
        .offset(wanted.offset)
    )
    return _reports(connection, connection.execute(statement).mappings().all())


def signed_words(
    connection: Connection, case_ids: Collection[str], scope: Scope
) -> dict[str, list[ReportDocument]]:
    """Return what was signed for good of those of these cases that are in scope, newest first."""
    rows = connection.execute(
        select(reports.c.case_id, reports.c.document)
        .join(cases, cases.c.case_id == reports.c.case_id)
        .where(
            reports.c.case_id.in_(case_ids),
            reports.c.status != ReportStatus.PRELIMINARY.value,
            in_scope(scope),
        )
        .order_by(reports.c.number.desc())
    )
    found: dict[str, list[ReportDocument]] = {}
    for row in rows:
        found.setdefault(row.case_id, []).append(document_from(row.document))
    return found


def mark_published(connection: Connection, report_id: str, form: ReportForm, now: datetime) -> bool:
    """Note that a form is kept in the study; False when it was noted before."""
    done = connection.execute(
        update(publications)
        .where(
            publications.c.report_id == report_id,
            publications.c.form == form.value,
            publications.c.published_at.is_(None),
        )
        .values(published_at=now)
    )
    return bool(done.rowcount)


def note_receipt(
    connection: Connection, report_id: str, actor: Actor, form: ReportForm, now: datetime
) -> bool:
    """Note that an account has had the report; False when it was noted before."""
    known = connection.execute(
        select(report_receipts.c.report_id).filter_by(report_id=report_id, account_id=actor.account_id)
    ).first()
    if known is not None:
        return False
    connection.execute(
        insert(report_receipts),
        {
            "report_id": report_id,
            "account_id": actor.account_id,
            "username": actor.username,
            "form": form.value,
            "received_at": now,
        },
    )
    return True


def current_report(connection: Connection, case_id: str) -> Report | None:
    """Return the version of a case that stands, if there is one."""
    current = current_version(_versions(connection, {case_id})[case_id])
    return find_report(connection, current.report_id) if current else None


def _versions(connection: Connection, case_ids: Collection[str]) -> dict[str, list[Version]]:
    received = exists().where(report_receipts.c.report_id == reports.c.report_id)
    columns = (reports.c.report_id, reports.c.number, reports.c.status, reports.c.addendum_to)
    rows = connection.execute(
        select(reports.c.case_id, *columns, received.label("is_received")).where(
            reports.c.case_id.in_(case_ids)
        )
    ).mappings()
    found: dict[str, list[Version]] = defaultdict(list)
    for row in rows:
        values = dict(row)
        case_id = values.pop("case_id")
        found[case_id].append(Version(**values | {"status": ReportStatus(values["status"])}))
    return found


def _reports(connection: Connection, rows: Sequence[RowMapping]) -> list[Report]:
    versions = _versions(connection, {row["case_id"] for row in rows})
    confirmed = confirmations_of(connection, {row["report_id"] for row in rows})
    found = [_report(connection, row, versions[row["case_id"]]) for row in rows]
    return [replace(report, confirmations=confirmed.get(report.report_id, ())) for report in found]


def _report(connection: Connection, row: RowMapping, versions: list[Version]) -> Report:
    report_id = row["report_id"]
    forms = sorted(
        connection.execute(select(publications).filter_by(report_id=report_id)).mappings(),
        key=lambda form: PUBLISHED_FORMS.index(ReportForm(form["form"])),
    )
    receipts = connection.execute(
        select(report_receipts).filter_by(report_id=report_id).order_by(report_receipts.c.received_at)
    ).mappings()
    return Report(
        **vars(standing_of(row["report_id"], versions)),
        **dict(row) | {"status": ReportStatus(row["status"]), "document": document_from(row["document"])},
        publications=tuple(
            Publication(
                form=ReportForm(form["form"]),
                series_instance_uid=form["series_instance_uid"],
                sop_instance_uid=form["sop_instance_uid"],
                published_at=form["published_at"],
            )
            for form in forms
        ),
        receipts=tuple(
            Receipt(
                username=receipt["username"],
                form=ReportForm(receipt["form"]),
                received_at=receipt["received_at"],
            )
            for receipt in receipts
        ),
    )
