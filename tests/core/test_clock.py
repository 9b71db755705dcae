"""The hub's time is UTC and knows it."""

from datetime import UTC, datetime, timedelta

from core.clock import SystemClock


def test_the_system_clock_tells_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
