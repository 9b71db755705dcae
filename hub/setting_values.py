"""Single settings: what is allowed, and what is chosen where nothing is said."""

import os
import re
from urllib.parse import urlsplit


def ae_title(value: str) -> str:
    """Return an AE title as it is used.

    PS3.5 6.2, VR AE: at most 16 bytes of the default repertoire, outer spaces without meaning.
    """
    title = value.strip(" ")
    if not re.fullmatch(r"[ -\[\]-~]{1,16}", title):
        raise ValueError("1 to 16 ASCII characters, no backslash and no control characters")
    return title


def public_url(value: str) -> str:
    """Return an address without the stroke at its end; ValueError says what it may be."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("http:// or https:// and a host, without log-in")
    if parts.query or parts.fragment:
        raise ValueError("an address without query and fragment")
    return value.rstrip("/")


def api_processes() -> int:
    """Return two, where both can work at the same time."""
    return min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
