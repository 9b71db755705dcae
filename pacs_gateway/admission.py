"""Who may associate: known devices, and no more of them at once than are served well."""

import threading

from core.errors import StorageUnavailable
from pacs_gateway.pdu import (
    CALLED_AE_TITLE_NOT_RECOGNIZED,
    CALLING_AE_TITLE_NOT_RECOGNIZED,
    LOCAL_LIMIT_EXCEEDED,
    TEMPORARY_CONGESTION,
    Rejection,
)
from registry.device import Device, DeviceRefusal, match_device
from registry.directory import Directory

_REJECTIONS = {
    DeviceRefusal.CALLING_AE_TITLE: CALLING_AE_TITLE_NOT_RECOGNIZED,
    DeviceRefusal.CALLED_AE_TITLE: CALLED_AE_TITLE_NOT_RECOGNIZED,
}


class Admission:
    """The door: knows the devices, and counts the associations that stand."""

    def __init__(self, directory: Directory, *, maximum_associations: int) -> None:
        self._directory = directory
        self._free = threading.Semaphore(maximum_associations)

    def admit(self, *, calling_ae_title: str, called_ae_title: str, address: str) -> Device | Rejection:
        """Return the device that calls, with a place taken for it, or why it is turned away.

        Whoever gets a device gives the place back (`leave`).
        """
        try:
            known = self._directory.devices(calling_ae_title)
        except StorageUnavailable:
            return TEMPORARY_CONGESTION
        device = match_device(
            known, calling_ae_title=calling_ae_title, called_ae_title=called_ae_title, address=address
        )
        if isinstance(device, DeviceRefusal):
            return _REJECTIONS[device]
        return device if self._free.acquire(blocking=False) else LOCAL_LIMIT_EXCEEDED

    def leave(self) -> None:
        """Give a place back."""
        self._free.release()
