"""What Healforce's hand-held carts write and call SCP-ECG: one interleaved stream of 10 bits a sample.

Four samples fill three words of 16 bits: three stand in the low 12 bits of a word with two marks of beats on
top, the bits of the fourth are spread over the four bits between. The time between samples is given in Hz.
"""

import struct
from typing import Final

import numpy as np

from ecg.document import DigitalLead, DigitalRecording
from ecg.formats.assembly import check_lead_count, checked_rate, checked_scale, together
from ecg.formats.scp_sections import Sections

_HEADER: Final = 8
_MIDDLE: Final = 512


def recordings(sections: Sections) -> tuple[DigitalRecording, ...]:
    """Return the rhythm of such a file, nothing where the file is as the standard wants it."""
    rhythm, leads = sections.bodies[6], sections.bodies.get(3, b"")
    if not sections.zero_based or len(rhythm) < _HEADER or not leads or len(leads) >= 2 + 9 * leads[0]:
        return ()
    nanovolts, rate, _, length = struct.unpack_from("<4H", rhythm)
    check_lead_count(leads[0])
    words = np.frombuffer(
        rhythm[_HEADER : _HEADER + length], "<u2", min(length, len(rhythm) - _HEADER) // 6 * 3
    )
    values = np.empty((len(words) // 3, 4), dtype=np.int16)
    three = words.reshape(-1, 3)
    values[:, :3] = (three & 0x3FF).astype(np.int16) - _MIDDLE
    spread = (three >> 10) & 0xF
    fourth = spread[:, 0] << 8 | spread[:, 1] << 4 | spread[:, 2]
    values[:, 3] = (fourth & 0x3FF).astype(np.int16) - _MIDDLE
    whole = values.size // leads[0]
    interleaved = values.ravel()[: whole * leads[0]].reshape(whole, leads[0])
    names = [f"channel {number + 1}" for number in range(leads[0])]
    scale = checked_scale(nanovolts / 1000, names[0])
    odd = ["This is no SCP-ECG by the standard; it was read as Healforce writes it, which names no leads."]
    made = [
        DigitalLead(name=name, samples=interleaved[:, index], microvolts_per_unit=scale)
        for index, name in enumerate(names)
    ]
    return (together("RHYTHM", checked_rate(float(rate)), made, odd),)
