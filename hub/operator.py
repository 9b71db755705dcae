"""Who types a command, as the audit names them."""

import getpass
import os


def operator() -> str:
    """Return the machine's own user, marked as one who was at its console."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return f"console:{name}"[:64]
