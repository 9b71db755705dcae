"""The data directory: made and written, or refused in one line that says which, why, and what to do."""

import errno
import os
import pwd
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISDIR
from typing import BinaryIO, Final

from core.errors import Misconfigured
from database.address import embedded_file
from hub.settings import Settings

_CURED_BY_GIVING: Final = frozenset({errno.EACCES, errno.EPERM, errno.ENOENT})


def require_usable(settings: Settings) -> None:
    """Make the data directory where it is missing; one that holds the catalogue has to be writable.

    Raises:
        Misconfigured: it cannot be made or written.
    """
    make_folder(settings.data)
    if embedded_file(settings.database_url) is not None:
        require_writable(settings.data)


def make_folder(data: Path) -> None:
    """Make the data directory where it is missing. Raises Misconfigured."""
    with refused_by_name(data):
        try:
            data.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise _os_error(errno.ENOTDIR) from error


def require_writable(data: Path) -> None:
    """Refuse a directory that is not there, or that this user may not write; nothing is made in it.

    Raises:
        Misconfigured: it says why.
    """
    with refused_by_name(data):
        if not S_ISDIR(data.stat().st_mode):
            raise _os_error(errno.ENOTDIR)
        if not os.access(data, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
            is_read_only = os.statvfs(data).f_flag & os.ST_RDONLY
            raise _os_error(errno.EROFS if is_read_only else errno.EACCES)


def is_there(path: Path) -> bool:
    """Whether it exists. Raises OSError where that cannot be told, or what should hold it is no directory."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


@contextmanager
def refused_by_name(data: Path) -> Iterator[None]:
    """Have what the system refuses in the data directory told with its path and what to do.

    Raises:
        Misconfigured: for each OSError.
    """
    try:
        yield
    except OSError as error:
        raise _refusal(data, error) from error


def open_lock(path: Path) -> BinaryIO:
    """Open a file of the data directory that is there to be locked. Raises Misconfigured."""
    with refused_by_name(path.parent):
        return path.open("a+b")


def _refusal(data: Path, error: OSError) -> Misconfigured:
    at_fault = Path(os.fsdecode(error.filename or data))
    if data not in at_fault.parents or not os.path.exists(at_fault):  # noqa: PTH110 - this one never raises
        at_fault = data
    where = f"{data} cannot be the data directory"
    told = f"{where}: {error.strerror}" if at_fault == data else f"{where}: {at_fault}: {error.strerror}"
    if error.errno not in _CURED_BY_GIVING:
        return Misconfigured(f"{told}. Choose another with --data.")
    is_whole = at_fault == data
    words = "make it and give it to this user" if is_whole else "give that file to this user"
    command = ["sudo", *(["install", "-d", "-o"] if is_whole else ["chown"]), _user(), str(at_fault)]
    return Misconfigured(f"{told}. Choose another with --data, or {words}: {shlex.join(command)}")


def _user() -> str:
    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
