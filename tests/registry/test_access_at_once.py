"""Whatever is decided about an account, a route or a site holds with the very next request.

Who somebody is is recalled between requests. Here each way of deciding is gone, once after the other, and
what the recalling process says is held against one that has just started.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from core.access import Actor, Grant, Role, Route
from core.errors import HubError
from database.engine import Database
from registry.accounts import Accounts
from registry.authentication import Authentication, Session
from registry.directory import Directory
from registry.own_sessions import OwnSessions
from registry.upkeep import Upkeep
from tests.fixtures.catalogue import open_catalogue
from tests.fixtures.clock import FixedClock

PASSWORD, ANOTHER = "a long enough one", "another that is long"
HERE = "10.1.2.7"
ECG_AT_TOWNSHIP = Route(reading_group_id="heart", site_id="township", modality="ECG")
READER_OF_HEARTS = Grant(role=Role.READER, reading_group_id="heart")

pytestmark = pytest.mark.usefixtures("quick_passwords")


@dataclass(frozen=True, kw_only=True)
class Hub:
    """One process: who decides, and who recalls."""

    accounts: Accounts
    directory: Directory
    doors: Authentication
    own: OwnSessions
    upkeep: Upkeep
    session: Session
    token: str

    @property
    def actor(self) -> Actor:
        return self.session.actor

    def log_in(self) -> None:
        self.doors.log_in("chen", PASSWORD, address=HERE)

    def end_this_session(self) -> None:
        [this] = self.own.listed(self.actor, secret=self.session.secret)
        self.own.end(self.actor, this.session_id)


@pytest.fixture
def hub(database: Database, clock: FixedClock) -> Hub:
    """A reader of a group, with a session and a token."""
    directory, accounts = Directory(database, clock), Accounts(database, clock)
    directory.add_site("township", "Township")
    directory.add_site("station", "Station")
    for group in ("heart", "chest"):
        directory.add_reading_group(group, group)
    directory.add_route(ECG_AT_TOWNSHIP)
    accounts.add("chen", "陈伟", [READER_OF_HEARTS], password=PASSWORD)
    doors = Authentication(database, clock)
    return Hub(
        accounts=accounts,
        directory=directory,
        doors=doors,
        own=OwnSessions(database, clock),
        upkeep=Upkeep(database, clock),
        session=doors.log_in("chen", PASSWORD, address=HERE),
        token=accounts.add_token("chen", "viewer"),
    )


def answer_of(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except HubError as error:
        return type(error), str(error)


def known(hub: Hub, database: Database, clock: FixedClock) -> list[Any]:
    """What a process says of everybody that it is asked about."""
    doors = Authentication(database, clock)
    return [
        answer_of(lambda: doors.identify_session(hub.session.secret)),
        answer_of(lambda: doors.identify_token(hub.token)),
        Directory(database, clock).sites(),
    ]


DECISIONS: dict[str, Callable[[Hub], object]] = {
    "a grant is added": lambda hub: hub.accounts.grant(
        "chen", Grant(role=Role.READER, reading_group_id="chest")
    ),
    "the account is disabled": lambda hub: hub.accounts.disable("chen"),
    "the password is reset": lambda hub: hub.accounts.reset_password("chen"),
    "the password is set": lambda hub: hub.accounts.set_password("chen", ANOTHER),
    "the password is changed": lambda hub: hub.accounts.change_password("chen", PASSWORD, ANOTHER),
    "the token is disabled": lambda hub: hub.accounts.disable_token(hub.accounts.tokens()[0][0]),
    "a site is added": lambda hub: hub.directory.add_site("clinic", "Clinic"),
    "a site is disabled": lambda hub: hub.directory.disable_site("township"),
    "a group is disabled": lambda hub: hub.directory.disable_reading_group("heart"),
    "a route is added": lambda hub: hub.directory.add_route(
        Route(reading_group_id="heart", site_id="station", modality=None)
    ),
    "several routes are added": lambda hub: hub.directory.add_routes(
        [Route(reading_group_id="heart", site_id="station", modality=text) for text in ("ECG", "US")]
    ),
    "a route is removed": lambda hub: hub.upkeep.remove_route(ECG_AT_TOWNSHIP),
    "a role is taken back": lambda hub: hub.upkeep.revoke("chen", READER_OF_HEARTS),
    "a site is changed": lambda hub: hub.upkeep.change_site("township", name="Another"),
    "the session is ended": lambda hub: hub.doors.log_out(hub.session.secret),
    "the session is ended from its list": Hub.end_this_session,
}
"""Each of them changes what is known; the next test says so."""
WITHOUT_CHANGE: dict[str, Callable[[Hub], object]] = {
    "another account is made": lambda hub: hub.accounts.add("wang", "Wang", [], password=PASSWORD),
    "another token is made": lambda hub: hub.accounts.add_token("chen", "another"),
    "another group is made": lambda hub: hub.directory.add_reading_group("bones", "Bones"),
    "somebody logs in": Hub.log_in,
    "other sessions are ended": lambda hub: hub.own.end_others(hub.actor, secret=hub.session.secret),
}


@pytest.mark.parametrize("decision", [*DECISIONS, *WITHOUT_CHANGE])
def test_it_holds_with_the_next_request(
    hub: Hub, database: Database, catalogue_url: str, clock: FixedClock, decision: str
) -> None:
    before = known(hub, database, clock)
    assert known(hub, database, clock) == before
    (DECISIONS | WITHOUT_CHANGE)[decision](hub)
    after = known(hub, database, clock)
    started = open_catalogue(catalogue_url)
    try:
        assert after == known(hub, started, clock)
    finally:
        started.close()
    assert (after == before) == (decision in WITHOUT_CHANGE)


def test_each_way_of_deciding_is_gone() -> None:
    """A new one has to be written above: what it changes might be recalled."""
    ways = {
        name for room in (Accounts, Directory, OwnSessions, Authentication, Upkeep) for name in vars(room)
    }
    gone = {name for decide in (DECISIONS | WITHOUT_CHANGE).values() for name in _names_of(decide)}
    reading = {
        *("account", "accounts", "acting_for", "devices", "identify_session", "identify_token", "listed"),
        *("reading_groups", "reading_teams", "routes", "site", "sites", "tokens"),
    }
    of_devices = {"add_device", "bind_certificate", "disable_device", "withdraw_certificate"}
    assert {name for name in ways if not name.startswith("_")} - gone - reading - of_devices == set()


def _names_of(decide: Callable[[Hub], object]) -> tuple[str, ...]:
    return decide.__code__.co_names
