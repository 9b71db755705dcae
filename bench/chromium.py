"""A real browser: Debian's Chromium, driven by Playwright, on a slow line where that is asked for.

Playwright brings its own driver, no browser.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = (
    "--no-sandbox",  # may run as root
    "--disable-gpu",  # software GL would make the 2-D canvas many times slower than none
    "--no-proxy-server",  # every page is on this machine
)
WIDTH, HEIGHT = 1440, 900


class NoBrowser(Exception):
    """Chromium is not installed."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line between browser and hub."""

    megabits_per_second: float
    round_trip_milliseconds: float


FULL_SPEED: Final = Line(megabits_per_second=10_000, round_trip_milliseconds=0)


def executable() -> str | None:
    """Return the path of the browser that is installed."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def browser() -> "Iterator[Browser]":
    """Run a Chromium.

    Raises:
        NoBrowser: there is none.
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - half a second, which --help need not wait

    path = executable()
    if path is None:
        raise NoBrowser("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield launched
        finally:
            launched.close()


def put_on_line(session: "CDPSession", line: Line) -> None:
    """Let a page's requests share a line that is no faster, as the browser's own tools do it."""
    bytes_per_second = line.megabits_per_second * 1_000_000 / 8
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": line.round_trip_milliseconds,
            "downloadThroughput": bytes_per_second,
            "uploadThroughput": bytes_per_second,
        },
    )
