"""`imaging-hub admin character-set`: how the text of each device is read where its label is wrong."""

from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import NotFound
from core.origin import OriginKind
from hub.admin.opening import Data, heading, opened_register
from hub.operator import operator

if TYPE_CHECKING:
    from hub.register import Register
    from storage.character_set_memory import CharacterSetMemory

app = typer.Typer(no_args_is_help=True, help="How the text of each device is read where its label is wrong.")
NO_LABEL = "none"


@app.command("list")
def list_character_sets(data: Data = None) -> None:
    """List what was decided, by the hub or by a person; every other label is believed."""
    from core.access import Scope

    with opened_register(data) as register:
        heading("kind", "source", "site", "declared", "read as", "decided by", "why", "when (UTC)")
        for decision in _memory(register).decisions(Scope(everything=True)):
            why = "set" if decision.is_set_by_person else f"{decision.characters} characters"
            typer.echo(
                f"{decision.origin_kind}\t{decision.source}\t{decision.site_id}"
                f"\t{decision.declared or NO_LABEL}\t{decision.encoding}\t{decision.decided_by}\t{why}"
                f"\t{decision.decided_at:%Y-%m-%d %H:%M}"
            )


@app.command("set")
def set_character_set(
    source: Annotated[str, typer.Argument(help="The device, by its key (admin device list).")],
    declared: Annotated[str, typer.Argument(help="The label as it is sent, like 'ISO_IR 100', or none.")],
    encoding: Annotated[str, typer.Argument(help="GB18030, 'ISO_IR 192' (UTF-8), ..., or as-declared.")],
    site: Annotated[
        str | None, typer.Option(help="For what is no device: the site it belongs to.", show_default="none")
    ] = None,
    kind: Annotated[OriginKind, typer.Option(help="What the source is.")] = OriginKind.DEVICE,
    data: Data = None,
) -> None:
    """Say how text is read from now on; the worker reads anew what is held. Signed reports stay."""
    from storage.character_set_decision import TextSource

    with opened_register(data) as register:
        if kind is OriginKind.DEVICE:
            site = _site_of(register, source)
        decision = _memory(register).set_by_administrator(
            TextSource(site_id=site or "", origin_kind=kind.value, source=source),
            "" if declared == NO_LABEL else declared,
            encoding,
            username=operator(),
            is_registered=kind is OriginKind.DEVICE,
        )
    typer.echo(f"Text of {source} under {decision.declared or NO_LABEL} is read as {decision.encoding}.")


def _site_of(register: "Register", device_id: str) -> str:
    for device in register.directory.devices():
        if device.device_id == device_id:
            return device.site_id
    raise NotFound(f"There is no device {device_id}.")


def _memory(register: "Register") -> "CharacterSetMemory":
    from storage.character_set_memory import CharacterSetMemory

    return CharacterSetMemory(register.database, register.clock)
