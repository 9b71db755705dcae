"""A workitem: one turn at reading a case, with the states of UPS (PS3.4 CC.1.1). Pure.

COMPLETED and CANCELED are final. Release and lapse cancel the workitem and make a successor, so the UID of
the workitem is itself the fence: whoever wakes up late holds one that is over.

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
    """(0040,4041) Input Readiness State: still arriving, or claimable."""

    INCOMPLETE = "INCOMPLETE"
    READY = "READY"


class EndReason(StrEnum):
    """Why a workitem ended."""

    SIGNED = "signed"
    RELEASED = "released"
    LAPSED = "lapsed"
    LINKED = "linked"


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

    @property
    def is_over(self) -> bool:
        """Whether its state is final."""
        return self.procedure_step_state in {ProcedureStepState.COMPLETED, ProcedureStepState.CANCELED}

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
    if (workitem.procedure_step_state, workitem.input_readiness_state) != (
        ProcedureStepState.SCHEDULED,
        InputReadinessState.INCOMPLETE,
    ):
        raise WorkitemStateConflict("The study is not arriving any more.")
    return replace(workitem, input_readiness_state=InputReadinessState.READY)


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
    _require_holder(workitem, by)
    return begin_lease_anew(workitem, urgency=urgency, now=now)


def begin_lease_anew(workitem: Workitem, *, urgency: Urgency, now: datetime) -> Workitem:
    """Let the lease run from now."""
    return replace(workitem, lease_expires_at=now + lease(urgency))


def release(workitem: Workitem, *, by: Actor, now: datetime) -> Workitem:
    """Give the case back. Raises WorkitemStateConflict when it is not this actor's any more."""
    _require_holder(workitem, by)
    return _ended(workitem, ProcedureStepState.CANCELED, EndReason.RELEASED, now)


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
    _require_holder(workitem, by)
    return _ended(workitem, ProcedureStepState.COMPLETED, EndReason.SIGNED, now)


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


def _require_holder(workitem: Workitem, actor: Actor) -> None:
    if not workitem.is_held_by(actor):
        raise WorkitemStateConflict("You do not hold this case (any more); look at it again.")


def _ended(workitem: Workitem, state: ProcedureStepState, reason: EndReason, now: datetime) -> Workitem:
    return replace(
        workitem, procedure_step_state=state, end_reason=reason, ended_at=now, lease_expires_at=None
    )
