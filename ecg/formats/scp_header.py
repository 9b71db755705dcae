"""Sections 1, 7, 8 and 11 of an SCP-ECG file: who, when and by what, what was measured, and what was said."""

import struct
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Final

from ecg.document import EcgDevice, EcgPatient, Measurement
from ecg.formats import measured
from ecg.formats.identity import at_clock, person_name, plain, text_of

_AGE_UNITS: Final = {1: 1.0, 2: 12.0, 3: 52.1775, 4: 365.25, 5: 8766.0}
_SEXES: Final = {1: "M", 2: "F", 9: "O"}
_TAGS: Final = 512
_END: Final = 255
_CHARACTERS: Final = {
    0x03: "iso8859_2",
    0x0B: "iso8859_4",
    0x13: "iso8859_5",
    0x1B: "iso8859_6",
    0x23: "iso8859_7",
    0x2B: "iso8859_8",
    0x07: "utf-16-le",
    0x0F: "shift_jis",
    0x27: "gb18030",
    0x2F: "cp949",
    0x37: "utf-8",
}
"""By the language support code; what it is not in is looked at as UTF-8 and GBK, for carts set none."""
_NOT_MEASURED: Final = {29999, 19999, 999, 0xFFFF}
_STATEMENTS: Final = 100


class Header:
    """The tags of section 1."""

    def __init__(self, body: bytes) -> None:
        self._tags: dict[int, bytes] = {}
        position = 0
        for _ in range(_TAGS):
            if position + 3 > len(body) or body[position] == _END:
                break
            tag, length = struct.unpack_from("<BH", body, position)
            if not tag and not length and position:
                break
            self._tags.setdefault(tag, body[position + 3 : position + 3 + length])
            position += 3 + length
        device = self._tags.get(14, b"")
        self.characters = _CHARACTERS.get(device[16]) if len(device) > 16 else None

    def text(self, content: bytes) -> str:
        """Return the characters of a text in the language that the device names."""
        if self.characters and self.characters != "utf-16-le":
            try:
                return content.split(b"\x00", 1)[0].decode(self.characters)
            except UnicodeError:
                pass
        if self.characters == "utf-16-le" and len(content) > 1:
            return content[: len(content) & ~1].decode("utf-16-le", "replace").split("\x00", 1)[0]
        return text_of(content)

    def said(self, tag: int) -> str:
        """Return the words of a tag."""
        return plain(self.text(self._tags.get(tag, b"")))

    def numbers(self, tag: int, layout: str) -> tuple[int, ...]:
        """Return the numbers of a tag, none where it is absent or too short."""
        content = self._tags.get(tag, b"")
        return struct.unpack_from(layout, content) if len(content) >= struct.calcsize(layout) else ()

    @property
    def patient(self) -> EcgPatient:
        """Who it is of."""
        years = None
        if age := self.numbers(4, "<HB"):
            years = age[0] / _AGE_UNITS[age[1]] if age[0] and age[1] in _AGE_UNITS else None
        sex = self.numbers(8, "<B")
        return EcgPatient(
            patient_id=self.said(2),
            name=person_name(self.said(0), self.said(1)),
            birth_date=self._date(5, []),
            sex=_SEXES.get(sex[0], "") if sex else "",
            age_years=years if years is not None and years < 150 else None,
        )

    @property
    def device(self) -> EcgDevice:
        """What recorded it."""
        content = self._tags.get(14, b"")
        strings = [plain(self.text(part)) for part in content[36:].split(b"\x00")]
        strings += [""] * (5 - len(strings))
        return EcgDevice(
            manufacturer=strings[4],
            model=plain(self.text(content[8:14])),
            serial_number=strings[1],
            software=strings[2],
            institution=self.said(16),
        )

    def recorded_at(self, oddities: list[str]) -> datetime | None:
        """Return when it was acquired, by the device's clock."""
        day, clock = self._date(25, oddities), self.numbers(26, "<BBB")
        if day is None:
            return None
        offset = self.numbers(34, "<h")
        known = bool(offset) and -16 * 60 <= offset[0] <= 16 * 60
        zone = timezone(timedelta(minutes=offset[0])) if known else None
        return at_clock(day, clock, zone)

    def _date(self, tag: int, oddities: list[str]) -> date | None:
        for layout in ("<HBB", ">HBB"):
            numbers = self.numbers(tag, layout)
            if numbers and 1850 < numbers[0] < 2200:
                if layout == ">HBB":
                    oddities.append("Dates are written with their bytes turned round.")
                try:
                    return date(*numbers)
                except ValueError:
                    return None
        return None

    @property
    def filters(self) -> tuple[str, ...]:
        """What was filtered before the samples were stored."""
        told = []
        if (low := self.numbers(27, "<H")) and low[0]:
            told.append(f"{low[0] / 100:g} Hz high-pass")
        if (high := self.numbers(28, "<H")) and high[0]:
            told.append(f"{high[0]} Hz low-pass")
        flags = self.numbers(29, "<B")
        if flags:
            told += [f"{hertz} Hz notch" for bit, hertz in ((1, 60), (2, 50)) if flags[0] & bit]
        return tuple(told)


def measurements_of(body: bytes, version: int) -> tuple[Measurement, ...]:
    """Return what section 7 holds of the first reference beat, and the rates and QTc behind the spikes."""
    if len(body) < 6:
        return ()
    beats, spikes, rr, pp = struct.unpack_from("<BBHH", body)
    values: dict[str, float | None] = {measured.RR: _value(rr), measured.PP: _value(pp)}
    if beats and len(body) >= 22:
        onset_p, end_p, onset_qrs, end_qrs, end_t = struct.unpack_from("<5H", body, 6)
        axes = struct.unpack_from("<3h", body, 16)
        values |= {
            measured.P_DURATION: _between(onset_p, end_p),
            measured.PR: _between(onset_p, onset_qrs),
            measured.QRS: _between(onset_qrs, end_qrs),
            measured.QT: _between(onset_qrs, end_t),
        }
        for code, axis in zip((measured.P_AXIS, measured.QRS_AXIS, measured.T_AXIS), axes, strict=True):
            values[code] = float(axis) if -360 <= axis <= 360 else None
    position = 6 + 16 * beats + 10 * spikes
    if version >= 13 and position + 2 <= len(body):
        (complexes,) = struct.unpack_from("<H", body, position)
        position += 2 + (complexes if complexes not in _NOT_MEASURED else 0)
        if position + 7 <= len(body):
            rate, _, qtc, formula = struct.unpack_from("<HHHB", body, position)
            values[measured.HEART_RATE] = _value(rate)
            values[{1: measured.QTC_BAZETT}.get(formula, measured.QTC)] = _value(qtc)
    return measured.by_code(values)


def _value(number: int) -> float | None:
    return float(number) if number and number not in _NOT_MEASURED and number < 10_000 else None


def _between(onset: int, end: int) -> float | None:
    known = not {onset, end} & _NOT_MEASURED
    return float(end - onset) if known and 0 < end - onset < 5000 else None


def statements_of(
    body: bytes, text: Callable[[bytes], str], *, coded: bool = False
) -> tuple[tuple[str, ...], bool]:
    """Return the sentences of section 8, or 11 where `coded`, and whether a physician confirmed them."""
    if len(body) < 9:
        return (), False
    said: list[str] = []
    position = 9
    for _ in range(min(body[8], _STATEMENTS)):
        if position + 3 > len(body):
            break
        (length,) = struct.unpack_from("<H", body, position + 1)
        content = body[position + 3 : position + 3 + length][1 if coded else 0 :]
        sentence = plain(text(content) if not coded else " ".join(map(text, content.split(b"\x00"))), 1024)
        if sentence:
            said.append(sentence)
        position += 3 + length
    return tuple(said), body[0] in (1, 2)
