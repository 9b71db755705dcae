"""`imaging-hub admin`: sites, reading groups, devices, users and tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.access import Grant, Role, Route
from core.errors import InvalidRequest

if TYPE_CHECKING:
    from hub.register import Register

Data = Annotated[
    Path | None, typer.Option("--data", help="Directory that holds everything.", show_default="./hub-data")
]

app = typer.Typer(no_args_is_help=True, help="Say who belongs to the hub.")
site_app = typer.Typer(no_args_is_help=True, help="Places: township clinics, stations, hospitals.")
group_app = typer.Typer(no_args_is_help=True, help="Reading groups, and which sites they read.")
device_app = typer.Typer(no_args_is_help=True, help="Machines that send by DICOM.")
user_app = typer.Typer(no_args_is_help=True, help="People and their roles.")
token_app = typer.Typer(no_args_is_help=True, help="Bearer tokens for programs.")
for name, group in (
    ("site", site_app),
    ("group", group_app),
    ("device", device_app),
    ("user", user_app),
    ("token", token_app),
):
    app.add_typer(group, name=name)


@site_app.command("add")
def add_site(
    site: Annotated[str, typer.Argument(help="Short identifier, like xinglong.")],
    name: Annotated[str, typer.Argument(help="The name on reports.")],
    time_zone: Annotated[str, typer.Option(help="IANA time zone of the site.")] = "Asia/Shanghai",
    quiet_seconds: Annotated[
        int | None,
        typer.Option(help="A study is complete after so many seconds without an image.", show_default="60"),
    ] = None,
    data: Data = None,
) -> None:
    """Register a site."""
    with _register(data) as register:
        quiet = register.settings.quiet_seconds if quiet_seconds is None else quiet_seconds
        register.directory.add_site(site, name, time_zone=time_zone, quiet_seconds=quiet)
    typer.echo(f"Site {site} is registered.")


@site_app.command("list")
def list_sites(data: Data = None) -> None:
    """List the sites."""
    with _register(data) as register:
        for site in register.directory.sites():
            state = "disabled" if site.disabled_at else "in use"
            typer.echo(f"{site.site_id}\t{site.name}\t{site.time_zone}\t{site.quiet_seconds} s\t{state}")


@site_app.command("disable")
def disable_site(site: str, data: Data = None) -> None:
    """Refuse a site's devices from now on; what it sent stays."""
    with _register(data) as register:
        register.directory.disable_site(site)
    typer.echo(f"Site {site} is disabled.")


@group_app.command("add")
def add_group(
    group: Annotated[str, typer.Argument(help="Short identifier, like county-ecg.")],
    name: Annotated[str, typer.Argument(help="The name on reports.")],
    reads: Annotated[
        list[str] | None, typer.Option(help="SITE or SITE:MODALITY, as often as needed.")
    ] = None,
    data: Data = None,
) -> None:
    """Register a reading group and what it reads."""
    with _register(data) as register:
        register.directory.add_reading_group(group, name)
        for text in reads or []:
            register.directory.add_route(_route(group, text))
    typer.echo(f"Reading group {group} is registered.")


@group_app.command("route")
def add_route(
    group: str,
    reads: Annotated[list[str], typer.Argument(help="SITE or SITE:MODALITY.")],
    data: Data = None,
) -> None:
    """Let a group read more."""
    with _register(data) as register:
        for text in reads:
            register.directory.add_route(_route(group, text))
    typer.echo(f"Reading group {group} reads {', '.join(reads)}.")


@group_app.command("list")
def list_groups(data: Data = None) -> None:
    """List the reading groups and their routes."""
    with _register(data) as register:
        routes = register.directory.routes()
        for group in register.directory.reading_groups():
            reads = ", ".join(
                f"{route.site_id}:{route.modality or 'all'}"
                for route in routes
                if route.reading_group_id == group.reading_group_id
            )
            state = "disabled" if group.disabled_at else "in use"
            typer.echo(f"{group.reading_group_id}\t{group.name}\t{reads}\t{state}")


@group_app.command("disable")
def disable_group(group: str, data: Data = None) -> None:
    """Let a group read nothing any more."""
    with _register(data) as register:
        register.directory.disable_reading_group(group)
    typer.echo(f"Reading group {group} is disabled.")


@device_app.command("add")
def add_device(
    site: Annotated[str, typer.Argument(help="The site it stands in.")],
    ae_title: Annotated[str, typer.Argument(help="The AE title it calls itself.")],
    network: Annotated[str, typer.Option(help="Where it calls from: an address, or a network in CIDR form.")],
    called: Annotated[
        str | None, typer.Option(help="The AE title it calls.", show_default="the hub's own")
    ] = None,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    data: Data = None,
) -> None:
    """Register a device."""
    with _register(data) as register:
        device = register.directory.add_device(
            site_id=site,
            name=name or ae_title,
            calling_ae_title=ae_title,
            called_ae_title=called or register.settings.ae_title,
            network=network,
        )
    typer.echo(f"Device {device.device_id} is registered: {device.calling_ae_title} from {device.network}.")


@device_app.command("list")
def list_devices(data: Data = None) -> None:
    """List the devices."""
    with _register(data) as register:
        for device in register.directory.devices():
            state = "disabled" if device.is_disabled else "in use"
            typer.echo(
                f"{device.device_id}\t{device.site_id}\t{device.calling_ae_title}\t{device.called_ae_title}"
                f"\t{device.network}\t{device.name}\t{state}"
            )


@device_app.command("disable")
def disable_device(device_id: str, data: Data = None) -> None:
    """Refuse a device from now on."""
    with _register(data) as register:
        register.directory.disable_device(device_id)
    typer.echo(f"Device {device_id} is disabled.")


@user_app.command("add")
def add_user(
    username: str,
    role: Annotated[Role, typer.Option(help="What the person does.")],
    site: Annotated[
        str | None, typer.Option(help="Where: for technician, clinic; optional for others.")
    ] = None,
    group: Annotated[str | None, typer.Option(help="The reading group of a reader.")] = None,
    name: Annotated[str | None, typer.Option(help="The person's name, as it stands on reports.")] = None,
    data: Data = None,
) -> None:
    """Register a person and print a password for one use."""
    with _register(data) as register:
        grant = Grant(role=role, site_id=site, reading_group_id=group)
        _, password = register.accounts.add(username, name or username, [grant])
    typer.echo(f"User {username} is registered. Password for one use: {password}")


@user_app.command("grant")
def grant_role(
    username: str,
    role: Annotated[Role, typer.Option(help="One more role.")],
    site: Annotated[str | None, typer.Option()] = None,
    group: Annotated[str | None, typer.Option()] = None,
    data: Data = None,
) -> None:
    """Give a person one more role."""
    with _register(data) as register:
        register.accounts.grant(username, Grant(role=role, site_id=site, reading_group_id=group))
    typer.echo(f"User {username} is granted {role.value}.")


@user_app.command("list")
def list_users(data: Data = None) -> None:
    """List the people and their roles."""
    with _register(data) as register:
        for account in register.accounts.accounts():
            roles = ", ".join(
                f"{grant.role.value}@{grant.site_id or grant.reading_group_id or 'everywhere'}"
                for grant in account.grants
            )
            state = "disabled" if account.is_disabled else "in use"
            typer.echo(f"{account.username}\t{account.display_name}\t{roles}\t{state}")


@user_app.command("disable")
def disable_user(username: str, data: Data = None) -> None:
    """Lock a person out at once."""
    with _register(data) as register:
        register.accounts.disable(username)
    typer.echo(f"User {username} is disabled.")


@user_app.command("reset")
def reset_user(username: str, data: Data = None) -> None:
    """Print a new password for one use; the old one and all sessions end."""
    with _register(data) as register:
        password = register.accounts.reset_password(username)
    typer.echo(f"Password for one use: {password}")


@token_app.command("add")
def add_token(
    username: str,
    name: Annotated[str, typer.Argument(help="What it is for.")] = "token",
    data: Data = None,
) -> None:
    """Print a new bearer token for an account; it is shown only now."""
    with _register(data) as register:
        typer.echo(register.accounts.add_token(username, name))


@token_app.command("list")
def list_tokens(data: Data = None) -> None:
    """List the tokens."""
    with _register(data) as register:
        for token_id, username, name, is_disabled in register.accounts.tokens():
            typer.echo(f"{token_id}\t{username}\t{name}\t{'disabled' if is_disabled else 'in use'}")


@token_app.command("disable")
def disable_token(token_id: str, data: Data = None) -> None:
    """Refuse a token from now on."""
    with _register(data) as register:
        register.accounts.disable_token(token_id)
    typer.echo(f"Token {token_id} is disabled.")


@contextmanager
def _register(data: Path | None) -> Iterator["Register"]:
    """Open the register for one command, on a catalogue that is up to date."""
    from hub.register import open_register
    from hub.schema import require_current
    from hub.settings import load

    register = open_register(load(data=data))
    require_current(register.settings, register.database)
    yield register
    register.database.close()


def _route(group: str, text: str) -> Route:
    site_id, _, modality = text.partition(":")
    if not site_id:
        raise InvalidRequest("A route is written SITE or SITE:MODALITY, like xinglong:ECG.")
    return Route(reading_group_id=group, site_id=site_id, modality=modality or None)
