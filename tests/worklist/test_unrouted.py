"""No exam stays unread in silence: what nobody can read is listed for administrators, with the reason."""

from dataclasses import dataclass

import pytest

from core.access import EVERY_SITE, Grant, Role, Route, Scope
from registry.accounts import Accounts
from registry.directory import Directory
from tests.fixtures.consultation import QINGSHAN, SITES, XINGLONG, Consultation, at_site, reader
from worklist.unrouted import UnroutedCases

ADMIN = at_site("admin")


@dataclass(frozen=True, kw_only=True)
class Register:
    """A register in which ECGs have a group with a reader, and the list of what nobody reads."""

    directory: Directory
    accounts: Accounts
    unrouted: UnroutedCases

    def group(self, name: str, *modalities: str | None, site_id: str = XINGLONG) -> None:
        """Register a group that reads these modalities."""
        self.directory.add_reading_group(name, name)
        for modality in modalities:
            self.directory.add_route(Route(reading_group_id=name, site_id=site_id, modality=modality))

    def reader(self, name: str, *groups: str) -> None:
        """Register a reader in these groups."""
        grants = [Grant(role=Role.READER, reading_group_id=group) for group in groups]
        self.accounts.add(name, name, grants, password="a long password")

    def listed(self) -> list[tuple[str, str]]:
        """Return the key of each case that nobody can read, with the reason."""
        return [(each.case.case_id, each.reason) for each in self.unrouted.cases(ADMIN)]


@pytest.fixture
def register(consultation: Consultation, quick_passwords: None) -> Register:
    """Two clinics and one group of one reader."""
    database, clock = consultation.database, consultation.clock
    directory, accounts = Directory(database, clock), Accounts(database, clock)
    for site_id, name in SITES.items():
        directory.add_site(site_id, name)
    unrouted = UnroutedCases(database=database, directory=directory, accounts=accounts)
    made = Register(directory=directory, accounts=accounts, unrouted=unrouted)
    made.group("hearts", "ECG")
    made.reader("li", "hearts")
    return made


def test_a_case_without_a_route_is_listed_until_there_is_one(
    consultation: Consultation, register: Register
) -> None:
    consultation.ready(Modality="ECG")
    case = consultation.ready(Modality="")
    assert register.listed() == [(case.case_id, "no route for OT")]
    register.directory.add_route(Route(reading_group_id="hearts", site_id=XINGLONG, modality=None))
    assert register.listed() == []


def test_what_still_arrives_is_listed_and_what_is_held_or_signed_is_not(
    consultation: Consultation, register: Register
) -> None:
    arriving = consultation.arrive()
    assert register.listed() == [(arriving.case_id, "no route for US")]
    consultation.sign(reader(), consultation.claimed(reader()))
    held = consultation.claimed(reader())
    # By now nothing arrives any more, and nobody reads the first one.
    assert register.listed() == [(arriving.case_id, "no route for US")]
    consultation.reading_list.release(reader(), held.workitem.workitem_uid)
    assert len(register.listed()) == 2


def test_a_group_that_is_disabled_or_has_nobody_in_it_reads_nothing(
    consultation: Consultation, register: Register
) -> None:
    register.group("livers", "US")
    case = consultation.ready()
    assert register.listed() == [(case.case_id, "no reader in the reading groups for US")]
    register.reader("chen", "livers")
    assert register.listed() == []
    register.accounts.disable("chen")
    assert register.listed() == [(case.case_id, "no reader in the reading groups for US")]
    register.directory.disable_reading_group("livers")
    assert register.listed() == [(case.case_id, "the reading groups for US are disabled")]


def test_a_link_that_no_one_reader_can_read_whole_is_listed(
    consultation: Consultation, register: Register
) -> None:
    register.group("livers", "US")
    register.reader("chen", "livers")
    case, other = consultation.ready(), consultation.ready(Modality="ECG")
    assert register.listed() == []
    consultation.linking.link(at_site("technician"), case.case_id, other.case_id, reason="one visit")
    assert register.listed() == [(case.case_id, "no one reader for ECG and US together")]
    # Who is in both groups reads both.
    register.reader("wang", "hearts", "livers")
    assert register.listed() == []


def test_a_site_that_is_disabled_is_still_read(consultation: Consultation, register: Register) -> None:
    consultation.ready(Modality="ECG")
    case = consultation.ready()
    register.directory.disable_site(XINGLONG)
    assert register.listed() == [(case.case_id, "no route for US")]


def test_each_administrator_is_told_of_their_own_sites(
    consultation: Consultation, register: Register
) -> None:
    here = consultation.ready()
    there = [consultation.ready(site_id=QINGSHAN).case_id for _ in range(2)]
    assert [each for each, _ in register.listed()] == [here.case_id]
    everywhere = register.unrouted.cases(at_site("admin", None))
    assert [each.case.case_id for each in everywhere] == [here.case_id, *there]
    assert register.unrouted.cases(reader()) == []
    assert register.unrouted.numbers(EVERY_SITE) == {QINGSHAN: 2, XINGLONG: 1}
    assert register.unrouted.numbers(Scope(site_ids=frozenset({QINGSHAN}))) == {QINGSHAN: 2}
