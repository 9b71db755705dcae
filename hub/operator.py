"""Who types a command, as the audit names them."""

import getpass
import os

from core.access import Actor, Grant, Role


def operator() -> str:
    """Return the machine's own user, marked as one who was at its console."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return f"console:{name}"[:64]


def operating_actor() -> Actor:
    """Return who that is to the rooms: whoever may run commands on this machine may do all."""
    name = operator()
    return Actor(account_id=name, username=name, display_name=name, grants=(Grant(role=Role.ADMIN),))
