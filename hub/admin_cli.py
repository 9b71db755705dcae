"""`imaging-hub admin`: sites, reading groups, devices, users and tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from core.access import Grant, Role, Route
from core.errors import InvalidRequest

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
    with _house(data) as house:
        quiet = house.settings.quiet_seconds if quiet_seconds is None else quiet_seconds
        house.directory.add_site(site, name, time_zone=time_zone, quiet_seconds=quiet)
    typer.echo(f"Site {site} is registered.")


@site_app.command("list")
def list_sites(data: Data = None) -> None:
    """List the sites."""
    with _house(data) as house:
        for site in house.directory.sites():
            state = "disabled" if site.disabled_at else "in use"
            typer.echo(f"{site.site_id}\t{site.name}\t{site.time_zone}\t{site.quiet_seconds} s\t{state}")


@site_app.command("disable")
def disable_site(site: str, data: Data = None) -> None:
    """Refuse a site's devices from now on; what it sent stays."""
    with _house(data) as house:
        house.directory.disable_site(site)
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
    with _house(data) as house:
        house.directory.add_reading_group(group, name)
        for text in reads or []:
            house.directory.add_route(_route(group, text))
    typer.echo(f"Reading group {group} is registered.")


@group_app.command("route")
def add_route(
    group: str,
    reads: Annotated[list[str], typer.Argument(help="SITE or SITE:MODALITY.")],
    data: Data = None,
) -> None:
    """Let a group read more."""
    with _house(data) as house:
        for text in reads:
            house.directory.add_route(_route(group, text))
    typer.echo(f"Reading group {group} reads {', '.join(reads)}.")


@group_app.command("list")
def list_groups(data: Data = None) -> None:
    """List the reading groups and their routes."""
    with _house(data) as house:
        routes = house.directory.routes()
        for group in house.directory.reading_groups():
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
    with _house(data) as house:
        house.directory.disable_reading_group(group)
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
    with _house(data) as house:
        device = house.directory.add_device(
            site_id=site,
            name=name or ae_title,
            calling_ae_title=ae_title,
            called_ae_title=called or house.settings.ae_title,
            network=network,
        )
    typer.echo(f"Device {device.device_id} is registered: {device.calling_ae_title} from {device.network}.")


@device_app.command("list")
def list_devices(data: Data = None) -> None:
    """List the devices."""
    with _house(data) as house:
        for device in house.directory.devices():
            state = "disabled" if device.is_disabled else "in use"
            typer.echo(
                f"{device.device_id}\t{device.site_id}\t{device.calling_ae_title}\t{device.called_ae_title}"
                f"\t{device.network}\t{device.name}\t{state}"
            )


@device_app.command("disable")
def disable_device(device_id: str, data: Data = None) -> None:
    """Refuse a device from now on."""
    with _house(data) as house:
        house.directory.disable_device(device_id)
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
    with _house(data) as house:
        grant = Grant(role=role, site_id=site, reading_group_id=group)
        _, password = house.accounts.add(username, name or username, [grant])
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
    with _house(data) as house:
        house.accounts.grant(username, Grant(role=role, site_id=site, reading_group_id=group))
    typer.echo(f"User {username} is granted {role.value}.")


@user_app.command("list")
def list_users(data: Data = None) -> None:
    """List the people and their roles."""
    with _house(data) as house:
        for account in house.accounts.accounts():
            roles = ", ".join(
                f"{grant.role.value}@{grant.site_id or grant.reading_group_id or 'everywhere'}"
                for grant in account.grants
            )
            state = "disabled" if account.is_disabled else "in use"
            typer.echo(f"{account.username}\t{account.display_name}\t{roles}\t{state}")


@user_app.command("disable")
def disable_user(username: str, data: Data = None) -> None:
    """Lock a person out at once."""
    with _house(data) as house:
        house.accounts.disable(username)
    typer.echo(f"User {username} is disabled.")


@user_app.command("reset")
def reset_user(username: str, data: Data = None) -> None:
    """Print a new password for one use; the old one and all sessions end."""
    with _house(data) as house:
        password = house.accounts.reset_password(username)
    typer.echo(f"Password for one use: {password}")


@token_app.command("add")
def add_token(
    username: str,
    name: Annotated[str, typer.Argument(help="What it is for.")] = "token",
    data: Data = None,
) -> None:
    """Print a new bearer token for an account; it is shown only now."""
    with _house(data) as house:
        typer.echo(house.accounts.add_token(username, name))


@token_app.command("list")
def list_tokens(data: Data = None) -> None:
    """List the tokens."""
    with _house(data) as house:
        for token_id, username, name, is_disabled in house.accounts.tokens():
            typer.echo(f"{token_id}\t{username}\t{name}\t{'disabled' if is_disabled else 'in use'}")


@token_app.command("disable")
def disable_token(token_id: str, data: Data = None) -> None:
    """Refuse a token from now on."""
    with _house(data) as house:
        house.accounts.disable_token(token_id)
    typer.echo(f"Token {token_id} is disabled.")


@contextmanager
def _house(data: Path | None) -> Iterator[Any]:
    """Open the house for one command, on a catalogue that is up to date."""
    from hub.schema import require_current
    from hub.settings import load
    from hub.wiring import open_house

    house = open_house(load(data=data))
    require_current(house.settings, house.database)
    yield house
    house.close()


def _route(group: str, text: str) -> Route:
    site_id, _, modality = text.partition(":")
    if not site_id:
        raise InvalidRequest("A route is written SITE or SITE:MODALITY, like xinglong:ECG.")
    return Route(reading_group_id=group, site_id=site_id, modality=modality or None)
