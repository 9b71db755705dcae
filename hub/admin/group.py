"""`imaging-hub admin group`: who reads for which sites."""

from typing import Annotated

import typer

from core.access import Route
from core.errors import InvalidRequest
from hub.admin.opening import Data, heading, opened_register

app = typer.Typer(no_args_is_help=True, help="Reading groups, and which sites they read.")


@app.command("add")
def add_group(
    group: Annotated[str, typer.Argument(help="Short identifier, like county-ecg.")],
    name: Annotated[str, typer.Argument(help="The name on reports.")],
    reads: Annotated[
        list[str] | None, typer.Option(help="SITE or SITE:MODALITY, as often as needed.")
    ] = None,
    data: Data = None,
) -> None:
    """Register a reading group and what it reads."""
    with opened_register(data) as register:
        routes = [_route(group, text) for text in reads or []]
        register.directory.add_reading_group(group, name, reads=routes)
    typer.echo(f"Reading group {group} is registered.")


@app.command("route")
def add_route(
    group: str,
    reads: Annotated[list[str], typer.Argument(help="SITE or SITE:MODALITY.")],
    data: Data = None,
) -> None:
    """Let a group read more."""
    with opened_register(data) as register:
        register.directory.add_routes([_route(group, text) for text in reads])
    typer.echo(f"Reading group {group} reads {', '.join(reads)}.")


@app.command("list")
def list_groups(data: Data = None) -> None:
    """List the reading groups and their routes."""
    with opened_register(data) as register:
        routes = register.directory.routes(of_disabled_groups=True)
        heading("reading group", "name", "reads", "state")
        for group in register.directory.reading_groups():
            reads = ", ".join(
                f"{route.site_id}:{route.modality or 'all'}"
                for route in routes
                if route.reading_group_id == group.reading_group_id
            )
            state = "disabled" if group.disabled_at else "in use"
            typer.echo(f"{group.reading_group_id}\t{group.name}\t{reads}\t{state}")


@app.command("disable")
def disable_group(group: str, data: Data = None) -> None:
    """Let a group read nothing any more."""
    with opened_register(data) as register:
        register.directory.disable_reading_group(group)
    typer.echo(f"Reading group {group} is disabled.")


@app.command("enable")
def enable_group(group: str, data: Data = None) -> None:
    """Let a group read again what its routes give it."""
    with opened_register(data) as register:
        register.readmission.enable_reading_group(group)
    typer.echo(f"Reading group {group} is in use.")


def _route(group: str, text: str) -> Route:
    site_id, _, modality = text.partition(":")
    if not site_id:
        raise InvalidRequest("A route is written SITE or SITE:MODALITY, like xinglong:ECG.")
    return Route(reading_group_id=group, site_id=site_id, modality=modality or None)
