"""Accounts: names, grants, passwords for one use, tokens, and what disabling ends."""

from itertools import product
from typing import Any

import pytest
from sqlalchemy import func, select

from core.access import Grant, Role
from core.errors import AlreadyRegistered, InvalidRequest, NotAuthenticated, NotFound
from database.engine import Database
from database.schema import metadata
from registry.accounts import Accounts
from registry.authentication import Authentication
from registry.directory import Directory
from registry.tables import accounts as account_rows
from registry.tables import sessions as session_rows
from registry.tables import tokens as token_rows
from tests.fixtures.clock import FixedClock

PASSWORD = "a long enough one"
ADDRESS = "10.1.2.7"

pytestmark = pytest.mark.usefixtures("quick_passwords")


@pytest.fixture
def accounts(database: Database, clock: FixedClock) -> Accounts:
    """The register of a consortium with one site and one group."""
    directory = Directory(database, clock)
    directory.add_site("township", "Township")
    directory.add_reading_group("heart", "Heart")
    return Accounts(database, clock)


@pytest.fixture
def authentication(database: Database, clock: FixedClock) -> Authentication:
    return Authentication(database, clock)


@pytest.mark.parametrize("username", ["chen", "Chen.Wei", "陈伟", "a", "x" * 64, "dr-1@county", "  chen  "])
def test_an_account_is_listed_as_registered(accounts: Accounts, username: str) -> None:
    granted = [Grant(role=Role.CLINIC, site_id="township"), Grant(role=Role.ADMIN)]
    account, password = accounts.add(username, " 陈 伟 ", granted, password=PASSWORD)
    assert accounts.accounts() == [account] == [accounts.account(username.strip())]
    assert (account.username, account.display_name) == (username.strip(), "陈 伟")
    assert (account.grants, account.is_disabled, account.must_change_password) == (
        tuple(granted),
        False,
        False,
    )
    assert password == PASSWORD


@pytest.mark.parametrize(
    ("values", "error"),
    [
        *(
            ({"username": name}, InvalidRequest)
            for name in (
                "",
                "  ",
                "x" * 65,
                "a b",
                "a\tb",
                "a\nb",
                "a\x00b",
                "a\u3000b",
                "a\u202eb",
                "\ud800",
            )
        ),
        *(({"display_name": name}, InvalidRequest) for name in ("", " ", "x" * 201, "a\nb", "a\u202eb")),
        *(({"password": word}, InvalidRequest) for word in ("", "short", "x" * 201)),
        ({"username": "known"}, AlreadyRegistered),
        ({"username": " known "}, AlreadyRegistered),
    ],
)
def test_an_account_that_is_none_is_refused(
    accounts: Accounts, values: dict[str, Any], error: type[Exception]
) -> None:
    accounts.add("known", "Known", [], password=PASSWORD)
    with pytest.raises(error):
        accounts.add(
            **({"username": "new", "display_name": "New", "granted": [], "password": PASSWORD} | values)
        )
    assert [account.username for account in accounts.accounts()] == ["known"]


PLACES = {"everywhere": {}, "site": {"site_id": "township"}, "group": {"reading_group_id": "heart"}}
PLACES["both"] = PLACES["site"] | PLACES["group"]
GRANTED = {
    (Role.TECHNICIAN, "site"),
    (Role.CLINIC, "site"),
    (Role.READER, "group"),
    (Role.ADMIN, "site"),
    (Role.ADMIN, "everywhere"),
    (Role.AUDITOR, "site"),
    (Role.AUDITOR, "everywhere"),
}


@pytest.mark.parametrize(("role", "place"), list(product(Role, PLACES)))
def test_a_role_is_granted_only_where_it_can_be_held(accounts: Accounts, role: Role, place: str) -> None:
    accounts.add("chen", "Chen", [], password=PASSWORD)
    grant = Grant(role=role, **PLACES[place])
    if (role, place) in GRANTED:
        accounts.grant("chen", grant)
        assert accounts.account("chen").grants == (grant,)
        return
    with pytest.raises(InvalidRequest):
        accounts.grant("chen", grant)
    with pytest.raises(InvalidRequest):
        accounts.add("li", "Li", [grant], password=PASSWORD)
    assert [(each.username, each.grants) for each in accounts.accounts()] == [("chen", ())]


@pytest.mark.parametrize(
    "grant",
    [Grant(role=Role.CLINIC, site_id="nowhere"), Grant(role=Role.READER, reading_group_id="nobody")],
)
def test_a_grant_at_no_place_is_refused_and_leaves_no_account(accounts: Accounts, grant: Grant) -> None:
    with pytest.raises(NotFound):
        accounts.add("chen", "Chen", [Grant(role=Role.ADMIN), grant], password=PASSWORD)
    assert accounts.accounts() == []


def test_a_grant_given_twice_is_held_once(accounts: Accounts) -> None:
    grant = Grant(role=Role.READER, reading_group_id="heart")
    accounts.add("chen", "Chen", [grant, grant], password=PASSWORD)
    accounts.grant("chen", grant)
    assert accounts.account("chen").grants == (grant,)


def test_a_made_password_is_for_one_use(accounts: Accounts, authentication: Authentication) -> None:
    account, made = accounts.add("chen", "Chen", [])
    assert account.must_change_password
    session = authentication.log_in("chen", made, address=ADDRESS)
    assert session.must_change_password
    assert authentication.identify_session(session.secret).must_change_password
    accounts.change_password("chen", made, PASSWORD)
    with pytest.raises(NotAuthenticated):
        authentication.identify_session(session.secret)
    with pytest.raises(NotAuthenticated):
        authentication.log_in("chen", made, address=ADDRESS)
    assert not authentication.log_in("chen", PASSWORD, address=ADDRESS).must_change_password


@pytest.mark.parametrize(
    ("username", "old", "new", "error"),
    [
        ("chen", "not the present one", PASSWORD + "2", NotAuthenticated),
        ("chen", "", PASSWORD + "2", NotAuthenticated),
        ("li", PASSWORD, PASSWORD + "2", NotAuthenticated),
        ("gone", PASSWORD, PASSWORD + "2", NotAuthenticated),
        ("chen", PASSWORD, PASSWORD, InvalidRequest),
        ("chen", PASSWORD, "short", InvalidRequest),
        ("chen", PASSWORD, "", InvalidRequest),
        ("chen", PASSWORD, "x" * 201, InvalidRequest),
    ],
)
def test_a_password_is_changed_only_by_who_knows_it(
    accounts: Accounts,
    authentication: Authentication,
    username: str,
    old: str,
    new: str,
    error: type[Exception],
) -> None:
    for name in ("chen", "gone"):
        accounts.add(name, name, [], password=PASSWORD)
    accounts.disable("gone")
    session = authentication.log_in("chen", PASSWORD, address=ADDRESS)
    with pytest.raises(error):
        accounts.change_password(username, old, new)
    assert authentication.identify_session(session.secret)
    assert authentication.log_in("chen", PASSWORD, address=ADDRESS)


def test_a_reset_ends_every_session_and_the_old_password(
    accounts: Accounts, authentication: Authentication
) -> None:
    accounts.add("chen", "Chen", [], password=PASSWORD)
    accounts.add("li", "Li", [], password=PASSWORD)
    sessions = [authentication.log_in("chen", PASSWORD, address=ADDRESS) for _ in range(3)]
    other = authentication.log_in("li", PASSWORD, address=ADDRESS)
    made = accounts.reset_password("chen")
    for session in sessions:
        with pytest.raises(NotAuthenticated):
            authentication.identify_session(session.secret)
    with pytest.raises(NotAuthenticated):
        authentication.log_in("chen", PASSWORD, address=ADDRESS)
    assert authentication.log_in("chen", made, address=ADDRESS).must_change_password
    assert authentication.identify_session(other.secret).actor.username == "li"


def test_disabling_ends_sessions_tokens_and_logins_at_once(
    accounts: Accounts, authentication: Authentication, database: Database
) -> None:
    accounts.add("chen", "Chen", [], password=PASSWORD)
    accounts.add("li", "Li", [], password=PASSWORD)
    session = authentication.log_in("chen", PASSWORD, address=ADDRESS)
    token, other = accounts.add_token("chen", "HIS"), accounts.add_token("li", "PACS")
    accounts.disable("chen")
    assert accounts.account("chen").is_disabled
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(session_rows)) == 0
    with pytest.raises(NotAuthenticated):
        authentication.identify_session(session.secret)
    with pytest.raises(NotAuthenticated):
        authentication.identify_token(token)
    with pytest.raises(NotAuthenticated):
        authentication.log_in("chen", PASSWORD, address=ADDRESS)
    assert authentication.identify_token(other).actor.username == "li"


def test_a_token_identifies_until_it_is_disabled(accounts: Accounts, authentication: Authentication) -> None:
    grant = Grant(role=Role.CLINIC, site_id="township")
    accounts.add("his", "HIS of the township", [grant])
    first, second = accounts.add_token("his", "one"), accounts.add_token("his", "two")
    identity = authentication.identify_token(first)
    assert (identity.actor.username, identity.actor.grants) == ("his", (grant,))
    assert (identity.csrf_digest, identity.must_change_password) == (None, False)
    listed = accounts.tokens()
    assert sorted((username, name, disabled) for _, username, name, disabled in listed) == [
        ("his", "one", False),
        ("his", "two", False),
    ]
    accounts.disable_token(next(token_id for token_id, _, name, _ in listed if name == "one"))
    with pytest.raises(NotAuthenticated):
        authentication.identify_token(first)
    assert authentication.identify_token(second).actor.username == "his"
    assert sorted(disabled for _, _, _, disabled in accounts.tokens()) == [False, True]


@pytest.mark.parametrize(
    "act", ["grant", "disable", "reset_password", "add_token", "account", "disable_token"]
)
def test_what_does_not_exist_is_told(accounts: Accounts, act: str) -> None:
    more = {"grant": (Grant(role=Role.ADMIN),), "add_token": ("name",)}.get(act, ())
    with pytest.raises(NotFound):
        getattr(accounts, act)("nobody", *more)


def test_no_secret_is_kept_as_it_is(
    accounts: Accounts, authentication: Authentication, database: Database
) -> None:
    _, made = accounts.add("chen", "Chen", [])
    token = accounts.add_token("chen", "HIS")
    session = authentication.log_in("chen", made, address=ADDRESS)
    with database.read() as connection:
        assert made not in connection.execute(select(account_rows.c.password_hash)).scalar_one()
        assert token not in connection.execute(select(token_rows.c.digest)).scalar_one()
        kept = [
            str(value)
            for table in metadata.sorted_tables
            for row in connection.execute(table.select())
            for value in row
        ]
    assert "chen" in kept
    for secret in (made, token, session.secret, session.csrf_token):
        assert not [value for value in kept if secret in value]
