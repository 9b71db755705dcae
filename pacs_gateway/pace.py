"""How fast a message comes in, measured in the time that we waited for the line and not in our own.

A disk that is slow for a minute holds the sender up; that is not the sender's fault.
"""

from core.limits import PACE_SECONDS, SILENCE_SECONDS, SLOWEST_BYTES_PER_SECOND


class Pace:
    """Watches one association inside its messages; between them a device may be silent for long."""

    def __init__(self, silence_seconds: float = SILENCE_SECONDS) -> None:
        self._silence_seconds = silence_seconds
        self._silent = 0.0
        self._waited = 0.0
        self._received = 0

    def rest(self) -> None:
        """Begin anew: no message is under way."""
        self._silent = self._waited = 0.0
        self._received = 0

    def complaint(self, *, waited: float, received: int) -> str | None:
        """Take in that so many bytes came in so many seconds; return what is wrong with that, if anything."""
        self._silent = 0.0 if received else self._silent + waited
        self._waited += waited
        self._received += received
        if self._silent > self._silence_seconds:
            return "silent inside a message"
        if self._waited < PACE_SECONDS:
            return None
        is_too_slow = self._received < SLOWEST_BYTES_PER_SECOND * self._waited
        self.rest()
        return "too slow inside a message" if is_too_slow else None
