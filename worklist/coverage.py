"""Who could read what: routes, groups and readers put together, to find what falls between them."""

from collections.abc import Collection
from dataclasses import dataclass

from core.access import Route, Scope
from registry.accounts import Accounts
from registry.directory import Directory


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """All routes, and who is there to follow them."""

    routes: tuple[Route, ...]
    """Of every group, disabled ones too."""
    disabled_groups: frozenset[str]
    teams: frozenset[frozenset[str]]
    """For each reader who may log in, the groups they are in."""

    @classmethod
    def of(cls, directory: Directory, accounts: Accounts) -> "Coverage":
        """Return it as the register has it now."""
        groups = directory.reading_groups()
        return cls(
            routes=tuple(directory.routes(of_disabled_groups=True)),
            disabled_groups=frozenset(group.reading_group_id for group in groups if group.disabled_at),
            teams=accounts.reading_teams(),
        )

    @property
    def scopes(self) -> list[Scope]:
        """Return what each team reads; a case is one reader's to read whole, so these are not joined."""
        teams = {team - self.disabled_groups for team in self.teams}
        found = {_scope([route for route in self.routes if route.reading_group_id in team]) for team in teams}
        return sorted((scope for scope in found if not scope.is_empty), key=repr)

    def why_unread(self, site_id: str, modalities: Collection[str]) -> str:
        """Say why nobody can read a case of these modalities, of which it is known that nobody can."""
        here = [route for route in self.routes if route.site_id == site_id]
        missing = sorted(each for each in modalities if not any(_leads(route, each) for route in here))
        if missing:
            return f"no route for {', '.join(missing)}"
        used = [route for route in here if route.reading_group_id not in self.disabled_groups]
        stopped = sorted(each for each in modalities if not any(_leads(route, each) for route in used))
        if stopped:
            return f"the reading groups for {', '.join(stopped)} are disabled"
        staffed = [route for route in used if any(route.reading_group_id in team for team in self.teams)]
        alone = sorted(each for each in modalities if not any(_leads(route, each) for route in staffed))
        if alone:
            return f"no reader in the reading groups for {', '.join(alone)}"
        return f"no one reader for {' and '.join(sorted(modalities))} together"


def _leads(route: Route, modality: str) -> bool:
    return route.modality in {None, modality}


def _scope(routes: list[Route]) -> Scope:
    return Scope(
        site_ids=frozenset(route.site_id for route in routes if route.modality is None),
        site_modalities=frozenset(
            (route.site_id, route.modality) for route in routes if route.modality is not None
        ),
    )
