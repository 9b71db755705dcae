"""What a walk over a data set found, within the limits on how much it may find."""

from core.errors import TooLarge
from core.limits import ELEMENT_COUNT, HEADER_KEPT_LIMIT
from storage.instance_header import KEPT_OF_REQUEST, REQUESTS_KEPT, RawElement


class HeaderFindings:
    """Values for the catalogue, counts against the limits, and the words for what was odd."""

    def __init__(self) -> None:
        self.elements: dict[int, RawElement] = {}
        self.requests: list[dict[int, RawElement]] = []
        self.skipped_tags: set[int] = set()
        self.anomalies: dict[str, None] = {}
        self.pixel_data_length: int | None = None
        self.fragment_count = 0
        self._element_count = 0
        self._kept = 0

    def note(self, anomaly: str) -> None:
        """Name something odd; once is enough."""
        self.anomalies[anomaly] = None

    def count_element(self) -> None:
        """Count an element or item, at any level. Raises TooLarge beyond ELEMENT_COUNT."""
        self._element_count += 1
        if self._element_count > ELEMENT_COUNT:
            raise TooLarge(f"The data set holds more than {ELEMENT_COUNT} elements.")

    def count_fragment(self) -> None:
        """Count a fragment of encapsulated data. Raises TooLarge beyond ELEMENT_COUNT."""
        self.fragment_count += 1
        if self.fragment_count > ELEMENT_COUNT:
            raise TooLarge(f"The data set holds more than {ELEMENT_COUNT} fragments.")

    def has_room_for(self, tag: int, length: int) -> bool:
        """Whether a top-level value is to be kept: no private one, and none beyond HEADER_KEPT_LIMIT."""
        if tag & 0x10000:
            return False
        if self._kept + length > HEADER_KEPT_LIMIT:
            self.skipped_tags.add(tag)
            return False
        return True

    def begin_request(self) -> None:
        """Begin another item of Request Attributes Sequence; beyond REQUESTS_KEPT none is kept."""
        self.requests.append({})

    def keep_of_request(self, tag: int, element: RawElement) -> None:
        """Keep a value of the item that was begun last, where the catalogue wants it."""
        if tag in KEPT_OF_REQUEST and 0 < len(self.requests) <= REQUESTS_KEPT:
            self._kept += len(element.value)
            self.requests[-1][tag] = element

    def keep(self, tag: int, element: RawElement) -> None:
        """Keep a value; of two under one tag the later, as other readers of DICOM do."""
        if tag in self.elements:
            self.note("duplicate-element")
        self._kept += len(element.value)
        self.elements[tag] = element
