"""Every route, every role, here and elsewhere: the answers that the table in tests/house says."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from registry import passwords
from tests.fixtures.app_client import AppClient
from tests.fixtures.consultation import QINGSHAN, XINGLONG
from tests.house.access_matrix import all_doors
from tests.house.door import SITE_ROOT, Door, Place
from tests.viewer_api.access_world import (
    NO_SITE,
    PEOPLE,
    UNKNOWN,
    Person,
    World,
    expected_status,
    new_world,
)
from tests.viewer_api.conftest import LOOPBACK

DOORS = list(all_doors())
SAFE = {"GET", "HEAD"}
UNRECORDED = (
    "the audit does not say that they were here. An act appends its row in its own transaction"
    " (database.audit.append_audit), a look before the first byte (viewer_api.access_log.AccessLog)."
    " What shows no patient and changes nothing says recorded=False in tests/house/access_matrix.py."
)


@pytest.fixture(scope="module")
def world(application: FastAPI, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One clinic with something of everything, made once; whoever changes it restores it."""
    with pytest.MonkeyPatch.context() as patch:
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_hasher", quick)
        patch.setattr(passwords, "_NOBODY", quick.hash("nobody has this password"))
        with AppClient(application, client=LOOPBACK, base_url="http://127.0.0.1") as client:
            made = new_world(application, client, tmp_path_factory.mktemp("access"))
            yield made
            application.state.rooms.database.close()
            application.state.rooms = None


def told(answer: Any) -> tuple[int, str, str]:
    """Return all of an answer that could tell a foreign thing from one that is not there.

    What was asked for may be repeated: whoever asks knows it.
    """
    words = answer.text
    for site_id in (XINGLONG, QINGSHAN, NO_SITE):
        words = words.replace(site_id, "{site_id}")
    return answer.status_code, answer.headers.get("Content-Type", ""), words


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_a_door_opens_for_whom_the_table_says(world: World, door: Door) -> None:
    described = world.client.app.openapi()["paths"][door.path][door.method.lower()]["responses"]  # type: ignore[attr-defined] # the application itself
    world.restore()
    for person in sorted(PEOPLE, key=lambda person: expected_status(door, person) < HTTPStatus.BAD_REQUEST):
        answer = world.ask(door, person.name)
        said = (person.name, answer.text[:300])
        assert answer.status_code == expected_status(door, person), said
        _require_described(answer, described)
        if door.recorded and door.act and answer.is_success:
            assert world.recorded(person.name), f"{person.name}: {UNRECORDED}"
        if door.place is Place.LIST and answer.status_code == HTTPStatus.OK:
            assert bool(world.shows(answer.text)) is not person.is_foreign, said
        elif answer.status_code >= HTTPStatus.BAD_REQUEST:
            assert not world.shows(answer.text), said
        if door.method not in SAFE and answer.is_success:
            world.restore()


def _require_described(answer: Any, responses: dict[str, Any]) -> None:
    described = responses.get(str(answer.status_code))
    assert described is not None, (answer.status_code, answer.text[:300])
    media_type = answer.headers.get("Content-Type", "").partition(";")[0]
    assert not answer.content or media_type in described["content"], (media_type, described)


@pytest.mark.parametrize("who", UNKNOWN)
def test_who_is_not_known_or_no_more_is_told_to_log_in(world: World, who: str) -> None:
    for door in DOORS:
        answer = world.ask(door, who)
        if door.place is Place.OPEN:
            assert answer.status_code == door.status, door.name
            continue
        assert answer.status_code == HTTPStatus.UNAUTHORIZED, (door.name, answer.text)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer"), door.name
        if door.place is Place.OBJECT and who == "anonymous":
            assert told(answer) == told(world.ask(door, who, world.missing)), door.name


def _askers(door: Door) -> list[Person]:
    return [person for person in PEOPLE if person.may(door.act) and not person.must_change_password]


@pytest.mark.parametrize(
    "door", [door for door in DOORS if door.place is Place.OBJECT], ids=lambda door: door.name
)
def test_what_is_elsewhere_looks_like_what_is_not_there(world: World, door: Door) -> None:
    # Below a site's root the site is there, for who belongs to it; what else is named is not.
    absent = world.missing | {"site_id": world.things["site_id"]} if door.is_at_a_site else world.missing
    for person in _askers(door):
        missing = world.ask(door, person.name, absent)
        assert missing.status_code == HTTPStatus.NOT_FOUND, (person.name, missing.text)
        if person.is_foreign:
            assert told(world.ask(door, person.name)) == told(missing), person.name


@pytest.mark.parametrize("door", [door for door in DOORS if door.is_at_a_site], ids=lambda door: door.name)
def test_a_site_out_of_sight_looks_like_none(world: World, door: Door) -> None:
    nowhere = world.things | {"site_id": NO_SITE}
    elsewhere = world.things | {"site_id": QINGSHAN}
    for person in PEOPLE:
        if person.must_change_password or person.is_everywhere:
            continue
        none = world.ask(door, person.name, nowhere)
        assert none.status_code == HTTPStatus.NOT_FOUND, person.name
        other = world.ask(door, person.name, elsewhere)
        if not person.is_foreign or (person.may(door.act) and door.place is Place.OBJECT):
            assert told(other) == told(none), person.name
        elif person.may(door.act) and door.place is Place.LIST:
            assert (other.status_code, other.json()) == (HTTPStatus.OK, []), person.name
        if door.method not in SAFE and other.is_success:
            world.restore()


def test_a_session_changes_nothing_without_its_token(world: World) -> None:
    changing = [door for door in DOORS if door.method not in SAFE and door.place is not Place.OPEN]
    for door in changing:
        for token in ("", "another"):
            answer = world.ask(door, "browser", headers={"X-CSRF-Token": token})
            assert answer.status_code == HTTPStatus.FORBIDDEN, door.name
            assert "X-CSRF-Token" in answer.json()["detail"], door.name
    assert len(changing) > 8
    requesting = next(door for door in DOORS if door.path == "/api/v1/requests")
    assert world.ask(requesting, "browser").status_code == HTTPStatus.CREATED
    world.restore()


def test_a_method_that_a_path_does_not_have_is_named_as_such(world: World) -> None:
    methods: dict[str, set[str]] = {}
    for door in DOORS:
        methods.setdefault(door.path, set()).add(door.method)
    for path, own in methods.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - own:
            door = Door(method=method, path=path, place=Place.OPEN)
            answer = world.ask(door, "everywhere-admin")
            assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED, door.name
            assert answer.headers["Allow"] == ", ".join(
                sorted(own | ({"HEAD"} if "GET" in own else set()))
            ), door.name


def test_the_page_of_a_report_shows_nothing_of_elsewhere(world: World) -> None:
    page = f"/r/{world.things['report_id']}"
    assert world.shows(world.client.get(page, headers=world.headers["browser"]).text)
    authentication = world.client.app.state.rooms.authentication  # type: ignore[attr-defined] # the application itself
    for who in (None, "foreign-reader", "foreign-clinic", "foreign-admin", "auditor", "nobody"):
        cookie = {}
        if who:
            session = authentication.log_in(who, "a password for tests", address="127.0.0.1")
            cookie = {"Cookie": f"hub_session={session.secret}"}
        answer = world.client.get(page, headers=cookie)
        assert answer.headers["Content-Type"].startswith("text/html"), who
        assert not world.shows(answer.text), who


def test_the_root_of_a_site_is_what_the_table_calls_so() -> None:
    assert {door.path for door in DOORS if "{site_id}" in door.path} == {
        door.path for door in DOORS if door.path.startswith(SITE_ROOT)
    }
