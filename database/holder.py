"""Who holds a job: a process, told apart from every other, also from a later one with its number.

Only Linux says enough of a process for that. Elsewhere nobody is known, and a lease has to end by itself.
"""

import os
from functools import cache
from pathlib import Path
from typing import Final

LENGTH: Final = 100
_PROCESSES: Final = Path("/proc")
_GONE: Final = frozenset("ZX")
"""A process that only waits to be noticed as ended, by the letter of its state."""


def this_process() -> str | None:
    """Return the name of this process; None where it cannot be known again."""
    return _own(os.getpid())


def name_of(pid: int) -> str | None:
    """Return the name of a process that runs: where it has its number, that, and when it began."""
    started = _state_and_start(pid)
    place = _place()
    return f"{place}:{pid}:{started[1]}" if started is not None and place is not None else None


def has_ended(name: str) -> bool:
    """Whether a process is known to have ended; False for one that cannot be seen from here."""
    place, _, rest = name.partition(":")
    pid, _, start = rest.partition(":")
    if place != _place() or not pid.isascii() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False  # somebody else's, which runs
    found = _state_and_start(int(pid))
    return found is not None and (found[0] in _GONE or found[1] != start)


@cache
def _own(pid: int) -> str | None:
    return name_of(pid)


@cache
def _place() -> str | None:
    """Name the start of this machine and the container: there a process has its number to itself."""
    try:
        boot = (_PROCESSES / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}.{(_PROCESSES / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return None


def _state_and_start(pid: int) -> tuple[str, str] | None:
    """Return the letter of a process's state and when it began, in ticks since the machine did (proc(5))."""
    try:
        said = (_PROCESSES / str(pid) / "stat").read_text()
    except OSError:
        return None
    after_name = said.rpartition(")")[2].split()
    return after_name[0], after_name[19]
