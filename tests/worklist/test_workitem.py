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
    "waiting for a retake": rules.wait_for_retake(turn(), until=NOW + timedelta(hours=1)),
    "in progress": claimed(),
    "in progress, lapsed": claimed(),
    "completed": rules.complete(claimed(), by=HOLDER, now=NOW),
    "released": rules.release(claimed(), by=HOLDER, now=NOW),
    "lapsed": rules.lapse(claimed(), now=NOW + timedelta(minutes=2)),
    "taken over": rules.take_over(claimed(), by=COLLEAGUE, reason="asked to", now=NOW),
    "ended for a retake": rules.await_retake(claimed(), by=HOLDER, reason="motion", now=NOW),
}
MOMENTS = {"in progress, lapsed": NOW + timedelta(minutes=2)}

ACTS: dict[str, Callable[[Workitem, Actor, datetime], Workitem]] = {
    "mark ready": lambda workitem, _by, _now: rules.mark_ready(workitem),
    "claim": lambda workitem, by, now: rules.claim(workitem, by=by, urgency=Urgency.ROUTINE, now=now),
    "heartbeat": lambda workitem, by, now: rules.heartbeat(workitem, by=by, urgency=Urgency.ROUTINE, now=now),
    "release": lambda workitem, by, now: rules.release(workitem, by=by, now=now),
    "complete": lambda workitem, by, now: rules.complete(workitem, by=by, now=now),
    "lapse": lambda workitem, _by, now: rules.lapse(workitem, now=now),
    "take over": lambda workitem, by, now: rules.take_over(workitem, by=by, reason="asked to", now=now),
    "await retake": lambda workitem, by, now: rules.await_retake(workitem, by=by, reason="motion", now=now),
    "end wait": lambda workitem, _by, now: rules.end_wait(workitem, now=now),
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
    ("waiting for a retake", "mark ready", "holder"): ProcedureStepState.SCHEDULED,
    ("waiting for a retake", "mark ready", "colleague"): ProcedureStepState.SCHEDULED,
    ("waiting for a retake", "end wait", "holder"): ProcedureStepState.SCHEDULED,
    ("waiting for a retake", "end wait", "colleague"): ProcedureStepState.SCHEDULED,
    ("ready", "claim", "holder"): IN_PROGRESS,
    ("ready", "claim", "colleague"): IN_PROGRESS,
    ("in progress", "heartbeat", "holder"): IN_PROGRESS,
    ("in progress", "release", "holder"): CANCELED,
    ("in progress", "complete", "holder"): COMPLETED,
    ("in progress", "take over", "colleague"): CANCELED,
    ("in progress", "await retake", "holder"): CANCELED,
    # The end of a lease takes effect when a timer or a colleague acts on it. Until then nobody else can hold
    # the case, so a reader whose line was down for three minutes loses nothing.
    ("in progress, lapsed", "heartbeat", "holder"): IN_PROGRESS,
    ("in progress, lapsed", "release", "holder"): CANCELED,
    ("in progress, lapsed", "complete", "holder"): COMPLETED,
    ("in progress, lapsed", "take over", "colleague"): CANCELED,
    ("in progress, lapsed", "await retake", "holder"): CANCELED,
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


def test_a_wait_has_an_end_and_is_over_when_images_come_or_it_has_passed() -> None:
    until = NOW + timedelta(hours=1)
    waiting = rules.wait_for_retake(turn(), until=until)
    assert (waiting.awaits_retake, waiting.waits_until) == (True, until)
    with pytest.raises(WorkitemStateConflict, match="waits for better images"):
        rules.claim(waiting, by=HOLDER, urgency=Urgency.ROUTINE, now=NOW)
    in_vain = rules.mark_ready(waiting)
    assert in_vain.input_readiness_state is InputReadinessState.READY
    # Who waits in vain has waited since the first images came, who gets new ones since these came.
    assert (in_vain.waits_until, in_vain.due_from) == (None, waiting.due_from)
    came = rules.end_wait(waiting, now=NOW + SECOND)
    assert came.input_readiness_state is InputReadinessState.INCOMPLETE
    assert (came.waits_until, came.due_from) == (None, NOW + SECOND)


@pytest.mark.parametrize("ready", [True, False])
def test_what_joins_a_turn_that_waits_ends_no_wait(ready: bool) -> None:
    waiting = STATES["waiting for a retake"]
    joined = rules.join(waiting, due_from=NOW - SECOND, is_ready=ready)
    assert (joined.awaits_retake, joined.waits_until, joined.due_from) == (
        True,
        waiting.waits_until,
        NOW - SECOND,
    )
    state = InputReadinessState.READY if ready else InputReadinessState.INCOMPLETE
    assert rules.join(turn(), due_from=NOW, is_ready=ready).input_readiness_state is state
    held = rules.join(claimed(), due_from=NOW, is_ready=ready)
    assert held.input_readiness_state is claimed().input_readiness_state


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
    [
        ("completed", EndReason.SIGNED),
        ("released", EndReason.RELEASED),
        ("lapsed", EndReason.LAPSED),
        ("taken over", EndReason.TAKEN_OVER),
        ("ended for a retake", EndReason.AWAITS_RETAKE),
    ],
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
