"""C-STORE as SCP (PS3.7 9.1.1, PS3.4 B): the data set goes to disk as it comes, then through the one door."""

from typing import Final

import structlog

from core.clock import Clock
from core.errors import HubError, InvalidInstance, UnsupportedSOPClass
from core.limits import DATA_SET_LIMIT
from core.origin import Origin, OriginKind
from core.uids import is_indexable
from pacs_gateway.bugs import guarded
from pacs_gateway.command_set import CommandSet
from pacs_gateway.pdu import ProtocolViolation
from pacs_gateway.presentation import UID_PADDING, is_kept
from pacs_gateway.status import DONE, Answer, answer_to
from pacs_gateway.transfers import Transfer, TransferWatch
from registry.device import Device
from storage.archive import Archive
from storage.incoming import EncodedInstance, IncomingFile
from storage.instance import StoredInstance
from storage.part10 import part10_header

DRAIN_LIMIT: Final = 2 * DATA_SET_LIMIT
"""How much of a refused data set is let pass, so that the refusal can be said in a response."""

log = structlog.stdlib.get_logger(__name__)


class StoreIntake:
    """The data set of one C-STORE on its way in: written by the thread that reads the socket.

    Once it is refused nothing more is written, but the sender is heard to the end: DIMSE has no other way to
    answer. Whoever ends with it calls `discard`.
    """

    def __init__(
        self, command: CommandSet, transfer_syntax_uid: str, scp: "StoreSCP", device: Device
    ) -> None:
        self.command = command
        self.transfer_syntax_uid = transfer_syntax_uid
        self.sop_class_uid = announced_uid(command.sop_class_uid)
        self.sop_instance_uid = announced_uid(command.sop_instance_uid)
        self.size = 0
        self.refusal: HubError | None = None
        self._scp = scp
        self._file: IncomingFile | None = None
        self._transfer: Transfer | None = None
        try:
            self._file = guarded(scp.new_file, self)
            self._transfer = guarded(
                scp.transfers.begin,
                self._file,
                site_id=device.site_id,
                transfer_syntax_uid=transfer_syntax_uid,
            )
        except HubError as refusal:
            self._refuse(refusal)

    def write(self, fragment: memoryview) -> None:
        """Take the next fragment.

        Raises:
            ProtocolViolation: a data set that was refused long ago does not end.
        """
        self.size += len(fragment)
        if self._file is None:
            if self.size > DRAIN_LIMIT:
                raise ProtocolViolation("a data set does not end")
            return
        try:
            guarded(self._file.write, fragment)
        except HubError as refusal:
            self._refuse(refusal)

    def sealed(self) -> EncodedInstance:
        """Make the whole instance durable.

        Raises:
            HubError: it was refused, or the disk failed.
        """
        if self.refusal is not None:
            raise self.refusal
        if self._file is None or not self.command.has_data_set:
            raise InvalidInstance("The request has no data set.")
        return self._file.sealed(
            transfer_syntax_uid=self.transfer_syntax_uid,
            announced_sop_class_uid=self.sop_class_uid,
            announced_sop_instance_uid=self.sop_instance_uid,
        )

    def discard(self) -> None:
        """Remove what lies in incoming and stop saying that it arrives; harmless when done twice."""
        if self._transfer is not None:
            self._scp.transfers.end(self._transfer)
            self._transfer = None
        if self._file is not None:
            self._file.discard()
            self._file = None

    def _refuse(self, refusal: HubError) -> None:
        self.refusal = refusal
        self.discard()


class StoreSCP:
    """What every association needs to take instances in."""

    def __init__(
        self, archive: Archive, transfers: TransferWatch, clock: Clock, *, accept_any_storage_class: bool
    ) -> None:
        self.transfers = transfers
        self._archive = archive
        self._clock = clock
        self._accept_any = accept_any_storage_class

    def new_file(self, intake: StoreIntake) -> IncomingFile:
        """Open a file for a data set that is about to come.

        Raises:
            UnsupportedSOPClass: its class is not kept here.
            QuotaExceeded, StorageUnavailable: there is no room; better said before the data is written.
        """
        sop_class_uid = intake.sop_class_uid
        is_legible = sop_class_uid is not None and is_indexable(sop_class_uid)
        if is_legible and not is_kept(str(sop_class_uid), accept_any=self._accept_any):
            raise UnsupportedSOPClass
        self._archive.require_room()
        incoming = self._archive.incoming.new_file(self._clock.now())
        try:
            incoming.write_header(
                part10_header(sop_class_uid or "", intake.sop_instance_uid or "", intake.transfer_syntax_uid)
            )
        except HubError:
            incoming.discard()
            raise
        return incoming

    def serve(self, intake: StoreIntake, device: Device) -> tuple[Answer, str]:
        """Keep the instance; return the answer and the outcome in a word. 0000 only once it is durable."""
        origin = Origin(kind=OriginKind.DEVICE, site_id=device.site_id, source=device.device_id)
        try:
            stored = guarded(self._keep, intake, origin)
        except HubError as refusal:
            answer = answer_to(refusal)
            log.warning(
                "instance refused",
                status=f"{answer.status:04X}",
                reason=type(refusal).__name__,
                sop_instance_uid=_indexable(intake.sop_instance_uid),
                site_id=device.site_id,
                device_id=device.device_id,
                bytes=intake.size,
            )
            return answer, f"{answer.status:04X}"
        return DONE, stored.outcome.value

    def _keep(self, intake: StoreIntake, origin: Origin) -> StoredInstance:
        return self._archive.store(intake.sealed(), origin)


def announced_uid(value: bytes) -> str | None:
    """Return a UID of a command set without padding, in ASCII whatever it holds; None where empty."""
    text = value.decode("latin-1").strip(UID_PADDING)
    if text.isascii() and text.isprintable():
        return text or None
    return "".join(
        character if character.isascii() and character.isprintable() else f"\\x{ord(character):02x}"
        for character in text
    )


def _indexable(uid: str | None) -> str | None:
    return uid if uid is not None and is_indexable(uid) else None
