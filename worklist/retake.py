"""A retake: a reader asks for better images, with a reason, and whoever makes them answers. Pure.

It is asked, acknowledged, and then answered, declined or withdrawn; these three may follow at once, and are
final.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from core.errors import AlreadySettled, InvalidRequest
from core.limits import RETAKE_INSTANCES
from core.text import can_be_kept

LONGEST_NOTE: Final = 1_000


class RetakeReason(StrEnum):
    """What is wrong with the images."""

    MOTION = "motion"
    POSITIONING = "positioning"
    EXPOSURE = "exposure-or-gain"
    LEAD = "lead-reversed-or-off"
    WRONG_PATIENT = "wrong-patient"
    WRONG_SIDE = "wrong-side"
    INCOMPLETE = "incomplete"
    OTHER = "other"


class RetakeState(StrEnum):
    """How far an ask has come."""

    ASKED = "asked"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


OPEN_STATES: Final = frozenset({RetakeState.ASKED, RetakeState.ACKNOWLEDGED})


@dataclass(frozen=True, kw_only=True)
class Retake:
    """One ask. `sop_instance_uids` names the instances that are meant; none where the whole study is.

    The note and the answer may name a patient: neither goes into the feed.
    """

    retake_id: str
    case_id: str
    site_id: str
    study_instance_uid: str
    state: RetakeState
    version: int
    reason: RetakeReason
    note: str
    sop_instance_uids: tuple[str, ...]
    asked_by: str
    asked_by_name: str
    asked_at: datetime
    acknowledged_by_name: str | None = None
    acknowledged_at: datetime | None = None
    closed_by_name: str | None = None
    closed_at: datetime | None = None
    answer: str = ""

    @property
    def is_open(self) -> bool:
        """Whether images are still waited for."""
        return self.state in OPEN_STATES


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a reader asks for. Raises InvalidRequest where it says too little or too much."""

    reason: RetakeReason
    note: str = ""
    sop_instance_uids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Hold the limits."""
        if self.reason is RetakeReason.OTHER and not self.note.strip():
            raise InvalidRequest("Say in words what is wrong with the images.")
        if len(self.note) > LONGEST_NOTE or not can_be_kept(self.note):
            raise InvalidRequest(f"Words are whole characters, at most {LONGEST_NOTE}, and none of them NUL.")
        if len(self.sop_instance_uids) > RETAKE_INSTANCES:
            raise InvalidRequest(f"Name at most {RETAKE_INSTANCES} instances, or none for all.")


def acknowledge(retake: Retake, *, by_name: str, now: datetime) -> Retake:
    """Say that it was seen. Raises AlreadySettled unless it was only asked."""
    if retake.state is not RetakeState.ASKED:
        raise AlreadySettled
    return replace(retake, state=RetakeState.ACKNOWLEDGED, acknowledged_by_name=by_name, acknowledged_at=now)


def answer(retake: Retake, *, by_name: str, now: datetime) -> Retake:
    """Note that images came. Raises AlreadySettled when it is closed."""
    return _closed(retake, RetakeState.ANSWERED, by_name, now)


def decline(retake: Retake, *, by_name: str, why: str, now: datetime) -> Retake:
    """Say why there will be no better images. Raises AlreadySettled when it is closed."""
    return replace(_closed(retake, RetakeState.DECLINED, by_name, now), answer=why)


def withdraw(retake: Retake, *, by_name: str, now: datetime) -> Retake:
    """Take it back: the images will do after all. Raises AlreadySettled when it is closed."""
    return _closed(retake, RetakeState.WITHDRAWN, by_name, now)


def _closed(retake: Retake, state: RetakeState, by_name: str, now: datetime) -> Retake:
    if not retake.is_open:
        raise AlreadySettled
    return replace(retake, state=state, closed_by_name=by_name, closed_at=now)
