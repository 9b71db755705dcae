"""`imaging-hub admin user`: people and their roles."""

from typing import Annotated

import typer

from core.access import Grant, Role
from hub.admin.opening import Data, heading, opened_register

app = typer.Typer(no_args_is_help=True, help="People and their roles.")


@app.command("add")
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
    with opened_register(data) as register:
        grant = Grant(role=role, site_id=site, reading_group_id=group)
        _, password = register.accounts.add(username, name or username, [grant])
    typer.echo(f"User {username} is registered. Password for one use: {password}")


@app.command("grant")
def grant_role(
    username: str,
    role: Annotated[Role, typer.Option(help="One more role.")],
    site: Annotated[str | None, typer.Option()] = None,
    group: Annotated[str | None, typer.Option()] = None,
    data: Data = None,
) -> None:
    """Give a person one more role."""
    with opened_register(data) as register:
        register.accounts.grant(username, Grant(role=role, site_id=site, reading_group_id=group))
    typer.echo(f"User {username} is granted {role.value}.")


@app.command("list")
def list_users(data: Data = None) -> None:
    """List the people and their roles."""
    with opened_register(data) as register:
        heading("user", "name", "roles", "state")
        for account in register.accounts.accounts():
            roles = ", ".join(
                f"{grant.role.value}@{grant.site_id or grant.reading_group_id or 'everywhere'}"
                for grant in account.grants
            )
            state = "disabled" if account.is_disabled else "in use"
            typer.echo(f"{account.username}\t{account.display_name}\t{roles}\t{state}")


@app.command("disable")
def disable_user(username: str, data: Data = None) -> None:
    """Lock a person out at once."""
    with opened_register(data) as register:
        register.accounts.disable(username)
    typer.echo(f"User {username} is disabled.")


@app.command("reset")
def reset_user(username: str, data: Data = None) -> None:
    """Print a new password for one use; the old one and all sessions end."""
    with opened_register(data) as register:
        password = register.accounts.reset_password(username)
    typer.echo(f"Password for one use: {password}")


@app.command("enable")
def enable_user(username: str, data: Data = None) -> None:
    """Let a person in again, by the password and the tokens they had; `reset` gives a new password."""
    with opened_register(data) as register:
        register.readmission.enable_user(username)
    typer.echo(f"User {username} is in use.")
