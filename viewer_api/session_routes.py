"""Logging in and out, who one is, and one's own password."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, BaseModel, Field

from core.access import Actor, Grant, Role
from core.errors import InvalidRequest, NotAuthenticated, NotPermitted, TooLarge, TooManyAttempts
from registry.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD
from viewer_api.authentication import (
    AUTHENTICATION_PROBLEMS,
    SESSION_COOKIE,
    SomeIdentity,
)
from viewer_api.page_forms import begin_session, end_session
from viewer_api.parameters import plain_text
from viewer_api.problems import Busy, documented
from viewer_api.rooms import InRooms, http_settings_of

router = APIRouter(prefix="/api/v1", tags=["session"])


class Credentials(BaseModel):
    """What a person logs in with."""

    username: Annotated[str, AfterValidator(plain_text)] = Field(max_length=64, examples=["li.na"])
    password: str = Field(max_length=LONGEST_PASSWORD, examples=["correct horse battery"])


class PasswordChange(BaseModel):
    """The present password and the one to have from now on."""

    old_password: str = Field(max_length=LONGEST_PASSWORD)
    new_password: str = Field(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD)


class GrantView(BaseModel):
    """A role held at one site, in one reading group, or (neither given) everywhere."""

    role: Role
    site_id: str | None
    reading_group_id: str | None


class Me(BaseModel):
    """Who one is to the hub."""

    username: str
    display_name: str
    must_change_password: bool
    grants: list[GrantView]


class Login(Me):
    """Who one is, and the token that every change has to carry in X-CSRF-Token."""

    csrf_token: str


@router.post(
    "/login",
    summary="Log in and get a session cookie",
    responses=documented(InvalidRequest, NotAuthenticated, TooLarge, TooManyAttempts, Busy),
)
def log_in(credentials: Credentials, request: Request, response: Response, rooms: InRooms) -> Login:
    """The session ends after half an hour unused; five wrong passwords in a quarter of an hour lock it."""
    address = request.client.host if request.client else ""
    with http_settings_of(request).passwords.taken():
        session = rooms.authentication.log_in(credentials.username, credentials.password, address=address)
    begin_session(request, response, session)
    me = _me(session.actor, must_change_password=session.must_change_password)
    return Login(csrf_token=session.csrf_token, **dict(me))


@router.post(
    "/logout",
    summary="End the session",
    status_code=204,
    responses=AUTHENTICATION_PROBLEMS,
)
def log_out(request: Request, response: Response, rooms: InRooms, identity: SomeIdentity) -> None:
    """A bearer token has no session: nothing happens to it."""
    if identity.csrf_digest is not None:
        rooms.authentication.log_out(request.cookies[SESSION_COOKIE])
    end_session(response)


@router.get("/me", summary="Who am I", responses=AUTHENTICATION_PROBLEMS)
def who_am_i(identity: SomeIdentity) -> Me:
    """Also says whether the password has to be changed before anything else works."""
    return _me(identity.actor, must_change_password=identity.must_change_password)


@router.post(
    "/password",
    summary="Change one's own password",
    status_code=204,
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, TooLarge, Busy),
)
def change_password(
    change: PasswordChange, request: Request, response: Response, rooms: InRooms, identity: SomeIdentity
) -> None:
    """Every session of the account ends, this one too: log in again with the new password."""
    try:
        with http_settings_of(request).passwords.taken():
            rooms.accounts.change_password(identity.actor.username, change.old_password, change.new_password)
    except NotAuthenticated as error:
        # 401 would say that the session is over.
        raise NotPermitted(str(error)) from error
    end_session(response)


def _me(actor: Actor, *, must_change_password: bool) -> Me:
    return Me(
        username=actor.username,
        display_name=actor.display_name,
        must_change_password=must_change_password,
        grants=[_grant(grant) for grant in actor.grants],
    )


def _grant(grant: Grant) -> GrantView:
    return GrantView(role=grant.role, site_id=grant.site_id, reading_group_id=grant.reading_group_id)
