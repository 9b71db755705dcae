"""Takes a file that is no DICOM: keeps it with the instances made of it, or aside where it cannot be read."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import BinaryIO

from core.clock import Clock
from core.errors import DataSetMismatch, InvalidInstance, TooLarge, UnsupportedTransferSyntax
from core.limits import FOREIGN_FILE_LIMIT, MIB
from core.origin import Origin
from core.uids import new_key
from storage.archive import Archive
from storage.companion_files import TOO_LONG, Companions, no_companions
from storage.element_header import EXPLICIT_VR_LITTLE_ENDIAN
from storage.incoming import EncodedInstance
from storage.instance import StoredInstance, StoreOutcome
from storage.original import Conversion, FileKind, ForeignFile, MadeInstance, OriginalFile
from storage.original_records import LONGEST_NAME
from storage.part10 import part10_header


class ForeignFiles:
    """Takes files through the one door; many threads may use it."""

    def __init__(self, *, archive: Archive, conversion: Conversion, clock: Clock) -> None:
        self._archive = archive
        self._conversion = conversion
        self._clock = clock

    def recognise(self, stream: BinaryIO, name: str) -> FileKind | None:
        """Return what a seekable file is, None for what is not read here; its stream begins anew."""
        head = stream.read(self._conversion.head)
        stream.seek(0)
        return None if head[128:132] == b"DICM" else self._conversion.recognise(head, name)

    def take(
        self,
        stream: BinaryIO,
        kind: FileKind,
        origin: Origin,
        *,
        name: str,
        companions: Companions = no_companions,
    ) -> StoredInstance:
        """Store what is made of a file that was recognised; the file itself is kept with it.

        Raises:
            InvalidInstance: nothing can be made of it; it lies in quarantine, and the words say why.
            TooLarge: it is longer than anything that is kept.
            QuotaExceeded, StorageUnavailable: it cannot be kept now.
        """
        archive, now = self._archive, self._clock.now()
        with archive.incoming.new_file(now) as landing:
            while chunk := stream.read(MIB):
                landing.write_part10(chunk)
            encoded = landing.sealed_part10()
            try:
                return self._taken(encoded, kind, origin, name, companions, now)
            except (InvalidInstance, DataSetMismatch, TooLarge, UnsupportedTransferSyntax) as refusal:
                detail = f"{kind.name}: {refusal}"
                archive.set_aside(encoded, origin, detail)
                raise InvalidInstance(detail) from refusal

    def _taken(
        self,
        encoded: EncodedInstance,
        kind: FileKind,
        origin: Origin,
        name: str,
        companions: Companions,
        now: datetime,
    ) -> StoredInstance:
        if encoded.size > FOREIGN_FILE_LIMIT:
            raise TooLarge(TOO_LONG)
        beside = dict(companions()) if kind.has_companions else {}
        digest = _source_digest(encoded.digest, beside)
        held = self._archive.made_before(origin.site_id, digest)
        if held is not None:
            return held
        file = ForeignFile(
            path=encoded.path,
            size=encoded.size,
            name=name,
            digest=digest,
            received_at=now,
            companions=beside,
        )
        return self._keep(self._conversion.convert(file), file, encoded, kind, origin, now)

    def _keep(
        self,
        made: Sequence[MadeInstance],
        file: ForeignFile,
        encoded: EncodedInstance,
        kind: FileKind,
        origin: Origin,
        now: datetime,
    ) -> StoredInstance:
        archive = self._archive
        originals = [self._put(encoded, file, kind, origin, now)]
        originals += [
            self._put_companion(number, name, content, file, kind, origin, now)
            for number, (name, content) in enumerate(sorted(file.companions.items()), 2)
        ]
        stored = []
        try:
            for each in made:
                stored.append(self._store(each, origin, originals, now))  # noqa: PERF401 - what failed comes last
        finally:
            if not any(each.outcome is StoreOutcome.STORED for each in stored):
                for original in originals:
                    archive.blobs.delete(original.blob_key)
        return next((each for each in stored if each.outcome is StoreOutcome.STORED), stored[0])

    def _store(
        self, made: MadeInstance, origin: Origin, originals: Sequence[OriginalFile], now: datetime
    ) -> StoredInstance:
        with self._archive.incoming.new_file(now) as landing:
            landing.write_header(
                part10_header(made.sop_class_uid, made.sop_instance_uid, EXPLICIT_VR_LITTLE_ENDIAN)
            )
            landing.write(made.data_set)
            encoded = landing.sealed(transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN)
            return self._archive.store(encoded, origin, originals=originals)

    def _put(
        self, encoded: EncodedInstance, file: ForeignFile, kind: FileKind, origin: Origin, now: datetime
    ) -> OriginalFile:
        blob_key = f"{origin.site_id}/{file.digest[:2]}/{new_key(now)}"
        self._archive.blobs.put(blob_key, encoded.path)
        return OriginalFile(
            number=1,
            name=_shown(file.name),
            kind=kind.name,
            blob_key=blob_key,
            size=encoded.size,
            digest=encoded.digest,
            source_digest=file.digest,
        )

    def _put_companion(
        self,
        number: int,
        name: str,
        content: bytes,
        file: ForeignFile,
        kind: FileKind,
        origin: Origin,
        now: datetime,
    ) -> OriginalFile:
        blob_key = f"{origin.site_id}/{file.digest[:2]}/{new_key(now)}"
        with self._archive.incoming.new_file(now, FOREIGN_FILE_LIMIT) as landing:
            landing.write_part10(content)
            self._archive.blobs.put(blob_key, landing.durable())
        return OriginalFile(
            number=number,
            name=_shown(name),
            kind=kind.name,
            blob_key=blob_key,
            size=len(content),
            digest=hashlib.sha256(content).hexdigest(),
            source_digest=file.digest,
        )


def _source_digest(digest: str, companions: Mapping[str, bytes]) -> str:
    """Return what stands for a file with those beside it; for a file alone its own SHA-256."""
    if not companions:
        return digest
    whole = hashlib.sha256(digest.encode())
    for name, content in sorted(companions.items()):
        whole.update(f"\0{name}\0{len(content)}\0".encode(errors="replace"))
        whole.update(content)
    return whole.hexdigest()


def _shown(name: str) -> str:
    """Return a file's own name as it can be kept and given out again."""
    kept = "".join(
        character for character in name.replace("\\", "/").split("/")[-1] if character.isprintable()
    )
    return kept.encode(errors="replace").decode()[-LONGEST_NAME:] or "ecg"
