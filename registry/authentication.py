"""How an account proves who it is: password and session for people, bearer token for machines."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from core.access import EVERY_SITE, Actor
from core.clock import Clock
from core.errors import NotAuthenticated, TooManyAttempts
from core.limits import LOGIN_ATTEMPTS, LOGIN_WINDOW_SECONDS, SESSION_IDLE_SECONDS, SESSION_SECONDS
from database.audit import AuditEvent, AuditRecord, append_audit, append_once
from database.engine import Database
from database.topics import ACCESS, SESSIONS
from registry.accounts import grants_of
from registry.directory import routes_in_use
from registry.passwords import digest_of, new_secret, password_is_right
from registry.tables import accounts, login_failures, sessions, tokens

TOUCH_AFTER = timedelta(seconds=60)
"""A session's last use is written down at most this often, and four times while it may be idle."""
SESSION_OVER = "The session is over: log in again."
REFUSAL = "The user name or the password is not right."


@dataclass(frozen=True, kw_only=True)
class Session:
    """A browser's login: `secret` goes into the cookie, `csrf_token` into a header of every change."""

    secret: str
    csrf_token: str
    must_change_password: bool
    actor: Actor


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who a request comes from; no `csrf_digest` for a bearer token, which no browser sends by itself.

    `logged_in_at` is when a browser's session was begun with a password; a token has no such moment.
    """

    actor: Actor
    must_change_password: bool
    csrf_digest: str | None
    logged_in_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class _HeldSession:
    identity: Identity
    created_at: datetime
    last_seen_at: datetime


class Authentication:
    """Opens and closes sessions, and tells who a request comes from."""

    def __init__(self, database: Database, clock: Clock, *, idle_seconds: int = SESSION_IDLE_SECONDS) -> None:
        self._database = database
        self._clock = clock
        self._idle = timedelta(seconds=idle_seconds)
        self._touch_after = min(TOUCH_AFTER, self._idle / 4)

    def log_in(self, username: str, password: str, *, address: str) -> Session:
        """Open a session.

        Raises:
            NotAuthenticated: the same words for an unknown user, a disabled one and a wrong password.
            TooManyAttempts: too many failures of this user from this address.
        """
        now = self._clock.now()
        username = _writable(username)
        self._take_attempt(username, address, now)
        with self._database.read(within=EVERY_SITE) as connection:
            row = connection.execute(select(accounts).filter_by(username=username)).mappings().first()
        right = password_is_right(row["password_hash"] if row else None, password)
        if row is None or not right or row["disabled_at"] is not None:
            with self._database.write(within=EVERY_SITE) as connection:
                append_audit(connection, _login_record(now, username, "failure"))
            raise NotAuthenticated(REFUSAL)
        secret, csrf_token = new_secret(), new_secret()
        with self._database.write(within=EVERY_SITE) as connection:
            _require_unchanged(connection, row["account_id"], row["password_hash"])
            connection.execute(delete(login_failures).filter_by(username=username, address=address))
            _end_old_sessions(connection, row["account_id"], now)
            connection.execute(
                insert(sessions),
                {
                    "digest": digest_of(secret),
                    "account_id": row["account_id"],
                    "csrf_digest": digest_of(csrf_token),
                    "created_at": now,
                    "last_seen_at": now,
                    "address": address[:64],
                },
            )
            append_audit(connection, _login_record(now, username, "success"))
            actor = _actor(connection, row["account_id"], username, row["display_name"])
        return Session(
            secret=secret,
            csrf_token=csrf_token,
            must_change_password=row["must_change_password"],
            actor=actor,
        )

    def log_out(self, secret: str) -> None:
        """End a session; harmless when it is over already."""
        digest = digest_of(secret)
        with self._database.write(within=EVERY_SITE) as connection:
            username = connection.scalar(
                select(accounts.c.username)
                .join(sessions, sessions.c.account_id == accounts.c.account_id)
                .where(sessions.c.digest == digest)
            )
            if username is not None:
                connection.execute(delete(sessions).filter_by(digest=digest))
                append_audit(connection, _login_record(self._clock.now(), username, "success", "logout"))

    def identify_session(self, secret: str, *, is_use: bool = True) -> Identity:
        """Return who holds this session; a look that is no `is_use` does not keep it open.

        Raises NotAuthenticated when it is over.
        """
        now, digest = self._clock.now(), digest_of(secret)
        # The row as it is; whether the session is over follows from the time of day.
        held = self._database.recalled(
            ("session", digest), lambda: self._held_session(digest), on=(ACCESS, SESSIONS)
        )
        if now - held.last_seen_at > self._idle or now - held.created_at > timedelta(seconds=SESSION_SECONDS):
            raise NotAuthenticated(SESSION_OVER)
        if is_use and now - held.last_seen_at > self._touch_after:
            with self._database.write(within=EVERY_SITE) as connection:
                connection.execute(update(sessions).filter_by(digest=digest).values(last_seen_at=now))
        return held.identity

    def _held_session(self, digest: str) -> _HeldSession:
        with self._database.read(within=EVERY_SITE) as connection:
            row = (
                connection.execute(
                    select(sessions, accounts)
                    .join(accounts, accounts.c.account_id == sessions.c.account_id)
                    .where(sessions.c.digest == digest, accounts.c.disabled_at.is_(None))
                )
                .mappings()
                .first()
            )
            if row is None:
                raise NotAuthenticated(SESSION_OVER)
            actor = _actor(connection, row[accounts.c.account_id], row["username"], row["display_name"])
        identity = Identity(
            actor=actor,
            must_change_password=row["must_change_password"],
            csrf_digest=row["csrf_digest"],
            logged_in_at=row[sessions.c.created_at],
        )
        return _HeldSession(
            identity=identity,
            created_at=row[sessions.c.created_at],
            last_seen_at=row[sessions.c.last_seen_at],
        )

    def identify_token(self, secret: str) -> Identity:
        """Return whose bearer token this is. Raises NotAuthenticated."""
        digest = digest_of(secret)
        return self._database.recalled(
            ("token", digest), lambda: self._identity_of_token(digest), on=(ACCESS,)
        )

    def _identity_of_token(self, digest: str) -> Identity:
        with self._database.read(within=EVERY_SITE) as connection:
            row = (
                connection.execute(
                    select(accounts)
                    .join(tokens, accounts.c.account_id == tokens.c.account_id)
                    .where(
                        tokens.c.digest == digest,
                        tokens.c.disabled_at.is_(None),
                        accounts.c.disabled_at.is_(None),
                    )
                )
                .mappings()
                .first()
            )
            if row is None:
                raise NotAuthenticated("The token is not valid.")
            actor = _actor(connection, row["account_id"], row["username"], row["display_name"])
        return Identity(actor=actor, must_change_password=False, csrf_digest=None)

    def _take_attempt(self, username: str, address: str, now: datetime) -> None:
        """Count an attempt as failed until it succeeds, so that guesses in parallel are counted too."""
        since = now - timedelta(seconds=LOGIN_WINDOW_SECONDS)
        with self._database.write(within=EVERY_SITE) as connection:
            connection.execute(delete(login_failures).where(login_failures.c.at <= since))
            failures = connection.scalar(
                select(func.count()).select_from(login_failures).filter_by(username=username, address=address)
            )
            is_refused = (failures or 0) >= LOGIN_ATTEMPTS
            if is_refused:
                append_once(connection, _guessing_record(now, username, address))
            else:
                connection.execute(
                    insert(login_failures),
                    {
                        "username": username,
                        "address": address,
                        "at": now,
                    },
                )
        if is_refused:
            raise TooManyAttempts


def _writable(username: str) -> str:
    """Return a name that can be looked up and written down, whatever was typed."""
    return username.strip()[:64].replace("\0", "\ufffd").encode(errors="replace").decode()


def _require_unchanged(connection: Connection, account_id: str, password_hash: str) -> None:
    """Raise NotAuthenticated if the account was disabled or its password reset while it was checked."""
    present = select(accounts.c.password_hash).filter_by(account_id=account_id, disabled_at=None)
    if connection.scalar(present) != password_hash:
        raise NotAuthenticated(REFUSAL)


def _end_old_sessions(connection: Connection, account_id: str, now: datetime) -> None:
    began = now - timedelta(seconds=SESSION_SECONDS)
    connection.execute(
        delete(sessions).where(sessions.c.account_id == account_id, sessions.c.created_at < began)
    )


def _login_record(now: datetime, username: str, outcome: str, action: str = "login") -> AuditRecord:
    return AuditRecord(
        at=now, event=AuditEvent.USER_AUTHENTICATION, action=action, actor=username, outcome=outcome
    )


def _guessing_record(now: datetime, username: str, address: str) -> AuditRecord:
    return AuditRecord(
        at=now,
        event=AuditEvent.SECURITY_ALERT,
        action="too many log-in attempts",
        actor=username,
        subject=address[:64],
        outcome="failure",
    )


def _actor(connection: Connection, account_id: str, username: str, display_name: str) -> Actor:
    return Actor(
        account_id=account_id,
        username=username,
        display_name=display_name,
        grants=grants_of(connection, account_id),
        routes=tuple(routes_in_use(connection)),
    )
