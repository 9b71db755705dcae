"""EDF, EDF+ and BDF: records of some seconds, in each of them the samples of one signal after the other."""

import math
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from core.errors import InvalidInstance, TooLarge
from ecg.document import EcgDevice, EcgDocument, EcgFormat, EcgPatient
from ecg.formats.assembly import check_lead_count, checked_rate, checked_scale, microvolts_in, number_of
from ecg.formats.framed import WIDE, Channel, FramedLead, FramedRecording, same_clock
from ecg.formats.identity import at_clock, date_of, person_name, plain, sex_of, text_of
from ecg.leads import lead_of_words

_FIXED: Final = 256
_PER_SIGNAL: Final = 256
_SIGNALS: Final = 512
_WIDTHS: Final = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
_BDF: Final = b"\xffBIOSEMI"
_HEART: Final = re.compile(r"^\s*(?:ECG|EKG)\b[\s:_-]*", re.IGNORECASE)
_FILTERS: Final = re.compile(r"\b(HP|LP|N)\s*:?\s*(\d+(?:\.\d+)?)\s*Hz", re.IGNORECASE)
_FILTER_WORDS: Final = {"HP": "high-pass", "LP": "low-pass", "N": "notch"}
_ANNOTATIONS: Final = ("EDF Annotations", "BDF Annotations")


@dataclass(frozen=True, kw_only=True)
class _Signal:
    label: str
    dimension: str
    physical: tuple[float | None, float | None]
    digital: tuple[float | None, float | None]
    filtering: str
    count: int
    offset: int


def looks_like_edf(head: bytes) -> bool:
    """Whether a file begins as EDF or BDF does."""
    return (head[:8] == b"0       " and head[184:192].strip().isdigit()) or head[:8] == _BDF


def read(content: bytes) -> EcgDocument:
    """Read an EDF or BDF file. Raises InvalidInstance where it is cut or no ECG, TooLarge beyond limits."""
    if not looks_like_edf(content) or len(content) < _FIXED:
        raise InvalidInstance("This is no EDF file.")
    odd: list[str] = []
    texts = _fields(content[:_FIXED], (8, 80, 80, 8, 8, 8, 44, 8, 8, 4))
    count = _whole(texts[9], "number of signals")
    if not 0 < count <= _SIGNALS:
        raise (InvalidInstance if count <= 0 else TooLarge)(f"This EDF file says it has {count} signals.")
    start = _FIXED + _PER_SIGNAL * count
    if _whole(texts[5], "length of its header") != start:
        odd.append("The header says a wrong length of itself.")
    if len(content) < start:
        raise InvalidInstance("This EDF file is cut within its header.")
    wide = content[:8] == _BDF
    signals, record = _signals(content[_FIXED:start], count, 3 if wide else 2)
    records = _records(texts[7], record, len(content) - start, odd)
    seconds = number_of(texts[8])
    if "+D" in texts[6]:
        odd.append("The recording has interruptions, which are drawn without a gap.")
    leads = _leads(signals, odd, wide=wide)
    framed = [
        FramedRecording(
            label="RHYTHM",
            sampling_frequency_hz=checked_rate(per_record / seconds if seconds else None),
            start=start,
            frame_bytes=record,
            frames=records,
            leads=tuple(same),
        )
        for per_record, same in same_clock(leads).items()
    ]
    patient, birth = _patient(texts[1])
    return EcgDocument(
        format=EcgFormat.EDF,
        recordings=tuple(each.whole(content) for each in framed),
        patient=EcgPatient(patient_id=patient[0], name=patient[2], sex=patient[1], birth_date=birth),
        device=_device(texts[2]),
        recorded_at=_started(texts[3], texts[4], texts[2]),
        oddities=tuple(odd),
    )


def _fields(content: bytes, widths: tuple[int, ...]) -> list[str]:
    texts, position = [], 0
    for width in widths:
        texts.append(text_of(content[position : position + width]).strip())
        position += width
    return texts


def _whole(text: str, what: str) -> int:
    number = number_of(text)
    if number is None or number != int(number) or abs(number) > 1e12:
        raise InvalidInstance(f"This EDF file does not tell the {what}.")
    return int(number)


def _signals(content: bytes, count: int, width: int) -> tuple[list[_Signal], int]:
    """Return the signals and how many bytes a record of all of them has."""
    columns, position = [], 0
    for each in _WIDTHS:
        columns.append([text_of(content[position + index * each :][:each]).strip() for index in range(count)])
        position += each * count
    signals, offset = [], 0
    for label, _, unit, low, high, least, most, filtering, samples, _ in zip(*columns, strict=True):
        number = _whole(samples, "number of samples of a signal")
        if number < 0 or number > 10_000_000:
            raise InvalidInstance("This EDF file tells an impossible number of samples of a signal.")
        signals.append(
            _Signal(
                label=label,
                dimension=unit,
                physical=(number_of(low.replace(",", ".")), number_of(high.replace(",", "."))),
                digital=(number_of(least), number_of(most)),
                filtering=filtering,
                count=number,
                offset=offset,
            )
        )
        offset += number * width
    if not offset:
        raise InvalidInstance("This EDF file holds no samples.")
    return signals, offset


def _records(told: str, record: int, available: int, odd: list[str]) -> int:
    """Return how many records there are; -1 stands for a recording that was never closed."""
    count = _whole(told, "number of records")
    whole = available // record
    if count < 0:
        odd.append("The recording was not closed by its device; what is whole of it was read.")
        return whole
    if count > whole:
        raise InvalidInstance(f"This EDF file is cut: of {count} records it holds {max(0, whole)}.")
    if count * record != available:
        odd.append("There are bytes behind the last record.")
    return count


def _leads(signals: list[_Signal], odd: list[str], *, wide: bool) -> list[FramedLead]:
    """Return the signals of a voltage; where some are called ECG, or by a lead's name, only those."""
    voltages = [each for each in signals if microvolts_in(each.dimension) and each.count]
    hearts = [each for each in voltages if _HEART.match(each.label) or lead_of_words(each.label)]
    if not voltages:
        named = [each for each in signals if each.label not in _ANNOTATIONS]
        words = "does not say in what unit its signals are" if named else "holds no signal"
        raise InvalidInstance(f"This EDF file {words}.")
    chosen = hearts or voltages
    check_lead_count(len(chosen))
    left_out = sum(each.label not in _ANNOTATIONS for each in signals) - len(chosen)
    if left_out:
        odd.append(f"{left_out} signals were left out, which are no ECG or not in volts.")
    return [_lead(each, wide=wide) for each in chosen]


def _lead(signal: _Signal, *, wide: bool) -> FramedLead:
    bare = _HEART.sub("", signal.label)
    name = lead_of_words(bare) or lead_of_words(bare.split("-")[0]) or plain(signal.label) or "unnamed"
    (low, high), (least, most) = signal.physical, signal.digital
    unit = microvolts_in(signal.dimension)
    if low is None or high is None or least is None or most is None or least == most or unit is None:
        raise InvalidInstance(f"This EDF file does not say how large a unit of lead {name} is.")
    per_unit = (high - low) / (most - least)
    scale = checked_scale(per_unit * unit, name)
    filters = tuple(
        f"{hertz} Hz {_FILTER_WORDS[kind.upper()]}" for kind, hertz in _FILTERS.findall(signal.filtering)
    )
    zero_at = least - low / per_unit
    nearest = round(zero_at)
    return FramedLead(
        name=name,
        channel=Channel(offset=signal.offset, count=signal.count, kind=WIDE if wide else "<i2"),
        microvolts_per_unit=scale,
        zero_at=float(nearest) if math.isclose(zero_at, nearest, abs_tol=1e-6) else zero_at,
        filters=filters,
    )


def _patient(text: str) -> tuple[tuple[str, str, str], date | None]:
    """Return identifier, sex and name of EDF+'s four words; otherwise the words are the name."""
    words = text.split()
    if len(words) >= 4 and words[1] in ("M", "F", "X"):
        identifier, sex, birth, name = words[:4]
        known = plain(identifier) if identifier != "X" else ""
        called = person_name(name.replace("_", " ")) if name != "X" else ""
        return (known, sex_of(sex), called), date_of(birth)
    return ("", "", person_name(text) if set(words) != {"X"} else ""), None


def _device(text: str) -> EcgDevice:
    words = text.split()
    if words[:1] == ["Startdate"]:
        equipment = words[4] if len(words) > 4 and words[4] != "X" else ""
        return EcgDevice(model=plain(equipment.replace("_", " ")))
    return EcgDevice(model=plain(text))


def _started(day: str, clock: str, recording: str) -> datetime | None:
    """Return when it began: years of two digits are from 1985 on, EDF+ writes them whole elsewhere."""
    numbers = [int(part) for part in re.findall(r"\d+", day)]
    time = [int(part) for part in re.findall(r"\d+", clock)]
    words = recording.split()
    whole = date_of(words[1]) if len(words) > 1 and words[0] == "Startdate" else None
    if len(numbers) == 3 and not whole:
        year = numbers[2] + (0 if numbers[2] > 99 else 1900 if numbers[2] >= 85 else 2000)
        try:
            whole = date(year, numbers[1], numbers[0])
        except ValueError:
            whole = None
    return at_clock(whole, time) if whole else None
