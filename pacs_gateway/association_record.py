"""What is told of an association: one line when it has ended, without patient data."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import structlog

log = structlog.stdlib.get_logger(__name__)


class Totals:
    """Requests of all associations by what became of them; many threads count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes: Counter[str] = Counter()
        self._received_bytes = 0

    def count(self, outcome: str, size: int) -> None:
        """Count a request, and the bytes of its data set."""
        with self._lock:
            self._outcomes[outcome] += 1
            self._received_bytes += size

    def read(self) -> tuple[dict[str, int], int]:
        """Return the requests by outcome, and the bytes of all."""
        with self._lock:
            return dict(self._outcomes), self._received_bytes


@dataclass(kw_only=True)
class AssociationRecord:
    """Collected while the association stands, by the thread that serves it."""

    address: str
    port: int
    is_encrypted: bool = False
    calling_ae_title: str
    called_ae_title: str
    totals: Totals
    device_id: str | None = None
    site_id: str | None = None
    contexts: int = 0
    ended: str = ""
    outcomes: Counter[str] = field(default_factory=Counter)
    received_bytes: int = 0
    opened: float = field(default_factory=time.monotonic)

    def count(self, outcome: str, size: int = 0) -> None:
        """Count a request by what became of it, and the bytes of its data set."""
        self.outcomes[outcome] += 1
        self.received_bytes += size
        self.totals.count(outcome, size)

    def write(self) -> None:
        """Write the line."""
        log.info(
            "association",
            address=self.address,
            port=self.port,
            tls=self.is_encrypted,
            calling_ae_title=self.calling_ae_title,
            called_ae_title=self.called_ae_title,
            device_id=self.device_id,
            site_id=self.site_id,
            contexts=self.contexts,
            requests=dict(self.outcomes),
            bytes=self.received_bytes,
            seconds=round(time.monotonic() - self.opened, 3),
            ended=self.ended,
        )
