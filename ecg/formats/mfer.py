"""MFER (ISO 22077-1), which Japanese and many Chinese carts and monitors write.

Definitions hold from where they stand on; a frame of waveforms has sequences, each with a block of samples of
one channel after the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from core.errors import InvalidInstance
from ecg.document import DigitalRecording, EcgDevice, EcgDocument, EcgFormat, EcgPatient
from ecg.formats import mfer_definitions as tags
from ecg.formats.assembly import check_lead_count, checked_rate, checked_scale
from ecg.formats.framed import Channel, FramedLead, FramedRecording, same_clock
from ecg.formats.identity import at_clock, person_name, plain, text_of
from ecg.formats.mfer_definitions import Definition, definitions
from ecg.leads import lead_of_code, lead_of_words

_KINDS: Final = {0: "i2", 1: "u2", 2: "i4", 3: "u1", 4: "u2", 5: "i1", 6: "u4"}
_VOLT: Final = 0
_HERTZ: Final = 0
_SECOND: Final = 1
_DOMINANT_BEAT: Final = 9
_RECORDINGS: Final = 64
_SEXES: Final = {1: "M", 2: "F"}


@dataclass(kw_only=True)
class _Settings:
    """What holds for all channels, and what for one of them only."""

    values: dict[int, Definition] = field(default_factory=dict)
    of_channel: dict[int, dict[int, Definition]] = field(default_factory=dict)

    def of(self, tag: int, channel: int | None = None) -> Definition | None:
        own = self.of_channel.get(channel, {}) if channel is not None else {}
        return own.get(tag) or self.values.get(tag)

    def number(self, tag: int, otherwise: int, channel: int | None = None, *, signed: bool = False) -> int:
        found = self.of(tag, channel)
        return found.number(signed=signed) if found and len(found.value) else otherwise


def looks_like_mfer(head: bytes) -> bool:
    """Whether a file begins with MFER's preamble."""
    return head[:1] == b"\x40" and head[2:5] == b"MFR"


def read(content: bytes) -> EcgDocument:
    """Read an MFER file. Raises InvalidInstance where it is cut or no ECG, TooLarge beyond limits."""
    odd: list[str] = []
    settings = _Settings()
    recordings: list[DigitalRecording] = []
    for definition in definitions(content):
        if definition.tag == tags.DATA:
            if len(recordings) >= _RECORDINGS:
                odd.append("The file holds more recordings than are read.")
                break
            recordings += [each.part(definition.value) for each in _framed(settings, definition.value, odd)]
        elif definition.channel is not None:
            settings.of_channel.setdefault(definition.channel, {})[definition.tag] = definition
        else:
            if definition.tag == tags.CHANNELS and tags.CHANNELS in settings.values:
                settings.of_channel.clear()
            settings.values[definition.tag] = definition
    if not recordings:
        raise InvalidInstance("This MFER file holds no ECG that can be read.")
    return EcgDocument(
        format=EcgFormat.MFER,
        recordings=tuple(recordings),
        patient=_patient(settings),
        device=_device(settings),
        recorded_at=_recorded_at(settings.values),
        oddities=tuple(dict.fromkeys(odd)),
    )


def _framed(settings: _Settings, data: memoryview, odd: list[str]) -> list[FramedRecording]:
    """Return the recordings of one frame; channels of another block length have another rate."""
    count = settings.number(tags.CHANNELS, 1)
    check_lead_count(count)
    if settings.number(tags.COMPRESSION, 0):
        raise InvalidInstance(
            "The waveforms of this MFER file are compressed in a way that is not read here."
        )
    leads: list[FramedLead] = []
    offset = 0
    for channel in range(count):
        kind = _KINDS.get(settings.number(tags.DATA_TYPE, 0, channel))
        if kind is None:
            raise InvalidInstance("The samples of this MFER file are of a type that is not read here.")
        order = settings.of(tags.BYTE_ORDER)
        little = bool(order and order.value and order.value[0] == 1)
        block = settings.number(tags.BLOCK, 1, channel)
        place = Channel(offset=offset, count=block, kind=("<" if little else ">") + kind)
        if not 0 < block <= len(data):
            raise InvalidInstance("This MFER file does not tell how many samples a channel has.")
        offset += block * place.width
        if lead := _lead(settings, channel, place, odd):
            leads.append(lead)
    if not leads:
        raise InvalidInstance("This MFER file holds no channel in volts.")
    told, whole = settings.number(tags.SEQUENCES, 0), len(data) // offset
    if not whole or told > whole:
        raise InvalidInstance(f"This MFER file is cut: of {told or 1} sequences it holds {whole}.")
    if len(data) != offset * (told or whole):
        odd.append("There are more samples than the file says.")
    label = "MEDIAN BEAT" if settings.number(tags.WAVEFORM, 1) == _DOMINANT_BEAT else "RHYTHM"
    rate = _rate(settings)
    largest = max(lead.channel.count for lead in leads)
    return [
        FramedRecording(
            label=label,
            sampling_frequency_hz=checked_rate(rate * block / largest if rate else None),
            start=0,
            frame_bytes=offset,
            frames=told or whole,
            leads=tuple(same),
        )
        for block, same in same_clock(leads).items()
    ]


def _rate(settings: _Settings) -> float | None:
    interval = settings.of(tags.INTERVAL)
    scaled = interval.scaled() if interval else None
    if scaled is None or not scaled[1]:
        return None
    unit, value = scaled
    return {_HERTZ: value, _SECOND: 1 / value}.get(unit)


def _lead(settings: _Settings, channel: int, place: Channel, odd: list[str]) -> FramedLead | None:
    sensitivity = settings.of(tags.SENSITIVITY, channel)
    scaled = sensitivity.scaled() if sensitivity else None
    name = _name(settings, channel)
    if scaled is None or scaled[0] != _VOLT:
        odd.append(f"Channel {channel + 1} was left out: it is not in volts.")
        return None
    signed = place.kind[1] == "i"
    nothing = settings.of(tags.NOTHING, channel)
    return FramedLead(
        name=name,
        channel=place,
        microvolts_per_unit=checked_scale(scaled[1] * 1e6, name),
        zero_at=0.0 - settings.number(tags.OFFSET, 0, channel, signed=True),
        missing=nothing.number(signed=signed) if nothing and len(nothing.value) else None,
        filters=_filters(settings),
    )


def _name(settings: _Settings, channel: int) -> str:
    lead = settings.of(tags.LEAD, channel)
    if lead is None or not len(lead.value):
        return f"channel {channel + 1}"
    words = plain(text_of(bytes(lead.value[2:])))
    number = replace(lead, value=lead.value[:2]).number()
    return lead_of_code(f"5.6.3-9-{number}") or lead_of_words(words) or words or f"channel {channel + 1}"


def _text(definition: Definition | None) -> str:
    return text_of(bytes(definition.value[:1024])) if definition else ""


def _filters(settings: _Settings) -> tuple[str, ...]:
    told = plain(_text(settings.of(tags.FILTER)))
    return (told,) if told else ()


def _patient(settings: _Settings) -> EcgPatient:
    values = settings.values
    birth, years = _born(values)
    sex = values.get(tags.SEX)
    parts = _text(values.get(tags.NAME)).split("^")
    return EcgPatient(
        patient_id=plain(_text(values.get(tags.IDENTIFIER))),
        name=person_name(parts[0], " ".join(parts[1:])),
        birth_date=birth,
        sex=_SEXES.get(sex.value[0], "") if sex and len(sex.value) else "",
        age_years=years,
    )


def _born(values: Mapping[int, Definition]) -> tuple[date | None, float | None]:
    """Return birth date and age of years, days, and year, month and day of birth."""
    age = values.get(tags.AGE)
    if age is None or not len(age.value):
        return None, None
    years = float(age.value[0]) if 0 < age.value[0] < 150 else None
    if len(age.value) < 7:
        return None, years
    year = replace(age, value=age.value[3:5]).number()
    try:
        return (date(year, age.value[5], age.value[6]) if year > 1850 else None), years
    except ValueError:
        return None, years


def _device(settings: _Settings) -> EcgDevice:
    """Return maker, model, version and serial number, which carets part."""
    words = [*map(plain, _text(settings.of(tags.MANUFACTURER)).split("^")), "", "", "", ""]
    return EcgDevice(manufacturer=words[0], model=words[1], software=words[2], serial_number=words[3])


def _recorded_at(values: Mapping[int, Definition]) -> datetime | None:
    time = values.get(tags.TIME)
    if time is None or len(time.value) < 4:
        return None
    year = replace(time, value=time.value[:2]).number()
    fraction = replace(time, value=time.value[7:9]).number() * 1000 if len(time.value) >= 9 else 0
    try:
        day = date(year, time.value[2], time.value[3])
    except ValueError:
        return None
    return at_clock(day, tuple(time.value[4:7]), microsecond=min(fraction, 999_999))
