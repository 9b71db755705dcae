"""What administrators change of what is registered: a site's settings, a route or role taken back."""

from sqlalchemy import delete, select, update

from core.access import EVERY_SITE, Grant, Route
from core.clock import Clock
from core.errors import NotFound
from database.engine import Database
from registry.acts import HUB, put_on_record
from registry.device import require_name
from registry.directory import require_quiet_seconds, require_time_zone
from registry.tables import accounts, grants, routes, sites


class Upkeep:
    """Changes of the register; each is on record as done by whom `acting` names."""

    def __init__(self, database: Database, clock: Clock, *, acting: str = HUB) -> None:
        self._database = database
        self._clock = clock
        self._acting = acting

    def change_site(
        self,
        site_id: str,
        *,
        name: str | None = None,
        time_zone: str | None = None,
        quiet_seconds: int | None = None,
    ) -> None:
        """Change what is given. Signed reports keep the name they were signed with.

        Raises:
            NotFound, InvalidRequest.
        """
        changed: dict[str, str | int] = {}
        if name is not None:
            changed["name"] = require_name(name)
        if time_zone is not None:
            changed["time_zone"] = require_time_zone(time_zone)
        if quiet_seconds is not None:
            changed["quiet_seconds"] = require_quiet_seconds(quiet_seconds)
        with self._database.write(within=EVERY_SITE) as connection:
            before = connection.execute(select(sites).filter_by(site_id=site_id)).mappings().first()
            if before is None:
                raise NotFound(f"There is no site {site_id}.")
            told = [column for column, value in changed.items() if before[column] != value]
            if not told:
                return
            connection.execute(update(sites).filter_by(site_id=site_id).values(**changed))
            action = f"site changed: {', '.join(told)}"
            put_on_record(
                connection, action, by=self._acting, at=self._clock.now(), subject=site_id, site_id=site_id
            )

    def remove_route(self, route: Route) -> None:
        """Let a group read no longer what this route gave it; who holds a case of it may finish. NotFound."""
        modality = (route.modality or "").strip().upper()
        wanted = {
            "reading_group_id": route.reading_group_id,
            "site_id": route.site_id,
            "modality": modality,
        }
        with self._database.write(within=EVERY_SITE) as connection:
            key = connection.scalar(select(routes.c.route_key).filter_by(**wanted))
            if key is None:
                raise NotFound("There is no such route.")
            connection.execute(delete(routes).filter_by(route_key=key))
            put_on_record(
                connection,
                f"route removed: {modality or 'every modality'}",
                by=self._acting,
                at=self._clock.now(),
                subject=route.reading_group_id,
                site_id=route.site_id,
            )

    def revoke(self, username: str, grant: Grant) -> None:
        """Take a role back; it is refused with the very next request. Raises NotFound."""
        with self._database.write(within=EVERY_SITE) as connection:
            wanted = (
                select(grants.c.grant_key)
                .join(accounts, accounts.c.account_id == grants.c.account_id)
                .where(
                    accounts.c.username == username,
                    grants.c.role == grant.role.value,
                    grants.c.site_id.is_not_distinct_from(grant.site_id),
                    grants.c.reading_group_id.is_not_distinct_from(grant.reading_group_id),
                )
            )
            keys = list(connection.scalars(wanted))
            if not keys:
                raise NotFound(f"{username} has no such role.")
            connection.execute(delete(grants).where(grants.c.grant_key.in_(keys)))
            put_on_record(
                connection,
                f"revoked: {grant}"[:60],
                by=self._acting,
                at=self._clock.now(),
                subject=username,
                site_id=grant.site_id or "",
            )
