"""Where one is logged in, and ending that."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from core.errors import InvalidRequest, StorageUnavailable
from registry.own_sessions import OwnSession
from viewer_api.authentication import AUTHENTICATION_PROBLEMS, SESSION_COOKIE, SomeIdentity
from viewer_api.problems import documented
from viewer_api.rooms import InRooms

router = APIRouter(
    prefix="/api/v1",
    tags=["session"],
    responses=AUTHENTICATION_PROBLEMS | documented(InvalidRequest, StorageUnavailable),
)


class SessionResource(BaseModel):
    """One login that is not over."""

    model_config = ConfigDict(
        title="Session",
        json_schema_extra={
            "example": {
                "session_id": "9f86d081884c7d65",
                "created_at": "2026-11-20T08:00:00Z",
                "last_seen_at": "2026-11-20T08:30:00Z",
                "address": "10.20.3.7",
                "is_this": True,
            }
        },
    )

    session_id: str
    created_at: datetime
    last_seen_at: datetime
    address: str = Field(description="From where the login came.")
    is_this: bool = Field(description="Whether it is the one that asks.")

    @classmethod
    def of(cls, session: OwnSession) -> Self:
        """Return one session."""
        return cls(**vars(session))


class SessionCollection(BaseModel):
    """One's own sessions, the one used last first."""

    items: list[SessionResource]


@router.get("/sessions", summary="My sessions")
def list_sessions(request: Request, rooms: InRooms, identity: SomeIdentity) -> SessionCollection:
    """Where this account is logged in with a browser."""
    secret = request.cookies.get(SESSION_COOKIE, "")
    found = rooms.own_sessions.listed(identity.actor, secret=secret)
    return SessionCollection(items=[SessionResource.of(session) for session in found])


@router.delete("/sessions", summary="End my other sessions", status_code=204)
def end_other_sessions(request: Request, rooms: InRooms, identity: SomeIdentity) -> None:
    """Every login of this account ends but the one that asks."""
    rooms.own_sessions.end_others(identity.actor, secret=request.cookies.get(SESSION_COOKIE, ""))


@router.delete("/sessions/{session_id}", summary="End one of my sessions", status_code=204)
def end_session(
    rooms: InRooms,
    identity: SomeIdentity,
    session_id: Annotated[str, Path(pattern="^[0-9a-f]{16}$", examples=["9f86d081884c7d65"])],
) -> None:
    """Harmless where it is over already."""
    rooms.own_sessions.end(identity.actor, session_id)
