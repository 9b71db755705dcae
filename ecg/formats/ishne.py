"""ISHNE Holter files (standard output format 1.0): a header of 522 bytes, then all leads sample by sample."""

import struct
from binascii import crc_hqx
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


def read(content: bytes) -> EcgDocument:
    """Read an ISHNE file. Raises InvalidInstance where it is cut or none, TooLarge beyond the limits."""
    if content[:8] != MAGIC or len(content) < _HEADER:
        raise InvalidInstance("This is no ISHNE file, or it is cut within its header.")
    odd: list[str] = []
    count, extra_at, samples_at = struct.unpack_from("<iii", content, 14)
    (extra,) = struct.unpack_from("<i", content, 10)
    (leads,) = struct.unpack_from("<h", content, 156)
    check_lead_count(leads)
    if leads > _LEADS:
        raise InvalidInstance(f"This ISHNE file says it has {leads} leads, where it has room for {_LEADS}.")
    start = samples_at if _HEADER <= samples_at < len(content) else _HEADER + max(0, extra)
    if start != samples_at:
        odd.append("The header says a wrong place of the samples.")
    _check_sum(content, extra_at + max(0, extra), odd)
    frames = _frames(count, leads, len(content) - start, odd)
    (rate,) = struct.unpack_from("<h", content, 272)
    framed = FramedRecording(
        label="RHYTHM",
        leads=_leads(content, leads),
        sampling_frequency_hz=checked_rate(float(rate)),
        start=start,
        frame_bytes=2 * leads,
        frames=frames,
    )
    return EcgDocument(
        format=EcgFormat.ISHNE,
        recordings=(framed.whole(content),),
        patient=_patient(content),
        device=EcgDevice(model=plain(text_of(content[232:272]))),
        recorded_at=_recorded_at(content),
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


def _leads(head: bytes, count: int) -> tuple[FramedLead, ...]:
    numbers = struct.unpack_from(f"<{count}h", head, 158)
    resolutions = struct.unpack_from(f"<{count}h", head, 206)
    leads = []
    for index, (number, nanovolts) in enumerate(zip(numbers, resolutions, strict=True)):
        name = _NAMES.get(number, f"channel {index + 1}")
        leads.append(
            FramedLead(
                name=name,
                channel=Channel(offset=2 * index),
                microvolts_per_unit=checked_scale(nanovolts / 1000 if nanovolts > 0 else None, name),
                missing=_FAULT,
            )
        )
    return tuple(leads)


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
