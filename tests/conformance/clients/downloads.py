"""Clients from npm, fetched once and kept in `.cache`: pinned, and checked as they come."""

import base64
import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CACHE = Path(__file__).resolve().parents[3] / ".cache" / "clients"
SECONDS = 300
EVERYTHING_ASKED = os.environ.get("CLIENTS") == "all"
"""Whether somebody waits for these tests, and for what they fetch: `make clients`."""


def node_modules() -> Path:
    """Return the folder of what package-lock.json names; skips the test where npm cannot fetch it."""
    lock = (HERE / "package-lock.json").read_bytes()
    kept = CACHE / f"npm-{hashlib.sha256(lock).hexdigest()[:16]}"

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        npm(folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund")

    return _kept(kept, install) / "node_modules"


def package(name: str, version: str, integrity: str) -> Path:
    """Return the unpacked files of one package without what it depends on; skips where npm cannot fetch it.

    `integrity` is npm's own: `sha512-` and the digest of the archive in Base64.
    """
    kept = CACHE / f"{name.replace('/', '-').removeprefix('@')}-{version}"

    def unpack(folder: Path) -> None:
        npm(folder, "pack", f"{name}@{version}")
        (archive,) = folder.glob("*.tgz")
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        assert f"sha512-{digest}" == integrity, f"{archive.name} is not what was pinned"
        subprocess.run(["tar", "-xzf", archive.name], cwd=folder, check=True)
        archive.unlink()

    return _kept(kept, unpack) / "package"


def npm(folder: Path, *arguments: str) -> None:
    """Run npm; what it cannot fetch is a reason to skip, unless the test was asked for by name."""
    done = subprocess.run(
        ["npm", *arguments], cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode:
        end = pytest.fail if EVERYTHING_ASKED else pytest.skip
        end(f"npm {arguments[0]} could not fetch what is needed: {done.stderr[-500:]}")


def _kept(folder: Path, make: Callable[[Path], None]) -> Path:
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
