"""Accounts: what they were granted, and how they prove who they are."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from core.access import EVERY_SITE, Grant, Role
from core.clock import Clock
from core.errors import (
    AlreadyRegistered,
    InvalidRequest,
    NotAuthenticated,
    NotFound,
)
from core.uids import new_key
from database.engine import Database
from registry.acts import HUB, put_on_record
from registry.passwords import digest_of, hash_password, new_password, new_secret, password_is_right
from registry.tables import accounts, grants, reading_groups, sessions, sites, tokens


@dataclass(frozen=True, kw_only=True)
class Account:
    """A person or machine that may log in."""

    account_id: str
    username: str
    display_name: str
    must_change_password: bool
    grants: tuple[Grant, ...]
    is_disabled: bool


class Accounts:
    """The register of those who may log in."""

    def __init__(self, database: Database, clock: Clock, *, acting: str = HUB) -> None:
        self._database = database
        self._clock = clock
        self._acting = acting

    def acting_for(self, username: str) -> "Accounts":
        """Return the same register, whose changes are on record as done by this user."""
        return Accounts(self._database, self._clock, acting=username)

    def add(
        self,
        username: str,
        display_name: str,
        granted: list[Grant],
        *,
        password: str | None = None,
    ) -> tuple[Account, str]:
        """Register an account and return it with its password.

        Without `password` one is made for one use: the first login has to replace it.

        Raises:
            AlreadyRegistered, InvalidRequest, NotFound: a granted site or group does not exist.
        """
        name = username.strip()
        if not 0 < len(name) <= 64 or not name.isprintable() or any(space in name for space in " \t"):
            raise InvalidRequest("A user name has 1 to 64 printable characters without spaces.")
        if not 0 < len(display_name.strip()) <= 200 or not display_name.isprintable():
            raise InvalidRequest("A person's name has 1 to 200 printable characters.")
        secret = new_password() if password is None else password
        now = self._clock.now()
        account_id = new_key(now)
        password_hash = hash_password(secret)
        with self._database.write(within=EVERY_SITE) as connection:
            if connection.execute(select(accounts.c.account_id).filter_by(username=name)).first():
                raise AlreadyRegistered(f"The user {name} is registered already.")
            connection.execute(
                insert(accounts),
                {
                    "account_id": account_id,
                    "username": name,
                    "display_name": display_name.strip(),
                    "password_hash": password_hash,
                    "must_change_password": password is None,
                    "created_at": now,
                },
            )
            self._record(connection, "user added", name)
            for grant in granted:
                self._grant(connection, account_id, name, grant)
        return self.account(name), secret

    def grant(self, username: str, grant: Grant) -> None:
        """Give an account one more role. Raises NotFound, InvalidRequest."""
        with self._database.write(within=EVERY_SITE) as connection:
            self._grant(connection, _account_id(connection, username), username, grant)

    def account(self, username: str) -> Account:
        """Return one account. Raises NotFound."""
        for account in self.accounts():
            if account.username == username:
                return account
        raise NotFound(f"There is no user {username}.")

    def accounts(self) -> list[Account]:
        """Return every account, disabled ones too."""
        with self._database.read(within=EVERY_SITE) as connection:
            rows = connection.execute(select(accounts).order_by(accounts.c.username)).mappings().all()
            return [
                Account(
                    account_id=row["account_id"],
                    username=row["username"],
                    display_name=row["display_name"],
                    must_change_password=row["must_change_password"],
                    grants=grants_of(connection, row["account_id"]),
                    is_disabled=row["disabled_at"] is not None,
                )
                for row in rows
            ]

    def reading_teams(self) -> frozenset[frozenset[str]]:
        """Return, of the readers who are not locked out, which reading groups each is in; each set once."""
        with self._database.read(within=EVERY_SITE) as connection:
            rows = connection.execute(
                select(grants.c.account_id, grants.c.reading_group_id)
                .join(accounts, accounts.c.account_id == grants.c.account_id)
                .where(accounts.c.disabled_at.is_(None), grants.c.role == Role.READER.value)
            ).all()
        teams: defaultdict[str, set[str]] = defaultdict(set)
        for account_id, reading_group_id in rows:
            teams[account_id].add(reading_group_id)
        return frozenset(frozenset(team) for team in teams.values())

    def disable(self, username: str) -> None:
        """Lock an account out at once, sessions and tokens included. Raises NotFound."""
        with self._database.write(within=EVERY_SITE) as connection:
            account_id = _account_id(connection, username)
            connection.execute(
                update(accounts).filter_by(account_id=account_id).values(disabled_at=self._clock.now())
            )
            connection.execute(delete(sessions).filter_by(account_id=account_id))
            self._record(connection, "user disabled", username)

    def reset_password(self, username: str) -> str:
        """Return a new password for one use and end all sessions. Raises NotFound."""
        secret = new_password()
        self._write_password(username, secret, must_change=True, by=self._acting)
        return secret

    def set_password(self, username: str, password: str) -> None:
        """Give an account a lasting password and end all sessions. Raises NotFound, InvalidRequest."""
        self._write_password(username, password, must_change=False, by=self._acting)

    def change_password(self, username: str, old: str, new: str) -> None:
        """Replace an account's own password. Raises NotAuthenticated, InvalidRequest."""
        with self._database.read(within=EVERY_SITE) as connection:
            row = connection.execute(select(accounts).filter_by(username=username)).mappings().first()
        if row is None or row["disabled_at"] or not password_is_right(row["password_hash"], old):
            raise NotAuthenticated("The present password is not right.")
        if old == new:
            raise InvalidRequest("The new password must differ from the present one.")
        self._write_password(username, new, must_change=False, by=username)

    def add_token(self, username: str, name: str) -> str:
        """Return a new bearer token; only its digest is kept. Raises NotFound."""
        secret = new_secret()
        with self._database.write(within=EVERY_SITE) as connection:
            connection.execute(
                insert(tokens),
                {
                    "token_id": new_key(self._clock.now()),
                    "account_id": _account_id(connection, username),
                    "name": name[:200],
                    "digest": digest_of(secret),
                    "created_at": self._clock.now(),
                },
            )
            self._record(connection, "token added", username)
        return secret

    def tokens(self) -> list[tuple[str, str, str, bool]]:
        """Return (token id, user name, token name, whether disabled) of every token."""
        with self._database.read(within=EVERY_SITE) as connection:
            rows = connection.execute(
                select(tokens.c.token_id, accounts.c.username, tokens.c.name, tokens.c.disabled_at)
                .join(accounts, accounts.c.account_id == tokens.c.account_id)
                .order_by(tokens.c.token_id)
            )
            return [(row.token_id, row.username, row.name, row.disabled_at is not None) for row in rows]

    def disable_token(self, token_id: str) -> None:
        """Refuse a token from now on. Raises NotFound."""
        with self._database.write(within=EVERY_SITE) as connection:
            done = connection.execute(
                update(tokens).filter_by(token_id=token_id).values(disabled_at=self._clock.now())
            )
            if not done.rowcount:
                raise NotFound(f"There is no token {token_id}.")
            self._record(connection, "token disabled", token_id)

    def _grant(self, connection: Connection, account_id: str, username: str, grant: Grant) -> None:
        if _add_grant(connection, account_id, grant):
            self._record(connection, f"granted: {grant}", username, site_id=grant.site_id or "")

    def _record(self, connection: Connection, action: str, subject: str, *, site_id: str = "") -> None:
        now = self._clock.now()
        put_on_record(connection, action[:60], by=self._acting, at=now, subject=subject, site_id=site_id)

    def _write_password(self, username: str, password: str, *, must_change: bool, by: str) -> None:
        password_hash = hash_password(password)
        with self._database.write(within=EVERY_SITE) as connection:
            account_id = _account_id(connection, username)
            connection.execute(
                update(accounts)
                .filter_by(account_id=account_id)
                .values(password_hash=password_hash, must_change_password=must_change)
            )
            connection.execute(delete(sessions).filter_by(account_id=account_id))
            put_on_record(connection, "password changed", by=by, at=self._clock.now(), subject=username)


def _account_id(connection: Connection, username: str) -> str:
    account_id = connection.scalar(select(accounts.c.account_id).filter_by(username=username))
    if account_id is None:
        raise NotFound(f"There is no user {username}.")
    return str(account_id)


def _add_grant(connection: Connection, account_id: str, grant: Grant) -> bool:
    """Write a grant down; False where the account has it already. Raises NotFound, InvalidRequest."""
    if grant.site_id is not None and grant.reading_group_id is not None:
        raise InvalidRequest("A role is granted at a site or in a reading group, not in both at once.")
    if (grant.role is Role.READER) is not (grant.reading_group_id is not None):
        raise InvalidRequest("A reader is granted in a reading group, and only a reader is.")
    if grant.role in {Role.TECHNICIAN, Role.CLINIC} and grant.site_id is None:
        raise InvalidRequest("A technician or clinic account belongs to a site.")
    if grant.site_id is not None and not connection.scalar(
        select(sites.c.site_id).filter_by(site_id=grant.site_id)
    ):
        raise NotFound(f"There is no site {grant.site_id}.")
    if grant.reading_group_id is not None and not connection.scalar(
        select(reading_groups.c.reading_group_id).filter_by(reading_group_id=grant.reading_group_id)
    ):
        raise NotFound(f"There is no reading group {grant.reading_group_id}.")
    row = {
        "role": grant.role.value,
        "site_id": grant.site_id,
        "reading_group_id": grant.reading_group_id,
    }
    if grant in grants_of(connection, account_id):
        return False
    connection.execute(insert(grants), {"account_id": account_id, **row})
    return True


def grants_of(connection: Connection, account_id: str) -> tuple[Grant, ...]:
    rows = connection.execute(
        select(grants.c.role, grants.c.site_id, grants.c.reading_group_id)
        .filter_by(account_id=account_id)
        .order_by(grants.c.grant_key)
    )
    return tuple(
        Grant(role=Role(row.role), site_id=row.site_id, reading_group_id=row.reading_group_id) for row in rows
    )
