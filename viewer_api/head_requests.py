"""HEAD wherever there is GET (RFC 9110 9.1, 9.3.2): the same head, and nothing given or received."""

from typing import Annotated, Final

from fastapi import Depends, Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEAD, GET = "HEAD", "GET"
_MARK: Final = "is_head"


class _Enough(OSError):
    """The head is sent: nobody waits for what is still to come."""


class HeadRequests:
    """Lets a GET route answer, and ends it when its head is known: of what it streams no more is made."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http" or scope["method"] != HEAD:
            await self._app(scope, receive, send)
            return
        is_answered = False

        async def send_head(message: Message) -> None:
            nonlocal is_answered
            if message["type"] != "http.response.start":
                raise _Enough
            is_answered = True
            await send(message)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        scope.setdefault("state", {})[_MARK] = True
        # A copy: who is outside has to know until the end that it was HEAD.
        asked = {**scope, "method": GET}
        try:
            await self._app(asked, receive, send_head)
        except (_Enough, ClientDisconnect):
            if not is_answered:
                raise
        finally:
            scope.update(asked | {"method": HEAD})


def is_head(request: Request) -> bool:
    """Whether nobody is to be given what the route would give."""
    return bool(getattr(request.state, _MARK, False))


IsHead = Annotated[bool, Depends(is_head)]
