"""What `serve` says once it serves."""

import typer

from core.access import Role
from hub.register import open_register
from hub.settings import Settings


def welcome(settings: Settings) -> None:
    """Print the addresses, and how to make the first administrator where there is none."""
    for line in addresses(settings):
        typer.echo(line)
    register = open_register(settings)
    has_administrator = any(
        grant.role is Role.ADMIN and not account.is_disabled
        for account in register.accounts.accounts()
        for grant in account.grants
    )
    register.database.close()
    if not has_administrator:
        typer.echo("")
        typer.echo("There is no administrator yet. Make the first one, in another terminal:")
        typer.echo(f"  imaging-hub admin user add admin --role admin --data {settings.data}")
        typer.echo("It prints a password for one use.")


def addresses(settings: Settings) -> list[str]:
    """Return where the hub is reached."""
    host = f"[{settings.http_host}]" if ":" in settings.http_host else settings.http_host
    return [
        f"DICOM  {settings.ae_title} at {settings.dicom_host}:{settings.dicom_port}",
        f"HTTP   http://{host}:{settings.http_port}/",
        f"Data   {settings.data}",
    ]
