"""Who sends a request: a bearer token, or the session cookie with its CSRF token beside it."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from core.access import Actor
from core.errors import NotAuthenticated, NotPermitted, PasswordChangeRequired
from registry.authentication import Identity
from registry.passwords import digest_of
from viewer_api.problems import documented
from viewer_api.request_log import name_actor
from viewer_api.rooms import InRooms, Rooms

SESSION_COOKIE: Final = "hub_session"
CSRF_HEADER: Final = "X-CSRF-Token"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_cookie = APIKeyCookie(
    name=SESSION_COOKIE,
    scheme_name="session",
    description=f"Given by the login. Whatever changes something needs the header {CSRF_HEADER} as well.",
    auto_error=False,
)
_bearer = HTTPBearer(
    scheme_name="token", description="A token that `imaging-hub admin token add` printed.", auto_error=False
)

AUTHENTICATION_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = documented(
    NotAuthenticated, NotPermitted, PasswordChangeRequired
)


def identify(
    request: Request,
    rooms: InRooms,
    session: Annotated[str | None, Security(_cookie)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Identity:
    """Return who sends the request, also while the password has to be changed.

    Raises:
        NotAuthenticated: nobody that is known.
        NotPermitted: a browser's session without its CSRF token, where something would be changed.
    """
    identity = _identity_of(request, rooms, session, bearer, is_use=True)
    name_actor(request.scope, identity.actor.username)
    if identity.csrf_digest is not None and request.method not in SAFE_METHODS:
        sent = digest_of(request.headers.get(CSRF_HEADER, ""))
        if not hmac.compare_digest(sent, identity.csrf_digest):
            raise NotPermitted(f"The header {CSRF_HEADER} does not carry this session's token.")
    return identity


@dataclass(frozen=True, kw_only=True)
class Watcher:
    """Somebody who only watches. `again` tells who they are now; it raises what `watching` does."""

    actor: Actor
    again: Callable[[], Actor]


def watching(
    request: Request,
    rooms: InRooms,
    session: Annotated[str | None, Security(_cookie)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Watcher:
    """Return who watches: a page that nobody touches must not keep its session open.

    Raises:
        NotAuthenticated, PasswordChangeRequired.
    """

    def again() -> Actor:
        return signed_in(_identity_of(request, rooms, session, bearer, is_use=False))

    actor = again()
    name_actor(request.scope, actor.username)
    return Watcher(actor=actor, again=again)


def _identity_of(
    request: Request,
    rooms: Rooms,
    session: str | None,
    bearer: HTTPAuthorizationCredentials | None,
    *,
    is_use: bool,
) -> Identity:
    if bearer is not None:
        return rooms.authentication.identify_token(bearer.credentials)
    if session and "authorization" not in request.headers:
        return rooms.authentication.identify_session(session, is_use=is_use)
    raise NotAuthenticated


async def credentials_of(request: Request) -> tuple[str | None, HTTPAuthorizationCredentials | None]:
    """Return what a request shows of its sender: the session's cookie and the bearer token."""
    return await _cookie(request), await _bearer(request)


def signed_in(identity: Annotated[Identity, Depends(identify)]) -> Actor:
    """Return the actor. Raises PasswordChangeRequired."""
    if identity.must_change_password:
        raise PasswordChangeRequired
    return identity.actor


SomeIdentity = Annotated[Identity, Depends(identify)]
SignedIn = Annotated[Actor, Depends(signed_in)]
