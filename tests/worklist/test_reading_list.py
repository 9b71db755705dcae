"""The reading list: who sees what, in which order, and what claiming, releasing and taking over do."""

import re
from collections.abc import Callable

import pytest

from core.access import Act, Actor
from core.errors import NotFound, WorkitemStateConflict
from core.limits import SEARCH_LIMIT
from core.uids import new_uid
from tests.fixtures.consultation import QINGSHAN, XINGLONG, Consultation, at_site, reader
from worklist.case import Case
from worklist.reading_list import ListFilter, ReadingList
from worklist.urgency import Urgency
from worklist.workitem import EndReason, InputReadinessState, ProcedureStepState

LI, CHEN = reader("李建国"), reader("陈晓燕")
EVERYTHING = ListFilter()


def request(consultation: Consultation, case: Case, urgency: Urgency) -> None:
    consultation.ask(
        at_site("clinic", case.site_id),
        site_id=case.site_id,
        urgency=urgency,
        clinical_question="",
        history="",
        study_instance_uid=case.study_instance_uid,
    )


def test_emergencies_come_first_and_then_whose_time_runs_out_first(consultation: Consultation) -> None:
    plan = [
        # due at minute, name, arrives at minute, modality, urgency
        (33, "emergency radiograph", 3, "DX", Urgency.EMERGENCY),
        (41, "late emergency ECG", 26, "ECG", Urgency.EMERGENCY),
        (32, "routine ultrasound", 2, "US", Urgency.ROUTINE),
        (45, "late urgent ultrasound", 25, "US", Urgency.URGENT),
        (46, "urgent radiograph", 1, "DX", Urgency.URGENT),
        (56, "late ECG", 26, "ECG", Urgency.ROUTINE),
        (60, "routine radiograph", 0, "DX", Urgency.ROUTINE),
    ]
    names, minute = {}, 0
    for _due, name, arrives, modality, urgency in sorted(plan, key=lambda row: row[2]):
        consultation.clock.advance(minutes=arrives - minute)
        minute = arrives
        case = consultation.arrive(Modality=modality)
        request(consultation, case, urgency)
        names[case.case_id] = name
    listed = consultation.reading_list.cases(LI, EVERYTHING)
    assert [names[case.case_id] for case in listed] == [row[1] for row in plan]
    pages = [consultation.reading_list.cases(LI, ListFilter(limit=3, offset=page)) for page in (0, 3, 6)]
    assert [case for page in pages for case in page] == listed


def test_no_page_is_longer_than_was_asked_for(consultation: Consultation, subtests: pytest.Subtests) -> None:
    for _ in range(3):
        consultation.arrive()
    for limit, offset, shown in [(0, 0, 0), (-1, 0, 0), (2, -5, 2), (SEARCH_LIMIT * 10, 0, 3), (3, 2, 1)]:
        with subtests.test(f"at most {limit} from {offset}"):
            page = consultation.reading_list.cases(LI, ListFilter(limit=limit, offset=offset))
            assert len(page) == shown


def test_a_case_is_listed_while_it_still_arrives_and_says_so(consultation: Consultation) -> None:
    case = consultation.arrive()
    assert [line.is_arriving for line in consultation.reading_list.cases(LI, EVERYTHING)] == [True]
    with pytest.raises(WorkitemStateConflict, match="still arriving"):
        consultation.reading_list.claim(LI, case.workitem.workitem_uid)


@pytest.fixture
def four(consultation: Consultation) -> dict[str, Case]:
    """Four cases: claimed ultrasound, ready ECG, arriving radiograph at one site; emergency at the other."""
    claimed = consultation.claimed(LI)
    cases = {
        "claimed US": claimed,
        "ready ECG": consultation.arrive(Modality="ECG"),
        "arriving DX": consultation.arrive(Modality="DX"),
        "emergency US": consultation.arrive(site_id=QINGSHAN),
    }
    request(consultation, cases["emergency US"], Urgency.EMERGENCY)
    return cases


FILTERS: list[tuple[ListFilter, set[str]]] = [
    (ListFilter(), {"claimed US", "ready ECG", "arriving DX", "emergency US"}),
    (ListFilter(modality="US"), {"claimed US", "emergency US"}),
    (ListFilter(modality="us"), set()),
    (ListFilter(site_id=QINGSHAN), {"emergency US"}),
    (ListFilter(urgency=Urgency.EMERGENCY), {"emergency US"}),
    (ListFilter(urgency=Urgency.URGENT), set()),
    (ListFilter(procedure_step_state=ProcedureStepState.IN_PROGRESS), {"claimed US"}),
    (
        ListFilter(procedure_step_state=ProcedureStepState.SCHEDULED),
        {"ready ECG", "arriving DX", "emergency US"},
    ),
    (ListFilter(claimed_by_me=True), {"claimed US"}),
    (ListFilter(modality="US", site_id=XINGLONG, claimed_by_me=True), {"claimed US"}),
    (ListFilter(modality="ECG", site_id=QINGSHAN), set()),
]


def test_a_filter_shows_only_what_it_names(
    consultation: Consultation, four: dict[str, Case], subtests: pytest.Subtests
) -> None:
    for wanted, shown in FILTERS:
        with subtests.test(str(wanted)):
            listed = {case.case_id for case in consultation.reading_list.cases(LI, wanted)}
            assert listed == {four[name].case_id for name in shown}
            if wanted.claimed_by_me:
                assert consultation.reading_list.cases(CHEN, wanted) == []


EVERYBODY: list[tuple[str, Actor, set[str]]] = [
    ("reader of all", LI, {"claimed US", "ready ECG", "arriving DX", "emergency US"}),
    ("reader of one site", reader("a", (XINGLONG, None)), {"claimed US", "ready ECG", "arriving DX"}),
    ("reader of one modality", reader("b", (XINGLONG, "US")), {"claimed US"}),
    (
        "reader of US here, all there",
        reader("c", (XINGLONG, "US"), (QINGSHAN, None)),
        {"claimed US", "emergency US"},
    ),
    ("reader of what nobody sent", reader("d", (QINGSHAN, "ECG")), set()),
    ("technician", at_site("technician"), {"claimed US", "ready ECG", "arriving DX"}),
    ("clinic", at_site("clinic", QINGSHAN), {"emergency US"}),
    ("administrator of a site", at_site("admin", QINGSHAN), {"emergency US"}),
    ("administrator", at_site("admin", None), {"claimed US", "ready ECG", "arriving DX", "emergency US"}),
    ("auditor", at_site("auditor", None), set()),
    ("foreign technician", at_site("technician", "elsewhere"), set()),
    ("nobody", Actor(account_id="x", username="x", display_name="x", grants=()), set()),
]


def test_everybody_sees_their_own_and_nothing_else(
    consultation: Consultation, four: dict[str, Case], subtests: pytest.Subtests
) -> None:
    for who, actor, shown in EVERYBODY:
        with subtests.test(who):
            listed = {case.case_id for case in consultation.reading_list.cases(actor, EVERYTHING)}
            assert listed == {four[name].case_id for name in shown}
        for name, case in four.items():
            with subtests.test(f"{who}: {name}"):
                _sees(consultation, actor, case, name in shown)


def _sees(consultation: Consultation, actor: Actor, case: Case, may: bool) -> None:
    asks = (
        lambda: consultation.reading_list.case(actor, case.case_id),
        lambda: consultation.reading_list.case_of_study(actor, case.site_id, case.study_instance_uid),
    )
    for ask in asks:
        if may:
            assert ask().case_id == case.case_id
        else:
            with pytest.raises(NotFound):
                ask()


WITHOUT_ROUTE = [
    at_site("technician"),
    at_site("clinic"),
    at_site("admin"),
    at_site("admin", None),
    at_site("auditor", None),
    reader("a", (QINGSHAN, None)),
    reader("b", (XINGLONG, "ECG")),
]


def test_only_a_reader_with_a_route_may_touch_a_turn(
    consultation: Consultation, subtests: pytest.Subtests
) -> None:
    ready, reading_list = consultation.ready(), consultation.reading_list
    uid = ready.workitem.workitem_uid
    for actor in WITHOUT_ROUTE:
        with subtests.test(f"{actor.username} claims"), pytest.raises(NotFound):
            reading_list.claim(actor, uid)
    reading_list.claim(LI, uid)
    for actor in WITHOUT_ROUTE:
        for act in (reading_list.heartbeat, reading_list.release):
            with subtests.test(f"{actor.username}: {act.__name__}"), pytest.raises(NotFound):
                act(actor, uid)
        with subtests.test(f"{actor.username} looks"), pytest.raises(NotFound):
            reading_list.case(actor, ready.case_id, Act.READ)
    assert consultation.again(ready).workitem.is_held_by(LI), "still"


def test_an_unknown_turn_or_case_is_not_found(consultation: Consultation) -> None:
    reading_list = consultation.reading_list
    for act in (reading_list.claim, reading_list.heartbeat, reading_list.release):
        with pytest.raises(NotFound):
            act(LI, new_uid())
    for ask in (reading_list.case, reading_list.timeline):
        with pytest.raises(NotFound):
            ask(LI, "no such case")
    with pytest.raises(NotFound):
        reading_list.case_of_study(LI, XINGLONG, new_uid())


def test_a_released_case_is_everybodys_again_with_its_due_time(consultation: Consultation) -> None:
    claimed = consultation.claimed(LI)
    consultation.clock.advance(minutes=5)
    released = consultation.reading_list.release(LI, claimed.workitem.workitem_uid)
    turn = released.workitem
    assert turn.workitem_uid != claimed.workitem.workitem_uid
    assert turn.procedure_step_state is ProcedureStepState.SCHEDULED
    assert turn.input_readiness_state is InputReadinessState.READY
    assert released.due_at == claimed.due_at, "the patient has not waited less"
    assert consultation.again(claimed) == released
    with pytest.raises(WorkitemStateConflict, match="over"):
        consultation.reading_list.claim(CHEN, claimed.workitem.workitem_uid)
    assert consultation.reading_list.claim(CHEN, turn.workitem_uid).workitem.is_held_by(CHEN)
    assert consultation.kinds(claimed)[-4:] == [
        "workitem.claimed",
        "workitem.released",
        "workitem.created",
        "workitem.claimed",
    ]


def _acts(reading_list: ReadingList) -> list[Callable[[Actor, str], Case]]:
    return [reading_list.claim, reading_list.heartbeat, reading_list.release]


def test_nobody_else_moves_a_held_turn_and_is_told_who_holds_it(consultation: Consultation) -> None:
    claimed = consultation.claimed(LI)
    for act in _acts(consultation.reading_list):
        with pytest.raises(WorkitemStateConflict):
            act(CHEN, claimed.workitem.workitem_uid)
    with pytest.raises(WorkitemStateConflict, match="李建国医师 is reading this case"):
        consultation.reading_list.claim(CHEN, claimed.workitem.workitem_uid)
    assert consultation.again(claimed) == claimed


def test_a_second_tab_of_the_same_reader_does_not_claim_twice(consultation: Consultation) -> None:
    claimed = consultation.claimed(LI)
    with pytest.raises(WorkitemStateConflict, match="李建国医师"):
        consultation.reading_list.claim(LI, claimed.workitem.workitem_uid)
    [mine] = consultation.reading_list.cases(LI, ListFilter(claimed_by_me=True))
    assert mine == claimed, "the second tab finds the turn in the list, and its heartbeat holds it too"
    assert consultation.reading_list.heartbeat(LI, mine.workitem.workitem_uid).workitem.is_held_by(LI)


def test_a_colleague_takes_over_a_lapsed_claim_without_waiting_for_a_worker(
    consultation: Consultation,
) -> None:
    claimed = consultation.claimed(LI)
    uid = claimed.workitem.workitem_uid
    consultation.clock.advance(seconds=119)
    with pytest.raises(WorkitemStateConflict, match="李建国医师"):
        consultation.reading_list.claim(CHEN, uid)
    consultation.clock.advance(seconds=1)
    taken = consultation.reading_list.claim(CHEN, uid)
    assert taken.workitem.workitem_uid != uid
    assert taken.workitem.is_held_by(CHEN)
    assert consultation.again(claimed) == taken
    assert consultation.kinds(claimed)[-3:] == ["workitem.lapsed", "workitem.created", "workitem.claimed"]
    for act in _acts(consultation.reading_list):
        with pytest.raises(WorkitemStateConflict):
            act(LI, uid)


def test_a_reader_whose_line_was_down_still_holds_what_nobody_took(consultation: Consultation) -> None:
    claimed = consultation.claimed(LI)
    consultation.clock.advance(minutes=3)
    beaten = consultation.reading_list.heartbeat(LI, claimed.workitem.workitem_uid)
    assert beaten.workitem.workitem_uid == claimed.workitem.workitem_uid
    assert consultation.timers.run() == 0


def test_the_route_may_end_but_the_turn_that_began_is_finished(consultation: Consultation) -> None:
    claimed = consultation.claimed(LI)
    uid = claimed.workitem.workitem_uid
    moved_on = reader("李建国", (QINGSHAN, None))
    reading_list = consultation.reading_list
    assert reading_list.heartbeat(moved_on, uid).workitem.workitem_uid == uid
    assert reading_list.case(moved_on, claimed.case_id).case_id == claimed.case_id
    assert [case.case_id for case in reading_list.cases(moved_on, EVERYTHING)] == [claimed.case_id]
    other = consultation.ready()
    with pytest.raises(NotFound):
        reading_list.claim(moved_on, other.workitem.workitem_uid)
    released = reading_list.release(moved_on, uid)
    with pytest.raises(NotFound):
        reading_list.claim(moved_on, released.workitem.workitem_uid)
    with pytest.raises(NotFound):
        reading_list.case(moved_on, claimed.case_id)
    assert reading_list.cases(moved_on, EVERYTHING) == []


def test_who_is_no_reader_any_more_holds_nothing(consultation: Consultation) -> None:
    claimed = consultation.claimed(LI)
    demoted = Actor(
        account_id=LI.account_id,
        username=LI.username,
        display_name=LI.display_name,
        grants=at_site("clinic", QINGSHAN).grants,
    )
    for act in _acts(consultation.reading_list):
        with pytest.raises(NotFound):
            act(demoted, claimed.workitem.workitem_uid)
    assert consultation.reading_list.cases(demoted, EVERYTHING) == []


def test_the_timeline_tells_all_in_order_and_names_no_patient(consultation: Consultation) -> None:
    values = {"PatientName": "Sun^Wukong=孙^悟空", "PatientID": "PID-77", "PatientBirthDate": "19610305"}
    report = consultation.signed(LI, **values)
    told = consultation.reading_list.timeline(LI, report.case_id)
    assert [change.kind.value for change in told] == [
        "instance.stored",
        "case.opened",
        "workitem.ready",
        "workitem.claimed",
        "report.signed",
        "workitem.completed",
    ]
    assert [change.sequence for change in told] == sorted(change.sequence for change in told)
    words = re.sub(r"2\.25\.\d+", "", repr(told))  # any four digits may come up in a UID
    for secret in ("Sun", "孙", "PID-77", "1961"):
        assert secret not in words
    assert len(consultation.reading_list.timeline(at_site("technician"), report.case_id)) == 6
    with pytest.raises(NotFound):
        consultation.reading_list.timeline(at_site("technician", QINGSHAN), report.case_id)


def test_a_turn_that_is_over_never_changes(consultation: Consultation) -> None:
    report = consultation.signed(LI)
    done = consultation.case(report.study_instance_uid)
    for act in _acts(consultation.reading_list):
        for actor in (LI, CHEN):
            with pytest.raises(WorkitemStateConflict):
                act(actor, done.workitem.workitem_uid)
    consultation.clock.advance(days=1)
    assert consultation.timers.run() == 0
    assert consultation.again(done) == done
    assert done.workitem.end_reason is EndReason.SIGNED
