"""What the clients' tests need of npm: without it they are skipped, unless they were asked for by name."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.npm import CACHE, NotFetched, kept, npm

HERE = Path(__file__).parent
EVERYTHING_ASKED = os.environ.get("CLIENTS") == "all"
"""Whether somebody waits for these tests, and for what they fetch: `make clients`."""


def node_modules() -> Path:
    """Return the folder of what package-lock.json names; skips the test where npm cannot fetch it."""
    lock = (HERE / "package-lock.json").read_bytes()

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        npm(folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund")

    with skipped_without_npm():
        return kept(CACHE / f"npm-{hashlib.sha256(lock).hexdigest()[:16]}", install) / "node_modules"


@contextmanager
def skipped_without_npm() -> Iterator[None]:
    """What cannot be fetched is a reason to skip a test, and to fail one that was asked for."""
    try:
        yield
    except NotFetched as error:
        end = pytest.fail if EVERYTHING_ASKED else pytest.skip
        end(str(error))
