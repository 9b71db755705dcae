"""What was disabled, put back into use: places, machines, people and tokens, each on record."""

from sqlalchemy import Connection, Table, select, update

from core.access import EVERY_SITE
from core.clock import Clock
from core.errors import NotFound
from database.engine import Database
from registry.acts import HUB, put_on_record
from registry.device_records import read_devices, require_no_overlap
from registry.tables import accounts, devices, reading_groups, sites, tokens


class Readmission:
    """Undoes `disable`, on record as done by whom `acting` names. What is in use stays so, unrecorded."""

    def __init__(self, database: Database, clock: Clock, *, acting: str = HUB) -> None:
        self._database = database
        self._clock = clock
        self._acting = acting

    def enable_site(self, site_id: str) -> None:
        """Admit a site's devices again, but those that were disabled themselves.

        Raises:
            NotFound: there is no such site.
            AlreadyRegistered: meanwhile a device elsewhere has taken the place of one of them.
        """
        with self._database.write(within=EVERY_SITE) as connection:
            if self._enable(connection, sites, "site_id", site_id, noun="site", site_id=site_id):
                for device in read_devices(connection):
                    if device.site_id == site_id and not device.is_disabled:
                        require_no_overlap(connection, device)

    def enable_reading_group(self, reading_group_id: str) -> None:
        """Let a group read again what its routes give it. Raises NotFound."""
        with self._database.write(within=EVERY_SITE) as connection:
            self._enable(
                connection, reading_groups, "reading_group_id", reading_group_id, noun="reading group"
            )

    def enable_device(self, device_id: str) -> None:
        """Admit a device again; as long as its site is disabled it is refused with that.

        Raises:
            NotFound: there is no such device.
            AlreadyRegistered: meanwhile another has taken its place.
        """
        with self._database.write(within=EVERY_SITE) as connection:
            site_id = connection.scalar(select(devices.c.site_id).filter_by(device_id=device_id)) or ""
            if self._enable(connection, devices, "device_id", device_id, noun="device", site_id=site_id):
                [device] = [each for each in read_devices(connection) if each.device_id == device_id]
                require_no_overlap(connection, device)

    def enable_user(self, username: str) -> None:
        """Let somebody in again, by the password and the tokens they had. Raises NotFound."""
        with self._database.write(within=EVERY_SITE) as connection:
            self._enable(connection, accounts, "username", username, noun="user")

    def enable_token(self, token_id: str) -> None:
        """Admit a token again. Raises NotFound."""
        with self._database.write(within=EVERY_SITE) as connection:
            self._enable(connection, tokens, "token_id", token_id, noun="token")

    def _enable(
        self, connection: Connection, table: Table, column: str, key: str, *, noun: str, site_id: str = ""
    ) -> bool:
        """Return whether it was disabled. Raises NotFound."""
        is_meant = table.c[column] == key
        found = connection.execute(select(table.c.disabled_at).where(is_meant)).first()
        if found is None:
            raise NotFound(f"There is no {noun} {key}.")
        if found.disabled_at is None:
            return False
        connection.execute(update(table).where(is_meant).values(disabled_at=None))
        put_on_record(
            connection,
            f"{noun} enabled",
            by=self._acting,
            at=self._clock.now(),
            subject=key,
            site_id=site_id,
        )
        return True
