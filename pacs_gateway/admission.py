"""Who may associate: known devices, and no more of them at once than are served well."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from core.errors import StorageUnavailable
from pacs_gateway.pdu import (
    CALLED_AE_TITLE_NOT_RECOGNIZED,
    CALLING_AE_TITLE_NOT_RECOGNIZED,
    CERTIFICATE_NOT_SHOWN,
    LOCAL_LIMIT_EXCEEDED,
    TEMPORARY_CONGESTION,
    Rejection,
)
from pacs_gateway.places import Occupant, Places
from pacs_gateway.unknown_callers import UnknownCallers
from registry.certificate import Certificate
from registry.device import Device, DeviceRefusal, match_device
from registry.directory import Directory

_REJECTIONS: Final = {
    DeviceRefusal.CALLING_AE_TITLE: CALLING_AE_TITLE_NOT_RECOGNIZED,
    DeviceRefusal.CALLED_AE_TITLE: CALLED_AE_TITLE_NOT_RECOGNIZED,
    DeviceRefusal.CERTIFICATE: CERTIFICATE_NOT_SHOWN,
}


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks for an association; `certificate` is what it proved to hold, None on a line without TLS."""

    calling_ae_title: str
    called_ae_title: str
    address: str
    certificate: Certificate | None


class Admission:
    """The door: knows the devices, gives the places, and notes who is turned away."""

    def __init__(self, directory: Directory, places: Places, unknown_callers: UnknownCallers) -> None:
        self._directory = directory
        self._unknown_callers = unknown_callers
        self.places = places
        self.rejections: Counter[str] = Counter()

    def admit(self, caller: Caller, occupant: Occupant, *, proposed: Callable[[], str]) -> Device | Rejection:
        """Return the device that calls, with a place taken for it, or why it is turned away.

        Whoever gets a device gives the place back (`leave`). `proposed` says what was to be sent, in short.
        """
        decision = self._decide(caller, occupant)
        if isinstance(decision, Rejection):
            self.count(decision)
            if decision in _REJECTIONS.values():
                self._note(caller, decision, proposed())
        return decision

    def count(self, rejection: Rejection) -> None:
        """Count a rejection by its reason."""
        self.rejections[rejection.reason] += 1

    def turn_away(self, caller: Caller, rejection: Rejection) -> None:
        """Count and note one whose request was not even read to its end."""
        self.count(rejection)
        self._note(caller, rejection, "")

    def leave(self, occupant: Occupant) -> None:
        """Give a place back."""
        self.places.leave(occupant)

    def _decide(self, caller: Caller, occupant: Occupant) -> Device | Rejection:
        try:
            known = self._directory.devices(caller.calling_ae_title)
        except StorageUnavailable:
            return TEMPORARY_CONGESTION
        device = match_device(
            known,
            calling_ae_title=caller.calling_ae_title,
            called_ae_title=caller.called_ae_title,
            address=caller.address,
            fingerprint=None if caller.certificate is None else caller.certificate.fingerprint,
        )
        if isinstance(device, DeviceRefusal):
            return _REJECTIONS[device]
        has_place = self.places.take(occupant, address=caller.address, device_id=device.device_id)
        return device if has_place else LOCAL_LIMIT_EXCEEDED

    def _note(self, caller: Caller, rejection: Rejection, proposed: str) -> None:
        self._unknown_callers.note(
            calling_ae_title=caller.calling_ae_title.strip(),
            called_ae_title=caller.called_ae_title.strip(),
            address=caller.address,
            refusal=rejection.reason,
            proposed=proposed,
            certificate=caller.certificate,
        )
