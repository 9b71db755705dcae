"""`make bench-web`: when a reader sees what on a slow line: the hub's own pages and OHIF, by turns."""

import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console

from bench import ohif, web_material
from bench.chromium import FULL_SPEED, Line, NoBrowser, browser
from bench.figures import FRAMES, PER_SECOND, SECONDS, Comparison, Unit
from bench.filling import wait_until_prepared
from bench.load import NotMeasured
from bench.npm import NotFetched
from bench.run import Output, commit, kept_folder, show, when_and_where, write
from bench.sending import Sender
from bench.served_hub import READER, SITE, NotServed, ServedHub, served_hub
from bench.web_pages import (
    BEGINNING_SECONDS,
    NotShown,
    Side,
    opened,
    time_to_cine,
    time_to_list,
    time_to_picture,
)
from hub.ports import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROUNDS: Final = 2
SLOW: Final = Line(megabits_per_second=2, round_trip_milliseconds=100)
_CONSOLE: Final = Console(stderr=True)
_HOST: Final = "127.0.0.1"
_WATERFALL: Final = """
[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map((each) => [
  ...[each.startTime, each.responseStart, each.responseEnd, each.transferSize].map(Math.round),
  each.name.replace(location.origin, ''),
])"""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One thing that is waited for. `numbers` gives, for one side, a number for each figure of its own."""

    name: str
    figures: tuple["Figure", ...]
    numbers: Callable[["Browser", Side, Line], tuple[float, ...]]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table."""

    what: str
    unit: Unit = SECONDS
    aim: float | None = None
    limit: float | None = None


def _list(browser: "Browser", side: Side, line: Line) -> tuple[float, ...]:
    return (time_to_list(browser, side, line) / 1000,)


def _radiograph(browser: "Browser", side: Side, line: Line) -> tuple[float, ...]:
    waited = time_to_picture(browser, side, web_material.radiograph(), line)
    return waited.first / 1000, waited.full / 1000


def _cine(browser: "Browser", side: Side, line: Line) -> tuple[float, ...]:
    played = time_to_cine(browser, side, web_material.cine(), line)
    return played.first / 1000, played.seen, played.rate


MEASURES: Final = (
    Measure(
        name="list",
        figures=(Figure(what=f"list of {web_material.LISTED + 2} studies", limit=1),),
        numbers=_list,
    ),
    Measure(
        name="radiograph",
        figures=(
            Figure(what="DX (1955 x 1841, 15 bits): first picture", aim=10, limit=2),
            Figure(what="the same DX: all stored values on the screen"),
        ),
        numbers=_radiograph,
    ),
    Measure(
        name="cine",
        figures=(
            Figure(what="US cine (120 frames, 640 x 480, colour): first frame", aim=10),
            Figure(what=f"the same cine: different frames seen {BEGINNING_SECONDS:g} s later", unit=FRAMES),
            Figure(what="the same cine, all of it here: new frames", unit=PER_SECOND, limit=25),
        ),
        numbers=_cine,
    ),
)
_NAMES: Final = ", ".join(measure.name for measure in MEASURES)


@app.command()
def web(
    only: Annotated[
        list[str] | None, typer.Option("--only", help=f"Measure only this; may be given again: {_NAMES}.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="Rounds, by turns.")] = ROUNDS,
    output: Output = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Keep the hub in this folder, and use one that is there.")
    ] = None,
    waterfall: Annotated[
        bool, typer.Option("--waterfall", help="Only show what our own pages ask for, and when.")
    ] = False,
) -> None:
    """Measure the hub's pages beside OHIF, in a real browser on a slow line.

    Starts `imaging-hub serve` on its embedded database, with a radiograph, a cine and 40 small studies, and
    nginx before it as docs/ohif.md says, with OHIF of npm at a port of its own. Both are opened in Chromium
    without a GPU, on 2 Mbit/s and 100 ms (the browser's own throttle), by turns, each time by a new browser
    that has nothing in its cache and is signed in. A list is there when 20 names stand in the page; a picture
    when its canvas, the largest of the page, shows more than 32 shades; the same watcher looks at both. What
    was shown is then held against the reference's picture. OHIF asks for stored pixels alone: its first
    picture is its full one.

    Needs Chromium, nginx, npm and dcmtk: `make bench-web` installs them where it may. It takes about six
    minutes, of which OHIF has most.

    Begin with: make bench-web BENCH="--rounds 1 --only list"
    """
    asked = [measure for measure in MEASURES if not only or measure.name in only]
    if only and {*only} - {measure.name for measure in MEASURES}:
        raise typer.BadParameter(f"There are {_NAMES}.", param_hint="--only")
    try:
        with kept_folder(keep) as folder, _sides(folder) as sides, browser() as chromium:
            if waterfall:
                _show_waterfall(chromium, sides[0])
                return
            for side in sides:
                # A browser's own first page and a server's first answer are slow, whoever's they are.
                time_to_list(chromium, side, FULL_SPEED)
            comparisons = [each for measure in asked for each in _compared(measure, chromium, sides, rounds)]
            conditions = _conditions(chromium, rounds)
    except (NotServed, NotFetched, NotShown, NoBrowser, ohif.NotProxied, NotMeasured) as error:
        _CONSOLE.print(f"Not measured: {error}")
        sys.exit(1)
    show(comparisons)
    if output is not None:
        write(output, comparisons, conditions)


@contextmanager
def _sides(folder: Path) -> Iterator[tuple[Side, Side]]:
    """Serve the hub and OHIF, filled and at rest."""
    (folder / "nginx").mkdir(parents=True, exist_ok=True)
    ports = free_port(_HOST), free_port(_HOST)
    proxy = {"trusted_proxy": _HOST, "public_url": f"https://localhost:{ports[0]}"}
    with (
        served_hub(folder / "hub", **proxy) as hub,
        ohif.proxied(hub.target.base_url, folder / "nginx", ports) as (address, viewer),
    ):
        _fill(hub, folder / "files")
        ours = _ours(hub, address)
        yield ours, _theirs(ours, viewer)


def _fill(hub: ServedHub, folder: Path) -> None:
    if not folder.exists():
        _CONSOLE.print("filling the hub")
        folder.mkdir()
        files = [web_material.radiograph().file, web_material.cine().file]
        files += [web_material.small_study(number) for number in range(web_material.LISTED)]
        for number, file in enumerate(files):
            (folder / f"{number}.dcm").write_bytes(file)
        # Baseline JPEG is sent as it is.
        Sender(hub.target, "-xy").send(folder)
    wait_until_prepared(hub, lambda line: _CONSOLE.print(f"  {line}"))


def _ours(hub: ServedHub, address: str) -> Side:
    password = secrets.token_urlsafe()
    hub.register.accounts.set_password(READER, password)

    def log_in(context: Any) -> None:
        credentials = {"username": READER, "password": password}
        answer = context.request.post(f"{address}/api/v1/login", data=credentials)
        if not answer.ok:
            raise NotShown(f"the hub answered the log-in with {answer.status}")
        # The cookie is the session; the page keeps beside it who is signed in.
        context.add_init_script(f"localStorage.setItem('hub.session', {answer.text()!r})")

    return Side(
        name="the hub",
        list_url=f"{address}/read",
        study_url=lambda uid: f"{address}/view/{SITE}/{uid}",
        canvas="canvas.viewer-canvas",
        is_full="document.querySelector(\"canvas[data-shown$=' full']\") !== null",
        play="",
        log_in=log_in,
    )


def _theirs(ours: Side, viewer: str) -> Side:
    def log_in(context: Any) -> None:
        ours.log_in(context)
        context.add_init_script(ohif.NO_TOUR)

    return Side(
        name="OHIF",
        list_url=viewer,
        study_url=lambda uid: f"{viewer}/viewer?StudyInstanceUIDs={uid}",
        canvas=ohif.CANVAS,
        is_full="watched.picture > 0",
        play=ohif.PLAY,
        log_in=log_in,
    )


def _compared(
    measure: Measure, chromium: "Browser", sides: tuple[Side, Side], rounds: int
) -> Iterator[Comparison]:
    """Measure both by turns."""
    found: tuple[list[tuple[float, ...]], list[tuple[float, ...]]] = ([], [])
    for number in range(rounds):
        for side, numbers in zip(sides, found, strict=True):
            numbers.append(measure.numbers(chromium, side, SLOW))
            told = ", ".join(f"{each:.2f}" for each in numbers[-1])
            _CONSOLE.print(f"  {measure.name} {number + 1}: {side.name} {told}")
    for place, figure in enumerate(measure.figures):
        ours, theirs = (tuple(each[place] for each in numbers) for numbers in found)
        yield Comparison(
            name=f"{measure.name} {place + 1}",
            what=figure.what,
            unit=figure.unit,
            ours=ours,
            theirs=theirs,
            aim=figure.aim,
            limit=figure.limit,
            peer="OHIF",
        )


def _show_waterfall(chromium: "Browser", side: Side) -> None:
    """Print what a page asks for until it shows what it was opened for: milliseconds, and bytes."""
    pages: Sequence[tuple[str, str]] = (
        (side.list_url, "watched.names"),
        (side.study_url(web_material.radiograph().study_instance_uid), "watched.picture"),
        (side.study_url(web_material.cine().study_instance_uid), "watched.picture"),
    )
    for url, condition in pages:
        with opened(chromium, side, url, SLOW) as found:
            _CONSOLE.print(f"\n{url}: {found.until(condition, condition):.0f} ms")
            for asked, first, last, size, name in found.page.evaluate(_WATERFALL):
                _CONSOLE.print(f"{asked:7} {first:7} {last:7} {size:9}  {name}", highlight=False)


def _conditions(chromium: "Browser", rounds: int) -> dict[str, str]:
    return {
        **when_and_where(),
        "Hub": f"{commit()}, embedded database, files on the local disk, behind nginx with HTTPS",
        "OHIF": f"{ohif.VERSION} of npm, same nginx, as docs/ohif.md says",
        "Browser": f"Chromium {chromium.version}, headless, no GPU, Playwright {version('playwright')}",
        "Line": f"{SLOW.megabits_per_second:g} Mbit/s, {SLOW.round_trip_milliseconds:g} ms for each request",
        "Numbers": f"the middle of {rounds} rounds by turns, each with a cold cache (the least to the most);"
        " ratios are of neighbouring rounds",
    }


if __name__ == "__main__":
    app()
