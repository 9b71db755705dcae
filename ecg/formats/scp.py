"""SCP-ECG (EN 1064, ISO 11073-91064), versions 1.x, 2.x and 3.0, and what Healforce's carts make of it."""

import struct
from dataclasses import dataclass
from typing import Final

from core.errors import InvalidInstance, TooLarge
from core.limits import ECG_SAMPLES
from ecg.document import DigitalLead, DigitalRecording, EcgDocument, EcgFormat
from ecg.formats import scp_healforce, scp_long
from ecg.formats.assembly import check_lead_count, checked_rate, checked_scale, narrowed, together
from ecg.formats.scp_beats import Beats, beats_of, expanded, in_one_unit, with_reference_beat
from ecg.formats.scp_header import Header, measurements_of, statements_of
from ecg.formats.scp_huffman import Samples, Table, decoded, tables_of
from ecg.formats.scp_sections import Sections, sections_of
from ecg.leads import lead_of_code

_LEAD: Final = 9
"""Bytes of one lead in section 3: its first and last sample, and what lead it is."""
_WITHOUT_BIMODAL: Final = 30
_BEAT_SAMPLES: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class _Definition:
    name: str
    first: int
    count: int


@dataclass(frozen=True, kw_only=True)
class _Coded:
    """Section 5 or 6: the nanovolts of a unit, the microseconds between samples, and the leads."""

    nanovolts: int
    microseconds: int
    difference: int
    bimodal: bool
    leads: tuple[bytes, ...]

    @property
    def rate(self) -> float:
        return checked_rate(1e6 / self.microseconds if self.microseconds else None)


def read(content: bytes) -> EcgDocument:
    """Read an SCP-ECG file. Raises InvalidInstance where it is cut or damaged, TooLarge beyond the limits."""
    sections = sections_of(content)
    odd = sections.oddities
    header = Header(sections.bodies.get(1, b""))
    recorded_at = header.recorded_at(odd)
    if 6 in sections.bodies:
        recordings = scp_healforce.recordings(sections) or _recordings(sections, header.filters)
    else:
        recordings = scp_long.recordings(sections.bodies[scp_long.SECTION], header.filters)
    said, confirmed = statements_of(sections.bodies.get(8, b""), header.text)
    if not said:
        said, confirmed = statements_of(sections.bodies.get(11, b""), header.text, coded=True)
    return EcgDocument(
        format=EcgFormat.SCP_ECG,
        recordings=recordings,
        patient=header.patient,
        device=header.device,
        recorded_at=recorded_at,
        measurements=measurements_of(sections.bodies.get(7, b""), sections.version),
        statements=said,
        confirmed_by=header.said(21) if confirmed else "",
        accession_number=header.said(31)[:16],
        oddities=tuple(dict.fromkeys(odd)),
    )


def _recordings(sections: Sections, filters: tuple[str, ...]) -> tuple[DigitalRecording, ...]:
    definitions, flags = _definitions(sections)
    tables = tables_of(sections.bodies.get(2))
    rhythm = _coded(sections.bodies[6], len(definitions), sections.oddities)
    beats = beats_of(sections.bodies.get(4, b""), subtracted=bool(flags & 1))
    beat, beat_samples = _reference_beat(sections, definitions, tables, beats)
    bimodal = rhythm.bimodal and sections.version < _WITHOUT_BIMODAL
    ratio = _ratio(rhythm, beat) if bimodal or flags & 1 else 1
    leads, oddities = [], list[str]()
    for index, (definition, data) in enumerate(zip(definitions, rhythm.leads, strict=True)):
        stored = decoded(data, tables, rhythm.difference, definition.count)
        unit = rhythm.nanovolts
        if ratio > 1:
            stored = expanded(
                stored, beats if bimodal else Beats(), definition.first, definition.count, ratio
            )
        elif len(stored) < definition.count:
            oddities.append("Leads end before the sample that section 3 says.")
        if flags & 1:
            if beat is None:
                raise InvalidInstance("The reference beat was subtracted, and is not in this SCP-ECG file.")
            (stored, reference), unit = in_one_unit(((stored, unit), (beat_samples[index], beat.nanovolts)))
            stored = with_reference_beat(stored, reference, beats, definition.first)
        leads.append(_lead(definition.name, stored, unit, filters))
    rate = beat.rate if beat and ratio > 1 else rhythm.rate
    recordings = [together("RHYTHM", rate, leads, oddities)]
    if beat and all(samples.size for samples in beat_samples):
        means = [
            _lead(definition.name, samples, beat.nanovolts, filters)
            for definition, samples in zip(definitions, beat_samples, strict=True)
        ]
        recordings.append(together("MEDIAN BEAT", beat.rate, means))
    return tuple(recordings)


def _lead(name: str, samples: Samples, nanovolts: int, filters: tuple[str, ...]) -> DigitalLead:
    scale = checked_scale(nanovolts / 1000, name)
    return DigitalLead(name=name, samples=narrowed(samples), microvolts_per_unit=scale, filters=filters)


def _definitions(sections: Sections) -> tuple[list[_Definition], int]:
    """Return the leads of section 3 and its flags: 1 for a subtracted reference beat."""
    body = sections.bodies.get(3, b"")
    if len(body) < 2 or len(body) < 2 + _LEAD * body[0]:
        raise InvalidInstance("This SCP-ECG file does not say which leads it holds.")
    check_lead_count(body[0])
    definitions, most = [], ECG_SAMPLES // body[0]
    for index in range(body[0]):
        first, last, number = struct.unpack_from("<IIB", body, 2 + _LEAD * index)
        name = lead_of_code(f"5.6.3-9-{number}") or f"lead {number}"
        if last < first:
            sections.oddities.append(f"Section 3 says impossible first and last samples of lead {name}.")
            first, last = 1, most
        if last - first >= most:
            raise TooLarge("This SCP-ECG file says it has more samples than an ECG.")
        definitions.append(_Definition(name=name, first=first, count=last - first + 1))
    return definitions, body[1]


def _coded(body: bytes, leads: int, oddities: list[str]) -> _Coded:
    if len(body) < 6 + 2 * leads:
        raise InvalidInstance("A section with samples of this SCP-ECG file is cut.")
    nanovolts, microseconds, difference, bimodal = struct.unpack_from("<HHBB", body)
    lengths = struct.unpack_from(f"<{leads}H", body, 6)
    position, parts = 6 + 2 * leads, []
    if position + sum(lengths) > len(body):
        oddities.append("Leads say that they are longer than their section.")
    for length in lengths:
        parts.append(body[position : position + length])
        position += length
    if sum(map(len, parts)) * 8 > ECG_SAMPLES * 16:
        raise TooLarge("This SCP-ECG file holds more samples than an ECG has.")
    return _Coded(
        nanovolts=nanovolts,
        microseconds=microseconds,
        difference=difference,
        bimodal=bool(bimodal),
        leads=tuple(parts),
    )


def _reference_beat(
    sections: Sections, definitions: list[_Definition], tables: tuple[Table, ...], beats: Beats
) -> tuple[_Coded | None, list[Samples]]:
    body = sections.bodies.get(5, b"")
    if len(body) < 6 + 2 * len(definitions):
        return None, []
    coded = _coded(body, len(definitions), sections.oddities)
    if not coded.nanovolts or not coded.microseconds:
        sections.oddities.append("The reference beat does not say its scale, and was left out.")
        return None, []
    told = round(beats.reference_milliseconds * 1000 / coded.microseconds)
    count = min(told or _BEAT_SAMPLES, _BEAT_SAMPLES)
    return coded, [decoded(data, tables, coded.difference, count) for data in coded.leads]


def _ratio(rhythm: _Coded, beat: _Coded | None) -> int:
    """Return how many samples one stored outside the beats stands for."""
    if beat is None or not beat.microseconds or not rhythm.microseconds:
        return 1
    ratio = round(rhythm.microseconds / beat.microseconds)
    return ratio if 1 < ratio <= 4 else 1
