"""One side in the browser: how its list and its studies are opened, and when there is something to see."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.canvas import canvas, difference
from bench.chromium import FULL_SPEED, HEIGHT, WIDTH, Line, put_on_line
from bench.web_material import NAME, Shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

PATIENCE_SECONDS: Final = 180
NAMES: Final = 20
"""So many names make a list; OHIF shows 25 on its first page."""
BEGINNING_SECONDS: Final = 6.0
"""How long a cine is watched while it still comes over the line."""
PLAYED_SECONDS: Final = 4.0
_AT_REST_SECONDS: Final = 1.5
"""A page that asked for nothing so long has all it wants."""
_REST_SECONDS: Final = 12.0
"""On a line without limits: some ask for the same frames again and again."""
_WATCHER: Final = (
    (Path(__file__).parent / "watcher.js")
    .read_text(encoding="utf-8")
    .replace("{NAME}", NAME)
    .replace("{NAMES}", str(NAMES))
)
_TOO_DIFFERENT: Final = 4.0
"""Of 255 steps in the mean: another picture, or none. Everyone scales in their own way; JPEG has its loss."""


class NotShown(Exception):
    """A page did not show what it was opened for."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """The hub's own pages, or OHIF."""

    name: str
    list_url: str
    """Where the list is."""
    study_url: Callable[[str], str]
    """Where a study is."""
    canvas: str
    """CSS selector of the canvas of a picture."""
    is_full: str
    """JavaScript that is true as soon as the picture was drawn from the stored values, without loss."""
    play: str
    """CSS selector of the button that plays a cine, where that does not begin by itself."""
    log_in: Callable[[Any], None]
    """Signs a new browser context in."""


@dataclass(frozen=True, kw_only=True)
class Waited:
    """Milliseconds since the address was entered."""

    first: float
    full: float


@dataclass(frozen=True, kw_only=True)
class Played:
    """A cine: milliseconds until its first frame, how many were seen soon after, then frames a second."""

    first: float
    seen: int
    rate: float


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A page of a browser that has nothing in its cache."""

    page: "Page"
    session: "CDPSession"
    began: float = field(default_factory=lambda: time.time() * 1000)
    """Milliseconds since 1970."""

    def until(self, condition: str, told: str = "Date.now()") -> float:
        """Wait for a condition; return how long it took, by what the page told or now.

        Raises:
            NotShown: it did not come.
        """
        from playwright.sync_api import Error  # noqa: PLC0415 - as in chromium.py

        try:
            found = self.page.wait_for_function(
                f"() => ({condition}) && ({told})", timeout=PATIENCE_SECONDS * 1000, polling=20
            )
            return float(found.json_value()) - self.began
        except Error as error:
            raise NotShown(f"{self.page.url} did not come to {condition}") from error


@contextmanager
def opened(browser: "Browser", side: Side, url: str, line: Line) -> Iterator[Opened]:
    """Open an address with a cold cache, signed in, on a line."""
    context = browser.new_context(
        locale="en-GB",
        viewport={"width": WIDTH, "height": HEIGHT},
        ignore_https_errors=True,
        service_workers="block",
    )
    try:
        side.log_in(context)
        context.add_init_script(_WATCHER)
        page = context.new_page()
        session = context.new_cdp_session(page)
        put_on_line(session, line)
        found = Opened(page=page, session=session)
        page.goto(url, wait_until="commit", timeout=PATIENCE_SECONDS * 1000)
        yield found
    finally:
        context.close()


def time_to_list(browser: "Browser", side: Side, line: Line) -> float:
    """Return milliseconds until the names of a list stand in the page. Raises NotShown."""
    with opened(browser, side, side.list_url, line) as found:
        return found.until("watched.names", "watched.names")


def time_to_picture(browser: "Browser", side: Side, shown: Shown, line: Line) -> Waited:
    """Return when a radiograph was on the canvas, and when without loss. Raises NotShown."""
    with opened(browser, side, side.study_url(shown.study_instance_uid), line) as found:
        first = found.until("watched.picture", "watched.picture")
        full = max(first, found.until(side.is_full))
        _require_alike(found.page, side, shown)
        return Waited(first=first, full=full)


def time_to_cine(browser: "Browser", side: Side, shown: Shown, line: Line) -> Played:
    """Return how a cine came, and how it played once it was here. Raises NotShown."""
    with opened(browser, side, side.study_url(shown.study_instance_uid), line) as found:
        page = found.page
        first = found.until("watched.picture", "watched.picture")
        if side.play:
            found.until(f"document.querySelector('{side.play}')")
            page.locator(side.play).dispatch_event("click")
        page.wait_for_timeout(1000 * BEGINNING_SECONDS)
        seen = page.evaluate("watched.seen.size")
        put_on_line(found.session, FULL_SPEED)
        _wait_until_at_rest(page)
        page.evaluate("watched.changes = []")
        page.wait_for_timeout(1000 * PLAYED_SECONDS)
        changes = page.evaluate("watched.changes.length")
        return Played(first=first, seen=seen, rate=changes / PLAYED_SECONDS)


def _wait_until_at_rest(page: "Page") -> None:
    """Wait until a page asks for nothing more: it has all frames."""
    deadline = time.monotonic() + _REST_SECONDS
    asked, since = -1, time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - since < _AT_REST_SECONDS:
        found = page.evaluate("performance.getEntriesByType('resource').length")
        if found != asked:
            asked, since = found, time.monotonic()
        page.wait_for_timeout(200)


def _require_alike(page: "Page", side: Side, shown: Shown) -> None:
    """Raise NotShown where the canvas shows another picture than the reference."""
    found = difference(canvas(page, side.canvas), shown.expected)
    if found > _TOO_DIFFERENT:
        raise NotShown(f"{side.name} shows something else: {found:.1f} of 255 steps away")
