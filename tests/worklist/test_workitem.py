"""The state machine of a turn, cell by cell: every state, every act, the holder and everybody else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from core.access import Actor
from core.errors import WorkitemStateConflict
from tests.fixtures.consultation import reader
from worklist import workitem as rules
from worklist.urgency import Urgency
from worklist.workitem import EndReason, InputReadinessState, ProcedureStepState, Workitem, first_workitem

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
HOLDER, COLLEAGUE = reader("李建国"), reader("陈晓燕")
SECOND = timedelta(seconds=1)


def turn(*, ready: bool = True) -> Workitem:
    return first_workitem(workitem_uid="2.25.1", case_id="case", due_from=NOW, now=NOW, ready=ready)


def claimed(urgency: Urgency = Urgency.ROUTINE) -> Workitem:
    return rules.claim(turn(), by=HOLDER, urgency=urgency, now=NOW)


STATES: dict[str, Workitem] = {
    "arriving": turn(ready=False),
    "ready": turn(),
    "in progress": claimed(),
    "in progress, lapsed": claimed(),
    "completed": rules.complete(claimed(), by=HOLDER, now=NOW),
    "released": rules.release(claimed(), by=HOLDER, now=NOW),
    "lapsed": rules.lapse(claimed(), now=NOW + timedelta(minutes=2)),
}
MOMENTS = {"in progress, lapsed": NOW + timedelta(minutes=2)}

ACTS: dict[str, Callable[[Workitem, Actor, datetime], Workitem]] = {
    "mark ready": lambda workitem, _by, _now: rules.mark_ready(workitem),
    "claim": lambda workitem, by, now: rules.claim(workitem, by=by, urgency=Urgency.ROUTINE, now=now),
    "heartbeat": lambda workitem, by, now: rules.heartbeat(workitem, by=by, urgency=Urgency.ROUTINE, now=now),
    "release": lambda workitem, by, now: rules.release(workitem, by=by, now=now),
    "complete": lambda workitem, by, now: rules.complete(workitem, by=by, now=now),
    "lapse": lambda workitem, _by, now: rules.lapse(workitem, now=now),
}

IN_PROGRESS, COMPLETED, CANCELED = (
    ProcedureStepState.IN_PROGRESS,
    ProcedureStepState.COMPLETED,
    ProcedureStepState.CANCELED,
)
ALLOWED: dict[tuple[str, str, str], ProcedureStepState] = {
    # (state, act, who): the state afterwards; whatever is not here is a conflict
    ("arriving", "mark ready", "holder"): ProcedureStepState.SCHEDULED,
    ("arriving", "mark ready", "colleague"): ProcedureStepState.SCHEDULED,
    ("ready", "claim", "holder"): IN_PROGRESS,
    ("ready", "claim", "colleague"): IN_PROGRESS,
    ("in progress", "heartbeat", "holder"): IN_PROGRESS,
    ("in progress", "release", "holder"): CANCELED,
    ("in progress", "complete", "holder"): COMPLETED,
    # The end of a lease takes effect when a timer or a colleague acts on it. Until then nobody else can hold
    # the case, so a reader whose line was down for three minutes loses nothing.
    ("in progress, lapsed", "heartbeat", "holder"): IN_PROGRESS,
    ("in progress, lapsed", "release", "holder"): CANCELED,
    ("in progress, lapsed", "complete", "holder"): COMPLETED,
    ("in progress, lapsed", "lapse", "holder"): CANCELED,
    ("in progress, lapsed", "lapse", "colleague"): CANCELED,
}
WHO = {"holder": HOLDER, "colleague": COLLEAGUE}
CELLS = [(state, act, who) for state in STATES for act in ACTS for who in WHO]


@pytest.mark.parametrize(("state", "act", "who"), CELLS)
def test_every_state_takes_only_its_own_acts(state: str, act: str, who: str) -> None:
    before, now = STATES[state], MOMENTS.get(state, NOW)
    expected = ALLOWED.get((state, act, who))
    if expected is None:
        with pytest.raises(WorkitemStateConflict):
            ACTS[act](before, WHO[who], now)
        return
    after = ACTS[act](before, WHO[who], now)
    assert after.procedure_step_state is expected
    assert (after.workitem_uid, after.case_id, after.due_from, after.created_at) == (
        before.workitem_uid,
        before.case_id,
        before.due_from,
        before.created_at,
    )


def test_a_turn_begins_scheduled_and_belongs_to_nobody() -> None:
    for ready in (True, False):
        fresh = turn(ready=ready)
        assert fresh.procedure_step_state is ProcedureStepState.SCHEDULED
        assert fresh.input_readiness_state is InputReadinessState("READY" if ready else "INCOMPLETE")
        assert not fresh.is_over
        assert fresh.claimed_by is fresh.lease_expires_at is fresh.end_reason is None


@pytest.mark.parametrize(
    ("urgency", "seconds"), [(Urgency.ROUTINE, 120), (Urgency.URGENT, 120), (Urgency.EMERGENCY, 60)]
)
def test_a_lease_ends_exactly_after_its_time_and_a_heartbeat_begins_it_anew(
    urgency: Urgency, seconds: int
) -> None:
    held = claimed(urgency)
    end = NOW + timedelta(seconds=seconds)
    assert held.lease_expires_at == end
    assert not rules.has_lapsed(held, now=end - timedelta(microseconds=1))
    assert rules.has_lapsed(held, now=end)
    beaten = rules.heartbeat(held, by=HOLDER, urgency=urgency, now=end - SECOND)
    assert not rules.has_lapsed(beaten, now=end)
    assert beaten.lease_expires_at == end - SECOND + timedelta(seconds=seconds)


def test_an_emergency_shortens_the_lease_from_the_next_heartbeat_on() -> None:
    beaten = rules.heartbeat(claimed(), by=HOLDER, urgency=Urgency.EMERGENCY, now=NOW + SECOND)
    assert beaten.lease_expires_at == NOW + SECOND + timedelta(seconds=60)


def test_a_loser_is_told_who_reads() -> None:
    with pytest.raises(WorkitemStateConflict, match="李建国医师 is reading this case"):
        rules.claim(claimed(), by=COLLEAGUE, urgency=Urgency.ROUTINE, now=NOW)


@pytest.mark.parametrize(
    ("state", "reason"),
    [("completed", EndReason.SIGNED), ("released", EndReason.RELEASED), ("lapsed", EndReason.LAPSED)],
)
def test_a_turn_that_is_over_says_why_and_keeps_who_had_it(state: str, reason: EndReason) -> None:
    ended = STATES[state]
    assert ended.is_over
    assert ended.end_reason is reason
    assert ended.claimed_by == HOLDER.account_id
    assert ended.ended_at is not None
    assert ended.lease_expires_at is None
    assert not ended.is_held_by(HOLDER)
    assert not rules.has_lapsed(ended, now=NOW + timedelta(days=1))


def test_a_reader_who_is_none_any_more_holds_nothing() -> None:
    demoted = Actor(account_id=HOLDER.account_id, username="x", display_name="x", grants=())
    assert not claimed().is_held_by(demoted)
    for act in ("heartbeat", "release", "complete"):
        with pytest.raises(WorkitemStateConflict):
            ACTS[act](claimed(), demoted, NOW)


def test_an_account_is_known_by_its_key_and_not_by_its_name() -> None:
    namesake = Actor(
        account_id="another", username=HOLDER.username, display_name=HOLDER.display_name, grants=HOLDER.grants
    )
    assert claimed().is_held_by(HOLDER)
    assert not claimed().is_held_by(namesake)
