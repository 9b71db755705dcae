"""What stands under the queries on PostgreSQL: a role that sees the rows of the sites it was told.

A query that forgets its filter finds nothing of other sites, and what is only ever added cannot be changed.
All of it follows from the declared tables, so a new table is not forgotten.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, MetaData, Table, text

from core.errors import Misconfigured
from database import topic_triggers
from database.append_only import ONLY_ADDED, REFUSAL
from database.postgresql import ROLE

WITHOUT_SITE: Final = {
    "accounts": "who may log in; one account may hold roles at several sites",
    "cursors": "how far the hub's own followers have come",
    "jobs": "the hub's own work, by key; what it works on is read under the site it is of",
    "list_views": "of an account",
    "login_failures": "counted before anybody is known",
    "reading_groups": "a group reads several sites",
    "revisions": "marks of topics, of which each is named by the key it is of",
    "sessions": "of an account",
    "tallies": "numbers of the whole hub, by the hub's own words",
    "tokens": "of an account",
    "unknown_devices": "nobody knows yet of which site they are",
}
"""The tables whose rows are of no site, and why."""

_VERSION: Final = "alembic_version"
_SEES: Final = (
    "current_setting('hub.every_site', true) = 'on'"
    " OR site_id = ANY (NULLIF(current_setting('hub.sites', true), '')::text[])"
)
_CREATE_ROLE: Final = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN
        CREATE ROLE {ROLE} NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END $$
"""
_JOIN_ROLE: Final = f"""
DO $$ BEGIN
    EXECUTE format('GRANT {ROLE} TO %I', current_user);
EXCEPTION WHEN insufficient_privilege OR undefined_object THEN NULL;
END $$
"""
_REFUSE: Final = f"""
CREATE OR REPLACE FUNCTION hub_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'insufficient_privilege';
END $$
"""


def is_secured(connection: Connection, metadata: MetaData) -> bool:
    """Whether the catalogue has just the rules that the tables ask for."""
    found = connection.scalar(text(f"SELECT obj_description(to_regclass('{_VERSION}'))"))
    return bool(found == _digest(metadata))


def secure(connection: Connection, metadata: MetaData) -> None:
    """Give the catalogue its rules, in the transaction of whoever owns the tables.

    Raises:
        Misconfigured: the role cannot be made, or may do too much; the message says what to do.
    """
    connection.execute(text(_CREATE_ROLE))
    connection.execute(text(_JOIN_ROLE))
    _require_role(connection)
    for statement in statements(metadata):
        connection.exec_driver_sql(statement)
    topic_triggers.raise_everything(connection)
    connection.execute(text(f"COMMENT ON TABLE {_VERSION} IS '{_digest(metadata)}'"))


def statements(metadata: MetaData) -> Iterator[str]:
    """Yield all that makes the rules, whatever rules there are already."""
    yield f"GRANT USAGE ON SCHEMA public TO {ROLE}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {ROLE}"
    yield f"CREATE TABLE IF NOT EXISTS {_VERSION} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
    yield f"GRANT SELECT ON {_VERSION} TO {ROLE}"
    yield _REFUSE
    conditions: dict[str, str] = {}
    for table in metadata.sorted_tables:
        yield from _grants(table)
        condition = _condition(table, conditions)
        if condition is None:
            continue
        conditions[table.name] = condition
        yield f'ALTER TABLE "{table.name}" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY'
        yield f'DROP POLICY IF EXISTS hub_sites ON "{table.name}"'
        yield f'CREATE POLICY hub_sites ON "{table.name}" USING ({condition})'
    yield from topic_triggers.statements(metadata)


def _grants(table: Table) -> Iterator[str]:
    yield f'REVOKE ALL ON "{table.name}" FROM {ROLE}'
    if table.name not in ONLY_ADDED:
        yield f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table.name}" TO {ROLE}'
        return
    yield f'GRANT SELECT, INSERT ON "{table.name}" TO {ROLE}'
    if later := ONLY_ADDED[table.name]:
        filled = " OR ".join(f"OLD.{column} IS NOT NULL" for column in later)
        yield f'GRANT UPDATE ({", ".join(later)}) ON "{table.name}" TO {ROLE}'
        yield (
            f'CREATE OR REPLACE TRIGGER hub_filled_once BEFORE UPDATE ON "{table.name}"'
            f" FOR EACH ROW WHEN ({filled}) EXECUTE FUNCTION hub_refuse()"
        )


def _condition(table: Table, known: dict[str, str]) -> str | None:
    """What a row must meet to be seen: its own site, or else that what it belongs to is seen."""
    if "site_id" in table.columns:
        return _SEES
    for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
        parent = key.column.table
        if parent.name in known and parent is not table:
            return (
                f'EXISTS (SELECT FROM "{parent.name}" AS owner'
                f' WHERE owner."{key.column.name}" = "{table.name}"."{key.parent.name}")'
            )
    return None


def _require_role(connection: Connection) -> None:
    may_too_much = connection.scalar(
        text("SELECT rolsuper OR rolbypassrls OR rolcanlogin FROM pg_roles WHERE rolname = :role"),
        {"role": ROLE},
    )
    if may_too_much is None or not connection.scalar(
        text("SELECT pg_has_role(current_user, :role, 'USAGE')"), {"role": ROLE}
    ):
        raise Misconfigured(
            "The login of HUB_DATABASE_URL may not make roles. Let the server's administrator run, once:"
            f" CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO that login;"
        )
    if may_too_much:
        raise Misconfigured(
            f"The role {ROLE} may log in or pass by the rules. Let the server's administrator run:"
            f" ALTER ROLE {ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS;"
        )


def _digest(metadata: MetaData) -> str:
    return "row security " + sha256("\n".join(statements(metadata)).encode()).hexdigest()
