"""One line of the table of who may use which door, and where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from core.access import Act

SITE_ROOT = "/dicom-web/sites/{site_id}"


class Place(Enum):
    """Where an act is looked for."""

    OPEN = auto()
    """Nobody has to say who they are."""
    SELF = auto()
    """Everybody signed in, about themselves alone, also while their password has to be changed."""
    OBJECT = auto()
    """At the site of what is named: who may do it elsewhere is told that there is no such thing."""
    LIST = auto()
    """Shows what lies in reach: who may do it elsewhere is shown nothing of here."""
    OWN = auto()
    """Done at the caller's own place, wherever that is."""
    EVERYWHERE = auto()
    """Only for who may do it in the whole consortium; to the others as to a role that may not."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """One route: the act it needs, where, and what it answers.

    `status` is for who may, `refusal` for a role that does not allow the act, `everywhere` for who may do it
    in the whole consortium if that differs. `things` says which of the world's things a name stands for, if
    not the one of that name.
    """

    method: str
    path: str
    place: Place
    act: Act | None = None
    status: int = 200
    refusal: int = 403
    everywhere: int | None = None
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    things: Mapping[str, str] = field(default_factory=dict)
    recorded: bool = True
    """Whether a success leaves a row of the audit; not for what shows no patient and changes nothing."""
    stores: bool = False
    """Whether the body is one instance, as STOW-RS takes it."""

    @property
    def name(self) -> str:
        """How a failure names it."""
        return f"{self.method} {self.path}"

    @property
    def is_at_a_site(self) -> bool:
        """Whether the address begins with a site: who belongs elsewhere does not learn that it exists."""
        return self.path.startswith(SITE_ROOT)
