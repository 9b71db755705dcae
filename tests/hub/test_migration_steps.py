"""What becomes of the rows of a hub's first schema, on the way to the present one, on both engines."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, MetaData, RowMapping, Table, insert, select

from core.access import EVERY_SITE
from core.clock import SystemClock
from database.engine import Database
from database.jobs import jobs
from hub.migrate import Migration, configuration, copy_command, migrate
from hub.schema import head_revision, require_current
from hub.settings import Settings, load
from reporting.tables import reports
from storage.patient_identity import identity_key
from storage.patient_records import identity_of
from storage.rereading import REREAD_JOB
from storage.tables import instances, patients, studies
from tests.fixtures.catalogue import open_catalogue
from tests.fixtures.pairs import NOTHING
from tests.fixtures.postgresql import PostgreSQLServer, fresh_database
from worklist.tables import case_studies, cases, requests, workitems

FIRST = "0001"
AT = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
SITE, OTHER = "xinglong", "yongan"

# site, study, ID, issuer, name, birth date, sex
STUDIES = (
    (SITE, "1.1", "4711", "", "Wang^Fang", date(1970, 1, 1), "F"),
    (SITE, "1.2", " 4711 ", "", "Wang^Fang", date(1970, 1, 1), "F"),
    (SITE, "1.3", "4711", "", "Li^Lei", date(1981, 2, 3), "M"),
    (SITE, "1.4", "4711", "COUNTY", "Wang^Fang", None, ""),
    (SITE, "1.5", "", "", "Zhao^Min", None, ""),
    (SITE, "1.6", " ", "", "Zhao^Min", None, ""),
    (OTHER, "1.1", "4711", "", "Wang^Fang", date(1970, 1, 1), "F"),
)


def hours(number: int) -> datetime:
    return AT + timedelta(hours=number)


class OldCatalogue:
    """A catalogue of the first schema, written to without the house, which knows only the present one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tables = MetaData()
        self._tables.reflect(connection)

    def add(self, name: str, **values: Any) -> None:
        """Add a row; what it needs and is not told is nothing, zero or the beginning."""
        table = self._tables.tables[name]
        row: dict[str, Any] = {}
        for column in table.columns:
            if column.nullable or column.autoincrement is True or column.name == "instance_key":
                continue
            kind = column.type.python_type
            row[column.name] = AT if kind is datetime else "" if kind is str else kind()
        self._connection.execute(insert(table).values(row | values))


def write_old_rows(old: OldCatalogue) -> None:
    for number, (site_id, study, patient_id, issuer, name, birth_date, sex) in enumerate(STUDIES):
        of_study = {"site_id": site_id, "study_instance_uid": study}
        stated = {"patient_id": patient_id, "issuer_of_patient_id": issuer, "patient_name": name}
        stated |= {"patient_birth_date": birth_date, "patient_sex": sex}
        old.add("studies", **of_study, **stated, first_received_at=hours(number))
        old.add("series", **of_study, series_instance_uid=f"{study}.1")
    _write_cases(old)
    for number in range(6):
        # Two had come before the report was signed at 2, one with it, two after; the hub's own is no image.
        origin_kind = "hub" if number == 5 else "device"
        of_series = {"site_id": SITE, "study_instance_uid": "1.1", "series_instance_uid": "1.1.1"}
        own = {"sop_instance_uid": f"1.1.1.{number}", "blob_key": f"key-{number}", "anomalies": []}
        received_at = hours(1 if number == 5 else number)
        old.add("instances", **of_series, **own, origin_kind=origin_kind, received_at=received_at)
    for case_id, status in (("case-1", "final"), ("case-2", "preliminary")):
        signed = {"number": 1, "status": status, "signed_at": hours(2)}
        old.add("reports", report_id=status, case_id=case_id, **signed)


def _write_cases(old: OldCatalogue) -> None:
    for number, urgency in ((1, "routine"), (2, "urgent"), (3, "emergency")):
        of_case = {"case_id": f"case-{number}", "site_id": SITE, "study_instance_uid": f"1.{number}"}
        counted = {"number_of_instances": number, "last_received_at": hours(9)}
        old.add("cases", **of_case, **counted, urgency=urgency, modality="US")
        old.add("workitems", workitem_uid=f"2.25.{number}", case_id=of_case["case_id"])
    for request_id, case_id, study, urgency, at in (
        ("by-accession", "case-2", "", "urgent", 4),
        ("by-study", "case-3", "1.3", "urgent", 5),
        ("raised", "case-3", "1.3", "emergency", 6),
        ("waiting", None, "", "emergency", 7),
    ):
        old.add(
            "requests",
            request_id=request_id,
            site_id=SITE,
            case_id=case_id,
            study_instance_uid=study,
            urgency=urgency,
            requested_at=hours(at),
        )


class Migrated:
    """A catalogue that began with the old rows and has the present schema."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.told: list[str] = []
        with database.alter() as connection:
            _upgrade(connection, FIRST)
            write_old_rows(OldCatalogue(connection))
        self.done: Migration = migrate(settings, database, SystemClock(), tell=self.told.append)

    def rows(self, table: Table) -> list[RowMapping]:
        """Return all rows of a table of today."""
        with self.database.read(within=EVERY_SITE) as connection:
            return list(connection.execute(select(table)).mappings())


def _upgrade(connection: Connection, revision: str) -> None:
    alembic = configuration()
    alembic.attributes["connection"] = connection
    command.upgrade(alembic, revision)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Migrated]:
    """The whole chain of steps, with rows from its beginning on."""
    with ExitStack() as stack:
        places = {}
        if request.param == "postgresql":
            server: PostgreSQLServer = request.getfixturevalue("postgresql_server")
            name = stack.enter_context(fresh_database(server, template=NOTHING))
            places = {"database_url": server.url(name)}
        settings = load(data=tmp_path_factory.mktemp("old"), **places)
        database = stack.enter_context(closing(open_catalogue(settings.database_url)))
        yield Migrated(settings, database)


def test_every_step_is_taken_and_what_was_there_is_still_there(migrated: Migrated) -> None:
    assert (migrated.done.before, migrated.done.after) == (FIRST, head_revision())
    require_current(migrated.settings, migrated.database)
    assert len(migrated.rows(reports)) == 2
    assert len(migrated.rows(instances)) == 6
    assert len(migrated.rows(workitems)) == 3
    if migrated.database.is_sqlite:
        with migrated.database.survey() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_a_copy_of_the_older_catalogue_is_made_or_the_command_that_makes_one_is_told(
    migrated: Migrated,
) -> None:
    if not migrated.database.is_sqlite:
        assert migrated.done.backup is None
        [told] = migrated.told
        assert "schema 0001" in told
        assert copy_command(migrated.database.engine.url, FIRST) in told
        return
    assert migrated.told == []
    assert migrated.done.backup is not None
    with closing(sqlite3.connect(migrated.done.backup)) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [(FIRST,)]
        assert copy.execute("SELECT count(*) FROM studies").fetchall() == [(len(STUDIES),)]


def test_0002_studies_get_their_patients_and_what_disagrees_is_flagged(migrated: Migrated) -> None:
    known = {row["patient_key"]: row for row in migrated.rows(patients)}
    patient_of = {(row["site_id"], row["study_instance_uid"]): row for row in migrated.rows(studies)}
    keys = {study: row["patient_key"] for study, row in patient_of.items()}
    same = {keys[SITE, number] for number in ("1.1", "1.2", "1.3")}
    assert len(same) == 1, "one (site, issuer or none, ID) is one patient"
    assert len(set(keys.values())) == len(STUDIES) - 2, "another issuer, no ID, another site are others"
    assert set(keys.values()) == known.keys()
    for (site_id, _), row in patient_of.items():
        patient = known[row["patient_key"]]
        assert patient["site_id"] == site_id
        assert patient["identity_key"] == identity_key(site_id, identity_of(row)), "what arrives will join it"
    first = known[same.pop()]
    assert (first["patient_name"], first["first_received_at"]) == ("Wang^Fang", hours(0))
    flagged = {study: row["patient_differences"] for study, row in patient_of.items()}
    assert {study: found for study, found in flagged.items() if found} == {
        (SITE, "1.3"): "name,birth-date,sex"
    }


def test_0003_each_case_keeps_its_study_and_what_its_report_covers(migrated: Migrated) -> None:
    kept = {row["case_id"]: row for row in migrated.rows(case_studies)}
    assert {case_id: row["number_of_instances_reported"] for case_id, row in kept.items()} == {
        "case-1": 3,  # until it was signed, without the hub's own
        "case-2": None,  # preliminary only
        "case-3": None,
    }
    assert [kept[f"case-{number}"]["number_of_instances"] for number in (1, 2, 3)] == [1, 2, 3]
    assert {(row["site_id"], row["modality"], row["last_received_at"]) for row in kept.values()} == {
        (SITE, "US", hours(9))
    }
    assert all(row["linked_into"] is None for row in migrated.rows(cases))


def test_0007_requests_say_how_they_were_matched_and_cases_since_when_they_are_urgent(
    migrated: Migrated,
) -> None:
    matched = {row["request_id"]: (row["state"], row["matched_by"]) for row in migrated.rows(requests)}
    assert matched == {
        "by-accession": ("matched", "accession"),
        "by-study": ("matched", "study"),
        "raised": ("matched", "study"),
        "waiting": ("unmatched", None),
    }
    since = {row["case_id"]: (row["urgent_since"], row["emergency_since"]) for row in migrated.rows(cases)}
    assert since == {
        "case-1": (None, None),
        "case-2": (hours(4), None),
        "case-3": (hours(5), hours(6)),
    }


def test_0008_and_0014_ask_to_read_what_is_held_anew_from_its_beginning(migrated: Migrated) -> None:
    asked = [row for row in migrated.rows(jobs) if row["kind"] == REREAD_JOB]
    assert len(asked) == 2
    for job in asked:
        assert job["body"] == {"source": None, "declared": "", "after": 0}
        assert (job["attempts"], job["rested_at"]) == (0, None)
    assert {row["text_finding"] for row in migrated.rows(studies)} == {""}


def test_nothing_is_asked_of_a_catalogue_that_holds_nothing(tmp_path: Path) -> None:
    settings = load(data=tmp_path)
    with closing(open_catalogue(settings.database_url)) as database:
        migrate(settings, database, SystemClock())
        with database.read() as connection:
            assert connection.execute(select(jobs)).all() == []
