"""The catalogue with the register of places and people, and nothing else: what `admin` needs, opened fast."""

from dataclasses import dataclass

from core.clock import Clock, SystemClock
from database.engine import Database
from hub.data_folder import make_folder
from hub.settings import Settings
from registry.accounts import Accounts
from registry.acts import HUB
from registry.directory import Directory
from registry.readmission import Readmission
from registry.unknown_devices import UnknownDevices


@dataclass(frozen=True, kw_only=True)
class Register:
    """Who there is."""

    settings: Settings
    clock: Clock
    database: Database
    directory: Directory
    unknown_devices: UnknownDevices
    accounts: Accounts
    readmission: Readmission


def open_register(settings: Settings, clock: Clock | None = None, *, acting: str = HUB) -> Register:
    """Open the register; nothing is migrated. `acting` is whose changes will be on record.

    Raises:
        Misconfigured: the data directory cannot be made.
    """
    clock = clock or SystemClock()
    make_folder(settings.data)
    database = Database(settings.database_url)
    return Register(
        settings=settings,
        clock=clock,
        database=database,
        directory=Directory(database, clock, acting=acting),
        unknown_devices=UnknownDevices(database, clock),
        accounts=Accounts(database, clock, acting=acting),
        readmission=Readmission(database, clock, acting=acting),
    )
