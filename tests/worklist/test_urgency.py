"""Due times and leases, held against the contract's figures written down by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from worklist.urgency import HEARTBEAT_EVERY, RANK, Urgency, due_at, lease, time_to_read

ARRIVED = datetime(2026, 11, 20, 23, 50, tzinfo=UTC)

MINUTES = [
    # modality, routine, urgent, emergency
    ("ECG", 30, 20, 15),
    ("US", 30, 20, 15),
    ("DX", 60, 45, 30),
    ("CR", 60, 45, 30),
    ("CT", 60, 45, 30),
    ("OT", 60, 45, 30),
    ("", 60, 45, 30),
]


@pytest.mark.parametrize(("modality", "routine", "urgent", "emergency"), MINUTES)
def test_a_report_is_due_by_modality_and_urgency(
    modality: str, routine: int, urgent: int, emergency: int
) -> None:
    expected = {Urgency.ROUTINE: routine, Urgency.URGENT: urgent, Urgency.EMERGENCY: emergency}
    for urgency, minutes in expected.items():
        assert time_to_read(modality, urgency) == timedelta(minutes=minutes)
        assert due_at(ARRIVED, modality, urgency) == ARRIVED + timedelta(minutes=minutes)


@pytest.mark.parametrize("modality", [row[0] for row in MINUTES])
def test_more_urgent_is_never_due_later_and_always_ranked_first(modality: str) -> None:
    in_order = sorted(Urgency, key=lambda urgency: RANK[urgency])
    assert in_order == [Urgency.ROUTINE, Urgency.URGENT, Urgency.EMERGENCY]
    times = [time_to_read(modality, urgency) for urgency in in_order]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 3


@pytest.mark.parametrize(
    ("urgency", "seconds"), [(Urgency.ROUTINE, 120), (Urgency.URGENT, 120), (Urgency.EMERGENCY, 60)]
)
def test_a_claim_outlives_two_lost_heartbeats(urgency: Urgency, seconds: int) -> None:
    assert lease(urgency) == timedelta(seconds=seconds)
    assert timedelta(seconds=20) == HEARTBEAT_EVERY
    assert lease(urgency) >= 3 * HEARTBEAT_EVERY


def test_a_due_time_passes_midnight_and_the_end_of_a_year() -> None:
    last_minute = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    assert due_at(last_minute, "ECG", Urgency.EMERGENCY) == datetime(2027, 1, 1, 0, 14, tzinfo=UTC)
