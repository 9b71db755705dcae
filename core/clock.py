"""Where the hub gets the time: UTC, passed in, so that rules can be tested at any hour."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the hub's time; order, leases and due times run on it, never on a device's."""

    def now(self) -> datetime:
        """Return the present moment, in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment, in UTC."""
        return datetime.now(UTC)
