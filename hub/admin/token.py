"""`imaging-hub admin token`: bearer tokens for programs."""

from typing import Annotated

import typer

from hub.admin.opening import Data, heading, opened_register

app = typer.Typer(no_args_is_help=True, help="Bearer tokens for programs.")


@app.command("add")
def add_token(
    username: str,
    name: Annotated[str, typer.Argument(help="What it is for.")] = "token",
    data: Data = None,
) -> None:
    """Print a new bearer token for an account; it is shown only now."""
    with opened_register(data) as register:
        typer.echo(register.accounts.add_token(username, name))


@app.command("list")
def list_tokens(data: Data = None) -> None:
    """List the tokens."""
    with opened_register(data) as register:
        heading("token", "user", "for", "state")
        for token_id, username, name, is_disabled in register.accounts.tokens():
            typer.echo(f"{token_id}\t{username}\t{name}\t{'disabled' if is_disabled else 'in use'}")


@app.command("disable")
def disable_token(token_id: str, data: Data = None) -> None:
    """Refuse a token from now on."""
    with opened_register(data) as register:
        register.accounts.disable_token(token_id)
    typer.echo(f"Token {token_id} is disabled.")


@app.command("enable")
def enable_token(token_id: str, data: Data = None) -> None:
    """Admit a token again."""
    with opened_register(data) as register:
        register.readmission.enable_token(token_id)
    typer.echo(f"Token {token_id} is in use.")
