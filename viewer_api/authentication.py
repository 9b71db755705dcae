"""Who sends a request: a bearer token, or the session cookie with its CSRF token beside it."""

import hmac
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from core.access import Actor
from core.errors import NotAuthenticated, NotPermitted, PasswordChangeRequired
from registry.authentication import Identity
from registry.passwords import digest_of
from viewer_api.problems import documented
from viewer_api.request_log import name_actor
from viewer_api.rooms import InRooms

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
    if bearer is not None:
        identity = rooms.authentication.identify_token(bearer.credentials)
    elif session and "authorization" not in request.headers:
        identity = rooms.authentication.identify_session(session)
    else:
        raise NotAuthenticated
    name_actor(request.scope, identity.actor.username)
    if identity.csrf_digest is not None and request.method not in SAFE_METHODS:
        sent = digest_of(request.headers.get(CSRF_HEADER, ""))
        if not hmac.compare_digest(sent, identity.csrf_digest):
            raise NotPermitted(f"The header {CSRF_HEADER} does not carry this session's token.")
    return identity


def signed_in(identity: Annotated[Identity, Depends(identify)]) -> Actor:
    """Return the actor. Raises PasswordChangeRequired."""
    if identity.must_change_password:
        raise PasswordChangeRequired
    return identity.actor


SomeIdentity = Annotated[Identity, Depends(identify)]
SignedIn = Annotated[Actor, Depends(signed_in)]
