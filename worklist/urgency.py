"""How soon a study must be read: urgency, due times by modality, and how long a claim holds. Pure.

The times are those of a county's remote reading contract: an ECG within 30 minutes of its arrival, an
emergency one within 15; radiographs within 60 and 30; ultrasound within 30. An urgent study stands between.
"""

from datetime import datetime, timedelta
from enum import StrEnum


class Urgency(StrEnum):
    """What the clinic asked for; routine where nobody asked."""

    ROUTINE = "routine"
    URGENT = "urgent"
    EMERGENCY = "emergency"


RANK: dict[Urgency, int] = {Urgency.ROUTINE: 0, Urgency.URGENT: 1, Urgency.EMERGENCY: 2}
"""How pressing it is, in numbers; jobs take them as their priority."""

_MINUTES: dict[str, tuple[int, int, int]] = {
    "ECG": (30, 20, 15),
    "US": (30, 20, 15),
    "DX": (60, 45, 30),
    "CR": (60, 45, 30),
}
_OTHER_MINUTES = (60, 45, 30)

HEARTBEAT_EVERY = timedelta(seconds=20)
LONGEST_LEASE = timedelta(minutes=2)
_EMERGENCY_LEASE = timedelta(seconds=60)


def time_to_read(modality: str, urgency: Urgency) -> timedelta:
    """Return how long after its arrival a study's report is due."""
    return timedelta(minutes=_MINUTES.get(modality, _OTHER_MINUTES)[RANK[urgency]])


def due_at(
    due_from: datetime,
    modality: str,
    urgency: Urgency,
    *,
    urgent_since: datetime | None = None,
    emergency_since: datetime | None = None,
) -> datetime:
    """Return the moment the report is due; `due_from` is the hub's receipt, never a device's clock.

    What the clinic asks for later counts from when it asked, and never makes a report due later than it was.
    Without such a moment the urgency counts from the receipt.
    """
    due = due_from + time_to_read(modality, Urgency.ROUTINE)
    for level, since in ((Urgency.URGENT, urgent_since), (Urgency.EMERGENCY, emergency_since)):
        if RANK[urgency] >= RANK[level]:
            due = min(due, max(due_from, since or due_from) + time_to_read(modality, level))
    return due


def goes_first(urgency: Urgency) -> bool:
    """Whether a case goes before all others, however little time they have left; the rest go by due time."""
    return urgency is Urgency.EMERGENCY


def lease(urgency: Urgency) -> timedelta:
    """Return how long a claim holds after the last heartbeat."""
    return _EMERGENCY_LEASE if urgency is Urgency.EMERGENCY else LONGEST_LEASE
