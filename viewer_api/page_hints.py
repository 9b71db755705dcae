"""What a page will ask for, said in its HTML: on a line of 100 ms each step that is not waited for counts.

Without it a browser learns of a page's script from the shell's, of its words there, and of its data last.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any, Final

from fastapi import Request

from viewer_api.authentication import SESSION_COOKIE
from viewer_api.static_files import STATIC_FOLDER

_HEAD_ENDS: Final = b"</head>"
_SHELL: Final = "index.html"
_CHINESE, _ENGLISH = "zh", "en"


@dataclass(frozen=True, kw_only=True)
class Hints:
    """What a page begins with: its folder in `web/src`, whose words it shows, and what it asks the hub."""

    page: str
    words: tuple[str, ...]
    asks: tuple[str, ...] = ()
    """Addresses; a browser uses the answers only where the page asks for the very same."""


READ: Final = Hints(page="read", words=("read", "viewer", "keys"), asks=("/api/v1/worklist?limit=300",))
OTHERS: Final = {
    name: Hints(page=name, words=(name,)) for name in ("send", "clinic", "cases", "admin", "account")
}


def view(site_id: str, study: str) -> Hints:
    """Return the hints for the page of one study; both are checked to be such."""
    url = f"/dicom-web/sites/{site_id}/studies/{study}"
    return Hints(page="view", words=("viewer", "keys"), asks=(f"{url}/metadata", f"{url}/instances"))


def with_hints(html: bytes, hints: Hints, request: Request) -> bytes:
    """Return the shell with links to what its page needs; to data only where somebody is signed in."""
    links = _links(hints.page, hints.words, _language(request.headers.get("accept-language", "")))
    asks = hints.asks if request.cookies.get(SESSION_COOKIE) else ()
    data = [f'<link rel="preload" as="fetch" crossorigin href="{escape(each)}">' for each in asks]
    return html.replace(_HEAD_ENDS, "".join([*data, *links]).encode() + _HEAD_ENDS, 1)


@lru_cache(maxsize=64)
def _links(page: str, words: tuple[str, ...], language: str) -> Sequence[str]:
    """Return links to scripts and styles, in the order in which they are needed."""
    manifest: dict[str, Any] = json.loads((STATIC_FOLDER / "manifest.json").read_text(encoding="utf-8"))
    found: dict[str, None] = {}
    own = [f"src/{page}/page.tsx", *(f"virtual:words/{language}/{part}" for part in words)]
    for key in (f"virtual:words/{language}/shell", *own):
        _collect(manifest, key, found)
    return [_link(name) for name in found]


def _collect(manifest: dict[str, Any], key: str, found: dict[str, None]) -> None:
    """Add the files of an entry and of what it imports; the shell names its own."""
    entry = manifest.get(key)
    if entry is None or key == _SHELL or entry["file"] in found:
        return
    found[entry["file"]] = None
    found.update(dict.fromkeys(entry.get("css", ())))
    for other in entry.get("imports", ()):
        _collect(manifest, other, found)


def _link(name: str) -> str:
    rel = "stylesheet" if name.endswith(".css") else "modulepreload"
    return f'<link rel="{rel}" crossorigin href="/static/{name}">'


def _language(accepted: str) -> str:
    """Return what the page will choose where nobody chose: Chinese for any but English."""
    names = (each.strip()[:2].lower() for each in accepted.split(","))
    known = next((name for name in names if name in (_CHINESE, _ENGLISH)), _CHINESE)
    return _ENGLISH if known == _ENGLISH else _CHINESE
