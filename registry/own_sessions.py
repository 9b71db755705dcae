"""One's own sessions: where one is logged in, and ending that."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, select

from core.access import EVERY_SITE, Actor
from core.clock import Clock
from core.limits import SESSION_IDLE_SECONDS, SESSION_SECONDS
from database.engine import Database
from registry.acts import put_on_record
from registry.passwords import digest_of
from registry.tables import sessions

_ID_LENGTH: Final = 16
"""Enough of a session's digest to tell one's own apart; nobody gets in by it."""


@dataclass(frozen=True, kw_only=True)
class OwnSession:
    """One login that is not over."""

    session_id: str
    created_at: datetime
    last_seen_at: datetime
    address: str
    is_this: bool


class OwnSessions:
    """The sessions of whoever asks."""

    def __init__(self, database: Database, clock: Clock, *, idle_seconds: int = SESSION_IDLE_SECONDS) -> None:
        self._database = database
        self._clock = clock
        self._idle = timedelta(seconds=idle_seconds)

    def listed(self, actor: Actor, *, secret: str) -> list[OwnSession]:
        """Return the sessions that are not over, the one used last first; `secret` is that of this one."""
        now = self._clock.now()
        # every site: a session is of an account
        with self._database.read(within=EVERY_SITE) as connection:
            rows = connection.execute(
                select(sessions)
                .where(
                    sessions.c.account_id == actor.account_id,
                    sessions.c.last_seen_at >= now - self._idle,
                    sessions.c.created_at >= now - timedelta(seconds=SESSION_SECONDS),
                )
                .order_by(sessions.c.last_seen_at.desc(), sessions.c.digest)
            ).all()
        return [
            OwnSession(
                session_id=row.digest[:_ID_LENGTH],
                created_at=row.created_at,
                last_seen_at=row.last_seen_at,
                address=row.address,
                is_this=bool(secret) and row.digest == digest_of(secret),
            )
            for row in rows
        ]

    def end(self, actor: Actor, session_id: str) -> None:
        """End one; harmless where it is over, or was never one's own."""
        # every site: a session is of an account
        with self._database.write(within=EVERY_SITE) as connection:
            mine = sessions.c.account_id == actor.account_id
            self._end(
                connection, actor, delete(sessions).where(mine, sessions.c.digest.startswith(session_id))
            )

    def end_others(self, actor: Actor, *, secret: str) -> None:
        """End all but the one with this secret."""
        # every site: a session is of an account
        with self._database.write(within=EVERY_SITE) as connection:
            others = (sessions.c.account_id == actor.account_id) & (sessions.c.digest != digest_of(secret))
            self._end(connection, actor, delete(sessions).where(others))

    def _end(self, connection: Connection, actor: Actor, statement: object) -> None:
        connection.execute(statement)  # type: ignore[call-overload] # a delete, made above
        now = self._clock.now()
        put_on_record(connection, "sessions ended", by=actor.username, at=now, subject=actor.username)
