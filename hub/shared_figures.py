"""What the processes that answer HTTP count, each in a file that all of them read: a monitor is told the sum.

The files lie in memory, one of each kind for each process and not for each of its lives: one that died goes
on from what it had counted, so that a sum never falls while the hub runs. A monitor would take a sum that
falls for one that began again, and count what is left once more.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import structlog

from core.limits import MIB
from hub.api_share import ApiShare

IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of our own in it, that nobody else may enter
_PREFIX: Final = "imaging-hub-figures-"
_KINDS: Final = ("histogram", "counter")
_FILE_BYTES: Final = MIB
"""For some two hundred kinds of requests. Had at once: memory that is missing later would end a process."""
_LEFT_SECONDS: Final = 60.0
_FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"

log = structlog.stdlib.get_logger("hub.shared_figures")


@contextmanager
def figures_folder(processes: int) -> Iterator[str]:
    """Yield the folder where so many processes count, nothing where there can be none; it goes at the end.

    No monitor is worth a hub that does not start: without a folder each process tells its own figures.
    """
    try:
        _clear()
        folder = tempfile.mkdtemp(prefix=_PREFIX, dir=IN_MEMORY)
    except OSError as error:
        log.warning("each process tells a monitor its own figures only", reason=error.strerror)
        yield ""
        return
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield folder if _has_files(Path(folder), processes) else ""
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def count_into(share: ApiShare) -> None:
    """Have this process count in its files; to be called before it counts anything.

    The folder may vanish, as a system may do with all that a user has in memory once they log out. What is
    counted first after that is this process's own.
    """
    from prometheus_client import values

    if not share.figures:
        return
    os.environ[_FOLDER_VARIABLE] = share.figures
    shared = values.MultiProcessValue(process_identifier=lambda: share.number)  # type: ignore[no-untyped-call] # the library's

    def value(*arguments: Any, **named: Any) -> Any:
        try:
            return shared(*arguments, **named)
        except OSError:
            return values.MutexValue(*arguments, **named)  # type: ignore[no-untyped-call] # the library's

    values.ValueClass = value


def told_by_all(folder: str, *, or_else: Callable[[], bytes]) -> bytes:
    """Return the sum over all processes in Prometheus' text form, `or_else` where the folder is gone."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    if not Path(folder).is_dir():
        return or_else()
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call] # the library's
    return generate_latest(registry)


def _has_files(folder: Path, processes: int) -> bool:
    """Make the files of all processes, so that none is read while it is made."""
    try:
        for number in range(1, processes + 1):
            for kind in _KINDS:
                with (folder / f"{kind}_{number}.db").open("xb") as file:
                    os.posix_fallocate(file.fileno(), 0, _FILE_BYTES)
    except OSError as error:
        log.warning("each process tells a monitor its own figures only", reason=error.strerror)
        return False
    return True


def _clear() -> None:
    """Remove what a hub left that was killed: nobody holds it any more."""
    for folder in IN_MEMORY.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            held = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if time.time() - os.fstat(held).st_mtime > _LEFT_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(held)
