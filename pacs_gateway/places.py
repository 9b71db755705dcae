"""Places for associations: how many stand at once, in all, from one address, and of one device.

Where a limit is reached, the association under it that has been idle longest gives way; if all are at work,
the newcomer is turned away. So a device that never closes its associations locks out nobody, itself included.
"""

import threading
import time
from dataclasses import dataclass
from typing import Final, Protocol

from core.limits import (
    ASSOCIATIONS,
    ASSOCIATIONS_PER_ADDRESS,
    ASSOCIATIONS_PER_DEVICE,
    EVICTABLE_AFTER_SECONDS,
)
from core.networks import Network, address_of

_ALL: Final = "all"


class Occupant(Protocol):
    """An association that holds a place."""

    @property
    def idle_since(self) -> float | None:
        """The moment (time.monotonic) of its last message; None while one is under way."""

    def evict(self) -> None:
        """End it, politely and without waiting."""


@dataclass(frozen=True, kw_only=True)
class SharedNetwork:
    """A network whose addresses are counted as one caller: many devices behind one address, or a clinic."""

    network: Network
    associations: int = ASSOCIATIONS_PER_ADDRESS

    def __str__(self) -> str:
        """Return it as it is written in the settings."""
        return f"{self.network}={self.associations}"


@dataclass(frozen=True, kw_only=True)
class PlaceLimits:
    """How many associations may stand at once."""

    overall: int = ASSOCIATIONS
    per_address: int = ASSOCIATIONS_PER_ADDRESS
    per_device: int = ASSOCIATIONS_PER_DEVICE
    shared_networks: tuple[SharedNetwork, ...] = ()
    evictable_after_seconds: float = EVICTABLE_AFTER_SECONDS


class Places:
    """Who holds a place, under which limits."""

    def __init__(self, limits: PlaceLimits) -> None:
        self._limits = limits
        self._occupants: dict[Occupant, dict[str, int]] = {}
        self._lock = threading.Lock()
        self.evicted = 0

    @property
    def taken(self) -> int:
        """Return how many places are taken."""
        with self._lock:
            return len(self._occupants)

    def take(self, occupant: Occupant, *, address: str, device_id: str) -> bool:
        """Give a place, at the cost of idle ones if need be; False where everybody is at work."""
        bounds = self._bounds(address, device_id)
        with self._lock:
            evicted: list[Occupant] = []
            for bound, limit in bounds.items():
                under = [other for other, bound_by in self._occupants.items() if bound in bound_by]
                if len(under) - sum(other in under for other in evicted) < limit:
                    continue
                idle = self._longest_idle(under, evicted)
                if idle is None:
                    return False
                evicted.append(idle)
            for other in evicted:
                del self._occupants[other]
            self._occupants[occupant] = bounds
            self.evicted += len(evicted)
        for other in evicted:
            other.evict()
        return True

    def leave(self, occupant: Occupant) -> None:
        """Give a place back; harmless for one that was evicted."""
        with self._lock:
            self._occupants.pop(occupant, None)

    def _bounds(self, address: str, device_id: str) -> dict[str, int]:
        """Return what the association counts against, the narrowest first, and each limit."""
        limits = self._limits
        caller, limit = address, limits.per_address
        source = address_of(address)
        for shared in limits.shared_networks:
            if source is not None and source.version == shared.network.version and source in shared.network:
                caller, limit = str(shared.network), shared.associations
                break
        return {
            f"device {device_id} at {address}": limits.per_device,
            f"caller {caller}": limit,
            _ALL: limits.overall,
        }

    def _longest_idle(self, under: list[Occupant], evicted: list[Occupant]) -> Occupant | None:
        latest = time.monotonic() - self._limits.evictable_after_seconds
        idle = [
            (since, number, other)
            for number, other in enumerate(under)
            if other not in evicted and (since := other.idle_since) is not None and since <= latest
        ]
        return min(idle)[2] if idle else None
