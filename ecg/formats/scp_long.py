"""Section 12 of SCP-ECG 3.0: a rhythm of any length, all leads sample by sample, without a code."""

import struct
from typing import Final

from core.errors import InvalidInstance
from ecg.document import DigitalRecording
from ecg.formats.assembly import check_lead_count, checked_rate, checked_scale
from ecg.formats.framed import WIDE, Channel, FramedLead, FramedRecording
from ecg.leads import lead_of_code

SECTION: Final = 12
_HEADER: Final = 70
_LEAD: Final = 4
_KINDS: Final = {2: "<i2", 3: WIDE, 4: "<i4"}


def recordings(body: bytes, filters: tuple[str, ...]) -> tuple[DigitalRecording, ...]:
    """Return the rhythm of section 12. Raises InvalidInstance where it is cut."""
    if len(body) < _HEADER:
        raise InvalidInstance("The long rhythm of this SCP-ECG file is cut.")
    rate, count, samples, width = struct.unpack_from("<IBIB", body)
    check_lead_count(count)
    if width not in _KINDS or len(body) < _HEADER + _LEAD * count:
        raise InvalidInstance("The long rhythm of this SCP-ECG file does not say how its samples are stored.")
    leads = []
    for index in range(count):
        number, nanovolts = struct.unpack_from("<BH", body, _HEADER + _LEAD * index)
        name = lead_of_code(f"5.6.3-9-{number}") or f"lead {number}"
        leads.append(
            FramedLead(
                name=name,
                channel=Channel(offset=width * index, kind=_KINDS[width]),
                microvolts_per_unit=checked_scale(nanovolts / 1000, name),
                filters=filters,
            )
        )
    framed = FramedRecording(
        label="RHYTHM",
        sampling_frequency_hz=checked_rate(float(rate)),
        start=_HEADER + _LEAD * count,
        frame_bytes=width * count,
        frames=samples,
        leads=tuple(leads),
    )
    return (framed.whole(body),)
