"""Forms without script: the cookies a page sets, and the checks before a form changes anything.

A form has to come from a page of ours (Origin or Referer) and to carry a token that only such a page holds;
all cookies are SameSite=Strict, so another site's form would arrive without them.
"""

import hmac
import secrets
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request, Response

from core.errors import NotAuthenticated, NotPermitted
from registry.authentication import Identity, Session
from registry.passwords import digest_of
from viewer_api.authentication import SESSION_COOKIE
from viewer_api.rooms import Rooms, http_settings_of

CSRF_COOKIE: Final = "hub_csrf"
"""The session's CSRF token, for the forms of the next page; no script can read it."""
LOGIN_COOKIE: Final = "hub_login"
"""Ties a login form to the browser it was given to, before there is a session."""
_LOGIN_TOKEN_LENGTH: Final = len(secrets.token_urlsafe(32))


def identify_browser(request: Request, rooms: Rooms) -> Identity:
    """Return who looks at a page. Raises NotAuthenticated; a bearer token opens no page."""
    secret = request.cookies.get(SESSION_COOKIE, "")
    if not secret:
        raise NotAuthenticated
    return rooms.authentication.identify_session(secret)


def csrf_token(request: Request) -> str:
    """Return what the forms of a session's page have to carry."""
    return request.cookies.get(CSRF_COOKIE, "")


def require_own_form(request: Request, identity: Identity, token: str) -> None:
    """Raise NotPermitted unless the form comes from a page of this session."""
    _require_own_origin(request)
    if identity.csrf_digest is None or not hmac.compare_digest(digest_of(token), identity.csrf_digest):
        raise NotPermitted("The form is too old: load the page again.")


def require_own_login_form(request: Request, token: str) -> None:
    """Raise NotPermitted unless the form was given to this browser."""
    _require_own_origin(request)
    given = login_token(request)
    if given is None or not hmac.compare_digest(digest_of(token), digest_of(given)):
        raise NotPermitted("The form is too old: load the page again.")


def login_token(request: Request) -> str | None:
    """Return the token of the login form that this browser was given, if any."""
    token = request.cookies.get(LOGIN_COOKIE, "")
    return token if len(token) == _LOGIN_TOKEN_LENGTH and token.isascii() else None


def give_login_token(request: Request, response: Response, token: str) -> None:
    """Let the browser send the token of its login form back."""
    _set_cookie(request, response, LOGIN_COOKIE, token)


def begin_session(request: Request, response: Response, session: Session) -> None:
    """Give the browser its session, and what the forms of its pages need."""
    _set_cookie(request, response, SESSION_COOKIE, session.secret)
    _set_cookie(request, response, CSRF_COOKIE, session.csrf_token)
    _delete_cookie(response, LOGIN_COOKIE)


def end_session(response: Response) -> None:
    """Let the browser forget its session."""
    _delete_cookie(response, SESSION_COOKIE)
    _delete_cookie(response, CSRF_COOKIE)


def _set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    is_secure = request.url.scheme == "https"
    response.set_cookie(name, value, path="/", httponly=True, samesite="strict", secure=is_secure)


def _delete_cookie(response: Response, name: str) -> None:
    response.delete_cookie(name, path="/", httponly=True, samesite="strict")


def _require_own_origin(request: Request) -> None:
    """Raise NotPermitted for a form of another site; a browser that names neither page is not believed."""
    sent = request.headers.get("origin") or request.headers.get("referer") or ""
    if _origin(sent) not in _own_origins(request):
        raise NotPermitted("The form was not sent from a page of this hub.")


def _own_origins(request: Request) -> set[tuple[str, str]]:
    """Return how browsers reach the hub: by the address in the request, and by the public one."""
    public_url = http_settings_of(request).public_url
    origins = {_origin(f"{request.url.scheme}://{request.headers.get('host', '')}")}
    return (origins | {_origin(public_url)} if public_url else origins) - {("", "")}


def _origin(url: str) -> tuple[str, str]:
    """Return scheme and authority, the default port left out; of what is no address, nothing."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", ""
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "", ""
    default = {"http": 80, "https": 443}[parts.scheme]
    return parts.scheme, parts.hostname if port in {None, default} else f"{parts.hostname}:{port}"
