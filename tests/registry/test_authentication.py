"""Logging in: the same words for every failure, few attempts, sessions that end."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from core.access import Act, Grant, Role, Route, Scope
from core.errors import NotAuthenticated, TooManyAttempts
from core.limits import (
    LOGIN_ATTEMPTS,
    LOGIN_WINDOW_SECONDS,
    SESSION_IDLE_SECONDS,
    SESSION_SECONDS,
)
from database.audit import audit_events
from database.engine import Database
from registry import authentication as module
from registry.accounts import Accounts
from registry.authentication import Authentication, Session
from registry.directory import Directory
from registry.passwords import digest_of, password_is_right
from registry.tables import login_failures, sessions
from tests.fixtures.clock import FixedClock

PASSWORD = "a long enough one"
WRONG = "not the right one"
HERE, THERE = "10.1.2.7", "10.9.9.9"

pytestmark = pytest.mark.usefixtures("quick_passwords")


@pytest.fixture
def accounts(database: Database, clock: FixedClock) -> Accounts:
    """A reader named chen, and a disabled account."""
    directory = Directory(database, clock)
    directory.add_site("township", "Township")
    directory.add_reading_group("heart", "Heart")
    directory.add_route(Route(reading_group_id="heart", site_id="township", modality="ECG"))
    made = Accounts(database, clock)
    made.add("chen", "陈伟", [Grant(role=Role.READER, reading_group_id="heart")], password=PASSWORD)
    made.add("gone", "Gone", [], password=PASSWORD)
    made.disable("gone")
    return made


@pytest.fixture
def doors(accounts: Accounts, database: Database, clock: FixedClock) -> Authentication:
    return Authentication(database, clock)


def log_in(
    doors: Authentication, username: str = "chen", password: str = PASSWORD, address: str = HERE
) -> Session:
    return doors.log_in(username, password, address=address)


def fail(doors: Authentication, times: int, username: str = "chen", address: str = HERE) -> None:
    for _ in range(times):
        with pytest.raises(NotAuthenticated):
            log_in(doors, username, WRONG, address)


def count(database: Database, table: object) -> int:
    with database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)  # type: ignore[arg-type] # any table


def test_a_session_says_who_it_is_and_what_they_may_do(doors: Authentication) -> None:
    session = log_in(doors)
    identity = doors.identify_session(session.secret)
    assert identity.actor == session.actor
    assert (identity.actor.username, identity.actor.display_name) == ("chen", "陈伟")
    assert identity.actor.scope(Act.READ) == Scope(site_modalities=frozenset({("township", "ECG")}))
    assert identity.csrf_digest == digest_of(session.csrf_token)
    assert not identity.must_change_password


def test_each_login_is_a_session_of_its_own(doors: Authentication) -> None:
    one, other = log_in(doors), log_in(doors)
    assert len({one.secret, other.secret, one.csrf_token, other.csrf_token}) == 4
    doors.log_out(one.secret)
    doors.log_out(one.secret)
    with pytest.raises(NotAuthenticated):
        doors.identify_session(one.secret)
    assert doors.identify_session(other.secret).csrf_digest == digest_of(other.csrf_token)


def test_a_grant_given_later_counts_at_the_next_request(doors: Authentication, accounts: Accounts) -> None:
    session = log_in(doors)
    accounts.grant("chen", Grant(role=Role.ADMIN))
    assert doors.identify_session(session.secret).actor.scope(Act.ADMINISTER).everything


@pytest.mark.parametrize("username", [" chen ", "chen"])
def test_spaces_around_a_user_name_do_not_matter(doors: Authentication, username: str) -> None:
    assert log_in(doors, username).actor.username == "chen"


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("chen", WRONG),
        ("chen", ""),
        ("chen", PASSWORD + " "),
        ("chen", "x" * 100_000),
        ("chen", "\ud800" * 12),
        ("nobody", PASSWORD),
        ("", ""),
        ("gone", PASSWORD),
        ("gone", WRONG),
        ("CHEN", PASSWORD),
        ("ch%", PASSWORD),
        ("chen' --", PASSWORD),
        ("chen\x00", PASSWORD),
        ("\ud800", PASSWORD),
        ("x" * 100_000, PASSWORD),
    ],
)
def test_every_failure_says_the_same(
    doors: Authentication, database: Database, username: str, password: str
) -> None:
    with pytest.raises(NotAuthenticated) as refusal:
        log_in(doors, username, password)
    assert str(refusal.value) == "The user name or the password is not right."
    assert count(database, sessions) == 0


@pytest.mark.parametrize("username", ["chen", "nobody", "gone"])
def test_after_too_many_failures_one_waits_whoever_it_is(
    doors: Authentication, clock: FixedClock, username: str
) -> None:
    fail(doors, LOGIN_ATTEMPTS, username)
    for password in (WRONG, PASSWORD):
        with pytest.raises(TooManyAttempts):
            log_in(doors, username, password)
    clock.advance(seconds=LOGIN_WINDOW_SECONDS - 1)
    with pytest.raises(TooManyAttempts):
        log_in(doors, username, WRONG)
    clock.advance(seconds=1)
    with pytest.raises(NotAuthenticated):
        log_in(doors, username, WRONG)


def test_the_window_slides_with_each_failure(doors: Authentication, clock: FixedClock) -> None:
    fail(doors, 1)
    clock.advance(seconds=LOGIN_WINDOW_SECONDS // 2)
    fail(doors, LOGIN_ATTEMPTS - 1)
    with pytest.raises(TooManyAttempts):
        log_in(doors)
    clock.advance(seconds=LOGIN_WINDOW_SECONDS // 2)
    fail(doors, 1)
    with pytest.raises(TooManyAttempts):
        log_in(doors)


def test_attempts_that_were_refused_do_not_lengthen_the_wait(
    doors: Authentication, clock: FixedClock
) -> None:
    fail(doors, LOGIN_ATTEMPTS)
    for _ in range(20):
        clock.advance(seconds=30)
        with pytest.raises(TooManyAttempts):
            log_in(doors)
    clock.advance(seconds=LOGIN_WINDOW_SECONDS - 600)
    assert log_in(doors)


def test_failures_elsewhere_or_of_others_do_not_lock_a_person_out(doors: Authentication) -> None:
    fail(doors, LOGIN_ATTEMPTS, address=THERE)
    fail(doors, LOGIN_ATTEMPTS, username="nobody")
    assert log_in(doors)


def test_a_success_forgets_the_failures_before_it(doors: Authentication, database: Database) -> None:
    for _ in range(3):
        fail(doors, LOGIN_ATTEMPTS - 1)
        log_in(doors)
    assert count(database, login_failures) == 0


def test_failures_in_parallel_are_counted_too(doors: Authentication, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many guesses run at once, no more than the limit are held against the password."""
    looked: list[str] = []

    def look(password_hash: str | None, password: str) -> bool:
        looked.append(password)
        return password_is_right(password_hash, password)

    monkeypatch.setattr(module, "password_is_right", look)

    def guess(number: int) -> str:
        try:
            log_in(doors, password=f"{WRONG} {number}")
        except (NotAuthenticated, TooManyAttempts) as refusal:
            return type(refusal).__name__
        return "in"

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(guess, range(32)))
    assert len(looked) == LOGIN_ATTEMPTS
    assert answers.count("NotAuthenticated") == LOGIN_ATTEMPTS
    assert answers.count("TooManyAttempts") == 32 - LOGIN_ATTEMPTS


def test_old_failures_do_not_pile_up(doors: Authentication, database: Database, clock: FixedClock) -> None:
    for number in range(20):
        fail(doors, 1, username=f"guess-{number}")
    clock.advance(seconds=LOGIN_WINDOW_SECONDS)
    fail(doors, 1)
    assert count(database, login_failures) == 1


def test_a_login_that_a_reset_overtakes_opens_nothing(
    doors: Authentication, accounts: Accounts, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(password_hash: str | None, password: str) -> bool:
        accounts.reset_password("chen")
        return password_is_right(password_hash, password)

    monkeypatch.setattr(module, "password_is_right", slowly)
    with pytest.raises(NotAuthenticated):
        log_in(doors)
    assert count(database, sessions) == 0


def test_a_login_that_disabling_overtakes_opens_nothing(
    doors: Authentication, accounts: Accounts, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(password_hash: str | None, password: str) -> bool:
        accounts.disable("chen")
        return password_is_right(password_hash, password)

    monkeypatch.setattr(module, "password_is_right", slowly)
    with pytest.raises(NotAuthenticated):
        log_in(doors)
    assert count(database, sessions) == 0


def test_a_session_left_alone_ends(doors: Authentication, clock: FixedClock) -> None:
    session = log_in(doors)
    clock.advance(seconds=SESSION_IDLE_SECONDS)
    assert doors.identify_session(session.secret)
    clock.advance(seconds=SESSION_IDLE_SECONDS + 1)
    with pytest.raises(NotAuthenticated) as refusal:
        doors.identify_session(session.secret)
    assert "log in again" in str(refusal.value)


@pytest.mark.parametrize("idle_seconds", [SESSION_IDLE_SECONDS, 90, 20])
def test_a_session_in_use_goes_on(
    accounts: Accounts, database: Database, clock: FixedClock, idle_seconds: int
) -> None:
    doors = Authentication(database, clock, idle_seconds=idle_seconds)
    session = log_in(doors)
    for _ in range(20):
        clock.advance(seconds=idle_seconds / 2)
        assert doors.identify_session(session.secret)


def test_a_session_in_use_comes_to_its_absolute_end(doors: Authentication, clock: FixedClock) -> None:
    session = log_in(doors)
    for _ in range(SESSION_SECONDS // SESSION_IDLE_SECONDS):
        clock.advance(seconds=SESSION_IDLE_SECONDS)
        assert doors.identify_session(session.secret)
    clock.advance(seconds=1)
    with pytest.raises(NotAuthenticated):
        doors.identify_session(session.secret)


def test_sessions_that_ended_do_not_pile_up(
    doors: Authentication, database: Database, clock: FixedClock
) -> None:
    for _ in range(5):
        log_in(doors)
        clock.advance(seconds=SESSION_SECONDS + 1)
    log_in(doors)
    assert count(database, sessions) == 1


@pytest.mark.parametrize("secret", ["", "x", "x" * 10_000, "' OR 1=1 --", "令牌"])
def test_a_secret_never_given_out_opens_nothing(doors: Authentication, secret: str) -> None:
    log_in(doors)
    with pytest.raises(NotAuthenticated):
        doors.identify_session(secret)
    with pytest.raises(NotAuthenticated):
        doors.identify_token(secret)


def test_a_cookie_is_no_token_and_a_token_no_cookie(doors: Authentication, accounts: Accounts) -> None:
    session, token = log_in(doors), accounts.add_token("chen", "HIS")
    with pytest.raises(NotAuthenticated):
        doors.identify_token(session.secret)
    with pytest.raises(NotAuthenticated):
        doors.identify_session(token)
    with pytest.raises(NotAuthenticated):
        doors.identify_session(session.csrf_token)
    with pytest.raises(NotAuthenticated):
        doors.identify_session(digest_of(session.secret))


def test_every_login_is_on_record_with_its_outcome(doors: Authentication, database: Database) -> None:
    log_in(doors)
    fail(doors, LOGIN_ATTEMPTS)
    with pytest.raises(TooManyAttempts):
        log_in(doors)
    with pytest.raises(NotAuthenticated):
        log_in(doors, "gone")
    with database.read() as connection:
        rows = connection.execute(
            select(audit_events.c.actor, audit_events.c.action, audit_events.c.outcome)
            .where(audit_events.c.actor != "hub")
            .order_by(audit_events.c.audit_number)
        ).all()
    failed = [("chen", "login", "failure")] * LOGIN_ATTEMPTS
    alert = ("chen", "too many log-in attempts", "failure")
    assert rows == [("chen", "login", "success"), *failed, alert, ("gone", "login", "failure")]


def test_the_end_of_a_session_is_on_record_once(doors: Authentication, database: Database) -> None:
    session = log_in(doors)
    for _ in range(2):
        doors.log_out(session.secret)
    with database.read() as connection:
        actions = connection.scalars(select(audit_events.c.action).filter_by(actor="chen"))
        assert list(actions) == ["login", "logout"]
