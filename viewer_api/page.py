"""Pages without script: how a browser says who it is to them, and logging in on the way to a report.

Old phones open a report where the browser application does not run. Patients' names are text only:
every template escapes, and the policy sent along lets no script run.
"""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from core.access import Actor
from core.errors import HubError, InvalidRequest, NotAuthenticated, PasswordChangeRequired, TooManyAttempts
from registry.authentication import Identity
from registry.passwords import new_secret
from viewer_api.page_forms import (
    begin_session,
    give_login_token,
    identify_browser,
    login_token,
    require_own_login_form,
)
from viewer_api.page_templates import notice_of, render
from viewer_api.parameters import ReportId
from viewer_api.problems import status_of
from viewer_api.request_log import name_actor
from viewer_api.rooms import InRooms, http_settings_of

_ACCOUNT_PAGE: Final = "/account"


class PageRoute(APIRoute):
    """Answers an error with a page that a person can read, and a browser without session with the login."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with errors turned into pages."""
        answer = super().get_route_handler()

        async def answer_with_a_page(request: Request) -> Response:
            try:
                return await answer(request)
            except NotAuthenticated:
                if request.method == "POST":
                    # The login goes to the address that it was shown at.
                    return _go_to(f"/r/{request.path_params['report_id']}")
                return _login_form(request)
            except PasswordChangeRequired:
                return _go_to(_ACCOUNT_PAGE)
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


@router.post("/r/{report_id}")
def log_in(
    request: Request,
    rooms: InRooms,
    report_id: ReportId,
    username: _Field = "",
    password: _Field = "",
    token: _Field = "",
) -> Response:
    """Begin a session and go to the report."""
    require_own_login_form(request, token)
    address = request.client.host if request.client else ""
    try:
        with http_settings_of(request).passwords.taken():
            session = rooms.authentication.log_in(username, password, address=address)
    except (NotAuthenticated, TooManyAttempts) as refusal:
        return _login_form(request, refusal)
    name_actor(request.scope, session.actor.username)
    response = _go_to(f"/r/{report_id}")
    begin_session(request, response, session)
    return response


def _login_form(request: Request, refusal: HubError | None = None) -> Response:
    token = login_token(request) or new_secret()
    notice, status = notice_of(refusal), _status(refusal)
    response = render("login.html", status=status, token=token, notice=notice)
    give_login_token(request, response, token)
    return response


def _notice(error: HubError) -> Response:
    return render("notice.html", status=status_of(type(error)), notice=notice_of(error))


def _status(refusal: HubError | None) -> HTTPStatus:
    """Return a form's status: 401 is for clients that know another way to say who they are."""
    if refusal is None:
        return HTTPStatus.OK
    return HTTPStatus.FORBIDDEN if isinstance(refusal, NotAuthenticated) else status_of(type(refusal))


def _go_to(path: str) -> Response:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER.value)
