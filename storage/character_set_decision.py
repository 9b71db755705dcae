"""What was decided about how the text of one source is to be read, and who that source is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.origin import Origin, OriginKind
from storage.character_sets import Reading

HUB: Final = "hub"
"""Who decided where it was no person."""
TRUSTED: Final = frozenset({OriginKind.HUB, OriginKind.SELF_TEST})
"""Where text comes from that is in what its label says."""


@dataclass(frozen=True, kw_only=True)
class TextSource:
    """Who writes text in its own way: a device, or an account or import of a site."""

    site_id: str
    origin_kind: str
    source: str

    @classmethod
    def of(cls, origin: Origin) -> "TextSource":
        """Return the source that an origin is."""
        return cls(site_id=origin.site_id, origin_kind=origin.kind.value, source=origin.source)


@dataclass(frozen=True, kw_only=True)
class CharacterSetDecision:
    """How text that a source declares as `declared` is read: `encoding` is one of READABLE_AS.

    `texts` and `characters` count what spoke for it when the hub decided, and are 0 where a person did.
    """

    decision_id: str
    site_id: str
    origin_kind: str
    source: str
    declared: str
    encoding: str
    decided_by: str
    is_set_by_person: bool
    texts: int
    characters: int
    decided_at: datetime

    @property
    def reading(self) -> Reading:
        """How to read by it."""
        return Reading(encoding=self.encoding, is_set_by_person=self.is_set_by_person)
