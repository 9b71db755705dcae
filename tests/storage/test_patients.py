"""What people decide about patients: linked, unlinked, moved, confirmed; with a reason, and reversible."""

from collections.abc import Callable
from typing import Any

import pytest

from core.access import Actor, Grant, Role, Scope
from core.errors import HubError, InvalidRequest, NotFound, NotPermitted
from database.audit import audit_events
from database.change_feed import changes
from database.engine import Database
from storage.archive import Archive
from storage.instance import Study
from storage.patient_records import settled_identity_of, studies_of_same_person
from storage.patients import Patients
from storage.query import Query, UIDList
from tests.fixtures.clock import FixedClock

Keep = Callable[..., str]


def admin_of(*site_ids: str | None) -> Actor:
    return Actor(
        account_id="account-admin",
        username="chief",
        display_name="Chief",
        grants=tuple(Grant(role=Role.ADMIN, site_id=site_id) for site_id in site_ids),
    )


EVERYWHERE, TOWNSHIP, STATION = admin_of(None), admin_of("township"), admin_of("station")
BOTH = admin_of("township", "station")


@pytest.fixture
def patients(database: Database, clock: FixedClock) -> Patients:
    """The use cases."""
    return Patients(database=database, clock=clock)


@pytest.fixture
def study(archive: Archive, keep: Keep) -> Callable[..., Study]:
    """Store a study and return it."""

    def act(site_id: str = "township", **values: Any) -> Study:
        return look(archive, keep(site_id, **values))

    return act


def look(archive: Archive, study_instance_uid: str) -> Study:
    query = Query(conditions={"StudyInstanceUID": UIDList((study_instance_uid,))})
    (found,) = archive.search_studies(query, visible_to=Scope(everything=True))
    return found


def same_person(database: Database, study: Study) -> set[str]:
    with database.read() as connection:
        found = studies_of_same_person(connection, study.site_id, study.study_instance_uid)
    return {uid for _, uid in found}


def uids(*studies: Study) -> set[str]:
    return {study.study_instance_uid for study in studies}


def test_linked_patients_are_one_person_also_across_sites_until_unlinked(
    patients: Patients, study: Callable[..., Study], database: Database, clock: FixedClock
) -> None:
    one, again = study(), study()
    other, third = study("station"), study(PatientID="0009")
    assert same_person(database, one) == uids(one, again)
    patients.link(BOTH, one.patient_key, other.patient_key, reason="the same woman, seen at both")
    assert same_person(database, one) == same_person(database, other) == uids(one, again, other)
    clock.advance(seconds=1)
    patients.link(BOTH, third.patient_key, other.patient_key, reason="an old ID")
    assert same_person(database, one) == uids(one, again, other, third)
    patients.unlink(TOWNSHIP, one.patient_key, reason="a twin sister")
    assert same_person(database, one) == uids(one, again)
    assert same_person(database, third) == uids(other, third)
    clock.advance(seconds=1)
    patients.unlink(STATION, other.patient_key, reason="a mistake")
    assert same_person(database, third) == uids(third)
    decided = patients.file(EVERYWHERE, other.patient_key).decisions
    assert [(each.act.value, each.reason) for each in decided] == [
        ("linked", "the same woman, seen at both"),
        ("linked", "an old ID"),
        ("unlinked", "a mistake"),
    ]


def test_links_in_a_circle_are_still_one_group(
    patients: Patients, study: Callable[..., Study], database: Database
) -> None:
    studies = [study(PatientID=str(number)) for number in range(4)]
    for number in range(4):
        patients.link(
            TOWNSHIP, studies[number].patient_key, studies[(number + 1) % 4].patient_key, reason="one"
        )
    assert all(same_person(database, each) == uids(*studies) for each in studies)
    patients.unlink(TOWNSHIP, studies[0].patient_key, reason="not this one")
    assert same_person(database, studies[0]) == uids(studies[0])
    assert same_person(database, studies[1]) == uids(*studies[1:])


@pytest.mark.parametrize("actor", [TOWNSHIP, STATION, admin_of("elsewhere"), admin_of()])
def test_a_link_needs_the_right_at_both_sites(
    patients: Patients, study: Callable[..., Study], database: Database, actor: Actor
) -> None:
    one, other = study(), study("station")
    with pytest.raises(NotFound):
        patients.link(actor, one.patient_key, other.patient_key, reason="one")
    assert same_person(database, one) == uids(one)


def test_whoever_is_linked_at_a_foreign_site_is_not_drawn_into_another_group(
    patients: Patients, study: Callable[..., Study], database: Database
) -> None:
    one, other, third = study(), study("station"), study(PatientID="0009")
    patients.link(BOTH, one.patient_key, other.patient_key, reason="one")
    with pytest.raises(NotPermitted):
        patients.link(TOWNSHIP, third.patient_key, one.patient_key, reason="one")
    assert same_person(database, third) == uids(third)
    assert patients.file(TOWNSHIP, one.patient_key).linked == []
    assert [each.site_id for each in patients.file(BOTH, one.patient_key).linked] == ["station"]


def test_a_study_is_moved_and_moved_back_and_says_what_it_said(
    patients: Patients, archive: Archive, study: Callable[..., Study], database: Database
) -> None:
    wrong, right = study(), study(PatientID="0002", PatientName="Li^Si", PatientSex="F")
    patients.move_study(
        TOWNSHIP, "township", wrong.study_instance_uid, to=right.patient_key, reason="wrong ID typed"
    )
    moved = look(archive, wrong.study_instance_uid)
    assert (moved.patient_key, moved.patient_id) == (right.patient_key, "0001")
    assert settled(database, wrong) == ("0002", "Li^Si")
    assert same_person(database, right) == uids(wrong, right)
    patients.move_study(
        TOWNSHIP, "township", wrong.study_instance_uid, to=wrong.patient_key, reason="it was right"
    )
    assert look(archive, wrong.study_instance_uid) == wrong
    assert settled(database, wrong) == ("0001", "Zhang^San=张^三")


def settled(database: Database, study: Study) -> tuple[str, str]:
    with database.read() as connection:
        identity = settled_identity_of(connection, study.site_id, study.study_instance_uid)
    assert identity is not None
    return identity.patient_id, identity.patient_name


def test_a_study_can_be_taken_from_its_patient_without_knowing_whose_it_is(
    patients: Patients, study: Callable[..., Study], database: Database
) -> None:
    first, second = study(), study(PatientName="Li^Si")
    assert [each.study_instance_uid for each in patients.flagged(TOWNSHIP)] == [second.study_instance_uid]
    patients.move_study(TOWNSHIP, "township", second.study_instance_uid, to=None, reason="another woman")
    assert same_person(database, first) == uids(first)
    assert same_person(database, second) == uids(second)
    assert patients.flagged(TOWNSHIP) == []
    assert settled(database, second) == ("0001", "Li^Si")


def test_a_flag_is_seen_by_its_administrators_and_ends_when_confirmed(
    patients: Patients, study: Callable[..., Study]
) -> None:
    study()
    flagged = study(PatientName="Li^Si")
    seen = {actor: uids(*patients.flagged(actor)) for actor in (EVERYWHERE, TOWNSHIP, STATION)}
    assert seen == {EVERYWHERE: uids(flagged), TOWNSHIP: uids(flagged), STATION: set()}
    with pytest.raises(NotFound):
        patients.confirm(STATION, "township", flagged.study_instance_uid, reason="married")
    patients.confirm(TOWNSHIP, "township", flagged.study_instance_uid, reason="married")
    assert patients.flagged(TOWNSHIP) == []
    with pytest.raises(InvalidRequest, match="not flagged"):
        patients.confirm(TOWNSHIP, "township", flagged.study_instance_uid, reason="again")


def refused_acts(one: Study, other: Study) -> list[tuple[type[HubError], Callable[[Patients], object]]]:
    key, uid = one.patient_key, one.study_instance_uid
    return [
        (InvalidRequest, lambda p: p.link(BOTH, key, other.patient_key, reason=" ")),
        (InvalidRequest, lambda p: p.link(BOTH, key, other.patient_key, reason="x" * 2001)),
        (InvalidRequest, lambda p: p.link(BOTH, key, other.patient_key, reason="a\0b")),
        (InvalidRequest, lambda p: p.link(BOTH, key, key, reason="itself")),
        (InvalidRequest, lambda p: p.unlink(BOTH, key, reason="of nobody")),
        (NotFound, lambda p: p.unlink(STATION, key, reason="foreign")),
        (NotFound, lambda p: p.unlink(BOTH, "0" * 26, reason="unknown")),
        (NotFound, lambda p: p.file(STATION, key)),
        (InvalidRequest, lambda p: p.move_study(BOTH, "township", uid, to=key, reason="to its own")),
        (InvalidRequest, lambda p: p.move_study(BOTH, "township", uid, to=other.patient_key, reason="away")),
        (NotFound, lambda p: p.move_study(STATION, "township", uid, to=None, reason="foreign")),
        (NotFound, lambda p: p.move_study(BOTH, "township", "1.2.3", to=None, reason="unknown")),
    ]


def test_what_is_refused_leaves_no_trace(
    patients: Patients, study: Callable[..., Study], database: Database
) -> None:
    one, other = study(), study("station")
    for error, act in refused_acts(one, other):
        with pytest.raises(error):
            act(patients)
    with database.read() as connection:
        assert connection.execute(audit_events.select().filter_by(actor="chief")).all() == []
        kinds = {row.kind for row in connection.execute(changes.select())}
    assert kinds == {"instance.stored"}
    assert patients.file(BOTH, one.patient_key).decisions == []


def test_every_act_has_an_audit_row_and_a_change_at_each_site_it_touches(
    patients: Patients, study: Callable[..., Study], database: Database
) -> None:
    one, other = study(), study("station")
    patients.link(BOTH, one.patient_key, other.patient_key, reason="秘密 Zhang")
    with database.read() as connection:
        audited = connection.execute(audit_events.select().filter_by(actor="chief")).mappings().all()
        told = [row for row in connection.execute(changes.select()).mappings() if "linked" in row["kind"]]
    assert [(row["action"], row["site_id"], row["actor"]) for row in audited] == [
        ("patient linked", "township", "chief"),
        ("patient linked", "station", "chief"),
    ]
    assert [(row["kind"], row["site_id"]) for row in told] == [
        ("patient.linked", "township"),
        ("patient.linked", "station"),
    ]
    assert "Zhang" not in str(told) + str(audited)
