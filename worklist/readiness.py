"""When a study may be claimed though nobody says it is complete: a rule that survives slow lines. Pure."""

from datetime import datetime, timedelta

from worklist.urgency import Urgency

LONGEST_WAIT = timedelta(minutes=10)
"""After its last instance nothing keeps a study from being read."""

# PS3.3 C.7.3.1.1.1: what only describes or accompanies images does not say what a case is about.
ACCOMPANYING = frozenset({"SR", "PR", "KO", "DOC", "OT", "SEG", "AU", "REG", "PLAN", ""})


def needs_no_wait(modality: str, urgency: Urgency) -> bool:
    """Whether a case may be claimed while instances still arrive."""
    return modality == "ECG" or urgency is Urgency.EMERGENCY


def is_ready(
    *,
    modality: str,
    urgency: Urgency,
    last_received_at: datetime,
    now: datetime,
    quiet: timedelta,
    in_transfer: bool,
) -> bool:
    """Whether a case may be claimed: an ECG or emergency at once, others when the line has been quiet."""
    if needs_no_wait(modality, urgency):
        return True
    # Where the clock was set back, the study does not wait until it has caught up.
    waited = abs(now - last_received_at)
    return waited >= LONGEST_WAIT or (waited >= quiet and not in_transfer)


def leading_modality(present: str, arriving: str) -> str:
    """Return what a case is about once another instance has come: the first real modality stays."""
    return arriving if present in ACCOMPANYING and arriving not in ACCOMPANYING else present
