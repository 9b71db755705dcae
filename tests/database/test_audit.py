"""Audit rows: one with every act, none without it, and the study's own in order."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from database.audit import AuditEvent, AuditRecord, append_audit, audit_events, audit_of_study
from database.engine import Database

AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


def record(action: str, *, site_id: str = "township", study: str = "1.2.3", minutes: int = 0) -> AuditRecord:
    return AuditRecord(
        at=AT + timedelta(minutes=minutes),
        event=AuditEvent.INSTANCES_ACCESSED,
        action=action,
        actor="chen",
        site_id=site_id,
        study_instance_uid=study,
        subject="1.2.3.4",
        granted_by="reader of heart",
        outcome="success",
    )


def test_a_record_is_read_back_as_it_was_written(database: Database) -> None:
    written = [
        record("view"),
        AuditRecord(
            at=AT,
            event=AuditEvent.EXPORT,
            action="pdf",
            actor="li",
            site_id="township",
            study_instance_uid="1.2.3",
        ),
    ]
    with database.write() as connection:
        for each in written:
            append_audit(connection, each)
    with database.read() as connection:
        assert audit_of_study(connection, "township", "1.2.3") == written


def test_records_of_a_study_come_in_the_order_of_writing_and_of_its_site_only(database: Database) -> None:
    with database.write() as connection:
        append_audit(connection, record("second by its clock", minutes=5))
        append_audit(connection, record("first by its clock", minutes=0))
        append_audit(connection, record("elsewhere", site_id="station"))
        append_audit(connection, record("other study", study="1.2.4"))
    with database.read() as connection:
        found = audit_of_study(connection, "township", "1.2.3")
    assert [each.action for each in found] == ["second by its clock", "first by its clock"]


def test_no_act_no_record(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            append_audit(connection, record("half"))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(audit_events)) == 0


@pytest.mark.parametrize("event", list(AuditEvent))
def test_every_event_survives_the_round_trip(database: Database, event: AuditEvent) -> None:
    with database.write() as connection:
        append_audit(connection, AuditRecord(at=AT, event=event, action="a", actor="u"))
    with database.read() as connection:
        (found,) = audit_of_study(connection, "", "")
    assert found.event is event
    assert len(event.value) <= 40
