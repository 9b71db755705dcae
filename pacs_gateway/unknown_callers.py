"""Notes who was turned away because nobody registered it, and writes it down from time to time.

The first caller after a quiet while is written at once, so that an engineer at the machine sees it appear;
whatever comes in the seconds after waits and is written together. However many call, that is one transaction
of a bounded size every few seconds.
"""

import threading
from dataclasses import replace
from typing import Final

import structlog

from core.clock import Clock
from core.errors import StorageUnavailable
from core.limits import UNKNOWN_DEVICES_PER_ADDRESS, UNKNOWN_DEVICES_WRITE_SECONDS
from registry.certificate import Certificate
from registry.unknown_devices import Attempts, UnknownDevices

HELD: Final = 2 * UNKNOWN_DEVICES_PER_ADDRESS
"""Callers between two writes; one more is not noted until there is room."""

log = structlog.stdlib.get_logger(__name__)


class UnknownCallers:
    """The callers that are to be written down; `note` never waits for the catalogue."""

    def __init__(
        self,
        unknown_devices: UnknownDevices,
        clock: Clock,
        *,
        write_seconds: float = UNKNOWN_DEVICES_WRITE_SECONDS,
    ) -> None:
        self._unknown_devices = unknown_devices
        self._clock = clock
        self._write_seconds = write_seconds
        self._held: dict[tuple[str, str, str], Attempts] = {}
        self._lock = threading.Lock()
        self._is_noted = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="unknown callers", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is held, and no more."""
        self._stopping.set()
        self._is_noted.set()
        self._thread.join()

    def note(
        self,
        *,
        calling_ae_title: str,
        called_ae_title: str,
        address: str,
        refusal: str,
        proposed: str = "",
        certificate: Certificate | None = None,
    ) -> None:
        """Note one attempt."""
        now = self._clock.now()
        caller = (calling_ae_title, called_ae_title, address)
        with self._lock:
            before = self._held.get(caller)
            if before is None and len(self._held) >= HELD:
                return
            self._held[caller] = Attempts(
                calling_ae_title=calling_ae_title,
                called_ae_title=called_ae_title,
                address=address,
                refusal=refusal,
                proposed=proposed,
                certificate=certificate,
                count=1 if before is None else before.count + 1,
                first_seen_at=now if before is None else before.first_seen_at,
                last_seen_at=now,
            )
        self._is_noted.set()

    def write(self) -> None:
        """Write down what is held; kept for the next time where the catalogue is away."""
        with self._lock:
            attempts, self._held = self._held, {}
            self._is_noted.clear()
        if not attempts:
            return
        try:
            self._unknown_devices.record(attempts.values())
        except StorageUnavailable:
            log.warning("unknown devices cannot be noted: the catalogue is away")
            self._hold_again(attempts)

    def _hold_again(self, attempts: dict[tuple[str, str, str], Attempts]) -> None:
        with self._lock:
            for caller, newer in self._held.items():
                if caller in attempts:
                    older = attempts[caller]
                    attempts[caller] = replace(
                        newer, count=older.count + newer.count, first_seen_at=older.first_seen_at
                    )
                elif len(attempts) < HELD:
                    attempts[caller] = newer
            self._held = attempts
        self._is_noted.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._is_noted.wait()
            self.write()
            self._stopping.wait(self._write_seconds)
        self.write()
