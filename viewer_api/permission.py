"""What a route asks of whoever calls: a role that allows the act somewhere. Where, the rooms decide.

A role that never allows an act is told so (403); what lies outside the reach of one that does is not found. A
role is enough here, though no route leads anywhere: who holds a case when the route ends may finish it.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from fastapi import Depends

from core.access import ALLOWED, Act, Actor
from core.errors import NotPermitted, RecentLoginRequired
from core.limits import RECENT_LOGIN_SECONDS
from viewer_api.authentication import SignedIn, SomeIdentity
from viewer_api.rooms import InRooms


def allowed(act: Act) -> Callable[[Actor], Actor]:
    """Return a dependency that gives the actor; it raises NotPermitted where no role allows the act."""

    def permitted(actor: SignedIn) -> Actor:
        require_allowed(actor, act)
        return actor

    return permitted


def require_allowed(actor: Actor, act: Act) -> None:
    """Raise NotPermitted where no role of the actor allows the act."""
    if not any(act in ALLOWED[grant.role] for grant in actor.grants):
        raise NotPermitted


def _everywhere(actor: SignedIn) -> Actor:
    require_allowed(actor, Act.ADMINISTER)
    if not actor.scope(Act.ADMINISTER).everything:
        raise NotPermitted
    return actor


HasRead = SignedIn
"""Whoever may have read a case once: what they wrote is kept for them, also when their role has ended."""
Searching = Annotated[Actor, Depends(allowed(Act.SEARCH))]
Storing = Annotated[Actor, Depends(allowed(Act.STORE))]
Requesting = Annotated[Actor, Depends(allowed(Act.REQUEST))]
Linking = Annotated[Actor, Depends(allowed(Act.LINK))]
Reading = Annotated[Actor, Depends(allowed(Act.READ))]


def _signing(identity: SomeIdentity, rooms: InRooms, actor: Reading) -> Actor:
    """Raise RecentLoginRequired where a browser's password was asked for too long ago (ASVS 7.5.3)."""
    begun = identity.logged_in_at
    if begun is not None and rooms.clock.now() - begun > timedelta(seconds=RECENT_LOGIN_SECONDS):
        raise RecentLoginRequired
    return actor


Signing = Annotated[Actor, Depends(_signing)]
TakingOver = Annotated[Actor, Depends(allowed(Act.TAKE_OVER))]
AnsweringRetake = Annotated[Actor, Depends(allowed(Act.ANSWER_RETAKE))]
Confirming = Annotated[Actor, Depends(allowed(Act.CONFIRM))]
Receiving = Annotated[Actor, Depends(allowed(Act.RECEIVE))]
Administering = Annotated[Actor, Depends(allowed(Act.ADMINISTER))]
Tracing = Annotated[Actor, Depends(allowed(Act.TRACE))]
Auditing = Annotated[Actor, Depends(allowed(Act.AUDIT))]
AdministeringEverywhere = Annotated[Actor, Depends(_everywhere)]
"""Who keeps the register: it belongs to no site, so an administrator of one alone does not."""
