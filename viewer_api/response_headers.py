"""Headers that every answer carries; a route may say something stricter."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
NEVER_STORED: Final = "no-store"
IMMUTABLE: Final = "private, max-age=3600, immutable"
"""For bytes that never change under their address; for one browser, and no longer than a reader's turn."""
UNCHANGING: Final = {"Cache-Control": IMMUTABLE, "Vary": "Accept, Authorization, Cookie"}
"""What says so, of an answer whose form the client chose."""


class ResponseHeaders:
    """Adds ALWAYS, and `Cache-Control: no-store` where a route allows nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers added."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", NEVER_STORED)
            await send(message)

        await self._app(scope, receive, send_with_headers)
