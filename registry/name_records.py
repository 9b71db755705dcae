"""What people call those who act: audit and timeline keep user names and keys, which tell readers little."""

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import Connection, select

from registry.tables import accounts, devices

_DEVICE: Final = "device:"
"""How the audit and the feed name a device, before its key (`core.origin.OriginKind`)."""


def names_of_actors(
    connection: Connection, actors: Iterable[str], *, site_ids: Collection[str]
) -> dict[str, str]:
    """Return the registered names of those that have one: persons, and devices of these sites.

    `actors` are as the audit and the feed have them, so many as stand on one page of either.
    """
    asked = set(actors)
    people = select(accounts.c.username, accounts.c.display_name).where(accounts.c.username.in_(asked))
    named = {row.username: row.display_name for row in connection.execute(people)}
    keys = [actor.removeprefix(_DEVICE) for actor in asked if actor.startswith(_DEVICE)]
    if keys:
        machines = select(devices.c.device_id, devices.c.name).where(
            devices.c.device_id.in_(keys), devices.c.site_id.in_(site_ids)
        )
        named |= {f"{_DEVICE}{row.device_id}": row.name for row in connection.execute(machines)}
    return named
