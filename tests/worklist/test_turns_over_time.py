"""Readers, tabs, a clock and a catalogue in any order: a model of the rules beside the real thing.

Two readers with three tabs each claim, hold, give back, take over, write, sign and amend one case, while time
passes, timers look, images come late and the clinic asks. After every step the catalogue must say what the
model says.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from core.errors import StaleVersion, WorkitemStateConflict
from reporting.desk import Words
from reporting.document import VERSIONS, ReportStatus
from reporting.tables import drafts, kept_drafts, reports
from tests.fixtures.chaos import IS_LONG
from tests.fixtures.consultation import XINGLONG, Consultation, at_site, reader
from worklist.tables import cases, workitems
from worklist.urgency import Urgency

READERS = [reader("李建国"), reader("陈晓燕")]
TABS = [(one, number) for one in range(len(READERS)) for number in range(3)]
OVER = {"COMPLETED", "CANCELED"}
ACTS = [
    *["claim", "claim", "save", "save", "sign", "sign_preliminary", "heartbeat", "release"],
    *["take_over", "amend"],
]


@dataclass
class Tab:
    """What one browser tab believes: the turn it shows, the version of the draft and the images it has."""

    workitem_uid: str
    version: int = 0
    seen: str = ""


class Turns(RuleBasedStateMachine):
    """The model: who holds the case until when, what the draft says, and every word that was refused."""

    def __init__(self, consultation: Consultation) -> None:
        super().__init__()
        self.hub = consultation
        case = consultation.ready()
        self.case_id, self.study = case.case_id, case.study_instance_uid
        self.uid = case.workitem.workitem_uid
        self.state = "ready"
        self.holder: int | None = None
        self.lease_ends: datetime | None = None
        self.last_received = self.now
        self.emergency = False
        self.version, self.draft = 0, ""
        self.refused: set[tuple[int, str]] = set()
        self.drafted_by = 0
        self.standing: str | None = None
        self.standing_words = ""
        self.finals = 0
        self.ended: dict[str, Any] = {}
        self.words = 0
        self.seen = consultation.seen(case)
        self.tabs = {tab: Tab(self.uid, seen=self.seen) for tab in TABS}

    @property
    def now(self) -> datetime:
        return self.hub.clock.now()

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=60 if self.emergency else 120)

    def attempt(self, act: Callable[[], Any], *, expected: type[Exception] | None) -> Any:
        if expected is None:
            return act()
        with pytest.raises(expected):
            act()
        return None

    def holds(self, tab: tuple[int, int]) -> bool:
        return self.state == "held" and self.holder == tab[0] and self.tabs[tab].workitem_uid == self.uid

    def new_turn(self, state: str) -> None:
        self.uid = self.hub.case(self.study).workitem.workitem_uid
        self.state, self.holder, self.lease_ends = state, None, None

    def claim(self, tab: tuple[int, int]) -> None:
        shown = self.tabs[tab].workitem_uid
        lapsed = self.state == "held" and self.lease_ends is not None and self.lease_ends <= self.now
        allowed = shown == self.uid and (self.state == "ready" or lapsed)
        claimed = self.attempt(
            lambda: self.hub.reading_list.claim(READERS[tab[0]], shown),
            expected=None if allowed else WorkitemStateConflict,
        )
        if claimed is not None:
            self.new_turn("held")
            assert claimed.workitem.workitem_uid == self.uid
            assert (claimed.workitem.workitem_uid == shown) is not lapsed
            self.holder, self.lease_ends = tab[0], self.now + self.lease
            self.tabs[tab].workitem_uid = self.uid

    def take_over(self, tab: tuple[int, int]) -> None:
        shown = self.tabs[tab].workitem_uid
        allowed = shown == self.uid and self.state == "held" and self.holder != tab[0]
        taken = self.attempt(
            lambda: self.hub.reading_list.take_over(READERS[tab[0]], shown, reason="why"),
            expected=None if allowed else WorkitemStateConflict,
        )
        if taken is not None:
            self.new_turn("held")
            self.holder, self.lease_ends = tab[0], self.now + self.lease
            self.tabs[tab].workitem_uid = self.uid

    def amend(self, tab: tuple[int, int]) -> None:
        """Amend the version that stands: never while somebody reads, nor over images that were not seen."""
        if self.standing is None:
            return
        self.words += 1
        text, shown = f"words {self.words}", self.tabs[tab]
        expected: type[Exception] | None = None
        if self.state == "held":
            expected = WorkitemStateConflict
        elif shown.seen != self.seen:
            expected = StaleVersion
        words, standing = Words(findings=text, impression=text), self.standing
        amended = self.attempt(
            lambda: self.hub.desk.amend(READERS[tab[0]], standing, words, reason="why", seen=shown.seen),
            expected=expected,
        )
        if amended is None:
            self.refused.add((tab[0], text))
            return
        if self.draft not in {self.standing_words, text}:
            self.refused.add((self.drafted_by, self.draft))
        assert amended.supersedes == self.standing
        self.standing, self.standing_words = amended.report_id, text
        self.version, self.draft, self.drafted_by = self.version + 1, text, tab[0]

    def heartbeat(self, tab: tuple[int, int]) -> None:
        held = self.holds(tab)
        self.attempt(
            lambda: self.hub.reading_list.heartbeat(READERS[tab[0]], self.tabs[tab].workitem_uid),
            expected=None if held else WorkitemStateConflict,
        )
        if held:
            self.lease_ends = self.now + self.lease

    def release(self, tab: tuple[int, int]) -> None:
        held = self.holds(tab)
        self.attempt(
            lambda: self.hub.reading_list.release(READERS[tab[0]], self.tabs[tab].workitem_uid),
            expected=None if held else WorkitemStateConflict,
        )
        if held:
            self.new_turn("ready")

    def save(self, tab: tuple[int, int]) -> None:
        self.words += 1
        text, shown = f"words {self.words}", self.tabs[tab]
        expected: type[Exception] | None = None
        if not self.holds(tab):
            expected = WorkitemStateConflict
        elif shown.version != self.version:
            expected = StaleVersion
        saved = self.attempt(
            lambda: self.hub.desk.save_draft(
                READERS[tab[0]],
                self.case_id,
                shown.workitem_uid,
                Words(findings=text, impression=text),
                version=shown.version,
            ),
            expected=expected,
        )
        if saved is None:
            self.refused.add((tab[0], text))
        else:
            self.version, self.draft, self.drafted_by = self.version + 1, text, tab[0]
            shown.version = saved.version

    def sign(self, tab: tuple[int, int], status: ReportStatus = ReportStatus.FINAL) -> None:
        shown = self.tabs[tab]
        expected: type[Exception] | None = None
        if not self.holds(tab):
            expected = WorkitemStateConflict
        elif shown.version != self.version:
            expected = StaleVersion
        if expected is None and not self.draft:
            return
        if expected is None and shown.seen != self.seen:
            expected = StaleVersion
        signed = self.attempt(
            lambda: self.hub.desk.sign(
                READERS[tab[0]],
                self.case_id,
                shown.workitem_uid,
                version=shown.version,
                seen=shown.seen,
                status=status,
            ),
            expected=expected,
        )
        if signed is not None:
            assert signed.document.impression == self.draft
            assert signed.document.reading_physician == READERS[tab[0]].display_name
        if signed is not None and status is ReportStatus.FINAL:
            self.finals += 1
            self.standing, self.standing_words = signed.report_id, self.draft
            self.state, self.holder, self.lease_ends = "done", None, None

    def sign_preliminary(self, tab: tuple[int, int]) -> None:
        self.sign(tab, ReportStatus.PRELIMINARY)

    def time_passes(self, seconds: int) -> None:
        self.hub.clock.advance(seconds=seconds)

    def timers_look(self) -> None:
        self.hub.timers.run()
        if self.state == "arriving" and self.now - self.last_received >= timedelta(seconds=60):
            self.state = "ready"
        elif self.state == "held" and self.lease_ends is not None and self.lease_ends <= self.now:
            self.new_turn("ready")

    def another_instance_arrives(self) -> None:
        case = self.hub.arrive(self.study)
        self.seen = self.hub.seen(case)
        self.last_received = self.now
        if self.state == "done":
            self.new_turn("ready" if self.emergency else "arriving")

    def the_clinic_asks(self, urgency: Urgency) -> None:
        self.hub.ask(
            at_site("clinic"),
            site_id=XINGLONG,
            urgency=urgency,
            clinical_question="",
            history="",
            study_instance_uid=self.study,
        )
        self.emergency = urgency is Urgency.EMERGENCY
        if self.emergency and self.state == "arriving":
            self.state = "ready"

    # Two rules that draw what happens, not one for each act: the library switches rules off at random, and
    # an example without a claim says little.
    @rule(
        who=st.integers(0, 2 * len(TABS) - 1),
        looks_at=st.sampled_from(["everything", "everything", "the turn", "nothing"]),
        acts=st.lists(st.sampled_from(ACTS), min_size=1, max_size=4),
    )
    def a_reader_acts(self, who: int, looks_at: str, acts: list[str]) -> None:
        """Half of the time in a tab of the present holder, so that more happens than refusals."""
        tab = TABS[who % len(TABS)]
        if who < len(TABS) and self.holder is not None:
            tab = self.holder, who % 2
        if looks_at != "nothing":
            self.tabs[tab].workitem_uid = self.uid
        if looks_at == "everything":
            self.tabs[tab].version = self.hub.desk.draft(READERS[tab[0]], self.case_id).version
            self.tabs[tab].seen = self.hub.desk.instances_seen(READERS[tab[0]], self.case_id)
        for act in acts:
            getattr(self, act)(tab)

    @rule(
        what=st.sampled_from(
            ["time", "timers", "both", "both", "instance", Urgency.ROUTINE, Urgency.EMERGENCY]
        ),
        seconds=st.sampled_from([1, 20, 59, 60, 61, 119, 120, 121, 600]),
    )
    def the_world_turns(self, what: str, seconds: int) -> None:
        """Time passes, timers look, an instance comes, or the clinic asks."""
        if what == "instance":
            self.another_instance_arrives()
        elif isinstance(what, Urgency):
            self.the_clinic_asks(what)
        if what in {"time", "both"}:
            self.time_passes(seconds)
        if what in {"timers", "both"}:
            self.timers_look()

    @invariant()
    def the_catalogue_says_what_the_model_says(self) -> None:
        with self.hub.database.read() as connection:
            current = connection.scalar(select(cases.c.current_workitem_uid).filter_by(case_id=self.case_id))
            turns = connection.execute(select(workitems).filter_by(case_id=self.case_id)).mappings().all()
            statuses = Counter(connection.scalars(select(reports.c.status).filter_by(case_id=self.case_id)))
            draft = connection.execute(
                select(drafts.c.version, drafts.c.impression).filter_by(case_id=self.case_id)
            ).first()
            refused = connection.execute(
                select(kept_drafts.c.written_by, kept_drafts.c.impression).filter_by(case_id=self.case_id)
            ).all()
        versions = self.hub.desk.reports_of_case(READERS[0], self.case_id)
        states = {turn["workitem_uid"]: turn["procedure_step_state"] for turn in turns}
        assert current == self.uid
        assert list(states.values()).count("IN PROGRESS") == int(self.state == "held")
        assert [uid for uid, state in states.items() if state not in OVER] == (
            [] if self.state == "done" else [self.uid]
        )
        [present] = [turn for turn in turns if turn["workitem_uid"] == self.uid]
        readiness = "INCOMPLETE" if self.state == "arriving" else "READY"
        assert present["input_readiness_state"] == readiness
        if self.state == "held" and self.holder is not None:
            assert present["claimed_by"] == READERS[self.holder].account_id
            assert present["lease_expires_at"] == self.lease_ends
        for turn in turns:
            if turn["procedure_step_state"] in OVER:
                assert self.ended.setdefault(turn["workitem_uid"], dict(turn)) == dict(turn)
        assert set(self.ended) <= set(states)
        standing = [report for report in versions if report.superseded_by is None]
        finals = [report.report_id for report in standing if report.status in VERSIONS]
        assert finals == ([self.standing] if self.standing else [])
        assert statuses["final"] == self.finals == list(states.values()).count("COMPLETED")
        assert tuple(draft or (0, "")) == (self.version, self.draft)
        assert {tuple(row) for row in refused} == {
            (READERS[who].account_id, text) for who, text in self.refused
        }

    def teardown(self) -> None:
        """At the end each reader finds every word of theirs that was refused, and the case its draft."""
        draft = self.hub.desk.draft(READERS[0], self.case_id)
        assert (draft.version, draft.impression) == (self.version, self.draft)
        for who, account in enumerate(READERS):
            found = {words.impression for words in self.hub.desk.kept_drafts(account, self.case_id)}
            assert found == {text for refused, text in self.refused if refused == who}


EXAMPLES, STEPS = (100 if IS_LONG else 30), 30


@pytest.mark.timeout(10 * EXAMPLES)
@pytest.mark.sqlite_only("a minute on a server; the races run on both")
def test_no_order_of_events_gives_a_case_two_readers_or_loses_a_word(consultation: Consultation) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call] # hypothesis leaves it untyped
        lambda: Turns(consultation),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            # Not Phase.shrink: with a real catalogue under it, making an example small takes many minutes.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
    with consultation.database.read() as connection:
        held = connection.scalars(select(workitems.c.case_id).filter_by(procedure_step_state="IN PROGRESS"))
        assert max(Counter(held).values(), default=0) <= 1
