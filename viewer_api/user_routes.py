"""People and tokens over HTTP: administrators of the whole register them, and lock them out.

Passwords and tokens are made here, shown once in the answer that made them, and kept as digests alone.
"""

from fastapi import APIRouter

from core.access import Actor
from core.errors import AlreadyRegistered, InvalidRequest, NotFound, StorageUnavailable, TooLarge
from registry.accounts import Account
from registry.readmission import Readmission
from registry.upkeep import Upkeep
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.parameters import TokenId, UserId
from viewer_api.permission import AdministeringEverywhere
from viewer_api.problems import documented
from viewer_api.rooms import InRooms, Rooms
from viewer_api.user_schemas import (
    GrantBody,
    NewTokenBody,
    NewUserBody,
    TokenCollection,
    TokenResource,
    TokenSecret,
    UserCollection,
    UserResource,
    UserWithPassword,
)

router = APIRouter(
    prefix="/api/v1",
    tags=["register"],
    responses=AUTHENTICATION_PROBLEMS | documented(StorageUnavailable),
)
_CHANGED = documented(InvalidRequest, NotFound, TooLarge)


@router.get("/users", summary="Everybody who may log in")
def list_users(_actor: AdministeringEverywhere, rooms: InRooms) -> UserCollection:
    """With their roles, those locked out too."""
    return UserCollection(items=[UserResource.of(account) for account in rooms.accounts.accounts()])


@router.post(
    "/users",
    summary="Register a person or program",
    status_code=201,
    responses=documented(AlreadyRegistered, InvalidRequest, NotFound, TooLarge),
)
def add_user(actor: AdministeringEverywhere, rooms: InRooms, body: NewUserBody) -> UserWithPassword:
    """The answer has a password for one use; it cannot be had again."""
    account, password = rooms.accounts.acting_for(actor.username).add(
        body.username, body.display_name.strip() or body.username, [each.grant() for each in body.grants]
    )
    return UserWithPassword(user=UserResource.of(account), password=password)


@router.post("/users/{user_id}/grants", summary="Give a role", responses=_CHANGED)
def grant_role(
    actor: AdministeringEverywhere, rooms: InRooms, user_id: UserId, body: GrantBody
) -> UserResource:
    """Repeating it changes nothing."""
    username = _account(rooms, user_id).username
    rooms.accounts.acting_for(actor.username).grant(username, body.grant())
    return UserResource.of(rooms.accounts.account(username))


@router.post("/users/{user_id}/grants/revoke", summary="Take a role back", responses=_CHANGED)
def revoke_role(
    actor: AdministeringEverywhere, rooms: InRooms, user_id: UserId, body: GrantBody
) -> UserResource:
    """It is refused with the next request; a case that is held because of it may be finished."""
    account = _another(rooms, actor, user_id)
    upkeep = Upkeep(rooms.database, rooms.clock, acting=actor.username)
    upkeep.revoke(account.username, body.grant())
    return UserResource.of(rooms.accounts.account(account.username))


@router.post(
    "/users/{user_id}/reset", summary="Give a new password for one use", responses=documented(NotFound)
)
def reset_password(actor: AdministeringEverywhere, rooms: InRooms, user_id: UserId) -> UserWithPassword:
    """The old one and all sessions end. The answer has it; it cannot be had again."""
    username = _account(rooms, user_id).username
    password = rooms.accounts.acting_for(actor.username).reset_password(username)
    return UserWithPassword(user=UserResource.of(rooms.accounts.account(username)), password=password)


@router.post(
    "/users/{user_id}/disable",
    summary="Lock somebody out",
    responses=documented(InvalidRequest, NotFound),
)
def disable_user(actor: AdministeringEverywhere, rooms: InRooms, user_id: UserId) -> UserResource:
    """At once, sessions and tokens included; not oneself."""
    username = _another(rooms, actor, user_id).username
    rooms.accounts.acting_for(actor.username).disable(username)
    return UserResource.of(rooms.accounts.account(username))


@router.post("/users/{user_id}/enable", summary="Let somebody in again", responses=documented(NotFound))
def enable_user(actor: AdministeringEverywhere, rooms: InRooms, user_id: UserId) -> UserResource:
    """By the password and the tokens they had; where those may be known to others, reset and disable them."""
    username = _account(rooms, user_id).username
    Readmission(rooms.database, rooms.clock, acting=actor.username).enable_user(username)
    return UserResource.of(rooms.accounts.account(username))


@router.get("/tokens", summary="Every bearer token")
def list_tokens(_actor: AdministeringEverywhere, rooms: InRooms) -> TokenCollection:
    """Whose it is and what for; not the token."""
    return TokenCollection(items=_tokens(rooms))


@router.post("/users/{user_id}/tokens", summary="Make a bearer token", status_code=201, responses=_CHANGED)
def add_token(
    actor: AdministeringEverywhere, rooms: InRooms, user_id: UserId, body: NewTokenBody
) -> TokenSecret:
    """For a program that acts as this account. The answer has it; it cannot be had again."""
    username = _account(rooms, user_id).username
    return TokenSecret(token=rooms.accounts.acting_for(actor.username).add_token(username, body.name))


@router.post("/tokens/{token_id}/disable", summary="Refuse a token", responses=documented(NotFound))
def disable_token(actor: AdministeringEverywhere, rooms: InRooms, token_id: TokenId) -> TokenResource:
    """From now on."""
    rooms.accounts.acting_for(actor.username).disable_token(token_id)
    return _token(rooms, token_id)


@router.post("/tokens/{token_id}/enable", summary="Admit a token again", responses=documented(NotFound))
def enable_token(actor: AdministeringEverywhere, rooms: InRooms, token_id: TokenId) -> TokenResource:
    """Where it was refused too early."""
    Readmission(rooms.database, rooms.clock, acting=actor.username).enable_token(token_id)
    return _token(rooms, token_id)


def _token(rooms: Rooms, token_id: str) -> TokenResource:
    for token in _tokens(rooms):
        if token.token_id == token_id:
            return token
    raise NotFound


def _tokens(rooms: Rooms) -> list[TokenResource]:
    return [
        TokenResource(token_id=token_id, username=username, name=name, is_disabled=is_disabled)
        for token_id, username, name, is_disabled in rooms.accounts.tokens()
    ]


def _account(rooms: Rooms, user_id: str) -> Account:
    for account in rooms.accounts.accounts():
        if account.account_id == user_id:
            return account
    raise NotFound


def _another(rooms: Rooms, actor: Actor, user_id: str) -> Account:
    if user_id == actor.account_id:
        raise InvalidRequest("Nobody takes their own way in: ask another administrator.")
    return _account(rooms, user_id)
