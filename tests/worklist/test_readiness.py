"""When a study may be claimed: every rule at its boundary."""

from datetime import UTC, datetime, timedelta

import pytest

from worklist.readiness import is_ready, leading_modality, needs_no_wait
from worklist.urgency import Urgency

LAST = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
ROUTINE, URGENT, EMERGENCY = Urgency.ROUTINE, Urgency.URGENT, Urgency.EMERGENCY
MOMENT = timedelta(microseconds=1)


def after(**words: float) -> timedelta:
    return timedelta(**words)


READY = [
    # what,                                       modality, urgency, waited, quiet, in transfer, ready
    ("just arrived", "US", ROUTINE, after(seconds=0), 60, False, False),
    ("a moment too soon", "US", ROUTINE, after(seconds=60) - MOMENT, 60, False, False),
    ("quiet just long enough", "US", ROUTINE, after(seconds=60), 60, False, True),
    ("quiet, but another is on the line", "US", ROUTINE, after(seconds=60), 60, True, False),
    ("long quiet, another on a slow line", "DX", ROUTINE, after(minutes=10) - MOMENT, 60, True, False),
    ("ten minutes are enough, come what may", "DX", ROUTINE, after(minutes=10), 60, True, True),
    ("ten minutes end a longer quiet time", "US", ROUTINE, after(minutes=10), 3600, False, True),
    ("a longer quiet time holds until then", "US", ROUTINE, after(minutes=10) - MOMENT, 3600, False, False),
    ("urgent waits as routine does", "US", URGENT, after(seconds=60) - MOMENT, 60, False, False),
    ("urgent, quiet", "US", URGENT, after(seconds=60), 60, False, True),
    ("an ECG at once", "ECG", ROUTINE, after(seconds=0), 60, False, True),
    ("an ECG at once, whatever is in transfer", "ECG", ROUTINE, after(seconds=0), 3600, True, True),
    ("an emergency at once", "US", EMERGENCY, after(seconds=0), 60, True, True),
    ("no quiet time: at once", "US", ROUTINE, after(seconds=0), 0, False, True),
    ("no quiet time, but another is on the line", "US", ROUTINE, after(seconds=0), 0, True, False),
]


@pytest.mark.parametrize(
    ("modality", "urgency", "waited", "quiet", "in_transfer", "ready"),
    [row[1:] for row in READY],
    ids=[row[0] for row in READY],
)
def test_a_study_may_be_claimed(
    modality: str, urgency: Urgency, waited: timedelta, quiet: int, in_transfer: bool, ready: bool
) -> None:
    assert (
        is_ready(
            modality=modality,
            urgency=urgency,
            last_received_at=LAST,
            now=LAST + waited,
            quiet=timedelta(seconds=quiet),
            in_transfer=in_transfer,
        )
        is ready
    )


SET_BACK = [
    ("by a moment: the quiet time is counted from here", timedelta(seconds=1), False),
    ("by hours: nobody waits hours for the clock to catch up", timedelta(hours=2), True),
]


@pytest.mark.parametrize(("step", "ready"), [row[1:] for row in SET_BACK], ids=[row[0] for row in SET_BACK])
def test_a_clock_set_back_does_not_hide_a_study(step: timedelta, ready: bool) -> None:
    now = LAST - step
    assert (
        is_ready(
            modality="US",
            urgency=ROUTINE,
            last_received_at=LAST,
            now=now,
            quiet=timedelta(seconds=60),
            in_transfer=False,
        )
        is ready
    )


@pytest.mark.parametrize("modality", ["US", "DX", "CR", "OT", "SR", "", "ECG"])
@pytest.mark.parametrize("urgency", list(Urgency))
def test_only_an_ecg_or_an_emergency_needs_no_wait(modality: str, urgency: Urgency) -> None:
    assert needs_no_wait(modality, urgency) is (modality == "ECG" or urgency is EMERGENCY)


LEADING = [
    # present, arriving, leading afterwards
    ("US", "US", "US"),
    ("US", "DX", "US"),
    ("US", "SR", "US"),
    ("SR", "US", "US"),
    ("OT", "US", "US"),
    ("", "DX", "DX"),
    ("PR", "ECG", "ECG"),
    ("KO", "SR", "KO"),
    ("DOC", "OT", "DOC"),
    ("ECG", "OT", "ECG"),
]


@pytest.mark.parametrize(("present", "arriving", "leading"), LEADING)
def test_the_first_real_modality_says_what_a_case_is_about(present: str, arriving: str, leading: str) -> None:
    assert leading_modality(present, arriving) == leading
