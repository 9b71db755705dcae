"""Who may do what, and where: roles, grants, and the scope that every query takes.

A site owns what its devices and accounts send; a reading group reads what routes give it (DESIGN: who sees
what). What is outside an actor's scope does not exist for that actor.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What an account is to the hub; always held at a site, in a reading group, or consortium-wide."""

    TECHNICIAN = "technician"
    READER = "reader"
    CLINIC = "clinic"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Act(StrEnum):
    """What can be done; each role allows some of it."""

    SEARCH = "search"
    STORE = "store"
    REQUEST = "request"
    LINK = "link"
    READ = "read"
    TAKE_OVER = "take-over"
    ANSWER_RETAKE = "answer-retake"
    RECEIVE = "receive"
    CONFIRM = "confirm"
    TRACE = "trace"
    AUDIT = "audit"
    ADMINISTER = "administer"


ALLOWED: dict[Role, frozenset[Act]] = {
    Role.TECHNICIAN: frozenset(
        {
            Act.SEARCH,
            Act.STORE,
            Act.REQUEST,
            Act.LINK,
            Act.ANSWER_RETAKE,
            Act.RECEIVE,
            Act.CONFIRM,
            Act.TRACE,
        }
    ),
    Role.READER: frozenset({Act.SEARCH, Act.LINK, Act.READ, Act.TAKE_OVER, Act.RECEIVE, Act.TRACE}),
    Role.CLINIC: frozenset({Act.SEARCH, Act.REQUEST, Act.RECEIVE, Act.CONFIRM, Act.TRACE}),
    Role.ADMIN: frozenset(
        {
            Act.SEARCH,
            Act.STORE,
            Act.REQUEST,
            Act.LINK,
            Act.ANSWER_RETAKE,
            Act.RECEIVE,
            Act.TRACE,
            Act.ADMINISTER,
        }
    ),
    Role.AUDITOR: frozenset({Act.TRACE, Act.AUDIT}),
}


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A role held at one site, or in one reading group, or (neither given) everywhere."""

    role: Role
    site_id: str | None = None
    reading_group_id: str | None = None

    def __str__(self) -> str:
        """Return it in words, as the audit names it."""
        place = f" at {self.site_id}" if self.site_id else ""
        place = f" in {self.reading_group_id}" if self.reading_group_id else place
        return f"{self.role.value}{place}"


@dataclass(frozen=True, kw_only=True)
class Route:
    """A reading group reads one site's studies of one modality; None means every modality."""

    reading_group_id: str
    site_id: str
    modality: str | None


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What an actor may touch: everything, whole sites, or one modality of a site."""

    everything: bool = False
    site_ids: frozenset[str] = frozenset()
    site_modalities: frozenset[tuple[str, str]] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is in scope."""
        return not (self.everything or self.site_ids or self.site_modalities)

    def covers(self, site_id: str, modalities: frozenset[str]) -> bool:
        """Whether a study of `site_id` holding these modalities is in scope."""
        if self.everything or site_id in self.site_ids:
            return True
        return any((site_id, modality) in self.site_modalities for modality in modalities)

    @property
    def sites(self) -> frozenset[str]:
        """Every site of which anything is in scope; empty also where everything is."""
        return self.site_ids | {site_id for site_id, _ in self.site_modalities}

    def joined(self, site_ids: Iterable[str]) -> "Scope":
        """Return this scope with whole sites added to it."""
        return replace(self, site_ids=self.site_ids.union(site_ids))

    def within(self, site_id: str) -> "Scope":
        """Return the part of this scope that lies at one site; empty where none does."""
        if self.everything or site_id in self.site_ids:
            return Scope(site_ids=frozenset({site_id}))
        return Scope(site_modalities=frozenset(pair for pair in self.site_modalities if pair[0] == site_id))


EVERY_SITE: Final = Scope(everything=True)
"""What the hub itself may touch: its followers, timers and jobs, and the register of who there is."""


def at_site(site_id: str) -> Scope:
    """Return the scope of one whole site."""
    return Scope(site_ids=frozenset({site_id}))


@dataclass(frozen=True, kw_only=True)
class Actor:
    """An account that has proved who it is, with all it was granted."""

    account_id: str
    username: str
    display_name: str
    grants: tuple[Grant, ...]
    routes: tuple[Route, ...] = field(default=())

    def scope(self, act: Act) -> Scope:
        """Return where this actor may do `act`."""
        everything = False
        site_ids: set[str] = set()
        site_modalities: set[tuple[str, str]] = set()
        for grant in self.grants:
            if act not in ALLOWED[grant.role]:
                continue
            if grant.reading_group_id is not None:
                for route in self.routes:
                    if route.reading_group_id != grant.reading_group_id:
                        continue
                    if route.modality is None:
                        site_ids.add(route.site_id)
                    else:
                        site_modalities.add((route.site_id, route.modality))
            elif grant.site_id is not None:
                site_ids.add(grant.site_id)
            else:
                everything = True
        return Scope(
            everything=everything, site_ids=frozenset(site_ids), site_modalities=frozenset(site_modalities)
        )

    def may(self, act: Act) -> bool:
        """Whether any grant allows `act` anywhere."""
        return not self.scope(act).is_empty

    def granted_by(self, act: Act, site_id: str) -> str:
        """Name the role and place that allow an act at a site, as in "reader in ecg-group"; "" for none."""
        for grant in self.grants:
            if act in ALLOWED[grant.role] and self._reaches(grant, site_id):
                return str(grant)
        return ""

    def _reaches(self, grant: Grant, site_id: str) -> bool:
        if grant.reading_group_id is not None:
            return any(
                route.reading_group_id == grant.reading_group_id and route.site_id == site_id
                for route in self.routes
            )
        return grant.site_id in {None, site_id}
