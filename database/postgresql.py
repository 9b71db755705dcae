"""The catalogue on a PostgreSQL server: nothing asked of it waits for ever, and a commit is on its disk."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import Connection, Dialect, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from core.access import Scope
from core.limits import CATALOGUE_CONNECTIONS, CATALOGUE_SECONDS
from database.recollection import Marks, Revision

CONNECT_SECONDS: Final = 5
ANSWER_SECONDS: Final = CATALOGUE_SECONDS + 2.0
"""Longer than the server takes to end a statement by itself: only one that hangs is cut off."""
SPARE_CONNECTIONS: Final = 5
ROLE: Final = "imaging_hub_rooms"
"""Whom the rooms' transactions work as: neither owner of a table nor able to pass by its rules."""
WRITERS_TURN: Final = 0x696D_6167_696E_6721
"""The advisory lock that writers queue for, of the one database that they are connected to."""

_MILLISECONDS = f"{CATALOGUE_SECONDS * 1000:.0f}"
_PREPARE = f"""
SELECT set_config('statement_timeout', '{_MILLISECONDS}', false),
       set_config('lock_timeout', '{_MILLISECONDS}', false),
       set_config('idle_in_transaction_session_timeout', '{_MILLISECONDS}', false),
       set_config('timezone', 'UTC', false),
       CASE current_setting('synchronous_commit')
           WHEN 'off' THEN set_config('synchronous_commit', 'on', false)
       END
"""
_WITHIN = (
    "set_config('role', :role, true), set_config('hub.every_site', :every_site, true),"
    " set_config('hub.sites', CAST(CAST(:sites AS text[]) AS text), true)"
)
_BEGIN_READING = text(f"SELECT {_WITHIN}")
_BEGIN_WRITING = text(f"SELECT {_WITHIN}, pg_advisory_xact_lock(:turn)")
_BEGIN_ALTERING = text("SELECT set_config('hub.every_site', 'on', true), pg_advisory_xact_lock(:turn)")
_REVISION = text("SELECT pg_postmaster_start_time(), CAST(pg_current_snapshot() AS text)")
_MARKS = text("SELECT topic, mark FROM revisions WHERE topic = ANY (CAST(:topics AS text[]))")
_TAKE_TIME = text(
    "SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true),"
    " set_config('idle_in_transaction_session_timeout', '0', true)"
)
# No such role: nothing was migrated yet. Read-only: the server became a standby. Ended for its silence.
_AWAY: Final = frozenset({"22023", "25006", "25P03"})
_NOT_KEPT: Final = frozenset({"22003", "22021"})


class PatientConnection(psycopg.Connection[Any]):
    """A connection that waits so long for an answer and no longer, also from a server that was stopped."""

    patience: float | None = ANSWER_SECONDS

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for one answer. Raises OperationalError where none comes; the connection is closed then."""
        if timeout is not None or self.patience is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience)
        except psycopg.errors._WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError("The server does not answer.") from None


def open_postgresql(url: str) -> Engine:
    """Return the engine; nothing is asked of the server yet."""
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=CATALOGUE_CONNECTIONS,
        max_overflow=SPARE_CONNECTIONS,
        pool_timeout=CATALOGUE_SECONDS,
        pool_use_lifo=True,
        # Error messages of the library would show what was to be written.
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "imaging-hub",
            "keepalives_idle": 30,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": _MILLISECONDS,
        },
    )
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "connect", _prepare)
    return engine


def revision(connection: Connection) -> Revision:
    """Return what is the same only for two snapshots that see the very same commits.

    Which transactions had ended says it all, as long as the server is the one that it was.
    """
    with connection.execution_options(isolation_level="AUTOCOMMIT").begin():
        catalogue, state = connection.execute(_REVISION).one()
    return Revision(catalogue=catalogue, state=state)


def marks(connection: Connection, topics: Collection[str]) -> Marks:
    """Return the marks of these topics; one that was never raised has none."""
    with connection.execution_options(isolation_level="AUTOCOMMIT").begin():
        rows = connection.execute(_MARKS, {"topics": [*topics]}).all()
    return dict.fromkeys(topics) | {row.topic: row.mark for row in rows}


@contextmanager
def reading(connection: Connection, within: Scope) -> Iterator[None]:
    """Be in a transaction that is a snapshot of what `within` holds, and writes nothing."""
    snapshot = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with snapshot.begin():
        snapshot.execute(_BEGIN_READING, _parameters(within))
        yield


@contextmanager
def writing(connection: Connection, within: Scope) -> Iterator[None]:
    """Be in a transaction that waits for the writers before, and whose statements see what they committed.

    The turn ends with the transaction, after its commit is on disk.
    """
    current = connection.execution_options(isolation_level="READ COMMITTED")
    with current.begin():
        current.execute(_BEGIN_WRITING, _parameters(within) | {"turn": WRITERS_TURN})
        yield


@contextmanager
def altering(connection: Connection) -> Iterator[None]:
    """Be in a transaction of the tables' owner, who sees every site, in a turn as long as it needs."""
    current = connection.execution_options(isolation_level="READ COMMITTED")
    try:
        with current.begin():
            _take_time(current)
            yield
    finally:
        _hurry_again(current)


def _parameters(within: Scope) -> dict[str, Any]:
    return {
        "role": ROLE,
        "every_site": "on" if within.everything else "off",
        "sites": sorted(within.sites),
    }


def _take_time(connection: Connection) -> None:
    """Take a turn of the tables' owner, who sees every site, for as long as it needs."""
    raw = connection.connection.dbapi_connection
    if isinstance(raw, PatientConnection):
        raw.patience = None
    connection.execute(_TAKE_TIME)
    connection.execute(_BEGIN_ALTERING, {"turn": WRITERS_TURN})


def _hurry_again(connection: Connection) -> None:
    """End what `_take_time` began."""
    raw = connection.connection.dbapi_connection
    if isinstance(raw, PatientConnection):
        raw.patience = ANSWER_SECONDS


def cannot_be_kept(error: DBAPIError) -> bool:
    """Whether a value was refused for what it is: a NUL or half a character, a number out of range."""
    state = getattr(error.orig, "sqlstate", None)
    return state is None or state in _NOT_KEPT


def is_away(error: DBAPIError) -> bool:
    """Whether an error tells of the server and not of the statement."""
    state = getattr(error.orig, "sqlstate", None) or ""
    return state in _AWAY or state.startswith("XX")


def _connect(_dialect: Dialect, _record: object, _: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return PatientConnection.connect(**named)


def _prepare(connection: psycopg.Connection[Any], _record: ConnectionPoolEntry) -> None:
    connection.autocommit = True
    connection.execute(_PREPARE)
    connection.autocommit = False
