"""The plain page at `/plain`: the reading list, its reports, and logging in, without any script.

For old phones, beside the browser application. Patients' names are text only:
every template escapes, and the policy sent along lets no script run.
"""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from core.access import Actor
from core.errors import (
    HubError,
    InvalidRequest,
    NotAuthenticated,
    PasswordChangeRequired,
    TooManyAttempts,
)
from registry.authentication import Identity
from registry.passwords import new_secret
from viewer_api.access_log import AccessLog
from viewer_api.authentication import SESSION_COOKIE
from viewer_api.page_content import reading_list_page
from viewer_api.page_forms import (
    begin_session,
    csrf_token,
    end_session,
    give_login_token,
    identify_browser,
    login_token,
    require_own_form,
    require_own_login_form,
)
from viewer_api.page_templates import notice_of, render
from viewer_api.problems import status_of
from viewer_api.request_log import name_actor
from viewer_api.rooms import InRooms
from viewer_api.session_routes import PASSWORDS_AT_A_TIME

PLAIN_LIST: Final = "/plain"
REFRESH_SECONDS: Final = 60
UNATTENDED_REFRESHES: Final = 29
"""A page that nobody touches stops here: each refresh is a use, and would keep the session open for ever."""


class PageRoute(APIRoute):
    """Answers an error with a page that a person can read, and a browser without session with the login."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with errors turned into pages."""
        answer = super().get_route_handler()

        async def answer_with_a_page(request: Request) -> Response:
            try:
                return await answer(request)
            except NotAuthenticated:
                return _login_form(request)
            except PasswordChangeRequired:
                return _password_form(request)
            except RequestValidationError:
                return _notice(InvalidRequest())
            except HubError as error:
                return _notice(error)

        return answer_with_a_page


router = APIRouter(route_class=PageRoute, include_in_schema=False)
_Field = Annotated[str, Form()]


def _identity(request: Request, rooms: InRooms) -> Identity:
    identity = identify_browser(request, rooms)
    name_actor(request.scope, identity.actor.username)
    return identity


def _actor(identity: Annotated[Identity, Depends(_identity)]) -> Actor:
    if identity.must_change_password:
        raise PasswordChangeRequired
    return identity.actor


InPageIdentity = Annotated[Identity, Depends(_identity)]
InPageActor = Annotated[Actor, Depends(_actor)]


@router.get(PLAIN_LIST)
def show_reading_list(
    request: Request,
    rooms: InRooms,
    actor: Annotated[Actor, Depends(_actor)],
    unattended: Annotated[int, Query(ge=0, le=UNATTENDED_REFRESHES)] = 0,
) -> Response:
    """The open cases, emergencies first, and the newest reports."""
    AccessLog(rooms.database, rooms.clock).note_query(actor, "page")
    return render(
        "reading_list.html",
        page=reading_list_page(rooms, actor),
        csrf_token=csrf_token(request),
        refresh_seconds=REFRESH_SECONDS,
        next_refresh=unattended + 1 if unattended < UNATTENDED_REFRESHES else None,
    )


@router.get("/login")
def show_login(request: Request) -> Response:
    """The login form."""
    return _login_form(request)


@router.post("/login")
def log_in(
    request: Request, rooms: InRooms, username: _Field = "", password: _Field = "", token: _Field = ""
) -> Response:
    """Begin a session and go to the reading list."""
    require_own_login_form(request, token)
    address = request.client.host if request.client else ""
    try:
        with PASSWORDS_AT_A_TIME.taken():
            session = rooms.authentication.log_in(username, password, address=address)
    except (NotAuthenticated, TooManyAttempts) as refusal:
        return _login_form(request, refusal)
    name_actor(request.scope, session.actor.username)
    response = _go_to(PLAIN_LIST)
    begin_session(request, response, session)
    return response


@router.post("/logout")
def log_out(
    request: Request,
    rooms: InRooms,
    identity: Annotated[Identity, Depends(_identity)],
    token: _Field = "",
) -> Response:
    """End the session."""
    require_own_form(request, identity, token)
    rooms.authentication.log_out(request.cookies.get(SESSION_COOKIE, ""))
    response = _go_to("/login")
    end_session(response)
    return response


@router.get("/password")
def show_password(request: Request, identity: Annotated[Identity, Depends(_identity)]) -> Response:
    """The form for a new password."""
    return _password_form(request, must_change=identity.must_change_password)


@router.post("/password")
def change_password(
    request: Request,
    rooms: InRooms,
    identity: Annotated[Identity, Depends(_identity)],
    old_password: _Field = "",
    new_password: _Field = "",
    new_password_again: _Field = "",
    token: _Field = "",
) -> Response:
    """Replace one's own password; every session of the account ends, and this browser begins a new one."""
    require_own_form(request, identity, token)
    username = identity.actor.username
    if new_password != new_password_again:
        refusal = InvalidRequest("The new password was not typed the same twice.")
        return _password_form(request, refusal, must_change=identity.must_change_password)
    address = request.client.host if request.client else ""
    try:
        with PASSWORDS_AT_A_TIME.taken():
            rooms.accounts.change_password(username, old_password, new_password)
            session = rooms.authentication.log_in(username, new_password, address=address)
    except (NotAuthenticated, InvalidRequest) as error:
        return _password_form(request, error, must_change=identity.must_change_password)
    response = _go_to(PLAIN_LIST)
    begin_session(request, response, session)
    return response


def _login_form(request: Request, refusal: HubError | None = None) -> Response:
    token = login_token(request) or new_secret()
    response = render("login.html", status=_status(refusal), token=token, notice=notice_of(refusal))
    give_login_token(request, response, token)
    return response


def _password_form(
    request: Request, refusal: HubError | None = None, *, must_change: bool = True
) -> Response:
    return render(
        "password.html",
        status=_status(refusal),
        csrf_token=csrf_token(request),
        must_change=must_change,
        notice=notice_of(refusal),
    )


def _notice(error: HubError) -> Response:
    return render("notice.html", status=status_of(type(error)), notice=notice_of(error))


def _status(refusal: HubError | None) -> HTTPStatus:
    """Return a form's status: 401 is for clients that know another way to say who they are."""
    if refusal is None:
        return HTTPStatus.OK
    return HTTPStatus.FORBIDDEN if isinstance(refusal, NotAuthenticated) else status_of(type(refusal))


def _go_to(path: str) -> Response:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER.value)
