"""What the catalogue needs to know of an instance, decoded from the raw values that the walk kept.

Pure, and never raising: what is ill-formed reads as empty or None and is named in `anomalies`, in words
without patient data.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Final, Generic, NamedTuple, TypeVar

from core.limits import HEADER_TEXT_LIMIT
from core.uids import is_well_formed
from storage.character_sets import (
    DOUBTFUL,
    TEXT_FINDINGS,
    UNKNOWN,
    CharacterSets,
    Reading,
    character_sets,
    label_of,
)
from storage.element_values import (
    TEXT_IN_CHARACTER_SET,
    binary_integer,
    clean_text,
    date_of,
    integer_of,
    is_text,
    split_values,
    time_of,
)
from storage.instance import RequestAttributes
from storage.patient_identity import StatedIdentity
from storage.text_evidence import Evidence, weigh

T = TypeVar("T")

_DECODED_LIMIT: Final = 8 * HEADER_TEXT_LIMIT
"""Bytes of a value that are decoded: no character takes more than eight with the escape before it."""
PIXEL_DATA: Final = 0x7FE00010
REQUEST_ATTRIBUTES: Final = 0x00400275
REQUESTS_KEPT: Final = 100
_REQUESTED_PROCEDURE_ID: Final = 0x00401001
_SCHEDULED_PROCEDURE_STEP_ID: Final = 0x00400009
KEPT_OF_REQUEST: Final = frozenset({_REQUESTED_PROCEDURE_ID, _SCHEDULED_PROCEDURE_STEP_ID})
_UIDS: Final = {
    "SOPClassUID": 0x00080016,
    "SOPInstanceUID": 0x00080018,
    "StudyInstanceUID": 0x0020000D,
    "SeriesInstanceUID": 0x0020000E,
}
_DATES: Final = {"StudyDate": 0x00080020, "PatientBirthDate": 0x00100030}


class RawElement(NamedTuple):
    """A value as it was sent; of VR UN only where the data dictionary has none either."""

    vr: str
    value: bytes
    big_endian: bool = False


class _Attribute(Generic[T]):
    """One attribute of InstanceHeader, read from the element of its tag in the way its VR asks for."""

    def __init__(self, read: "Callable[[InstanceHeader, int], T]", tag: int) -> None:
        self._read = read
        self._tag = tag

    def __get__(self, header: "InstanceHeader", owner: "type[InstanceHeader]") -> T:
        return self._read(header, self._tag)


@dataclass(frozen=True, kw_only=True)
class InstanceHeader:
    """The standard elements at the top level of a data set, those up to HEADER_VALUE_LIMIT.

    Private elements and sequences are not kept; of the items of Request Attributes Sequence KEPT_OF_REQUEST
    are, in `raw_requests`. `skipped_tags` are those at any level whose values were too long to read;
    `pixel_data_length` is None without native pixel data; `fragment_count` includes the offset table.
    """

    transfer_syntax_uid: str
    elements: Mapping[int, RawElement]
    skipped_tags: frozenset[int] = frozenset()
    pixel_data_length: int | None = None
    fragment_count: int = 0
    structure_anomalies: tuple[str, ...] = ()
    raw_requests: tuple[Mapping[int, RawElement], ...] = ()
    reading: Reading | None = None

    def read_as(self, reading: Reading) -> "InstanceHeader":
        """Return the same header, its text read as was decided for who sent it."""
        return replace(self, reading=reading)

    def text(self, tag: int) -> str:
        """Return the whole value as one string, with backslashes in it as sent; empty where there is none."""
        return self._text_of(self.elements.get(tag))

    def texts(self, tag: int) -> tuple[str, ...]:
        """Return the values of an element that may have several; empty where there is none."""
        element = self.elements.get(tag)
        if element is None or not is_text(element.vr):
            return ()
        return split_values(self._decoded(element), element.vr)

    def integer(self, tag: int) -> int | None:
        """Return the first value as a whole number of 32 bits, from text or binary; None where it is none."""
        element = self.elements.get(tag)
        if element is None:
            return None
        if is_text(element.vr):
            return integer_of(next(iter(self.texts(tag)), ""))
        return binary_integer(element.value, element.vr, big_endian=element.big_endian)

    def day(self, tag: int) -> date | None:
        """Return the first value as a date; None where it is no date."""
        return date_of(next(iter(self.texts(tag)), ""))

    def time_of_day(self, tag: int) -> str:
        """Return the first value as HHMMSS.FFFFFF, as far as it goes; empty where it is no time of day."""
        return time_of(next(iter(self.texts(tag)), ""))

    specific_character_set = _Attribute(text, 0x00080005)
    sop_class_uid = _Attribute(text, 0x00080016)
    sop_instance_uid = _Attribute(text, 0x00080018)
    study_date = _Attribute(day, 0x00080020)
    study_time = _Attribute(time_of_day, 0x00080030)
    accession_number = _Attribute(text, 0x00080050)
    modality = _Attribute(text, 0x00080060)
    manufacturer = _Attribute(text, 0x00080070)
    institution_name = _Attribute(text, 0x00080080)
    referring_physician_name = _Attribute(text, 0x00080090)
    timezone_offset_from_utc = _Attribute(text, 0x00080201)
    station_name = _Attribute(text, 0x00081010)
    study_description = _Attribute(text, 0x00081030)
    series_description = _Attribute(text, 0x0008103E)
    manufacturer_model_name = _Attribute(text, 0x00081090)
    patient_name = _Attribute(text, 0x00100010)
    patient_id = _Attribute(text, 0x00100020)
    issuer_of_patient_id = _Attribute(text, 0x00100021)
    patient_birth_date = _Attribute(day, 0x00100030)
    patient_sex = _Attribute(text, 0x00100040)
    body_part_examined = _Attribute(text, 0x00180015)
    study_instance_uid = _Attribute(text, 0x0020000D)
    series_instance_uid = _Attribute(text, 0x0020000E)
    study_id = _Attribute(text, 0x00200010)
    series_number = _Attribute(integer, 0x00200011)
    instance_number = _Attribute(integer, 0x00200013)
    laterality = _Attribute(text, 0x00200060)
    image_laterality = _Attribute(text, 0x00200062)
    samples_per_pixel = _Attribute(integer, 0x00280002)
    photometric_interpretation = _Attribute(text, 0x00280004)
    number_of_frames = _Attribute(integer, 0x00280008)
    rows = _Attribute(integer, 0x00280010)
    columns = _Attribute(integer, 0x00280011)
    bits_allocated = _Attribute(integer, 0x00280100)
    performed_procedure_step_start_date = _Attribute(day, 0x00400244)
    performed_procedure_step_start_time = _Attribute(time_of_day, 0x00400245)

    @property
    def requests(self) -> tuple[RequestAttributes, ...]:
        """What the series was made for, item by item."""
        return tuple(
            RequestAttributes(
                requested_procedure_id=self._text_of(raw.get(_REQUESTED_PROCEDURE_ID)),
                scheduled_procedure_step_id=self._text_of(raw.get(_SCHEDULED_PROCEDURE_STEP_ID)),
            )
            for raw in self.raw_requests[:REQUESTS_KEPT]
        )

    @cached_property
    def stated_identity(self) -> StatedIdentity:
        """Whom the data set says that it shows."""
        return StatedIdentity(
            patient_name=self.patient_name,
            patient_id=self.patient_id,
            issuer_of_patient_id=self.issuer_of_patient_id,
            patient_birth_date=self.patient_birth_date,
            patient_sex=self.patient_sex[:16],
        )

    def _text_of(self, element: RawElement | None) -> str:
        if element is None or not is_text(element.vr):
            return ""
        return clean_text(self._decoded(element), element.vr)

    def _decoded(self, element: RawElement) -> str:
        raw = element.value[:_DECODED_LIMIT]
        if element.vr in TEXT_IN_CHARACTER_SET:
            return self._character_sets.decode(raw, name=element.vr == "PN")
        return raw.decode("latin_1")

    @cached_property
    def _character_sets(self) -> CharacterSets:
        return character_sets(self.specific_character_set).read_as(self.reading)

    @cached_property
    def is_plain(self) -> bool:
        """Whether all text at the top level is ASCII, which every label means the same by."""
        return all(raw.isascii() and b"\x1b" not in raw for raw in self._texts())

    @cached_property
    def text_evidence(self) -> Evidence:
        """What the text says about its encoding, whatever its label says."""
        return weigh(self._texts(), self._character_sets.initial)

    @property
    def label(self) -> str:
        """What the text is declared to be in, as decisions about it are kept under."""
        return label_of(self.specific_character_set)

    @property
    def text_finding(self) -> str:
        """The worst that is wrong with the text, one of TEXT_FINDINGS; nothing where all is well."""
        return next((finding for finding in TEXT_FINDINGS if finding in self.anomalies), "")

    def _texts(self) -> Iterator[bytes]:
        for element in self.elements.values():
            if element.vr in TEXT_IN_CHARACTER_SET:
                yield element.value[:_DECODED_LIMIT]

    @cached_property
    def anomalies(self) -> tuple[str, ...]:
        """What is wrong with the instance, in short words; nothing here keeps it from being stored."""
        found = [*self.structure_anomalies, *self._ill_formed_values(), *self._unreadable_text()]
        if self.pixel_data_length is not None and not self._is_pixel_data_whole(self.pixel_data_length):
            found.append("pixel-data-length")
        return tuple(dict.fromkeys(found))

    def _ill_formed_values(self) -> Iterator[str]:
        for keyword, tag in _UIDS.items():
            uid = self.text(tag)
            if not is_well_formed(uid):
                yield f"ill-formed-uid:{keyword}" if uid else f"missing-uid:{keyword}"
        for keyword, tag in _DATES.items():
            if self.text(tag) and self.day(tag) is None:
                yield f"ill-formed-date:{keyword}"

    def _unreadable_text(self) -> Iterator[str]:
        if self.reading is None and self._character_sets.anomaly == UNKNOWN:
            yield UNKNOWN
        if self.reading is None and self.text_evidence.is_doubtful:
            yield DOUBTFUL
        for element in self.elements.values():
            if element.vr not in TEXT_IN_CHARACTER_SET:
                continue
            text = self._decoded(element)
            if len(element.value) > _DECODED_LIMIT:
                text = text[:-1]  # the last character may have been cut here
            finding = self._character_sets.finding(element.value, text)
            if finding is not None:
                yield finding

    def _is_pixel_data_whole(self, length: int) -> bool:
        """Whether native pixel data is as long as the image's attributes say, with one byte to pad."""
        factors = (self.rows, self.columns, self.samples_per_pixel or 1, self.bits_allocated)
        frames = 1 if self.number_of_frames is None else self.number_of_frames
        bits = frames
        for factor in factors:
            bits *= factor or 0
        if self.photometric_interpretation == "YBR_FULL_422":
            bits = bits * 2 // 3
        octets = (bits + 7) // 8
        return octets > 0 and length == octets + octets % 2
