"""WFDB records (PhysioNet): a header of text, and the files beside it that hold the signals."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInstance, TooLarge
from ecg.document import DigitalLead, DigitalRecording, EcgDocument, EcgFormat, EcgPatient
from ecg.formats.assembly import (
    check_lead_count,
    checked_rate,
    checked_scale,
    microvolts_in,
    number_of,
    together,
)
from ecg.formats.identity import moment_of, plain, sex_of, text_of, years_of
from ecg.formats.wfdb_samples import KNOWN, MISSING, unpacked
from ecg.leads import lead_of_words

_HEADER_BYTES: Final = 1024 * 1024
_SAMPLES: Final = 2**40
_RECORD: Final = re.compile(
    r"(?P<name>[\w.-]+)(?P<segments>/\d+)?\s+(?P<signals>\d{1,9})"
    r"(?:\s+(?P<rate>-?[\d.]{1,20}(?:[eE][+-]?\d{1,3})?|nan|inf)(?:/[\d.]+)?(?:\([^)]*\))?"
    r"(?:\s+(?P<count>\d{1,15})(?:\s+(?P<time>[\d:.]+)(?:\s+(?P<day>[\d/]+))?)?)?)?\s*",
    re.ASCII | re.IGNORECASE,
)
_SIGNAL: Final = re.compile(
    r"(?P<file>\S+)\s+(?P<format>\d{1,3})(?:x(?P<each>\d{1,6}))?(?::(?P<skew>\d{1,9}))?(?:\+(?P<offset>\d{1,15}))?"
    r"(?:\s+(?P<gain>-?[\d.]{1,20}(?:[eE][+-]?\d{1,3})?)(?:\((?P<baseline>-?\d{1,12})\))?(?:/(?P<unit>\S+))?"
    r"(?:\s+(?P<resolution>\d{1,9})(?:\s+(?P<zero>-?\d{1,12})(?:\s+(?P<first>-?\d{1,9})(?:\s+(?P<sum>-?\d{1,12})"
    r"(?:\s+(?P<block>\d{1,9})(?:\s+(?P<words>.*))?)?)?)?)?)?)?\s*",
    re.ASCII,
)
_COMMENT: Final = re.compile(r"#\s*<?(age|sex|gender)>?\s*:\s*(\S+)", re.IGNORECASE)
_DEFAULT_RATE: Final = 250.0
_DEFAULT_GAIN: Final = 200.0


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One line of the header."""

    file: str
    format: int
    each: int
    """Samples of it in a frame."""
    offset: int
    gain: float
    calibrated: bool
    baseline: int
    unit: str
    first: int
    check_sum: int | None
    name: str


@dataclass(frozen=True, kw_only=True)
class WfdbHeader:
    """What the header of a record tells; the signal files are named by their last part only."""

    rate: float
    frames: int | None
    signals: tuple[Signal, ...]
    recorded_at: datetime | None
    patient: EcgPatient

    @property
    def files(self) -> tuple[str, ...]:
        """The files that hold the signals."""
        return tuple(dict.fromkeys(signal.file for signal in self.signals))


def looks_like_wfdb(head: bytes) -> bool:
    """Whether a file begins as the header of a record does."""
    if b"\x00" in head[:512]:
        return False
    lines = _lines(head[:8192])
    if len(lines) < 2 or not _RECORD.fullmatch(lines[0]):
        return False
    found = _SIGNAL.fullmatch(lines[1])
    return bool(
        found
        and int(found["format"]) in KNOWN | {0, 508, 516, 524}
        and ("." in found["file"] or found["gain"])
    )


def _lines(content: bytes) -> list[str]:
    texts = (text_of(line).strip() for line in content.splitlines())
    return [text for text in texts if text and not text.startswith("#")]


def header_of(content: bytes) -> WfdbHeader:
    """Return what a header tells. Raises InvalidInstance for what is none."""
    if len(content) > _HEADER_BYTES:
        raise TooLarge("This WFDB header is longer than a header may be.")
    lines = _lines(content)
    record = _RECORD.fullmatch(lines[0]) if lines else None
    if record is None:
        raise InvalidInstance("This is no header of a WFDB record.")
    if record["segments"]:
        raise InvalidInstance("WFDB records of several segments are not read here; send each segment.")
    count = int(record["signals"])
    check_lead_count(count)
    if len(lines) < 1 + count:
        raise InvalidInstance(
            f"This WFDB header is cut: it says {count} signals, and describes {len(lines) - 1}."
        )
    when = (
        moment_of(f"{'/'.join(record['day'].split('/')[::-1])} {record['time']}") if record["day"] else None
    )
    comments = {
        found[1].lower(): found[2]
        for line in content.splitlines()
        if (found := _COMMENT.match(text_of(line).strip()))
    }
    return WfdbHeader(
        rate=checked_rate(number_of(record["rate"]) if record["rate"] else _DEFAULT_RATE),
        frames=int(record["count"]) if record["count"] and int(record["count"]) else None,
        signals=tuple(_signal(line) for line in lines[1 : 1 + count]),
        recorded_at=when[0] if when else None,
        patient=EcgPatient(
            sex=sex_of(comments.get("sex", comments.get("gender", ""))),
            age_years=years_of(comments.get("age", "")),
        ),
    )


def _signal(line: str) -> Signal:
    found = _SIGNAL.fullmatch(line)
    if found is None:
        raise InvalidInstance("A signal of this WFDB header is described in a way that cannot be read.")
    gain = number_of(found["gain"] or "") or 0.0
    words = (found["words"] or "").strip()
    zero = int(found["zero"] or 0)
    return Signal(
        file=found["file"].replace("\\", "/").rpartition("/")[2],
        format=int(found["format"]),
        each=int(found["each"] or 1),
        offset=int(found["offset"] or 0),
        gain=gain or _DEFAULT_GAIN,
        calibrated=bool(gain),
        baseline=int(found["baseline"]) if found["baseline"] else zero,
        unit=found["unit"] or "mV",
        first=int(found["first"] or 0),
        check_sum=int(found["sum"]) if found["sum"] else None,
        name=lead_of_words(words) or plain(words) or "unnamed",
    )


def read(content: bytes, companions: Mapping[str, bytes]) -> EcgDocument:
    """Read a record by its header and the files beside it.

    Raises InvalidInstance where one of them is not there or cut, TooLarge beyond the limits.
    """
    header = header_of(content)
    odd: list[str] = []
    by_rate: dict[int, list[DigitalLead]] = {}
    for file in header.files:
        found = next((companions[name] for name in companions if name.rpartition("/")[2] == file), None)
        if found is None:
            odd.append(f"Signals of this record are in {plain(file)}, which did not come with it.")
            continue
        same = [signal for signal in header.signals if signal.file == file]
        for signal, samples in zip(same, _samples(found, same, header.frames), strict=True):
            if lead := _lead(signal, samples, odd):
                by_rate.setdefault(signal.each, []).append(lead)
    _check_sums(header, by_rate, odd)
    recordings: tuple[DigitalRecording, ...] = tuple(
        together("RHYTHM", header.rate * each, leads, odd) for each, leads in by_rate.items()
    )
    if not recordings:
        raise InvalidInstance(" ".join(odd) or "This WFDB record holds no signal in volts.")
    return EcgDocument(
        format=EcgFormat.WFDB,
        recordings=recordings,
        patient=header.patient,
        recorded_at=header.recorded_at,
        oddities=tuple(dict.fromkeys(odd)),
    )


def _samples(content: bytes, signals: list[Signal], frames: int | None) -> list[NDArray[Any]]:
    """Return the samples of the signals of one file, which follow one another frame by frame."""
    first = signals[0]
    if any((each.format, each.offset) != (first.format, first.offset) for each in signals):
        raise InvalidInstance("Signals of one WFDB file are described differently.")
    values = unpacked(content[first.offset :] if first.offset else content, first.format)
    in_frame = sum(signal.each for signal in signals)
    if not 0 < in_frame < _SAMPLES:
        raise InvalidInstance("This WFDB header tells an impossible number of samples.")
    whole = len(values) // in_frame
    if not whole or (frames or 0) > whole:
        raise InvalidInstance(
            f"A signal file of this WFDB record is cut: of {frames or 1} samples it holds {whole}."
        )
    rows = values[: (frames or whole) * in_frame].reshape(-1, in_frame)
    parts, position = [], 0
    for signal in signals:
        part = rows[:, position : position + signal.each]
        part = part[:, 0] if signal.each == 1 else np.ascontiguousarray(part).ravel()
        parts.append(np.cumsum(part, dtype=np.int64) + signal.first if signal.format == 8 else part)
        position += signal.each
    return parts


def _lead(signal: Signal, samples: NDArray[Any], odd: list[str]) -> DigitalLead | None:
    unit = microvolts_in(signal.unit)
    if unit is None:
        odd.append("Signals that are no voltage were left out.")
        return None
    if not signal.calibrated:
        odd.append(f"Lead {signal.name} is not calibrated; 200 units are taken for 1 mV.")
    return DigitalLead(
        name=signal.name,
        samples=samples,
        microvolts_per_unit=checked_scale(unit / signal.gain, signal.name),
        zero_at=float(signal.baseline),
        missing=MISSING.get(signal.format),
    )


def _check_sums(header: WfdbHeader, by_rate: Mapping[int, list[DigitalLead]], odd: list[str]) -> None:
    """Tell a damaged record, which is refused, from a writer that computes no sums."""
    told = {signal.name: signal.check_sum for signal in header.signals if signal.check_sum is not None}
    leads = [lead for same in by_rate.values() for lead in same if lead.name in told]
    if header.frames is None or len({lead.name for lead in leads}) != len(leads):
        return
    right = [
        (int(np.sum(lead.samples, dtype=np.int64)) - (told[lead.name] or 0)) % 2**16 == 0 for lead in leads
    ]
    if any(right) and not all(right):
        raise InvalidInstance("This WFDB record is damaged: the check sum of a signal is wrong.")
    if leads and not any(right):
        odd.append("No signal has a right check sum.")
