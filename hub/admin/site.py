"""`imaging-hub admin site`: places that own what they send."""

from typing import Annotated

import typer

from hub.admin.opening import Data, heading, opened_register

app = typer.Typer(no_args_is_help=True, help="Places: township clinics, stations, hospitals.")


@app.command("add")
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
    with opened_register(data) as register:
        quiet = register.settings.quiet_seconds if quiet_seconds is None else quiet_seconds
        register.directory.add_site(site, name, time_zone=time_zone, quiet_seconds=quiet)
    typer.echo(f"Site {site} is registered.")


@app.command("list")
def list_sites(data: Data = None) -> None:
    """List the sites."""
    with opened_register(data) as register:
        heading("site", "name", "time zone", "quiet time", "state")
        for site in register.directory.sites():
            state = "disabled" if site.disabled_at else "in use"
            typer.echo(f"{site.site_id}\t{site.name}\t{site.time_zone}\t{site.quiet_seconds} s\t{state}")


@app.command("disable")
def disable_site(site: str, data: Data = None) -> None:
    """Refuse a site's devices from now on; what it sent stays."""
    with opened_register(data) as register:
        register.directory.disable_site(site)
    typer.echo(f"Site {site} is disabled.")


@app.command("enable")
def enable_site(site: str, data: Data = None) -> None:
    """Admit a site's devices again, but those that were disabled themselves."""
    with opened_register(data) as register:
        register.readmission.enable_site(site)
    typer.echo(f"Site {site} is in use.")
