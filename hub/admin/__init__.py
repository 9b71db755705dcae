"""`imaging-hub admin`: one module for each noun."""

import typer

from hub.admin import audit, character_set, device, group, quarantine, site, token, user

app = typer.Typer(no_args_is_help=True, help="Say who belongs to the hub.")
for noun in (site, group, device, user, token, audit, quarantine, character_set):
    app.add_typer(noun.app, name=noun.__name__.rpartition(".")[2].replace("_", "-"))
