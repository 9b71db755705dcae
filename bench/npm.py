"""What others publish at npm, fetched once and kept in `.cache`: pinned, and checked as it comes."""

import base64
import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

CACHE: Final = Path(__file__).resolve().parents[1] / ".cache" / "clients"
_SECONDS: Final = 300


class NotFetched(Exception):
    """npm could not fetch what is needed, or it is not what was pinned."""


def package(name: str, version: str, integrity: str) -> Path:
    """Return the unpacked files of one package without what it depends on.

    `integrity` is npm's own: `sha512-` and the digest of the archive in Base64.

    Raises:
        NotFetched: it is not here and cannot be had.
    """

    def unpack(folder: Path) -> None:
        npm(folder, "pack", f"{name}@{version}")
        (archive,) = folder.glob("*.tgz")
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != integrity:
            raise NotFetched(f"{archive.name} is not what was pinned")
        subprocess.run(["tar", "-xzf", archive.name], cwd=folder, check=True)  # noqa: S603, S607 - as installed
        archive.unlink()

    return kept(CACHE / f"{name.replace('/', '-').removeprefix('@')}-{version}", unpack) / "package"


def npm(folder: Path, *arguments: str) -> None:
    """Run npm in a folder.

    Raises:
        NotFetched: it failed, or is not installed.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            ["npm", *arguments],  # noqa: S607 - as installed
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise NotFetched(f"npm {arguments[0]}: {error}") from error
    if done.returncode:
        raise NotFetched(f"npm {arguments[0]} could not fetch what is needed: {done.stderr[-500:]}")


def kept(folder: Path, make: Callable[[Path], None]) -> Path:
    """Return the folder, made whole by one process of the run; one that was begun and left is made anew."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with _alone():
        if not folder.is_dir():
            begun = folder.with_name(f"{folder.name}.begun")
            shutil.rmtree(begun, ignore_errors=True)
            begun.mkdir()
            make(begun)
            begun.rename(folder)
    return folder


@contextmanager
def _alone() -> Iterator[None]:
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
