"""`imaging-hub admin quarantine`: what is kept aside until a person decides."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.text import escaped
from hub.admin.opening import Data, heading
from hub.operator import operating_actor
from storage.instance import AsideReason, KeptAside

if TYPE_CHECKING:
    from storage.shelf import Shelf

app = typer.Typer(no_args_is_help=True, help="What is kept aside until a person decides.")
Reason = Annotated[str, typer.Option(help="Why; it is kept with the decision.")]


@app.command("list")
def list_kept(
    site: Annotated[str | None, typer.Option(help="Only this site's.")] = None,
    reason: Annotated[AsideReason | None, typer.Option(help="Only what lies there for this reason.")] = None,
    settled: Annotated[bool, typer.Option(help="Also what was decided on.")] = False,
    data: Data = None,
) -> None:
    """List what waits for a decision, newest first, at most a thousand."""
    from storage.aside_records import AsideFilter

    with _opened_shelf(data) as shelf:
        wanted = AsideFilter(site_id=site, reason=reason, settled=settled, limit=1_000)
        heading("key", "site", "reason", "received (UTC)", "bytes", "SOP Instance UID", "detail", "state")
        for kept in shelf.items(operating_actor(), wanted):
            typer.echo(_line(kept))


@app.command("show")
def show_kept(
    key: str,
    everything: Annotated[bool, typer.Option("--all", help="Also what does not differ.")] = False,
    data: Data = None,
) -> None:
    """Show its header, beside that of what is held in its place; by default only what differs."""
    with _opened_shelf(data) as shelf:
        look = shelf.look(operating_actor(), key)
    typer.echo(_line(look.kept))
    if look.held is not None:
        typer.echo(f"held in its place: {look.held.sop_instance_uid}")
    if look.problem:
        typer.echo(f"cannot be read further: {look.problem}")
    for element in look.elements:
        if everything or element.differs:
            typer.echo(
                f"{element.tag}\t{element.keyword}\t{_printable(element.kept)}\t{_printable(element.held)}"
            )


@app.command("download")
def download_kept(
    key: str,
    file: Annotated[Path, typer.Argument(help="Where to write it; must not be there yet.")],
    data: Data = None,
) -> None:
    """Write the exact bytes that arrived into a file."""
    with _opened_shelf(data) as shelf:
        _, content = shelf.export(operating_actor(), key)
        with file.open("xb") as target:
            for chunk in content:
                target.write(chunk)
    typer.echo(f"Written to {file}.")


@app.command("readmit")
def readmit_kept(keys: list[str], reason: Reason, data: Data = None) -> None:
    """Let it in through the archive's own door; of a conflict of patients: it is the study's own."""
    with _opened_shelf(data) as shelf:
        for key in keys:
            stored = shelf.readmit(operating_actor(), key, reason=reason)
            typer.echo(f"{key}: {stored.outcome.value}")


@app.command("discard")
def discard_kept(keys: list[str], reason: Reason, data: Data = None) -> None:
    """Say that it is of no use: its bytes go after a while, its row and the reason stay."""
    with _opened_shelf(data) as shelf:
        for key in keys:
            shelf.discard(operating_actor(), key, reason=reason)
            typer.echo(f"{key}: discarded")


@app.command("keep-apart")
def keep_apart(keys: list[str], reason: Reason, data: Data = None) -> None:
    """Say that it stays beside the archive for ever."""
    with _opened_shelf(data) as shelf:
        for key in keys:
            shelf.keep_apart(operating_actor(), key, reason=reason)
            typer.echo(f"{key}: kept apart")


@app.command("reopen")
def reopen_kept(keys: list[str], reason: Reason, data: Data = None) -> None:
    """Take a decision back."""
    with _opened_shelf(data) as shelf:
        for key in keys:
            shelf.reopen(operating_actor(), key, reason=reason)
            typer.echo(f"{key}: waits for a decision")


@contextmanager
def _opened_shelf(data: Path | None) -> Iterator["Shelf"]:
    from hub.schema import require_current, require_made
    from hub.settings import load
    from hub.wiring import open_house

    settings = load(data=data)
    require_made(settings)
    house = open_house(settings)
    try:
        require_current(house.settings, house.database)
        yield house.shelf
    finally:
        house.close()


def _line(kept: KeptAside) -> str:
    state = kept.settled_as.value if kept.settled_as else "waits"
    received = f"{kept.received_at:%Y-%m-%d %H:%M:%S}"
    return (
        f"{kept.kept_key}\t{kept.site_id}\t{kept.reason.value}\t{received}\t{kept.size}"
        f"\t{kept.sop_instance_uid or '-'}\t{kept.detail}\t{state}"
    )


def _printable(value: str | None) -> str:
    return "-" if value is None else escaped(value)
