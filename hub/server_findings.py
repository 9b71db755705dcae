"""What the doctor says of the PostgreSQL server that has the catalogue."""

from collections.abc import Iterator
from typing import Final

from database.server_settings import ServerSettings
from hub.finding import Finding, Standing

OLDEST_VERSION: Final = 15
_COMMITS: Final = {
    "off": (Standing.BAD, "off: what a device was told is kept can be lost when the server stops"),
    "local": (Standing.NOTE, "local: a standby that takes over may lack the last commits"),
    "remote_write": (Standing.WELL, "remote_write: a commit is on the server's disk and a standby has it"),
    "remote_apply": (Standing.WELL, "remote_apply: a commit is on the server's disk and a standby shows it"),
    "on": (Standing.WELL, "on: a commit is on the server's disk before a device hears Success"),
}


def server_findings(server: ServerSettings) -> Iterator[Finding]:
    """Judge a server. Bad is what can lose an exam that a device was told is kept, or what we never tried."""
    yield _finding(
        "PostgreSQL version",
        Standing.WELL if server.version_number >= OLDEST_VERSION * 10_000 else Standing.BAD,
        f"{server.version}; {OLDEST_VERSION} or newer is needed",
    )
    yield _finding(
        "PostgreSQL encoding",
        Standing.WELL if server.encoding == "UTF8" else Standing.BAD,
        server.encoding if server.encoding == "UTF8" else f"{server.encoding}: names need a UTF8 database",
    )
    yield _finding(
        "PostgreSQL fsync",
        Standing.WELL if server.fsync else Standing.BAD,
        "on" if server.fsync else "off: a power cut loses what is kept, or all of it. Set fsync = on",
    )
    # Copy-on-write file systems write no page half, so this one can be off on purpose.
    yield _finding(
        "PostgreSQL full_page_writes",
        Standing.WELL if server.full_page_writes else Standing.NOTE,
        "on"
        if server.full_page_writes
        else "off: right only on a file system that never writes a page half (ZFS)",
    )
    yield _finding("PostgreSQL synchronous_commit", *_COMMITS[server.synchronous_commit])


def _finding(what: str, standing: Standing, detail: str) -> Finding:
    return Finding(what=what, standing=standing, detail=detail)
