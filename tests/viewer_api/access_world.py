"""The world that the access matrix is asked in: a clinic with something of everything, and all who call."""

import io
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import trustme
from fastapi import FastAPI
from sqlalchemy import update

from core.access import ALLOWED, EVERY_SITE, Act, Grant, Role, Route, Scope
from core.origin import Origin
from database.audit import ONE_LOOK
from registry import tables
from registry.authentication import Authentication
from registry.certificate_file import certificate_in
from registry.unknown_devices import Attempts
from storage.aside_records import AsideFilter
from storage.character_set_decision import TextSource
from storage.query import Query
from storage.upload import AnnouncedFile
from tests.ecg.formats.aecg_files import aecg
from tests.fixtures.app_client import AppClient
from tests.fixtures.archive import device_at
from tests.fixtures.catalogue import new_database
from tests.fixtures.clock import FixedClock
from tests.fixtures.consultation import (
    GROUP,
    GROUP_NAME,
    QINGSHAN,
    SITES,
    XINGLONG,
    Consultation,
    at_site,
    new_consultation,
    reader,
)
from tests.fixtures.instances import RECEIVED
from tests.fixtures.reading_over_http import OTHER_GROUP, Reading
from tests.house.door import Door, Place
from tests.viewer_api.conftest import PASSWORD, Edge, new_rooms
from tests.viewer_api.stored import ECG, STOW_TYPE, multipart, part10, sample, small, store
from worklist.case import Case
from worklist.retake import RetakeReason, Wish

NOBODYS_KEY, NOBODYS_UID, NO_SITE = "ABCDEFGHJKMNPQRSTVWXYZ0123", "1.2.3", "no-such-site"
_MOVING: dict[str, Any] = {"NumberOfFrames": 2, "FrameTime": 40, "PixelData": bytes(128)}
PATIENT = {"PatientName": "Canary^Zhang", "PatientID": "CANARY-7"}
SHARED = {
    "frames": "1",
    "frame": "1",
    "path": "7FE00010",
    "number": "1",
    "session_id": "0123456789abcdef",
    "password": PASSWORD,
    "site": XINGLONG,
    "group": GROUP,
    "disabled_site": "was-here",
    "disabled_group": "was-here",
}
"""Names in an address that mean the same of everything."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with one role, at the place that everything is of (here), at the other, or everywhere."""

    name: str
    role: Role | None = None
    is_foreign: bool = False
    is_everywhere: bool = False
    must_change_password: bool = False

    def grants(self) -> list[Grant]:
        """Return what makes them so."""
        if self.role is None:
            return []
        if self.role is Role.READER:
            return [Grant(role=self.role, reading_group_id=OTHER_GROUP if self.is_foreign else GROUP)]
        site_id = QINGSHAN if self.is_foreign else XINGLONG
        return [Grant(role=self.role, site_id=None if self.is_everywhere else site_id)]

    def may(self, act: Act | None) -> bool:
        """Whether their role allows an act, wherever."""
        return self.role is not None and act in ALLOWED[self.role]


PEOPLE = [
    *(Person(name=role.value, role=role) for role in Role),
    *(Person(name=f"foreign-{role.value}", role=role, is_foreign=True) for role in Role),
    Person(name="everywhere-admin", role=Role.ADMIN, is_everywhere=True),
    Person(name="everywhere-auditor", role=Role.AUDITOR, is_everywhere=True),
    Person(name="nobody"),
    Person(name="newcomer", role=Role.ADMIN, is_everywhere=True, must_change_password=True),
]
UNKNOWN = ("anonymous", "session-over", "token-disabled", "token-locked-out", "session-locked-out")
"""Who is nobody to the hub, or nobody any more."""


def expected_status(door: Door, person: Person) -> int:
    """Return the one right answer to a person who asks for what is here."""
    if door.place is Place.OPEN:
        return door.status
    if person.must_change_password:
        return door.status if door.place is Place.SELF else 403
    if door.place is Place.SELF:
        return door.status
    if door.is_at_a_site and (person.is_foreign or person.role is None):
        return 404
    if not person.may(door.act):
        return door.refusal
    if door.place is Place.EVERYWHERE and not person.is_everywhere:
        return door.refusal
    if door.place is Place.OBJECT and person.is_foreign:
        return 404
    return door.everywhere if door.everywhere and person.is_everywhere else door.status


@dataclass(frozen=True, kw_only=True)
class World:
    """The edge with everybody and everything in it; `things` are those of here."""

    client: AppClient
    catalogue: Path
    made_at: datetime
    headers: dict[str, dict[str, str]]
    things: dict[str, str]

    @property
    def missing(self) -> dict[str, str]:
        """Return names of the same form that nobody's thing has."""
        return {name: _missing(name) for name in self.things}

    def ask(
        self,
        door: Door,
        who: str,
        things: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a door's request as somebody, for the things of here or others; return the answer."""
        named = SHARED | dict(self.things if things is None else things)
        named |= {name: named[thing] for name, thing in door.things.items()}
        sent = {**door.headers, **self.headers[who], **(headers or {})}
        content = None
        if door.stores:
            content, sent["Content-Type"] = _instance_of(named["study"]), STOW_TYPE
        self.client.cookies.clear()
        return self.client.request(
            door.method,
            door.path.format(**named),
            json=_filled(door.body, named),
            content=content,
            params=_filled(door.query, named),
            headers=sent,
        )

    def shows(self, text: str) -> list[str]:
        """Return what a text tells of the things of here, or of the patient they are about."""
        told = {**self.things, **PATIENT}
        return sorted(name for name, value in told.items() if name != "site_id" and value in text)

    def recorded(self, username: str) -> int:
        """Return how many rows of the audit name this person since the world was made."""
        with closing(sqlite3.connect(self.catalogue)) as catalogue:
            statement = "SELECT count(*) FROM audit_events WHERE actor = ? AND at > ?"
            made = self.made_at.replace(tzinfo=None).isoformat(" ", timespec="microseconds")
            return int(catalogue.execute(statement, (username, made)).fetchone()[0])

    def restore(self) -> None:
        """Undo whatever was done since the world was made."""
        _copy(self.catalogue.with_suffix(".kept"), self.catalogue)


def new_world(app: FastAPI, client: AppClient, folder: Path) -> World:
    """Make everything that a door may name at one clinic, and register everybody."""
    consultation = new_consultation(new_database(folder / "catalogue.sqlite"), folder, FixedClock(RECEIVED))
    edge = Edge(consultation=consultation, rooms=new_rooms(consultation), app=app, tokens={})
    app.state.rooms = edge.rooms
    _register(edge)
    headers = _headers(edge)
    things = _things(edge, Reading(edge))
    made_at = consultation.clock.now()
    # Whatever was done until here is another look than what the tests do.
    consultation.clock.advance(seconds=ONE_LOOK.total_seconds() + 1)
    catalogue = folder / "catalogue.sqlite"
    world = World(client=client, catalogue=catalogue, made_at=made_at, headers=headers, things=things)
    _copy(world.catalogue, world.catalogue.with_suffix(".kept"))
    return world


def _register(edge: Edge) -> None:
    directory, accounts = edge.rooms.directory, edge.rooms.accounts
    for site_id, name in SITES.items():
        directory.add_site(site_id, name)
    for group, site_id in ((GROUP, XINGLONG), (OTHER_GROUP, QINGSHAN)):
        directory.add_reading_group(group, GROUP_NAME)
        directory.add_route(Route(reading_group_id=group, site_id=site_id, modality=None))
    for person in PEOPLE:
        accounts.add(person.name, person.name, person.grants(), password=PASSWORD)
        edge.tokens[person.name] = accounts.add_token(person.name, "test")
    for name in UNKNOWN[1:]:
        accounts.add(name, name, [Grant(role=Role.ADMIN)], password=PASSWORD)
        edge.tokens[name] = accounts.add_token(name, "test")


def _headers(edge: Edge) -> dict[str, dict[str, str]]:
    """Return what says that a request is from somebody; of the unknown ones, no more than they were given."""
    accounts, sessions = edge.rooms.accounts, edge.rooms.authentication
    headers = {person.name: edge.headers(person.name) for person in PEOPLE} | {"anonymous": {}}
    for name in ("session-over", "session-locked-out"):
        headers[name] = _browser(sessions, name, PASSWORD)
        if name == "session-over":
            edge.consultation.clock.advance(hours=1)
    for name in ("token-disabled", "token-locked-out"):
        headers[name] = edge.headers(name)
    for name in ("token-locked-out", "session-locked-out"):
        accounts.disable(name)
    for token_id, username, _, _ in accounts.tokens():
        if username == "token-disabled":
            accounts.disable_token(token_id)
    headers["browser"] = _browser(sessions, "clinic", PASSWORD)
    # A token is for programs, which change no password: this person comes with a browser.
    headers["newcomer"] = _browser(sessions, "newcomer", PASSWORD)
    with edge.rooms.database.write(within=EVERY_SITE) as connection:
        connection.execute(
            update(tables.accounts).filter_by(username="newcomer").values(must_change_password=True)
        )
    return headers


def _browser(sessions: Authentication, username: str, password: str) -> dict[str, str]:
    session = sessions.log_in(username, password, address="127.0.0.1")
    return {"Cookie": f"hub_session={session.secret}", "X-CSRF-Token": session.csrf_token}


def _things(edge: Edge, reading: Reading) -> dict[str, str]:
    """Return one of everything that an address can name; each is of the same clinic."""
    report = reading.published(**PATIENT)
    waiting = reading.rooms.ready(**PATIENT)
    colleagues = reading.rooms.claimed(reader("a colleague"), **PATIENT)
    uids = {"study": "1.2.840.1", "series": "1.2.840.1.5", "instance": "1.2.840.1.5.1"}
    case = reading.claimed(
        "reader",
        study_instance_uid=uids["study"],
        SeriesInstanceUID=uids["series"],
        SOPInstanceUID=uids["instance"],
        **_MOVING,
        **PATIENT,
    )
    reading.save("reader", case, 0)
    uids |= {"ecg_study": "1.2.840.2", "ecg_instance": "1.2.840.2.5.1"}
    ecg = sample(ECG, StudyInstanceUID=uids["ecg_study"], SOPInstanceUID=uids["ecg_instance"], **PATIENT)
    store(reading.edge.rooms.archive, reading.edge.consultation.clock, part10(ecg))
    reading.rooms.take_in()
    waits, matched = (
        reading.rooms.ask(at_site("clinic"), site_id=XINGLONG, **named).request_id
        for named in ({"accession_number": "A-6"}, {"study_instance_uid": case.study_instance_uid})
    )
    device = TextSource.of(device_at(XINGLONG))
    edge.rooms.archive.character_sets.set_by_administrator(device, "", "GB18030", username="admin")
    return uids | {
        **_of_a_file(edge),
        "unnamed_study": reading.rooms.arrive(PatientID="", PatientName="").study_instance_uid,
        "text_source_id": device.source,
        "upload_id": reading.edge.rooms.uploads.open(
            at_site("technician"), XINGLONG, [AnnouncedFile(name="x", size=2)]
        ).upload_id,
        "request_id": waits,
        "retake_id": _retake(reading.rooms),
        "matched_request_id": matched,
        "site_id": XINGLONG,
        "site_name": SITES[XINGLONG],
        **_registered(edge),
        "case_id": case.case_id,
        "workitem_uid": case.workitem.workitem_uid,
        "colleagues_workitem_uid": colleagues.workitem.workitem_uid,
        "waiting_workitem_uid": waiting.workitem.workitem_uid,
        "study_instance_uid": case.study_instance_uid,
        "report_id": report["report_id"],
        "instances_seen": reading.rooms.seen(case),
        "reported_instances_seen": reading.rooms.seen(reading.rooms.case(report["study_instance_uid"])),
        "unknown_device_id": _unknown_device(reading.edge),
        "waiting_case_id": waiting.case_id,
        **_linked(reading.rooms, case),
        **_in_doubt(reading, case.study_instance_uid),
    }


def _of_a_file(edge: Edge) -> dict[str, str]:
    """Return an ECG that came as a file."""
    body = io.BytesIO(aecg(name=PATIENT["PatientName"]).encode())
    kind = edge.rooms.foreign.recognise(body, "")
    assert kind is not None
    origin = Origin.of_account(at_site("technician"), XINGLONG)
    stored = edge.rooms.foreign.take(body, kind, origin, name="ecg.xml")
    return {"file_study": stored.study_instance_uid, "file_instance": stored.sop_instance_uid}


def _in_doubt(reading: Reading, study_instance_uid: str) -> dict[str, str]:
    """Return what administrators decide on: two things kept aside, patients, and a study that is flagged."""
    rooms, admin, canary = reading.edge.rooms, at_site("admin"), PATIENT["PatientName"]
    others = [
        reading.rooms.arrive(PatientID=f"CANARY-8{number}", PatientName=canary).study_instance_uid
        for number in range(3)
    ]
    flagged = reading.rooms.arrive(PatientID=PATIENT["PatientID"], PatientName="Li^Si").study_instance_uid
    for _ in range(2):
        reading.rooms.send(flagged, PatientID="CANARY-9", PatientName=canary)
    kept, discarded = (each.kept_key for each in rooms.shelf.items(admin, AsideFilter()))
    rooms.shelf.discard(admin, discarded, reason="of the next patient")
    studies = rooms.archive.search_studies(Query(), visible_to=admin.scope(Act.ADMINISTER))
    patients = {study.study_instance_uid: study.patient_key for study in studies}
    rooms.patients.link(admin, patients[others[1]], patients[others[2]], reason="one person")
    return {
        "kept_key": kept,
        "discarded_kept_key": discarded,
        "patient_key": patients[study_instance_uid],
        "other_patient_key": patients[others[0]],
        "linked_patient_key": patients[others[1]],
        "flagged_study_instance_uid": flagged,
    }


def _registered(edge: Edge) -> dict[str, str]:
    """Return what administrators of the whole change: a device, somebody, and a token."""
    device = edge.rooms.directory.add_device(
        site_id=XINGLONG,
        name="CANARY-US",
        calling_ae_title="CANARY_US2",
        called_ae_title="HUB",
        network="10.1.2.8",
    )
    accounts = edge.rooms.accounts
    token_id, *_ = next(row for row in accounts.tokens() if row[1] == "clinic")
    bound, other = (trustme.CA().issue_cert(common_name="CANARY").cert_chain_pems[0].bytes() for _ in "12")
    certificate = certificate_in(bound, called="it")
    edge.rooms.directory.bind_certificate(device.device_id, certificate)
    return {
        "device_id": device.device_id,
        "fingerprint": certificate.fingerprint,
        "pem": other.decode(),
        "user_id": accounts.account("clinic").account_id,
        "token_id": token_id,
        **_disabled(edge),
    }


def _disabled(edge: Edge) -> dict[str, str]:
    """Return one of each that was in use once."""
    directory, accounts = edge.rooms.directory, edge.rooms.accounts
    directory.add_site("was-here", "CANARY")
    directory.add_reading_group("was-here", "CANARY")
    device = directory.add_device(
        site_id="was-here", name="x", calling_ae_title="ONCE", called_ae_title="HUB", network="10.1.2.10"
    )
    directory.disable_device(device.device_id)
    directory.disable_reading_group("was-here")
    directory.disable_site("was-here")
    return {
        "disabled_device_id": device.device_id,
        "disabled_user_id": accounts.account("token-locked-out").account_id,
        "disabled_token_id": next(key for key, name, *_ in accounts.tokens() if name == "token-disabled"),
    }


def _unknown_device(edge: Edge) -> str:
    now, unknown_devices = edge.rooms.clock.now(), edge.rooms.unknown_devices
    attempts = Attempts(
        calling_ae_title="CANARY_US",
        called_ae_title="HUB",
        address="10.1.2.7",
        refusal="calling AE title not recognized",
        proposed="",
        certificate=None,
        count=1,
        first_seen_at=now,
        last_seen_at=now,
    )
    unknown_devices.record([attempts])
    return unknown_devices.listed(Scope(everything=True))[0].unknown_device_id


def _retake(rooms: Consultation) -> str:
    """Return an ask for better images; the ECG may be claimed at once."""
    asks = reader("a colleague")
    case = rooms.claimed(asks, Modality="ECG", **PATIENT)
    wish = Wish(reason=RetakeReason.MOTION)
    return rooms.retakes.ask(asks, case.case_id, case.workitem.workitem_uid, wish, end_turn=True).retake_id


def _linked(rooms: Consultation, case: Case) -> dict[str, str]:
    """Return a case into which a study is linked, related with another case."""
    technician = at_site("technician")
    # ECGs may be linked at once: no lease ends over it.
    linking, linked = (rooms.arrive(Modality="ECG", **PATIENT) for _ in range(2))
    rooms.linking.link(technician, linking.case_id, linked.case_id, reason="x")
    rooms.linking.relate(technician, linking.case_id, case.case_id, reason="x")
    return {"linking_case_id": linking.case_id, "linked_study": linked.study_instance_uid}


def _missing(name: str) -> str:
    if name == "site_id":
        return NO_SITE
    return NOBODYS_KEY if name.endswith(("_id", "_key")) else NOBODYS_UID


def _filled(values: Mapping[str, Any] | None, named: Mapping[str, str]) -> dict[str, Any] | None:
    if values is None:
        return None
    return {
        name: value.format(**named) if isinstance(value, str) else value for name, value in values.items()
    }


def _instance_of(study: str) -> bytes:
    return multipart(part10(small(StudyInstanceUID=study, SOPInstanceUID="1.2.840.9", **PATIENT)))


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)
