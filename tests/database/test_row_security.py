"""What stands under the queries on PostgreSQL, asked without any filter at all."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Table, delete, func, insert, select, text, update
from sqlalchemy.exc import ProgrammingError

from core.access import EVERY_SITE, Scope, at_site
from core.errors import Misconfigured
from database.audit import AuditEvent, AuditRecord, append_audit, audit_events
from database.change_feed import Change, ChangeKind, append_change, changes
from database.engine import Database
from database.postgresql import ROLE
from database.row_security import WITHOUT_SITE, secure
from database.schema import Moment, metadata
from tests.fixtures.catalogue import declare_tables, open_catalogue
from tests.fixtures.postgresql import LOGIN, PostgreSQLServer, empty_copy, fresh_database

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
declare_tables()
TABLES = {table.name: table for table in metadata.sorted_tables}
SITES = ("township", "station")


@pytest.fixture
def hub(postgresql_server: PostgreSQLServer) -> Iterator[Database]:
    """A catalogue on the server, where something happened at two sites, and something at none."""
    with empty_copy(postgresql_server) as copy:
        database = copy.database
        with database.write() as connection:
            for site_id in SITES:
                append_change(
                    connection,
                    Change(
                        kind=ChangeKind.INSTANCE_STORED,
                        site_id=site_id,
                        study_instance_uid="1.2.3",
                        subject="1.2.3.4",
                        actor="device",
                        at=AT,
                    ),
                )
            for site_id in (*SITES, ""):
                append_audit(
                    connection,
                    AuditRecord(
                        at=AT, event=AuditEvent.EXPORT, action="look", actor="somebody", site_id=site_id
                    ),
                )
        yield database
        database.close()


def seen(database: Database, table: Table, within: Scope) -> set[str]:
    with database.read(within=within) as connection:
        return set(connection.scalars(select(table.c.site_id)))


@pytest.mark.parametrize(
    ("within", "sites"),
    [
        (at_site("township"), {"township"}),
        (Scope(site_ids=frozenset(SITES)), set(SITES)),
        (Scope(site_modalities=frozenset({("station", "US")})), {"station"}),
        (at_site("elsewhere"), set()),
        (at_site("township,station"), set()),
        (at_site('township","station'), set()),
        (at_site("{township}"), set()),
        (at_site("*"), set()),
        (at_site("on"), set()),
        (Scope(), set()),
        (EVERY_SITE, set(SITES)),
    ],
)
def test_a_query_without_a_filter_finds_what_the_transaction_may_see(
    hub: Database, within: Scope, sites: set[str]
) -> None:
    assert seen(hub, changes, within) == sites
    assert seen(hub, audit_events, within) == (sites | {""} if within.everything else sites)
    with hub.write(within=within) as connection:
        assert set(connection.scalars(select(changes.c.site_id))) == sites


def test_what_one_transaction_might_see_the_next_does_not_on_the_same_connection(hub: Database) -> None:
    assert seen(hub, changes, EVERY_SITE) == set(SITES)
    assert seen(hub, changes, Scope()) == set()
    assert seen(hub, changes, at_site("station")) == {"station"}


def test_nothing_is_written_for_a_site_that_is_not_ones_own(hub: Database) -> None:
    from worklist.tables import requests

    row = {
        column.name: AT if isinstance(column.type, Moment) else ""
        for column in requests.columns
        if not column.nullable
    }
    for site_id in SITES:
        with hub.write() as connection:
            connection.execute(insert(requests).values(row | {"request_id": site_id, "site_id": site_id}))

    def write_elsewhere() -> None:
        with hub.write(within=at_site("township")) as connection:
            connection.execute(insert(requests).values(row | {"request_id": "x", "site_id": "station"}))

    def move_elsewhere() -> None:
        with hub.write(within=at_site("township")) as connection:
            connection.execute(update(requests).values(site_id="station"))

    for act in (write_elsewhere, move_elsewhere):
        with pytest.raises(ProgrammingError, match="row-level security"):
            act()
    with hub.write(within=at_site("township")) as connection:
        assert connection.execute(update(requests).values(history="x")).rowcount == 1
        assert connection.execute(delete(requests)).rowcount == 1
    assert seen(hub, requests, EVERY_SITE) == {"station"}


def test_every_table_is_under_the_rules_or_says_why_not(hub: Database) -> None:
    """A new table carries its site, or belongs to what does, or is in the list with its reason."""
    policies = "SELECT tablename FROM pg_policies WHERE policyname = 'hub_sites'"
    forcing = "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
    with hub.survey() as connection:
        guarded = set(connection.scalars(text(policies)))
        forced = set(connection.scalars(text(forcing)))
    assert guarded == forced
    assert guarded == TABLES.keys() - WITHOUT_SITE.keys()
    assert WITHOUT_SITE.keys() <= TABLES.keys()
    assert {name for name, table in TABLES.items() if "site_id" in table.columns} <= guarded
    assert all(WITHOUT_SITE.values())


@pytest.mark.parametrize("name", sorted(TABLES.keys() - WITHOUT_SITE.keys()))
def test_without_a_site_every_guarded_table_is_empty(consulted: Database, name: str) -> None:
    with consulted.read(within=Scope()) as connection:
        assert connection.scalar(select(func.count()).select_from(TABLES[name])) == 0


@pytest.fixture(scope="module")
def consulted(
    postgresql_server: PostgreSQLServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A catalogue in which a report was signed, printed and received at one of two sites."""
    from tests.fixtures.clock import FixedClock
    from tests.fixtures.consultation import at_site as account_at
    from tests.fixtures.consultation import new_consultation, reader

    with empty_copy(postgresql_server) as copy:
        database = copy.database
        hub = new_consultation(database, tmp_path_factory.mktemp("consulted"), FixedClock(AT))
        report = hub.signed(reader())
        hub.publisher.run()
        hub.inbox.report(account_at("clinic"), report.report_id)
        yield database
        database.close()


CHILDREN = ("workitems", "drafts", "publications", "report_receipts", "case_studies", "instances")


@pytest.mark.parametrize("name", CHILDREN)
def test_what_belongs_to_a_case_is_seen_where_the_case_is(consulted: Database, name: str) -> None:
    count = select(func.count()).select_from(TABLES[name])
    with consulted.read(within=at_site("xinglong")) as connection:
        assert connection.scalar(count)
    with consulted.read(within=at_site("qingshan")) as connection:
        assert connection.scalar(count) == 0


def test_the_rooms_work_as_a_role_that_owns_nothing_and_passes_by_no_rule(hub: Database) -> None:
    for begin in (hub.read, hub.write):
        with begin() as connection:
            assert connection.scalar(text("SELECT current_user")) == ROLE
            row = connection.execute(
                text("SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = current_user")
            ).one()
            assert tuple(row) == (False, False, False)
            owned = "SELECT count(*) FROM pg_tables WHERE tableowner = current_user"
            assert connection.scalar(text(owned)) == 0
    with pytest.raises(ProgrammingError), hub.write() as connection:
        connection.execute(text("ALTER TABLE reports DISABLE ROW LEVEL SECURITY"))


def test_a_login_that_may_make_no_roles_is_told_what_the_administrator_has_to_do(
    postgresql_server: PostgreSQLServer,
) -> None:
    server = postgresql_server
    with fresh_database(server, "template1") as name:
        server.order("CREATE ROLE humble LOGIN", f"ALTER DATABASE {name} OWNER TO humble")
        database = open_catalogue(server.url(name).replace(LOGIN, "humble"))

        def make() -> None:
            with database.alter() as connection:
                metadata.create_all(connection)
                secure(connection, metadata)

        with pytest.raises(Misconfigured, match=f"GRANT {ROLE}"):
            make()
        server.order(f"GRANT {ROLE} TO humble")
        make()
        assert seen(database, changes, EVERY_SITE) == set()
        database.close()
    server.order("DROP ROLE humble")
