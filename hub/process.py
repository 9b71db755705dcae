"""What every process of the hub does first and last."""

import signal
import threading
from collections.abc import Callable

from hub import logs
from hub.schema import require_current
from hub.settings import Settings, require_permitted
from hub.supervisor import say_ready, stay_with_supervisor
from hub.wiring import House, open_house


def begin(name: str, settings: Settings, *, dicom: bool = False, http: bool = False) -> House:
    """Set up the log and open the house; `dicom` and `http` say which doors will be opened.

    Raises:
        Misconfigured: the settings or the schema do not allow it; the message says what to do.
    """
    stay_with_supervisor()
    logs.configure(name, level=settings.log_level, style=settings.log_format)
    require_permitted(settings, dicom=dicom, http=http)
    house = open_house(settings)
    require_current(settings, house.database)
    return house


def until_stopped(stop: Callable[[], None]) -> None:
    """Say that this process serves, wait for SIGTERM or SIGINT, then stop."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    say_ready()
    stopped.wait()
    stop()
