"""ISHNE Holter files (standard output format 1.0): a header of 522 bytes, then all leads sample by sample."""

import struct
from binascii import crc_hqx
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from core.errors import InvalidInstance
from ecg.document import EcgDevice, EcgDocument, EcgFormat, EcgPatient
from ecg.formats.assembly import check_lead_count, checked_rate, checked_scale
from ecg.formats.framed import Channel, FramedLead, FramedRecording
from ecg.formats.identity import at_clock, person_name, plain, text_of

MAGIC: Final = b"ISHNE1.0"
_HEADER: Final = 522
_LEADS: Final = 12
_NAMES: Final = {
    2: "X",
    3: "Y",
    4: "Z",
    5: "I",
    6: "II",
    7: "III",
    8: "aVR",
    9: "aVL",
    10: "aVF",
    **{number + 10: f"V{number}" for number in range(1, 7)},
    17: "ES",
    18: "AS",
    19: "AI",
}
_FAULT: Final = -(2**15)
_SEXES: Final = {1: "M", 2: "F"}


@dataclass(frozen=True, kw_only=True)
class IshneHeader:
    """What stands before the samples."""

    recording: FramedRecording
    patient: EcgPatient
    device: EcgDevice
    recorded_at: datetime | None
    oddities: tuple[str, ...]


def read(content: bytes) -> EcgDocument:
    """Read an ISHNE file. Raises InvalidInstance where it is cut or none, TooLarge beyond the limits."""
    header = header_of(content, len(content))
    return EcgDocument(
        format=EcgFormat.ISHNE,
        recordings=(header.recording.whole(content),),
        patient=header.patient,
        device=header.device,
        recorded_at=header.recorded_at,
        oddities=header.oddities,
    )


def header_of(head: bytes, size: int) -> IshneHeader:
    """Return the header of a file of `size` bytes, of which `head` holds at least all before the samples."""
    if head[:8] != MAGIC or len(head) < _HEADER:
        raise InvalidInstance("This is no ISHNE file, or it is cut within its header.")
    odd: list[str] = []
    count, extra_at, samples_at = struct.unpack_from("<iii", head, 14)
    (extra,) = struct.unpack_from("<i", head, 10)
    (leads,) = struct.unpack_from("<h", head, 156)
    check_lead_count(leads)
    if leads > _LEADS:
        raise InvalidInstance(f"This ISHNE file says it has {leads} leads, where it has room for {_LEADS}.")
    start = samples_at if _HEADER <= samples_at < size else _HEADER + max(0, extra)
    if start != samples_at:
        odd.append("The header says a wrong place of the samples.")
    _check_sum(head, extra_at + max(0, extra), odd)
    frames = _frames(count, leads, size - start, odd)
    names = struct.unpack_from(f"<{leads}h", head, 158)
    resolutions = struct.unpack_from(f"<{leads}h", head, 206)
    (rate,) = struct.unpack_from("<h", head, 272)
    framed = []
    for index, (number, nanovolts) in enumerate(zip(names, resolutions, strict=True)):
        name = _NAMES.get(number, f"channel {index + 1}")
        framed.append(
            FramedLead(
                name=name,
                channel=Channel(offset=2 * index),
                microvolts_per_unit=checked_scale(nanovolts / 1000 if nanovolts > 0 else None, name),
                missing=_FAULT,
            )
        )
    return IshneHeader(
        recording=FramedRecording(
            label="RHYTHM",
            sampling_frequency_hz=checked_rate(float(rate)),
            start=start,
            frame_bytes=2 * leads,
            frames=frames,
            leads=tuple(framed),
        ),
        patient=_patient(head),
        device=EcgDevice(model=plain(text_of(head[232:272]))),
        recorded_at=_recorded_at(head),
        oddities=tuple(odd),
    )


def _check_sum(head: bytes, end: int, odd: list[str]) -> None:
    """The sum is over all of the header behind it; carts write its two bytes in either order."""
    (told,) = struct.unpack_from("<H", head, 8)
    right = crc_hqx(head[10 : max(_HEADER, end)], 0xFFFF)
    if told not in (right, right >> 8 | (right & 0xFF) << 8):
        odd.append("The check sum of the header is wrong.")


def _frames(count: int, leads: int, available: int, odd: list[str]) -> int:
    """Return the samples of each lead; some write the samples of all leads together."""
    whole = available // (2 * leads)
    if count == whole:
        return count
    if count > 0 and count == whole * leads:
        odd.append("The header counts the samples of all leads together.")
        return whole
    if count > whole or whole <= 0:
        raise InvalidInstance(
            f"This ISHNE file is cut: of {count} samples of each lead it holds {max(0, whole)}."
        )
    odd.append("The header counts fewer samples than there are; all were read.")
    return whole


def _patient(head: bytes) -> EcgPatient:
    first, last, identifier = (text_of(head[at : at + size]) for at, size in ((28, 40), (68, 40), (108, 20)))
    (sex,) = struct.unpack_from("<h", head, 128)
    return EcgPatient(
        patient_id=plain(identifier),
        name=person_name(last, first),
        birth_date=_date(head, 132),
        sex=_SEXES.get(sex, ""),
    )


def _date(head: bytes, at: int) -> date | None:
    day, month, year = struct.unpack_from("<hhh", head, at)
    try:
        return date(year, month, day) if year > 1850 else None
    except ValueError:
        return None


def _recorded_at(head: bytes) -> datetime | None:
    day = _date(head, 138)
    return at_clock(day, struct.unpack_from("<hhh", head, 150)) if day else None
