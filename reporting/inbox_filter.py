"""Which reports an inbox shows. Pure."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class InboxFilter:
    """None shows all. `patient` is an ID, or beginnings of the name's parts, in characters or pinyin."""

    site_id: str | None = None
    is_unread: bool | None = None
    """Whether nobody of the clinic has had it yet."""
    is_confirmed: bool | None = None
    patient: str | None = None
    study_date_from: date | None = None
    study_date_to: date | None = None
    unread_first: bool = False
    limit: int = 100
    offset: int = 0
