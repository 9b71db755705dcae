"""The register changes while a case is claimed: people and places go, words and patients stay."""

from collections.abc import Callable

import pytest

from core.access import Actor, Grant, Role, Route
from core.errors import NotAuthenticated, NotFound, WorkitemStateConflict
from registry.accounts import Accounts
from registry.authentication import Authentication
from registry.directory import Directory
from reporting.desk import Words
from tests.fixtures.consultation import GROUP, GROUP_NAME, IMPRESSION, SITES, Consultation, reader
from worklist.reading_list import ListFilter

Who = Callable[[], Actor]


@pytest.fixture
def who(consultation: Consultation) -> Who:
    """Ask the register, as every request does, who the holder of one token is and what they may."""
    directory = Directory(consultation.database, consultation.clock)
    accounts = Accounts(consultation.database, consultation.clock)
    for site_id, name in SITES.items():
        directory.add_site(site_id, name)
    directory.add_reading_group(GROUP, GROUP_NAME)
    for site_id in SITES:
        directory.add_route(Route(reading_group_id=GROUP, site_id=site_id, modality=None))
    accounts.add(
        "li", "李建国", [Grant(role=Role.READER, reading_group_id=GROUP)], password="a long password"
    )
    secret = accounts.add_token("li", "tablet")
    authentication = Authentication(consultation.database, consultation.clock)
    return lambda: authentication.identify_token(secret).actor


def test_what_a_site_sent_is_read_though_the_site_is_disabled(consultation: Consultation, who: Who) -> None:
    case = consultation.ready()
    Directory(consultation.database, consultation.clock).disable_site(case.site_id)
    assert [each.case_id for each in consultation.reading_list.cases(who(), ListFilter())] == [case.case_id]
    claimed = consultation.reading_list.claim(who(), case.workitem.workitem_uid)
    assert consultation.sign(who(), claimed).document.reading_organization == GROUP_NAME
    assert consultation.publisher.run() == []


def test_what_a_reader_holds_is_finished_though_the_group_is_closed(
    consultation: Consultation, who: Who
) -> None:
    case, other = consultation.claimed(who()), consultation.ready()
    Directory(consultation.database, consultation.clock).disable_reading_group(GROUP)
    assert consultation.reading_list.heartbeat(who(), case.workitem.workitem_uid).workitem.is_held_by(who())
    report = consultation.sign(who(), case)
    assert report.document.reading_organization == GROUP_NAME
    assert consultation.publisher.run() == []
    assert consultation.reading_list.cases(who(), ListFilter()) == []
    with pytest.raises(NotFound):
        consultation.reading_list.claim(who(), other.workitem.workitem_uid)


def test_a_disabled_account_loses_the_case_within_its_lease_and_its_draft_stays(
    consultation: Consultation, who: Who
) -> None:
    li = who()
    case = consultation.claimed(li)
    consultation.write(li, case)
    Accounts(consultation.database, consultation.clock).disable("li")
    with pytest.raises(NotAuthenticated):
        who()
    consultation.clock.advance(minutes=2)
    consultation.timers.run()
    chen = reader("陈晓燕")
    taken = consultation.reading_list.claim(chen, consultation.again(case).workitem.workitem_uid)
    draft = consultation.desk.draft(chen, case.case_id)
    assert (draft.version, draft.impression) == (1, IMPRESSION)
    assert consultation.sign(chen, taken).document.reading_physician == chen.display_name


def test_a_request_that_was_under_way_when_the_account_was_disabled_cannot_sign_after_the_lapse(
    consultation: Consultation, who: Who
) -> None:
    li = who()
    case = consultation.claimed(li)
    Accounts(consultation.database, consultation.clock).disable("li")
    consultation.clock.advance(minutes=2)
    consultation.timers.run()
    uid = case.workitem.workitem_uid
    with pytest.raises(WorkitemStateConflict):
        consultation.desk.save_draft(li, case.case_id, uid, Words(findings="", impression="x"), version=0)
    with pytest.raises(WorkitemStateConflict):
        consultation.desk.sign(li, case.case_id, uid, version=0, seen=consultation.seen(case))
