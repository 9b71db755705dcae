"""A workitem: one turn at reading a case, with the states of UPS (PS3.4 CC.1.1). Pure.

COMPLETED and CANCELED are final. Release, lapse, take-over and the wait for better images cancel the
workitem and make a successor, so the UID of the workitem is itself the fence: whoever wakes up late holds one
that is over.

The end of a lease takes effect when a timer or a colleague acts on it. Until then nobody else can hold the
case, so what its holder still does counts: a line that was down for three minutes costs no reader their work.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from core.access import Actor, Role
from core.errors import WorkitemStateConflict
from worklist.urgency import Urgency, lease


class ProcedureStepState(StrEnum):
    """(0074,1000) Procedure Step State."""

    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


class InputReadinessState(StrEnum):
    """(0040,4041) Input Readiness State: still arriving, claimable, or waiting for a retake."""

    INCOMPLETE = "INCOMPLETE"
    READY = "READY"
    UNAVAILABLE = "UNAVAILABLE"
    """What came is not good enough to read, and better images were asked for."""


class EndReason(StrEnum):
    """Why a workitem ended."""

    SIGNED = "signed"
    RELEASED = "released"
    LAPSED = "lapsed"
    LINKED = "linked"
    TAKEN_OVER = "taken-over"
    AWAITS_RETAKE = "awaits-retake"
    PRIOR = "prior"
    """It never was to be read: an earlier exam, taken in to be found and compared."""


@dataclass(frozen=True, kw_only=True)
class Workitem:
    """One turn. `version` counts its changes: every change says which one it saw."""

    workitem_uid: str
    case_id: str
    procedure_step_state: ProcedureStepState
    input_readiness_state: InputReadinessState
    version: int
    due_from: datetime
    created_at: datetime
    claimed_by: str | None = None
    claimed_by_name: str | None = None
    claimed_at: datetime | None = None
    lease_expires_at: datetime | None = None
    number_of_instances_at_claim: int | None = None
    ended_at: datetime | None = None
    end_reason: EndReason | None = None
    ended_by_name: str | None = None
    end_note: str | None = None
    waits_until: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether its state is final."""
        return self.procedure_step_state in {ProcedureStepState.COMPLETED, ProcedureStepState.CANCELED}

    @property
    def is_prior(self) -> bool:
        """Whether there is nothing to read, because the case is an earlier exam and nobody asked for it."""
        return self.end_reason is EndReason.PRIOR

    @property
    def awaits_retake(self) -> bool:
        """Whether nobody is to read it until better images come, or the wait ends."""
        return (self.procedure_step_state, self.input_readiness_state) == (
            ProcedureStepState.SCHEDULED,
            InputReadinessState.UNAVAILABLE,
        )

    def is_held_by(self, actor: Actor) -> bool:
        """Whether this actor has it in progress, and is a reader still; of where is not asked again."""
        return (
            self.procedure_step_state is ProcedureStepState.IN_PROGRESS
            and self.claimed_by == actor.account_id
            and is_reader(actor)
        )


def first_workitem(
    *, workitem_uid: str, case_id: str, due_from: datetime, now: datetime, ready: bool
) -> Workitem:
    """Return a fresh turn at a case."""
    return Workitem(
        workitem_uid=workitem_uid,
        case_id=case_id,
        procedure_step_state=ProcedureStepState.SCHEDULED,
        input_readiness_state=InputReadinessState.READY if ready else InputReadinessState.INCOMPLETE,
        version=1,
        due_from=due_from,
        created_at=now,
    )


def mark_ready(workitem: Workitem) -> Workitem:
    """Let it be claimed. Raises WorkitemStateConflict when it may be already, or was."""
    if (
        workitem.procedure_step_state is not ProcedureStepState.SCHEDULED
        or workitem.input_readiness_state is InputReadinessState.READY
    ):
        raise WorkitemStateConflict("The study is not arriving any more.")
    return replace(workitem, input_readiness_state=InputReadinessState.READY, waits_until=None)


def wait_for_retake(workitem: Workitem, *, until: datetime) -> Workitem:
    """Keep a fresh turn from being claimed until better images come, at the longest until a moment."""
    return replace(workitem, input_readiness_state=InputReadinessState.UNAVAILABLE, waits_until=until)


def end_wait(workitem: Workitem, *, now: datetime) -> Workitem:
    """Let images that came while a case waited for them arrive: they are due from now.

    Raises:
        WorkitemStateConflict: it does not wait.
    """
    if not workitem.awaits_retake:
        raise WorkitemStateConflict("The case does not wait for images.")
    return replace(
        workitem, input_readiness_state=InputReadinessState.INCOMPLETE, waits_until=None, due_from=now
    )


def claim(workitem: Workitem, *, by: Actor, urgency: Urgency, now: datetime) -> Workitem:
    """Take the turn: UPS allows a claim only on SCHEDULED.

    Raises:
        WorkitemStateConflict: still arriving, taken by a colleague, or over.
    """
    if workitem.procedure_step_state is ProcedureStepState.IN_PROGRESS:
        raise WorkitemStateConflict(f"{workitem.claimed_by_name} is reading this case.")
    if workitem.is_over:
        raise WorkitemStateConflict("This turn is over; look at the case again.")
    if workitem.input_readiness_state is InputReadinessState.INCOMPLETE:
        raise WorkitemStateConflict("The study is still arriving.")
    if workitem.input_readiness_state is InputReadinessState.UNAVAILABLE:
        raise WorkitemStateConflict("The case waits for better images.")
    return replace(
        workitem,
        procedure_step_state=ProcedureStepState.IN_PROGRESS,
        claimed_by=by.account_id,
        claimed_by_name=by.display_name,
        claimed_at=now,
        lease_expires_at=now + lease(urgency),
    )


def heartbeat(workitem: Workitem, *, by: Actor, urgency: Urgency, now: datetime) -> Workitem:
    """Hold the claim for another lease. Raises WorkitemStateConflict when it is not this actor's any more."""
    require_holder(workitem, by)
    return begin_lease_anew(workitem, urgency=urgency, now=now)


def begin_lease_anew(workitem: Workitem, *, urgency: Urgency, now: datetime) -> Workitem:
    """Let the lease run from now."""
    return replace(workitem, lease_expires_at=now + lease(urgency))


def release(workitem: Workitem, *, by: Actor, now: datetime) -> Workitem:
    """Give the case back. Raises WorkitemStateConflict when it is not this actor's any more."""
    require_holder(workitem, by)
    return _ended(workitem, ProcedureStepState.CANCELED, EndReason.RELEASED, now)


def take_over(workitem: Workitem, *, by: Actor, reason: str, now: datetime) -> Workitem:
    """End a colleague's turn with a reason that both can read; whoever takes over begins the next.

    Raises:
        WorkitemStateConflict: nobody holds the case, or this actor does.
    """
    if workitem.procedure_step_state is not ProcedureStepState.IN_PROGRESS:
        raise WorkitemStateConflict("Nobody is reading this case: claim it.")
    if workitem.claimed_by == by.account_id:
        raise WorkitemStateConflict("You hold this case already.")
    ended = _ended(workitem, ProcedureStepState.CANCELED, EndReason.TAKEN_OVER, now)
    return replace(ended, ended_by_name=by.display_name, end_note=reason)


def await_retake(workitem: Workitem, *, by: Actor, reason: str, now: datetime) -> Workitem:
    """End a turn without a report, because better images were asked for. Raises WorkitemStateConflict."""
    require_holder(workitem, by)
    ended = _ended(workitem, ProcedureStepState.CANCELED, EndReason.AWAITS_RETAKE, now)
    return replace(ended, ended_by_name=by.display_name, end_note=reason)


def lapse(workitem: Workitem, *, now: datetime) -> Workitem:
    """Take the case back from a reader whose heartbeat stopped.

    Raises:
        WorkitemStateConflict: the lease still holds.
    """
    if not has_lapsed(workitem, now=now):
        raise WorkitemStateConflict("The claim still holds.")
    return _ended(workitem, ProcedureStepState.CANCELED, EndReason.LAPSED, now)


def complete(workitem: Workitem, *, by: Actor, now: datetime) -> Workitem:
    """End the turn with a signed report. Raises WorkitemStateConflict when it is not this actor's."""
    require_holder(workitem, by)
    return _ended(workitem, ProcedureStepState.COMPLETED, EndReason.SIGNED, now)


def join(workitem: Workitem, *, due_from: datetime, is_ready: bool) -> Workitem:
    """Let a turn cover further studies: due by the one that came first; a claim stays."""
    scheduled = workitem.procedure_step_state is ProcedureStepState.SCHEDULED
    state = InputReadinessState.READY if is_ready else InputReadinessState.INCOMPLETE
    keeps = not scheduled or workitem.awaits_retake
    return replace(
        workitem,
        due_from=due_from,
        input_readiness_state=workitem.input_readiness_state if keeps else state,
    )


def end_linked(workitem: Workitem, *, now: datetime) -> Workitem:
    """End a turn that nobody has taken, because its studies are read elsewhere."""
    return _ended(workitem, ProcedureStepState.CANCELED, EndReason.LINKED, now)


def end_prior(workitem: Workitem, *, now: datetime) -> Workitem:
    """End a turn that nobody is to take, because the case is an earlier exam."""
    return _ended(workitem, ProcedureStepState.CANCELED, EndReason.PRIOR, now)


def is_reader(actor: Actor) -> bool:
    """Whether this actor reads for any group."""
    return any(grant.role is Role.READER for grant in actor.grants)


def has_lapsed(workitem: Workitem, *, now: datetime) -> bool:
    """Whether the claim's lease is over."""
    return (
        workitem.procedure_step_state is ProcedureStepState.IN_PROGRESS
        and workitem.lease_expires_at is not None
        and workitem.lease_expires_at <= now
    )


def require_holder(workitem: Workitem, actor: Actor) -> None:
    """Raise WorkitemStateConflict unless this actor holds the turn."""
    if not workitem.is_held_by(actor):
        raise WorkitemStateConflict("You do not hold this case (any more); look at it again.")


def _ended(workitem: Workitem, state: ProcedureStepState, reason: EndReason, now: datetime) -> Workitem:
    return replace(
        workitem, procedure_step_state=state, end_reason=reason, ended_at=now, lease_expires_at=None
    )
